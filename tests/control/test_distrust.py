"""Loads that do not obey, sensors that are wrong, links that are gone."""

from dataclasses import replace
from statistics import mean

import pytest

from custom_components.surplus.control.loads import control_of
from custom_components.surplus.control.model import (
    LoadInput,
    LoadReading,
    LoadSpec,
    Mode,
    Reason,
)
from custom_components.surplus.control.settings import HomeSettings

from .mixed_house import MixedHouse, Plant, charger, heater, storage, switched


@pytest.mark.parametrize(
    "spec",
    [
        charger("a", max_a=16.0),
        heater("a"),
        storage("a", power_w=3000),
        switched("a", power_w=3000.0),
    ],
    ids=["charger", "heater", "storage", "switched"],
)
@pytest.mark.parametrize("priority", [0, 9], ids=["above", "below"])
def test_what_a_load_draws_against_its_order_is_not_given_to_another(
    spec: LoadSpec, priority: int
) -> None:
    stuck = Plant(spec=spec, mode=Mode.BOOST)
    car = Plant(spec=charger("car", priority, max_a=32.0))
    house = MixedHouse(loads=[stuck, car], settings=HomeSettings(breaker_a=32.0))
    house.run(100)
    stuck.obeys = False
    stuck.ask(Mode.OFF)
    car.ask(Mode.BOOST)
    house.run(200)
    assert stuck.power_w > 2900
    assert car.value >= 10
    assert max(a for (a,) in house.currents) <= 32.5


@pytest.mark.parametrize(
    "spec",
    [heater("a", 1), switched("a", 1, power_w=3000.0)],
    ids=["heater", "switched"],
)
@pytest.mark.parametrize("priority", [0, 2], ids=["above", "below"])
def test_what_a_load_draws_against_its_order_is_no_surplus(
    spec: LoadSpec, priority: int
) -> None:
    stuck = Plant(spec=spec, mode=Mode.BOOST)
    car = Plant(spec=charger("car", priority))
    house = MixedHouse(loads=[stuck, car])
    house.run(100)
    stuck.obeys = False
    stuck.ask(Mode.OFF)
    car.ask(Mode.SOLAR)
    house.run(900, base_w=-2000)
    assert house.grid_w == pytest.approx(1000)
    house.run(900, base_w=-5000)
    assert -500 < house.grid_w <= 100


def test_three_phases_without_currents_give_no_credit_for_what_is_exported() -> None:
    car = Plant(spec=charger(max_a=24.0), mode=Mode.BOOST)
    hot = Plant(spec=heater(max_w=5000.0), mode=Mode.BOOST)
    house = MixedHouse(
        loads=[car, hot],
        settings=HomeSettings(phases=3, breaker_a=25.0),
        base_a=[0.0, -60.0, 0.0],
        tells_currents=False,
    )
    house.run(120)
    assert max(a for a, _, _ in house.currents) <= 25
    assert car.value > 20


def test_two_batteries_share_what_the_house_lacks() -> None:
    first, second = Plant(spec=storage("a", 1, 2000)), Plant(spec=storage("b", 2, 2000))
    first.mode = second.mode = Mode.SOLAR
    house = MixedHouse(loads=[first, second])
    house.run(120, base_w=500)
    assert house.grid_w > -100
    assert second.power_w == 0
    house.run(120, base_w=3000)
    assert abs(house.grid_w) < 150
    assert first.power_w == -2000


def test_no_battery_is_emptied_into_a_car_out_of_reach() -> None:
    car, battery = Plant(spec=charger(), mode=Mode.BOOST), Plant(spec=storage())
    battery.mode = Mode.SOLAR
    house = MixedHouse(loads=[car, battery])
    house.run(200, base_w=300)
    car.reachable, car.lost_at = False, house.now
    house.run(60)
    assert -400 < battery.power_w < -200


@pytest.mark.parametrize(
    "spec", [charger(), heater(), storage(), switched(power_w=2000.0)]
)
def test_off_means_off_even_where_the_meter_is_reversed(spec: LoadSpec) -> None:
    load = Plant(spec=spec, mode=Mode.BOOST)
    house = MixedHouse(loads=[load])
    house.run(60)
    house.engine.settings = HomeSettings(sign_reversed=True)
    load.ask(Mode.OFF)
    house.run(30)
    assert load.power_w == 0


@pytest.mark.parametrize(
    "spec", [heater(), storage(), switched(power_w=2000.0)], ids=["heater", "b", "s"]
)
def test_what_we_started_is_stopped_once_where_the_meter_is_reversed(
    spec: LoadSpec,
) -> None:
    load = Plant(spec=spec, mode=Mode.BOOST)
    house = MixedHouse(loads=[load])
    house.run(60)
    assert load.power_w > 1900
    house.engine.settings = HomeSettings(sign_reversed=True)
    house.run(30)
    assert load.power_w == 0
    (decision,) = house.history[-1].decisions
    assert decision.reason is Reason.SIGN_REVERSED
    assert decision.setpoint is None
    # What somebody else starts meanwhile is left alone.
    load.value, load.told_at = 1.0, house.now
    house.run(5)
    assert load.value == 1


@pytest.mark.parametrize("spec", [charger(), heater()], ids=["charger", "heater"])
def test_what_a_sensor_showed_long_ago_is_no_surplus(spec: LoadSpec) -> None:
    class Silent(Plant):
        """A load whose sensor has ceased to tell anything new."""

        last: tuple[float, float] | None = None

        def reading(self, now: float) -> LoadReading:
            reading = super().reading(now)
            if self.last is not None:
                power_w, power_at = self.last
                reading = replace(reading, power_w=power_w, power_at=power_at)
            return reading

    load = Silent(spec=spec, mode=Mode.SOLAR)
    house = MixedHouse(loads=[load])
    house.run(300, base_w=-7000)
    load.last = load.power_w, house.now
    for base_w in range(-7000, -2000, 500):
        house.run(90, base_w=base_w)
    house.run(300)
    amps = [a for (a,) in house.currents[-300:]]
    assert abs(mean(amps)) < 1.0
    assert max(amps) < 1.5
    assert load.power_w > 1800


class TestCountedPower:
    """What of a load's own power can be true."""

    def counted(self, spec: LoadSpec, power_w: float) -> float:
        load = Plant(spec=spec, shows=lambda _: power_w)
        control = control_of(spec)
        reading = load.reading(1000.0)
        control.observe(LoadInput(spec=spec, reading=reading, mode=Mode.OFF), 1)
        return control.counted_w(reading, 1000.0, 1000.0, 230.0)

    @pytest.mark.parametrize(
        ("spec", "shown_w", "counted_w"),
        [
            (heater(max_w=3000.0), 3500, 3500),
            (heater(max_w=3000.0), 9000, 3600),
            (heater(max_w=3000.0), -500, 0),
            (charger(max_a=10.0), 2700, 2700),
            (charger(max_a=10.0), 9000, 2760),
            (storage(power_w=2000), 9000, 2400),
            (storage(power_w=2000), -2300, -2300),
            (storage(power_w=2000), -9000, -2400),
        ],
    )
    def test_it_is_bounded_by_what_the_load_can_take_and_give(
        self, spec: LoadSpec, shown_w: float, counted_w: float
    ) -> None:
        assert self.counted(spec, shown_w) == pytest.approx(counted_w)
