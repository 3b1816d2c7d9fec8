"""What one proportional heater is told in one cycle: the fast trim of the one loop."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import floor, inf, isfinite
from typing import Any, override

from ..check import Pulse
from ..freshness import MeterState
from ..model import Decision, HeaterReading, HeaterSpec, LoadInput, Mode, Reason
from ..pid import Pid, PidTerms
from .base import FLOAT_SLACK, Circumstances, LoadControl, Span
from .element import LEAST_SHARE, MOST_SHARE, Element
from .thermal import BLIND_SOLAR_S, Demand
from .thermostat import Sight, Thermostat
from .water import Water

# What a heater leaves to the grid, so that a meter's noise is no import.
_MARGIN_W = 15.0
# Less than this is the meter's noise: not worth a command.
_DEAD_BAND_W = 20.0
# Under a limit an increase needs a little more room than it takes.
_LIMIT_SLACK_W = 50.0
# A power sensor that only reports changes may be silent about the present command.
_SILENT_S = 60.0
_FOLLOWING = (
    Reason.FOLLOWING_SURPLUS,
    Reason.AT_MAXIMUM,
    Reason.HOLDING_MINIMUM,
    Reason.WAITING_FOR_SURPLUS,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wish:
    """What mode, programme and meter ask for, before thermostat and limits."""

    power_w: float
    reason: Reason
    numbers: Mapping[str, float | str] = field(default_factory=dict)


class HeaterControl(LoadControl[HeaterSpec, HeaterReading]):
    """One heater's memory, with its element, thermostat and water. Its values are W."""

    def __init__(self, spec: HeaterSpec) -> None:
        """Know nothing but the heater itself."""
        super().__init__(spec)
        self._element = Element()
        self._reading = HeaterReading(reachable=False)
        # At the instant of the newest grid reading, by commands; and what counts:
        self._position_w = 0.0
        self._doubt_w = 0.0
        self._own_w = 0.0
        self._thermostat = Thermostat()
        self._water = Water(spec.temperatures)
        self._pid: Pid | None = None
        self._regulates = False
        self._pid_told_w: float | None = None
        self._wired: tuple[int, ...] = spec.phases
        self._mode = Mode.OFF

    # ---- what is known -------------------------------------------------------------

    @override
    def observe(
        self, load: LoadInput[HeaterSpec, HeaterReading], supply_phases: int
    ) -> None:
        reading = load.reading
        if not self.known and reading.accepted_w:
            # First sight of a heater that is already at work: adopt, do not restart.
            self.value = reading.accepted_w
            self.switching.on = True
        if self.known and load.wishes != self._wishes:
            self._thermostat.reset()
            self._water.wake()
        super().observe(load, supply_phases)
        self._mode, self._reading = load.mode, reading
        self._wired = tuple(p for p in load.spec.phases if p <= supply_phases) or (1,)
        self._water.change(load.spec.temperatures)
        self._element.observe(load.spec, reading)

    @property
    @override
    def phases(self) -> tuple[int, ...]:
        return self._wired

    @property
    @override
    def most_drawn_w(self) -> float:
        return self.spec.max_w

    @property
    @override
    def settles_s(self) -> float:
        return 10.0 + 3.0 * self.spec.lag_s

    @property
    def pid_terms(self) -> PidTerms | None:
        """What the PID's last step was made of; None while none drives it."""
        return self._pid.terms if self._pid is not None and self._regulates else None

    @override
    def own_power_w(
        self, reading: HeaterReading, at: float, now: float, voltage_v: float
    ) -> float:
        """Return what it draws at an instant, by measurement and model.

        Of one out of reach, no more counts than is kept free for it.
        """
        if not reading.reachable:
            held_w = reading.accepted_w or 0.0
            return min(held_w if reading.power_w is None else reading.power_w, held_w)
        return self._element.power_w(
            reading, at, takes_nothing=self._thermostat.is_open
        )

    @override
    def span_w(self, voltage_v: float) -> Span:
        if not self._ready:
            return Span()
        held = self._mode is Mode.MIN_SOLAR
        return Span(
            least_w=self.spec.min_w * self._element.share if held else 0.0,
            most_w=self.spec.max_w * self._element.share,
        )

    @property
    def _ready(self) -> bool:
        """Whether nothing on its own side keeps it from taking power."""
        return not self._thermostat.is_open and self._water.may_heat

    @override
    def follows_surplus(
        self, load: LoadInput[HeaterSpec, HeaterReading], cheap: bool | None
    ) -> bool:
        if self._water.demand is Demand.FORCED:
            return False
        # Nothing is forced into water whose temperature is unknown.
        unknown = self._water.demand is Demand.UNKNOWN
        return super().follows_surplus(load, cheap and not unknown)

    @override
    def moving_w(self, reading: HeaterReading, at: float, now: float) -> float:
        told = (self.value, self.changed_at) if self.changed_at is not None else None
        return self._element.doubt_w(self.spec, reading, at, now=now, told=told)

    def _look(self, around: Circumstances) -> None:
        """See where it is at the instant of the grid reading."""
        reading, at = self._reading, around.at
        self._own_w = self.own_power_w(reading, at, around.now, around.voltage_v)
        self._position_w = self._element.position_w(reading, at)
        self._doubt_w = self.moving_w(reading, at, around.now)

    @property
    @override
    def trim_w(self) -> float:
        return self.spec.max_w * self._element.share if self._ready else 0.0

    @override
    def takes_w(self, decision: Decision) -> float:
        if decision.setpoint is None or self._thermostat.is_open:
            return 0.0
        return decision.setpoint.power_w * self._element.share

    # ---- what is decided -----------------------------------------------------------

    @override
    def decide(
        self, load: LoadInput[HeaterSpec, HeaterReading], around: Circumstances
    ) -> Decision:
        reading = load.reading
        self._look(around)
        self._water.ask(reading.temperature_c, around)
        if not reading.reachable:
            return self._unreachable(reading, around)
        if load.mode is Mode.OFF:
            return self._tell(0.0, Reason.MODE_OFF, around)
        if around.settings.sign_reversed:
            self.value = 0.0
            return self.left_alone(Reason.SIGN_REVERSED)
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
                wish = _Wish(
                    power_w=order_w,
                    reason=Reason.THERMOSTAT_OPEN
                    if self._thermostat.is_open
                    else wish.reason,
                    numbers={"seconds": round(wait_s)} if wait_s else {},
                )
        return self._limited(wish, around)

    @override
    def hold(self, around: Circumstances) -> Decision:
        self._look(around)
        return self._tell(min(self.value, self._cap(around)), Reason.CHECKING, around)

    @override
    def follow_check(self, value: float, around: Circumstances) -> Decision:
        self._look(around)
        if self._cap(around) < value:
            value = 0.0
        return self._tell(value, Reason.CHECKING, around)

    @override
    def pulses(self, voltage_v: float) -> tuple[Pulse, ...]:
        # Half is half with every characteristic.
        power_w = max(self.spec.min_w, self.spec.max_w / 2)
        return (Pulse(value=power_w, least_w=power_w, most_w=power_w),)

    # ---- what is wished for --------------------------------------------------------

    def _wish(
        self, load: LoadInput[HeaterSpec, HeaterReading], around: Circumstances
    ) -> _Wish:
        water, mode = self._water, load.mode
        if mode is Mode.MANUAL:
            return self._manual(self.given(load), around)
        if water.demand is Demand.REST:
            return _Wish(power_w=0.0, reason=Reason.WARM_ENOUGH, numbers=water.numbers)
        if water.demand is Demand.FORCED:
            return self._full(Reason.HEATING_FORCED, water.numbers, around)
        if not water.may_heat:
            return _Wish(power_w=0.0, reason=Reason.TEMPERATURE_UNKNOWN)
        if mode is Mode.BOOST:
            return self._full(Reason.BOOST, {}, around)
        unknown = water.demand is Demand.UNKNOWN
        if mode is Mode.ECO and around.cheap and not unknown:
            return self._full(Reason.CHEAP_HOURS, {}, around)
        wish = self._solar(load.reading, around)
        if unknown and wish.reason in _FOLLOWING:
            left_s = round(BLIND_SOLAR_S - water.blind_for_s)
            wish = replace(
                wish,
                reason=Reason.TEMPERATURE_UNKNOWN,
                numbers={**wish.numbers, "seconds": left_s},
            )
        return wish

    def _manual(self, value: float, around: Circumstances) -> _Wish:
        """Return what a person gave it, within its range."""
        if not isfinite(value) or value <= 0:
            return _Wish(power_w=0.0, reason=Reason.MANUAL)
        power_w = min(max(value, self.spec.min_w), self.spec.max_w)
        if around.meter is MeterState.STALE:
            return _Wish(power_w=min(power_w, self.value), reason=Reason.METER_STALE)
        return _Wish(power_w=power_w, reason=Reason.MANUAL)

    def _full(
        self,
        reason: Reason,
        numbers: Mapping[str, float | str],
        around: Circumstances,
    ) -> _Wish:
        """As much as the limits allow."""
        if not self.switching.on and (rest_s := self.must_hold_s(around)):
            return _Wish(
                power_w=0.0, reason=Reason.RESTING, numbers={"seconds": round(rest_s)}
            )
        if around.meter is MeterState.STALE:
            return _Wish(power_w=self.value, reason=Reason.METER_STALE)
        if blind := _blind(around):
            return _Wish(power_w=self.spec.min_w, reason=blind)
        return _Wish(power_w=self.spec.max_w, reason=reason, numbers=numbers)

    def _solar(self, reading: HeaterReading, around: Circumstances) -> _Wish:
        """Return what is left of the surplus; in mode ``min_solar`` the minimum at least."""
        spec = self.spec
        floor_w = spec.min_w if self._mode is Mode.MIN_SOLAR else 0.0
        if blind := _blind(around):
            return _Wish(power_w=floor_w, reason=blind)
        if around.meter is MeterState.STALE:
            return _Wish(power_w=min(self.value, spec.min_w), reason=Reason.METER_STALE)
        if not around.direction_known:
            return _Wish(power_w=floor_w, reason=Reason.SIGN_UNKNOWN)
        numbers: dict[str, float | str] = {
            "surplus_w": round(around.left_w - around.least_below_w)
        }
        if spec.pid is not None and reading.power_w is None:
            ideal_w = self._regulated(floor_w, around)
        else:
            ideal_w = self._fed_forward(around)
        held_s = self.must_hold_s(around)
        if not self.switching.on and held_s and max(ideal_w, floor_w) > 0:
            numbers["seconds"] = round(held_s)
            return _Wish(power_w=0.0, reason=Reason.RESTING, numbers=numbers)
        power_w = max(self._kept(ideal_w, held_s, around), floor_w)
        numbers["power_w"] = round(power_w)
        if power_w >= spec.max_w:
            return _Wish(power_w=power_w, reason=Reason.AT_MAXIMUM, numbers=numbers)
        if power_w == 0:
            return _Wish(
                power_w=0.0, reason=Reason.WAITING_FOR_SURPLUS, numbers=numbers
            )
        if ideal_w < power_w == spec.min_w:
            return _Wish(
                power_w=power_w, reason=Reason.HOLDING_MINIMUM, numbers=numbers
            )
        return _Wish(power_w=power_w, reason=Reason.FOLLOWING_SURPLUS, numbers=numbers)

    def _rest_w(self, around: Circumstances) -> float:
        """Return what it could take on top of what it draws."""
        return around.left_w - around.least_below_w - self._own_w

    def _fed_forward(self, around: Circumstances) -> float:
        """Return its position at the reading's instant, and what is left there.

        While it moves, its position is known less well: then it goes no further than
        is sure, or a heater that answers otherwise than modelled would swing.
        """
        ideal_w = self._position_w + self._rest_w(around) - _MARGIN_W
        doubt_w = self._doubt_w
        sure_w = min(max(self.value, ideal_w - doubt_w), ideal_w + doubt_w)
        within_w = min(max(sure_w, 0.0), self.spec.max_w)
        if 0 < within_w < self.spec.max_w and abs(within_w - self.value) < max(
            _DEAD_BAND_W, self.spec.step_w
        ):
            return self.value
        return within_w

    def _regulated(self, floor_w: float, around: Circumstances) -> float:
        """Return what the PID makes of the error on the grid."""
        assert self.spec.pid is not None
        self._regulates = True
        if self._pid is None:
            self._pid = Pid(self.spec.pid)
        self._pid.tune(self.spec.pid)
        if self.value != self._pid_told_w:
            self._pid.follow(self.value)
        settings = around.settings
        target_w = settings.grid_target_w - settings.margin_w
        output_w = self._pid.step(
            target_w - _MARGIN_W,
            target_w - self._rest_w(around),
            around.dt_s,
            low_w=floor_w,
            high_w=self.spec.max_w,
        )
        told_w = output_w
        if abs(output_w - self.value) < _DEAD_BAND_W and 0 < output_w < self.spec.max_w:
            told_w = self.value
        self._pid_told_w = self._down(told_w)
        return told_w

    def _kept(self, ideal_w: float, held_s: float, around: Circumstances) -> float:
        """Return the power, or where that is below the minimum, what is worth more."""
        least_w = max(self.spec.min_w, self.spec.step_w)
        if ideal_w >= least_w:
            return ideal_w
        tolerated = around.settings.tolerated_import_share
        worth_it = ideal_w > 0 and ideal_w >= (1.0 - tolerated) * self.spec.min_w
        if self.switching.on and (held_s or worth_it):
            return self.spec.min_w
        return 0.0

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

    def _limited(self, wish: _Wish, around: Circumstances) -> Decision:
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
        tight = around.headroom.tightest(self.phases)
        limit = tight[1].value if tight else ""
        return {"room_w": round(self._room_w(around)), "limit": limit}

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
        held_w = reading.accepted_w or 0.0
        self.value = held_w
        if (held_w > 0) is not self.switching.on:
            self.switching.switch(held_w > 0, around.now)
        around.headroom.take(self.phases, held_w / around.voltage_v / len(self.phases))
        return self.left_alone(Reason.UNREACHABLE, {"reserved_w": round(held_w)})

    # ---- small things --------------------------------------------------------------

    def _down(self, power_w: float) -> float:
        """Return the step at or below a power, and at least the minimum."""
        if power_w <= 0:
            return 0.0
        step_w = self.spec.step_w
        steps = floor(power_w / step_w + FLOAT_SLACK) if step_w > 0 else power_w
        stepped_w = steps * step_w if step_w > 0 else power_w
        return round(min(max(stepped_w, self.spec.min_w), self.spec.max_w), 3)

    def _tell(
        self,
        power_w: float,
        reason: Reason,
        around: Circumstances,
        numbers: Mapping[str, float | str] | None = None,
    ) -> Decision:
        """Remember and return a set-point: nothing, or between minimum and maximum."""
        power_w = self._down(power_w)
        return self.told(power_w, power_w, reason, around, numbers)

    @override
    def learned(self) -> dict[str, Any]:
        return {"share": self._element.share, **self._water.learned()}

    @override
    def relearn(self, learned: Mapping[str, Any]) -> None:
        share = learned.get("share")
        if isinstance(share, float) and LEAST_SHARE <= share <= MOST_SHARE:
            self._element.share = share
        self._water.relearn(learned)


def _blind(around: Circumstances) -> Reason | None:
    """Return why nothing is seen of the grid, if so."""
    match around.meter:
        case MeterState.NONE:
            return Reason.NO_GRID_METER
        case MeterState.LOST:
            return Reason.METER_LOST
    return None
