"""The two times of the virtual house."""

from datetime import UTC, datetime, timedelta

import pytest

from simulator.clock import Clock, DayClock, hours_and_minutes, parse_hours_and_minutes

HOUR = 3600.0


def test_the_sun_goes_sixty_times_as_fast() -> None:
    day = DayClock(speed=60, start_s=9 * HOUR)
    assert day.day_s(60) == 10 * HOUR


def test_the_shown_part_of_the_day_comes_round_again() -> None:
    day = DayClock(speed=60, start_s=20 * HOUR, first_s=6 * HOUR, last_s=21 * HOUR)
    assert day.day_s(59.9) == pytest.approx(21 * HOUR - 6)
    assert day.day_s(60) == 6 * HOUR
    assert day.day_s(60 + 15 * 60) == 6 * HOUR


def test_a_change_of_speed_does_not_move_the_sun() -> None:
    day = DayClock(speed=60, start_s=9 * HOUR)
    day.set_speed(60, 0)
    assert day.day_s(60) == day.day_s(1000) == 10 * HOUR
    day.set_speed(1000, 1)
    assert day.day_s(1060) == 10 * HOUR + 60


def test_the_sun_can_be_held_and_let_go() -> None:
    day = DayClock(speed=60, start_s=9 * HOUR)
    day.hold(0)
    assert day.held
    assert day.day_s(500) == 9 * HOUR
    day.release(500)
    assert day.day_s(560) == 10 * HOUR
    day.release(9999)
    assert day.day_s(560) == 10 * HOUR


def test_times_of_day_are_written_and_read() -> None:
    assert hours_and_minutes(9 * HOUR + 90) == "09:01"
    assert parse_hours_and_minutes("09:30") == 9.5 * HOUR
    assert parse_hours_and_minutes("7") == 7 * HOUR
    for nonsense in ("25:00", "noon", ""):
        with pytest.raises(ValueError):
            parse_hours_and_minutes(nonsense)


async def test_device_time_can_run_faster_than_real_time() -> None:
    wall = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)
    clock = Clock(pace=1000, wall=wall)
    await clock.sleep(10)
    assert clock.now() >= 10
    assert clock.wall() >= wall + timedelta(seconds=10)
