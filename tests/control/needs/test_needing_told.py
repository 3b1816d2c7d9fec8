"""What one need asks for and shows, also after a restart."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.surplus.control.model import Reason
from custom_components.surplus.control.needs.needing import NeedTracker
from custom_components.surplus.control.needs.specs import Need
from custom_components.surplus.control.needs.state import PlanState

from .bench import LOAD, PARIS
from .need_bench import (
    CAR,
    CHEAP_NOW,
    ENERGY,
    EVENING,
    HOUR,
    HOURS,
    SEVEN,
    TANK,
    OneNeed,
    outlook,
    taking,
)

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
