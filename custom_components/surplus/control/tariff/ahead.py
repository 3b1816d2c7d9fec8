"""Puts together what several calendars know of the time to come."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ..model import Period
from .clock import Stretch, merged

# A meter may switch this much earlier or later than its table says.
TOLERANCE = timedelta(minutes=30)


def patched(
    known: Sequence[Sequence[Stretch]], begins: datetime, ends: datetime
) -> Sequence[Stretch]:
    """Return the periods from an instant on, until the first one that none knows.

    Of several that know, the first one counts. All instants are in UTC.
    """
    stretches: list[Stretch] = []
    at = begins
    while at < ends:
        until = ends
        for stretch in (one for calendar in known for one in calendar):
            if stretch.begins <= at < stretch.ends:
                until = min(until, stretch.ends)
                stretches.append(Stretch(begins=at, ends=until, period=stretch.period))
                break
            if at < stretch.begins < until:
                # Here one begins that counts more than what follows.
                until = stretch.begins
        else:
            break
        at = until
    return merged(stretches)


def aligned(
    calendar: Callable[[datetime, datetime], Sequence[Stretch]],
    present: Period,
    wall: datetime,
    horizon: timedelta,
) -> Sequence[Stretch]:
    """Return what a calendar says is ahead, beginning with the period that holds now.

    Where the source has switched a little earlier than the calendar, or has not yet, the
    source is right. Where they contradict each other for longer nothing is known.
    """
    now, until = wall.astimezone(UTC), wall + horizon
    stretches = [stretch for stretch in calendar(wall, until) if stretch.ends > now]
    if not stretches:
        return ()
    first = stretches[0]
    if first.period is present:
        return stretches
    if (
        len(stretches) > 1
        and stretches[1].period is present
        and first.ends - now <= TOLERANCE
    ):
        return [replace(stretches[1], begins=now), *stretches[2:]]
    before = calendar((now - TOLERANCE).astimezone(wall.tzinfo), wall)
    if before and before[-1].ends == now and before[0].period is present:
        # Its own switch must come: at the latest when the tolerance is used up.
        switched = before[0].ends + TOLERANCE
        if now < switched < first.ends:
            return [
                Stretch(begins=now, ends=switched, period=present),
                replace(first, begins=switched),
                *stretches[1:],
            ]
    return ()
