"""The plant: the simulator's devices, with the wires in between.

The physics are those of the virtual house; only the delays of meters and commands are
made here. Seconds are seconds of the day, in steps of one.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from math import copysign, hypot
from random import Random
from typing import override

from simulator.appliance import Appliance
from simulator.battery import SelfRegulatingBattery
from simulator.car import Car
from simulator.device import NO_POWER, Device, add
from simulator.evse import Evse
from simulator.heater import Heater
from simulator.profiles import ChargingProfile, Kind, Limit, Period, Purpose, Unit

from .cases import VOLTAGE_V, Case, ChargerCase, Day, HeaterCase, RelayCase
from .seen import (
    BatteryTold,
    ChargerSeen,
    Command,
    HeaterCommand,
    HeaterSeen,
    Order,
    RelayCommand,
    RelaySeen,
    Seen,
    Told,
)

# When day 0 begins; nothing depends on the date.
_MIDNIGHT = datetime(2026, 6, 21, tzinfo=UTC)
# What a house takes whatever its load, and a Linky counts.
_REACTIVE_VAR = 150.0
_DT_S = 1.0


class Wire[T]:
    """Values on their way."""

    def __init__(self, latency_s: float) -> None:
        """Let nothing travel yet."""
        self._latency_s = latency_s
        self._travelling: deque[Told[T]] = deque()
        self.arrived: Told[T] | None = None

    def send(self, now: float, value: T) -> None:
        """Send what is true now."""
        self._travelling.append(Told(at=now, value=value))

    def receive(self, now: float) -> Told[T] | None:
        """Return what has arrived since the last time; the newest when several have."""
        newest = None
        while self._travelling and self._travelling[0].at + self._latency_s <= now:
            newest = self.arrived = self._travelling.popleft()
        return newest


class _Load[C: Order](ABC):
    """A device, the wire of its commands and the wire of its meter."""

    def __init__(self, load_id: str, whole: Case, interval_s: int) -> None:
        self.load_id = load_id
        self.accepted: Told[C] | None = None
        self.told_w: Told[float] | None = None
        self._commands = Wire[C](whole.wires.command_latency_s)
        self._meter = Wire[float](whole.wires.meter_latency_s)
        self._interval_s = interval_s

    def command(self, now: float, command: C) -> None:
        self._commands.send(now, command)

    def step(self, now: float) -> None:
        if (arrived := self._commands.receive(now)) is not None:
            self.accepted = Told(at=now, value=arrived.value)
            self._obey(arrived.value)
        self._live(now)
        if now % self._interval_s == 0:
            self._measure(now)
        self._meter.receive(now)
        self.told_w = self._meter.arrived

    def _measure(self, now: float) -> None:
        self._meter.send(now, self.power_w)

    @property
    @abstractmethod
    def device(self) -> Device:
        """What stands at the end of the wires."""

    @property
    def power_w(self) -> float:
        """What it draws."""
        return sum(self.device.power_w)

    @abstractmethod
    def _obey(self, command: C) -> None:
        """Do what has arrived."""

    @abstractmethod
    def _live(self, now: float) -> None:
        """Live through the second that ends at ``now``."""


class PlantCharger(_Load[Command]):
    """A station and its car."""

    def __init__(self, case: ChargerCase, whole: Case) -> None:
        """Stand there without a car."""
        super().__init__(case.load_id, whole, whole.wires.charger_interval_s)
        self.case = case
        self.evse = Evse(case.evse, wall=_MIDNIGHT)
        self._currents = Wire[tuple[float, ...]](whole.wires.meter_latency_s)
        self._nothing = Command(current_a=0.0, phases=len(case.evse.wiring))
        self._obey(self._nothing)

    @override
    def _obey(self, command: Command) -> None:
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

    @override
    def step(self, now: float) -> None:
        begin, end = self.case.plugged
        plugged = begin <= now < end
        if plugged and self.evse.car is None:
            self.evse.plug(Car(self.case.car, charge_wh=0.0))
            self.evse.begin(now, "BENCHMARK")
        elif not plugged and self.evse.car is not None:
            self.evse.end()
            self.evse.unplug()
            self._obey(self._nothing)
        super().step(now)
        self._currents.receive(now)

    @override
    def _live(self, now: float) -> None:
        self.evse.step(now, _DT_S, VOLTAGE_V)

    @override
    def _measure(self, now: float) -> None:
        super()._measure(now)
        self._currents.send(now, self.evse.currents_a)

    @property
    @override
    def device(self) -> Device:
        return self.evse

    @property
    def on(self) -> bool:
        """Whether it is asked to offer anything to a car."""
        told = self.accepted
        return (
            self.evse.car is not None and told is not None and told.value.current_a > 0
        )

    def seen(self) -> ChargerSeen:
        """Return what a controller may know of it."""
        told = self._currents.arrived
        currents_a = told.value if told is not None else ()
        return ChargerSeen(
            case=self.case,
            plugged=self.evse.car is not None,
            charging=self.told_w is not None and self.told_w.value > 0,
            accepted=self.accepted,
            power=self.told_w,
            current_a=max(currents_a, default=0.0),
            phases=sum(amps > 0 for amps in currents_a),
        )


class PlantHeater(_Load[HeaterCommand]):
    """A heater behind its dimmer."""

    def __init__(self, case: HeaterCase, whole: Case) -> None:
        """Stand there cold."""
        super().__init__(case.load_id, whole, whole.wires.heater_interval_s)
        self.case = case
        self.heater = Heater(case.heater)

    @override
    def _obey(self, command: HeaterCommand) -> None:
        self.heater.tell(command.share)

    @override
    def _live(self, now: float) -> None:
        self.heater.step(now, _DT_S, VOLTAGE_V)

    @property
    @override
    def device(self) -> Device:
        return self.heater

    def seen(self) -> HeaterSeen:
        """Return what a controller may know of it."""
        return HeaterSeen(case=self.case, accepted=self.accepted, power=self.told_w)


class PlantRelay(_Load[RelayCommand]):
    """An appliance behind its relay."""

    def __init__(self, case: RelayCase, whole: Case) -> None:
        """Stand there switched off."""
        super().__init__(case.load_id, whole, whole.wires.relay_interval_s)
        self.case = case
        self.appliance = Appliance(case.appliance)

    @override
    def _obey(self, command: RelayCommand) -> None:
        self.appliance.switch(command.on)

    @override
    def _live(self, now: float) -> None:
        self.appliance.step(now, _DT_S, VOLTAGE_V)

    @property
    @override
    def device(self) -> Device:
        return self.appliance

    @property
    def on(self) -> bool:
        """Whether its contacts are closed."""
        return self.appliance.on

    def seen(self) -> RelaySeen:
        """Return what a controller may know of it."""
        return RelaySeen(
            case=self.case,
            accepted=self.accepted,
            power=self.told_w if self.case.measured else None,
        )


type AnyLoad = PlantCharger | PlantHeater | PlantRelay


def command_all(
    loads: Iterable[AnyLoad], now: int, wanted: Mapping[str, Order]
) -> None:
    """Send each load its order, if it has one.

    Raises TypeError for an order that is none for its load.
    """
    for load in loads:
        match load, wanted.get(load.load_id):
            case _, None:
                pass
            case PlantCharger(), Command() as command:
                load.command(now, command)
            case PlantHeater(), HeaterCommand() as command:
                load.command(now, command)
            case PlantRelay(), RelayCommand() as command:
                load.command(now, command)
            case _, order:
                raise TypeError(f"{load.load_id} cannot do {order}")


class Plant:
    """House, loads and battery, one second at a time."""

    def __init__(self, case: Case, day: Day, *, seed: int = 1) -> None:
        """Begin before the first second of the day."""
        self.case = case
        self.grid_w = 0.0
        self.loads_w = 0.0
        self.chargers = [PlantCharger(charger, case) for charger in case.chargers]
        self.heaters = [PlantHeater(heater, case) for heater in case.heaters]
        self.relays = [PlantRelay(relay, case) for relay in case.relays]
        self.battery = SelfRegulatingBattery(case.battery) if case.battery else None
        self._day = day
        self._random = Random(seed)
        self._grid = Wire[float](case.wires.grid_latency_s)
        self._currents = Wire[tuple[float, ...]](case.wires.grid_latency_s)
        self._battery = Wire[BatteryTold](case.wires.grid_latency_s)

    @property
    def loads(self) -> list[AnyLoad]:
        """All loads in order of priority."""
        return [*self.chargers, *self.heaters, *self.relays]

    def step(self, now: int) -> Seen:
        """Live through the second that ends at ``now``; returns what is then known."""
        for load in self.loads:
            load.step(now)
        self.loads_w = sum(load.power_w for load in self.loads)
        second = now - self._day.begin_s
        house_w = self._day.base_w[second] - self._day.solar_w[second] + self.loads_w
        battery_w = self._live_battery(now, house_w)
        self.grid_w = house_w - battery_w
        wires = self.case.wires
        if now % wires.grid_interval_s == 0:
            self._grid.send(now, self._shown(self.grid_w))
            self._currents.send(now, self._phase_currents())
            if self.battery is not None:
                told = BatteryTold(power_w=battery_w, soc=self.battery.soc)
                self._battery.send(now, told)
        self._grid.receive(now)
        self._currents.receive(now)
        self._battery.receive(now)
        return Seen(
            case=self.case,
            now=float(now),
            wall=_MIDNIGHT + timedelta(seconds=now),
            grid=self._grid.arrived,
            currents_a=self._currents.arrived.value if self._currents.arrived else (),
            chargers=tuple(charger.seen() for charger in self.chargers),
            heaters=tuple(heater.seen() for heater in self.heaters),
            relays=tuple(relay.seen() for relay in self.relays),
            battery=self._battery.arrived,
        )

    def _live_battery(self, now: int, house_w: float) -> float:
        battery = self.battery
        if battery is None:
            return 0.0
        battery.see(now, house_w - battery.battery_w)
        battery.step(now, _DT_S, VOLTAGE_V)
        return battery.battery_w

    def _phase_currents(self) -> tuple[float, ...]:
        """Return what flows on each of three phases; house and sun load them evenly."""
        if self.case.supply_phases == 1:
            return ()
        drawn = NO_POWER
        for load in self.loads:
            drawn = add(drawn, load.device.power_w)
        rest_w = (self.grid_w - sum(drawn)) / len(drawn)
        return tuple((rest_w + watts) / VOLTAGE_V for watts in drawn)

    def _shown(self, grid_w: float) -> float:
        wires = self.case.wires
        if wires.linky:
            return copysign(round(hypot(grid_w, _REACTIVE_VAR)), grid_w)
        return grid_w + self._random.gauss(0.0, wires.grid_noise_w)

    def command(self, now: int, wanted: Mapping[str, Order]) -> None:
        """Send commands on their way.

        Raises TypeError for an order that is none for its load.
        """
        command_all(self.loads, now, wanted)
