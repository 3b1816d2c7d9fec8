"""What loads must give way at once, because the meter itself shows a limit exceeded.

What the house draws without the loads is worked out from what these are believed to
draw. Where one of them is believed wrongly, that opens room which is not there. The
meter's own current is wrong in no such way: what it shows above a limit is taken from
the loads on that very reading, whatever was worked out.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from ..limits import Headroom
from ..loads.base import Follower


def caps_w(
    followers: Sequence[Follower],
    own_w: Mapping[str, float],
    headroom: Headroom,
    *,
    now: float,
    voltage_v: float,
) -> dict[str, float]:
    """Return up to what some loads may be told, in W, by load.

    ``followers`` come in order of priority and give way in the reverse one: first each
    down to the least it runs with, then, where that is too little, altogether. What was
    told lower and has not had time to move counts as given already.
    """
    over_a = headroom.over_a()
    if not over_a and not headroom.overload:
        return {}
    told = [pair for pair in followers if pair[0].reading.reachable]
    # One that draws more than it was told does not do what it is told: it gives nothing.
    obeying = {
        load.spec.load_id
        for load, control in told
        if not control.orders.excess_w(own_w[load.spec.load_id], now)
    }
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
            _take(over_a, control.phases, falling_w / voltage_v / len(control.phases))
    caps: dict[str, float] = {}
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
            load_id, per_a = load.spec.load_id, voltage_v * len(control.phases)
            needed_a = max(over_a.get(phase, 0.0) for phase in control.phases)
            if to_least:
                needed_a = max(needed_a, least_over_a)
            if needed_a <= 0 or control.orders.in_force_w <= 0:
                continue
            from_w = min(drawn[load_id], caps.get(load_id, inf))
            least_w = control.span_w(voltage_v).least_w if to_least else 0.0
            caps[load_id] = max(from_w - needed_a * per_a, least_w)
            if load_id in obeying:
                given_w = max(0.0, from_w - caps[load_id])
                _take(over_a, control.phases, given_w / per_a)
    return caps


def _take(over_a: dict[int, float], phases: Iterable[int], current_a: float) -> None:
    for phase in phases:
        if phase in over_a:
            over_a[phase] -= current_a
