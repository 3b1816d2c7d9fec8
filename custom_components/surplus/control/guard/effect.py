"""What shedding has done: whether the meter moved, and whether it was needed at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from ..loads.base import Follower

# The meter has moved when it falls by this share of what a load that was shed drew.
_SEEN_SHARE = 0.5
# It stands still where it changes by no more than this share of that.
_STILL_SHARE = 0.1
# What is measured to have ended by itself, and yet has not moved the meter, proves that
# the meter shows nothing of it; what is only believed to have drawn may have drawn nothing,
# and of a meter that does not stand still nobody knows what it would show without it.
_PROVES = 2
_HINTS = 1
# What the breaker would have held beyond this says nothing of a single shed.
_LONGEST_WINDOW_S = 30.0


@dataclass(kw_only=True, slots=True)
class _Round:
    """Loads that were shed together, until the meter has moved or should have."""

    at: float
    until: float
    before_a: tuple[float, ...]
    # By load: what it drew in all, and on each of its phases.
    drew_w: dict[str, float]
    drew_a: dict[str, float]


class Futility:
    """Whether shedding moves the meter. Where it does not, it is given up.

    A meter that stands still, or an overload that is none, would else take one load
    after the other until the whole house is off.
    """

    def __init__(self) -> None:
        """Begin with nothing shed."""
        self.futile = False
        self._vain = 0
        self._until = 0.0
        self._round: _Round | None = None

    def begins(
        self,
        followers: Sequence[Follower],
        drew_w: dict[str, float],
        shown_a: tuple[float, ...],
        *,
        at: float,
        now: float,
        voltage_v: float,
    ) -> None:
        """Note a round of loads that are shed on a reading of ``at``, with their power."""
        lag_s, drew_a = 0.0, {}
        for load, control in followers:
            if (load_id := load.spec.load_id) in drew_w:
                lag_s = max(lag_s, control.settles_s)
                phases = control.phases
                drew_a[load_id] = drew_w[load_id] / voltage_v / len(phases)
        self._until = now + lag_s
        self._round = _Round(
            at=at, until=self._until, before_a=shown_a, drew_w=drew_w, drew_a=drew_a
        )

    @property
    def waits(self) -> bool:
        """Whether a round may still show what it does."""
        return self._round is not None

    @property
    def doubted(self) -> bool:
        """Whether the last round did not show: a small one may drown in the house."""
        return self._vain > 0

    @property
    def pending_a(self) -> dict[str, float]:
        """What the meter is still to show of a round, in A on each phase of a load.

        Its own sensor may be quicker than the meter: it counts as given until then.
        """
        if self._round is None:
            return {}
        return self._round.drew_a

    def settles(self, now: float) -> bool:
        """Whether what was shed last may still be on its way to the meter."""
        return now < self._until

    def see(
        self,
        followers: Sequence[Follower],
        shown_a: tuple[float, ...],
        at: float,
        now: float,
    ) -> tuple[str, ...]:
        """Take in a new reading; returns the loads that have been shed in vain."""
        if (one := self._round) is None or at <= one.at:
            return ()
        # On any phase: a load may hang on another one than anybody knows.
        step_a = _SEEN_SHARE * min(one.drew_a.values())
        rises_a = [
            after_a - before_a
            for before_a, after_a in zip(one.before_a, shown_a, strict=False)
        ]
        if len(shown_a) != len(one.before_a) or min(rises_a, default=0.0) <= -step_a:
            self._round, self._vain = None, 0
            return ()
        if now < one.until:
            return ()
        # What has begun in the same seconds may hide that it has ended.
        hidden = max(map(abs, rises_a), default=0.0) > _STILL_SHARE * step_a
        measured = all(
            load.reading.power_w is not None
            and load.reading.power_w < _SEEN_SHARE * one.drew_w[load.spec.load_id]
            for load, _ in followers
            if load.spec.load_id in one.drew_w
        )
        self._vain += _PROVES if measured and not hidden else _HINTS
        self.futile = self._vain >= _PROVES
        self._round = None
        return tuple(one.drew_w)

    def ends(self) -> None:
        """Begin anew: the overload is over."""
        self.futile, self._vain, self._round = False, 0, None


@dataclass(kw_only=True, slots=True)
class _Doubt:
    """A load that was shed, for as long as the breaker would have held without."""

    key: str
    limit_a: float
    poles: tuple[int, ...]
    drew_a: float
    until: float


class Hindsight:
    """Counts sheds that were not needed.

    One was unnecessary where house and load together came back under the limit within
    the seconds that the breaker still held, 30 at most: the overload would have ended
    by itself.
    """

    def __init__(self) -> None:
        """Begin with nothing shed."""
        self._doubts: dict[str, _Doubt] = {}

    def begins(
        self,
        load_id: str,
        key: str,
        limit_a: float,
        poles: tuple[int, ...],
        drew_a: float,
        *,
        at: float,
        left_s: float,
    ) -> None:
        """Note a load that is shed on a reading, for a limit that was shown exceeded."""
        self._doubts[load_id] = _Doubt(
            key=key,
            limit_a=limit_a,
            poles=poles,
            drew_a=drew_a,
            until=at + min(left_s, _LONGEST_WINDOW_S),
        )

    @property
    def waits(self) -> bool:
        """Whether a shed is still to be judged."""
        return bool(self._doubts)

    def see(self, shown: dict[str, tuple[float, ...]], at: float) -> int:
        """Take in what is shown under each limit; return how many sheds were not needed."""
        unnecessary = 0
        for load_id, doubt in tuple(self._doubts.items()):
            shown_a = shown.get(doubt.key)
            if at > doubt.until or shown_a is None:
                del self._doubts[load_id]
                continue
            with_it_a = max(
                (
                    amperes + (doubt.drew_a if pole in doubt.poles else 0.0)
                    for pole, amperes in enumerate(shown_a, start=1)
                ),
                default=inf,
            )
            if with_it_a <= doubt.limit_a:
                unnecessary += 1
                del self._doubts[load_id]
        return unnecessary

    def restored(self, load_id: str) -> None:
        """Judge no more what is back."""
        self._doubts.pop(load_id, None)
