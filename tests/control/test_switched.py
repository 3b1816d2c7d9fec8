"""Loads that are on or off, in closed loop."""

from itertools import pairwise

import pytest

from custom_components.surplus.control.loads.switched import SwitchedControl
from custom_components.surplus.control.model import (
    Mode,
    Reason,
    SwitchedReading,
    SwitchedSpec,
)
from custom_components.surplus.control.settings import HomeSettings

from .house import Car
from .switched_house import House, Relay


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

    def test_one_that_wants_nothing_for_a_moment_rests_on(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.run(60, base_w=1000)
        assert not house.relay.on
        house.relay.wants_power = False
        house.run(5)
        house.relay.wants_power = True
        assert house.run(60, base_w=-2500).reason is Reason.RESTING


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

    @pytest.mark.parametrize("sheddable", [True, False])
    def test_by_hand_it_is_shed_only_where_that_was_allowed(
        self, sheddable: bool
    ) -> None:
        house = House(
            relays=[Relay(mode=Mode.MANUAL, manual_value=1.0, sheddable=sheddable)],
            settings=HomeSettings(breaker_a=20),
        )
        house.run(100, base_w=500)
        assert house.relay.on
        house.run(3, base_w=7000)
        assert house.relay.on is not sheddable
        if not sheddable:
            return
        assert house.run(100, base_w=500).reason is Reason.SHED
        assert house.run(250).reason is Reason.MANUAL
        assert house.relay.on

    def test_it_stays_on_as_long_as_the_breaker_holds(self) -> None:
        house = House(
            relays=[Relay(mode=Mode.ECO)],
            cheap=lambda _: True,
            settings=HomeSettings(breaker_a=20),
        )
        house.run(400, base_w=500)
        assert house.relay.on
        assert house.run(295, base_w=3000).reason is Reason.CHEAP_HOURS
        assert house.relay.on
        assert house.run(10).reason is Reason.SHED
        assert not house.relay.on

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
