"""What is known of the tariff ahead."""

from dataclasses import replace

from custom_components.surplus.control.model import (
    Colour,
    Period,
    Switching,
    TariffReading,
)

from .bench import HC, HP, HPHC, NIGHT, RED, TEMPO, WHITE, Home, linky
from .days import at, told


class TestAhead:
    def test_the_calendar_goes_on_from_what_the_meter_says(self) -> None:
        home = Home("2026-06-10 12:00", contract=HPHC, hours=NIGHT)
        now = home.see(linky(HP))
        assert told(now.ahead) == [
            ("06-10 12:00", "peak"),
            ("06-10 22:00", "off_peak"),
            ("06-11 06:00", "peak"),
            ("06-11 22:00", "off_peak"),
            ("06-12 06:00", "peak"),
        ]
        assert home.tariff.next_change == at("2026-06-10 22:00")

    def test_a_meter_that_switches_early_is_right(self) -> None:
        home = Home("2026-06-10 21:50", contract=HPHC, hours=NIGHT)
        now = home.see(linky(HC))
        assert told(now.ahead)[:2] == [
            ("06-10 21:50", "off_peak"),
            ("06-11 06:00", "peak"),
        ]

    def test_a_meter_that_switches_late_is_right(self) -> None:
        home = Home("2026-06-10 22:10", contract=HPHC, hours=NIGHT)
        now = home.see(linky(HP))
        assert told(now.ahead)[:3] == [
            ("06-10 22:10", "peak"),
            ("06-10 22:30", "off_peak"),
            ("06-11 06:00", "peak"),
        ]
        assert home.see(linky(HC)).ahead[0].period is HC

    def test_a_calendar_that_is_wrong_says_nothing(self) -> None:
        home = Home("2026-06-10 23:00", contract=HPHC, hours=NIGHT)
        assert home.see(linky(HP)).ahead == ()
        assert home.tariff.next_change is None

    def test_tomorrows_colour_that_is_unknown_is_unknown(self) -> None:
        home = Home("2026-01-20 12:00")
        reading = TariffReading(option=TEMPO, period=Period.TEMPO_RED_HP, today=RED)
        now = home.see(reading)
        assert told(now.ahead) == [
            ("01-20 12:00", "tempo_red_hp"),
            ("01-20 22:00", "tempo_red_hc"),
        ]
        assert now.ahead[-1].ends == at("2026-01-21 06:00")
        now = home.see(replace(reading, tomorrow=WHITE))
        assert told(now.ahead)[2:] == [
            ("01-21 06:00", "tempo_white_hp"),
            ("01-21 22:00", "tempo_white_hc"),
        ]
        assert home.tariff.colours(home.wall) == (RED, WHITE)
        # The last known hours end with a change too, to nobody knows what.
        home.wait(hours=16)
        home.see(replace(reading, period=Period.TEMPO_RED_HC, tomorrow=Colour.NONE))
        assert home.tariff.next_change == at("2026-01-21 06:00")

    def test_the_profile_of_tomorrow_counts_before_what_was_learned(self) -> None:
        home = Home("2026-06-10 12:00", contract=HPHC, hours=NIGHT)
        profile = (
            Switching(minute=0, index=2, contact_closed=False),
            Switching(minute=120, index=1, contact_closed=True),
            Switching(minute=410, index=2, contact_closed=False),
        )
        now = home.see(linky(HP, index=2, profile_tomorrow=profile))
        assert told(now.ahead) == [
            ("06-10 12:00", "peak"),
            ("06-10 22:00", "off_peak"),
            ("06-11 00:00", "peak"),
            ("06-11 02:00", "off_peak"),
            ("06-11 06:50", "peak"),
            ("06-12 00:00", "off_peak"),
            ("06-12 06:00", "peak"),
        ]

    def test_an_index_is_called_in_a_profile_what_it_was_called_before(self) -> None:
        # This supplier counts the other way round.
        home = Home("2026-06-10 12:00")
        home.see(linky(HC, index=2))
        profile = (
            Switching(minute=0, index=2, contact_closed=None),
            Switching(minute=600, index=None, contact_closed=True),
            Switching(minute=720, index=1, contact_closed=None),
        )
        today = linky(HP, index=1, profile_today=profile, profile_tomorrow=profile)
        now = home.see(today)
        assert told(now.ahead) == [
            ("06-10 12:00", "peak"),
            ("06-11 00:00", "off_peak"),
            ("06-11 12:00", "peak"),
        ]

    def test_without_any_calendar_the_last_week_is_planned_by(self) -> None:
        home = Home("2026-06-08 00:00")
        for _ in range(2 * 24 * 60):
            home.see(linky(HC if home.wall.hour < 6 else HP))
            home.wait(minutes=1)
        home.restart()
        now = home.see(linky(HC))
        assert told(now.ahead) == [
            ("06-10 00:00", "off_peak"),
            ("06-10 06:00", "peak"),
            ("06-11 00:00", "off_peak"),
            ("06-11 06:00", "peak"),
        ]
        # Never to act by.
        home.wait(minutes=10)
        assert home.see().period is None

    def test_one_object_lasts_while_nothing_changes(self) -> None:
        home = Home("2026-06-10 12:00", contract=HPHC, hours=NIGHT)
        now = home.see(linky(HP))
        home.wait(minutes=14)
        assert home.see(linky(HP)) is now
        home.wait(minutes=1)
        assert home.see(linky(HP)) is not now

    def test_it_is_renewed_when_a_period_ends(self) -> None:
        home = Home("2026-06-10 21:59", contract=HPHC, hours=NIGHT, is_calendar=True)
        assert home.see().period is HP
        home.wait(minutes=1)
        assert home.see().ahead[0].period is HC
