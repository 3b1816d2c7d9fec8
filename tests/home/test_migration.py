"""Entries and memories of earlier versions go on as they were."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus import async_migrate_entry
from custom_components.surplus.const import DOMAIN
from custom_components.surplus.home.store import HomeStore
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .conftest import METER_ID


def old_entry(**data: Any) -> MockConfigEntry:
    return MockConfigEntry(
        domain=DOMAIN,
        title="Home",
        unique_id="home",
        minor_version=1,
        data={"kind": "home", "phases": 1, "breaker_a": 40, **data},
    )


@pytest.mark.parametrize(
    ("data", "meter_id"),
    [
        ({"grid_meter": METER_ID}, METER_ID),
        (
            {"grid_meter": "entity", "power_entity": "sensor.grid", "sign": "import"},
            "entity:sensor.grid",
        ),
    ],
)
async def test_the_one_grid_meter_becomes_the_first_of_a_list(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    data: dict[str, str],
    meter_id: str,
) -> None:
    entry = old_entry(**data)
    key = f"surplus.home.{entry.entry_id}"
    hass_storage[key] = {
        "version": 2,
        "minor_version": 1,
        "key": key,
        "data": {
            "observing": False,
            "grid_target_w": 50.0,
            "margin_w": 20.0,
            "override_s": None,
            "sign_reversed": True,
            "loads": {},
            "engine": {},
        },
    }
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert (entry.version, entry.minor_version) == (1, 3)
    others = {key: value for key, value in data.items() if key != "grid_meter"}
    assert entry.data == {
        "kind": "home",
        "phases": 1,
        "breaker_a": 40,
        **others,
        "grid_meters": [data["grid_meter"]],
    }
    # What was known of that one meter stays known of it.
    memory = entry.runtime_data.memory
    assert memory.reversed_meters == {meter_id}
    assert memory.grid_target_w == 50.0


async def test_a_memory_whose_entry_is_gone_accuses_no_meter(
    hass: HomeAssistant,
) -> None:
    store = HomeStore(hass, "gone")
    old = {"sign_reversed": True, "loads": {}}
    assert await store._async_migrate_func(2, 1, old) == {
        "reversed_meters": [],
        "loads": {},
    }


async def test_entries_of_other_kinds_only_take_the_new_number(
    hass: HomeAssistant,
) -> None:
    data = {"kind": "linky", "device": "socket://127.0.0.1:1"}
    entry = MockConfigEntry(
        domain=DOMAIN, unique_id=METER_ID, data=data, minor_version=1
    )
    entry.add_to_hass(hass)
    assert await async_migrate_entry(hass, entry)
    assert entry.minor_version == 3
    assert entry.data == data


async def test_an_entry_of_a_later_version_is_left_alone(hass: HomeAssistant) -> None:
    data = {"kind": "home", "anything": "else"}
    entry = MockConfigEntry(domain=DOMAIN, unique_id="home", data=data, version=2)
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert entry.data == data


async def test_an_entry_of_a_later_minor_version_is_taken_as_it_is(
    hass: HomeAssistant, home_entry: MockConfigEntry
) -> None:
    entry = MockConfigEntry(
        domain=DOMAIN, unique_id="home", data=home_entry.data, minor_version=9
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert entry.minor_version == 9
