"""Loads that are on or off, in closed loop."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
import json
from zoneinfo import ZoneInfo

import pytest

from custom_components.surplus.control.check import CheckEnd, Sign
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.loads.switched import SwitchedControl
from custom_components.surplus.control.model import (
    Mode,
    NextEventKind,
    Reason,
    SwitchedReading,
    SwitchedSpec,
    Temperatures,
)
from custom_components.surplus.control.settings import HomeSettings

from .house import Car
from .switched_house import House, Relay

PARIS = ZoneInfo("Europe/Paris")


def restart(house: House, away_s: float = 0.0) -> None:
    """Replace the engine by one made of what was saved, some time later."""
    saved = json.loads(json.dumps(house.engine.as_dict(house.now, house.wall)))
    house.now += away_s
    house.engine = Engine(house.settings, saved)
    house.grid = None


class TestBySun:
    """Mode solar: on while that is worth it, by energy."""

    def test_without_enough_surplus_it_is_not_started(self) -> None:
        house = House()
        # Half of its power would be imported: no gain at λ = 1.
        decision = house.run(900, base_w=-950)
        assert decision.reason is Reason.WAITING_FOR_SURPLUS
        assert set(house.told(900)) == {0.0}
        assert decision.numbers == {"surplus_w": 950, "power_w": 2000}

    def test_it_starts_once_the_surplus_has_shown_its_worth(self) -> None:
        house = House()
        decision = house.run(15, base_w=-2500)
        assert decision.reason is Reason.ABOUT_TO_START
        # 12 Wh at 2 kW: 22 s.
        assert decision.numbers["seconds"] == 8
        decision = house.run(15)
        assert decision.reason is Reason.FOLLOWING_SURPLUS
        assert house.relay.on

    def test_its_own_power_is_not_taken_for_a_lack_of_sun(self) -> None:
        house = House()
        house.run(900, base_w=-2500)
        assert house.grid_w == -500
        assert sum(a != b for a, b in pairwise(house.told(900))) == 1

    def test_a_cloud_is_ridden_through_until_it_has_cost_a_start(self) -> None:
        house = House()
        house.run(600, base_w=-2500)
        decision = house.run(30, base_w=0)
        assert decision.reason is Reason.HOLDING_MINIMUM
        # 22 Wh at 2 kW: 40 s.
        assert decision.numbers["seconds"] == 10
        decision = house.run(20)
        assert decision.reason is Reason.WAITING_FOR_SURPLUS
        assert not house.relay.on

    def test_a_strict_home_starts_on_the_whole_power_only(self) -> None:
        house = House(settings=HomeSettings(import_price=25))
        assert house.run(600, base_w=-1900).reason is Reason.WAITING_FOR_SURPLUS
        assert house.run(600, base_w=-2050).reason is Reason.FOLLOWING_SURPLUS

    def test_its_minimum_time_on_outlasts_the_sun(self) -> None:
        house = House()
        house.run(40, base_w=-2500)
        assert house.relay.on
        decision = house.run(240, base_w=1000)
        assert decision.reason is Reason.HOLDING_MINIMUM
        assert 0 < float(decision.numbers["seconds"]) <= 60
        house.run(60)
        assert not house.relay.on

    def test_its_minimum_time_off_outlasts_the_clouds(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.run(60, base_w=1000)
        assert not house.relay.on
        decision = house.run(200, base_w=-2500)
        assert decision.reason is Reason.RESTING
        assert 0 < float(decision.numbers["seconds"]) <= 100
        house.run(100)
        assert house.relay.on

    def test_min_solar_of_an_on_or_off_load_is_solar(self) -> None:
        house = House(relays=[Relay(mode=Mode.MIN_SOLAR)])
        assert house.run(600, base_w=0).reason is Reason.WAITING_FOR_SURPLUS
        assert house.run(600, base_w=-2500).reason is Reason.FOLLOWING_SURPLUS

    def test_off_is_off_at_once(self) -> None:
        house = House()
        house.run(100, base_w=-2500)
        house.relay.ask(Mode.OFF)
        assert house.run(2).reason is Reason.MODE_OFF
        assert not house.relay.on

    def test_one_that_wants_nothing_is_off_and_starts_without_rest_after(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.relay.wants_power = False
        assert house.run(5).reason is Reason.NOT_DRAWING
        assert not house.relay.on
        house.relay.wants_power = True
        house.run(60)
        assert house.relay.on


class TestOtherModes:
    """Eco, boost and manual."""

    def test_eco_takes_cheap_hours_and_else_the_sun(self) -> None:
        house = House(relays=[Relay(mode=Mode.ECO)], cheap=lambda wall: wall.hour < 11)
        assert house.run(60, base_w=500).reason is Reason.CHEAP_HOURS
        assert house.relay.on
        house.run(3600, every_s=10)
        assert house.run(1).reason is Reason.WAITING_FOR_SURPLUS
        house.run(600, base_w=-2500)
        assert house.relay.on

    def test_import_of_cheap_hours_ends_with_them_and_not_a_budget_later(self) -> None:
        house = House(
            relays=[Relay(mode=Mode.ECO)],
            cheap=lambda wall: (wall.hour, wall.minute) < (10, 30),
        )
        house.run(1800 - 1, base_w=500)
        assert house.relay.on
        house.run(3)
        assert not house.relay.on

    def test_eco_without_a_tariff_is_solar(self) -> None:
        house = House(relays=[Relay(mode=Mode.ECO)])
        assert house.run(600, base_w=0).reason is Reason.WAITING_FOR_SURPLUS

    def test_boost_is_on_without_sun(self) -> None:
        house = House(relays=[Relay(mode=Mode.BOOST)])
        assert house.run(3, base_w=500).reason is Reason.BOOST
        assert house.relay.on

    def test_a_boost_right_after_a_stop_waits_for_its_rest(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.run(60, base_w=1000)
        assert not house.relay.on
        # By itself, at its hour: no person asked.
        house.relay.mode = Mode.BOOST
        assert house.run(2).reason is Reason.RESTING
        assert float(house.decision().numbers["seconds"]) > 200

    def test_a_person_does_not_wait_for_minimum_times(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.run(60, base_w=1000)
        assert not house.relay.on
        house.relay.ask(Mode.BOOST)
        house.run(3)
        assert house.relay.on

    def test_by_hand_it_is_what_it_was_given(self) -> None:
        house = House()
        house.run(5, base_w=1000)
        house.relay.ask(Mode.MANUAL, 1.0)
        assert house.run(3).reason is Reason.MANUAL
        assert house.relay.on
        # The next value needs no new wish, nor a minimum time.
        house.relay.manual_value = 0.0
        assert house.run(3, base_w=-5000).reason is Reason.MANUAL
        assert not house.relay.on
        house.relay.manual_value = 1.0
        house.run(3)
        assert house.relay.on

    def test_by_hand_without_a_value_it_stays_as_it_is(self) -> None:
        house = House()
        house.run(60, base_w=-2500)
        house.relay.ask(Mode.MANUAL)
        house.run(900, base_w=1000, every_s=10)
        assert house.relay.on
        off = House(relays=[Relay(mode=Mode.MANUAL)])
        off.run(60, base_w=-5000)
        assert not off.relay.on


class TestLimits:
    """Never on against the limits."""

    def test_a_boost_that_does_not_fit_is_refused_with_its_numbers(self) -> None:
        house = House(
            relays=[Relay(mode=Mode.BOOST)], settings=HomeSettings(breaker_a=20)
        )
        decision = house.run(10, base_w=3000)
        assert decision.reason is Reason.NO_ROOM
        assert decision.numbers == {
            "needed_a": 8.7,
            "room_a": pytest.approx(7.0, abs=0.1),
            "limit": "breaker",
        }
        assert not house.relay.on

    def test_by_hand_it_goes_off_when_a_limit_is_exceeded(self) -> None:
        house = House(
            relays=[Relay(mode=Mode.MANUAL, manual_value=1.0)],
            settings=HomeSettings(breaker_a=20),
        )
        house.run(100, base_w=500)
        assert house.relay.on
        house.run(3, base_w=3500)
        assert not house.relay.on
        assert house.run(100, base_w=500).reason is Reason.RESTING
        assert house.run(250).reason is Reason.MANUAL
        assert house.relay.on

    def test_it_is_not_started_into_room_that_it_fills_to_the_brim(self) -> None:
        house = House(settings=HomeSettings(breaker_a=9), base_w=-10_000)
        house.settings = HomeSettings(breaker_a=9)
        house.relay.mode = Mode.BOOST
        # 8.7 A would fit under 9 A less nothing, but not with an ampere to spare.
        assert house.run(30, base_w=0).reason is Reason.NO_ROOM

    def test_no_room_for_a_start_by_sun(self) -> None:
        # The battery of a neighbour's phase: surplus by power, none by current.
        house = House(
            settings=HomeSettings(breaker_a=9, grid_target_w=3000),
            base_w=500,
        )
        decision = house.run(60)
        assert decision.reason is Reason.NO_ROOM
        assert house.control.reserved_w == 0

    def test_what_no_limit_bounds_needs_no_room(self) -> None:
        house = House(relays=[Relay(mode=Mode.BOOST, draws_w=9000, declared_w=9000)])
        house.run(30, base_w=9000)
        assert house.relay.on

    def test_a_load_below_is_held_to_what_this_one_leaves(self) -> None:
        house = House(
            relays=[
                Relay(mode=Mode.BOOST),
                Relay(load_id="home:other", priority=2, mode=Mode.BOOST),
            ],
            settings=HomeSettings(breaker_a=16),
        )
        house.run(60, base_w=200)
        assert house.relay.on
        assert house.decision("home:other").reason is Reason.NO_ROOM

    def test_three_phases_share_its_power(self) -> None:
        house = House(
            relays=[Relay(phases=(1, 2, 3), mode=Mode.BOOST)],
            settings=HomeSettings(phases=3, breaker_a=20),
        )
        # Where a meter gives a total only, all of it may be on one phase.
        assert house.run(10, base_w=4500).numbers["needed_a"] == 2.9
        house.relay.ask(Mode.BOOST)
        house.run(10, base_w=500)
        assert house.relay.on

    def test_phases_that_the_supply_has_not_are_not_used(self) -> None:
        house = House(relays=[Relay(phases=(2, 3))])
        house.run(1)
        assert house.control.phases == (1,)


class TestPriorities:
    """A car and a relay share the sun."""

    def test_a_relay_below_a_car_is_not_started_for_what_it_takes_from_it(self) -> None:
        house = House(
            relays=[Relay(priority=2, draws_w=1000, declared_w=1000)],
            cars=[Car(priority=1, max_a=16)],
        )
        house.run(900, base_w=-3400)
        assert not house.relay.on
        assert house.cars[0].offered_a >= 14
        # What the car cannot take is the relay's.
        house.run(300, base_w=-4800)
        assert house.relay.on
        assert house.cars[0].offered_a == 16

    def test_a_relay_above_a_car_takes_its_power(self) -> None:
        house = House(
            relays=[Relay(priority=2, draws_w=1500, declared_w=1500)],
            cars=[Car(priority=3)],
        )
        house.relay.mode = Mode.OFF
        house.run(400, base_w=-3400)
        assert house.cars[0].offered_a >= 14
        house.relay.ask(Mode.SOLAR)
        house.run(300)
        assert house.relay.on
        assert 8 <= house.cars[0].offered_a <= 9

    def test_a_relay_that_runs_gives_way_to_a_car_above_it(self) -> None:
        house = House(relays=[Relay(priority=2)], cars=[Car(wants_power=False)])
        house.run(600, base_w=-4200)
        assert house.relay.on
        house.cars[0].wants_power = True
        house.run(120)
        # Both fit, and nothing of the sun is lost; but the car comes first.
        assert house.cars[0].offered_a >= 6
        assert house.decision().reason is Reason.HOLDING_MINIMUM
        house.run(400)
        assert not house.relay.on
        assert house.cars[0].offered_a >= 17

    def test_it_gives_way_after_its_minimum_time_only(self) -> None:
        house = House(relays=[Relay(priority=2)], cars=[Car(wants_power=False)])
        house.run(40, base_w=-4200)
        house.cars[0].wants_power = True
        house.run(270)
        assert house.relay.on

    def test_loads_below_do_not_start_on_what_it_is_about_to_take(self) -> None:
        house = House(
            relays=[Relay(), Relay(load_id="home:other", priority=2)], base_w=-2500
        )
        house.run(15)
        assert house.decision().reason is Reason.ABOUT_TO_START
        house.run(300)
        assert house.relay.on
        assert not house.relays[1].on
        assert house.decision("home:other").reason is Reason.WAITING_FOR_SURPLUS

    def test_two_relays_start_one_after_the_other_as_the_sun_rises(self) -> None:
        house = House(relays=[Relay(), Relay(load_id="home:other", priority=2)])
        house.run(600, base_w=-4500)
        assert all(relay.on for relay in house.relays)
        assert house.grid_w == -500
        # When it sets, the last comes off first.
        house.run(400, base_w=-2300)
        assert [relay.on for relay in house.relays] == [True, False]


class TestDay:
    """The minimum and the maximum of its day."""

    def house(self, **relay: object) -> House:
        return House(
            relays=[Relay(**relay)],  # type: ignore[arg-type]
            start=datetime(2026, 6, 21, 10, tzinfo=PARIS),
        )

    def test_a_day_without_sun_ends_with_its_minimum_from_the_grid(self) -> None:
        house = self.house(least_run_s=7200)
        house.run(11.9 * 3600, base_w=500, every_s=10)
        assert house.relay.ran_s < 1800
        decision = house.run(1)
        assert decision.reason is Reason.CATCHING_UP
        assert decision.numbers["least_s"] == 7200
        assert decision.numbers["seconds"] == pytest.approx(2.1 * 3600, abs=2)
        house.run(2.05 * 3600, every_s=10)
        assert house.relay.ran_s >= 7200

    def test_the_sun_comes_first_and_leaves_nothing_to_catch_up(self) -> None:
        house = self.house(least_run_s=7200)
        house.run(3 * 3600, base_w=-2500, every_s=10)
        assert house.relay.on
        house.run(10.9 * 3600, base_w=500, every_s=10)
        assert not house.relay.on
        reasons = {cycle.decisions[0].reason for cycle in house.history}
        assert Reason.CATCHING_UP not in reasons

    def test_what_the_sun_left_is_caught_up_and_then_it_ends_at_once(self) -> None:
        house = self.house(least_run_s=7200)
        house.run(3600, base_w=-2500, every_s=10)
        house.run(12.99 * 3600, base_w=500, every_s=10)
        assert house.relay.ran_s == pytest.approx(7200, abs=60)
        assert not house.relay.on

    def test_the_rest_comes_in_cheap_hours_where_they_are_known(self) -> None:
        house = self.house(least_run_s=3600, day_ends_s=8 * 3600)
        house.cheap = lambda wall: 2 <= wall.hour < 6
        # The first day only shows when they are.
        house.run(22 * 3600, base_w=500, every_s=10)
        house.relay.ran_s = 0.0
        begun = house.now
        house.run(24 * 3600, every_s=10)
        assert house.relay.ran_s == pytest.approx(3600, abs=60)
        on = [cycle.at for cycle in house.history if cycle.decisions[0].runs]
        hours = {
            (house.start + timedelta(seconds=at - 1000)).hour for at in on if at > begun
        }
        assert hours == {4, 5}

    def test_a_day_may_end_in_the_morning(self) -> None:
        house = self.house(least_run_s=3600, day_ends_s=7 * 3600)
        house.run(19 * 3600, base_w=500, every_s=10)
        assert house.relay.ran_s == 0
        house.run(2 * 3600, every_s=10)
        assert house.relay.ran_s == pytest.approx(3600, abs=60)

    def test_it_rests_before_it_catches_up_and_has_time_for_it(self) -> None:
        house = self.house(least_run_s=3600, min_off_s=1800)
        house.run(12.25 * 3600, base_w=500, every_s=10)
        house.run(600, base_w=-2500)
        assert house.relay.on
        house.run(60, base_w=5000)
        house.run(1.6 * 3600, every_s=10)
        assert house.relay.ran_s >= 3590

    def test_enough_is_enough_for_today_and_tomorrow_is_another_day(self) -> None:
        house = self.house(most_run_s=3600)
        house.run(2 * 3600, base_w=-2500, every_s=10)
        decision = house.decision()
        assert decision.reason is Reason.DONE_FOR_TODAY
        assert decision.numbers["most_s"] == 3600
        assert decision.numbers["run_s"] == pytest.approx(3600, abs=20)
        assert house.relay.ran_s == pytest.approx(3600, abs=20)
        house.run(12.1 * 3600, every_s=10)
        assert house.relay.on

    def test_it_is_not_started_for_less_than_its_minimum_time(self) -> None:
        house = self.house(most_run_s=3600)
        house.run(3400, base_w=-2500, every_s=10)
        house.run(100, base_w=5000, every_s=10)
        assert not house.relay.on
        assert house.run(900, base_w=-2500).reason is Reason.DONE_FOR_TODAY
        assert house.relay.ran_s <= 3600

    def test_a_maximum_shorter_than_its_minimum_time_still_lets_it_run(self) -> None:
        house = self.house(most_run_s=120)
        house.run(900, base_w=-2500)
        assert house.relay.ran_s == pytest.approx(300, abs=5)
        assert house.decision().reason is Reason.DONE_FOR_TODAY

    def test_a_maximum_of_nothing_is_nothing(self) -> None:
        house = self.house(most_run_s=0)
        house.run(900, base_w=-2500)
        assert house.relay.ran_s == 0

    def test_the_maximum_does_not_bind_a_person(self) -> None:
        house = self.house(most_run_s=600)
        house.run(1200, base_w=-2500)
        assert not house.relay.on
        house.relay.ask(Mode.BOOST)
        house.run(10)
        assert house.relay.on

    def test_catching_up_leaves_the_sun_to_the_car_above(self) -> None:
        house = House(
            relays=[Relay(priority=2, least_run_s=3600)],
            cars=[Car()],
            start=datetime(2026, 6, 21, 22, 55, tzinfo=PARIS),
        )
        house.run(300, base_w=-3000)
        assert house.relay.on
        assert house.cars[0].offered_a == 13

    def test_without_a_meter_the_minimum_is_reached_if_that_is_safe(self) -> None:
        house = self.house(least_run_s=3600)
        house.run(60, base_w=500)
        house.meter_works = False
        house.run(12.8 * 3600, every_s=10)
        assert house.decision().reason is Reason.METER_LOST
        house.run(0.2 * 3600, every_s=10)
        assert house.decision().reason is Reason.CATCHING_UP
        assert house.relay.on


class TestBrokenThings:
    """What happens when something is lost."""

    def test_a_late_meter_changes_nothing(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.meter_works = False
        assert house.run(30).reason is Reason.METER_STALE
        assert house.relay.on
        off = House()
        off.run(20, base_w=-2500)
        off.meter_works = False
        assert off.run(30).reason is Reason.METER_STALE
        assert not off.relay.on

    def test_a_lost_meter_ends_what_the_sun_runs(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.meter_works = False
        assert house.run(90).reason is Reason.METER_LOST
        assert not house.relay.on

    def test_without_a_meter_the_sun_starts_nothing(self) -> None:
        house = House(meter_works=False)
        assert house.run(60, base_w=-2500).reason is Reason.NO_GRID_METER
        assert not house.relay.on

    def test_a_boost_goes_on_without_a_meter_if_nothing_limits_it(self) -> None:
        house = House(relays=[Relay(mode=Mode.BOOST)], meter_works=False)
        assert house.run(60).reason is Reason.NO_GRID_METER
        assert house.relay.on

    def test_a_boost_under_a_lost_meter_must_fit_beside_the_peak_of_the_hour(
        self,
    ) -> None:
        for peak_w, reason in ((500, Reason.METER_LOST), (6000, Reason.NO_ROOM)):
            house = House(
                relays=[Relay(mode=Mode.BOOST)], settings=HomeSettings(breaker_a=30)
            )
            house.run(10, base_w=peak_w)
            house.run(60, base_w=500)
            house.meter_works = False
            assert house.run(120).reason is reason

    def test_a_late_meter_holds_a_boost_as_it_is(self) -> None:
        house = House(relays=[Relay()])
        house.run(20, base_w=500)
        house.meter_works = False
        house.run(20)
        house.relay.ask(Mode.BOOST)
        assert house.run(5).reason is Reason.METER_STALE
        assert not house.relay.on

    def test_a_moment_without_sign_does_not_switch_and_a_lasting_one_does(self) -> None:
        house = House()
        house.run(400, base_w=-2000)
        assert house.relay.on
        house.knows_direction = False
        assert house.run(50).reason is Reason.SIGN_UNKNOWN
        assert house.relay.on
        house.knows_direction = True
        house.run(5)
        house.knows_direction = False
        house.run(50)
        assert house.relay.on
        house.run(15)
        assert not house.relay.on

    def test_no_sign_does_not_break_the_minimum_time(self) -> None:
        house = House()
        house.run(40, base_w=-2500)
        house.knows_direction = False
        house.run(200)
        assert house.relay.on
        house.run(100)
        assert not house.relay.on

    def test_without_a_sign_nothing_is_started(self) -> None:
        house = House(knows_direction=False)
        assert house.run(60, base_w=-2500).reason is Reason.SIGN_UNKNOWN
        assert not house.relay.on

    def test_a_reversed_meter_switches_off_what_we_switched_on_and_no_more(
        self,
    ) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.engine.settings = replace(house.settings, sign_reversed=True)
        decision = house.run(3)
        assert decision.reason is Reason.SIGN_REVERSED
        assert not house.relay.on
        assert decision.setpoint is None
        # Whoever switches it on now is left alone.
        house.relay.flip(True, house.now)
        house.run(60)
        assert house.relay.on

    def test_a_switch_that_tells_nothing_is_switched_off_once_under_a_reversed_meter(
        self,
    ) -> None:
        house = House(relays=[Relay(tells_state=False)])
        house.run(400, base_w=-2500)
        house.engine.settings = replace(house.settings, sign_reversed=True)
        first = house.run(1).setpoint
        assert first is not None
        assert first.value == 0
        assert house.run(1).setpoint is None

    def test_out_of_reach_its_power_stays_reserved_while_it_was_on(self) -> None:
        house = House(settings=HomeSettings(breaker_a=30))
        house.run(400, base_w=-2500)
        house.relay.reachable = False
        decision = house.run(5)
        assert decision.reason is Reason.UNREACHABLE
        assert decision.setpoint is None
        assert decision.numbers == {"reserved_a": 8.7}
        house.relay.reachable = True
        assert house.run(5).reason is Reason.FOLLOWING_SURPLUS

    def test_out_of_reach_and_off_it_reserves_nothing(self) -> None:
        house = House()
        house.run(5, base_w=500)
        house.relay.reachable = False
        assert house.run(5).numbers == {"reserved_a": 0.0}

    def test_one_never_seen_is_taken_as_it_was_saved(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        restart(house)
        house.relay.reachable = False
        assert house.run(3).numbers == {"reserved_a": 8.7}

    def test_one_lost_while_it_was_told_to_stop_is_believed_to_run(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.relay.obeys = False
        house.relay.ask(Mode.OFF)
        house.run(5)
        house.relay.reachable = False
        assert house.run(5).numbers == {"reserved_a": 8.7}

    def test_one_that_comes_back_running_is_gone_on_with(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.relay.obeys = False
        assert house.run(60, base_w=1000).reason is Reason.WAITING_FOR_SURPLUS
        house.relay.reachable = False
        house.run(5)
        house.relay.reachable = house.relay.obeys = True
        # It ran all the time: its minimum is not over because we had given it up.
        assert house.run(5).reason is Reason.HOLDING_MINIMUM

    def test_the_room_of_one_that_does_not_stop_is_not_given_away(self) -> None:
        house = House(
            relays=[
                Relay(),
                Relay(load_id="home:other", priority=2, mode=Mode.BOOST),
            ],
            settings=HomeSettings(breaker_a=16),
        )
        house.relays[1].mode = Mode.OFF
        house.run(400, base_w=-2500)
        house.relay.obeys = False
        house.relay.ask(Mode.OFF)
        house.run(60, base_w=200)
        house.relays[1].ask(Mode.BOOST)
        house.run(10)
        assert house.decision("home:other").reason is Reason.NO_ROOM

    def test_one_that_does_not_start_keeps_nothing_from_those_below(self) -> None:
        house = House(
            relays=[Relay(obeys=False), Relay(load_id="home:other", priority=2)]
        )
        house.run(30, base_w=-2500)
        assert house.decision("home:other").reason is Reason.WAITING_FOR_SURPLUS
        house.run(120)
        assert house.relays[1].on

    def test_one_that_the_sun_left_and_that_does_not_stop_is_not_given_away(
        self,
    ) -> None:
        house = House(
            relays=[Relay(), Relay(load_id="home:other", priority=2, draws_w=500)]
        )
        house.relays[1].declared_w = 500
        house.run(400, base_w=-2200)
        house.relay.obeys = False
        house.run(300, base_w=-600)
        assert house.decision().reason is Reason.WAITING_FOR_SURPLUS
        # The meter shows an import of 1400 W: nothing is left for anybody.
        assert not house.relays[1].on

    def test_one_that_does_not_stop_is_not_given_away_to_those_below(self) -> None:
        house = House(
            relays=[Relay(), Relay(load_id="home:other", priority=2)],
            settings=HomeSettings(breaker_a=30),
        )
        house.run(400, base_w=-2500)
        house.relay.obeys = False
        house.relay.ask(Mode.OFF)
        house.run(300)
        assert house.decision().reason is Reason.MODE_OFF
        assert not house.relays[1].on
        assert house.grid_w == -500


class TestAdoption:
    """What others had switched, and what an earlier run wrote down."""

    def test_one_that_is_found_on_goes_on(self) -> None:
        house = House(relays=[Relay(on=True, changed_at=900.0)])
        house.run(3, base_w=-2500)
        assert house.relay.on
        assert house.decision().reason is Reason.FOLLOWING_SURPLUS

    def test_its_minimum_time_counts_from_when_it_was_switched_on(self) -> None:
        house = House(relays=[Relay(on=True, changed_at=900.0)])
        house.run(150, base_w=1000)
        assert house.relay.on
        house.run(60)
        assert not house.relay.on

    def test_one_found_on_in_mode_off_is_switched_off(self) -> None:
        house = House(relays=[Relay(on=True, mode=Mode.OFF)])
        house.run(3)
        assert not house.relay.on

    def test_a_restart_adopts_what_was_switched_on_meanwhile(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.run(60, base_w=1000)
        assert not house.relay.on
        restart(house, 20)
        house.relay.flip(True, house.now - 5)
        house.run(3, base_w=-2500)
        assert house.relay.on

    def test_a_restart_does_not_undo_what_was_switched_off_meanwhile(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        restart(house, 20)
        house.relay.flip(False, house.now - 5)
        assert house.run(100).reason is Reason.RESTING
        assert not house.relay.on

    def test_a_restart_does_not_start_one_that_must_rest(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.run(60, base_w=1000)
        restart(house, 60)
        assert house.run(100, base_w=-2500).reason is Reason.RESTING

    def test_its_day_goes_on_after_a_restart(self) -> None:
        house = House(relays=[Relay(most_run_s=900)])
        house.run(600, base_w=-2500)
        restart(house, 30)
        house.run(600)
        assert house.relay.ran_s == pytest.approx(900, abs=20)

    @pytest.mark.parametrize(
        "learned",
        [
            {},
            {"daily": 5, "appliance": 5, "water": 5},
            {"daily": {}, "appliance": {}, "water": {}},
            {"appliance": {"meter": [], "measured_w": "much"}},
            {"appliance": {"meter": {"power_w": 1}, "measured_w": None}},
            {"appliance": {"measured_w": -5}},
        ],
    )
    def test_what_is_damaged_of_its_memory_is_left_out(
        self, learned: dict[str, object]
    ) -> None:
        control = SwitchedControl(
            SwitchedSpec(
                load_id="one", name="one", priority=1, temperatures=Temperatures()
            )
        )
        control.relearn(learned)
        assert control.daily.run_s == 0
        assert not control.appliance.power_known
        assert control.appliance.power_w == 1000


class TestItsOwnSensor:
    """A user's own power sensor replaces what was declared."""

    def test_what_it_measures_counts_and_not_what_was_declared(self) -> None:
        house = House(relays=[Relay(draws_w=1200, declared_w=2000, has_sensor=True)])
        house.run(600, base_w=-2500)
        assert house.control.appliance.power_w == 1200
        assert house.decision().numbers["power_w"] == 1200
        # It goes on where 2000 W would have had to stop.
        house.run(600, base_w=-900)
        assert house.relay.on

    def test_it_is_remembered_over_a_restart(self) -> None:
        house = House(relays=[Relay(draws_w=1200, declared_w=None, has_sensor=True)])
        house.run(600, base_w=-2500)
        restart(house, 5)
        house.run(3)
        assert house.control.appliance.power_known
        assert house.control.appliance.power_w == 1200

    def test_a_power_that_changes_is_followed(self) -> None:
        house = House(relays=[Relay(draws_w=1200, has_sensor=True)])
        house.run(600, base_w=-2500)
        house.relay.draws_w = 1800
        house.run(300)
        assert house.control.appliance.power_w == pytest.approx(1800, abs=10)

    def test_a_sensor_that_lags_does_not_make_the_surplus_swing(self) -> None:
        house = House(relays=[Relay(has_sensor=True, sensor_every_s=10)])
        house.run(600, base_w=-2500)
        surpluses = {
            round(cycle.surplus_w or 0)
            for cycle in house.history
            if cycle.surplus_w is not None
        }
        # A second between command and draw is all that may be wrong.
        assert surpluses == {2500}

    def test_what_it_measures_now_counts_before_what_it_usually_takes(self) -> None:
        house = House(relays=[Relay(has_sensor=True)])
        house.run(600, base_w=-2500)
        house.relay.draws_w = 1200
        house.run(6)
        assert house.history[-1].surplus_w == 2500

    def test_what_a_sensor_tells_right_after_a_switching_is_what_was(self) -> None:
        class Late(Relay):
            """A sensor that tells now what it measured three seconds ago."""

            old: tuple[float, ...] = (0.0,) * 4

            def step(self, now: float) -> None:
                super().step(now)
                self.old = (*self.old[1:], self.power_w)
                self.measured = (now, self.old[0])

        house = House(relays=[Late()])
        house.run(400, base_w=-2500)
        house.run(400, base_w=500)
        assert not house.relay.on
        surpluses = {cycle.surplus_w for cycle in house.history}
        assert surpluses == {2500, -500}
        assert house.control.appliance.power_w == 2000

    def test_its_thermostat_does_not_make_its_power_look_small(self) -> None:
        house = House(relays=[Relay(has_sensor=True, draws_w=1200)])
        house.run(600, base_w=-2500)
        house.relay.thermostat_open = True
        house.run(600)
        assert house.control.appliance.power_w == 1200

    def test_a_thermostat_that_opens_is_seen_and_blocks_nobody(self) -> None:
        house = House(
            relays=[
                Relay(has_sensor=True),
                Relay(load_id="home:other", priority=2),
            ]
        )
        house.run(600, base_w=-2500)
        assert not house.relays[1].on
        house.relay.thermostat_open = True
        assert house.run(40).reason is Reason.NOT_DRAWING
        assert house.decision().setpoint == replace(
            house.decision().setpoint,  # type: ignore[type-var]
            value=1.0,
            power_w=0.0,
        )
        house.run(300)
        assert house.relays[1].on
        assert house.control.span_w(230).most_w == 0
        # And draws again.
        house.relay.thermostat_open = False
        house.run(10)
        assert house.decision().reason is not Reason.NOT_DRAWING
        house.run(600)
        assert [relay.on for relay in house.relays] == [True, False]

    def test_a_start_is_given_time_before_it_counts_as_refused(self) -> None:
        house = House(relays=[Relay(has_sensor=True, thermostat_open=True)])
        house.run(600, base_w=-2500)
        on = [c for c in house.history if c.decisions[0].runs]
        reasons = [cycle.decisions[0].reason for cycle in on]
        assert reasons[0] is Reason.FOLLOWING_SURPLUS
        assert 30 <= reasons.index(Reason.NOT_DRAWING) <= 40
        # What refused is not measured to be a load of nothing.
        assert house.control.appliance.power_w == 2000

    def test_it_does_not_wait_for_a_sensor_that_died(self) -> None:
        house = House(relays=[Relay(has_sensor=True, draws_w=1200)])
        house.run(600, base_w=-2500)
        house.relay.has_sensor, house.relay.measured = False, None
        house.run(5)
        assert house.control.appliance.power_w == 2000


class TestUnknownPower:
    """A load of which nobody has said what it takes."""

    def house(self, draws_w: float = 1600, **changes: object) -> House:
        return House(relays=[Relay(draws_w=draws_w, declared_w=None)], **changes)  # type: ignore[arg-type]

    def cycles(self, house: House, count: int) -> None:
        for _ in range(count):
            house.run(500, base_w=-3500)
            house.run(500, base_w=1500)

    def test_its_trial_waits_for_its_first_guess_in_full(self) -> None:
        house = self.house()
        assert house.run(600, base_w=-950).reason is Reason.WAITING_FOR_SURPLUS
        decision = house.run(120, base_w=-1100)
        assert decision.reason is Reason.LEARNING
        assert decision.numbers["steps"] == 1
        assert house.relay.on

    def test_after_two_runs_it_is_known_and_used(self) -> None:
        house = self.house()
        self.cycles(house, 2)
        assert house.control.appliance.power_known
        assert house.control.appliance.power_w == pytest.approx(1600)
        house.run(600, base_w=-1700)
        assert house.decision().reason is Reason.FOLLOWING_SURPLUS
        assert house.decision().numbers["power_w"] == 1600

    def test_what_is_known_survives_a_restart(self) -> None:
        house = self.house()
        self.cycles(house, 2)
        restart(house, 5)
        house.run(1)
        assert house.control.appliance.power_w == pytest.approx(1600)

    def test_a_kettle_in_its_first_second_does_not_keep_it_from_being_tried_again(
        self,
    ) -> None:
        house = self.house()
        while not house.relay.on:
            house.run(1, base_w=-2000)
        house.run(300, base_w=500)
        house.run(500, base_w=1500)
        assert not house.relay.on
        assert house.run(600, base_w=-1700).reason is Reason.LEARNING

    def test_a_car_that_follows_the_sun_beside_it_does_not_spoil_it(self) -> None:
        house = self.house(cars=[Car(priority=5)])
        house.run(300, base_w=-3000)
        for _ in range(3):
            house.relay.ask(Mode.BOOST)
            house.run(400, base_w=-5000)
            house.relay.ask(Mode.OFF)
            house.run(400)
        assert house.control.appliance.meter.power_w == pytest.approx(1600, abs=100)

    def test_one_that_draws_nothing_in_its_trial_says_so(self) -> None:
        house = self.house()
        house.relay.thermostat_open = True
        assert house.run(120, base_w=-3000).reason is Reason.NOT_DRAWING

    def test_what_a_meter_shows_in_its_dead_zone_teaches_nothing(self) -> None:
        house = self.house(dead_zone_w=200)
        for _ in range(3):
            # On leaves 80 W of export, which shows as 80 W of anything.
            house.run(500, base_w=-1680)
            assert house.relay.on
            house.run(500, base_w=1500)
        assert house.control.appliance.meter.steps == 3
        assert house.control.appliance.power_w == pytest.approx(1600, abs=1)


class TestSeenOnTheMeter:
    """A load of declared power that refuses, without a sensor of its own."""

    def test_a_start_without_a_step_blocks_nobody(self) -> None:
        house = House(
            relays=[
                Relay(thermostat_open=True),
                Relay(load_id="home:other", priority=2),
            ]
        )
        house.run(200, base_w=-2500)
        assert house.decision().reason is Reason.NOT_DRAWING
        assert all(relay.on for relay in house.relays)

    def test_a_thermostat_that_opens_is_seen(self) -> None:
        house = House()
        house.run(300, base_w=-2500)
        house.relay.thermostat_open = True
        assert house.run(20).reason is Reason.NOT_DRAWING
        house.relay.thermostat_open = False
        assert house.run(20).reason is Reason.FOLLOWING_SURPLUS

    def test_one_that_refuses_is_switched_off_with_the_sun(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.relay.thermostat_open = True
        house.run(60)
        house.run(120, base_w=500)
        assert not house.relay.on

    def test_after_the_next_start_it_counts_again(self) -> None:
        house = House(relays=[Relay(thermostat_open=True)])
        house.run(400, base_w=-2500)
        house.run(400, base_w=500)
        assert not house.relay.on
        house.relay.thermostat_open = False
        house.run(60, base_w=-2500)
        assert house.decision().reason is Reason.FOLLOWING_SURPLUS
        assert house.history[-1].surplus_w == 2500


class TestTelling:
    """Switches that tell little of themselves."""

    def test_one_without_a_state_is_taken_as_it_was_told(self) -> None:
        house = House(relays=[Relay(tells_state=False)])
        house.run(400, base_w=-2500)
        assert house.decision().reason is Reason.FOLLOWING_SURPLUS
        assert house.control.daily.run_s > 300
        house.run(120, base_w=1000)
        assert not house.relay.on

    def test_one_without_the_instant_of_its_change_is_noticed_when_seen(self) -> None:
        house = House(relays=[Relay(tells_since=False, declared_w=None)])
        for _ in range(2):
            house.run(500, base_w=-3500)
            house.run(500, base_w=1500)
        assert house.control.appliance.power_w == pytest.approx(2000)

    def test_one_that_another_hand_switches_is_learned_from_too(self) -> None:
        house = House(relays=[Relay(declared_w=None, mode=Mode.OFF, obeys=False)])
        house.run(30, base_w=500)
        for on in (True, False, True, False):
            house.relay.flip(on, house.now)
            house.run(30)
        assert house.control.appliance.power_w == pytest.approx(2000)


class TestWater:
    """A load whose water has a programme of temperatures."""

    def house(self, temperature_c: float | None, **changes: object) -> House:
        return House(
            relays=[Relay(temperatures=Temperatures(), temperature_c=temperature_c)],
            **changes,  # type: ignore[arg-type]
        )

    def test_warm_water_rests_whatever_the_sun(self) -> None:
        house = self.house(61.0)
        decision = house.run(300, base_w=-5000)
        assert decision.reason is Reason.WARM_ENOUGH
        assert decision.numbers["temperature_c"] == 61
        assert not house.relay.on

    def test_it_stops_when_it_is_warm_after_its_minimum_time(self) -> None:
        house = self.house(59.0)
        house.run(60, base_w=-5000)
        assert house.relay.on
        house.relay.temperature_c = 60.5
        house.run(60)
        assert house.relay.on
        house.run(240)
        assert not house.relay.on

    def test_a_lost_meter_does_not_hold_what_is_warm(self) -> None:
        house = self.house(59.0)
        house.run(60, base_w=-5000)
        house.relay.temperature_c = 60.5
        house.meter_works = False
        house.run(90)
        assert not house.relay.on

    def test_cold_water_is_heated_from_the_grid_in_cheap_hours(self) -> None:
        house = self.house(44.0, cheap=lambda wall: True)
        decision = house.run(10, base_w=500)
        assert decision.reason is Reason.HEATING_FORCED
        assert decision.numbers == {"temperature_c": 44.0, "target_c": 50.0}
        assert house.relay.on
        dear = self.house(44.0, cheap=lambda wall: False)
        assert dear.run(600, base_w=500).reason is Reason.WAITING_FOR_SURPLUS

    def test_water_of_unknown_warmth_gets_sun_only_and_not_for_ever(self) -> None:
        house = self.house(None, cheap=lambda wall: True)
        house.relay.mode = Mode.ECO
        assert house.run(600, base_w=500).reason is Reason.WAITING_FOR_SURPLUS
        assert house.run(600, base_w=-2500).reason is Reason.FOLLOWING_SURPLUS
        decision = house.run(4 * 3600, every_s=10)
        assert decision.reason is Reason.TEMPERATURE_UNKNOWN
        assert not house.relay.on

    def test_eco_heats_in_cheap_hours_until_it_is_warm(self) -> None:
        house = self.house(56.0, cheap=lambda wall: True)
        house.relay.mode = Mode.ECO
        assert house.run(10, base_w=500).reason is Reason.CHEAP_HOURS

    def test_a_person_ends_a_rest_but_not_the_maximum(self) -> None:
        house = self.house(61.0)
        house.run(10)
        house.relay.temperature_c = 57.0
        assert house.run(10).reason is Reason.WARM_ENOUGH
        house.relay.ask(Mode.BOOST)
        assert house.run(10).reason is Reason.BOOST
        house.relay.temperature_c = 61.0
        assert house.run(400).reason is Reason.WARM_ENOUGH

    def test_other_temperatures_hold_at_once_and_absurd_ones_not_at_all(self) -> None:
        house = self.house(57.0)
        assert house.run(60, base_w=-2500).reason is Reason.FOLLOWING_SURPLUS
        house.relay.temperatures = Temperatures(max_c=56.0)
        house.run(600)
        assert house.decision().reason is Reason.WARM_ENOUGH
        house.relay.temperatures = Temperatures(max_c=20.0)
        assert house.run(60).reason is Reason.WARM_ENOUGH
        house.relay.temperatures = None
        assert house.run(600).reason is Reason.FOLLOWING_SURPLUS

    def test_a_rest_survives_a_restart(self) -> None:
        house = self.house(61.0)
        house.run(10, base_w=-5000)
        house.relay.temperature_c = 57.0
        house.run(30)
        restart(house, 5)
        assert house.run(30).reason is Reason.WARM_ENOUGH


class TestCheck:
    """The commissioning check switches it on for a moment."""

    def check(self, house: House) -> object:
        house.run(5, base_w=500)
        house.engine.start_check(house.relay.spec)
        for _ in range(400):
            house.run(1)
            if results := house.history[-1].checks:
                return results[house.relay.load_id]
        raise AssertionError("the check never ended")

    @pytest.mark.parametrize("declared_w", [2000.0, None])
    @pytest.mark.parametrize("has_sensor", [True, False])
    def test_a_right_meter_is_found_right(
        self, declared_w: float | None, has_sensor: bool
    ) -> None:
        house = House(relays=[Relay(declared_w=declared_w, has_sensor=has_sensor)])
        result = self.check(house)
        assert result.end is CheckEnd.DONE  # type: ignore[attr-defined]
        assert result.sign is Sign.RIGHT  # type: ignore[attr-defined]
        assert result.grid_w == 2000  # type: ignore[attr-defined]

    def test_a_small_load_of_unknown_power_is_found_too(self) -> None:
        house = House(relays=[Relay(declared_w=None, draws_w=300, has_sensor=True)])
        result = self.check(house)
        assert result.sign is Sign.RIGHT  # type: ignore[attr-defined]

    def test_a_check_without_room_ends(self) -> None:
        house = House(settings=HomeSettings(breaker_a=9))
        result = self.check(house)
        assert result.end is CheckEnd.NO_ROOM  # type: ignore[attr-defined]
        assert not house.relay.on

    def test_no_pulse_where_the_limits_leave_no_room(self) -> None:
        house = House(settings=HomeSettings(breaker_a=9))
        house.run(2, base_w=1000)
        house.engine.start_check(house.relay.spec)
        house.engine._checks._running[house.relay.load_id].value = 1.0
        house.run(1, base_w=1500)
        assert not house.relay.on

    def test_others_stand_still_meanwhile(self) -> None:
        house = House(relays=[Relay(), Relay(load_id="home:other", priority=2)])
        house.run(400, base_w=-2500)
        house.engine.start_check(house.relays[1].spec)
        house.run(10, base_w=1500)
        assert house.decision().reason is Reason.CHECKING
        assert house.relay.on

    def test_one_that_stands_still_goes_off_when_it_no_longer_fits(self) -> None:
        house = House(
            relays=[Relay(), Relay(load_id="home:other", priority=2)],
            settings=HomeSettings(breaker_a=20),
        )
        house.run(400, base_w=-2500)
        house.engine.start_check(house.relays[1].spec)
        house.run(3, base_w=5000)
        assert not house.relay.on


def test_the_same_snapshots_decide_the_same() -> None:
    def one_day() -> list[object]:
        house = House(relays=[Relay(declared_w=None, least_run_s=1800)])
        for base_w in (-3000, 500, -1200, -2500, 1500) * 4:
            house.run(200, base_w=base_w)
        return list(house.history)

    assert one_day() == one_day()


def test_a_reading_tells_its_state_and_nothing_else_is_assumed() -> None:
    control = SwitchedControl(SwitchedSpec(load_id="one", name="one", priority=1))
    reading = SwitchedReading(reachable=True, on=False)
    assert control.own_power_w(reading, 1.0, 1.0, 230) == 0
    assert control.pulses(230)[0].most_w == 3680


def test_what_the_meter_has_shown_of_a_load_is_told_with_how_sure_it_is() -> None:
    house = House(relays=[Relay(declared_w=None, min_on_s=60, min_off_s=60)])
    house.run(30, 200)
    assert house.history[-1].facts == {}
    for base_w in (-3000, 3000) * 4:
        house.run(300, base_w)
    facts = house.history[-1].facts[house.relay.load_id]
    assert facts["power_w"] == pytest.approx(house.relay.draws_w, rel=0.05)
    assert facts["steps"] >= 3
    assert facts["confidence"] == 1.0
    # Also while the meter is away it stays known.
    house.meter_works = False
    house.run(120)
    assert house.history[-1].facts[house.relay.load_id] == facts


def test_nothing_is_told_of_a_power_that_was_declared() -> None:
    house = House(relays=[Relay()])
    for base_w in (-3000, 3000):
        house.run(700, base_w)
    assert house.history[-1].facts == {}


def test_a_day_that_is_done_tells_when_the_next_begins() -> None:
    house = House(relays=[Relay(most_run_s=600.0)])
    decision = house.run(1500, -3000)
    assert decision.reason is Reason.DONE_FOR_TODAY
    assert decision.next_event is not None
    assert decision.next_event.kind is NextEventKind.NEW_DAY
    assert decision.next_event.in_s == pytest.approx(
        house.control.daily.left_s(house.wall), abs=1
    )
