"""A load that was deleted is forgotten: adopted again, it is a new one."""

import asyncio
from types import MappingProxyType

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.control.model import Mode
from custom_components.surplus.registry import Trouble, async_get_registry
from homeassistant.config_entries import ConfigEntryDisabler, ConfigSubentry
from homeassistant.core import HomeAssistant

from .conftest import LOAD_ID, Life


async def set_mode(hass: HomeAssistant, load_id: str, mode: Mode) -> None:
    await async_get_registry(hass).home.async_set_mode(load_id, mode)
    await hass.async_block_till_done()


async def delete(hass: HomeAssistant, life: Life) -> None:
    """Delete the charger as its own room does."""
    registry = async_get_registry(hass)
    del registry.loads[LOAD_ID]
    registry.async_forget_load(LOAD_ID)
    await hass.async_block_till_done()


async def test_a_deleted_charger_begins_anew_when_it_is_adopted_again(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await life.run(3, -3000)
    await set_mode(hass, LOAD_ID, Mode.OFF)
    coordinator = home_entry.runtime_data
    await delete(hass, life)
    await life.run(2, -3000)
    assert LOAD_ID not in coordinator.memory.loads
    saved = coordinator._to_save()
    assert LOAD_ID not in saved["engine"]["loads"]
    # Its id is still to be taken out of the record.
    assert saved["gone"] == [LOAD_ID]
    async_get_registry(hass).async_register_load(life.charger)
    await life.run(2, -3000)
    controls = async_get_registry(hass).home.load(LOAD_ID)
    assert controls.mode is Mode.SOLAR
    assert controls.check is None


async def test_one_that_is_only_away_is_not_forgotten(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await set_mode(hass, LOAD_ID, Mode.OFF)
    registry = async_get_registry(hass)
    charger = registry.loads.pop(LOAD_ID)
    await life.run(2, -3000)
    registry.async_register_load(charger)
    assert registry.home.load(LOAD_ID).mode is Mode.OFF


async def test_a_charger_deleted_while_the_home_is_away_is_forgotten_later(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await set_mode(hass, LOAD_ID, Mode.OFF)
    assert await hass.config_entries.async_unload(home_entry.entry_id)
    await delete(hass, life)
    assert await hass.config_entries.async_setup(home_entry.entry_id)
    await hass.async_block_till_done()
    assert LOAD_ID not in home_entry.runtime_data.memory.loads


async def test_a_deleted_subentry_is_forgotten_even_while_the_home_was_disabled(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    hass.states.async_set("switch.pump", "off")
    ids = []
    for n in range(2):
        subentry = ConfigSubentry(
            data=MappingProxyType(
                {"switch_entity": f"switch.pump_{n}", "phases": [1], "priority": 2}
            ),
            subentry_type="switched",
            title=f"Pump {n}",
            unique_id=None,
        )
        hass.config_entries.async_add_subentry(home_entry, subentry)
        await hass.async_block_till_done()
        ids.append(subentry.subentry_id)
        await set_mode(hass, f"home:{ids[n]}", Mode.OFF)
    hass.config_entries.async_remove_subentry(home_entry, ids[0])
    await hass.async_block_till_done()
    memory = home_entry.runtime_data.memory
    assert f"home:{ids[0]}" not in memory.loads
    assert f"home:{ids[1]}" in memory.loads
    await hass.config_entries.async_set_disabled_by(
        home_entry.entry_id, ConfigEntryDisabler.USER
    )
    hass.config_entries.async_remove_subentry(home_entry, ids[1])
    await hass.config_entries.async_set_disabled_by(home_entry.entry_id, None)
    await hass.async_block_till_done()
    memory = home_entry.runtime_data.memory
    assert memory.gone == [f"home:{one}" for one in ids]
    assert not any(load_id.startswith("home:") for load_id in memory.loads)


async def test_a_load_deleted_during_its_check_ends_the_check(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await life.run(3, 500)
    check = asyncio.create_task(async_get_registry(hass).home.async_check(LOAD_ID))
    await life.run(2, 500)
    assert home_entry.runtime_data.engine.checking == {LOAD_ID}
    await delete(hass, life)
    assert (await check).end == "not_ready"
    assert not home_entry.runtime_data.engine.checking


async def test_what_was_wrong_with_a_deleted_charger_is_forgotten_too(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    life.charger.update(reachable=False)
    await life.run(70, -3000)
    home = async_get_registry(hass).home
    assert home.load(LOAD_ID).trouble is Trouble.UNREACHABLE
    await delete(hass, life)
    await life.run(2, -3000)
    life.charger.update(reachable=True)
    async_get_registry(hass).async_register_load(life.charger)
    await life.run(2, -3000)
    assert home.load(LOAD_ID).trouble is None
