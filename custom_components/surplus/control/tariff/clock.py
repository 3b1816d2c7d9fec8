"""From clock times to instants, and stretches of time with one period.

A tariff changes by the clock on the wall; how long a stretch lasts is counted between
instants. So every clock time becomes an instant first: a day of 23 or 25 hours then
needs no rule of its own.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise

from ..model import Period

ONE_DAY = timedelta(days=1)
DAY_MIN = 24 * 60
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """From one instant until before another one: one period. Instants are in UTC."""

    begins: datetime
    ends: datetime
    period: Period


def instant(day: date, minute: int, zone: tzinfo | None) -> datetime:
    """Return when a local clock shows a minute of a day, in UTC.

    ``minute`` may be of a later day, or of one before. A time that a clock put forward
    never shows is the instant it jumped; one that it shows twice is the first of both.
    """
    days, rest = divmod(minute, DAY_MIN)
    local = datetime(
        day.year, day.month, day.day, rest // 60, rest % 60, tzinfo=zone
    ) + timedelta(days=days)
    at = local.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return at
    return _jump(local.replace(fold=1).astimezone(UTC), at, zone)


def minute_of(wall: datetime) -> int:
    """Return the minute of its day that a local time is in."""
    return wall.hour * 60 + wall.minute


def stretches_of(
    layers: Sequence[Iterable[tuple[datetime, datetime, Period]]],
    otherwise: Period,
    begins: datetime,
    ends: datetime,
) -> list[Stretch]:
    """Return the periods from one instant to another: the first layer that has one.

    Each layer is spans of time; where none of them has anything it is ``otherwise``.
    """
    sorted_layers = [sorted(layer) for layer in layers]
    cuts = {begins, ends}
    for layer in sorted_layers:
        for span_begins, span_ends, _ in layer:
            cuts.update(at for at in (span_begins, span_ends) if begins < at < ends)
    ordered = sorted(cuts)
    return merged(
        Stretch(
            begins=one, ends=other, period=_period_at(sorted_layers, one, otherwise)
        )
        for one, other in pairwise(ordered)
    )


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return stretches in a row with neighbours of one period made one."""
    joined: list[Stretch] = []
    for stretch in stretches:
        if joined and joined[-1].period is stretch.period:
            joined[-1] = replace(joined[-1], ends=stretch.ends)
        else:
            joined.append(stretch)
    return joined


def days(begins: datetime, ends: datetime, zone: tzinfo | None) -> Iterator[date]:
    """Yield the local days between two instants, and the one before them."""
    day = begins.astimezone(zone).date() - ONE_DAY
    last = ends.astimezone(zone).date()
    while day <= last:
        yield day
        day += ONE_DAY


def _jump(before: datetime, after: datetime, zone: tzinfo | None) -> datetime:
    """Return the instant between two at which the clock was put forward."""
    offset = before.astimezone(zone).utcoffset()
    seconds = round((after - before) / _SECOND)
    first = bisect_right(
        range(seconds + 1),
        0,
        key=lambda s: (before + s * _SECOND).astimezone(zone).utcoffset() != offset,
    )
    return before + first * _SECOND


def _period_at(
    layers: Sequence[Sequence[tuple[datetime, datetime, Period]]],
    at: datetime,
    otherwise: Period,
) -> Period:
    for layer in layers:
        for begins, ends, period in layer:
            if begins <= at < ends:
                return period
    return otherwise
