"""When a source was seen to change: good enough to plan by, never to act by.

Windows are being moved, may differ by season, and a meter may be minutes off its table.
So only the last week counts, and the newest day of the same kind: a working day, a
Saturday, a Sunday.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from ..model import Period
from .clock import DAY_MIN, Stretch, days, instant, merged, minute_of

_KEPT = timedelta(days=7)
# Between two looks further apart nobody knows when it changed.
_LONGEST_GAP_MIN = 5

# From one minute of a day to another one, the last one included: a period.
type _Run = tuple[int, int, Period]


class LearnedHours:
    """The periods of the last seven days, by the local clock."""

    def __init__(self, saved: Mapping[str, Any] | None = None) -> None:
        """Start with what ``as_dict`` gave.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        self._days: dict[date, list[_Run]] = {
            date.fromisoformat(day): [_run(*run) for run in runs]
            for day, runs in (saved or {}).items()
        }

    def note(self, wall: datetime, period: Period) -> None:
        """Remember the period of a local time."""
        day, minute = wall.date(), minute_of(wall)
        runs = self._days.get(day)
        if runs is None:
            # A clock that had been ahead must not leave days that never end.
            kept = day - _KEPT
            self._days = {
                seen: runs for seen, runs in self._days.items() if kept <= seen <= day
            }
            runs = self._days[day] = []
        if runs:
            begins, last, of = runs[-1]
            if of is period and 0 <= minute - last <= _LONGEST_GAP_MIN:
                if minute != last:
                    runs[-1] = begins, minute, of
                return
        runs.append((minute, minute, period))

    def forget(self) -> None:
        """Forget it all: another contract or source."""
        self._days.clear()

    def ahead(self, wall: datetime, until: datetime) -> Sequence[Stretch]:
        """Return the periods from a local time on, as far as they were seen."""
        zone, now, last = wall.tzinfo, wall.astimezone(UTC), until.astimezone(UTC)
        stretches: list[Stretch] = []
        at = now
        for day in days(now, last, zone):
            for begins_min, ends_min, period in self._plan(day):
                begins = instant(day, begins_min, zone)
                ends = min(instant(day, ends_min, zone), last)
                if ends <= at:
                    continue
                if begins > at:
                    return merged(stretches)
                stretches.append(Stretch(begins=at, ends=ends, period=period))
                at = ends
        return merged(stretches)

    def as_dict(self) -> dict[str, list[list[Any]]]:
        """Return what was seen, ready for JSON."""
        return {
            day.isoformat(): [list(run) for run in runs]
            for day, runs in self._days.items()
        }

    def _plan(self, day: date) -> Sequence[_Run]:
        """Return what a day will be like: as the newest whole one of its kind.

        Each run lasts until the next one begins, where that was seen.
        """
        for seen in sorted(self._days, reverse=True):
            if _kind(seen) != _kind(day) or seen >= day or day - seen > _KEPT:
                continue
            runs = self._days[seen]
            planned = [
                (
                    begins,
                    following if following - last <= _LONGEST_GAP_MIN else last,
                    period,
                )
                for (begins, last, period), (following, _, _) in pairwise(
                    [*runs, (DAY_MIN, DAY_MIN, Period.BASE)]
                )
            ]
            if planned and planned[0][0] <= _LONGEST_GAP_MIN:
                planned[0] = 0, *planned[0][1:]
            if _whole(planned):
                return planned
        return ()


def _whole(runs: Sequence[_Run]) -> bool:
    """Return whether a day was seen from its begin to its end."""
    at = 0
    for begins, ends, _ in runs:
        if begins > at:
            return False
        at = max(at, ends)
    return at >= DAY_MIN


def _kind(day: date) -> int:
    """Return 0 for a working day, 1 for a Saturday, 2 for a Sunday."""
    return max(0, day.weekday() - 4)


def _run(begins: int, ends: int, period: str) -> _Run:
    if not 0 <= begins < DAY_MIN or not 0 <= ends < DAY_MIN:
        raise ValueError(f"{begins} to {ends} is no part of a day")
    return begins, ends, Period(period)
