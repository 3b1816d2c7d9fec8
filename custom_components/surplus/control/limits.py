"""Limits above every mode: what each phase can still take, in A.

Main breaker and subscription are both brought to a current per phase: a three-phase
Linky applies its breaker law to each phase with a third of the power. What the house
draws without the loads is the grid current less the loads' own, at the same instant.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from operator import attrgetter

from .groups import Group
from .model import GridReading, LimitKind
from .settings import HomeSettings

_NOTHING: Mapping[int, float] = {}
_TIGHTNESS = attrgetter("current_a", "kind")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """One limit, as a current per phase."""

    kind: LimitKind
    current_a: float


def limits_of(settings: HomeSettings, grid: GridReading | None) -> tuple[Limit, ...]:
    """Return the limits in force.

    What the meter's breaker applies now (PCOUP) counts before the contract (PREF), and
    both before what the user typed.
    """
    limits = []
    if settings.breaker_a is not None:
        limits.append(Limit(kind=LimitKind.BREAKER, current_a=settings.breaker_a))
    told = (grid.cutoff_va or grid.subscribed_va) if grid else None
    if (power_va := told or settings.subscribed_va) is not None:
        limits.append(
            Limit(
                kind=LimitKind.SUBSCRIPTION,
                current_a=power_va / settings.phases / voltage_of(settings, grid),
            )
        )
    return tuple(limits)


def voltage_of(settings: HomeSettings, grid: GridReading | None) -> float:
    """Return the mean measured phase voltage, or the nominal one."""
    if grid is None or not grid.voltages_v:
        return settings.voltage_v
    voltages = [v for v in grid.voltages_v if v > 0]
    return sum(voltages) / len(voltages) if voltages else settings.voltage_v


def grid_currents_a(settings: HomeSettings, grid: GridReading) -> tuple[float, ...]:
    """Return the current of each phase, negative where it is known to export.

    One phase: apparent power is finer than the whole amperes a meter gives. Three
    phases with nothing but a total: the worst case, all of it on each phase.
    """
    voltage = voltage_of(settings, grid)
    if settings.phases > 1 and len(grid.currents_a) == settings.phases:
        return grid.currents_a
    if grid.drawn_va:
        total = grid.drawn_va / voltage
    elif grid.power_w is not None:
        total = grid.power_w / voltage
    else:
        total = 0.0
    if settings.phases > 1:
        # An export may leave by one phase while the others draw: no credit for it.
        total = max(total, 0.0)
    return (total,) * settings.phases


def room_under_a(
    limits: tuple[Limit, ...], kind: LimitKind, currents_a: tuple[float, ...]
) -> float | None:
    """Return what a limit leaves on the tightest phase; None where there is none."""
    for limit in limits:
        if limit.kind is kind:
            return limit.current_a - max(currents_a)
    return None


class Headroom:
    """What the loads may draw per phase, handed out load by load.

    ``base_a`` is what the house draws per phase without the loads, ``grid_a`` what the
    meter shows with them; None where no meter shows anything. ``overload`` is the
    meter's own warning. Where either speaks, no calculation gets the benefit of the
    doubt.

    What loads fall by in a cycle is not there for others before the meter shows it: the
    rises of one cycle must fit on top of what it shows. So must what is ``expected_a``:
    a current per phase that will begin to flow by itself, within minutes. What runs
    need not give way to that.

    ``groups`` are the limits of circuits and of all phases together: those count that
    the load whose turn it is hangs on. ``guarded`` says that the guard stops what must
    be stopped: what runs keeps its least meanwhile, although a limit is exceeded.
    """

    def __init__(
        self,
        limits: tuple[Limit, ...],
        base_a: tuple[float, ...],
        grid_a: tuple[float, ...] | None = None,
        *,
        overload: bool = False,
        expected_a: float = 0.0,
        groups: tuple[Group, ...] = (),
        guarded: bool = False,
    ) -> None:
        """Start with everything that is left under the limits."""
        self.overload = overload
        self.expected_a = expected_a
        self.groups = groups
        self.guarded = guarded
        self._behind = groups and tuple(one for one in groups if one.load_ids is None)
        self._grid_a = grid_a
        self._given_a = [0.0] * len(base_a)
        self._given_before_a = list(self._given_a)
        self._risen_a = [0.0] * len(base_a)
        self._cap_a: float | None = None
        self._claimed: set[int] = set()
        self._waited_for_a: list[float] | None = None
        self._kept_a: Sequence[float] | None = None
        self._least_a = 0.0
        # All limits count per phase: the lowest is the tightest on every one.
        self._lowest = lowest = min(limits, key=_TIGHTNESS, default=None)
        # Before anything is handed out.
        self._free_a = [] if lowest is None else [lowest.current_a - a for a in base_a]

    @property
    def limit_a(self) -> float | None:
        """The lowest limit, as a current per phase; None where nothing limits."""
        limits_a = [group.limit_a for group in self._behind]
        if self._lowest is not None:
            limits_a.append(self._lowest.current_a)
        return min(limits_a, default=None)

    def tightest(self, phases: Iterable[int]) -> tuple[float, LimitKind] | None:
        """Return the current these phases can still take, and what limits it."""
        tight: tuple[float, LimitKind] | None = None
        if (lowest := self._lowest) is not None:
            free_a, given_a = self._free_a, self._given_a
            room_a = min([free_a[p - 1] - given_a[p - 1] for p in phases])
            if (kept_a := self._kept_a) is not None and room_a > self._least_a:
                room_a = max(
                    self._least_a, room_a - max([kept_a[p - 1] for p in phases])
                )
            tight = room_a, lowest.kind
        for group in self._behind:
            room_a = group.room_a(phases)
            if tight is None or room_a < tight[0]:
                tight = room_a, group.kind
        if self._cap_a is not None and tight is not None and self._cap_a < tight[0]:
            return self._cap_a, tight[1]
        return tight

    def names(self, phases: Iterable[int]) -> dict[str, float | str]:
        """Return what a decision says of the limit that leaves these phases least."""
        if (tight := self.tightest(phases)) is None:
            return {}
        kind = tight[1]
        if kind is not LimitKind.CIRCUIT:
            return {"limit": kind.value}
        circuit = min(
            (group for group in self._behind if group.kind is kind),
            key=lambda group: group.room_a(phases),
        )
        return {"limit": kind.value, "circuit": circuit.circuit_id or ""}

    def exceeded(self, phases: Iterable[int]) -> bool:
        """Return whether these phases may be over a limit, as far as anybody sees."""
        if any(group.exceeded(phases) for group in self._behind):
            return True
        if self._lowest is None:
            return False
        if self._grid_a is None or self.overload:
            return True
        limit_a = self._lowest.current_a
        return any(self._grid_a[phase - 1] > limit_a for phase in phases)

    @property
    def shown_a(self) -> tuple[float, ...] | None:
        """What the meter shows per phase; None where no meter shows anything."""
        return self._grid_a

    def keep_from_starts(self, phases: Iterable[int], current_a: float) -> None:
        """Keep what begins from a current on some phases; what runs may take it."""
        if self._waited_for_a is None:
            self._waited_for_a = [0.0] * len(self._given_a)
        for phase in phases:
            self._waited_for_a[phase - 1] += current_a

    def kept_from_starts_a(self, phases: Iterable[int]) -> float:
        """Return what begins on some phases must leave beside what it needs.

        So that it need not stop again for what will begin by itself, nor takes the place
        of what waits.
        """
        if self._waited_for_a is None:
            return self.expected_a
        return self.expected_a + max(self._waited_for_a[p - 1] for p in phases)

    def claim(self, phases: Iterable[int]) -> None:
        """Note that a load rises on some phases, or would if others made room."""
        self._claimed.update(phases)

    def claimed(self, phases: Iterable[int]) -> bool:
        """Whether a load that had its turn claims room on any of some phases."""
        return not self._claimed.isdisjoint(phases)

    def over_a(self) -> dict[int, float]:
        """Return by how much the meter shows phases over a limit, where it does."""
        if self._lowest is None or self._grid_a is None:
            return {}
        limit_a = self._lowest.current_a
        return {
            phase: grid_a - limit_a
            for phase, grid_a in enumerate(self._grid_a, start=1)
            if grid_a > limit_a
        }

    def take(self, phases: Iterable[int], current_a: float) -> None:
        """Hand out a current on some phases, to the load that is meant."""
        for phase in phases:
            self._given_a[phase - 1] += current_a
        for group in self._behind:
            group.take(phases, current_a)

    # ---- load by load --------------------------------------------------------------

    def mean(self, load_id: str) -> None:
        """Let the limits count that a load hangs on."""
        if self.groups:
            self._behind = tuple(g for g in self.groups if g.holds(load_id))
            for group in self._behind:
                group.mean(load_id)

    def share_limits(self, load_id: str) -> bool:
        """Whether another load hangs on all the limits of the one that is meant."""
        return all(group.holds(load_id) for group in self._behind)

    def begin_turn(
        self,
        load_id: str,
        cap_a: float | None,
        kept_a: Sequence[float] | None = None,
        least_a: float = 0.0,
    ) -> None:
        """Begin handing out to one load, up to a current per phase.

        ``kept_a`` is per phase what those below need to keep running: the load has no
        more than its own ``least_a`` before them.
        """
        self._cap_a, self._kept_a, self._least_a = cap_a, kept_a, least_a
        self._given_before_a = list(self._given_a)
        if self.groups:
            self.mean(load_id)
            for group in self._behind:
                group.begin_turn()

    def end_turn(
        self, phases: Sequence[int], own_a: float, behind_a: float | None = None
    ) -> None:
        """End it; what was handed out beyond what it draws is a rise.

        ``behind_a`` is what it draws by all that is known behind its circuits, where
        that is not ``own_a``.
        """
        given_a = self._given_a
        for index, before_a in enumerate(self._given_before_a):
            rise_a = given_a[index] - before_a
            if index + 1 in phases:
                rise_a -= own_a
            if rise_a > 0:
                self._risen_a[index] += rise_a
        if behind_a is None:
            behind_a = own_a
        for group in self._behind:
            is_circuit = group.kind is LimitKind.CIRCUIT
            group.end_turn(phases, behind_a if is_circuit else own_a)
        self._cap_a = self._kept_a = None

    def note_rise(
        self, phases: Iterable[int], current_a: float, hidden_a: float
    ) -> None:
        """Note that the load that is meant may rise on some phases, unseen by any meter.

        Behind a circuit that is by ``hidden_a``. A negative one is taken back.
        """
        for phase in phases:
            self._risen_a[phase - 1] += current_a
        for group in self._behind:
            hidden = group.kind is LimitKind.CIRCUIT
            group.note_rise(phases, hidden_a if hidden else current_a)

    def to_rise_a(
        self, phases: Iterable[int], freed_a: Mapping[int, float] = _NOTHING
    ) -> float | None:
        """Return by how much these phases may rise on top of what is shown.

        That is once ``freed_a`` flows no more, per phase. Negative where nothing may;
        None where nothing limits, or nobody shows anything of what is limited.
        """
        rooms_a = [group.to_rise_a(phases, freed_a) for group in self._behind]
        if (lowest := self._lowest) is not None and self._grid_a is not None:
            if self.overload:
                return -inf
            rooms_a.append(
                min(
                    [
                        lowest.current_a
                        - self._grid_a[p - 1]
                        - self._risen_a[p - 1]
                        + freed_a.get(p, 0.0)
                        for p in phases
                    ]
                )
            )
        return min(rooms_a) - self.expected_a if rooms_a else None
