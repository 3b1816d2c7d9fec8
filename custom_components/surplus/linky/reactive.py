"""Reactive power, from the reactive energy that a producer's meter counts.

The meter sends no reactive power, but four indexes: of the quadrants in which active
energy is drawn with an inductive (1) or capacitive (4) load, or injected (2 and 3).
Their net movement over time is the mean reactive power, exact but for 1 varh.
"""

from dataclasses import dataclass
from typing import Final

# Positive as long as current lags voltage (IEC 62053-23).
QUADRANTS: Final = {"ERQ1": 1, "ERQ2": 1, "ERQ3": -1, "ERQ4": -1}

# A mean of a minute at least; of 50 var, 1 varh takes longer than that.
_LEAST_S: Final = 60.0
_GAP_S: Final = 30.0
# Beyond what a connection of 36 kVA can do.
_MOST_VAR: Final = 50_000.0
_SLACK_VARH: Final = 2
_S_PER_H: Final = 3600.0


@dataclass(slots=True)
class ReactivePower:
    """The mean reactive power between the last movements of the indexes."""

    _at: float | None = None
    _varh: int = 0
    _moved_at: float = 0.0
    _began: tuple[float, int] | None = None
    _var: float | None = None

    def observe(self, at: float, varh: int) -> None:
        """Take the net of the four indexes."""
        before_at, before_varh = self._at, self._varh
        if before_at is not None and at <= before_at:
            return
        self._at, self._varh = at, varh
        if before_at is None or at - before_at > _GAP_S:
            self._began = self._var = None
            return
        moved_varh = abs(varh - before_varh)
        if not moved_varh:
            return
        self._moved_at = at
        if moved_varh > _SLACK_VARH + _MOST_VAR * (at - before_at) / _S_PER_H:
            self._began = None
        elif self._began is None:
            self._began = at, varh
        elif (took_s := at - self._began[0]) >= _LEAST_S:
            self._var = (varh - self._began[1]) * _S_PER_H / took_s
            self._began = at, varh

    def var(self, now: float) -> float | None:
        """Return the estimate in var: + for an inductive load, − for a capacitive one.

        None before the indexes moved twice. While they stand still, it is at most what
        would just not have moved them.
        """
        if self._var is None or self._at is None or now - self._at > _GAP_S:
            return None
        still_s = now - self._moved_at
        if still_s <= _LEAST_S:
            return self._var
        most_var = _S_PER_H / still_s
        return max(-most_var, min(most_var, self._var))
