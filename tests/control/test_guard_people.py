"""What a person wants on, the guard alone may stop, and only where they said so."""

from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .mixed_house import MixedHouse, Plant, charger, switched


def beside_a_car_that_lies(*, sheddable: bool) -> MixedHouse:
    """A tank that runs, beside a car that tells a third of what it draws."""
    car = Plant(spec=charger("c", 1, max_a=10.0), shows=lambda power_w: power_w / 3)
    tank = Plant(
        spec=switched("s", 2, power_w=3000.0, sheddable=sheddable), mode=Mode.BOOST
    )
    house = MixedHouse(loads=[car, tank], settings=HomeSettings(breaker_a=25.0))
    house.run(60)
    assert tank.value == 1
    car.ask(Mode.BOOST)
    house.run(90)
    assert car.value == 10
    return house


def test_what_a_person_wants_on_is_not_stopped_for_what_was_only_worked_out() -> None:
    house = beside_a_car_that_lies(sheddable=False)
    # The rest of the car counts as the house's: with that, the tank would not fit. The
    # meter knows better.
    assert max(house.currents[-1]) < 25
    assert house.loads[1].value == 1
    assert house.history[-1].decisions[1].reason is Reason.BOOST
