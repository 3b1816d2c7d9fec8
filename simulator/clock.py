"""Two times: the one devices live in, and the one the sun keeps.

Devices (car, charger, meter cadence) live in *device time*, which is real time in the
demo and a multiple of it where a test is in a hurry. The sun and the household run
through their day at a speed of their own, many times faster in the demo.
"""

import asyncio
from datetime import UTC, datetime, timedelta
import time

from .trace import DAY_S


class Clock:
    """Device time: monotonic seconds from 0, and a wall clock that keeps step."""

    def __init__(self, *, pace: float = 1.0, wall: datetime | None = None) -> None:
        """Run ``pace`` times faster than real time, starting at ``wall``."""
        self.pace = pace
        self._started = time.monotonic()
        self._wall = wall or datetime.now(UTC)

    def now(self) -> float:
        """Device seconds since the clock was made."""
        return (time.monotonic() - self._started) * self.pace

    def wall(self) -> datetime:
        """Device time of day, aware, in UTC."""
        return self._wall + timedelta(seconds=self.now())

    async def sleep(self, seconds: float) -> None:
        """Wait that many device seconds."""
        await asyncio.sleep(max(0.0, seconds) / self.pace)


class DayClock:
    """Time of day of the sun and the household, in seconds since their midnight.

    ``first_s`` to ``last_s`` is the part of the day that is shown; then it starts again.
    Leaving the night out is what keeps a demo interesting.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        start_s: float = 0.0,
        first_s: float = 0.0,
        last_s: float = DAY_S,
    ) -> None:
        """Begin at ``start_s`` when device time is 0."""
        self._speed = speed
        self._first_s = first_s
        self._length_s = last_s - first_s
        self._since = 0.0
        self._start_s = start_s
        self._held = False

    @property
    def speed(self) -> float:
        """How many seconds of the sun's day pass in one device second."""
        return self._speed

    @property
    def held(self) -> bool:
        """Whether the sun stands still."""
        return self._held

    def day_s(self, now: float) -> float:
        """Time of day at a device time."""
        passed = 0.0 if self._held else (now - self._since) * self._speed
        return self._first_s + (self._start_s - self._first_s + passed) % self._length_s

    def set(self, now: float, day_s: float) -> None:
        """Make it that time of day."""
        self._start_s = day_s
        self._since = now

    def set_speed(self, now: float, speed: float) -> None:
        """Run at another speed from here on; 0 stops the sun."""
        self.set(now, self.day_s(now))
        self._speed = speed

    def hold(self, now: float) -> None:
        """Let the sun stand still until ``release``."""
        self.set(now, self.day_s(now))
        self._held = True

    def release(self, now: float) -> None:
        """Let the sun go on."""
        if self._held:
            self._since = now
            self._held = False


def hours_and_minutes(day_s: float) -> str:
    """Write a time of day as ``HH:MM``."""
    return f"{int(day_s) // 3600:02d}:{int(day_s) % 3600 // 60:02d}"


def parse_hours_and_minutes(text: str) -> float:
    """Read a time of day like ``09:30``; raises ValueError."""
    hours, _, minutes = text.partition(":")
    day_s = int(hours) * 3600 + int(minutes or 0) * 60
    if not 0 <= day_s < DAY_S:
        raise ValueError(f"{text} is not a time of day")
    return float(day_s)
