"""How a heater answers its commands: the model that aligns readings in time.

A dimmer takes a second or a few to follow, and nobody says which. So its course is a
ramp from one accepted power to the next, and what is decided on it must hold wherever
within ``slack_s`` of that ramp the truth may be.
"""

from bisect import bisect_right

_HISTORY_S = 300.0
_SLACK_SHARE = 0.75


class HeaterResponse:
    """The power a heater should draw, by what it accepted alone."""

    def __init__(self) -> None:
        """Know of no command yet."""
        # Corners of a piecewise linear course; constant before and after.
        self._times: list[float] = []
        self._powers: list[float] = []
        self._accepted: tuple[float, float] | None = None
        self._slack_s = 1.0

    def accepted(self, power_w: float, at: float, lag_s: float) -> None:
        """Note that ``power_w`` was accepted at ``at`` and takes ``lag_s`` to be drawn.

        The same power told again changes nothing.
        """
        # The true course may lie ahead of this one, or as far behind it. More slack
        # makes a slower heater calm, and a right one slow behind a cloud's edge.
        self._slack_s = max(0.5, _SLACK_SHARE * lag_s)
        if self._accepted is not None and (
            power_w == self._accepted[0] or at <= self._accepted[1]
        ):
            return
        first = self._accepted is None
        self._accepted = (power_w, at)
        from_w = power_w if first else self.power_w(at)
        keep = bisect_right(self._times, at)
        old = max(0, bisect_right(self._times, at - _HISTORY_S) - 1)
        self._times = [*self._times[old:keep], at, at + lag_s]
        self._powers = [*self._powers[old:keep], from_w, power_w]

    @property
    def known(self) -> bool:
        """Whether it ever accepted anything at a known instant."""
        return self._accepted is not None

    @property
    def changed_at(self) -> float:
        """When it last accepted another power."""
        return self._accepted[1] if self._accepted else 0.0

    def power_w(self, at: float) -> float:
        """Return what it should draw at an instant, in W."""
        if not self._times:
            return 0.0
        right = bisect_right(self._times, at)
        if right == 0:
            return self._powers[0]
        if right == len(self._times):
            return self._powers[-1]
        t0, t1 = self._times[right - 1], self._times[right]
        p0, p1 = self._powers[right - 1], self._powers[right]
        return p0 + (p1 - p0) * (at - t0) / (t1 - t0)

    def move_w(self, since: float, until: float) -> float:
        """Return by how much it should have moved between two instants, in W."""
        return self.power_w(until) - self.power_w(since)

    def doubt_w(self, at: float) -> float:
        """Return by how much ``power_w`` may be wrong: the move may come otherwise."""
        begin, end = at - self._slack_s, at + self._slack_s
        inside = slice(bisect_right(self._times, begin), bisect_right(self._times, end))
        around = (self.power_w(begin), self.power_w(end), *self._powers[inside])
        here = self.power_w(at)
        return max(abs(power_w - here) for power_w in around)

    def settled(self, at: float) -> bool:
        """Return whether it has had time to reach its command, and to spare."""
        return self.known and at > self._times[-1] + self._slack_s
