"""Setting up the central system, and adopting chargers, as a user does."""

import socket
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from websockets.exceptions import InvalidStatus

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.ocpp.const import (
    CONF_AUTO_START,
    CONF_IDENTITY,
    CONF_MAX_A,
    CONF_MIN_A,
    CONF_PHASE_SWITCHING,
    CONF_PHASES,
    CONF_POWER_ENTITY,
    CONF_PRIORITY,
    CONF_SAFE_A,
    CONF_TAG,
    CONF_WRITES_PER_DAY,
    SUBENTRY_CHARGER,
)
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_USER,
    ConfigEntryDisabler,
    ConfigSubentryData,
)
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.network import NoURLAvailableError
from homeassistant.setup import async_setup_component

from .conftest import IDENTITY, Callers, until

FORM = {
    CONF_NAME: "Carport",
    CONF_PHASES: "123",
    CONF_MAX_A: 16,
    CONF_MIN_A: 6,
    CONF_SAFE_A: 8,
    CONF_PRIORITY: 2,
    CONF_AUTO_START: True,
    CONF_TAG: " HOME ",
}
DATA = {
    CONF_PHASES: [1, 2, 3],
    CONF_MAX_A: 16,
    CONF_MIN_A: 6,
    CONF_SAFE_A: 8,
    CONF_PRIORITY: 2,
    CONF_AUTO_START: True,
    CONF_TAG: "HOME",
    CONF_WRITES_PER_DAY: 3000,
}
WRONG = [
    ({CONF_MIN_A: 5}, {CONF_MIN_A: "below_six"}),
    (
        {CONF_MAX_A: 5},
        {CONF_MAX_A: "maximum_below_minimum", CONF_SAFE_A: "safe_current"},
    ),
    ({CONF_SAFE_A: 4}, {CONF_SAFE_A: "safe_current"}),
    ({CONF_SAFE_A: 20}, {CONF_SAFE_A: "safe_current"}),
    ({CONF_TAG: "x" * 17}, {CONF_TAG: "tag_length"}),
    ({CONF_TAG: "  "}, {CONF_TAG: "tag_length"}),
    (
        {CONF_PHASES: "1", CONF_PHASE_SWITCHING: "profile"},
        {CONF_PHASE_SWITCHING: "needs_three_phases"},
    ),
]


@pytest.fixture(autouse=True)
async def _surplus(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})


async def choose_ocpp(hass: HomeAssistant) -> str:
    """Open the form for a new central system; return the flow's id."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    form = await hass.config_entries.flow.async_configure(
        menu["flow_id"], {"next_step_id": "ocpp"}
    )
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "ocpp"
    flow_id: str = form["flow_id"]
    return flow_id


async def test_a_central_system_is_set_up_and_listens(
    hass: HomeAssistant, fast: None, port: int
) -> None:
    flow_id = await choose_ocpp(hass)
    result = await hass.config_entries.flow.async_configure(
        flow_id, {CONF_PORT: port, CONF_HOST: " 127.0.0.1 "}
    )
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {"kind": "ocpp", "port": port, "host": "127.0.0.1"}
    assert result["result"].runtime_data.host.central.port == port


async def test_a_port_that_is_taken_is_told_and_another_one_taken(
    hass: HomeAssistant, fast: None, port: int
) -> None:
    flow_id = await choose_ocpp(hass)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = await hass.config_entries.flow.async_configure(
            flow_id, {CONF_PORT: other.getsockname()[1], CONF_HOST: "127.0.0.1"}
        )
    assert result["errors"] == {CONF_PORT: "port_in_use"}
    result = await hass.config_entries.flow.async_configure(
        flow_id, {CONF_PORT: port, CONF_HOST: "127.0.0.1"}
    )
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("host", ["192.0.2.1", "\0"])
async def test_an_address_that_is_not_ours_is_told(
    hass: HomeAssistant, fast: None, port: int, host: str
) -> None:
    flow_id = await choose_ocpp(hass)
    result = await hass.config_entries.flow.async_configure(
        flow_id, {CONF_PORT: port, CONF_HOST: host}
    )
    assert result["errors"] == {CONF_HOST: "cannot_listen"}
    result = await hass.config_entries.flow.async_configure(
        flow_id, {CONF_PORT: port, CONF_HOST: "127.0.0.1"}
    )
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_same_address_is_not_set_up_twice(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    flow_id = await choose_ocpp(hass)
    result = await hass.config_entries.flow.async_configure(
        flow_id, {CONF_PORT: entry.data[CONF_PORT], CONF_HOST: "127.0.0.1"}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_the_address_can_be_changed_in_place(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other = probe.getsockname()[1]
    form = await entry.start_reconfigure_flow(hass)
    assert form["step_id"] == "ocpp"
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {CONF_PORT: other, CONF_HOST: "127.0.0.1"}
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    await until(lambda: entry.runtime_data.host.central.port == other)


async def test_only_the_address_without_the_port_too(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    form = await entry.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {CONF_PORT: entry.data[CONF_PORT], CONF_HOST: "192.0.2.1"}
    )
    assert result["errors"] == {CONF_HOST: "cannot_listen"}
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {CONF_PORT: entry.data[CONF_PORT], CONF_HOST: "localhost"}
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.data[CONF_HOST] == "localhost"


async def test_a_change_of_nothing_changes_nothing(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    runtime = entry.runtime_data
    form = await entry.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {CONF_PORT: entry.data[CONF_PORT], CONF_HOST: "127.0.0.1"}
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.runtime_data is runtime


def discovered(hass: HomeAssistant) -> list[Any]:
    return [
        flow
        for flow in hass.config_entries.flow.async_progress()
        if flow["context"]["source"] == "integration_discovery"
    ]


async def call_in_unknown(hass: HomeAssistant, callers: Callers) -> None:
    with pytest.raises(InvalidStatus):
        await callers.call_in("/CP-2")
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_an_unknown_charger_is_offered_and_adopted(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    for _ in range(3):
        await call_in_unknown(hass, callers)
    (flow,) = discovered(hass)
    assert flow["step_id"] == "charger_found"
    assert flow["context"]["title_placeholders"] == {"name": "CP-2"}
    form = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert form["description_placeholders"] == {"identity": "CP-2"}
    for wrong, errors in WRONG:
        form = await hass.config_entries.flow.async_configure(
            flow["flow_id"], FORM | wrong
        )
        assert form["errors"] == errors
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], FORM)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "charger_added"
    await hass.async_block_till_done()

    subentry = next(
        each for each in entry.subentries.values() if each.unique_id == "ocpp:CP-2"
    )
    assert subentry.title == "Carport"
    assert subentry.data == DATA | {CONF_IDENTITY: "CP-2"}
    wallbox = await callers.call_in("/CP-2")
    assert (await wallbox.boot()).status == "Accepted"


async def test_one_adopted_meanwhile_is_offered_no_more(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    await call_in_unknown(hass, callers)
    (flow,) = discovered(hass)
    form = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_CHARGER), context={"source": SOURCE_USER}
    )
    await hass.config_entries.subentries.async_configure(
        form["flow_id"], FORM | {CONF_IDENTITY: "CP-2"}
    )
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], FORM)
    assert result["reason"] == "already_configured"


async def test_one_whose_central_system_was_deleted_meanwhile_is_not_added(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    await call_in_unknown(hass, callers)
    (flow,) = discovered(hass)
    await hass.config_entries.async_remove(entry.entry_id)
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], FORM)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "central_system_gone"


async def test_one_that_the_user_ignores_is_not_offered_again(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    MockConfigEntry(
        domain=DOMAIN, unique_id="ocpp:CP-2", source=SOURCE_IGNORE, data={}
    ).add_to_hass(hass)
    await call_in_unknown(hass, callers)
    assert discovered(hass) == []


async def test_one_whose_central_system_is_gone_is_not_offered(
    hass: HomeAssistant,
) -> None:
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": "integration_discovery"},
        data={"entry_id": "gone", CONF_IDENTITY: "CP-2"},
    )
    assert result["reason"] == "central_system_gone"


async def test_one_that_was_removed_is_offered_again(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    hass.config_entries.async_remove_subentry(entry, next(iter(entry.subentries)))
    await hass.async_block_till_done()
    with pytest.raises(InvalidStatus):
        await callers.call_in()
    await hass.async_block_till_done(wait_background_tasks=True)
    (flow,) = discovered(hass)
    assert flow["context"]["unique_id"] == f"ocpp:{IDENTITY}"


async def test_a_charger_is_added_by_its_identity(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await hass.config.async_update(internal_url="http://192.168.1.5:8123")
    form = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_CHARGER), context={"source": SOURCE_USER}
    )
    assert form["description_placeholders"] == {
        "address": f"ws://192.168.1.5:{entry.data[CONF_PORT]}/"
    }
    for wrong, errors in [
        *WRONG,
        ({CONF_IDENTITY: "a/b"}, {CONF_IDENTITY: "identity"}),
        ({CONF_IDENTITY: "  "}, {CONF_IDENTITY: "identity"}),
        ({CONF_IDENTITY: "x" * 65}, {CONF_IDENTITY: "identity"}),
    ]:
        result = await hass.config_entries.subentries.async_configure(
            form["flow_id"], FORM | {CONF_IDENTITY: "CP 3"} | wrong
        )
        assert result["errors"] == errors
    result = await hass.config_entries.subentries.async_configure(
        form["flow_id"], FORM | {CONF_IDENTITY: " CP 3 "}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["unique_id"] == "ocpp:CP 3"
    assert result["title"] == "Carport"
    assert result["data"] == DATA | {CONF_IDENTITY: "CP 3"}
    await hass.async_block_till_done()
    assert "CP 3" in entry.runtime_data.host.central.chargers


async def test_the_same_charger_is_not_added_twice(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    form = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_CHARGER), context={"source": SOURCE_USER}
    )
    result = await hass.config_entries.subentries.async_configure(
        form["flow_id"], FORM | {CONF_IDENTITY: IDENTITY}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_a_charger_is_changed_in_place(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    callers: Callers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wallbox = await callers.call_in()
    await wallbox.boot()

    def no_url(*_args: Any, **_options: Any) -> str:
        raise NoURLAvailableError

    monkeypatch.setattr("custom_components.surplus.ocpp.flow.get_url", no_url)
    subentry_id = next(iter(entry.subentries))
    form = await entry.start_subentry_reconfigure_flow(hass, subentry_id)
    assert form["step_id"] == "reconfigure"
    assert hass.config.api is not None
    host = hass.config.api.local_ip
    assert form["description_placeholders"] == {
        "identity": IDENTITY,
        "address": f"ws://{host}:{entry.data[CONF_PORT]}/{IDENTITY}",
    }
    suggested = {
        key: key.description["suggested_value"]
        for key in form["data_schema"].schema
        if key.description
    }
    assert suggested[CONF_PHASES] == "1"
    assert suggested[CONF_NAME] == "Garage"
    for wrong, errors in WRONG:
        form = await hass.config_entries.subentries.async_configure(
            form["flow_id"], FORM | wrong
        )
        assert form["errors"] == errors
    result = await hass.config_entries.subentries.async_configure(form["flow_id"], FORM)
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.subentries[subentry_id].data == DATA | {
        CONF_IDENTITY: IDENTITY,
        CONF_PHASE_SWITCHING: "off",
    }
    assert entry.subentries[subentry_id].title == "Carport"
    charger = entry.runtime_data.host.central.chargers[IDENTITY]
    assert charger.settings.phases == (1, 2, 3)
    assert charger.counters.connections == 1


async def test_a_sensor_may_measure_instead_of_the_charger_and_be_taken_back(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await callers.call_in()
    await wallbox.boot()
    subentry_id = next(iter(entry.subentries))
    registry = async_get_registry(hass)
    present: list[bool] = []
    registry.async_listen(lambda: present.append(f"ocpp:{IDENTITY}" in registry.loads))
    hass.states.async_set("sensor.line", "1380", {"unit_of_measurement": "W"})
    for form_data, power_w in (
        (FORM | {CONF_POWER_ENTITY: "sensor.line"}, 1380),
        (FORM, None),
    ):
        form = await entry.start_subentry_reconfigure_flow(hass, subentry_id)
        result = await hass.config_entries.subentries.async_configure(
            form["flow_id"], form_data
        )
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert registry.loads[f"ocpp:{IDENTITY}"].reading.power_w == power_w
    assert len(present) == 2
    # Neither Home nor the charger has seen a gap.
    assert all(present)
    charger = entry.runtime_data.host.central.chargers[IDENTITY]
    assert charger.counters.connections == 1


@pytest.mark.parametrize(
    ("sensor", "error"),
    [
        ("sensor.surplus_own", "own_entity"),
        ("sensor.grid", "already_measures"),
        ("sensor.sun", "already_measures"),
        ("sensor.pump", "already_measures"),
    ],
)
async def test_what_measures_something_else_is_not_taken_for_the_charger(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    callers: Callers,
    sensor: str,
    error: str,
) -> None:
    await callers.call_in()
    er.async_get(hass).async_get_or_create(
        "sensor", DOMAIN, "own", suggested_object_id="surplus_own"
    )
    MockConfigEntry(
        domain=DOMAIN,
        data={
            "kind": "home",
            "power_entity": "sensor.grid",
            "solar_entity": "sensor.sun",
        },
        subentries_data=[
            ConfigSubentryData(
                data={"power_entity": "sensor.pump"},
                subentry_type="switched",
                title="Pump",
                unique_id=None,
            )
        ],
        disabled_by=ConfigEntryDisabler.USER,
    ).add_to_hass(hass)
    subentry_id = next(iter(entry.subentries))
    configure = hass.config_entries.subentries.async_configure
    form = await entry.start_subentry_reconfigure_flow(hass, subentry_id)
    result = await configure(form["flow_id"], FORM | {CONF_POWER_ENTITY: sensor})
    assert result["errors"] == {CONF_POWER_ENTITY: error}
    # Its own sensor is not in its own way.
    for _ in range(2):
        form = await entry.start_subentry_reconfigure_flow(hass, subentry_id)
        result = await configure(
            form["flow_id"], FORM | {CONF_POWER_ENTITY: "sensor.line"}
        )
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()


async def test_a_port_out_of_range_is_no_port(hass: HomeAssistant) -> None:
    flow_id = await choose_ocpp(hass)
    with pytest.raises(InvalidData):
        await hass.config_entries.flow.async_configure(
            flow_id, {CONF_PORT: 70000, CONF_HOST: "127.0.0.1"}
        )


@pytest.mark.parametrize(("wiring", "suggested"), [("123", "profile"), ("1", None)])
async def test_what_a_charger_says_of_its_phases_is_suggested_until_it_is_decided(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    callers: Callers,
    wiring: str,
    suggested: str | None,
) -> None:
    async def form() -> Any:
        result = await hass.config_entries.subentries.async_init(
            (entry.entry_id, SUBENTRY_CHARGER),
            context={"source": "reconfigure", "subentry_id": subentry_id},
        )
        found = next(
            key for key in result["data_schema"].schema if key == CONF_PHASE_SWITCHING
        )
        return result["flow_id"], (found.description or {}).get("suggested_value")

    (subentry_id,) = entry.subentries
    subentry = entry.subentries[subentry_id]
    hass.config_entries.async_update_subentry(
        entry, subentry, data={**subentry.data, CONF_PHASES: [*map(int, wiring)]}
    )
    await hass.async_block_till_done()
    assert (await form())[1] is None
    charger = entry.runtime_data.host.central.chargers[IDENTITY]
    charger.memory.configuration["connectorswitch3to1phasesupported"] = "true"
    flow_id, offered = await form()
    assert offered == suggested
    await hass.config_entries.subentries.async_configure(flow_id, FORM)
    await hass.async_block_till_done()
    # Decided: off stays off.
    assert (await form())[1] == "off"
    assert not charger.switches_phases
