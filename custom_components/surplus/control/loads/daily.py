"""How long a load has run in its day, and when it must run for the rest of its minimum.

A day is one of the local clock: 23 or 25 hours long where the clock is put forward or
back. All lengths are therefore taken between instants, never between clock times.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

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

    def note(self, wall: datetime, cheap: bool | None) -> None:
        """Remember whether it is cheap now."""
        if cheap is not None:
            self._slots[_slot(wall)] = cheap

    def left_s(self, wall: datetime, end: datetime) -> float:
        """Return how much cheap time is expected until ``end``, in s.

        Hours never seen count as cheap: who is too late for them still has the end of
        the day, who is too early has missed the sun.
        """
        left_s, begin = 0.0, wall.astimezone(UTC)
        end = end.astimezone(UTC)
        while begin < end:
            local = begin.astimezone(wall.tzinfo)
            into_s = (local.minute * 60 + local.second) % _SLOT_S
            until = min(begin + timedelta(seconds=_SLOT_S - into_s), end)
            if self._slots.get(_slot(local), True):
                left_s += (until - begin).total_seconds()
            begin = until
        return left_s

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
        self._seen_at: float | None = None
        self._was_on = False
        self._using_cheap = False

    def see(
        self, on: bool | None, changed_at: float | None, now: float, wall: datetime
    ) -> None:
        """Count what it ran since it was seen last; ``on`` is None where nobody knows.

        ``changed_at`` is when it came into its present state, as it tells itself.
        """
        day, begun = self._today(wall)
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
            today_s = (wall.astimezone(UTC) - begun).total_seconds()
            from_at = max(from_at, now - max(0.0, today_s))
            self.run_s += max(0.0, to_at - from_at)

    def left_s(self, wall: datetime) -> float:
        """Return how long its day still lasts, in s."""
        return (self._ends(wall) - wall.astimezone(UTC)).total_seconds()

    def must_run(
        self, wall: datetime, least_s: float, margin_s: float, cheap: bool | None
    ) -> bool:
        """Return whether it must run now to have run ``least_s`` when its day ends.

        As late as possible, for the sun may still do it; in cheap hours where they are
        known. ``margin_s`` is kept free for what may come between.
        """
        due_s = least_s - self.run_s
        if due_s <= 0 or not cheap:
            self._using_cheap = False
        if due_s <= 0:
            return False
        if self.left_s(wall) <= due_s + margin_s:
            return True
        if cheap and not self._using_cheap:
            cheap_left_s = self.cheap_hours.left_s(wall, self._ends(wall))
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

    def _today(self, wall: datetime) -> tuple[date, datetime]:
        """Return the load's day, by the date it began on, and the instant it began."""
        today = wall.date()
        begun = self._instant(today, wall)
        if wall.astimezone(UTC) < begun:
            today -= _ONE_DAY
            begun = self._instant(today, wall)
        return today, begun

    def _ends(self, wall: datetime) -> datetime:
        return self._instant(self._today(wall)[0] + _ONE_DAY, wall)

    def _instant(self, day: date, wall: datetime) -> datetime:
        hour, rest_s = divmod(int(self.ends_s) % 86_400, 3600)
        clock = time(hour, rest_s // 60, rest_s % 60)
        return datetime.combine(day, clock, tzinfo=wall.tzinfo).astimezone(UTC)


def _slot(wall: datetime) -> int:
    return (wall.hour * 3600 + wall.minute * 60 + wall.second) // _SLOT_S
