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
# A stretch lasts at least this long and counts this much: its ends are known to a frame
# in time and to nothing in energy, since it begins and ends when the index moves.
_LEAST_S: Final = 60.0
_LEAST_WH: Final = 8
# Frames come every 1 to 2 s. After a longer silence nobody knows what was apparent.
_GAP_S: Final = 5.0
# More active than apparent energy cannot be; samples of a load that swings miss some.
_MOST_RATIO: Final = 1.15
# What a single move may exceed what was apparent since the one before.
_SLACK_WH: Final = 2.0
# An index that stands still while this factor would have moved it has been corrupted.
_LEAST_RATIO: Final = 0.2

# Each stretch counts a quarter, and moves the factor by so much a minute at most: a loop
# that regulates within seconds sees a constant.
_GAIN: Final = 0.25
_MOST_PER_MIN: Final = 0.02
_MOST_MIN: Final = 2.0

_WS_PER_WH: Final = 3600.0


@dataclass(slots=True)
class PowerFactor:
    """The factor of one direction, between 0 and 1.

    ``value`` is 1, apparent power as it comes, until something was learned;
    ``stretches`` counts what it was learned from.
    """

    value: float = 1.0
    stretches: int = 0
    _at: float | None = None
    _wh: int | None = None
    _began_at: float | None = None
    _began_wh: int = 0
    _stretch_va_s: float = 0.0
    _since_move_va_s: float = 0.0

    @property
    def learned(self) -> bool:
        """Whether it rests on anything."""
        return self.stretches > 0

    def observe(self, at: float, va: float | None, wh: int | None) -> None:
        """Take what is apparent and the index of one frame.

        ``va`` is None while nothing flows in this direction, or nobody knows.
        """
        if self._at is not None and at <= self._at:
            return
        before_at, before_wh = self._at, self._wh
        self._at, self._wh = at, wh
        if va is None or va < _LEAST_VA or wh is None:
            self._at = None
            self._forget()
            return
        if before_at is None or at - before_at > _GAP_S or before_wh is None:
            self._forget()
            return
        va_s = va * (at - before_at)
        self._stretch_va_s += va_s
        self._since_move_va_s += va_s
        moved_wh = wh - before_wh
        apparent_wh = self._since_move_va_s / _WS_PER_WH
        if not moved_wh:
            if apparent_wh * _LEAST_RATIO > _SLACK_WH:
                self._forget()
            return
        self._since_move_va_s = 0.0
        if not 0 < moved_wh <= apparent_wh * _MOST_RATIO + _SLACK_WH:
            self._forget()
        elif self._began_at is None:
            self._begin(at, wh)
        elif at - self._began_at >= _LEAST_S and wh - self._began_wh >= _LEAST_WH:
            self._learn(at - self._began_at, wh - self._began_wh)
            self._begin(at, wh)

    def _begin(self, at: float, wh: int) -> None:
        self._began_at, self._began_wh = at, wh
        self._stretch_va_s = 0.0

    def _forget(self) -> None:
        """Give up the stretch; the next one begins when the index moves again."""
        self._began_at = None
        self._since_move_va_s = 0.0

    def _learn(self, took_s: float, counted_wh: int) -> None:
        ratio = counted_wh * _WS_PER_WH / self._stretch_va_s
        if ratio > _MOST_RATIO:
            return
        most = _MOST_PER_MIN * min(took_s / 60.0, _MOST_MIN)
        step = _GAIN * (min(ratio, 1.0) - self.value)
        self.value += max(-most, min(most, step))
        self.stretches += 1
