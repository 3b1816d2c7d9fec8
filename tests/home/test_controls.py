"""Modes, boosts and the commissioning check, as load entities use them."""

import asyncio
from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_get_persistent_notifications,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.check import CheckEnd, Sign
from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.registry import async_get_registry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .conftest import LOAD_ID, METER_ID, Life


def controls(hass: HomeAssistant):
    return async_get_registry(hass).home.load(LOAD_ID)


async def test_a_boost_with_an_end_goes_back_to_the_mode_before(
    hass: HomeAssistant, life: Life
) -> None:
    home = async_get_registry(hass).home
    until = dt_util.utcnow() + timedelta(minutes=2)
    await home.async_set_mode(LOAD_ID, Mode.BOOST, until)
    await life.run(5, 1000)
    assert controls(hass).mode is Mode.BOOST
    assert controls(hass).boost_until == until
    assert controls(hass).decision.reason is Reason.BOOST
    await life.run(120, 1000)
    assert controls(hass).mode is Mode.SOLAR
    assert controls(hass).boost_until is None


async def test_a_boost_prolonged_still_goes_back_to_the_mode_before_it(
    hass: HomeAssistant, life: Life
) -> None:
    home = async_get_registry(hass).home
    await home.async_set_mode(LOAD_ID, Mode.OFF)
    for minutes in (1, 2):
        until = dt_util.utcnow() + timedelta(minutes=minutes)
        await home.async_set_mode(LOAD_ID, Mode.BOOST, until)
    await life.run(130, 1000)
    assert controls(hass).mode is Mode.OFF


async def test_listeners_hear_of_changes_and_not_of_every_cycle(
    hass: HomeAssistant, life: Life
) -> None:
    home = async_get_registry(hass).home
    heard: list[str] = []
    stop = home.async_subscribe(LOAD_ID, lambda: heard.append(controls(hass).mode))
    await life.run(30, 1000)
    assert len(heard) == 1
    await home.async_set_mode(LOAD_ID, Mode.OFF)
    assert heard[-1] == Mode.OFF
    stop()
    count = len(heard)
    await home.async_set_mode(LOAD_ID, Mode.SOLAR)
    assert len(heard) == count


async def test_a_reason_that_flickers_is_not_written_each_time(
    hass: HomeAssistant, life: Life
) -> None:
    home = async_get_registry(hass).home
    await life.run(100, -3000)
    heard: list[str] = []
    home.async_subscribe(LOAD_ID, lambda: heard.append(controls(hass).decision.reason))
    for base_w in (-300, -3000) * 20:
        await life.run(3, base_w)
    assert len(heard) <= 13


async def test_a_load_hears_that_a_person_wants_something_of_it(
    hass: HomeAssistant, life: Life
) -> None:
    home = async_get_registry(hass).home
    await life.run(5, 800)
    assert life.charger.wishes == 0
    await home.async_set_mode(LOAD_ID, Mode.BOOST)
    assert life.charger.wishes == 1
    await home.async_resume(LOAD_ID)
    # With nothing that passes too.
    await home.async_resume(LOAD_ID)
    assert life.charger.wishes == 3
    await run_check(hass, life)
    assert life.charger.wishes == 4


async def run_check(hass: HomeAssistant, life: Life, sign: float = 1.0, base_w=800.0):
    home = async_get_registry(hass).home
    task = asyncio.create_task(home.async_check(LOAD_ID))
    await asyncio.sleep(0)
    assert controls(hass).checking
    for _ in range(200):
        await life.run(1, base_w, sign)
        if task.done():
            return await task
    raise AssertionError("the check did not end")


async def test_a_check_commands_even_while_observing_and_lets_go_afterwards(
    hass: HomeAssistant, life: Life
) -> None:
    await life.run(5, 800)
    result = await run_check(hass, life)
    assert result.end is CheckEnd.DONE
    assert result.sign is Sign.RIGHT
    assert 6.0 in life.charger.told
    await life.run(2, 800)
    assert life.charger.told[-1] is None
    assert controls(hass).check is result
    assert not controls(hass).checking


async def test_a_check_is_reported_in_the_users_language(
    hass: HomeAssistant, life: Life
) -> None:
    hass.config.language = "fr"
    await life.run(5, 800)
    await run_check(hass, life)
    await hass.async_block_till_done()
    note = async_get_persistent_notifications(hass)[f"surplus_check_{LOAD_ID}"]
    assert "Le sens du compteur réseau est bon" in note["message"]
    assert "1380" in note["message"]
    assert note["title"] == "Vérification de mise en service – Garage"


async def test_a_reversed_meter_is_refused_until_it_is_turned_round(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    issue_registry,
) -> None:
    home_entry.runtime_data.async_set_observing(False)
    await life.run(5, 800, -1)
    result = await run_check(hass, life, sign=-1.0)
    assert result.sign is Sign.REVERSED
    assert issue_registry.async_get_issue(DOMAIN, "sign_reversed")
    await life.run(30, 3000, -1)
    assert life.charger.told[-1] is None
    assert controls(hass).decision.reason is Reason.SIGN_REVERSED
    # Another limit does not make the meter right.
    hass.config_entries.async_update_entry(
        home_entry, data={**home_entry.data, "strictness": "strict"}
    )
    await hass.async_block_till_done()
    assert issue_registry.async_get_issue(DOMAIN, "sign_reversed")
    # Taken out and chosen anew, it is trusted once more.
    for meters in (["linky:other"], [METER_ID]):
        hass.config_entries.async_update_entry(
            home_entry, data={**home_entry.data, "grid_meters": meters}
        )
        await hass.async_block_till_done()
    assert not issue_registry.async_get_issue(DOMAIN, "sign_reversed")
    await life.run(120, -3000)
    assert life.charger.told[-1] > 6


async def test_one_check_at_a_time(hass: HomeAssistant, life: Life) -> None:
    home = async_get_registry(hass).home
    await life.run(5, 800)
    task = asyncio.create_task(home.async_check(LOAD_ID))
    await asyncio.sleep(0)
    with pytest.raises(ServiceValidationError) as refused:
        await home.async_check(LOAD_ID)
    assert refused.value.translation_key == "check_running"
    life.charger.reading = life.charger.reading.__class__(
        reachable=False, wants_power=False
    )
    await life.run(2, 800)
    assert (await task).end is CheckEnd.NOT_READY


async def test_a_check_needs_a_meter(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    registry = async_get_registry(hass)
    registry.meters.clear()
    home_entry.runtime_data.async_reconfigure(None)
    with pytest.raises(ServiceValidationError) as refused:
        await registry.home.async_check(LOAD_ID)
    assert refused.value.translation_key == "check_needs_meter"


async def test_diagnostics_hold_the_newest_cycle(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, hass_client
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    before = await get_diagnostics_for_config_entry(hass, hass_client, home_entry)
    assert before["cycle"] is None
    await life.run(3, -3000)
    data = await get_diagnostics_for_config_entry(hass, hass_client, home_entry)
    assert data["cycle"]["grid_w"] == -3000
    assert data["cycle"]["decisions"][0]["reason"] == "about_to_start"
    assert data["memory"]["observing"] is True


async def test_a_reversed_meter_is_still_reported_after_a_restart(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, issue_registry
) -> None:
    home_entry.runtime_data.memory.reversed_meters = {METER_ID}
    await hass.config_entries.async_unload(home_entry.entry_id)
    await life.pass_time(40)
    assert await hass.config_entries.async_setup(home_entry.entry_id)
    assert issue_registry.async_get_issue(DOMAIN, "sign_reversed")


async def test_a_check_whose_caller_went_away_pulses_no_longer(
    hass: HomeAssistant, life: Life
) -> None:
    await life.run(5, 800)
    task = asyncio.create_task(async_get_registry(hass).home.async_check(LOAD_ID))
    await life.run(25, 800)
    assert life.charger.told[-1] == 6
    task.cancel()
    await life.run(3, 800)
    assert life.charger.told[-1] is None
    assert not controls(hass).checking


async def test_a_load_that_goes_away_ends_its_check_for_the_caller(
    hass: HomeAssistant, life: Life
) -> None:
    registry = async_get_registry(hass)
    await life.run(5, 800)
    task = asyncio.create_task(registry.home.async_check(LOAD_ID))
    await life.run(3, 800)
    del registry.loads[LOAD_ID]
    await life.run(2, 800)
    assert (await task).end is CheckEnd.NOT_READY


async def test_a_home_that_is_removed_ends_a_check_for_its_caller(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await life.run(5, 800)
    task = asyncio.create_task(async_get_registry(hass).home.async_check(LOAD_ID))
    await life.run(3, 800)
    await hass.config_entries.async_remove(home_entry.entry_id)
    assert (await task).end is CheckEnd.METER_LOST


async def test_a_check_that_never_ends_is_given_up(
    hass: HomeAssistant, life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.surplus.home.checks._TIMEOUT_S", 8)
    await life.run(5, 800)
    task = asyncio.create_task(async_get_registry(hass).home.async_check(LOAD_ID))
    await life.run(12, 800)
    assert (await task).end is CheckEnd.METER_LOST
    await life.run(3, 800)
    assert life.charger.told[-1] is None
