"""Limits on some of the loads, or on all phases together: circuits, and the house cap.

Behind a circuit's breaker are loads and nothing else that anybody knows of: what flows
there is what they draw. A cap is one limit for the sum of the phases.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .model import LimitKind

_NOTHING: Mapping[int, float] = {}
_CIRCUIT = f"{LimitKind.CIRCUIT}:"


def key_of(circuit_id: str) -> str:
    """Return what tells a circuit from other limits."""
    return f"{_CIRCUIT}{circuit_id}"


@dataclass(kw_only=True, slots=True)
class Group:
    """A limit in A per pole: each phase is one, or all ``together`` are.

    ``base_a`` flows without the loads, ``shown_a`` with them, per pole. ``load_ids`` are
    those behind it, None for all; of those ``anywhere`` nobody knows the phase yet, and
    they count on each. ``key`` tells it from others of its kind.
    """

    key: str
    kind: LimitKind
    limit_a: float
    base_a: tuple[float, ...]
    shown_a: tuple[float, ...]
    load_ids: frozenset[str] | None = None
    anywhere: frozenset[str] = frozenset()
    together: bool = False
    _meant_anywhere: bool = field(init=False, default=False)
    _given_a: list[float] = field(init=False)
    _before_a: list[float] = field(init=False)
    _risen_a: list[float] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing handed out."""
        self._given_a = [0.0] * len(self.base_a)
        self._before_a = [0.0] * len(self.base_a)
        self._risen_a = [0.0] * len(self.base_a)

    @property
    def circuit_id(self) -> str | None:
        """Which circuit it is; None where it is none."""
        if self.kind is not LimitKind.CIRCUIT:
            return None
        return self.key.removeprefix(_CIRCUIT)

    def holds(self, load_id: str | None) -> bool:
        """Whether a load is behind it."""
        return self.load_ids is None or load_id in self.load_ids

    def mean(self, load_id: str) -> None:
        """Let the phases be those of a load, from here on."""
        self._meant_anywhere = load_id in self.anywhere

    def on_poles(
        self, load_id: str, phases: Sequence[int], current_a: float
    ) -> dict[int, float]:
        """Return what a load's current on each of its phases is on the poles."""
        if self.together:
            return {1: current_a * len(phases)}
        if load_id in self.anywhere:
            return dict.fromkeys(self._all_poles, current_a)
        return dict.fromkeys(phases, current_a)

    @property
    def _all_poles(self) -> range:
        return range(1, len(self.base_a) + 1)

    def room_a(self, phases: Iterable[int]) -> float:
        """Return what some phases may still be handed, each."""
        limit_a, base_a, given_a = self.limit_a, self.base_a, self._given_a
        if self.together:
            return (limit_a - base_a[0] - given_a[0]) / len(tuple(phases))
        if self._meant_anywhere:
            phases = self._all_poles
        return min(limit_a - base_a[p - 1] - given_a[p - 1] for p in phases)

    def to_rise_a(
        self, phases: Iterable[int], freed_a: Mapping[int, float] = _NOTHING
    ) -> float:
        """Return by how much some phases may rise on top of what is shown, each.

        That is once ``freed_a`` flows no more, per phase.
        """
        limit_a, shown_a, risen_a = self.limit_a, self.shown_a, self._risen_a
        if self.together:
            room_a = limit_a - shown_a[0] - risen_a[0] + sum(freed_a.values())
            return room_a / len(tuple(phases))
        if self._meant_anywhere:
            phases = self._all_poles
        return min(
            [
                limit_a - shown_a[p - 1] - risen_a[p - 1] + freed_a.get(p, 0.0)
                for p in phases
            ]
        )

    def exceeded(self, phases: Iterable[int]) -> bool:
        """Whether it is shown to be exceeded on one of some phases."""
        if self.together:
            return self.shown_a[0] > self.limit_a
        if self._meant_anywhere:
            phases = self._all_poles
        return any(self.shown_a[p - 1] > self.limit_a for p in phases)

    def take(self, phases: Iterable[int], current_a: float) -> None:
        """Hand out a current on each of some phases."""
        if self._meant_anywhere:
            phases = self._all_poles
        for phase in phases:
            self._given_a[0 if self.together else phase - 1] += current_a

    def note_rise(self, phases: Iterable[int], current_a: float) -> None:
        """Note a rise on each of some phases that no meter shows yet."""
        if self._meant_anywhere:
            phases = self._all_poles
        for phase in phases:
            self._risen_a[0 if self.together else phase - 1] += current_a

    def begin_turn(self) -> None:
        """Begin handing out to one load."""
        self._before_a = list(self._given_a)

    def end_turn(self, phases: Sequence[int], own_a: float) -> None:
        """End it; what was handed out beyond what it draws is a rise."""
        for pole, before_a in enumerate(self._before_a):
            drawn_a = own_a * len(phases) if self.together else 0.0
            if not self.together and (self._meant_anywhere or pole + 1 in phases):
                drawn_a = own_a
            rise_a = self._given_a[pole] - before_a - drawn_a
            self._risen_a[pole] += max(0.0, rise_a)
