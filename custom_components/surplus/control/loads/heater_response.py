"""How a heater answers its commands: the model that aligns readings in time.

A dimmer takes a second or a few to follow, and nobody says which. So each command is
drawn little by little over ``lag_s``, whatever came before it, and what is decided on
that must hold wherever within ``slack_s`` of it the truth may be.
"""

from bisect import bisect_right

_HISTORY_S = 300.0
_SLACK_SHARE = 0.75


class HeaterResponse:
    """The power a heater should draw, by what it accepted alone."""

    def __init__(self) -> None:
        """Know of no command yet."""
        # What was accepted, and when; each holds until the next.
        self._times: list[float] = []
        self._powers: list[float] = []
        self._lag_s = 0.0

    def accepted(self, power_w: float, at: float, lag_s: float) -> None:
        """Note that ``power_w`` was accepted at ``at`` and takes ``lag_s`` to be drawn.

        The same power told again changes nothing.
        """
        self._lag_s = max(lag_s, 0.0)
        if self._times and (power_w == self._powers[-1] or at <= self._times[-1]):
            return
        old = max(0, bisect_right(self._times, at - _HISTORY_S) - 1)
        self._times = [*self._times[old:], at]
        self._powers = [*self._powers[old:], power_w]

    @property
    def slack_s(self) -> float:
        """By how much the true course may come sooner or later than the modelled one.

        More of it makes a slower heater calm, and a right one slow behind a cloud.
        """
        return max(0.5, _SLACK_SHARE * self._lag_s)

    @property
    def known(self) -> bool:
        """Whether it ever accepted anything at a known instant."""
        return bool(self._times)

    @property
    def changed_at(self) -> float:
        """When it last accepted another power."""
        return self._times[-1] if self._times else 0.0

    def power_w(self, at: float, lag_s: float | None = None) -> float:
        """Return what it should draw at an instant, in W; ``lag_s`` is another lag."""
        if lag_s is None:
            lag_s = self._lag_s
        if not self._times:
            return 0.0
        if at >= self._times[-1] + lag_s:
            return self._powers[-1]
        newest = bisect_right(self._times, at) - 1
        power_w = self._powers[max(0, newest)]
        # Each step that is younger than the lag has only come in part.
        for index in range(newest, 0, -1):
            age_s = at - self._times[index]
            if age_s >= lag_s:
                break
            step_w = self._powers[index] - self._powers[index - 1]
            power_w -= step_w * (1.0 - age_s / lag_s)
        return power_w

    def move_w(self, since: float, until: float, lag_s: float | None = None) -> float:
        """Return by how much it should have moved between two instants, in W."""
        return self.power_w(until, lag_s) - self.power_w(since, lag_s)

    def doubt_w(self, at: float) -> float:
        """Return by how much ``power_w`` may be wrong: the move may come otherwise."""
        if self.settled(at):
            return 0.0
        begin, end = at - self.slack_s, at + self.slack_s
        first = bisect_right(self._times, begin - self._lag_s)
        corners = [
            corner
            for time in self._times[first:]
            for corner in (time, time + self._lag_s)
            if begin < corner < end
        ]
        here = self.power_w(at)
        return max(
            abs(self.power_w(instant) - here) for instant in (begin, end, *corners)
        )

    def settled(self, at: float) -> bool:
        """Return whether it has had time to reach its command, and to spare."""
        return self.known and at > self._times[-1] + self._lag_s + self.slack_s
