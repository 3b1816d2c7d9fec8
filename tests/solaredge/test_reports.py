"""An inverter that is lost by day is told; one that sleeps is not."""

from collections.abc import Callable
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.solaredge.model import LinkState
from custom_components.surplus.solaredge.reports import LossReport
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .conftest import solaredge_entry
from .far_end import Inverter


class Runtime:
    """What the report looks at."""

    def __init__(self) -> None:
        self.state = LinkState.READING
        self.listeners: list[Callable[[], None]] = []

    def async_subscribe(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def become(self, state: LinkState) -> None:
        self.state = state
        for listener in self.listeners:
            listener()


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    entry = solaredge_entry(Inverter({}))
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
def runtime(hass: HomeAssistant, entry: MockConfigEntry) -> Runtime:
    entry.runtime_data = runtime = Runtime()
    LossReport(hass, entry)
    return runtime


def issues(hass: HomeAssistant) -> dict[str, str]:
    """The texts of the issues there are, by what they call the inverter."""
    return {
        issue.translation_key: issue.translation_placeholders["inverter"]
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN
    }


async def wait(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, minutes: int
) -> None:
    for _ in range(minutes):
        freezer.tick(timedelta(minutes=1))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()


async def test_a_long_loss_is_told_and_withdrawn(
    hass: HomeAssistant, runtime: Runtime, freezer: FrozenDateTimeFactory
) -> None:
    runtime.become(LinkState.UNREACHABLE)
    await wait(hass, freezer, 9)
    assert issues(hass) == {}
    await wait(hass, freezer, 2)
    assert issues(hass) == {"solaredge_lost": "SolarEdge SE10K"}
    runtime.become(LinkState.READING)
    assert issues(hass) == {}


async def test_a_short_loss_is_nobodys_concern(
    hass: HomeAssistant, runtime: Runtime, freezer: FrozenDateTimeFactory
) -> None:
    for _ in range(3):
        runtime.become(LinkState.UNREACHABLE)
        await wait(hass, freezer, 6)
        runtime.become(LinkState.READING)
        await wait(hass, freezer, 1)
    assert issues(hass) == {}


@pytest.mark.parametrize("state", [LinkState.ASLEEP, LinkState.WAITING])
async def test_sleep_is_no_loss(
    hass: HomeAssistant,
    runtime: Runtime,
    freezer: FrozenDateTimeFactory,
    state: LinkState,
) -> None:
    runtime.become(state)
    await wait(hass, freezer, 30)
    assert issues(hass) == {}


async def test_a_loss_ends_where_sleep_begins(
    hass: HomeAssistant, runtime: Runtime, freezer: FrozenDateTimeFactory
) -> None:
    runtime.become(LinkState.UNREACHABLE)
    await wait(hass, freezer, 12)
    runtime.become(LinkState.ASLEEP)
    assert issues(hass) == {}


async def test_another_inverter_is_told_at_once(
    hass: HomeAssistant, runtime: Runtime, freezer: FrozenDateTimeFactory
) -> None:
    runtime.become(LinkState.UNREACHABLE)
    await wait(hass, freezer, 12)
    runtime.become(LinkState.OTHER_DEVICE)
    assert issues(hass) == {"solaredge_other_device": "SolarEdge SE10K"}
    runtime.become(LinkState.READING)
    assert issues(hass) == {}


async def test_the_issue_goes_with_the_entry(
    hass: HomeAssistant, far_end: Inverter
) -> None:
    entry = solaredge_entry(far_end, serial="7EOTHER1")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    entry.runtime_data.plant.state = LinkState.OTHER_DEVICE
    for listener in tuple(entry.runtime_data._listeners):
        listener()
    assert "solaredge_other_device" in issues(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    assert issues(hass) == {}
