"""A house, second by second: its loads, its meter's frames and its breaker."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import copysign, hypot, sqrt
from typing import override

from benchmarks.closed_loop.plant import (
    AnyLoad,
    PlantCharger,
    PlantHeater,
    PlantRelay,
    Wire,
    command_all,
)
from benchmarks.closed_loop.seen import ChargerSeen, HeaterSeen, Order, RelaySeen
from simulator.appliance import Appliance, ApplianceSpec
from simulator.device import NO_POWER, Phases, add, on_phase

from .cases import House

_MIDNIGHT = datetime(2026, 1, 20, tzinfo=UTC)
# What a house takes whatever its load, and a Linky counts; over all phases.
_REACTIVE_VAR = 150.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What a Linky sends: whole VA per phase, negative where it injects.

    ``overload`` is the bit of its status register: above the subscribed power now.
    """

    at: float
    phases_va: tuple[float, ...]
    overload: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """All that a controller may know at ``now``; ``fresh`` where a frame has come in."""

    house: House
    now: int
    wall: datetime
    frame: Frame
    fresh: bool
    car: ChargerSeen
    heater: HeaterSeen
    relays: tuple[RelaySeen, ...]


class _Heating(Appliance):
    """The electric heating of a recorded house: when it draws is in the recording."""

    def __init__(self, spec: ApplianceSpec, house: House) -> None:
        super().__init__(spec)
        self._house = house
        self._asks = False

    @property
    @override
    def power_w(self) -> Phases:
        drawn_w = self.spec.power_w if self.on and self._asks else 0.0
        return on_phase(self.spec.phase, drawn_w)

    @override
    def step(self, now: float, dt: float, voltage_v: float) -> None:
        self._asks = self._house.heats(int(now))


class Plant:
    """The house with its loads, one second at a time."""

    def __init__(self, house: House) -> None:
        """Begin before the first second of the day."""
        whole = house.wires
        self.house = house
        self.car = PlantCharger(house.car, whole)
        self.heater = PlantHeater(house.heater, whole)
        self.relays = [PlantRelay(relay, whole) for relay in house.relays]
        if house.heating is not None:
            self.relays[0].appliance = _Heating(house.heating.appliance, house)
        self.drawn_va: tuple[float, ...] = ()
        self._linky = Wire[Frame](whole.wires.grid_latency_s)
        self._every_s = whole.wires.grid_interval_s

    @property
    def loads(self) -> list[AnyLoad]:
        """All loads, in the order in which they are judged."""
        return [self.car, self.heater, *self.relays]

    def step(self, now: int) -> Seen | None:
        """Live through the second that ends at ``now``.

        Returns what is then known, None before the meter has told anything.
        """
        house, drawn = self.house, NO_POWER
        for load in self.loads:
            load.step(now)
            drawn = add(drawn, load.device.power_w)
        signed_va = signed(
            base_w + drawn[phase] for phase, base_w in enumerate(house.base_w(now))
        )
        self.drawn_va = tuple(max(0.0, va) for va in signed_va)
        if now % self._every_s == 0:
            self._linky.send(now, self._frame(now, signed_va))
        fresh = self._linky.receive(now)
        if (told := self._linky.arrived) is None:
            return None
        return Seen(
            house=house,
            now=now,
            wall=_MIDNIGHT + timedelta(seconds=now),
            frame=told.value,
            fresh=fresh is not None,
            car=self.car.seen(),
            heater=self.heater.seen(),
            relays=tuple(relay.seen() for relay in self.relays),
        )

    def _frame(self, now: int, signed_va: tuple[float, ...]) -> Frame:
        phases_va = tuple(float(round(va)) for va in signed_va)
        most_va = self.house.subscribed_va / len(phases_va)
        return Frame(
            at=float(now), phases_va=phases_va, overload=max(phases_va) > most_va
        )

    def command(self, now: int, orders: Mapping[str, Order]) -> None:
        """Send orders on their way.

        Raises TypeError for an order that is none for its load.
        """
        command_all(self.loads, now, orders)


def signed(phases_w: Iterable[float]) -> tuple[float, ...]:
    """Return apparent power per phase, negative where a phase injects."""
    watts = tuple(phases_w)
    reactive_var = _REACTIVE_VAR / len(watts)
    return tuple(copysign(hypot(one, reactive_var), one) for one in watts)


def active_w(drawn_va: float, phases: int) -> float:
    """Return the active power in an apparent one, of one phase."""
    reactive_var = _REACTIVE_VAR / phases
    return sqrt(max(0.0, drawn_va**2 - reactive_var**2))
