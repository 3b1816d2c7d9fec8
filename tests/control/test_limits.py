"""Limits above every mode."""

from math import inf

from custom_components.surplus.control.limits import (
    Headroom,
    Limit,
    grid_currents_a,
    limits_of,
    room_under_a,
    voltage_of,
)
from custom_components.surplus.control.model import GridReading, LimitKind, Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House

SINGLE = HomeSettings(breaker_a=40)
THREE = HomeSettings(phases=3, breaker_a=20)


def test_boost_stays_under_the_breaker_with_the_house_running() -> None:
    house = House(settings=SINGLE, cars=[Car(mode=Mode.BOOST)])
    house.run(200, base_w=4600)
    assert house.grid_w <= 40 * 230
    assert house.decision().reason is Reason.LIMITED
    assert house.cars[0].offered_a >= 18


def test_a_kettle_throttles_the_car_on_the_reading_that_shows_it() -> None:
    house = House(settings=SINGLE, cars=[Car(mode=Mode.BOOST)])
    house.run(200, base_w=4600)
    house.run(1, base_w=7000)
    assert house.cars[0].offered_a <= 9
    house.run(4)
    assert house.grid_w <= 40 * 230


def test_a_car_is_left_its_minimum_as_long_as_the_breaker_holds() -> None:
    house = House(settings=SINGLE, cars=[Car(mode=Mode.BOOST)])
    house.run(200, base_w=4600)
    house.run(1, base_w=9000)
    assert house.cars[0].offered_a == 6
    assert house.decision().reason is Reason.LIMITED
    house.run(299)
    assert house.cars[0].offered_a == 6
    house.run(5)
    # What lasts is no peak, although this little would never open a breaker.
    assert house.cars[0].offered_a == 0
    assert house.decision().reason is Reason.SHED
    assert house.decision().numbers["limit"] == "breaker"


def test_a_car_is_stopped_on_the_reading_that_leaves_no_time() -> None:
    house = House(settings=SINGLE, cars=[Car(mode=Mode.BOOST)])
    house.run(200, base_w=4600)
    house.run(1, base_w=15000)
    assert house.cars[0].offered_a == 0
    assert house.decision().reason is Reason.SHED


def test_a_limit_breaks_the_minimum_time_on_and_the_rest_is_kept() -> None:
    house = House(settings=SINGLE, cars=[Car(mode=Mode.BOOST)])
    house.run(20, base_w=4600)
    house.run(10, base_w=15000)
    assert house.cars[0].offered_a == 0
    house.run(100, base_w=4600)
    assert house.decision().reason is Reason.SHED
    house.run(300)
    assert house.cars[0].offered_a > 6


def test_solar_is_stopped_too_when_there_is_no_room() -> None:
    house = House(settings=HomeSettings(breaker_a=20))
    house.run(200, base_w=-3000)
    house.run(1, base_w=3300)
    assert house.cars[0].offered_a == 6
    house.run(5, base_w=8000)
    assert house.cars[0].offered_a == 0
    assert house.decision().reason is Reason.SHED


def test_solar_does_not_start_where_its_minimum_would_not_fit() -> None:
    house = House(settings=HomeSettings(phases=3, breaker_a=10))
    house.three_phase_currents = True
    house.run(400, base_w=3000)
    house.with_settings(grid_target_w=9000.0)
    house.run(200)
    assert house.decision().reason is Reason.NO_ROOM
    assert house.cars[0].offered_a == 0


def test_two_boosting_cars_share_what_the_breaker_leaves() -> None:
    house = House(
        settings=SINGLE,
        cars=[
            Car(mode=Mode.BOOST),
            Car(load_id="ocpp:two", priority=2, mode=Mode.BOOST),
        ],
    )
    house.run(300, base_w=230)
    assert house.car("ocpp:one").offered_a == 32
    assert house.car("ocpp:two").offered_a in (6, 7)
    assert house.grid_w <= 40 * 230


def test_each_phase_is_limited_on_its_own() -> None:
    house = House(
        settings=THREE,
        cars=[
            Car(mode=Mode.BOOST, phases=(2,), max_a=32),
            Car(load_id="ocpp:two", phases=(2, 3), uses=2, priority=2, mode=Mode.BOOST),
        ],
    )
    house.run(200, base_w=0)
    assert house.car("ocpp:one").offered_a in (19, 20)
    assert house.car("ocpp:two").offered_a == 0
    assert house.decision("ocpp:two").reason is Reason.NO_ROOM


def lost_beside_another() -> House:
    house = House(
        settings=SINGLE,
        cars=[
            Car(load_id="ocpp:lost", mode=Mode.BOOST),
            Car(load_id="ocpp:two", mode=Mode.BOOST, priority=2),
        ],
    )
    house.run(100, base_w=2300)
    lost = house.car("ocpp:lost")
    assert lost.offered_a >= 28
    lost.reachable, lost.link_lost_at = False, house.now
    return house


def test_a_charger_out_of_reach_keeps_its_last_current_reserved_for_its_lease() -> None:
    house = lost_beside_another()
    house.run(100)
    lost = house.decision("ocpp:lost")
    assert lost.reason is Reason.UNREACHABLE
    assert lost.setpoint is None
    assert lost.numbers["reserved_a"] == house.car("ocpp:lost").offered_a
    assert house.grid_w <= 40 * 230


def test_after_its_lease_no_more_than_the_safe_current_counts_as_its_own() -> None:
    """What it drew when last heard must not make room that is not there."""
    house = lost_beside_another()
    house.run(120)
    # It has fallen to its safe current by itself; nobody can measure that.
    house.car("ocpp:lost").offered_a = 6
    house.run(300)
    assert house.decision("ocpp:lost").numbers["reserved_a"] == 6
    assert house.car("ocpp:two").offered_a >= 18
    assert house.grid_w <= 40 * 230


def test_a_short_loss_of_the_link_starts_nothing() -> None:
    house = House(cars=[Car()])
    house.run(60, base_w=500)
    car = house.cars[0]
    car.offered_at = house.now
    house.run(2)
    car.reachable, car.link_lost_at = False, house.now
    house.run(2)
    car.reachable, car.link_lost_at = True, None
    house.run(60)
    assert set(house.currents(60)) == {0.0}


def test_where_the_meter_itself_warns_nothing_gets_the_benefit_of_the_doubt() -> None:
    car = Car(mode=Mode.BOOST, own_limit_a=2)
    house = House(settings=SINGLE, cars=[car])
    house.run(100, base_w=4000)
    house.overload = True
    house.run(1, base_w=37 * 230)
    # It counts as above the limit: that throttles at once, and stops nothing yet.
    assert car.offered_a == 6
    house.run(20)
    assert car.offered_a == 6


def test_a_vehicle_that_starts_sooner_than_its_model_is_not_stopped_for_it() -> None:
    house = House(settings=SINGLE, cars=[Car(mode=Mode.BOOST)])
    house.run(60, base_w=40 * 230 - 7 * 230 - 100)
    assert 0 not in house.currents(59)


def test_what_runs_is_not_stopped_for_what_it_might_take() -> None:
    car = Car(mode=Mode.BOOST, own_limit_a=2)
    house = House(settings=SINGLE, cars=[car])
    house.run(100, base_w=4000)
    house.run(120, base_w=37 * 230)
    # It might take 6 A and takes 2: there is time to throttle once it is shown.
    assert house.grid_w < 40 * 230
    assert car.offered_a == 6


def test_it_makes_room_for_one_above_once_that_has_lasted() -> None:
    above = Car(load_id="ocpp:two", priority=0, max_a=10, mode=Mode.OFF)
    house = House(settings=SINGLE, cars=[Car(mode=Mode.BOOST, max_a=10), above])
    house.run(100, base_w=28 * 230)
    above.mode, above.wishes = Mode.BOOST, 1
    house.run(9)
    assert house.car("ocpp:one").offered_a >= 6
    house.run(30)
    assert above.offered_a >= 6
    assert house.grid_w <= 40 * 230


def test_a_stopped_boost_rests_even_when_the_meter_is_lost_meanwhile() -> None:
    house = House(settings=HomeSettings(breaker_a=50), cars=[Car(mode=Mode.BOOST)])
    house.run(100, base_w=1000)
    house.run(2, base_w=20000)
    assert house.cars[0].offered_a == 0
    house.with_settings(breaker_a=80)
    house.meter_works = False
    house.run(65)
    assert house.decision().reason is Reason.SHED
    assert house.cars[0].offered_a == 0


class TestKnowingTheLimits:
    """Which limits there are, and what a reading says of the phases."""

    def test_what_the_breaker_of_the_meter_applies_counts_before_the_contract(
        self,
    ) -> None:
        grid = GridReading(at=0, power_w=0, subscribed_va=9000, cutoff_va=3000)
        settings = HomeSettings(subscribed_va=12000)
        assert limits_of(settings, grid) == (
            Limit(kind=LimitKind.SUBSCRIPTION, current_a=3000 / 230),
        )

    def test_the_contract_of_the_meter_counts_before_what_was_typed(self) -> None:
        grid = GridReading(at=0, power_w=0, subscribed_va=9000)
        limits = limits_of(HomeSettings(subscribed_va=12000), grid)
        assert limits[0].current_a == 9000 / 230

    def test_a_three_phase_subscription_is_a_third_on_each_phase(self) -> None:
        limits = limits_of(HomeSettings(phases=3, subscribed_va=9000), None)
        assert limits[0].current_a == 3000 / 230

    def test_measured_voltages_count_and_dead_phases_do_not(self) -> None:
        grid = GridReading(at=0, power_w=0, voltages_v=(240.0, 0.0, 236.0))
        assert voltage_of(HomeSettings(phases=3), grid) == 238.0

    def test_one_phase_uses_apparent_power_rather_than_whole_amperes(self) -> None:
        grid = GridReading(at=0, power_w=1000, drawn_va=1150, currents_a=(4.0,))
        assert grid_currents_a(HomeSettings(), grid) == (5.0,)

    def test_one_phase_exporting_has_a_negative_current(self) -> None:
        grid = GridReading(at=0, power_w=-2300, drawn_va=0)
        assert grid_currents_a(HomeSettings(), grid) == (-10.0,)

    def test_three_phases_without_currents_are_the_worst_case(self) -> None:
        drawn = GridReading(at=0, power_w=2300)
        assert grid_currents_a(THREE, drawn) == (10.0, 10.0, 10.0)
        fed = GridReading(at=0, power_w=-2300)
        assert grid_currents_a(THREE, fed) == (0.0, 0.0, 0.0)

    def test_a_meter_without_direction_and_power_shows_nothing_drawn(self) -> None:
        assert grid_currents_a(HomeSettings(), GridReading(at=0, power_w=None)) == (0,)

    def test_headroom_without_limits_is_endless(self) -> None:
        headroom = Headroom((), (5.0,))
        assert headroom.tightest((1,)) is None
        assert room_under_a((), LimitKind.BREAKER, (5.0,)) is None
        assert Headroom((), (5.0,), (99.0,), overload=True).exceeded((1,)) is False

    def test_headroom_hands_out_by_phase(self) -> None:
        headroom = Headroom(
            (Limit(kind=LimitKind.BREAKER, current_a=20),), (5.0, 0.0, 0.0)
        )
        headroom.take((1, 2), 6)
        assert headroom.tightest((1,)) == (9.0, LimitKind.BREAKER)
        assert headroom.tightest((2, 3)) == (14.0, LimitKind.BREAKER)
        assert headroom.tightest((1, 2, 3)) == (9.0, LimitKind.BREAKER)

    def test_the_tightest_limit_is_named(self) -> None:
        limits = (
            Limit(kind=LimitKind.BREAKER, current_a=20),
            Limit(kind=LimitKind.SUBSCRIPTION, current_a=15),
        )
        headroom = Headroom(limits, (5.0, 2.0))
        assert headroom.tightest((1,)) == (10.0, LimitKind.SUBSCRIPTION)
        assert headroom.tightest((2,)) == (13.0, LimitKind.SUBSCRIPTION)

    def test_each_limit_leaves_what_the_most_loaded_phase_does(self) -> None:
        limits = (
            Limit(kind=LimitKind.BREAKER, current_a=20),
            Limit(kind=LimitKind.SUBSCRIPTION, current_a=15),
        )
        assert room_under_a(limits, LimitKind.BREAKER, (5.0, 2.0)) == 15.0
        assert room_under_a(limits, LimitKind.SUBSCRIPTION, (5.0, 2.0)) == 10.0

    def test_a_phase_at_its_limit_is_not_over_it(self) -> None:
        limit = Limit(kind=LimitKind.BREAKER, current_a=20)
        headroom = Headroom((limit,), (0.0, 0.0, 0.0), (20.0, 20.1, 3.0))
        assert not headroom.exceeded((1, 3))
        assert headroom.exceeded((2,))
        assert headroom.exceeded((1, 2, 3))

    def test_without_loads_the_meter_shows_what_the_house_draws(self) -> None:
        limit = Limit(kind=LimitKind.BREAKER, current_a=20)
        assert Headroom((limit,), (21.0,)).exceeded((1,))
        assert not Headroom((limit,), (21.0,), (19.0,)).exceeded((1,))

    def test_what_is_taken_adds_up(self) -> None:
        headroom = Headroom((Limit(kind=LimitKind.BREAKER, current_a=20),), (1.0, 2.0))
        headroom.take((1,), 4)
        headroom.take((1, 2), 3)
        assert headroom.tightest((1,)) == (12.0, LimitKind.BREAKER)
        assert headroom.tightest((2,)) == (15.0, LimitKind.BREAKER)

    def test_currents_of_a_meter_with_too_few_phases_are_not_believed(self) -> None:
        grid = GridReading(at=0, power_w=2300, currents_a=(1.0, 2.0))
        assert grid_currents_a(THREE, grid) == (10.0, 10.0, 10.0)

    def test_the_currents_of_three_phases_are_believed_before_a_total(self) -> None:
        grid = GridReading(at=0, power_w=2300, currents_a=(1.0, -2.0, 9.0))
        assert grid_currents_a(THREE, grid) == (1.0, -2.0, 9.0)


class TestTurns:
    """What one load is handed, and what is kept from it."""

    def headroom(self, **more: object) -> Headroom:
        limit = Limit(kind=LimitKind.BREAKER, current_a=20)
        shown_a = (9.0, 5.0, 2.0)
        return Headroom((limit,), (5.0, 5.0, 2.0), shown_a, **more)

    def test_before_them_it_has_its_least_and_no_more(self) -> None:
        headroom = self.headroom()
        headroom.begin_turn("a", None, kept_a=(4.0, 12.0, 0.0), least_a=6.0)
        assert headroom.tightest((1,)) == (11.0, LimitKind.BREAKER)
        assert headroom.tightest((2,)) == (6.0, LimitKind.BREAKER)
        assert headroom.tightest((3,)) == (18.0, LimitKind.BREAKER)
        assert headroom.tightest((1, 2, 3)) == (6.0, LimitKind.BREAKER)
        headroom.begin_turn("a", None, kept_a=(4.0, 12.0, 0.0), least_a=16.0)
        assert headroom.tightest((1,)) == (15.0, LimitKind.BREAKER)
        headroom.end_turn((1,), 0.0)
        headroom.begin_turn("b", None)
        assert headroom.tightest((2,)) == (15.0, LimitKind.BREAKER)

    def test_it_has_no_more_than_it_may_be_told(self) -> None:
        headroom = self.headroom()
        headroom.begin_turn("a", 7.0)
        assert headroom.tightest((1,)) == (7.0, LimitKind.BREAKER)
        headroom.begin_turn("a", 70.0)
        assert headroom.tightest((1,)) == (15.0, LimitKind.BREAKER)
        headroom.begin_turn("a", 7.0)
        headroom.end_turn((1,), 0.0)
        assert headroom.tightest((1,)) == (15.0, LimitKind.BREAKER)

    def test_what_waits_is_kept_from_starts_on_its_phases(self) -> None:
        headroom = self.headroom(expected_a=1.0)
        assert headroom.kept_from_starts_a((1, 2)) == 1
        headroom.keep_from_starts((1, 2), 3.0)
        headroom.keep_from_starts((2,), 1.5)
        assert headroom.kept_from_starts_a((1,)) == 4
        assert headroom.kept_from_starts_a((1, 2, 3)) == 5.5
        assert headroom.kept_from_starts_a((3,)) == 1

    def test_a_warning_counts_as_exceeded_and_leaves_no_rise(self) -> None:
        assert not self.headroom().exceeded((1,))
        assert self.headroom(overload=True).exceeded((1,))
        assert self.headroom(overload=True).to_rise_a((1,)) == -inf

    def test_a_rise_fits_on_what_is_shown_beside_what_has_risen(self) -> None:
        headroom = self.headroom(expected_a=1.0)
        assert headroom.to_rise_a((1,)) == 10
        assert headroom.to_rise_a((2, 3)) == 14
        assert headroom.to_rise_a((1,), {1: 2.0, 2: 9.0}) == 12
        headroom.begin_turn("a", None)
        headroom.take((1, 2), 6.0)
        headroom.end_turn((1, 2), 4.0)
        assert headroom.to_rise_a((1,)) == 8
        assert headroom.to_rise_a((2,)) == 12
        assert headroom.to_rise_a((3,)) == 17
        # One that takes what it draws does not rise, whoever had its turn before.
        headroom.begin_turn("c", None)
        headroom.take((1,), 2.0)
        headroom.end_turn((1,), 2.0)
        assert headroom.to_rise_a((1,)) == 8
        # What it gives back is not there for others yet.
        headroom.begin_turn("b", None)
        headroom.take((3,), 1.0)
        headroom.end_turn((3,), 5.0)
        assert headroom.to_rise_a((3,)) == 17

    def test_without_a_meter_or_a_limit_nobody_knows(self) -> None:
        limit = Limit(kind=LimitKind.BREAKER, current_a=20)
        assert Headroom((limit,), (5.0,)).to_rise_a((1,)) is None
        assert Headroom((), (5.0,), (5.0,)).to_rise_a((1,)) is None

    def test_who_claims_room_claims_it_on_its_phases(self) -> None:
        headroom = self.headroom()
        headroom.claim((1, 2))
        assert headroom.claimed((2, 3))
        assert not headroom.claimed((3,))
