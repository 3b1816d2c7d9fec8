"""What one load that is on or off is told in one cycle, and what it must remember.

It is valued like any load, with a span of nothing but its power. Its ``min_solar`` is
``solar``: between nothing and all there is no minimum to keep. The minimum it may have
is that of its day, and in every mode that follows the sun it gets it.
"""

from collections.abc import Mapping
from contextlib import suppress
from math import inf
from typing import Any, override

from ..check import Pulse
from ..freshness import MeterState
from ..model import (
    Decision,
    GridReading,
    LoadInput,
    Mode,
    Reason,
    SwitchedReading,
    SwitchedSpec,
)
from .appliance import OBEYS_WITHIN_S, Appliance
from .base import Circumstances, LoadControl, Span
from .daily import DailyRun
from .thermal import Demand
from .water import Water

# A load is not started into room that it fills to the brim.
_START_SLACK_A = 1.0
# A meter that cannot tell the sign for a moment is no reason to switch.
_SIGN_UNKNOWN_S = 60.0
# Kept free before a day's minimum must begin, beside its rest.
_DAY_MARGIN_S = 120.0
# What a check of a load of unknown power must see, and leave room for: a 16 A socket.
_LEAST_PULSE_W = 100.0
_MOST_PULSE_W = 3680.0


class SwitchedControl(LoadControl[SwitchedSpec, SwitchedReading]):
    """One switched load's memory. Its values are 1 and 0."""

    def __init__(self, spec: SwitchedSpec) -> None:
        """Know nothing but the load itself."""
        super().__init__(spec)
        self.daily = DailyRun()
        self.appliance = Appliance(spec)
        self.water = Water(spec.temperatures)
        self._reading = SwitchedReading(reachable=False)
        self._supply_phases = 3
        self._met = False
        self._forced = False
        self._ignores = False
        self._manual: float | None = None
        self._sign_unknown_since: float | None = None
        self._takes_w = 0.0

    # ---- what is known -------------------------------------------------------------

    @override
    def observe(
        self, load: LoadInput[SwitchedSpec, SwitchedReading], supply_phases: int
    ) -> None:
        was_known = self.known
        asked = was_known and load.wishes != self._wishes
        super().observe(load, supply_phases)
        self.water.change(load.spec.temperatures)
        if asked:
            self.water.wake()
        self._supply_phases = supply_phases
        self._reading = reading = load.reading
        self.appliance.observe(load.spec, reading)
        self.daily.ends_s = load.spec.day_ends_s
        if reading.reachable and reading.on is not None and not self._met:
            self._met = True
            self._adopt(reading.on, reading.changed_at)
        if was_known and load.mode is Mode.MANUAL and load.manual_value != self._manual:
            # A person does not wait for minimum times, whichever way it was asked.
            self.switching.since = None
        self._manual = load.manual_value

    def _adopt(self, on: bool, changed_at: float | None) -> None:
        """Go on from what it is found in: whoever switched it, it is not undone."""
        if on is not self.switching.on:
            self.value = float(on)
            self.switching.switch(on, 0.0)
            self.switching.since = changed_at

    @property
    @override
    def phases(self) -> tuple[int, ...]:
        return self.spec.phases_on(self._supply_phases)

    @property
    @override
    def most_drawn_w(self) -> float:
        return inf if self.spec.power_w is None else self.spec.power_w

    def _is_on(self, reading: SwitchedReading) -> bool:
        """Whether it is on; what it was told where it does not tell."""
        return self.value != 0 if reading.on is None else reading.on

    @override
    def own_power_w(
        self, reading: SwitchedReading, at: float, now: float, voltage_v: float
    ) -> float:
        """Return what it draws at an instant, by measurement and model.

        One out of reach is taken to be as it was seen last.
        """
        if reading.reachable:
            self._notice(reading, now)
        return self.appliance.drawn_w(at)

    def _notice(self, reading: SwitchedReading, now: float) -> None:
        on = self._is_on(reading)
        told_at = self.changed_at if on is (self.value != 0) else None
        self.appliance.notice(on, now, told_at)

    @override
    def see_grid(self, grid: GridReading, others_w: float) -> None:
        power_w = grid.power_w
        if power_w is not None and abs(power_w) < grid.dead_zone_w:
            power_w = None
        self.appliance.see_grid(grid.at, power_w, others_w)

    @override
    def span_w(self, voltage_v: float) -> Span:
        power_w = 0.0 if self.appliance.refuses else self.appliance.power_w
        return Span(least_w=power_w, most_w=power_w)

    @override
    def follows_surplus(
        self, load: LoadInput[SwitchedSpec, SwitchedReading], cheap: bool | None
    ) -> bool:
        return super().follows_surplus(load, cheap) and not (
            self._forced or self._ignores
        )

    @property
    @override
    def facts(self) -> Mapping[str, float]:
        """``power_w`` as the meter has shown it, of a load whose power is not declared."""
        meter = self.appliance.meter
        if self.spec.power_w is not None or (best_w := meter.best_w) is None:
            return {}
        return {
            "power_w": best_w,
            "confidence": meter.confidence,
            "steps": meter.steps,
        }

    @override
    def takes_w(self, decision: Decision) -> float:
        if decision.setpoint is None:
            return 0.0
        return max(self._takes_w, self.reserved_w)

    # ---- what is decided -----------------------------------------------------------

    @override
    def decide(
        self,
        load: LoadInput[SwitchedSpec, SwitchedReading],
        around: Circumstances,
    ) -> Decision:
        self._count(around)
        reading = load.reading
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
            decision = self._tell(False, Reason.NOT_DRAWING, around)
            # It was not we who ended it.
            self.switching.since = None
            return decision
        if load.mode is Mode.MANUAL:
            if load.manual_value == 0 or (
                load.manual_value is None and not self._is_on(reading)
            ):
                return self._tell(False, Reason.MANUAL, around)
            return self._force(Reason.MANUAL, around)
        if demand is Demand.REST:
            return self._enough(Reason.WARM_ENOUGH, around, self.water.numbers)
        if load.mode is Mode.BOOST:
            return self._force(Reason.BOOST, around)
        if demand is Demand.FORCED:
            return self._force(self.water.why_forced, around, self.water.numbers)
        if self._must_catch_up(around):
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
        elif load.mode is Mode.ECO and around.cheap:
            return self._force(Reason.CHEAP_HOURS, around)
        return self._solar(around, was_forced=was_forced)

    @override
    def hold(self, around: Circumstances) -> Decision:
        self._count(around)
        stays = self.value != 0 and self._has_room(around)
        return self._tell(stays, Reason.CHECKING, around)

    @override
    def follow_check(self, value: float, around: Circumstances) -> Decision:
        self._count(around)
        return self._tell(
            value != 0 and self._has_room(around), Reason.CHECKING, around
        )

    @override
    def pulses(self, voltage_v: float) -> tuple[Pulse, ...]:
        if self.appliance.power_known:
            power_w = self.appliance.power_w
            return (Pulse(value=1.0, least_w=power_w, most_w=power_w),)
        return (Pulse(value=1.0, least_w=_LEAST_PULSE_W, most_w=_MOST_PULSE_W),)

    def _count(self, around: Circumstances) -> None:
        """Count the time it runs; what else each cycle begins with."""
        self.reserved_w = 0.0
        reading = self._reading
        self.daily.see(
            self._is_on(reading) if reading.reachable else None,
            reading.changed_at if reading.on is not None else None,
            around.now,
            around.wall,
        )
        self.daily.cheap_hours.note(around.wall, around.cheap)

    def _unreachable(self, around: Circumstances) -> Decision:
        """Count on what it may still draw: a relay stays as it is."""
        on = self.switching.on if self.appliance.on is None else self.appliance.on
        self.value = float(on)
        if on is not self.switching.on:
            self.switching.switch(on, around.now)
        reserved_a = self._needed_a(around) if on else 0.0
        around.headroom.take(self.phases, reserved_a)
        return self.left_alone(Reason.UNREACHABLE, {"reserved_a": round(reserved_a, 1)})

    # ---- running whatever the sun --------------------------------------------------

    def _must_catch_up(self, around: Circumstances) -> bool:
        spec = self.spec
        return self.daily.must_run(
            around.wall, spec.least_run_s, spec.min_off_s + _DAY_MARGIN_S, around.cheap
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
        if around.meter is MeterState.STALE:
            return self._tell(self.switching.on, Reason.METER_STALE, around)
        if reason in (Reason.BOOST, Reason.CHEAP_HOURS):
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
        power_w = self.appliance.starts_from_w
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
        if not start:
            numbers["seconds"] = round(self.switching.seconds_until(worth_w) or 0)
            return self._tell(False, Reason.ABOUT_TO_START, around, numbers)
        if self.appliance.power_known:
            return self._run(Reason.FOLLOWING_SURPLUS, around, numbers)
        numbers["steps"] = self.appliance.meter.steps
        return self._run(Reason.LEARNING, around, numbers)

    # ---- small things --------------------------------------------------------------

    def _needed_a(self, around: Circumstances) -> float:
        return self.appliance.power_w / around.voltage_v / len(self.phases)

    def _has_room(self, around: Circumstances) -> bool:
        """Whether the limits leave room for it: all of it, whatever it draws now."""
        slack_a = 0.0 if self.switching.on else _START_SLACK_A
        needed_a = self._needed_a(around) + slack_a
        return self.fits(needed_a, around.headroom, around.now)

    def _no_room(self, around: Circumstances) -> Decision:
        tight = around.headroom.tightest(self.phases)
        # Only a limit leaves no room.
        assert tight is not None
        numbers: dict[str, float | str] = {
            "needed_a": round(self._needed_a(around), 1),
            "room_a": round(tight[0], 1),
            "limit": tight[1].value,
        }
        return self._tell(False, Reason.NO_ROOM, around, numbers)

    def _run(
        self,
        reason: Reason,
        around: Circumstances,
        numbers: Mapping[str, float | str] | None = None,
    ) -> Decision:
        """Tell it to be on; say so where that helps nothing."""
        if self.appliance.refuses:
            reason = Reason.NOT_DRAWING
        return self._tell(True, reason, around, numbers)

    def _tell(
        self,
        on: bool,
        reason: Reason,
        around: Circumstances,
        numbers: Mapping[str, float | str] | None = None,
    ) -> Decision:
        """Remember and return a set-point, and count what it really takes of it."""
        self._ignores = self._disobeys(on, around.now)
        # What it draws against its order, every kind of load is held against.
        draws = on and not self._ignores and not self.appliance.refuses
        self._takes_w = self.appliance.power_w if draws else 0.0
        return self.told(float(on), self._takes_w, reason, around, numbers)

    def _disobeys(self, on: bool, now: float) -> bool:
        """Whether it has long been told so, and still tells otherwise."""
        return (
            self._reading.on is not None
            and self._reading.on is not on
            and float(on) == self.value
            and self.changed_at is not None
            and now - self.changed_at > OBEYS_WITHIN_S
        )

    # ---- surviving a restart -------------------------------------------------------

    @override
    def learned(self) -> dict[str, Any]:
        return {
            "daily": self.daily.as_dict(),
            "appliance": self.appliance.learned(),
            **self.water.learned(),
        }

    @override
    def relearn(self, learned: Mapping[str, Any]) -> None:
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            self.daily.restore(learned["daily"])
        if isinstance(appliance := learned.get("appliance"), Mapping):
            self.appliance.relearn(appliance)
        self.water.relearn(learned)
