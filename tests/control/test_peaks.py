"""The peak of each hour, as long as it is remembered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf, nan

import pytest

from custom_components.surplus.control.model import LoadReading, Mode
from custom_components.surplus.control.peaks import HousePeaks

from .mixed_house import MixedHouse, Plant, charger

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


@pytest.mark.parametrize("odd", [nan, inf])
def test_what_cannot_be_is_neither_seen_nor_taken_back(odd: float) -> None:
    peaks = HousePeaks({"739000:12": odd, f"{NOON.toordinal()}:12": 7.0})
    assert peaks.as_dict() == {f"{NOON.toordinal()}:12": 7.0}
    peaks.observe(odd, NOON)
    assert peaks.peak_a(NOON) == 7.0


def test_a_load_that_stops_slowly_is_no_draw_of_the_house() -> None:
    class Slow(Plant):
        """Measured every ten seconds, and slow to stop."""

        measured: tuple[float, float] = 0.0, 0.0

        def step(self) -> None:
            before_w = self.power_w
            super().step()
            self.power_w = max(self.power_w, before_w - 600.0)

        def reading(self, now: float) -> LoadReading:
            if now % 10 == 0:
                self.measured = self.power_w, now
            power_w, at = self.measured
            return replace(super().reading(now), power_w=power_w, power_at=at)

    car = Slow(spec=charger(max_a=32.0))
    house = MixedHouse(loads=[car])
    house.run(5, base_w=460)
    car.ask(Mode.BOOST)
    house.run(123)
    assert car.power_w == 32 * 230
    house.engine._peaks = HousePeaks()
    car.ask(Mode.OFF)
    house.run(60)
    assert car.power_w == 0
    assert max(house.engine._peaks.as_dict().values()) < 3
