"""What the engine costs: microseconds for a cycle, seconds for a day."""

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
    LoadInput,
    Mode,
    Snapshot,
)
from custom_components.surplus.control.settings import HomeSettings

_WALL = datetime(2026, 6, 21, tzinfo=UTC)
_DAY_CYCLES = 86_400
_DAY_LOADS = 5
_SAMPLED_CYCLES = 2_000
_LOADS = (1, 5, 20)
_METER_EVERY_S = 5


class _Site:
    """A house whose readings change all the time, without a plant behind them."""

    def __init__(self, loads: int) -> None:
        self._engine = Engine(HomeSettings(subscribed_va=36_000.0, breaker_a=160.0))
        self._specs = [
            ChargerSpec(load_id=f"load {n}", name=f"load {n}", priority=n)
            for n in range(loads)
        ]
        self._random = Random(1)
        self._readings = [
            ChargerReading(reachable=True, wants_power=True) for _ in range(loads)
        ]

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
        for n, decision in enumerate(cycle.decisions):
            if decision.setpoint is not None:
                self._readings[n] = ChargerReading(
                    reachable=True,
                    wants_power=True,
                    power_w=decision.setpoint.power_w,
                    power_at=snapshot.now,
                    offered_a=decision.setpoint.value,
                    offered_at=snapshot.now,
                )


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Median microseconds of a cycle by loads, and the seconds of a day."""

    cycle_us: dict[int, float]
    day_loads: int
    day_s: float


def measure() -> Cost:
    """Measure on this machine, in this process."""
    return Cost(
        cycle_us={loads: _cycle_us(loads) for loads in _LOADS},
        day_loads=_DAY_LOADS,
        day_s=_day_s(),
    )


def _cycle_us(loads: int) -> float:
    site = _Site(loads)
    times = []
    for now in range(_SAMPLED_CYCLES):
        snapshot = site.snapshot(float(now))
        begun = time.perf_counter()
        site.cycle(snapshot)
        times.append(time.perf_counter() - begun)
    return 1e6 * median(times)


def _day_s() -> float:
    site = _Site(_DAY_LOADS)
    passed = 0.0
    for now in range(_DAY_CYCLES):
        snapshot = site.snapshot(float(now))
        begun = time.perf_counter()
        site.cycle(snapshot)
        passed += time.perf_counter() - begun
    return passed
