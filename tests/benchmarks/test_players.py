"""Baselines do what they are known for, and the engine is fed what it needs."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from benchmarks.closed_loop.baselines import (
    EarlierPid,
    Evcc,
    OpenEms,
    PriorityOptimiser,
    TwcManager,
)
from benchmarks.closed_loop.cases import (
    CASES,
    Case,
    ChargerCase,
    HeaterCase,
    RelayCase,
    Wires,
)
from benchmarks.closed_loop.oracle import optimum_of
from benchmarks.closed_loop.ours import Ours, share_of
from benchmarks.closed_loop.record import Controller, Record, play
from benchmarks.closed_loop.router import EvccWithRouter
from benchmarks.closed_loop.runs import PLAYERS, Results, Run, Wanted
from benchmarks.closed_loop.scores import score
from simulator.appliance import ApplianceSpec
from simulator.battery import BatterySpec
from simulator.heater import Characteristic, HeaterSpec

from .days import case

QUIET = Wires(grid_noise_w=0.0)
MAKERS: list[Callable[[Case], Controller]] = [
    Ours,
    lambda _: Evcc(),
    lambda _: TwcManager(),
    lambda _: OpenEms(),
    lambda _: PriorityOptimiser(),
    lambda _: EarlierPid(),
]


def first_on(record: Record, n: int = 0) -> int | None:
    return record.on[n].index(True) if True in record.on[n] else None


@pytest.mark.parametrize("make", MAKERS)
def test_nobody_starts_without_surplus(make: Callable[[Case], Controller]) -> None:
    tiny = case([0.0] * 400, wires=QUIET)
    assert first_on(play(tiny, make(tiny))) is None


@pytest.mark.parametrize("make", MAKERS)
def test_everybody_starts_on_a_large_surplus(
    make: Callable[[Case], Controller],
) -> None:
    tiny = case([4000.0] * 900, wires=QUIET)
    record = play(tiny, make(tiny))
    assert first_on(record) is not None
    assert max(record.loads_w) > 2000.0


def test_evcc_starts_after_a_minute_and_follows_by_its_tick() -> None:
    tiny = case([4000.0] * 400, wires=QUIET)
    record = play(tiny, Evcc())
    # The first tick has no meter value yet; the timer runs from the second on.
    assert first_on(record) == 30 + 60 + 1
    changes = [
        n for n, (a, b) in enumerate(pairwise(record.drawn_a[0])) if a == 0.0 < b
    ]
    assert changes == [30 + 60 + 1 + 14]


def test_evcc_holds_the_minimum_for_three_minutes_before_it_stops() -> None:
    tiny = case([4000.0] * 300 + [0.0] * 400, wires=QUIET)
    record = play(tiny, Evcc())
    stopped = next(n for n in range(300, 700) if not record.on[0][n])
    assert stopped == 330 + 180 + 1


def test_evcc_changes_phases_when_one_is_not_enough() -> None:
    tiny = case(
        [3000.0] * 300 + [9000.0] * 400, chargers=CASES["D1"].chargers, wires=QUIET
    )
    record = play(tiny, Evcc())
    assert record.phase_changes == 1
    assert max(record.loads_w) > 3 * 16 * 230 * 0.75


def test_evcc_serves_one_charger_per_tick() -> None:
    chargers = (ChargerCase(load_id="one"), ChargerCase(load_id="two"))
    tiny = case([12_000.0] * 500, chargers=chargers, wires=QUIET)
    record = play(tiny, Evcc())
    first, second = first_on(record, 0), first_on(record, 1)
    assert first is not None
    assert second is not None
    assert (second - first) % 60 == 30


def test_twcmanager_keeps_a_minute_between_switchings() -> None:
    tiny = case(([4000.0] * 60 + [0.0] * 60) * 5, wires=QUIET)
    record = play(tiny, TwcManager())
    on = record.on[0]
    changes = [n for n in range(1, len(on)) if on[n] != on[n - 1]]
    assert changes
    assert all(b - a >= 60 for a, b in pairwise(changes))


def test_openems_does_not_pause_within_two_minutes_of_a_start() -> None:
    tiny = case([4000.0] * 60 + [0.0] * 300, wires=QUIET)
    record = play(tiny, OpenEms())
    assert sum(record.on[0]) >= 120


def test_the_earlier_pid_never_settles() -> None:
    tiny = case([3000.0] * 3600, wires=QUIET)
    record = play(tiny, EarlierPid())
    drawn = record.loads_w[1800:]
    assert max(drawn) - min(drawn) > 2000.0


def test_the_engine_settles_on_a_steady_surplus() -> None:
    tiny = case([3000.0] * 600, wires=QUIET)
    record = play(tiny, Ours(tiny))
    assert all(abs(grid) < 150.0 for grid in record.grid_w[-200:])
    assert record.commands <= 5


def test_the_engine_charges_fast_under_the_subscription() -> None:
    tiny = case([0.0] * 300, wires=QUIET, fast=True, subscribed_va=6000.0)
    record = play(tiny, Ours(tiny))
    assert 5000.0 < max(record.grid_w) <= 6000.0


def test_two_cars_of_the_engine_stay_under_their_common_limit() -> None:
    chargers = (ChargerCase(load_id="one"), ChargerCase(load_id="two"))
    tiny = case([12_000.0] * 900, chargers=chargers, wires=QUIET)
    record = play(tiny, Ours(tiny))
    assert 36.0 < max(record.ev_a) <= 40.5


def test_j_is_a_share_of_the_optimum() -> None:
    run = Run(case="A1", player="Surplus")
    tiny = case([3000.0] * 600, wires=QUIET)
    scores = score(play(tiny, Ours(tiny)))
    results = Results(scores={run: scores}, optima={})
    assert results.percent(run, 1.0) is None
    best = optimum_of(tiny, 1.0)
    results.optima[Wanted(case="A1", price=1.0)] = best
    percent = results.percent(run, 1.0)
    assert percent == pytest.approx(100 * scores.value_kwh(1.0) / best.value_kwh(1.0))
    assert percent is not None
    assert 80.0 < percent < 100.0


def test_the_router_is_asked_only_where_there_is_a_heater() -> None:
    assert PLAYERS["evcc + router"].is_asked(CASES["B1"])
    assert not PLAYERS["evcc + router"].is_asked(CASES["A1"])


def test_a_router_beside_evcc_takes_the_export_that_the_charger_waits_for() -> None:
    tiny = case([2000.0] * 900, heaters=(HeaterCase(),), wires=QUIET)
    record = play(tiny, EvccWithRouter())
    assert first_on(record) is None
    assert record.loads_w[-1] == pytest.approx(2000.0, abs=30.0)
    alone = play(tiny, Evcc())
    assert first_on(alone) is not None


def test_the_priority_optimiser_hands_its_rest_to_heater_and_relay() -> None:
    tiny = case(
        [1200.0] * 300,
        chargers=(),
        heaters=(HeaterCase(stated_w=600.0, heater=HeaterSpec(max_w=600.0)),),
        relays=(RelayCase(stated_w=500.0, appliance=ApplianceSpec(power_w=500.0)),),
        wires=QUIET,
    )
    record = play(tiny, PriorityOptimiser())
    assert record.loads_w[-1] == pytest.approx(1100.0, abs=10.0)
    assert record.on[0][-1]


@pytest.mark.parametrize(
    ("stated", "power_w", "share"),
    [
        (Characteristic.LINEAR, 600.0, 0.25),
        (Characteristic.LINEAR, 2400.0, 1.0),
        (Characteristic.PHASE_ANGLE, 600.0, 0.33),
        (Characteristic.PHASE_ANGLE, 1200.0, 0.5),
        (Characteristic.PHASE_ANGLE, 0.0, 0.0),
    ],
)
def test_the_engine_is_given_the_stated_characteristic(
    stated: Characteristic, power_w: float, share: float
) -> None:
    assert share_of(HeaterCase(stated=stated), power_w) == share


def test_a_battery_leaves_evcc_its_surplus() -> None:
    tiny = case([3000.0] * 900, battery=BatterySpec(), wires=QUIET)
    record = play(tiny, Evcc())
    # The car is counted before the battery that had taken everything.
    assert record.loads_w[-1] > 2000.0


def test_nobody_charges_a_car_that_has_left() -> None:
    away = ChargerCase(load_id="car", plugged=(36_000, 36_300))
    tiny = case([4000.0] * 600, chargers=(away,), wires=QUIET)
    for make in MAKERS:
        record = play(tiny, make(tiny))
        assert max(record.loads_w[302:]) == 0.0
