"""Connections that survive a reload of their entry."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.surplus.parking import (
    async_adopt,
    async_close_parked,
    async_park,
)
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant


class Link:
    """Something that can be closed."""

    def __init__(self) -> None:
        self.closed = 0

    async def async_close(self) -> None:
        self.closed += 1


class OtherLink(Link):
    """Something of another type."""


@pytest.fixture
def entry() -> MockConfigEntry:
    return MockConfigEntry(domain="surplus")


async def wait(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float
) -> None:
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


async def test_what_is_parked_is_adopted_open(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    link = Link()
    await async_park(hass, entry, link, link.async_close)
    assert await async_adopt(hass, entry, Link) is link
    await wait(hass, freezer, 60)
    assert link.closed == 0
    assert await async_adopt(hass, entry, Link) is None


async def test_what_nobody_adopts_is_closed_once(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    link = Link()
    await async_park(hass, entry, link, link.async_close)
    await wait(hass, freezer, 29)
    assert link.closed == 0
    await wait(hass, freezer, 2)
    assert link.closed == 1
    await async_close_parked(hass, entry)
    assert link.closed == 1


async def test_a_disabled_entry_parks_nothing(
    hass: HomeAssistant,
) -> None:
    entry = MockConfigEntry(domain="surplus", disabled_by=ConfigEntryDisabler.USER)
    link = Link()
    await async_park(hass, entry, link, link.async_close)
    assert link.closed == 1
    assert await async_adopt(hass, entry, Link) is None


async def test_removing_the_entry_closes_at_once(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    link = Link()
    await async_park(hass, entry, link, link.async_close)
    await async_close_parked(hass, entry)
    assert link.closed == 1
    await wait(hass, freezer, 60)
    assert link.closed == 1


async def test_something_of_another_type_is_closed_instead_of_adopted(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    link = Link()
    await async_park(hass, entry, link, link.async_close)
    assert await async_adopt(hass, entry, OtherLink) is None
    assert link.closed == 1
