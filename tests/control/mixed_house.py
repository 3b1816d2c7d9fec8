"""A house with loads of all kinds that do what they are told, or do not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import json

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    BatteryReading,
    ChargerReading,
    ChargerSpec,
    Decision,
    GridReading,
    GuardState,
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
    TariffNow,
)
from custom_components.surplus.control.settings import HomeSettings

VOLTAGE_V = 230.0
START = datetime(2026, 6, 21, 10, tzinfo=UTC)


def charger(load_id: str = "c", priority: int = 1, **more: object) -> ChargerSpec:
    return ChargerSpec(load_id=load_id, name=load_id, priority=priority, **more)


def heater(load_id: str = "h", priority: int = 2, max_w: float = 3000.0) -> HeaterSpec:
    return HeaterSpec(load_id=load_id, name=load_id, priority=priority, max_w=max_w)


def switched(load_id: str = "s", priority: int = 3, **more: object) -> SwitchedSpec:
    return SwitchedSpec(load_id=load_id, name=load_id, priority=priority, **more)


def storage(
    load_id: str = "b", priority: int = 4, power_w: float = 5000
) -> StorageSpec:
    return StorageSpec(
        load_id=load_id,
        name=load_id,
        priority=priority,
        charge_w=power_w,
        discharge_w=power_w,
    )


@dataclass(kw_only=True)
class Plant:
    """A load that follows at once, within its slopes."""

    spec: LoadSpec
    mode: Mode = Mode.OFF
    wishes: int = 0
    manual_value: float | None = None
    value: float = 0.0
    told_at: float | None = None
    power_w: float = 0.0
    obeys: bool = True
    reachable: bool = True
    lost_at: float | None = None
    soc: float = 0.5
    shows: Callable[[float], float] = lambda power_w: power_w

    def ask(self, mode: Mode) -> None:
        self.mode = mode
        self.wishes += 1

    def tell(self, setpoint: Setpoint | None, now: float) -> None:
        if setpoint is None or not (self.obeys and self.reachable):
            return
        if setpoint.value != self.value:
            self.value, self.told_at = setpoint.value, now

    def step(self) -> None:
        spec, target_w = self.spec, self.value
        up_w = down_w = 1500.0
        if isinstance(spec, ChargerSpec):
            per_a = VOLTAGE_V * len(spec.phases)
            target_w, up_w, down_w = self.value * per_a, 0.5 * per_a, 5 * per_a
        elif isinstance(spec, SwitchedSpec):
            target_w = self.value * (spec.power_w or 0.0)
        self.power_w += max(-down_w, min(up_w, target_w - self.power_w))

    def reading(self, now: float) -> LoadReading:
        told = self.value if self.told_at is not None else None
        common = {
            "reachable": self.reachable,
            "link_lost_at": self.lost_at,
            "power_w": self.shows(self.power_w),
            "power_at": now,
        }
        match self.spec:
            case ChargerSpec():
                return ChargerReading(
                    **common,
                    offered_a=told,
                    offered_at=self.told_at,
                )
            case HeaterSpec():
                return HeaterReading(
                    **common,
                    accepted_w=told,
                    accepted_at=self.told_at,
                )
            case SwitchedSpec():
                return SwitchedReading(
                    **common,
                    on=self.value != 0,
                    changed_at=self.told_at,
                )
        return StorageReading(
            **common,
            accepted_w=told,
            accepted_at=self.told_at,
            soc=self.soc,
        )


@dataclass(kw_only=True)
class MixedHouse:
    """What the house draws per phase in A, with its loads, second by second."""

    loads: list[Plant]
    settings: HomeSettings = field(default_factory=HomeSettings)
    base_a: list[float] = field(default_factory=lambda: [0.0])
    tells_currents: bool = True
    batteries: tuple[BatteryReading, ...] = ()
    tariff: TariffNow | None = None
    cutoff_va: float | None = None
    warns: bool = False
    frozen_w: float | None = None
    cheap: bool | None = None
    now: float = 1000.0
    history: list[Cycle] = field(default_factory=list)
    currents: list[tuple[float, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(self.settings)

    def phases_a(self) -> tuple[float, ...]:
        amps = list(self.base_a)
        for load in self.loads:
            for phase in load.spec.phases:
                amps[phase - 1] += load.power_w / len(load.spec.phases) / VOLTAGE_V
        return tuple(amps)

    @property
    def grid_w(self) -> float:
        return sum(self.phases_a()) * VOLTAGE_V

    def cycle(self, grid: GridReading | None = None) -> Cycle:
        amps, power_w = self.phases_a(), self.grid_w
        if self.frozen_w is not None:
            # What the meter says, whatever flows.
            power_w = self.frozen_w
        cycle = self.engine.cycle(
            Snapshot(
                now=self.now,
                wall=START + timedelta(seconds=self.now),
                grid=grid
                or GridReading(
                    at=self.now,
                    power_w=power_w,
                    drawn_va=max(0.0, power_w),
                    currents_a=amps if self.tells_currents and len(amps) > 1 else (),
                    cutoff_va=self.cutoff_va,
                    overload=self.warns,
                ),
                loads=tuple(
                    LoadInput(
                        spec=load.spec,
                        reading=load.reading(self.now),
                        mode=load.mode,
                        wishes=load.wishes,
                        manual_value=load.manual_value,
                    )
                    for load in self.loads
                ),
                batteries=self.batteries,
                tariff=self.tariff,
                cheap=self.cheap,
            )
        )
        for load in self.loads:
            load.tell(self.told(cycle, load.spec.load_id), self.now)
        assert not cycle.failures
        self.history.append(cycle)
        self.currents.append(amps)
        return cycle

    def run(self, seconds: int, base_w: float | None = None) -> Cycle:
        if base_w is not None:
            self.base_a = [base_w / len(self.base_a) / VOLTAGE_V] * len(self.base_a)
        for _ in range(seconds):
            self.now += 1.0
            for load in self.loads:
                load.step()
            self.cycle()
        return self.history[-1]

    def restart(self, away_s: float = 0.0) -> None:
        """Replace the engine by one made of what was saved, some time later."""
        wall = START + timedelta(seconds=self.now)
        saved = json.loads(json.dumps(self.engine.as_dict(self.now, wall)))
        self.now += away_s
        self.engine = Engine(self.settings, saved)

    @property
    def guard(self) -> GuardState:
        return self.history[-1].guard

    def decision(self, load_id: str) -> Decision:
        return next(d for d in self.history[-1].decisions if d.load_id == load_id)

    def events(self) -> list[tuple[str, str]]:
        return [
            (event.kind.value, event.load_id)
            for cycle in self.history
            for event in cycle.guard.events
        ]

    @staticmethod
    def told(cycle: Cycle, load_id: str) -> Setpoint | None:
        return next(d.setpoint for d in cycle.decisions if d.load_id == load_id)
