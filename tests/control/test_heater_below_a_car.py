"""A heater below a car: the fast trim of one loop."""

import random

import pytest

from custom_components.surplus.control.model import Mode

from .heater_house import SEEN, WATER, Heater, HeaterHouse
from .house import Car


def offers(house: HeaterHouse, seconds: int) -> list[float]:
    return [
        d.setpoint.value
        for c in house.history[-seconds:]
        for d in c.decisions
        if d.load_id != "heater" and d.setpoint
    ]


class TestBelowACar:
    """The car keeps its share by priority; the heater takes what steps and ramps leave."""

    @pytest.mark.parametrize("seen", SEEN)
    def test_the_car_has_its_share_and_the_heater_the_reserve_and_the_rest(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(**seen), cars=[Car(priority=1)])
        house.run(400, -4000)
        # 18 A would be best; three are left to the heater.
        assert house.cars[0].offered_a == 15
        assert 450 <= house.heater.power_w <= 730
        assert house.grid_w == pytest.approx(-15, abs=25)

    @pytest.mark.parametrize("seen", SEEN)
    def test_a_cloud_is_absorbed_within_two_cycles_of_the_heater(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(**seen), cars=[Car(priority=1, max_a=8)])
        house.run(400, -4100)
        assert house.heater.power_w > 2000
        commands = house.heater.commands
        house.run(3, -2400)
        assert house.grids[-3] > 1600
        assert abs(house.grids[-1]) < 60
        assert house.heater.commands == commands + 1
        house.run(60)
        assert set(offers(house, 63)) == {8.0}

    @pytest.mark.parametrize("seen", SEEN)
    def test_they_do_not_fight(self, seen: dict[str, float | None]) -> None:
        house = HeaterHouse(
            heater=Heater(**seen), cars=[Car(priority=1)], meter_late_s=1
        )
        house.run(400, -4000)
        noise = random.Random(1)
        commands = house.heater.commands
        for _ in range(300):
            house.run(1, -4000 + noise.gauss(0, 5))
        assert len(set(offers(house, 300))) == 1
        assert house.heater.commands - commands <= 10
        assert all(-80 < grid_w < 40 for grid_w in house.grids[-300:])
        # After a cloud too, both come to rest.
        house.run(90, -2000)
        assert len(set(offers(house, 50))) == 1
        assert abs(house.grid_w) < 60
        house.run(90, -4000)
        assert len(set(offers(house, 50))) == 1
        assert abs(house.grid_w) < 60

    def test_a_starting_car_leaves_no_watt_unused(self) -> None:
        house = HeaterHouse(cars=[Car(priority=1)])
        house.run(120, -2500)
        drew = house.powers[-115:]
        # While the car waits and ramps, the heater has what it does not take yet.
        assert max(drew) > 2300
        assert house.cars[0].power_w > 1300
        assert all(abs(grid_w) < 450 for grid_w in house.grids[-115:])

    def test_without_reserve_the_car_has_all(self) -> None:
        house = HeaterHouse(cars=[Car(priority=1)])
        house.with_settings(reserve_w=0.0)
        house.run(400, -4000)
        assert house.cars[0].offered_a >= 17

    def test_a_heater_that_takes_nothing_needs_no_reserve(self) -> None:
        house = HeaterHouse(
            heater=Heater(temperatures=WATER, temperature_c=60.0),
            cars=[Car(priority=1)],
        )
        house.run(400, -4000)
        assert house.cars[0].offered_a == 18
        house.heater.mode, house.heater.temperatures = Mode.OFF, None
        house.run(60)
        assert house.cars[0].offered_a == 18

    def test_a_small_heater_needs_a_small_reserve(self) -> None:
        house = HeaterHouse(heater=Heater(max_w=200), cars=[Car(priority=1)])
        house.run(400, -4000)
        assert house.cars[0].offered_a == 17

    def test_a_car_that_is_boosted_or_draws_unasked_is_no_surplus(self) -> None:
        house = HeaterHouse(cars=[Car(priority=1, mode=Mode.BOOST, max_a=10)])
        house.run(120, -4000)
        assert house.heater.power_w == pytest.approx(4000 - 2300, abs=40)
        house.cars[0].mode, house.cars[0].obeys = Mode.OFF, False
        house.run(60)
        assert house.cars[0].power_w > 2000
        assert house.heater.power_w == pytest.approx(4000 - 2300, abs=40)

    def test_a_heater_above_leaves_a_running_car_its_minimum(self) -> None:
        house = HeaterHouse(heater=Heater(priority=0, mode=Mode.OFF))
        house.cars = [Car(priority=1)]
        house.run(300, -2500)
        house.heater.ask(Mode.SOLAR)
        house.run(60)
        assert house.cars[0].offered_a == 6
        assert house.heater.power_w == pytest.approx(2500 - 6 * 230, abs=40)

    def test_what_is_forced_above_is_no_surplus_for_the_car(self) -> None:
        house = HeaterHouse(
            heater=Heater(priority=0, temperatures=WATER, temperature_c=40.0),
            cheap=True,
        )
        house.cars = [Car(priority=1)]
        house.run(400, -5000)
        assert house.told(1) == [2400]
        assert 11 <= house.cars[0].offered_a <= 12

    def test_a_boosted_heater_below_is_no_reserve(self) -> None:
        house = HeaterHouse(heater=Heater(mode=Mode.BOOST), cars=[Car(priority=1)])
        house.run(400, -4000)
        assert house.cars[0].offered_a >= 17

    def test_a_car_out_of_reach_is_part_of_the_house(self) -> None:
        house = HeaterHouse(cars=[Car(priority=1)])
        house.run(300, -4000)
        car = house.cars[0]
        car.reachable, car.link_lost_at = False, house.now
        house.run(60)
        assert abs(house.grid_w) < 60
