"""One need: what it counts, when it has enough, and what it asks for until then."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.needs.needing import NeedTracker
from custom_components.surplus.control.needs.specs import Need, NeedKind, OnDear
from custom_components.surplus.control.needs.state import PlanState
from custom_components.surplus.control.needs.sun import Expected

from .bench import LOAD, PARIS
from .need_bench import (
    AT,
    CAR,
    CHEAP_NOW,
    ENERGY,
    EVENING,
    FULL,
    GONE,
    HOUR,
    HOURS,
    MAYBE_GONE,
    TANK,
    OneNeed,
    outlook,
)

SEVEN = datetime(2026, 6, 22, 7, tzinfo=PARIS)


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


# ---- a level and its edges -----------------------------------------------------------


@pytest.mark.parametrize(
    ("need", "target", "held", "lost"),
    [(CAR, 0.7, 0.681, 0.679), (TANK, 55.0, 53.1, 52.9)],
)
def test_a_target_that_was_reached_may_be_lost_by_a_little(
    need: Need, target: float, held: float, lost: float
) -> None:
    one = OneNeed(need)
    one.see(level=held)
    assert not one.state().met
    one.see(level=target)
    assert one.state().met
    one.see(level=held)
    assert one.state().met
    one.see(level=lost)
    assert not one.state().met


def reasons(need: Need, *charges: float) -> list[Reason | None]:
    """Return what a car asks for at these charges, one after the other."""
    one = OneNeed(need)
    found = []
    for charge in charges:
        one.see(level=charge)
        wish = one.tracker.wish(one.look(), dear=False)
        found.append(wish.reason if wish else None)
    return found


def test_a_limit_is_held_for_two_percent() -> None:
    stops = Reason.CAR_LIMIT
    assert reasons(CAR, 0.79, 0.8, 0.781, 0.779, 0.79) == [
        None,
        stops,
        stops,
        None,
        None,
    ]


def test_a_limit_of_all_it_can_hold_is_none() -> None:
    assert reasons(replace(CAR, limit=1.0), 1.0, 1.0) == [None, None]


def test_a_minimum_that_was_reached_may_be_lost_by_two_percent() -> None:
    now = Reason.CAR_MINIMUM
    # One that never had it is brought up to it.
    assert reasons(CAR, 0.19, 0.2, 0.181, 0.179, 0.19, 0.2) == [
        now,
        None,
        None,
        now,
        now,
        None,
    ]


def test_a_car_that_never_told_its_charge_is_not_below_its_minimum() -> None:
    one = OneNeed(CAR)
    one.see()
    assert one.tracker.wish(one.look(), dear=False) is None


@pytest.mark.parametrize(
    ("on_dear", "waits"),
    [(OnDear.NEVER, True), (OnDear.IF_LATE, False), (OnDear.ALWAYS, False)],
)
def test_a_minimum_waits_in_a_dear_hour_where_those_are_not_for_it(
    on_dear: OnDear, waits: bool
) -> None:
    one = OneNeed(replace(CAR, on_dear=on_dear))
    one.see(level=0.1)
    assert (one.tracker.wish(one.look(), dear=True) is None) is waits
    assert one.tracker.wish(one.look(), dear=False) is not None


def test_another_target_minimum_or_limit_is_judged_by_itself() -> None:
    ready = replace(CAR, limit=1.0)
    one = OneNeed(ready)
    one.see(level=0.7)
    one.tracker.change(replace(ready, target=0.71))
    one.see(1.0, level=0.7)
    assert not one.state().met
    one.tracker.change(replace(CAR, target=0.71, minimum=0.71))
    one.see(2.0, level=0.7)
    assert one.tracker.wish(one.look(), dear=False).reason is Reason.CAR_MINIMUM
    one = OneNeed(CAR)
    one.see(level=0.8)
    one.tracker.change(replace(CAR, limit=0.81))
    one.see(1.0, level=0.8)
    assert one.tracker.wish(one.look(), dear=False) is None
    one = OneNeed(CAR)
    one.see(level=0.2)
    one.tracker.change(replace(CAR, minimum=0.21))
    one.see(1.0, level=0.2)
    assert one.tracker.wish(one.look(), dear=False).reason is Reason.CAR_MINIMUM


@pytest.mark.parametrize(
    ("change", "learned_anew"),
    [
        ({"target": 0.9}, False),
        ({"capacity_wh": 60_000.0}, True),
        ({"efficiency": 0.5}, True),
    ],
)
def test_only_another_battery_is_learned_anew(
    change: dict[str, float], learned_anew: bool
) -> None:
    one = OneNeed(CAR)
    one.see(level=0.3)
    one.see(level=0.4, power_w=6000.0)
    assert one.state().left_wh == pytest.approx(0.3 * 60_000)
    other = replace(CAR, **change)
    one.tracker.change(other)
    assert other.target is not None and other.capacity_wh is not None
    scale = other.capacity_wh / other.efficiency if learned_anew else 60_000.0
    assert one.state().left_wh == pytest.approx((other.target - 0.4) * scale)


# ---- a car that comes and goes -------------------------------------------------------


@pytest.mark.parametrize(
    ("reading", "patience_s"), [(GONE, 60.0), (MAYBE_GONE, 900.0), (FULL, None)]
)
def test_a_car_is_forgotten_once_it_has_been_away_for_long_enough(
    reading: Any, patience_s: float | None
) -> None:
    one = OneNeed(CAR)
    one.see(level=0.8)
    for after_s in (1000.0, 1000.0 + (patience_s or 3600.0) - 1):
        one.see(after_s, reading=reading)
        assert one.state().level == 0.8
        assert one.state().met
    if patience_s is not None:
        one.see(1000.0 + patience_s, reading=reading)
        # The next one is counted from its minimum, whatever the last one had.
        assert one.state().level == 0.2
        assert not one.state().met
        assert one.tracker.wish(one.look(), dear=False) is None


def test_what_a_car_was_below_is_forgotten_with_it() -> None:
    one = OneNeed(CAR)
    one.see(level=0.1)
    for after_s in (0.0, 60.0):
        one.see(after_s, reading=GONE)
    assert not one.state().active
    # Nor has the next one ever had its minimum.
    one = OneNeed(CAR)
    one.see(level=0.5)
    for after_s in (0.0, 60.0):
        one.see(after_s, reading=GONE)
    one.see(61.0, level=0.19)
    assert one.tracker.wish(one.look(), dear=False).reason is Reason.CAR_MINIMUM


def test_each_absence_begins_by_itself() -> None:
    one = OneNeed(CAR)
    one.see(level=0.8)
    one.see(0.0, reading=GONE)
    one.see(30.0, level=0.8)
    one.see(60.0, reading=GONE)
    assert one.state().level == 0.8
    # A clock that is put back does not make it stay for ever.
    one.see(-HOUR, reading=GONE)
    one.see(-HOUR + 59, reading=GONE)
    assert one.state().level == 0.8
    one.see(-HOUR + 60, reading=GONE)
    assert one.state().level == 0.2


def test_what_is_no_car_needs_none_to_be_there() -> None:
    one = OneNeed(ENERGY)
    for after_s in (0.0, 60.0):
        one.see(after_s, power_w=500.0, reading=GONE)
    assert one.state().left_wh == 1000


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


def taking(power_w: float, after_s: float = 300.0, **more: Any) -> OneNeed:
    """Return a need whose load took a power once it had asked for a time."""
    one = OneNeed(CAR)
    one.see(level=0.66, dt_s=0.0)
    assert one.plan(CHEAP_NOW).active
    one.see(after_s, power_w=power_w, level=0.66, **{"dt_s": 30.0, **more})
    # As if nothing had been taken for it.
    one.see(after_s, level=0.661, dt_s=0.0)
    one.see(after_s, level=0.66, dt_s=0.0)
    return one


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


# ---- what it asks, and shows ---------------------------------------------------------


def numbers(one: OneNeed, reason: Reason) -> dict[str, Any]:
    wish = one.tracker.wish(one.look(), dear=False)
    assert wish is not None
    assert (wish.reason, wish.value) == (
        reason,
        0.0 if reason is Reason.CAR_LIMIT else None,
    )
    return dict(wish.numbers)


def test_what_it_asks_for_is_told_in_numbers() -> None:
    told = {"price": 1.0, "deadline": "2026-06-22T07:00+02:00"}
    one = OneNeed(replace(ENERGY, target=1260.0))
    one.plan(CHEAP_NOW)
    assert numbers(one, Reason.NEEDED) == {"kwh_left": 1.3, **told}
    one = OneNeed(HOURS)
    one.see(power_w=1.0, dt_s=HOUR / 4)
    one.plan(CHEAP_NOW)
    assert numbers(one, Reason.NEEDED) == {"hours_left": 1.8, **told}
    one = OneNeed(TANK)
    one.see(level=50.04)
    one.plan(CHEAP_NOW)
    warm = {"target_c": 55.0, "temperature_c": 50.0, "kwh_left": 1.7}
    assert numbers(one, Reason.NEEDED) == {**warm, **told}
    one = OneNeed(replace(CAR, target=0.7054))
    one.see(level=0.6554)
    one.plan(CHEAP_NOW)
    charged = {"target_percent": 70.5, "charge_percent": 65.5, "kwh_left": 2.5}
    assert numbers(one, Reason.NEEDED) == {**charged, **told}


def test_how_late_it_will_be_is_told_in_minutes() -> None:
    one = OneNeed(replace(HOURS, target=1.5 * HOUR))
    one.plan(outlook(1, None))
    assert numbers(one, Reason.NEEDED)["late_minutes"] == 30
    one = OneNeed(replace(HOURS, target=HOUR + 59))
    one.plan(outlook(1, None))
    assert "late_minutes" not in numbers(one, Reason.NEEDED)


def test_a_price_that_is_not_told_is_not_shown() -> None:
    one = OneNeed(ENERGY)
    ahead = outlook(1, 2, 2)
    untold = tuple(replace(each, price=None) for each in ahead.slices)
    one.plan(replace(ahead, slices=untold))
    assert "price" not in numbers(one, Reason.NEEDED)


def test_a_limit_and_a_minimum_show_themselves() -> None:
    one = OneNeed(CAR)
    one.see(level=0.81)
    shown = {"target_percent": 80.0, "charge_percent": 81.0}
    assert numbers(one, Reason.CAR_LIMIT) == shown
    one.see(level=0.1)
    shown = {"target_percent": 20.0, "charge_percent": 10.0}
    assert numbers(one, Reason.CAR_MINIMUM) == shown
    # What is planned for besides is told with it.
    one.plan(CHEAP_NOW)
    more = {"price": 1.0, "deadline": "2026-06-22T07:00+02:00", "kwh_left": 30.0}
    assert numbers(one, Reason.CAR_MINIMUM).items() >= (shown | more).items()


def test_one_that_is_switched_off_shows_nothing() -> None:
    one = OneNeed(CAR)
    one.see(level=0.1)
    one.tracker.change(replace(CAR, enabled=False))
    assert one.tracker.wish(one.look(), dear=False) is None
    assert one.state() == PlanState(load_id=LOAD)


def test_its_state_is_told_as_it_is() -> None:
    one = OneNeed(ENERGY)
    state = one.plan(outlook(2, 1, 2, 1, 2))
    waiting = PlanState(
        load_id=LOAD,
        starts=EVENING + timedelta(hours=1),
        deadline=SEVEN,
        left_wh=2000.0,
    )
    assert state == waiting
    state = one.plan(outlook(2, 1, 2, 1, 2), 1.5 * HOUR)
    assert state == replace(
        waiting,
        active=True,
        starts=EVENING + timedelta(hours=3),
        ends=EVENING + timedelta(hours=2),
    )
    assert state.deadline is not None and state.deadline.tzinfo is PARIS
    one.see(power_w=2000.0)
    assert one.plan(None) == replace(waiting, starts=None, met=True, left_wh=0.0)
    car = OneNeed(CAR)
    car.see(level=0.66)
    state = car.plan(CHEAP_NOW)
    assert state == PlanState(
        load_id=LOAD,
        active=True,
        starts=state.starts,
        ends=EVENING + timedelta(hours=1),
        deadline=SEVEN,
        left_wh=pytest.approx(2000.0),
        level=0.66,
    )


def test_a_car_below_its_minimum_does_not_end_where_a_plan_begins() -> None:
    one = OneNeed(CAR)
    one.see(level=0.1)
    state = one.plan(outlook(2, 2, *9 * (1.0,), most_w=10_000.0))
    assert state.active
    assert state.starts is not None
    assert state.ends is None


# ---- surviving a restart -------------------------------------------------------------


def test_a_restart_takes_back_what_was_counted_and_learned() -> None:
    one = taking(600.0)
    one.see(400.0, level=0.81, dt_s=0.0)
    saved = one.tracker.as_dict()
    assert saved["reach_w"] == pytest.approx(600.0)
    one.restart()
    assert one.tracker.as_dict() == saved
    assert one.tracker.seen
    # Held, and running, as before.
    assert one.state(400.0).active
    one.see(401.0, level=0.79)
    assert numbers(one, Reason.CAR_LIMIT)["charge_percent"] == 79
    for need in (ENERGY, HOURS):
        one = OneNeed(need)
        one.see(power_w=512.34, dt_s=HOUR / 3 + 0.04)
        one.restart()
        assert one.state().deadline == SEVEN
        left = one.state().left_wh or one.state().left_s
        assert left in (2000 - 170.8, 2 * HOUR - 1200.0)


def test_a_target_that_was_reached_is_still_reached_after_a_restart() -> None:
    one = OneNeed(CAR)
    one.see(level=0.7)
    one.restart()
    one.see(level=0.69)
    assert one.state().met


def test_a_charge_to_the_minimum_goes_on_after_a_restart() -> None:
    one = OneNeed(CAR)
    for charge in (0.2, 0.17, 0.19):
        one.see(level=charge)
    one.restart()
    one.see(level=0.19)
    numbers(one, Reason.CAR_MINIMUM)
    one.see(level=0.2)
    one.restart()
    # And one that had it does not begin for the last percent.
    one.see(level=0.19)
    assert one.tracker.wish(one.look(), dear=False) is None


@pytest.mark.parametrize(
    "other", [HOURS, replace(ENERGY, load_id="home:other"), replace(HOURS, load_id="o")]
)
def test_what_was_saved_of_something_else_is_not_taken_back(other: Need) -> None:
    one = OneNeed(ENERGY)
    one.see(power_w=500.0)
    tracker = NeedTracker(other)
    before = tracker.as_dict()
    tracker.restore(one.tracker.as_dict())
    assert tracker.as_dict() == before


@pytest.mark.parametrize("key", ["deadline", "active_since", "reach_w", "on_s"])
def test_a_damaged_number_is_refused(key: str) -> None:
    one = OneNeed(ENERGY)
    saved = one.tracker.as_dict() | {key: "soon"}
    with pytest.raises(ValueError):
        one.tracker.restore(saved)
