"""The wall clock is set, the host sleeps, summer time begins and ends."""

from datetime import timedelta
import time
from zoneinfo import ZoneInfo

import pytest

from custom_components.surplus import clock
from custom_components.surplus.control.model import Mode
from custom_components.surplus.home.ends import Ends
from custom_components.surplus.home.modes import LoadModes
from custom_components.surplus.metering import changed_at, instant_of
from custom_components.surplus.registry import HomeControls, async_get_registry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..home.conftest import LOAD_ID
from .conftest import Clocks, Site

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEPS = [-DAY, -HOUR, HOUR, DAY]
LIVE = "sensor.home_grid_power"
METER = "sensor.home_grid_meter_state"


def mode(site: Site) -> Mode:
    home = async_get_registry(site.hass).home
    assert home is not None
    controls = home.load(LOAD_ID)
    assert controls is not None
    return controls.mode


# ---- the clock itself ------------------------------------------------------------------


def test_time_goes_on_evenly_and_a_sleep_counts(clocks: Clocks) -> None:
    began = clock.monotonic()
    clocks.set_wall(DAY)
    clocks.set_wall(-HOUR)
    assert clock.monotonic() - began == pytest.approx(0, abs=0.01)
    clocks.sleep(8 * HOUR)
    assert clock.monotonic() - began == pytest.approx(8 * 3600, abs=0.01)
    clocks.freezer.tick(5)
    assert clock.monotonic() - began == pytest.approx(8 * 3600 + 5, abs=0.01)


def test_what_two_clocks_differ_by_as_they_are_read_is_no_sleep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "_asleep_s", 0.0)
    monkeypatch.setattr(clock, "_slept_s", lambda: 0.4)
    assert clock.monotonic() <= time.monotonic()


def test_a_machine_that_does_not_tell_of_its_sleep_has_time_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "_CLOCKS", (None, time.CLOCK_MONOTONIC))
    assert clock._slept_s() == 0.0


def test_this_machine_has_not_slept_backwards() -> None:
    assert clock._slept_s() > -0.1


# ---- the age of what other integrations tell -----------------------------------------------


@pytest.mark.parametrize("step", STEPS)
def test_a_sensor_keeps_its_age_while_somebody_sets_the_clock(
    hass: HomeAssistant, clocks: Clocks, step: timedelta
) -> None:
    hass.states.async_set("sensor.grid", "100")
    state = hass.states.get("sensor.grid")
    assert state is not None
    told, changed = instant_of(state), changed_at(state)
    assert told == pytest.approx(clock.monotonic(), abs=0.01)
    clocks.set_wall(step)
    assert (instant_of(state), changed_at(state)) == (told, changed)
    clocks.freezer.tick(7)
    assert clock.monotonic() - instant_of(state) == pytest.approx(7, abs=0.01)
    hass.states.async_set("sensor.grid", "100")
    assert instant_of(state) == pytest.approx(clock.monotonic(), abs=0.01)
    assert changed_at(state) == changed


def test_one_from_a_future_that_is_over_is_of_now_and_ages_from_then_on(
    hass: HomeAssistant, clocks: Clocks
) -> None:
    hass.states.async_set("sensor.dead", "100")
    state = hass.states.get("sensor.dead")
    assert state is not None
    clocks.set_wall(-DAY)
    seen = instant_of(state)
    assert seen == pytest.approx(clock.monotonic(), abs=0.01)
    clocks.freezer.tick(100)
    assert instant_of(state) == seen


# ---- a running home --------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
async def test_setting_the_clock_does_not_disturb_a_charge(
    site: Site, step: timedelta
) -> None:
    await site.life.run(150, -3000)
    told = len(site.charger.told)
    amps = site.charger.told[-1]
    site.clocks.set_wall(step)
    await site.life.run(15, -3000)
    assert set(site.charger.told[told:]) <= {amps}
    assert site.state(METER) == "fresh"
    assert site.issues() == set()


@pytest.mark.parametrize("step", STEPS)
async def test_live_values_are_shown_on_however_the_clock_is_set(
    site: Site, step: timedelta
) -> None:
    await site.life.run(12, 500)
    site.clocks.set_wall(step)
    await site.life.run(12, 1500)
    assert float(site.state(LIVE)) == pytest.approx(1500)


@pytest.mark.parametrize("step", STEPS)
async def test_a_boost_lasts_as_long_as_was_asked_however_the_clock_is_set(
    site: Site, home: HomeControls, step: timedelta
) -> None:
    await site.life.run(2, 500)
    await home.async_set_mode(LOAD_ID, Mode.BOOST, dt_util.utcnow() + HOUR)
    await site.life.run(2, 500)
    site.clocks.set_wall(step)
    await site.life.run(2, 500)
    controls = home.load(LOAD_ID)
    assert controls is not None
    assert controls.boost_until is not None
    left = controls.boost_until - dt_util.utcnow()
    assert left.total_seconds() == pytest.approx(3596, abs=3)
    await site.silent(3560, 40)
    assert mode(site) is Mode.BOOST
    await site.silent(60)
    assert mode(site) is Mode.SOLAR


@pytest.mark.parametrize("step", STEPS)
async def test_an_override_lasts_as_long_as_is_set(site: Site, step: timedelta) -> None:
    await site.life.run(5, 500)
    site.charger.taken_over = 8.0
    await site.life.run(2, 500)
    assert mode(site) is Mode.MANUAL
    site.clocks.set_wall(step)
    await site.life.run(2, 500)
    assert mode(site) is Mode.MANUAL
    await site.silent(3640, 40)
    await site.life.run(2, 500)
    assert mode(site) is Mode.SOLAR


async def test_a_boost_asked_right_after_the_clock_was_set_is_not_moved_by_that(
    site: Site, home: HomeControls
) -> None:
    await site.life.run(2, 500)
    site.clocks.set_wall(DAY)
    await home.async_set_mode(LOAD_ID, Mode.BOOST, dt_util.utcnow() + HOUR)
    await site.life.run(2, 500)
    await site.silent(3640, 40)
    assert mode(site) is Mode.SOLAR


async def test_a_boost_is_over_when_the_host_wakes_up_after_it(
    site: Site, home: HomeControls
) -> None:
    await home.async_set_mode(LOAD_ID, Mode.BOOST, dt_util.utcnow() + 2 * HOUR)
    await site.life.run(5, 500)
    site.clocks.sleep(8 * HOUR)
    await site.life.pass_time(1)
    assert mode(site) is Mode.SOLAR


async def test_what_was_read_before_a_sleep_is_old_after_it(site: Site) -> None:
    await site.life.run(150, -3000)
    assert site.charger.told[-1] > 6
    site.clocks.sleep(8 * HOUR)
    await site.silent(10)
    assert site.state(METER) == "lost"
    assert not site.charger.told[-1]
    assert "grid_meter_lost" in site.issues()
    await site.life.run(400, -3000)
    assert site.charger.told[-1] > 6
    assert site.issues() == set()


async def test_nothing_is_taken_off_a_boost_for_the_time_asleep(
    site: Site, home: HomeControls
) -> None:
    await home.async_set_mode(LOAD_ID, Mode.BOOST, energy_kwh=5.0)
    await site.life.run(10, 500)
    before = site.entry.runtime_data.memory.loads[LOAD_ID].passing[0].energy_wh
    site.clocks.sleep(8 * HOUR)
    await site.life.run(2, 500)
    after = site.entry.runtime_data.memory.loads[LOAD_ID].passing[0].energy_wh
    assert before - after < 0.5 * 32 * 230 * 20 / 3600 * 2


# ---- over a restart -------------------------------------------------------------------


async def boost_saved(site: Site, home: HomeControls) -> None:
    """Boost for an hour, a quarter of which is over, and write that down."""
    await home.async_set_mode(LOAD_ID, Mode.BOOST, dt_util.utcnow() + HOUR)
    await site.life.run(2, 500)
    await site.silent(900, 45)
    await site.save()


async def test_a_clock_set_back_while_away_makes_no_boost_longer(
    site: Site, home: HomeControls
) -> None:
    await boost_saved(site, home)
    site.clocks.set_wall(-DAY)
    await site.crash()
    await site.life.run(2, 500)
    assert mode(site) is Mode.BOOST
    await site.silent(2760, 40)
    assert mode(site) is Mode.SOLAR


async def test_a_clock_that_is_put_right_after_the_start_brings_the_end_that_was_meant(
    site: Site, home: HomeControls
) -> None:
    await boost_saved(site, home)
    # Switched off for ten minutes, and beginning at an hour ago.
    site.clocks.set_wall(-HOUR)
    await site.crash()
    await site.life.run(5, 500)
    site.clocks.set_wall(HOUR + timedelta(minutes=10))
    await site.life.run(5, 500)
    assert mode(site) is Mode.BOOST
    until = site.entry.runtime_data.memory.loads[LOAD_ID].passing[0].until
    left = (until - dt_util.utcnow()).total_seconds()
    assert left == pytest.approx(2700 - 600 - 10, abs=20)


async def test_a_boost_that_ended_while_away_is_over_once_the_clock_is_right(
    site: Site, home: HomeControls
) -> None:
    await boost_saved(site, home)
    await site.crash()
    await site.life.run(5, 500)
    assert mode(site) is Mode.BOOST
    site.clocks.set_wall(5 * HOUR)
    await site.life.run(2, 500)
    assert mode(site) is Mode.SOLAR


def test_what_was_set_since_the_start_goes_with_a_clock_that_is_put_right() -> None:
    wall = dt_util.utcnow()
    before = LoadModes().asked(Mode.BOOST, until=wall + HOUR)
    ends = Ends({"a": before}, wall)
    since = LoadModes().asked(Mode.ECO, until=wall + HOUR)
    loads = {"a": before, "b": since, "c": LoadModes()}
    assert ends.moved(loads, 0.0, wall) == {}
    moved = ends.moved(loads, 60.0, wall + 5 * HOUR + timedelta(seconds=60))
    assert set(moved) == {"b"}
    assert moved["b"].passing[0].until == wall + 6 * HOUR
    # Later on nobody puts it right: somebody sets it.
    loads |= moved
    now, wall = 4000.0, wall + 5 * HOUR + timedelta(seconds=4000)
    assert ends.moved(loads, now, wall) == {}
    moved = ends.moved(loads, now + 1, wall + DAY + timedelta(seconds=1))
    assert set(moved) == {"a", "b"}


# ---- summer time -------------------------------------------------------------------------

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize("morning", ["2027-03-28 00:30", "2026-10-25 00:30"])
async def test_a_boost_of_four_hours_lasts_four_hours_over_a_change_of_summer_time(
    site: Site, home: HomeControls, morning: str
) -> None:
    await dt_util.async_get_time_zone("Europe/Paris")
    await site.hass.config.async_set_time_zone("Europe/Paris")
    begin = dt_util.parse_datetime(morning)
    assert begin is not None
    site.clocks.set_wall(begin.replace(tzinfo=PARIS) - dt_util.utcnow())
    await site.life.run(2, 500)
    await home.async_set_mode(LOAD_ID, Mode.BOOST, dt_util.utcnow() + 4 * HOUR)
    await site.life.run(2, 500)
    site.clocks.freezer.tick(4 * HOUR - timedelta(seconds=30))
    await site.life.run(2, 500)
    assert mode(site) is Mode.BOOST
    site.clocks.freezer.tick(60)
    await site.life.run(2, 500)
    assert mode(site) is Mode.SOLAR
