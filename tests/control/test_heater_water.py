"""A heater that follows the temperature of its water."""

from dataclasses import replace
from math import nan

import pytest

from custom_components.surplus.control.model import Mode, Reason

from .heater_house import WATER, Heater, HeaterHouse
from .house import Car


class TestWater:
    """Driven by the temperature of its water."""

    def house(self, temperature_c: float | None, **heater: object) -> HeaterHouse:
        return HeaterHouse(
            heater=Heater(
                temperatures=WATER,
                temperature_c=temperature_c,
                **heater,
            )
        )

    def test_cold_water_is_heated_from_the_grid_in_cheap_hours(self) -> None:
        house = self.house(44)
        house.cheap = True
        decision = house.run(30, 500)
        assert decision.reason is Reason.HEATING_FORCED
        assert decision.numbers == {"temperature_c": 44, "target_c": 50}
        assert house.told(1) == [2400]
        house.heater.temperature_c = 48
        assert house.run(30).reason is Reason.HEATING_FORCED
        house.heater.temperature_c = 50
        assert house.run(30).reason is Reason.WAITING_FOR_SURPLUS
        assert house.told(1) == [0]

    def test_forcing_ends_with_the_cheap_hours_at_once(self) -> None:
        house = self.house(40)
        house.cheap = True
        house.run(30, 500)
        house.cheap = False
        assert house.run(1).reason is Reason.WAITING_FOR_SURPLUS

    @pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.ECO, Mode.MIN_SOLAR, Mode.BOOST])
    def test_warm_water_rests_in_every_mode(self, mode: Mode) -> None:
        house = self.house(60, min_w=100, mode=mode)
        house.cheap = True
        decision = house.run(30, -2000)
        assert decision.reason is Reason.WARM_ENOUGH
        assert decision.numbers == {"temperature_c": 60, "target_c": 55}
        house.heater.temperature_c = 56
        assert house.run(30).reason is Reason.WARM_ENOUGH
        assert set(house.told(60)) == {0}
        house.heater.temperature_c = 54.9
        house.run(30)
        assert house.told(1)[0] > 1900

    def test_a_person_who_asks_for_heat_does_not_wait_for_the_water_to_cool(
        self,
    ) -> None:
        house = self.house(60)
        house.run(10, -2000)
        house.heater.temperature_c = 57
        assert house.run(10).reason is Reason.WARM_ENOUGH
        house.heater.ask(Mode.BOOST)
        assert house.run(10).reason is Reason.BOOST
        house.heater.temperature_c = 60
        assert house.run(10).reason is Reason.WARM_ENOUGH

    def test_by_hand_the_temperature_is_not_looked_at(self) -> None:
        house = self.house(60)
        house.heater.ask(Mode.MANUAL, 700)
        house.run(10, 0)
        assert house.told(1) == [700]

    def test_a_resting_heaters_share_goes_to_the_loads_below(self) -> None:
        house = self.house(60, priority=0)
        house.cars = [Car(priority=1)]
        house.run(300, -2500)
        assert house.cars[0].power_w > 2000

    @pytest.mark.parametrize("absurd", [None, nan, 0.0, -127.0])
    @pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.ECO])
    def test_an_unknown_temperature_is_the_sun_only_and_never_forced(
        self, absurd: float | None, mode: Mode
    ) -> None:
        house = self.house(absurd, mode=mode)
        house.cheap = True
        decision = house.run(60, 500)
        assert decision.reason is Reason.TEMPERATURE_UNKNOWN
        assert set(house.told(60)) == {0}
        decision = house.run(60, -1500)
        assert decision.reason is Reason.TEMPERATURE_UNKNOWN
        assert decision.numbers["power_w"] == 1500
        assert decision.numbers["seconds"] == 3 * 3600 - 119

    def test_blind_heating_by_the_sun_ends(self) -> None:
        house = self.house(None)
        house.run(60, -1500)
        house.now += 3 * 3600
        assert house.run(5).reason is Reason.TEMPERATURE_UNKNOWN
        assert house.told(1) == [0]
        house.heater.temperature_c = 50
        assert house.run(5).reason is Reason.FOLLOWING_SURPLUS

    def test_water_that_was_warm_is_not_heated_blindly(self) -> None:
        house = self.house(60)
        house.run(5, -1500)
        house.heater.temperature_c = None
        assert house.run(5).reason is Reason.TEMPERATURE_UNKNOWN
        assert house.told(1) == [0]

    def test_a_boost_heats_by_an_unknown_temperature_and_says_so(self) -> None:
        house = self.house(None, mode=Mode.BOOST)
        assert house.run(60, 0).reason is Reason.BOOST_UNSEEN
        house.now += 3 * 3600
        assert house.run(5).reason is Reason.BOOST_UNSEEN
        assert house.told(1) == [2400]

    def test_a_boost_does_not_heat_on_what_was_warm_when_it_was_last_seen(self) -> None:
        house = self.house(60, mode=Mode.BOOST)
        house.run(5)
        house.heater.temperature_c = None
        assert house.run(5).reason is Reason.TEMPERATURE_UNKNOWN
        assert house.told(1) == [0]
        # Whoever asks again has a reason.
        house.heater.ask(Mode.BOOST)
        assert house.run(5).reason is Reason.BOOST_UNSEEN
        assert house.told(1) == [2400]

    def test_by_hand_a_dead_sensor_changes_nothing(self) -> None:
        house = self.house(None)
        house.heater.ask(Mode.MANUAL, 900)
        house.run(5)
        house.now += 4 * 3600
        assert house.run(5).reason is Reason.MANUAL
        assert house.told(1) == [900]

    def test_a_meter_that_is_lost_is_the_reason_before_an_unknown_temperature(
        self,
    ) -> None:
        house = self.house(None)
        house.meter_works = False
        assert house.run(3).reason is Reason.NO_GRID_METER

    def test_temperatures_changed_while_running_hold_at_once(self) -> None:
        house = self.house(58)
        house.run(10, -1500)
        assert house.told(1)[0] > 1400
        house.heater.temperatures = replace(WATER, max_c=57)
        assert house.run(2).reason is Reason.WARM_ENOUGH
        house.heater.temperatures = None
        assert house.run(5).reason is Reason.FOLLOWING_SURPLUS

    def test_temperatures_without_order_do_not_stop_the_house(self) -> None:
        house = self.house(58)
        house.heater.temperatures = replace(WATER, max_c=10)
        assert house.run(10, -1500).reason is Reason.FOLLOWING_SURPLUS
        house.heater.temperatures = replace(WATER, max_c=56)
        house.run(1)
        house.heater.temperatures = replace(WATER, max_c=20)
        assert house.run(1).reason is Reason.WARM_ENOUGH

    def test_overdue_water_is_disinfected_in_cheap_hours(self) -> None:
        house = self.house(52)
        house.heater.temperatures = replace(WATER, legionella_c=62.0)
        house.cheap = True
        assert house.run(5, 500).reason is Reason.WAITING_FOR_SURPLUS
        house.days = 7.1
        decision = house.run(5)
        assert decision.reason is Reason.DISINFECTING
        assert decision.numbers["target_c"] == 62
        house.heater.temperature_c = 62
        house.now += 600
        assert house.run(5).reason is Reason.WARM_ENOUGH
