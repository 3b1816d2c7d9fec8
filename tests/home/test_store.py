"""What was saved: read, brought up to date, or set aside and reported when damaged."""

from collections.abc import Generator
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import CONF_KIND, DOMAIN, Kind
from custom_components.surplus.control.model import Mode
from custom_components.surplus.home.store import HomeMemory, HomeStore
from custom_components.surplus.ocpp.host import Host
from custom_components.surplus.repairs import async_create_fix_flow
from homeassistant.components.repairs import ConfirmRepairFlow
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store

from .conftest import METER_ID

# Before the test plugin keeps stores in memory.
_LOAD = Store._async_load
_WRITE = Store._async_write_data

GOOD: dict[str, Any] = {
    "observing": False,
    "grid_target_w": 50.0,
    "margin_w": 20.0,
    "override_s": None,
    "reversed_meters": [],
    "loads": {"ocpp:one": {"lasting": "eco", "passing": []}},
    "gone": ["ocpp:two"],
    "engine": {},
    "tariff": {},
    "saved_at": "2026-06-21T12:00:00+00:00",
}


@pytest.fixture
def on_disk(hass: HomeAssistant) -> Generator[Path]:
    """Let stores be files, and return their folder."""
    folder = Path(hass.config.path(".storage"))
    folder.mkdir(exist_ok=True)
    with (
        patch.object(Store, "_async_load", _LOAD),
        patch.object(Store, "_async_write_data", _WRITE),
    ):
        yield folder


def put(folder: Path, key: str, data: object, version: object = 3) -> Path:
    file = folder / key
    envelope = {"version": version, "minor_version": 1, "key": key, "data": data}
    file.write_text(json.dumps(envelope))
    return file


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> HomeMemory:
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    memory: HomeMemory = entry.runtime_data.memory
    return memory


def aside(file: Path) -> list[Path]:
    return list(file.parent.glob(f"{file.name}.corrupt.*"))


async def test_what_was_saved_comes_back(
    hass: HomeAssistant, home_entry: MockConfigEntry, on_disk: Path
) -> None:
    file = put(on_disk, f"surplus.home.{home_entry.entry_id}", GOOD)
    memory = await start(hass, home_entry)
    assert memory.as_dict() == GOOD
    assert aside(file) == []
    assert not ir.async_get(hass).issues


@pytest.mark.parametrize(
    "content",
    [
        "{ this is no JSON",
        "",
        "[]",
        "{}x",
        '{"data": {}}',
        '{"version": 3, "minor_version": 1, "data": []}',
        '{"version": 2, "minor_version": 1, "data": {"observing": true}}',
        '{"version": 3, "minor_version": 1, "data": {"observing": true}}',
        '{"version": 1, "minor_version": 1, "data": {"loads": 3}}',
        '{"version": 99, "minor_version": 1, "data": {}}',
        json.dumps(
            {
                "version": 3,
                "minor_version": 1,
                "data": GOOD | {"loads": {"a": {"lasting": "absurd", "passing": []}}},
            }
        ),
    ],
)
@pytest.mark.expects_logged_errors
async def test_a_damaged_file_is_set_aside_and_reported(
    hass: HomeAssistant,
    home_entry: MockConfigEntry,
    on_disk: Path,
    content: str,
) -> None:
    file = on_disk / f"surplus.home.{home_entry.entry_id}"
    file.write_text(content)
    memory = await start(hass, home_entry)
    assert memory.observing
    (kept,) = aside(file)
    assert kept.read_text() == content
    key = f"home_memory_lost_surplus.home.{home_entry.entry_id}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, key)
    assert issue
    assert issue.is_persistent
    # The next start finds a sound file, and the issue stays until it was seen.
    await home_entry.runtime_data.async_save()
    assert json.loads(file.read_text())["data"]["observing"] is True
    flow = await async_create_fix_flow(hass, key, None)
    assert isinstance(flow, ConfirmRepairFlow)
    await hass.config_entries.async_remove(home_entry.entry_id)
    assert not ir.async_get(hass).async_get_issue(DOMAIN, key)


async def test_damaged_learning_is_copied_and_the_rest_is_kept(
    hass: HomeAssistant, home_entry: MockConfigEntry, on_disk: Path
) -> None:
    data = GOOD | {"engine": {"loads": {"ocpp:one": 3}}}
    file = put(on_disk, f"surplus.home.{home_entry.entry_id}", data)
    before = file.read_text()
    memory = await start(hass, home_entry)
    assert memory.grid_target_w == 50.0
    (kept,) = aside(file)
    assert kept.read_text() == before
    assert ir.async_get(hass).async_get_issue(
        DOMAIN, f"home_learning_lost_surplus.home.{home_entry.entry_id}"
    )


async def test_a_file_of_the_first_version_is_brought_up_to_date(
    hass: HomeAssistant, home_entry: MockConfigEntry, on_disk: Path
) -> None:
    until = "2126-06-21T12:00:00+00:00"
    data = {
        "observing": False,
        "grid_target_w": 50.0,
        "margin_w": 20.0,
        "sign_reversed": True,
        "loads": {
            "ocpp:a": {"mode": "boost", "until": until, "back_to": "off"},
            "ocpp:b": {"mode": "off", "until": None, "back_to": "solar"},
            "ocpp:c": {"mode": "boost", "until": None, "back_to": "solar"},
        },
        "engine": {},
    }
    file = put(on_disk, f"surplus.home.{home_entry.entry_id}", data, version=1)
    memory = await start(hass, home_entry)
    assert memory.reversed_meters == {METER_ID}
    assert memory.override_s == 3600
    first, second, third = (memory.loads[f"ocpp:{key}"] for key in "abc")
    assert (first.mode, first.lasting) == (Mode.BOOST, Mode.OFF)
    assert first.top
    assert first.top.until
    assert first.top.until.isoformat() == until
    assert (second.mode, second.passing) == (Mode.OFF, ())
    assert (third.mode, third.resumed().mode) == (Mode.BOOST, Mode.SOLAR)
    assert json.loads(file.read_text())["version"] == 3


async def test_a_file_that_cannot_be_moved_is_reported_all_the_same(
    hass: HomeAssistant,
    home_entry: MockConfigEntry,
    on_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = put(on_disk, f"surplus.home.{home_entry.entry_id}", {"observing": 1})

    def stuck(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "rename", stuck)
    assert (await start(hass, home_entry)).observing
    assert aside(file) == []
    assert ir.async_get(hass).issues


async def test_the_chargers_memory_is_set_aside_and_reported_alike(
    hass: HomeAssistant, on_disk: Path, socket_enabled: None
) -> None:
    entry = MockConfigEntry(
        domain=DOMAIN,
        data={CONF_KIND: Kind.OCPP, CONF_HOST: "127.0.0.1", CONF_PORT: 0},
    )
    entry.add_to_hass(hass)
    file = put(on_disk, f"surplus.ocpp.{entry.entry_id}", {"chargers": [1]}, version=1)
    host = Host(hass, entry, "127.0.0.1", 0)
    await host.open([])
    await host.close()
    assert len(aside(file)) == 1
    key = f"ocpp_memory_lost_surplus.ocpp.{entry.entry_id}"
    assert ir.async_get(hass).async_get_issue(DOMAIN, key)


async def test_the_file_is_replaced_as_a_whole(
    hass: HomeAssistant, on_disk: Path
) -> None:
    writer = "homeassistant.helpers.storage.write_utf8_file_atomic"
    with patch(writer) as replaced:
        await HomeStore(hass, "x").async_save({})
    replaced.assert_called_once()
