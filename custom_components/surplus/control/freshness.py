"""How old a grid reading may be, judged by the rhythm its meter has shown."""

from collections import deque
from copy import deepcopy
from enum import StrEnum
from statistics import median
from typing import Self

from .model import BatteryReading, GridReading

_STALE_S = 15.0
_STALE_INTERVALS = 3.0
_LOST_S = 60.0
_LOST_INTERVALS = 10.0
_LOST_AT_MOST_S = 300.0
_REMEMBERED_INTERVALS = 21


class MeterState(StrEnum):
    """What the grid meter is good for now."""

    NONE = "none"
    FRESH = "fresh"
    STALE = "stale"
    LOST = "lost"


class Freshness:
    """Learns a meter's interval and says when its readings are stale or lost.

    Stale: older than max(15 s, 3 intervals). Lost: older than max(60 s, 10 intervals),
    never more than 5 minutes.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._last_at: float | None = None
        self._intervals: deque[float] = deque(maxlen=_REMEMBERED_INTERVALS)
        self._interval_s = 0.0

    @property
    def interval_s(self) -> float:
        """The usual time between two readings; 0 until two have been seen."""
        return self._interval_s

    @property
    def stale_after_s(self) -> float:
        """Age from which a reading allows no increase."""
        return min(max(_STALE_S, _STALE_INTERVALS * self.interval_s), self.lost_after_s)

    @property
    def lost_after_s(self) -> float:
        """Age from which the meter counts as lost."""
        return min(max(_LOST_S, _LOST_INTERVALS * self.interval_s), _LOST_AT_MOST_S)

    def copy(self) -> Self:
        """Return what is known so far; both go on by themselves."""
        return deepcopy(self)

    def judge(
        self, grid: GridReading | BatteryReading | None, now: float
    ) -> MeterState:
        """Note a reading and say how good it is at ``now``."""
        if grid is None:
            return MeterState.NONE
        if self._last_at is not None and grid.at > self._last_at:
            interval = grid.at - self._last_at
            # A gap is a loss, not a rhythm.
            if interval <= _LOST_AT_MOST_S:
                self._intervals.append(interval)
                self._interval_s = median(self._intervals)
        if self._last_at is None or grid.at > self._last_at:
            self._last_at = grid.at
        age = now - grid.at
        if age <= _STALE_S:
            # Whatever the rhythm.
            return MeterState.FRESH
        if age > self.lost_after_s:
            return MeterState.LOST
        return MeterState.STALE if age > self.stale_after_s else MeterState.FRESH
