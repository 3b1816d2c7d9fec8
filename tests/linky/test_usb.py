"""An adapter that is plugged in, as Home Assistant's own discovery finds it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aiousbwatcher import InotifyNotAvailableError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import serial

from custom_components.surplus.const import CONF_KIND, DOMAIN, Kind
from custom_components.surplus.linky.flow import dongle_on
from custom_components.surplus.linky.port import CONF_DONGLE
from homeassistant.components import usb
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_USB,
    SOURCE_USER,
    ConfigEntryState,
)
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component

from .far_end import Meter, plugged_in, until
from .tic import ADSC, standard_frame

MICRO = usb.USBDevice(
    device="/dev/ttyNONE0",
    vid="0403",
    pid="6015",
    serial_number="TINFO-1036",
    manufacturer="FTDI",
    description="FT230X Basic UART",
)
CARTELECTRONIC = usb.USBDevice(
    device="/dev/ttyNONE0",
    vid="0403",
    pid="6001",
    serial_number="DA33DTBE",
    manufacturer="Cartelectronic",
    description="Interface USB 1 TIC",
)
MICRO_ID = "0403:6015_TINFO-1036_FTDI_FT230X Basic UART"


class Bus:
    """What is plugged in."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.hass = hass
        self.devices: list[usb.USBDevice] = []

    def scan(self) -> list[usb.USBDevice]:
        return list(self.devices)

    async def plug(self, device: usb.USBDevice, path: Path) -> list[dict[str, Any]]:
        """Plug an adapter in; return what is offered then."""
        self.devices = [replace(device, device=str(path))]
        return await self.look()

    async def look(self) -> list[dict[str, Any]]:
        # Not the request with its cool-down: a test does not wait ten seconds.
        await self.hass.data[usb._USB_DATA]._async_scan()
        await until(
            lambda: (
                not any(
                    task.get_name().startswith("discovery flow")
                    for task in asyncio.all_tasks()
                )
            )
        )
        await self.hass.async_block_till_done()
        return self.offers()

    def offers(self) -> list[dict[str, Any]]:
        return [
            dict(flow)
            for flow in self.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
            if flow["context"]["source"] == SOURCE_USB
        ]


@pytest.fixture
async def bus(hass: HomeAssistant, quick: None) -> AsyncIterator[Bus]:
    """Home Assistant's discovery on a bus that the test fills."""
    bus = Bus(hass)
    with (
        patch("homeassistant.components.usb.scan_serial_ports", bus.scan),
        patch("homeassistant.components.usb.utils.scan_serial_ports", bus.scan),
        patch(
            "homeassistant.components.usb.AIOUSBWatcher.async_start",
            side_effect=InotifyNotAvailableError,
        ),
    ):
        assert await async_setup_component(hass, "usb", {})
        await hass.async_block_till_done()
        yield bus


async def confirm(hass: HomeAssistant, flow_id: str) -> dict[str, Any]:
    """Say that it is a Linky, and wait for the test read to end."""
    result = await hass.config_entries.flow.async_configure(flow_id, {})
    if result["type"] is not FlowResultType.SHOW_PROGRESS:
        return result
    await hass.async_block_till_done()
    return await hass.config_entries.flow.async_configure(flow_id)


def remember(entry: MockConfigEntry, hass: HomeAssistant, **data: object) -> None:
    hass.config_entries.async_update_entry(entry, data={**entry.data, **data})


@pytest.mark.parametrize(
    "device",
    [
        MICRO,
        CARTELECTRONIC,
        replace(CARTELECTRONIC, description="Interface USB -> Compteur"),
    ],
)
async def test_an_adapter_made_for_the_meter_is_offered(
    bus: Bus, meter: Meter, device: usb.USBDevice
) -> None:
    (offer,) = await bus.plug(device, meter.path)
    assert offer["step_id"] == "linky_confirm"
    assert str(device.serial_number) in offer["context"]["title_placeholders"]["name"]


@pytest.mark.parametrize(
    "device",
    [
        replace(MICRO, serial_number="DN04T0HA"),
        replace(MICRO, serial_number=None),
        replace(CARTELECTRONIC, description="WES"),
        replace(CARTELECTRONIC, manufacturer="FTDI"),
        replace(
            MICRO,
            vid="10C4",
            pid="EA60",
            serial_number="0001",
            manufacturer="Silicon Labs",
            description="CP2102 USB to UART Bridge Controller",
        ),
    ],
)
async def test_an_adapter_for_anything_is_not_offered(
    bus: Bus, meter: Meter, device: usb.USBDevice
) -> None:
    assert await bus.plug(device, meter.path) == []


async def test_an_offered_adapter_is_opened_only_when_the_user_says_so(
    hass: HomeAssistant, bus: Bus, meter: Meter
) -> None:
    (offer,) = await bus.plug(MICRO, meter.path)
    with serial.Serial(str(meter.path), exclusive=True) as port:
        await bus.look()
        assert port.is_open
    result = await confirm(hass, offer["flow_id"])
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {
        CONF_KIND: Kind.LINKY,
        CONF_DEVICE: str(meter.path),
        CONF_DONGLE: MICRO_ID,
    }
    assert result["result"].unique_id == f"linky:{ADSC}"
    await until(lambda: hass.states.get("sensor.linky_net_power"))
    # Plugged in again, it is known.
    bus.devices = []
    await bus.look()
    assert await bus.plug(MICRO, meter.path) == []


async def test_an_adapter_that_was_set_up_is_not_offered(
    hass: HomeAssistant, bus: Bus, entry: MockConfigEntry, meter: Meter
) -> None:
    # Set up by hand before adapters were remembered.
    assert CONF_DONGLE not in entry.data
    assert await bus.plug(MICRO, meter.path) == []


async def test_an_adapter_that_moved_takes_its_entry_along(
    hass: HomeAssistant,
    bus: Bus,
    entry: MockConfigEntry,
    meter: Meter,
    tmp_path: Path,
) -> None:
    remember(entry, hass, **{CONF_DONGLE: MICRO_ID})
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.link.receiving)
    meter.unplug()
    async with plugged_in(tmp_path / "elsewhere") as moved:
        assert await bus.plug(MICRO, moved.path) == []
        assert entry.data[CONF_DEVICE] == str(moved.path)
        assert entry.data[CONF_DONGLE] == MICRO_ID
        await until(lambda: entry.runtime_data.link.receiving)
        assert entry.state is ConfigEntryState.LOADED


async def test_another_adapter_under_an_old_name_is_another_one(
    hass: HomeAssistant, bus: Bus, entry: MockConfigEntry, meter: Meter
) -> None:
    remember(entry, hass, **{CONF_DONGLE: MICRO_ID.replace("1036", "2000")})
    (offer,) = await bus.plug(MICRO, meter.path)
    assert offer["step_id"] == "linky_confirm"
    assert entry.data[CONF_DEVICE] == str(meter.path)


async def test_an_entry_of_another_kind_owns_no_adapter(
    hass: HomeAssistant, bus: Bus, meter: Meter
) -> None:
    MockConfigEntry(
        domain=DOMAIN, data={CONF_KIND: Kind.HOME}, unique_id="home"
    ).add_to_hass(hass)
    assert len(await bus.plug(MICRO, meter.path)) == 1


async def test_a_new_adapter_on_a_known_meter_is_taken_over(
    hass: HomeAssistant,
    bus: Bus,
    entry: MockConfigEntry,
    meter: Meter,
    tmp_path: Path,
) -> None:
    remember(entry, hass, **{CONF_DONGLE: MICRO_ID})
    assert await hass.config_entries.async_setup(entry.entry_id)
    meter.unplug()
    async with plugged_in(tmp_path / "elsewhere") as moved:
        (offer,) = await bus.plug(CARTELECTRONIC, moved.path)
        result = await confirm(hass, offer["flow_id"])
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "already_configured"
        await hass.async_block_till_done()
        assert entry.data[CONF_DEVICE] == str(moved.path)
        assert "Cartelectronic" in entry.data[CONF_DONGLE]
        await until(lambda: entry.runtime_data.link.receiving)


def reader(hass: HomeAssistant, path: Path) -> MockConfigEntry:
    """An entry of core's own reader of such meters on the port."""
    other = MockConfigEntry(
        domain="teleinfo", data={"serial_port": str(path)}, title="Teleinfo"
    )
    other.add_to_hass(hass)
    other.mock_state(hass, ConfigEntryState.LOADED)
    return other


async def test_an_adapter_that_another_integration_reads_is_left_to_it(
    hass: HomeAssistant, bus: Bus, meter: Meter
) -> None:
    reader(hass, meter.path)
    assert await bus.plug(MICRO, meter.path) == []


async def test_an_adapter_that_was_taken_meanwhile_is_not_touched(
    hass: HomeAssistant, bus: Bus, meter: Meter
) -> None:
    (offer,) = await bus.plug(MICRO, meter.path)
    other = reader(hass, meter.path)
    with serial.Serial(str(meter.path), exclusive=True):
        result = await confirm(hass, offer["flow_id"])
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "port_in_use"
    # A reader that was switched off is none.
    other.mock_state(hass, ConfigEntryState.NOT_LOADED)
    bus.devices = []
    await bus.look()
    assert len(await bus.plug(MICRO, meter.path)) == 1


@pytest.mark.parametrize("error", ["port_in_use", "silent", "garbled"])
async def test_a_test_read_that_fails_is_told_and_can_be_repeated(
    hass: HomeAssistant, bus: Bus, meter: Meter, error: str
) -> None:
    (offer,) = await bus.plug(MICRO, meter.path)
    other: serial.Serial | None = None
    match error:
        case "port_in_use":
            other = serial.Serial(str(meter.path), exclusive=True)
        case "silent":
            meter.send_nothing()
        case "garbled":
            meter.garbled = True
    result = await confirm(hass, offer["flow_id"])
    assert result["step_id"] == "linky"
    assert result["errors"] == {"base": error}
    (field,) = result["data_schema"].schema
    assert field.description == {"suggested_value": str(meter.path)}
    if other is not None:
        other.close()
    meter.garbled = False
    meter.send_standard()
    result = await hass.config_entries.flow.async_configure(
        offer["flow_id"], {CONF_DEVICE: str(meter.path)}
    )
    await hass.async_block_till_done()
    result = await hass.config_entries.flow.async_configure(offer["flow_id"])
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_DONGLE] == MICRO_ID


async def test_an_ignored_adapter_stays_ignored(
    hass: HomeAssistant, bus: Bus, meter: Meter
) -> None:
    (offer,) = await bus.plug(MICRO, meter.path)
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": offer["context"]["unique_id"], "title": "Adapter"},
    )
    await hass.async_block_till_done()
    bus.devices = []
    await bus.look()
    assert await bus.plug(MICRO, meter.path) == []


async def test_an_adapter_set_up_by_hand_is_offered_no_longer(
    hass: HomeAssistant, bus: Bus, meter: Meter
) -> None:
    meter.send_standard(lambda: standard_frame(adsc="031664999999"))
    assert len(await bus.plug(MICRO, meter.path)) == 1
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    flow_id = result["flow_id"]
    await hass.config_entries.flow.async_configure(flow_id, {"next_step_id": "linky"})
    await hass.config_entries.flow.async_configure(
        flow_id, {CONF_DEVICE: str(meter.path)}
    )
    await hass.async_block_till_done()
    result = await hass.config_entries.flow.async_configure(flow_id)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_DONGLE] == MICRO_ID
    assert bus.offers() == []


async def test_an_adapter_without_a_number_cannot_be_told_from_its_like(
    hass: HomeAssistant, bus: Bus, meter: Meter
) -> None:
    (offer,) = await bus.plug(replace(CARTELECTRONIC, serial_number=None), meter.path)
    result = await confirm(hass, offer["flow_id"])
    assert result["data"][CONF_DONGLE] is None


def test_a_list_of_ports_that_cannot_be_read_names_no_adapter() -> None:
    with patch(
        "homeassistant.components.usb.utils.scan_serial_ports", side_effect=OSError
    ):
        assert dongle_on("/dev/ttyNONE0") is None
        assert dongle_on("socket://host:1") is None


async def test_an_adapter_that_is_pulled_out_is_offered_no_longer(
    bus: Bus, meter: Meter
) -> None:
    assert len(await bus.plug(MICRO, meter.path)) == 1
    bus.devices = []
    assert await bus.look() == []
