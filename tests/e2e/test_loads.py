"""A car, a water heater and a pump share the sun, and a person may touch any of them.

One Home Assistant lives through these tests in their order. Nobody has told it what the
pump draws.
"""

import asyncio
from collections.abc import Mapping
import time
from typing import Any

import pytest

from simulator.demo_loads import PUMP_ENTITY, PUMP_W, load_ids
from simulator.heater import Tank

from .conftest import IDENTITY, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

type States = Mapping[str, Mapping[str, Any]]

# How long anything may take on a machine that has more to do.
PATIENT_S = 180.0
# Between two switchings the meter must be seen at rest, on both sides.
BETWEEN_S = 20.0
# Below 200 VA a Linky is believed nothing, and 150 var are in the house all the time.
UNSEEN_W = 140.0
# Water that the sun still heats, and water that rests until it is below 55 °C. A sensor
# that jumped further would not be believed for a while.
HOT_C, REST_C = 57.0, 61.0


def heater_w(world: World) -> float:
    """Return what the heater draws."""
    assert world.house.heater is not None
    return sum(world.house.heater.power_w)


def tank_of(world: World) -> Tank:
    """Return the water that the heater heats."""
    assert world.house.heater is not None
    assert world.house.heater.tank is not None
    return world.house.heater.tank


async def until_shown(world: World, what: str, **wanted: str) -> States:
    """Wait until entities, named by their roles, show what is wanted."""
    roles = {world.entities[f"role:{role}"]: state for role, state in wanted.items()}
    return await world.hass.wait_until(
        lambda states: all(
            states[entity]["state"] == state for entity, state in roles.items()
        ),
        what,
        timeout_s=PATIENT_S,
    )


async def learned_steps(world: World) -> int:
    """Return from how many switchings the pump's power was learned."""
    shown = (await world.hass.states())[world.entities["role:pump_learned_power"]]
    return int(shown["attributes"].get("steps", 0))


async def switch_pump(world: World, service: str) -> None:
    """Move the pump's own switch in Home Assistant, as a person does."""
    await world.hass.call("input_boolean", service, {"entity_id": PUMP_ENTITY})


async def until_taken_over(world: World, value: float) -> None:
    """Wait until the Home has taken over what a person made of the pump."""
    reason = world.entities["role:pump_reason"]
    await world.hass.wait_until(
        lambda states: states[reason]["attributes"].get("value") == value,
        f"the pump to be taken over with {value:g}",
        timeout_s=PATIENT_S,
    )


async def until_kept(world: World, value: float) -> None:
    """Wait until what a person made of the pump is written down."""
    pump = (await load_ids(world.hass))["switched"]
    begin = time.monotonic()
    while [one["value"] for one in (await world.kept())[pump]["passing"]] != [value]:
        assert time.monotonic() - begin < PATIENT_S
        await asyncio.sleep(0.2)


async def press_resume(world: World) -> None:
    """Press the pump's button that ends an override."""
    button = world.entities["role:pump_resume"]
    await world.hass.call("button", "press", {"entity_id": button})


async def test_a_heater_takes_what_the_car_leaves_it(world: World) -> None:
    evse, house = world.house.evse, world.house.house
    house.fix_base(-3000.0)
    await world.until(lambda: evse.currents_a[0] >= 11, "the car", PATIENT_S)
    session = evse.session
    tank_of(world).temperature_c = HOT_C
    await world.add_loads(pump_told=False)
    house.fix_base(-3100.0)
    # The car leaves the heater below it some room, so that clouds are the heater's.
    await world.until(
        lambda: (
            10 <= evse.pilot_a <= 12
            and 300 < heater_w(world) < 1000
            and abs(house.grid_w) < UNSEEN_W
        ),
        "the car and the heater to share",
        PATIENT_S,
    )
    # Adding loads has not touched what was there.
    assert evse.session is session
    assert session is not None


async def test_the_heater_gives_way_at_once(world: World) -> None:
    took_w = heater_w(world)
    world.house.house.fix_base(-1500.0)
    await world.until(
        lambda: heater_w(world) < took_w - 250, "the heater to give way", 10
    )
    await world.until(
        lambda: world.house.evse.pilot_a <= 6 and world.house.house.grid_w < UNSEEN_W,
        "the car to follow",
        PATIENT_S,
    )


async def test_a_pump_switched_by_hand_is_not_fought_until_somebody_resumes(
    world: World,
) -> None:
    pump = world.house.appliance
    assert pump is not None
    assert not pump.on
    await switch_pump(world, "turn_on")
    shown = await until_shown(
        world, "the override", pump_mode="manual", pump_reason="manual"
    )
    end = world.entities["role:pump_override_end"]
    assert shown[end]["state"].startswith("20")
    await world.until(lambda: pump.on, "the pump to run", PATIENT_S)
    await press_resume(world)
    await until_shown(world, "the mode before", pump_mode="solar")
    await world.choose([world.entities["role:pump_mode"]], "off")
    await world.until(lambda: not pump.on, "the pump to stop", PATIENT_S)


async def test_what_is_off_leaves_its_part_to_the_car(world: World) -> None:
    await world.choose([world.entities["role:heater_mode"]], "off")
    world.house.house.fix_base(-3000.0)
    await world.until(
        lambda: world.house.evse.pilot_a >= 12 and heater_w(world) < 10,
        "the car alone",
        PATIENT_S,
    )


async def test_the_pump_s_power_is_learned_from_the_meter(world: World) -> None:
    await world.choose([world.entities[f"ocpp:{IDENTITY}_mode"]], "off")
    await world.until(
        lambda: world.house.evse.currents_a[0] < 0.1, "the car to stop", PATIENT_S
    )
    # Where the house was restless a switching teaches nothing: then once more.
    begin = time.monotonic()
    while await learned_steps(world) < 3:
        assert time.monotonic() - begin < 2 * PATIENT_S
        await switch_pump(world, "toggle")
        await asyncio.sleep(BETWEEN_S)
    learned_w = await world.state("role:pump_learned_power")
    assert learned_w is not None
    assert abs(float(learned_w) - PUMP_W) < 50


async def test_after_a_power_cut_modes_override_and_what_was_learned_are_back(
    world: World,
) -> None:
    pump = world.house.appliance
    assert pump is not None
    await world.choose([world.entities["role:heater_mode"]], "min_solar")
    # Hot enough to rest, then not hot enough any more to begin to.
    tank_of(world).temperature_c = REST_C
    await until_shown(world, "the heater to rest", heater_reason="warm_enough")
    tank_of(world).temperature_c = HOT_C
    water = world.entities["role:water"]
    await world.hass.wait_until(
        lambda states: float(states[water]["state"]) < 58, "the water to cool"
    )
    # The hand is noticed, and written down, after all of this.
    for service, value in (("turn_off", 0.0), ("turn_on", 1.0)):
        await switch_pump(world, service)
        await until_taken_over(world, value)
    await until_shown(
        world,
        "what is to come back",
        pump_mode="manual",
        heater_mode="min_solar",
        heater_reason="warm_enough",
    )
    await until_kept(world, 1.0)
    roles = (
        *("heater_mode", "heater_reason"),
        *("pump_mode", "pump_override_end", "pump_learned_power"),
    )
    states = await world.hass.states()
    before = {role: states[world.entities[f"role:{role}"]]["state"] for role in roles}
    await world.hass.kill()
    await world.hass.start()
    await until_shown(world, "everything to be back", **before)
    # Its switch begins anew after a power cut: the override is what brings it back.
    await world.until(lambda: pump.on, "the pump", PATIENT_S)
    await press_resume(world)
    await until_shown(world, "the mode below the override", pump_mode="off")
    await world.until(lambda: not pump.on, "the pump to stop", PATIENT_S)
