"""How often a charger may be told another current, so that a day's writes last.

Every command wears something: flash, relays, a queue of frames. Writes come back with
time into a store that holds most of a day's. While it is full, any change is worth one; as
it empties, a change must have missed ever more charge before it is made: a large error
soon, a small one late. Stops, starts and limits are never held back.
"""

from math import inf

_DAY_S = 86_400.0
# The store holds this share of a day's writes; the rest comes back over the day.
_STORED = 0.8
# Nothing is spared before this share of the store is gone.
_FREE = 0.2
# Missed charge, in A s per phase and day, that the writes of a day share when few are
# left; in the last part a change's price rises without bounds.
_DEAR_AS = 180_000.0
_LAST = 0.1


class Pace:
    """The writes of one charger. ``strain`` is 0 while there are plenty, to 1 at none."""

    def __init__(self) -> None:
        """Begin with a full store."""
        self._left = inf
        self._store = 0.0
        self._at: float | None = None
        self._dear_as = 0.0
        self._missed_as = 0.0

    def observe(self, now: float, writes_per_day: int) -> None:
        """Let writes come back with time."""
        self._store = _STORED * writes_per_day
        self._dear_as = _DEAR_AS / max(1, writes_per_day)
        if self._at is not None:
            back = (1.0 - _STORED) * writes_per_day * (now - self._at) / _DAY_S
            self._left += max(0.0, back)
        self._left = min(self._left, self._store)
        self._at = now

    @property
    def left(self) -> float:
        """The writes in the store; inf before the first moment."""
        return self._left

    def restore(self, left: float, at: float) -> None:
        """Go on from a store as it was at a moment, which may be long ago."""
        self._left = max(0.0, left)
        self._at = at

    @property
    def strain(self) -> float:
        """How scarce writes are, from 0 to 1."""
        if self._store <= 0:
            return 1.0
        return max(0.0, 1.0 - self._left / self._store / (1.0 - _FREE))

    def wrote(self) -> None:
        """Count a command."""
        self._left = max(0.0, self._left - 1.0)
        self._missed_as = 0.0

    def worth_it(self, error_a: float, dt_s: float) -> bool:
        """Add ``dt_s`` of an offer that is wrong; True when a change is worth a write."""
        self._missed_as += abs(error_a) * dt_s
        if self._left < 1.0:
            return False
        strain = self.strain
        scarce = min(1.0, (1.0 - strain) / _LAST)
        return self._missed_as * scarce >= self._dear_as * strain**2
