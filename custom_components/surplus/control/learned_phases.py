"""Which phase a one-phase load hangs on, learned from what moves when it does.

Nobody knows by heart which phase a socket is on. When such a load starts, stops or
changes its power by enough, the current of one phase moves by as much; the house may move
another one in the same seconds, but not each time. So a phase counts as known once
several steps agree on it.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from .loads.base import Follower
from .model import GridReading, LoadInput, LoadSpec

_PHASES = 3
# Readings that a step is looked for in, and how many of them lie before and after it.
_SAMPLES = 12
_SIDE = 4
_WITHIN_S = 60.0
# A smaller step is the house's own restlessness.
_LEAST_W = 600.0
# By how much a load, and all the others, may move beside the step, as a share of it.
_STEADY_SHARE = 0.1
_OTHERS_SHARE = 0.3
# What the phase of a load must show of the step, and any other one may.
_SHOWN_SHARE = 0.6
_MOST_SHARE = 1.5
_ELSEWHERE_SHARE = 0.35
_REMEMBERED = 7
_KNOWN_FROM = 3
# The phase that is loaded most is another one only from this difference on.
_WORSE_A = 2.0


@dataclass(frozen=True, slots=True)
class _Sample:
    """Currents of the phases, and what each load draws at their instant."""

    at: float
    currents_a: tuple[float, ...]
    own_w: Mapping[str, float]

    def others_w(self, load_id: str) -> float:
        """Return what all loads but one draw."""
        return sum(self.own_w.values()) - self.own_w[load_id]


class LearnedPhases:
    """The phases of one-phase loads behind three, by load.

    ``known`` is what was learned, of those whose phase is declared as well.
    """

    def __init__(self, saved: Mapping[str, Sequence[int]] | None = None) -> None:
        """Start from what ``as_dict`` gave.

        Raises AttributeError, TypeError or ValueError when it is damaged.
        """
        self._votes: dict[str, deque[int]] = {
            str(load_id): deque(map(_phase, votes), maxlen=_REMEMBERED)
            for load_id, votes in (saved or {}).items()
        }
        self.known: Mapping[str, int] = _agreed(self._votes)
        self._samples: deque[_Sample] = deque(maxlen=_SAMPLES)
        # Seen once, a step is not to be judged again.
        self._judged_at: dict[str, float] = {}
        self._worst = 1
        self._placed: dict[str, tuple[LoadSpec, tuple[int, int | None], LoadSpec]] = {}

    def forget(self, load_id: str) -> None:
        """Forget a load that was deleted: one of the same id later is another one."""
        self._votes.pop(load_id, None)
        self._judged_at.pop(load_id, None)
        self._placed.pop(load_id, None)
        self.known = _agreed(self._votes)

    def placed(
        self, loads: tuple[LoadInput, ...], grid: GridReading | None, supply_phases: int
    ) -> tuple[LoadInput, ...]:
        """Return the loads on the phases that they hang on, as far as that is known.

        One whose phase is still to be learned may be on any: it counts on the one that
        has the least room. It still ``learns_phase``, and one that has learned it does
        not.
        """
        if supply_phases != _PHASES or not any(
            load.spec.learns_phase for load in loads
        ):
            return loads
        if grid is not None and len(grid.currents_a) == _PHASES:
            worst = max(range(_PHASES), key=lambda index: grid.currents_a[index])
            more_a = grid.currents_a[worst] - grid.currents_a[self._worst - 1]
            if more_a > _WORSE_A:
                self._worst = worst + 1
        return tuple(
            replace(load, spec=self._spec(load.spec))
            if load.spec.learns_phase
            else load
            for load in loads
        )

    def _spec(self, spec: LoadSpec) -> LoadSpec:
        known = self.known.get(spec.load_id)
        phase = self._worst if known is None else known
        placed = self._placed.get(spec.load_id)
        if placed is None or placed[:2] != (spec, (phase, known)):
            there = replace(spec, phases=(phase,), learns_phase=known is None)
            placed = (spec, (phase, known), there)
            self._placed[spec.load_id] = placed
        return placed[2]

    def see(
        self,
        grid: GridReading,
        followers: Sequence[Follower],
        own_w: Mapping[str, float],
        voltage_v: float,
    ) -> None:
        """Take in a new grid reading, with what each load draws at its instant."""
        if len(grid.currents_a) != _PHASES:
            return
        samples = self._samples
        samples.append(_Sample(grid.at, grid.currents_a, own_w))
        first = samples[0].own_w
        if len(samples) < _SAMPLES or grid.at - samples[0].at > _WITHIN_S:
            return
        for load, _ in followers:
            spec = load.spec
            load_id = spec.load_id
            if (
                load_id in first
                and abs(own_w[load_id] - first[load_id]) >= _LEAST_W
                and len(spec.phases) == 1
                and self._judged_at.get(load_id, float("-inf")) < samples[0].at
                and all(load_id in sample.own_w for sample in samples)
            ):
                self._judge(load_id, voltage_v)

    def _judge(self, load_id: str, voltage_v: float) -> None:
        seen = tuple(self._samples)
        before, after = seen[:_SIDE], seen[-_SIDE:]
        before_w, after_w = (_middle_w(side, load_id) for side in (before, after))
        step_w = after_w - before_w
        size_w = abs(step_w)
        if size_w < _LEAST_W or not all(
            abs(sample.own_w[load_id] - middle_w) <= _STEADY_SHARE * size_w
            for side, middle_w in ((before, before_w), (after, after_w))
            for sample in side
        ):
            # It is still on its way.
            return
        self._judged_at[load_id] = seen[-1].at
        others_w = median(sample.others_w(load_id) for sample in after) - median(
            sample.others_w(load_id) for sample in before
        )
        if abs(others_w) > _OTHERS_SHARE * size_w:
            return
        moved = [
            (_middle_a(after, index) - _middle_a(before, index)) * voltage_v / step_w
            for index in range(_PHASES)
        ]
        phase = max(range(_PHASES), key=lambda index: moved[index])
        elsewhere = max(
            abs(share) for index, share in enumerate(moved) if index != phase
        )
        if (
            not _SHOWN_SHARE <= moved[phase] <= _MOST_SHARE
            or elsewhere > _ELSEWHERE_SHARE
        ):
            return
        votes = self._votes.setdefault(load_id, deque(maxlen=_REMEMBERED))
        votes.append(phase + 1)
        self.known = _agreed(self._votes)

    def as_dict(self) -> dict[str, list[int]]:
        """Return what was learned, ready for JSON."""
        return {load_id: list(votes) for load_id, votes in self._votes.items()}


def _middle_w(side: Sequence[_Sample], load_id: str) -> float:
    return median(sample.own_w[load_id] for sample in side)


def _middle_a(side: Sequence[_Sample], index: int) -> float:
    return median(sample.currents_a[index] for sample in side)


def _agreed(votes: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """Return the phase of each load that enough steps agree on, two of three at least."""
    known = {}
    for load_id, cast in votes.items():
        for phase in range(1, _PHASES + 1):
            for_it = sum(vote == phase for vote in cast)
            if for_it >= _KNOWN_FROM and 3 * for_it >= 2 * len(cast):
                known[load_id] = phase
    return known


def _phase(saved: Any) -> int:
    if type(saved) is not int or not 1 <= saved <= _PHASES:
        raise ValueError(f"{saved} is no phase")
    return saved
