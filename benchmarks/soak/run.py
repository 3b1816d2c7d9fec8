"""The drive: step by step, with what is planned to break."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import gc
import logging
from pathlib import Path
import tracemalloc
from typing import override

from custom_components.surplus.clock import monotonic
from custom_components.surplus.control.model import Mode
from homeassistant.util import dt as dt_util

from .clocks import Clocks, driven_clocks
from .faults import BOOSTED, CLOCK_STEPS_S, Fault, Planned, planned
from .life import Life, living
from .memory import rss_mb
from .oracle import Oracle
from .plant import DAY_S, Broken, Plant

STEP_S = 10.0
BEGIN = datetime(2027, 6, 21, 6, tzinfo=UTC)
_BEGIN_S = 8 * 3600.0
_SETTLE_STEPS = 6
# Nothing breaks any more for so long at the end: the Home recovers without a hand.
MENDING_S = 1800.0
# The meter and the charger of the plant break by themselves, for a while.
_LASTING = (
    Fault.METER_SILENT,
    Fault.METER_STUCK,
    Fault.METER_ABSURD,
    Fault.LINK_LOST,
    Fault.REFUSES,
    Fault.NONSENSE,
    Fault.HEATER_GONE,
    Fault.SUN_GONE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What a day has left behind: memory in MB, rows of the day."""

    day: float
    rss_mb: float
    traced_mb: float
    rows: int


@dataclass(slots=True)
class Result:
    """What came of it."""

    seconds: float
    before_mb: float
    samples: list[Sample]
    faults: Counter[Fault]
    rows: Counter[str]
    told: dict[str, str]
    violations: list[str]
    issues: set[str]
    errors: list[str]
    checked: int


class _Errors(logging.Handler):
    """Keeps whatever is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


class Drive:
    """One run over some days."""

    def __init__(self, life: Life, clocks: Clocks, seed: int, days: float) -> None:
        """Begin at the first day's morning."""
        self.life = life
        self.clocks = clocks
        self.oracle = Oracle()
        self.days = days
        self.faults: Counter[Fault] = Counter()
        self.samples: list[Sample] = []
        self._planned = planned(seed, days)
        self._broken = Broken()
        self._steps = 0

    async def run(self) -> None:
        """Live through all of it, and mend everything at its end."""
        sampled_s = 0.0
        end_s = self.days * DAY_S
        while (now_s := self.clocks.elapsed_s) < end_s:
            while self._planned and self._planned[0].at_s <= now_s:
                await self._begin(self._planned.pop(0))
            await self.step()
            if now_s - sampled_s >= min(DAY_S, end_s / 2):
                sampled_s = now_s
                self._sample(now_s)
        await self._pass(MENDING_S)
        await self.life.settle()
        self._sample(self.clocks.elapsed_s)

    async def step(self, seconds: float = STEP_S) -> None:
        """Let time pass, the plant live, and the Home see it."""
        life, clocks = self.life, self.clocks
        clocks.pass_time(seconds)
        life.obey()
        up = life.is_up
        linked = life.charger.lost_at is None and not life.charger.nonsense
        life.plant.live(
            seconds,
            {"car": up and linked, "heater": up and life.heater_there, "pump": up},
        )
        self._break()
        life.show()
        if not self._is(Fault.METER_SILENT):
            if self._is(Fault.METER_STUCK):
                life.meter.repeat()
            elif self._is(Fault.METER_ABSURD):
                life.meter.show(1e9 if self._steps % 2 else float("nan"))
            else:
                life.meter.show(life.plant.grid_w)
        for _ in range(4):
            await asyncio.sleep(0)
        self._steps += 1
        if self._steps % _SETTLE_STEPS == 0:
            await life.settle()
        self.oracle.watch(life, clocks.elapsed_s)

    # ---- what breaks -----------------------------------------------------------------

    def _is(self, fault: Fault) -> bool:
        return self._broken.is_broken(fault, self.clocks.elapsed_s)

    def _break(self) -> None:
        """Let devices be as broken as they are now."""
        life, charger = self.life, self.life.charger
        if not self._is(Fault.LINK_LOST):
            charger.lost_at = None
        elif charger.lost_at is None:
            charger.lost_at = monotonic()
        charger.refuses = self._is(Fault.REFUSES)
        charger.nonsense = self._is(Fault.NONSENSE)
        life.heater_there = not self._is(Fault.HEATER_GONE)
        life.solar_there = not self._is(Fault.SUN_GONE)

    async def _begin(self, one: Planned) -> None:
        fault, life, clocks = one.fault, self.life, self.clocks
        self.faults[fault] += 1
        if fault in _LASTING:
            self._broken.breaks(fault, clocks.elapsed_s + one.for_s)
            return
        match fault:
            case Fault.BOOST:
                await self._boost(BOOSTED[one.choice % 3], one.for_s)
            case Fault.RELOAD:
                await life.reload()
                self.oracle.started(clocks.elapsed_s)
            case Fault.CLOCK_SET:
                step_s = CLOCK_STEPS_S[one.choice % 4]
                clocks.set_wall(step_s)
                await self._pass(one.for_s)
                clocks.set_wall(-step_s)
            case Fault.ASLEEP:
                clocks.sleep(one.for_s)
                life.plant.live(one.for_s, dict.fromkeys(life.plant.truth, False))
            case Fault.RESTART:
                await life.stop()
                await self._down(one.for_s)
            case Fault.CRASH:
                await life.crash()
                self.oracle.crashed(clocks.elapsed_s)
                await self._down(one.for_s)

    async def _boost(self, name: str, for_s: float) -> None:
        until = dt_util.utcnow() + timedelta(seconds=for_s)
        load_id = self.life.load_ids[name]
        await self.life.home.controls.async_set_mode(load_id, Mode.BOOST, until)
        self.oracle.boosted(name, self.clocks.elapsed_s, for_s)

    async def _pass(self, seconds: float) -> None:
        for _ in range(int(seconds / STEP_S)):
            await self.step()

    async def _down(self, seconds: float) -> None:
        await self._pass(seconds)
        await self.life.set_up()
        self.oracle.started(self.clocks.elapsed_s)

    def _sample(self, now_s: float) -> None:
        gc.collect()
        traced = tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0
        rows = sum(self.life.rows.values()) - sum(one.rows for one in self.samples)
        self.samples.append(
            Sample(
                day=now_s / DAY_S,
                rss_mb=rss_mb(),
                traced_mb=traced / 1e6,
                rows=rows,
            )
        )


async def soak(folder: Path, *, seed: int, days: float) -> Result:
    """Run some days, and judge them."""
    errors = _Errors()
    plant = Plant(seed, _BEGIN_S)
    logging.getLogger().addHandler(errors)
    try:
        with driven_clocks(BEGIN) as clocks:
            async with living(folder, plant) as life:
                drive = Drive(life, clocks, seed, days)
                await drive.run()
                crashes = drive.faults[Fault.CRASH]
                told = drive.oracle.judge(life, clocks.elapsed_s, crashes)
                return Result(
                    seconds=clocks.elapsed_s,
                    before_mb=life.before_mb,
                    samples=drive.samples,
                    faults=drive.faults,
                    rows=life.rows,
                    told=told,
                    violations=drive.oracle.violations,
                    issues=life.issues,
                    errors=errors.found,
                    checked=drive.oracle.checked,
                )
    finally:
        logging.getLogger().removeHandler(errors)
