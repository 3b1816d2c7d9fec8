"""What the recorder gets of the ledger: a row when a person wants one, and statistics."""

from collections.abc import Generator
from datetime import timedelta
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
    statistics_during_period,
)

from custom_components.surplus.control.ledger.price import Price
from homeassistant.components.recorder import get_instance, history
from homeassistant.components.recorder.statistics import (
    list_statistic_ids,
    validate_statistics,
)
from homeassistant.components.sensor import DOMAIN as SENSOR
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .conftest import Life
from .loads.conftest import HEATER, Add, add, calls, put
from .test_ledger import CAR, Live, live

__all__ = ["add", "calls", "live"]

MEASURED = {**HEATER, "power_entity": "sensor.rod"}
OURS = (
    "sensor.tank_energy",
    "sensor.tank_energy_from_the_sun",
    "sensor.tank_cost",
    "sensor.tank_saved",
    "sensor.tank_solar_share_today",
)


@pytest.fixture
async def mock_recorder_before_hass(async_test_recorder: object) -> None:
    """The recorder is there before Home Assistant."""


@pytest.fixture(autouse=True)
async def _recorded(
    hass: HomeAssistant, recorder_mock: object, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-06-21 09:59:50+00:00")
    assert await async_setup_component(hass, SENSOR, {})
    await async_wait_recording_done(hass)


@pytest.fixture(autouse=True)
def price() -> Generator[None]:
    """Let electricity cost something."""
    with patch(
        "custom_components.surplus.control.ledger.ledger.price_of",
        return_value=Price(of_import=0.25),
    ):
        yield


async def rows(hass: HomeAssistant, begin: object, entity_id: str) -> list[str]:
    """Return the states of an entity that became rows."""
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(
        lambda: history.state_changes_during_period(
            hass, begin, None, entity_id, include_start_time_state=False
        )
    )
    return [state.state for state in found.get(entity_id, [])]


async def test_an_hour_of_a_load_is_a_row_a_minute_and_nothing_while_it_rests(
    hass: HomeAssistant, add: Add, live: Live
) -> None:
    await add("heater", MEASURED)
    await live(10, 500, rod=0)
    begin = dt_util.utcnow()
    await live(3600, 500, rod=2000)
    for entity_id in OURS:
        assert len(await rows(hass, begin, entity_id)) <= 62, entity_id
    taken = [float(state) for state in await rows(hass, begin, OURS[0])]
    assert len(taken) >= 55
    assert taken == sorted(taken)
    await live(120, 500, rod=0)
    begin = dt_util.utcnow()
    await live(1800, 500, rod=0)
    for entity_id in OURS:
        assert await rows(hass, begin, entity_id) == [], entity_id
    # What the house has taken moves all the time: a row in five minutes.
    assert 4 <= len(await rows(hass, begin, "sensor.home_cost_of_the_grid")) <= 7


async def test_a_session_is_written_when_it_begins_and_ends(
    hass: HomeAssistant, add: Add, live: Live, life: Life
) -> None:
    await add("entity_charger", CAR, "Car")
    hass.states.async_set("binary_sensor.car", "off")
    await live(10, 500, car=0)
    begin = dt_util.utcnow()
    await life.pass_time(1)
    hass.states.async_set("binary_sensor.car", "on")
    await live(600, 500, car=3000)
    hass.states.async_set("binary_sensor.car", "off")
    await live(600, 500, car=0)
    assert len(await rows(hass, begin, "sensor.car_session_began")) == 2
    assert len(await rows(hass, begin, "sensor.car_last_session")) == 1
    energies = await rows(hass, begin, "sensor.car_session_energy")
    assert 10 <= len(energies) <= 13
    assert float(energies[0]) < 0.01
    assert float(energies[-1]) == pytest.approx(0.5, abs=0.01)


async def test_statistics_are_compiled_of_what_adds_up(
    hass: HomeAssistant, add: Add, live: Live
) -> None:
    await add("heater", MEASURED)
    await live(10, 1000, rod=2000)
    begin = dt_util.utcnow()
    for _ in range(3):
        await live(300, 1000, rod=2000)
    put(hass, "sensor.rod", 0)
    await async_wait_recording_done(hass)
    for minutes in (0, 5, 10):
        do_adhoc_statistics(hass, start=begin + timedelta(minutes=minutes))
    await async_wait_recording_done(hass)

    def read() -> tuple:
        return (
            {each["statistic_id"]: each for each in list_statistic_ids(hass)},
            statistics_during_period(
                hass, begin - timedelta(minutes=5), period="5minute"
            ),
            validate_statistics(hass),
        )

    known, compiled, problems = await get_instance(hass).async_add_executor_job(read)
    for entity_id in OURS[:4]:
        assert known[entity_id]["has_sum"], entity_id
    assert known[OURS[0]]["statistics_unit_of_measurement"] == "kWh"
    assert known[OURS[2]]["statistics_unit_of_measurement"] == hass.config.currency
    assert not known[OURS[4]]["has_sum"]
    energy = [row["sum"] for row in compiled[OURS[0]]]
    assert energy[-1] - energy[0] == pytest.approx(2 * 2000 / 12 / 1000, abs=0.05)
    cost = [row["sum"] for row in compiled[OURS[2]]]
    assert cost[-1] - cost[0] == pytest.approx(2 * 0.25 * 1000 / 12 / 1000, abs=0.01)
    assert not {
        key for key in problems if key.startswith(("sensor.tank", "sensor.car"))
    }
