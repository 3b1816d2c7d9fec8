"""A charger of another integration, alone and driven by the Home."""

from datetime import timedelta
from time import monotonic
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.surplus.control.model import ChargerSpec, Mode
from custom_components.surplus.registry import async_get_registry
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..conftest import HandMeter, Life
from .conftest import BATTERY, CHARGER, TARIFF, Add, Calls, load_of, put, told

AMPS, SWITCH = "input_number.amps", "input_boolean.charging"


async def test_it_is_what_the_form_says(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    subentry = await add("entity_charger", {**CHARGER, "phases": [1, 2, 3]}, "Car")
    spec = load_of(hass, home_entry, subentry).spec
    assert isinstance(spec, ChargerSpec)
    assert (spec.name, spec.phases, spec.priority) == ("Car", (1, 2, 3), 1)
    assert (spec.min_a, spec.max_a, spec.step_a) == (6, 16, 1)
    # Nothing takes its current back when nobody repeats it.
    assert spec.safe_a == 0
    assert spec.lease_s > 86_400 * 365


async def test_the_current_is_told_before_it_begins(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    load = load_of(hass, home_entry, await add("entity_charger", CHARGER))
    assert load.reading.offering is False
    assert load.reading.offered_a == 0
    await load.async_apply(10.7)
    assert told(calls) == [("set_value", 10), ("turn_on", None)]
    assert load.reading.offering is True
    assert load.reading.offered_a == 10
    assert load.reading.offered_at == pytest.approx(monotonic(), abs=0.1)
    await load.async_apply(40)
    assert told(calls) == [("set_value", 16)]
    await load.async_apply(4)
    assert told(calls) == [("turn_off", None)]
    assert load.reading.offered_a == 0


async def test_a_charge_that_was_going_on_before_is_told_without_its_instant(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    load = load_of(hass, home_entry, await add("entity_charger", CHARGER))
    hass.states.async_set(SWITCH, "on")
    put(hass, AMPS, 13, "A")
    assert load.reading.offered_a == 13
    assert load.reading.offered_at is None


async def test_left_on_it_offers_its_minimum(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    load = load_of(
        hass, home_entry, await add("entity_charger", {**CHARGER, "release": "on"})
    )
    await load.async_apply(13)
    told(calls)
    await load.async_release()
    assert told(calls) == [("set_value", 6)]
    assert hass.states.get(SWITCH).state == "on"


async def test_without_a_switch_the_number_alone_starts_and_stops(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    hass.states.async_set("number.car", "0", {"min": 0, "max": 32, "step": 1})
    sent = async_mock_service(hass, "number", "set_value")
    data = {**CHARGER, "current_entity": "number.car", "switch_entity": None}
    load = load_of(hass, home_entry, await add("entity_charger", data))
    assert load.reading.offering is None
    await load.async_apply(8)
    await load.async_apply(0)
    assert [call.data["value"] for call in sent] == [8, 0]


async def test_a_number_that_cannot_be_so_low_is_not_told_more_than_decided(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    hass.states.async_set("number.car", "8", {"min": 8, "max": 32, "step": 1})
    sent = async_mock_service(hass, "number", "set_value")
    data = {**CHARGER, "current_entity": "number.car"}
    load = load_of(hass, home_entry, await add("entity_charger", data))
    await load.async_apply(6)
    assert sent == []
    assert load.reading.offered_a == 0
    without = {**data, "switch_entity": None}
    load = load_of(hass, home_entry, await add("entity_charger", without))
    with pytest.raises(HomeAssistantError) as refused:
        await load.async_apply(6)
    assert refused.value.translation_key == "load_never_off"


@pytest.mark.parametrize(
    ("state", "wants"),
    [("Charging", True), (" ready_to_charge", True), ("disconnected", False)],
)
async def test_the_named_states_of_a_vehicle_mean_yes(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    state: str,
    wants: bool,
) -> None:
    data = {
        **CHARGER,
        "vehicle_entity": "sensor.car",
        "vehicle_states": ["charging", "Ready_to_charge "],
    }
    load = load_of(hass, home_entry, await add("entity_charger", data))
    assert load.reading.wants_power
    hass.states.async_set("sensor.car", state)
    await hass.async_block_till_done()
    assert load.reading.wants_power is wants
    # Away for a moment, it is still there, or still not.
    hass.states.async_set("sensor.car", "unavailable")
    await hass.async_block_till_done()
    assert load.reading.wants_power is wants
    assert load.as_dict()["unusable"] == {"sensor.car": 1}


@pytest.mark.parametrize(
    ("entity_id", "state", "plugged"),
    [
        ("sensor.car", "charging", True),
        ("sensor.car", "completed", True),
        ("sensor.car", "Disconnected", False),
        ("sensor.car", "standby", None),
        ("binary_sensor.car", "off", False),
    ],
)
async def test_a_vehicle_that_wants_nothing_may_still_be_plugged_in(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    entity_id: str,
    state: str,
    plugged: bool | None,
) -> None:
    data = {**CHARGER, "vehicle_entity": entity_id, "vehicle_states": ["charging"]}
    load = load_of(hass, home_entry, await add("entity_charger", data))
    for shown in (state, "unavailable"):
        hass.states.async_set(entity_id, shown)
        await hass.async_block_till_done()
        assert load.reading.plugged is plugged
    # Of a sensor that is away the ledger asks whether energy flows.
    assert load.counted.plugged is None


async def by_hand(hass: HomeAssistant, action: str, **data: Any) -> None:
    domain, service = action.split(".")
    await hass.services.async_call(
        domain, service, data, blocking=True, context=Context(parent_id="a rule")
    )
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("action", "data", "taken"),
    [
        ("input_boolean.turn_off", {"entity_id": SWITCH}, 0),
        ("input_number.set_value", {"entity_id": AMPS, "value": 11}, 11),
    ],
)
async def test_a_person_at_the_switch_or_at_the_number_takes_over(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    action: str,
    data: dict[str, Any],
    taken: float,
) -> None:
    load = load_of(hass, home_entry, await add("entity_charger", CHARGER))
    await load.async_apply(10)
    await by_hand(hass, action, **data)
    assert load.taken_over == taken
    assert load.reading.offered_a == taken


async def test_a_current_one_ampere_lower_in_the_cars_app_is_a_person(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    load = load_of(hass, home_entry, await add("entity_charger", CHARGER))
    await load.async_apply(10)
    freezer.tick(timedelta(seconds=40))
    put(hass, AMPS, 9, "A")
    await hass.async_block_till_done()
    assert load.taken_over == 9


class Car:
    """A car that draws what its entities offer, and a meter that sees it."""

    def __init__(
        self,
        hass: HomeAssistant,
        freezer: FrozenDateTimeFactory,
        meter: HandMeter,
    ) -> None:
        self.hass, self.freezer, self.meter = hass, freezer, meter

    @property
    def offered_a(self) -> float:
        if self.hass.states.get(SWITCH).state != "on":
            return 0.0
        return float(self.hass.states.get(AMPS).state)

    async def run(self, seconds: int, base_w: float) -> None:
        for _ in range(seconds):
            self.freezer.tick(timedelta(seconds=1))
            async_fire_time_changed(self.hass)
            await self.hass.async_block_till_done(wait_background_tasks=True)
            own_w = self.offered_a * 230.0
            put(self.hass, "sensor.car_power", own_w)
            self.meter.show(base_w + own_w)
            await self.hass.async_block_till_done(wait_background_tasks=True)


class TestDriven:
    """The whole way: meter, engine, commander, entities."""

    @pytest.fixture
    async def car(
        self,
        hass: HomeAssistant,
        life: Life,
        freezer: FrozenDateTimeFactory,
        meter: HandMeter,
    ) -> Car:
        # Only the charger made of entities is there.
        async_get_registry(hass).loads.clear()
        await hass.services.async_call(
            "switch",
            "turn_off",
            {"entity_id": "switch.home_observe_only"},
            blocking=True,
        )
        return Car(hass, freezer, meter)

    async def test_the_car_follows_the_sun(
        self, hass: HomeAssistant, add: Add, car: Car, calls: Calls
    ) -> None:
        await add("entity_charger", {**CHARGER, "power_entity": "sensor.car_power"})
        await car.run(150, -3000)
        assert car.offered_a == 13
        await car.run(30, -1900)
        assert car.offered_a == 8
        assert len(told(calls)) < 12

    async def test_mode_off_turns_it_off_and_its_entities_are_on_its_device(
        self, hass: HomeAssistant, add: Add, car: Car
    ) -> None:
        subentry = await add("entity_charger", CHARGER, "Car")
        await car.run(150, -3000)
        assert hass.states.get("sensor.car_reason").state == "following_surplus"
        await hass.services.async_call(
            "select",
            "select_option",
            {"entity_id": "select.car_mode", "option": Mode.OFF},
            blocking=True,
        )
        await car.run(3, -3000)
        assert car.offered_a == 0
        assert f"home:{subentry.subentry_id}" in async_get_registry(hass).loads

    async def test_cheap_hours_and_batteries_reach_the_engine(
        self,
        hass: HomeAssistant,
        add: Add,
        car: Car,
        home_entry: MockConfigEntry,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        hass.states.async_set("schedule.night", "on")
        await add("tariff", TARIFF, "Tariff")
        await add("battery", BATTERY)
        put(hass, "sensor.battery_power", 400)
        engine, seen = home_entry.runtime_data.engine, []
        cycle = engine.cycle

        def watch(snapshot: Any) -> Any:
            seen.append(snapshot)
            return cycle(snapshot)

        monkeypatch.setattr(engine, "cycle", watch)
        await car.run(2, 500)
        assert seen[-1].cheap is True
        assert [battery.power_w for battery in seen[-1].batteries] == [400]
