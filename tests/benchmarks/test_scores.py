"""Scores by hand."""

from dataclasses import replace

import pytest

from benchmarks.closed_loop.cases import CASES, STEP_HOLD_S, STEP_LEVELS_W
from benchmarks.closed_loop.record import Record
from benchmarks.closed_loop.scores import longest_run, overshoot, score, settling_s

from .days import record


def test_captured_and_imported_are_split_at_the_surplus() -> None:
    scores = score(record([1000.0] * 3600, [1500.0] * 1800 + [400.0] * 1800))
    assert scores.captured_kwh == pytest.approx(0.5 + 0.2)
    assert scores.imported_kwh == pytest.approx(0.25)
    assert scores.value_kwh(3.0) == pytest.approx(0.7 - 0.75)


def test_self_consumption_is_what_was_not_exported() -> None:
    scores = score(record([900.0] * 100, [300.0] * 100))
    # 1200 W of sun, 300 W for the house, 600 W exported.
    assert scores.self_consumption == pytest.approx(0.5)


def test_the_cars_share_is_of_what_was_captured() -> None:
    # Half of the time the loads draw twice the surplus, and each captures its half.
    gone = record([1000.0] * 20, [2000.0] * 10 + [800.0] * 10, ev_w=[500.0] * 20)
    assert score(gone).car_share == pytest.approx((2500 + 5000) / (10_000 + 8000))
    assert score(record([0.0] * 5, [0.0] * 5)).car_share == 0.0


def test_switching_back_within_five_minutes_is_a_short_cycle() -> None:
    on = [False] * 10 + [True] * 300 + [False] * 299 + [True] * 10
    loads = [2000.0 if flag else 0.0 for flag in on]
    scores = score(record([2000.0] * len(on), loads, on=on))
    assert (scores.starts, scores.short_cycles, scores.short_currents) == (2, 1, 1)


def test_a_current_that_begins_late_may_be_short_where_the_offer_is_not() -> None:
    on = [True] * 300 + [False] * 10
    loads = [0.0] * 15 + [2000.0] * 285 + [0.0] * 10
    scores = score(record([2000.0] * len(on), loads, on=on))
    assert (scores.short_cycles, scores.short_currents) == (0, 1)


def test_rms_counts_only_seconds_in_which_a_car_draws() -> None:
    scores = score(record([3000.0] * 20, [0.0] * 10 + [2700.0] * 10))
    assert scores.rms_w == pytest.approx(300.0)
    assert score(record([0.0] * 10, [0.0] * 10)).rms_w is None


def test_an_overload_is_three_percent_over_the_subscription() -> None:
    loads = [3000.0] * 5 + [3100.0] * 4 + [3000.0] + [3100.0] * 2
    scores = score(record([0.0] * 12, loads, subscribed_va=3000.0))
    assert (scores.over_s, scores.longest_over_s) == (6, 4)


def test_cars_over_their_common_limit_are_an_overload() -> None:
    scores = score(record([9200.0] * 4, [230.0 * 41] * 4, ev_limit_a=40.0))
    assert scores.longest_over_s == 4
    assert score(record([9200.0] * 4, [230.0 * 40.4] * 4)).longest_over_s == 0


def test_longest_run() -> None:
    assert longest_run([True, False, True, True, False]) == 2
    assert longest_run([]) == 0


def test_settling_ends_with_the_last_second_away_from_the_end() -> None:
    hold = [-3000.0] * 16 + [100.0] * 884
    assert settling_s(hold) == 16.0
    assert settling_s([0.0] * 900) == 0.0


def test_a_hold_that_never_rests_counts_whole() -> None:
    assert settling_s([300.0, -300.0] * 450) == 900.0


def test_overshoot_is_beyond_the_end_and_away_from_the_disturbance() -> None:
    # 3000 W more sun: the grid falls, comes back, and goes 300 W beyond.
    hold = [-3000.0] * 10 + [300.0] * 5 + [0.0] * 100
    assert overshoot(hold, -3000.0) == pytest.approx(0.1)
    assert overshoot([-value for value in hold], 3000.0) == pytest.approx(0.1)
    assert overshoot([-3000.0] * 10 + [0.0] * 100, -3000.0) == 0.0


def test_steps_are_judged_on_their_own_day() -> None:
    steps = CASES["S1"]
    made = steps.build()
    grid = [0.0] * len(made.solar_w)
    for n in range(1, len(STEP_LEVELS_W)):
        first = 3600 + n * STEP_HOLD_S
        grid[first : first + 12] = [500.0] * 12
    idle = [0.0] * len(grid)
    gone = Record(
        case=steps,
        day=made,
        loads_w=idle,
        ev_w=idle,
        grid_w=grid,
        ev_a=idle,
        on=[[False] * len(grid)],
        drawn_a=[idle],
    )
    scores = score(gone, steps=True)
    assert scores.settling_s == 12.0
    assert scores.overshoot is not None
    assert scores.overshoot > 0
    assert score(replace(gone)).settling_s is None
