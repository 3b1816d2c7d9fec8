"""A charger that lies, and a crash in the middle of a shed: against the real thing.

One Home Assistant lives through these tests in their order, in a house of 9 kVA.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
import contextlib
import time
from typing import Any

import pytest

from simulator.appliance import Appliance, ApplianceSpec
from simulator.control import Words

from .conftest import IDENTITY, World

# Large enough that with it, and without it no longer, cooking is too much for the house.
PUMP_W = 4000.0

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.parametrize(
        "world", [ApplianceSpec(power_w=PUMP_W)], indirect=True, scope="module"
    ),
]

type States = Mapping[str, Mapping[str, Any]]

# How long anything may take on a machine that has more to do.
PATIENT_S = 180.0
SUBSCRIBED_W = 9000.0
SAFE_A = 6.0
# With all that a house draws besides, the car's 32 A leave room for a part of the heater.
LIGHT_W = 500.0
# With the car's 6 A there is room for the pump, or for somebody who cooks.
HOME_W = 1500.0
# There must have been room for a minute before anything comes back.
ROOMY_S = 60.0
# The pump's shortest time off.
REST_S = 60.0


def heater_w(world: World) -> float:
    """Return what the heater draws."""
    assert world.house.heater is not None
    return sum(world.house.heater.power_w)


def pump_of(world: World) -> Appliance:
    """Return the pump."""
    assert world.house.appliance is not None
    return world.house.appliance


async def until_state(world: World, key: str, state: str, **told: str) -> States:
    """Wait until an entity shows a state, and attributes."""
    entity_id = world.entities[key]
    return await world.hass.wait_until(
        lambda states: (
            states[entity_id]["state"] == state
            and told.items() <= states[entity_id]["attributes"].items()
        ),
        f"{entity_id} to be {state} {told or ''}",
        timeout_s=PATIENT_S,
    )


async def until_guarded(world: World, event_type: str, limit: str) -> States:
    """Wait until the guard is seen to have done something to the pump."""
    entity_id = world.entities["home_guard"]
    pump_id = world.entities["role:pump_reason"]
    return await world.hass.wait_until(
        lambda states: (
            states[entity_id]["attributes"].get("event_type") == event_type
            and states[entity_id]["attributes"].get("limit") == limit
            and states[entity_id]["attributes"].get("load") == "Pool pump"
        ),
        f"the guard to have {event_type} {pump_id}",
        timeout_s=PATIENT_S,
    )


@contextlib.asynccontextmanager
async def never(happens: Callable[[], bool]) -> AsyncGenerator[None]:
    """Fail when something is true of the virtual house at any time meanwhile."""
    seen: list[bool] = []

    async def look() -> None:
        while True:
            seen.append(happens())
            await asyncio.sleep(0.1)

    task = asyncio.create_task(look())
    try:
        yield
    finally:
        task.cancel()
    assert seen
    assert not any(seen)


async def test_a_charger_that_draws_on_is_told_of(world: World) -> None:
    evse = world.house.evse
    world.house.house.fix_base(LIGHT_W)
    await world.add_loads(pump_sheddable=True)
    modes = [world.entities[f"role:{load}_mode"] for load in ("heater", "pump")]
    await world.choose(modes, "off")
    await world.choose([world.entities[f"ocpp:{IDENTITY}_mode"]], "boost")
    # Before anybody has told it anything it gives as much by itself.
    await until_state(world, f"ocpp:{IDENTITY}_offered_current", "32.0")
    await world.until(lambda: evse.currents_a[0] >= 31, "the car to charge", PATIENT_S)
    # From now on it accepts what it is told, and lets the car go on as it is.
    await Words(world.house).say("charger lies")
    await world.choose([world.entities[f"ocpp:{IDENTITY}_mode"]], "min_solar")
    await until_state(world, f"ocpp:{IDENTITY}_offered_current", "6.0")
    await until_state(world, f"ocpp:{IDENTITY}_problem", "on", problem="draws_too_much")
    assert evse.currents_a[0] >= 31


async def test_others_give_way_to_what_it_draws(world: World) -> None:
    evse, house = world.house.evse, world.house.house

    def full() -> bool:
        return SUBSCRIBED_W - 400 < house.grid_w <= SUBSCRIBED_W

    async with never(lambda: house.grid_w > SUBSCRIBED_W):
        await world.choose([world.entities["role:heater_mode"]], "boost")
        # It gets what the measured car leaves, not what an obedient one would.
        await world.until(
            lambda: heater_w(world) > 500 and full(), "the heater", PATIENT_S
        )
    house.fix_base(LIGHT_W + 800)
    await world.until(lambda: house.grid_w > SUBSCRIBED_W, "the overload", 10)
    await world.until(full, "the heater to give way", 40)
    await asyncio.sleep(5)
    assert house.grid_w <= SUBSCRIBED_W
    house.fix_base(LIGHT_W + 2000)
    await world.until(lambda: heater_w(world) < 10, "the heater to give all", 40)
    await until_state(world, "home_overload", "on", limit="subscription")
    assert evse.currents_a[0] >= 31


async def test_once_it_obeys_again_all_is_well_without_a_hand(world: World) -> None:
    evse, house = world.house.evse, world.house.house
    await Words(world.house).say("charger obeys")
    await world.until(
        lambda: evse.currents_a[0] < SAFE_A + 0.1, "the car to follow", 30
    )
    await until_state(world, f"ocpp:{IDENTITY}_problem", "off", problem="none")
    await until_state(world, "home_overload", "off", limit="none")
    await world.until(
        lambda: heater_w(world) > 2300 and house.grid_w <= SUBSCRIBED_W,
        "the heater to come back",
        PATIENT_S,
    )


async def test_a_load_is_shed_while_somebody_cooks(world: World) -> None:
    house, pump = world.house.house, pump_of(world)
    await world.choose([world.entities["role:heater_mode"]], "off")
    house.fix_base(HOME_W)
    await world.until(lambda: heater_w(world) < 10, "the heater to stop", 40)
    await world.choose([world.entities["role:pump_mode"]], "boost")
    await world.until(lambda: pump.on, "the pump to run", PATIENT_S)
    await Words(world.house).say("cook on")
    await world.until(lambda: not pump.on, "the pump to be shed", PATIENT_S)
    await until_guarded(world, "shed", "breaker")
    await until_state(world, "home_shed_loads", "1")
    await world.until(lambda: house.grid_w <= SUBSCRIBED_W, "the pump to rest", 5)


async def test_killed_in_mid_shed_it_does_not_come_back_without_room(
    world: World,
) -> None:
    evse, house, pump = world.house.evse, world.house.house, pump_of(world)
    shed_at = time.monotonic()
    await until_state(world, "home_sheds", "1")
    async with never(lambda: pump.on or evse.pilot_a > SAFE_A):
        await world.hass.kill()
        # What nobody renews falls back to the safe current by itself.
        coming = evse.composite(world.house.clock.now(), 300.0)
        assert all(step.limit_a <= SAFE_A for step in coming)
        await world.hass.start()
        await until_state(world, "role:pump_reason", "shed")
        await until_state(world, "home_shed_loads", "1")
        # Its rest is over by then: nothing but room is what it waits for.
        await asyncio.sleep(max(10.0, shed_at + REST_S + 5 - time.monotonic()))
        assert house.grid_w <= SUBSCRIBED_W
    assert await world.state("role:pump_mode") == "boost"
    assert await world.state("role:pump_reason") == "shed"
    assert await world.state("home_sheds") == "1"


async def test_what_was_shed_comes_back_once_there_is_room(world: World) -> None:
    house, pump = world.house.house, pump_of(world)
    await Words(world.house).say("cook off")
    waited_s = await world.until(lambda: pump.on, "the pump to come back", PATIENT_S)
    assert waited_s > ROOMY_S - 10
    await until_guarded(world, "restored", "breaker")
    await until_state(world, "home_shed_loads", "0")
    assert house.grid_w <= SUBSCRIBED_W
    await until_state(world, "home_sheds", "1")
    await until_state(world, "home_restores", "1")
