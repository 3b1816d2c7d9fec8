"""A need of a level: its edges, and a car that comes and goes."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.surplus.control.model import Reason
from custom_components.surplus.control.needs.specs import Need, OnDear

from .need_bench import CAR, ENERGY, FULL, GONE, HOUR, MAYBE_GONE, TANK, OneNeed

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
