"""Handing out surplus and room to the loads, in strict order of priority."""

from collections.abc import Mapping, Sequence
from typing import Any

from .checking import Checks
from .failures import Failures
from .guard import caps_w
from .loads.base import Circumstances, Follower, LoadControl, Span
from .model import Decision


def allocate(
    followers: Sequence[Follower],
    own_w: Mapping[str, float],
    around: Circumstances,
    checks: Checks,
    failures: Failures,
    *,
    is_new: bool,
) -> tuple[Decision, ...]:
    """Decide for every load out of what those before it leave.

    ``followers`` come in order of priority, ``own_w`` is what each draws at the instant
    of the grid reading, and ``around`` is how things stand before the first one. One
    whose control raises is noted in ``failures`` and let go: it costs only itself.
    """
    ledger = _Ledger(followers, own_w, around, failures)
    if is_new:
        # Once for each reading: what is told on it is not seen in it.
        ledger.caps_w = caps_w(
            [pair for pair in followers if pair[0].spec.load_id not in failures],
            own_w,
            around.headroom,
            now=around.now,
            voltage_v=around.voltage_v,
        )
    decisions = []
    # What cannot be commanded takes its room first, whatever its priority.
    for load, control in sorted(followers, key=lambda pair: pair[0].reading.reachable):
        here = ledger.turn_of((load, control))
        decision, taken_w = None, 0.0
        with failures.of(load):
            decision = _decide((load, control), here, checks)
            taken_w = control.takes_w(decision)
        if load.spec.load_id in failures or decision is None:
            # It goes on with what it draws, as far as anybody knows.
            decision, taken_w = control.let_go(), here.own_w
            ledger.reserve((load, control), taken_w)
        ledger.book((load, control), decision, taken_w)
        decisions.append(decision)
    return tuple(decisions)


def _decide(follower: Follower, here: Circumstances, checks: Checks) -> Decision:
    load, control = follower
    asked = checks.value_of(load.spec.load_id)
    if asked is not None:
        return control.follow_check(asked, here)
    if checks.keeps_still(load, here.settings):
        return control.hold(here)
    return control.decide(load, here)


class _Ledger:
    """What is left, from load to load."""

    def __init__(
        self,
        followers: Sequence[Follower],
        own_w: Mapping[str, float],
        around: Circumstances,
        failures: Failures,
    ) -> None:
        """Start with everything."""
        self.caps_w: Mapping[str, float] = {}
        self._around = around
        self._own_w = own_w
        self._spans: dict[str, Span] = {}
        self._moving_w: dict[str, float] = {}
        self._trims_w: dict[str, float] = {}
        for load, control in followers:
            load_id = load.spec.load_id
            with failures.of(load):
                moving_w = control.moving_w(load.reading, around.at, around.now)
                span, trim_w = control.span_w(around.voltage_v), control.trim_w
                if control.follows_surplus(load, around.cheap):
                    self._spans[load_id] = span
                    self._trims_w[load_id] = trim_w
                self._moving_w[load_id] = moving_w
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
        self._trims_below_w = sum(self._trims_w.values())

    def turn_of(self, follower: Follower) -> Circumstances:
        """Return what is left for a load, which from now on is none of those below."""
        load, control = follower
        load_id = load.spec.load_id
        if (span := self._spans.get(load_id)) is not None:
            if control.switching.on:
                self._least_below_w -= span.least_w
            self._trims_below_w -= self._trims_w[load_id]
        # What it draws too much is withheld from the others only.
        self._take_excess(follower, -self._excess_w.pop(load_id))
        around = self._around
        cap_w = self.caps_w.get(load_id)
        around.headroom.begin_turn(
            None if cap_w is None else self._per_phase_a(control, cap_w)
        )
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
            doubt_w=self._all_moving_w - self._moving_w.get(load_id, 0.0),
            own_w=self._own_w.get(load_id, 0.0),
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

    def book(self, follower: Follower, decision: Decision, taken_w: float) -> None:
        """Take off what a decision hands to a load, which takes that much of it."""
        load, control = follower
        load_id = load.spec.load_id
        own_w = self._own_w.get(load_id, 0.0)
        self._around.headroom.end_turn(
            control.phases, self._per_phase_a(control, own_w)
        )
        told_w = taken_w if decision.setpoint is None else decision.setpoint.power_w
        control.note_told(self._around.now, told_w)
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

    def reserve(self, follower: Follower, power_w: float) -> None:
        """Leave a load the room for what it goes on drawing."""
        control = follower[1]
        self._around.headroom.take(
            control.phases, self._per_phase_a(control, max(0.0, power_w))
        )

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
        self._around.headroom.take(control.phases, self._per_phase_a(control, excess_w))

    def _per_phase_a(self, control: LoadControl[Any, Any], power_w: float) -> float:
        return power_w / self._around.voltage_v / len(control.phases)
