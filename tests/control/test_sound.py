"""One absurd reading costs no more than itself."""

from dataclasses import replace
from math import inf, nan

import pytest

from custom_components.surplus.control.model import (
    ChargerReading,
    GridReading,
    LoadInput,
    LoadReading,
    Mode,
    SwitchedReading,
    SwitchedSpec,
)
from custom_components.surplus.control.sound import sound_grid, sound_load

from .house import Car, House


@pytest.mark.parametrize("power_w", [nan, inf, -inf, 1e9, -1e9])
def test_an_absurd_grid_power_leaves_the_car_where_it_is(power_w: float) -> None:
    house = House()
    house.run(400, base_w=-3000)
    assert house.cars[0].offered_a == 13
    snapshot = house.snapshot()
    assert snapshot.grid is not None
    odd = replace(snapshot, grid=replace(snapshot.grid, power_w=power_w, drawn_va=None))
    (decision,) = house.engine.cycle(odd).decisions
    assert decision.setpoint is not None
    assert decision.setpoint.value == 13
    house.run(30)
    assert house.cars[0].offered_a == 13


def test_an_absurd_reading_for_long_is_a_lost_meter() -> None:
    assert sound_grid(GridReading(at=0.0, power_w=nan), 1.0) is None
    house = House()
    house.run(400, base_w=-3000)
    for second in range(400):
        snapshot = house.snapshot()
        assert snapshot.grid is not None
        odd = replace(
            snapshot,
            now=snapshot.now + second,
            grid=replace(snapshot.grid, at=snapshot.now + second, power_w=nan),
        )
        (decision,) = house.engine.cycle(odd).decisions
    assert decision.setpoint is not None
    assert decision.setpoint.value == 0


def test_a_reading_dated_in_the_future_is_of_now() -> None:
    grid = sound_grid(GridReading(at=4600.0, power_w=100.0), 1000.0)
    assert grid is not None
    assert grid.at == 1000.0


@pytest.mark.parametrize("name", ["power_w", "drawn_va"])
def test_a_hundred_kilowatts_can_be_and_more_cannot(name: str) -> None:
    grid = GridReading(at=0.0, power_w=0.0)
    at_most = replace(grid, **{name: 100_000.0})
    assert sound_grid(at_most, 1.0) is at_most
    assert sound_grid(replace(grid, **{name: 100_001.0}), 1.0) is None


def test_what_is_odd_of_a_reading_costs_nothing_else_of_it() -> None:
    grid = GridReading(
        at=0.0, power_w=5.0, currents_a=(nan,), voltages_v=(230.0,), cutoff_va=inf
    )
    expected = GridReading(at=0.0, power_w=5.0, voltages_v=(230.0,))
    assert sound_grid(grid, 1.0) == expected


def test_currents_that_cannot_be_are_no_currents() -> None:
    grid = sound_grid(GridReading(at=0.0, power_w=5.0, currents_a=(1.0, nan)), 1.0)
    assert grid == GridReading(at=0.0, power_w=5.0)


@pytest.mark.parametrize("odd", [nan, inf, -inf])
def test_what_cannot_be_true_of_a_load_is_not_known(odd: float) -> None:
    spec = SwitchedSpec(load_id="home:one", name="Pump", priority=1)
    load = LoadInput(
        spec=spec,
        reading=LoadReading(reachable=True, power_w=odd, power_at=1.0),
        mode=Mode.MANUAL,
        manual_value=odd,
    )
    sound = sound_load(load)
    assert sound.reading.power_w is None
    assert sound.manual_value is None


def test_a_car_whose_power_cannot_be_true_does_not_stop_the_others() -> None:
    class Mad(Car):
        def reading(self) -> ChargerReading:
            return replace(super().reading(), power_w=inf)

    house = House(cars=[Mad(), Car(load_id="ocpp:two", priority=2, max_a=8)])
    house.run(200, base_w=-6000)
    assert house.car("ocpp:two").offered_a >= 6


def test_an_id_that_stands_for_another_kind_of_load_begins_anew() -> None:
    house = House()
    house.run(100, base_w=-3000)
    snapshot = house.snapshot()
    pump = LoadInput(
        spec=SwitchedSpec(load_id="ocpp:one", name="Pump", priority=1, power_w=700.0),
        reading=SwitchedReading(reachable=False),
        mode=Mode.OFF,
    )
    (decision,) = house.engine.cycle(replace(snapshot, loads=(pump,))).decisions
    assert decision.load_id == "ocpp:one"
