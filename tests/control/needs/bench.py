"""A house whose loads obey at once, and whose days pass in half minutes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    Decision,
    GridReading,
    HeaterReading,
    HeaterSpec,
    LoadInput,
    LoadReading,
    LoadSpec,
    Mode,
    Period,
    PriceClass,
    Snapshot,
    SolarSpan,
    StorageReading,
    StorageSpec,
    SwitchedReading,
    SwitchedSpec,
    TariffNow,
    TariffSpan,
)
from custom_components.surplus.control.needs.look import full_w
from custom_components.surplus.control.needs.state import PlanState
from custom_components.surplus.control.settings import HomeSettings

PARIS = ZoneInfo("Europe/Paris")
LOAD = "home:load"
STEP_S = 30.0

CHARGER = ChargerSpec(load_id=LOAD, name="Car", priority=1, max_a=16.0)
HEATER = HeaterSpec(load_id=LOAD, name="Tank", priority=1, max_w=2400.0)
SWITCHED = SwitchedSpec(load_id=LOAD, name="Pump", priority=1, power_w=1000.0)
STORAGE = StorageSpec(
    load_id=LOAD, name="Battery", priority=1, charge_w=3000.0, discharge_w=3000.0
)


def spans(
    begins: datetime, *told: tuple[float, PriceClass, float | None]
) -> tuple[TariffSpan, ...]:
    """Return a tariff's time ahead of (hours, class, price), one after the other."""
    made, at = [], begins.astimezone(UTC)
    for hours, price_class, price in told:
        ends = at + timedelta(hours=hours)
        made.append(
            TariffSpan(
                begins=at,
                ends=ends,
                period=Period.BASE,
                price_class=price_class,
                price=price,
            )
        )
        at = ends
    return tuple(made)


@dataclass(kw_only=True)
class Bench:
    """One load in a house; ``base_w`` is what the house draws less the sun.

    ``known``: it was seen before that it takes all it is offered.
    """

    spec: LoadSpec = CHARGER
    settings: HomeSettings = field(default_factory=HomeSettings)
    wall: datetime = field(
        default_factory=lambda: datetime(2026, 6, 21, 20, tzinfo=PARIS)
    )
    mode: Mode = Mode.SOLAR
    base_w: float = 500.0
    cheap: bool | None = None
    ahead: tuple[TariffSpan, ...] = ()
    forecast: tuple[SolarSpan, ...] | None = None
    dear_allowed: bool = False
    levels: dict[str, float] = field(default_factory=dict)
    wants_power: bool = True
    plugged: bool | None = None
    reachable: bool = True
    measured: bool = True
    known: bool = True
    # What it really takes of what it is told.
    share: float = 1.0
    temperature_c: float | None = None
    soc: float | None = None
    now: float = 1000.0
    told: float = 0.0
    power_w: float = 0.0
    taken_wh: float = 0.0
    changed_at: float | None = None
    engine: Engine = field(init=False)
    cycles: list[Cycle] = field(default_factory=list)
    walls: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(self.settings)
        if self.known:
            saved = self.engine.as_dict(self.now, self.wall)
            for plan in saved["plans"]["plans"].values():
                if "reach_w" in plan:
                    plan["reach_w"] = full_w(self.spec, None)
            self.engine = Engine(self.settings, saved)

    def with_settings(self, settings: HomeSettings) -> None:
        self.settings = self.engine.settings = settings

    def restart(self, away_s: float = 0.0) -> None:
        """Save, wait, and go on with another engine."""
        saved = self.engine.as_dict(self.now, self.wall)
        self.pass_time(away_s)
        self.engine = Engine(self.settings, saved)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        later = self.wall.astimezone(UTC) + timedelta(seconds=seconds)
        self.wall = later.astimezone(PARIS)

    def reading(self) -> LoadReading:
        told = {
            "reachable": self.reachable,
            "wants_power": self.wants_power,
            "power_w": self.power_w if self.measured else None,
            "power_at": self.now if self.measured else None,
        }
        match self.spec:
            case ChargerSpec():
                return ChargerReading(
                    **told,
                    plugged=self.plugged,
                    offered_a=self.told,
                    offered_at=self.changed_at,
                )
            case HeaterSpec():
                return HeaterReading(
                    **told,
                    accepted_w=self.told,
                    accepted_at=self.changed_at,
                    temperature_c=self.temperature_c,
                )
            case SwitchedSpec():
                return SwitchedReading(
                    **told,
                    on=self.told != 0,
                    changed_at=self.changed_at,
                    temperature_c=self.temperature_c,
                )
        return StorageReading(
            **told, accepted_w=self.told, accepted_at=self.changed_at, soc=self.soc
        )

    def tariff(self) -> TariffNow | None:
        ahead = tuple(span for span in self.ahead if span.ends > self.wall)
        if not ahead:
            return None
        here = ahead[0]
        return TariffNow(
            price_class=here.price_class,
            price=here.price,
            ahead=ahead,
            dear_allowed=self.dear_allowed,
        )

    @property
    def cheap_now(self) -> bool | None:
        tariff = self.tariff()
        if tariff is not None:
            return tariff.price_class is PriceClass.CHEAP
        return self.cheap

    def snapshot(self) -> Snapshot:
        return Snapshot(
            now=self.now,
            wall=self.wall,
            grid=GridReading(
                at=self.now,
                power_w=self.base_w + self.power_w,
                drawn_va=max(0.0, self.base_w + self.power_w),
            ),
            loads=(LoadInput(spec=self.spec, reading=self.reading(), mode=self.mode),),
            cheap=self.cheap_now,
            tariff=self.tariff(),
            forecast=self.forecast,
            levels=dict(self.levels),
        )

    def step(self) -> Decision:
        self.pass_time(STEP_S)
        self.taken_wh += self.power_w * STEP_S / 3600.0
        cycle = self.engine.cycle(self.snapshot())
        assert not cycle.failures
        self.cycles.append(cycle)
        self.walls.append(self.wall)
        decision = cycle.decisions[0]
        if decision.setpoint is not None and self.reachable:
            if decision.setpoint.value != self.told or self.changed_at is None:
                self.changed_at = self.now
            self.told = decision.setpoint.value
            wanted_w = decision.setpoint.power_w if self.wants_power else 0.0
            self.power_w = self.share * wanted_w
        return decision

    def run(self, hours: float) -> Decision:
        for _ in range(round(hours * 3600 / STEP_S)):
            decision = self.step()
        return decision

    def run_until(self, clock: str) -> Decision:
        """Run until the local clock shows a time of day, at least one step."""
        decision = self.step()
        while f"{self.wall:%H:%M}" != clock:
            decision = self.step()
        return decision

    def state(self, plan_id: str = "p") -> PlanState:
        return self.cycles[-1].plans[plan_id]

    def runs(self) -> list[tuple[str, str]]:
        """Return when it ran, from when until when, by the local clock."""
        found: list[tuple[str, str]] = []
        on_since: datetime | None = None
        for wall, cycle in zip(self.walls, self.cycles, strict=True):
            runs = cycle.decisions[0].runs
            if runs and on_since is None:
                on_since = wall
            elif not runs and on_since is not None:
                found.append((f"{on_since:%H:%M}", f"{wall:%H:%M}"))
                on_since = None
        if on_since is not None:
            found.append((f"{on_since:%H:%M}", ""))
        return found
