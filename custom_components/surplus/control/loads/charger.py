"""What one charger is told in one cycle, and what it must remember between cycles."""

from collections.abc import Mapping
from dataclasses import replace
from math import floor
from typing import Any, override

from ..check import Pulse
from ..freshness import MeterState
from ..limits import Headroom
from ..model import ChargerReading, ChargerSpec, Decision, LoadInput, Mode, Reason
from ..settings import NOMINAL_VOLTAGE_V
from .base import FLOAT_SLACK, Circumstances, LoadControl, Span
from .pace import Pace
from .phases import PhaseChoice
from .vehicle import Vehicle

# An offer is only changed for this much, or a car would be moved by every reading.
DEAD_BAND_A = 0.7
# Under a limit an increase needs a little more room than it takes.
_LIMIT_SLACK_A = 0.5
# A stopped car is not started again into room that it fills to the brim.
_RESTART_SLACK_A = 1.0

# What is said of a vehicle that takes nothing while it is offered something.
_OFFERED = frozenset(
    {
        Reason.ABOUT_TO_START,
        Reason.AT_MAXIMUM,
        Reason.BOOST,
        Reason.CHEAP_HOURS,
        Reason.FOLLOWING_SURPLUS,
        Reason.HOLDING_MINIMUM,
        Reason.LIMITED,
    }
)

# Some cars need more than 6 A before they begin: a check tries this many more.
_MOST_PULSES_ABOVE = 4


class ChargerControl(LoadControl[ChargerSpec, ChargerReading]):
    """One charger's memory, with its vehicle. Its values are amperes per phase."""

    def __init__(self, spec: ChargerSpec) -> None:
        """Know nothing but the charger itself."""
        super().__init__(spec)
        self.vehicle = Vehicle(spec.phases)
        self.phase_choice = PhaseChoice()
        self.pace = Pace()
        self._met = False
        self._manual_value: float | None = None

    # ---- what is known -------------------------------------------------------------

    @override
    def observe(
        self, load: LoadInput[ChargerSpec, ChargerReading], supply_phases: int
    ) -> None:
        reading = load.reading
        if not self.known and reading.offered_a:
            # First sight of a charger that is already at work: adopt, do not restart.
            self.value = reading.offered_a
            self.switching.on = True
        if reading.reachable and not self._met:
            self._met = True
            self._adopt(reading)
            self.vehicle.adopt_phases(load.spec, reading)
        super().observe(load, supply_phases)
        self.vehicle.observe(load.spec, reading, supply_phases)

    @property
    @override
    def most_drawn_w(self) -> float:
        return self.spec.max_a * NOMINAL_VOLTAGE_V * len(self.spec.phases)

    @property
    def min_a(self) -> float:
        """The least to offer: the charger's minimum, or more where the vehicle needs it."""
        spec = self.spec
        return min(max(spec.min_a, self.vehicle.appetite.needs_a), spec.max_a)

    @property
    def _kept_a(self) -> float:
        """The least to offer now: nobody raises a running one for its minimum's sake."""
        return min(self.min_a, self.value) if self.switching.on else self.min_a

    def _top_a(self, room_a: float, most_a: float) -> float:
        """Return the most that may be offered, never less than is kept."""
        return max(min(self._kept_a, most_a), self._down(min(room_a, most_a)))

    def _adopt(self, reading: ChargerReading) -> None:
        """Go on with a charge that nobody wrote down: a power cut leaves no time to."""
        if reading.offering and not self.switching.on:
            self.value = reading.offered_a or self.spec.safe_a or self.spec.min_a
            self.switching.on = True
            self.switching.since = None

    @property
    @override
    def phases(self) -> tuple[int, ...]:
        return self.vehicle.phases

    @override
    def own_power_w(
        self, reading: ChargerReading, at: float, now: float, voltage_v: float
    ) -> float:
        """Return what it draws at an instant, by measurement and model.

        Of one out of reach, no more counts than is kept free for it: what it drew when
        it was last heard may long be the house's.
        """
        if reading.reachable:
            return self.vehicle.power_w(reading, at, voltage_v)
        held_w = self._held_a(reading, now) * voltage_v * len(self.phases)
        return min(reading.power_w or 0.0, held_w)

    @override
    def span_w(self, voltage_v: float) -> Span:
        return self._span_on(self.vehicle.aimed_phases, voltage_v)

    def _span_on(self, phases: tuple[int, ...], voltage_v: float) -> Span:
        per_a = voltage_v * len(phases)
        most_w = (self.spec.max_a - self.vehicle.shortfall_a) * per_a
        if self.vehicle.takes_at_most_w is not None:
            most_w = min(most_w, self.vehicle.takes_at_most_w)
        least_w = (self.min_a - self.vehicle.shortfall_a) * per_a
        return Span(least_w=min(least_w, most_w), most_w=most_w)

    @override
    def takes_w(self, decision: Decision) -> float:
        if decision.setpoint is None:
            return 0.0
        power_w = decision.setpoint.power_w
        if self.vehicle.takes_at_most_w is not None:
            power_w = min(power_w, self.vehicle.takes_at_most_w)
        return max(power_w, self.reserved_w)

    # ---- what is decided -----------------------------------------------------------

    @override
    def decide(
        self, load: LoadInput[ChargerSpec, ChargerReading], around: Circumstances
    ) -> Decision:
        self.reserved_w = 0.0
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
        tight = around.headroom.tightest(self._touched)
        room_a = tight[0] if tight else self.spec.max_a
        manual_a = self._manual_a(load)
        if load.mode is Mode.MANUAL and not manual_a:
            return self._tell(0.0, Reason.MANUAL, around)
        follows = self.follows_surplus(load, around.cheap)
        wanted = not follows or load.mode is Mode.MIN_SOLAR or self.switching.on
        slack_a = 0.0 if self.switching.on else _RESTART_SLACK_A
        needed_a = self._kept_a + slack_a
        if wanted and not self.fits(needed_a, around.headroom, around.now):
            return self._tell(
                0.0,
                Reason.NO_ROOM,
                around,
                {
                    "room_a": round(room_a, 1),
                    "needed_a": needed_a,
                    "limit": tight[1].value if tight else "",
                },
            )
        if load.mode is Mode.MANUAL:
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
        if not follows:
            reason = Reason.CHEAP_HOURS if load.mode is Mode.ECO else Reason.BOOST
            most_a = self.min_a if full else self.spec.max_a
            return self._up_to(most_a, room_a, reason, around)
        if load.mode is Mode.MIN_SOLAR:
            return self._min_solar(room_a, around)
        return self._solar(room_a, around)

    @override
    def hold(self, around: Circumstances) -> Decision:
        return self._tell(min(self.value, self._cap(around)), Reason.CHECKING, around)

    @override
    def follow_check(self, value: float, around: Circumstances) -> Decision:
        if value and self._cap(around) < value:
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

    def _cap(self, around: Circumstances) -> float:
        """Return what the limits leave: nothing, or at least the minimum."""
        spec = self.spec
        if not self.fits(self._kept_a, around.headroom, around.now):
            return 0.0
        tight = around.headroom.tightest(self._touched)
        room_a = tight[0] if tight else spec.max_a
        return self._top_a(room_a, spec.max_a)

    def _held_a(self, reading: ChargerReading, now: float) -> float:
        """Return what an unreachable charger offers: its last order, then the safe one."""
        lost_at = reading.link_lost_at if reading.link_lost_at is not None else 0.0
        if now >= lost_at + self.spec.lease_s or reading.offered_a is None:
            return self.spec.safe_a
        return reading.offered_a

    def _unreachable(self, reading: ChargerReading, around: Circumstances) -> Decision:
        """Count on what it may still draw, whichever comes of its lease."""
        self.value = self._held_a(reading, around.now)
        if (self.value > 0) is not self.switching.on:
            self.switching.switch(self.value > 0, around.now)
        reserved_a = max(self.value, self.spec.safe_a)
        around.headroom.take(self.phases, reserved_a)
        return self.left_alone(Reason.UNREACHABLE, {"reserved_a": reserved_a})

    def _manual_a(self, load: LoadInput[ChargerSpec, ChargerReading]) -> float:
        """Return what a person gave it: 0, or between minimum and maximum.

        Without a number it stays as it is.
        """
        if load.mode is not Mode.MANUAL:
            self._manual_value = None
            return 0.0
        given_a = load.manual_value
        if given_a is not None and given_a != self._manual_value:
            # A person does not wait for minimum times.
            self.switching.since = None
        self._manual_value = given_a
        wished_a = self.value if given_a is None else given_a
        if wished_a < self.spec.min_a:
            return 0.0
        return self._down(min(wished_a, self.spec.max_a))

    def _not_told(self, around: Circumstances) -> Reason | None:
        """Return why nobody knows the grid power well enough to go above the minimum."""
        if around.meter is MeterState.NONE:
            return Reason.NO_GRID_METER
        if around.meter is MeterState.LOST:
            return Reason.METER_LOST
        return None

    def _up_to(
        self, most_a: float, room_a: float, reason: Reason, around: Circumstances
    ) -> Decision:
        """As much as is asked for and the limits allow, whatever the sun."""
        if not self.switching.on and (rest_s := self.must_hold_s(around)):
            return self._tell(0.0, Reason.RESTING, around, {"seconds": round(rest_s)})
        if unknown := self._not_told(around):
            return self._tell(min(self._kept_a, most_a), unknown, around)
        most_a = self._down(most_a)
        top_a = self._top_a(room_a, most_a)
        limited = top_a < most_a
        if limited and self.value <= top_a:
            # While the car moves, the room beside it is known less well.
            slack_a = _LIMIT_SLACK_A + self.vehicle.doubt_a
            least_a = max(self.value, min(self._kept_a, most_a))
            top_a = max(least_a, self._down(room_a - slack_a))
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
        return self._tell(top_a, reason, around, {"current_a": top_a})

    def _min_solar(self, room_a: float, around: Circumstances) -> Decision:
        """At least the minimum, imported if need be; the surplus above it."""
        spec = self.spec
        if not self.switching.on and (rest_s := self.must_hold_s(around)):
            return self._tell(0.0, Reason.RESTING, around, {"seconds": round(rest_s)})
        if unknown := self._not_told(around):
            return self._tell(self._kept_a, unknown, around)
        if not around.direction_known:
            least_a = self._top_a(room_a, self.min_a)
            return self._tell(least_a, Reason.SIGN_UNKNOWN, around)
        if around.meter is MeterState.STALE:
            return self._tell(self._kept_a, Reason.METER_STALE, around)
        self._choose_phases(room_a, around)
        top_a = self._top_a(room_a, spec.max_a)
        best_a = self._best(top_a, around)
        return self._follow(best_a, top_a, self._numbers(around), around)

    def _solar(self, room_a: float, around: Circumstances) -> Decision:
        """As much as the surplus gives, in steps, from the minimum upwards."""
        spec = self.spec
        if unknown := self._not_told(around):
            return self._tell(0.0, unknown, around)
        if not around.direction_known:
            return self._tell(0.0, Reason.SIGN_UNKNOWN, around)
        if around.meter is MeterState.STALE:
            return self._tell(
                self._kept_a if self.switching.on else 0.0, Reason.METER_STALE, around
            )

        other_w = self._choose_phases(room_a, around)
        per_a = self._per_a(around)
        top_a = self._top_a(room_a, spec.max_a)
        best_a = self._best(top_a, around)
        span = self.span_w(around.voltage_v)
        if self.vehicle.appetite.full:
            # It takes nothing: the offer stands where it could take its minimum.
            span = Span(least_w=self.min_a * per_a, most_w=self.min_a * per_a)
        worth_w = around.worth_w(
            Span(least_w=span.least_w, most_w=min(span.most_w, top_a * per_a))
        )
        numbers = self._numbers(around)
        if self.switching.on:
            if other_w is not None and not self.phase_choice.held_for_s(around.now):
                # Rather change phases than stop.
                worth_w = max(worth_w, other_w)
            return self._keep_or_stop(best_a, top_a, worth_w, numbers, around)
        return self._start_or_wait(best_a, room_a, worth_w, numbers, around)

    def _best(self, top_a: float, around: Circumstances) -> float:
        """Return the step that serves what is left of the surplus best."""
        if self.vehicle.appetite.full:
            # Enough for it to begin again by itself.
            return min(self.min_a, top_a)
        left_w = around.surplus_w - around.reserve_w - around.least_below_w
        ideal_a = left_w / self._per_a(around) + self.vehicle.shortfall_a
        return min(max(self._fit(ideal_a, around), self.min_a), top_a)

    def _numbers(self, around: Circumstances) -> dict[str, float | str]:
        return {
            "surplus_w": round(around.surplus_w - around.reserve_w),
            "minimum_w": round(self.min_a * self._per_a(around)),
        }

    def _keep_or_stop(
        self,
        best_a: float,
        top_a: float,
        worth_w: float,
        numbers: dict[str, float | str],
        around: Circumstances,
    ) -> Decision:
        held_s = self.must_hold_s(around)
        stop = self.switching.weigh(-worth_w, around.dt_s)
        if stop and not held_s:
            return self._tell(0.0, Reason.WAITING_FOR_SURPLUS, around, numbers)
        stop_in_s = self.switching.seconds_until(-worth_w)
        if stop_in_s is not None:
            stop_in_s = max(stop_in_s, held_s)
        return self._follow(best_a, top_a, numbers, around, stop_in_s)

    def _follow(
        self,
        best_a: float,
        top_a: float,
        numbers: dict[str, float | str],
        around: Circumstances,
        stop_in_s: float | None = None,
    ) -> Decision:
        """Move to the best step, as soon as the last change is old enough."""
        current_a = self.value
        if current_a > top_a:
            current_a = top_a
        elif best_a != current_a and self._may_move(best_a, around):
            current_a = best_a
        numbers["current_a"] = current_a
        if (
            around.surplus_w < self.min_a * self._per_a(around)
            and current_a == self.min_a
        ):
            if stop_in_s is not None:
                numbers["seconds"] = round(stop_in_s)
            return self._tell(current_a, Reason.HOLDING_MINIMUM, around, numbers)
        if current_a >= self._down(self.spec.max_a):
            return self._tell(current_a, Reason.AT_MAXIMUM, around, numbers)
        if current_a == top_a:
            return self._tell(current_a, Reason.LIMITED, around, numbers)
        return self._tell(current_a, Reason.FOLLOWING_SURPLUS, around, numbers)

    def _start_or_wait(
        self,
        best_a: float,
        room_a: float,
        worth_w: float,
        numbers: dict[str, float | str],
        around: Circumstances,
    ) -> Decision:
        rest_s = self.must_hold_s(around)
        start = self.switching.weigh(worth_w, around.dt_s)
        if worth_w <= 0:
            return self._tell(0.0, Reason.WAITING_FOR_SURPLUS, around, numbers)
        if room_a + FLOAT_SLACK < self.min_a + _RESTART_SLACK_A:
            numbers["room_a"] = round(room_a, 1)
            return self._tell(0.0, Reason.NO_ROOM, around, numbers)
        # Loads below must not start on what this one is about to take.
        self.reserved_w = self.min_a * self._per_a(around)
        if rest_s:
            numbers["seconds"] = round(rest_s)
            return self._tell(0.0, Reason.RESTING, around, numbers)
        if not start:
            if (start_in_s := self.switching.seconds_until(worth_w)) is not None:
                numbers["seconds"] = round(start_in_s)
            return self._tell(0.0, Reason.ABOUT_TO_START, around, numbers)
        numbers["current_a"] = best_a
        return self._tell(best_a, Reason.FOLLOWING_SURPLUS, around, numbers)

    # ---- one phase or all ----------------------------------------------------------

    @property
    def _touched(self) -> tuple[int, ...]:
        """The phases it draws from, and those it is about to."""
        return tuple({*self.phases, *self.vehicle.aimed_phases})

    @override
    def fits(self, current_a: float, headroom: Headroom, now: float) -> bool:
        tight = headroom.tightest(self.vehicle.aimed_phases)
        if self._changing and tight is not None and tight[0] < current_a:
            return False
        return super().fits(current_a, headroom, now)

    @property
    def _changing(self) -> bool:
        return self.phases != self.vehicle.aimed_phases

    def _worth_on(
        self, phases: tuple[int, ...], room_a: float, around: Circumstances
    ) -> float:
        """Return what running on these phases is worth, in W."""
        span = self._span_on(phases, around.voltage_v)
        most_w = max(self.min_a, min(room_a, self.spec.max_a)) * (
            around.voltage_v * len(phases)
        )
        return around.worth_w(replace(span, most_w=min(span.most_w, most_w)))

    def _choose_phases(self, room_a: float, around: Circumstances) -> float | None:
        """Change between one phase and all when it has shown to be worth it.

        Returns what the other number is worth, in W; None where there is no choice.
        """
        vehicle, spec = self.vehicle, self.spec
        if not spec.switches_phases or vehicle.appetite.full:
            return None
        now_on = vehicle.aimed_phases
        other = vehicle.phases_of(single=not vehicle.single)
        if len(other) == len(now_on) or self._changing:
            return None
        tight = around.headroom.tightest(other)
        if tight is not None and tight[0] < self.min_a + _RESTART_SLACK_A:
            return None
        here_w = self._worth_on(now_on, room_a, around)
        there_w = self._worth_on(other, tight[0] if tight else spec.max_a, around)
        on = self.switching.on
        choice = self.phase_choice
        if not choice.weigh(there_w - here_w, around.dt_s, around.now, on=on):
            return there_w
        choice.changed(around.now)
        vehicle.change_phases(around.now, single=not vehicle.single)
        self.changed_at = None
        return here_w

    # ---- surviving a restart -------------------------------------------------------

    @override
    def learned(self) -> dict[str, Any]:
        return self.vehicle.learned()

    @override
    def relearn(self, learned: Mapping[str, Any]) -> None:
        self.vehicle.relearn(learned)

    # ---- small things --------------------------------------------------------------

    def _fit(self, ideal_a: float, around: Circumstances) -> float:
        """Return the step that serves the ideal current best, with a dead band.

        A step up captures its filled part and imports the rest at the import price.
        """
        tolerated = around.settings.tolerated_import_share
        if self.value:
            # Dear imports are not left standing for the sake of calm. While the car or a
            # heater is moving, the surplus is known less well: acting on that would make
            # it swing.
            doubt_a = self.vehicle.doubt_a + around.doubt_w / self._per_a(around)
            down_a = min(DEAD_BAND_A, 2 * tolerated * DEAD_BAND_A) + doubt_a
            up_a = DEAD_BAND_A + doubt_a
            if -down_a < ideal_a - self.value < up_a:
                return self.value
        steps = ideal_a / self.spec.step_a
        whole = floor(steps + FLOAT_SLACK)
        # A part of a step is worth taking when captured > λ × imported.
        return (whole + (steps - whole > 1.0 - tolerated)) * self.spec.step_a

    def _down(self, current_a: float) -> float:
        steps = floor(current_a / self.spec.step_a + FLOAT_SLACK)
        return max(0.0, steps * self.spec.step_a)

    def _per_a(self, around: Circumstances) -> float:
        """Watts for each ampere per phase."""
        return around.voltage_v * len(self.vehicle.aimed_phases)

    def _may_move(self, current_a: float, around: Circumstances) -> bool:
        """Whether it may be told another current now, for the surplus' sake."""
        if not self.value or self.changed_at is None:
            # A start, or the first current on other phases.
            return True
        worth_it = self.pace.worth_it(current_a - self.value, around.dt_s)
        return worth_it and not self._paced(around)

    def _paced(self, around: Circumstances) -> bool:
        """Whether the last change is too recent for another."""
        return (
            self.changed_at is not None
            and around.now - self.changed_at < self.spec.pacing_s
        )

    @override
    def must_hold_s(self, around: Circumstances) -> float:
        return self.switching.held_for_s(
            around.now,
            self.spec.min_on_s,
            self.spec.min_off_s,
            self.vehicle.drawing_since,
        )

    def _tell(
        self,
        current_a: float,
        reason: Reason,
        around: Circumstances,
        numbers: Mapping[str, float | str] | None = None,
    ) -> Decision:
        """Remember and return a set-point: nothing, or between minimum and maximum."""
        if 0 < current_a < self.spec.min_a:
            current_a = 0.0
        current_a = round(current_a, 3)
        power_w = current_a * self._per_a(around)
        if current_a != self.value:
            self.pace.wrote()
        decision = self.told(current_a, power_w, reason, around, numbers)
        if not self.spec.switches_phases or decision.setpoint is None:
            return decision
        if self._changing:
            # It leaves some phases and comes to others: room is kept on all of them.
            around.headroom.take(self.vehicle.aimed_phases, current_a)
        count = 1 if self.vehicle.single else len(self.vehicle.wired)
        return replace(decision, setpoint=replace(decision.setpoint, phases=count))
