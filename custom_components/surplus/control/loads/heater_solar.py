"""A heater and the sun: what it draws, and what it makes of the rest of the surplus.

It is the fast trim of the one loop: fed forward to the watt, or driven by a PID where
nobody measures it and its answer cannot be trusted. Noise and a short budget of commands
hold it back; what is over does not.
"""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import floor
from typing import Any, override

from ..freshness import MeterState
from ..model import Decision, HeaterReading, HeaterSpec, LoadInput, Mode, Reason
from ..pid import Pid, PidTerms
from .base import FLOAT_SLACK, LoadControl
from .calm import Calm
from .circumstances import Circumstances, Span
from .element import Element
from .pace import DEAR_WS, Pace
from .saved import restore_writes, writes_left
from .thermal import Demand
from .thermostat import Thermostat
from .water import Water

# What a heater leaves to the grid where no import is tolerated, so that a meter's noise
# is none. What it leaves is not captured: it shrinks as imports cost less.
_MARGIN_W = 15.0
# Less than this is the meter's noise: not worth a command.
_DEAD_BAND_W = 20.0
# One that cannot take little is switched: by a relay, and to be seen on the lamps. What is
# told too late, its own power or another load's, must not make that a switching a second.
_REST_S = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What mode, programme and meter ask for, before thermostat and limits."""

    power_w: float
    reason: Reason
    numbers: Mapping[str, float | str] = field(default_factory=dict)


class SolarHeater(LoadControl[HeaterSpec, HeaterReading], ABC):
    """A heater with its element, thermostat and water, as it follows the sun."""

    phases: tuple[int, ...] = ()

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
        self._calm = Calm()
        self._pace = Pace(DEAR_WS)
        self._pid: Pid | None = None
        self._regulates = False
        self._pid_told_w: float | None = None
        self.phases = spec.phases
        self._mode = Mode.OFF
        self._held_back = False

    # ---- what is known -------------------------------------------------------------

    @override
    def observe(
        self, load: LoadInput[HeaterSpec, HeaterReading], supply_phases: int
    ) -> None:
        reading = load.reading
        self.adopt(reading.accepted_w, draws=(reading.power_w or 0.0) > _DEAD_BAND_W)
        if self.known and load.wishes != self._wishes:
            self._thermostat.reset()
            self._water.wake()
        super().observe(load, supply_phases)
        self._mode, self._reading = load.mode, reading
        self.phases = load.spec.phases_on(supply_phases)
        self._water.change(load.spec.temperatures)
        self._element.observe(load.spec, reading)

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
            held_w = self._held_w(reading)
            return min(held_w if reading.power_w is None else reading.power_w, held_w)
        return self._element.power_w(
            reading, at, takes_nothing=self._thermostat.is_open
        )

    @override
    def span_w(self, voltage_v: float) -> Span:
        if not self._ready:
            return Span()
        return Span(
            least_w=max(self._kept_min_w, self._floor_w) * self._element.share,
            most_w=self.spec.max_w * self._element.share,
        )

    @property
    def _kept_min_w(self) -> float:
        """What mode ``min_solar`` keeps of it whatever the sun: in dear hours nothing."""
        keeps = self._mode is Mode.MIN_SOLAR and not self._held_back
        return self.spec.min_w if keeps else 0.0

    @property
    def _floor_w(self) -> float:
        """What a plan asks for whatever the sun, short of all that it can take."""
        planned_w = self._planned.value if self._planned is not None else None
        if not planned_w or self._water.demand is Demand.UNKNOWN:
            return 0.0
        return min(max(planned_w, self.spec.min_w), self.spec.max_w)

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
        if self._water.demand is Demand.UNKNOWN:
            # Nothing is forced into water whose temperature is unknown.
            return super().follows_surplus(replace(load, wish=None), False)
        return super().follows_surplus(load, cheap)

    @override
    def moving_w(self, reading: HeaterReading, at: float, now: float) -> float:
        told = (self.value, self.changed_at) if self.changed_at is not None else None
        return self._element.doubt_w(self.spec, reading, at, now=now, told=told)

    def _look(self, around: Circumstances) -> None:
        """See where it is at the instant of the grid reading."""
        reading, at = self._reading, around.at
        self._held_back = around.holds_back
        self._own_w = around.own_w
        self._position_w = self._element.position_w(reading, at)
        self._doubt_w = self.moving_w(reading, at, around.now)

    @property
    @override
    def trim_w(self) -> float:
        free_w = self.spec.max_w - self._floor_w
        return free_w * self._element.share if self._ready else 0.0

    @override
    def takes_w(self, decision: Decision) -> float:
        if decision.setpoint is None or self._thermostat.is_open:
            return 0.0
        return decision.setpoint.power_w * self._element.share

    @override
    def must_hold_s(self, around: Circumstances) -> float:
        held_s = super().must_hold_s(around)
        if self.spec.min_w <= 0 or self.switching.on:
            return held_s
        return max(held_s, self.switching.held_for_s(around.now, 0.0, _REST_S))

    # ---- following the sun ---------------------------------------------------------

    def _solar(self, reading: HeaterReading, around: Circumstances) -> Wish:
        """Return what is left of the surplus; in mode ``min_solar`` the minimum at least."""
        spec = self.spec
        floor_w = self._kept_min_w
        if blind := why_blind(around):
            return Wish(power_w=floor_w, reason=blind)
        if around.meter is MeterState.STALE:
            return Wish(power_w=min(self.value, spec.min_w), reason=Reason.METER_STALE)
        if not around.direction_known:
            return Wish(power_w=floor_w, reason=Reason.SIGN_UNKNOWN)
        numbers: dict[str, float | str] = {
            "surplus_w": round(around.left_w - around.least_below_w)
        }
        if spec.pid is not None and reading.power_w is None:
            ideal_w = self._regulated(floor_w, around)
        else:
            ideal_w = self._fed_forward(around)
        held_s = self.must_hold_s(around)
        wanted_w = max(self._kept(ideal_w, 0.0, around), floor_w)
        if not self.switching.on and held_s and wanted_w > 0:
            numbers["seconds"] = round(held_s)
            return Wish(power_w=0.0, reason=Reason.RESTING, numbers=numbers)
        power_w = max(self._kept(self._paced(ideal_w, around), held_s, around), floor_w)
        numbers["power_w"] = round(power_w)
        if power_w >= spec.max_w:
            return Wish(power_w=power_w, reason=Reason.AT_MAXIMUM, numbers=numbers)
        if power_w == 0:
            held_back = self._held_back and self._mode is Mode.MIN_SOLAR
            reason = Reason.HELD_BACK if held_back else Reason.WAITING_FOR_SURPLUS
            return Wish(power_w=0.0, reason=reason, numbers=numbers)
        if ideal_w < power_w == spec.min_w:
            return Wish(power_w=power_w, reason=Reason.HOLDING_MINIMUM, numbers=numbers)
        return Wish(power_w=power_w, reason=Reason.FOLLOWING_SURPLUS, numbers=numbers)

    def _rest_w(self, around: Circumstances) -> float:
        """Return what it could take on top of what it draws."""
        return around.left_w - around.least_below_w - self._own_w

    def _fed_forward(self, around: Circumstances) -> float:
        """Return its position at the reading's instant, and what is left there.

        While it moves, its position is known less well: then it goes no further than
        is sure, or a heater that answers otherwise than modelled would swing.
        """
        ideal_w = self._position_w + self._rest_w(around) - _margin_w(around)
        doubt_w = self._doubt_w
        sure_w = min(max(self.value, ideal_w - doubt_w), ideal_w + doubt_w)
        return self._calmed(sure_w, around)

    def _calmed(self, ideal_w: float, around: Circumstances) -> float:
        """Return what is worth a command of what would be ideal, between 0 and maximum."""
        if around.dt_s > 0:
            self._calm.observe(around.left_w)
        within_w = min(max(ideal_w, 0.0), self.spec.max_w)
        band_w = max(_DEAD_BAND_W, self.spec.step_w)
        move_w = self._calm.lasting_w(ideal_w - self.value, new=around.dt_s > 0)
        if move_w is None or (
            0 < within_w < self.spec.max_w and abs(within_w - self.value) < band_w
        ):
            return self.value
        return min(max(self.value + move_w, 0.0), self.spec.max_w)

    def _paced(self, ideal_w: float, around: Circumstances) -> float:
        """Return what is worth one of the day's commands: a stop always is."""
        if ideal_w <= 0 or ideal_w == self.value:
            return ideal_w
        worth_it = self._pace.worth_it(ideal_w - self.value, around.dt_s)
        return ideal_w if worth_it else self.value

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
            target_w - _margin_w(around),
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

    # ---- surviving a restart -------------------------------------------------------

    @override
    def restore(self, saved: Mapping[str, Any], now: float, wall: datetime) -> None:
        super().restore(saved, now, wall)
        restore_writes(self._pace, saved, now, wall)

    @override
    def learned(self) -> dict[str, Any]:
        return {
            **self._element.learned(),
            **self._water.learned(),
            **writes_left(self._pace),
        }

    @override
    def relearn(self, learned: Mapping[str, Any]) -> None:
        self._element.relearn(learned)
        self._water.relearn(learned)

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
        power_w, before_w = self._down(power_w), self.value
        decision = self.told(power_w, power_w, reason, around, numbers)
        if self.value != before_w:
            self._calm.forget()
            self._pace.wrote()
        return decision

    def _held_w(self, reading: HeaterReading) -> float:
        """Return what one out of reach may take: what it took last, or was told."""
        return self.value if reading.accepted_w is None else reading.accepted_w


def _margin_w(around: Circumstances) -> float:
    """Return what is left to the grid: nothing where an import costs what sun is worth."""
    dear = 1.0 - 2.0 * around.settings.tolerated_import_share
    return _MARGIN_W * max(0.0, dear)


def why_blind(around: Circumstances) -> Reason | None:
    """Return why nothing is seen of the grid, if so."""
    match around.meter:
        case MeterState.NONE:
            return Reason.NO_GRID_METER
        case MeterState.LOST:
            return Reason.METER_LOST
    return None
