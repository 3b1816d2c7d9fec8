"""Limits above every mode: what each phase can still take, in A.

Main breaker and subscription are both brought to a current per phase: a three-phase
Linky applies its breaker law to each phase with a third of the power. What the house
draws without the loads is the grid current less the loads' own, at the same instant.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .model import GridReading, LimitKind
from .settings import HomeSettings


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
    voltages = [v for v in (grid.voltages_v if grid else ()) if v > 0]
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


class Headroom:
    """What the loads may draw per phase, handed out load by load.

    ``base_a`` is what the house draws per phase without the loads, ``grid_a`` what the
    meter shows with them.
    """

    def __init__(
        self,
        limits: tuple[Limit, ...],
        base_a: tuple[float, ...],
        grid_a: tuple[float, ...] | None = None,
    ) -> None:
        """Start with everything that is left under the limits."""
        self._limits = limits
        self._base_a = base_a
        self._grid_a = grid_a if grid_a is not None else base_a
        self._given_a = [0.0] * len(base_a)
        # All limits count per phase: the lowest is the tightest on every one.
        self._lowest = min(
            limits, key=lambda limit: (limit.current_a, limit.kind), default=None
        )

    def room_a(self, kind: LimitKind, phases: Iterable[int] = ()) -> float | None:
        """Return what is left under a limit on the tightest of some phases (all)."""
        for limit in self._limits:
            if limit.kind is kind:
                wanted = tuple(phases) or range(1, len(self._base_a) + 1)
                return min(
                    limit.current_a - self._base_a[p - 1] - self._given_a[p - 1]
                    for p in wanted
                )
        return None

    @property
    def limit_a(self) -> float | None:
        """The lowest limit, as a current per phase; None where nothing limits."""
        return None if self._lowest is None else self._lowest.current_a

    def tightest(self, phases: Iterable[int]) -> tuple[float, LimitKind] | None:
        """Return the current these phases can still take, and what limits it."""
        if (lowest := self._lowest) is None:
            return None
        base_a, given_a = self._base_a, self._given_a
        room_a = min(
            [lowest.current_a - base_a[p - 1] - given_a[p - 1] for p in phases]
        )
        return room_a, lowest.kind

    def exceeded(self, phases: Iterable[int]) -> bool:
        """Return whether the meter itself shows one of these phases over a limit."""
        return any(
            self._grid_a[phase - 1] > limit.current_a
            for limit in self._limits
            for phase in phases
        )

    def take(self, phases: Iterable[int], current_a: float) -> None:
        """Hand out a current on some phases."""
        for phase in phases:
            self._given_a[phase - 1] += current_a
