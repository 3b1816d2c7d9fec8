"""A proportional heater in closed loop: the fast trim of the house."""

from dataclasses import replace
from itertools import pairwise
import json
from math import nan
import random

import pytest

from custom_components.surplus.control.check import CheckEnd, Sign
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.loads import control_of
from custom_components.surplus.control.loads.base import Circumstances
from custom_components.surplus.control.loads.heater import HeaterControl
from custom_components.surplus.control.model import (
    Decision,
    HeaterSpec,
    LimitKind,
    LoadSpec,
    Mode,
    PidGains,
    Reason,
    Temperatures,
)
from custom_components.surplus.control.pid import NORMAL, PRESETS
from custom_components.surplus.control.settings import HomeSettings

from .heater_house import Heater, HeaterHouse
from .house import Car

UNMEASURED = {"measured_every_s": None}
SEEN = [{"measured_every_s": 2.0}, {"measured_every_s": 10.0}, UNMEASURED]


def settled_after(grids: list[float], within_w: float = 60.0) -> int:
    """Return the seconds until the grid stays near zero."""
    return max(
        (i + 1 for i, grid_w in enumerate(grids) if abs(grid_w) > within_w), default=0
    )


class TestSun:
    """It takes what is left of the surplus, less a few watts."""

    @pytest.mark.parametrize("seen", SEEN)
    def test_a_step_of_the_sun_is_taken_within_two_cycles(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(**seen))
        house.run(60, -1500)
        assert -40 <= house.grid_w <= 0
        for base_w in (-2200, -300, -1900):
            decision = house.run(30, base_w)
            assert settled_after(house.grids[-30:]) <= 3
            assert decision.reason is Reason.FOLLOWING_SURPLUS
        assert decision.numbers == {"surplus_w": 1900, "power_w": 1885}

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
        assert max(house.grids[-300:]) <= 5

    def test_target_and_margin_are_kept(self) -> None:
        house = HeaterHouse(settings=HomeSettings(grid_target_w=200, margin_w=50))
        house.run(60, -1500)
        assert house.grid_w == pytest.approx(135, abs=25)

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
        assert house.grid_w == pytest.approx(-15, abs=25)

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
        assert house.grid_w == pytest.approx(-15, abs=25)

    @pytest.mark.parametrize("seen", SEEN)
    def test_a_dimmer_that_cuts_phases_unknown_to_anybody_still_ends_at_zero(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(cuts_phase=True, **seen))
        for base_w in (-1500, -500, -2000):
            house.run(120, base_w)
            assert house.grid_w == pytest.approx(-15, abs=30)

    def test_steps_are_kept(self) -> None:
        house = HeaterHouse(heater=Heater(step_w=24))
        house.run(60, -1500)
        assert house.told(1)[0] in (1464, 1488)
        assert all(told_w % 24 == 0 for told_w in house.told(60))

    def test_a_heater_at_work_at_first_sight_goes_on(self) -> None:
        heater = Heater(told_w=900, accepted_w=900, accepted_at=900.0, power_w=900)
        house = HeaterHouse(heater=heater)
        house.run(1, -1000)
        assert house.told(1) == pytest.approx([985], abs=20)

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
        assert house.grid_w == pytest.approx(-15, abs=25)

    @pytest.mark.parametrize("cheap", [False, None])
    def test_eco_follows_the_sun_where_hours_are_not_cheap(
        self, cheap: bool | None
    ) -> None:
        house = HeaterHouse(heater=Heater(mode=Mode.ECO), cheap=cheap)
        house.run(30, -1500)
        assert house.grid_w == pytest.approx(-15, abs=25)

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
        house.run(30, 800)
        assert house.told(1)[0] >= 2000
        decision = house.run(1, 1600)
        assert decision.reason is Reason.NO_ROOM
        assert decision.numbers["limit"] == "breaker"
        assert house.told(1) == [0]

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


class TestBlind:
    """When the meter is late, lost, blind or reversed."""

    def test_without_a_meter_nothing_is_taken_from_the_sun(self) -> None:
        house = HeaterHouse(meter_works=False)
        assert house.run(5, -2000).reason is Reason.NO_GRID_METER
        assert set(house.told(5)) == {0}

    def test_a_late_meter_lets_nothing_rise(self) -> None:
        house = HeaterHouse(heater=Heater(min_w=200))
        house.run(30, -1500)
        house.meter_works = False
        assert house.run(20).reason is Reason.METER_STALE
        assert house.told(1) == [200]
        assert house.run(60).reason is Reason.METER_LOST
        assert house.told(1) == [0]

    def test_a_late_meter_does_not_start_it(self) -> None:
        house = HeaterHouse(heater=Heater(min_w=200))
        house.run(30, 500)
        house.meter_works = False
        house.run(18)
        house.heater.ask(Mode.BOOST)
        assert house.run(2).reason is Reason.METER_STALE
        assert house.told(1) == [0]
        house.heater.ask(Mode.MANUAL, 800)
        assert house.run(1).reason is Reason.METER_STALE
        assert house.told(1) == [0]

    @pytest.mark.parametrize("mode", [Mode.BOOST, Mode.MIN_SOLAR])
    def test_a_lost_meter_leaves_the_minimum_where_that_fits(self, mode: Mode) -> None:
        house = HeaterHouse(
            heater=Heater(min_w=200, mode=mode), settings=HomeSettings(breaker_a=20)
        )
        house.run(30, 500)
        house.meter_works = False
        assert house.run(90).reason is Reason.METER_LOST
        assert house.told(1) == [200]

    def test_a_meter_that_cannot_see_export_gives_no_sun(self) -> None:
        house = HeaterHouse(knows_direction=False)
        assert house.run(20, -1500).reason is Reason.SIGN_UNKNOWN
        assert house.told(1) == [0]
        house.heater.mode, house.heater.min_w = Mode.MIN_SOLAR, 250
        house.run(20)
        assert house.told(1) == [250]

    def test_a_reversed_meter_leaves_it_alone(self) -> None:
        house = HeaterHouse(settings=HomeSettings(sign_reversed=True))
        decision = house.run(5, -1500)
        assert decision.reason is Reason.SIGN_REVERSED
        assert decision.setpoint is None

    @pytest.mark.parametrize("seen", SEEN)
    def test_out_of_reach_its_last_power_is_kept_free(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(settings=HomeSettings(breaker_a=20), heater=Heater(**seen))
        house.heater.mode = Mode.BOOST
        house.run(30, 500)
        house.heater.reachable = False
        car = Car(mode=Mode.BOOST, priority=0)
        house.cars = [car]
        decision = house.run(60)
        assert decision.reason is Reason.UNREACHABLE
        assert decision.numbers == {"reserved_w": 2400}
        assert decision.setpoint is None
        assert 6 <= car.offered_a <= 7
        house.heater.reachable = True
        house.heater.mode = Mode.SOLAR
        assert house.run(2).reason is Reason.WAITING_FOR_SURPLUS

    def test_one_that_never_obeyed_before_it_was_out_of_reach_may_still_run(
        self,
    ) -> None:
        house = HeaterHouse()
        house.run(30, -1500)
        house.heater.obeys = False
        house.heater.ask(Mode.OFF)
        house.run(5)
        house.heater.reachable = False
        assert house.run(2).numbers == {"reserved_w": 1485}
        assert house.control.switching.on

    def test_out_of_reach_and_never_told_anything_nothing_is_kept(self) -> None:
        house = HeaterHouse(heater=Heater(reachable=False))
        assert house.run(2, -1000).numbers == {"reserved_w": 0}


class TestThermostat:
    """A heater that takes nothing of what it is told is recognised, and comes back."""

    @pytest.mark.parametrize("seen", SEEN)
    def test_an_open_thermostat_is_recognised_and_nothing_is_told(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(**seen))
        house.run(60, -1500)
        house.heater.closed = False
        decision = house.run(100 if seen == UNMEASURED else 60)
        assert decision.reason is Reason.THERMOSTAT_OPEN
        assert house.told(1) == [0]
        assert 0 < float(decision.numbers["seconds"]) <= 60

    @pytest.mark.parametrize("seen", SEEN)
    def test_it_comes_back_by_itself(self, seen: dict[str, float | None]) -> None:
        house = HeaterHouse(heater=Heater(**seen))
        house.run(60, -1500)
        house.heater.closed = False
        house.run(130)
        house.heater.closed = True
        assert house.run(150).reason is Reason.FOLLOWING_SURPLUS
        assert house.grid_w == pytest.approx(-15, abs=25)

    @pytest.mark.parametrize("seen", SEEN)
    def test_it_is_tried_ever_more_rarely(self, seen: dict[str, float | None]) -> None:
        house = HeaterHouse(heater=Heater(**seen))
        house.run(60, -1500)
        house.heater.closed = False
        house.run(5000)
        told = house.told(4990)
        tries = [
            index for index, (a, b) in enumerate(pairwise(told)) if a == 0 and b > 0
        ]
        gaps = [b - a for a, b in pairwise(tries)]
        assert len(gaps) >= 5
        assert gaps[0] < 150
        assert gaps == sorted(gaps)
        assert 600 <= gaps[-1] <= 640

    def test_a_person_does_not_wait_for_the_next_try(self) -> None:
        house = HeaterHouse()
        house.run(60, -1500)
        house.heater.closed = False
        house.run(1000)
        house.heater.closed = True
        assert house.decision().reason is Reason.THERMOSTAT_OPEN
        house.heater.ask(Mode.BOOST)
        assert house.run(5).reason is Reason.BOOST
        assert house.told(5)[-1] == 2400

    def test_by_hand_an_open_thermostat_changes_nothing(self) -> None:
        house = HeaterHouse()
        house.heater.ask(Mode.MANUAL, 1000)
        house.heater.closed = False
        house.run(200, 0)
        assert set(house.told(199)) == {1000}

    def test_without_sun_an_open_one_waits_for_it(self) -> None:
        house = HeaterHouse()
        house.run(60, -1500)
        house.heater.closed = False
        house.run(60)
        assert house.run(300, 500).reason is Reason.WAITING_FOR_SURPLUS
        assert set(house.told(290)) == {0}

    def test_a_sensor_that_only_reports_changes_is_seen_through(self) -> None:
        house = HeaterHouse(heater=Heater(reports_only_changes=True, closed=False))
        house.run(60, 500)
        assert house.run(300, -1500).reason is Reason.THERMOSTAT_OPEN
        house.heater.closed = True
        assert house.run(400).reason is Reason.FOLLOWING_SURPLUS

    @pytest.mark.parametrize("seen", SEEN)
    def test_a_long_rise_of_the_sun_is_not_taken_for_one(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(**seen))
        house.run(60, -200)
        for slope_w in (40, -40) * 5:
            house.run(50, slope_w=-slope_w)
        reasons = {cycle.decisions[0].reason for cycle in house.history}
        assert Reason.THERMOSTAT_OPEN not in reasons

    def test_more_sun_than_an_unmeasured_one_takes_is_tested_once_and_trusted(
        self,
    ) -> None:
        house = HeaterHouse(heater=Heater(**UNMEASURED))
        house.run(1200, -6000)
        told = house.told(1150)
        # Each test costs some seconds without it: twice in twenty minutes at most.
        assert 0 < sum(told_w == 0 for told_w in told) <= 40
        reasons = {cycle.decisions[0].reason for cycle in house.history}
        assert Reason.THERMOSTAT_OPEN not in reasons

    def test_a_late_meter_neither_tests_nor_tries(self) -> None:
        house = HeaterHouse()
        house.run(60, -1500)
        house.heater.closed = False
        house.run(60)
        house.meter_works = False
        assert house.run(40).reason is Reason.METER_STALE
        assert house.told(1) == [0]

    def test_a_slow_unmeasured_one_is_not_taken_for_open(self) -> None:
        house = HeaterHouse(heater=Heater(dead_s=4, lag_s=3.0, **UNMEASURED))
        for base_w in (-1500, -500, -2000, -800) * 5:
            house.run(60, base_w)
        reasons = {cycle.decisions[0].reason for cycle in house.history}
        assert Reason.THERMOSTAT_OPEN not in reasons

    def test_the_sun_of_an_open_one_goes_to_the_loads_below(self) -> None:
        house = HeaterHouse(heater=Heater(priority=0, closed=False))
        house.cars = [Car(priority=1)]
        house.run(400, -2500)
        assert house.cars[0].power_w > 2000

    def test_an_unmeasured_open_one_does_not_make_the_car_above_swing(self) -> None:
        house = HeaterHouse(heater=Heater(closed=False, **UNMEASURED))
        house.cars = [Car(priority=1)]
        house.run(900, -3500)
        assert {c.decisions[-1].reason for c in house.history[-50:]} <= {
            Reason.THERMOSTAT_OPEN,
            Reason.WAITING_FOR_SURPLUS,
        }
        offers = [
            d.setpoint.value
            for c in house.history[-300:]
            for d in c.decisions
            if d.load_id != "heater" and d.setpoint
        ]
        assert max(offers) - min(offers) <= 3


WATER = Temperatures()


class TestWater:
    """Driven by the temperature of its water."""

    def house(self, temperature_c: float | None, **heater: object) -> HeaterHouse:
        return HeaterHouse(
            heater=Heater(
                temperatures=WATER,
                temperature_c=temperature_c,
                **heater,  # type: ignore[arg-type]
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
        assert decision.numbers["power_w"] == 1485
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

    def test_a_boost_goes_on_by_an_unknown_temperature_for_a_time(self) -> None:
        house = self.house(None, mode=Mode.BOOST)
        assert house.run(60, 0).reason is Reason.BOOST
        house.now += 3 * 3600
        assert house.run(5).reason is Reason.TEMPERATURE_UNKNOWN
        assert house.told(1) == [0]

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
        assert decision.reason is Reason.HEATING_FORCED
        assert decision.numbers["target_c"] == 62
        house.heater.temperature_c = 62
        house.now += 600
        assert house.run(5).reason is Reason.WARM_ENOUGH


class TestPid:
    """Where nobody measures it and its answer cannot be trusted, a PID drives it."""

    def house(self, gains: PidGains = NORMAL, **heater: object) -> HeaterHouse:
        return HeaterHouse(
            heater=Heater(
                pid=gains,
                measured_every_s=None,
                **heater,  # type: ignore[arg-type]
            ),
            meter_late_s=1,
        )

    @pytest.mark.parametrize("preset", sorted(PRESETS))
    @pytest.mark.parametrize(
        ("dead_s", "lag_s", "cuts_phase"),
        [(1, 1.0, False), (1, 8.0, False), (2, 2.0, True)],
    )
    def test_it_brings_the_grid_to_its_target(
        self, preset: str, dead_s: int, lag_s: float, cuts_phase: bool
    ) -> None:
        house = self.house(
            PRESETS[preset], dead_s=dead_s, lag_s=lag_s, cuts_phase=cuts_phase
        )
        house.run(200, -1200)
        assert all(-60 <= grid_w <= 30 for grid_w in house.grids[-20:])
        terms = house.control.pid_terms
        assert terms is not None
        assert terms.output_w == pytest.approx(terms.p_w + terms.i_w + terms.d_w)
        assert abs(terms.error_w) < 60

    def test_a_measured_heater_is_fed_forward_whatever_its_gains(self) -> None:
        house = HeaterHouse(heater=Heater(pid=NORMAL))
        house.run(20, -1500)
        assert settled_after(house.grids[-20:]) <= 3
        assert house.control.pid_terms is None

    def test_hours_without_sun_do_not_wind_it_up(self) -> None:
        house = self.house()
        house.run(600, 3000)
        house.run(40, -1500)
        assert house.grid_w > -300

    def test_it_takes_over_without_a_jump(self) -> None:
        house = self.house()
        house.heater.ask(Mode.MANUAL, 1500)
        house.run(30, -1600)
        house.heater.ask(Mode.SOLAR)
        house.run(1)
        assert house.told(1) == [1500]
        assert house.control.pid_terms is not None
        house.heater.ask(Mode.BOOST)
        house.run(1)
        assert house.control.pid_terms is None

    def test_gains_changed_while_it_runs_do_not_move_it(self) -> None:
        house = self.house()
        house.run(200, -1200)
        before_w = house.told(1)[0]
        house.heater.pid = PRESETS["fast"]
        house.run(1)
        assert house.told(1)[0] == pytest.approx(before_w, abs=30)

    def test_it_stays_between_its_bounds(self) -> None:
        house = self.house(min_w=200)
        house.heater.mode = Mode.MIN_SOLAR
        for base_w in (-2500, 4000, -2500):
            house.run(120, base_w)
        assert 200 <= min(house.told(350)) < 225
        assert max(house.told(350)) == 2400

    def test_target_and_margin_are_its_target(self) -> None:
        house = self.house()
        house.with_settings(grid_target_w=300.0, margin_w=100.0)
        house.run(200, -1200)
        assert house.grid_w == pytest.approx(185, abs=40)


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


class TestCheck:
    """The commissioning check."""

    @pytest.mark.parametrize("seen", SEEN)
    @pytest.mark.parametrize(
        ("sign", "found"), [(1.0, Sign.RIGHT), (-1.0, Sign.REVERSED)]
    )
    def test_it_finds_the_meters_sign(
        self, sign: float, found: Sign, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(**seen), meter_sign=sign)
        house.run(10, 600)
        house.engine.start_check(house.heater.spec)
        house.run(120)
        results = [c.checks["heater"] for c in house.history if c.checks]
        assert [(r.end, r.sign) for r in results] == [(CheckEnd.DONE, found)]
        assert results[0].grid_w == pytest.approx(sign * 1200, rel=0.05)

    def test_a_pulse_that_does_not_fit_is_not_given(self) -> None:
        house = HeaterHouse(settings=HomeSettings(breaker_a=8))
        house.run(10, 600)
        house.engine.start_check(house.heater.spec)
        house.run(60)
        results = [c.checks["heater"].end for c in house.history if c.checks]
        assert results == [CheckEnd.NO_ROOM]
        decisions = [
            house.control.follow_check(1200.0, circumstances(house, room_a)).setpoint
            for room_a in (5.0, 6.0)
        ]
        assert [d.value for d in decisions if d] == [0, 1200]

    def test_it_stands_still_while_another_load_is_checked(self) -> None:
        house = HeaterHouse(cars=[Car(priority=9)])
        house.run(60, -1000)
        before = house.told(1)
        house.engine.start_check(house.cars[0].spec)
        assert house.run(5, -500).reason is Reason.CHECKING
        assert house.told(1) == before


def circumstances(house: HeaterHouse, room_a: float) -> Circumstances:
    """Return circumstances as the engine makes them, with a given room."""
    limit = Limit(kind=LimitKind.BREAKER, current_a=room_a)
    return Circumstances(
        now=house.now,
        wall=house.wall,
        at=house.now,
        dt_s=1.0,
        surplus_w=0.0,
        total_w=0.0,
        voltage_v=230.0,
        meter=MeterState.FRESH,
        direction_known=True,
        headroom=Headroom((limit,), (0.0,)),
        settings=house.settings,
    )


class TestMemory:
    """What survives a restart."""

    def restart(self, house: HeaterHouse, away_s: float) -> None:
        saved = json.loads(json.dumps(house.engine.as_dict(house.now, house.wall)))
        house.now += away_s
        house.engine = Engine(house.settings, saved)
        house.grid = None

    def test_a_running_heater_goes_on(self) -> None:
        house = HeaterHouse()
        house.run(60, -1500)
        self.restart(house, 30)
        house.run(2)
        assert house.told(1) == pytest.approx([1485], abs=25)

    def test_resting_water_goes_on_resting(self) -> None:
        house = HeaterHouse(heater=Heater(temperatures=WATER, temperature_c=60.0))
        house.run(5, -1500)
        self.restart(house, 30)
        house.heater.temperature_c = 57
        assert house.run(2).reason is Reason.WARM_ENOUGH

    def test_what_it_takes_of_what_it_is_told_is_remembered(self) -> None:
        house = HeaterHouse(heater=Heater(voltage_v=207.0))
        house.run(200, -6000)
        assert house.control._element.share == pytest.approx(0.81, abs=0.01)
        assert house.control.span_w(230).most_w == pytest.approx(1944, abs=25)
        self.restart(house, 30)
        house.run(1)
        assert house.control._element.share == pytest.approx(0.81, abs=0.01)

    @pytest.mark.parametrize(
        "learned",
        [{}, {"share": "much"}, {"share": 9.0}, {"share": None, "water": 3}],
    )
    def test_what_is_damaged_is_left_out(self, learned: dict[str, object]) -> None:
        control = HeaterControl(Heater(temperatures=WATER).spec)
        control.relearn(learned)
        assert control._element.share == 1.0

    def test_what_it_does_not_take_is_left_to_the_loads_below(self) -> None:
        house = HeaterHouse(heater=Heater(priority=0, voltage_v=207.0))
        house.run(120, -6000)
        house.cars = [Car(priority=1)]
        house.run(300)
        assert house.cars[0].offered_a == pytest.approx(17, abs=1)


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


def test_a_heater_of_no_step_is_told_any_power() -> None:
    spec = HeaterSpec(load_id="h", name="h", priority=1, max_w=2000, step_w=0.0)
    control = HeaterControl(spec)
    assert control._down(1234.5678) == 1234.568
