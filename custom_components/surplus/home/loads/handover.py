"""Whose doing it is when what a load shows has changed: ours, its own or a person's."""

from collections import deque
from typing import Final

from homeassistant.core import Context

# A device may still show older orders, or its way to the newest one, for this long.
SETTLE_S: Final = 15.0
# Nearer than this part of its range, a device has rounded what it was told.
_ROUNDING: Final = 0.05
_CONTEXTS: Final = 32


class Handover:
    """Compares what a load was told with what it shows.

    A change that somebody's click or automation has made is a person's. Of one that the
    device reports by itself nobody can tell who made it: it is a person's unless it is
    what becomes of an order of ours, late, rounded or on its way.
    """

    def __init__(self) -> None:
        """Begin with a load that was told nothing."""
        self.told: float | None = None
        self.taken_over: float | None = None
        self._before: float | None = None
        self._settled: float | None = None
        self._last: float | None = None
        self._new = False
        self._ended_at = float("-inf")
        self._ours: deque[str] = deque(maxlen=_CONTEXTS)

    def new_context(self) -> Context:
        """Return the context of a command, to know its effects by."""
        context = Context()
        self._ours.append(context.id)
        return context

    def begins(self, value: float, shown: float | None, now: float) -> None:
        """Take note that a set-point is being told; ``shown`` is what shows before.

        The same one told again is no new order: what changes then is no echo of it.
        """
        self._new = value != self.told or self.taken_over is not None
        if self._new:
            taken = self.taken_over is not None
            self._before = shown if self.told is None or taken else self.told
            self._settled = None
            self._ended_at = now
        self.told = value
        self.taken_over = None
        self._last = shown

    def ended(self, now: float) -> None:
        """Take note that the command has been carried out, or given up."""
        if self._new:
            self._ended_at = now

    def stands(self, value: float) -> None:
        """Take note that Home wants what a person has set, which is there already."""
        self.told = value

    def forget(self) -> None:
        """Begin anew: nothing is told any more, or the device was away."""
        self.told = self.taken_over = None
        self._before = self._settled = self._last = None

    def shows(
        self, value: float, context: Context, now: float, *, slack: float, full: float
    ) -> bool:
        """Judge what the load shows now; returns whether ``taken_over`` has changed.

        ``slack`` is what a value may differ by and still be the same, ``full`` the span
        of all values.
        """
        if self._last is not None and abs(value - self._last) <= slack:
            # Something else about the entities has changed.
            return False
        self._last = value
        if self.told is None:
            return False
        if self.taken_over is not None:
            self.taken_over = value
            return True
        if self._is_ours(value, context, now, slack=slack, full=full):
            return False
        self.taken_over = value
        return True

    def _is_ours(
        self, value: float, context: Context, now: float, *, slack: float, full: float
    ) -> bool:
        assert self.told is not None
        off = abs(value - self.told)
        by_us = context.id in self._ours or context.parent_id in self._ours
        by_somebody = not by_us and (context.user_id or context.parent_id)
        fresh = by_us or now - self._ended_at < SETTLE_S
        if fresh and not by_somebody and off <= _ROUNDING * full:
            self._settled = value
        if by_us or off <= slack:
            return True
        if self._settled is not None and abs(value - self._settled) <= slack:
            return True
        return fresh and not by_somebody and self._on_its_way(value, slack)

    def _on_its_way(self, value: float, slack: float) -> bool:
        assert self.told is not None
        before = self.told if self._before is None else self._before
        low, high = sorted((before, self.told))
        return low - slack <= value <= high + slack
