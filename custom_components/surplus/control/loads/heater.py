"""What one proportional heater is told in one cycle, by mode, water and limits."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import override

from ..check import CheckEnd, CheckResult, Pulse, took_nothing
from ..freshness import MeterState
from ..model import Decision, HeaterReading, HeaterSpec, LoadInput, Mode, Reason
from .base import FLOAT_SLACK
from .circumstances import Circumstances
from .heater_solar import SolarHeater, Wish, why_blind
from .thermal import BLIND_SOLAR_S, Demand
from .thermostat import Sight

# Under a limit an increase needs a little more room than it takes.
_LIMIT_SLACK_W = 50.0
# Without a meter it is given this share of its maximum, as far as that fits beside the
# most the house takes at this hour. The least a dimmer can do warms no water: this does,
# in a night.
_UNSEEN_SHARE = 0.25
# A power sensor that only reports changes may be silent about the present command.
_SILENT_S = 60.0
_FOLLOWING = (
    Reason.FOLLOWING_SURPLUS,
    Reason.AT_MAXIMUM,
    Reason.HOLDING_MINIMUM,
    Reason.WAITING_FOR_SURPLUS,
)


class HeaterControl(SolarHeater):
    """One heater's memory. Its values are W."""

    # ---- what is decided -----------------------------------------------------------

    @override
    def decide(
        self, load: LoadInput[HeaterSpec, HeaterReading], around: Circumstances
    ) -> Decision:
        reading = load.reading
        self._pace.observe(around.now, self.spec.writes_per_day)
        self._look(around)
        if self._planned is not None and "target_c" in self._planned.numbers:
            # It is to be hot by a time of day: that ends a rest.
            self._water.wake()
        self._water.ask(reading.temperature_c, around)
        if not reading.reachable:
            return self._unreachable(reading, around)
        if load.mode is Mode.OFF:
            return self._tell(0.0, Reason.MODE_OFF, around)
        if around.settings.sign_reversed:
            accepted_w = reading.accepted_w
            running = None if accepted_w is None else accepted_w != 0
            return self.refuse(Reason.SIGN_REVERSED, running=running)
        if not reading.wants_power:
            return self._tell(0.0, Reason.THERMOSTAT_OPEN, around)
        self._regulates = False
        wish = self._wish(load, around)
        if load.mode is Mode.MANUAL:
            # What a person gave it stands, whatever it makes of it.
            self._thermostat.reset()
        elif around.meter is MeterState.FRESH:
            sight = self._sight(reading, around)
            if around.dt_s > 0:
                self._thermostat.see(sight)
            order_w = self._thermostat.order_w(wish.power_w, sight)
            if order_w is not None and wish.power_w > 0:
                wait_s = max(0.0, self._thermostat.tried_at - sight.at)
                wish = Wish(
                    power_w=order_w,
                    reason=Reason.THERMOSTAT_OPEN
                    if self._thermostat.is_open
                    else Reason.THERMOSTAT_TEST,
                    numbers={"seconds": round(wait_s)} if wait_s else {},
                )
        return self._limited(wish, around)

    @override
    def hold(self, around: Circumstances) -> Decision:
        self._look(around)
        return self._tell(min(self.value, self._cap(around)), Reason.CHECKING, around)

    @override
    def follow_check(self, value: float, around: Circumstances) -> Decision:
        # What was made of the meter so far may be wrong, if its sign is.
        self._thermostat.reset()
        self._look(around)
        if self._cap(around) < value:
            value = 0.0
        return self._tell(value, Reason.CHECKING, around)

    @override
    def pulses(self, voltage_v: float) -> tuple[Pulse, ...]:
        # Half is half with every characteristic.
        power_w = max(self.spec.min_w, self.spec.max_w / 2)
        return (Pulse(value=power_w, least_w=power_w, most_w=power_w),)

    @override
    def judged(self, result: CheckResult) -> CheckResult:
        if took_nothing(result, measured=self._reading.power_w is not None):
            return CheckResult(end=CheckEnd.TAKES_NOTHING)
        return result

    # ---- what is wished for --------------------------------------------------------

    def _wish(
        self, load: LoadInput[HeaterSpec, HeaterReading], around: Circumstances
    ) -> Wish:
        water, mode = self._water, load.mode
        if mode is Mode.MANUAL:
            return self._manual(self.given(load), around)
        if water.demand is Demand.REST:
            return Wish(power_w=0.0, reason=Reason.WARM_ENOUGH, numbers=water.numbers)
        if water.demand is Demand.FORCED:
            return self._full(water.why_forced, water.numbers, around)
        unknown = water.demand is Demand.UNKNOWN
        if mode is Mode.BOOST and water.may_boost:
            reason = Reason.BOOST_UNSEEN if unknown else Reason.BOOST
            return self._full(reason, {}, around)
        if not water.may_heat:
            return Wish(power_w=0.0, reason=Reason.TEMPERATURE_UNKNOWN)
        # Nothing is forced into water whose temperature is unknown.
        planned = None if unknown else self._planned
        if planned is not None and planned.takes_all:
            return self._full(planned.reason, planned.numbers, around)
        if mode is Mode.ECO and around.cheap and not unknown:
            return self._full(Reason.CHEAP_HOURS, {}, around)
        wish = self._solar(load.reading, around)
        if planned is not None and wish.power_w < self._floor_w:
            wish = self._full(planned.reason, planned.numbers, around)
            return replace(wish, power_w=min(wish.power_w, self._floor_w))
        if unknown and wish.reason in _FOLLOWING:
            left_s = round(BLIND_SOLAR_S - water.blind_for_s)
            wish = replace(
                wish,
                reason=Reason.TEMPERATURE_UNKNOWN,
                numbers={**wish.numbers, "seconds": left_s},
            )
        return wish

    def _manual(self, value: float, around: Circumstances) -> Wish:
        """Return what a person gave it, within its range."""
        if value <= 0:
            return Wish(power_w=0.0, reason=Reason.MANUAL)
        power_w = min(max(value, self.spec.min_w), self.spec.max_w)
        if around.meter is MeterState.STALE:
            return Wish(power_w=min(power_w, self.value), reason=Reason.METER_STALE)
        return Wish(power_w=power_w, reason=Reason.MANUAL)

    def _full(
        self,
        reason: Reason,
        numbers: Mapping[str, float | str],
        around: Circumstances,
    ) -> Wish:
        """As much as the limits allow."""
        if not self.switching.on and (rest_s := self.must_hold_s(around)):
            return Wish(
                power_w=0.0, reason=Reason.RESTING, numbers={"seconds": round(rest_s)}
            )
        if around.meter is MeterState.STALE:
            return Wish(power_w=self.value, reason=Reason.METER_STALE)
        if blind := why_blind(around):
            unseen_w = max(self.spec.min_w, _UNSEEN_SHARE * self.spec.max_w)
            return Wish(power_w=unseen_w, reason=blind)
        return Wish(power_w=self.spec.max_w, reason=reason, numbers=numbers)

    # ---- thermostat and limits -----------------------------------------------------

    def _sight(self, reading: HeaterReading, around: Circumstances) -> Sight:
        measured_w, expected_w = reading.power_w, None
        if measured_w is not None and reading.power_at is not None:
            if self._element.response.settled(reading.power_at):
                expected_w = self._element.response.power_w(reading.power_at)
            changed_at = self._element.response.changed_at
            if reading.power_at < changed_at < around.at - _SILENT_S:
                measured_w = None
        return Sight(
            at=around.at,
            position_w=self._position_w,
            doubt_w=self._doubt_w,
            rest_w=self._rest_w(around),
            other_w=around.total_w - self._own_w,
            max_w=self.spec.max_w,
            measured_w=measured_w,
            expected_w=expected_w,
        )

    def _limited(self, wish: Wish, around: Circumstances) -> Decision:
        """Tell what is wished for, as far as the limits leave room."""
        power_w, reason, numbers = wish.power_w, wish.reason, wish.numbers
        cap_w = self._cap(around)
        if power_w > 0 and cap_w == 0:
            return self._tell(0.0, Reason.NO_ROOM, around, self._room(around))
        if power_w > cap_w:
            # Up only with a little more room than it takes.
            power_w = cap_w
            if self.value <= cap_w:
                power_w = max(self.value, cap_w - _LIMIT_SLACK_W)
            reason = Reason.LIMITED
            numbers = {**self._room(around), "power_w": round(power_w)}
        if power_w > self.value:
            # While it moves, the room beside it is known less well.
            sure_w = self._room_w(around) - self._doubt_w
            power_w = max(self.value, min(power_w, sure_w))
        return self._tell(power_w, reason, around, numbers)

    def _room_w(self, around: Circumstances) -> float:
        """Return what the limits leave, below 0 when they are exceeded without it."""
        tight = around.headroom.tightest(self.phases)
        return tight[0] * around.voltage_v * len(self.phases) if tight else inf

    def _room(self, around: Circumstances) -> dict[str, float | str]:
        """Return the numbers of the tightest limit."""
        return {"room_w": round(self._room_w(around))}

    def _cap(self, around: Circumstances) -> float:
        """Return what the limits leave: nothing, or at least the minimum."""
        room_w = self._room_w(around)
        if not around.headroom.exceeded(self.phases):
            # It may be its own move that is counted wrong: the meter shows no overload.
            room_w = max(room_w, min(self.value, room_w + self._doubt_w))
        least_w = max(self.spec.min_w, self.spec.step_w)
        if room_w + FLOAT_SLACK < least_w:
            return 0.0
        return max(min(room_w, self.spec.max_w), self.spec.min_w)

    def _unreachable(self, reading: HeaterReading, around: Circumstances) -> Decision:
        """Count on what it was told last: nothing makes it fall back by itself."""
        held_w = self._held_w(reading)
        self.value = held_w
        if (held_w > 0) is not self.switching.on:
            self.switching.switch(held_w > 0, around.now)
        around.headroom.take(self.phases, held_w / around.voltage_v / len(self.phases))
        return self.left_alone(Reason.UNREACHABLE, {"reserved_w": round(held_w)})

    @override
    def at_most(self, value: float) -> float:
        least_w = max(self.spec.min_w, self.spec.step_w)
        return self._down(value) if value >= least_w else 0.0
