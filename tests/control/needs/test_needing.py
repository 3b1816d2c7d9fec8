"""One need: what it counts, what it plans, and what its load is seen to take."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from custom_components.surplus.control.model import Mode
from custom_components.surplus.control.needs.specs import Need, NeedKind
from custom_components.surplus.control.needs.state import PlanState
from custom_components.surplus.control.needs.sun import Expected

from .bench import LOAD
from .need_bench import (
    AT,
    CAR,
    CHEAP_NOW,
    ENERGY,
    EVENING,
    FULL,
    HOUR,
    HOURS,
    SEVEN,
    TANK,
    OneNeed,
    outlook,
    taking,
)


def hours_until(when: datetime | None) -> float:
    """Return how long after the evening something is."""
    assert when is not None
    return (when.timestamp() - AT) / HOUR


# ---- what counts, and for which day --------------------------------------------------


def test_energy_is_what_was_taken_and_hours_are_what_it_ran() -> None:
    energy, hours = OneNeed(ENERGY), OneNeed(HOURS)
    for one in (energy, hours):
        one.see(power_w=500.0, runs=True)
        one.see(power_w=400.0, runs=False, dt_s=HOUR / 2)
    assert energy.state().left_wh == 2000 - 500 - 200
    assert energy.state().left_s is None
    assert hours.state().left_s == HOUR
    assert hours.state().left_wh is None


@pytest.mark.parametrize("need", [ENERGY, HOURS])
def test_only_the_day_before_its_deadline_counts(need: Need) -> None:
    # Ready on Tuesday at seven: what counts begins on Monday at seven.
    one = OneNeed(replace(need, days=(1,)))
    one.see(11 * HOUR - 1, power_w=500.0)
    assert one.tracker.until(one.look(11 * HOUR - 1)) is None
    state = one.state()
    assert (state.left_wh or state.left_s) == need.target
    one.see(11 * HOUR, power_w=500.0)
    assert one.tracker.until(one.look(11 * HOUR)) == AT + 35 * HOUR
    state = one.state()
    assert (state.left_wh or state.left_s) in (1500.0, HOUR)


@pytest.mark.parametrize("need", [ENERGY, HOURS, CAR])
def test_a_rest_of_some_seconds_or_watt_hours_is_none(need: Need) -> None:
    for rest, met in ((6.0, False), (4.0, True)):
        one = OneNeed(need)
        if need.kind is NeedKind.HOURS:
            one.see(power_w=1.0, dt_s=2 * HOUR - rest)
        else:
            one.see(level=0.66)
            one.see(level=0.66, power_w=2000.0 - rest)
        state = one.state()
        assert state.met is met
        told = state.left_s if need.kind is NeedKind.HOURS else state.left_wh
        assert told == pytest.approx(0.0 if met else rest)


@pytest.mark.parametrize("need", [ENERGY, HOURS])
def test_a_new_day_begins_with_nothing(need: Need) -> None:
    one = OneNeed(need)
    one.plan(outlook(*11 * (None,)))
    one.see(1.0, power_w=500.0)
    assert one.state().late
    one.see(11 * HOUR - 1)
    assert one.state().deadline == SEVEN
    one.see(11 * HOUR)
    state = one.state(11 * HOUR)
    assert state.deadline == SEVEN + timedelta(days=1)
    assert (state.left_wh or state.left_s) == need.target
    # Nobody has planned it yet.
    assert not state.late


@pytest.mark.parametrize(
    ("need", "goes_on"),
    [(ENERGY, False), (HOURS, False), (CAR, True), (TANK, True)],
)
def test_only_a_level_is_still_wanted_once_its_deadline_has_passed(
    need: Need, goes_on: bool
) -> None:
    one = OneNeed(need)
    level = 0.5 if need is CAR else 40.0
    one.see(level=level)
    assert one.plan(CHEAP_NOW).active
    one.see(11 * HOUR, level=level)
    assert (one.tracker.wish(one.look(11 * HOUR), dear=False) is not None) is goes_on


@pytest.mark.parametrize(
    ("need", "reached", "a_little_less"), [(CAR, 0.7, 0.69), (TANK, 55.0, 54.0)]
)
def test_for_each_day_a_level_is_brought_up_to_its_target_again(
    need: Need, reached: float, a_little_less: float
) -> None:
    one = OneNeed(need)
    one.see(level=reached)
    one.see(1.0, level=a_little_less)
    assert one.state().met
    one.see(11 * HOUR, level=a_little_less)
    assert not one.state().met


def test_a_deadline_that_is_moved_by_hours_keeps_what_was_taken() -> None:
    for moved_s, left_wh in ((-HOUR, 1500.0), (11 * HOUR, 1500.0), (12.5 * HOUR, 2000)):
        one = OneNeed(ENERGY)
        one.see(power_w=500.0)
        one.tracker.change(replace(ENERGY, ready_by_s=int(7 * HOUR + moved_s)))
        one.tracker.renew_deadline(EVENING)
        assert one.state().left_wh == left_wh


def test_without_a_target_there_is_no_deadline_and_nothing_to_plan() -> None:
    one = OneNeed(replace(CAR, target=None))
    one.see(level=0.5)
    assert one.state() == PlanState(load_id=LOAD, level=0.5)
    assert one.tracker.until(one.look()) is None


def test_without_days_there_is_no_deadline_either() -> None:
    one = OneNeed(CAR)
    one.see(level=0.5)
    one.tracker.change(replace(CAR, days=()))
    one.tracker.renew_deadline(EVENING)
    assert one.tracker.until(one.look()) is None
    assert one.state().deadline is None


# ---- what there is to plan -----------------------------------------------------------


@pytest.mark.parametrize(
    ("need", "level", "ahead_h"), [(CAR, 0.5, 72), (TANK, 40.0, 24)]
)
def test_a_level_is_brought_up_some_days_ahead(
    need: Need, level: float, ahead_h: float
) -> None:
    # Saturday at seven, five days and eleven hours from now.
    one = OneNeed(replace(need, days=(5,)))
    one.see(level=level)
    until_s = (5 * 24 + 11) * HOUR
    for before_s, planned in ((1.0, False), (0.0, True)):
        look = one.look(until_s - ahead_h * HOUR - before_s)
        assert one.tracker.until(look) == (AT + until_s if planned else None)


def test_nothing_is_planned_for_what_wants_nothing_or_may_not() -> None:
    one = OneNeed(ENERGY)
    assert one.tracker.until(one.look()) == SEVEN.timestamp()
    assert one.tracker.until(one.look(reading=FULL)) is None
    one.mode = Mode.OFF
    assert one.tracker.until(one.look()) is None
    one.mode = Mode.SOLAR
    one.tracker.change(replace(ENERGY, enabled=False))
    assert one.tracker.until(one.look()) is None
    one.tracker.change(ENERGY)
    one.see(power_w=2000.0)
    assert one.tracker.until(one.look()) is None


def test_a_level_that_nobody_tells_is_not_planned_for() -> None:
    one = OneNeed(TANK)
    one.see()
    assert one.tracker.until(one.look()) is None
    state = one.state()
    assert (state.level, state.left_wh, state.met) == (None, None, False)


# ---- the plan ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "needed_h", "margin_s"),
    [(1000.0, 1.0, 300.0), (4000.0, 4.0, 720.0), (10_400.0, 10.4, 1800.0)],
)
def test_a_twentieth_of_its_time_is_kept_free_within_five_and_thirty_minutes(
    target: float, needed_h: float, margin_s: float
) -> None:
    state = OneNeed(replace(ENERGY, target=target)).plan(outlook())
    assert hours_until(state.starts) == pytest.approx(11 - needed_h - margin_s / HOUR)


def test_the_sun_that_is_expected_is_waited_for() -> None:
    sun = Expected(energy_wh=500.0, time_s=0.5 * HOUR)
    margin_h = 300.0 / HOUR
    state = OneNeed(ENERGY).plan(outlook(sun=sun))
    assert hours_until(state.starts) == pytest.approx(11 - 1.5 - margin_h)
    state = OneNeed(HOURS).plan(outlook(sun=sun))
    assert hours_until(state.starts) == pytest.approx(11 - 1.5 - margin_h)


def test_a_load_runs_and_rests_as_long_as_it_must() -> None:
    short = replace(HOURS, target=600.0)
    state = OneNeed(short).plan(outlook(2, 1, 2, least_s=1200.0))
    assert hours_until(state.starts) == pytest.approx((2 * HOUR - 1200) / HOUR)
    one = OneNeed(HOURS)
    one.plan(outlook(2, 1, 2, 1, 2, rest_s=1.5 * HOUR))
    # The pause between both cheap hours is too short.
    assert one.state(1.5 * HOUR).starts is None
    assert one.plan(outlook(2, 1, 2, 1, 2, rest_s=0.5 * HOUR), 1.5 * HOUR).active
    assert hours_until(one.state(1.5 * HOUR).starts) == 3


def test_without_anything_to_plan_it_ends() -> None:
    one = OneNeed(ENERGY)
    assert one.plan(CHEAP_NOW).active
    state = one.plan(None, 60.0)
    assert (state.active, state.starts, state.ends) == (False, None, None)
    assert one.tracker.turns_at is None


def test_what_the_sun_will_do_or_has_done_is_not_gone_on_with() -> None:
    one = OneNeed(ENERGY)
    one.plan(CHEAP_NOW)
    assert not one.plan(outlook(sun=Expected(energy_wh=3000.0)), 60.0).active
    one.plan(CHEAP_NOW)
    one.see(120.0, power_w=2000.0)
    state = one.plan(outlook(), 120.0)
    assert (state.active, state.starts) == (False, None)


def test_it_turns_where_its_plan_does_as_it_was_seen_last() -> None:
    one = OneNeed(HOURS)
    one.see()
    one.plan(outlook(2, 1, 2, 1, 2))
    assert one.tracker.turns_at == AT + HOUR
    one.see(HOUR)
    assert one.tracker.turns_at == AT + 2 * HOUR
    assert one.plan(outlook(2, 1, 2, 1, 2), HOUR).ends == EVENING + timedelta(hours=2)


def test_what_has_begun_goes_on_for_ten_minutes_whatever_a_new_plan_says() -> None:
    one = OneNeed(ENERGY)
    assert one.plan(CHEAP_NOW).active
    cheap_later = outlook(*10 * (2.0,), 1.0, most_w=3000.0)
    assert one.plan(cheap_later, 599.0).active
    assert not one.plan(cheap_later, 600.0).active
    # But not in what it may not use.
    for ahead in (
        replace(cheap_later, slices=outlook(None, *9 * (2.0,), 1.0).slices),
        replace(cheap_later, slices=outlook(*10 * (2.0,), 1.0, last_resort=[0]).slices),
    ):
        one = OneNeed(ENERGY)
        assert one.plan(CHEAP_NOW).active
        assert not one.plan(ahead, 60.0).active


def test_what_goes_on_is_the_same_run() -> None:
    one = OneNeed(ENERGY)
    one.plan(CHEAP_NOW)
    one.plan(CHEAP_NOW, 500.0)
    assert one.plan(CHEAP_NOW, 650.0).active
    # Its ten minutes began with its beginning.
    assert not one.plan(outlook(*10 * (2.0,), 1.0, most_w=3000.0), 700.0).active


def test_it_is_late_where_a_minute_and_more_is_missing() -> None:
    for missing_s, late in ((59.0, False), (61.0, True)):
        one = OneNeed(replace(HOURS, target=HOUR + missing_s))
        state = one.plan(outlook(None, 1))
        assert state.late is late
        assert state.short_s == pytest.approx(missing_s)


# ---- what its load takes -------------------------------------------------------------


def counted_w(one: OneNeed, **more: Any) -> float:
    """Return by its plan what a load is counted on to take for the 2 kWh it needs."""
    one.plan(None)
    state = one.plan(outlook(**more))
    return 2000.0 / (11 - hours_until(state.starts)) * 1.05


def test_what_it_gets_is_believed_once_it_has_asked_for_five_minutes() -> None:
    assert not taking(600.0, 299.0).tracker.seen
    assert not taking(600.0, runs=False).tracker.seen
    assert taking(600.0).tracker.seen
    assert counted_w(taking(600.0)) == pytest.approx(600.0)
    assert counted_w(taking(600.0, 299.0), unseen_w=500.0) == pytest.approx(500.0)


def test_what_it_took_for_another_reason_says_nothing() -> None:
    one = OneNeed(CAR)
    one.see(level=0.66, dt_s=0.0)
    one.see(300.0, level=0.66, power_w=600.0, dt_s=30.0)
    assert not one.tracker.seen


def test_it_is_counted_on_for_a_quarter_at_least_and_for_all_at_most() -> None:
    assert counted_w(taking(100.0)) == pytest.approx(250.0)
    assert counted_w(taking(900.0), most_w=800.0) == pytest.approx(800.0)


@pytest.mark.parametrize(
    ("dt_s", "learned_w"), [(150.0, 650.0), (600.0, 800.0), (3600.0, 800.0)]
)
def test_what_it_gets_is_an_average_of_ten_minutes(
    dt_s: float, learned_w: float
) -> None:
    one = taking(600.0)
    one.see(330.0, power_w=800.0, level=0.66, dt_s=dt_s)
    one.see(330.0, level=0.661, dt_s=0.0)
    one.see(330.0, level=0.66, dt_s=0.0)
    assert counted_w(one) == pytest.approx(learned_w)


def test_what_is_seen_needs_no_care() -> None:
    one = taking(600.0)
    assert counted_w(one, unseen_w=500.0) == pytest.approx(600.0)
    # Nor is it hoped that it takes more: the three cheap hours are too few for it.
    one.plan(None)
    ahead = outlook(*3 * (1.0,), *8 * (2.0,), unseen_w=250.0)
    assert one.plan(ahead).active


def test_of_what_nobody_has_seen_a_slow_one_must_still_be_in_time() -> None:
    # Cheap at the end, long enough for a fast one only: the slow one needs eight hours.
    ahead = outlook(*8 * (2.0,), *3 * (1.0,), most_w=1000.0, unseen_w=250.0)
    state = OneNeed(ENERGY).plan(ahead)
    assert hours_until(state.starts) == pytest.approx(11 - 8 * 1.05)
    # Where there is room for it behind the cheapest hours, those are taken.
    early = outlook(*3 * (1.0,), *8 * (2.0,), most_w=1000.0, unseen_w=250.0)
    assert OneNeed(ENERGY).plan(early).starts == EVENING + timedelta(hours=1)
    sunny = replace(early, sun=Expected(energy_wh=3000.0))
    assert OneNeed(ENERGY).plan(sunny).starts is None


def test_care_for_a_slow_one_is_no_lateness() -> None:
    ahead = outlook(1, 1, 1, most_w=1000.0, unseen_w=250.0)
    state = OneNeed(ENERGY).plan(ahead)
    assert state.active
    assert (state.late, state.short_s) == (False, 0.0)
    assert OneNeed(replace(ENERGY, target=4000.0)).plan(ahead).short_s == HOUR
