"""What one charger is told in one cycle, and what it must remember between cycles."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import floor

from .freshness import MeterState
from .limits import Headroom
from .model import (
    ChargerReading,
    ChargerSpec,
    Decision,
    LoadInput,
    Mode,
    Reason,
    Setpoint,
)
from .settings import HomeSettings
from .switching import Switching, gain_w
from .vehicle import Vehicle

# An offer is only changed for this much, or a car would be moved by every reading.
DEAD_BAND_A = 0.7
# Under a limit an increase needs a little more room than it takes.
_LIMIT_SLACK_A = 0.5
# A room that shrank by calculation alone is doubted for two measurements of a charger.
_SQUEEZE_S = 10.0
# A stopped car is not started again into room that it fills to the brim.
_RESTART_SLACK_A = 1.0
_FLOAT_SLACK = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What a cycle holds against one load.

    ``surplus_w`` is what loads of higher priority have left; ``dt_s`` is the time since
    the previous grid reading, 0 when this one was seen before. ``direction_known`` says
    whether the grid meter can tell export from import.
    """

    now: float
    dt_s: float
    surplus_w: float
    voltage_v: float
    meter: MeterState
    direction_known: bool
    headroom: Headroom
    settings: HomeSettings


class ChargerControl:
    """One charger's memory: what it was told, since when, and what its vehicle is."""

    def __init__(self, spec: ChargerSpec) -> None:
        """Know nothing but the charger itself."""
        self.spec = spec
        self.current_a = 0.0
        self.reserved_w = 0.0
        self.vehicle = Vehicle(spec.phases)
        self.switching = Switching()
        self._changed_at: float | None = None
        self._wishes: int | None = None
        self._squeezed_since: float | None = None
        self._met = False

    # ---- what is known -------------------------------------------------------------

    def observe(self, load: LoadInput, supply_phases: int) -> None:
        """Take in the newest reading, and what a person changed."""
        self.spec = load.spec
        reading = load.reading
        if self._wishes is None and reading.offered_a:
            # First sight of a charger that is already at work: adopt, do not restart.
            self.current_a = reading.offered_a
            self.switching.on = True
        if reading.reachable and not self._met:
            self._met = True
            self._adopt(reading)
        if self._wishes is not None and load.wishes != self._wishes:
            # A person does not wait for minimum times.
            self.switching.since = None
        self._wishes = load.wishes
        self.vehicle.observe(load.spec, reading, supply_phases)

    def _adopt(self, reading: ChargerReading) -> None:
        """Go on with a charge that nobody wrote down: a power cut leaves no time to."""
        if reading.offering and not self.switching.on:
            self.current_a = reading.offered_a or self.spec.safe_a or self.spec.min_a
            self.switching.on = True
            self.switching.since = None

    @property
    def phases(self) -> tuple[int, ...]:
        """The supply phases that its vehicle uses."""
        return self.vehicle.phases

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

    def takes_w(self, decision: Decision) -> float:
        """Return what the load will really take of its set-point, or is about to."""
        if decision.setpoint is None:
            return 0.0
        power_w = decision.setpoint.power_w
        if self.vehicle.takes_at_most_w is not None:
            power_w = min(power_w, self.vehicle.takes_at_most_w)
        return max(power_w, self.reserved_w)

    # ---- what is decided -----------------------------------------------------------

    def decide(self, load: LoadInput, around: Circumstances) -> Decision:
        """Return the charger's set-point and why."""
        self.reserved_w = 0.0
        reading = load.reading
        if not reading.reachable:
            return self._unreachable(reading, around)
        if around.settings.sign_reversed:
            self.current_a = 0.0
            return Decision(
                load_id=self.spec.load_id, setpoint=None, reason=Reason.SIGN_REVERSED
            )
        if load.mode is Mode.OFF:
            return self._tell(0.0, Reason.MODE_OFF, around)
        if not reading.wants_power:
            decision = self._tell(0.0, Reason.NO_VEHICLE, around)
            # It was not we who ended it: whoever comes next need not rest.
            self.switching.since = None
            return decision
        tight = around.headroom.tightest(self.phases)
        room_a = tight[0] if tight else self.spec.max_a
        wanted = load.mode is Mode.BOOST or self.switching.on
        slack_a = 0.0 if self.switching.on else _RESTART_SLACK_A
        needed_a = self.spec.min_a + slack_a
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
        if load.mode is Mode.BOOST:
            return self._boost(room_a, around)
        return self._solar(room_a, around)

    def fits(self, current_a: float, headroom: Headroom, now: float) -> bool:
        """Return whether the limits leave room for a current.

        Where a running load seems not to fit, but the meter shows no limit exceeded, it
        may be the vehicle that moves otherwise than its model: that is believed only
        once it has lasted longer than a measurement takes.
        """
        tight = headroom.tightest(self.phases)
        if tight is None or tight[0] + _FLOAT_SLACK >= current_a:
            self._squeezed_since = None
            return True
        if not self.switching.on or headroom.exceeded(self.phases):
            return False
        if self._squeezed_since is None:
            self._squeezed_since = now
        return now - self._squeezed_since < _SQUEEZE_S

    def hold(self, around: Circumstances) -> Decision:
        """Stay where it is, or lower under the limits: another load is being checked."""
        return self._tell(
            min(self.current_a, self._cap(around)), Reason.CHECKING, around
        )

    def follow_check(self, current_a: float, around: Circumstances) -> Decision:
        """Do what the commissioning check asks, under the limits."""
        if current_a and self._cap(around) < current_a:
            current_a = 0.0
        return self._tell(current_a, Reason.CHECKING, around)

    def check_ended(self) -> None:
        """Begin anew: the pulse was no running of its own."""
        self.current_a = 0.0
        self.switching.switch(False, 0.0)
        self.switching.since = None

    def _cap(self, around: Circumstances) -> float:
        """Return what the limits leave: nothing, or at least the minimum."""
        spec = self.spec
        if not self.fits(spec.min_a, around.headroom, around.now):
            return 0.0
        tight = around.headroom.tightest(self.phases)
        room_a = tight[0] if tight else spec.max_a
        return max(spec.min_a, self._down(min(room_a, spec.max_a)))

    def _held_a(self, reading: ChargerReading, now: float) -> float:
        """Return what an unreachable charger offers: its last order, then the safe one."""
        lost_at = reading.link_lost_at if reading.link_lost_at is not None else 0.0
        if now >= lost_at + self.spec.lease_s or reading.offered_a is None:
            return self.spec.safe_a
        return reading.offered_a

    def _unreachable(self, reading: ChargerReading, around: Circumstances) -> Decision:
        """Count on what it may still draw, whichever comes of its lease."""
        self.current_a = self._held_a(reading, around.now)
        if (self.current_a > 0) is not self.switching.on:
            self.switching.switch(self.current_a > 0, around.now)
        reserved_a = max(self.current_a, self.spec.safe_a)
        around.headroom.take(self.phases, reserved_a)
        return Decision(
            load_id=self.spec.load_id,
            setpoint=None,
            reason=Reason.UNREACHABLE,
            numbers={"reserved_a": reserved_a},
        )

    def _boost(self, room_a: float, around: Circumstances) -> Decision:
        """As much as the limits allow."""
        if not self.switching.on and (rest_s := self._must_hold(around)):
            return self._tell(0.0, Reason.RESTING, around, {"seconds": round(rest_s)})
        if around.meter in (MeterState.LOST, MeterState.NONE):
            reason = (
                Reason.METER_LOST
                if around.meter is MeterState.LOST
                else Reason.NO_GRID_METER
            )
            return self._tell(self.spec.min_a, reason, around)
        top_a = max(self.spec.min_a, self._down(min(room_a, self.spec.max_a)))
        limited = top_a < self._down(self.spec.max_a)
        if limited and self.current_a <= top_a:
            # While the car moves, the room beside it is known less well.
            slack_a = _LIMIT_SLACK_A + self.vehicle.doubt_a
            top_a = max(self.current_a, self._down(room_a - slack_a), self.spec.min_a)
        if around.meter is MeterState.STALE:
            return self._tell(min(top_a, self.current_a), Reason.METER_STALE, around)
        if top_a > self.current_a > 0 and self._paced(around):
            top_a = self.current_a
        if limited:
            return self._tell(
                top_a,
                Reason.LIMITED,
                around,
                {"room_a": round(room_a, 1), "current_a": top_a},
            )
        return self._tell(top_a, Reason.BOOST, around, {"current_a": top_a})

    def _solar(self, room_a: float, around: Circumstances) -> Decision:
        """As much as the surplus gives, in steps, from the minimum upwards."""
        spec = self.spec
        if around.meter is MeterState.NONE:
            return self._tell(0.0, Reason.NO_GRID_METER, around)
        if around.meter is MeterState.LOST:
            return self._tell(0.0, Reason.METER_LOST, around)
        if not around.direction_known:
            return self._tell(0.0, Reason.SIGN_UNKNOWN, around)
        if around.meter is MeterState.STALE:
            return self._tell(
                spec.min_a if self.switching.on else 0.0, Reason.METER_STALE, around
            )

        per_a = self._per_a(around)
        surplus_w = around.surplus_w
        top_a = max(spec.min_a, self._down(min(room_a, spec.max_a)))
        ideal_a = surplus_w / per_a + self.vehicle.shortfall_a
        best_a = min(max(self._fit(ideal_a, around), spec.min_a), top_a)
        worth_w = gain_w(
            (best_a - self.vehicle.shortfall_a) * per_a,
            surplus_w,
            around.settings.import_price,
        )
        minimum_w = spec.min_a * per_a
        numbers: dict[str, float | str] = {
            "surplus_w": round(surplus_w),
            "minimum_w": round(minimum_w),
        }
        if self.switching.on:
            return self._keep_or_stop(best_a, top_a, worth_w, numbers, around)
        return self._start_or_wait(best_a, room_a, worth_w, numbers, around)

    def _keep_or_stop(
        self,
        best_a: float,
        top_a: float,
        worth_w: float,
        numbers: dict[str, float | str],
        around: Circumstances,
    ) -> Decision:
        held_s = self._must_hold(around)
        stop = self.switching.weigh(-worth_w, around.dt_s)
        if stop and not held_s:
            return self._tell(0.0, Reason.WAITING_FOR_SURPLUS, around, numbers)
        current_a = self.current_a
        if current_a > top_a:
            current_a = top_a
        elif best_a != current_a and not self._paced(around):
            current_a = best_a
        numbers["current_a"] = current_a
        if (
            around.surplus_w < self.spec.min_a * self._per_a(around)
            and current_a == self.spec.min_a
        ):
            stop_in_s = self.switching.seconds_until(-worth_w)
            if stop_in_s is not None:
                numbers["seconds"] = round(max(stop_in_s, held_s))
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
        rest_s = self._must_hold(around)
        start = self.switching.weigh(worth_w, around.dt_s)
        if worth_w <= 0:
            return self._tell(0.0, Reason.WAITING_FOR_SURPLUS, around, numbers)
        if room_a + _FLOAT_SLACK < self.spec.min_a + _RESTART_SLACK_A:
            numbers["room_a"] = round(room_a, 1)
            return self._tell(0.0, Reason.NO_ROOM, around, numbers)
        # Loads below must not start on what this one is about to take.
        self.reserved_w = self.spec.min_a * self._per_a(around)
        if rest_s:
            numbers["seconds"] = round(rest_s)
            return self._tell(0.0, Reason.RESTING, around, numbers)
        if not start:
            numbers["seconds"] = round(self.switching.seconds_until(worth_w) or 0)
            return self._tell(0.0, Reason.ABOUT_TO_START, around, numbers)
        numbers["current_a"] = best_a
        return self._tell(best_a, Reason.FOLLOWING_SURPLUS, around, numbers)

    # ---- small things --------------------------------------------------------------

    def _fit(self, ideal_a: float, around: Circumstances) -> float:
        """Return the step that serves the ideal current best, with a dead band.

        A step up captures its filled part and imports the rest at the import price.
        """
        tolerated = around.settings.tolerated_import_share
        if self.current_a:
            # Dear imports are not left standing for the sake of calm. While the car is
            # moving, its own power is known less well: acting on that would make it swing.
            down_a = (
                min(DEAD_BAND_A, 2 * tolerated * DEAD_BAND_A) + self.vehicle.doubt_a
            )
            up_a = DEAD_BAND_A + self.vehicle.doubt_a
            if -down_a < ideal_a - self.current_a < up_a:
                return self.current_a
        steps = ideal_a / self.spec.step_a
        whole = floor(steps + _FLOAT_SLACK)
        # A part of a step is worth taking when captured > λ × imported.
        return (whole + (steps - whole > 1.0 - tolerated)) * self.spec.step_a

    def _down(self, current_a: float) -> float:
        steps = floor(current_a / self.spec.step_a + _FLOAT_SLACK)
        return max(0.0, steps * self.spec.step_a)

    def _per_a(self, around: Circumstances) -> float:
        """Watts for each ampere per phase."""
        return around.voltage_v * len(self.phases)

    def _paced(self, around: Circumstances) -> bool:
        """Whether the last change is too recent for another."""
        return (
            self._changed_at is not None
            and around.now - self._changed_at < self.spec.pacing_s
        )

    def _must_hold(self, around: Circumstances) -> float:
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
        if current_a != self.current_a:
            self._changed_at = around.now
            self.current_a = current_a
        if (current_a > 0) is not self.switching.on:
            self.switching.switch(current_a > 0, around.now)
        around.headroom.take(self.phases, current_a)
        power_w = current_a * self._per_a(around)
        return Decision(
            load_id=self.spec.load_id,
            setpoint=Setpoint(current_a=current_a, power_w=power_w),
            reason=reason,
            numbers=numbers or {},
        )

    # ---- surviving a restart -------------------------------------------------------

    def as_dict(self, now: float, wall: datetime) -> dict[str, str | float | bool]:
        """Return what must survive a restart."""
        saved: dict[str, str | float | bool] = {
            "on": self.switching.on,
            "current_a": self.current_a,
            "saved_at": wall.isoformat(),
        }
        if self.switching.since is not None:
            saved["for_s"] = now - self.switching.since
        return saved

    def restore(
        self, saved: Mapping[str, str | float | bool], now: float, wall: datetime
    ) -> None:
        """Take back what ``as_dict`` gave, however long ago."""
        self.switching.on = bool(saved["on"])
        self.current_a = float(saved["current_a"])
        if "for_s" in saved:
            away_s = (
                wall - datetime.fromisoformat(str(saved["saved_at"]))
            ).total_seconds()
            # A clock set back while away must not make a rest longer than it is.
            self.switching.since = now - float(saved["for_s"]) - max(0.0, away_s)


def usable(saved: Mapping[str, str | float | bool]) -> Mapping[str, str | float | bool]:
    """Return what was saved of a load if ``restore`` can take it.

    Raises KeyError, TypeError or ValueError when it cannot.
    """
    bool(saved["on"])
    float(saved["current_a"])
    float(saved.get("for_s", 0.0))
    if datetime.fromisoformat(str(saved["saved_at"])).tzinfo is None:
        raise ValueError("a time without its zone")
    return saved
