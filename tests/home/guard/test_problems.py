"""Overloads that only a person can end are told, and forgotten when they are over."""

from collections.abc import Iterable

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.model import LimitKind
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_get_translations

from ..conftest import LOAD_ID, Life
from .conftest import HandGuard

HARMFUL = [LimitKind.BREAKER, LimitKind.SUBSCRIPTION, LimitKind.CIRCUIT]


def raised(hass: HomeAssistant) -> set[str]:
    """Return which of the guard's issues stand."""
    issues = ir.async_get(hass).issues
    return {issue_id for _, issue_id in issues} & {"overload", "shedding_futile"}


async def told(hass: HomeAssistant, issue_id: str) -> tuple[str, str]:
    """Return what a user reads: title and description."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    texts = await async_get_translations(hass, "en", "issues", {DOMAIN})
    path = f"component.{DOMAIN}.issues.{issue.translation_key}"
    filled = texts[f"{path}.description"].format(**issue.translation_placeholders)
    return texts[f"{path}.title"], filled


@pytest.mark.parametrize("limit", HARMFUL)
async def test_an_overload_with_nothing_left_to_stop_is_told_after_a_minute(
    hass: HomeAssistant, guard: HandGuard, house: Life, limit: LimitKind
) -> None:
    guard.says(over=limit, shed=frozenset({LOAD_ID}))
    await house.run(60, 9500)
    assert not raised(hass)
    await house.run(2, 9500)
    assert raised(hass) == {"overload"}
    title, description = await told(hass, "overload")
    assert limit.value in title
    assert "Shed just now: Garage." in description
    guard.says(over=None)
    await house.run(1, 500)
    assert not raised(hass)


async def test_a_limit_that_opens_nothing_is_no_problem_of_the_user(
    hass: HomeAssistant, guard: HandGuard, house: Life
) -> None:
    guard.says(over=LimitKind.HOUSE_CAP)
    await house.run(400, 9500)
    assert not raised(hass)


async def test_an_overload_is_counted_from_its_own_beginning(
    hass: HomeAssistant, guard: HandGuard, house: Life
) -> None:
    for over in (LimitKind.BREAKER, None, LimitKind.BREAKER):
        guard.says(over=over)
        await house.run(40, 9500)
    assert not raised(hass)


async def test_while_a_load_can_still_give_the_guard_is_given_its_time(
    hass: HomeAssistant, guard: HandGuard, house: Life
) -> None:
    await house.run(100, -3000)
    guard.says(over=LimitKind.BREAKER)
    # The car runs on: that overload is not seen by the engine itself.
    await house.run(355, -3000)
    assert not raised(hass)
    await house.run(7, -3000)
    assert raised(hass) == {"overload"}


async def test_futile_shedding_says_more_than_the_overload(
    hass: HomeAssistant, guard: HandGuard, house: Life
) -> None:
    guard.says(over=LimitKind.SUBSCRIPTION, futile=True)
    await house.run(120, 9500)
    assert raised(hass) == {"shedding_futile"}
    title, description = await told(hass, "shedding_futile")
    assert "Shedding does not help" in title
    assert "Shed just now: –." in description
    guard.says(futile=False, over=None)
    await house.run(1, 500)
    assert not raised(hass)


async def test_what_an_issue_said_first_stays_while_it_lasts(
    hass: HomeAssistant, guard: HandGuard, house: Life
) -> None:
    events = []
    hass.bus.async_listen("repairs_issue_registry_updated", events.append)
    guard.says(over=LimitKind.BREAKER)
    await house.run(70, 9500)
    guard.says(over=LimitKind.SUBSCRIPTION)
    await house.run(30, 9500)
    assert [event.data["action"] for event in events] == ["create"]
    assert "breaker" in (await told(hass, "overload"))[0]


async def test_a_home_that_is_deleted_takes_its_issues_with_it(
    hass: HomeAssistant, guard: HandGuard, house: Life, home_entry: MockConfigEntry
) -> None:
    guard.says(over=LimitKind.BREAKER, futile=True)
    await house.run(3, 9500)
    assert raised(hass)
    await hass.config_entries.async_remove(home_entry.entry_id)
    assert not raised(hass)


async def test_a_home_that_is_disabled_leaves_no_issue_behind(
    hass: HomeAssistant, guard: HandGuard, house: Life, home_entry: MockConfigEntry
) -> None:
    guard.says(over=LimitKind.BREAKER, futile=True)
    await house.run(3, 9500)
    assert raised(hass)
    assert await hass.config_entries.async_reload(home_entry.entry_id)
    assert raised(hass)
    await hass.config_entries.async_set_disabled_by(
        home_entry.entry_id, ConfigEntryDisabler.USER
    )
    await hass.async_block_till_done()
    assert not raised(hass)


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_every_issue_says_what_to_do(hass: HomeAssistant, language: str) -> None:
    texts = await async_get_translations(hass, language, "issues", {DOMAIN})
    keys: Iterable[str] = (
        "shedding_futile",
        *(f"overload_{limit}" for limit in HARMFUL),
    )
    for key in keys:
        assert f"component.{DOMAIN}.issues.{key}.title" in texts
        assert "{loads}" in texts[f"component.{DOMAIN}.issues.{key}.description"]
