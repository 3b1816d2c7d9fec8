"""A schedule's memory: the window it is in, and what was taken in it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from custom_components.surplus.control.model import (
    ChargerReading,
    LoadInput,
    Mode,
    Reason,
    Wish,
)
from custom_components.surplus.control.needs.look import Look
from custom_components.surplus.control.needs.scheduling import ScheduleTracker
from custom_components.surplus.control.needs.specs import Schedule
from custom_components.surplus.control.needs.state import PlanState

from .bench import CHARGER, LOAD, PARIS

NIGHT = Schedule(plan_id="p", load_id=LOAD, begins_s=21 * 3600, ends_s=7 * 3600)
LIMITED = replace(NIGHT, energy_wh=3000.0)
CAR = LoadInput(spec=CHARGER, reading=ChargerReading(reachable=True), mode=Mode.SOLAR)
# 2026-06-21 is a Sunday.
SUNDAY, MONDAY, TUESDAY = (datetime(2026, 6, day, tzinfo=PARIS) for day in (21, 22, 23))


def seen(wall: datetime, taken_wh: float = 0.0) -> Look:
    """Return a look at the car, which took so much in the minute before it."""
    return Look(
        load=CAR,
        wall=wall,
        at=wall.timestamp(),
        dt_s=60.0,
        power_w=taken_wh * 60.0,
        runs=taken_wh > 0,
    )


def tracked(
    schedule: Schedule, *looks: Look, dear: bool = False, saved: object = None
) -> ScheduleTracker:
    tracker = ScheduleTracker(schedule)
    if saved is not None:
        tracker.restore(saved)
    for look in looks:
        tracker.see(look, dear=dear)
    return tracker


def asks(tracker: ScheduleTracker, wall: datetime) -> bool:
    tracker.see(seen(wall), dear=False)
    return tracker.wish(seen(wall)) is not None


def left_wh(tracker: ScheduleTracker) -> float | None:
    return tracker.state(seen(MONDAY)).left_wh


NINE = SUNDAY.replace(hour=21)
TEN = SUNDAY.replace(hour=22)
SEVEN = MONDAY.replace(hour=7)


def test_it_asks_from_the_first_instant_of_its_window_up_to_the_last() -> None:
    tracker = tracked(NIGHT)
    second = timedelta(seconds=1)
    told = [asks(tracker, at) for at in (NINE - second, NINE, SEVEN - second, SEVEN)]
    assert told == [False, True, True, False]
    # And in the next one.
    assert asks(tracker, MONDAY.replace(hour=21))


def test_what_it_asks_for_is_its_value_until_the_end_of_its_window() -> None:
    tracker = tracked(replace(NIGHT, value=8.0), seen(TEN))
    assert tracker.wish(seen(TEN)) == Wish(
        reason=Reason.SCHEDULED,
        value=8.0,
        numbers={"until": "2026-06-22T07:00+02:00"},
    )


def test_one_of_which_nothing_was_seen_asks_for_nothing_and_shows_nothing() -> None:
    tracker = tracked(LIMITED)
    assert tracker.wish(seen(TEN)) is None
    assert tracker.state(seen(TEN)) == PlanState(load_id=LOAD)


def test_one_that_is_switched_off_shows_nothing() -> None:
    tracker = tracked(replace(LIMITED, enabled=False), seen(TEN))
    assert tracker.wish(seen(TEN)) is None
    assert tracker.state(seen(TEN)) == PlanState(load_id=LOAD)


def test_before_its_window_it_shows_when_that_begins_in_it_when_it_ends() -> None:
    before = seen(SUNDAY.replace(hour=20))
    assert tracked(NIGHT, before).state(before) == PlanState(load_id=LOAD, starts=NINE)
    first = seen(NINE)
    assert tracked(NIGHT, first).state(first) == PlanState(
        load_id=LOAD, active=True, ends=SEVEN
    )


def test_what_was_taken_in_its_window_counts_up_to_its_energy() -> None:
    tracker = tracked(LIMITED, seen(TEN, 1000.0), seen(TEN, 1999.0))
    assert tracker.state(seen(TEN)) == PlanState(
        load_id=LOAD, active=True, ends=SEVEN, left_wh=1.0
    )
    tracker.see(seen(TEN, 1.0), dear=False)
    assert tracker.wish(seen(TEN)) is None
    assert tracker.state(seen(TEN)) == PlanState(load_id=LOAD, met=True, left_wh=0.0)
    tracker.see(seen(TEN, 500.0), dear=False)
    assert left_wh(tracker) == 0


def test_what_is_taken_before_its_window_does_not_count() -> None:
    early = NINE - timedelta(minutes=1)
    tracker = tracked(LIMITED, seen(early, 1000.0))
    assert left_wh(tracker) == 3000
    tracker.see(seen(NINE, 100.0), dear=False)
    assert left_wh(tracker) == 2900


def test_the_next_window_begins_with_nothing_taken() -> None:
    tracker = tracked(LIMITED, seen(TEN, 1000.0))
    tracker.see(seen(SEVEN, 50.0), dear=False)
    assert left_wh(tracker) == 3000


def test_two_windows_without_a_gap_are_two() -> None:
    day = replace(LIMITED, ends_s=21 * 3600)
    tracker = tracked(day, seen(TEN, 1000.0))
    tracker.see(seen(MONDAY.replace(hour=21), 50.0), dear=False)
    assert left_wh(tracker) == 2950


def test_dear_hours_are_a_pause_unless_they_are_allowed() -> None:
    look = seen(TEN)
    tracker = tracked(NIGHT, look, dear=True)
    assert tracker.wish(look) is None
    assert tracker.state(look) == PlanState(load_id=LOAD)
    tracker.see(look, dear=False)
    assert tracker.wish(look) is not None
    allowed = tracked(replace(NIGHT, on_dear=True), look, dear=True)
    assert allowed.wish(look) is not None


def test_what_is_taken_in_a_dear_hour_of_its_window_counts() -> None:
    assert left_wh(tracked(LIMITED, seen(TEN, 400.0), dear=True)) == 2600


def test_a_changed_schedule_holds_at_once_and_keeps_what_was_taken() -> None:
    tracker = tracked(LIMITED, seen(TEN, 1000.0))
    tracker.change(replace(LIMITED, begins_s=20 * 3600, ends_s=23 * 3600))
    tracker.see(seen(TEN), dear=False)
    state = tracker.state(seen(TEN))
    assert (state.ends, state.left_wh) == (SUNDAY.replace(hour=23), 2000)
    tracker.change(replace(LIMITED, begins_s=23 * 3600))
    assert not asks(tracker, TEN)


def test_another_load_has_taken_nothing_of_it() -> None:
    tracker = tracked(LIMITED, seen(TEN, 1000.0))
    tracker.change(replace(LIMITED, load_id="other"))
    tracker.see(seen(TEN), dear=False)
    assert tracker.state(seen(TEN)) == PlanState(
        load_id="other", active=True, ends=SEVEN, left_wh=3000.0
    )


def test_a_schedule_that_gets_its_days_back_asks_again() -> None:
    tracker = tracked(NIGHT, seen(TEN))
    tracker.change(replace(NIGHT, days=()))
    for _ in range(2):
        assert not asks(tracker, TEN)
        assert tracker.state(seen(TEN)) == PlanState(load_id=LOAD)
    tracker.change(NIGHT)
    assert asks(tracker, TEN)


def test_a_clock_that_is_put_back_finds_the_window_of_its_day() -> None:
    tracker = tracked(NIGHT, seen(TUESDAY.replace(hour=20)))
    assert asks(tracker, TEN)


def test_what_was_taken_survives_a_restart_in_its_window_and_not_in_the_next() -> None:
    saved = tracked(LIMITED, seen(TEN, 1000.0)).as_dict()
    again = tracked(LIMITED, seen(TEN + timedelta(hours=1)), saved=saved)
    assert left_wh(again) == 2000
    later = tracked(LIMITED, seen(MONDAY.replace(hour=22)), saved=saved)
    assert left_wh(later) == 3000


def test_one_that_was_never_seen_survives_a_restart() -> None:
    saved = tracked(LIMITED).as_dict()
    assert left_wh(tracked(LIMITED, seen(TEN), saved=saved)) == 3000


@pytest.mark.parametrize(
    "damaged",
    [
        {"taken_wh": 0.0},
        {"window": None},
        {"window": [1.0], "taken_wh": 0.0},
        {"window": [1.0, "soon"], "taken_wh": 0.0},
        {"window": None, "taken_wh": None},
    ],
)
def test_a_damaged_memory_is_refused(damaged: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        tracked(NIGHT, saved=damaged)
