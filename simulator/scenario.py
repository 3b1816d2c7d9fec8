"""Scenarios: what happens to a house in simulated time, and what must come of it.

A scenario file (``scenarios/*.toml``) is a list of steps and a list of stated outcomes.
``run`` plays it against any controller; ``check`` says which outcomes were not met.

**What a step's grid power means.** ``base_grid_w`` is the grid power *without* the
controlled car: "the house says -2000 W before the car". The car's own draw comes on top,
so the loop is closed and only a controller that knows its own effect can settle. An open
list of meter values, as the earlier OCPP server's simulator sends, would show the same
value whatever the car does. Where a story only makes sense as what the meter *shows* with
the car on ("+200 W: lower it"), a step says ``meter_shows_w``: the base is then set once,
so that the meter shows that value at that instant with what the car draws just then.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
import tomllib
from typing import Any

from .car import PILOT_MINIMUM_A, Car, CarSpec
from .clock import DayClock
from .evse import Evse, EvseSpec
from .house import House, HouseSpec
from .profiles import ChargingProfile, Kind, Limit, Period, Purpose, Unit
from .trace import constant_trace

SCENARIOS = Path(__file__).parent / "scenarios"

# When a scenario begins; nothing in it depends on the date.
WALL = datetime(2026, 6, 21, 8, 0, tzinfo=UTC)
TICK_S = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """Something that happens at ``at_s``: a grid power, a mode, or an event.

    Events: ``meter_off``, ``meter_on``, ``unplug``, ``plug``, ``full``.
    """

    at_s: float
    base_grid_w: float | None = None
    meter_shows_w: float | None = None
    mode: str | None = None
    event: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """Both ends included."""

    min: float = float("-inf")
    max: float = float("inf")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What must be true in ``from_s`` <= t < ``to_s``; ``text`` says it in words.

    ``offered_a``, ``drawn_a`` and ``grid_w`` bound every second. ``lower_than_at_s``
    compares the last offer with the one at that time. ``starts`` bounds how often the
    offer rises from nothing. ``overload`` bounds the longest run of seconds with more
    than ``limit_w`` from the grid.
    """

    text: str
    from_s: float
    to_s: float
    offered_a: Bounds = Bounds()
    drawn_a: Bounds = Bounds()
    grid_w: Bounds = Bounds()
    lower_than_at_s: float | None = None
    starts: Bounds = Bounds()
    overload_s: Bounds = Bounds()


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """One story. ``limit_w`` is what the grid connection may draw."""

    name: str
    description: str
    source: str
    end_s: float
    steps: tuple[Step, ...]
    outcomes: tuple[Outcome, ...]
    mode: str = "solar"
    limit_w: float = 9000.0
    voltage_v: float = 230.0
    meter_interval_s: float = 1.0
    meter_latency_s: float = 1.0
    charger_interval_s: float = 5.0
    charger_latency_s: float = 1.0
    command_latency_s: float = 1.0
    car: CarSpec = field(default_factory=CarSpec)


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What a controller may know: nothing newer than the wires allow.

    Every ``*_at`` is when a value was true. ``offered_a`` is the last current the charger
    took from the controller, None before the first.
    """

    now: float
    wall: datetime
    mode: str
    limit_w: float
    voltage_v: float
    grid_w: float | None
    grid_at: float | None
    charger_w: float
    charger_a: float
    charger_at: float
    wants_power: bool
    offered_a: float | None
    offered_at: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What was true at one second.

    ``offered_a`` is on the pilot, ``told_a`` what the controller last asked for.
    """

    t: float
    grid_w: float
    offered_a: float
    drawn_a: float
    told_a: float


type Controller = Callable[[Observation], float]


def scenario_names() -> list[str]:
    """Names of the scenarios that come with the simulator."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def read_scenario(name: str) -> Scenario:
    """Read a scenario by its name, or a file by its path.

    Raises FileNotFoundError, or TypeError, ValueError where the file makes no sense.
    """
    path = SCENARIOS / f"{name}.toml"
    data: dict[str, Any] = tomllib.loads(
        (path if path.exists() else Path(name)).read_text(encoding="utf-8")
    )
    data["steps"] = tuple(Step(**step) for step in data["steps"])
    data["outcomes"] = tuple(_outcome(outcome) for outcome in data["outcomes"])
    if "car" in data:
        data["car"] = CarSpec(**data["car"])
    times = [step.at_s for step in data["steps"]]
    if times != sorted(times):
        raise ValueError(f"the steps of {path.stem} are not in order")
    return Scenario(name=path.stem, **data)


def _outcome(data: dict[str, Any]) -> Outcome:
    bounds = {key: Bounds(**value) for key, value in data.items() if _is_table(value)}
    return Outcome(**{**data, **bounds})


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


class _Delayed[T]:
    """Values that arrive some time after they were true."""

    def __init__(self, interval_s: float, latency_s: float) -> None:
        self._interval_s = interval_s
        self._latency_s = latency_s
        self._next = 0.0
        self._travelling: list[tuple[float, T]] = []
        self.arrived: tuple[float, T] | None = None

    def feed(self, now: float, value: T, *, silent: bool = False) -> None:
        if now >= self._next:
            self._next = now + self._interval_s
            if not silent:
                self._travelling.append((now, value))
        while self._travelling and now >= self._travelling[0][0] + self._latency_s:
            self.arrived = self._travelling.pop(0)


class _Play:
    """One run: the plant and what has happened to it."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        day = DayClock()
        spec = EvseSpec(wiring=(1, 2, 3) if scenario.car.phases == 3 else (1,))
        self.evse = Evse(spec, wall=WALL)
        self.house = House(
            solar=constant_trace(0.0),
            load=constant_trace(0.0),
            day=day,
            devices=[self.evse],
            spec=HouseSpec(
                phases=len(spec.wiring), voltage_v=scenario.voltage_v, reactive_var=0.0
            ),
        )
        self.mode = scenario.mode
        self.meter_silent = False
        self.command(0.0)
        self._plug()

    def _plug(self) -> None:
        self.evse.plug(Car(self.scenario.car))
        self.evse.begin(self.house.now, "SCENARIO")

    def command(self, amps: float) -> None:
        """Offer a current."""
        limit = Limit(value=amps, unit=Unit.AMPERE)
        profile = ChargingProfile(
            profile_id=1,
            stack_level=0,
            purpose=Purpose.TX_DEFAULT,
            kind=Kind.ABSOLUTE,
            unit=Unit.AMPERE,
            start=WALL,
            periods=(Period(start=WALL - WALL, limit=limit),),
        )
        self.evse.profiles.install(1, profile)

    def take(self, step: Step) -> None:
        """Let a step happen."""
        if step.mode is not None:
            self.mode = step.mode
        if step.base_grid_w is not None:
            self.house.fix_base(step.base_grid_w)
        if step.meter_shows_w is not None:
            self.house.fix_base(step.meter_shows_w - self.house.devices_w)
        match step.event:
            case None:
                pass
            case "meter_off" | "meter_on":
                self.meter_silent = step.event == "meter_off"
            case "unplug":
                self.evse.unplug()
                self.evse.end()
            case "plug":
                self._plug()
            case "full":
                assert self.evse.car is not None
                self.evse.car.charge_wh = self.scenario.car.capacity_wh
            case _:
                raise ValueError(f"unknown event {step.event}")


def run(scenario: Scenario, controller: Controller) -> list[Sample]:
    """Play a scenario; the controller is asked once a second what to offer.

    It returns a current per phase in A. Only changes are sent, and arrive later.
    """
    play = _Play(scenario)
    steps = list(scenario.steps)
    grid = _Delayed[float](scenario.meter_interval_s, scenario.meter_latency_s)
    charger = _Delayed[tuple[float, float]](
        scenario.charger_interval_s, scenario.charger_latency_s
    )
    commands: list[tuple[float, float]] = []
    offered: tuple[float, float] | None = None
    wanted: float | None = None
    samples: list[Sample] = []
    now = 0.0
    while now < scenario.end_s:
        while steps and steps[0].at_s <= now:
            play.take(steps.pop(0))
        while commands and commands[0][0] <= now:
            offered = (now, commands.pop(0)[1])
            play.command(offered[1])
        now += TICK_S
        play.house.advance(now)
        amps = play.evse.currents_a[0]
        samples.append(
            Sample(
                t=now,
                grid_w=play.house.grid_w,
                offered_a=play.evse.pilot_a,
                drawn_a=amps,
                told_a=wanted or 0.0,
            )
        )
        grid.feed(now, play.house.grid_w, silent=play.meter_silent)
        charger.feed(now, (play.house.devices_w, amps))
        charger_at, (charger_w, charger_a) = charger.arrived or (0.0, (0.0, 0.0))
        answer = controller(
            Observation(
                now=now,
                wall=play.evse.wall(now),
                mode=play.mode,
                limit_w=scenario.limit_w,
                voltage_v=scenario.voltage_v,
                grid_w=grid.arrived[1] if grid.arrived else None,
                grid_at=grid.arrived[0] if grid.arrived else None,
                charger_w=charger_w,
                charger_a=charger_a,
                charger_at=charger_at,
                wants_power=play.evse.car is not None and not play.evse.car.full,
                offered_a=offered[1] if offered else None,
                offered_at=offered[0] if offered else None,
            )
        )
        if answer != wanted:
            wanted = answer
            commands.append((now + scenario.command_latency_s, answer))
    return samples


def check(scenario: Scenario, samples: list[Sample]) -> list[str]:
    """Return what was not met, in words; empty when all is well.

    One thing holds in every scenario: nothing between 0 and 6 A is ever asked for.
    """
    impossible = [s for s in samples if 0 < s.told_a < PILOT_MINIMUM_A]
    problems = [
        f"asked for {sample.told_a:.1f} A at {sample.t:g} s: a pilot cannot"
        for sample in impossible[:1]
    ]
    for outcome in scenario.outcomes:
        window = [s for s in samples if outcome.from_s <= s.t < outcome.to_s]
        problems += [
            f"{outcome.text}: {fault}"
            for fault in _faults(outcome, window, samples, scenario)
        ]
    return problems


def _faults(
    outcome: Outcome, window: list[Sample], samples: list[Sample], scenario: Scenario
) -> list[str]:
    if not window:
        return ["nothing was sampled then"]
    found = []
    for what in ("offered_a", "drawn_a", "grid_w"):
        bounds: Bounds = getattr(outcome, what)
        values = [(getattr(sample, what), sample.t) for sample in window]
        for value, at in (min(values), max(values)):
            if not bounds.min <= value <= bounds.max:
                found.append(f"{what} was {value:.1f} at {at:g} s")
    if outcome.lower_than_at_s is not None:
        before = max(s.t for s in samples if s.t <= outcome.lower_than_at_s)
        then = next(s.offered_a for s in samples if s.t == before)
        if window[-1].offered_a >= then:
            found.append(f"{window[-1].offered_a:.1f} A is not lower than {then:.1f} A")
    starts = sum(
        one.offered_a == 0.0 < other.offered_a for one, other in pairwise(window)
    )
    if not outcome.starts.min <= starts <= outcome.starts.max:
        found.append(f"it started {starts} times")
    overload = _longest_run([sample.grid_w > scenario.limit_w for sample in window])
    if not outcome.overload_s.min <= overload * TICK_S <= outcome.overload_s.max:
        found.append(f"the limit was exceeded for {overload * TICK_S:g} s")
    return found


def _longest_run(flags: list[bool]) -> int:
    longest = run_ = 0
    for flag in flags:
        run_ = run_ + 1 if flag else 0
        longest = max(longest, run_)
    return longest
