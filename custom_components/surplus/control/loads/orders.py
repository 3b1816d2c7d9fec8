"""What a load was told lately, and what it draws beyond that.

A load needs time to do what it is told. So it is held against all that it was told in
that time, and only what it draws beyond the most of it is its own doing.
"""

from collections import deque
from math import inf

# Between these a load draws more than it was told by its meter's noise alone.
_EXCESS_W = 150.0
_EXCESS_SHARE = 0.1


class Orders:
    """The powers of the set-points that one load was handed, in W.

    ``in_force_w`` is that of the last one. ``settles_s`` is within what time the load
    does what it is told.
    """

    def __init__(self, settles_s: float) -> None:
        """Begin with a load that was told nothing."""
        self.in_force_w = 0.0
        self.settles_s = settles_s
        # When, the most that it may have come to by it, and what it was told; each holds
        # until the next.
        self._told: deque[tuple[float, float, float]] = deque()

    def __bool__(self) -> bool:
        """Whether it was told anything."""
        return bool(self._told)

    @property
    def moving(self) -> bool:
        """Whether it may still be on the way from one set-point to the next."""
        return len(self._told) > 1

    def note(self, now: float, power_w: float, reserved_w: float) -> None:
        """Note a set-point's power, and what the load is about to take beside it."""
        self.in_force_w = power_w
        most_w = max(reserved_w, power_w)
        told = self._told
        if not told or told[-1][1:] != (most_w, power_w):
            told.append((now, most_w, power_w))
        # The last from before counts too: it was in force when the time began.
        while len(told) > 1 and told[1][0] <= now - self.settles_s:
            told.popleft()

    def told_before(self, at: float | None) -> bool:
        """Whether it was told what is in force before an instant."""
        return at is not None and bool(self._told) and self._told[-1][0] < at

    def most_w(self, now: float) -> float:
        """Return the most that it was told in the time it may need to do so."""
        told = self._told
        if not told:
            return 0.0
        most_w = max(0.0, told[-1][1])
        begins = now - self.settles_s
        for since, one_w, _ in reversed(told):
            most_w = max(most_w, one_w)
            if since <= begins:
                # What was told before was over when the time began.
                break
        return most_w

    def least_w(self, at: float) -> float:
        """Return the least that it was told before an instant, in the time it may need."""
        least_w = inf
        for since, _, power_w in reversed(self._told):
            if since < at:
                least_w = min(least_w, power_w)
            if since <= at - self.settles_s:
                break
        return least_w

    def most_at_w(
        self, at: float, later_w: float, seen: tuple[float, float] | None
    ) -> float:
        """Return the most that it can have drawn at an instant, ``later_w`` some time on.

        ``seen`` is what it was seen to draw before, and when. What it was told only since
        that instant, it had not begun by then; what it draws beyond all that, it may have
        drawn before.
        """
        begins, before_w, since_w = at - self.settles_s, -inf, 0.0
        if seen is not None and begins < seen[0] <= at:
            begins, before_w = seen
        for since, most_w, _ in reversed(self._told):
            if since >= at:
                since_w = max(since_w, most_w)
                continue
            before_w = max(before_w, most_w)
            if since <= begins:
                break
        if before_w == -inf:
            return inf
        return before_w + max(0.0, later_w - max(before_w, since_w))

    def excess_w(self, own_w: float, now: float) -> float:
        """Return what it draws beyond all that it was told in the time it may need."""
        # Asked for each load several times a cycle: most obey the very last one.
        if own_w <= _EXCESS_W:
            return 0.0
        told = self._told
        if not told or own_w - told[-1][1] <= _EXCESS_W:
            return 0.0
        most_w = self.most_w(now)
        excess_w = own_w - most_w
        return excess_w if excess_w > max(_EXCESS_W, _EXCESS_SHARE * most_w) else 0.0

    def may_draw_w(self, own_w: float, now: float) -> float:
        """Return the most that it may draw while it does what it was told lately."""
        return max(own_w, self.most_w(now)) if self.moving else own_w

    def falling_w(self, drawn_w: float, now: float) -> float:
        """Return by how much it was told lower and may not have moved yet."""
        most_w = min(drawn_w, self.most_w(now))
        return max(0.0, most_w - max(0.0, self.in_force_w))
