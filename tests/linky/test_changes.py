"""The distributor changes the meter; nobody sets anything up again."""

from collections.abc import Callable
from datetime import timedelta
import time

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.surplus.linky.connection import Link
from custom_components.surplus.registry import MeterSource, async_get_registry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .conftest import linky_entry
from .far_end import Gateway, Meter, gateway, until
from .tic import ADSC, historic_frame, standard_frame, three_phase_frame

THREE_PHASE_ADSC = "021663000000"


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> Link:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry.runtime_data.link


def state(hass: HomeAssistant, key: str) -> str | None:
    found = hass.states.get(f"sensor.linky_{key}")
    return found.state if found else None


def shows(hass: HomeAssistant, key: str, value: str) -> Callable[[], bool]:
    return lambda: state(hass, key) == value


def source_of(hass: HomeAssistant, identity: str = ADSC) -> MeterSource:
    return async_get_registry(hass).meters[f"linky:{identity}"]


async def let_pass(hass: HomeAssistant, link: Link, seconds: float) -> None:
    """Let values of labels that come no more grow old; those that come stay fresh."""
    link.clock = lambda: time.monotonic() + seconds
    frames = link.decoder.counters.frames
    # Three, so that one was decoded after the clock moved on.
    await until(lambda: link.receiving and link.decoder.counters.frames > frames + 2)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=6))
    await hass.async_block_till_done()


def same_meter_historic() -> bytes:
    """ADCO and ADSC are one coding: the number stays when the mode changes."""
    return historic_frame(adco=ADSC)


async def test_a_meter_switched_to_standard_mode_can_be_followed_by_the_sun(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    meter.send_historic(same_meter_historic)
    link = await set_up(hass, entry)
    await until(shows(hass, "energy_drawn_base", "12345.678"))
    await until(shows(hass, "output_mode", "historic"))
    source = source_of(hass)
    assert not source.knows_direction
    assert state(hass, "net_power") is None

    meter.send_standard()
    await until(shows(hass, "output_mode", "standard"))
    await until(shows(hass, "energy_drawn", "17026.175"))
    await until(lambda: state(hass, "net_power") not in (None, STATE_UNAVAILABLE))
    assert source is source_of(hass)
    assert source.knows_direction
    assert source.reading is not None
    assert source.reading.power_w is not None
    await let_pass(hass, link, 150)
    assert state(hass, "energy_drawn_base") == STATE_UNAVAILABLE
    assert state(hass, "energy_drawn") == "17026.175"
    assert state(hass, "link") == "ok"
    assert entry.runtime_data.link is link


async def test_a_meter_switched_to_historic_mode_goes_on_without_direction(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    link = await set_up(hass, entry)
    await until(lambda: state(hass, "net_power") not in (None, STATE_UNAVAILABLE))
    source = source_of(hass)
    assert source.knows_direction

    meter.send_historic(same_meter_historic)
    await until(shows(hass, "output_mode", "historic"))
    await until(shows(hass, "energy_drawn_base", "12345.678"))
    assert not source.knows_direction
    await until(lambda: source.reading is not None and source.reading.power_w is None)
    await let_pass(hass, link, 150)
    assert state(hass, "net_power") == STATE_UNAVAILABLE
    assert state(hass, "energy_drawn") == STATE_UNAVAILABLE
    assert source.reading is not None
    assert source.reading.drawn_va == 1200.0
    assert state(hass, "power_drawn") != STATE_UNAVAILABLE

    # And back: what was shown before is shown again, under the same names.
    meter.send_standard()
    await until(shows(hass, "output_mode", "standard"))
    await until(shows(hass, "energy_drawn", "17026.175"))
    await until(lambda: state(hass, "net_power") not in (None, STATE_UNAVAILABLE))
    assert source.knows_direction
    assert state(hass, "link") == "ok"


@pytest.mark.usefixtures("quick", "socket_enabled")
async def test_a_change_of_mode_behind_a_gateway_is_followed_on_one_connection(
    hass: HomeAssistant,
) -> None:
    async with gateway() as server:
        entry = _gateway_entry(hass, server)
        server.frame = same_meter_historic
        link = await set_up(hass, entry)
        await until(shows(hass, "output_mode", "historic"))
        server.frame = standard_frame
        await until(shows(hass, "output_mode", "standard"))
        await until(lambda: source_of(hass).knows_direction)
        assert server.connections == link.counters.connects == 1
        await hass.config_entries.async_remove(entry.entry_id)
        await hass.async_block_till_done()


def _gateway_entry(hass: HomeAssistant, server: Gateway) -> MockConfigEntry:
    entry = linky_entry(server.url)
    entry.add_to_hass(hass)
    return entry


async def test_a_producer_contract_brings_what_is_injected_and_its_end_takes_it_away(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    link = await set_up(hass, entry)
    await until(lambda: state(hass, "net_power") not in (None, STATE_UNAVAILABLE))
    assert state(hass, "power_injected") is None

    meter.send_standard(lambda: standard_frame(0, sinsti=1253, stge="003A8300"))
    await until(shows(hass, "energy_injected", "4000.0"))
    await until(shows(hass, "power_injected", "1253"))
    reading = source_of(hass).reading
    assert reading is not None
    assert reading.power_w is not None
    assert reading.power_w < 0

    meter.send_standard()
    await let_pass(hass, link, 150)
    assert state(hass, "energy_injected") == STATE_UNAVAILABLE
    assert state(hass, "power_injected") == STATE_UNAVAILABLE
    reading = source_of(hass).reading
    assert reading is not None
    assert reading.power_w is not None
    assert reading.power_w > 0
    assert state(hass, "link") == "ok"


async def test_a_meter_rewired_to_three_phases_shows_them_and_back_to_one(
    hass: HomeAssistant, quick: None, meter: Meter
) -> None:
    entry = linky_entry(meter.path, THREE_PHASE_ADSC)
    entry.add_to_hass(hass)
    meter.send_standard(lambda: standard_frame(adsc=THREE_PHASE_ADSC))
    link = await set_up(hass, entry)
    await until(shows(hass, "current", "2.0"))
    source = source_of(hass, THREE_PHASE_ADSC)
    assert source.reading is not None
    assert len(source.reading.currents_a) == 1

    phases = ((1, 234, 230), (2, 240, 480), (3, 242, 720))
    meter.send_standard(lambda: three_phase_frame(sinsts=1430, phases=phases))
    await until(shows(hass, "current_phase_3", "3.0"))
    await until(
        lambda: source.reading is not None and len(source.reading.currents_a) == 3
    )
    assert state(hass, "current_phase_1") == "1.0"
    assert state(hass, "current") == STATE_UNAVAILABLE
    assert state(hass, "voltage") == STATE_UNAVAILABLE

    meter.send_standard(lambda: standard_frame(adsc=THREE_PHASE_ADSC))
    await until(
        lambda: source.reading is not None and len(source.reading.currents_a) == 1
    )
    await let_pass(hass, link, 20)
    assert state(hass, "current") not in (None, STATE_UNAVAILABLE)
    assert state(hass, "current_phase_3") == STATE_UNAVAILABLE
    assert state(hass, "link") == "ok"
