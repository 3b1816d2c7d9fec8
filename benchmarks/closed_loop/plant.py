"""The plant: the simulator's cars and stations, with the wires in between.

The physics are those of the virtual house; only the delays of meters and commands are
made here. Seconds are seconds of the day, in steps of one.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import copysign, hypot
from random import Random

from simulator.car import Car
from simulator.evse import Evse
from simulator.profiles import ChargingProfile, Kind, Limit, Period, Purpose, Unit

from .battery import Battery
from .cases import VOLTAGE_V, Case, ChargerCase, Day

# When day 0 begins; nothing depends on the date.
_MIDNIGHT = datetime(2026, 6, 21, tzinfo=UTC)
# What a house takes whatever its load, and a Linky counts.
_REACTIVE_VAR = 150.0
_DT_S = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """What a charger is told: a current per phase, 0 or at least its minimum."""

    current_a: float
    phases: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Told[T]:
    """A value and the instant at which it was true."""

    at: float
    value: T


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargerSeen:
    """What is known of a charger: the last command it took, the last it measured."""

    case: ChargerCase
    plugged: bool
    charging: bool
    accepted: Told[Command] | None
    power: Told[float] | None
    current_a: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """All that a controller may know at ``now``."""

    case: Case
    now: float
    wall: datetime
    grid: Told[float] | None
    chargers: tuple[ChargerSeen, ...]
    battery_w: float


class _Wire[T]:
    """Values on their way."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._travelling: deque[Told[T]] = deque()
        self.arrived: Told[T] | None = None

    def send(self, now: float, value: T) -> None:
        self._travelling.append(Told(at=now, value=value))

    def receive(self, now: float) -> Told[T] | None:
        """Return what has arrived since the last time; the newest when several have."""
        newest = None
        while self._travelling and self._travelling[0].at + self._latency_s <= now:
            newest = self.arrived = self._travelling.popleft()
        return newest


class _Charger:
    """A station, its car, and the two wires to it."""

    def __init__(self, case: ChargerCase, whole: Case) -> None:
        self.case = case
        self.evse = Evse(case.evse, wall=_MIDNIGHT)
        self.accepted: Told[Command] | None = None
        self._commands = _Wire[Command](whole.wires.command_latency_s)
        self._meter = _Wire[tuple[float, float]](whole.wires.charger_latency_s)
        self._interval_s = whole.wires.charger_interval_s
        self._install(Command(current_a=0.0, phases=len(case.evse.wiring)))

    def command(self, now: float, command: Command) -> None:
        self._commands.send(now, command)

    def _install(self, command: Command) -> None:
        switches = self.case.evse.switches_phases
        limit = Limit(
            value=command.current_a,
            unit=Unit.AMPERE,
            phases=command.phases if switches else None,
        )
        self.evse.profiles.install(
            1,
            ChargingProfile(
                profile_id=1,
                stack_level=0,
                purpose=Purpose.TX_DEFAULT,
                kind=Kind.ABSOLUTE,
                unit=Unit.AMPERE,
                start=_MIDNIGHT,
                periods=(Period(start=timedelta(0), limit=limit),),
            ),
        )

    def step(self, now: float) -> None:
        begin, end = self.case.plugged
        plugged = begin <= now < end
        if plugged and self.evse.car is None:
            self.evse.plug(Car(self.case.car, charge_wh=0.0))
            self.evse.begin(now, "BENCHMARK")
        elif not plugged and self.evse.car is not None:
            self.evse.end()
            self.evse.unplug()
            self._install(Command(current_a=0.0, phases=len(self.case.evse.wiring)))
        if (arrived := self._commands.receive(now)) is not None:
            self.accepted = Told(at=now, value=arrived.value)
            self._install(arrived.value)
        self.evse.step(now, _DT_S, VOLTAGE_V)
        if now % self._interval_s == 0:
            self._meter.send(now, (self.power_w, max(self.evse.currents_a)))

    @property
    def power_w(self) -> float:
        return sum(self.evse.power_w)

    @property
    def on(self) -> bool:
        """Whether it is asked to offer anything to a car."""
        told = self.accepted
        return (
            self.evse.car is not None and told is not None and told.value.current_a > 0
        )

    def seen(self, now: float) -> ChargerSeen:
        self._meter.receive(now)
        told = self._meter.arrived
        return ChargerSeen(
            case=self.case,
            plugged=self.evse.car is not None,
            charging=told is not None and told.value[0] > 0,
            accepted=self.accepted,
            power=Told(at=told.at, value=told.value[0]) if told else None,
            current_a=told.value[1] if told else 0.0,
        )


class Plant:
    """House, chargers and battery, one second at a time."""

    def __init__(self, case: Case, day: Day, *, seed: int = 1) -> None:
        """Begin before the first second of the day."""
        self.case = case
        self.grid_w = 0.0
        self.loads_w = 0.0
        self.chargers = [_Charger(charger, case) for charger in case.chargers]
        self.battery = Battery(case.battery) if case.battery else None
        self._day = day
        self._random = Random(seed)
        self._grid = _Wire[float](case.wires.grid_latency_s)

    def step(self, now: int) -> Seen:
        """Live through the second that ends at ``now``; returns what is then known."""
        for charger in self.chargers:
            charger.step(now)
        self.loads_w = sum(charger.power_w for charger in self.chargers)
        second = now - self._day.begin_s
        house_w = self._day.base_w[second] - self._day.solar_w[second] + self.loads_w
        battery_w = 0.0
        if self.battery is not None:
            self.battery.step(house_w - self.battery.power_w, _DT_S)
            battery_w = self.battery.power_w
        self.grid_w = house_w - battery_w
        wires = self.case.wires
        if now % wires.grid_interval_s == 0:
            self._grid.send(now, self._shown(self.grid_w))
        self._grid.receive(now)
        return Seen(
            case=self.case,
            now=float(now),
            wall=_MIDNIGHT + timedelta(seconds=now),
            grid=self._grid.arrived,
            chargers=tuple(charger.seen(now) for charger in self.chargers),
            battery_w=battery_w,
        )

    def _shown(self, grid_w: float) -> float:
        wires = self.case.wires
        if wires.linky:
            return copysign(round(hypot(grid_w, _REACTIVE_VAR)), grid_w)
        return grid_w + self._random.gauss(0.0, wires.grid_noise_w)

    def command(self, now: int, wanted: Mapping[str, Command]) -> None:
        """Send commands on their way."""
        for charger in self.chargers:
            if (command := wanted.get(charger.case.load_id)) is not None:
                charger.command(now, command)
