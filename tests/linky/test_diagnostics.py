"""What a user sends along with a question: enough to replay, and nobody's numbers."""

import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.diagnostics import async_get_config_entry_diagnostics
from custom_components.surplus.linky.connection import Link, Trouble
from custom_components.surplus.linky.frames import Decoder
from custom_components.surplus.linky.groups import Group
from custom_components.surplus.linky.meter import Meter as MeterState
from custom_components.surplus.linky.port import CONF_DONGLE
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant

from .conftest import linky_entry
from .far_end import Meter, until
from .tic import historic_frame, standard_frame

SERIAL_NUMBER = "031664123456"
PRM = "98765432109876"
BY_ID = "/dev/serial/by-id/usb-FTDI_FT230X_Basic_UART_TINFO-1036-if00-port0"


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> Link:
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry.runtime_data.link


def replay(diagnostics: dict[str, Any]) -> MeterState:
    """Fold the raw bytes as the link did."""
    decoder, meter = Decoder(), MeterState()
    # Portions as they may arrive; a second for each, which is about what they take.
    for second, line in enumerate(diagnostics["raw"]):
        for event in decoder.events(bytes.fromhex(line), float(second)):
            if isinstance(event, Group):
                meter.on_group(event, float(second))
            else:
                meter.on_frame(event)
    assert decoder.counters.bad_groups == 0
    return meter


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("mode", ["standard", "historic"])
async def test_a_replay_of_diagnostics_gives_the_values_they_hold(
    hass: HomeAssistant, meter: Meter, mode: str
) -> None:
    number = 0

    def moving() -> bytes:
        nonlocal number
        number += 1
        if mode == "historic":
            return historic_frame(
                papp=1000 + number, base=12_345_000 + number, adco=SERIAL_NUMBER
            )
        return standard_frame(
            1000 + number, east=17_000_000 + number, adsc=SERIAL_NUMBER, prm=PRM
        )

    if mode == "historic":
        meter.send_historic(moving)
    else:
        meter.send_standard(moving)
    entry = linky_entry(meter.path, SERIAL_NUMBER)
    link = await set_up(hass, entry)
    await until(lambda: link.decoder.counters.frames > 12)
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    replayed = replay(diagnostics)
    values = diagnostics["meter"]["values"]
    assert len(values) > 8
    assert {
        label: (value.data, value.horodate)
        for label, value in replayed.values().items()
    } == {label: (value["data"], value["horodate"]) for label, value in values.items()}
    assert replayed.identity == "031664000000"
    assert replayed.mode == diagnostics["meter"]["mode"] == mode
    assert replayed.phases == diagnostics["meter"]["phases"] == 1
    if mode == "standard":
        assert values["PRM"]["data"] == "0" * 14


@pytest.mark.usefixtures("quick")
async def test_diagnostics_do_not_name_the_adapter(hass: HomeAssistant) -> None:
    entry = linky_entry(BY_ID)
    link = await set_up(hass, entry)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_DONGLE: "0403:6015_TINFO-1036_FTDI_FT230X"}
    )
    await until(lambda: link.trouble is Trouble.CANNOT_OPEN)
    assert "TINFO-1036" in str(link.counters.last_error)
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert "TINFO-1036" not in json.dumps(diagnostics, default=str)
    assert diagnostics["data"][CONF_DEVICE] == "/dev/serial/by-id/**"
    assert diagnostics["data"][CONF_DONGLE] is True
    assert "/dev/serial/by-id/**" in diagnostics["link"]["last_error"]
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()


@pytest.mark.usefixtures("quick")
async def test_diagnostics_do_not_tell_the_key_of_a_proxy(hass: HomeAssistant) -> None:
    entry = linky_entry("esphome://127.0.0.1:1/?port_name=TIC&key=c2VjcmV0")
    link = await set_up(hass, entry)
    await until(lambda: link.trouble is Trouble.CANNOT_OPEN)
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert "c2VjcmV0" not in json.dumps(diagnostics, default=str)
    assert diagnostics["data"][CONF_DEVICE].endswith("port_name=TIC&key=**")
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()


async def test_diagnostics_can_be_replayed_and_name_nobody(
    hass: HomeAssistant, quick: None, meter: Meter
) -> None:
    entry = linky_entry(meter.path, SERIAL_NUMBER)
    meter.send_standard(lambda: standard_frame(adsc=SERIAL_NUMBER, prm=PRM))
    link = await set_up(hass, entry)
    await until(lambda: link.decoder.counters.frames > 12)
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    text = json.dumps(diagnostics, default=str)
    raw = bytes.fromhex("".join(diagnostics["raw"]))
    assert "123456" not in text
    assert b"123456" not in raw
    assert b"987654" not in raw
    assert diagnostics["meter"]["values"]["SINSTS"]["data"] == "00519"
    assert diagnostics["meter"]["is_the_expected_one"]
    assert diagnostics["meter"]["clock"] == {
        "when": "2019-12-03T12:58:05+01:00",
        "degraded": False,
    }
    assert [step["minute"] for step in diagnostics["meter"]["tomorrow"]] == [0, 176]
    assert diagnostics["link"]["state"] == "ok"
    assert diagnostics["decoder"]["bad_checksum"] == 0
    assert diagnostics["reading"]["power_w"] == 519.0
    frames = Decoder().feed(raw)
    assert sum(frame.complete for frame in frames) >= 8
    assert frames[-1].identity == "031664000000"


async def test_diagnostics_of_a_meter_never_read(
    hass: HomeAssistant, quick: None, meter: Meter
) -> None:
    meter.unplug()
    entry = linky_entry(meter.path)
    await set_up(hass, entry)
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert diagnostics["reading"] is None
    assert diagnostics["raw"] == []
    assert diagnostics["meter"]["clock"] is None
    assert not diagnostics["meter"]["is_the_expected_one"]
