"""A battery that can be commanded: charged by the sun, given to the house alone."""

from math import nan
from statistics import fmean

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .battery_house import (
    BatteryHouse,
    Car,
    HomeBattery,
    StorageUnit,
    alone,
    reason,
    snapshot,
)


class TestSolar:
    @pytest.mark.parametrize("told_every_s", [1, 2, 5, 10])
    @pytest.mark.parametrize("sun_w", [800.0, 2300.0, 4200.0])
    def test_it_takes_what_is_left_and_is_quiet(
        self, sun_w: float, told_every_s: int
    ) -> None:
        unit = StorageUnit(told_every_s=told_every_s)
        house = alone(unit, sun_w=sun_w)
        house.run(120)
        assert house.grid_w == pytest.approx(0, abs=35)
        assert reason(house) is Reason.FOLLOWING_SURPLUS
        assert unit.commands <= 5
        assert len(house.told(60, "storage")) == 1

    @pytest.mark.parametrize("told_every_s", [1, 5])
    def test_it_covers_what_the_house_lacks(self, told_every_s: int) -> None:
        unit = StorageUnit(told_every_s=told_every_s)
        house = alone(unit, house_w=1200.0)
        house.run(120)
        assert house.grid_w == pytest.approx(0, abs=35)
        assert reason(house) is Reason.COVERING_HOUSE
        assert unit.commands <= 5

    def test_it_follows_a_kettle_within_seconds_and_back(self) -> None:
        house = alone(sun_w=1300.0)
        house.run(60)
        house.house_w = 2600.0
        house.run(12)
        assert house.grid_w == pytest.approx(0, abs=40)
        house.house_w = 300.0
        house.run(15)
        assert house.grid_w == pytest.approx(0, abs=40)
        # It never swung past the other side.
        assert max(house.grids_w[-87:]) < 2400
        assert min(house.grids_w[-3:]) > -60

    def test_it_is_never_charged_from_the_grid(self) -> None:
        house = alone(house_w=900.0, unit=StorageUnit(energy_wh=1_001))
        house.run(400)
        assert max(house.loads_w) <= 0
        assert reason(house) is Reason.STORAGE_EMPTY
        assert house.load("storage").power_w == 0

    def test_what_is_aimed_at_is_not_covered(self) -> None:
        house = alone(house_w=900.0, settings=HomeSettings(grid_target_w=300))
        house.run(60)
        assert house.grid_w == pytest.approx(300, abs=35)

    def test_an_aim_of_export_gives_no_battery_to_the_grid(self) -> None:
        house = alone(house_w=900.0, settings=HomeSettings(grid_target_w=-300))
        house.run(60)
        assert house.grid_w == pytest.approx(0, abs=35)

    def test_a_margin_is_left(self) -> None:
        house = alone(sun_w=2300.0, settings=HomeSettings(margin_w=200))
        house.run(60)
        assert house.grid_w == pytest.approx(-200, abs=35)

    def test_next_to_nothing_moves_nothing(self) -> None:
        unit = StorageUnit()
        house = alone(unit, sun_w=340.0)
        house.run(60)
        assert unit.power_w == 0
        assert reason(house) is Reason.WAITING_FOR_SURPLUS

    def test_small_ripples_are_not_followed(self) -> None:
        unit = StorageUnit()
        house = alone(unit, sun_w=lambda now: 2300.0 + 25 * (now % 2))
        house.run(60)
        before = unit.commands
        house.run(300)
        assert unit.commands == before

    def test_at_its_power_it_says_so(self) -> None:
        house = alone(sun_w=6000.0)
        house.run(60)
        assert house.load("storage").power_w == 4000
        assert reason(house) is Reason.AT_MAXIMUM

    def test_a_house_that_needs_more_gets_what_it_may_give(self) -> None:
        house = alone(house_w=5000.0)
        house.run(60)
        assert house.load("storage").power_w == -3000


class TestBesideOthers:
    def test_it_does_not_charge_a_car(self) -> None:
        car = Car(mode=Mode.BOOST)
        house = BatteryHouse(battery=None, house_w=500.0, loads=[car, StorageUnit()])
        house.run(180)
        assert car.drawn_a > 30
        assert house.load("storage").power_w == pytest.approx(-500, abs=60)

    def test_it_does_not_hold_a_car_at_its_minimum(self) -> None:
        house = BatteryHouse(battery=None, sun_w=3000.0, loads=[Car(), StorageUnit()])
        house.run(300)
        assert house.decision("car").runs
        house.sun_w = 1200.0
        house.run(60)
        assert house.decision("car").runs
        assert house.load("storage").power_w >= 0
        assert house.grid_w > 300

    def test_by_priority_a_car_comes_first_and_it_takes_the_rest(self) -> None:
        house = BatteryHouse(battery=None, sun_w=9000.0, loads=[Car(), StorageUnit()])
        house.run(400)
        assert house.load("car").power_w > 7200
        assert house.load("storage").power_w == pytest.approx(1340, abs=35)

    def test_by_priority_it_comes_first(self) -> None:
        house = BatteryHouse(
            battery=None, sun_w=3800.0, loads=[Car(), StorageUnit(priority=0)]
        )
        house.run(400)
        assert house.load("car").power_w == 0
        assert house.load("storage").power_w == pytest.approx(3500, abs=40)

    def test_what_it_does_not_take_is_for_those_below(self) -> None:
        house = BatteryHouse(
            battery=None,
            sun_w=3800.0,
            loads=[Car(), StorageUnit(priority=0, most_w=600)],
        )
        house.run(400)
        assert house.load("car").power_w > 2300
        assert house.load("storage").power_w == 600
        # And when it takes more again, it has it again.
        unit = house.load("storage")
        assert isinstance(unit, StorageUnit)
        unit.most_w = 5000.0
        house.run(600)
        assert unit.power_w > 2000

    def test_it_does_not_charge_a_battery_that_regulates_itself(self) -> None:
        battery = HomeBattery(energy_wh=2_000, first_soc=0.5)
        unit = StorageUnit()
        house = BatteryHouse(battery=battery, sun_w=3000.0, loads=[unit])
        house.run(300)
        house.sun_w = 1000.0
        house.run(60)
        assert unit.power_w == 0
        assert fmean(house.battery_w[-20:]) == pytest.approx(-700, abs=40)

    def test_a_lost_battery_gets_nothing_of_it(self) -> None:
        battery = HomeBattery()
        unit = StorageUnit()
        house = BatteryHouse(battery=battery, sun_w=1300.0, loads=[unit])
        house.run(60)
        battery.tells = False
        house.run(100)
        assert unit.power_w == pytest.approx(0, abs=60)


class TestModes:
    def test_off_is_standby(self) -> None:
        unit = StorageUnit(mode=Mode.OFF, accepted=(-500.0, 900.0))
        house = alone(unit, sun_w=3000.0)
        house.run(20)
        assert unit.power_w == 0
        assert reason(house) is Reason.MODE_OFF

    def test_boost_charges_full_from_the_grid(self) -> None:
        unit = StorageUnit(mode=Mode.BOOST, energy_wh=9_490)
        house = alone(unit)
        house.run(10)
        assert unit.power_w == 4000
        assert reason(house) is Reason.BOOST
        house.run(60)
        assert unit.power_w == 0
        assert reason(house) is Reason.STORAGE_FULL
        assert unit.share == pytest.approx(0.95, abs=0.01)

    def test_eco_charges_in_cheap_hours_and_follows_the_sun_in_others(self) -> None:
        unit = StorageUnit(mode=Mode.ECO)
        house = alone(unit, house_w=800.0)
        house.cheap = True
        house.run(20)
        assert unit.power_w == 4000
        assert reason(house) is Reason.CHEAP_HOURS
        house.cheap = False
        house.run(30)
        assert unit.power_w == pytest.approx(-800, abs=40)

    @pytest.mark.parametrize(
        ("given_w", "power_w"),
        [(1500.0, 1500), (-700.0, -700), (9000.0, 4000), (-9000.0, -3000), (0.0, 0)],
    )
    def test_manual_does_what_a_person_gave(
        self, given_w: float, power_w: float
    ) -> None:
        unit = StorageUnit(mode=Mode.MANUAL, manual_w=given_w)
        house = alone(unit, sun_w=2000.0)
        house.run(20)
        assert unit.power_w == power_w
        assert reason(house) is Reason.MANUAL

    def test_manual_without_a_number_stays_as_it_is(self) -> None:
        unit = StorageUnit()
        house = alone(unit, sun_w=1500.0)
        house.run(30)
        unit.mode = Mode.MANUAL
        house.sun_w = 3000.0
        house.run(30)
        assert unit.power_w == pytest.approx(1200, abs=35)

    def test_manual_does_not_empty_it_below_its_reserve(self) -> None:
        unit = StorageUnit(mode=Mode.MANUAL, manual_w=-3000.0, energy_wh=1_010)
        house = alone(unit)
        house.run(60)
        assert unit.power_w == 0
        assert unit.share > 0.099
        assert reason(house) is Reason.STORAGE_EMPTY


class TestCharge:
    @pytest.mark.parametrize("soc", [None, nan, -0.2, 1.7])
    def test_an_unknown_charge_is_not_given_away(self, soc: float | None) -> None:
        unit = StorageUnit(soc=soc)
        house = alone(unit, house_w=1500.0)
        house.run(30)
        assert unit.power_w == 0
        assert reason(house) is Reason.SOC_UNKNOWN

    def test_an_unknown_charge_is_carefully_added_to(self) -> None:
        unit = StorageUnit(soc=None)
        house = alone(unit, sun_w=6000.0)
        house.run(30)
        assert unit.power_w == 2000
        assert reason(house) is Reason.SOC_UNKNOWN

    def test_full_it_rests_until_it_has_lost_something(self) -> None:
        unit = StorageUnit(soc=0.95)
        house = alone(unit, sun_w=3000.0)
        house.run(20)
        assert (unit.power_w, reason(house)) == (0, Reason.STORAGE_FULL)
        unit.soc = 0.94
        house.run(20)
        assert unit.power_w == 0
        unit.soc = 0.929
        house.run(20)
        assert unit.power_w > 2000

    def test_empty_it_rests_until_it_has_got_something(self) -> None:
        unit = StorageUnit(soc=0.1)
        house = alone(unit, house_w=1000.0)
        house.run(20)
        assert (unit.power_w, reason(house)) == (0, Reason.STORAGE_EMPTY)
        unit.soc = 0.115
        house.run(20)
        assert unit.power_w == 0
        unit.soc = 0.121
        house.run(20)
        assert unit.power_w < -900


class TestLimits:
    def test_charging_counts_against_the_limits(self) -> None:
        unit = StorageUnit(mode=Mode.BOOST)
        house = alone(unit, house_w=3000.0, settings=HomeSettings(subscribed_va=6000))
        house.run(30)
        assert house.grid_w == pytest.approx(6000, abs=5)
        assert reason(house) is Reason.LIMITED

    def test_a_limit_is_obeyed_on_that_very_reading(self) -> None:
        unit = StorageUnit(mode=Mode.BOOST)
        house = alone(unit, settings=HomeSettings(subscribed_va=6000))
        house.run(30)
        house.house_w = 4000.0
        house.run(2)
        assert house.decision("storage").setpoint.value <= 2000

    def test_what_it_takes_is_not_for_those_below(self) -> None:
        car = Car(mode=Mode.BOOST)
        unit = StorageUnit(mode=Mode.BOOST, priority=0)
        house = BatteryHouse(
            battery=None, loads=[car, unit], settings=HomeSettings(subscribed_va=9000)
        )
        house.run(200)
        assert unit.power_w == 4000
        assert house.grid_w <= 9000
        assert car.power_w > 3500

    def test_giving_makes_no_room_for_others(self) -> None:
        car = Car(mode=Mode.BOOST)
        unit = StorageUnit(mode=Mode.MANUAL, manual_w=-3000.0, priority=0)
        house = BatteryHouse(
            battery=None, loads=[car, unit], settings=HomeSettings(subscribed_va=6000)
        )
        house.run(200)
        assert car.power_w + house.house_w <= 6000

    @pytest.mark.parametrize(
        ("mode", "told_w"), [(Mode.SOLAR, 0.0), (Mode.ECO, 4000.0)]
    )
    def test_cheap_hours_are_nothing_to_other_modes_than_eco(
        self, mode: Mode, told_w: float
    ) -> None:
        house = alone(StorageUnit(mode=mode), cheap=True, house_w=0.0)
        house.run(5)
        assert house.told(1, "storage") == {told_w}

    def test_it_leaves_its_least_to_a_running_car_below(self) -> None:
        car, unit = Car(), StorageUnit(priority=0, mode=Mode.OFF)
        house = BatteryHouse(battery=None, sun_w=3300.0, loads=[car, unit])
        house.run(300)
        assert house.decision("car").runs
        unit.mode = Mode.SOLAR
        unit.wishes += 1
        house.run(60)
        assert unit.power_w == pytest.approx(3000 - 5.7 * 230, abs=60)

    def test_without_room_the_sun_does_not_help(self) -> None:
        unit = StorageUnit()
        engine = Engine(HomeSettings(subscribed_va=3000, grid_target_w=6000))
        cycle = engine.cycle(snapshot(unit, grid_w=3100))
        assert cycle.decisions[0].reason is Reason.NO_ROOM

    def test_with_some_room_the_surplus_is_held_back(self) -> None:
        engine = Engine(HomeSettings(subscribed_va=3000, grid_target_w=6000))
        cycle = engine.cycle(snapshot(StorageUnit(), grid_w=2000))
        assert cycle.decisions[0].reason is Reason.LIMITED
        assert cycle.decisions[0].setpoint is not None
        assert cycle.decisions[0].setpoint.value == 1000
