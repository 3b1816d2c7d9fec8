"""The life of an entry: loaded, changed, stopped, removed, and what it remembers."""

import asyncio
import socket
from types import MappingProxyType
from typing import Any
from unittest.mock import Mock, patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from websockets.exceptions import InvalidStatus

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.ocpp.config import settings_of
from custom_components.surplus.ocpp.const import SUBENTRY_CHARGER
from custom_components.surplus.ocpp.server import CentralSystem
from custom_components.surplus.registry import HomeControls, async_get_registry
from homeassistant.config_entries import (
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigSubentry,
)
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from .conftest import FAST, IDENTITY, Callers, charger_data, stamp, until
from .inside import LOAD_ID, charger_of, device_of, ready, value


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
    home = Mock(HomeControls, **{"load.return_value": None})
    async_get_registry(hass).async_publish_home(home)
    home.async_forget.assert_called_once_with(LOAD_ID)


async def test_removing_the_entry_forgets_its_chargers(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    home = Mock(HomeControls, **{"load.return_value": None})
    async_get_registry(hass).async_publish_home(home)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    home.async_forget.assert_called_once_with(LOAD_ID)


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
        # A Home that comes later forgets it, and only it.
        home = Mock(HomeControls, **{"load.return_value": None})
        async_get_registry(hass).async_publish_home(home)
        home.async_forget.assert_called_once_with("ocpp:CP-2")
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
