"""A user is told of entities that are not there, and of no others."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.model import Mode
from custom_components.surplus.home.absences import Absences
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.translation import async_get_translations

from .conftest import BATTERY, CHARGER, HEATER, SWITCHED, TARIFF, Add, put

PLUG = {**SWITCHED, "power_entity": "sensor.plug"}


def issues(hass: HomeAssistant) -> dict[str, tuple[str | None, dict[str, str]]]:
    """Return the issues on absent entities, by the load they name."""
    return {
        issue.translation_placeholders["load"]: (
            issue.translation_key,
            issue.translation_placeholders,
        )
        for (domain, issue_id), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue_id.startswith("load_entity_")
    }


async def after(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, minutes: float
) -> None:
    for _ in range(round(minutes * 2)):
        freezer.tick(timedelta(seconds=30))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)


async def test_one_that_does_not_exist_is_told_after_ten_minutes_until_it_is_there(
    hass: HomeAssistant, add: Add, freezer: FrozenDateTimeFactory
) -> None:
    await add("switched", PLUG, "Pump")
    await after(hass, freezer, 9.5)
    assert issues(hass) == {}
    await after(hass, freezer, 1.5)
    key, said = issues(hass)["Pump"]
    assert key == "load_entity_missing"
    assert said["entities"] == "`sensor.plug`"
    put(hass, "sensor.plug", 0)
    await after(hass, freezer, 0.5)
    assert issues(hass) == {}


async def test_one_that_comes_and_goes_is_no_news(
    hass: HomeAssistant, add: Add, freezer: FrozenDateTimeFactory
) -> None:
    await add("switched", PLUG, "Pump")
    for _ in range(4):
        await after(hass, freezer, 6)
        put(hass, "sensor.plug", 0)
        await after(hass, freezer, 1)
        put(hass, "sensor.plug", "unavailable")
    assert issues(hass) == {}


async def test_what_does_not_tell_its_value_is_there(
    hass: HomeAssistant, add: Add, freezer: FrozenDateTimeFactory
) -> None:
    put(hass, "sensor.plug", "unknown")
    await add("switched", PLUG, "Pump")
    await after(hass, freezer, 20)
    assert issues(hass) == {}


async def test_unavailable_is_told_apart_from_missing_and_disabled(
    hass: HomeAssistant, add: Add, freezer: FrozenDateTimeFactory
) -> None:
    registry = er.async_get(hass)
    off = registry.async_get_or_create(
        "switch", "test", "off", disabled_by=er.RegistryEntryDisabler.USER
    )
    slow = registry.async_get_or_create("switch", "test", "slow")
    put(hass, "sensor.plug", "unavailable")
    for name, changes in (
        ("Off", {"switch_entity": off.entity_id}),
        ("Slow", {"switch_entity": slow.entity_id}),
        ("Away", {"power_entity": "sensor.plug"}),
        # What must be mended first is named first.
        ("Both", {"switch_entity": "switch.gone", "power_entity": "sensor.plug"}),
    ):
        await add("switched", {**SWITCHED, **changes}, name)
    await after(hass, freezer, 11)
    found = issues(hass)
    assert {
        name: key.removeprefix("load_entity_") for name, (key, _) in found.items()
    } == {
        "Off": "disabled",
        "Slow": "unavailable",
        "Away": "unavailable",
        "Both": "missing",
    }
    assert found["Away"][1]["minutes"] == "10"
    words = await async_get_translations(hass, "en", "issues", {DOMAIN})
    for key, said in found.values():
        text = words[f"component.{DOMAIN}.issues.{key}.description"].format(**said)
        assert said["load"] in text
        assert said["entities"] in text


async def test_cheap_hours_and_a_charge_that_are_not_told_are_news(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await add("tariff", TARIFF, "Tariff")
    put(hass, "sensor.battery_power", 0)
    put(hass, "sensor.battery_soc", "unavailable")
    await add("battery", BATTERY, "Battery")
    await after(hass, freezer, 11)
    found = issues(hass)
    assert found["Tariff"][1]["entities"] == "`schedule.night`"
    assert found["Battery"][1]["entities"] == "`sensor.battery_soc`"


async def test_a_sleeping_vehicle_and_a_load_that_is_off_are_no_news(
    hass: HomeAssistant, add: Add, freezer: FrozenDateTimeFactory
) -> None:
    put(hass, "binary_sensor.car", "unavailable")
    put(hass, "sensor.plug", "unavailable")
    await add("entity_charger", {**CHARGER, "vehicle_entity": "binary_sensor.car"})
    pump = await add("switched", PLUG, "Pump")
    home = async_get_registry(hass).home
    load_id = f"home:{pump.subentry_id}"
    await home.async_set_mode(load_id, Mode.OFF)
    await after(hass, freezer, 20)
    assert issues(hass) == {}
    # What does not exist is wrong all the same.
    hass.states.async_remove("binary_sensor.car")
    await after(hass, freezer, 11)
    assert set(issues(hass)) == {"Tank"}
    await home.async_set_mode(load_id, Mode.SOLAR)
    await after(hass, freezer, 11)
    assert set(issues(hass)) == {"Tank", "Pump"}


async def test_what_a_user_has_set_aside_is_not_told_anew_by_a_reload(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    pump = await add("switched", PLUG, "Pump")
    await after(hass, freezer, 11)
    issue_id = f"load_entity_{pump.subentry_id}"
    registry = ir.async_get(hass)
    registry.async_ignore(DOMAIN, issue_id, ignore=True)
    await hass.config_entries.async_reload(home_entry.entry_id)
    await after(hass, freezer, 15)
    issue = registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.dismissed_version is not None
    # Missing, then only away: it is still the same.
    put(hass, "sensor.plug", "unavailable")
    await after(hass, freezer, 2)
    issue = registry.async_get_issue(DOMAIN, issue_id)
    assert issue.translation_key == "load_entity_unavailable"
    assert issue.dismissed_version is not None
    put(hass, "sensor.plug", 0)
    await after(hass, freezer, 1)
    assert registry.async_get_issue(DOMAIN, issue_id) is None


async def test_a_silent_battery_and_a_sleeping_inverter_are_not_told_of_twice(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    hass.config_entries.async_update_entry(
        home_entry, data={**home_entry.data, "solar_entity": "sensor.sun"}
    )
    for sensor in ("sensor.sun", "sensor.battery_power"):
        put(hass, sensor, "unavailable")
    put(hass, "sensor.battery_soc", 50, "%")
    await add("battery", BATTERY, "Battery")
    await after(hass, freezer, 11)
    assert issues(hass) == {}
    hass.states.async_remove("sensor.sun")
    hass.states.async_remove("sensor.battery_soc")
    await after(hass, freezer, 11)
    assert {name: key for name, (key, _) in issues(hass).items()} == {
        "Home": "load_entity_missing",
        "Battery": "load_entity_missing",
    }


async def test_it_goes_with_the_load_with_another_entity_and_with_the_home(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    pump = await add("switched", PLUG, "Pump")
    tank = await add("heater", {**HEATER, "power_entity": "sensor.gone"}, "Tank")
    await add("heater", {**HEATER, "power_entity": "sensor.gone"}, "Rod")
    await after(hass, freezer, 11)
    assert set(issues(hass)) == {"Pump", "Tank", "Rod"}
    hass.config_entries.async_remove_subentry(home_entry, pump.subentry_id)
    hass.config_entries.async_update_subentry(
        home_entry,
        home_entry.subentries[tank.subentry_id],
        data={**HEATER, "power_entity": "sensor.other"},
    )
    await after(hass, freezer, 1)
    assert set(issues(hass)) == {"Rod"}
    # It lasts through a reload, not beyond what it belongs to.
    await hass.config_entries.async_unload(home_entry.entry_id)
    await hass.async_block_till_done()
    assert set(issues(hass)) == {"Rod"}
    await hass.config_entries.async_remove(home_entry.entry_id)
    await hass.async_block_till_done()
    assert issues(hass) == {}


async def test_it_goes_with_a_home_that_is_disabled(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await add("switched", PLUG, "Pump")
    await after(hass, freezer, 11)
    assert set(issues(hass)) == {"Pump"}
    await hass.config_entries.async_set_disabled_by(
        home_entry.entry_id, ConfigEntryDisabler.USER
    )
    await hass.async_block_till_done()
    assert issues(hass) == {}


@pytest.mark.parametrize(("minutes", "told"), [(0.5, set()), (1.5, {"Pump"})])
async def test_nothing_is_told_before_home_assistant_has_started(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    minutes: float,
    told: set[str],
) -> None:
    await add("switched", PLUG, "Pump")
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_unload(home_entry.entry_id)
    stop = Absences(hass, home_entry).async_start()
    await after(hass, freezer, 20)
    assert issues(hass) == {}
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await hass.async_block_till_done()
    await after(hass, freezer, minutes)
    assert set(issues(hass)) == told
    stop()
    assert set(issues(hass)) == told
