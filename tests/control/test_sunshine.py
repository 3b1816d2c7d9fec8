"""No more is left than the sun gives, whatever loads are believed to draw."""

from dataclasses import replace
from math import nan
from typing import override

import pytest

from custom_components.surplus.control.model import ChargerReading
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House


class Unmeasured(Car):
    """A car on one phase of a charger on three, which measures nothing."""

    @override
    def reading(self) -> ChargerReading:
        return replace(super().reading(), power_w=None, power_at=None, currents_a=())


def house_of(car: Car, solar_w: float | None) -> House:
    house = House(settings=HomeSettings(phases=3), cars=[car], solar_w=solar_w)
    house.run(600, base_w=-6000.0)
    assert house.cars[0].drawn_a > 6
    return house


def test_a_load_that_draws_less_than_believed_stops_in_the_night() -> None:
    house = house_of(Unmeasured(phases=(1, 2, 3), max_a=16.0), 6300.0)
    house.solar_w = 0.0
    house.run(1500, base_w=300.0)
    assert house.cars[0].drawn_a == 0


def test_by_day_one_that_draws_less_than_believed_gets_what_leaves() -> None:
    house = house_of(Unmeasured(phases=(1, 2, 3), max_a=16.0), 6300.0)
    house.run(900)
    assert house.cars[0].drawn_a == 16


def test_for_some_minutes_a_production_that_is_told_late_stops_nothing() -> None:
    house = house_of(Unmeasured(phases=(1, 2, 3), max_a=16.0), 6300.0)
    house.solar_w = 0.0
    house.run(800)
    assert house.cars[0].drawn_a > 6


@pytest.mark.parametrize("solar_w", [0.0, -20.0, nan])
def test_what_is_measured_counts_for_more_than_the_production(solar_w: float) -> None:
    house = house_of(Car(max_a=16.0), solar_w)
    house.run(1800)
    assert house.cars[0].drawn_a > 15


@pytest.mark.parametrize("solar_w", [nan, -6300.0])
def test_a_production_that_cannot_be_true_bounds_nothing(solar_w: float) -> None:
    house = house_of(Unmeasured(max_a=16.0), solar_w)
    house.run(1800, base_w=-3000.0)
    assert house.cars[0].drawn_a > 6


def test_an_export_is_left_though_no_production_shows_it() -> None:
    house = House(settings=HomeSettings(), cars=[Unmeasured()], solar_w=0.0)
    assert house.run(5, base_w=-6000.0).surplus_w == 6000
