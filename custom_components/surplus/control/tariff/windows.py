"""Fixed hours: windows by weekday and season that may go past midnight."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ..model import Period
from .clock import DAY_MIN, ONE_DAY, Stretch, days, instant, stretches_of

EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, kw_only=True, slots=True)
class Season:
    """From one day of the year to another, both in it; it may go past New Year.

    Each is a month and a day of it.
    """

    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, day: date) -> bool:
        """Whether a day falls into it."""
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """From one minute of a day to another, of the next day where that is not later.

    ``weekdays`` (Monday is 0) and ``season`` are those of the day it begins on.
    """

    period: Period
    begins_min: int
    ends_min: int
    weekdays: frozenset[int] = EVERY_DAY
    season: Season | None = None

    def opens_on(self, day: date) -> bool:
        """Whether it begins on a day."""
        return day.weekday() in self.weekdays and (
            self.season is None or self.season.holds(day)
        )

    @property
    def last_min(self) -> int:
        """The minute it ends at, counted from the midnight before it begins."""
        wraps = self.ends_min <= self.begins_min
        return self.ends_min + (DAY_MIN if wraps else 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class FixedHours:
    """A calendar of windows; the first one that is open counts, else ``otherwise``."""

    windows: tuple[Window, ...]
    otherwise: Period

    def period_at(self, wall: datetime) -> Period:
        """Return the period of an instant, told as local time."""
        now = wall.astimezone(UTC)
        today = wall.date()
        for window in self.windows:
            for day in (today, today - ONE_DAY):
                if (
                    window.opens_on(day)
                    and instant(day, window.begins_min, wall.tzinfo) <= now
                    and now < instant(day, window.last_min, wall.tzinfo)
                ):
                    return window.period
        return self.otherwise

    def ahead(self, wall: datetime, until: datetime) -> Sequence[Stretch]:
        """Return the periods from an instant, told as local time, to a later one."""
        zone, begins = wall.tzinfo, wall.astimezone(UTC)
        ends = until.astimezone(UTC)
        layers = [
            [
                (
                    instant(day, window.begins_min, zone),
                    instant(day, window.last_min, zone),
                    window.period,
                )
                for day in days(begins, ends, zone)
                if window.opens_on(day)
            ]
            for window in self.windows
        ]
        return stretches_of(layers, self.otherwise, begins, ends)
