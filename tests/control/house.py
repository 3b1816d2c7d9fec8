"""A small house in simulated time, to close the loop around the engine.

Deliberately not the engine's own response model: cars here start after their own time
and ramp their own way.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    BatteryReading,
    ChargerReading,
    ChargerSpec,
    Decision,
    GridReading,
    LoadInput,
    Mode,
    Snapshot,
    TariffNow,
)
from custom_components.surplus.control.settings import HomeSettings

EPOCH = datetime(2026, 6, 21, 10, tzinfo=UTC)
VOLTAGE_V = 230.0


@dataclass(kw_only=True)
class Car:
    """A car on its charger: told a current, drawing another."""

    load_id: str = "ocpp:one"
    priority: int = 1
    phases: tuple[int, ...] = (1,)
    uses: int = 1
    max_a: float = 32.0
    min_on_s: float = 300.0
    min_off_s: float = 300.0
    mode: Mode = Mode.SOLAR
    wishes: int = 0
    manual_a: float | None = None
    wants_power: bool = True
    reachable: bool = True
    link_lost_at: float | None = None
    offering: bool | None = None
    own_limit_a: float = 32.0
    needs_a: float = 6.0
    starts_after_s: float = 12.0
    draws_less_a: float = 0.0
    obeys: bool = True
    measured_every_s: float = 5.0
    offered_a: float = 0.0
    offered_at: float | None = None
    switches_phases: bool = False
    writes_per_day: int = 3000
    told_phases: int | None = None
    tells_phases: bool = True
    pause_until: float = 0.0
    drawn_a: float = 0.0
    allowed_from: float = 0.0
    measured: tuple[float, float] | None = None

    @property
    def spec(self) -> ChargerSpec:
        return ChargerSpec(
            load_id=self.load_id,
            name=self.load_id,
            priority=self.priority,
            phases=self.phases,
            max_a=self.max_a,
            min_on_s=self.min_on_s,
            min_off_s=self.min_off_s,
            switches_phases=self.switches_phases,
            writes_per_day=self.writes_per_day,
        )

    @property
    def used(self) -> int:
        """How many phases it really draws from."""
        return min(self.uses, self.told_phases or self.uses)

    @property
    def power_w(self) -> float:
        return self.drawn_a * self.used * VOLTAGE_V

    def ask(self, mode: Mode) -> None:
        """Set the mode as a person does."""
        self.mode = mode
        self.wishes += 1

    def tell(self, current_a: float, now: float, phases: int | None = None) -> None:
        if self.obeys and phases is not None and phases != self.told_phases:
            if self.told_phases is not None and self.offered_a:
                # It pauses for the change, and the car begins anew.
                self.pause_until = now + 45.0
                self.allowed_from = self.pause_until + self.starts_after_s
                self.offered_at = now
                self.drawn_a = 0.0
            self.told_phases = phases
        if not self.obeys or current_a == self.offered_a:
            return
        if self.offered_a == 0:
            self.allowed_from = now + self.starts_after_s
        self.offered_a, self.offered_at = current_a, now

    def step(self, now: float) -> None:
        target = min(self.offered_a - self.draws_less_a, self.own_limit_a)
        if self.offered_a < self.needs_a or not self.wants_power:
            target = 0.0
        if target and now < self.allowed_from:
            target = 0.0
        if target > self.drawn_a:
            self.drawn_a = min(target, self.drawn_a + 0.5)
        else:
            self.drawn_a = max(target, self.drawn_a - 5.0)
        if now % self.measured_every_s == 0:
            self.measured = (now, self.power_w)

    def reading(self) -> ChargerReading:
        at, power_w = self.measured or (None, None)
        used = (self.drawn_a,) * self.used + (0.0,) * (len(self.phases) - self.used)
        return ChargerReading(
            reachable=self.reachable,
            wants_power=self.wants_power,
            power_w=power_w,
            power_at=at,
            currents_a=used if self.drawn_a > 1 else (),
            phases=self.told_phases if self.tells_phases else None,
            offered_a=self.offered_a if self.offered_at is not None else None,
            offered_at=self.offered_at,
            link_lost_at=self.link_lost_at,
            offering=self.offering,
        )


@dataclass(kw_only=True)
class House:
    """Base power (house − solar) with cars, one second at a time."""

    settings: HomeSettings = field(default_factory=HomeSettings)
    cars: list[Car] = field(default_factory=lambda: [Car()])
    base_w: float = 0.0
    solar_w: float | None = None
    cheap: bool | None = None
    tariff: TariffNow | None = None
    batteries: tuple[BatteryReading, ...] = ()
    now: float = 1000.0
    meter_every_s: int = 1
    meter_sign: float = 1.0
    meter_works: bool = True
    knows_direction: bool = True
    obeyed: bool = True
    three_phase_currents: bool = True
    overload: bool = False
    dead_zone_w: float = 0.0
    grid: GridReading | None = None
    engine: Engine = field(init=False)
    history: list[Cycle] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(self.settings)

    @property
    def wall(self) -> datetime:
        return EPOCH + timedelta(seconds=self.now - 1000.0)

    @property
    def grid_w(self) -> float:
        return self.base_w + sum(car.power_w for car in self.cars)

    def _currents(self) -> tuple[float, ...]:
        phases = self.settings.phases
        currents = [self.base_w / phases / VOLTAGE_V] * phases
        for car in self.cars:
            for phase in car.phases[: car.used]:
                currents[phase - 1] += car.drawn_a
        return tuple(self.meter_sign * current for current in currents)

    def read(self) -> GridReading:
        shown_w = self.meter_sign * self.grid_w
        return GridReading(
            at=self.now,
            power_w=shown_w if self.knows_direction else None,
            drawn_va=max(0.0, shown_w),
            currents_a=self._currents() if self.three_phase_currents else (),
            overload=self.overload,
            dead_zone_w=self.dead_zone_w,
        )

    def snapshot(self) -> Snapshot:
        return Snapshot(
            now=self.now,
            wall=self.wall,
            grid=self.grid,
            solar_w=self.solar_w,
            loads=tuple(
                LoadInput(
                    spec=car.spec,
                    reading=car.reading(),
                    mode=car.mode,
                    wishes=car.wishes,
                    manual_value=car.manual_a,
                )
                for car in self.cars
            ),
            cheap=self.cheap,
            tariff=self.tariff,
            batteries=self.batteries,
        )

    def cycle(self) -> Cycle:
        snapshot = self.snapshot()
        cycle = self.engine.cycle(snapshot)
        assert not cycle.failures
        self.history.append(cycle)
        if self.obeyed:
            for decision in cycle.decisions:
                if decision.setpoint is not None:
                    car = self.car(decision.load_id)
                    if car.reachable:
                        told = decision.setpoint
                        car.tell(told.value, self.now, told.phases)
        return cycle

    def run(self, seconds: float, base_w: float | None = None) -> Cycle:
        """Run for some seconds and return the last cycle."""
        if base_w is not None:
            self.base_w = base_w
        for _ in range(int(seconds)):
            self.now += 1.0
            for car in self.cars:
                car.step(self.now)
            if self.meter_works and self.now % self.meter_every_s == 0:
                self.grid = self.read()
            self.cycle()
        return self.history[-1]

    def car(self, load_id: str) -> Car:
        return next(car for car in self.cars if car.load_id == load_id)

    def decision(self, load_id: str = "ocpp:one") -> Decision:
        return decision_of(self.history[-1], load_id)

    def currents(self, seconds: int, load_id: str = "ocpp:one") -> list[float]:
        """Return the currents decided in the last seconds."""
        return [
            setpoint.value
            for cycle in self.history[-seconds:]
            if (setpoint := decision_of(cycle, load_id).setpoint)
        ]

    def with_settings(self, **changes: object) -> None:
        self.settings = replace(self.settings, **changes)
        self.engine.settings = self.settings


def decision_of(cycle: Cycle, load_id: str = "ocpp:one") -> Decision:
    return next(d for d in cycle.decisions if d.load_id == load_id)
