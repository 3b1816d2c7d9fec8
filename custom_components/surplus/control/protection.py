"""What limits are held against: what the grid meter shows, and a meter that protects.

Two meters tell of different instants, and in between loads move. Each is therefore taken
with what the loads drew at its own instant: what then remains of either is the house, and
the more of the two is what is safe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .limits import grid_currents_a
from .loads.base import Follower
from .model import GridReading
from .settings import HomeSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """The newest measurement, and what the house draws beside the loads.

    ``grid_a`` was shown per phase at ``at``, when loads drew ``own_w``. ``still_a`` is
    what remains of it without them, ``base_a`` what must be reckoned with.
    """

    at: float
    grid_a: tuple[float, ...]
    own_w: Mapping[str, float]
    still_a: tuple[float, ...]
    base_a: tuple[float, ...]


def shown_by_control(
    settings: HomeSettings,
    grid: GridReading,
    followers: Sequence[Follower],
    own_w: Mapping[str, float],
    voltage_v: float,
) -> Shown:
    """Return what the grid reading itself shows."""
    grid_a = grid_currents_a(settings, grid)
    base_a = still_a = base_currents(grid_a, followers, own_w, voltage_v)
    if 1 < settings.phases != len(grid.currents_a):
        # Of a total nobody knows which phase exports what: no credit for it.
        base_a = tuple(max(0.0, current_a) for current_a in base_a)
    return Shown(at=grid.at, grid_a=grid_a, own_w=own_w, still_a=still_a, base_a=base_a)


def protected(
    shown: Shown,
    settings: HomeSettings,
    grid: GridReading,
    followers: Sequence[Follower],
    own_w: Mapping[str, float],
    *,
    voltage_v: float,
    late: bool,
) -> Shown:
    """Return it with what another meter measured at ``grid.limits_at``.

    ``own_w`` is what loads drew then. A grid reading that is ``late``, or a total where
    the other meter tells the phases, says nothing against it.
    """
    assert grid.limits_at is not None
    other = shown_by_control(
        settings,
        replace(
            grid,
            at=grid.limits_at,
            power_w=grid.limits_va,
            drawn_va=max(0.0, grid.limits_va),
            currents_a=grid.limits_a,
        ),
        followers,
        own_w,
        voltage_v,
    )
    phases = settings.phases
    coarse = 1 < phases == len(grid.limits_a) != len(grid.currents_a)
    if late or coarse:
        return other
    newest = other if other.at > shown.at else shown
    grid_a = newest.grid_a
    if other.at == shown.at:
        grid_a = tuple(map(max, shown.grid_a, other.grid_a, strict=True))
    return replace(
        newest,
        grid_a=grid_a,
        base_a=tuple(map(max, shown.base_a, other.base_a, strict=True)),
    )


def base_currents(
    grid_a: tuple[float, ...],
    followers: Sequence[Follower],
    own_w: Mapping[str, float],
    voltage_v: float,
) -> tuple[float, ...]:
    """Return what the house draws per phase without the loads."""
    base = list(grid_a)
    for load, control in followers:
        phases = control.phases
        current_a = own_w[load.spec.load_id] / voltage_v / len(phases)
        for phase in phases:
            base[phase - 1] -= current_a
    return tuple(base)
