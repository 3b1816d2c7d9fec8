"""A running Home whose clocks can be set, stopped and put to sleep one by one."""

from dataclasses import dataclass
from datetime import timedelta
import time

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus import clock
from custom_components.surplus.const import DOMAIN
from custom_components.surplus.home.loads.runtime import DATA_HOME_LOADS
from custom_components.surplus.parking import _DATA_LOT
from custom_components.surplus.registry import HomeControls, async_get_registry
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from ..home.conftest import (
    HandCharger,
    HandMeter,
    Life,
    charger,
    hass_config_dir,
    home_entry,
    life,
    meter,
)
from ..home.loads.conftest import add, calls

__all__ = [
    "add",
    "calls",
    "charger",
    "hass_config_dir",
    "home_entry",
    "life",
    "meter",
]


@dataclass
class Clocks:
    """The wall clock, the monotonic one, and the time the host was asleep."""

    freezer: FrozenDateTimeFactory
    apart_s: float = 0.0
    asleep_s: float = 0.0

    def set_wall(self, by: timedelta) -> None:
        """Set the wall clock; the monotonic one goes on as if nothing were."""
        self.freezer.tick(by)
        self.apart_s += by.total_seconds()

    def sleep(self, time_: timedelta) -> None:
        """Suspend the host: the monotonic clock of Linux stands still meanwhile."""
        self.set_wall(time_)
        self.asleep_s += time_.total_seconds()

    def awake(self) -> float:
        """Return what ``time.monotonic`` tells."""
        return time.monotonic() - self.apart_s


@pytest.fixture
def clocks(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Clocks:
    """Return the clocks of this host, far enough in the future to be set back."""
    freezer.tick(timedelta(days=400))
    clocks = Clocks(freezer)
    monkeypatch.setattr(clock, "_awake", clocks.awake)
    monkeypatch.setattr(hass.loop, "time", clocks.awake)
    monkeypatch.setattr(clock, "_slept_s", lambda: clocks.asleep_s)
    monkeypatch.setattr(clock, "_asleep_s", 0.0)
    return clocks


@dataclass
class Site:
    """A Home at work, and what a user sees of it."""

    life: Life
    entry: MockConfigEntry
    clocks: Clocks

    @property
    def hass(self) -> HomeAssistant:
        return self.life.hass

    @property
    def meter(self) -> HandMeter:
        return self.life.meter

    @property
    def charger(self) -> HandCharger:
        return self.life.charger

    def state(self, entity_id: str) -> str:
        state = self.hass.states.get(entity_id)
        assert state is not None, entity_id
        return state.state

    def issues(self) -> set[str]:
        """Return what a user is told under *Repairs*."""
        return {
            issue_id
            for (domain, issue_id), issue in ir.async_get(self.hass).issues.items()
            if domain == DOMAIN and issue.active
        }

    async def silent(self, seconds: int, step: int = 5) -> None:
        """Let time pass without a reading of the meter."""
        for _ in range(seconds // step):
            await self.life.pass_time(step)

    async def save(self) -> None:
        """Write down what is due, as it would be within some seconds."""
        await self.entry.runtime_data.async_save()

    async def crash(self, away_s: float = 0.0) -> None:
        """End the Home without a word to anybody, and begin a new one after a while.

        What outlives a reload does not outlive this, and nothing more is written.
        """
        entry, hass = self.entry, self.hass
        before = entry.runtime_data
        assert await hass.config_entries.async_unload(entry.entry_id)
        hass.data[_DATA_LOT].parked.pop(entry.entry_id).cancel_timer()
        hass.data.pop(DATA_HOME_LOADS, None)
        before._saver._store._data = None
        self.clocks.freezer.tick(away_s)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        assert entry.runtime_data is not before


@pytest.fixture
async def site(clocks: Clocks, life: Life, home_entry: MockConfigEntry) -> Site:
    """Return a Home that commands."""
    home_entry.runtime_data.async_set_observing(False)
    await life.hass.async_block_till_done()
    return Site(life, home_entry, clocks)


@pytest.fixture
def home(site: Site) -> HomeControls:
    """Return what load entities see of the Home."""
    controls = async_get_registry(site.hass).home
    assert controls is not None
    return controls
