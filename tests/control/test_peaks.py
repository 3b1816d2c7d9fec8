"""The peak of each hour, as long as it is remembered."""

from datetime import UTC, datetime, timedelta

from custom_components.surplus.control.peaks import HousePeaks

NOON = datetime(2026, 3, 10, 12, 20, tzinfo=UTC)
DAY = timedelta(days=1)


def test_an_hour_never_seen_has_no_peak() -> None:
    peaks = HousePeaks()
    assert peaks.peak_a(NOON) is None
    peaks.observe(7.0, NOON)
    assert peaks.peak_a(NOON + timedelta(hours=1)) is None


def test_the_most_of_an_hour_is_kept() -> None:
    peaks = HousePeaks()
    for current_a in (7.0, 19.0, 3.0):
        peaks.observe(current_a, NOON)
    assert peaks.peak_a(NOON) == 19.0


def test_a_house_that_only_exports_has_a_peak_of_nothing() -> None:
    peaks = HousePeaks()
    peaks.observe(-12.0, NOON)
    assert peaks.peak_a(NOON) == 0.0


def test_the_same_hour_of_seven_days_counts_and_no_more() -> None:
    peaks = HousePeaks()
    peaks.observe(19.0, NOON)
    assert peaks.peak_a(NOON + 7 * DAY) == 19.0
    assert peaks.peak_a(NOON + 8 * DAY) is None


def test_days_past_are_not_kept_for_ever() -> None:
    peaks = HousePeaks()
    for day in range(30):
        peaks.observe(5.0, NOON + day * DAY)
    assert len(peaks.as_dict()) == 7


def test_what_was_saved_is_known_again() -> None:
    peaks = HousePeaks()
    peaks.observe(19.0, NOON)
    peaks.observe(4.0, NOON + timedelta(hours=3))
    again = HousePeaks(peaks.as_dict())
    assert again.peak_a(NOON + DAY) == 19.0
    assert again.peak_a(NOON + timedelta(hours=3)) == 4.0
