"""Mode manual without a number, for every kind of load: it goes on with what it has."""

from math import nan

import pytest

from custom_components.surplus.control.model import LoadSpec, Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .mixed_house import MixedHouse, Plant, charger, heater, storage, switched

KINDS = pytest.mark.parametrize(
    ("spec", "given"),
    [
        (charger(), 14.0),
        (heater(), 2500.0),
        (storage(), 2500.0),
        (switched(power_w=2500.0, sheddable=True), 1.0),
    ],
    ids=["charger", "heater", "storage", "switched"],
)


def house_of(spec: LoadSpec, given: float) -> MixedHouse:
    """Return a house whose load was given something, then left in manual without."""
    load = Plant(spec=spec, mode=Mode.MANUAL, manual_value=given)
    house = MixedHouse(loads=[load], settings=HomeSettings(breaker_a=20))
    house.run(120, base_w=300)
    assert load.value == given
    load.manual_value = None
    load.ask(Mode.MANUAL)
    return house


@KINDS
def test_it_stays_as_it_is(spec: LoadSpec, given: float) -> None:
    house = house_of(spec, given)
    house.run(600, base_w=-3000)
    house.run(600, base_w=800)
    assert house.loads[0].value == given
    assert house.history[-1].decisions[0].reason is Reason.MANUAL


@KINDS
@pytest.mark.parametrize("base_w", [3000.0, 5500.0])
def test_what_a_limit_takes_comes_back_with_the_room(
    spec: LoadSpec, given: float, base_w: float
) -> None:
    house = house_of(spec, given)
    house.run(400, base_w=base_w)
    assert house.loads[0].value < given
    house.run(900, base_w=300)
    assert house.loads[0].value == given


@KINDS
@pytest.mark.parametrize("value", [None, nan])
def test_what_was_off_stays_off(
    spec: LoadSpec, given: float, value: float | None
) -> None:
    load = Plant(spec=spec, mode=Mode.OFF, manual_value=value)
    house = MixedHouse(loads=[load])
    house.run(30, base_w=-6000)
    load.ask(Mode.MANUAL)
    house.run(600)
    assert load.value == 0
    assert house.history[-1].decisions[0].reason is Reason.MANUAL


@KINDS
def test_another_mode_between_begins_anew(spec: LoadSpec, given: float) -> None:
    house = house_of(spec, given)
    house.run(5)
    house.loads[0].ask(Mode.OFF)
    house.run(30)
    house.loads[0].ask(Mode.MANUAL)
    house.run(600)
    assert house.loads[0].value == 0


@KINDS
def test_a_number_counts_before_what_it_had(spec: LoadSpec, given: float) -> None:
    house = house_of(spec, given)
    house.run(5)
    house.loads[0].manual_value = 0.0
    house.run(30)
    assert house.loads[0].value == 0
    # And is what it has from now on.
    house.loads[0].manual_value = None
    house.run(600)
    assert house.loads[0].value == 0


@pytest.mark.parametrize("had", [0.0, 1.0])
def test_a_check_is_not_what_it_had(had: float) -> None:
    load = Plant(
        spec=switched(power_w=2500.0, min_on_s=0.0, min_off_s=0.0),
        mode=Mode.MANUAL,
        manual_value=had,
    )
    house = MixedHouse(loads=[load])
    house.run(60, base_w=300)
    house.engine.start_check(load.spec)
    # To 0, and then into the pulse.
    house.run(6 if had else 25)
    assert load.value == 1.0 - had
    load.manual_value = None
    load.ask(Mode.MANUAL)
    house.run(120)
    assert not house.engine.checking
    assert load.value == had
