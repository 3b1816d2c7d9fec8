"""Whether a load draws more than it was told, by what it is measured to draw."""

from math import inf

from ..control.loads.orders import Orders
from ..control.model import (
    ChargerReading,
    ChargerSpec,
    HeaterSpec,
    LoadReading,
    LoadSpec,
    Setpoint,
    SwitchedSpec,
)

# A load is given three times its lag to do what it is told.
_LAGS = 3.0
_SETTLES_S = 15.0
# One measurement may be wrong, and one may be of the very moment of a change.
_SEEN = 2
# It was told again so long after it was first seen to draw too much, later and later.
_FIRST_AGAIN_S = 20.0
_LONGEST_AGAIN_S = 600.0
# The upper end of what a grid supplies: a current tells more than a power does.
_MOST_V = 253.0


class Obedience:
    """One load's orders, held against what is measured of it.

    ``excess_w`` is what it draws beyond all that it was told in the time it may need;
    0 while it obeys, and where nothing measures it.
    """

    def __init__(self) -> None:
        """Know of no order."""
        self.excess_w = 0.0
        self._orders = Orders(_SETTLES_S)
        self._seen = 0
        self._measured_at: float | None = None
        self._again_at = 0.0
        self._again_s = _FIRST_AGAIN_S

    def observe(
        self, spec: LoadSpec, reading: LoadReading, told: Setpoint | None, now: float
    ) -> None:
        """Take in what it was told just now, and what is newest of what it draws.

        Without a set-point it is left alone, and does as it likes.
        """
        if told is None:
            self._obeys()
            self._orders = Orders(_SETTLES_S)
            return
        at = reading.power_at if reading.power_at is not None else now
        late_s = max(0.0, now - at)
        # What counts was told before the measurement, however old that is by now.
        self._orders.settles_s = _settles_s(spec) + late_s
        self._orders.note(now, _most_w(spec, told), 0.0)
        drawn_w = _drawn_w(spec, reading)
        if drawn_w is None or at == self._measured_at:
            return
        self._measured_at = at
        excess_w = self._orders.excess_w(drawn_w, now)
        if not excess_w:
            self._obeys()
            return
        self._seen += 1
        if self._seen < _SEEN:
            self._again_at = now + _FIRST_AGAIN_S
            return
        self.excess_w = excess_w

    def tell_again(self, now: float) -> bool:
        """Return whether it is time to tell it again what it does not do."""
        if not self.excess_w or now < self._again_at:
            return False
        self._again_s = min(2 * self._again_s, _LONGEST_AGAIN_S)
        self._again_at = now + self._again_s
        return True

    def _obeys(self) -> None:
        self.excess_w, self._seen, self._again_s = 0.0, 0, _FIRST_AGAIN_S


def _settles_s(spec: LoadSpec) -> float:
    lag_s = spec.lag_s if isinstance(spec, HeaterSpec) else 0.0
    return max(_SETTLES_S, _LAGS * lag_s)


def _most_w(spec: LoadSpec, told: Setpoint) -> float:
    """Return what a load may draw of its set-point."""
    if isinstance(spec, ChargerSpec):
        # A vehicle may use fewer phases than it could, and nobody knows at first.
        return told.value * _MOST_V * (told.phases or len(spec.phases))
    if isinstance(spec, SwitchedSpec) and told.value:
        # What is on draws what it draws.
        return inf
    return told.power_w


def _drawn_w(spec: LoadSpec, reading: LoadReading) -> float | None:
    """Return what a load draws, as ``_most_w`` counts; None where nothing tells."""
    if isinstance(reading, ChargerReading) and reading.currents_a:
        return max(reading.currents_a) * _MOST_V * len(spec.phases)
    return reading.power_w
