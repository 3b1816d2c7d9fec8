"""How the simulated car follows what it is offered."""

import pytest

from simulator.car import Car, CarSpec

VOLTS = 230.0


def live(car: Car, start: float, seconds: float, dt: float = 0.5) -> float:
    """Let the car live from ``start`` on; returns the time afterwards."""
    now = start
    for _ in range(round(seconds / dt)):
        now += dt
        car.step(now, dt, VOLTS, car.spec.phases)
    return now


def charging(amps: float = 16.0, spec: CarSpec | None = None) -> tuple[Car, float]:
    """Return a car that has settled at an offer."""
    car = Car(spec)
    car.offer(0.0, amps)
    return car, live(car, 0.0, 90)


def test_it_begins_to_draw_fifteen_seconds_after_the_offer() -> None:
    car = Car()
    car.offer(0.0, 16.0)
    now = live(car, 0.0, 14.5)
    assert car.current_a == 0.0
    live(car, now, 1.5)
    assert car.current_a > 0.0


def test_it_asks_for_power_before_it_draws() -> None:
    car = Car()
    car.offer(0.0, 16.0)
    now = live(car, 0.0, 2.5)
    assert not car.asks
    live(car, now, 1.0)
    assert car.asks
    assert car.current_a == 0.0


def test_it_ramps_up_slowly() -> None:
    car = Car()
    car.offer(0.0, 32.0)
    now = live(car, 0.0, 15.0)
    before = car.current_a
    live(car, now, 10.0)
    assert car.current_a - before == pytest.approx(6.0)


def test_it_draws_a_little_less_than_offered() -> None:
    car, _ = charging(16.0)
    assert car.current_a == pytest.approx(16 * 0.985 - 0.4)


def test_an_offer_at_the_minimum_is_taken() -> None:
    car, _ = charging(6.0)
    assert car.current_a == pytest.approx(5.51)


def test_less_than_six_amps_is_nothing() -> None:
    car = Car()
    car.offer(0.0, 5.9)
    live(car, 0.0, 60)
    assert car.current_a == 0.0
    assert not car.asks


def test_it_sees_a_new_offer_two_seconds_late() -> None:
    car, now = charging(16.0)
    car.offer(now, 10.0)
    settled = car.current_a
    now = live(car, now, 1.5)
    assert car.current_a == settled
    live(car, now, 3.0)
    assert car.current_a == pytest.approx(10 * 0.985 - 0.4)


def test_offers_arrive_in_the_order_they_were_made() -> None:
    car, now = charging(16.0)
    car.offer(now, 10.0)
    car.offer(now + 0.5, 20.0)
    now = live(car, now, 2.0)
    assert car.current_a < 15.36
    live(car, now, 30.0)
    assert car.current_a == pytest.approx(20 * 0.985 - 0.4)


def test_a_car_with_a_long_dead_time_draws_nothing_before_it_sees_the_offer() -> None:
    car = Car(CarSpec(dead_time_s=30))
    car.offer(0.0, 16.0)
    now = live(car, 0.0, 29.0)
    assert car.current_a == 0.0
    live(car, now, 2.0)
    assert car.current_a > 0.0


def test_it_stops_within_the_time_its_ramp_takes() -> None:
    car, now = charging(16.0)
    car.offer(now, 0.0)
    now = live(car, now, 1.0)
    assert 0 < car.current_a < 11
    live(car, now, 3.0)
    assert car.current_a == 0.0


def test_every_start_costs_the_latency_again() -> None:
    car, now = charging(16.0)
    car.offer(now, 0.0)
    now = live(car, now, 10.0)
    car.offer(now, 16.0)
    live(car, now, 14.0)
    assert car.current_a == 0.0


def test_its_own_limit_holds() -> None:
    car, _ = charging(32.0, CarSpec(max_a=16.0))
    assert car.current_a == 16.0


def test_the_battery_counts_what_was_drawn() -> None:
    car, now = charging(16.0)
    before = car.charge_wh
    live(car, now, 3600)
    assert car.charge_wh - before == pytest.approx(15.36 * VOLTS, rel=1e-3)


def test_three_phases_charge_three_times_as_fast() -> None:
    car, now = charging(16.0, CarSpec(phases=3))
    before = car.charge_wh
    live(car, now, 3600)
    assert car.charge_wh - before == pytest.approx(3 * 15.36 * VOLTS, rel=1e-3)


def test_a_full_car_stops_by_itself() -> None:
    car, now = charging(16.0)
    car.charge_wh = car.spec.capacity_wh - 1
    live(car, now, 30)
    assert car.full
    assert not car.asks
    assert car.current_a == 0.0


def test_pulling_the_cable_stops_at_once() -> None:
    car, _ = charging(16.0)
    car.unplug()
    assert car.current_a == 0.0
    assert not car.asks
