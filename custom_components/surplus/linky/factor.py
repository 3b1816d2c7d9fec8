"""The power factor of the connection point, learned from the energy indexes.

Apparent power comes every second or two, active power never. An index counts active
energy: over the time in which it moves by some Wh, what it counted against what was
apparent is the power factor. Energy that is drawn and energy that is injected come from
different devices, so each direction has its own.
"""

from dataclasses import dataclass
from typing import Final

# Below this the reactive power of filters and standby dwarfs what is active, and what
# would be learned holds for nothing else.
_LEAST_VA: Final = 500.0
# A stretch lasts at least this long: it begins and ends when the index moves, so that its
# energy is exact and its time known to a frame.
_LEAST_S: Final = 60.0
# Frames come every 1 to 2 s. After a longer silence nobody knows what was apparent.
_GAP_S: Final = 5.0
# Less is reactive power at rest, as of inverters at night: of what is drawn by day it
# would make next to nothing.
_LEAST_RATIO: Final = 0.6
# More active than apparent energy cannot be; samples of a load that swings miss some.
_MOST_RATIO: Final = 1.15
# What a single move may exceed what was apparent since the one before.
_SLACK_WH: Final = 2.0

# Each stretch counts a quarter, and moves the factor by no more than this: a loop that
# regulates within seconds sees a constant.
_GAIN: Final = 0.25
_MOST_STEP: Final = 0.02

_WS_PER_WH: Final = 3600.0


@dataclass(slots=True)
class PowerFactor:
    """The factor of one direction, between 0.6 and 1.

    ``value`` is 1, apparent power as it comes, until something was learned.
    """

    value: float = 1.0
    learned: bool = False
    _last: tuple[float, int] | None = None
    _began: tuple[float, int] | None = None
    _stretch_va_s: float = 0.0
    _unmoved_va_s: float = 0.0

    def observe(self, at: float, va: float | None, wh: int | None) -> None:
        """Take what is apparent and the index of one frame.

        ``va`` is None while nothing flows in this direction, or nobody knows.
        """
        last = self._last
        if last is not None and at <= last[0]:
            return
        if va is None or va < _LEAST_VA or wh is None:
            self._last = None
            return
        self._last = at, wh
        if last is None or at - last[0] > _GAP_S:
            self._began = None
            return
        va_s = va * (at - last[0])
        self._stretch_va_s += va_s
        self._unmoved_va_s += va_s
        if wh != last[1]:
            self._move(at, wh, wh - last[1])

    def _move(self, at: float, wh: int, moved_wh: int) -> None:
        """Take a move of the index: where a stretch can begin and end."""
        most_wh = self._unmoved_va_s / _WS_PER_WH * _MOST_RATIO + _SLACK_WH
        self._unmoved_va_s = 0.0
        if not 0 < moved_wh <= most_wh:
            # Corrupted. It stands still until the truth has caught up with it.
            self._began = None
            return
        if self._began is not None:
            began_at, began_wh = self._began
            if at - began_at < _LEAST_S:
                return
            self._learn((wh - began_wh) * _WS_PER_WH / self._stretch_va_s)
        self._began = at, wh
        self._stretch_va_s = 0.0

    def _learn(self, ratio: float) -> None:
        if ratio > _MOST_RATIO:
            return
        step = _GAIN * (max(_LEAST_RATIO, min(ratio, 1.0)) - self.value)
        self.value += max(-_MOST_STEP, min(_MOST_STEP, step))
        self.learned = True
