"""The laws of Tempo and EJP: when days begin, and which can have what colour.

A Tempo day runs from 06:00 to 06:00, its peak hours to 22:00: the night belongs to the
colour of the day before it. An EJP peak runs from 07:00 to 01:00. Both are announced the
day before at the earliest, so what is ahead ends where nothing is announced.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from ..model import Colour, Period
from .clock import DAY_MIN, ONE_DAY, Stretch, days, instant, merged
from .windows import Season

_TEMPO_BEGINS_MIN = 6 * 60
_TEMPO_NIGHT_MIN = 22 * 60
_EJP_BEGINS_MIN = 7 * 60
_EJP_ENDS_MIN = DAY_MIN + 60
_SUNDAY = 6
_SATURDAY = 5
WINTER = Season(first=(11, 1), last=(3, 31))
_HOLIDAYS = frozenset({(11, 1), (11, 11), (12, 25), (1, 1)})

TEMPO_PERIODS = {
    (Colour.BLUE, True): Period.TEMPO_BLUE_HC,
    (Colour.BLUE, False): Period.TEMPO_BLUE_HP,
    (Colour.WHITE, True): Period.TEMPO_WHITE_HC,
    (Colour.WHITE, False): Period.TEMPO_WHITE_HP,
    (Colour.RED, True): Period.TEMPO_RED_HC,
    (Colour.RED, False): Period.TEMPO_RED_HP,
}


def tempo_day(wall: datetime) -> date:
    """Return the day whose colour counts at a local time."""
    early = wall.hour * 60 + wall.minute < _TEMPO_BEGINS_MIN
    return wall.date() - ONE_DAY if early else wall.date()


def tempo_night(wall: datetime) -> bool:
    """Return whether a local time is in Tempo's off-peak hours."""
    minute = wall.hour * 60 + wall.minute
    return not _TEMPO_BEGINS_MIN <= minute < _TEMPO_NIGHT_MIN


def may_be_red(day: date) -> bool:
    """Return whether a Tempo day can be red: no week-end, no holiday, in winter only."""
    return (
        WINTER.holds(day)
        and day.weekday() < _SATURDAY
        and (day.month, day.day) not in _HOLIDAYS
        and day != _easter_monday(day.year)
    )


def colour_of(day: date, told: Mapping[date, Colour]) -> Colour:
    """Return the colour of a Tempo day, NONE where nobody knows it.

    Every Sunday is blue, announced or not: many meters never announce a blue day.
    """
    colour = told.get(day, Colour.NONE)
    if colour is Colour.NONE and day.weekday() == _SUNDAY:
        return Colour.BLUE
    return colour


def tempo_ahead(
    wall: datetime, until: datetime, told: Mapping[date, Colour]
) -> Sequence[Stretch]:
    """Return the periods from an instant on, until the first day of unknown colour."""
    zone, now, last = wall.tzinfo, wall.astimezone(UTC), until.astimezone(UTC)
    stretches = []
    day = tempo_day(wall)
    while (colour := colour_of(day, told)) is not Colour.NONE:
        begins = instant(day, _TEMPO_BEGINS_MIN, zone)
        night = instant(day, _TEMPO_NIGHT_MIN, zone)
        ends = instant(day, DAY_MIN + _TEMPO_BEGINS_MIN, zone)
        if begins >= last:
            break
        stretches += [
            Stretch(
                begins=max(one, now),
                ends=min(other, last),
                period=TEMPO_PERIODS[colour, off_peak],
            )
            for one, other, off_peak in ((begins, night, False), (night, ends, True))
            if one < last and other > now
        ]
        day += ONE_DAY
    return merged(stretches)


def ejp_period(wall: datetime, told: Mapping[date, bool]) -> Period | None:
    """Return the period of EJP at a local time, None where its day is not known."""
    ahead = ejp_ahead(wall, wall + timedelta(minutes=1), told)
    return ahead[0].period if ahead else None


def ejp_ahead(
    wall: datetime, until: datetime, told: Mapping[date, bool]
) -> Sequence[Stretch]:
    """Return the periods from an instant on, as far as peak days are known.

    ``told`` are the days that begin a peak, or do not; outside of winter none does.
    """
    zone, now, last = wall.tzinfo, wall.astimezone(UTC), until.astimezone(UTC)
    stretches: list[Stretch] = []
    at = now
    for day in days(now, last, zone):
        begins = instant(day, _EJP_BEGINS_MIN, zone)
        ends = instant(day, _EJP_ENDS_MIN, zone)
        next_begins = instant(day, DAY_MIN + _EJP_BEGINS_MIN, zone)
        if next_begins <= now:
            continue
        peak = told.get(day, None if WINTER.holds(day) else False)
        if peak is None and ends > at:
            break
        for one, other, period in (
            (begins, ends, Period.EJP_PEAK if peak else Period.EJP_NORMAL),
            (ends, next_begins, Period.EJP_NORMAL),
        ):
            one, other = max(one, at), min(other, last)
            if one < other:
                stretches.append(Stretch(begins=one, ends=other, period=period))
                at = other
    return merged(stretches)


def _easter_monday(year: int) -> date:
    """Return Easter Monday (Meeus, Jones and Butcher's algorithm)."""
    golden, century = year % 19, year // 100
    skipped, lunar = century // 4, (8 * century + 13) // 25
    epact = (19 * golden + century - skipped - lunar + 15) % 30
    leap = (32 + 2 * (century % 4) + 2 * (year % 100 // 4) - epact - year % 4) % 7
    late = (golden + 11 * epact + 22 * leap) // 451
    month, day = divmod(epact + leap - 7 * late + 114, 31)
    return date(year, month, day + 1) + ONE_DAY
