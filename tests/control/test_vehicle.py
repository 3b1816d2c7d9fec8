"""What a vehicle is believed to take, whatever its charger measures."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.loads.vehicle import Vehicle
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    Mode,
    Reason,
)

from .house import Car, House


class Backwards(Car):
    """Its power is shown the wrong way round."""

    def reading(self) -> ChargerReading:
        reading = super().reading()
        return replace(reading, power_w=-self.power_w, currents_a=())


def test_what_is_measured_the_wrong_way_round_takes_nothing_and_gives_nothing() -> None:
    one = Backwards(mode=Mode.BOOST, max_a=16.0)
    two = Car(load_id="ocpp:two", priority=2)
    house = House(cars=[one, two], base_w=300)
    house.run(600)
    assert one.drawn_a >= 6
    vehicle = house.engine._loads["ocpp:one"].vehicle
    assert vehicle.takes_at_most_w == 0
    assert house.engine._loads["ocpp:one"].span_w(230.0).most_w == 0
    # Nothing of it is surplus for the one below.
    assert two.offered_a == 0


@pytest.mark.parametrize("power_w", [-3600.0, 0.0])
def test_out_of_reach_it_draws_nothing_less_than_nothing(power_w: float) -> None:
    car = Car()
    house = House(cars=[car], base_w=-3000)
    house.run(100)
    control = house.engine._loads["ocpp:one"]
    reading = ChargerReading(reachable=False, power_w=power_w, offered_a=10.0)
    assert control.own_power_w(reading, house.now, house.now, 230.0) == 0


def test_one_that_slept_is_offered_the_sun_again() -> None:
    car = Car(mode=Mode.BOOST, own_limit_a=0.0)
    house = House(cars=[car], base_w=500)
    house.run(90)
    assert house.engine._loads["ocpp:one"].vehicle.takes_at_most_w == 0
    car.ask(Mode.OFF)
    house.run(60)
    car.ask(Mode.SOLAR)
    car.own_limit_a = 32.0
    house.run(120, base_w=-3000)
    assert house.decision().reason is Reason.FOLLOWING_SURPLUS
    assert car.offered_a == 13


def test_a_limit_of_its_own_is_remembered_over_a_stop() -> None:
    car = Car(mode=Mode.BOOST, own_limit_a=8.0)
    house = House(cars=[car], base_w=500)
    house.run(240)
    car.ask(Mode.OFF)
    house.run(60)
    takes_w = house.engine._loads["ocpp:one"].vehicle.takes_at_most_w
    assert takes_w == pytest.approx(8 * 230)


def test_phases_its_supply_does_not_have_are_not_used() -> None:
    spec = ChargerSpec(load_id="x", name="x", priority=1, phases=(1, 2, 3))
    vehicle = Vehicle(spec.phases)
    vehicle.observe(spec, ChargerReading(reachable=True), 1)
    assert vehicle.wired == (1,)
    other = ChargerSpec(load_id="x", name="x", priority=1, phases=(2, 3))
    assert other.phases_on(3) == (2, 3)
    # Whatever it is wired to is the one phase there is.
    assert other.phases_on(1) == (1,)
