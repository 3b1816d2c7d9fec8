"""How long a heater's power takes to come: as told, until its own sensor says otherwise.

A dimmer that acts with the next half wave and one that ramps for four seconds are both
sold as proportional. Believing the first to be slow leaves sun unused at every edge of a
cloud; believing the second to be fast makes it swing. So several lags are held against
each measured move, as a vehicle's response is (``learned_response``).
"""

from collections.abc import Mapping
from typing import Any

from .heater_response import HeaterResponse

LAGS_S = (0.0, 0.5, 1.0, 2.0, 4.0)

# Of the most it takes: a smaller move tells nothing about who is right.
_TELLING_SHARE = 0.05
# A move that no lag comes this near to, and a power below this share of what even the
# slowest should draw by then, have another reason: a thermostat.
_UNLIKE_SHARE = 0.25
_LEAST_SHARE = 0.2
_FORGET = 0.95
_SAMPLES = 12
_CLEARLY = 0.7


class LearnedLag:
    """The lag that has missed least for a while, and clearly."""

    def __init__(self) -> None:
        """Know of none."""
        self._best: float | None = None
        self._missed = dict.fromkeys(LAGS_S, 0.0)
        # Of the lag in force, which need be none of them.
        self._missed_now = 0.0
        self._samples = 0
        self._last: tuple[float, float] | None = None
        # A measurement is told in each cycle: it tells nothing twice.
        self._seen: tuple[float, float, float] | None = None

    def lag_s(self, nominal_s: float) -> float:
        """Return the lag learned, or the one that a person told."""
        return nominal_s if self._best is None else self._best

    def measured(
        self, response: HeaterResponse, power_w: float, at: float, most_w: float
    ) -> None:
        """Hold a measured power against what each lag says of the move up to it.

        ``most_w`` is the most that the heater takes, ``response`` its commands as it
        follows them.
        """
        seen = at, power_w, response.changed_at
        if seen == self._seen:
            return
        self._seen = seen
        least_w = min([response.power_w(at, lag_s) for lag_s in LAGS_S])
        if power_w < _LEAST_SHARE * least_w:
            self._last = None
            return
        last, self._last = self._last, (at, power_w)
        if last is None or at <= last[0]:
            return
        moved_w = power_w - last[1]
        told_w = response.move_w(last[0], at)
        moves = {lag_s: response.move_w(last[0], at, lag_s) for lag_s in LAGS_S}
        widest_w = max(map(abs, moves.values()))
        if widest_w < _TELLING_SHARE * most_w:
            return
        misses = {lag_s: abs(moved_w - move_w) for lag_s, move_w in moves.items()}
        if min(misses.values()) > _UNLIKE_SHARE * widest_w:
            return
        for lag_s, miss_w in misses.items():
            self._missed[lag_s] = _FORGET * self._missed[lag_s] + miss_w**2
        self._missed_now = _FORGET * self._missed_now + (moved_w - told_w) ** 2
        self._samples += 1
        if self._samples < _SAMPLES:
            return
        best = min(self._missed, key=self._missed.__getitem__)
        if self._missed[best] < _CLEARLY * self._missed_now:
            self._best, self._missed_now = best, self._missed[best]

    def learned(self) -> dict[str, float]:
        """Return what was learned, ready for JSON."""
        return {} if self._best is None else {"lag_s": self._best}

    def relearn(self, learned: Mapping[str, Any]) -> None:
        """Take back what ``learned`` gave, where it is one of ``LAGS_S``."""
        if (lag_s := learned.get("lag_s")) in LAGS_S:
            self._best = float(lag_s)
