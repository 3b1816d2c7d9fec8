"""A charging station without its network: pilot, contactor, meter, installed profiles.

It keeps applying its profiles by its own clock whether or not anybody is connected:
that is what a lease on a charging profile relies on.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import override

from .car import PILOT_MINIMUM_A, Car
from .device import Device, Phases
from .profiles import ProfileStore, StoreLimits


class Status(StrEnum):
    """Connector states of OCPP 1.6 (4.9)."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    UNAVAILABLE = "Unavailable"


@dataclass(frozen=True, kw_only=True, slots=True)
class EvseSpec:
    """What a station is. ``wiring`` are the supply phases on its L1, L2, L3.

    ``pilot_gap_s`` is the least time between two changes of the pilot: IEC 61851-1
    requires one, KEBA and Eaton document 5 s; stopping is never held back.
    ``phase_switch_s`` is how long it offers nothing while changing between one and three
    phases.
    """

    max_a: float = 32.0
    wiring: tuple[int, ...] = (1,)
    pilot_gap_s: float = 5.0
    switches_phases: bool = False
    phase_switch_s: float = 45.0
    store: StoreLimits = field(default_factory=StoreLimits)


@dataclass(kw_only=True, slots=True)
class Session:
    """One transaction. ``transaction_id`` is None until the central system gave one."""

    id_tag: str
    started: datetime
    meter_start_wh: float
    transaction_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleStep:
    """One step of a composite schedule."""

    start_s: int
    limit_a: float
    phases: int


class Evse(Device):
    """One connector. Times are device seconds; ``wall`` is its own clock."""

    def __init__(
        self,
        spec: EvseSpec | None = None,
        *,
        wall: datetime,
        clock_error_s: float = 0.0,
        energy_wh: float = 1_234_000.0,
    ) -> None:
        """Stand there without a car; ``wall`` is the true time at device time 0."""
        self.spec = spec or EvseSpec()
        self.profiles = ProfileStore(self.spec.store)
        self.energy_wh = energy_wh
        self.pilot_a = 0.0
        self.car: Car | None = None
        self.session: Session | None = None
        self.available = True
        # It says yes to every limit, and lets the car go on as it is.
        self.stuck = False
        self._wall0 = wall + timedelta(seconds=clock_error_s)
        self._finishing = False
        self._voltage_v = 230.0
        self._pilot_changed = -self.spec.pilot_gap_s
        self._phases = len(self.spec.wiring)
        self._switching_until: float | None = None

    def wall(self, now: float) -> datetime:
        """Its own idea of the time of day."""
        return self._wall0 + timedelta(seconds=now)

    def set_clock(self, now: float, wall: datetime) -> None:
        """Put its clock right."""
        self._wall0 = wall - timedelta(seconds=now)

    def plug(self, car: Car) -> None:
        """Connect a car."""
        self.car = car
        self._finishing = False

    def unplug(self) -> None:
        """Take the cable out of the car."""
        if self.car is not None:
            self.car.unplug()
        self.car = None
        self.pilot_a = 0.0
        self._finishing = False

    def begin(self, now: float, id_tag: str) -> Session:
        """Begin a transaction."""
        self.session = Session(
            id_tag=id_tag, started=self.wall(now), meter_start_wh=self.energy_wh
        )
        return self.session

    def end(self) -> None:
        """End the transaction; the cable may still be in."""
        self.session = None
        self.profiles.end_transaction()
        self._finishing = self.car is not None

    def reboot(self) -> None:
        """Start over: the cable is seen as if it had just been plugged in."""
        self._finishing = False

    @property
    def status(self) -> Status:
        """The connector's state."""
        if self.session is not None:
            if self.pilot_a == 0.0:
                return Status.SUSPENDED_EVSE
            asks = self.car is not None and self.car.asks
            return Status.CHARGING if asks else Status.SUSPENDED_EV
        if not self.available:
            return Status.UNAVAILABLE
        if self.car is None:
            return Status.AVAILABLE
        return Status.FINISHING if self._finishing else Status.PREPARING

    @property
    def voltage_v(self) -> float:
        """Voltage of its phases."""
        return self._voltage_v

    @property
    def currents_a(self) -> tuple[float, ...]:
        """Current of each wired phase."""
        drawn = 0.0 if self.car is None else self.car.current_a
        used = self._used_phases()
        return tuple(drawn if n < used else 0.0 for n in range(len(self.spec.wiring)))

    @property
    @override
    def power_w(self) -> Phases:
        """Active power drawn from the supply's L1, L2, L3."""
        power = [0.0, 0.0, 0.0]
        for supply_phase, amps in zip(self.spec.wiring, self.currents_a, strict=True):
            power[supply_phase - 1] += amps * self._voltage_v
        return (power[0], power[1], power[2])

    def allowed_a(self, now: float) -> float:
        """Return what profiles and wiring allow now, per phase: 0, or the minimum up."""
        started = self.session.started if self.session else None
        amps = self._allowed_at(self.wall(now), started)
        # Nothing exists between no pilot and 6 A; tenths are what 1.6 can say.
        return 0.0 if amps < PILOT_MINIMUM_A else int(amps * 10 + 1e-6) / 10

    def _allowed_at(self, wall: datetime, started: datetime | None) -> float:
        limits = self.profiles.limit(1, wall, started)
        wired = len(self.spec.wiring)
        amps = [limit.amps(self._voltage_v, wired) for limit in limits]
        return max(0.0, min(self.spec.max_a, *amps) if amps else self.spec.max_a)

    def composite(self, now: float, duration_s: int) -> list[ScheduleStep]:
        """Return what it will allow over the coming ``duration_s``, in A per phase."""
        wall = self.wall(now)
        started = self.session.started if self.session else None
        end = wall + timedelta(seconds=duration_s)
        steps: list[ScheduleStep] = []
        for at in (wall, *self.profiles.changes(wall, end, started)):
            amps = self._allowed_at(at, started)
            phases = self._wanted_phases(at, started)
            if not steps or (steps[-1].limit_a, steps[-1].phases) != (amps, phases):
                start_s = round((at - wall).total_seconds())
                steps.append(ScheduleStep(start_s=start_s, limit_a=amps, phases=phases))
        return steps

    @override
    def step(self, now: float, dt: float, voltage_v: float) -> None:
        """Move the pilot, let the car follow, count the energy."""
        self._voltage_v = voltage_v
        target = 0.0
        if self.car is not None and self.session is not None:
            if not self._switching_phases(now):
                target = self.allowed_a(now)
        gap_over = now - self._pilot_changed >= self.spec.pilot_gap_s
        moves = not self.stuck or self.car is None or self.session is None
        if moves and target != self.pilot_a and (target == 0.0 or gap_over):
            self.pilot_a = target
            self._pilot_changed = now
            if self.car is not None:
                self.car.offer(now, target)
        if self.car is not None:
            self.car.step(now, dt, voltage_v, self._used_phases())
        self.energy_wh += sum(self.power_w) * dt / 3600

    def _switching_phases(self, now: float) -> bool:
        started = self.session.started if self.session else None
        wanted = self._wanted_phases(self.wall(now), started)
        if wanted == self._phases:
            self._switching_until = None
            return False
        if self._switching_until is None:
            self._switching_until = now + self.spec.phase_switch_s
        if now < self._switching_until:
            return True
        self._phases = wanted
        self._switching_until = None
        return False

    def _wanted_phases(self, wall: datetime, started: datetime | None) -> int:
        wired = len(self.spec.wiring)
        if not self.spec.switches_phases:
            return wired
        asked = [
            limit.phases
            for limit in self.profiles.limit(1, wall, started)
            if limit.phases is not None
        ]
        return min(wired, *asked) if asked else wired

    def _used_phases(self) -> int:
        return 0 if self.car is None else min(self.car.spec.phases, self._phases)
