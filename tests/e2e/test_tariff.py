"""A tariff is told as a user tells it, and the meter's own switching is followed.

One Home Assistant lives through these tests in their order.
"""

import asyncio

import pytest

from simulator.demo_tariff import EXAMPLE_PRICES, add_tariff

from .conftest import IDENTITY, World

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_linky_tells_it_without_a_word(world: World) -> None:
    await world.until(lambda: world.house.charger.connected, "the charger to call", 30)
    ids = await _with_tariff(world, "home_tariff_period")
    assert await world.hass.state(ids["home_tariff_period"]) == "peak"


async def test_a_user_tells_its_prices(world: World) -> None:
    await add_tariff(world.hass, meter=True)
    ids = await _with_tariff(world, "home_tariff_price")
    await world.hass.wait_until(
        lambda states: (
            float(states[ids["home_tariff_price"]]["state"]) == EXAMPLE_PRICES["peak"]
        ),
        "the price of peak hours",
    )


async def test_eco_charges_when_the_meter_switches(world: World) -> None:
    ids = await _with_tariff(world, "home_tariff_price")
    house, evse = world.house.house, world.house.evse
    house.fix_base(500.0)
    await world.until(lambda: evse.pilot_a <= 6, "the car to find no sun", 60)
    world.house.linky.set_period("hc")
    # Who wishes for something new does not wait for a rest to end.
    await world.choose([ids[f"ocpp:{IDENTITY}_mode"]], "eco")
    await world.until(lambda: evse.pilot_a >= 16, "the car to charge", 60)
    price, period = ids["home_tariff_price"], ids["home_tariff_period"]
    await world.hass.wait_until(
        lambda states: (
            states[period]["state"] == "off_peak"
            and float(states[price]["state"]) == EXAMPLE_PRICES["off_peak"]
        ),
        "what a user sees of it",
    )


async def _with_tariff(world: World, unique_id: str) -> dict[str, str]:
    """Return the ids once an entity of the tariff is there."""
    ids: dict[str, str] = {}
    for _ in range(60):
        ids = await world.hass.entity_ids()
        if unique_id in ids:
            break
        await asyncio.sleep(0.5)
    return ids
