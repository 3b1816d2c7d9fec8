"""Windows and deadlines are true lengths of time, also where the clock is moved."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.needs.clock import (
    day_before,
    deadline_of,
    local,
    window_of,
)
from custom_components.surplus.control.needs.specs import Need, NeedKind, Schedule

from .bench import LOAD, PARIS

# Paris puts the clock forward on 2026-03-29 at 2:00, back on 2026-10-25 at 3:00.
NIGHT = Schedule(plan_id="p", load_id=LOAD, begins_s=21 * 3600, ends_s=7 * 3600)
READY = Need(
    plan_id="p", load_id=LOAD, kind=NeedKind.ENERGY, target=1.0, ready_by_s=7 * 3600
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("evening", "hours"),
    [("2026-03-28T22:00", 9.0), ("2026-10-24T22:00", 11.0), ("2026-06-21T22:00", 10.0)],
)
def test_a_night_is_as_long_as_it_really_is(evening: str, hours: float) -> None:
    window = window_of(NIGHT, at(evening))
    assert window is not None
    assert window[1] - window[0] == hours * 3600


def test_a_window_that_the_clock_leaves_out_is_not_there() -> None:
    lost = Schedule(
        plan_id="p", load_id=LOAD, begins_s=2 * 3600 + 600, ends_s=2 * 3600 + 1200
    )
    window = window_of(lost, at("2026-03-29T01:00"))
    # 2:10 to 2:20 is taken an hour later.
    assert window == (
        at("2026-03-29T03:10").timestamp(),
        at("2026-03-29T03:20").timestamp(),
    )
    turned = Schedule(
        plan_id="p", load_id=LOAD, begins_s=2 * 3600 + 1800, ends_s=3 * 3600
    )
    window = window_of(turned, at("2026-03-29T01:00"))
    assert window is not None
    assert window[0] == at("2026-03-30T02:30").timestamp()
    # 2:00 is 3:00.
    empty = Schedule(plan_id="p", load_id=LOAD, begins_s=2 * 3600, ends_s=3 * 3600)
    window = window_of(empty, at("2026-03-29T01:00"))
    assert window is not None
    assert window[0] == at("2026-03-30T02:00").timestamp()


def test_the_instant_at_which_a_window_ends_is_of_the_next_one() -> None:
    window = window_of(NIGHT, at("2026-06-22T07:00"))
    assert window is not None
    assert window[0] == at("2026-06-22T21:00").timestamp()


def test_without_days_there_is_nothing() -> None:
    never = Schedule(plan_id="p", load_id=LOAD, begins_s=0, ends_s=60, days=())
    assert window_of(never, at("2026-06-21T10:00")) is None
    need = Need(plan_id="p", load_id=LOAD, kind=NeedKind.ENERGY, target=1.0, days=())
    assert deadline_of(need, at("2026-06-21T10:00")) is None


def test_a_deadline_is_the_next_of_its_days() -> None:
    # A Sunday; the deadline is on Mondays.
    monday = Need(
        plan_id="p", load_id=LOAD, kind=NeedKind.ENERGY, target=1.0, days=(0,)
    )
    assert deadline_of(monday, at("2026-06-21T10:00")) == (
        at("2026-06-22T07:00").timestamp()
    )
    assert deadline_of(monday, at("2026-06-22T07:00")) == (
        at("2026-06-29T07:00").timestamp()
    )


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-21", 24)]
)
def test_the_day_before_a_deadline_is_a_day_of_the_clock(day: str, hours: int) -> None:
    deadline = at(f"{day}T07:00").timestamp()
    assert deadline - day_before(deadline, READY, PARIS) == hours * 3600


def test_an_hour_that_comes_twice_is_told_by_its_offset() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()
    assert local(first, PARIS).isoformat() == "2026-10-25T02:30:00+02:00"
    assert local(first + 3600, PARIS).isoformat() == "2026-10-25T02:30:00+01:00"


@given(
    begins_s=st.integers(0, 86_399),
    ends_s=st.integers(0, 86_399),
    days=st.sets(st.integers(0, 6), min_size=1),
    hours=st.integers(0, 24 * 370),
)
def test_a_window_is_never_over_and_lasts_a_day_at_most(
    begins_s: int, ends_s: int, days: set[int], hours: int
) -> None:
    schedule = Schedule(
        plan_id="p",
        load_id=LOAD,
        begins_s=begins_s,
        ends_s=ends_s,
        days=tuple(sorted(days)),
    )
    wall = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)).astimezone(PARIS)
    window = window_of(schedule, wall)
    assert window is not None
    begins, ends = window
    assert wall.timestamp() < ends
    assert 0 < ends - begins <= 25 * 3600
    assert local(begins, PARIS).weekday() in days


def test_a_zone_that_is_an_offset_does_as_well() -> None:
    wall = datetime(2026, 6, 21, 22, tzinfo=timezone(timedelta(hours=2)))
    window = window_of(NIGHT, wall)
    assert window is not None
    assert local(window[1], wall.tzinfo).isoformat() == "2026-06-22T07:00:00+02:00"
