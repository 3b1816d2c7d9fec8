"""What one charger is told in one cycle, and what it must remember between cycles."""

from collections.abc import Mapping
from dataclasses import replace
from typing import override

from ..check import Pulse
from ..freshness import MeterState
from ..model import ChargerReading, ChargerSpec, Decision, LoadInput, Mode, Reason
from ..switching import BUDGETS, PATIENT_BUDGETS
from .charger_phases import RESTART_SLACK_A
from .charger_solar import SolarCharger
from .circumstances import Circumstances

# What is said of a vehicle that takes nothing while it is offered something.
_OFFERED = frozenset(
    {
        Reason.ABOUT_TO_START,
        Reason.AT_MAXIMUM,
        Reason.BOOST,
        Reason.CAR_MINIMUM,
        Reason.CHEAP_HOURS,
        Reason.FOLLOWING_SURPLUS,
        Reason.HOLDING_MINIMUM,
        Reason.LIMITED,
        Reason.NEEDED,
        Reason.SCHEDULED,
    }
)

# Some cars need more than 6 A before they begin: a check tries this many more.
_MOST_PULSES_ABOVE = 4


class ChargerControl(SolarCharger):
    """One charger's memory, with its vehicle. Its values are amperes per phase."""

    def __init__(self, spec: ChargerSpec) -> None:
        """Know nothing but the charger itself."""
        super().__init__(spec)
        self._manual_value: float | None = None

    # ---- what is decided -----------------------------------------------------------

    @override
    def decide(
        self, load: LoadInput[ChargerSpec, ChargerReading], around: Circumstances
    ) -> Decision:
        self.reserved_w = 0.0
        self.switching.budgets = PATIENT_BUDGETS if around.others_fill else BUDGETS
        self.pace.observe(around.now, self.spec.writes_per_day)
        reading = load.reading
        if not reading.reachable:
            return self._unreachable(reading, around)
        if self.vehicle.agree(self.spec, reading, around.now):
            self.phase_choice.changed(around.now)
        if load.mode is Mode.OFF:
            return self._tell(0.0, Reason.MODE_OFF, around)
        if around.settings.sign_reversed:
            self.value = 0.0
            return self.left_alone(Reason.SIGN_REVERSED)
        if not reading.wants_power:
            decision = self._tell(0.0, Reason.NO_VEHICLE, around)
            # It was not we who ended it: whoever comes next need not rest.
            self.switching.since = None
            return decision
        planned = self._planned
        if planned is not None and planned.stops:
            return self._tell(0.0, planned.reason, around, planned.numbers)
        tight = around.headroom.tightest(self._touched)
        room_a = tight[0] if tight else self.spec.max_a
        manual_a = self._manual_a(load)
        if load.mode is Mode.MANUAL and not manual_a:
            return self._tell(0.0, Reason.MANUAL, around)
        follows = self.follows_surplus(load, around.cheap)
        wanted = (
            not follows
            or planned is not None
            or (load.mode is Mode.MIN_SOLAR and not around.holds_back)
            or self.switching.on
        )
        slack_a = 0.0 if self.switching.on else RESTART_SLACK_A
        needed_a = self._kept_a + slack_a
        if wanted and not self.fits(needed_a, around.headroom, around.now):
            return self._tell(
                0.0,
                Reason.NO_ROOM,
                around,
                {"room_a": round(room_a, 1), "needed_a": needed_a},
            )
        if load.mode is Mode.MANUAL:
            # A person's number waits for no writes.
            self._asked = True
            return self._up_to(manual_a, room_a, Reason.MANUAL, around)
        decision = self._by_mode(load, room_a, follows, around)
        if self.vehicle.appetite.full and decision.reason in _OFFERED:
            # What it does not take is for the loads below.
            self.reserved_w = 0.0
            decision = replace(decision, reason=Reason.VEHICLE_FULL)
        return decision

    def _by_mode(
        self,
        load: LoadInput[ChargerSpec, ChargerReading],
        room_a: float,
        follows: bool,
        around: Circumstances,
    ) -> Decision:
        full = self.vehicle.appetite.full
        planned = self._planned
        if not follows:
            most_a = self.min_a if full else self.spec.max_a
            if planned is not None and planned.takes_all:
                return self._up_to(
                    most_a, room_a, planned.reason, around, planned.numbers
                )
            reason = Reason.CHEAP_HOURS if load.mode is Mode.ECO else Reason.BOOST
            return self._up_to(most_a, room_a, reason, around)
        if planned is not None:
            return self._as_planned(planned, room_a, around)
        if load.mode is not Mode.MIN_SOLAR:
            return self._solar(room_a, around)
        if not around.holds_back:
            return self._min_solar(room_a, around)
        decision = self._solar(room_a, around)
        if decision.reason is Reason.WAITING_FOR_SURPLUS:
            return replace(decision, reason=Reason.HELD_BACK)
        return decision

    def _manual_a(self, load: LoadInput[ChargerSpec, ChargerReading]) -> float:
        """Return what a person gave it: 0, or between minimum and maximum.

        Without a number it goes on with what it had.
        """
        if load.mode is not Mode.MANUAL:
            self._manual_value = None
            return 0.0
        given_a = load.manual_value
        if given_a is not None and given_a != self._manual_value:
            # A person does not wait for minimum times.
            self.switching.since = None
        self._manual_value = given_a
        wished_a = self.given(load)
        if wished_a < self.spec.min_a:
            return 0.0
        return self._down(min(wished_a, self.spec.max_a))

    def _up_to(
        self,
        most_a: float,
        room_a: float,
        reason: Reason,
        around: Circumstances,
        numbers: Mapping[str, float | str] | None = None,
    ) -> Decision:
        """As much as is asked for and the limits allow, whatever the sun."""
        if not self.switching.on and (rest_s := self.must_hold_s(around)):
            return self._tell(0.0, Reason.RESTING, around, {"seconds": round(rest_s)})
        if unknown := self._not_told(around):
            return self._tell(min(self._kept_a, most_a), unknown, around)
        most_a = self._down(most_a)
        top_a = self._within(room_a, most_a)
        limited = self._top_a(room_a, most_a) < most_a
        if around.meter is MeterState.STALE:
            return self._tell(min(top_a, self.value), Reason.METER_STALE, around)
        if top_a > self.value > 0 and not self._may_move(top_a, around):
            top_a = self.value
        if limited:
            return self._tell(
                top_a,
                Reason.LIMITED,
                around,
                {"room_a": round(room_a, 1), "current_a": top_a},
            )
        return self._tell(
            top_a, reason, around, {"current_a": top_a, **(numbers or {})}
        )

    def _unreachable(self, reading: ChargerReading, around: Circumstances) -> Decision:
        """Count on what it may still draw, whichever comes of its lease."""
        held_a = self._held_a(reading, around.now)
        if not self._left_off:
            self.value = held_a
            if (held_a > 0) is not self.switching.on:
                self.switching.switch(held_a > 0, around.now)
        reserved_a = max(held_a, self.spec.safe_a)
        around.headroom.take(self.phases, reserved_a)
        return self.left_alone(Reason.UNREACHABLE, {"reserved_a": reserved_a})

    # ---- what the guard asks -------------------------------------------------------

    @override
    def stop_hurts(self, now: float) -> bool:
        return True

    @override
    def may_shed(self, load: LoadInput[ChargerSpec, ChargerReading]) -> bool:
        return True

    @override
    def shed(
        self,
        load: LoadInput[ChargerSpec, ChargerReading],
        around: Circumstances,
        numbers: Mapping[str, float | str],
    ) -> Decision:
        self.reserved_w = 0.0
        self.pace.observe(around.now, self.spec.writes_per_day)
        if self.vehicle.agree(self.spec, load.reading, around.now):
            self.phase_choice.changed(around.now)
        return self._tell(0.0, Reason.SHED, around, numbers)

    # ---- the commissioning check ---------------------------------------------------

    @override
    def hold(self, around: Circumstances) -> Decision:
        return self._tell(min(self.value, self._cap(around)), Reason.CHECKING, around)

    @override
    def follow_check(self, value: float, around: Circumstances) -> Decision:
        if value and self._cap(around, strict=True) < value:
            value = 0.0
        return self._tell(value, Reason.CHECKING, around)

    @override
    def pulses(self, voltage_v: float) -> tuple[Pulse, ...]:
        spec = self.spec
        steps = int(min(_MOST_PULSES_ABOVE, spec.max_a - spec.min_a))
        return tuple(
            Pulse(
                value=spec.min_a + step,
                least_w=(spec.min_a + step) * voltage_v,
                most_w=(spec.min_a + step) * voltage_v * len(self.phases),
            )
            for step in range(steps + 1)
        )

    def _cap(self, around: Circumstances, *, strict: bool = False) -> float:
        """Return what the limits leave: nothing, or at least the minimum."""
        spec = self.spec
        if not self.fits(self._kept_a, around.headroom, around.now, strict=strict):
            return 0.0
        tight = around.headroom.tightest(self._touched)
        room_a = tight[0] if tight else spec.max_a
        return self._top_a(room_a, spec.max_a)
