"""Live sensors: a row in the recorder only when a person would want one."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockEntityPlatform,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.surplus.entity import LiveSensor
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant


class Gauge(LiveSensor):
    """A sensor that shows what a test puts in."""

    _dead_band = 5.0
    entity_id = "sensor.gauge"
    value: float | str | None = 100.0
    there = True

    @property
    def live_value(self) -> float | str | None:
        return self.value

    @property
    def available(self) -> bool:
        return self.there

    def show(self, value: float | str | None) -> None:
        self.value = value
        self.async_refresh_live()


@pytest.fixture
async def gauge(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Gauge:
    gauge = Gauge()
    await MockEntityPlatform(hass, domain="sensor").async_add_entities([gauge])
    gauge.async_refresh_live()
    return gauge


async def wait(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float
) -> None:
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


def shown(hass: HomeAssistant) -> str:
    return hass.states.get("sensor.gauge").state


async def test_changes_within_ten_seconds_become_one_write_with_the_newest(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, gauge: Gauge
) -> None:
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    for value in (200.0, 300.0, 400.0):
        gauge.show(value)
        await wait(hass, freezer, 1)
    assert shown(hass) == "100.0"
    await wait(hass, freezer, 8)
    assert shown(hass) == "400.0"
    assert len(events) == 1


async def test_a_value_that_came_back_before_its_turn_is_not_written(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, gauge: Gauge
) -> None:
    gauge.show(200.0)
    gauge.show(101.0)
    await wait(hass, freezer, 11)
    assert shown(hass) == "100.0"


async def test_a_change_after_a_quiet_time_is_written_at_once(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, gauge: Gauge
) -> None:
    await wait(hass, freezer, 11)
    gauge.show(200.0)
    assert shown(hass) == "200.0"


async def test_a_change_inside_the_dead_band_is_not_written(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, gauge: Gauge
) -> None:
    await wait(hass, freezer, 11)
    gauge.show(104.0)
    await wait(hass, freezer, 20)
    assert shown(hass) == "100.0"


async def test_going_away_and_coming_back_are_written_at_once(
    hass: HomeAssistant, gauge: Gauge
) -> None:
    gauge.there = False
    gauge.async_refresh_live()
    assert shown(hass) == STATE_UNAVAILABLE
    gauge.there = True
    gauge.async_refresh_live()
    assert shown(hass) == "100.0"


async def test_a_word_is_written_at_once(hass: HomeAssistant, gauge: Gauge) -> None:
    gauge.show("off_peak")
    assert shown(hass) == "off_peak"
    gauge.show(None)
    assert shown(hass) == "unknown"


async def test_a_removed_sensor_writes_nothing_any_more(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, gauge: Gauge
) -> None:
    gauge.show(200.0)
    await gauge.async_remove()
    await wait(hass, freezer, 20)
    assert hass.states.get("sensor.gauge") is None
