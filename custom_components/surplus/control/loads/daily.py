"""How long a load has run in its day, and when it must run for the rest of its minimum.

A day is one of the local clock: 23 or 25 hours long where the clock is put forward or
back. All lengths are therefore taken between instants, never between clock times.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from ..model import PriceClass, TariffNow
from ..tariff.spans import held_back_s, spent_s

_SLOT_S = 1800
_SLOTS = 86_400 // _SLOT_S
_ONE_DAY = timedelta(days=1)
# Between two looks further apart, nobody knows what a load did.
_LONGEST_LOOK_S = 60.0


class CheapHours:
    """Which half hours of a local day were cheap when they were last seen."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._slots: dict[int, bool] = {}
        self._ahead: tuple[tuple[datetime, datetime], float] | None = None

    def note(self, wall: datetime, cheap: bool | None) -> None:
        """Remember whether it is cheap now."""
        slot = _slot(wall)
        if cheap is not None and self._slots.get(slot) is not cheap:
            self._slots[slot] = cheap
            self._ahead = None

    def seen_at(self, wall: datetime) -> bool | None:
        """Return whether a half hour was cheap when it was last seen; None if never."""
        return self._slots.get(_slot(wall))

    def left_s(
        self, wall: datetime, end: datetime, tariff: TariffNow | None = None
    ) -> float:
        """Return how much cheap time is expected until ``end``, in s.

        By the tariff as far as it looks ahead, then by what was seen. Hours never seen
        count as cheap: who is too late for them still has the end of the day, who is
        too early has missed the sun.
        """
        if tariff is not None and tariff.ahead:
            told_s = spent_s(tariff, PriceClass.CHEAP, wall, end)
            known = tariff.ahead[-1].ends
            if known >= end:
                return told_s
            return told_s + self._ahead_s(known, end.astimezone(UTC), wall)
        begin, end = wall.astimezone(UTC), end.astimezone(UTC)
        into_s = (wall.minute * 60 + wall.second) % _SLOT_S
        whole = wall.replace(microsecond=0).astimezone(UTC)
        until = whole + timedelta(seconds=_SLOT_S - into_s)
        left_s = 0.0
        if self._slots.get(_slot(wall), True):
            left_s = (min(until, end) - begin).total_seconds()
        # What lies behind this half hour is the same for all of it.
        if self._ahead is None or self._ahead[0] != (until, end):
            self._ahead = (until, end), self._ahead_s(until, end, wall)
        return left_s + self._ahead[1]

    def _ahead_s(self, begin: datetime, end: datetime, wall: datetime) -> float:
        ahead_s = 0.0
        while begin < end:
            until = min(begin + timedelta(seconds=_SLOT_S), end)
            if self._slots.get(_slot(begin.astimezone(wall.tzinfo)), True):
                ahead_s += (until - begin).total_seconds()
            begin = until
        return ahead_s

    def as_dict(self) -> dict[str, bool]:
        """Return what was seen, ready for JSON."""
        return {str(slot): cheap for slot, cheap in sorted(self._slots.items())}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what ``as_dict`` gave. Raises ValueError when it is none of it."""
        self._slots = {
            int(slot): bool(cheap)
            for slot, cheap in saved.items()
            if 0 <= int(slot) < _SLOTS
        }
        self._ahead = None


@dataclass(frozen=True, slots=True)
class _Day:
    """A load's day: the date it began on, and the instants it begins and ends."""

    day: date
    begun: datetime
    ends: datetime
    zone: tzinfo | None
    ends_s: float

    def holds(self, at: datetime, wall: datetime, ends_s: float) -> bool:
        """Whether an instant falls into it, by the same clock."""
        return (
            self.begun <= at < self.ends
            and self.zone is wall.tzinfo
            and self.ends_s == ends_s
        )


class DailyRun:
    """The time a load was on in its day, counted once, by what it told itself.

    ``ends_s`` is when its day ends, in seconds after local midnight.
    """

    def __init__(self) -> None:
        """Start with a load never seen."""
        self.run_s = 0.0
        self.ends_s = 0.0
        self.cheap_hours = CheapHours()
        self._day: date | None = None
        self._today: _Day | None = None
        self._seen_at: float | None = None
        self._was_on = False
        self._using_cheap = False

    def see(
        self, on: bool | None, changed_at: float | None, now: float, wall: datetime
    ) -> None:
        """Count what it ran since it was seen last; ``on`` is None where nobody knows.

        ``changed_at`` is when it came into its present state, as it tells itself.
        """
        at = wall.astimezone(UTC)
        today = self._day_of(wall, at)
        day = today.day
        # A clock put back over the day's end must not count that end again; one that
        # had been wrong by more must not keep its day for ever.
        if self._day is None or not self._day - _ONE_DAY <= day <= self._day:
            self._day, self.run_s, self._using_cheap = day, 0.0, False
        if on is None:
            return
        since, self._seen_at = self._seen_at, now
        was_on, self._was_on = self._was_on, on
        if since is None:
            return
        from_at, to_at = since, now
        if changed_at is not None and changed_at > since:
            # It is told when it changed. What it did before that in between is not.
            if on:
                from_at = min(changed_at, now)
            else:
                to_at = min(changed_at, now)
        elif on is not was_on or (changed_at is None and now - since > _LONGEST_LOOK_S):
            return
        if on or was_on:
            today_s = (at - today.begun).total_seconds()
            from_at = max(from_at, now - max(0.0, today_s))
            self.run_s += max(0.0, to_at - from_at)

    def left_s(self, wall: datetime) -> float:
        """Return how long its day still lasts, in s."""
        at = wall.astimezone(UTC)
        return (self._day_of(wall, at).ends - at).total_seconds()

    def must_run(
        self,
        wall: datetime,
        least_s: float,
        margin_s: float,
        cheap: bool | None,
        tariff: TariffNow | None = None,
    ) -> bool:
        """Return whether it must run now to have run ``least_s`` when its day ends.

        As late as possible, for the sun may still do it; in cheap hours where they are
        known, and before dear ones that nothing is started in. ``margin_s`` is kept free
        for what may come between.
        """
        due_s = least_s - self.run_s
        if due_s <= 0 or not cheap:
            self._using_cheap = False
        if due_s <= 0:
            return False
        ends = self._day_of(wall, wall.astimezone(UTC)).ends
        lost_s = 0.0 if tariff is None else held_back_s(tariff, wall, ends)
        if self.left_s(wall) - lost_s <= due_s + margin_s:
            return True
        if cheap and not self._using_cheap:
            cheap_left_s = self.cheap_hours.left_s(wall, ends, tariff)
            self._using_cheap = cheap_left_s <= due_s + margin_s
        return self._using_cheap

    def as_dict(self) -> dict[str, Any]:
        """Return the day and what it ran in it, ready for JSON."""
        return {
            "day": self._day.isoformat() if self._day else None,
            "run_s": round(self.run_s, 1),
            "cheap_hours": self.cheap_hours.as_dict(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what ``as_dict`` gave; another day's time is dropped when seen.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        run_s = float(saved["run_s"])
        if not 0 <= run_s <= 25 * 3600:
            raise ValueError(f"{run_s} s is no part of a day")
        day = saved["day"]
        self.cheap_hours.restore(saved["cheap_hours"])
        self._day = date.fromisoformat(day) if day is not None else None
        self.run_s = run_s

    def _day_of(self, wall: datetime, at: datetime) -> _Day:
        """Return the day that holds an instant."""
        today = self._today
        if today is None or not today.holds(at, wall, self.ends_s):
            day = wall.date()
            if at < (begun := self._instant(day, wall)):
                day -= _ONE_DAY
                begun = self._instant(day, wall)
            ends = self._instant(day + _ONE_DAY, wall)
            today = self._today = _Day(day, begun, ends, wall.tzinfo, self.ends_s)
        return today

    def _instant(self, day: date, wall: datetime) -> datetime:
        hour, rest_s = divmod(int(self.ends_s) % 86_400, 3600)
        clock = time(hour, rest_s // 60, rest_s % 60)
        return datetime.combine(day, clock, tzinfo=wall.tzinfo).astimezone(UTC)


def _slot(wall: datetime) -> int:
    return (wall.hour * 3600 + wall.minute * 60 + wall.second) // _SLOT_S
