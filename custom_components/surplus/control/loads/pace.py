"""How often a load may be told something else, so that a day's writes last.

Every command wears something: flash, relays, a queue of frames. Writes come back with
time into a store that holds most of a day's. While it is full, any change is worth one; as
it empties, a change must have missed ever more charge or energy before it is made: a large error
soon, a small one late. A fall costs at most one write per rise, and what it misses is
imported: it waits no longer for an empty store than for one that is nearly so.

Stops, starts, limits and what a person asks for are never held back.
"""

from math import inf

_DAY_S = 86_400.0
# The store holds this share of a day's writes; the rest comes back over the day.
_STORED = 0.8
# Nothing is spared before this share of the store is gone.
_FREE = 0.2
# Missed charge, in A s per phase and day, that the writes of a day share when few are
# left; in the last part a change's price rises without bounds. In W s it is the energy of
# that at mains voltage.
_DEAR_AS = 180_000.0
DEAR_WS = 230.0 * _DEAR_AS
_LAST = 0.1


class Pace:
    """The writes of one load. ``strain`` is 0 while there are plenty, to 1 at none."""

    def __init__(self, dear: float = _DEAR_AS) -> None:
        """Begin with a full store.

        ``dear`` is what a day's writes share when few are left: for errors in A per
        phase, or ``DEAR_WS`` for errors in W.
        """
        self._dear_of_a_day = dear
        self._left = inf
        self._store = 0.0
        self._at: float | None = None
        self._dear = 0.0
        self._missed = 0.0

    def observe(self, now: float, writes_per_day: int) -> None:
        """Let writes come back with time."""
        self._store = _STORED * writes_per_day
        self._dear = self._dear_of_a_day / max(1, writes_per_day)
        if self._at is not None:
            back = (1.0 - _STORED) * writes_per_day * (now - self._at) / _DAY_S
            if back > 0:
                self._left += back
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
        self._missed = 0.0

    def worth_it(self, error: float, dt_s: float) -> bool:
        """Add ``dt_s`` of an error; True when a change is worth a write.

        Above 0 the change is a rise, for which there must be a write left.
        """
        self._missed += abs(error) * dt_s
        falls = error < 0
        if self._left < 1.0 and not falls:
            return False
        strain = self.strain
        scarce = 1.0 if falls else min(1.0, (1.0 - strain) / _LAST)
        return self._missed * scarce >= self._dear * strain**2
