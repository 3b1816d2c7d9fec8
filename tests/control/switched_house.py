"""A small house with switched loads in simulated time.

Its relays take their own time, its appliances have thermostats, and a kettle may come on
in the worst second: none of it shares a number with the controller.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import json

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.loads.switched import SwitchedControl
from custom_components.surplus.control.model import (
    Decision,
    GridReading,
    LoadInput,
    Mode,
    Snapshot,
    SwitchedReading,
    SwitchedSpec,
    TariffNow,
    Temperatures,
)
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, decision_of

START_S = 1000.0
MORNING = datetime(2026, 6, 21, 10, tzinfo=UTC)
VOLTAGE_V = 230.0


@dataclass(kw_only=True)
class Relay:
    """An appliance behind a relay: told to be on, drawing what it likes."""

    load_id: str = "home:relay"
    priority: int = 1
    phases: tuple[int, ...] = (1,)
    draws_w: float = 2000.0
    declared_w: float | None = 2000.0
    sheddable: bool = False
    first_guess_w: float = 1000.0
    has_sensor: bool = False
    sensor_every_s: float = 5.0
    thermostat_open: bool = False
    switches_after_s: float = 1.0
    tells_state: bool = True
    tells_since: bool = True
    obeys: bool = True
    reachable: bool = True
    wants_power: bool = True
    min_on_s: float = 300.0
    min_off_s: float = 300.0
    least_run_s: float = 0.0
    most_run_s: float | None = None
    day_ends_s: float = 0.0
    temperatures: Temperatures | None = None
    temperature_c: float | None = None
    mode: Mode = Mode.SOLAR
    wishes: int = 0
    manual_value: float | None = None
    on: bool = False
    changed_at: float | None = None
    order: tuple[float, bool] | None = None
    measured: tuple[float, float] | None = None
    ran_s: float = 0.0

    @property
    def spec(self) -> SwitchedSpec:
        return SwitchedSpec(
            load_id=self.load_id,
            name=self.load_id,
            priority=self.priority,
            phases=self.phases,
            power_w=self.declared_w,
            first_guess_w=self.first_guess_w,
            min_on_s=self.min_on_s,
            min_off_s=self.min_off_s,
            least_run_s=self.least_run_s,
            most_run_s=self.most_run_s,
            day_ends_s=self.day_ends_s,
            temperatures=self.temperatures,
            sheddable=self.sheddable,
        )

    @property
    def power_w(self) -> float:
        return self.draws_w if self.on and not self.thermostat_open else 0.0

    def ask(self, mode: Mode, value: float | None = None) -> None:
        """Set the mode as a person does."""
        self.mode, self.manual_value = mode, value
        self.wishes += 1

    def tell(self, on: bool, now: float) -> None:
        if not self.obeys or not self.reachable:
            return
        wanted = self.order[1] if self.order else self.on
        if on is not wanted:
            self.order = (now + self.switches_after_s, on)

    def flip(self, on: bool, now: float) -> None:
        if on is not self.on:
            self.on, self.changed_at = on, now

    def step(self, now: float) -> None:
        if self.order is not None and now >= self.order[0]:
            self.flip(self.order[1], now)
            self.order = None
        if self.has_sensor and now % self.sensor_every_s == 0:
            self.measured = (now, self.power_w)

    def reading(self) -> SwitchedReading:
        at, power_w = self.measured or (None, None)
        if not self.reachable:
            return SwitchedReading(reachable=False)
        return SwitchedReading(
            reachable=True,
            wants_power=self.wants_power,
            power_w=power_w,
            power_at=at,
            on=self.on if self.tells_state else None,
            changed_at=self.changed_at if self.tells_since else None,
            temperature_c=self.temperature_c,
        )


@dataclass(kw_only=True)
class House:
    """Base power (house − solar) with relays and cars, some seconds at a time."""

    relays: list[Relay] = field(default_factory=lambda: [Relay()])
    cars: list[Car] = field(default_factory=list)
    settings: HomeSettings = field(default_factory=HomeSettings)
    base_w: float = 0.0
    start: datetime = MORNING
    cheap: Callable[[datetime], bool] | None = None
    tariff: Callable[[datetime], TariffNow] | None = None
    base_at: Callable[[datetime], float] | None = None
    meter_works: bool = True
    knows_direction: bool = True
    dead_zone_w: float = 0.0
    now: float = START_S
    grid: GridReading | None = None
    engine: Engine = field(init=False)
    history: list[Cycle] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(self.settings)

    @property
    def relay(self) -> Relay:
        return self.relays[0]

    @property
    def control(self) -> SwitchedControl:
        control = self.engine._loads[self.relay.load_id]
        assert isinstance(control, SwitchedControl)
        return control

    @property
    def wall(self) -> datetime:
        passed = timedelta(seconds=self.now - START_S)
        return (self.start.astimezone(UTC) + passed).astimezone(self.start.tzinfo)

    @property
    def grid_w(self) -> float:
        loads: list[Relay | Car] = [*self.relays, *self.cars]
        return self.base_w + sum(load.power_w for load in loads)

    def run(
        self, seconds: float, base_w: float | None = None, *, every_s: float = 1.0
    ) -> Decision:
        """Run for some seconds and return the first relay's last decision."""
        if base_w is not None:
            self.base_w = base_w
        for _ in range(int(seconds / every_s)):
            self.now += every_s
            if self.base_at is not None:
                self.base_w = self.base_at(self.wall)
            for relay in self.relays:
                relay.step(self.now)
                relay.ran_s += every_s * relay.on
            for car in self.cars:
                car.step(self.now)
            if self.meter_works:
                self.grid = self.read()
            self.cycle()
        return self.decision()

    def read(self) -> GridReading:
        shown_w = self.grid_w
        if abs(shown_w) < self.dead_zone_w:
            # A size without a sign, for what it is worth.
            shown_w = abs(shown_w)
        return GridReading(
            at=self.now,
            power_w=shown_w if self.knows_direction else None,
            dead_zone_w=self.dead_zone_w,
            drawn_va=max(0.0, self.grid_w),
        )

    def cycle(self) -> Cycle:
        cycle = self.engine.cycle(
            Snapshot(
                now=self.now,
                wall=self.wall,
                grid=self.grid,
                cheap=self.cheap(self.wall) if self.cheap else None,
                tariff=self.tariff(self.wall) if self.tariff else None,
                loads=(
                    *(
                        LoadInput(
                            spec=relay.spec,
                            reading=relay.reading(),
                            mode=relay.mode,
                            wishes=relay.wishes,
                            manual_value=relay.manual_value,
                        )
                        for relay in self.relays
                    ),
                    *(
                        LoadInput(spec=car.spec, reading=car.reading(), mode=car.mode)
                        for car in self.cars
                    ),
                ),
            )
        )
        assert not cycle.failures
        self.history.append(cycle)
        for relay in self.relays:
            setpoint = self.decision(relay.load_id).setpoint
            if setpoint is not None:
                relay.tell(setpoint.value != 0, self.now)
        for car in self.cars:
            setpoint = self.decision(car.load_id).setpoint
            if setpoint is not None and car.reachable:
                car.tell(setpoint.value, self.now)
        return cycle

    def decision(self, load_id: str | None = None) -> Decision:
        return decision_of(self.history[-1], load_id or self.relay.load_id)

    def told(self, seconds: int, load_id: str | None = None) -> list[float]:
        """Return the set-points of the last cycles; nothing where it was left alone."""
        decisions = (
            decision_of(cycle, load_id or self.relay.load_id)
            for cycle in self.history[-seconds:]
        )
        return [d.setpoint.value for d in decisions if d.setpoint is not None]

    def restart(self, away_s: float = 0.0) -> None:
        """Replace the engine by one made of what was saved, some time later."""
        saved = json.loads(json.dumps(self.engine.as_dict(self.now, self.wall)))
        self.now += away_s
        self.engine = Engine(self.settings, saved)
        self.grid = None
