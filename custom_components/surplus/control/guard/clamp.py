"""What loads must give way at once, because the meter itself shows a limit exceeded.

What the house draws without the loads is worked out from what these are believed to
draw. Where one of them is believed wrongly, that opens room which is not there. The
meter's own current is wrong in no such way: what it shows above a limit is taken from
the loads on that very reading, whatever was worked out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from ..groups import Group
from ..limits import Headroom
from ..loads.base import Follower

# A load that falls by no more than this has nothing to give.
_NOTHING_A = 1e-9


@dataclass(kw_only=True, slots=True)
class Excess:
    """By how much one limit is exceeded: by pole, and who draws through it."""

    over_a: dict[int, float]
    group: Group | None = None

    def needed_a(self, load_id: str, phases: Sequence[int]) -> float:
        """Return what a load would have to give on each of its phases."""
        if self.group is None:
            return max(self.over_a.get(phase, 0.0) for phase in phases)
        if not self.group.holds(load_id):
            return 0.0
        on_poles = self.group.on_poles(load_id, phases, 1.0)
        return max(
            self.over_a.get(pole, 0.0) / per_a for pole, per_a in on_poles.items()
        )

    def take(self, load_id: str, phases: Sequence[int], current_a: float) -> None:
        """Count what a load gives, or will soon be seen to have given."""
        if self.group is None:
            given_a = dict.fromkeys(phases, current_a)
        elif self.group.holds(load_id):
            given_a = self.group.on_poles(load_id, phases, current_a)
        else:
            return
        for pole, amperes in given_a.items():
            if pole in self.over_a:
                self.over_a[pole] -= amperes


@dataclass(kw_only=True, slots=True)
class Relief:
    """What an overload makes loads give on one reading.

    ``caps_w`` is up to what some may be told, in W; ``gives_a`` what each gives or has
    been told to give already, in A on each of its phases; ``obeying`` who does what it
    is told.
    """

    caps_w: dict[str, float] = field(default_factory=dict)
    gives_a: dict[str, float] = field(default_factory=dict)
    obeying: frozenset[str] = frozenset()


def excesses_of(headroom: Headroom) -> list[Excess]:
    """Return every limit that is exceeded, and by how much."""
    excesses = []
    if over_a := headroom.over_a():
        excesses.append(Excess(over_a=over_a))
    for group in headroom.groups:
        over_a = {
            pole: shown_a - group.limit_a
            for pole, shown_a in enumerate(group.shown_a, start=1)
            if shown_a > group.limit_a
        }
        if over_a:
            excesses.append(Excess(over_a=over_a, group=group))
    return excesses


def relieve(
    followers: Sequence[Follower],
    own_w: Mapping[str, float],
    headroom: Headroom,
    *,
    now: float,
    voltage_v: float,
) -> Relief:
    """Return what loads give way while limits are exceeded.

    ``followers`` come in order of priority and give way in the reverse one: first each
    down to the least it runs with, then those that nothing is lost by stopping,
    altogether. What was told lower and has not had time to move counts as given.
    """
    excesses = excesses_of(headroom)
    if not excesses and not headroom.overload:
        return Relief()
    told = [pair for pair in followers if pair[0].reading.reachable]
    # One that draws more than it was told does not do what it is told: it gives nothing.
    obeying = {
        load.spec.load_id
        for load, control in told
        if not control.orders.excess_w(own_w[load.spec.load_id], now)
    }
    gives_a: dict[str, float] = {}

    def give(load_id: str, phases: Sequence[int], current_a: float) -> None:
        if current_a > _NOTHING_A:
            gives_a[load_id] = gives_a.get(load_id, 0.0) + current_a
            for excess in excesses:
                excess.take(load_id, phases, current_a)

    for load, control in told:
        load_id = load.spec.load_id
        if load_id in obeying:
            drawn_w, reading = own_w[load_id], load.reading
            if reading.power_w is not None and control.orders.told_before(
                reading.power_at
            ):
                # Of before it was told lower, a measurement shows no fall to come.
                drawn_w = max(drawn_w, reading.power_w)
            falling_w = control.orders.falling_w(drawn_w, now)
            give(load_id, control.phases, falling_w / voltage_v / len(control.phases))
    caps_w: dict[str, float] = {}
    drawn = {
        load.spec.load_id: max(
            0.0, min(control.orders.in_force_w, own_w[load.spec.load_id])
        )
        for load, control in told
    }
    # Where the meter warns without saying by how much, all go to their least.
    least_over_a = inf if headroom.overload else 0.0
    for to_least in (True, False):
        for load, control in reversed(told):
            if not to_least and control.stop_hurts(now):
                continue
            load_id, phases = load.spec.load_id, control.phases
            needed_a = max(
                (excess.needed_a(load_id, phases) for excess in excesses), default=0.0
            )
            if to_least:
                needed_a = max(needed_a, least_over_a)
            if needed_a <= 0 or control.orders.in_force_w <= 0:
                continue
            per_a = voltage_v * len(phases)
            from_w = min(drawn[load_id], caps_w.get(load_id, inf))
            least_w = control.span_w(voltage_v).least_w if to_least else 0.0
            caps_w[load_id] = max(from_w - needed_a * per_a, least_w)
            if load_id in obeying:
                given_w = max(0.0, from_w - caps_w[load_id])
                give(load_id, phases, given_w / per_a)
    return Relief(caps_w=caps_w, gives_a=gives_a, obeying=frozenset(obeying))
