"""What is seen of a load that something is planned for, and what it is counted on for."""

from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import Mock

import pytest

from custom_components.surplus.control.loads.base import LoadControl
from custom_components.surplus.control.loads.circumstances import Span
from custom_components.surplus.control.model import (
    ChargerReading,
    GridReading,
    HeaterReading,
    LoadInput,
    LoadReading,
    LoadSpec,
    Mode,
    Snapshot,
    StorageReading,
    SwitchedReading,
)
from custom_components.surplus.control.needs.look import (
    Look,
    full_w,
    look_at,
    own_level,
    within_limits_w,
)
from custom_components.surplus.control.settings import Circuit, HomeSettings

from .bench import CHARGER, HEATER, LOAD, STORAGE, SWITCHED

WALL = datetime(2026, 6, 21, 10, tzinfo=UTC)
UNKNOWN_PUMP = replace(SWITCHED, power_w=None, first_guess_w=700.0)


def given(spec: LoadSpec, reading: LoadReading) -> LoadInput:
    return LoadInput(spec=spec, reading=reading, mode=Mode.SOLAR)


def looked(spec: LoadSpec, reading: LoadReading, told_w: float = 0.0) -> Look:
    return look_at(given(spec, reading), WALL, at=0.0, dt_s=30.0, told_w=told_w)


@pytest.mark.parametrize(
    ("spec", "watts", "runs"),
    [
        # A small pump's display takes less than 20 W,
        (replace(SWITCHED, power_w=100.0), 15.0, False),
        (replace(SWITCHED, power_w=100.0), 25.0, True),
        # what waits in a wallbox up to a twentieth of what it can give.
        (CHARGER, 150.0, False),
        (CHARGER, 200.0, True),
    ],
)
def test_a_load_that_takes_next_to_nothing_does_not_run(
    spec: LoadSpec, watts: float, runs: bool
) -> None:
    reading = (
        ChargerReading(reachable=True, power_w=watts)
        if spec is CHARGER
        else SwitchedReading(reachable=True, power_w=watts)
    )
    assert looked(spec, reading).runs is runs


@pytest.mark.parametrize(
    ("on", "reachable", "runs"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_a_relay_runs_when_it_says_so_whatever_it_takes(
    on: bool, reachable: bool, runs: bool
) -> None:
    for watts in (0.0, 1000.0):
        reading = SwitchedReading(reachable=reachable, on=on, power_w=watts)
        assert looked(SWITCHED, reading).runs is runs


def test_what_is_not_measured_takes_what_it_was_told_and_nothing_out_of_reach() -> None:
    assert looked(HEATER, HeaterReading(reachable=True), told_w=900.0).power_w == 900
    measured = HeaterReading(reachable=True, power_w=800.0)
    assert looked(HEATER, measured, told_w=900.0).power_w == 800
    lost = HeaterReading(reachable=False, power_w=800.0)
    assert looked(HEATER, lost, told_w=900.0).power_w == 0
    gives = StorageReading(reachable=True, power_w=-800.0)
    assert looked(STORAGE, gives).power_w == 0


@pytest.mark.parametrize(
    ("spec", "reading", "wants"),
    [
        (CHARGER, ChargerReading(reachable=True), True),
        (CHARGER, ChargerReading(reachable=True, wants_power=False), False),
        # Out of reach nobody knows that it went away.
        (CHARGER, ChargerReading(reachable=False, wants_power=False), True),
        # Warm water is drawn again: a tank that is hot now is planned for all the same.
        (HEATER, HeaterReading(reachable=True, wants_power=False), True),
        (STORAGE, StorageReading(reachable=True, wants_power=False), True),
    ],
)
def test_only_a_car_can_want_nothing(
    spec: LoadSpec, reading: LoadReading, wants: bool
) -> None:
    assert looked(spec, reading).wants is wants


def test_a_load_tells_its_own_level() -> None:
    heater = HeaterReading(reachable=True, temperature_c=51.5)
    assert own_level(given(HEATER, heater)) == 51.5
    pump = SwitchedReading(reachable=True, temperature_c=19.0)
    assert own_level(given(SWITCHED, pump)) == 19
    battery = StorageReading(reachable=True, soc=0.8)
    assert own_level(given(STORAGE, battery)) == 0.8
    assert own_level(given(CHARGER, ChargerReading(reachable=True))) is None


@pytest.mark.parametrize(
    ("spec", "watts", "where_seen"),
    [
        (CHARGER, 3680.0, {1400.0: 1400.0, 7400.0: 3680.0}),
        (replace(CHARGER, phases=(1, 2, 3)), 11_040.0, {3700.0: 3700.0}),
        (HEATER, 2400.0, {1900.0: 1900.0, 2600.0: 2400.0}),
        (STORAGE, 3000.0, {2000.0: 2000.0}),
        (SWITCHED, 1000.0, {800.0: 800.0, 1200.0: 1000.0}),
        # A guess gives way to what is seen, whichever is more.
        (UNKNOWN_PUMP, 700.0, {500.0: 500.0, 1200.0: 1200.0}),
    ],
)
def test_what_a_load_takes_is_declared_or_seen(
    spec: LoadSpec, watts: float, where_seen: dict[float, float]
) -> None:
    control = Mock(spec=LoadControl)
    assert full_w(spec, None) == watts
    control.span_w.return_value = Span()
    # One that was not seen to take anything was not asked.
    assert full_w(spec, control) == watts
    for seen_w, counted_w in where_seen.items():
        control.span_w.return_value = Span(most_w=seen_w)
        assert full_w(spec, control) == counted_w


ON_THREE = replace(CHARGER, max_a=32.0, phases=(1, 2, 3))
THREE = HomeSettings(phases=3, breaker_a=20.0)
BEHIND = Circuit(circuit_id="c", limit_a=10.0, load_ids=(LOAD,))
OTHERS = Circuit(circuit_id="o", limit_a=6.0, load_ids=("other",))


@pytest.mark.parametrize(
    ("settings", "spec", "house_w", "watts"),
    [
        # 3 kW of the house are 4.3 A on each of three phases: 15 A in whole steps.
        (THREE, ON_THREE, 3000.0, 15 * 690.0),
        (THREE, replace(CHARGER, max_a=32.0), 3000.0, 15 * 230.0),
        # A rise needs half an ampere more than it takes: of 10.3 A there, 9 A.
        (HomeSettings(breaker_a=20.0), CHARGER, 9.7 * 230, 9 * 230.0),
        (HomeSettings(breaker_a=20.0), replace(CHARGER, step_a=2.0), 2231.0, 8 * 230.0),
        # A heater takes any power.
        (HomeSettings(breaker_a=20.0), HEATER, 11 * 230.0, 9 * 230.0),
        # The tightest counts, and a circuit of others does not.
        (replace(THREE, circuits=(BEHIND, OTHERS)), ON_THREE, 0.0, 9 * 690.0),
        (HomeSettings(circuits=(OTHERS,)), CHARGER, 9000.0, 3680.0),
        (HomeSettings(breaker_a=20.0, subscribed_va=2300.0), HEATER, 460.0, 8 * 230.0),
        # A house that is as busy as can be leaves a quarter: it will not last all night.
        (HomeSettings(breaker_a=20.0), CHARGER, 50_000.0, 920.0),
        (HomeSettings(), CHARGER, 50_000.0, 3680.0),
    ],
)
def test_limits_leave_a_load_what_the_house_does_not_take(
    settings: HomeSettings, spec: LoadSpec, house_w: float, watts: float
) -> None:
    snapshot = Snapshot(now=0.0, wall=WALL, grid=GridReading(at=0.0, power_w=0.0))
    load = given(spec, ChargerReading(reachable=True))
    most_w = full_w(spec, None)
    left_w = within_limits_w(most_w, load, settings, snapshot, house_w=house_w)
    assert left_w == pytest.approx(watts)
