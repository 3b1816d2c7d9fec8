"""What the engine costs: microseconds for a cycle, seconds for a day.

Of processor time: what else the machine does meanwhile is not the engine's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
import time

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    GridReading,
    HeaterReading,
    HeaterSpec,
    LoadInput,
    LoadReading,
    LoadSpec,
    Mode,
    Setpoint,
    Snapshot,
    StorageReading,
    StorageSpec,
    SwitchedReading,
    SwitchedSpec,
)
from custom_components.surplus.control.settings import HomeSettings

_WALL = datetime(2026, 6, 21, tzinfo=UTC)
_DAY_CYCLES = 86_400
DAY_LOADS = 5
_SAMPLED_CYCLES = 2_000
_LOADS = (1, 5, 20)
_METER_EVERY_S = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kind:
    """How to make a load of a kind, and what it tells after it has obeyed."""

    name: str
    spec: Callable[[str, int], LoadSpec]
    reading: Callable[[float, Setpoint], LoadReading]


_KINDS = (
    _Kind(
        name="charger",
        spec=lambda name, n: ChargerSpec(load_id=name, name=name, priority=n),
        reading=lambda now, told: ChargerReading(
            reachable=True,
            power_w=told.power_w,
            power_at=now,
            offered_a=told.value,
            offered_at=now,
        ),
    ),
    _Kind(
        name="heater",
        spec=lambda name, n: HeaterSpec(
            load_id=name, name=name, priority=n, max_w=2400.0, step_w=24.0
        ),
        reading=lambda now, told: HeaterReading(
            reachable=True,
            power_w=told.power_w,
            power_at=now,
            accepted_w=told.value,
            accepted_at=now,
        ),
    ),
    _Kind(
        name="switched",
        spec=lambda name, n: SwitchedSpec(
            load_id=name, name=name, priority=n, power_w=1100.0
        ),
        reading=lambda now, told: SwitchedReading(
            reachable=True,
            power_w=told.power_w,
            power_at=now,
            on=told.value > 0,
            changed_at=now,
        ),
    ),
    _Kind(
        name="storage",
        spec=lambda name, n: StorageSpec(
            load_id=name, name=name, priority=n, charge_w=3000.0, discharge_w=3000.0
        ),
        reading=lambda now, told: StorageReading(
            reachable=True,
            power_w=told.power_w,
            power_at=now,
            accepted_w=told.value,
            accepted_at=now,
            soc=0.5,
        ),
    ),
)
_NOTHING = Setpoint(value=0.0, power_w=0.0)


class _Site:
    """A house whose readings change all the time, without a plant behind them."""

    def __init__(self, loads: int) -> None:
        self._engine = Engine(HomeSettings(subscribed_va=36_000.0, breaker_a=160.0))
        self._kinds = [_KINDS[n % len(_KINDS)] for n in range(loads)]
        self._specs = [
            kind.spec(f"load {n:02}", n) for n, kind in enumerate(self._kinds)
        ]
        self._random = Random(1)
        self._readings = [kind.reading(0.0, _NOTHING) for kind in self._kinds]

    def snapshot(self, now: float) -> Snapshot:
        """Return readings that make loads start, follow and stop."""
        sun_w = 4000.0 * len(self._specs) * (0.5 + 0.5 * self._random.random())
        own_w = sum(reading.power_w or 0.0 for reading in self._readings)
        grid_w = own_w - sun_w
        return Snapshot(
            now=now,
            wall=_WALL + timedelta(seconds=now),
            grid=GridReading(at=now, power_w=grid_w, drawn_va=max(0.0, grid_w)),
            loads=tuple(
                LoadInput(spec=spec, reading=reading, mode=Mode.SOLAR)
                for spec, reading in zip(self._specs, self._readings, strict=True)
            ),
        )

    def cycle(self, snapshot: Snapshot) -> None:
        """Decide, and obey at once every few seconds."""
        cycle = self._engine.cycle(snapshot)
        if snapshot.now % _METER_EVERY_S:
            return
        told = {one.load_id: one.setpoint for one in cycle.decisions}
        for n, kind in enumerate(self._kinds):
            if (setpoint := told[self._specs[n].load_id]) is not None:
                self._readings[n] = kind.reading(snapshot.now, setpoint)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Median microseconds of a cycle by loads, and the seconds of a day.

    ``kinds`` are the kinds of load, in turn.
    """

    cycle_us: dict[int, float]
    day_loads: int
    day_s: float
    kinds: tuple[str, ...]


def measure() -> Cost:
    """Measure on this machine, in this process."""
    return Cost(
        cycle_us={loads: _cycle_us(loads) for loads in _LOADS},
        day_loads=DAY_LOADS,
        day_s=_day_s(),
        kinds=tuple(kind.name for kind in _KINDS),
    )


def _cycle_us(loads: int) -> float:
    site = _Site(loads)
    times = []
    for now in range(_SAMPLED_CYCLES):
        snapshot = site.snapshot(float(now))
        begun = time.process_time()
        site.cycle(snapshot)
        times.append(time.process_time() - begun)
    return 1e6 * median(times)


def _day_s() -> float:
    site = _Site(DAY_LOADS)
    passed = 0.0
    for now in range(_DAY_CYCLES):
        snapshot = site.snapshot(float(now))
        begun = time.process_time()
        site.cycle(snapshot)
        passed += time.process_time() - begun
    return passed
