"""A plan takes the cheapest time before its deadline, the latest of what is equal."""

from dataclasses import replace
from itertools import pairwise, product

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.needs.planner import Plan, left_after, plan
from custom_components.surplus.control.needs.prices import Slice

HOUR = 3600.0


def hours(*costs: float | None) -> list[Slice]:
    """Return hours of these costs; None is barred."""
    return [
        Slice(
            begins=n * HOUR,
            ends=(n + 1) * HOUR,
            cost=cost if cost is not None else 9.0,
            barred=cost is None,
        )
        for n, cost in enumerate(costs)
    ]


def in_hours(made: Plan) -> list[tuple[float, float]]:
    return [(begins / HOUR, ends / HOUR) for begins, ends in made.spans]


def cost_of(made: Plan, slices: list[Slice]) -> float:
    return sum(
        one.cost * max(0.0, min(one.ends, ends) - max(one.begins, begins))
        for one in slices
        for begins, ends in made.spans
    )


@pytest.mark.parametrize(
    ("costs", "needed", "spans"),
    [
        # What costs the same is done as late as possible.
        ((1, 1, 1, 1), 1.5, [(2.5, 4)]),
        # The cheapest hours first, wherever they are.
        ((3, 1, 3, 2), 2, [(1, 2), (3, 4)]),
        # A part of an hour leans on what follows it,
        ((2, 2, 1, 3), 1.5, [(1.5, 3)]),
        # or on what is before it.
        ((3, 1, 2, 3), 1.5, [(1, 2.5)]),
        # Between two of them it waits for the later one.
        ((1, 2, 1), 2.5, [(0, 1), (1.5, 3)]),
        # What is barred is never taken, however late it gets.
        ((1, None, None, 1), 3, [(0, 1), (3, 4)]),
        ((None, None), 1, []),
        ((1, 1), 0, []),
        ((1, 1), 2, [(0, 2)]),
    ],
)
def test_which_hours_it_takes(
    costs: tuple[float | None, ...], needed: float, spans: list[tuple[float, float]]
) -> None:
    made = plan(hours(*costs), needed * HOUR)
    assert in_hours(made) == spans


def test_what_cannot_be_done_in_time_is_told_as_short() -> None:
    assert plan(hours(1, None, 1), 3 * HOUR).short_s == HOUR
    assert plan(hours(None), 3 * HOUR).short_s == 3 * HOUR
    assert plan(hours(1, 1, 1), 3 * HOUR).short_s == 0


def test_a_deadline_without_any_time_before_it_leaves_all_of_it_missing() -> None:
    assert plan([], HOUR) == Plan(short_s=HOUR)


def test_a_margin_is_kept_before_the_deadline_where_there_is_time() -> None:
    made = plan(hours(1, 1, 1), HOUR, margin_s=600)
    assert made.spans == ((3 * HOUR - 600 - HOUR, 3 * HOUR - 600),)
    tight = plan(hours(1, 1, 1), 2.9 * HOUR, margin_s=0.5 * HOUR)
    assert in_hours(tight) == [(0, 2.9)]
    around = plan(hours(1, 1, None, 1), 2.5 * HOUR, margin_s=0.8 * HOUR)
    assert in_hours(around) == [(0, 2), (3, 3.5)]
    # What begins with the margin is no run of its own.
    made = plan(hours(1, 1, None, 1), 2 * HOUR, margin_s=1.5 * HOUR, least_s=600.0)
    assert in_hours(made) == [(0, 2)]


def test_what_runs_goes_on_rather_than_waiting_for_an_equal_hour() -> None:
    assert in_hours(plan(hours(1, 1, 1, 1), HOUR, running=True)) == [(0, 1)]
    # A cheaper hour is worth waiting for.
    assert in_hours(plan(hours(2, 2, 1, 1), HOUR, running=True)) == [(3, 4)]


def test_the_rest_of_a_run_is_not_put_off_for_another_start() -> None:
    made = plan(hours(3, 1, 1), 200.0, running=True)
    assert made.spans == ((0, 200),)
    barred = plan(hours(None, 1), 200.0, running=True)
    assert barred.spans == ((2 * HOUR - 200, 2 * HOUR),)
    # Nor where it would run into a dearer hour, or in what is a last resort.
    cheap, dear, later = hours(1, 3, 1)
    ending = [replace(cheap, begins=HOUR - 100), dear, later]
    made = plan(ending, 250.0, running=True)
    assert made.spans == ((HOUR - 100, HOUR), (3 * HOUR - 150, 3 * HOUR))
    pressed = [replace(cheap, last_resort=True, cost=9.0), dear]
    assert plan(pressed, 200.0, running=True).spans == ((2 * HOUR - 200, 2 * HOUR),)
    # And a minute more than a cheap hour is no reason to begin in a dear one.
    assert in_hours(plan(hours(3, 1, 3), HOUR + 60)) == [(1, 2)]


def test_no_run_is_shorter_and_no_pause_either_than_a_load_can() -> None:
    made = plan(hours(3, 1, 3, 3), 0.1 * HOUR, least_s=0.5 * HOUR)
    assert in_hours(made) == [(1.5, 2)]
    made = plan(hours(3, 1, 3, 1, 3), 2 * HOUR, rest_s=2 * HOUR)
    assert in_hours(made) == [(1, 4)]
    # Also at the ends of what may be used, and with more of it elsewhere.
    for costs in ((1, 3, 1), (3, 1, 3, 1), (3, 1, 3, 1, None, 3), (3, None, 1, 3, 1)):
        made = plan(hours(*costs), 2 * HOUR, rest_s=2 * HOUR)
        assert [ends - begins for begins, ends in in_hours(made)] == [3], costs
    # One of just that length is long enough.
    made = plan(hours(3, 1, 3, 1, 3), 2 * HOUR, rest_s=HOUR)
    assert in_hours(made) == [(1, 2), (3, 4)]
    # Not over what is barred.
    made = plan(hours(3, 1, None, 1, 3), 2 * HOUR, rest_s=2 * HOUR)
    assert in_hours(made) == [(1, 2), (3, 4)]


def test_a_run_is_made_longer_within_what_may_be_used() -> None:
    first, barred, second = hours(3, None, 2)
    cheap = replace(second, ends=second.begins + 360.0, cost=1.0)
    rest = replace(second, begins=cheap.ends)
    made = plan([first, barred, cheap, rest], 360.0, least_s=0.5 * HOUR)
    assert in_hours(made) == [(2, 2.5)]


def test_what_is_left_behind_an_instant_leaves_out_margin_and_last_resorts() -> None:
    slices = hours(1, None, 1, 1, 1)
    slices[3] = replace(slices[3], last_resort=True)
    assert left_after(slices, 0.0, margin_s=0.0) == 3 * HOUR
    assert left_after(slices, 0.5 * HOUR, margin_s=900.0) == 2.25 * HOUR
    assert left_after(slices, 2.5 * HOUR, margin_s=0.0) == 1.5 * HOUR


def test_a_plan_knows_its_turns() -> None:
    made = plan(hours(3, 1, 3, 2), 2 * HOUR)
    assert made.turns_after(0) == HOUR
    assert made.turns_after(HOUR) == 2 * HOUR
    assert made.starts_after(HOUR) == 3 * HOUR
    assert made.starts_after(0) == HOUR
    assert made.turns_after(4 * HOUR) is None
    assert made.starts_after(4 * HOUR) is None
    assert [made.holds(h * HOUR) for h in (0, 1, 2, 3)] == [False, True, False, True]


costs_of_a_day = st.lists(
    st.one_of(st.none(), st.integers(1, 4)), min_size=1, max_size=8
)


@given(
    costs=costs_of_a_day,
    quarters=st.integers(1, 40),
    running=st.booleans(),
    margin_s=st.sampled_from([0.0, 300.0]),
)
def test_no_choice_of_quarters_is_cheaper(
    costs: list[int | None], quarters: int, running: bool, margin_s: float
) -> None:
    slices = hours(*costs)
    needed_s = quarters * HOUR / 4
    made = plan(slices, needed_s, running=running, margin_s=margin_s)
    # Cut off by the margin, less than two minutes are left to the end of a run.
    planned_s = sum(ends - begins for begins, ends in made.spans)
    usable = [one for one in slices if not one.barred]
    available_s = len(usable) * HOUR
    assert planned_s == pytest.approx(min(needed_s, available_s))
    assert made.short_s == pytest.approx(max(0.0, needed_s - available_s))
    for begins, ends in made.spans:
        assert all(
            one.ends <= begins or one.begins >= ends for one in slices if one.barred
        )
    # By brute force: the cheapest quarters there are, however scattered.
    quarters_there = sorted(one.cost for one, _ in product(usable, range(4)))
    best = sum(quarters_there[:quarters]) * HOUR / 4
    slack = margin_s * 4
    assert best - 1 <= cost_of(made, slices) <= best + slack + 1


@given(
    costs=costs_of_a_day,
    quarters=st.integers(1, 20),
    least_s=st.sampled_from([0.0, 600.0, 1800.0]),
    rest_s=st.sampled_from([0.0, 1200.0, 2 * HOUR]),
)
def test_minimum_times_hold_wherever_they_can(
    costs: list[int | None], quarters: int, least_s: float, rest_s: float
) -> None:
    slices = hours(*costs)
    made = plan(slices, quarters * HOUR / 4, least_s=least_s, rest_s=rest_s)
    spans = made.spans
    assert list(spans) == sorted(spans)
    for begins, ends in spans:
        assert ends - begins >= min(least_s, HOUR) - 1e-6
        assert all(
            one.ends <= begins or one.begins >= ends for one in slices if one.barred
        )
    for (_, ended), (begins, _) in pairwise(spans):
        barred_between = any(
            one.barred and ended <= one.begins < begins for one in slices
        )
        assert begins - ended >= rest_s - 1e-6 or barred_between
