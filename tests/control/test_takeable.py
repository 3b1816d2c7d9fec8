"""A car that limits itself is offered little more than it takes."""

import pytest

from custom_components.surplus.control.model import Reason

from .house import Car, House


@pytest.mark.parametrize("draws_less_a", [0.0, 0.9])
@pytest.mark.parametrize("own_limit_a", [7.0, 16.0, 16.4])
def test_the_offer_stays_little_above_what_it_takes(
    own_limit_a: float, draws_less_a: float
) -> None:
    car = Car(own_limit_a=own_limit_a, draws_less_a=draws_less_a)
    house = House(cars=[car])
    house.run(600, -7000)
    offers = set()
    for _ in range(600):
        house.run(1)
        offers.add(car.offered_a)
    assert offers == {int(own_limit_a + 3)}
    assert car.drawn_a == own_limit_a
    assert house.decision().reason is Reason.AT_MAXIMUM


def test_one_that_begins_to_take_more_is_given_more() -> None:
    car = Car(own_limit_a=10.0)
    house = House(cars=[car])
    house.run(900, -7000)
    car.own_limit_a = 32.0
    house.run(90)
    assert car.offered_a >= 30


def test_one_that_takes_less_than_its_minimum_is_offered_that() -> None:
    car = Car(own_limit_a=2.0)
    house = House(cars=[car])
    house.run(900, -7000)
    assert car.offered_a == 6
