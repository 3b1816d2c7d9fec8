"""The limits beside those of the supply: circuits within the house, and its cap."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from ..groups import Group, key_of
from ..loads.base import Follower
from ..model import GridReading, LimitKind, TariffNow
from ..settings import Circuit, HomeSettings


@lru_cache(maxsize=8)
def loads_behind(circuits: tuple[Circuit, ...]) -> dict[str, frozenset[str]]:
    """Return the loads behind each circuit: its own, and those of circuits on it."""
    behind = {circuit.circuit_id: set(circuit.load_ids) for circuit in circuits}
    for circuit in circuits:
        if circuit.parent in behind:
            behind[circuit.parent].update(circuit.load_ids)
    return {key: frozenset(load_ids) for key, load_ids in behind.items()}


def circuits_of(
    settings: HomeSettings,
    followers: Sequence[Follower],
    own_w: Mapping[str, float],
    voltage_v: float,
    at: float,
) -> tuple[Group, ...]:
    """Return the circuits, with what the loads behind them draw.

    ``own_w`` is that at an instant. No meter shows a circuit at one: of a load that was
    measured since, the more counts.
    """
    if not settings.circuits:
        return ()
    behind = loads_behind(settings.circuits)
    # No meter shows the phases of a circuit: it may be the one that has the least room.
    anywhere = frozenset(
        load.spec.load_id for load, _ in followers if load.spec.learns_phase
    )
    nothing_a = (0.0,) * settings.phases
    groups = []
    for circuit in settings.circuits:
        load_ids = behind[circuit.circuit_id]
        group = Group(
            key=key_of(circuit.circuit_id),
            kind=LimitKind.CIRCUIT,
            limit_a=circuit.limit_a,
            base_a=nothing_a,
            shown_a=nothing_a,
            load_ids=load_ids,
            anywhere=anywhere & load_ids,
        )
        shown_a = list(nothing_a)
        for load, control in followers:
            if (load_id := load.spec.load_id) in load_ids:
                phases = control.phases
                drawn_w = max(0.0, control.newest_w(load.reading, own_w[load_id], at))
                drawn_a = drawn_w / voltage_v / len(phases)
                for pole, amperes in group.on_poles(load_id, phases, drawn_a).items():
                    shown_a[pole - 1] += amperes
        group.shown_a = tuple(shown_a)
        groups.append(group)
    return tuple(groups)


def drawn_behind_a(
    settings: HomeSettings, circuits: Sequence[Group]
) -> dict[str, float]:
    """Return what loads draw behind each circuit on its most loaded phase, in A."""
    return {
        circuit.circuit_id: max(group.shown_a)
        for circuit, group in zip(settings.circuits, circuits, strict=True)
    }


def house_cap_of(
    tariff: TariffNow | None,
    grid: GridReading,
    own_w: Mapping[str, float],
    voltage_v: float,
) -> tuple[Group, ...]:
    """Return the cap on what the whole house draws, where there is one."""
    if tariff is None or (cap_w := tariff.house_cap_w) is None:
        return ()
    shown_w = grid.power_w if grid.power_w is not None else grid.drawn_va or 0.0
    base_w = shown_w - sum(own_w.values())
    return (
        Group(
            key=LimitKind.HOUSE_CAP.value,
            kind=LimitKind.HOUSE_CAP,
            limit_a=cap_w / voltage_v,
            base_a=(base_w / voltage_v,),
            shown_a=(shown_w / voltage_v,),
            together=True,
        ),
    )
