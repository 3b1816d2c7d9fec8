"""Setting up and moving a Linky, as a user does."""

from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import serial

from custom_components.surplus.const import CONF_KIND, DOMAIN, Kind
from custom_components.surplus.linky.port import CONF_DONGLE
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .conftest import PROXY, linky_entry
from .far_end import Meter, gateway, plugged_in, rfc2217_gateway, until
from .tic import ADCO, ADSC, standard_frame


async def begin(hass: HomeAssistant) -> str:
    """Open the form; return the flow's id."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.MENU
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "linky"}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "linky"
    assert result["errors"] == {}
    return result["flow_id"]


async def submit(hass: HomeAssistant, flow_id: str, device: object) -> dict[str, Any]:
    """Send the form and wait for the test read to end."""
    result = await hass.config_entries.flow.async_configure(
        flow_id, {CONF_DEVICE: str(device)}
    )
    if result["type"] is not FlowResultType.SHOW_PROGRESS:
        return result
    assert result["progress_action"] == "linky_read"
    await hass.async_block_till_done()
    return await hass.config_entries.flow.async_configure(flow_id)


@pytest.mark.usefixtures("quick")
async def test_a_standard_meter_is_set_up(hass: HomeAssistant, meter: Meter) -> None:
    result = await submit(hass, await begin(hass), f" {meter.path} ")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Linky"
    assert result["data"] == {
        CONF_KIND: Kind.LINKY,
        CONF_DEVICE: str(meter.path),
        CONF_DONGLE: None,
    }
    entry = result["result"]
    assert entry.unique_id == f"linky:{ADSC}"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    await until(lambda: hass.states.get("sensor.linky_net_power"))


@pytest.mark.usefixtures("quick")
async def test_a_historic_meter_is_set_up_after_saying_what_it_cannot_do(
    hass: HomeAssistant, meter: Meter
) -> None:
    meter.send_historic()
    result = await submit(hass, await begin(hass), meter.path)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "linky_historic"
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == f"linky:{ADCO}"


@pytest.mark.usefixtures("quick", "socket_enabled")
async def test_a_meter_behind_a_gateway_is_set_up(hass: HomeAssistant) -> None:
    async with gateway() as server:
        result = await submit(hass, await begin(hass), server.url)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["data"][CONF_DEVICE] == server.url
        await hass.config_entries.async_remove(result["result"].entry_id)
        await hass.async_block_till_done()


@pytest.mark.usefixtures("quick", "socket_enabled")
async def test_a_historic_meter_behind_rfc2217_is_set_up(hass: HomeAssistant) -> None:
    async with rfc2217_gateway() as server:
        server.send_historic()
        result = await submit(hass, await begin(hass), server.url)
        assert result["step_id"] == "linky_historic"
        result = await hass.config_entries.flow.async_configure(result["flow_id"], {})
        assert result["data"][CONF_DEVICE] == server.url
        assert result["result"].unique_id == f"linky:{ADCO}"
        await hass.config_entries.async_remove(result["result"].entry_id)
        await hass.async_block_till_done()


@pytest.mark.usefixtures("quick")
async def test_a_meter_behind_an_esphome_proxy_is_set_up(
    hass: HomeAssistant, proxied: Path
) -> None:
    async with plugged_in(proxied):
        result = await submit(hass, await begin(hass), PROXY)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["data"][CONF_DEVICE] == PROXY
        entry = result["result"]
        await until(lambda: entry.runtime_data.link.receiving)
        await hass.config_entries.async_remove(entry.entry_id)
        await hass.async_block_till_done()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("error", ["cannot_open", "port_in_use", "silent", "garbled"])
async def test_each_failure_is_told_and_can_be_mended(
    hass: HomeAssistant, meter: Meter, error: str
) -> None:
    other: serial.Serial | None = None
    match error:
        case "cannot_open":
            meter.unplug()
        case "port_in_use":
            other = serial.Serial(str(meter.path), exclusive=True)
        case "silent":
            meter.send_nothing()
        case "garbled":
            meter.garbled = True
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, meter.path)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "linky"
    assert result["errors"] == {"base": error}

    match error:
        case "cannot_open":
            meter.plug()
        case "port_in_use":
            assert other is not None
            other.close()
        case "silent":
            meter.send_standard()
        case "garbled":
            meter.garbled = False
    result = await submit(hass, flow_id, meter.path)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("quick", "socket_enabled")
async def test_a_gateway_that_hangs_up_is_told(hass: HomeAssistant) -> None:
    async with gateway() as server:
        server.frame = bytes
        flow_id = await begin(hass)
        result = await hass.config_entries.flow.async_configure(
            flow_id, {CONF_DEVICE: server.url}
        )
        await until(lambda: server.connections)
        server.drop()
        await hass.async_block_till_done()
        result = await hass.config_entries.flow.async_configure(flow_id)
        assert result["errors"] == {"base": "lost"}


@pytest.mark.usefixtures("quick")
async def test_a_port_is_set_up_once(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    result = await submit(hass, await begin(hass), meter.path)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


@pytest.mark.usefixtures("quick")
async def test_a_meter_is_set_up_once_and_its_new_port_is_taken_over(
    hass: HomeAssistant, tmp_path: Path, entry: MockConfigEntry, meter: Meter
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    async with plugged_in(tmp_path / "new") as same_meter:
        result = await submit(hass, await begin(hass), same_meter.path)
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "already_configured"
        await hass.async_block_till_done()
        assert entry.data[CONF_DEVICE] == str(same_meter.path)
        await until(lambda: entry.runtime_data.link.receiving)
        assert entry.runtime_data.link.url == str(same_meter.path)


@pytest.mark.usefixtures("quick")
async def test_a_closed_dialogue_frees_the_port(
    hass: HomeAssistant, meter: Meter
) -> None:
    meter.send_nothing()
    flow_id = await begin(hass)
    result = await hass.config_entries.flow.async_configure(
        flow_id, {CONF_DEVICE: str(meter.path)}
    )
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    hass.config_entries.flow.async_abort(flow_id)
    await hass.async_block_till_done()
    with serial.Serial(str(meter.path), exclusive=True) as port:
        assert port.is_open


# Moving it


async def test_a_meter_is_moved_to_another_port(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter, tmp_path: Path
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    async with plugged_in(tmp_path / "new") as moved:
        result = await entry.start_reconfigure_flow(hass)
        assert result["step_id"] == "linky"
        schema = result["data_schema"]
        assert schema is not None
        (field,) = schema.schema
        assert field.description == {"suggested_value": str(meter.path)}
        result = await submit(hass, result["flow_id"], moved.path)
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert entry.data[CONF_DEVICE] == str(moved.path)
        await until(lambda: entry.runtime_data.link.receiving)


async def test_the_port_in_use_by_the_entry_itself_can_be_tested(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter, tmp_path: Path
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.link.receiving)
    alias = tmp_path / "alias"
    alias.symlink_to(meter.path)
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, result["flow_id"], alias)
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    await until(lambda: entry.runtime_data.link.receiving)


async def test_a_move_to_another_meter_is_refused_and_the_entry_reads_on(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter, tmp_path: Path
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    async with plugged_in(tmp_path / "new") as other:
        other.send_standard(lambda: standard_frame(adsc="031664999999"))
        result = await entry.start_reconfigure_flow(hass)
        result = await submit(hass, result["flow_id"], other.path)
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "wrong_meter"
    assert entry.data[CONF_DEVICE] == str(meter.path)
    await until(lambda: entry.runtime_data.link.receiving)


async def test_a_failed_move_leaves_the_entry_reading(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    result = await entry.start_reconfigure_flow(hass)
    meter.garbled = True
    flow_id = result["flow_id"]
    result = await submit(hass, flow_id, meter.path)
    assert result["errors"] == {"base": "garbled"}
    assert entry.state is ConfigEntryState.LOADED
    meter.garbled = False
    await until(lambda: entry.runtime_data.link.receiving)
    hass.config_entries.flow.async_abort(flow_id)


async def test_a_move_to_the_port_of_another_entry_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry, tmp_path: Path
) -> None:
    second = linky_entry(tmp_path / "second", "031664999999")
    second.add_to_hass(hass)
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, result["flow_id"], tmp_path / "second")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_the_port_of_an_entry_that_is_at_rest_can_be_tested(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.link.receiving)
    # Unloaded, its link is kept for a while, and reads on.
    await hass.config_entries.async_unload(entry.entry_id)
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, result["flow_id"], meter.path)
    assert result["reason"] == "reconfigure_successful"


@pytest.mark.usefixtures("socket_enabled")
async def test_a_meter_is_moved_to_the_network_and_back(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    async with rfc2217_gateway() as server:
        result = await entry.start_reconfigure_flow(hass)
        result = await submit(hass, result["flow_id"], server.url)
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert entry.data[CONF_DEVICE] == server.url
        await until(lambda: entry.runtime_data.link.receiving)
        assert server.refused == 0
        result = await entry.start_reconfigure_flow(hass)
        result = await submit(hass, result["flow_id"], meter.path)
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        await until(lambda: entry.runtime_data.link.receiving)
        assert entry.runtime_data.link.url == str(meter.path)


@pytest.mark.usefixtures("socket_enabled")
async def test_a_server_for_one_client_can_be_tested_while_the_entry_reads_it(
    hass: HomeAssistant, quick: None
) -> None:
    async with rfc2217_gateway() as server:
        entry = linky_entry(server.url)
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await until(lambda: entry.runtime_data.link.receiving)
        result = await entry.start_reconfigure_flow(hass)
        # The same host and port, written in another way.
        result = await submit(hass, result["flow_id"], f"{server.url}/")
        assert result["reason"] == "reconfigure_successful"
        assert server.refused == 0
        await hass.async_block_till_done()
        await until(lambda: entry.runtime_data.link.receiving)
        await hass.config_entries.async_remove(entry.entry_id)
        await hass.async_block_till_done()


@pytest.mark.usefixtures("socket_enabled")
async def test_a_move_to_another_meter_on_the_network_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    async with rfc2217_gateway() as server:
        server.frame = lambda: standard_frame(adsc="031664999999")
        result = await entry.start_reconfigure_flow(hass)
        result = await submit(hass, result["flow_id"], server.url)
        assert result["reason"] == "wrong_meter"
    assert entry.data[CONF_DEVICE] == str(meter.path)
    await until(lambda: entry.runtime_data.link.receiving)
