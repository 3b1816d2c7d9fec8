"""A charger that lies, and a crash in the middle of a shed: against the real thing.

One Home Assistant lives through these tests in their order, in a house of 9 kVA.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from simulator.control import Words

from .conftest import IDENTITY, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

type States = Mapping[str, Mapping[str, Any]]

PATIENT_S = 180.0
SUBSCRIBED_VA = 9000.0
# What the house itself draws that leaves no room for any car, and that leaves plenty.
FULL_W, LIGHT_W = 11_500.0, 500.0


def heater_w(world: World) -> float:
    """Return what the heater draws."""
    assert world.house.heater is not None
    return sum(world.house.heater.power_w)


async def until_state(
    world: World, unique_id: str, state: str, timeout_s: float = PATIENT_S, **told: str
) -> States:
    """Wait until an entity shows a state, and attributes."""
    entity_id = world.entities[unique_id]
    return await world.hass.wait_until(
        lambda states: (
            states[entity_id]["state"] == state
            and told.items() <= states[entity_id]["attributes"].items()
        ),
        f"{entity_id} to be {state} {told or ''}",
        timeout_s=timeout_s,
    )


async def test_a_charger_that_draws_on_makes_others_give_way_and_is_told_of(
    world: World,
) -> None:
    evse, house = world.house.evse, world.house.house
    house.fix_base(LIGHT_W)
    await world.add_loads()
    await world.choose([world.entities[f"ocpp:{IDENTITY}_mode"]], "boost")
    await world.until(lambda: evse.currents_a[0] >= 20, "the car to charge", PATIENT_S)
    house.fix_base(-1500.0)
    # It accepts what it is told from now on, and lets the car go on as it is.
    await Words(world.house).say("charger lies")
    await world.choose([world.entities["role:heater_mode"]], "boost")
    await world.until(lambda: heater_w(world) > 2000, "the heater", PATIENT_S)
    drawn_a = evse.currents_a[0]
    house.fix_base(SUBSCRIBED_VA - drawn_a * 230.0 - 1200.0)
    # The limits count what the car is measured to draw, not what it was told.
    took_s = await world.until(
        lambda: house.grid_w <= SUBSCRIBED_VA, "the heater to give way", 60
    )
    assert took_s < 40
    assert evse.currents_a[0] == pytest.approx(drawn_a, abs=2.5)
    await world.choose([world.entities[f"ocpp:{IDENTITY}_mode"]], "off")
    await until_state(world, f"ocpp:{IDENTITY}_problem", "on", problem="draws_too_much")
    assert evse.currents_a[0] == pytest.approx(drawn_a, abs=2.5)


async def test_once_it_obeys_again_all_is_well_without_a_hand(world: World) -> None:
    await Words(world.house).say("charger obeys")
    evse = world.house.evse
    await world.until(lambda: evse.currents_a[0] < 0.1, "the car to stop", PATIENT_S)
    await until_state(world, f"ocpp:{IDENTITY}_problem", "off", problem="none")
    await world.choose([world.entities["role:heater_mode"]], "off")


async def test_killed_in_the_middle_of_a_shed_nothing_comes_back_without_room(
    world: World,
) -> None:
    evse, house = world.house.evse, world.house.house
    house.fix_base(LIGHT_W)
    await world.choose([world.entities[f"ocpp:{IDENTITY}_mode"]], "boost")
    await world.until(lambda: evse.currents_a[0] >= 20, "the car to charge", PATIENT_S)
    house.fix_base(FULL_W)
    await world.until(lambda: evse.pilot_a == 0, "the car to be stopped", PATIENT_S)
    await until_state(world, f"ocpp:{IDENTITY}_reason", "shed")
    sheds = await world.hass.wait_until(
        lambda states: float(states[world.entities["home_sheds"]]["state"]) >= 1,
        "the shed to be counted",
        timeout_s=90,
    )
    counted = float(sheds[world.entities["home_sheds"]]["state"])
    await world.hass.kill()
    await world.hass.start()
    world.entities |= await world.hass.entity_ids()
    await world.until(
        lambda: world.house.charger is not None and world.house.charger.connected,
        "the charger to call again",
        90,
    )
    await until_state(world, f"ocpp:{IDENTITY}_reason", "shed")
    assert evse.currents_a[0] <= 6.5
    await world.until(lambda: evse.pilot_a == 0, "the car to rest", 60)
    after = await world.state("home_sheds")
    assert after is not None
    assert float(after) >= counted
    assert await world.state(f"ocpp:{IDENTITY}_mode") == "boost"


async def test_what_was_shed_before_the_crash_comes_back_once_there_is_room(
    world: World,
) -> None:
    evse, house = world.house.evse, world.house.house
    house.fix_base(LIGHT_W)
    waited_s = await world.until(
        lambda: evse.pilot_a >= 6, "the car to come back", 2 * PATIENT_S
    )
    # The room must have been there for a while: nothing flaps.
    assert waited_s > 30
