"""Subentries come, change and go, and nothing else is disturbed."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.home.loads.runtime import (
    DATA_HOME_LOADS,
    async_get_loads,
)
from custom_components.surplus.home.modes import LoadModes
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .conftest import (
    BATTERY,
    CHARGER,
    HEATER,
    STORAGE,
    SWITCHED,
    Add,
    Calls,
    load_of,
    told,
)

WITH_SENSOR = {**HEATER, "temperature_entity": "sensor.tank"}
TEMPERATURES = ("forced_below", "forced_until", "sun_again_below", "sun_until")


async def move(hass: HomeAssistant, entity_id: str, value: float) -> None:
    await hass.services.async_call(
        "number",
        "set_value",
        {"entity_id": entity_id, "value": value},
        blocking=True,
    )
    await hass.async_block_till_done()


async def change(
    hass: HomeAssistant, entry: MockConfigEntry, subentry_id: str, **changes: object
) -> None:
    subentry = entry.subentries[subentry_id]
    hass.config_entries.async_update_subentry(
        entry, subentry, data={**subentry.data, **changes}
    )
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("heater", HEATER),
        ("switched", SWITCHED),
        ("entity_charger", CHARGER),
        ("storage", STORAGE),
    ],
)
async def test_each_load_has_a_device_of_its_own_under_the_home(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    kind: str,
    data: dict,
) -> None:
    subentry = await add(kind, data)
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier(
        (DOMAIN, f"home:{subentry.subentry_id}"), home_entry.entry_id
    )
    assert device.name == "Tank"
    home = registry.async_get_device_by_identifier(
        (DOMAIN, "home"), home_entry.entry_id
    )
    assert device.via_device_id == home.id
    entities = er.async_entries_for_device(er.async_get(hass), device.id)
    assert {
        entity.unique_id.removeprefix(f"home:{subentry.subentry_id}_")
        for entity in entities
    } >= {
        "mode",
        "reason",
        "check",
    }
    assert {entity.config_subentry_id for entity in entities} == {subentry.subentry_id}
    assert hass.states.get("select.tank_mode").state == "solar"


async def test_adding_and_changing_one_does_not_touch_another(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    heater = await add("heater", HEATER)
    load = load_of(hass, home_entry, heater)
    await load.async_apply(1000)
    told(calls)
    events: list[str] = []

    @callback
    def note(event: Event) -> None:
        events.append(event.data["entity_id"])

    hass.bus.async_listen("state_changed", note)
    pump = await add("switched", SWITCHED, "Pump")
    await change(hass, home_entry, pump.subentry_id, priority=9)
    assert load_of(hass, home_entry, pump).spec.priority == 9
    assert hass.config_entries.async_remove_subentry(home_entry, pump.subentry_id)
    await hass.async_block_till_done()
    assert load_of(hass, home_entry, heater) is load
    assert load.as_dict()["told"] == 1000
    assert told(calls) == []
    assert not [entity_id for entity_id in events if "tank" in entity_id]
    assert f"home:{pump.subentry_id}" not in async_get_registry(hass).loads


async def test_a_load_with_the_same_outlets_goes_on_when_it_is_changed(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    subentry = await add("heater", HEATER)
    load = load_of(hass, home_entry, subentry)
    await load.async_apply(1000)
    told(calls)
    hass.config_entries.async_update_subentry(
        home_entry, subentry, title="Boiler", data={**HEATER, "max_w": 1500}
    )
    await hass.async_block_till_done()
    assert load_of(hass, home_entry, subentry) is load
    assert told(calls) == []
    assert load.spec.max_w == 1500
    assert load.spec.name == "Boiler"
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, load.spec.load_id), home_entry.entry_id
    )
    assert device.name == "Boiler"


async def test_another_outlet_is_another_load_and_the_old_one_is_let_go(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    subentry = await add("heater", HEATER)
    load = load_of(hass, home_entry, subentry)
    await load.async_apply(1000)
    seen: list[bool] = []
    registry = async_get_registry(hass)
    registry.async_listen(lambda: seen.append(load.spec.load_id in registry.loads))
    await change(
        hass, home_entry, subentry.subentry_id, command_entity="input_number.battery"
    )
    assert load_of(hass, home_entry, subentry) is not load
    assert float(hass.states.get("input_number.router").state) == 0
    # Home never saw a gap.
    assert all(seen)
    told(calls)
    await load.async_apply(500)
    assert told(calls) == []


@pytest.mark.parametrize(
    "changes", [{"repeat": 60}, {"command_unit": "percent"}, {"repeat": 60, "max_w": 9}]
)
async def test_what_is_not_its_entity_is_changed_while_it_runs(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    calls: Calls,
    changes: dict[str, object],
) -> None:
    subentry = await add("heater", HEATER)
    await load_of(hass, home_entry, subentry).async_apply(1000)
    told(calls)
    await change(hass, home_entry, subentry.subentry_id, **changes)
    assert told(calls) == []
    load = load_of(hass, home_entry, subentry)
    assert load.as_dict()["told"] == 1000
    assert load.taken_over is None


async def test_only_the_entity_that_is_no_longer_used_is_let_go(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    data = {**CHARGER, "switch_entity": "input_boolean.charging"}
    subentry = await add("entity_charger", data)
    await load_of(hass, home_entry, subentry).async_apply(10)
    told(calls)
    await change(
        hass, home_entry, subentry.subentry_id, switch_entity="input_boolean.pump"
    )
    assert told(calls) == [("turn_off", None)]
    assert hass.states.get("input_boolean.charging").state == "off"
    assert float(hass.states.get("input_number.amps").state) == 10


async def test_what_a_person_set_before_a_restart_is_left_at_the_next(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    subentry = await add("switched", SWITCHED, "Pump")
    load = load_of(hass, home_entry, subentry)
    # After a restart Home itself tells what the person had set.
    memory = home_entry.runtime_data.memory
    memory.loads[load.spec.load_id] = LoadModes().taken_over(1, None)
    await load.async_apply(1)
    await async_get_loads(hass, home_entry).async_shut_down()
    assert hass.states.get("input_boolean.pump").state == "on"


async def test_a_deleted_load_is_left_as_chosen_and_its_device_goes(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    subentry = await add("heater", HEATER)
    load = load_of(hass, home_entry, subentry)
    await load.async_apply(1000)
    told(calls)
    assert hass.config_entries.async_remove_subentry(home_entry, subentry.subentry_id)
    await hass.async_block_till_done()
    assert told(calls) == [("set_value", 0)]
    assert load.spec.load_id not in async_get_registry(hass).loads
    assert not dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, load.spec.load_id), home_entry.entry_id
    )
    assert not hass.states.get("select.tank_mode")


@pytest.mark.parametrize("error", [HomeAssistantError("no"), RuntimeError("a bug")])
async def test_one_that_refuses_to_be_let_go_does_not_keep_the_others(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    heater = load_of(hass, home_entry, await add("heater", HEATER))
    pump = load_of(hass, home_entry, await add("switched", SWITCHED, "Pump"))
    await heater.async_apply(1000)
    await pump.async_apply(1)

    async def refuse(*, by_hand: bool) -> None:
        raise error

    monkeypatch.setattr(heater, "async_release", refuse)
    await async_get_loads(hass, home_entry).async_shut_down()
    assert hass.states.get("input_boolean.pump").state == "off"
    assert "Tank could not be left as chosen" in caplog.text


async def test_an_orderly_stop_leaves_every_load_as_chosen_and_takes_no_more(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    heater = load_of(hass, home_entry, await add("heater", HEATER))
    pump = load_of(
        hass, home_entry, await add("switched", {**SWITCHED, "release": "keep"}, "Pump")
    )
    await heater.async_apply(1000)
    await pump.async_apply(1)
    told(calls)
    await hass.async_stop()
    assert told(calls) == [("set_value", 0)]
    await heater.async_apply(1000)
    assert told(calls) == []


class TestReload:
    """The entry is reloaded, disabled or removed."""

    async def test_a_reload_keeps_loads_and_what_they_were_told(
        self,
        hass: HomeAssistant,
        add: Add,
        home_entry: MockConfigEntry,
        calls: Calls,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        subentry = await add("heater", WITH_SENSOR)
        load = load_of(hass, home_entry, subentry)
        await load.async_apply(1000)
        told(calls)
        assert await hass.config_entries.async_unload(home_entry.entry_id)
        assert load.spec.load_id not in async_get_registry(hass).loads
        assert hass.states.get("number.tank_sun_until").state == STATE_UNAVAILABLE
        assert await hass.config_entries.async_setup(home_entry.entry_id)
        await hass.async_block_till_done()
        assert load_of(hass, home_entry, subentry) is load
        assert load.as_dict()["told"] == 1000
        assert hass.states.get("number.tank_sun_until").state == "60.0"
        freezer.tick(timedelta(seconds=60))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
        assert told(calls) == []

    async def test_nobody_takes_them_over_and_they_are_left_as_chosen(
        self,
        hass: HomeAssistant,
        add: Add,
        home_entry: MockConfigEntry,
        calls: Calls,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        load = load_of(hass, home_entry, await add("heater", HEATER))
        await load.async_apply(1000)
        told(calls)
        assert await hass.config_entries.async_unload(home_entry.entry_id)
        freezer.tick(timedelta(seconds=31))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
        assert told(calls) == [("set_value", 0)]
        assert DATA_HOME_LOADS not in hass.data

    async def test_disabling_the_home_lets_go_at_once_and_enabling_begins_anew(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
    ) -> None:
        subentry = await add("heater", HEATER)
        load = load_of(hass, home_entry, subentry)
        await load.async_apply(1000)
        told(calls)
        await hass.config_entries.async_set_disabled_by(
            home_entry.entry_id, ConfigEntryDisabler.USER
        )
        await hass.async_block_till_done()
        assert told(calls) == [("set_value", 0)]
        await hass.config_entries.async_set_disabled_by(home_entry.entry_id, None)
        await hass.async_block_till_done()
        assert load_of(hass, home_entry, subentry) is not load

    async def test_removing_the_home_lets_go(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
    ) -> None:
        load = load_of(hass, home_entry, await add("heater", HEATER))
        await load.async_apply(1000)
        told(calls)
        await hass.config_entries.async_remove(home_entry.entry_id)
        await hass.async_block_till_done()
        assert told(calls) == [("set_value", 0)]
        assert DATA_HOME_LOADS not in hass.data


class TestNumbers:
    """Temperatures and the battery's first charge are moved while running."""

    async def test_the_four_temperatures_are_numbers_of_the_device(
        self, hass: HomeAssistant, add: Add
    ) -> None:
        await add("heater", WITH_SENSOR)
        values = [
            float(hass.states.get(f"number.tank_{key}").state) for key in TEMPERATURES
        ]
        assert values == [45, 50, 55, 60]

    async def test_a_moved_temperature_is_the_loads_and_the_forms(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        subentry = await add("heater", WITH_SENSOR)
        load = load_of(hass, home_entry, subentry)
        await move(hass, "number.tank_sun_until", 64.5)
        assert load.spec.temperatures.max_c == 64.5
        assert load_of(hass, home_entry, subentry) is load
        assert home_entry.subentries[subentry.subentry_id].data["temp_max"] == 64.5
        assert hass.states.get("number.tank_sun_until").state == "64.5"
        # The other way round, the form's change shows.
        await change(hass, home_entry, subentry.subentry_id, temp_max=70)
        assert hass.states.get("number.tank_sun_until").state == "70.0"

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("forced_below", 50),
            ("forced_until", 56),
            ("forced_until", 45),
            ("sun_again_below", 60),
            ("sun_until", 55),
        ],
    )
    async def test_a_move_that_breaks_the_order_is_refused(
        self,
        hass: HomeAssistant,
        *,
        add: Add,
        home_entry: MockConfigEntry,
        key: str,
        value: float,
    ) -> None:
        subentry = await add("heater", WITH_SENSOR)
        before = dict(subentry.data)
        with pytest.raises(ServiceValidationError) as refused:
            await move(hass, f"number.tank_{key}", value)
        assert refused.value.translation_key == "temperature_order"
        assert dict(home_entry.subentries[subentry.subentry_id].data) == before

    async def test_eco_and_solar_may_be_the_same(
        self, hass: HomeAssistant, add: Add
    ) -> None:
        await add("heater", WITH_SENSOR)
        await move(hass, "number.tank_forced_until", 55)
        assert hass.states.get("number.tank_forced_until").state == "55.0"

    async def test_they_come_and_go_with_the_sensor(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        subentry = await add("switched", SWITCHED)
        assert not hass.states.get("number.tank_sun_until")
        await change(
            hass, home_entry, subentry.subentry_id, temperature_entity="sensor.tank"
        )
        assert hass.states.get("number.tank_sun_until").state == "60.0"
        await change(hass, home_entry, subentry.subentry_id, temperature_entity=None)
        assert not hass.states.get("number.tank_sun_until")
        assert not er.async_get(hass).async_get("number.tank_sun_until")
        await change(
            hass, home_entry, subentry.subentry_id, temperature_entity="sensor.tank"
        )
        assert hass.states.get("number.tank_sun_until").state == "60.0"

    async def test_a_battery_is_charged_first_up_to_a_number(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        subentry = await add("battery", BATTERY, "Battery")
        await move(hass, "number.battery_charged_first_up_to", 60)
        data = home_entry.subentries[subentry.subentry_id].data
        assert data["first_soc"] == 60
        assert not hass.states.get("select.battery_mode")
        assert hass.config_entries.async_remove_subentry(
            home_entry, subentry.subentry_id
        )
        await hass.async_block_till_done()
        assert not hass.states.get("number.battery_charged_first_up_to")

    async def test_without_a_sensor_of_its_charge_there_is_nothing_to_move(
        self, hass: HomeAssistant, add: Add
    ) -> None:
        await add("battery", {"power_entity": "sensor.battery_power"}, "Battery")
        assert not hass.states.get("number.battery_charged_first_up_to")


async def test_diagnostics_tell_what_each_load_shows(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, hass_client
) -> None:
    subentry = await add("heater", HEATER)
    await add("battery", BATTERY)
    await load_of(hass, home_entry, subentry).async_apply(1000)
    found = await get_diagnostics_for_config_entry(hass, hass_client, home_entry)
    (told_of,) = found["loads"]
    # Which load it is may be told without its id.
    del told_of["load"]
    assert told_of == {
        "reachable": True,
        "shown": 1000,
        "told": 1000,
        "taken_over": None,
        "unusable": {},
    }
    assert [one["type"] for one in found["subentries"]] == ["heater", "battery"]
