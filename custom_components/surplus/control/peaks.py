"""The house's own peak current of each hour, over the last seven days.

When no meter is left, this is what a boost must leave free.
"""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite

_DAYS = 7


class HousePeaks:
    """Peak base current (A, worst phase) by day and hour of the day."""

    def __init__(self, saved: Mapping[str, float] | None = None) -> None:
        """Start from what was saved: ``{"<ordinal day>:<hour>": amps}``."""
        self._peaks: dict[tuple[int, int], float] = {}
        for key, current_a in (saved or {}).items():
            day, hour = key.split(":")
            if isfinite(peak_a := float(current_a)):
                self._peaks[int(day), int(hour)] = peak_a

    def observe(self, current_a: float, wall: datetime) -> None:
        """Note what the house draws without the loads."""
        if not isfinite(current_a):
            return
        key = (wall.toordinal(), wall.hour)
        if key not in self._peaks:
            oldest = key[0] - _DAYS
            self._peaks = {k: v for k, v in self._peaks.items() if k[0] > oldest}
        self._peaks[key] = max(current_a, self._peaks.get(key, 0.0))

    def peak_a(self, wall: datetime) -> float | None:
        """Return the peak of this hour over the last days; None when never seen."""
        oldest = wall.toordinal() - _DAYS
        return max(
            (
                current_a
                for (day, hour), current_a in self._peaks.items()
                if hour == wall.hour and day >= oldest
            ),
            default=None,
        )

    def as_dict(self) -> dict[str, float]:
        """Return what to save."""
        return {f"{d}:{h}": round(a, 1) for (d, h), a in self._peaks.items()}
