"""Whose doing it is when what an entity shows has changed: ours, its own or a person's."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from homeassistant.core import Context

# A device may still show older orders, or its way to the newest one, for this long.
SETTLE_S: Final = 15.0
# A device that is asked now and then shows for the first time what it was told.
_FIRST_ECHO_S: Final = 120.0
# For so long Home Assistant ascribes to a command whatever its entity shows.
_ASCRIBED_S: Final = 5.0
_CONTEXTS: Final = 32
_ORDERS: Final = 128
_SAME: Final = 1e-6


class OurContexts:
    """The contexts of our own commands, to know their effects by."""

    def __init__(self) -> None:
        """Begin with none."""
        self._ids: deque[str] = deque(maxlen=_CONTEXTS)

    def new(self) -> Context:
        """Return the context of a command."""
        context = Context()
        self._ids.append(context.id)
        return context

    def has(self, context: Context) -> bool:
        """Return whether a change is the effect of one of our commands."""
        return context.id in self._ids or context.parent_id in self._ids


@dataclass(kw_only=True, slots=True)
class _Order:
    """What was told, between what it moves the device, and whether that has shown."""

    value: float
    low: float
    high: float
    at: float
    # Anything was shown since, and by the device itself.
    shown: bool = False
    answered: bool = False


class Handover:
    """Compares what one entity was told with what it shows.

    A change that somebody's click or automation has made is a person's. Of one that the
    device reports by itself nobody can tell who made it: it is a person's unless it is
    what becomes of orders of ours, late, rounded or on its way. A load with a switch has
    one for its level and one for its switch: each may show before the other.
    """

    def __init__(self, ours: OurContexts, *, binary: bool = False) -> None:
        """Begin with an entity that was told nothing; ``binary`` knows only 0 and 1."""
        self.told: float | None = None
        self.taken_over: float | None = None
        self._ours = ours
        self._binary = binary
        self._orders: deque[_Order] = deque(maxlen=_ORDERS)
        self._settled: float | None = None
        self._last: float | None = None
        self._new = False
        self._fresh_until = float("-inf")

    def begins(self, value: float, shown: float | None, now: float) -> None:
        """Take note that a set-point is being told; ``shown`` is what shows before.

        The same one told again is no new order: what changes then is no echo of it.
        """
        self._new = value != self.told or self.taken_over is not None
        if self._new:
            if self.told is None or self.taken_over is not None:
                self._orders.clear()
                before = [shown]
            else:
                before = [self.told, shown]
            ends = [value, *(one for one in before if one is not None)]
            # Of what is there already no report is awaited.
            there = shown is not None and abs(value - shown) <= _SAME
            self._orders.append(
                _Order(
                    value=value,
                    low=min(ends),
                    high=max(ends),
                    at=now,
                    shown=there,
                    answered=there,
                )
            )
            self._settled = None
            self._fresh_until = now + SETTLE_S
        self.told = value
        self.taken_over = None
        self._last = shown

    def ended(self, now: float) -> None:
        """Take note that the command has been carried out, or given up."""
        if self._new and self._orders:
            newest = self._orders[-1]
            newest.at = now
            if not (self._binary and newest.shown):
                self._fresh_until = now + SETTLE_S

    def forget(self) -> None:
        """Begin anew: nothing is told any more, or the device was away."""
        self.told = self.taken_over = None
        self._settled = self._last = None
        self._orders.clear()

    def shows(
        self,
        value: float,
        context: Context,
        now: float,
        *,
        slack: float,
        rounding: float,
    ) -> bool:
        """Judge what the entity shows now; returns whether ``taken_over`` has changed.

        ``slack`` is what a value may differ by and still be the same, ``rounding`` what
        a device may make of what it was told.
        """
        by_us = self._ours.has(context)
        by_somebody = not by_us and bool(context.user_id or context.parent_id)
        if self._last is not None and abs(value - self._last) <= slack:
            # Something else about the entity has changed.
            return False
        self._last = value
        if self.told is None:
            return False
        if self.taken_over is not None:
            if by_us:
                # The rest of a command that a person has come before.
                return False
            self.taken_over = value
            return True
        ours = by_us or self._is_echo(
            value, now, slack=slack, rounding=rounding, by_somebody=by_somebody
        )
        if by_us and abs(value - self.told) <= rounding:
            self._settled = value
        self._note(value, now, slack=slack, by_us=by_us)
        if not ours:
            self.taken_over = value
        return not ours

    def _note(self, value: float, now: float, *, slack: float, by_us: bool) -> None:
        assert self.told is not None
        for order in self._orders:
            order.shown = True
            order.answered = order.answered or not by_us
        if self._binary and abs(value - self.told) <= slack:
            # It has arrived: no older order can show any more.
            until = now + _ASCRIBED_S if by_us else now
            self._fresh_until = min(self._fresh_until, until)

    def _is_echo(
        self,
        value: float,
        now: float,
        *,
        slack: float,
        rounding: float,
        by_somebody: bool,
    ) -> bool:
        assert self.told is not None
        off = abs(value - self.told)
        if off <= slack:
            return True
        if self._settled is not None and abs(value - self._settled) <= slack:
            return True
        if by_somebody:
            return False
        fresh = now < self._fresh_until
        recent = [one for one in self._orders if now - one.at < _FIRST_ECHO_S]
        unanswered = any(not one.answered for one in recent)
        if off <= rounding and (fresh or unanswered):
            self._settled = value
            return True
        # The first report since an order may be of any told since the last report.
        possible = [
            one
            for one in recent
            if not one.shown or (fresh and now - one.at < SETTLE_S)
        ]
        if any(abs(value - one.value) <= rounding for one in possible):
            return True
        if not possible:
            return False
        low = min(one.low for one in possible)
        high = max(one.high for one in possible)
        return low - slack <= value <= high + slack
