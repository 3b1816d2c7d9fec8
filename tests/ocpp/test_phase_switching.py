"""A three-phase car follows the sun between three phases and one, over the wire.

The engine, the central system and a virtual charger written from the standard, joined
by a real link. Device time moves by hand, a few seconds at a time.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    GridReading,
    LoadInput,
    Mode,
    Setpoint,
    Snapshot,
)
from custom_components.surplus.control.settings import HomeSettings
from custom_components.surplus.ocpp.clocks import Clock as CentralClock
from custom_components.surplus.ocpp.load import ChargerLoad
from custom_components.surplus.ocpp.memory import ChargerSettings
from custom_components.surplus.ocpp.server import CentralSystem
from custom_components.surplus.ocpp.timing import Timing
from simulator.car import Car, CarSpec
from simulator.charger import Charger as VirtualCharger, ChargerSpec
from simulator.clock import Clock
from simulator.evse import Evse, EvseSpec
from simulator.profiles import StoreLimits

from .conftest import until

pytestmark = pytest.mark.usefixtures("socket_enabled")

IDENTITY = "BOX-3"
DWELL_S = 600
STEP_S = 2
VOLTAGE_V = 230.0
# Calls are bounded in real time, everything else in device time.
TIMING = Timing(settle_s=0.01, first_frame_s=0.05, call_s=5.0, close_s=0.2, ping_s=30.0)


class HandClock(Clock):
    """Device time that a test moves."""

    def __init__(self) -> None:
        super().__init__(wall=datetime.now(UTC))
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def wall(self) -> datetime:
        return self._wall + timedelta(seconds=self.at)

    async def sleep(self, seconds: float) -> None:
        until_at = self.at + seconds
        while self.at < until_at:
            await asyncio.sleep(0.001)


@dataclass(kw_only=True)
class Home:
    """A house with a virtual charger, its central system and an engine."""

    clock: HandClock
    evse: Evse
    box: VirtualCharger
    central: CentralSystem
    load: ChargerLoad
    engine: Engine = field(default_factory=lambda: Engine(HomeSettings(phases=3)))
    told: list[tuple[float, Setpoint]] = field(default_factory=list)
    frames: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    used: list[int] = field(default_factory=list)

    async def run(self, seconds: int, base_w: float) -> None:
        for _ in range(seconds // STEP_S):
            clock = self.clock
            clock.at += STEP_S
            self.evse.step(clock.at, STEP_S, VOLTAGE_V)
            self.box.poll(clock.at)
            self.used.append(sum(amps > 0 for amps in self.evse.currents_a))
            await self._cycle(base_w)
            await asyncio.sleep(0.001)

    async def _cycle(self, base_w: float) -> None:
        now = self.clock.at
        power_w = base_w + sum(self.evse.power_w)
        phases = self.evse.power_w
        snapshot = Snapshot(
            now=now,
            wall=self.clock.wall(),
            grid=GridReading(
                at=now,
                power_w=power_w,
                drawn_va=max(0.0, power_w),
                currents_a=tuple((base_w / 3 + each) / VOLTAGE_V for each in phases),
            ),
            loads=(
                LoadInput(
                    spec=self.load.spec, reading=self.load.reading, mode=Mode.SOLAR
                ),
            ),
        )
        (decision,) = self.engine.cycle(snapshot).decisions
        if decision.setpoint is not None:
            self.told.append((now, decision.setpoint))
            await self.load.async_apply(
                decision.setpoint.value, decision.setpoint.phases
            )

    @property
    def changes(self) -> list[tuple[float, int]]:
        """When another number of phases was told, and which."""
        return [
            (at, setpoint.phases or 0)
            for (_, before), (at, setpoint) in pairwise(self.told)
            if setpoint.phases != before.phases
        ]

    @property
    def car_w(self) -> float:
        return sum(self.evse.power_w)


@pytest.fixture
def levels() -> int:
    """The highest stack level the charger takes."""
    return 9


@pytest.fixture
async def home(levels: int) -> AsyncIterator[Home]:
    clock = HandClock()
    central = CentralSystem(
        timing=TIMING, clock=CentralClock(monotonic=clock.now, utcnow=clock.wall)
    )
    charger = central.add(
        ChargerSettings(
            identity=IDENTITY,
            name="Box",
            phases=(1, 2, 3),
            max_a=16,
            switches_phases=True,
        )
    )
    await central.start("127.0.0.1", 0)
    evse = Evse(
        EvseSpec(
            max_a=16,
            wiring=(1, 2, 3),
            switches_phases=True,
            store=StoreLimits(max_stack_level=levels),
        ),
        wall=clock.wall(),
    )
    evse.plug(Car(CarSpec(phases=3)))
    box = VirtualCharger(
        evse, clock, f"ws://127.0.0.1:{central.port}", ChargerSpec(identity=IDENTITY)
    )
    home = Home(
        clock=clock, evse=evse, box=box, central=central, load=ChargerLoad(charger)
    )
    install = evse.profiles.install

    def seen(connector: int, profile: Any, **more: Any) -> None:
        home.frames.append((clock.at, profile))
        install(connector, profile, **more)

    evse.profiles.install = seen
    running = asyncio.create_task(box.run())
    try:
        await until(lambda: charger.ready_link is not None)
        yield home
    finally:
        await central.stop()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_car_is_switched_as_the_sun_goes_and_as_it_comes(home: Home) -> None:
    charger = home.central.chargers[IDENTITY]
    await home.run(240, base_w=-8000)
    assert home.used[-1] == 3
    assert home.load.reading.phases == 3
    assert charger.memory.says_it_switches_phases

    # The sun goes: rather one phase than nothing.
    await home.run(500, base_w=-2000)
    assert home.used[-1] == 1
    assert home.evse.pilot_a >= 6
    assert home.load.reading.phases == 1
    assert len(home.load.reading.currents_a) == 1
    assert abs(home.car_w - 2000) < 250
    assert home.evse.session is not None

    # It comes back, and a change lasts its time before the next.
    await home.run(300, base_w=-8000)
    (down, one), *_ = (each for each in home.changes if each[1] == 1)
    assert one == 1
    assert not [at for at, count in home.changes if count == 3 and at > down]
    await home.run(300, base_w=-8000)
    ups = [at for at, count in home.changes if count == 3 and at > down]
    assert len(ups) == 1
    assert ups[0] - down >= DWELL_S
    assert home.used[-1] == 3
    assert abs(home.car_w - 8000) < 700

    # It paused for each change, as it says.
    assert 0 in home.used[int(down) // STEP_S : int(down + 60) // STEP_S]
    # What changed kept its distance, but for a stop.
    sent = [
        (at, profile.periods[0].limit)
        for at, profile in home.frames
        if profile.stack_level == max(each.stack_level for _, each in home.frames)
    ]
    changed = [
        at for (_, before), (at, now) in pairwise(sent) if now != before and now.value
    ]
    assert all(
        after - before >= TIMING.spacing_s - 1 for before, after in pairwise(changed)
    )
    assert charger.counters.refused_phases == 0


async def left_alone(home: Home) -> None:
    """Let the lease of a charger on three phases end."""
    await home.run(240, base_w=-8000)
    assert home.used[-1] == 3
    home.box.cut()
    await until(lambda: not home.load.reading.reachable)
    cycles = len(home.told)
    await home.run(240, base_w=-8000)
    assert len(home.told) == cycles


@pytest.mark.parametrize("levels", [9, 0])
async def test_left_alone_it_falls_to_one_phase_by_itself(home: Home) -> None:
    await left_alone(home)
    assert home.used[-1] == 1
    assert home.evse.pilot_a == 6


@pytest.mark.parametrize("levels", [9, 0])
async def test_one_that_fell_to_one_phase_is_taken_as_it_is(home: Home) -> None:
    await left_alone(home)
    home.box.mend()
    # It dials again when its own pause is over.
    home.clock.at += 12
    await until(lambda: home.load.reading.reachable)
    await home.run(60, base_w=-8000)
    # What speaks for three phases must show again.
    assert home.used[-1] == 1
    assert home.told[-1][1].phases == 1
    assert home.evse.pilot_a > 6
