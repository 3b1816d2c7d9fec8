"""A charger without a vehicle sensor ends a charge: whose doing was it?"""

import asyncio

import pytest

from custom_components.surplus.control.check import CheckEnd
from custom_components.surplus.home.loads.sources.charger import Patience
from custom_components.surplus.registry import async_get_registry
from homeassistant.core import HomeAssistant

from .conftest import CHARGER, Add, Calls, put, told
from .test_driven import AMPS, CHARGING, Run, by_hand, run, value

__all__ = ["run"]

CAR = {**CHARGER, "min_on": 0, "min_off": 0}
MODE, REASON = "select.car_mode", "sensor.car_reason"


def shown(hass: HomeAssistant, entity_id: str) -> str:
    return hass.states.get(entity_id).state


@pytest.fixture
async def full(hass: HomeAssistant, add: Add, run: Run, calls: Calls) -> None:
    """Let a charge be ended by the charger itself."""
    await add("entity_charger", CAR, "Car")
    await run(150, -3000)
    assert shown(hass, CHARGING) == "on"
    hass.states.async_set(CHARGING, "off")
    await run(30, -3000)
    assert shown(hass, REASON) == "no_vehicle"


async def wish_boost(hass: HomeAssistant) -> None:
    await hass.services.async_call(
        "select",
        "select_option",
        {"entity_id": MODE, "option": "boost"},
        blocking=True,
    )


async def wish_solar(hass: HomeAssistant) -> None:
    await hass.services.async_call(
        "select",
        "select_option",
        {"entity_id": MODE, "option": "solar"},
        blocking=True,
    )


async def wish_resume(hass: HomeAssistant) -> None:
    home = async_get_registry(hass).home
    (load_id,) = async_get_registry(hass).loads
    assert home
    await home.async_resume(load_id)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("wish", [wish_boost, wish_solar, wish_resume])
async def test_what_a_person_wishes_then_is_not_waited_for(
    hass: HomeAssistant, run: Run, wish: object
) -> None:
    await wish(hass)
    await run(120, -3000)
    assert shown(hass, CHARGING) == "on"


@pytest.mark.usefixtures("full")
async def test_a_check_can_be_made_then(hass: HomeAssistant, run: Run) -> None:
    home = async_get_registry(hass).home
    (load_id,) = async_get_registry(hass).loads
    check = asyncio.create_task(home.async_check(load_id))
    for _ in range(300):
        if check.done():
            break
        await run(1, -3000)
    assert check.result().end is not CheckEnd.NOT_READY


@pytest.mark.usefixtures("full")
async def test_the_next_vehicle_is_asked_after_a_quarter_of_an_hour(
    hass: HomeAssistant, run: Run
) -> None:
    await run(840, -3000)
    assert shown(hass, CHARGING) == "off"
    await run(180, -3000)
    assert shown(hass, CHARGING) == "on"


def waits(patience: Patience, now: float) -> float:
    """Let a charge end by itself; return how long it is waited then."""
    patience.begin(now)
    return next(60.0 * n for n in range(1000) if not patience.lasts(now + 60.0 * n))


def test_a_full_vehicle_is_asked_later_and_later() -> None:
    patience, now = Patience(), 0.0
    waited = []
    for _ in range(4):
        waited.append(waits(patience, now))
        # It begins a little later, and ends at once.
        now += waited[-1] + 200.0
        patience.break_off()
        assert not patience.lasts(now)
    assert waited == [900.0, 1800.0, 3600.0, 3600.0]


def test_the_next_vehicle_is_not_made_to_wait_for_the_last_one() -> None:
    patience = Patience()
    assert waits(patience, 0.0) == 900.0
    assert waits(patience, 1100.0) == 1800.0
    # It charged for a while, or nobody asked for a night.
    assert waits(patience, 1100.0 + 1800.0 + 1000.0) == 900.0


def test_after_a_wish_it_waits_no_longer_than_at_first() -> None:
    patience = Patience()
    waits(patience, 0.0)
    patience.forget()
    assert not patience.lasts(1.0)
    assert waits(patience, 10.0) == 900.0


@pytest.mark.parametrize("ahead_s", [0, 10])
async def test_one_that_took_all_until_it_was_stopped_was_stopped_by_a_person(
    hass: HomeAssistant, add: Add, run: Run, calls: Calls, ahead_s: int
) -> None:
    await add("entity_charger", {**CAR, "power_entity": "sensor.car"}, "Car")
    for _ in range(20):
        on = shown(hass, CHARGING) == "on"
        put(hass, "sensor.car", value(hass, AMPS) * 230 if on else 0)
        await run(10, -3000)
    assert shown(hass, CHARGING) == "on"
    if ahead_s:
        # The sensor is quicker than the switch.
        put(hass, "sensor.car", 0)
        await run(ahead_s, -3000 - value(hass, AMPS) * 230)
    hass.states.async_set(CHARGING, "off")
    put(hass, "sensor.car", 0)
    told(calls)
    await run(1200, -3000)
    assert shown(hass, MODE) == "manual"
    assert shown(hass, CHARGING) == "off"
    assert told(calls) == []


async def test_one_that_took_less_and_less_was_full(
    hass: HomeAssistant, add: Add, run: Run, calls: Calls
) -> None:
    await add("entity_charger", {**CAR, "power_entity": "sensor.car"}, "Car")
    for _ in range(20):
        on = shown(hass, CHARGING) == "on"
        put(hass, "sensor.car", value(hass, AMPS) * 230 if on else 0)
        await run(10, -3000)
    for power_w in (900, 300):
        put(hass, "sensor.car", power_w)
        await run(60, -3000)
    hass.states.async_set(CHARGING, "off")
    put(hass, "sensor.car", 0)
    await run(30, -3000)
    assert shown(hass, MODE) == "solar"
    assert shown(hass, REASON) == "no_vehicle"


async def test_what_a_person_stops_on_a_dashboard_stays_stopped(
    hass: HomeAssistant, add: Add, run: Run
) -> None:
    await add("entity_charger", CAR, "Car")
    await run(150, -3000)
    await by_hand(hass, "input_boolean.turn_off", entity_id=CHARGING)
    await run(1100, -3000)
    assert shown(hass, MODE) == "manual"
    assert shown(hass, CHARGING) == "off"
