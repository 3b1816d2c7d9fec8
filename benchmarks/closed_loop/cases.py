"""The days: sun, household, devices and what the controller may know of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from simulator.appliance import ApplianceSpec
from simulator.battery import BatterySpec
from simulator.car import PILOT_MINIMUM_A, CarSpec
from simulator.evse import EvseSpec
from simulator.heater import Characteristic, HeaterSpec
from simulator.trace import DAY_S, read_trace

VOLTAGE_V = 230.0

_HOUR_S = 3600
_BEGIN_S, _END_S = 6 * _HOUR_S, 19 * _HOUR_S
# A battery no car has: a day must not end because one is full.
_ENDLESS_WH = 1e9

# S1: surplus levels of 15 minutes each, over a constant household.
STEP_HOLD_S = 900
STEP_FIRST_S = 9 * _HOUR_S
STEP_LEVELS_W = (2000.0, 5000.0, 3000.0, 4000.0, 2000.0, 6500.0, 2500.0, 4500.0)
_STEP_BASE_W = 500.0

# O1: an evening in the kitchen.
_KITCHEN_BASE_W = 500.0
_KITCHEN_W = (2000.0, 2400.0, 4400.0)
_KITCHEN_EVENTS = 12
_KITCHEN_EVERY_S = 560
_KITCHEN_FIRST_S = 22 * _HOUR_S + 400
# Events last 180 to 260 s.
_KITCHEN_SHORTEST_S, _KITCHEN_MORE_S, _KITCHEN_LENGTHS = 180, 20, 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """Sun and household in W, one value per second from ``begin_s`` on."""

    begin_s: int
    solar_w: tuple[float, ...]
    base_w: tuple[float, ...]

    @property
    def end_s(self) -> int:
        """The second after the last."""
        return self.begin_s + len(self.solar_w)

    @property
    def surplus_w(self) -> tuple[float, ...]:
        """What the sun leaves to controlled loads."""
        return tuple(
            max(0.0, solar - base)
            for solar, base in zip(self.solar_w, self.base_w, strict=True)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargerCase:
    """A station with its car, in order of priority. ``plugged`` is from and to, in s."""

    load_id: str
    car: CarSpec = field(default_factory=lambda: CarSpec(capacity_wh=_ENDLESS_WH))
    evse: EvseSpec = field(default_factory=EvseSpec)
    min_a: float = PILOT_MINIMUM_A
    plugged: tuple[int, int] = (0, DAY_S)

    @property
    def top_a(self) -> float:
        """The most it can be offered to any effect."""
        return min(self.evse.max_a, self.car.max_a)

    def drawn_w(self, offered_a: float, phases: int) -> float:
        """Power of a car that has settled on an offer."""
        car = self.car
        drawn_a = min(car.max_a, offered_a * car.drawn_share - car.drawn_less_a)
        return max(0.0, drawn_a) * phases * VOLTAGE_V


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaterCase:
    """A dimmed heater, and what its user told of it: its power and characteristic.

    It acts with the half wave after its command has arrived: with a lag of its own evcc
    and a router would come out below the reference, on all three days.
    """

    load_id: str = "heater"
    heater: HeaterSpec = field(default_factory=lambda: HeaterSpec(lag_s=0.0))
    stated_w: float = 2400.0
    stated: Characteristic = Characteristic.LINEAR


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayCase:
    """A load on a relay, and what its user told of it: its power, None = to be learned.

    ``measured`` says that its plug measures.
    """

    load_id: str = "relay"
    appliance: ApplianceSpec = field(default_factory=ApplianceSpec)
    stated_w: float | None = 1100.0
    measured: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Wires:
    """How often and how late things are told. ``linky`` tells VA, the sign lost near 0.

    A battery is read together with the grid.
    """

    grid_interval_s: int = 1
    grid_latency_s: int = 1
    grid_noise_w: float = 5.0
    charger_interval_s: int = 5
    heater_interval_s: int = 2
    relay_interval_s: int = 5
    meter_latency_s: int = 1
    command_latency_s: int = 1
    linky: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One day; loads in order of priority: chargers, heaters, relays.

    ``ev_limit_a`` bounds the current of all cars together. ``fast`` asks for charging as
    fast as the limits allow; ``oracle_kwh`` is what the reference says the optimum
    captures and imports.
    """

    name: str
    text: str
    build: Callable[[], Day]
    chargers: tuple[ChargerCase, ...] = (ChargerCase(load_id="car"),)
    heaters: tuple[HeaterCase, ...] = ()
    relays: tuple[RelayCase, ...] = ()
    wires: Wires = field(default_factory=Wires)
    battery: BatterySpec | None = None
    subscribed_va: float = 9_000.0
    ev_limit_a: float = 40.0
    fast: bool = False
    has_optimum: bool = True
    oracle_kwh: tuple[float, float] | None = None

    @property
    def supply_phases(self) -> int:
        """Phases of the connection: as many as its widest charger is wired to."""
        return max((len(c.evse.wiring) for c in self.chargers), default=1)


@cache
def _recorded(solar: str, base: str, factor: float) -> Day:
    sun, house = read_trace(solar), read_trace(base)
    seconds = range(_BEGIN_S, _END_S)
    return Day(
        begin_s=_BEGIN_S,
        solar_w=tuple(factor * sun.at(t) for t in seconds),
        base_w=tuple(house.at(t) for t in seconds),
    )


def _traces(solar: str, base: str, factor: float = 1.0) -> Callable[[], Day]:
    return lambda: _recorded(solar, base, factor)


def _steps() -> Day:
    begin, end = 8 * _HOUR_S, 12 * _HOUR_S
    solar = []
    for t in range(begin, end):
        level = (t - STEP_FIRST_S) // STEP_HOLD_S
        if level < 0:
            solar.append(_STEP_BASE_W)
        else:
            last = len(STEP_LEVELS_W) - 1
            solar.append(_STEP_BASE_W + STEP_LEVELS_W[min(level, last)])
    return Day(
        begin_s=begin, solar_w=tuple(solar), base_w=(_STEP_BASE_W,) * (end - begin)
    )


def _kitchen() -> Day:
    begin, end = 22 * _HOUR_S, 24 * _HOUR_S - 60
    base = [_KITCHEN_BASE_W] * (end - begin)
    for n in range(_KITCHEN_EVENTS):
        first = _KITCHEN_FIRST_S + n * _KITCHEN_EVERY_S - begin
        length = _KITCHEN_SHORTEST_S + n % _KITCHEN_LENGTHS * _KITCHEN_MORE_S
        for t in range(first, first + length):
            base[t] += _KITCHEN_W[n % len(_KITCHEN_W)]
    return Day(begin_s=begin, solar_w=(0.0,) * (end - begin), base_w=tuple(base))


_THREE_PHASE = ChargerCase(
    load_id="car",
    car=CarSpec(phases=3, max_a=16.0, capacity_wh=_ENDLESS_WH),
    evse=EvseSpec(max_a=16.0, wiring=(1, 2, 3), switches_phases=True),
)

_CASES = (
    Case(
        name="A1",
        text="one car, broken clouds recorded at 1 s",
        build=_traces("pv_broken_real1s", "load_synth"),
        oracle_kwh=(30.65, 1.14),
    ),
    Case(
        name="A2",
        text="one car, clear sky",
        build=_traces("pv_clear", "load_fr_summer"),
        oracle_kwh=(31.33, 0.54),
    ),
    Case(
        name="A3",
        text="one car, convective clouds",
        build=_traces("pv_convective", "load_uk_family"),
        oracle_kwh=(33.13, 1.13),
    ),
    Case(
        name="A4",
        text="one car, overcast around 6 A",
        build=_traces("pv_overcast", "load_synth"),
        oracle_kwh=(7.58, 0.81),
    ),
    Case(
        name="A5",
        text="one car, a front in winter",
        build=_traces("pv_front", "load_fr_winter"),
        oracle_kwh=(4.69, 0.43),
    ),
    Case(
        name="A6",
        text="as A1, read from a Linky",
        build=_traces("pv_broken_real1s", "load_synth"),
        wires=Wires(grid_interval_s=2, grid_noise_w=0.0, linky=True),
        oracle_kwh=(30.65, 1.14),
    ),
    Case(
        name="B1",
        text="car, 2.4 kW heater and 1.1 kW pump, broken clouds",
        build=_traces("pv_broken_real1s", "load_synth"),
        heaters=(HeaterCase(),),
        relays=(RelayCase(),),
        oracle_kwh=(31.35, 0.06),
    ),
    Case(
        name="B2",
        text="car, heater and pump, convective clouds",
        build=_traces("pv_convective", "load_uk_family"),
        heaters=(HeaterCase(),),
        relays=(RelayCase(),),
        oracle_kwh=(33.92, 0.15),
    ),
    Case(
        name="B3",
        text="car, heater and pump, overcast",
        build=_traces("pv_overcast", "load_synth"),
        heaters=(HeaterCase(),),
        relays=(RelayCase(),),
        oracle_kwh=(8.44, 0.00),
    ),
    Case(
        name="C1",
        text="two cars under 40 A, twice the sun",
        build=_traces("pv_broken_real1s", "load_fr_summer", 2.0),
        chargers=(
            ChargerCase(load_id="car 1"),
            ChargerCase(load_id="car 2", plugged=(10 * _HOUR_S, 18 * _HOUR_S)),
        ),
        oracle_kwh=(50.74, 0.56),
    ),
    Case(
        name="D1",
        text="three-phase car that can change to one phase",
        build=_traces("pv_convective", "load_uk_family", 1.5),
        chargers=(_THREE_PHASE,),
        oracle_kwh=(52.51, 1.77),
    ),
    Case(
        name="E1",
        text="as A1, beside a battery that regulates itself",
        build=_traces("pv_broken_real1s", "load_uk_family"),
        battery=BatterySpec(),
        oracle_kwh=(26.37, 1.08),
    ),
    Case(
        name="S1",
        text="seven steps of the surplus",
        build=_steps,
        has_optimum=False,
    ),
    Case(
        name="O1",
        text="fast charging at night under 6 kVA, kettle and oven",
        build=_kitchen,
        subscribed_va=6_000.0,
        fast=True,
        has_optimum=False,
    ),
)

CASES = {case.name: case for case in _CASES}
