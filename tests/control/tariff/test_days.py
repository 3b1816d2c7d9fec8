"""Days by their colour: known, awaited, and gone."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from custom_components.surplus.control.model import (
    Colour,
    PeakSpan,
    Period,
    PriceClass,
    TariffReading,
)
from custom_components.surplus.control.tariff.colours import Days

from .bench import BLUE, EJP, RED, TEMPO, WHITE, Home
from .days import at, told

TODAY, TOMORROW = date(2026, 1, 20), date(2026, 1, 21)


def span(number: int, begins: str, ends: str) -> PeakSpan:
    """Return a peak by the meter's clock, which knows no zone."""
    return PeakSpan(
        number=number,
        begins=datetime.fromisoformat(begins),
        ends=datetime.fromisoformat(ends),
    )


class TestDays:
    def test_mobile_peaks_tell_the_colours_of_their_days(self) -> None:
        # As in standard_mono_tempo_red_peak_notice_01.
        peaks = (
            span(1, "2025-01-23 06:00", "2025-01-24 06:00"),
            span(2, "2025-01-22 06:00", "2025-01-23 06:00"),
            span(3, "2025-01-25 06:00", "2025-01-26 06:00"),
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
        peak = span(1, "2026-01-21 07:00", "2026-01-22 01:00")
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


class TestWhatAReadingTellsOfDays:
    @pytest.mark.parametrize(
        ("clock", "reading", "peaks"),
        [
            # Nobody has announced anything.
            ("06:40", TariffReading(period=Period.EJP_NORMAL), {}),
            # It may be a peak that a slow meter has not begun.
            ("06:55", TariffReading(period=Period.EJP_NORMAL), {}),
            ("07:05", TariffReading(period=Period.EJP_NORMAL), {}),
            ("07:15", TariffReading(period=Period.EJP_NORMAL), {TODAY: False}),
            # A notice in the morning is of today, one in the evening of tomorrow.
            ("06:40", TariffReading(peak_notice=1), {TODAY: True}),
            ("20:00", TariffReading(peak_notice=1), {TOMORROW: True}),
            (
                "20:00",
                TariffReading(
                    peak_notice=1,
                    peaks=(span(1, "2026-01-23 07:00", "2026-01-24 01:00"),),
                ),
                {date(2026, 1, 23): True},
            ),
            # It runs, whatever the period is called.
            ("12:00", TariffReading(peak_running=1), {TODAY: True}),
            # A slow meter ends yesterday's a little late.
            ("01:05", TariffReading(peak_running=1), {date(2026, 1, 19): True}),
            ("12:00", TariffReading(tomorrow=RED), {TOMORROW: True}),
            ("12:00", TariffReading(tomorrow=BLUE), {TOMORROW: False}),
        ],
    )
    def test_of_ejp_which_day_has_a_peak(
        self, clock: str, reading: TariffReading, peaks: dict[date, bool]
    ) -> None:
        days = Days()
        days.note(reading, EJP, at(f"2026-01-20 {clock}"))
        assert days.peaks == peaks
        assert days.told == {}

    def test_of_tempo_peaks_alone_tell_the_colour_of_their_day(self) -> None:
        days = Days()
        red = span(2, "2026-01-22 06:00", "2026-01-23 06:00")
        days.note(TariffReading(peaks=(red,)), TEMPO, at("2026-01-20 12:00"))
        assert days.told == {date(2026, 1, 22): RED}

    def test_the_day_counts_before_the_period(self) -> None:
        days = Days()
        reading = TariffReading(period=Period.TEMPO_RED_HC, today=BLUE)
        days.note(reading, TEMPO, at("2026-01-20 23:00"))
        assert days.told == {TODAY: BLUE}

    def test_what_is_told_again_is_nothing_new(self) -> None:
        days, noon = Days(), at("2026-01-20 12:00")
        days.note(TariffReading(today=RED), TEMPO, noon)
        first = days.revision
        days.note(TariffReading(today=RED), TEMPO, noon)
        assert days.revision == first
        days.note(TariffReading(today=WHITE), TEMPO, noon)
        assert days.revision != first

    def test_three_days_are_kept(self) -> None:
        days = Days()
        for day in range(20, 25):
            days.note(TariffReading(today=RED), TEMPO, at(f"2026-01-{day} 12:00"))
        assert list(days.told) == [date(2026, 1, day) for day in range(21, 25)]
