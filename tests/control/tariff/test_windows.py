"""Fixed hours: exactly one period at every instant, whatever the clocks do."""

from datetime import UTC, timedelta
from itertools import pairwise

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.surplus.control.model import Period
from custom_components.surplus.control.tariff.clock import instant
from custom_components.surplus.control.tariff.windows import FixedHours, Season, Window

from .days import PARIS, at, day, later, told

NIGHT = Window(period=Period.OFF_PEAK, begins_min=22 * 60, ends_min=6 * 60)
NOON = Window(
    period=Period.OFF_PEAK,
    begins_min=12 * 60,
    ends_min=15 * 60,
    season=Season(first=(4, 1), last=(10, 31)),
)

minutes = st.integers(0, 24 * 60 - 1)
month_days = st.tuples(st.integers(1, 12), st.integers(1, 28))
seasons = st.none() | st.builds(Season, first=month_days, last=month_days)
windows = st.builds(
    Window,
    period=st.sampled_from([Period.OFF_PEAK, Period.INDEX_3]),
    begins_min=minutes,
    ends_min=minutes,
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    season=seasons,
)
hours = st.builds(
    FixedHours,
    windows=st.lists(windows, max_size=3).map(tuple),
    otherwise=st.just(Period.PEAK),
)


def of(*told: Window) -> FixedHours:
    return FixedHours(windows=told, otherwise=Period.PEAK)


@settings(max_examples=25, deadline=None)
@given(hours)
def test_a_whole_year_has_exactly_one_period_at_every_instant(
    calendar: FixedHours,
) -> None:
    begins, ends = at("2026-01-01 00:00"), at("2027-01-01 00:00")
    stretches = calendar.ahead(begins, ends)
    assert stretches[0].begins == begins.astimezone(UTC)
    assert stretches[-1].ends == ends.astimezone(UTC)
    for one, other in pairwise(stretches):
        assert one.begins < one.ends == other.begins
        assert one.period is not other.period
    for stretch in stretches:
        last = stretch.ends - timedelta(seconds=1)
        for moment in (stretch.begins, last):
            assert calendar.period_at(moment.astimezone(PARIS)) is stretch.period


@settings(max_examples=50, deadline=None)
@given(hours, st.integers(0, 365 * 24 * 60))
def test_what_is_ahead_begins_with_what_is_now(
    calendar: FixedHours, minute: int
) -> None:
    wall = later(at("2026-01-01 00:00"), minutes=minute)
    ahead = calendar.ahead(wall, later(wall, hours=30))
    assert ahead[0].period is calendar.period_at(wall)
    for stretch in ahead[1:]:
        before = stretch.begins - timedelta(seconds=1)
        assert calendar.period_at(before.astimezone(PARIS)) is not stretch.period


def test_a_window_goes_past_midnight() -> None:
    calendar = of(NIGHT)
    for wall, period in (
        ("2026-06-10 21:59", Period.PEAK),
        ("2026-06-10 22:00", Period.OFF_PEAK),
        ("2026-06-11 00:00", Period.OFF_PEAK),
        ("2026-06-11 05:59", Period.OFF_PEAK),
        ("2026-06-11 06:00", Period.PEAK),
    ):
        assert calendar.period_at(at(wall)) is period, wall


@pytest.mark.parametrize(
    ("evening", "lasts_h"), [("2026-03-28 22:00", 7), ("2026-10-24 22:00", 9)]
)
def test_a_night_is_shorter_or_longer_when_the_clock_is_moved(
    evening: str, lasts_h: int
) -> None:
    first, second = of(NIGHT).ahead(at(evening), later(at(evening), hours=12))
    assert (first.period, second.period) == (Period.OFF_PEAK, Period.PEAK)
    assert first.ends - first.begins == timedelta(hours=lasts_h)


def test_a_time_that_is_skipped_is_when_the_clock_jumped() -> None:
    spring = day("2026-03-29")
    jump = at("2026-03-29 03:00").astimezone(UTC)
    assert instant(spring, 150, PARIS) == jump
    window = Window(period=Period.OFF_PEAK, begins_min=150, ends_min=200)
    (first, second, _) = of(window).ahead(
        at("2026-03-29 01:00"), at("2026-03-29 06:00")
    )
    assert first.ends == second.begins == jump
    assert second.ends == at("2026-03-29 03:20").astimezone(UTC)
    # One that lies in the hour that is skipped does not happen.
    gone = Window(period=Period.OFF_PEAK, begins_min=150, ends_min=170)
    ahead = of(gone).ahead(at("2026-03-29 01:00"), at("2026-03-29 06:00"))
    assert [one.period for one in ahead] == [Period.PEAK]


def test_a_time_that_is_said_twice_is_the_first_of_both() -> None:
    autumn = day("2026-10-25")
    assert instant(autumn, 150, PARIS) == at("2026-10-25 02:30").astimezone(UTC)
    assert instant(autumn, 180, PARIS) - instant(autumn, 150, PARIS) == timedelta(
        hours=1.5
    )


def test_weekdays_are_those_of_the_day_a_window_begins_on() -> None:
    friday = Window(
        period=Period.OFF_PEAK,
        begins_min=22 * 60,
        ends_min=6 * 60,
        weekdays=frozenset({4}),
    )
    calendar = of(friday)
    assert calendar.period_at(at("2026-06-12 23:00")) is Period.OFF_PEAK
    assert calendar.period_at(at("2026-06-13 05:00")) is Period.OFF_PEAK
    assert calendar.period_at(at("2026-06-12 05:00")) is Period.PEAK
    assert calendar.period_at(at("2026-06-13 23:00")) is Period.PEAK


def test_a_week_end_may_be_off_peak_as_a_whole() -> None:
    week_end = Window(
        period=Period.OFF_PEAK, begins_min=0, ends_min=0, weekdays=frozenset({5, 6})
    )
    ahead = of(week_end).ahead(at("2026-06-12 12:00"), at("2026-06-15 12:00"))
    assert told(ahead) == [
        ("06-12 12:00", "peak"),
        ("06-13 00:00", "off_peak"),
        ("06-15 00:00", "peak"),
    ]


def test_a_season_holds_its_first_and_its_last_day_and_may_be_one() -> None:
    one = Season(first=(7, 14), last=(7, 14))
    days = [at(f"2026-07-{number:02}").date() for number in range(1, 32)]
    assert [here.day for here in days if one.holds(here)] == [14]
    some = Season(first=(7, 14), last=(7, 16))
    assert [here.day for here in days if some.holds(here)] == [14, 15, 16]


def test_a_season_may_go_past_new_year() -> None:
    winter = Season(first=(11, 1), last=(3, 31))
    for date, holds in (
        ("2026-10-31", False),
        ("2026-11-01", True),
        ("2026-12-31", True),
        ("2027-01-01", True),
        ("2027-03-31", True),
        ("2027-04-01", False),
    ):
        assert winter.holds(day(date)) is holds, date


def test_hours_of_the_sun_are_cheap_in_summer_only() -> None:
    calendar = of(NIGHT, NOON)
    assert calendar.period_at(at("2026-07-01 13:00")) is Period.OFF_PEAK
    assert calendar.period_at(at("2026-12-01 13:00")) is Period.PEAK
    assert told(calendar.ahead(at("2026-10-31 11:00"), at("2026-11-01 21:00"))) == [
        ("10-31 11:00", "peak"),
        ("10-31 12:00", "off_peak"),
        ("10-31 15:00", "peak"),
        ("10-31 22:00", "off_peak"),
        ("11-01 06:00", "peak"),
    ]


def test_of_two_windows_that_overlap_the_first_one_counts() -> None:
    super_off_peak = Window(period=Period.INDEX_3, begins_min=120, ends_min=240)
    ahead = of(super_off_peak, NIGHT).ahead(
        at("2026-06-10 21:00"), at("2026-06-11 07:00")
    )
    assert told(ahead) == [
        ("06-10 21:00", "peak"),
        ("06-10 22:00", "off_peak"),
        ("06-11 02:00", "index_3"),
        ("06-11 04:00", "off_peak"),
        ("06-11 06:00", "peak"),
    ]
