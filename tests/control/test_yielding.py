"""A load that runs on what one of higher priority could have gives way to it."""

import pytest

from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House


def two_cars(phases: int = 1) -> House:
    wired = (1, 2, 3)[:phases]
    one = Car(phases=wired, uses=phases, mode=Mode.OFF)
    two = Car(load_id="ocpp:two", priority=2)
    house = House(settings=HomeSettings(phases=phases), cars=[one, two])
    house.run(600, base_w=-5000)
    assert two.offered_a > 20
    return house


@pytest.mark.parametrize("phases", [1, 3])
def test_the_lower_car_leaves_all_of_the_surplus_to_the_higher_one(phases: int) -> None:
    house = two_cars(phases)
    one, two = house.cars
    one.ask(Mode.SOLAR)
    house.run(120)
    # Giving way is no hurry.
    assert one.offered_a >= 6
    assert two.offered_a == 6
    house.run(1200)
    assert two.offered_a == 0
    assert house.decision("ocpp:two").reason is Reason.WAITING_FOR_SURPLUS
    assert one.drawn_a * phases == pytest.approx(5000 / 230, abs=3)
    # And does not come back for what the other one takes.
    house.run(1800)
    assert max(house.currents(1800, "ocpp:two")) == 0


def test_it_keeps_its_minimum_time_first() -> None:
    house = House(cars=[Car(mode=Mode.OFF), Car(load_id="ocpp:two", priority=2)])
    one, two = house.cars
    two.min_on_s = 1800.0
    house.run(600, base_w=-5000)
    one.ask(Mode.SOLAR)
    house.run(900)
    assert two.offered_a == 6
    house.run(900)
    assert two.offered_a == 0


def test_what_the_higher_one_cannot_take_is_the_lower_ones() -> None:
    house = two_cars()
    one, two = house.cars
    one.max_a = 10.0
    one.ask(Mode.SOLAR)
    house.run(1800)
    assert one.offered_a == 10
    assert two.offered_a >= 10


def test_its_minimum_in_min_solar_is_a_promise() -> None:
    house = two_cars()
    one, two = house.cars
    two.ask(Mode.MIN_SOLAR)
    one.ask(Mode.SOLAR)
    house.run(1800)
    assert two.offered_a == 6


def test_a_full_one_takes_nothing_and_has_nothing_to_give() -> None:
    house = two_cars()
    one, two = house.cars
    two.own_limit_a = 0.0
    house.run(600)
    assert house.decision("ocpp:two").reason is Reason.VEHICLE_FULL
    one.ask(Mode.SOLAR)
    house.run(1800)
    # Its offer stands, so that it can begin again by itself.
    assert two.offered_a >= 6
    assert one.offered_a >= 21
