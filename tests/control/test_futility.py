"""When shedding is given up, because the meter does not move by it."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.guard.effect import Futility, Hindsight
from custom_components.surplus.control.loads.base import Follower

from .guard_bench import V, load

A, B = load("a", 8.0, 1, 2), load("b", 2.0)


def measured(follower: Follower, power_w: float | None) -> Follower:
    one, control = follower
    return replace(one, reading=replace(one.reading, power_w=power_w)), control


def begun(*followers: Follower, futility: Futility | None = None) -> Futility:
    """Shed loads at 101 s, on a reading of a second before."""
    futility = futility or Futility()
    drew_w = {one.spec.load_id: control.orders.in_force_w for one, control in followers}
    futility.begins([A, B], drew_w, (29.0, 20.0), at=100.0, now=101.0, voltage_v=V)
    return futility


def see(
    futility: Futility, *shown_a: float, followers: tuple[Follower, ...] = (A,)
) -> tuple[str, ...]:
    return futility.see(followers, shown_a, 116.0, 116.0)


def test_it_is_on_its_way_for_as_long_as_the_slowest_needs() -> None:
    futility = begun(A, B)
    assert futility.settles(115.9)
    assert not futility.settles(116.0)
    assert futility.waits
    assert futility.pending_a == {"a": 8.0, "b": 2.0}
    assert not Futility().waits
    assert Futility().pending_a == {}


def test_the_reading_it_was_shed_on_says_nothing() -> None:
    futility = begun(A)
    assert futility.see((A,), (0.0, 0.0), 100.0, 130.0) == ()
    assert futility.waits


@pytest.mark.parametrize(
    ("shown_a", "moved"),
    [((25.0, 20.0), True), ((29.0, 16.0), True), ((25.1, 16.1), False)],
)
def test_half_of_what_it_drew_on_any_phase_is_a_move(
    shown_a: tuple[float, ...], moved: bool
) -> None:
    futility = begun(A)
    assert see(futility, *shown_a) == (() if moved else ("a",))
    assert not futility.waits


def test_of_several_the_least_is_enough() -> None:
    assert see(begun(A, B), 28.0, 20.0, followers=(A, B)) == ()
    assert see(begun(A, B), 28.1, 20.0, followers=(A, B)) == ("a", "b")


def test_a_meter_with_other_phases_is_compared_with_nothing() -> None:
    assert see(begun(A), 29.0) == ()


def test_before_its_time_nothing_was_in_vain() -> None:
    futility = begun(A)
    assert futility.see((A,), (29.0, 20.0), 115.0, 115.0) == ()
    assert futility.waits


@pytest.mark.parametrize(
    ("power_w", "futile"), [(None, False), (0.0, True), (1839.0, True), (1841.0, False)]
)
def test_what_is_measured_to_have_ended_proves_it(
    power_w: float | None, futile: bool
) -> None:
    futility = begun(A)
    see(futility, 29.0, 20.0, followers=(measured(A, power_w), B))
    assert futility.futile is futile


def test_all_of_them_must_be() -> None:
    futility = begun(A, B)
    see(futility, 29.0, 20.0, followers=(measured(A, 0.0), measured(B, 460.0)))
    assert not futility.futile


@pytest.mark.parametrize(("rises_a", "futile"), [(0.3, True), (0.5, False)])
def test_where_the_meter_does_not_stand_still_it_is_only_a_hint(
    rises_a: float, futile: bool
) -> None:
    futility = begun(A)
    see(futility, 29.0 + rises_a, 20.0, followers=(measured(A, 0.0),))
    assert futility.futile is futile


def test_two_hints_in_a_row_are_a_proof() -> None:
    futility = begun(A)
    see(futility, 29.0, 20.0)
    assert not futility.futile
    see(begun(A, futility=futility), 29.0, 20.0)
    assert futility.futile
    futility.ends()
    assert not futility.futile
    see(begun(A, futility=futility), 29.0, 20.0)
    see(begun(A, futility=futility), 20.0, 20.0)
    see(begun(A, futility=futility), 29.0, 20.0)
    assert not futility.futile


def test_a_shed_is_judged_up_to_the_last_second_that_the_breaker_held() -> None:
    hindsight = Hindsight()
    assert not hindsight.waits
    hindsight.begins("s", "k", 25.0, (1,), 5.0, at=100.0, left_s=20.0)
    assert hindsight.waits
    assert hindsight.see({"k": (20.0,)}, 120.0) == 1
