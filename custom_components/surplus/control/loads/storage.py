"""What a battery that can be commanded is told in one cycle.

It charges from the surplus as the loads' priorities leave it, and covers what the
*house* lacks; what other loads take is never its affair, or it would charge a car.
"""

from collections.abc import Mapping
from datetime import datetime
from math import inf
from typing import Any, override

from ..battery import Course
from ..check import CheckEnd, CheckResult, Pulse, took_nothing
from ..freshness import MeterState
from ..model import Decision, LoadInput, Mode, Reason, StorageReading, StorageSpec
from .base import LoadControl
from .calm import Calm
from .circumstances import Circumstances, Span
from .pace import DEAR_WS, Pace
from .saved import restore_writes, writes_left
from .storage_response import StorageResponse

# A set-point is changed for at least this much, this long after the last change.
_DEAD_BAND_W = 30.0
_PACING_S = 2.0
# Inverters waste more than they move below this.
_LEAST_W = 50.0
# From full or empty its charge must come back by this much before it counts as neither.
_SOC_HYSTERESIS = 0.02
# Nobody knows how full it is: half its power, and only ever charging.
_CAREFUL_SHARE = 0.5
# It takes clearly less than it is told once it has had time to, and more than this is
# missing.
_SETTLED_S = 20.0
_MISSING_W = 150.0
_PULSE_W = 1_000.0


class StorageControl(LoadControl[StorageSpec, StorageReading]):
    """One battery's memory. Its values are W, + = charging, − = discharging."""

    phases: tuple[int, ...] = ()

    def __init__(self, spec: StorageSpec) -> None:
        """Know nothing but the battery itself."""
        super().__init__(spec)
        self._doubt_w = 0.0
        self.phases = spec.phases
        self._response = StorageResponse()
        self._measured = Course()
        # By how much it was measured beside its model.
        self._beside = Course()
        self._measured_w: float | None = None
        self._soc: float | None = None
        self._full = False
        self._empty = False
        self._takes_at_most_w = inf
        self._noise = Calm()
        self._pace = Pace(DEAR_WS)

    # ---- what is known -------------------------------------------------------------

    @override
    def observe(
        self, load: LoadInput[StorageSpec, StorageReading], supply_phases: int
    ) -> None:
        reading, spec = load.reading, load.spec
        self.adopt(reading.accepted_w, draws=abs(reading.power_w or 0.0) > _LEAST_W)
        super().observe(load, supply_phases)
        self.phases = spec.phases_on(supply_phases)
        if reading.accepted_w is not None and reading.accepted_at is not None:
            self._response.commanded(
                reading.accepted_w, reading.accepted_at, reading.power_w
            )
        self._measured_w = reading.power_w
        if reading.power_w is not None and reading.power_at is not None:
            self._measured.note(reading.power_at, reading.power_w)
            self._beside.note(
                reading.power_at,
                reading.power_w - self._response.power_w(reading.power_at),
            )
            self._learn(reading.power_w, reading.power_at)
        self._observe_charge(reading.soc)

    def _observe_charge(self, soc: float | None) -> None:
        spec = self.spec
        self._soc = soc if soc is not None and 0.0 <= soc <= 1.0 else None
        if self._soc is None:
            return
        back = _SOC_HYSTERESIS if self._full else 0.0
        self._full = self._soc >= spec.max_soc - back
        back = _SOC_HYSTERESIS if self._empty else 0.0
        self._empty = self._soc <= spec.min_soc + back

    @property
    @override
    def most_drawn_w(self) -> float:
        return self.spec.charge_w

    @property
    @override
    def least_drawn_w(self) -> float:
        return -self.spec.discharge_w

    @property
    @override
    def settles_s(self) -> float:
        return _SETTLED_S

    @override
    def own_power_w(
        self, reading: StorageReading, at: float, now: float, voltage_v: float
    ) -> float:
        """Return what it takes at an instant (− = gives), by measurement and model.

        Of one out of reach no more counts than is kept free for it.
        """
        if not reading.reachable:
            return min(reading.power_w or 0.0, max(0.0, self.value))
        modelled_w = self._response.power_w(at)
        if reading.power_at is None or self._beside.last_at is None:
            self._doubt_w = 0.0
            return modelled_w if self._response.known else self.value
        self._doubt_w = max(
            self._response.doubt_w(reading.power_at, at), self._measured.spread_w(at)
        )
        return modelled_w + self._beside.power_w(at)

    def _learn(self, power_w: float, at: float) -> None:
        """Note what it takes when that is clearly less than it was told."""
        if self.value <= 0 or power_w > self._takes_at_most_w:
            self._takes_at_most_w = inf
        if self._settled(at) and 0 <= power_w < self.value - _MISSING_W:
            self._takes_at_most_w = power_w + _MISSING_W

    def _settled(self, at: float) -> bool:
        return self.changed_at is None or at > self.changed_at + _SETTLED_S

    @override
    def span_w(self, voltage_v: float) -> Span:
        return Span(most_w=min(self._most_w, self._takes_at_most_w))

    @property
    def _most_w(self) -> float:
        """What it may charge with, as full as it is."""
        if self._soc is None:
            return self.spec.charge_w * _CAREFUL_SHARE
        return 0.0 if self._full else self.spec.charge_w

    @property
    def _least_w(self) -> float:
        """What it may discharge with (negative), as empty as it is."""
        if self._soc is None or self._empty:
            return 0.0
        return -self.spec.discharge_w

    @override
    def takes_w(self, decision: Decision) -> float:
        """Return what it takes; what it gives is for the house, not for other loads."""
        if decision.setpoint is None:
            return 0.0
        return min(max(0.0, decision.setpoint.power_w), self._takes_at_most_w)

    # ---- what is decided -----------------------------------------------------------

    @override
    def decide(
        self, load: LoadInput[StorageSpec, StorageReading], around: Circumstances
    ) -> Decision:
        reading = load.reading
        self._pace.observe(around.now, self.spec.writes_per_day)
        if around.dt_s > 0:
            self._noise.observe(around.sun_left_w)
        if not reading.reachable:
            return self._unreachable(around)
        if load.mode is Mode.OFF:
            return self._tell(0.0, Reason.MODE_OFF, around)
        if around.settings.sign_reversed:
            accepted_w = reading.accepted_w
            running = None if accepted_w is None else accepted_w != 0
            return self.refuse(Reason.SIGN_REVERSED, running=running)
        if not reading.wants_power:
            return self._tell(0.0, Reason.STORAGE_REFUSES, around)
        if around.meter is MeterState.NONE:
            return self._tell(0.0, Reason.NO_GRID_METER, around)
        if around.meter is MeterState.LOST:
            return self._tell(0.0, Reason.METER_LOST, around)
        if load.mode is Mode.MANUAL:
            return self._give(self.given(load), Reason.MANUAL, around)
        if load.mode is Mode.BOOST:
            return self._give(self.spec.charge_w, Reason.BOOST, around)
        if (planned := self._planned) is not None and not planned.stops:
            wished_w = self.spec.charge_w if planned.value is None else planned.value
            if wished_w > self._left_w(around):
                return self._give(wished_w, planned.reason, around, planned.numbers)
        if load.mode is Mode.ECO and around.cheap:
            return self._give(self.spec.charge_w, Reason.CHEAP_HOURS, around)
        return self._follow(around)

    @override
    def hold(self, around: Circumstances) -> Decision:
        value_w = max(self.value, self._least_w)
        return self._tell(
            min(value_w, self._most_w, self._room_w(around)), Reason.CHECKING, around
        )

    @override
    def follow_check(self, value: float, around: Circumstances) -> Decision:
        if value > min(self._room_w(around), self._most_w):
            value = 0.0
        return self._tell(value, Reason.CHECKING, around)

    @override
    def pulses(self, voltage_v: float) -> tuple[Pulse, ...]:
        value_w = min(self._most_w or self.spec.charge_w, _PULSE_W)
        return (Pulse(value=value_w, least_w=value_w, most_w=value_w),)

    @property
    @override
    def refuses(self) -> bool:
        return self._most_w == 0

    @override
    def judged(self, result: CheckResult) -> CheckResult:
        if took_nothing(result, measured=self._measured_w is not None):
            return CheckResult(end=CheckEnd.TAKES_NOTHING)
        return result

    def _unreachable(self, around: Circumstances) -> Decision:
        """Keep free what it may still take: nobody knows when it would end."""
        reserved_a = max(0.0, self.value) / around.voltage_v / len(self.phases)
        around.headroom.take(self.phases, reserved_a)
        return self.left_alone(Reason.UNREACHABLE, {"reserved_a": round(reserved_a, 1)})

    def _left_w(self, around: Circumstances) -> float:
        """Return what is left of the surplus to charge with."""
        return around.surplus_w - around.reserve_w - around.least_below_w

    def _give(
        self,
        wished_w: float,
        reason: Reason,
        around: Circumstances,
        numbers: Mapping[str, float | str] | None = None,
    ) -> Decision:
        """Do what is asked whatever the sun, as far as charge and limits allow."""
        bounded_w = max(self._least_w, min(wished_w, self._most_w))
        value_w = min(bounded_w, self._room_w(around))
        if around.meter is MeterState.STALE:
            value_w = min(value_w, max(0.0, self.value))
            return self._tell(value_w, Reason.METER_STALE, around)
        if value_w < bounded_w:
            return self._tell(
                value_w, Reason.LIMITED, around, self._numbers(value_w, around)
            )
        if value_w != max(-self.spec.discharge_w, min(wished_w, self.spec.charge_w)):
            reason = self._why_less(wished_w)
        numbers = {"power_w": round(value_w), **(numbers or {})}
        return self._tell(value_w, reason, around, numbers)

    def _follow(self, around: Circumstances) -> Decision:
        """Charge what the sun leaves; cover what the house lacks."""
        if not around.direction_known:
            return self._tell(0.0, Reason.SIGN_UNKNOWN, around)
        if around.meter is MeterState.STALE:
            return self._tell(0.0, Reason.METER_STALE, around)
        left_w = self._left_w(around)
        # An import that is aimed at is not covered; an export that is, not made.
        lacking_w = -around.sun_left_w - max(0.0, around.settings.grid_target_w)
        wished_w = left_w if left_w > 0 else -max(0.0, lacking_w)
        bounded_w = max(self._least_w, min(wished_w, self._most_w))
        room_w = self._room_w(around)
        value_w = self._calm(min(bounded_w, room_w), room_w, around)
        numbers = self._numbers(value_w, around)
        if value_w == 0:
            reason = Reason.WAITING_FOR_SURPLUS
            if abs(wished_w) >= _LEAST_W and abs(bounded_w) < _LEAST_W:
                reason = self._why_less(wished_w)
            elif bounded_w >= _LEAST_W > room_w:
                reason = Reason.NO_ROOM
            return self._tell(0.0, reason, around, numbers)
        if self._soc is None:
            return self._tell(value_w, Reason.SOC_UNKNOWN, around, numbers)
        if value_w < 0:
            return self._tell(value_w, Reason.COVERING_HOUSE, around, numbers)
        if room_w < bounded_w:
            return self._tell(value_w, Reason.LIMITED, around, numbers)
        if value_w >= self._most_w:
            return self._tell(value_w, Reason.AT_MAXIMUM, around, numbers)
        return self._tell(value_w, Reason.FOLLOWING_SURPLUS, around, numbers)

    def _why_less(self, wished_w: float) -> Reason:
        """Return what of its charge keeps it from doing what is wished."""
        if self._soc is None:
            return Reason.SOC_UNKNOWN
        return Reason.STORAGE_FULL if wished_w > 0 else Reason.STORAGE_EMPTY

    def _calm(self, wished_w: float, room_w: float, around: Circumstances) -> float:
        """Return the new set-point: what is wished, or the old one where it is near.

        While it moves, its own power is known less well: acting on that would make it
        swing. What charge and limits allow no longer is left at once.
        """
        if abs(wished_w) < _LEAST_W:
            wished_w = 0.0
        top_w = min(self._most_w, room_w)
        old_w = max(self._least_w, min(self.value, top_w))
        if old_w != self.value:
            return wished_w
        paced = self.changed_at is not None and (
            around.now - self.changed_at < _PACING_S
        )
        doubt_w = self._doubt_w
        if self._measured_w is not None and not self._settled(around.now):
            # It may be slower than believed: what is yet to come is not seen yet.
            doubt_w = max(doubt_w, abs(self.value - self._measured_w))
        # No further than is sure: a slow one told all of it would swing.
        sure_w = min(max(old_w, wished_w - doubt_w), wished_w + doubt_w)
        if paced or abs(sure_w - old_w) <= _DEAD_BAND_W:
            return old_w
        move_w = self._noise.lasting_w(sure_w - old_w, new=around.dt_s > 0)
        if move_w is None:
            return old_w
        new_w = max(self._least_w, min(old_w + move_w, top_w))
        if abs(new_w) < _LEAST_W:
            return 0.0
        return new_w if self._pace.worth_it(move_w, around.dt_s) else old_w

    @override
    def at_most(self, value: float) -> float:
        return float(int(max(0.0, value)))

    # ---- small things --------------------------------------------------------------

    def _room_w(self, around: Circumstances) -> float:
        """Return what the limits leave to charging, 0 or more."""
        tight = around.headroom.tightest(self.phases)
        if tight is None:
            return inf
        return max(0.0, tight[0]) * around.voltage_v * len(self.phases)

    def _numbers(self, value_w: float, around: Circumstances) -> dict[str, float | str]:
        return {"surplus_w": round(around.surplus_w), "power_w": round(value_w)}

    def _tell(
        self,
        value_w: float,
        reason: Reason,
        around: Circumstances,
        numbers: Mapping[str, float | str] | None = None,
    ) -> Decision:
        """Remember and return a set-point in whole watts, towards rest."""
        value_w, before_w = float(int(value_w)), self.value
        decision = self.told(value_w, value_w, reason, around, numbers)
        if self.value != before_w:
            self._noise.forget()
            self._pace.wrote()
        return decision

    # ---- surviving a restart -------------------------------------------------------

    @override
    def restore(self, saved: Mapping[str, Any], now: float, wall: datetime) -> None:
        super().restore(saved, now, wall)
        restore_writes(self._pace, saved, now, wall)

    @override
    def learned(self) -> dict[str, Any]:
        return {"full": self._full, "empty": self._empty, **writes_left(self._pace)}

    @override
    def relearn(self, learned: Mapping[str, Any]) -> None:
        self._full = learned.get("full") is True
        self._empty = learned.get("empty") is True
