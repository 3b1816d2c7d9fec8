"""Whether a vehicle takes what it is offered: its own minimum, and when it has enough.

Some cars need 7 or 8 A before they draw anything; others are full, or wait for their own
hour. Both look alike at first: offered the minimum, they draw nothing for long. So they
are offered one ampere more, a few times. A car that then draws has a higher minimum; one
that draws nothing at any offer has had enough.
"""

from dataclasses import dataclass

from ..model import IEC_MINIMUM_A, ChargerReading, ChargerSpec

# Below this a vehicle draws for its electronics, not for its battery.
DRAWING_W = 200.0
# The slowest cars begin within half a minute of an offer; some wake later.
_BEGIN_S = 150.0
_STEP_S = 60.0
# A charger that measures rarely must have measured at least so often.
_SAMPLES = 4
# What no car has needed beyond the standard's minimum.
_MOST_ABOVE_A = 4.0
_STEP_A = 1.0
MOST_FLOOR_A = IEC_MINIMUM_A + 2 * _MOST_ABOVE_A


@dataclass(kw_only=True, slots=True)
class _Silence:
    """Nothing drawn: at which offer, since when, and how often measured."""

    offered_a: float
    since: float
    patience_s: float
    last_at: float
    samples: int = 1


class Appetite:
    """What one vehicle has shown to take.

    ``floor_a`` is the least offer at which it draws, 0 where the charger's minimum is
    enough. ``full`` is that it takes nothing of any offer.
    """

    def __init__(self) -> None:
        """Expect a vehicle that takes what it is offered."""
        self.floor_a = 0.0
        self.full = False
        self._trial_a = 0.0
        self._silence: _Silence | None = None

    @property
    def needs_a(self) -> float:
        """The least to offer now: its floor, or one ampere more that is being tried."""
        return max(self.floor_a, self._trial_a)

    def forget(self) -> None:
        """Expect another vehicle."""
        self.floor_a = 0.0
        self.full = False
        self._trial_a = 0.0
        self._silence = None

    def observe(self, spec: ChargerSpec, reading: ChargerReading) -> None:
        """Take in the newest reading."""
        if not reading.wants_power:
            self.forget()
            return
        if reading.power_w is None or reading.power_at is None:
            return
        offered_a = reading.offered_a or 0.0
        if reading.power_w >= DRAWING_W:
            self.full = False
            self._silence = None
            if self._trial_a and offered_a >= self._trial_a:
                self.floor_a = self._trial_a
                self._trial_a = 0.0
            return
        offered_at = reading.offered_at
        if not offered_a or offered_at is None or reading.power_at < offered_at:
            # What was measured before an offer says nothing about it.
            if not offered_a:
                self._silence = None
            return
        self._listen(spec, offered_a, reading.power_at)

    def _listen(self, spec: ChargerSpec, offered_a: float, at: float) -> None:
        """Judge a silence by how long it lasts at what offer."""
        top_a = min(spec.min_a + _MOST_ABOVE_A, spec.max_a)
        level_a = min(offered_a, top_a)
        silence = self._silence
        if silence is None or silence.offered_a != level_a:
            self._silence = _Silence(
                offered_a=level_a,
                since=at,
                patience_s=_BEGIN_S if silence is None else _STEP_S,
                last_at=at,
            )
            return
        if at <= silence.last_at:
            return
        silence.last_at = at
        silence.samples += 1
        if at - silence.since < silence.patience_s or silence.samples < _SAMPLES:
            return
        if level_a >= top_a:
            self.full = True
            self._trial_a = 0.0
        elif not self.full:
            self._trial_a = level_a + _STEP_A
