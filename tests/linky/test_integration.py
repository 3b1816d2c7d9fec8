"""The Linky entry in Home Assistant."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
import logging
import os
from pathlib import Path
import time

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
import serial

from custom_components.surplus.const import CONF_KIND, DOMAIN, PARK_TIME, Kind
from custom_components.surplus.linky.connection import Link, Trouble
from custom_components.surplus.linky.frames import Decoder
from custom_components.surplus.linky.identity import manufacturer_of, model_of
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import (
    CONF_DEVICE,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    EntityCategory,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from .conftest import linky_entry
from .far_end import Meter, plugged_in, until
from .tic import ADCO, ADSC, historic_frame, standard_frame, three_phase_frame

SOURCE = f"linky:{ADSC}"


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> Link:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    return entry.runtime_data.link


def state(hass: HomeAssistant, entity: str) -> str | None:
    found = hass.states.get(entity)
    return found.state if found else None


def shows(hass: HomeAssistant, entity: str, value: str) -> Callable[[], bool]:
    return lambda: state(hass, entity) == value


def is_free(path: Path) -> bool:
    """Whether nobody holds the port."""
    try:
        with serial.Serial(str(path), exclusive=True):
            return True
    except serial.SerialException:
        return False


async def test_a_standard_meter_shows_what_it_sends(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    await set_up(hass, entry)
    await until(shows(hass, "sensor.linky_energy_drawn", "17026.175"))
    await until(shows(hass, "sensor.linky_voltage", "232.0"))
    assert state(hass, "sensor.linky_net_power") == "519.0"
    assert state(hass, "sensor.linky_power_drawn") == "519.0"
    assert state(hass, "sensor.linky_current") == "2.0"
    assert state(hass, "sensor.linky_tariff_period") == "off_peak"
    assert state(hass, "sensor.linky_subscribed_power") == "9.0"
    assert state(hass, "sensor.linky_cut_off_power") == "9.0"
    assert state(hass, "sensor.linky_output_mode") == "standard"
    assert state(hass, "sensor.linky_link") == "ok"
    assert state(hass, "binary_sensor.linky_overload") == STATE_OFF
    assert state(hass, "binary_sensor.linky_connectivity") == STATE_ON
    # Supplier indexes that never counted anything are left out, and so is what a
    # consumer's meter does not send.
    assert state(hass, "sensor.linky_energy_drawn_index_1") == "17025.175"
    assert state(hass, "sensor.linky_energy_drawn_index_3") is None
    assert state(hass, "sensor.linky_energy_injected") is None
    assert state(hass, "sensor.linky_power_injected") is None
    assert state(hass, "sensor.linky_current_phase_1") is None


async def test_energy_fits_the_energy_dashboard(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)
    await until(lambda: hass.states.get("sensor.linky_energy_drawn"))
    energy = hass.states.get("sensor.linky_energy_drawn")
    assert energy is not None
    assert energy.attributes["device_class"] == "energy"
    assert energy.attributes["state_class"] == "total_increasing"
    assert energy.attributes["unit_of_measurement"] == "kWh"
    power = hass.states.get("sensor.linky_net_power")
    assert power is not None
    assert power.attributes["device_class"] == "power"
    assert power.attributes["state_class"] == "measurement"
    assert power.attributes["unit_of_measurement"] == "W"


async def test_the_device_is_the_meter(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    await set_up(hass, entry)
    (device,) = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    assert device.identifiers == {(DOMAIN, SOURCE)}
    assert device.manufacturer == "Itron"
    assert device.model == "Linky 60 A"
    assert device.serial_number == ADSC
    await until(lambda: hass.states.get("sensor.linky_net_power"))
    row = entity_registry.async_get("sensor.linky_net_power")
    assert row is not None
    assert row.unique_id == f"{SOURCE}_net_power"


async def test_counters_are_there_for_whoever_looks_for_a_fault(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    link = await set_up(hass, entry)
    keys = ("lost_share", "frames", "lost_groups", "drops")
    for key in keys:
        entity = entity_registry.async_get_entity_id(
            "sensor", DOMAIN, f"{SOURCE}_{key}"
        )
        assert entity is not None
        row = entity_registry.async_get(entity)
        assert row is not None
        assert row.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        assert row.entity_category is EntityCategory.DIAGNOSTIC
        entity_registry.async_update_entity(entity, disabled_by=None)
    await until(lambda: link.decoder.counters.frames > 2)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert int(state(hass, "sensor.linky_frames_read") or 0) > 2
    assert state(hass, "sensor.linky_groups_lost") == "0"
    assert state(hass, "sensor.linky_connection_losses") == "0"
    assert state(hass, "sensor.linky_lost_data") == "0.0"


async def test_what_the_meter_begins_to_send_appears(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    await set_up(hass, entry)
    await until(shows(hass, "sensor.linky_net_power", "519.0"))
    meter.send_standard(lambda: standard_frame(0, sinsti=1253, stge="003A8300"))
    await until(shows(hass, "sensor.linky_power_injected", "1253"))
    await until(shows(hass, "sensor.linky_energy_injected", "4000.0"))


async def test_a_three_phase_meter_shows_its_phases(
    hass: HomeAssistant, quick: None, meter: Meter
) -> None:
    entry = linky_entry(meter.path, "021663000000")
    entry.add_to_hass(hass)
    phases = ((1, 234, 0), (2, 240, 531), (1, 242, 0))
    meter.send_standard(lambda: three_phase_frame(sinsts=46, phases=phases))
    await set_up(hass, entry)
    await until(lambda: hass.states.get("sensor.linky_current_phase_3"))
    assert [state(hass, f"sensor.linky_current_phase_{n}") for n in (1, 2, 3)] == [
        "-1.0",
        "2.0",
        "-1.0",
    ]
    assert state(hass, "sensor.linky_voltage_phase_2") == "240.0"
    assert state(hass, "sensor.linky_current") is None


async def test_a_historic_meter_has_no_signed_power(
    hass: HomeAssistant, quick: None, meter: Meter
) -> None:
    entry = linky_entry(meter.path, ADCO)
    entry.add_to_hass(hass)
    meter.send_historic()
    await set_up(hass, entry)
    await until(shows(hass, "sensor.linky_power_drawn", "1200.0"))
    await until(shows(hass, "sensor.linky_energy_drawn_base", "12345.678"))
    assert state(hass, "sensor.linky_net_power") is None
    assert state(hass, "sensor.linky_output_mode") == "historic"
    assert state(hass, "sensor.linky_tariff_period") == "base"
    assert state(hass, "sensor.linky_subscribed_power") == "6.0"
    source = async_get_registry(hass).meters[f"linky:{ADCO}"]
    assert not source.knows_direction
    assert source.reading is not None
    assert source.reading.power_w is None


async def test_an_overload_is_shown_at_once(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    await set_up(hass, entry)
    await until(shows(hass, "binary_sensor.linky_overload", STATE_OFF))
    meter.send_standard(lambda: standard_frame(9800, stge="003A8080"))
    await until(shows(hass, "binary_sensor.linky_overload", STATE_ON))


async def test_a_port_that_is_away_does_not_fail_the_set_up(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    meter.unplug()
    await set_up(hass, entry)
    await until(shows(hass, "sensor.linky_link", "cannot_open"))
    assert state(hass, "binary_sensor.linky_connectivity") == STATE_OFF
    assert state(hass, "binary_sensor.linky_overload") == STATE_UNAVAILABLE
    meter.plug()
    await until(shows(hass, "sensor.linky_net_power", "519.0"))
    assert state(hass, "sensor.linky_link") == "ok"
    assert state(hass, "binary_sensor.linky_overload") == STATE_OFF


async def test_an_adapter_that_comes_back_under_another_number_is_read_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    meter: Meter,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    link = await set_up(hass, entry)
    await until(lambda: link.receiving)
    first = meter.path.resolve()
    meter.unplug()
    await until(shows(hass, "sensor.linky_link", "cannot_open"))
    assert state(hass, "binary_sensor.linky_connectivity") == STATE_OFF
    with numbers_taken():
        # The name stays, as udev's names do; the number behind it does not.
        meter.plug()
        assert meter.path.resolve() != first
        await until(lambda: link.receiving)
    assert state(hass, "sensor.linky_link") == "ok"
    assert state(hass, "binary_sensor.linky_connectivity") == STATE_ON
    assert entry.runtime_data.link is link
    assert caplog.text.count("cannot be read") == 1
    assert caplog.text.count("is read again") == 1


@contextmanager
def numbers_taken() -> Iterator[None]:
    """Something else takes the numbers that become free."""
    ends = [end for _ in range(4) for end in os.openpty()]
    try:
        yield
    finally:
        for end in ends:
            os.close(end)


async def test_values_expire_when_the_meter_falls_silent(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    link = await set_up(hass, entry)
    await until(shows(hass, "sensor.linky_net_power", "519.0"))
    meter.send_nothing()
    await until(lambda: link.trouble is Trouble.SILENT)
    assert state(hass, "sensor.linky_net_power") == "519.0"
    assert state(hass, "binary_sensor.linky_connectivity") == STATE_OFF
    link.clock = lambda: time.monotonic() + 15
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=6))
    await hass.async_block_till_done()
    assert state(hass, "sensor.linky_net_power") == STATE_UNAVAILABLE
    assert state(hass, "binary_sensor.linky_overload") == STATE_UNAVAILABLE
    # Slow ones stand longer.
    assert state(hass, "sensor.linky_tariff_period") == "off_peak"
    link.clock = lambda: time.monotonic() + 150
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=6))
    await hass.async_block_till_done()
    assert state(hass, "sensor.linky_tariff_period") == STATE_UNAVAILABLE
    assert state(hass, "sensor.linky_energy_drawn") == STATE_UNAVAILABLE


async def test_a_noisy_line_is_shown(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    await set_up(hass, entry)
    meter.send_standard(lambda: standard_frame().replace(b"PREF", b"PRE!"))
    await until(shows(hass, "sensor.linky_link", "noisy"))
    assert state(hass, "binary_sensor.linky_connectivity") == STATE_ON


async def test_another_meter_is_not_taken_for_the_configured_one(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    meter.send_standard(lambda: standard_frame(adsc="031664999999"))
    link = await set_up(hass, entry)
    await until(shows(hass, "sensor.linky_link", "other_meter"))
    await until(lambda: link.decoder.counters.frames > 5)
    assert hass.states.get("sensor.linky_net_power") is None
    assert async_get_registry(hass).meters[SOURCE].reading is None
    assert state(hass, "binary_sensor.linky_connectivity") == STATE_OFF


async def test_values_of_a_meter_that_was_swapped_are_not_shown(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    await set_up(hass, entry)
    await until(shows(hass, "sensor.linky_net_power", "519.0"))
    await until(shows(hass, "binary_sensor.linky_overload", STATE_OFF))
    meter.send_standard(lambda: standard_frame(700, adsc="031664999999"))
    await until(shows(hass, "sensor.linky_link", "other_meter"))
    assert state(hass, "sensor.linky_net_power") == STATE_UNAVAILABLE
    assert state(hass, "binary_sensor.linky_overload") == STATE_UNAVAILABLE
    meter.send_standard()
    await until(shows(hass, "sensor.linky_net_power", "519.0"))
    assert state(hass, "sensor.linky_link") == "ok"


# The grid meter


async def test_home_finds_the_meter_and_hears_of_readings(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    await set_up(hass, entry)
    source = async_get_registry(hass).meters[SOURCE]
    assert source.source_id == SOURCE
    assert source.name == "Linky"
    assert source.knows_direction
    powers: list[float | None] = []

    def heard() -> None:
        assert source.reading is not None
        powers.append(source.reading.power_w)

    stop = source.async_subscribe(heard)
    await until(lambda: len(powers) > 2)
    assert set(powers) == {519.0}
    stop()
    count = len(powers)
    frames = entry.runtime_data.link.decoder.counters.frames
    await until(lambda: entry.runtime_data.link.decoder.counters.frames > frames + 2)
    assert len(powers) == count
    hass.config_entries.async_update_entry(entry, title="Compteur")
    assert source.name == "Compteur"


# Reloads and ends


async def test_a_reload_does_not_reopen_the_port(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    link = await set_up(hass, entry)
    await until(shows(hass, "sensor.linky_net_power", "519.0"))
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.runtime_data.link is link
    assert link.counters.connects == 1
    # Everything is there without waiting for a frame.
    assert state(hass, "sensor.linky_net_power") == "519.0"
    assert state(hass, "sensor.linky_link") == "ok"


async def test_while_parked_the_meter_is_gone_for_home_and_read_on(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    link = await set_up(hass, entry)
    await until(lambda: link.receiving)
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    assert SOURCE not in async_get_registry(hass).meters
    frames = link.decoder.counters.frames
    await until(lambda: link.decoder.counters.frames > frames)
    await set_up(hass, entry)
    assert SOURCE in async_get_registry(hass).meters
    assert link.counters.connects == 1


async def test_a_link_that_nobody_adopts_is_closed(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    link = await set_up(hass, entry)
    await until(lambda: link.receiving)
    await hass.config_entries.async_unload(entry.entry_id)
    assert not is_free(meter.path)
    later = dt_util.utcnow() + PARK_TIME + timedelta(seconds=1)
    async_fire_time_changed(hass, later)
    await hass.async_block_till_done()
    assert is_free(meter.path)


async def test_a_disabled_entry_frees_the_port_at_once(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    link = await set_up(hass, entry)
    await until(lambda: link.receiving)
    await hass.config_entries.async_set_disabled_by(
        entry.entry_id, ConfigEntryDisabler.USER
    )
    await hass.async_block_till_done()
    assert is_free(meter.path)


async def test_a_removed_entry_frees_the_port(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    link = await set_up(hass, entry)
    await until(lambda: link.receiving)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert is_free(meter.path)


async def test_a_stop_of_home_assistant_frees_the_port(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    link = await set_up(hass, entry)
    await until(lambda: link.receiving)
    await hass.async_stop(force=True)
    assert is_free(meter.path)


async def test_a_moved_port_is_opened_where_it_is_now(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter, tmp_path: Path
) -> None:
    link = await set_up(hass, entry)
    await until(lambda: link.receiving)
    async with plugged_in(tmp_path / "other") as other:
        hass.config_entries.async_update_entry(
            entry, data={CONF_KIND: Kind.LINKY, CONF_DEVICE: str(other.path)}
        )
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
        moved = entry.runtime_data.link
        assert moved is not link
        assert is_free(meter.path)
        await until(lambda: moved.receiving)


# The serial number


@pytest.mark.parametrize(
    ("identity", "manufacturer", "model"),
    [
        ("021861000000", "Sagemcom", "Linky 60 A"),
        ("041876000000", "Landis+Gyr", "Linky 3 × 60 A"),
        ("812164000000", None, "Linky 60 A"),
        ("050022000000", None, None),
    ],
)
def test_a_serial_number_tells_the_model(
    identity: str, manufacturer: str | None, model: str | None
) -> None:
    assert manufacturer_of(identity) == manufacturer
    assert model_of(identity) == model


def test_a_frame_of_the_helpers_is_one() -> None:
    assert Decoder().feed(historic_frame())[0].complete
