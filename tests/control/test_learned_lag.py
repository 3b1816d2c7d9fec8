"""A heater's lag, learned from its own sensor."""

import random

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.loads.heater_response import HeaterResponse
from custom_components.surplus.control.loads.learned_lag import LAGS_S, LearnedLag
from custom_components.surplus.control.settings import HomeSettings

from .heater_house import Heater, HeaterHouse

MOST_W = 2400.0


def moved(
    lag_s: float,
    *,
    nominal_s: float = 2.0,
    every_s: float = 2.0,
    steps: int = 30,
    takes: float = 1.0,
    highest_w: float = 2000.0,
) -> LearnedLag:
    """Return what is learned of a heater that is moved every 7 s and ramps for lag_s."""
    lag, told, true = LearnedLag(), HeaterResponse(), HeaterResponse()
    chance = random.Random(3)
    measured_at = 0.0
    for step in range(steps):
        at = 7.0 * step
        power_w = chance.uniform(0, highest_w)
        told.accepted(power_w, at, lag.lag_s(nominal_s))
        true.accepted(power_w, at, lag_s)
        while measured_at < at + 7:
            if measured_at >= at:
                drawn_w = takes * true.power_w(measured_at)
                lag.measured(told, drawn_w, measured_at, MOST_W)
            measured_at += every_s
    return lag


@pytest.mark.parametrize("lag_s", [lag_s for lag_s in LAGS_S if lag_s != 2.0])
@pytest.mark.parametrize("every_s", [0.7, 1.9])
def test_a_lag_that_is_not_the_nominal_one_is_learned(
    lag_s: float, every_s: float
) -> None:
    assert moved(lag_s, every_s=every_s).lag_s(2.0) == lag_s


def test_where_the_nominal_one_is_right_it_stays() -> None:
    lag = moved(2.0)
    assert lag.lag_s(2.0) == 2.0
    assert lag.learned() == {}


def test_a_lag_that_a_person_told_stays_where_none_describes_it_clearly_better() -> (
    None
):
    assert moved(1.4, nominal_s=1.5, every_s=0.7).lag_s(1.5) == 1.5


def test_a_lag_that_changes_is_learned_again() -> None:
    lag = moved(0.0)
    told, true = HeaterResponse(), HeaterResponse()
    for step in range(80):
        at = 1000 + 7.0 * step
        power_w = 400.0 + 1600.0 * (step % 2)
        told.accepted(power_w, at, lag.lag_s(2.0))
        true.accepted(power_w, at, 4.0)
        for second in range(7):
            lag.measured(told, true.power_w(at + second), at + second, MOST_W)
    assert lag.lag_s(2.0) == 4.0


def test_a_few_moves_teach_nothing() -> None:
    assert moved(0.0, steps=8, every_s=7.0).lag_s(2.0) == 2.0


def test_small_moves_teach_nothing() -> None:
    assert moved(0.0, highest_w=100.0).lag_s(2.0) == 2.0


def alternating(
    moves: int, step_w: float = 2000.0, *, takes: float = 1.0
) -> LearnedLag:
    """Return what is learned of one that is there at once, moved up and down."""
    lag, told = LearnedLag(), HeaterResponse()
    for move in range(moves + 1):
        at, power_w = 10.0 * move, step_w * (move % 2)
        told.accepted(power_w, at, 2.0)
        lag.measured(told, takes * power_w, at + 0.1, MOST_W)
    return lag


@pytest.mark.parametrize(
    ("moves", "step_w", "lag_s"),
    [(11, 2000.0, 2.0), (12, 2000.0, 0.0), (12, 110.0, 2.0), (12, 130.0, 0.0)],
)
def test_a_dozen_moves_of_a_twentieth_teach_up_and_down(
    moves: int, step_w: float, lag_s: float
) -> None:
    assert alternating(moves, step_w).lag_s(2.0) == lag_s


@pytest.mark.parametrize(("takes", "lag_s"), [(0.7, 2.0), (0.8, 0.0)])
def test_a_move_that_no_lag_comes_near_teaches_nothing(
    takes: float, lag_s: float
) -> None:
    assert alternating(40, takes=takes).lag_s(2.0) == lag_s


def test_an_open_thermostat_teaches_nothing() -> None:
    assert moved(0.0, takes=0.0).lag_s(2.0) == 2.0


def test_an_old_measurement_teaches_nothing() -> None:
    lag, response = LearnedLag(), HeaterResponse()
    for step in range(40):
        response.accepted(2000.0 * (step % 2), 7.0 * step, 2.0)
        lag.measured(response, 2000.0 * (step % 2), 5.0, MOST_W)
    assert lag.lag_s(2.0) == 2.0


@pytest.mark.parametrize(
    ("learned", "lag_s"),
    [({"lag_s": 0.5}, 0.5), ({"lag_s": 0.7}, 2.0), ({"lag_s": None}, 2.0), ({}, 2.0)],
)
def test_what_was_learned_is_taken_back_where_it_is_usable(
    learned: dict[str, float | None], lag_s: float
) -> None:
    lag = LearnedLag()
    lag.relearn(learned)
    assert lag.lag_s(2.0) == lag_s
    again = LearnedLag()
    again.relearn(lag.learned())
    assert again.lag_s(2.0) == lag_s


def clouded(house: HeaterHouse) -> None:
    """Let clouds pass."""
    chance = random.Random(5)
    for _ in range(60):
        house.run(10, chance.uniform(-2200, -200))


def ramped(house: HeaterHouse) -> float:
    """Let the sun rise and fall; return the energy that crosses the meter."""
    house.run(60, -300)
    begin = len(house.grids)
    for slope_w in (-80, 80, -80, 80):
        house.run(20, slope_w=slope_w)
    return sum(map(abs, house.grids[begin:]))


def test_a_quick_heater_is_moved_more_boldly_once_that_is_known() -> None:
    house = HeaterHouse(heater=Heater(dead_s=0, lag_s=1.0, believed_lag_s=4.0))
    first = ramped(house)
    clouded(house)
    assert first > 1.2 * ramped(house)


def test_what_is_learned_of_a_heater_survives_a_restart() -> None:
    house = HeaterHouse(heater=Heater(dead_s=0, lag_s=1.0))
    clouded(house)
    saved = house.engine.as_dict(house.now, house.wall)
    assert saved["loads"]["heater"]["learned"]["lag_s"] in LAGS_S[:3]
    again = Engine(HomeSettings(), saved).as_dict(house.now, house.wall)
    assert again["loads"]["heater"]["learned"] == saved["loads"]["heater"]["learned"]
