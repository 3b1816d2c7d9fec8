"""Following the surplus: one charger in mode solar, in closed loop."""

from itertools import pairwise

from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House


def test_without_surplus_a_car_is_not_started() -> None:
    house = House()
    house.run(600, base_w=1200)
    assert house.decision().reason is Reason.WAITING_FOR_SURPLUS
    assert set(house.currents(600)) == {0.0}


def test_the_car_ends_within_one_step_of_the_surplus() -> None:
    house = House()
    house.run(300, base_w=-3000)
    assert abs(house.grid_w) <= 230
    assert house.decision().reason is Reason.FOLLOWING_SURPLUS
    assert house.cars[0].offered_a == 13


def test_an_offer_is_nothing_or_at_least_six_amperes() -> None:
    house = House()
    for base_w in (-500, -1000, -1300, -2000, -700, -1450, 300):
        house.run(200, base_w=base_w)
    assert all(a == 0 or a >= 6 for a in house.currents(1400))


def test_a_start_costs_its_budget_of_surplus() -> None:
    house = House()
    house.run(15, base_w=-2000)
    assert house.decision().reason is Reason.ABOUT_TO_START
    # 12 Wh at what 9 A would gain: some twenty seconds.
    assert 8 <= float(house.decision().numbers["seconds"]) <= 16
    house.run(17)
    assert house.decision().reason is Reason.FOLLOWING_SURPLUS


def test_the_minimum_time_on_is_one_of_current_not_of_waiting_for_it() -> None:
    house = House(cars=[Car(starts_after_s=60.0)])
    house.run(100, base_w=-2000)
    began = house.now
    house.run(400, base_w=1500)
    drawn = [
        cycle.at
        for cycle in house.history
        if cycle.at > began and (cycle.grid_w or 0) > 2500
    ]
    assert drawn[-1] - drawn[0] >= 280


def test_a_short_cloud_is_ridden_through_at_the_minimum() -> None:
    house = House()
    house.run(400, base_w=-3000)
    house.run(40, base_w=0)
    assert house.decision().reason is Reason.HOLDING_MINIMUM
    assert house.cars[0].offered_a == 6
    house.run(60, base_w=-3000)
    assert house.cars[0].offered_a == 13


def test_a_lasting_lack_of_sun_stops_the_car_after_its_minimum_time() -> None:
    house = House()
    house.run(120, base_w=-3000)
    house.run(150, base_w=500)
    # The budget is spent, but a started car runs for five minutes.
    assert house.cars[0].offered_a == 6
    house.run(200)
    assert house.cars[0].offered_a == 0
    assert house.decision().reason is Reason.WAITING_FOR_SURPLUS


def test_a_stopped_car_rests_for_its_minimum_time_whatever_the_sun() -> None:
    house = House()
    house.run(400, base_w=-3000)
    house.run(200, base_w=2000)
    assert house.cars[0].offered_a == 0
    house.run(100, base_w=-3000)
    assert house.decision().reason is Reason.RESTING
    house.run(300)
    assert house.cars[0].offered_a == 13


def test_a_surplus_is_not_counted_twice_while_the_car_ramps_up() -> None:
    """5 s old own power on a fresh grid reading is the classic overshoot."""
    house = House()
    house.run(400, base_w=-2000)
    house.run(60, base_w=-5000)
    assert max(house.currents(60)) <= 22


def test_noise_below_the_dead_band_moves_nothing() -> None:
    house = House()
    house.run(400, base_w=-3000)
    before = house.cars[0].offered_a
    for wobble in (-3060, -2950, -3080, -2930) * 10:
        house.run(3, base_w=wobble)
    assert set(house.currents(120)) == {before}


def test_power_that_the_meter_cannot_tell_counts_as_none() -> None:
    """A Linky shows some 150 VA of no work, and guesses its sign."""
    house = House(dead_zone_w=200.0)
    house.run(400, base_w=-3000)
    before = house.cars[0].offered_a
    for _ in range(20):
        house.run(3, base_w=-before * 230 - 190)
        house.run(3, base_w=-before * 230 + 190)
    assert set(house.currents(120)) == {before}
    house.run(20, base_w=-before * 230 - 240)
    assert house.cars[0].offered_a == before + 1


def test_current_changes_keep_five_seconds_apart() -> None:
    house = House()
    house.run(400, base_w=-3000)
    for step in range(60):
        house.run(1, base_w=-3000 - 460 * (step % 7))
    currents = house.currents(60)
    changes = [i for i in range(1, 60) if currents[i] != currents[i - 1]]
    assert changes
    assert all(b - a >= 5 for a, b in pairwise(changes))


def test_more_surplus_than_the_car_takes_is_its_maximum() -> None:
    house = House(cars=[Car(max_a=16)])
    house.run(400, base_w=-9000)
    assert house.decision().reason is Reason.AT_MAXIMUM
    assert house.cars[0].offered_a == 16


def test_margin_and_target_move_the_grid_power_that_is_aimed_at() -> None:
    house = House()
    house.with_settings(margin_w=500.0)
    house.run(400, base_w=-3000)
    assert -650 <= house.grid_w <= -350
    house.with_settings(margin_w=0.0, grid_target_w=460.0)
    house.run(100)
    assert 330 <= house.grid_w <= 590


def test_strict_stops_where_balanced_goes_on() -> None:
    offered = {}
    for price in (1.0, 25.0):
        house = House(settings=HomeSettings(import_price=price))
        house.run(400, base_w=-3000)
        house.run(900, base_w=-1000)
        offered[price] = house.cars[0].offered_a
    assert offered == {1.0: 6.0, 25.0: 0.0}


def test_strict_rounds_down_instead_of_importing_for_the_last_ampere() -> None:
    house = House(settings=HomeSettings(import_price=25.0))
    house.run(500, base_w=-3100)
    assert house.cars[0].offered_a == 13
    assert house.grid_w <= 0


def test_what_a_limited_car_does_not_take_goes_to_the_next() -> None:
    house = House(cars=[Car(own_limit_a=10), Car(load_id="ocpp:two", priority=2)])
    house.run(600, base_w=-6000)
    assert house.car("ocpp:two").offered_a == 16
    assert abs(house.grid_w) <= 230


def test_a_full_car_that_stays_plugged_in_leaves_its_share() -> None:
    house = House(cars=[Car(), Car(load_id="ocpp:two", priority=2)])
    house.run(400, base_w=-6000)
    house.car("ocpp:one").own_limit_a = 0
    house.run(400)
    assert house.car("ocpp:two").offered_a == 26
    # It begins again: its share is its own again.
    house.car("ocpp:one").own_limit_a = 32
    house.run(500)
    assert house.car("ocpp:one").drawn_a >= 19


def test_a_slow_meter_decides_by_the_same_energy() -> None:
    house = House(meter_every_s=30)
    house.run(600, base_w=-3000)
    begun = next(c.at for c in house.history if c.decisions[0].setpoint.value)
    assert begun - 1000 <= 150


def test_a_single_phase_car_on_a_three_phase_charger_is_recognised() -> None:
    house = House(settings=HomeSettings(phases=3), cars=[Car(phases=(1, 2, 3), uses=1)])
    house.run(600, base_w=-5000)
    assert house.cars[0].offered_a >= 20
    assert abs(house.grid_w) <= 230


def test_mode_off_stops_at_once_and_solar_begins_without_resting() -> None:
    house = House()
    house.run(100, base_w=-3000)
    house.cars[0].ask(Mode.OFF)
    house.run(1)
    assert house.decision().reason is Reason.MODE_OFF
    assert house.cars[0].offered_a == 0
    house.cars[0].ask(Mode.SOLAR)
    house.run(60)
    # A person's wish does not wait for the minimum time off.
    assert house.cars[0].offered_a > 0


def test_off_and_on_again_between_two_readings_is_a_wish_too() -> None:
    house = House()
    house.run(400, base_w=-3000)
    house.run(100, base_w=2000)
    assert house.cars[0].offered_a == 0
    house.cars[0].ask(Mode.OFF)
    house.cars[0].ask(Mode.SOLAR)
    house.run(60, base_w=-3000)
    assert house.cars[0].offered_a > 0


def test_a_mode_that_changes_by_itself_keeps_the_minimum_times() -> None:
    house = House(cars=[Car(mode=Mode.BOOST)])
    house.run(10, base_w=2000)
    house.cars[0].mode = Mode.SOLAR
    house.run(200)
    # The boost has ended, the sun is away, and the car still runs its five minutes.
    assert house.cars[0].offered_a == 6


def test_no_vehicle_gets_no_offer() -> None:
    house = House(cars=[Car(wants_power=False)])
    house.run(120, base_w=-3000)
    assert house.decision().reason is Reason.NO_VEHICLE
    assert house.decision().setpoint is not None
    assert house.decision().setpoint.value == 0


def test_a_car_that_is_plugged_in_need_not_rest() -> None:
    house = House(cars=[Car(wants_power=False, offered_a=16, offered_at=900.0)])
    house.run(20, base_w=-3000)
    assert house.cars[0].offered_a == 0
    house.cars[0].wants_power = True
    house.run(40)
    assert house.cars[0].offered_a == 13


def test_a_car_adopted_at_full_power_does_not_hide_its_first_throttling() -> None:
    """Its own power is told once a minute: what it drew before must not stand."""
    car = Car(measured_every_s=60, offered_a=32, drawn_a=32.0, measured=(1000, 7360.0))
    house = House(cars=[car])
    house.run(600, base_w=-3500)
    told = house.currents(600)
    assert max(told[10:]) <= 20
    assert car.offered_a in (15, 16)


def test_a_car_that_draws_less_than_offered_is_offered_more() -> None:
    house = House(cars=[Car(draws_less_a=0.8)])
    house.run(600, base_w=-3000)
    assert house.cars[0].offered_a == 14
    assert abs(house.grid_w) <= 115


def test_a_car_that_limits_itself_is_not_taken_for_an_inaccurate_one() -> None:
    house = House(cars=[Car(own_limit_a=9)])
    house.run(600, base_w=-3000)
    assert house.cars[0].offered_a == 9 + 3
    house.run(600, base_w=-1610)
    assert house.cars[0].offered_a == 7


class TestPriority:
    """Strict order: the first takes what it can, the next what is left."""

    def test_the_first_is_served_before_the_second(self) -> None:
        house = House(cars=[Car(max_a=16), Car(load_id="ocpp:two", priority=2)])
        house.run(500, base_w=-6000)
        assert house.car("ocpp:one").offered_a == 16
        assert house.car("ocpp:two").offered_a == 10

    def test_order_follows_priority_and_not_the_list(self) -> None:
        house = House(
            cars=[Car(priority=5, max_a=16), Car(load_id="ocpp:two", max_a=16)]
        )
        house.run(500, base_w=-3700)
        assert house.car("ocpp:two").offered_a == 16
        assert house.car("ocpp:one").offered_a == 0

    def test_the_second_does_not_start_on_what_the_first_is_about_to_take(
        self,
    ) -> None:
        house = House(cars=[Car(), Car(load_id="ocpp:two", priority=2)])
        house.run(50, base_w=-1500)
        assert house.decision("ocpp:two").reason is Reason.WAITING_FOR_SURPLUS
        house.run(300)
        assert house.car("ocpp:two").offered_a == 0

    def test_a_full_first_car_leaves_its_share_to_the_second(self) -> None:
        house = House(
            cars=[Car(wants_power=False), Car(load_id="ocpp:two", priority=2)]
        )
        house.run(300, base_w=-3000)
        assert house.car("ocpp:two").offered_a == 13


class TestBoost:
    """As much as the limits allow, whatever the sun."""

    def test_boost_takes_the_maximum_at_once(self) -> None:
        house = House(cars=[Car(mode=Mode.BOOST)])
        house.run(2, base_w=500)
        assert house.cars[0].offered_a == 32
        assert house.decision().reason is Reason.BOOST

    def test_boost_takes_surplus_away_from_lower_priorities(self) -> None:
        house = House(cars=[Car(mode=Mode.BOOST), Car(load_id="ocpp:two", priority=2)])
        house.run(400, base_w=-6000)
        assert house.car("ocpp:two").offered_a == 0


def test_what_is_shown_adds_up() -> None:
    house = House(settings=HomeSettings(breaker_a=45, subscribed_va=9200))
    house.run(300, base_w=-3000)
    cycle = house.history[-1]
    assert cycle.surplus_w is not None
    assert abs(cycle.surplus_w - 3000) < 120
    assert cycle.budget_w == cycle.surplus_w
    assert cycle.budget_a == cycle.budget_w / 230
    assert cycle.grid_w is not None
    assert cycle.breaker_room_a is not None
    assert abs(cycle.breaker_room_a - (45 - cycle.grid_w / 230)) < 0.01
    assert cycle.subscription_room_va is not None
    assert abs(cycle.subscription_room_va - (9200 - cycle.grid_w)) < 1
    # Without the production nobody knows what the house itself takes.
    assert cycle.house_w is None
    house.solar_w = 4200.0
    cycle = house.cycle()
    assert cycle.solar_w == 4200
    assert cycle.house_w == cycle.grid_w + 4200
