"""Setting up and moving an inverter, as a user does."""

from ipaddress import ip_address
import socket
from typing import Any

from modbus_connection import ModbusTlsParams
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import CONF_KIND, DOMAIN, Kind
from custom_components.surplus.solaredge import address as solaredge_address
from custom_components.surplus.solaredge.address import (
    announced_unit_id,
    async_is_same,
    parse_unit_ids,
)
from custom_components.surplus.solaredge.found import async_describe
from custom_components.surplus.solaredge.model import Battery, Layout
from custom_components.surplus.solaredge.probe import Trouble
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_USER,
    SOURCE_ZEROCONF,
    ConfigEntryState,
)
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.helpers.translation import async_get_translations
from homeassistant.loader import async_get_zeroconf
from homeassistant.requirements import RequirementsNotFound

from .conftest import core_entry, solaredge_entry
from .far_end import (
    FOLLOWER_SERIAL,
    SERIAL,
    Inverter,
    ev_charger,
    inverter,
    switched_on,
    with_meter,
)
from .test_entities import read

GRID = {"meter_1": "grid"}


async def begin(hass: HomeAssistant) -> dict[str, Any]:
    """Choose SolarEdge in the menu."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.MENU
    return await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "solaredge"}
    )


def address(far_end: Inverter, **more: object) -> dict[str, Any]:
    return {
        CONF_HOST: far_end.host,
        CONF_PORT: far_end.port,
        "more_options": {"unit_id": 1, **more},
    }


async def submit(
    hass: HomeAssistant, flow_id: str, user_input: dict[str, Any]
) -> dict[str, Any]:
    """Send a form and wait for the test read to end."""
    result = await hass.config_entries.flow.async_configure(flow_id, user_input)
    if result["type"] is not FlowResultType.SHOW_PROGRESS:
        return result
    assert result["progress_action"] == "solaredge_read"
    await hass.async_block_till_done(wait_background_tasks=False)
    return await hass.config_entries.flow.async_configure(flow_id)


async def test_an_inverter_is_shown_and_then_set_up(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    result = await begin(hass)
    assert (result["type"], result["step_id"]) == (
        FlowResultType.FORM,
        "solaredge_host",
    )
    assert result["errors"] == {}
    result = await submit(hass, result["flow_id"], address(far_end))
    assert result["step_id"] == "solaredge_found"
    told = result["description_placeholders"]
    assert told["inverters"] == (
        "1. SE10K-RWS48BEN4, serial number 7E012345, device ID 1"
    )
    assert "set up as “Export+Import”" in told["meters"]
    assert told["batteries"] == "1. RESU10, 9.7 kWh"
    assert told["unsure"] == ""
    (field,) = result["data_schema"].schema
    assert field.description == {"suggested_value": "grid"}

    result = await hass.config_entries.flow.async_configure(result["flow_id"], GRID)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "SolarEdge SE10K"
    entry = result["result"]
    assert entry.unique_id == f"solaredge:{SERIAL}"
    data = dict(entry.data)
    layout = data.pop("layout")
    assert data == {
        CONF_KIND: Kind.SOLAREDGE,
        CONF_HOST: far_end.host,
        CONF_PORT: far_end.port,
        "unit_ids": [1],
        "meters": {},
    }
    assert [row["serial"] for row in layout["inverters"]] == [SERIAL]
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert far_end.most_connections == 1


async def test_a_bare_inverter_is_set_up(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.units = {1: inverter()}
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end))
    told = result["description_placeholders"]
    assert told["meters"] == told["batteries"] == "None."
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_battery_that_does_not_tell_its_size_is_shown(
    hass: HomeAssistant,
) -> None:
    battery = Battery(
        key="1",
        serial=None,
        model="RESU10",
        manufacturer=None,
        version=None,
        unit_id=1,
        inverter_key="1",
        index=1,
        rated_wh=None,
    )
    told = await async_describe(hass, Layout(inverters=(), batteries=(battery,)))
    assert told["batteries"] == "1. RESU10"


async def test_what_a_meter_does_not_say_is_asked(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.units = {1: with_meter(inverter(), option="")}
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end))
    assert "does not say" in result["description_placeholders"]["meters"]
    (field,) = result["data_schema"].schema
    assert field.description is None
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"meter_1": "grid_reversed"}
    )
    entry = result["result"]
    (meter,) = entry.data["layout"]["meters"]
    assert entry.data["meters"] == {meter["key"]: {"role": "grid", "reversed": True}}


async def test_a_meter_can_be_set_aside(hass: HomeAssistant, far_end: Inverter) -> None:
    far_end.units = {1: with_meter(inverter(), option="")}
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end))
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"meter_1": "unknown"}
    )
    entry = result["result"]
    (meter,) = entry.data["layout"]["meters"]
    assert entry.data["meters"] == {meter["key"]: {"role": "unknown"}}
    await hass.async_block_till_done()
    assert entry.runtime_data.role(meter["key"]) == "unknown"


async def test_followers_are_set_up_with_their_leader(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.units[3] = inverter(serial=FOLLOWER_SERIAL, model="SE5K-RW0TEBNN4")
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end, followers="3"))
    told = result["description_placeholders"]
    assert told["inverters"].splitlines()[1].startswith("2. SE5K")
    result = await hass.config_entries.flow.async_configure(result["flow_id"], GRID)
    assert result["data"]["unit_ids"] == [1, 3]
    assert result["result"].unique_id == f"solaredge:{SERIAL}"


async def test_ids_that_are_none_are_told(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end, followers="two"))
    assert result["errors"] == {"base": "solaredge_followers"}
    result = await submit(hass, result["flow_id"], address(far_end))
    assert result["step_id"] == "solaredge_found"


@pytest.mark.parametrize(
    "error",
    [
        "refused",
        "busy",
        "silent",
        "wrong_unit",
        "not_one",
        "other_make",
        "ev_charger",
        "no_serial",
        "unknown_host",
        "link_settings",
    ],
)
async def test_each_failure_is_told_and_can_be_mended(
    hass: HomeAssistant,
    far_end: Inverter,
    error: str,
    no_such_name: str,
) -> None:
    good = far_end.units[1]
    wanted = address(far_end)
    match error:
        case "refused":
            with socket.socket() as unused:
                unused.bind(("127.0.0.1", 0))
                wanted[CONF_PORT] = unused.getsockname()[1]
        case "busy":
            far_end.hangs_up = True
        case "silent":
            far_end.silent_units = {1}
        case "wrong_unit":
            wanted["more_options"]["unit_id"] = 7
        case "not_one":
            far_end.units[1] = inverter().put(40000, 0, 0)
        case "other_make":
            far_end.units[1] = inverter(make="Fronius", model="Symo")
        case "ev_charger":
            far_end.units[1] = ev_charger()
        case "no_serial":
            far_end.units[1] = inverter(serial="")
        case "unknown_host":
            wanted[CONF_HOST] = no_such_name
        case "link_settings":
            from homeassistant.components.modbus import async_get_unit

            other = MockConfigEntry(domain="other")
            other.add_to_hass(hass)
            tls = ModbusTlsParams(host=far_end.host, port=far_end.port)
            async_get_unit(hass, other, tls, 1)
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], wanted)
    assert (result["type"], result["step_id"]) == (
        FlowResultType.FORM,
        "solaredge_host",
    )
    assert result["errors"] == {"base": f"solaredge_{error}"}
    texts = await async_get_translations(hass, "en", "config", {DOMAIN})
    text = texts[f"component.{DOMAIN}.config.error.solaredge_{error}"]
    assert "{" not in text.format(**result["description_placeholders"])
    suggested = {
        field.schema: (field.description or {}).get("suggested_value")
        for field in result["data_schema"].schema
    }
    assert suggested[CONF_HOST] == wanted[CONF_HOST]

    if error == "link_settings":
        return
    far_end.hangs_up, far_end.silent_units = False, set()
    far_end.units[1] = good
    result = await submit(hass, result["flow_id"], address(far_end))
    assert result["step_id"] == "solaredge_found"


async def test_a_home_assistant_without_modbus_is_told(
    hass: HomeAssistant, far_end: Inverter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def missing(*_: object) -> None:
        raise RequirementsNotFound("modbus", ["tmodbus"])

    monkeypatch.setattr(
        solaredge_address, "async_get_integration_with_requirements", missing
    )
    result = await discover(hass, far_end)
    assert result["reason"] == "solaredge_no_modbus"
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end))
    assert result["errors"] == {"base": "solaredge_no_modbus"}
    assert "tmodbus" in result["description_placeholders"]["detail"]


async def test_a_follower_that_does_not_answer_is_told(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end, followers="4"))
    assert result["errors"] == {"base": "solaredge_wrong_unit"}
    assert result["description_placeholders"]["unit_id"] == "4"


async def test_a_charger_among_the_followers_is_refused(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.units[3] = ev_charger()
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end, followers="3"))
    assert result["errors"] == {"base": "solaredge_ev_charger"}
    assert result["description_placeholders"]["unit_id"] == "3"


async def test_one_inverter_under_two_ids_is_counted_once(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.units[2] = far_end.units[1]
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end, followers="2"))
    assert result["errors"] == {"base": "solaredge_same_inverter"}


async def test_what_kept_silent_is_mentioned(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.silent_addresses = {57666}
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end))
    assert "not answered" in result["description_placeholders"]["unsure"]
    result = await hass.config_entries.flow.async_configure(result["flow_id"], GRID)
    # What may be incomplete is not taken for all there is.
    assert "layout" not in result["data"]


async def test_an_inverter_belongs_to_one_entry(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.units[2] = inverter(serial=FOLLOWER_SERIAL)
    pair = solaredge_entry(far_end, unit_ids=(1, 2))
    pair.add_to_hass(hass)
    assert await hass.config_entries.async_setup(pair.entry_id)
    core_entry(far_end).add_to_hass(hass)
    core_entry(far_end, serial=FOLLOWER_SERIAL, unit_id=2).add_to_hass(hass)
    # Not as an entry of its own, for core knows it too.
    result = await begin(hass)
    assert result["step_id"] == "solaredge_host"
    alone = {**address(far_end), "more_options": {"unit_id": 2}}
    result = await submit(hass, result["flow_id"], alone)
    assert result["errors"] == {"base": "solaredge_read_already"}
    assert result["description_placeholders"]["unit_id"] == "2"
    assert result["description_placeholders"]["detail"] == pair.title
    # Nor as the follower of another.
    far_end.units[3] = inverter(serial="7E0000003")
    both = {**address(far_end), "more_options": {"unit_id": 3, "followers": "1"}}
    result = await submit(hass, result["flow_id"], both)
    assert result["errors"] == {"base": "solaredge_read_already"}
    # With its own entry it is no other.
    result = await submit(hass, result["flow_id"], address(far_end, followers="2"))
    assert result["reason"] == "already_configured"


async def test_an_inverter_is_set_up_once_and_its_new_address_is_taken_over(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    async with switched_on(far_end.units) as old:
        entry = solaredge_entry(old)
        entry.add_to_hass(hass)
        result = await begin(hass)
        result = await submit(hass, result["flow_id"], address(far_end))
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "already_configured"
        assert entry.data[CONF_PORT] == far_end.port


async def test_a_known_spelling_is_kept(hass: HomeAssistant, far_end: Inverter) -> None:
    entry = solaredge_entry(far_end, host="localhost")
    entry.add_to_hass(hass)
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end))
    assert result["reason"] == "already_configured"
    assert entry.data[CONF_HOST] == "localhost"


# Sharing the connection with core


async def test_the_inverter_of_core_is_offered_and_its_spelling_taken_over(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    core = core_entry(far_end, host="localhost")
    core.add_to_hass(hass)
    result = await begin(hass)
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["solaredge_known", "solaredge_host"]
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "solaredge_known"}
    )
    result = await submit(hass, result["flow_id"], {"inverter": core.entry_id})
    assert result["step_id"] == "solaredge_found"
    result = await hass.config_entries.flow.async_configure(result["flow_id"], GRID)
    assert result["data"][CONF_HOST] == "localhost"
    assert result["data"]["unit_ids"] == [1]


async def test_what_both_read_already_is_not_offered(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    core_entry(far_end).add_to_hass(hass)
    solaredge_entry(far_end).add_to_hass(hass)
    assert (await begin(hass))["step_id"] == "solaredge_host"


async def test_others_behind_the_address_become_followers(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.units[3] = inverter(serial=FOLLOWER_SERIAL)
    core = core_entry(far_end)
    core.add_to_hass(hass)
    core_entry(far_end, serial=FOLLOWER_SERIAL, unit_id=3).add_to_hass(hass)
    core_entry(far_end, serial="elsewhere", unit_id=9, port=1).add_to_hass(hass)
    MockConfigEntry(
        domain="solaredge_modbus", data={"type": "serial", "device": "/dev/x"}
    ).add_to_hass(hass)
    result = await begin(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "solaredge_known"}
    )
    result = await submit(hass, result["flow_id"], {"inverter": core.entry_id})
    result = await hass.config_entries.flow.async_configure(result["flow_id"], GRID)
    assert result["data"]["unit_ids"] == [1, 3]


async def test_an_inverter_of_core_that_sleeps_leads_to_the_form(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    core = core_entry(far_end)
    core.add_to_hass(hass)
    far_end.silent_units = {1}
    result = await begin(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "solaredge_known"}
    )
    result = await submit(hass, result["flow_id"], {"inverter": core.entry_id})
    assert result["step_id"] == "solaredge_host"
    assert result["errors"] == {"base": "solaredge_silent"}


async def test_another_way_to_write_the_address_is_not_another_connection(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    core_entry(far_end, host="localhost").add_to_hass(hass)
    result = await begin(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "solaredge_host"}
    )
    result = await submit(hass, result["flow_id"], address(far_end))
    result = await hass.config_entries.flow.async_configure(result["flow_id"], GRID)
    assert result["data"][CONF_HOST] == "localhost"


async def test_others_at_other_addresses_change_nothing(
    hass: HomeAssistant, far_end: Inverter, no_such_name: str
) -> None:
    core_entry(far_end, host=no_such_name).add_to_hass(hass)
    result = await begin(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "solaredge_host"}
    )
    result = await submit(hass, result["flow_id"], address(far_end))
    result = await hass.config_entries.flow.async_configure(result["flow_id"], GRID)
    assert result["data"][CONF_HOST] == far_end.host


async def test_a_connection_of_any_integration_is_shared(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    from modbus_connection import ModbusTcpParams

    from homeassistant.components.modbus import async_get_unit

    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    unit = async_get_unit(
        hass, other, ModbusTcpParams(host="localhost", port=far_end.port), 1
    )
    await unit.read_holding_registers(40000, 2)
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end))
    assert result["step_id"] == "solaredge_found"
    assert far_end.most_connections == 1


async def test_core_and_surplus_read_one_inverter_over_one_connection(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    core = core_entry(far_end, host="localhost")
    core.add_to_hass(hass)
    assert await hass.config_entries.async_setup(core.entry_id)
    await hass.async_block_till_done()
    assert core.state is ConfigEntryState.LOADED
    connections = far_end.connections
    result = await begin(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "solaredge_host"}
    )
    result = await submit(hass, result["flow_id"], address(far_end))
    result = await hass.config_entries.flow.async_configure(result["flow_id"], GRID)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    await read(result["result"])
    assert far_end.connections == connections
    assert far_end.most_connections == 1
    assert core.state is ConfigEntryState.LOADED
    await hass.config_entries.async_unload(core.entry_id)


# Discovery


def announced(far_end: Inverter, unit_id: str | None = "1") -> ZeroconfServiceInfo:
    return ZeroconfServiceInfo(
        ip_address=ip_address(far_end.host),
        ip_addresses=[ip_address(far_end.host)],
        port=far_end.port,
        hostname="inverter.local.",
        type="_solaredge-modbus._tcp.local.",
        name="inverter._solaredge-modbus._tcp.local.",
        properties={} if unit_id is None else {"MODBUS_ID": unit_id},
    )


async def discover(hass: HomeAssistant, far_end: Inverter) -> dict[str, Any]:
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_ZEROCONF}, data=announced(far_end)
    )


async def test_an_announced_inverter_is_offered(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    result = await discover(hass, far_end)
    assert result["step_id"] == "solaredge_found"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["title_placeholders"] == {"name": "SolarEdge SE10K"}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], GRID)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_HOST] == far_end.host


async def test_what_is_offered_does_not_stand_in_the_way_of_a_person(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    await discover(hass, far_end)
    again = await discover(hass, far_end)
    assert again["reason"] == "already_in_progress"
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end))
    result = await hass.config_entries.flow.async_configure(result["flow_id"], GRID)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert not hass.config_entries.flow.async_progress()


async def test_announcements_reach_this_integration(hass: HomeAssistant) -> None:
    matchers = (await async_get_zeroconf(hass))["_solaredge-modbus._tcp.local."]
    assert DOMAIN in {matcher["domain"] for matcher in matchers}


async def test_discovery_steps_back_where_core_reads_that_address(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    core_entry(far_end).add_to_hass(hass)
    result = await discover(hass, far_end)
    assert result["reason"] == "solaredge_known"
    assert not far_end.connections


async def test_discovery_steps_back_where_core_has_that_serial_number(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    core_entry(far_end, port=1).add_to_hass(hass)
    result = await discover(hass, far_end)
    assert result["reason"] == "solaredge_known"


async def test_what_was_ignored_for_core_is_still_offered(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    MockConfigEntry(
        domain="solaredge_modbus", unique_id=SERIAL, source=SOURCE_IGNORE
    ).add_to_hass(hass)
    result = await discover(hass, far_end)
    assert result["step_id"] == "solaredge_found"


async def test_what_is_read_already_is_not_asked_again(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    MockConfigEntry(domain=DOMAIN, source=SOURCE_IGNORE, data={}).add_to_hass(hass)
    MockConfigEntry(domain=DOMAIN, data={CONF_KIND: Kind.LINKY}).add_to_hass(hass)
    solaredge_entry(far_end, host="localhost").add_to_hass(hass)
    result = await discover(hass, far_end)
    assert result["reason"] == "already_configured"
    assert not far_end.connections


async def test_an_inverter_that_moved_is_followed(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    async with switched_on(far_end.units) as old:
        entry = solaredge_entry(old)
        entry.add_to_hass(hass)
        result = await discover(hass, far_end)
        assert result["reason"] == "already_configured"
        assert entry.data[CONF_PORT] == far_end.port


@pytest.mark.parametrize("core_moved_first", [True, False])
async def test_an_inverter_that_core_reads_too_is_followed_as_well(
    hass: HomeAssistant, far_end: Inverter, *, core_moved_first: bool
) -> None:
    async with switched_on(far_end.units) as old:
        entry = solaredge_entry(old)
        entry.add_to_hass(hass)
        core_entry(far_end if core_moved_first else old).add_to_hass(hass)
        result = await discover(hass, far_end)
        assert result["reason"] == "already_configured"
        assert entry.data[CONF_PORT] == far_end.port


async def test_an_announcement_that_leads_nowhere_is_dropped(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.units = {1: ev_charger()}
    result = await discover(hass, far_end)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "solaredge_ev_charger"


@pytest.mark.parametrize(
    ("told", "unit_id"),
    [("125", 125), ("0", 1), ("248", 1), ("?", 1), (None, 1)],
)
def test_an_unusable_id_in_an_announcement_is_the_usual_one(
    told: str | None, unit_id: int
) -> None:
    assert announced_unit_id(announced(Inverter({}), told).properties) == unit_id


# Moving it


async def test_an_inverter_is_moved_to_another_address(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    entry = solaredge_entry(far_end, meters={"old": {"role": "grid"}})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    async with switched_on(far_end.units) as moved:
        result = await entry.start_reconfigure_flow(hass)
        assert result["step_id"] == "solaredge_host"
        suggested = {
            field.schema: (field.description or {}).get("suggested_value")
            for field in result["data_schema"].schema
        }
        assert suggested[CONF_PORT] == far_end.port
        result = await submit(hass, result["flow_id"], address(moved))
        assert result["step_id"] == "solaredge_found"
        # Until the form is sent it goes on where it was.
        assert entry.state is ConfigEntryState.LOADED
        assert entry.data[CONF_PORT] == far_end.port
        result = await hass.config_entries.flow.async_configure(
            result["flow_id"], {"meter_1": "grid_reversed"}
        )
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert entry.data[CONF_PORT] == moved.port
        assert list(entry.data["meters"].values()) == [{"reversed": True}]
        assert entry.state is ConfigEntryState.LOADED

        result = await entry.start_reconfigure_flow(hass)
        result = await submit(hass, result["flow_id"], address(moved))
        (field,) = result["data_schema"].schema
        assert field.description == {"suggested_value": "grid_reversed"}
        hass.config_entries.flow.async_abort(result["flow_id"])


async def test_another_spelling_can_be_tested_while_the_entry_holds_the_connection(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    entry = solaredge_entry(far_end)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    result = await entry.start_reconfigure_flow(hass)
    renamed = {**address(far_end), CONF_HOST: "localhost"}
    result = await submit(hass, result["flow_id"], renamed)
    assert result["step_id"] == "solaredge_found"
    assert entry.state is ConfigEntryState.LOADED
    result = await hass.config_entries.flow.async_configure(result["flow_id"], GRID)
    await hass.async_block_till_done()
    assert entry.data[CONF_HOST] == "localhost"
    assert far_end.most_connections == 1


async def test_a_move_to_another_inverter_is_refused_and_the_entry_reads_on(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    entry = solaredge_entry(far_end)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    async with switched_on(inverter(serial="7EOTHER1")) as other:
        result = await entry.start_reconfigure_flow(hass)
        result = await submit(hass, result["flow_id"], address(other))
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "wrong_inverter"
    assert entry.data[CONF_PORT] == far_end.port
    assert entry.state is ConfigEntryState.LOADED


async def test_a_failed_move_leaves_the_entry_reading(
    hass: HomeAssistant, far_end: Inverter, no_such_name: str
) -> None:
    entry = solaredge_entry(far_end)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    result = await entry.start_reconfigure_flow(hass)
    wanted = {**address(far_end), CONF_HOST: no_such_name}
    result = await submit(hass, result["flow_id"], wanted)
    assert result["errors"] == {"base": "solaredge_unknown_host"}
    assert entry.state is ConfigEntryState.LOADED
    hass.config_entries.flow.async_abort(result["flow_id"])


async def test_a_closed_dialogue_frees_the_connection(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    far_end.silent_units = {1}
    result = await begin(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], address(far_end)
    )
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()
    far_end.silent_units = set()
    result = await begin(hass)
    result = await submit(hass, result["flow_id"], address(far_end))
    assert result["step_id"] == "solaredge_found"


# What is said


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("trouble", Trouble)
async def test_every_trouble_has_its_text_by_hand_and_by_discovery(
    hass: HomeAssistant, trouble: Trouble, language: str
) -> None:
    texts = await async_get_translations(hass, language, "config", {DOMAIN})
    by_hand = texts[f"component.{DOMAIN}.config.error.{trouble}"]
    assert by_hand == texts[f"component.{DOMAIN}.config.abort.{trouble}"]
    told = {"host": "h", "port": "p", "unit_id": "u", "detail": "d"}
    assert by_hand.format(**told) != trouble


# What is typed


@pytest.mark.parametrize(
    ("text", "unit_ids"),
    [
        ("", ()),
        ("2", (2,)),
        ("2, 4-6", (2, 4, 5, 6)),
        ("3;3 , 5", (3, 5)),
        ("3-", (3,)),
    ],
)
def test_ids_are_read_from_a_list(text: str, unit_ids: tuple[int, ...]) -> None:
    assert parse_unit_ids(text) == unit_ids


@pytest.mark.parametrize("text", ["two", "0", "248", "5-3", "-1", "240-300"])
def test_what_is_no_list_of_ids_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_unit_ids(text)


async def test_names_are_compared_by_where_they_lead(no_such_name: str) -> None:
    assert await async_is_same("localhost", "127.0.0.1", 1502)
    assert await async_is_same("Inverter.invalid", "inverter.INVALID", 1502)
    assert not await async_is_same(no_such_name, "127.0.0.1", 1502)
    assert not await async_is_same(no_such_name, "nor.such.invalid", 1502)
