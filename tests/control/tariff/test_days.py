"""Days by their colour: known, awaited, and gone."""

from dataclasses import replace
from datetime import datetime

import pytest

from custom_components.surplus.control.model import (
    Colour,
    PeakSpan,
    Period,
    PriceClass,
    TariffReading,
)

from .bench import BLUE, EJP, RED, TEMPO, WHITE, Home
from .days import told


class TestDays:
    def test_mobile_peaks_tell_the_colours_of_their_days(self) -> None:
        # As in standard_mono_tempo_red_peak_notice_01.
        peaks = (
            PeakSpan(
                number=1,
                begins=datetime(2025, 1, 23, 6),  # noqa: DTZ001
                ends=datetime(2025, 1, 24, 6),  # noqa: DTZ001
            ),
            PeakSpan(
                number=2,
                begins=datetime(2025, 1, 22, 6),  # noqa: DTZ001
                ends=datetime(2025, 1, 23, 6),  # noqa: DTZ001
            ),
            PeakSpan(
                number=3,
                begins=datetime(2025, 1, 25, 6),  # noqa: DTZ001
                ends=datetime(2025, 1, 26, 6),  # noqa: DTZ001
            ),
        )
        home = Home("2025-01-22 23:00")
        home.see(TariffReading(option=TEMPO, period=Period.TEMPO_RED_HC, peaks=peaks))
        assert home.tariff.colours(home.wall) == (RED, WHITE)

    def test_about_six_nobody_knows_whose_day_is_meant(self) -> None:
        home = Home("2026-01-21 06:05")
        # Its clock is behind: it still means yesterday.
        late = TariffReading(
            option=TEMPO, period=Period.TEMPO_RED_HC, today=RED, tomorrow=WHITE
        )
        home.see(late)
        assert home.tariff.colours(home.wall) == (Colour.NONE, Colour.NONE)
        home.wait(minutes=5)
        home.see(
            replace(late, period=Period.TEMPO_WHITE_HP, today=WHITE, tomorrow=BLUE)
        )
        assert home.tariff.colours(home.wall) == (WHITE, BLUE)

    def test_the_colour_of_a_period_is_that_of_its_day(self) -> None:
        home = Home("2026-01-20 12:00")
        home.see(TariffReading(option=TEMPO, period=Period.TEMPO_WHITE_HP))
        assert home.tariff.colours(home.wall)[0] is WHITE

    @pytest.mark.parametrize(
        ("wall", "reading", "first"),
        [
            (
                "2026-01-20 06:40",
                TariffReading(period=Period.EJP_NORMAL, peak_notice=1),
                [("01-20 06:40", "ejp_normal"), ("01-20 07:00", "ejp_peak")],
            ),
            (
                "2026-01-20 12:00",
                TariffReading(period=Period.EJP_PEAK, peak_running=1),
                [("01-20 12:00", "ejp_peak"), ("01-21 01:00", "ejp_normal")],
            ),
            (
                "2026-01-21 00:30",
                TariffReading(period=Period.EJP_PEAK, peak_running=1),
                [("01-21 00:30", "ejp_peak"), ("01-21 01:00", "ejp_normal")],
            ),
            (
                "2026-01-20 20:00",
                TariffReading(period=Period.EJP_NORMAL, peak_notice=1),
                [("01-20 20:00", "ejp_normal")],
            ),
            (
                "2026-01-20 12:00",
                TariffReading(period=Period.EJP_NORMAL),
                [("01-20 12:00", "ejp_normal")],
            ),
        ],
    )
    def test_an_ejp_peak_is_known_from_its_notice_on(
        self, wall: str, reading: TariffReading, first: list[tuple[str, str]]
    ) -> None:
        home = Home(wall)
        now = home.see(replace(reading, option=EJP))
        assert told(now.ahead)[: len(first)] == first

    def test_an_announced_peak_has_its_times(self) -> None:
        home = Home("2026-01-20 20:00")
        peak = PeakSpan(
            number=1,
            begins=datetime(2026, 1, 21, 7),  # noqa: DTZ001
            ends=datetime(2026, 1, 22, 1),  # noqa: DTZ001
        )
        now = home.see(
            TariffReading(
                option=EJP, period=Period.EJP_NORMAL, peak_notice=1, peaks=(peak,)
            )
        )
        assert told(now.ahead) == [
            ("01-20 20:00", "ejp_normal"),
            ("01-21 07:00", "ejp_peak"),
            ("01-22 01:00", "ejp_normal"),
        ]
        assert now.ahead[1].price_class is PriceClass.DEAR

    def test_days_long_gone_are_forgotten(self) -> None:
        home = Home("2026-01-20 12:00")
        for _ in range(20):
            home.see(
                TariffReading(option=TEMPO, period=Period.TEMPO_BLUE_HP, today=BLUE)
            )
            home.wait(days=1)
        assert len(home.tariff.as_dict()["days"]["colours"]) <= 4
