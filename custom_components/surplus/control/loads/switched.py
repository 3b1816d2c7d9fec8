"""What one load that is on or off is told in one cycle, and what it must remember.

It is valued like any load, with a span of nothing but its power. Its ``min_solar`` is
``solar``: between nothing and all there is no minimum to keep. The minimum it may have
is that of its day, and in every mode that follows the sun it gets it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import override

from ..freshness import MeterState
from ..model import Decision, LoadInput, Mode, Reason, SwitchedReading, SwitchedSpec
from .circumstances import Circumstances, Span
from .switched_relay import SwitchedRelay
from .thermal import Demand

# A meter that cannot tell the sign for a moment is no reason to switch.
_SIGN_UNKNOWN_S = 60.0
# Kept free before a day's minimum must begin, beside its rest.
_DAY_MARGIN_S = 120.0
# Reasons to run that say nothing of a grid meter that is missing.
_ASKED = frozenset({Reason.BOOST, Reason.CHEAP_HOURS, Reason.NEEDED, Reason.SCHEDULED})


class SwitchedControl(SwitchedRelay):
    """Whether one switched load runs: asked, forced by its day or water, or by the sun."""

    def __init__(self, spec: SwitchedSpec) -> None:
        """Know nothing but the load itself."""
        super().__init__(spec)
        self._sign_unknown_since: float | None = None

    # ---- what is decided -----------------------------------------------------------

    @override
    def decide(
        self,
        load: LoadInput[SwitchedSpec, SwitchedReading],
        around: Circumstances,
    ) -> Decision:
        self._count(around)
        reading = load.reading
        planned = self._planned
        if planned is not None and "target_c" in planned.numbers:
            # It is to be hot by a time of day: that ends a rest.
            self.water.wake()
        self.water.ask(reading.temperature_c, around)
        demand = self.water.demand
        was_forced, self._forced = self._forced, False
        if not reading.reachable:
            return self._unreachable(around)
        if load.mode is Mode.OFF:
            return self._tell(False, Reason.MODE_OFF, around)
        if around.settings.sign_reversed:
            self._takes_w = 0.0
            return self.refuse(Reason.SIGN_REVERSED, running=reading.on)
        if not reading.wants_power:
            ended = self.switching.on
            decision = self._tell(False, Reason.NOT_DRAWING, around)
            if ended:
                # It was not we who ended it. A rest that we had begun goes on.
                self.switching.since = None
            return decision
        if load.mode is Mode.MANUAL:
            if not self.given(load):
                return self._tell(False, Reason.MANUAL, around)
            return self._force(Reason.MANUAL, around)
        if demand is Demand.REST:
            return self._enough(Reason.WARM_ENOUGH, around, self.water.numbers)
        if load.mode is Mode.BOOST:
            return self._force(Reason.BOOST, around)
        if demand is Demand.FORCED:
            return self._force(self.water.why_forced, around, self.water.numbers)
        must_catch_up = self._must_catch_up(around)
        if must_catch_up and not around.holds_back:
            numbers: dict[str, float | str] = {
                "run_s": round(self.daily.run_s),
                "least_s": self.spec.least_run_s,
                "seconds": round(self.daily.left_s(around.wall)),
            }
            return self._force(Reason.CATCHING_UP, around, numbers)
        if self._had_enough():
            numbers = {
                "run_s": round(self.daily.run_s),
                "most_s": self.spec.most_run_s or 0.0,
                "seconds": round(self.daily.left_s(around.wall)),
            }
            return self._enough(Reason.DONE_FOR_TODAY, around, numbers)
        if demand is Demand.UNKNOWN:
            # What nobody sees the warmth of gets no more than some sun.
            if not self.water.may_heat:
                return self._enough(Reason.TEMPERATURE_UNKNOWN, around)
        elif planned is not None and not planned.stops:
            return self._force(planned.reason, around, planned.numbers)
        elif load.mode is Mode.ECO and around.cheap:
            return self._force(Reason.CHEAP_HOURS, around)
        decision = self._solar(around, was_forced=was_forced)
        if must_catch_up and decision.reason is Reason.WAITING_FOR_SURPLUS:
            return replace(decision, reason=Reason.HELD_BACK)
        return decision

    # ---- running whatever the sun --------------------------------------------------

    def _must_catch_up(self, around: Circumstances) -> bool:
        spec = self.spec
        return self.daily.must_run(
            around.wall,
            spec.least_run_s,
            spec.min_off_s + _DAY_MARGIN_S,
            around.cheap,
            around.tariff,
        )

    def _had_enough(self) -> bool:
        """Whether it ran as long as it may in a day, or would if it were started."""
        most_s, ran_s = self.spec.most_run_s, self.daily.run_s
        if most_s is None:
            return False
        least_s = 0.0 if self.switching.on else min(self.spec.min_on_s, most_s)
        return ran_s >= most_s or ran_s + least_s > most_s

    def _enough(
        self,
        reason: Reason,
        around: Circumstances,
        numbers: Mapping[str, float | str] | None = None,
    ) -> Decision:
        """Stop it when its minimum time is over, and do not start it."""
        blind = around.meter in (MeterState.LOST, MeterState.NONE)
        stays = (
            self.switching.on
            and not blind
            and self.must_hold_s(around) > 0
            and self._has_room(around)
        )
        return self._tell(stays, reason, around, numbers)

    def _force(
        self,
        reason: Reason,
        around: Circumstances,
        numbers: Mapping[str, float | str] | None = None,
    ) -> Decision:
        """Run it, as far as limits and its rest allow."""
        self._forced = True
        if not self._has_room(around):
            return self._no_room(around)
        if not self.switching.on and (rest_s := self.must_hold_s(around)):
            return self._tell(False, Reason.RESTING, around, {"seconds": round(rest_s)})
        if waits := self._wait_for_trial(around):
            return waits
        if around.meter is MeterState.STALE:
            return self._tell(self.switching.on, Reason.METER_STALE, around)
        if reason in _ASKED:
            if around.meter is MeterState.LOST:
                reason = Reason.METER_LOST
            elif around.meter is MeterState.NONE:
                reason = Reason.NO_GRID_METER
        return self._run(reason, around, numbers)

    # ---- running by the sun --------------------------------------------------------

    def _solar(self, around: Circumstances, *, was_forced: bool) -> Decision:
        """On while that is worth it, by energy."""
        if around.meter is MeterState.NONE:
            return self._tell(False, Reason.NO_GRID_METER, around)
        if around.meter is MeterState.LOST:
            return self._tell(False, Reason.METER_LOST, around)
        if self.switching.on and not self._has_room(around):
            return self._no_room(around)
        if not around.direction_known:
            return self._sign_unknown(around)
        self._sign_unknown_since = None
        if around.meter is MeterState.STALE:
            return self._tell(self.switching.on, Reason.METER_STALE, around)
        if self.switching.on:
            return self._keep_or_stop(around, was_forced=was_forced)
        return self._start_or_wait(around)

    def _sign_unknown(self, around: Circumstances) -> Decision:
        if self._sign_unknown_since is None:
            self._sign_unknown_since = around.now
        lasts_s = around.now - self._sign_unknown_since
        stays = self.switching.on and (
            lasts_s < _SIGN_UNKNOWN_S or self.must_hold_s(around) > 0
        )
        return self._tell(stays, Reason.SIGN_UNKNOWN, around)

    def _keep_or_stop(self, around: Circumstances, *, was_forced: bool) -> Decision:
        power_w = self.appliance.power_w
        span = Span(least_w=power_w, most_w=power_w)
        worth_w = around.worth_w(span)
        against_w = around.against_w(self.span_w(around.voltage_v), worth_w)
        numbers: dict[str, float | str] = {
            "surplus_w": round(around.surplus_w),
            "power_w": round(power_w),
        }
        held_s = self.must_hold_s(around)
        stop = self.switching.weigh(against_w, around.dt_s)
        # What it ran for from the grid is done: that import is no dip.
        if (stop or (was_forced and worth_w < 0)) and not held_s:
            return self._tell(False, Reason.WAITING_FOR_SURPLUS, around, numbers)
        if not self.appliance.power_known:
            numbers["steps"] = self.appliance.meter.steps
            return self._run(Reason.LEARNING, around, numbers)
        if against_w <= 0:
            return self._run(Reason.FOLLOWING_SURPLUS, around, numbers)
        stop_in_s = self.switching.seconds_until(against_w) or 0.0
        numbers["seconds"] = round(max(stop_in_s, held_s))
        return self._run(Reason.HOLDING_MINIMUM, around, numbers)

    def _start_or_wait(self, around: Circumstances) -> Decision:
        power_w = self.appliance.power_w
        worth_w = around.worth_w(Span(least_w=power_w, most_w=power_w))
        if not self.appliance.power_known and worth_w < power_w:
            # A trial is for when its guess is there in full.
            worth_w = -power_w
        numbers: dict[str, float | str] = {
            "surplus_w": round(around.surplus_w),
            "power_w": round(power_w),
        }
        start = self.switching.weigh(worth_w, around.dt_s)
        if worth_w <= 0:
            return self._tell(False, Reason.WAITING_FOR_SURPLUS, around, numbers)
        if not self._has_room(around):
            return self._no_room(around)
        # Loads below must not start on what this one is about to take.
        self.reserved_w = power_w
        if rest_s := self.must_hold_s(around):
            numbers["seconds"] = round(rest_s)
            return self._tell(False, Reason.RESTING, around, numbers)
        if waits := self._wait_for_trial(around):
            return waits
        if not start:
            numbers["seconds"] = round(self.switching.seconds_until(worth_w) or 0)
            return self._tell(False, Reason.ABOUT_TO_START, around, numbers)
        if self.appliance.power_known:
            return self._run(Reason.FOLLOWING_SURPLUS, around, numbers)
        numbers["steps"] = self.appliance.meter.steps
        return self._run(Reason.LEARNING, around, numbers)
