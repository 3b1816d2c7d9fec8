"""The OCPP entry in a real Home Assistant, with real chargers on loopback."""

import asyncio
from datetime import timedelta
import socket
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from websockets.exceptions import InvalidStatus

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.diagnostics import async_get_config_entry_diagnostics
from custom_components.surplus.ocpp.charge_point import Charger
from custom_components.surplus.ocpp.config import settings_of
from custom_components.surplus.ocpp.const import SUBENTRY_CHARGER
from custom_components.surplus.ocpp.server import CentralSystem
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import (
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigSubentry,
)
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .conftest import (
    FAST,
    IDENTITY,
    Callers,
    Wallbox,
    charger_data,
    for_a_while,
    is_safe,
    limit_of,
    timed,
    until,
)
from .test_charge_point import stamp

LOAD_ID = f"ocpp:{IDENTITY}"
FAST_WRITES = timedelta(0)


def charger_of(entry: MockConfigEntry, identity: str = IDENTITY) -> Charger:
    charger: Charger = entry.runtime_data.host.central.chargers[identity]
    return charger


async def ready(
    entry: MockConfigEntry, callers: Callers, identity: str = IDENTITY
) -> Wallbox:
    """A charger that has booted and may be commanded."""
    wallbox = await callers.call_in(f"/{identity}")
    await wallbox.boot()
    await wallbox.status("Available", timestamp="2026-01-01T00:00:00Z")
    charger = charger_of(entry, identity)
    await until(lambda: charger.ready_link is not None and charger._configured)
    return wallbox


def device_of(
    hass: HomeAssistant, entry: MockConfigEntry, identifier: str
) -> dr.DeviceEntry | None:
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, identifier), entry.entry_id
    )
    assert device is None or isinstance(device, dr.DeviceEntry)
    return device


def entity(hass: HomeAssistant, platform: str, key: str) -> str:
    """The entity id of one of the charger's entities."""
    entity_id = er.async_get(hass).async_get_entity_id(
        platform, DOMAIN, f"{LOAD_ID}_{key}"
    )
    assert entity_id is not None
    return entity_id


def value(hass: HomeAssistant, key: str, platform: str = "sensor") -> str:
    state = hass.states.get(entity(hass, platform, key))
    assert state is not None
    return state.state


async def test_a_session_is_seen(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    assert value(hass, "status") == "unavailable"
    assert value(hass, "connected", "binary_sensor") == "off"
    wallbox = await ready(entry, callers)
    await wallbox.status("Preparing", timestamp=stamp(-20))
    assert value(hass, "status") == "preparing"
    assert value(hass, "connected", "binary_sensor") == "on"
    assert value(hass, "plugged", "binary_sensor") == "on"
    with patch(
        "custom_components.surplus.entity.LiveSensor._write_interval", FAST_WRITES
    ):
        number = await wallbox.begin(timestamp=stamp(-10))
        await wallbox.status("Charging", timestamp=stamp(-9))
        await wallbox.measure(
            stamp(),
            number,
            Power_Active_Import=7360,
            Current_Import=16,
            Energy_Active_Import_Register=3500,
        )
        await async_get_registry(hass).loads[LOAD_ID].async_apply(10)
    assert value(hass, "status") == "charging"
    assert float(value(hass, "power")) == 7360
    assert float(value(hass, "current")) == 16
    assert float(value(hass, "offered_current")) == 10
    assert float(value(hass, "session_energy")) == 2.5
    assert float(value(hass, "total_energy")) == 3.5


async def test_an_error_is_named(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await ready(entry, callers)
    assert value(hass, "error") == "no_error"
    await wallbox.status("Faulted", error_code="GroundFailure")
    assert value(hass, "error") == "ground_failure"
    assert value(hass, "plugged", "binary_sensor") == "unknown"


async def test_a_charger_that_is_gone_is_unavailable_but_for_its_counts(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await ready(entry, callers)
    await wallbox.measure(stamp(), None, Energy_Active_Import_Register=5000)
    await wallbox.hang_up()
    await until(lambda: value(hass, "connected", "binary_sensor") == "off")
    assert value(hass, "status") == "unavailable"
    assert value(hass, "start", "button") == "unavailable"
    assert float(value(hass, "total_energy")) == 5


async def test_the_devices_are_the_charger_under_its_central_system(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    device = device_of(hass, entry, LOAD_ID)
    central = device_of(hass, entry, f"ocpp:{entry.entry_id}")
    assert device is not None
    assert central is not None
    assert device.via_device_id == central.id
    assert device.name == "Garage"
    assert device.sw_version is None
    await ready(entry, callers)
    device = device_of(hass, entry, LOAD_ID)
    assert device is not None
    assert (device.manufacturer, device.model, device.serial_number) == (
        "Vendor",
        "Model",
        "0001",
    )
    assert device.sw_version == "1.0"
    subentry_id = next(iter(entry.subentries))
    entities = er.async_entries_for_device(
        er.async_get(hass), device.id, include_disabled_entities=True
    )
    assert {each.config_subentry_id for each in entities} == {subentry_id}
    assert {each.unique_id for each in entities if each.disabled_by} == {
        f"{LOAD_ID}_{key}" for key in ("malformed", "late_answers", "connections")
    }
    # The load's own controls hang on the same device.
    assert f"{LOAD_ID}_mode" in {each.unique_id for each in entities}


async def test_sessions_are_started_and_stopped_by_hand(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await ready(entry, callers)

    async def press(key: str) -> None:
        await hass.services.async_call(
            "button",
            "press",
            {"entity_id": entity(hass, "button", key)},
            blocking=True,
        )

    await press("start")
    assert wallbox.named("RemoteStartTransaction") == [
        {"id_tag": "SURPLUS", "connector_id": 1}
    ]
    number = await wallbox.begin()
    await press("stop")
    assert wallbox.named("RemoteStopTransaction") == [{"transaction_id": number}]
    wallbox.answers["RemoteStartTransaction"] = "Rejected"
    with pytest.raises(HomeAssistantError) as error:
        await press("start")
    assert error.value.translation_key == "charger_refused"
    assert error.value.translation_placeholders == {
        "name": "Garage",
        "action": "RemoteStartTransaction",
        "answer": "Rejected",
    }


async def test_home_finds_a_load_it_can_command(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    load = async_get_registry(hass).loads[LOAD_ID]
    spec = load.spec
    assert (spec.name, spec.phases, spec.min_a, spec.max_a, spec.safe_a) == (
        "Garage",
        (1,),
        6,
        16,
        6,
    )
    assert (spec.lease_s, spec.pacing_s) == (FAST.lease_s, FAST.spacing_s)
    assert not load.reading.reachable
    assert load.reading.link_lost_at is not None
    with pytest.raises(HomeAssistantError) as error:
        await load.async_apply(10)
    assert error.value.translation_key == "charger_not_connected"

    seen = []
    stop = load.async_subscribe(lambda: seen.append(load.reading))
    wallbox = await ready(entry, callers)
    assert seen
    assert load.reading.reachable
    assert load.reading.link_lost_at is None
    assert load.reading.offered_a is None
    assert not load.reading.wants_power
    await load.async_apply(10)
    assert wallbox.limits == [10]
    assert load.reading.offered_a == 10
    assert load.reading.offered_at is not None

    await wallbox.status("Charging", timestamp=stamp(-1))
    await wallbox.measure(stamp(), None, Power_Active_Import=2300, Current_Import=10)
    reading = load.reading
    assert reading.wants_power
    assert reading.power_w == 2300
    assert reading.power_at is not None
    assert reading.currents_a == (10,)
    # The whole unit out of order is a reason not to want.
    await wallbox.status("Unavailable", connector_id=0)
    assert not load.reading.wants_power

    await load.async_release()
    assert wallbox.limits == [10, 6]
    wallbox.answers["SetChargingProfile"] = "Rejected"
    await for_a_while(FAST.spacing_s)
    with pytest.raises(HomeAssistantError) as error:
        await load.async_apply(12)
    assert error.value.translation_key == "charger_refused"
    stop()
    await wallbox.hang_up()
    await until(lambda: not load.reading.reachable)
    offered_at = load.reading.offered_at
    assert offered_at is not None
    assert load.reading.link_lost_at is not None
    with pytest.raises(HomeAssistantError):
        await load.async_release()


class TestSilent:
    """A charger without an answer."""

    @pytest.fixture
    def timing(self) -> Any:
        return timed(call_s=0.4)

    async def test_home_is_told(
        self, hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
    ) -> None:
        wallbox = await ready(entry, callers)
        wallbox.silent = True
        load = async_get_registry(hass).loads[LOAD_ID]
        applying = asyncio.create_task(load.async_apply(10))
        await until(lambda: charger_of(entry).memory.cleared)
        await for_a_while()
        # It does not answer, but it is there.
        await wallbox.socket.ping()
        with pytest.raises(HomeAssistantError) as error:
            await applying
        assert error.value.translation_key == "charger_no_answer"
        # What was sent last may be in force, from when it was sent.
        offered = charger_of(entry).commander().lease.offered
        assert offered is None
        wallbox.silent = False
        await until(lambda: load.reading.offered_a == 10)
        await for_a_while(FAST.spacing_s)
        wallbox.silent = True
        with pytest.raises(HomeAssistantError):
            await load.async_apply(16)
        offered = charger_of(entry).commander().lease.offered
        assert offered is not None
        assert load.reading.offered_a == 16
        wallbox.socket.transport.abort()
        await until(lambda: not load.reading.reachable)
        assert load.reading.link_lost_at is not None
        assert load.reading.link_lost_at >= offered.sent_at
        wallbox.silent = False


async def test_a_reload_does_not_lose_a_charger(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await ready(entry, callers)
    number = await wallbox.begin()
    load = async_get_registry(hass).loads[LOAD_ID]
    await load.async_apply(10)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    charger = charger_of(entry)
    assert charger.counters.connections == 1
    assert charger.connected
    assert value(hass, "status") == "available"
    session = charger.transactions.current(1)
    assert session is not None
    assert session.transaction_id == number
    again = async_get_registry(hass).loads[LOAD_ID]
    assert again is not load
    await again.async_apply(12)
    await until(lambda: wallbox.limits[-1] == 12)
    assert 6 not in wallbox.limits
    await wallbox.status("Preparing")
    assert value(hass, "status") == "preparing"


async def test_a_charger_changed_while_unloaded_is_brought_in_line(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    await ready(entry, callers)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert async_get_registry(hass).loads == {}
    subentry = next(iter(entry.subentries.values()))
    hass.config_entries.async_update_subentry(
        entry, subentry, title="Carport", data={**subentry.data, "max_a": 32.0}
    )
    new = charger_data("CP-2")
    hass.config_entries.async_add_subentry(
        entry,
        ConfigSubentry(
            data=MappingProxyType(new["data"]),
            subentry_type=SUBENTRY_CHARGER,
            title=new["title"],
            unique_id=new["unique_id"],
        ),
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert charger_of(entry).counters.connections == 1
    assert charger_of(entry).settings.max_a == 32
    assert async_get_registry(hass).loads[LOAD_ID].spec.name == "Carport"
    assert "ocpp:CP-2" in async_get_registry(hass).loads

    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert list(entry.runtime_data.host.central.chargers) == ["CP-2"]


class TestTwo:
    """Two chargers behind one entry."""

    @pytest.fixture
    def identities(self) -> tuple[str, ...]:
        return (IDENTITY, "CP-2")

    async def test_changing_one_does_not_interrupt_the_other(
        self, hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
    ) -> None:
        first = await ready(entry, callers)
        await ready(entry, callers, "CP-2")
        await async_get_registry(hass).loads[LOAD_ID].async_apply(10)
        subentry = next(
            each for each in entry.subentries.values() if each.unique_id == "ocpp:CP-2"
        )
        runtime = entry.runtime_data
        hass.config_entries.async_update_subentry(
            entry, subentry, title="Barn", data={**subentry.data, "max_a": 10.0}
        )
        await hass.async_block_till_done()
        assert entry.runtime_data is runtime
        assert charger_of(entry, "CP-2").settings.max_a == 10
        assert charger_of(entry, "CP-2").settings.name == "Barn"
        device = device_of(hass, entry, "ocpp:CP-2")
        assert device is not None
        assert device.name == "Barn"

        hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
        await hass.async_block_till_done()
        assert list(runtime.host.central.chargers) == [IDENTITY]
        assert list(async_get_registry(hass).loads) == [LOAD_ID]
        assert device_of(hass, entry, "ocpp:CP-2") is None
        assert charger_of(entry).counters.connections == 1
        await first.status("Preparing")
        assert value(hass, "status") == "preparing"
        # Not even its limit was said again.
        assert first.limits == [10]

    async def test_an_orderly_stop_leaves_all_of_them_safe(
        self, hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
    ) -> None:
        first = await ready(entry, callers)
        second = await ready(entry, callers, "CP-2")
        loads = async_get_registry(hass).loads
        await loads[LOAD_ID].async_apply(16)
        await hass.async_stop(force=True)
        assert first.limits == [16, 6]
        # One that was never commanded is left as it is.
        assert second.profiles == []
        await first.gone()


async def test_who_goes_on_deciding_during_a_stop_does_not_undo_it(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await ready(entry, callers)
    load = async_get_registry(hass).loads[LOAD_ID]
    await load.async_apply(16)
    charger = charger_of(entry)
    wallbox.silent = True
    closing = hass.async_create_task(entry.runtime_data.host.close())
    await until(lambda: wallbox.limits == [16, 6])
    with pytest.raises(HomeAssistantError):
        await load.async_apply(15)
    wallbox.silent = False
    await closing
    assert wallbox.limits == [16, 6]
    assert charger.commander().lease.at_rest


async def test_a_stop_right_after_a_reload_leaves_the_charger_safe_too(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await ready(entry, callers)
    await async_get_registry(hass).loads[LOAD_ID].async_apply(16)
    host = entry.runtime_data.host
    await hass.config_entries.async_unload(entry.entry_id)
    assert wallbox.limits == [16]
    # Parked: nobody but Home Assistant's own end will close it now.
    await hass.async_stop(force=True)
    assert wallbox.limits == [16, 6]
    await host.close()
    assert wallbox.limits == [16, 6]


async def test_a_charger_added_later_is_there_at_once(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    first = await ready(entry, callers)
    with pytest.raises(InvalidStatus):
        await callers.call_in("/CP-2")
    new = charger_data("CP-2")
    hass.config_entries.async_add_subentry(
        entry,
        ConfigSubentry(
            data=MappingProxyType(new["data"]),
            subentry_type=SUBENTRY_CHARGER,
            title=new["title"],
            unique_id=new["unique_id"],
        ),
    )
    await hass.async_block_till_done()
    await ready(entry, callers, "CP-2")
    registry = er.async_get(hass)
    assert registry.async_get_entity_id("sensor", DOMAIN, "ocpp:CP-2_status")
    assert registry.async_get_entity_id("select", DOMAIN, "ocpp:CP-2_mode")
    await first.status("Preparing")
    assert charger_of(entry).counters.connections == 1


async def test_a_rename_of_the_entry_disturbs_nobody(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    await ready(entry, callers)
    runtime = entry.runtime_data
    hass.config_entries.async_update_entry(entry, title="Chargers")
    await hass.async_block_till_done()
    assert entry.runtime_data is runtime
    assert charger_of(entry).counters.connections == 1


async def test_another_port_is_listened_on_after_a_change(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await ready(entry, callers)
    await async_get_registry(hass).loads[LOAD_ID].async_apply(16)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other = probe.getsockname()[1]
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_PORT: other})
    await hass.async_block_till_done()
    await until(lambda: entry.runtime_data.host.central.port == other)
    # It was left safe before it was let go.
    assert wallbox.limits == [16, 6]
    moved = Callers(other)
    await (await moved.call_in()).boot()
    await moved.hang_up()


async def test_a_port_that_is_taken_is_tried_again(
    hass: HomeAssistant, fast: None, port: int, hass_storage: dict[str, Any]
) -> None:
    entry = MockConfigEntry(
        domain=DOMAIN,
        data={"kind": "ocpp", "port": port, "host": "127.0.0.1"},
        subentries_data=[charger_data()],
    )
    entry.add_to_hass(hass)
    # What was remembered is not lost by a set-up that fails.
    limits = {"1": {"offered_a": 16, "sent": stamp()}}
    key = f"surplus.ocpp.{entry.entry_id}"
    hass_storage[key] = {
        "version": 1,
        "minor_version": 1,
        "key": key,
        "data": {"chargers": {IDENTITY: {"limits": limits}}},
    }
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "port_in_use"
    assert entry.error_reason_translation_placeholders == {
        "port": str(port),
        "host": "127.0.0.1",
    }
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert async_get_registry(hass).loads[LOAD_ID].reading.offered_a == 16


async def test_an_address_that_is_not_ours_is_told(
    hass: HomeAssistant, fast: None, port: int
) -> None:
    entry = MockConfigEntry(
        domain=DOMAIN, data={"kind": "ocpp", "port": port, "host": "192.0.2.1"}
    )
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.error_reason_translation_key == "cannot_listen"


async def test_disabling_the_entry_leaves_the_charger_safe_and_frees_the_port(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers, port: int
) -> None:
    wallbox = await ready(entry, callers)
    await async_get_registry(hass).loads[LOAD_ID].async_apply(16)
    await hass.config_entries.async_set_disabled_by(
        entry.entry_id, ConfigEntryDisabler.USER
    )
    assert wallbox.limits == [16, 6]
    await wallbox.gone()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_removing_the_entry_frees_the_charger_of_our_profiles(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    callers: Callers,
    hass_storage: dict[str, Any],
) -> None:
    wallbox = await ready(entry, callers)
    await async_get_registry(hass).loads[LOAD_ID].async_apply(16)
    wallbox.calls.clear()
    await hass.config_entries.async_remove(entry.entry_id)
    assert [call["id"] for call in wallbox.named("ClearChargingProfile")] == [2, 1]
    await wallbox.gone()
    assert f"surplus.ocpp.{entry.entry_id}" not in hass_storage


async def test_removing_an_entry_that_was_not_loaded_is_nothing_special(
    hass: HomeAssistant, fast: None, port: int
) -> None:
    entry = MockConfigEntry(
        domain=DOMAIN, data={"kind": "ocpp", "port": port, "host": "127.0.0.1"}
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_remove(entry.entry_id) == {
        "require_restart": False
    }


async def test_the_same_session_goes_on_in_another_home_assistant(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    callers: Callers,
    hass_storage: dict[str, Any],
) -> None:
    wallbox = await ready(entry, callers)
    with patch("custom_components.surplus.ocpp.host.SAVE_SOON_S", 0):
        number = await wallbox.begin(meter_start=1000, timestamp=stamp(-10))
        await wallbox.status("Charging", timestamp=stamp(-9))
    key = f"surplus.ocpp.{entry.entry_id}"
    await hass.async_stop(force=True)
    stored = hass_storage[key]["data"]
    assert str(number) in str(stored)

    charger_again = MockConfigEntry(
        domain=DOMAIN, data=dict(entry.data), subentries_data=[charger_data()]
    )
    # What another process would read.
    central = CentralSystem(timing=FAST)
    central.restore(stored)
    charger = central.add(settings_of(next(iter(charger_again.subentries.values()))))
    session = charger.transactions.current(1)
    assert session is not None
    assert session.transaction_id == number
    await charger.close()


async def test_what_is_remembered_is_written(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    callers: Callers,
    hass_storage: dict[str, Any],
) -> None:
    key = f"surplus.ocpp.{entry.entry_id}"
    with (
        patch("custom_components.surplus.ocpp.host.SAVE_SOON_S", 0.05),
        patch("custom_components.surplus.ocpp.host.SAVE_LATER_S", 0.1),
    ):
        wallbox = await ready(entry, callers)
        await until(lambda: key in hass_storage)
        hass_storage.pop(key)
        number = await wallbox.begin()
        load = async_get_registry(hass).loads[LOAD_ID]
        await until(lambda: str(number) in str(hass_storage.get(key)))
        await load.async_apply(9)
        await until(lambda: "'offered_a': 9" in str(hass_storage.get(key)))


async def test_a_write_that_is_due_is_not_put_off(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    host = entry.runtime_data.host
    with patch.object(host._store, "async_delay_save") as write:
        host._save(False)
        host._save(False)
        assert [call.args[1] for call in write.mock_calls] == [pytest.approx(60)]
        # Sooner is another matter.
        host._save(True)
        host._save(True)
        host._save(False)
        assert [call.args[1] for call in write.mock_calls[1:]] == [pytest.approx(2)]
        # Once it is written the next one counts anew.
        write.mock_calls[-1].args[0]()
        host._save(False)
        assert len(write.mock_calls) == 3


@pytest.mark.parametrize("stored", ["text", None, {"chargers": 5}])
async def test_a_store_of_anything_does_not_hinder_the_set_up(
    hass: HomeAssistant,
    fast: None,
    port: int,
    hass_storage: dict[str, Any],
    stored: Any,
) -> None:
    entry = MockConfigEntry(
        domain=DOMAIN,
        data={"kind": "ocpp", "port": port, "host": "127.0.0.1"},
        subentries_data=[charger_data()],
    )
    entry.add_to_hass(hass)
    key = f"surplus.ocpp.{entry.entry_id}"
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": stored}
    assert await hass.config_entries.async_setup(entry.entry_id)


async def test_diagnostics_show_what_was_told_and_hide_who_told_it(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    shown = await async_get_config_entry_diagnostics(hass, entry)
    assert shown["chargers"][0]["limit"]["offered_a"] is None
    wallbox = await ready(entry, callers)
    await wallbox.begin(id_tag="SECRETTAG")
    await wallbox.status("Charging", timestamp=stamp(-1))
    await wallbox.measure(stamp(), None, Power_Active_Import=2300)
    await async_get_registry(hass).loads[LOAD_ID].async_apply(10)
    shown = await async_get_config_entry_diagnostics(hass, entry)
    assert shown["listening"] == entry.data[CONF_PORT]
    charger = shown["chargers"][0]
    assert charger["limit"]["offered_a"] == 10
    assert charger["connectors"][0]["power_w"] == 2300
    assert charger["remembered"]["memory"]["form"] == "stacked"
    for secret in ("SECRETTAG", IDENTITY, "0001"):
        assert secret not in str(shown)


async def test_the_profiles_on_the_wire_are_those_of_the_subentry(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await ready(entry, callers)
    await async_get_registry(hass).loads[LOAD_ID].async_apply(32)
    assert limit_of(wallbox.profiles[-1]) == 16
    assert [limit_of(each) for each in wallbox.profiles if is_safe(each)] == [6]
