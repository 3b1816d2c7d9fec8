"""What is known of the tariff ahead."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.surplus.control.model import (
    Colour,
    Contract,
    Period,
    Switching,
    TariffReading,
)
from custom_components.surplus.control.tariff.ahead import aligned
from custom_components.surplus.control.tariff.clock import Stretch

from .bench import HC, HP, HPHC, NIGHT, RED, TEMPO, WHITE, Home, linky
from .days import at, told

type Calendar = Callable[[datetime, datetime], list[Stretch]]

DAY = [("06:00", "22:00", HP), ("22:00", "23:30", HC)]


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

    def test_it_is_renewed_when_the_meter_should_have_switched(self) -> None:
        home = Home("2026-06-10 21:50", contract=HPHC, hours=NIGHT)
        assert home.see(linky(HP)).ahead[0].ends == at("2026-06-10 22:00")
        home.wait(minutes=10)
        assert home.see(linky(HP)).ahead[0].ends == at("2026-06-10 22:30")

    @pytest.mark.parametrize(
        ("steps", "change"),
        [
            ([(0, 2), (22 * 60, 1)], "2026-06-10 22:00"),
            # One that is told for today only ends with the day, not with a change.
            ([(0, 2)], None),
        ],
    )
    def test_a_change_is_told_where_something_follows(
        self, steps: list[tuple[int, int]], change: str | None
    ) -> None:
        home = Home("2026-06-10 12:00")
        profile = tuple(
            Switching(minute=minute, index=index, contact_closed=None)
            for minute, index in steps
        )
        home.see(linky(HP, index=2, profile_today=profile))
        assert home.tariff.next_change == (at(change) if change else None)

    def test_the_last_hours_of_a_known_day_end_with_a_change(self) -> None:
        home = Home("2026-01-20 23:00", contract=TEMPO)
        now = home.see(TariffReading(today=RED))
        assert told(now.ahead) == [("01-20 23:00", "tempo_red_hc")]
        assert home.tariff.next_change == at("2026-01-21 06:00")

    def test_of_colours_that_nobody_told_no_change_is_known(self) -> None:
        home = Home("2026-01-20 12:00", contract=TEMPO)
        assert home.see().ahead == ()
        assert home.tariff.next_change is None

    @pytest.mark.parametrize(
        ("contract", "index"), [(None, 3), (Contract.OTHER, 3), (HPHC, 7)]
    )
    def test_an_index_that_has_no_name_is_ahead_by_its_number(
        self, contract: Contract | None, index: int
    ) -> None:
        home = Home("2026-06-10 12:00")
        steps = ((0, 2), (22 * 60, index))
        profile = tuple(
            Switching(minute=minute, index=one, contact_closed=None)
            for minute, one in steps
        )
        reading = TariffReading(
            option=contract,
            period=Period.INDEX_2,
            index=2,
            profile_today=profile,
        )
        now = home.see(reading)
        assert told(now.ahead)[1] == ("06-10 22:00", f"index_{index}")

    def test_it_is_renewed_when_a_period_ends(self) -> None:
        home = Home("2026-06-10 21:59", contract=HPHC, hours=NIGHT, is_calendar=True)
        assert home.see().period is HP
        home.wait(minutes=1)
        assert home.see().ahead[0].period is HC


def only(*stretches: tuple[str, str, Period]) -> Calendar:
    """Return a calendar that knows these stretches of the tenth of June."""
    known = [
        Stretch(
            begins=at(f"2026-06-10 {begins}").astimezone(UTC),
            ends=at(f"2026-06-10 {ends}").astimezone(UTC),
            period=period,
        )
        for begins, ends, period in stretches
    ]

    def calendar(wall: datetime, until: datetime) -> list[Stretch]:
        begins, ends = wall.astimezone(UTC), until.astimezone(UTC)
        return [
            replace(one, begins=max(one.begins, begins), ends=min(one.ends, ends))
            for one in known
            if one.begins < ends and one.ends > begins
        ]

    return calendar


class TestASourceBesideItsCalendar:
    @pytest.mark.parametrize(
        ("clock", "present", "stretches", "ahead"),
        [
            # It is early by half an hour at the most, even for the last it knows.
            ("21:30", HC, DAY, [("06-10 21:30", "off_peak")]),
            ("21:29", HC, DAY, []),
            # Another period than the next one is not an early switch.
            ("21:50", Period.INDEX_3, DAY, []),
            # Of what follows the last stretch nobody knows whether it is that.
            ("21:50", HC, [("06:00", "22:00", HP)], []),
            # It is late by less than half an hour.
            (
                "22:29",
                HP,
                DAY,
                [("06-10 22:29", "peak"), ("06-10 22:30", "off_peak")],
            ),
            ("22:30", HP, DAY, []),
            # What ended before a gap in what is known is not what is late.
            (
                "22:10",
                HP,
                [
                    ("06:00", "22:00", HP),
                    ("22:05", "22:08", HC),
                    ("22:10", "23:30", HC),
                ],
                [],
            ),
        ],
    )
    def test_it_is_right_within_half_an_hour(
        self,
        clock: str,
        present: Period,
        stretches: list[tuple[str, str, Period]],
        ahead: list[tuple[str, str]],
    ) -> None:
        wall = at(f"2026-06-10 {clock}")
        found = aligned(only(*stretches), present, wall, timedelta(hours=8))
        assert told(found) == ahead

    def test_where_no_calendar_knows_the_present_nothing_is_ahead(self) -> None:
        wall = at("2026-06-10 03:00")
        assert aligned(only(*DAY), HP, wall, timedelta(hours=1)) == ()
        # Nor what was before the first it knows.
        first = at("2026-06-10 06:00")
        assert aligned(only(*DAY), HC, first, timedelta(hours=8)) == ()
