"""The laws of Tempo and EJP."""

from datetime import UTC, date, timedelta
from itertools import pairwise

from dateutil.easter import easter
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.surplus.control.model import Colour, Period
from custom_components.surplus.control.tariff.tempo import (
    colour_of,
    ejp_ahead,
    ejp_period,
    may_be_red,
    tempo_ahead,
    tempo_day,
    tempo_night,
)

from .days import PARIS, at, day, later, told

BLUE, WHITE, RED = Colour.BLUE, Colour.WHITE, Colour.RED
# A Tuesday in winter.
TUESDAY, WEDNESDAY = day("2026-01-20"), day("2026-01-21")


@pytest.mark.parametrize(
    ("wall", "colour_day", "night"),
    [
        ("2026-01-20 05:59", "2026-01-19", True),
        ("2026-01-20 06:00", "2026-01-20", False),
        ("2026-01-20 21:59", "2026-01-20", False),
        ("2026-01-20 22:00", "2026-01-20", True),
        ("2026-01-21 00:00", "2026-01-20", True),
    ],
)
def test_a_night_belongs_to_the_colour_of_the_day_before(
    wall: str, colour_day: str, night: bool
) -> None:
    assert tempo_day(at(wall)) == day(colour_day)
    assert tempo_night(at(wall)) is night


def test_what_is_ahead_ends_with_the_last_colour_that_was_announced() -> None:
    known = {TUESDAY: RED, WEDNESDAY: WHITE}
    ahead = tempo_ahead(at("2026-01-20 05:00"), at("2026-01-22 05:00"), known)
    # Whose night it is has not been told.
    assert ahead == []
    ahead = tempo_ahead(at("2026-01-20 07:00"), at("2026-01-23 05:00"), known)
    assert told(ahead) == [
        ("01-20 07:00", "tempo_red_hp"),
        ("01-20 22:00", "tempo_red_hc"),
        ("01-21 06:00", "tempo_white_hp"),
        ("01-21 22:00", "tempo_white_hc"),
    ]
    assert ahead[-1].ends == at("2026-01-22 06:00").astimezone(UTC)


def test_what_is_ahead_is_no_longer_than_asked() -> None:
    known = {TUESDAY: RED, WEDNESDAY: WHITE}
    until = at("2026-01-20 23:00")
    assert tempo_ahead(at("2026-01-20 07:00"), until, known)[-1].ends == until


def test_a_sunday_is_blue_though_nobody_announces_it() -> None:
    sunday = day("2026-01-18")
    assert colour_of(sunday, {}) is BLUE
    assert colour_of(sunday, {sunday: WHITE}) is WHITE
    assert colour_of(TUESDAY, {}) is Colour.NONE
    ahead = tempo_ahead(
        at("2026-01-17 23:00"), at("2026-01-20 00:00"), {day("2026-01-17"): WHITE}
    )
    assert told(ahead) == [
        ("01-17 23:00", "tempo_white_hc"),
        ("01-18 06:00", "tempo_blue_hp"),
        ("01-18 22:00", "tempo_blue_hc"),
    ]
    assert ahead[-1].ends == at("2026-01-19 06:00").astimezone(UTC)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 365 * 24 * 60), st.data())
def test_every_instant_of_known_days_has_the_colour_of_its_day(
    minute: int, data: st.DataObject
) -> None:
    wall = later(at("2026-01-01 00:00"), minutes=minute)
    first = tempo_day(wall)
    colours = st.sampled_from([BLUE, WHITE, RED])
    known = {first + timedelta(days=n): data.draw(colours) for n in range(4)}
    ahead = tempo_ahead(wall, later(wall, hours=48), known)
    assert ahead[0].begins == wall.astimezone(UTC)
    assert ahead[-1].ends == later(wall, hours=48)
    for one, other in pairwise(ahead):
        assert one.ends == other.begins
    for stretch in ahead:
        local = stretch.begins.astimezone(PARIS)
        hours = "hc" if tempo_night(local) else "hp"
        colour = known[tempo_day(local)].name.lower()
        assert stretch.period == Period(f"tempo_{colour}_{hours}")


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("2026-01-20", True),
        ("2026-01-17", False),
        ("2026-01-18", False),
        ("2026-10-30", False),
        ("2027-11-01", False),
        ("2026-11-02", True),
        ("2026-11-11", False),
        ("2026-12-25", False),
        ("2026-01-01", False),
        ("2026-03-31", True),
        ("2026-04-01", False),
        # Easter Monday.
        ("2027-03-29", False),
        ("2027-03-30", True),
        ("2035-03-26", False),
    ],
)
def test_red_is_for_working_days_of_winter(text: str, possible: bool) -> None:
    assert may_be_red(day(text)) is possible


@pytest.mark.parametrize("century", [1900, 2000, 2100, 2200, 2300])
def test_easter_monday_is_never_red(century: int) -> None:
    for year in range(century, century + 100):
        monday = easter(year) + timedelta(days=1)
        assert not may_be_red(monday)
        week = [monday + timedelta(days=n) for n in range(1, 5)]
        assert [may_be_red(one) for one in week] == [one.month == 3 for one in week]


def test_there_is_room_for_the_red_days_of_a_season() -> None:
    season = [date(2026, 9, 1) + timedelta(days=n) for n in range(365)]
    # 108 working days from November to March; 11 November, Christmas, New Year and
    # Easter Monday are four of them.
    assert sum(map(may_be_red, season)) == 104


class TestEjp:
    def test_a_peak_runs_from_seven_until_one(self) -> None:
        known = {TUESDAY: True, WEDNESDAY: False, day("2026-01-19"): False}
        for wall, period in (
            ("2026-01-20 06:59", Period.EJP_NORMAL),
            ("2026-01-20 07:00", Period.EJP_PEAK),
            ("2026-01-21 00:59", Period.EJP_PEAK),
            ("2026-01-21 01:00", Period.EJP_NORMAL),
            ("2026-01-21 12:00", Period.EJP_NORMAL),
        ):
            assert ejp_period(at(wall), known) is period, wall

    def test_ahead_ends_where_a_day_of_winter_is_not_known(self) -> None:
        ahead = ejp_ahead(
            at("2026-01-20 08:00"), at("2026-01-22 08:00"), {TUESDAY: True}
        )
        assert told(ahead) == [
            ("01-20 08:00", "ejp_peak"),
            ("01-21 01:00", "ejp_normal"),
        ]
        assert ahead[-1].ends == at("2026-01-21 07:00").astimezone(UTC)
        assert ejp_period(at("2026-01-21 08:00"), {}) is None
        # From one to seven it is normal on every day of the year.
        assert ejp_period(at("2026-01-21 03:00"), {}) is Period.EJP_NORMAL
        # Before one it depends on yesterday.
        assert ejp_period(at("2026-01-21 00:30"), {}) is None

    def test_outside_of_winter_there_is_no_peak(self) -> None:
        ahead = ejp_ahead(at("2026-07-20 08:00"), at("2026-07-22 08:00"), {})
        assert told(ahead) == [("07-20 08:00", "ejp_normal")]
        assert ahead[0].ends == at("2026-07-22 08:00").astimezone(UTC)
