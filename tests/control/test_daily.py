"""How long a load has run in its day, and when the rest must be made up for."""

from datetime import UTC, date, datetime, timedelta
import json
from zoneinfo import ZoneInfo

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.surplus.control.loads.daily import CheapHours, DailyRun

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 6, 21, 12, tzinfo=PARIS)


class Clock:
    """Monotonic seconds and a wall clock that go together."""

    def __init__(self, wall: datetime) -> None:
        self.now = 500.0
        self._wall = wall.astimezone(UTC)
        self.tz = wall.tzinfo
        self.daily = DailyRun()

    @property
    def wall(self) -> datetime:
        return self._wall.astimezone(self.tz)

    def pass_s(self, seconds: float) -> None:
        self.now += seconds
        self._wall += timedelta(seconds=seconds)

    def see(self, on: bool | None, changed_at: float | None = None) -> float:
        self.daily.see(on, changed_at, self.now, self.wall)
        return self.daily.run_s

    def run(self, seconds: int, on: bool, step_s: int = 10) -> float:
        for _ in range(seconds // step_s):
            self.pass_s(step_s)
            self.see(on)
        return self.daily.run_s


def test_time_on_counts_and_time_off_does_not() -> None:
    clock = Clock(NOON)
    clock.see(True)
    clock.run(600, True)
    clock.run(600, False)
    assert clock.daily.run_s == 600


def test_what_ran_before_it_was_first_seen_is_not_claimed() -> None:
    clock = Clock(NOON)
    assert clock.see(True, changed_at=0.0) == 0


def test_a_change_counts_from_the_instant_it_tells() -> None:
    clock = Clock(NOON)
    clock.see(False)
    clock.pass_s(30)
    assert clock.see(True, changed_at=clock.now - 12) == 12
    clock.pass_s(30)
    assert clock.see(False, changed_at=clock.now - 20) == 22


def test_a_change_told_for_the_future_is_one_of_now() -> None:
    clock = Clock(NOON)
    clock.see(False)
    clock.pass_s(30)
    assert clock.see(True, changed_at=clock.now + 99) == 0
    clock.pass_s(30)
    assert clock.see(False, changed_at=clock.now + 99) == 30


def test_a_change_without_its_instant_counts_nothing_of_the_time_between() -> None:
    clock = Clock(NOON)
    clock.see(False)
    clock.pass_s(30)
    assert clock.see(True) == 0
    clock.pass_s(30)
    assert clock.see(False) == 0


def test_off_and_on_again_between_two_looks_counts_the_second_time_only() -> None:
    clock = Clock(NOON)
    clock.see(True, changed_at=0.0)
    clock.pass_s(50)
    assert clock.see(True, changed_at=clock.now - 5) == 5


def test_a_long_time_unseen_counts_only_if_it_tells_that_nothing_changed() -> None:
    clock = Clock(NOON)
    clock.see(True, changed_at=100.0)
    clock.pass_s(600)
    assert clock.see(None) == 0
    clock.pass_s(600)
    assert clock.see(True, changed_at=100.0) == 1200
    silent = Clock(NOON)
    silent.see(True)
    silent.pass_s(1200)
    assert silent.see(True) == 0


def test_a_new_day_begins_at_local_midnight() -> None:
    clock = Clock(datetime(2026, 6, 21, 23, 59, tzinfo=PARIS))
    clock.see(True)
    assert clock.run(50, True) == 50
    # The look that spans midnight counts for what lies behind it.
    clock.pass_s(30)
    assert clock.see(True) == 20


def test_a_day_may_end_at_another_hour() -> None:
    clock = Clock(datetime(2026, 6, 21, 23, 30, tzinfo=PARIS))
    clock.daily.ends_s = 5 * 3600
    clock.see(True)
    clock.run(3600, True)
    assert clock.daily.run_s == 3600
    assert clock.daily.left_s(clock.wall) == 4.5 * 3600
    clock.run(5 * 3600, False)
    assert clock.daily.run_s == 0
    assert clock.daily.left_s(clock.wall) == 23.5 * 3600


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 21), 24)],
)
def test_a_day_is_as_long_as_the_local_clock_makes_it(day: date, hours: int) -> None:
    clock = Clock(datetime(day.year, day.month, day.day, tzinfo=PARIS))
    clock.see(True)
    assert clock.daily.left_s(clock.wall) == hours * 3600
    clock.run(hours * 3600 - 10, True)
    assert clock.daily.run_s == hours * 3600 - 10
    clock.run(20, True)
    assert clock.daily.run_s == 10


def test_a_day_that_ends_in_the_hour_that_comes_twice_ends_once() -> None:
    clock = Clock(datetime(2026, 10, 25, 1, tzinfo=PARIS))
    clock.daily.ends_s = 2.5 * 3600
    clock.see(True)
    clock.run(90 * 60, True)
    assert clock.daily.run_s == 0
    # 02:30 comes again half an hour after the clock went back.
    assert clock.run(3600 + 600, True) == 4200


def test_a_day_that_ends_in_the_hour_that_is_left_out_ends_nevertheless() -> None:
    clock = Clock(datetime(2026, 3, 29, 0, tzinfo=PARIS))
    clock.daily.ends_s = 2.5 * 3600
    clock.see(True)
    clock.run(2 * 3600, True)
    assert clock.daily.run_s == 7200
    assert clock.run(3600, True) == 1800


def test_a_clock_set_back_over_midnight_does_not_begin_the_old_day_anew() -> None:
    clock = Clock(datetime(2026, 6, 21, 0, 0, 10, tzinfo=PARIS))
    clock.see(True)
    clock.run(600, True)
    clock._wall -= timedelta(seconds=700)
    clock.run(600, True)
    assert clock.daily.run_s >= 600
    assert clock.daily.as_dict()["day"] == "2026-06-21"


def test_a_clock_that_was_far_ahead_does_not_keep_its_day_for_ever() -> None:
    clock = Clock(datetime(2036, 1, 1, 12, tzinfo=PARIS))
    clock.see(True)
    clock.run(600, True)
    clock._wall = NOON.astimezone(UTC)
    clock.run(100, True)
    assert clock.daily.as_dict() == {
        "day": "2026-06-21",
        "run_s": 100,
        "cheap_hours": {},
    }


class TestMustRun:
    """A day's minimum is left to the sun for as long as it can be."""

    def late(self, clock: Clock, least_s: float, cheap: bool | None = None) -> bool:
        clock.daily.cheap_hours.note(clock.wall, cheap)
        return clock.daily.must_run(clock.wall, least_s, 300, cheap)

    def first(
        self,
        clock: Clock,
        least_s: float,
        cheap: tuple[float, float] | None = None,
        hours: int = 24,
    ) -> datetime | None:
        """Return when it must run, looking every minute of some hours."""
        for _ in range(hours * 60):
            now_cheap = None
            if cheap is not None:
                now_cheap = (
                    cheap[0] <= clock.wall.hour + clock.wall.minute / 60 < (cheap[1])
                )
            if self.late(clock, least_s, now_cheap):
                return clock.wall
            clock.pass_s(60)
            clock.see(False)
        return None

    def test_without_a_minimum_it_never_must(self) -> None:
        assert self.first(Clock(NOON), 0) is None

    def test_it_begins_as_late_as_the_day_allows(self) -> None:
        clock = Clock(NOON)
        clock.see(False)
        began = self.first(clock, 2 * 3600)
        assert began == datetime(2026, 6, 21, 21, 55, tzinfo=PARIS)

    def test_what_it_ran_already_counts(self) -> None:
        clock = Clock(NOON)
        clock.see(True)
        clock.run(3600, True)
        began = self.first(clock, 2 * 3600)
        assert began == datetime(2026, 6, 21, 22, 55, tzinfo=PARIS)
        clock.run(3610, True)
        assert not self.late(clock, 2 * 3600)

    def test_in_cheap_hours_it_begins_as_late_as_they_allow(self) -> None:
        clock = Clock(datetime(2026, 6, 20, 8, tzinfo=PARIS))
        clock.daily.ends_s = 8 * 3600
        for _ in range(24 * 60):
            clock.daily.cheap_hours.note(clock.wall, 1 <= clock.wall.hour < 6)
            clock.pass_s(60)
            clock.see(False)
        began = self.first(clock, 2 * 3600, cheap=(1, 6))
        assert began == datetime(2026, 6, 22, 3, 55, tzinfo=PARIS)

    def test_cheap_hours_before_the_sun_are_left_to_later_ones(self) -> None:
        clock = Clock(datetime(2026, 6, 20, 0, tzinfo=PARIS))
        for _ in range(24 * 60):
            hour = clock.wall.hour
            clock.daily.cheap_hours.note(clock.wall, hour < 6 or hour >= 22)
            clock.pass_s(60)
            clock.see(False)
        assert clock.wall.hour == 0
        assert not self.late(clock, 3600, cheap=True)
        clock.pass_s(21.9 * 3600)
        clock.see(False)
        assert not self.late(clock, 3600, cheap=False)
        clock.pass_s(0.1 * 3600 + 1740)
        clock.see(False)
        assert not self.late(clock, 3600, cheap=True)
        clock.pass_s(1600)
        clock.see(False)
        assert self.late(clock, 3600, cheap=True)

    def test_once_begun_in_cheap_hours_it_goes_on_until_they_end(self) -> None:
        clock = Clock(datetime(2026, 6, 21, 2, tzinfo=PARIS))
        midnight = datetime(2026, 6, 21, tzinfo=PARIS)
        for slot in range(5, 48):
            clock.daily.cheap_hours.note(
                midnight + slot * timedelta(minutes=30), cheap=False
            )
        clock.see(False)
        assert self.late(clock, 1800, cheap=True)
        # The hours after turn out to be cheap too.
        for slot in range(5, 48):
            clock.daily.cheap_hours.note(
                midnight + slot * timedelta(minutes=30), cheap=True
            )
        clock.pass_s(60)
        clock.see(False)
        assert self.late(clock, 1800, cheap=True)
        assert not self.late(clock, 1800, cheap=False)
        assert not self.late(clock, 1800, cheap=True)

    def test_hours_nobody_has_seen_yet_are_not_feared_to_be_dear(self) -> None:
        clock = Clock(datetime(2026, 6, 21, 0, tzinfo=PARIS))
        clock.see(False)
        assert not self.late(clock, 3600, cheap=True)

    def test_the_end_of_the_day_rules_over_dear_hours(self) -> None:
        clock = Clock(datetime(2026, 6, 21, 22, 56, tzinfo=PARIS))
        clock.see(False)
        assert self.late(clock, 3600, cheap=False)


def test_half_hours_are_cheap_as_they_were_seen_last() -> None:
    hours = CheapHours()
    start = datetime(2026, 6, 21, 22, tzinfo=PARIS)
    end = start + timedelta(hours=2)
    assert hours.left_s(start, end) == 7200
    hours.note(start, False)
    hours.note(start + timedelta(minutes=30), False)
    hours.note(start + timedelta(minutes=70), None)
    assert hours.left_s(start, end) == 3600
    hours.note(start, None)
    assert hours.left_s(start, end) == 3600
    hours.note(start + timedelta(minutes=45), True)
    assert hours.left_s(start + timedelta(minutes=40), end) == 4800


def test_cheap_time_is_counted_to_the_second() -> None:
    hours = CheapHours()
    start = datetime(2026, 6, 21, 22, 10, 30, tzinfo=PARIS)
    hours.note(start, False)
    assert hours.left_s(start, datetime(2026, 6, 22, tzinfo=PARIS)) == 5400
    hours.note(start, True)
    assert hours.left_s(start, datetime(2026, 6, 22, tzinfo=PARIS)) == 6570
    assert hours.left_s(start, start + timedelta(minutes=5)) == 300


def test_another_end_of_the_day_or_another_clock_holds_at_once() -> None:
    clock = Clock(NOON)
    assert clock.daily.left_s(clock.wall) == 12 * 3600
    clock.daily.ends_s = 20 * 3600
    assert clock.daily.left_s(clock.wall) == 8 * 3600
    assert clock.daily.left_s(clock.wall.astimezone(UTC)) == 10 * 3600


class TestRestart:
    """The day and what it ran come back."""

    def test_a_day_goes_on_after_a_restart_and_nothing_is_counted_twice(self) -> None:
        clock = Clock(NOON)
        clock.see(True)
        clock.run(600, True)
        clock.daily.cheap_hours.note(clock.wall, True)
        saved = json.loads(json.dumps(clock.daily.as_dict()))
        clock.daily = DailyRun()
        clock.daily.restore(saved)
        clock.pass_s(300)
        clock.see(True, changed_at=0.0)
        assert clock.daily.run_s == 600
        assert clock.run(60, True) == 660
        assert clock.daily.cheap_hours.as_dict() == {"24": True}

    def test_another_days_time_is_dropped(self) -> None:
        clock = Clock(NOON)
        clock.daily.restore({"day": "2026-06-20", "run_s": 600, "cheap_hours": {}})
        assert clock.see(True) == 0

    @pytest.mark.parametrize(
        "saved",
        [
            {},
            {"day": "2026-06-20", "run_s": -1, "cheap_hours": {}},
            {"day": "2026-06-20", "run_s": 1e6, "cheap_hours": {}},
            {"day": "2026-06-20", "run_s": float("nan"), "cheap_hours": {}},
            {"day": "today", "run_s": 5, "cheap_hours": {}},
            {"day": "2026-06-20", "run_s": 5, "cheap_hours": []},
            {"day": "2026-06-20", "run_s": 5, "cheap_hours": {"noon": True}},
            {"day": 5, "run_s": 5, "cheap_hours": {}},
        ],
    )
    def test_what_is_damaged_is_refused_and_counts_nothing(
        self, saved: dict[str, object]
    ) -> None:
        daily = DailyRun()
        with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
            daily.restore(saved)
        assert daily.run_s == 0

    def test_a_half_hour_that_is_none_is_left_out(self) -> None:
        hours = CheapHours()
        hours.restore({"3": True, "48": True, "-1": False})
        assert hours.as_dict() == {"3": True}


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.floats(0.1, 4000),
            st.sampled_from([True, False, None]),
            st.sampled_from(["none", "true", "future"]),
        ),
        max_size=30,
    ),
    hour=st.integers(0, 23),
)
def test_run_time_is_never_counted_twice(
    steps: list[tuple[float, bool | None, str]], hour: int
) -> None:
    """Whatever is seen, and however it is told, the true time on is an upper bound."""
    clock = Clock(datetime(2026, 10, 24, hour, tzinfo=PARIS))
    on, changed_at, true_s, day = False, clock.now, 0.0, clock.wall.date()
    clock.see(False)
    for step_s, seen, told in steps:
        clock.pass_s(step_s)
        if clock.wall.date() != day:
            day, true_s = clock.wall.date(), 0.0
            begun = datetime(day.year, day.month, day.day, tzinfo=PARIS)
            passed_s = (clock.wall.astimezone(UTC) - begun.astimezone(UTC)).seconds + 1
            true_s += min(step_s, passed_s) * on
        else:
            true_s += step_s * on
        if seen is None:
            clock.see(None)
            continue
        if seen is not on:
            # It changes just now; before, it was as it had been.
            on, changed_at = seen, clock.now
        at = {"none": None, "true": changed_at, "future": clock.now + 5}[told]
        clock.see(on, at)
        assert clock.daily.run_s <= true_s + 1
