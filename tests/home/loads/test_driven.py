"""Every kind of load made of entities, and a person, through the real engine."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.surplus.registry import async_get_registry
from homeassistant.core import Context, Event, EventStateChangedData, HomeAssistant

from ..conftest import HandMeter, Life
from .conftest import CHARGER, HEATER, STORAGE, SWITCHED, Add, Calls, put, told

AMPS, CHARGING = "input_number.amps", "input_boolean.charging"
PUMP, ROUTER, BATTERY = (
    "input_boolean.pump",
    "input_number.router",
    "input_number.battery",
)
PUMP_W = 1100.0
MEASURED_PUMP = {**SWITCHED, "least_run": 0, "power_entity": "sensor.plug"}

type Run = Callable[[int, float], Awaitable[None]]


@pytest.fixture
async def run(
    hass: HomeAssistant,
    life: Life,
    freezer: FrozenDateTimeFactory,
    meter: HandMeter,
    calls: Calls,
) -> Run:
    """Return what lets a house live in which devices do what their entities say."""
    # Only loads made of entities are there.
    async_get_registry(hass).loads.clear()
    await hass.services.async_call(
        "switch", "turn_off", {"entity_id": "switch.home_observe_only"}, blocking=True
    )

    async def live(seconds: int, base_w: float) -> None:
        for _ in range(seconds):
            freezer.tick(timedelta(seconds=1))
            async_fire_time_changed(hass)
            await hass.async_block_till_done(wait_background_tasks=True)
            pump_w = PUMP_W if hass.states.get(PUMP).state == "on" else 0.0
            charging = hass.states.get(CHARGING).state == "on"
            car_w = value(hass, AMPS) * 230.0 if charging else 0.0
            put(hass, "sensor.plug", pump_w)
            put(hass, "sensor.rod", value(hass, ROUTER))
            put(hass, "sensor.battery_power", value(hass, BATTERY))
            put(hass, "sensor.battery_soc", 50, "%")
            own_w = pump_w + car_w + value(hass, ROUTER) - value(hass, BATTERY)
            meter.show(base_w + own_w)
            await hass.async_block_till_done(wait_background_tasks=True)

    return live


def value(hass: HomeAssistant, entity_id: str) -> float:
    return float(hass.states.get(entity_id).state)


async def by_hand(hass: HomeAssistant, action: str, **data: object) -> None:
    domain, service = action.split(".")
    await hass.services.async_call(
        domain, service, data, blocking=True, context=Context(parent_id="a rule")
    )
    await hass.async_block_till_done()


async def resume(hass: HomeAssistant, name: str) -> None:
    await hass.services.async_call(
        "button", "press", {"entity_id": f"button.{name}_resume"}, blocking=True
    )


async def test_a_switched_load_runs_with_the_sun_and_is_told_only_twice(
    hass: HomeAssistant, add: Add, run: Run, calls: Calls
) -> None:
    await add("switched", MEASURED_PUMP, "Pump")
    await run(120, -2000)
    assert hass.states.get(PUMP).state == "on"
    await run(700, 500)
    assert hass.states.get(PUMP).state == "off"
    assert told(calls) == [("turn_on", None), ("turn_off", None)]


async def test_a_heater_takes_what_is_left_and_a_battery_what_it_leaves(
    hass: HomeAssistant, add: Add, run: Run, calls: Calls
) -> None:
    await add("heater", {**HEATER, "power_entity": "sensor.rod"})
    await add("storage", STORAGE, "Battery")
    await run(120, -1500)
    assert 1400 <= value(hass, ROUTER) <= 1500
    await run(60, -4000)
    assert value(hass, ROUTER) == 2400
    # Its number counts discharging as positive.
    assert -1650 <= value(hass, BATTERY) <= -1500
    await run(60, 1000)
    assert value(hass, ROUTER) == 0
    assert 900 <= value(hass, BATTERY) <= 1050
    assert len(told(calls)) < 60


async def test_a_heater_at_the_edge_of_the_surplus_does_not_fill_the_recorder(
    hass: HomeAssistant, add: Add, run: Run
) -> None:
    await add("heater", {**HEATER, "power_entity": "sensor.rod"})
    rows: list[str] = []

    def note(event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"] in ("sensor.tank_reason", "sensor.tank_next_event"):
            rows.append(event.data["entity_id"])

    hass.bus.async_listen("state_changed", note)
    noise = Random(3)
    for _ in range(150):
        await run(2, noise.uniform(-900, 900))
    for entity_id in ("sensor.tank_reason", "sensor.tank_next_event"):
        assert 5 < rows.count(entity_id) <= 31
    # A person does not wait for it.
    await hass.services.async_call(
        "select",
        "select_option",
        {"entity_id": "select.tank_mode", "option": "boost"},
        blocking=True,
    )
    await run(2, 0)
    assert hass.states.get("sensor.tank_reason").state == "boost"


async def test_a_person_at_the_charger_is_left_alone_until_resumed(
    hass: HomeAssistant, add: Add, run: Run
) -> None:
    await add("entity_charger", CHARGER, "Car")
    await run(150, -3000)
    assert value(hass, AMPS) == 13
    await by_hand(hass, "input_number.set_value", entity_id=AMPS, value=8)
    await run(60, -3000)
    assert hass.states.get("select.car_mode").state == "manual"
    assert value(hass, AMPS) == 8
    await resume(hass, "car")
    await run(60, -3000)
    assert hass.states.get("select.car_mode").state == "solar"
    assert value(hass, AMPS) == 13


async def test_a_plug_turned_off_in_its_own_app_stays_off(
    hass: HomeAssistant, add: Add, run: Run, calls: Calls
) -> None:
    await add("switched", MEASURED_PUMP, "Pump")
    await run(150, -2000)
    assert hass.states.get(PUMP).state == "on"
    told(calls)
    # Nobody tells who it was.
    hass.states.async_set(PUMP, "off")
    await run(300, -2000)
    assert hass.states.get("select.pump_mode").state == "manual"
    assert hass.states.get(PUMP).state == "off"
    assert told(calls) == []
    await resume(hass, "pump")
    await run(300, -2000)
    assert hass.states.get(PUMP).state == "on"


async def observe(hass: HomeAssistant, *, on: bool) -> None:
    await hass.services.async_call(
        "switch",
        "turn_on" if on else "turn_off",
        {"entity_id": "switch.home_observe_only"},
        blocking=True,
    )


class TestInHandWhileObserving:
    """Observing begins and ends while a person has a load in hand."""

    @pytest.fixture
    async def in_hand(
        self, hass: HomeAssistant, add: Add, run: Run, calls: Calls
    ) -> Calls:
        """Return the calls once a person has turned a pump on and Home stands by it."""
        await add("switched", MEASURED_PUMP, "Pump")
        await run(30, 500)
        await by_hand(hass, "input_boolean.turn_on", entity_id=PUMP)
        await run(30, 500)
        assert hass.states.get("select.pump_mode").state == "manual"
        # Its device was away for a moment: Home has told it once more.
        hass.states.async_set(PUMP, "unavailable")
        await run(5, 500)
        hass.states.async_set(PUMP, "on")
        await run(30, 500)
        assert hass.states.get("select.pump_mode").state == "manual"
        told(calls)
        return calls

    async def test_it_stays_as_it_is(
        self, hass: HomeAssistant, in_hand: Calls, run: Run
    ) -> None:
        await observe(hass, on=True)
        await run(60, 500)
        await observe(hass, on=False)
        await run(60, 500)
        assert hass.states.get(PUMP).state == "on"
        assert told(in_hand) == []
        await resume(hass, "pump")
        await run(600, 500)
        assert hass.states.get(PUMP).state == "off"

    async def test_what_the_person_does_meanwhile_counts(
        self, hass: HomeAssistant, in_hand: Calls, run: Run
    ) -> None:
        await observe(hass, on=True)
        await run(60, 500)
        await by_hand(hass, "input_boolean.turn_off", entity_id=PUMP)
        await run(60, 500)
        told(in_hand)
        await observe(hass, on=False)
        await run(60, 500)
        assert hass.states.get("select.pump_mode").state == "manual"
        assert told(in_hand) == []

    async def test_it_stays_as_it_is_when_home_assistant_stops_later(
        self, hass: HomeAssistant, in_hand: Calls, run: Run
    ) -> None:
        await observe(hass, on=True)
        await run(60, 500)
        await resume(hass, "pump")
        await run(10, 500)
        await hass.async_stop()
        assert told(in_hand) == []

    async def test_a_check_puts_it_back(
        self, hass: HomeAssistant, in_hand: Calls, run: Run
    ) -> None:
        await observe(hass, on=True)
        await run(30, 500)
        home = async_get_registry(hass).home
        assert home
        (load_id,) = async_get_registry(hass).loads
        check = asyncio.create_task(home.async_check(load_id))
        while not check.done():
            await run(1, 500)
        await run(5, 500)
        assert "turn_off" in [service for service, _ in told(in_hand)]
        # After the pulse it rests first, as after any running.
        assert hass.states.get(PUMP).state == "off"
        await run(300, 500)
        assert [service for service, _ in told(in_hand)] == ["turn_on"]
        assert hass.states.get(PUMP).state == "on"
        await run(60, 500)
        assert told(in_hand) == []
