"""The days: sun, household, devices and what the controller may know of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

from simulator.car import PILOT_MINIMUM_A, CarSpec
from simulator.evse import EvseSpec
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
class BatteryCase:
    """A home battery that regulates itself towards no exchange with the grid."""

    capacity_wh: float = 10_000.0
    charge_share: float = 0.3
    power_w: float = 4_000.0
    efficiency: float = 0.95
    ramp_w_s: float = 1_500.0
    delay_s: int = 2
    gain: float = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Wires:
    """How often and how late things are told. ``linky`` tells VA, the sign lost near 0."""

    grid_interval_s: int = 1
    grid_latency_s: int = 1
    grid_noise_w: float = 5.0
    charger_interval_s: int = 5
    charger_latency_s: int = 1
    command_latency_s: int = 1
    linky: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One day. ``ev_limit_a`` bounds the current of all cars together.

    ``fast`` asks for charging as fast as the limits allow; ``oracle_kwh`` is what the
    reference says the optimum captures and imports; ``engine_plays`` is False where the
    engine does not have the kind of load yet.
    """

    name: str
    text: str
    build: Callable[[], Day]
    chargers: tuple[ChargerCase, ...] = (ChargerCase(load_id="car"),)
    wires: Wires = field(default_factory=Wires)
    battery: BatteryCase | None = None
    subscribed_va: float = 9_000.0
    ev_limit_a: float = 40.0
    fast: bool = False
    has_optimum: bool = True
    oracle_kwh: tuple[float, float] | None = None
    engine_plays: bool = True


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
        battery=BatteryCase(),
        oracle_kwh=(26.37, 1.08),
        engine_plays=False,
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """A plant that is not what the controller believes it to be."""

    name: str
    text: str
    car: dict[str, float] = field(default_factory=dict)
    pilot_gap_s: float | None = None
    wires: dict[str, int] = field(default_factory=dict)

    def apply(self, case: Case) -> Case:
        """Return the case with this plant."""
        chargers = []
        for charger in case.chargers:
            evse = charger.evse
            if self.pilot_gap_s is not None:
                evse = replace(evse, pilot_gap_s=self.pilot_gap_s)
            # The typed fields of a car are all floats here.
            car = replace(charger.car, **self.car)  # type: ignore[arg-type]
            chargers.append(replace(charger, car=car, evse=evse))
        # The typed fields of the wires are all whole seconds here.
        wires = replace(case.wires, **self.wires)  # type: ignore[arg-type]
        return replace(case, chargers=tuple(chargers), wires=wires)


_ALL_SLOW = {"dead_time_s": 5.0, "ramp_up_a_s": 0.3, "start_latency_s": 30.0}

_VARIANTS = (
    Variant(name="nominal", text="nominal"),
    Variant(name="slow-ramp", text="ramp 0.2 A/s", car={"ramp_up_a_s": 0.2}),
    Variant(name="fast-ramp", text="ramp 2 A/s", car={"ramp_up_a_s": 2.0}),
    Variant(name="slow-down", text="down 1 A/s", car={"ramp_down_a_s": 1.0}),
    Variant(name="dead-time", text="dead time 3 s longer", car={"dead_time_s": 5.0}),
    Variant(
        name="late-command", text="command 3 s later", wires={"command_latency_s": 4}
    ),
    Variant(name="late-start", text="start after 30 s", car={"start_latency_s": 30.0}),
    Variant(name="pilot-gap", text="pilot gap 15 s", pilot_gap_s=15.0),
    Variant(
        name="slow-meter",
        text="grid meter every 5 s, 2 s late",
        wires={"grid_interval_s": 5, "grid_latency_s": 2},
    ),
    Variant(
        name="slow-charger",
        text="own power every 30 s",
        wires={"charger_interval_s": 30},
    ),
    Variant(name="16A", text="car limited to 16 A", car={"max_a": 16.0}),
    Variant(
        name="all-slow",
        text="all slow",
        car=_ALL_SLOW,
        pilot_gap_s=10.0,
        wires={"command_latency_s": 3},
    ),
    Variant(
        name="all-slow-30",
        text="all slow, own power every 30 s",
        car=_ALL_SLOW,
        pilot_gap_s=10.0,
        wires={"command_latency_s": 3, "charger_interval_s": 30},
    ),
)

VARIANTS = {variant.name: variant for variant in _VARIANTS}
