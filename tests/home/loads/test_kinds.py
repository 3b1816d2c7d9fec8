"""Switched loads, commanded storage and observed batteries made of entities."""

from datetime import timedelta
from math import isnan
from time import monotonic

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from custom_components.surplus.control.model import (
    BatteryReading,
    StorageSpec,
    SwitchedSpec,
    Temperatures,
)
from custom_components.surplus.home.loads.batteries import ObservedBatteries
from custom_components.surplus.registry import async_get_registry
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .conftest import BATTERY, STORAGE, SWITCHED, Add, Calls, load_of, put, told

PUMP = "input_boolean.pump"


def look(hass: HomeAssistant, entry: MockConfigEntry) -> tuple[BatteryReading, ...]:
    """Return what the observed batteries tell."""
    return ObservedBatteries(hass, entry, async_get_registry(hass)).look()


class TestSwitched:
    """A load that is on or off."""

    async def test_it_is_what_the_form_says(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        subentry = await add(
            "switched", {**SWITCHED, "temperature_entity": "sensor.tank"}, "Pump"
        )
        assert load_of(hass, home_entry, subentry).spec == SwitchedSpec(
            load_id=f"home:{subentry.subentry_id}",
            name="Pump",
            priority=3,
            min_on_s=300,
            min_off_s=240,
            power_w=1100,
            least_run_s=3600,
            most_run_s=14400,
            temperatures=Temperatures(),
        )

    async def test_what_is_left_out_is_learned_or_unlimited(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        data = {
            key: value
            for key, value in SWITCHED.items()
            if key not in ("power_w", "most_run", "least_run")
        }
        spec = load_of(hass, home_entry, await add("switched", data)).spec
        assert isinstance(spec, SwitchedSpec)
        assert spec.power_w is None
        assert spec.most_run_s is None
        assert spec.least_run_s == 0
        assert spec.temperatures is None

    async def test_it_is_turned_on_and_off_once_each(
        self,
        hass: HomeAssistant,
        add: Add,
        home_entry: MockConfigEntry,
        calls: Calls,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        load = load_of(hass, home_entry, await add("switched", SWITCHED))
        freezer.tick(timedelta(seconds=30))
        assert load.reading.on is False
        assert load.reading.changed_at == pytest.approx(monotonic() - 30, abs=0.1)
        for value in (1, 1, 0, 0):
            await load.async_apply(value)
        assert told(calls) == [("turn_on", None), ("turn_off", None)]
        assert load.reading.on is False
        assert load.reading.changed_at == pytest.approx(monotonic(), abs=0.1)

    async def test_its_sensors_are_read(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        load = load_of(
            hass,
            home_entry,
            await add(
                "switched",
                {
                    **SWITCHED,
                    "power_entity": "sensor.plug",
                    "temperature_entity": "sensor.tank",
                },
            ),
        )
        put(hass, "sensor.plug", 1080)
        put(hass, "sensor.tank", 55, "°C")
        assert load.reading.power_w == 1080
        assert load.reading.temperature_c == 55
        hass.states.async_set(PUMP, "unavailable")
        assert load.reading.on is None
        assert load.reading.changed_at is None
        assert not load.reading.reachable

    async def test_a_person_at_the_switch_takes_over(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        load = load_of(hass, home_entry, await add("switched", SWITCHED))
        await load.async_apply(1)
        await hass.services.async_call(
            "input_boolean",
            "turn_off",
            {"entity_id": PUMP},
            blocking=True,
            context=Context(parent_id="x"),
        )
        await hass.async_block_till_done()
        assert load.taken_over == 0

    @pytest.mark.parametrize(("release", "state"), [("off", "off"), ("on", "on")])
    async def test_it_is_left_as_chosen(
        self,
        hass: HomeAssistant,
        *,
        add: Add,
        home_entry: MockConfigEntry,
        release: str,
        state: str,
    ) -> None:
        load = load_of(
            hass, home_entry, await add("switched", {**SWITCHED, "release": release})
        )
        await load.async_apply(0)
        await load.async_apply(1)
        await load.async_release()
        assert hass.states.get(PUMP).state == state

    async def test_a_plug_switched_in_its_own_app_takes_over_after_settling(
        self,
        hass: HomeAssistant,
        add: Add,
        home_entry: MockConfigEntry,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        load = load_of(hass, home_entry, await add("switched", SWITCHED))
        await load.async_apply(1)
        hass.states.async_set(PUMP, "off")
        await hass.async_block_till_done()
        assert load.taken_over is None
        hass.states.async_set(PUMP, "on")
        freezer.tick(timedelta(seconds=60))
        hass.states.async_set(PUMP, "off")
        await hass.async_block_till_done()
        assert load.taken_over == 0


class TestStorage:
    """A battery that is commanded, + = charging whatever its number means."""

    async def test_it_is_what_the_form_says(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        subentry = await add("storage", STORAGE, "Battery")
        assert load_of(hass, home_entry, subentry).spec == StorageSpec(
            load_id=f"home:{subentry.subentry_id}",
            name="Battery",
            priority=4,
            min_on_s=0,
            min_off_s=0,
            charge_w=3000,
            discharge_w=2500,
            min_soc=0.1,
            max_soc=0.95,
        )

    @pytest.mark.parametrize(
        ("sign", "wanted", "number", "accepted"),
        [
            ("charge", 1234, 1200, 1200),
            ("charge", -1234, -1200, -1200),
            ("discharge", 1234, -1200, 1200),
            ("discharge", -9000, 2500, -2500),
            ("discharge", 9000, -3000, 3000),
        ],
    )
    async def test_the_sign_is_what_the_user_said_and_steps_go_towards_rest(
        self,
        hass: HomeAssistant,
        *,
        add: Add,
        home_entry: MockConfigEntry,
        calls: Calls,
        sign: str,
        wanted: float,
        number: float,
        accepted: float,
    ) -> None:
        load = load_of(
            hass, home_entry, await add("storage", {**STORAGE, "command_sign": sign})
        )
        await load.async_apply(wanted)
        assert told(calls) == [("set_value", number)]
        assert load.reading.accepted_w == accepted
        assert load.as_dict()["shown"] == accepted
        await load.async_release()
        assert told(calls) == [("set_value", 0)]

    async def test_a_resting_battery_with_a_switch_is_switched_off(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
    ) -> None:
        load = load_of(
            hass,
            home_entry,
            await add("storage", {**STORAGE, "switch_entity": PUMP}),
        )
        await load.async_apply(-500)
        await load.async_apply(0)
        assert told(calls) == [
            ("set_value", 500),
            ("turn_on", None),
            ("turn_off", None),
        ]
        assert load.as_dict()["shown"] == 0

    async def test_a_number_without_rest_is_not_told_more_than_decided(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        hass.states.async_set("number.x", "500", {"min": 200, "max": 3000, "step": 10})
        sent = async_mock_service(hass, "number", "set_value")
        data = {**STORAGE, "command_entity": "number.x", "command_sign": "charge"}
        load = load_of(hass, home_entry, await add("storage", data))
        await load.async_apply(400)
        for value in (100, 0, -100):
            with pytest.raises(HomeAssistantError) as refused:
                await load.async_apply(value)
            assert refused.value.translation_key == "load_never_off"
        assert [call.data["value"] for call in sent] == [400]

    async def test_left_on_it_is_at_rest(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
    ) -> None:
        load = load_of(
            hass, home_entry, await add("storage", {**STORAGE, "release": "on"})
        )
        await load.async_apply(500)
        await load.async_release()
        assert told(calls)[-1] == ("set_value", 0)

    @pytest.mark.parametrize(
        ("sign", "power_w"), [("charge", 1500), ("discharge", -1500)]
    )
    async def test_power_and_charge_are_read(
        self,
        hass: HomeAssistant,
        *,
        add: Add,
        home_entry: MockConfigEntry,
        sign: str,
        power_w: float,
    ) -> None:
        load = load_of(
            hass, home_entry, await add("storage", {**STORAGE, "power_sign": sign})
        )
        assert load.reading.power_w is None
        assert load.reading.soc is None
        put(hass, "sensor.battery_power", 1.5, "kW")
        put(hass, "sensor.battery_soc", 64, "%")
        assert load.reading.power_w == power_w
        assert load.reading.soc == 0.64

    async def test_one_without_sensors_is_commanded_all_the_same(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        data = {**STORAGE, "power_entity": None, "soc_entity": None}
        load = load_of(hass, home_entry, await add("storage", data))
        await load.async_apply(1000)
        reading = load.reading
        assert (reading.power_w, reading.power_at, reading.soc) == (None, None, None)
        assert reading.accepted_w == 1000

    async def test_a_number_turned_by_hand_takes_over(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        load = load_of(hass, home_entry, await add("storage", STORAGE))
        await load.async_apply(1000)
        await hass.services.async_call(
            "input_number",
            "set_value",
            {"entity_id": "input_number.battery", "value": 300},
            blocking=True,
            context=Context(parent_id="x"),
        )
        await hass.async_block_till_done()
        assert load.taken_over == -300


class TestBattery:
    """A battery that regulates itself is only read."""

    @pytest.mark.parametrize(
        ("sign", "power_w"), [("charge", -1200), ("discharge", 1200)]
    )
    async def test_it_tells_power_and_charge(
        self,
        hass: HomeAssistant,
        *,
        add: Add,
        home_entry: MockConfigEntry,
        sign: str,
        power_w: float,
    ) -> None:
        await add("battery", {**BATTERY, "power_sign": sign})
        put(hass, "sensor.battery_power", 1200)
        put(hass, "sensor.battery_soc", 64, "%")
        assert look(hass, home_entry) == (
            BatteryReading(
                power_w=power_w,
                at=pytest.approx(monotonic(), abs=0.1),
                soc=0.64,
                first_soc=0.3,
            ),
        )

    async def test_one_that_tells_no_power_is_still_there_and_charge_may_be_unknown(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        await add("battery", BATTERY)
        assert isnan(look(hass, home_entry)[0].power_w)
        put(hass, "sensor.battery_power", "unknown")
        assert isnan(look(hass, home_entry)[0].power_w)
        put(hass, "sensor.battery_power", 0)
        assert look(hass, home_entry)[0].soc is None

    async def test_without_a_sensor_its_charge_is_unknown(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        await add("battery", {"power_entity": "sensor.battery_power"})
        put(hass, "sensor.battery_power", 700)
        (reading,) = look(hass, home_entry)
        assert (reading.power_w, reading.soc, reading.first_soc) == (700, None, 0)
