"""Handing out surplus and room to the loads, in strict order of priority."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .checking import Checks
from .failures import Failures
from .guard.guard import Guard
from .loads.base import Follower, LoadControl
from .loads.circumstances import Circumstances, Span
from .model import Decision, LoadInput
from .stagger import Stagger


def allocate(
    followers: Sequence[Follower],
    own_w: Mapping[str, float],
    around: Circumstances,
    checks: Checks,
    failures: Failures,
    *,
    guard: Guard,
    shown_w: Mapping[str, float],
    is_new: bool,
    stagger: Stagger | None = None,
) -> tuple[Decision, ...]:
    """Decide for every load out of what those before it leave.

    ``followers`` come in order of priority, ``own_w`` is what each draws at the instant
    of the grid reading, and ``around`` is how things stand before the first one; it goes
    from load to load. ``shown_w`` is what each draws at ``around.shown_at``, and
    ``is_new`` whether the currents of then were not seen before. One whose control raises is
    noted in ``failures`` and let go: it costs only itself. ``stagger`` holds back what
    would begin beside others, None where nothing is held back.
    """
    keeps = guard.keeps(around.now)
    handout = _Handout(followers, own_w, shown_w, around, failures, keeps=keeps)
    handout.caps_w = guard.act(
        _sound(followers, failures), shown_w, around, is_new=is_new
    )
    decisions = []
    checking = checks if checks.in_turn is not None else None
    # What cannot be commanded takes its room first, whatever its priority.
    for follower in sorted(followers, key=lambda pair: pair[0].reading.reachable):
        load, control = follower
        ran = control.switching.on
        held_w = stagger.cap_w(follower, around) if stagger is not None else None
        account = handout.begin_turn(follower, held_w)
        try:
            decision = _decide(follower, around, checking, guard)
            taken_w = control.takes_w(decision)
        except Exception as error:  # noqa: BLE001 - whatever it is, others go on
            failures.note(load, error)
        if failures.errors and load.spec.load_id in failures.errors:
            # It goes on with what it draws, as far as anybody knows.
            decision, taken_w = control.let_go(), around.own_w
            handout.reserve(follower, around.own_w)
        handout.book(follower, account, decision, taken_w)
        if stagger is not None:
            decision = stagger.note(follower, decision, held_w, around, ran=ran)
        decisions.append(decision)
    return tuple(decisions)


def _sound(followers: Sequence[Follower], failures: Failures) -> Sequence[Follower]:
    """Return the loads whose control has not raised."""
    if not failures.errors:
        return followers
    return [pair for pair in followers if pair[0].spec.load_id not in failures.errors]


def _decide(
    follower: Follower, around: Circumstances, checks: Checks | None, guard: Guard
) -> Decision:
    """Return what a load is told; ``checks`` is None while none is running."""
    load, control = follower
    load_id = load.spec.load_id
    stopped = guard.stops(load, around.now)
    if stopped is not None and not around.settings.sign_reversed:
        decision = control.shed(load, around, stopped)
        if room_a := guard.room_for_a(load_id):
            around.headroom.take(control.phases, room_a)
        if kept_a := guard.room_kept_for_a(load_id):
            around.headroom.keep_from_starts(control.phases, kept_a)
    elif checks is None:
        decision = control.decide(load, around)
    elif (asked := checks.value_of(load_id)) is not None:
        control.checked(load.reading)
        decision = control.follow_check(asked, around)
    elif checks.keeps_still(load, around.settings):
        decision = control.hold(around)
    else:
        decision = control.decide(load, around)
    return decision


@dataclass(kw_only=True, slots=True)
class _Account:
    """What the others must know of a load, in W.

    ``own_w`` is what it draws, None where nobody can say, and ``shown_w`` what it draws
    as limits are shown. ``span`` is None where it does not follow the surplus.
    ``excess_w`` is what is withheld for it, ``least_a`` what is kept free per phase so
    that it need not stop. ``unseen_a`` is what it may draw there beyond what the meter
    shows of it, ``hidden_a`` what it may draw beyond ``newest_w``, which is all that is
    known of it.
    """

    own_w: float | None
    shown_w: float | None
    span: Span | None = None
    trim_w: float = 0.0
    moving_w: float = 0.0
    excess_w: float = 0.0
    least_a: float = 0.0
    unseen_a: float = 0.0
    hidden_a: float = 0.0
    newest_w: float = 0.0


class _Handout:
    """What is left, from load to load: it keeps ``around`` true."""

    def __init__(
        self,
        followers: Sequence[Follower],
        own_w: Mapping[str, float],
        shown_w: Mapping[str, float],
        around: Circumstances,
        failures: Failures,
        *,
        keeps: bool,
    ) -> None:
        """Start with everything; ``keeps`` is whether loads that run are left theirs."""
        self.caps_w: Mapping[str, float] = {}
        self._around = around
        self._failures = failures
        self._trials_s: dict[str, float] = {}
        self._all_moving_w = self._trims_below_w = 0.0
        # What those below need per phase to keep running: a stop loses more than a fall.
        self._keeps = keeps
        self._kept_a = [0.0] * around.settings.phases
        self._accounts: dict[str, _Account] = {}
        for load, control in followers:
            load_id = load.spec.load_id
            account = _Account(own_w=own_w.get(load_id), shown_w=shown_w.get(load_id))
            self._accounts[load_id] = account
            try:
                self._open(load, control, account)
            except Exception as error:  # noqa: BLE001 - whatever it is, others go on
                failures.note(load, error)

    def _open(
        self, load: LoadInput, control: LoadControl[Any, Any], account: _Account
    ) -> None:
        """Ask a load for what the others must know of it."""
        around = self._around
        self._set_excess(load, control, account)
        self._note_unseen(load, control, account)
        moving_w = control.moving_w(load.reading, around.at, around.now)
        span, trim_w = control.span_w(around.voltage_v), control.trim_w
        if control.follows_surplus(load, around.cheap):
            account.span, account.trim_w = span, trim_w
            self._trims_below_w += trim_w
            if control.switching.on:
                around.least_below_w += span.least_w
        if (
            self._keeps
            and span.least_w > 0
            and control.switching.on
            and load.reading.reachable
            and control.stop_hurts(around.now)
        ):
            account.least_a = self._per_phase_a(control, span.least_w)
            self._keep(control, account.least_a)
        account.moving_w = moving_w
        self._all_moving_w += moving_w
        self._note_trial(load.spec.load_id, control)

    def _note_unseen(
        self, load: LoadInput, control: LoadControl[Any, Any], account: _Account
    ) -> None:
        """Note how far a load may be from what is shown of it.

        That is what it was told since, and of one that nobody measures all that it may
        not have done yet. It opens no room for others meanwhile.
        """
        reading, orders, at = load.reading, control.orders, self._around.shown_at
        if not orders.moving or account.shown_w is None:
            return
        if reading.power_w is not None and orders.told_before(at):
            return
        shown_w = max(0.0, control.shown_w(reading, account.shown_w, at))
        newest_w = max(0.0, control.newest_w(reading, account.shown_w, at))
        hidden_w = orders.may_draw_w(newest_w, self._around.now) - newest_w
        account.unseen_a = self._per_phase_a(
            control, max(0.0, orders.in_force_w - shown_w)
        )
        account.hidden_a = self._per_phase_a(control, hidden_w)
        self._around.headroom.mean(load.spec.load_id)
        self._around.headroom.note_rise(
            control.phases, account.unseen_a, account.hidden_a
        )

    def _keep(self, control: LoadControl[Any, Any], least_a: float) -> None:
        """Keep free what a load needs to keep running, or no longer (negative)."""
        for phase in control.phases:
            self._kept_a[phase - 1] += least_a

    def _note_trial(self, load_id: str, control: LoadControl[Any, Any]) -> None:
        """Note how long the trial of a load still lasts, if it is on one."""
        left_s = control.trial_left_s(self._around.now)
        if left_s > 0:
            self._trials_s[load_id] = left_s
        elif self._trials_s:
            self._trials_s.pop(load_id, None)

    def begin_turn(self, follower: Follower, held_w: float | None) -> _Account:
        """Let ``around`` hold what is left for a load; it is none of those below.

        ``held_w`` is up to what it may be told beside others that begin, None for all.
        Returns its account.
        """
        load, control = follower
        load_id, around = load.spec.load_id, self._around
        account = self._accounts[load_id]
        runs = control.switching.on
        if account.span is not None:
            if runs:
                around.least_below_w -= account.span.least_w
            self._trims_below_w -= account.trim_w
        # What it draws too much is withheld from the others only.
        if excess_w := account.excess_w:
            account.excess_w = 0.0
            self._take_excess(control, -excess_w)
        if account.least_a:
            self._keep(control, -account.least_a)
        if account.unseen_a or account.hidden_a:
            # In its own turn it counts with what it is told.
            around.headroom.mean(load_id)
            around.headroom.note_rise(
                control.phases, -account.unseen_a, -account.hidden_a
            )
        cap_w = self.caps_w.get(load_id)
        if held_w is not None:
            cap_w = held_w if cap_w is None else min(cap_w, held_w)
        around.headroom.begin_turn(
            load_id,
            None if cap_w is None else self._per_phase_a(control, cap_w),
            # Who starts takes the place of those below, as its priority says.
            self._kept_a if self._keeps and runs else None,
            account.least_a,
        )
        trims_w = self._trims_below_w
        around.reserve_w = min(trims_w, around.settings.reserve_w)
        if trims_w != around.trims_below.most_w:
            around.trims_below = Span(most_w=trims_w)
        around.doubt_w = self._all_moving_w - account.moving_w
        around.own_w = account.own_w or 0.0
        reading, shown_w = load.reading, account.shown_w or 0.0
        around.shown_w = control.shown_w(reading, shown_w, around.shown_at)
        account.newest_w = control.newest_w(reading, shown_w, around.shown_at)
        around.trial_s = self._others_trial_s(load_id) if self._trials_s else 0.0
        return account

    def _others_trial_s(self, load_id: str) -> float:
        """Return how long the longest trial of any other load lasts."""
        return max(
            (left_s for one, left_s in self._trials_s.items() if one != load_id),
            default=0.0,
        )

    def book(
        self,
        follower: Follower,
        account: _Account,
        decision: Decision,
        taken_w: float,
    ) -> None:
        """Take off what a decision hands to a load, which takes that much of it."""
        load, control = follower
        around = self._around
        own_w, phases, setpoint = around.own_w, control.phases, decision.setpoint
        told_w = taken_w if setpoint is None else setpoint.power_w
        # What is handed out beyond what the meter shows of it is a rise; what it gives
        # is not handed out.
        given_w = min(0.0, told_w)
        behind_a = self._per_phase_a(control, account.newest_w - given_w)
        around.headroom.end_turn(
            phases, self._per_phase_a(control, around.shown_w - given_w), behind_a
        )
        if account.hidden_a:
            risen_a = max(0.0, self._per_phase_a(control, told_w) - behind_a)
            hidden_a = max(0.0, account.hidden_a - risen_a)
            around.headroom.note_rise(phases, 0.0, hidden_a)
        control.orders.note(around.now, told_w, control.reserved_w)
        try:
            excess_w = self._set_excess(load, control, account)
            self._note_trial(load.spec.load_id, control)
        except Exception as error:  # noqa: BLE001 - whatever it is, others go on
            self._failures.note(load, error)
            excess_w = 0.0
        if load.reading.reachable:
            drawn_w = own_w - excess_w
            if told_w < 0:
                # What one battery covers, no other one must.
                around.sun_left_w -= told_w
        else:
            drawn_w = 0.0
            # It may be the house's by now, but no battery is to be emptied into it.
            around.sun_left_w += max(0.0, own_w)
        around.surplus_w -= taken_w
        if account.span is None:
            # Who does not follow the surplus takes from what the others share; out of a
            # total that is less that, only what it draws otherwise counts as drawn.
            around.total_w -= taken_w
            around.drawn_above_w += drawn_w - taken_w
            return
        around.drawn_above_w += drawn_w
        if decision.runs or control.reserved_w > 0:
            around.above += account.span

    def reserve(self, follower: Follower, power_w: float) -> None:
        """Leave a load the room for what it goes on drawing."""
        control = follower[1]
        self._around.headroom.take(
            control.phases, self._per_phase_a(control, max(0.0, power_w))
        )

    def _set_excess(
        self, load: LoadInput, control: LoadControl[Any, Any], account: _Account
    ) -> float:
        """Withhold what a load draws beyond what it was told; return how much, in W.

        It was taken out of what the house draws, as if it could be told otherwise. From
        what no meter shows, nothing was taken.
        """
        if account.own_w is None or not load.reading.reachable:
            return 0.0
        if self._around.headroom.shown_a is None:
            return 0.0
        excess_w = control.orders.excess_w(account.own_w, self._around.now)
        if excess_w:
            account.excess_w = excess_w
            self._take_excess(control, excess_w)
        return excess_w

    def _take_excess(self, control: LoadControl[Any, Any], excess_w: float) -> None:
        """Withhold a power from all that is handed out; a negative one is given back."""
        self._around.surplus_w -= excess_w
        self._around.total_w -= excess_w
        self._around.headroom.mean(control.spec.load_id)
        self._around.headroom.take(control.phases, self._per_phase_a(control, excess_w))

    def _per_phase_a(self, control: LoadControl[Any, Any], power_w: float) -> float:
        return power_w / self._around.voltage_v / len(control.phases)
