"""The peak of each hour, as long as it is remembered."""

from datetime import UTC, datetime, timedelta

from custom_components.surplus.control.peaks import HousePeaks

NOON = datetime(2026, 3, 10, 12, 20, tzinfo=UTC)
DAY = timedelta(days=1)


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
