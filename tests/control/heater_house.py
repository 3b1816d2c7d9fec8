"""A small house with heaters in simulated time, to close the loop around the engine.

Deliberately not the control's own model: these heaters follow after a time of their own,
by a lag of first order, take what their voltage and their dimmer make of a command, and
have a thermostat that opens without telling anybody.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import cos, pi

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.loads.heater import HeaterControl
from custom_components.surplus.control.model import (
    Decision,
    GridReading,
    HeaterReading,
    HeaterSpec,
    LoadInput,
    Mode,
    PidGains,
    Snapshot,
    Temperatures,
)
from custom_components.surplus.control.settings import HomeSettings

from .house import EPOCH, VOLTAGE_V, Car, decision_of

UNMEASURED: dict[str, float | None] = {"measured_every_s": None}
SEEN: list[dict[str, float | None]] = [
    {"measured_every_s": 2.0},
    {"measured_every_s": 10.0},
    UNMEASURED,
]
WATER = Temperatures()


@dataclass(kw_only=True)
class Heater:
    """A heater: told a power, taking another, some time later."""

    load_id: str = "heater"
    priority: int = 5
    phases: tuple[int, ...] = (1,)
    max_w: float = 2400.0
    min_w: float = 0.0
    step_w: float = 1.0
    believed_lag_s: float = 2.0
    min_on_s: float = 0.0
    min_off_s: float = 0.0
    writes_per_day: int = 20_000
    temperatures: Temperatures | None = None
    pid: PidGains | None = None
    mode: Mode = Mode.SOLAR
    wishes: int = 0
    manual_w: float | None = None
    reachable: bool = True
    wants_power: bool = True
    temperature_c: float | None = None
    # What it really is.
    dead_s: int = 1
    lag_s: float = 0.5
    obeys: bool = True
    accepts_after_s: int = 0
    cuts_phase: bool = False
    resistance_share: float = 1.0
    voltage_v: float = VOLTAGE_V
    closed: bool = True
    measured_every_s: float | None = 2.0
    reports_only_changes: bool = False
    told_w: float = 0.0
    accepted_w: float | None = None
    accepted_at: float | None = None
    power_w: float = 0.0
    commands: int = 0
    measured: tuple[float, float] | None = None
    _under_way: list[float] = field(default_factory=list)
    _answers: list[tuple[float, float]] = field(default_factory=list)

    @property
    def spec(self) -> HeaterSpec:
        return HeaterSpec(
            load_id=self.load_id,
            name=self.load_id,
            priority=self.priority,
            phases=self.phases,
            max_w=self.max_w,
            min_w=self.min_w,
            step_w=self.step_w,
            lag_s=self.believed_lag_s,
            min_on_s=self.min_on_s,
            min_off_s=self.min_off_s,
            temperatures=self.temperatures,
            pid=self.pid,
            writes_per_day=self.writes_per_day,
        )

    def ask(self, mode: Mode, manual_w: float | None = None) -> None:
        """Set the mode as a person does."""
        self.mode, self.manual_w = mode, manual_w
        self.wishes += 1

    def tell(self, power_w: float, now: float) -> None:
        if not self.obeys:
            return
        self.commands += power_w != self.told_w
        self.told_w = power_w
        self._answers.append((power_w, now))
        self._answer(now)

    def _answer(self, now: float) -> None:
        """Say yes to a command, some time after it was carried out."""
        while self._answers and self._answers[0][1] <= now - self.accepts_after_s:
            self.accepted_w, self.accepted_at = self._answers.pop(0)[0], now

    def step(self, now: float) -> None:
        self._answer(now)
        self._under_way.append(self.told_w)
        while len(self._under_way) > self.dead_s + 1:
            self._under_way.pop(0)
        share = self._under_way[0] / self.max_w
        if self.cuts_phase:
            share = (1 - cos(pi * share)) / 2
        aim_w = share * self.max_w * self.resistance_share
        aim_w *= (self.voltage_v / VOLTAGE_V) ** 2 if self.closed else 0.0
        self.power_w += (aim_w - self.power_w) * min(1.0, 1.0 / self.lag_s)
        if not self.closed:
            self.power_w = 0.0
        if self.measured_every_s and now % self.measured_every_s == 0:
            silent = self.measured is not None and (
                abs(self.measured[1] - self.power_w) < 1
            )
            if not (self.reports_only_changes and silent):
                self.measured = (now, self.power_w)

    def reading(self) -> HeaterReading:
        at, power_w = self.measured or (None, None)
        return HeaterReading(
            reachable=self.reachable,
            wants_power=self.wants_power,
            power_w=power_w,
            power_at=at,
            accepted_w=self.accepted_w,
            accepted_at=self.accepted_at,
            temperature_c=self.temperature_c,
        )


@dataclass(kw_only=True)
class HeaterHouse:
    """Base power (house − solar) with a heater and cars, one second at a time."""

    settings: HomeSettings = field(default_factory=HomeSettings)
    heater: Heater = field(default_factory=Heater)
    cars: list[Car] = field(default_factory=list)
    base_w: float = 0.0
    now: float = 1000.0
    cheap: bool | None = None
    meter_works: bool = True
    meter_late_s: int = 0
    meter_sign: float = 1.0
    knows_direction: bool = True
    days: float = 0.0
    grid: GridReading | None = None
    engine: Engine = field(init=False)
    history: list[Cycle] = field(default_factory=list)
    grids: list[float] = field(default_factory=list)
    powers: list[float] = field(default_factory=list)
    _readings: list[GridReading] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(self.settings)

    @property
    def wall(self) -> datetime:
        return EPOCH + timedelta(seconds=self.now - 1000.0, days=self.days)

    @property
    def control(self) -> HeaterControl:
        control = self.engine._loads[self.heater.load_id]
        assert isinstance(control, HeaterControl)
        return control

    @property
    def grid_w(self) -> float:
        return self.base_w + self.heater.power_w + sum(c.power_w for c in self.cars)

    def snapshot(self) -> Snapshot:
        heater = self.heater
        return Snapshot(
            now=self.now,
            wall=self.wall,
            grid=self.grid,
            cheap=self.cheap,
            loads=(
                LoadInput(
                    spec=heater.spec,
                    reading=heater.reading(),
                    mode=heater.mode,
                    wishes=heater.wishes,
                    manual_value=heater.manual_w,
                ),
                *(
                    LoadInput(
                        spec=car.spec,
                        reading=car.reading(),
                        mode=car.mode,
                        wishes=car.wishes,
                    )
                    for car in self.cars
                ),
            ),
        )

    def cycle(self) -> Cycle:
        cycle = self.engine.cycle(self.snapshot())
        assert not cycle.failures
        self.history.append(cycle)
        for decision in cycle.decisions:
            if decision.setpoint is None:
                continue
            if decision.load_id == self.heater.load_id:
                if self.heater.reachable:
                    self.heater.tell(decision.setpoint.value, self.now)
                continue
            car = next(c for c in self.cars if c.load_id == decision.load_id)
            if car.reachable:
                car.tell(decision.setpoint.value, self.now)
        return cycle

    def run(
        self, seconds: int, base_w: float | None = None, *, slope_w: float = 0.0
    ) -> Decision:
        """Run for some seconds and return the heater's last decision."""
        if base_w is not None:
            self.base_w = base_w
        for _ in range(seconds):
            self.now += 1.0
            self.base_w += slope_w
            self.heater.step(self.now)
            for car in self.cars:
                car.step(self.now)
            self.grids.append(self.grid_w)
            self.powers.append(self.heater.power_w)
            if self.meter_works:
                shown_w = self.meter_sign * self.grid_w
                self._readings.append(
                    GridReading(
                        at=self.now,
                        power_w=shown_w if self.knows_direction else None,
                        drawn_va=max(0.0, shown_w),
                    )
                )
                if len(self._readings) > self.meter_late_s:
                    self.grid = self._readings[-1 - self.meter_late_s]
            self.cycle()
        return self.decision()

    def decision(self, load_id: str = "heater") -> Decision:
        return decision_of(self.history[-1], load_id)

    def told(self, seconds: int) -> list[float]:
        """Return the powers decided for the heater in the last seconds."""
        return [
            setpoint.value
            for cycle in self.history[-seconds:]
            if (setpoint := decision_of(cycle, "heater").setpoint)
        ]

    def with_settings(self, **changes: object) -> None:
        self.settings = replace(self.settings, **changes)
        self.engine.settings = self.settings


def settled_after(grids: list[float], within_w: float = 60.0) -> int:
    """Return the seconds until the grid stays near zero."""
    return max(
        (i + 1 for i, grid_w in enumerate(grids) if abs(grid_w) > within_w), default=0
    )
