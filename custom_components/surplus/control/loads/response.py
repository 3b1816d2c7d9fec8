"""How a vehicle answers its charger: the model that aligns readings in time.

A charger tells its power every few seconds and a grid meter at other instants. Adding
the two as they come counts twice what the car is still doing. So the last *measured*
power is moved to the grid sample's instant by what this model says has happened since.
Only differences of the model are used: where it is wrong by a factor of two, the next
measurement takes the error away.
"""

from bisect import bisect_right
from dataclasses import dataclass

_HISTORY_S = 300.0
_SETTLED_S = 10.0
_INSTANT_S = 0.001


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseFacts:
    """Nominal plant facts of an AC charger with a car.

    From measured sessions: 0.46–0.61 A/s upward per phase, a stop within one 3 s sample,
    10–30 s from the offer to the first current. Times count from the charger's yes.
    ``doubt_s`` is by how much any of them may be wrong.
    """

    dead_s: float = 2.0
    doubt_s: float = 5.0
    start_s: float = 15.0
    up_a_per_s: float = 0.6
    down_a_per_s: float = 5.0


class ChargerResponse:
    """The current a car draws per phase, by its charger's offers alone."""

    def __init__(self, facts: ResponseFacts | None = None) -> None:
        """Start from a car that draws nothing."""
        self.facts = facts or ResponseFacts()
        # Corners of a piecewise linear trajectory; constant after the last.
        self._times: list[float] = []
        self._amps: list[float] = []
        self._offer: tuple[float, float] | None = None
        self._held_until = 0.0

    def offered(
        self, current_a: float, at: float, drawn_a: float | None = None
    ) -> None:
        """Note that the charger accepted to offer ``current_a`` at ``at``.

        The same offer told again changes nothing. Before the first one the car draws
        ``drawn_a``, as measured; where nothing was measured, what it is offered.
        """
        if self.is_news(current_a, at):
            self.take_up(current_a, at, drawn_a)

    def take_up(self, current_a: float, at: float, drawn_a: float | None) -> None:
        """Note an offer that is news, as ``offered`` does."""
        if self._offer is None:
            self._times = [at]
            self._amps = [current_a if drawn_a is None else drawn_a]
        self._offer = (current_a, at)
        facts, times, amps = self.facts, self._times, self._amps
        if current_a == 0:
            begins = at
        elif self._held_until > at:
            begins = self._held_until + facts.start_s
        else:
            starts = self.drawn_a(at) == 0
            begins = at + (facts.start_s if starts else facts.dead_s)
        keep, from_a = bisect_right(times, begins), self.drawn_a(begins)
        rate = facts.up_a_per_s if current_a > from_a else facts.down_a_per_s
        times[keep:] = (begins, begins + abs(current_a - from_a) / rate)
        amps[keep:] = (from_a, current_a)
        if keep > 1 and times[1] <= at - _HISTORY_S:
            old = bisect_right(times, at - _HISTORY_S, 0, keep)
            del times[: old - 1]
            del amps[: old - 1]

    def is_news(self, current_a: float, at: float) -> bool:
        """Whether an offer is another one, and a later one, than the last."""
        return self._offer is None or (
            self._offer[0] != current_a and at > self._offer[1]
        )

    def paused(self, current_a: float, at: float, until: float) -> None:
        """Note that the charger offers nothing before it offers ``current_a`` again."""
        self.offered(0.0, at)
        self._offer = (0.0, at)
        self._held_until = until
        self.offered(current_a, at + _INSTANT_S)

    def began(self, drawn_a: float, at: float) -> None:
        """Go on from a current that was measured at ``at``, towards the last offer."""
        if self._offer is None:
            return
        target_a = self._offer[0]
        facts = self.facts
        rate = facts.up_a_per_s if target_a > drawn_a else facts.down_a_per_s
        keep = bisect_right(self._times, at)
        times, amps = self._times[:keep], self._amps[:keep]
        before_a = amps[-1] if amps else 0.0
        self._times = [*times, at, at, at + abs(target_a - drawn_a) / rate]
        self._amps = [*amps, before_a, drawn_a, target_a]

    @property
    def known(self) -> bool:
        """Whether any offer was noted."""
        return self._offer is not None

    def drawn_a(self, at: float) -> float:
        """Return the current per phase at an instant, in A."""
        times, amps = self._times, self._amps
        if not times:
            return 0.0
        if at >= times[-1]:
            return amps[-1]
        right = bisect_right(times, at)
        if right == 0:
            return amps[0]
        left = right - 1
        t0, a0 = times[left], amps[left]
        return a0 + (amps[right] - a0) * (at - t0) / (times[right] - t0)

    def move_a(self, since: float, until: float) -> float:
        """Return by how much the current moved between two instants, in A."""
        times = self._times
        # Most of the time it has arrived by both.
        if not times or (times[-1] <= since and times[-1] <= until):
            return 0.0
        return self.drawn_a(until) - self.drawn_a(since)

    def doubt_a(self, since: float, until: float) -> float:
        """Return by how much the move may be wrong, in A: it may come sooner or later."""
        slack_s = self.facts.doubt_s
        times = self._times
        if not times or times[-1] <= min(since, until) - slack_s:
            return 0.0
        move_a = self.move_a(since, until)
        sooner_a = self.move_a(since + slack_s, until + slack_s)
        later_a = self.move_a(since - slack_s, until - slack_s)
        return max(abs(sooner_a - move_a), abs(later_a - move_a))

    def settled(self, at: float) -> bool:
        """Return whether the car has had time to reach its offer, and to spare."""
        return bool(self._times) and at > self._times[-1] + _SETTLED_S
