"""A proportional heater in closed loop: the fast trim of the house."""

from dataclasses import replace
from itertools import pairwise
from math import nan
import random

import pytest

from custom_components.surplus.control.loads import control_of
from custom_components.surplus.control.loads.base import Span
from custom_components.surplus.control.loads.heater import HeaterControl
from custom_components.surplus.control.model import (
    Decision,
    HeaterSpec,
    LoadSpec,
    Mode,
    Reason,
    Temperatures,
)
from custom_components.surplus.control.settings import HomeSettings

from .heater_house import SEEN, UNMEASURED, Heater, HeaterHouse, settled_after
from .house import Car


class TestSun:
    """It takes what is left of the surplus, to a few watts."""

    @pytest.mark.parametrize("seen", SEEN)
    def test_a_step_of_the_sun_is_taken_within_two_cycles(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(**seen))
        house.run(60, -1500)
        assert house.grid_w == pytest.approx(0, abs=25)
        for base_w in (-2200, -300, -1900):
            decision = house.run(30, base_w)
            assert settled_after(house.grids[-30:]) <= 3
            assert decision.reason is Reason.FOLLOWING_SURPLUS
        assert decision.numbers == {"surplus_w": 1900, "power_w": 1900}

    def test_without_surplus_it_is_off(self) -> None:
        house = HeaterHouse()
        assert house.run(30, 400).reason is Reason.WAITING_FOR_SURPLUS
        assert set(house.told(30)) == {0}

    def test_more_sun_than_it_takes_is_its_maximum(self) -> None:
        house = HeaterHouse()
        assert house.run(30, -5000).reason is Reason.AT_MAXIMUM
        assert house.told(1) == [2400]

    def test_a_meters_noise_is_no_command(self) -> None:
        house = HeaterHouse()
        noise = random.Random(4)
        house.run(60, -1500)
        before = house.heater.commands
        for _ in range(300):
            house.run(1, -1500 + noise.uniform(-14, 14))
        assert house.heater.commands == before

    @pytest.mark.parametrize(
        ("import_price", "left_w"), [(0.5, 0.0), (1.0, 0.0), (3.0, 7.5), (25.0, 13.85)]
    )
    def test_what_is_left_to_the_grid_grows_as_imports_get_dear(
        self, import_price: float, left_w: float
    ) -> None:
        house = HeaterHouse(settings=HomeSettings(import_price=import_price))
        house.run(60, -300)
        house.run(120, -1500)
        assert -house.grid_w == pytest.approx(left_w, abs=0.5)

    def test_where_imports_are_dear_a_meters_noise_is_none(self) -> None:
        house = HeaterHouse(settings=HomeSettings(import_price=25.0))
        noise = random.Random(4)
        house.run(60, -1500)
        for _ in range(300):
            house.run(1, -1500 + noise.uniform(-14, 14))
        assert max(house.grids[-300:]) <= 5

    def test_target_and_margin_are_kept(self) -> None:
        house = HeaterHouse(settings=HomeSettings(grid_target_w=200, margin_w=50))
        house.run(60, -1500)
        assert house.grid_w == pytest.approx(150, abs=25)

    @pytest.mark.parametrize("seen", SEEN)
    @pytest.mark.parametrize(
        ("dead_s", "lag_s"), [(0, 0.5), (1, 2.0), (2, 2.0), (0, 4.0)]
    )
    def test_a_heater_twice_as_slow_or_quick_as_believed_does_not_swing(
        self, dead_s: int, lag_s: float, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(
            heater=Heater(dead_s=dead_s, lag_s=lag_s, **seen), meter_late_s=1
        )
        house.run(60, -500)
        house.run(60, -2000)
        assert settled_after(house.grids[-60:]) <= 35
        # It does not take half the step too much on the way.
        assert max(house.grids[-60:]) < 500

    @pytest.mark.parametrize("seen", SEEN)
    @pytest.mark.parametrize("late_s", [1, 2, 4])
    def test_a_command_that_is_answered_late_does_not_make_it_swing(
        self, late_s: int, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(accepts_after_s=late_s, dead_s=0, **seen))
        house.run(60, -500)
        house.run(30, -2000)
        told = house.told(30)
        assert told == sorted(told)
        assert house.grid_w == pytest.approx(0, abs=25)

    def test_a_ramp_of_the_sun_is_followed(self) -> None:
        house = HeaterHouse()
        house.run(60, -500)
        house.run(30, slope_w=-50)
        assert house.grids[-1] > -300
        house.run(30, slope_w=50)
        assert house.grids[-1] < 300

    @pytest.mark.parametrize("voltage_v", [207.0, 253.0])
    def test_a_voltage_that_is_not_nominal_is_made_up_for(
        self, voltage_v: float
    ) -> None:
        house = HeaterHouse(heater=Heater(voltage_v=voltage_v))
        house.run(60, -1500)
        assert house.grid_w == pytest.approx(0, abs=25)

    @pytest.mark.parametrize("seen", SEEN)
    def test_a_dimmer_that_cuts_phases_unknown_to_anybody_still_ends_at_zero(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(cuts_phase=True, **seen))
        for base_w in (-1500, -500, -2000):
            house.run(120, base_w)
            assert house.grid_w == pytest.approx(0, abs=30)

    def test_steps_are_kept(self) -> None:
        house = HeaterHouse(heater=Heater(step_w=24))
        house.run(60, -1500)
        assert house.told(1)[0] in (1488, 1512)
        assert all(told_w % 24 == 0 for told_w in house.told(60))

    def test_a_heater_at_work_at_first_sight_goes_on(self) -> None:
        heater = Heater(told_w=900, accepted_w=900, accepted_at=900.0, power_w=900)
        house = HeaterHouse(heater=heater)
        house.run(1, -1000)
        assert house.told(1) == pytest.approx([1000], abs=20)

    def test_a_command_without_its_instant_is_where_it_begins(self) -> None:
        house = HeaterHouse(heater=Heater(**UNMEASURED))
        house.run(1, -1000)
        spec = house.heater.spec
        control = HeaterControl(spec)
        load = house.snapshot().loads[0]
        reading = replace(load.reading, accepted_w=700.0, accepted_at=None)
        control.observe(replace(load, reading=reading), 1)
        assert control.value == 700
        assert control.own_power_w(reading, house.now, house.now, 230) == 700


class TestMinimum:
    """Between nothing and the minimum there is nothing."""

    def test_below_its_minimum_it_takes_nothing(self) -> None:
        house = HeaterHouse(heater=Heater(min_w=400))
        assert house.run(30, -350).reason is Reason.WAITING_FOR_SURPLUS
        assert set(house.told(30)) == {0}

    def test_it_stays_at_the_minimum_while_that_is_worth_more(self) -> None:
        house = HeaterHouse(heater=Heater(min_w=400))
        house.run(30, -900)
        assert house.run(30, -260).reason is Reason.HOLDING_MINIMUM
        assert house.told(1) == [400]
        assert house.run(30, -150).reason is Reason.WAITING_FOR_SURPLUS

    def test_dear_imports_end_it_sooner(self) -> None:
        house = HeaterHouse(
            heater=Heater(min_w=400), settings=HomeSettings(import_price=25)
        )
        house.run(30, -900)
        assert house.run(30, -260).reason is Reason.WAITING_FOR_SURPLUS

    @pytest.mark.parametrize("min_w", [0.0, 400.0])
    def test_one_with_a_minimum_rests_a_while_and_none_without(
        self, min_w: float
    ) -> None:
        house = HeaterHouse(heater=Heater(min_w=min_w))
        for n in range(100):
            house.run(3, 500 if n % 2 else -1500)
        on = [told_w > 0 for told_w in house.told(300)]
        starts = sum(b and not a for a, b in pairwise(on))
        if min_w:
            assert 5 <= starts <= 10
        else:
            assert starts > 20

    def test_what_it_would_not_take_anyway_is_no_rest(self) -> None:
        house = HeaterHouse(heater=Heater(min_w=400))
        house.run(30, -900)
        house.run(5, 500)
        assert house.run(5, -200).reason is Reason.WAITING_FOR_SURPLUS
        assert house.run(5, -900).reason is Reason.RESTING

    def test_minimum_times_hold(self) -> None:
        house = HeaterHouse(heater=Heater(min_w=400, min_on_s=60, min_off_s=120))
        house.run(10, -900)
        assert house.run(40, 500).reason is Reason.HOLDING_MINIMUM
        assert house.run(20).reason is Reason.WAITING_FOR_SURPLUS
        decision = house.run(50, -900)
        assert decision.reason is Reason.RESTING
        assert 40 <= float(decision.numbers["seconds"]) <= 80
        assert house.run(80).reason is Reason.FOLLOWING_SURPLUS

    def test_no_mode_breaks_a_rest_but_a_person_does(self) -> None:
        house = HeaterHouse(heater=Heater(min_w=400, min_off_s=300))
        house.run(10, -900)
        house.run(10, 500)
        house.heater.mode = Mode.BOOST
        assert house.run(5).reason is Reason.RESTING
        house.heater.mode = Mode.MIN_SOLAR
        assert house.run(5).reason is Reason.RESTING
        house.heater.ask(Mode.BOOST)
        assert house.run(5).reason is Reason.BOOST


class TestModes:
    """What each mode lets it take."""

    def test_off_is_off(self) -> None:
        house = HeaterHouse(heater=Heater(mode=Mode.OFF))
        assert house.run(30, -2000).reason is Reason.MODE_OFF
        assert set(house.told(30)) == {0}

    def test_min_solar_takes_the_minimum_without_sun_and_follows_it_with(self) -> None:
        house = HeaterHouse(heater=Heater(mode=Mode.MIN_SOLAR, min_w=300))
        assert house.run(30, 500).reason is Reason.HOLDING_MINIMUM
        assert house.told(1) == [300]
        assert house.run(30, -1500).reason is Reason.FOLLOWING_SURPLUS
        assert house.grid_w == pytest.approx(0, abs=25)

    @pytest.mark.parametrize("cheap", [False, None])
    def test_eco_follows_the_sun_where_hours_are_not_cheap(
        self, cheap: bool | None
    ) -> None:
        house = HeaterHouse(heater=Heater(mode=Mode.ECO), cheap=cheap)
        house.run(30, -1500)
        assert house.grid_w == pytest.approx(0, abs=25)

    def test_eco_takes_all_it_can_in_cheap_hours(self) -> None:
        house = HeaterHouse(heater=Heater(mode=Mode.ECO), cheap=True)
        assert house.run(30, 500).reason is Reason.CHEAP_HOURS
        assert house.told(1) == [2400]
        house.cheap = False
        assert house.run(30, 500).reason is Reason.WAITING_FOR_SURPLUS

    def test_boost_takes_all_it_can(self) -> None:
        house = HeaterHouse(heater=Heater(mode=Mode.BOOST))
        assert house.run(30, 500).reason is Reason.BOOST
        assert house.told(1) == [2400]

    @pytest.mark.parametrize(
        ("asked_w", "told_w"),
        [(800, 800), (9000, 2400), (100, 150), (0, 0), (-5, 0), (None, 0), (nan, 0)],
    )
    def test_by_hand_it_takes_what_it_is_given_within_its_range(
        self, asked_w: float | None, told_w: float
    ) -> None:
        house = HeaterHouse(heater=Heater(min_w=150))
        house.heater.ask(Mode.MANUAL, asked_w)
        assert house.run(30, 500).reason is Reason.MANUAL
        assert house.told(1) == [told_w]

    def test_a_heater_that_refuses_by_itself_is_off(self) -> None:
        house = HeaterHouse(heater=Heater(wants_power=False))
        assert house.run(30, -1500).reason is Reason.THERMOSTAT_OPEN
        assert set(house.told(30)) == {0}


class TestLimits:
    """Above every mode."""

    @pytest.mark.parametrize("mode", [Mode.BOOST, Mode.MANUAL, Mode.MIN_SOLAR])
    def test_a_kettle_lowers_it_on_that_very_reading(self, mode: Mode) -> None:
        house = HeaterHouse(settings=HomeSettings(breaker_a=15))
        house.heater.min_w = 2000
        house.heater.max_w = 2400
        house.heater.ask(mode, 2400)
        house.run(60, 800)
        assert house.told(1)[0] >= 2000
        decision = house.run(1, 1600)
        assert decision.reason is Reason.NO_ROOM
        assert decision.numbers["limit"] == "breaker"
        assert house.told(1) == [0]

    def test_one_that_wants_nothing_says_so_where_there_is_no_room_either(self) -> None:
        house = HeaterHouse(settings=HomeSettings(breaker_a=15))
        assert house.run(30, 4000).reason is Reason.WAITING_FOR_SURPLUS

    def test_it_is_throttled_to_what_fits_and_comes_back(self) -> None:
        house = HeaterHouse(settings=HomeSettings(breaker_a=15))
        house.heater.mode = Mode.BOOST
        house.run(30, 800)
        decision = house.run(30, 2000)
        assert decision.reason is Reason.LIMITED
        assert decision.numbers["room_w"] == 1450
        assert house.told(1) == [1450]
        assert max(house.grids[-25:]) <= 15 * 230
        house.run(30, 1900)
        assert 1450 <= house.told(1)[0] <= 1550
        house.run(30, 800)
        assert house.told(1) == [2400]

    def test_a_room_that_wavers_does_not_move_it_at_each_reading(self) -> None:
        house = HeaterHouse(settings=HomeSettings(breaker_a=15))
        house.heater.mode = Mode.BOOST
        house.run(30, 2040)
        before = house.heater.commands
        for index in range(60):
            house.run(1, 2000 + 30 * (index % 2))
        assert house.heater.commands - before <= 3

    def test_its_room_is_taken_from_the_loads_below(self) -> None:
        house = HeaterHouse(settings=HomeSettings(breaker_a=20))
        house.heater.priority = 0
        house.heater.mode = Mode.BOOST
        car = Car(mode=Mode.BOOST)
        house.cars = [car]
        house.run(60, 500)
        assert house.told(1) == [2400]
        assert car.offered_a <= (4600 - 500 - 2400) / 230


class TestForOthers:
    """What the loads beside it may count on."""

    def house(self, **heater: object) -> HeaterHouse:
        house = HeaterHouse(
            heater=Heater(min_w=200.0, temperatures=Temperatures(), **heater)
        )
        # It takes half of what it is told.
        house.run(1, 500)
        house.control._element.share = 0.5
        return house

    @pytest.mark.parametrize(
        ("mode", "least_w"), [(Mode.SOLAR, 0.0), (Mode.MIN_SOLAR, 100.0)]
    )
    def test_it_moves_between_its_minimum_and_what_it_really_takes(
        self, mode: Mode, least_w: float
    ) -> None:
        house = self.house(mode=mode, temperature_c=45.0)
        assert house.control.span_w(230.0) == Span(least_w=least_w, most_w=1200.0)
        assert house.control.trim_w == 1200

    def test_warm_water_takes_nothing(self) -> None:
        house = self.house(temperature_c=70.0)
        assert house.control.span_w(230.0) == Span()
        assert house.control.trim_w == 0

    @pytest.mark.parametrize("cheap", [False, True])
    def test_one_that_heats_from_the_grid_does_not_follow_the_sun(
        self, *, cheap: bool
    ) -> None:
        house = self.house(mode=Mode.SOLAR, temperature_c=40.0)
        house.cheap = cheap
        house.run(1)
        (load,) = house.snapshot().loads
        assert house.control.follows_surplus(load, cheap) is not cheap

    def test_it_leaves_a_running_car_below_its_least(self) -> None:
        car = Car(priority=9)
        house = HeaterHouse(heater=Heater(priority=0, mode=Mode.OFF), cars=[car])
        house.run(300, -3000)
        assert car.offered_a == 13
        house.heater.ask(Mode.SOLAR)
        decision = house.run(60)
        assert car.offered_a == 6
        assert house.told(1)[0] == pytest.approx(3000 - 6 * 230, abs=30)
        assert decision.numbers["surplus_w"] == pytest.approx(1620, abs=30)

    def test_it_does_what_it_is_told_within_thrice_its_lag(self) -> None:
        assert self.house(believed_lag_s=4.0).control.settles_s == 22


def test_every_heater_gets_its_control() -> None:
    assert isinstance(control_of(Heater().spec), HeaterControl)
    with pytest.raises(TypeError):
        control_of(LoadSpec(load_id="x", name="x", priority=1))


def test_phases_beyond_the_supply_are_not_used() -> None:
    house = HeaterHouse(heater=Heater(phases=(1, 2, 3)))
    house.run(1, 0)
    assert house.control.phases == (1,)


def test_the_same_day_decides_the_same() -> None:
    def day() -> list[Decision]:
        house = HeaterHouse(cars=[Car(priority=1)])
        noise = random.Random(7)
        return [house.run(5, -2000 + noise.uniform(-2500, 2500)) for _ in range(60)]

    assert day() == day()


def test_at_most_is_never_more() -> None:
    spec = HeaterSpec(
        load_id="h", name="h", priority=1, max_w=2000, min_w=300.0, step_w=100.0
    )
    control = HeaterControl(spec)
    told = [control.at_most(power_w) for power_w in (0, 200, 299, 300, 450, 9000)]
    assert told == [0, 0, 0, 300, 400, 2000]


def test_a_heater_of_no_step_is_told_any_power() -> None:
    spec = HeaterSpec(load_id="h", name="h", priority=1, max_w=2000, step_w=0.0)
    control = HeaterControl(spec)
    assert control._down(1234.5678) == 1234.568
