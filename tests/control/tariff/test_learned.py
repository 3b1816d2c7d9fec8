"""What was seen of a source in the last week is planned by."""

from datetime import timedelta
import json

import pytest

from custom_components.surplus.control.model import Period
from custom_components.surplus.control.tariff.learned import LearnedHours

from .days import at, later, told

HC, HP = Period.OFF_PEAK, Period.PEAK


def live(
    hours: LearnedHours,
    begins: str,
    days: float,
    *,
    night: tuple[int, int] = (22 * 60 + 38, 6 * 60 + 38),
    step_min: int = 1,
) -> None:
    """Let time pass with a source that is off-peak at night."""
    wall, ends = at(begins), later(at(begins), days=days)
    while wall < ends:
        minute = wall.hour * 60 + wall.minute
        off_peak = minute >= night[0] or minute < night[1]
        hours.note(wall, HC if off_peak else HP)
        wall = later(wall, minutes=step_min)


def test_a_day_is_like_the_last_one_of_its_kind() -> None:
    hours = LearnedHours()
    # Monday to Wednesday.
    live(hours, "2026-06-08 00:00", 3)
    ahead = hours.ahead(at("2026-06-11 12:00"), at("2026-06-12 12:00"))
    assert told(ahead) == [
        ("06-11 12:00", "peak"),
        ("06-11 22:38", "off_peak"),
        ("06-12 06:38", "peak"),
    ]
    # A Saturday was never seen: what is ahead ends with the Friday.
    ahead = hours.ahead(at("2026-06-12 12:00"), at("2026-06-14 12:00"))
    assert ahead[-1].ends == at("2026-06-13 00:00")


def test_week_ends_are_days_of_their_own() -> None:
    hours = LearnedHours()
    live(hours, "2026-06-08 00:00", 5)
    live(hours, "2026-06-13 00:00", 1, night=(0, 24 * 60))
    live(hours, "2026-06-14 00:00", 1, night=(24 * 60, 0))
    assert told(hours.ahead(at("2026-06-15 12:00"), at("2026-06-16 12:00"))) == [
        ("06-15 12:00", "peak"),
        ("06-15 22:38", "off_peak"),
        ("06-16 06:38", "peak"),
    ]
    assert told(hours.ahead(at("2026-06-20 12:00"), at("2026-06-21 12:00"))) == [
        ("06-20 12:00", "off_peak"),
        ("06-21 00:00", "peak"),
    ]


def test_windows_that_move_are_learned_anew() -> None:
    hours = LearnedHours()
    live(hours, "2026-06-08 00:00", 2)
    live(hours, "2026-06-10 00:00", 1, night=(23 * 60, 5 * 60))
    ahead = hours.ahead(at("2026-06-11 12:00"), at("2026-06-11 23:59"))
    assert told(ahead) == [("06-11 12:00", "peak"), ("06-11 23:00", "off_peak")]


def test_what_is_older_than_a_week_counts_no_more() -> None:
    hours = LearnedHours()
    live(hours, "2026-06-08 00:00", 2)
    assert hours.ahead(at("2026-06-18 12:00"), at("2026-06-19 12:00")) == []
    hours.note(at("2026-06-20 00:00"), HP)
    assert list(hours.as_dict()) == ["2026-06-20"]


def test_a_day_that_was_not_seen_as_a_whole_is_no_model() -> None:
    hours = LearnedHours()
    live(hours, "2026-06-08 00:00", 1)
    live(hours, "2026-06-09 00:00", 0.3, night=(23 * 60, 5 * 60))
    live(hours, "2026-06-09 12:00", 0.5, night=(23 * 60, 5 * 60))
    # Tuesday has a hole: Monday is the model still.
    ahead = hours.ahead(at("2026-06-10 05:00"), at("2026-06-10 23:59"))
    assert told(ahead)[1:] == [("06-10 06:38", "peak"), ("06-10 22:38", "off_peak")]


def test_a_clock_that_was_put_back_joins_nothing() -> None:
    hours = LearnedHours()
    hours.note(at("2026-06-08 12:00"), HP)
    hours.note(at("2026-06-08 11:58"), HP)
    assert hours.as_dict() == {
        "2026-06-08": [[720, 720, "peak"], [718, 718, "peak"]],
    }


def test_a_clock_that_was_ahead_leaves_no_day_of_the_future() -> None:
    hours = LearnedHours()
    hours.note(at("2026-07-01 12:00"), HP)
    hours.note(at("2026-06-08 12:00"), HP)
    assert list(hours.as_dict()) == ["2026-06-08"]


def test_a_day_is_no_model_of_itself() -> None:
    hours = LearnedHours()
    live(hours, "2026-06-08 00:00", 1)
    assert hours.ahead(at("2026-06-08 12:00"), at("2026-06-08 18:00")) == []


@pytest.mark.parametrize(("first", "known"), [("00:05", True), ("00:11", False)])
def test_a_day_that_was_seen_from_minutes_after_midnight_began_like_this(
    first: str, known: bool
) -> None:
    hours = LearnedHours()
    wall = at(f"2026-06-08 {first}")
    live(hours, f"2026-06-08 {first}", (at("2026-06-09 00:00") - wall) / timedelta(1))
    ahead = hours.ahead(at("2026-06-09 00:00"), at("2026-06-09 12:00"))
    assert told(ahead) == (
        [("06-09 00:00", "off_peak"), ("06-09 06:38", "peak")] if known else []
    )


def test_looks_that_are_seldom_are_enough() -> None:
    hours = LearnedHours()
    live(hours, "2026-06-08 00:00", 1, step_min=5)
    assert hours.ahead(at("2026-06-09 12:00"), at("2026-06-09 20:00"))
    seldom = LearnedHours()
    live(seldom, "2026-06-08 00:00", 1, step_min=10)
    assert seldom.ahead(at("2026-06-09 12:00"), at("2026-06-09 20:00")) == []


@pytest.mark.parametrize("begins", ["2026-03-28 00:00", "2026-10-24 00:00"])
def test_a_clock_that_is_moved_leaves_no_gap(begins: str) -> None:
    hours = LearnedHours()
    live(hours, begins, 2)
    wall = later(at(begins), days=7.5)
    ahead = hours.ahead(wall, later(wall, hours=10))
    assert ahead[0].begins == wall
    assert ahead[-1].ends == later(wall, hours=10)


def test_it_survives_a_restart() -> None:
    hours = LearnedHours()
    live(hours, "2026-06-08 00:00", 1)
    saved = json.loads(json.dumps(hours.as_dict()))
    again = LearnedHours(saved)
    wall = at("2026-06-09 12:00")
    assert again.ahead(wall, wall + timedelta(hours=9)) == hours.ahead(
        wall, wall + timedelta(hours=9)
    )
    hours.forget()
    assert hours.as_dict() == {}


@pytest.mark.parametrize(
    "saved",
    [
        {"no day": []},
        {"2026-06-08": [[0, 10]]},
        {"2026-06-08": [[0, 10, "never"]]},
        {"2026-06-08": [[-1, 10, "peak"]]},
        {"2026-06-08": [[0, 2000, "peak"]]},
        {"2026-06-08": 3},
    ],
)
def test_what_is_damaged_is_refused(saved: object) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        LearnedHours(saved)
