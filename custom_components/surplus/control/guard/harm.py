"""Who must stop where throttling is too little: as few as will do, and the last first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..loads.base import Follower
from ..loads.circumstances import Circumstances
from ..model import LimitKind
from .clamp import Relief
from .watch import Watched

# A load that draws less is not one that overloads anything.
_DRAWS_W = 50.0
# Less than this on each phase is no relief.
_LEAST_A = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Victim:
    """A load that may be stopped, and what that would free, in A on each of its poles."""

    load_id: str
    poles: tuple[int, ...]
    frees_a: float

    def relieves(self, needed_a: Mapping[int, float]) -> bool:
        """Whether stopping it helps at all."""
        return self.frees_a >= _LEAST_A and any(
            needed_a.get(pole, 0.0) > 0 for pole in self.poles
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """What loads are stopped by: what each draws, and gives anyway."""

    followers: Sequence[Follower]
    own_w: Mapping[str, float]
    relief: Relief
    around: Circumstances


def victim_of(one: Watched, follower: Follower, scene: Scene) -> Victim | None:
    """Return what stopping a load would free, where it may be and helps."""
    load, control = follower
    load_id, around, relief = load.spec.load_id, scene.around, scene.relief
    if (
        load_id not in relief.obeying
        or not control.switching.on
        or not control.stop_hurts(around.now)
        or not control.may_shed(load)
        or (one.group is not None and not one.group.holds(load_id))
    ):
        return None
    if one.kind is LimitKind.HOUSE_CAP and control.must_hold_s(around) > 0:
        # A wish of the contract breaks no minimum time.
        return None
    drawn_w = min(scene.own_w[load_id], control.orders.in_force_w)
    drawn_w = min(drawn_w, relief.caps_w.get(load_id, drawn_w))
    if drawn_w < _DRAWS_W:
        return None
    phases = control.phases
    frees_a = drawn_w / around.voltage_v / len(phases)
    if one.group is not None:
        on_poles = one.group.on_poles(load_id, phases, frees_a)
        phases, frees_a = tuple(on_poles), max(on_poles.values())
    return Victim(load_id=load_id, poles=phases, frees_a=frees_a)


def least_harm(
    victims: Sequence[Victim], needed_a: Mapping[int, float]
) -> tuple[Victim, ...]:
    """Return who of ``victims`` shall stop so that ``needed_a`` is freed on each pole.

    They come in order of priority. One alone is stopped where one is enough, the last
    that is; else as many as are needed from the last on, none of them in vain. Where
    all are too little, all that help: what is freed makes the breaker hold longer.
    """
    helpful = [victim for victim in reversed(victims) if victim.relieves(needed_a)]
    for victim in helpful:
        if _enough((victim,), needed_a):
            return (victim,)
    chosen: list[Victim] = []
    left_a = dict(needed_a)
    for victim in helpful:
        if not victim.relieves(left_a):
            continue
        chosen.append(victim)
        for pole in victim.poles:
            left_a[pole] = left_a.get(pole, 0.0) - victim.frees_a
    if _enough(chosen, needed_a):
        for victim in tuple(chosen):
            others = [one for one in chosen if one is not victim]
            if _enough(others, needed_a):
                chosen = others
    return tuple(chosen)


def _enough(victims: Sequence[Victim], needed_a: Mapping[int, float]) -> bool:
    return all(
        sum(one.frees_a for one in victims if pole in one.poles) >= amount_a
        for pole, amount_a in needed_a.items()
    )
