"""A house with a battery in simulated time, to close the loop around the engine.

Its physics are its own: the battery sees the meter late, corrects a part of what it saw
each second and moves at its ramp; the car starts after a while and ramps.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    BatteryReading,
    ChargerReading,
    ChargerSpec,
    Decision,
    GridReading,
    LoadInput,
    LoadReading,
    LoadSpec,
    Mode,
    Reason,
    Snapshot,
    StorageReading,
    StorageSpec,
)
from custom_components.surplus.control.settings import HomeSettings

EPOCH = datetime(2026, 6, 21, 10, tzinfo=UTC)
MAINS_V = 230.0


@dataclass(kw_only=True)
class HomeBattery:
    """Holds the grid at zero by itself; + = discharging."""

    energy_wh: float = 5_000.0
    holds_wh: float = 10_000.0
    most_w: float = 4_000.0
    first_soc: float = 0.0
    part: float = 0.5
    moves_w: float = 1_500.0
    late_s: int = 2
    told_every_s: int = 1
    tells: bool = True
    tells_soc: bool = True
    power_w: float = 0.0
    reading: BatteryReading | None = None
    _wanted_w: float = 0.0
    _seen: deque[float] = field(default_factory=deque)

    def step(self, now: float, grid_w: float) -> None:
        self._seen.append(grid_w)
        if len(self._seen) > self.late_s:
            self._wanted_w += self.part * self._seen.popleft()
        top_w = self.most_w if self.energy_wh > 0 else 0.0
        bottom_w = -self.most_w if self.energy_wh < self.holds_wh else 0.0
        self._wanted_w = min(top_w, max(bottom_w, self._wanted_w))
        move_w = self._wanted_w - self.power_w
        self.power_w += min(self.moves_w, max(-self.moves_w, move_w))
        self.power_w = min(top_w, max(bottom_w, self.power_w))
        self.energy_wh = min(
            self.holds_wh, max(0.0, self.energy_wh - self.power_w / 3600)
        )
        if self.tells and now % self.told_every_s == 0:
            self.reading = BatteryReading(
                power_w=self.power_w,
                at=now,
                soc=self.energy_wh / self.holds_wh if self.tells_soc else None,
                first_soc=self.first_soc,
            )


@dataclass(kw_only=True)
class Car:
    """A one-phase car; its charger measures every few seconds."""

    load_id: str = "car"
    priority: int = 1
    mode: Mode = Mode.SOLAR
    plugged: bool = True
    draws_less_a: float = 0.3
    offered_a: float = 0.0
    drawn_a: float = 0.0
    _told_at: float | None = None
    _from: float = 0.0
    _measured: tuple[float, float] | None = None

    @property
    def spec(self) -> LoadSpec:
        return ChargerSpec(
            load_id=self.load_id, name=self.load_id, priority=self.priority
        )

    @property
    def power_w(self) -> float:
        return self.drawn_a * MAINS_V

    def tell(self, value: float, now: float) -> None:
        if value == self.offered_a:
            return
        if self.offered_a == 0:
            self._from = now + 12.0
        self.offered_a, self._told_at = value, now

    def step(self, now: float) -> None:
        aim_a = max(0.0, self.offered_a - self.draws_less_a) if self.plugged else 0.0
        if now < self._from:
            aim_a = 0.0
        if aim_a > self.drawn_a:
            self.drawn_a = min(aim_a, self.drawn_a + 0.5)
        else:
            self.drawn_a = max(aim_a, self.drawn_a - 4.0)
        if now % 5 == 0:
            self._measured = (now, self.power_w)

    def reading(self) -> LoadReading:
        at, power_w = self._measured or (None, None)
        return ChargerReading(
            reachable=True,
            wants_power=self.plugged,
            power_w=power_w,
            power_at=at,
            currents_a=(self.drawn_a,) if self.drawn_a > 1 else (),
            offered_a=self.offered_a if self._told_at is not None else None,
            offered_at=self._told_at,
        )


@dataclass(kw_only=True)
class StorageUnit:
    """A battery behind an inverter that does what it is told; + = charging."""

    load_id: str = "storage"
    priority: int = 5
    mode: Mode = Mode.SOLAR
    manual_w: float | None = None
    wishes: int = 0
    energy_wh: float = 5_000.0
    holds_wh: float = 10_000.0
    most_w: float = 5_000.0
    late_s: float = 1.0
    moves_w: float = 1_200.0
    writes_per_day: int = 10_000
    told_every_s: int = 2
    reachable: bool = True
    willing: bool = True
    tells_power: bool = True
    soc: float | None = -1.0
    power_w: float = 0.0
    commands: int = 0
    accepted: tuple[float, float] | None = None
    _wanted_w: float = 0.0
    _measured: tuple[float, float] | None = None

    @property
    def spec(self) -> LoadSpec:
        return StorageSpec(
            load_id=self.load_id,
            name=self.load_id,
            priority=self.priority,
            charge_w=4_000,
            discharge_w=3_000,
            min_soc=0.1,
            max_soc=0.95,
            writes_per_day=self.writes_per_day,
        )

    @property
    def share(self) -> float:
        return self.energy_wh / self.holds_wh

    def tell(self, value: float, now: float) -> None:
        if self.accepted is None or value != self.accepted[0]:
            self.accepted = value, now
            self.commands += 1

    def step(self, now: float) -> None:
        if self.accepted and now > self.accepted[1] + self.late_s:
            self._wanted_w = self.accepted[0]
        aim_w = min(self.most_w, self._wanted_w) if self.share < 1 else 0.0
        move_w = aim_w - self.power_w
        self.power_w += min(self.moves_w, max(-self.moves_w, move_w))
        self.energy_wh += self.power_w / 3600
        if now % self.told_every_s == 0:
            self._measured = now, self.power_w

    def reading(self) -> LoadReading:
        at, power_w = (self._measured if self.tells_power else None) or (None, None)
        value, since = self.accepted or (None, None)
        return StorageReading(
            reachable=self.reachable,
            wants_power=self.willing,
            power_w=power_w,
            power_at=at,
            accepted_w=value,
            accepted_at=since,
            # A negative share stands for the true one.
            soc=self.share if self.soc == -1.0 else self.soc,
        )


@dataclass(kw_only=True)
class BatteryHouse:
    """Household, sun, battery and loads, one second at a time; the meter is 1 s late.

    With ``holds_back`` the inverter must not export: it holds the grid at a small import
    by making less, in its own loop.
    """

    settings: HomeSettings = field(default_factory=HomeSettings)
    battery: HomeBattery | None = field(default_factory=HomeBattery)
    loads: list[Car | StorageUnit] = field(default_factory=lambda: [Car()])
    sun_w: float | Callable[[float], float] = 0.0
    house_w: float = 300.0
    knows_direction: bool = True
    tells_solar: bool = True
    holds_back: bool = False
    meter_works: bool = True
    now: float = 1000.0
    grid_w: float = 0.0
    solar_w: float = 0.0
    cheap: bool | None = None
    engine: Engine = field(init=False)
    history: list[Cycle] = field(default_factory=list)
    battery_w: list[float] = field(default_factory=list)
    loads_w: list[float] = field(default_factory=list)
    grids_w: list[float] = field(default_factory=list)
    _late: deque[GridReading] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.engine = Engine(self.settings)

    def run(self, seconds: int) -> Cycle:
        """Live some seconds and return the last cycle."""
        for _ in range(seconds):
            self.now += 1.0
            self._physics()
            if self.meter_works:
                self._late.append(self._read())
            if len(self._late) > 2:
                self._late.popleft()
            self._decide(self._late[0] if self._late else None)
        return self.history[-1]

    def _read(self) -> GridReading:
        return GridReading(
            at=self.now,
            power_w=self.grid_w if self.knows_direction else None,
            drawn_va=max(0.0, self.grid_w),
        )

    def _physics(self) -> None:
        for load in self.loads:
            load.step(self.now)
        taken_w = sum(load.power_w for load in self.loads)
        sun_w = self.sun_w(self.now) if callable(self.sun_w) else self.sun_w
        if self.holds_back:
            wanted_w = self.solar_w + 0.5 * (self.grid_w - 20.0)
            self.solar_w = min(sun_w, max(0.0, wanted_w))
        else:
            self.solar_w = sun_w
        net_w = self.house_w + taken_w - self.solar_w
        given_w = 0.0
        if self.battery is not None:
            self.battery.step(self.now, net_w - self.battery.power_w)
            given_w = self.battery.power_w
        self.grid_w = net_w - given_w
        self.battery_w.append(given_w)
        self.loads_w.append(taken_w)
        self.grids_w.append(self.grid_w)

    def _decide(self, grid: GridReading | None) -> None:
        told = self.battery.reading if self.battery else None
        cycle = self.engine.cycle(
            Snapshot(
                now=self.now,
                wall=EPOCH + timedelta(seconds=self.now - 1000.0),
                grid=grid,
                solar_w=self.solar_w if self.tells_solar else None,
                loads=tuple(
                    LoadInput(
                        spec=load.spec,
                        reading=load.reading(),
                        mode=load.mode,
                        manual_value=getattr(load, "manual_w", None),
                    )
                    for load in self.loads
                ),
                batteries=(told,) if told else (),
                cheap=self.cheap,
            )
        )
        assert not cycle.failures
        self.history.append(cycle)
        for decision in cycle.decisions:
            if decision.setpoint is not None:
                self.load(decision.load_id).tell(decision.setpoint.value, self.now)

    def load(self, load_id: str) -> Car | StorageUnit:
        return next(load for load in self.loads if load.load_id == load_id)

    def decision(self, load_id: str = "car") -> Decision:
        return next(d for d in self.history[-1].decisions if d.load_id == load_id)

    def with_limit(self, subscribed_va: float) -> None:
        self.settings = replace(self.settings, subscribed_va=subscribed_va)
        self.engine.settings = self.settings

    def switchings(self, seconds: int, load_id: str = "car") -> int:
        """Return how often a load was told on or off in the last seconds."""
        runs = [
            next(d for d in cycle.decisions if d.load_id == load_id).runs
            for cycle in self.history[-seconds:]
        ]
        return sum(before != after for before, after in pairwise(runs))

    def told(self, seconds: int, load_id: str = "car") -> set[float]:
        """Return all set-points of a load in the last seconds."""
        return {
            decision.setpoint.value
            for cycle in self.history[-seconds:]
            for decision in cycle.decisions
            if decision.load_id == load_id and decision.setpoint is not None
        }


def alone(
    unit: StorageUnit | None = None, **more: float | HomeSettings
) -> BatteryHouse:
    return BatteryHouse(
        battery=None,
        loads=[unit or StorageUnit()],
        **more,
    )


def reason(house: BatteryHouse) -> Reason:
    return house.decision("storage").reason


def snapshot(
    unit: StorageUnit,
    grid_w: float | None = 0.0,
    now: float = 1000.0,
) -> Snapshot:
    """Return one reading of a battery, without a house around it."""
    return Snapshot(
        now=now,
        wall=EPOCH + timedelta(seconds=now),
        grid=GridReading(at=now, power_w=grid_w, drawn_va=max(0.0, grid_w or 0.0)),
        loads=(
            LoadInput(
                spec=unit.spec,
                reading=unit.reading(),
                mode=unit.mode,
                manual_value=unit.manual_w,
            ),
        ),
    )
