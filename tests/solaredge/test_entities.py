"""What a user sees of an inverter, its meters and its batteries."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
import json
from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_load_restore_state_from_storage,
)
from solaredged import InverterStatus

from custom_components.surplus import entity
from custom_components.surplus.const import DOMAIN, LIVE_WRITE_INTERVAL
from custom_components.surplus.diagnostics import async_get_config_entry_diagnostics
from custom_components.surplus.parking import async_close_parked
from custom_components.surplus.solaredge import (
    integration,
    plant,
    sensors,
    state as link_state,
)
from custom_components.surplus.solaredge.battery_sensors import (
    BATTERIES_SENSORS,
    BATTERY_SENSORS,
)
from custom_components.surplus.solaredge.descriptions import Row
from custom_components.surplus.solaredge.inverter_sensors import (
    INVERTER_SENSORS,
    STRING_SENSORS,
)
from custom_components.surplus.solaredge.meter_sensors import meter_rows
from custom_components.surplus.solaredge.model import (
    InverterReading,
    LinkState,
    MeterRole,
    StorageReading,
)
from custom_components.surplus.solaredge.site_sensors import (
    INVERTERS_SENSORS,
    SITE_SENSORS,
)
from custom_components.surplus.solaredge.totals import batteries_total, inverters_total
from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    restore_state,
)
from homeassistant.util import dt as dt_util

from .conftest import solaredge_entry
from .dumps import EV_CHARGER, NAMES, dump, registers
from .far_end import (
    FOLLOWER_SERIAL,
    SERIAL,
    Inverter,
    Unit,
    inverter,
    with_battery,
    with_meter,
    with_strings,
)

# Dumps of a part of an inverter only.
PARTS = ("meter_203_per_phase_signs_rebuilt", "se3000_common_block_raw")

ROOT = Path(__file__).parents[2] / "custom_components" / "surplus"


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up, and wait until everything was read once."""
    if hass.config_entries.async_get_entry(entry.entry_id) is None:
        entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await read(entry)


async def read(entry: MockConfigEntry) -> None:
    runtime = entry.runtime_data
    layout = runtime.layout
    await until(
        lambda: (
            all(runtime.inverter(part.key) for part in layout.inverters)
            and all(runtime.meter(part.key) for part in layout.meters)
            and all(runtime.battery(part.key) for part in layout.batteries)
        )
    )


def value(hass: HomeAssistant, key: str, part: str = SERIAL) -> str | None:
    """The state of the sensor with this key, None where there is none."""
    registry = er.async_get(hass)
    for platform in ("sensor", "binary_sensor"):
        entity_id = registry.async_get_entity_id(
            platform, DOMAIN, f"solaredge:{part}_{key}"
        )
        if entity_id and (state := hass.states.get(entity_id)):
            return state.state
    return None


async def enable(hass: HomeAssistant, entry: MockConfigEntry, *ids: str) -> None:
    """Enable sensors, and load the entry again as Home Assistant would."""
    registry = er.async_get(hass)
    for unique_id in ids:
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, unique_id)
        assert entity_id
        registry.async_update_entity(entity_id, disabled_by=None)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await read(entry)


def device_ids(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {name for device in devices for _, name in device.identifiers}


METER = f"{SERIAL}_meter_606000001_grid"
BATTERY = f"{SERIAL}_battery_BAT0001"


async def test_an_inverter_its_meter_and_its_battery_show_what_they_tell(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    await loaded(hass, solaredge_entry(far_end))
    assert value(hass, "ac_power") == "3000.0"
    assert value(hass, "energy") == "65.0"
    assert value(hass, "status") == "producing"
    assert value(hass, "temperature") == "41.0"
    assert value(hass, "fault") == "off"
    assert value(hass, "connectivity") == "on"
    assert value(hass, "link") == "reading"
    # The meter counts export as positive, Home Assistant import.
    assert value(hass, "power", METER) == "-1200.0"
    assert value(hass, "exported", METER) == "50.0"
    assert value(hass, "power_1", METER) == "-400.0"
    assert value(hass, "voltage_2", METER) == "231.2"
    # The battery counts charging as positive, Home Assistant discharging.
    assert value(hass, "power", BATTERY) == "-1500.0"
    assert value(hass, "soc", BATTERY) == "66.0"
    assert value(hass, "status", BATTERY) == "charge"
    assert value(hass, "capacity", BATTERY) == "9.3"
    # What the sun gives beyond the AC side is what charges the battery.
    assert value(hass, "production") == "4500.0"
    # What is produced and not exported is consumed.
    assert value(hass, "house_power") == "1800.0"


async def test_what_few_people_want_is_there_and_disabled(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    entry = solaredge_entry(far_end)
    await loaded(hass, entry)
    rows = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    off = {row.unique_id for row in rows if row.disabled_by}
    on = {row.unique_id for row in rows if not row.disabled_by}
    for key in ("vendor_status", "frequency", "timeouts", "latency", "dc_current"):
        assert f"solaredge:{SERIAL}_{key}" in off
    for key in ("imported_1", "reactive_power_2", "power_factor", "frequency"):
        assert f"solaredge:{METER}_{key}" in off
    assert f"solaredge:{BATTERY}_temperature_max" in off
    assert f"solaredge:{METER}_power" in on


async def test_parts_are_devices_that_hang_on_their_inverter(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.units[2] = inverter(serial=FOLLOWER_SERIAL, model="SE5K-RW0TEBNN4")
    entry = solaredge_entry(far_end, unit_ids=(1, 2))
    await loaded(hass, entry)
    devices = {
        identifier: device
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        for _, identifier in device.identifiers
    }
    leader = devices[f"solaredge:{SERIAL}"]
    assert leader.name == "SolarEdge SE10K"
    assert leader.model == "SE10K"
    assert leader.model_id == "SE10K-RWS48BEN4"
    assert leader.serial_number == SERIAL
    assert leader.via_device_id is None
    hanging = {
        f"solaredge:{FOLLOWER_SERIAL}": "SolarEdge inverter 2",
        f"solaredge:{METER}": "SolarEdge grid meter",
        f"solaredge:{BATTERY}": "SolarEdge battery",
    }
    assert devices.keys() == {f"solaredge:{SERIAL}", *hanging}
    for identifier, name in hanging.items():
        assert devices[identifier].via_device_id == leader.id
        assert devices[identifier].name == name


async def test_what_is_gone_takes_its_device_along(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    entry = solaredge_entry(far_end)
    entry.add_to_hass(hass)
    registry = dr.async_get(hass)
    registry.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, "solaredge:old_meter_1")}
    )
    await loaded(hass, entry)
    assert "solaredge:old_meter_1" not in device_ids(hass, entry)


async def test_what_only_kept_silent_keeps_its_device(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.silent_addresses = {57666}
    entry = solaredge_entry(far_end)
    entry.add_to_hass(hass)
    registry = dr.async_get(hass)
    registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, f"solaredge:{BATTERY}")},
    )
    await loaded(hass, entry)
    assert f"solaredge:{BATTERY}" in device_ids(hass, entry)
    # Nor does the next start know more.
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(entry.entry_id)
    await async_close_parked(hass, entry)
    await loaded(hass, entry)
    assert f"solaredge:{BATTERY}" in device_ids(hass, entry)


async def test_a_leader_that_sleeps_before_its_follower_keeps_its_meter(
    hass: HomeAssistant, far_end: Inverter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integration, "_TICK", timedelta(milliseconds=20))
    for interval in ("_LOOK_AGAIN", "_LOOK_SOON"):
        monkeypatch.setattr(integration, interval, timedelta())
    far_end.units[2] = inverter(serial=FOLLOWER_SERIAL)
    entry = solaredge_entry(far_end, unit_ids=(1, 2))
    await loaded(hass, entry)
    leader = far_end.units[1].put(40083, 0, 0).put(40107, InverterStatus.SLEEPING)
    await until(lambda: entry.runtime_data.plant.sleeps(SERIAL))
    # Asleep it says that it has none.
    leader.put(40188, 0xFFFF)
    looks = far_end.requests.count((2, 40000, 4))
    await until(lambda: far_end.requests.count((2, 40000, 4)) > looks + 5)
    await hass.async_block_till_done()
    assert entry.runtime_data.state is LinkState.READING
    assert f"solaredge:{METER}" in device_ids(hass, entry)
    assert value(hass, "production") != STATE_UNAVAILABLE


async def test_a_single_phase_has_no_numbers(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.units = {1: inverter().put(40069, 101)}
    entry = solaredge_entry(far_end)
    await loaded(hass, entry)
    ids = [f"solaredge:{SERIAL}_{key}" for key in ("current", "voltage", "dc_power")]
    await enable(hass, entry, *ids)
    assert value(hass, "current") == "4.33"
    assert value(hass, "dc_power") == "3100.0"
    assert value(hass, "voltage") == "231.0"
    assert value(hass, "current_1") is None
    # Without a meter nobody knows what the house takes.
    assert value(hass, "house_power") is None
    assert value(hass, "production") == "3000.0"


async def test_several_come_to_one(hass: HomeAssistant, far_end: Inverter) -> None:
    with_battery(far_end.units[1], 2, serial="BAT0002", soe=33.0, power_w=-500.0)
    far_end.units[2] = inverter(serial=FOLLOWER_SERIAL, ac_power_w=1000)
    await loaded(hass, solaredge_entry(far_end, unit_ids=(1, 2)))
    assert value(hass, "inverters_power") == "4000.0"
    assert value(hass, "inverters_energy") == "130.0"
    assert value(hass, "batteries_power") == "-1000.0"
    assert value(hass, "batteries_soc") == "49.5"
    assert value(hass, "ac_power", FOLLOWER_SERIAL) == "1000.0"
    assert value(hass, "production", FOLLOWER_SERIAL) is None


async def test_a_production_meter_shows_what_was_produced(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    with_meter(far_end.units[1], 2, option="Production", serial="606000002")
    await loaded(hass, solaredge_entry(far_end))
    meter = f"{SERIAL}_meter_606000002_production"
    assert value(hass, "power", meter) == "1200.0"
    assert value(hass, "imported", meter) == "50.0"
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(
        "sensor", DOMAIN, f"solaredge:{meter}_imported"
    )
    assert entity_id
    name = hass.states.get(entity_id).attributes["friendly_name"]
    assert name == "SolarEdge production meter Energy produced"


async def test_dc_inputs_are_numbered(hass: HomeAssistant, far_end: Inverter) -> None:
    far_end.units = {1: with_meter(with_strings(inverter()), shift=50)}
    entry = solaredge_entry(far_end)
    await loaded(hass, entry)
    await until(lambda: value(hass, "string_2_power") == "1300.0")
    assert value(hass, "string_1_power") == "1800.0"
    assert value(hass, "power", METER) == "-1200.0"
    entity_id = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"solaredge:{SERIAL}_string_2_power"
    )
    assert entity_id
    name = hass.states.get(entity_id).attributes["friendly_name"]
    assert name == "SolarEdge SE10K String 2 power"


async def test_disabled_sensors_work_once_they_are_enabled(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    entry = solaredge_entry(far_end)
    await loaded(hass, entry)
    connections = far_end.connections
    keys = ("power_factor_1", "frequency", "apparent_power", "imported_2")
    ids = [f"solaredge:{METER}_{key}" for key in keys]
    await enable(hass, entry, *ids, f"solaredge:{SERIAL}_vendor_status")
    assert value(hass, "power_factor_1", METER) == "98.0"
    assert value(hass, "frequency", METER) == "50.01"
    assert value(hass, "apparent_power", METER) == "1210.0"
    assert value(hass, "imported_2", METER) == "65.536"
    assert value(hass, "vendor_status") == "0"
    # Enabling one does not cost the connection.
    assert far_end.connections == connections


async def test_a_battery_that_keeps_silent_leaves_the_others_alone(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    entry = solaredge_entry(far_end)
    await loaded(hass, entry)
    runtime = entry.runtime_data
    clock, later = runtime.plant.clock, 0.0
    runtime.plant.clock = lambda: clock() + later
    far_end.silent_addresses = {57708}
    await until(lambda: runtime.counters.timeouts)
    later = 120.0
    runtime.plant.refresh()
    await until(
        lambda: (
            value(hass, "soc", BATTERY) == STATE_UNAVAILABLE
            and value(hass, "power", METER) != STATE_UNAVAILABLE
        )
    )


async def test_an_inverter_that_sleeps_is_shown_asleep(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.units[1].put(40083, 0, 0).put(40107, InverterStatus.SLEEPING)
    await loaded(hass, solaredge_entry(far_end))
    await until(lambda: value(hass, "link") == "asleep")
    assert value(hass, "status") == "sleeping"
    assert value(hass, "production") == "0.0"
    assert value(hass, "energy") == "65.0"
    assert value(hass, "connectivity") == "on"
    assert value(hass, "fault") == "off"


async def test_an_inverter_that_vanishes_shows_nothing_until_it_is_back(
    hass: HomeAssistant, far_end: Inverter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integration, "_sun_is_low", lambda _hass: False)
    monkeypatch.setattr(link_state, "_SILENCE_S", 1.0)
    for limit in ("_MAX_AGE_S", "_GRID_MAX_AGE_S"):
        monkeypatch.setattr(plant, limit, 1.0)
    entry = solaredge_entry(far_end)
    await loaded(hass, entry)
    far_end.hangs_up = True
    far_end.drop()
    await until(lambda: entry.runtime_data.state is LinkState.UNREACHABLE)
    await until(lambda: value(hass, "link") == "unreachable")
    assert value(hass, "connectivity") == "off"
    for key, part in (("ac_power", SERIAL), ("power", METER), ("production", SERIAL)):
        assert value(hass, key, part) == STATE_UNAVAILABLE
    far_end.hangs_up = False
    await until(lambda: value(hass, "link") == "reading")
    await until(lambda: value(hass, "power", METER) == "-1200.0")
    await until(lambda: value(hass, "ac_power") == "3000.0")


async def test_nothing_is_said_of_a_link_before_it_was_tried(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    entry = solaredge_entry(far_end)
    await loaded(hass, entry)
    assert value(hass, "connectivity") == "on"
    far_end.silent_units = {1}
    await hass.config_entries.async_unload(entry.entry_id)
    await async_close_parked(hass, entry)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert value(hass, "link") == "waiting"
    assert value(hass, "connectivity") == STATE_UNAVAILABLE


@pytest.mark.parametrize("name", sorted({*NAMES} - {EV_CHARGER, *PARTS}))
async def test_every_dump_becomes_devices_that_show_it(
    hass: HomeAssistant, far_end: Inverter, name: str
) -> None:
    words = registers(name, options=("Export+Import", "Production", "Consumption"))
    far_end.units = {1: Unit(words)}
    serial = "".join(
        chr(byte)
        for at in range(40052, 40068)
        for byte in words[at].to_bytes(2)
        if byte
    )
    await loaded(hass, solaredge_entry(far_end, serial=serial))
    told = dump(name).get("derived", {}).get("inverter", {})
    if (watts := told.get("ac_power_w")) is not None:
        assert float(value(hass, "ac_power", serial)) == pytest.approx(watts)
    assert value(hass, "link", serial) in ("reading", "asleep")
    for state in hass.states.async_all():
        assert state.state not in ("nan", "inf", "-inf"), state.entity_id
    text = json.dumps(
        await async_get_config_entry_diagnostics(
            hass, hass.config_entries.async_entries(DOMAIN)[0]
        ),
        default=str,
    )
    assert serial not in text


# Energies


async def restored(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    far_end: Inverter,
    before_wh: float,
) -> MockConfigEntry:
    """Set an entry up after a restart before which its energy was another."""
    entry = solaredge_entry(far_end)
    entry.add_to_hass(hass)
    registered = er.async_get(hass).async_get_or_create(
        "sensor", DOMAIN, f"solaredge:{SERIAL}_energy", config_entry=entry
    )
    hass_storage[restore_state.STORAGE_KEY] = {
        "version": restore_state.STORAGE_VERSION,
        "key": restore_state.STORAGE_KEY,
        "data": [
            {
                "state": State(registered.entity_id, "0").as_dict(),
                "extra_data": {
                    "native_value": before_wh,
                    "native_unit_of_measurement": "Wh",
                },
                "last_seen": dt_util.utcnow().isoformat(),
            }
        ],
    }
    await async_mock_load_restore_state_from_storage(hass)
    await loaded(hass, entry)
    return entry


async def test_an_energy_goes_on_where_it_was(
    hass: HomeAssistant, hass_storage: dict[str, Any], far_end: Inverter
) -> None:
    await restored(hass, hass_storage, far_end, 64_000.0)
    assert value(hass, "energy") == "65000.0"


# What it tells is 65 kWh; no supply carries 58 kWh in the moments of a restart.
@pytest.mark.parametrize("before_wh", [70_000.0, 7_000.0])
async def test_an_energy_that_leapt_over_a_restart_is_doubted_for_a_while(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    far_end: Inverter,
    monkeypatch: pytest.MonkeyPatch,
    before_wh: float,
) -> None:
    entry = await restored(hass, hass_storage, far_end, before_wh)
    assert value(hass, "energy") == str(before_wh)
    now = sensors.monotonic
    for module in (entity, sensors):
        monkeypatch.setattr(module, "monotonic", lambda: now() + 360.0)
    await until(lambda: value(hass, "energy") == "65000.0")
    assert entry.state is ConfigEntryState.LOADED


# Tables


def all_rows() -> list[Row]:
    return [
        *SITE_SENSORS,
        *INVERTERS_SENSORS,
        *INVERTER_SENSORS,
        *STRING_SENSORS,
        *BATTERY_SENSORS,
        *BATTERIES_SENSORS,
        *(row for role in MeterRole for row in meter_rows(role)),
    ]


def test_every_row_has_a_name_and_every_state_a_word() -> None:
    texts = json.loads((ROOT / "translations" / "en.json").read_text())
    sensors = texts["entity"]["sensor"]
    for row in all_rows():
        named = sensors[row.translation_key]
        assert named["name"]
        assert set(named.get("state", ())) == set(row.options or ())


def test_no_text_is_left_over() -> None:
    texts = json.loads((ROOT / "translations" / "en.json").read_text())
    known = {row.translation_key for row in all_rows()}
    named = {key for key in texts["entity"]["sensor"] if key.startswith("solaredge_")}
    assert named == known


def test_nothing_is_written_more_often_than_a_person_wants() -> None:
    for row in all_rows():
        assert row.write_interval >= LIVE_WRITE_INTERVAL
        if row.state_class is SensorStateClass.MEASUREMENT:
            assert row.dead_band > 0, row.key


def test_energies_can_stand_in_the_energy_dashboard() -> None:
    energies = [
        row for row in all_rows() if row.device_class is SensorDeviceClass.ENERGY
    ]
    assert energies
    for row in energies:
        assert row.state_class is SensorStateClass.TOTAL_INCREASING
        assert row.native_unit_of_measurement == "Wh"


# Totals


def test_charge_is_weighted_by_what_each_battery_holds() -> None:
    total = batteries_total(
        [
            StorageReading(at=0, power_w=100, soc=100, capacity_wh=1000),
            StorageReading(at=0, power_w=-300, soc=0, capacity_wh=3000),
        ]
    )
    assert total is not None
    assert (total.soc, total.power_w, total.stored_wh) == (25, -200, 1000)


def test_batteries_of_unknown_size_count_alike() -> None:
    total = batteries_total(
        [
            StorageReading(at=0, soc=100, capacity_wh=1000),
            StorageReading(at=0, soc=50),
        ]
    )
    assert total is not None
    assert (total.soc, total.capacity_wh) == (75, None)
    total = batteries_total([StorageReading(at=0), StorageReading(at=0, soc=50)])
    assert total is not None
    assert total.soc is None


def test_a_sum_without_a_part_is_none() -> None:
    assert batteries_total([StorageReading(at=0, soc=100), None]) is None
    assert inverters_total([None, InverterReading(at=0)]) is None
    total = inverters_total(
        [InverterReading(at=0, ac_power_w=5), InverterReading(at=0)]
    )
    assert total is not None
    assert total.ac_power_w is None


def test_sleep_has_its_word() -> None:
    (row,) = (row for row in SITE_SENSORS if row.key == "link")
    assert LinkState.ASLEEP in (row.options or ())
