"""A relay and what is behind it: what is known of it, and how it is told.

Whatever decides that it shall run, the limits, what it obeys and what it really takes
are the same.
"""

from collections.abc import Mapping
from contextlib import suppress
from math import inf
from typing import Any, override

from ..check import CheckEnd, CheckResult, Pulse, took_nothing
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
from .base import LoadControl
from .circumstances import Circumstances, Span
from .daily import DailyRun
from .learned_power import LEARNS_WITHIN_S
from .water import Water

# A load is not started into room that it fills to the brim.
_START_SLACK_A = 1.0
# What is unknown and could never fit is tried once so much of the limit is free.
_TRIAL_SHARE = 0.8
# What a check of a load of unknown power must see.
_LEAST_PULSE_W = 100.0


class SwitchedRelay(LoadControl[SwitchedSpec, SwitchedReading]):
    """One switched load's memory. Its values are 1 and 0."""

    phases: tuple[int, ...] = ()

    def __init__(self, spec: SwitchedSpec) -> None:
        """Know nothing but the load itself."""
        super().__init__(spec)
        self.daily = DailyRun()
        self.appliance = Appliance(spec)
        self.water = Water(spec.temperatures)
        self._reading = SwitchedReading(reachable=False)
        self.phases = spec.phases_on(3)
        self._met = False
        # A person wants it on, and has not said that it may be switched off.
        self._kept = False
        self._forced = False
        self._ignores = False
        self._manual: float | None = None
        self._takes_w = 0.0
        self._counted_at = 0.0

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
        self.phases = load.spec.phases_on(supply_phases)
        self._kept = not self.may_shed(load)
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
    def most_drawn_w(self) -> float:
        return inf if self.spec.power_w is None else self.spec.power_w

    def _is_on(self, reading: SwitchedReading) -> bool:
        """Whether it is on; what it was told where it does not tell."""
        return self.value != 0 if reading.on is None else reading.on

    @override
    def present(self, reading: SwitchedReading) -> float:
        return float(self._is_on(reading))

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
        power_w = self.appliance.running_w
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

    # ---- how it is told --------------------------------------------------------------

    def _amperes(self, power_w: float, around: Circumstances) -> float:
        return power_w / around.voltage_v / len(self.phases)

    def _needed_a(self, around: Circumstances) -> float:
        """Return the room it needs to go on, or to start, the slack apart."""
        if self.switching.on:
            return self._amperes(self.appliance.power_w, around)
        return self._start_a(around)

    def _start_a(self, around: Circumstances) -> float:
        """Return what it may take when it is started; more than seen, where unknown."""
        needed_a = self._amperes(self.appliance.most_w, around)
        limit_a = around.headroom.limit_a
        if limit_a is None or self.appliance.power_known:
            return needed_a
        never_fits = needed_a + _START_SLACK_A > limit_a
        return _TRIAL_SHARE * limit_a - _START_SLACK_A if never_fits else needed_a

    @override
    def _as_far_as_shown(
        self, value: float, power_w: float, around: Circumstances
    ) -> float:
        # What fits nowhere is tried in less room than it may take.
        start_w = self._start_a(around) * around.voltage_v * len(self.phases)
        return super()._as_far_as_shown(value, min(power_w, start_w), around)

    def _has_room(self, around: Circumstances) -> bool:
        """Whether the limits leave room for it: all of it, whatever it draws now.

        What a trial without room has shown is remembered. One that a person wants on is
        never stopped for what was worked out.
        """
        slack_a = 0.0 if self.switching.on else _START_SLACK_A
        needed_a = self._needed_a(around) + slack_a
        on_trial = self.switching.on and self.trial_left_s(around.now) > 0
        fits = self.fits(needed_a, around.headroom, around.now, strict=on_trial)
        if not fits and on_trial:
            assert self.changed_at is not None
            self.appliance.meter.cut_short(self.changed_at)
            return False
        kept = self._kept and self.switching.on and around.headroom.guarded
        return fits or kept

    @override
    def trial_left_s(self, now: float) -> float:
        """Return how long its last switching may still teach what it takes, in s."""
        appliance = self.appliance
        if appliance.power_known or self.changed_at is None:
            return 0.0
        if appliance.on is self.switching.on and not appliance.meter.watches:
            return 0.0
        lasts_s = OBEYS_WITHIN_S + 2 * LEARNS_WITHIN_S
        return max(0.0, self.changed_at + lasts_s - now)

    def _wait_for_trial(self, around: Circumstances) -> Decision | None:
        """Wait for another load's trial, where this would be one too."""
        if self.switching.on or self.appliance.power_known or not around.trial_s:
            return None
        numbers: dict[str, float | str] = {"seconds": round(around.trial_s)}
        return self._tell(False, Reason.OTHER_TRIAL, around, numbers)

    def _no_room(self, around: Circumstances) -> Decision:
        tight = around.headroom.tightest(self.phases)
        # Only a limit leaves no room.
        assert tight is not None
        numbers: dict[str, float | str] = {
            "needed_a": round(self._needed_a(around), 1),
            "room_a": round(tight[0], 1),
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
        decision = self.told(float(on), self._takes_w, reason, around, numbers)
        if on and not self.appliance.on and not self.appliance.power_known:
            # Those below must not fill what it may be about to take.
            more_a = self._start_a(around) - self._amperes(self._takes_w, around)
            around.headroom.take(self.phases, max(0.0, more_a))
        return decision

    def _disobeys(self, on: bool, now: float) -> bool:
        """Whether it has long been told so, and still tells otherwise."""
        return (
            self._reading.on is not None
            and self._reading.on is not on
            and float(on) == self.value
            and self.changed_at is not None
            and now - self.changed_at > OBEYS_WITHIN_S
        )

    def _unreachable(self, around: Circumstances) -> Decision:
        """Count on what it may still draw: a relay stays as it is."""
        on = self.switching.on if self.appliance.on is None else self.appliance.on
        # Whatever happens to it meanwhile, it is gone on from what it is found in.
        self._met = False
        self.value = float(on)
        if on is not self.switching.on:
            self.switching.switch(on, around.now)
        reserved_a = self._needed_a(around) if on else 0.0
        around.headroom.take(self.phases, reserved_a)
        return self.left_alone(Reason.UNREACHABLE, {"reserved_a": round(reserved_a, 1)})

    # ---- what the guard asks -------------------------------------------------------

    @override
    def stop_hurts(self, now: float) -> bool:
        # A trial is for when there is room for it.
        return self.trial_left_s(now) <= 0

    @override
    def may_shed(self, load: LoadInput[SwitchedSpec, SwitchedReading]) -> bool:
        # What a person wants on is stopped only where they have said so.
        asked = load.mode in (Mode.BOOST, Mode.MANUAL)
        return self.spec.sheddable or not asked

    @override
    def shed(
        self,
        load: LoadInput[SwitchedSpec, SwitchedReading],
        around: Circumstances,
        numbers: Mapping[str, float | str],
    ) -> Decision:
        self._count(around)
        self.water.ask(load.reading.temperature_c, around)
        self._forced = False
        return self._tell(False, Reason.SHED, around, numbers)

    # ---- the commissioning check ---------------------------------------------------

    @override
    def hold(self, around: Circumstances) -> Decision:
        self._count(around)
        stays = self.value != 0 and self._has_room(around)
        return self._tell(stays, Reason.CHECKING, around)

    @override
    def follow_check(self, value: float, around: Circumstances) -> Decision:
        self._count(around)
        # The check itself has asked for its room, without slack.
        fits = self.fits(
            self._needed_a(around), around.headroom, around.now, strict=True
        )
        return self._tell(value != 0 and fits, Reason.CHECKING, around)

    @override
    def pulses(self, voltage_v: float) -> tuple[Pulse, ...]:
        if self.appliance.power_known:
            power_w = self.appliance.power_w
            return (Pulse(value=1.0, least_w=power_w, most_w=self.appliance.most_w),)
        most_w = self.appliance.most_w
        pulse = Pulse(value=1.0, least_w=_LEAST_PULSE_W, most_w=most_w, guessed=True)
        return (pulse,)

    @override
    def judged(self, result: CheckResult) -> CheckResult:
        if took_nothing(result, measured=self._reading.power_w is not None):
            return CheckResult(end=CheckEnd.TAKES_NOTHING)
        return result

    @override
    def check_ended(self) -> None:
        # A compressor rests after a pulse as after any running.
        switching = self.switching
        off_since = self._counted_at if switching.on else switching.since
        super().check_ended()
        switching.since = off_since

    def _count(self, around: Circumstances) -> None:
        """Count the time it runs; what else each cycle begins with."""
        self.reserved_w = 0.0
        self._counted_at = around.now
        reading = self._reading
        self.daily.see(
            self._is_on(reading) if reading.reachable else None,
            reading.changed_at if reading.on is not None else None,
            around.now,
            around.wall,
        )
        self.daily.cheap_hours.note(around.wall, around.cheap)

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
