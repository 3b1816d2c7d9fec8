"""What a meter tells of its day's steps."""

from custom_components.surplus.control.model import Period, Switching, TariffReading
from custom_components.surplus.control.tariff.profile import profile_ahead

from .days import at, told

PERIODS = {1: Period.OFF_PEAK, 2: Period.PEAK}


def ahead(
    today: list[tuple[int, int | None]], tomorrow: list[tuple[int, int | None]]
) -> list[tuple[str, str]]:
    steps = [
        tuple(
            Switching(minute=minute, index=index, contact_closed=None)
            for minute, index in day
        )
        for day in (today, tomorrow)
    ]
    reading = TariffReading(at=0.0, profile_today=steps[0], profile_tomorrow=steps[1])
    return told(profile_ahead(at("2026-06-08 12:00"), reading, PERIODS.__getitem__))


def test_a_day_begins_as_it_ends_where_its_first_step_comes_later() -> None:
    assert ahead([(398, 2), (1358, 1)], []) == [
        ("06-08 00:00", "off_peak"),
        ("06-08 06:38", "peak"),
        ("06-08 22:38", "off_peak"),
    ]
    assert ahead([(1, 2), (1358, 1)], [])[:2] == [
        ("06-08 00:00", "off_peak"),
        ("06-08 00:01", "peak"),
    ]


def test_it_is_the_last_step_that_it_begins_with() -> None:
    steps: list[tuple[int, int | None]] = [(398, 2), (700, 1), (1358, 2)]
    assert ahead(steps, [])[0] == ("06-08 00:00", "peak")


def test_a_step_at_midnight_begins_the_day() -> None:
    assert ahead([(0, 2), (600, None), (1358, 1)], []) == [
        ("06-08 00:00", "peak"),
        ("06-08 22:38", "off_peak"),
    ]


def test_a_period_goes_on_over_midnight_and_not_over_a_day_that_nobody_tells() -> None:
    day: list[tuple[int, int | None]] = [(0, 1)]
    assert ahead(day, day) == [("06-08 00:00", "off_peak")]
    assert ahead([(0, None)], day) == [("06-09 00:00", "off_peak")]
