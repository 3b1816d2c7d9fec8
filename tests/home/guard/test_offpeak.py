"""What off-peak hours start by themselves is shown once it is known."""

from collections.abc import Generator
from dataclasses import replace
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.model import Snapshot
from custom_components.surplus.control.offpeak import Learned
from custom_components.surplus.control.record import RecordedEngine
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant

from ..conftest import Life

SENSOR = "sensor.home_learned_off_peak_start"
HEATER = Learned(power_w=2200.0, confidence=0.8, nights=4, within_s=140.0)


@pytest.fixture
def known() -> Generator[list[Learned | None]]:
    """Return what is known in the cycles to come, as the last one of a list."""
    told: list[Learned | None] = [None]
    decide = RecordedEngine.cycle

    def cycle(engine: RecordedEngine, snapshot: Snapshot) -> Cycle:
        return replace(decide(engine, snapshot), offpeak_start=told[-1])

    with patch.object(RecordedEngine, "cycle", cycle):
        yield told


async def test_a_house_without_such_a_load_has_no_such_sensor(
    hass: HomeAssistant, known: list[Learned | None], life: Life
) -> None:
    await life.run(3, 500)
    assert hass.states.get(SENSOR) is None


async def test_what_is_known_is_shown_with_how_sure_it_is(
    hass: HomeAssistant, known: list[Learned | None], life: Life
) -> None:
    known.append(HEATER)
    await life.run(3, 500)
    shown = hass.states.get(SENSOR)
    assert float(shown.state) == 2200
    assert shown.attributes["confidence"] == 80
    assert shown.attributes["nights"] == 4
    assert shown.attributes["within_s"] == 140
    # Nothing is written anew while it stays the same.
    await life.run(20, 500)
    assert hass.states.get(SENSOR) is shown
    known.append(replace(HEATER, power_w=2300.0))
    await life.run(2, 500)
    assert float(hass.states.get(SENSOR).state) == 2300


async def test_what_is_forgotten_is_not_shown_any_more(
    hass: HomeAssistant,
    known: list[Learned | None],
    life: Life,
    home_entry: MockConfigEntry,
) -> None:
    known.append(HEATER)
    await life.run(3, 500)
    known.append(None)
    await life.run(3, 500)
    assert hass.states.get(SENSOR).state == STATE_UNAVAILABLE
    # Met once, it is there after a reload, too.
    await hass.config_entries.async_reload(home_entry.entry_id)
    assert hass.states.get(SENSOR).state == STATE_UNAVAILABLE
    known.append(HEATER)
    await life.run(3, 500)
    assert float(hass.states.get(SENSOR).state) == 2200
