"""Handing out surplus and room to the loads, in strict order of priority."""

from collections.abc import Mapping, Sequence

from .checking import Checks
from .loads.base import Circumstances, Follower, Span
from .model import Decision


def allocate(
    followers: Sequence[Follower],
    own_w: Mapping[str, float],
    around: Circumstances,
    checks: Checks,
) -> tuple[Decision, ...]:
    """Decide for every load out of what those before it leave.

    ``followers`` come in order of priority, ``own_w`` is what each draws at the instant
    of the grid reading, and ``around`` is how things stand before the first one.
    """
    ledger = _Ledger(followers, own_w, around)
    decisions = []
    # What cannot be commanded takes its room first, whatever its priority.
    for load, control in sorted(followers, key=lambda pair: pair[0].reading.reachable):
        here = ledger.turn_of((load, control))
        asked = checks.value_of(load.spec.load_id)
        if asked is not None:
            decision = control.follow_check(asked, here)
        elif checks.keeps_still(load, around.settings):
            decision = control.hold(here)
        else:
            decision = control.decide(load, here)
        ledger.book((load, control), decision)
        decisions.append(decision)
    return tuple(decisions)


class _Ledger:
    """What is left, from load to load."""

    def __init__(
        self,
        followers: Sequence[Follower],
        own_w: Mapping[str, float],
        around: Circumstances,
    ) -> None:
        """Start with everything."""
        self._around = around
        self._own_w = own_w
        self._spans = {
            load.spec.load_id: control.span_w(around.voltage_v)
            for load, control in followers
            if control.follows_surplus(load, around.cheap)
        }
        self._moving_w = {
            load.spec.load_id: control.moving_w(load.reading, around.at, around.now)
            for load, control in followers
        }
        self._controls = [control for _, control in followers]
        self._all_moving_w = sum(self._moving_w.values())
        self._surplus_w = around.surplus_w
        self._total_w = around.total_w
        self._sun_left_w = around.sun_left_w
        self._excess_w: dict[str, float] = {}
        for follower in followers:
            self._set_excess(follower)
        self._above = around.above
        self._drawn_above_w = around.drawn_above_w
        self._least_below_w = sum(
            self._spans[load.spec.load_id].least_w
            for load, control in followers
            if control.switching.on and load.spec.load_id in self._spans
        )
        self._trims_below_w = sum(
            control.trim_w
            for load, control in followers
            if load.spec.load_id in self._spans
        )

    def turn_of(self, follower: Follower) -> Circumstances:
        """Return what is left for a load, which from now on is none of those below."""
        load, control = follower
        load_id = load.spec.load_id
        if (span := self._spans.get(load_id)) is not None:
            if control.switching.on:
                self._least_below_w -= span.least_w
            self._trims_below_w -= control.trim_w
        # What it draws too much is withheld from the others only.
        self._take_excess(follower, -self._excess_w.pop(load_id))
        around = self._around
        # Written out, because copying with changes costs more than most decisions.
        return Circumstances(
            now=around.now,
            wall=around.wall,
            at=around.at,
            dt_s=around.dt_s,
            surplus_w=self._surplus_w,
            total_w=self._total_w,
            sun_left_w=self._sun_left_w,
            beside_battery=around.beside_battery,
            above=self._above,
            drawn_above_w=self._drawn_above_w,
            least_below_w=self._least_below_w,
            reserve_w=min(self._trims_below_w, around.settings.reserve_w),
            trims_below=Span(most_w=self._trims_below_w),
            doubt_w=self._all_moving_w - self._moving_w[load_id],
            voltage_v=around.voltage_v,
            meter=around.meter,
            direction_known=around.direction_known,
            headroom=around.headroom,
            settings=around.settings,
            cheap=around.cheap,
            trial_s=max(
                other.trial_left_s(around.now) if other is not control else 0.0
                for other in self._controls
            ),
        )

    def book(self, follower: Follower, decision: Decision) -> None:
        """Take off what a decision hands to a load."""
        load, control = follower
        load_id = load.spec.load_id
        taken_w = control.takes_w(decision)
        own_w = self._own_w.get(load_id, 0.0)
        told_w = decision.setpoint.power_w if decision.setpoint is not None else 0.0
        control.note_told(self._around.now, max(taken_w, told_w))
        if load.reading.reachable:
            drawn_w = own_w - self._set_excess(follower)
            # What one battery covers, no other one must.
            self._sun_left_w -= min(0.0, told_w)
        else:
            drawn_w = 0.0
            # It may be the house's by now, but no battery is to be emptied into it.
            self._sun_left_w += max(0.0, own_w)
        self._surplus_w -= taken_w
        if (span := self._spans.get(load_id)) is None:
            # Who does not follow the surplus takes from what the others share; out of a
            # total that is less that, only what it draws otherwise counts as drawn.
            self._total_w -= taken_w
            self._drawn_above_w += drawn_w - taken_w
            return
        self._drawn_above_w += drawn_w
        if decision.runs or control.reserved_w > 0:
            self._above += span

    def _set_excess(self, follower: Follower) -> float:
        """Withhold what a load draws beyond what it was told; return how much, in W.

        It was taken out of what the house draws, as if it could be told otherwise.
        """
        load, control = follower
        excess_w = 0.0
        if load.reading.reachable:
            own_w = self._own_w.get(load.spec.load_id, 0.0)
            excess_w = control.excess_w(own_w, self._around.now)
        self._excess_w[load.spec.load_id] = excess_w
        self._take_excess(follower, excess_w)
        return excess_w

    def _take_excess(self, follower: Follower, excess_w: float) -> None:
        """Withhold a power from all that is handed out; a negative one is given back."""
        if not excess_w:
            return
        control = follower[1]
        self._surplus_w -= excess_w
        self._total_w -= excess_w
        self._around.headroom.take(
            control.phases, excess_w / self._around.voltage_v / len(control.phases)
        )
