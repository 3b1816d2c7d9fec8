"""How a commanded battery follows: the model that aligns its readings in time.

It tells its power every few seconds and the grid meter at other instants. The last
*measured* power is moved to the grid sample's instant by what this model says has
happened since; only differences of the model are used.
"""

from bisect import bisect_right

# Nominal for inverters with a set-point of their own: a second or two until they begin,
# some kW in a second. By how much the beginning may be wrong.
_DEAD_S = 1.0
_MOVES_W_S = 1_500.0
_DOUBT_S = 3.0
_HISTORY_S = 120.0


class StorageResponse:
    """The power a battery takes by its commands alone; + = charging, in W."""

    def __init__(self) -> None:
        """Know of no command."""
        # Corners of a piecewise linear course; constant before and after.
        self._times: list[float] = []
        self._watts: list[float] = []
        self._told: tuple[float, float] | None = None

    def commanded(self, power_w: float, at: float, from_w: float | None) -> None:
        """Note a command accepted at ``at``; the same one told again changes nothing.

        Before the first one the battery took ``from_w``, as measured.
        """
        if self._told is not None and (power_w == self._told[0] or at <= self._told[1]):
            return
        if not self._times:
            self._times, self._watts = [at], [power_w if from_w is None else from_w]
        self._told = power_w, at
        begins = at + _DEAD_S
        begins_w = self.power_w(begins)
        old = max(0, bisect_right(self._times, at - _HISTORY_S) - 1)
        keep = bisect_right(self._times, begins)
        self._times = [
            *self._times[old:keep],
            begins,
            begins + abs(power_w - begins_w) / _MOVES_W_S,
        ]
        self._watts = [*self._watts[old:keep], begins_w, power_w]

    @property
    def known(self) -> bool:
        """Whether any command was noted."""
        return self._told is not None

    def power_w(self, at: float) -> float:
        """Return what it takes at an instant by the model; 0 without a command."""
        times, watts = self._times, self._watts
        if not times:
            return 0.0
        if at >= times[-1]:
            return watts[-1]
        right = bisect_right(times, at)
        if right == 0:
            return watts[0]
        share = (at - times[right - 1]) / (times[right] - times[right - 1])
        return watts[right - 1] + share * (watts[right] - watts[right - 1])

    def move_w(self, since: float, until: float) -> float:
        """Return by how much it moved between two instants."""
        return self.power_w(until) - self.power_w(since)

    def doubt_w(self, since: float, until: float) -> float:
        """Return by how much the move may be wrong: it may come sooner or later."""
        if not self._times or min(since, until) - _DOUBT_S >= self._times[-1]:
            return 0.0
        move_w = self.move_w(since, until)
        return max(
            abs(self.move_w(since + shift_s, until + shift_s) - move_w)
            for shift_s in (-_DOUBT_S, _DOUBT_S)
        )
