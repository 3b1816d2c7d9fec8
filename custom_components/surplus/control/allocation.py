"""Handing out surplus and room to the loads, in strict order of priority."""

from collections.abc import Mapping, Sequence
from typing import Any

from .checking import Checks
from .failures import Failures
from .guard import caps_w
from .loads.base import Follower, LoadControl
from .loads.circumstances import Circumstances, Span
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
    of the grid reading, and ``around`` is how things stand before the first one; it goes
    from load to load. One whose control raises is noted in ``failures`` and let go: it
    costs only itself.
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
    for follower in sorted(followers, key=lambda pair: pair[0].reading.reachable):
        load, control = follower
        ledger.begin_turn(follower)
        decided = failures.attempt(load, _decide, follower, around, checks)
        if decided is None or load.spec.load_id in failures:
            # It goes on with what it draws, as far as anybody knows.
            decided = control.let_go(), around.own_w
            ledger.reserve(follower, around.own_w)
        ledger.book(follower, *decided)
        decisions.append(decided[0])
    return tuple(decisions)


def _decide(
    follower: Follower, around: Circumstances, checks: Checks
) -> tuple[Decision, float]:
    """Return what a load is told, and what it will really take of it."""
    load, control = follower
    asked = checks.value_of(load.spec.load_id)
    if asked is not None:
        control.checked(load.reading)
        decision = control.follow_check(asked, around)
    elif checks.keeps_still(load, around.settings):
        decision = control.hold(around)
    else:
        decision = control.decide(load, around)
    return decision, control.takes_w(decision)


class _Ledger:
    """What is left, from load to load: it keeps ``around`` true."""

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
        self._failures = failures
        self._own_w = own_w
        self._spans: dict[str, Span] = {}
        self._moving_w: dict[str, float] = {}
        self._trims_w: dict[str, float] = {}
        self._trials_s: dict[str, float] = {}
        self._excess_w: dict[str, float] = {}
        for follower in followers:
            failures.attempt(follower[0], self._ask, follower)
        self._all_moving_w = sum(self._moving_w.values())
        self._trims_below_w = sum(self._trims_w.values())
        around.least_below_w = sum(
            self._spans[load.spec.load_id].least_w
            for load, control in followers
            if control.switching.on and load.spec.load_id in self._spans
        )
        for follower in followers:
            failures.attempt(follower[0], self._set_excess, follower)

    def _ask(self, follower: Follower) -> None:
        """Ask a load for what the others must know of it."""
        load, control = follower
        load_id, around = load.spec.load_id, self._around
        moving_w = control.moving_w(load.reading, around.at, around.now)
        span, trim_w = control.span_w(around.voltage_v), control.trim_w
        if control.follows_surplus(load, around.cheap):
            self._spans[load_id] = span
            self._trims_w[load_id] = trim_w
        self._moving_w[load_id] = moving_w
        self._note_trial(follower)

    def _note_trial(self, follower: Follower) -> None:
        """Note how long the trial of a load still lasts, if it is on one."""
        load, control = follower
        left_s = control.trial_left_s(self._around.now)
        if left_s > 0:
            self._trials_s[load.spec.load_id] = left_s
        elif self._trials_s:
            self._trials_s.pop(load.spec.load_id, None)

    def begin_turn(self, follower: Follower) -> None:
        """Let ``around`` hold what is left for a load; it is none of those below."""
        load, control = follower
        load_id, around = load.spec.load_id, self._around
        if (span := self._spans.get(load_id)) is not None:
            if control.switching.on:
                around.least_below_w -= span.least_w
            self._trims_below_w -= self._trims_w[load_id]
        # What it draws too much is withheld from the others only.
        if excess_w := self._excess_w.pop(load_id, 0.0):
            self._take_excess(control, -excess_w)
        cap_w = self.caps_w.get(load_id)
        around.headroom.begin_turn(
            None if cap_w is None else self._per_phase_a(control, cap_w)
        )
        trims_w = self._trims_below_w
        around.reserve_w = min(trims_w, around.settings.reserve_w)
        if trims_w != around.trims_below.most_w:
            around.trims_below = Span(most_w=trims_w)
        around.doubt_w = self._all_moving_w - self._moving_w.get(load_id, 0.0)
        around.own_w = self._own_w.get(load_id, 0.0)
        around.trial_s = max(
            (left_s for one, left_s in self._trials_s.items() if one != load_id),
            default=0.0,
        )

    def book(self, follower: Follower, decision: Decision, taken_w: float) -> None:
        """Take off what a decision hands to a load, which takes that much of it."""
        load, control = follower
        around, own_w = self._around, self._around.own_w
        around.headroom.end_turn(control.phases, self._per_phase_a(control, own_w))
        told_w = taken_w if decision.setpoint is None else decision.setpoint.power_w
        control.orders.note(around.now, told_w, control.reserved_w)
        attempt = self._failures.attempt
        attempt(load, self._note_trial, follower)
        if load.reading.reachable:
            drawn_w = own_w - (attempt(load, self._set_excess, follower) or 0.0)
            # What one battery covers, no other one must.
            around.sun_left_w -= min(0.0, told_w)
        else:
            drawn_w = 0.0
            # It may be the house's by now, but no battery is to be emptied into it.
            around.sun_left_w += max(0.0, own_w)
        around.surplus_w -= taken_w
        if (span := self._spans.get(load.spec.load_id)) is None:
            # Who does not follow the surplus takes from what the others share; out of a
            # total that is less that, only what it draws otherwise counts as drawn.
            around.total_w -= taken_w
            around.drawn_above_w += drawn_w - taken_w
            return
        around.drawn_above_w += drawn_w
        if decision.runs or control.reserved_w > 0:
            around.above += span

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
        load_id = load.spec.load_id
        if not load.reading.reachable or load_id not in self._own_w:
            return 0.0
        excess_w = control.orders.excess_w(self._own_w[load_id], self._around.now)
        if excess_w:
            self._excess_w[load_id] = excess_w
            self._take_excess(control, excess_w)
        return excess_w

    def _take_excess(self, control: LoadControl[Any, Any], excess_w: float) -> None:
        """Withhold a power from all that is handed out; a negative one is given back."""
        self._around.surplus_w -= excess_w
        self._around.total_w -= excess_w
        self._around.headroom.take(control.phases, self._per_phase_a(control, excess_w))

    def _per_phase_a(self, control: LoadControl[Any, Any], power_w: float) -> float:
        return power_w / self._around.voltage_v / len(control.phases)
