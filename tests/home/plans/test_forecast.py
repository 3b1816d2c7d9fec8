"""The sun to come is what the Energy dashboard's own forecasts tell."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    async_fire_time_changed,
    mock_integration,
    mock_platform,
)

from custom_components.surplus.registry import async_get_registry
from homeassistant.components.energy.data import async_get_manager
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from ..conftest import HandMeter

NOON = datetime(2026, 6, 22, 12, tzinfo=UTC)


class Roof:
    """A forecast integration; what it tells is written by a test."""

    def __init__(self) -> None:
        self.told: dict[str, Any] | None = None
        self.asked: list[str] = []
        self.fails = False

    async def async_get_solar_forecast(
        self, hass: HomeAssistant, config_entry_id: str
    ) -> dict[str, Any] | None:
        self.asked.append(config_entry_id)
        if self.fails:
            raise TimeoutError
        return {"wh_hours": self.told} if self.told is not None else None


type Use = Callable[..., Any]


@pytest.fixture(autouse=True)
def _custom_integration(recorder_mock: None, enable_custom_integrations: None) -> None:
    """The Energy dashboard needs a recorder, which must be there before all else."""


@pytest.fixture
def roof() -> Roof:
    return Roof()


@pytest.fixture
async def use(hass: HomeAssistant, freezer: FrozenDateTimeFactory, roof: Roof) -> Use:
    """Return what puts forecasts into the real Energy dashboard."""
    freezer.move_to(NOON)
    mock_integration(hass, MockModule("roof"))
    mock_platform(hass, "roof.energy", roof)
    assert await async_setup_component(hass, "roof", {})
    assert await async_setup_component(hass, "energy", {})
    await hass.async_block_till_done()

    async def prefer(*entry_ids: str) -> None:
        manager = await async_get_manager(hass)
        sources = [
            {
                "type": "solar",
                "stat_energy_from": f"sensor.{entry_id}",
                "config_entry_solar_forecast": [entry_id],
            }
            for entry_id in entry_ids
        ]
        await manager.async_update({"energy_sources": sources})

    return prefer


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    """Set up the Home and return what it knows of the sun."""
    assert await async_setup_component(hass, "surplus", {})
    async_get_registry(hass).async_register_meter(HandMeter())
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    return entry.runtime_data


def known(home: Any) -> list[tuple[int, float]] | None:
    """Return (hour, Wh) of what a Home's cycles are given."""
    spans = home.forecast.spans
    if spans is None:
        return None
    return [(span.begins.hour, span.energy_wh) for span in spans]


def roof_entry(hass: HomeAssistant, entry_id: str = "one") -> None:
    MockConfigEntry(domain="roof", entry_id=entry_id).add_to_hass(hass)


async def test_the_forecasts_of_the_energy_dashboard_are_added_up(
    hass: HomeAssistant, use: Use, roof: Roof, home_entry: MockConfigEntry
) -> None:
    for entry_id in ("one", "two"):
        roof_entry(hass, entry_id)
    roof.told = {
        (NOON + timedelta(hours=n)).isoformat(): 1000.0 * n for n in range(-2, 4)
    }
    await use("one", "two")
    home = await start(hass, home_entry)
    assert known(home) == [(12, 0.0), (13, 2000.0), (14, 4000.0), (15, 6000.0)]
    assert roof.asked == ["one", "two"]


async def test_without_an_energy_dashboard_there_is_none(
    hass: HomeAssistant, home_entry: MockConfigEntry
) -> None:
    home = await start(hass, home_entry)
    assert known(home) is None


async def test_a_dashboard_without_a_forecast_asks_nobody(
    hass: HomeAssistant, use: Use, roof: Roof, home_entry: MockConfigEntry
) -> None:
    home = await start(hass, home_entry)
    assert known(home) is None
    await use()
    await home.forecast.async_refresh()
    # An entry that is gone, and one that says nothing now.
    roof_entry(hass)
    await use("gone", "one")
    await home.forecast.async_refresh()
    assert known(home) is None
    assert roof.asked == ["one"]


async def test_it_is_asked_every_half_hour_and_failures_are_told_once(
    hass: HomeAssistant,
    use: Use,
    roof: Roof,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    *,
    caplog: pytest.LogCaptureFixture,
) -> None:
    roof_entry(hass)
    roof.told = {NOON.isoformat(): 700.0}
    await use("one")
    home = await start(hass, home_entry)
    assert known(home) == [(12, 700.0)]

    async def half_an_hour() -> None:
        freezer.tick(timedelta(minutes=31))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)

    roof.fails = True
    for _ in range(3):
        await half_an_hour()
    assert len(roof.asked) == 4
    # What was known stays.
    assert known(home) == [(12, 700.0)]
    assert caplog.text.count("The solar forecast cannot be had") == 1
    caplog.clear()
    roof.fails = False
    roof.told = {(NOON + timedelta(hours=4)).isoformat(): 300.0}
    await half_an_hour()
    assert known(home) == [(16, 300.0)]
