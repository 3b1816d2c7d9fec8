"""A whole house for searches: loads of all kinds that follow with a lag, or do not.

Second by second. It is no copy of the engine's models: cars start after a time of their
own and ramp at their own pace, and what is told to a load that cannot be reached is lost.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

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
    PriceClass,
    Setpoint,
    Snapshot,
    StorageReading,
    SwitchedReading,
    SwitchedSpec,
    TariffNow,
    Wish,
)
from custom_components.surplus.control.settings import HomeSettings

VOLTAGE_V = 230.0
# When loads were last moved before anybody looked.
FOUND_AT = 900.0
START = datetime(2026, 1, 20, 10, tzinfo=UTC)

# By how much a load moves in a second: a car per phase in A, others in W.
_CAR_UP_A, _CAR_DOWN_A, _CAR_STARTS_S = 0.6, 5.0, 12.0
_OTHERS_W = 1500.0


@dataclass(kw_only=True)
class Body:
    """One load: what it was told, what it draws, and what ails it.

    ``uses`` are the supply phases it really draws from; ``strength_w`` is what a load
    behind a relay draws. What is ``frozen`` repeats its last measurement for ever.
    """

    spec: LoadSpec
    uses: tuple[int, ...]
    strength_w: float = 0.0
    measures: bool = True
    mode: Mode = Mode.OFF
    wishes: int = 0
    manual_value: float | None = None
    wish: Wish | None = None
    wants_power: bool = True
    obeys: bool = True
    lost_at: float | None = None
    frozen: tuple[float, float] | None = None
    soc: float = 0.5
    value: float = 0.0
    told_at: float | None = None
    power_w: float = 0.0
    starts_at: float = 0.0

    @property
    def reachable(self) -> bool:
        return self.lost_at is None

    @property
    def honest(self) -> bool:
        """Whether it does what it is told and measures what it does."""
        return (
            self.obeys and self.reachable and self.frozen is None and self.wants_power
        )

    def power_of(self, value: float) -> float:
        """Return what it draws once it has settled on a set-point."""
        if not self.wants_power:
            return 0.0
        match self.spec:
            case ChargerSpec():
                return value * VOLTAGE_V * len(self.uses)
            case SwitchedSpec():
                return value * self.strength_w
        return value

    def amps_of(self, value: float) -> dict[int, float]:
        """Return what that is on each phase."""
        amps = self.power_of(value) / VOLTAGE_V / len(self.uses)
        return dict.fromkeys(self.uses, amps)

    @property
    def amps(self) -> dict[int, float]:
        """What it draws now on each phase."""
        return dict.fromkeys(self.uses, self.power_w / VOLTAGE_V / len(self.uses))

    @property
    def settled(self) -> bool:
        return abs(self.power_of(self.value) - self.power_w) < 1.0

    def tell(self, setpoint: Setpoint | None, now: float) -> None:
        if setpoint is None or not (self.obeys and self.reachable):
            return
        if setpoint.value != self.value:
            if not self.value:
                self.starts_at = now + _CAR_STARTS_S
            # It takes a moment: what is told on a reading is not seen in it.
            self.value, self.told_at = setpoint.value, now + 0.1

    def step(self, now: float) -> None:
        """Live through one second."""
        target_w, up_w, down_w = self.power_of(self.value), _OTHERS_W, _OTHERS_W
        match self.spec:
            case ChargerSpec():
                per_a = VOLTAGE_V * len(self.uses)
                up_w, down_w = _CAR_UP_A * per_a, _CAR_DOWN_A * per_a
                if now < self.starts_at:
                    up_w = 0.0
            case SwitchedSpec():
                up_w = down_w = self.strength_w
        self.power_w += max(-down_w, min(up_w, target_w - self.power_w))
        if abs(self.power_w) < 0.01:
            self.power_w = 0.0

    def reading(self, now: float) -> LoadReading:
        power_w, power_at = (self.power_w, now) if self.measures else (None, None)
        if self.frozen is not None:
            power_w, power_at = self.frozen
        told, told_at = self.value, self.told_at
        if told_at is None:
            told_at = FOUND_AT
        common = {
            "reachable": self.reachable,
            "wants_power": self.wants_power,
            "link_lost_at": self.lost_at,
            "power_w": power_w,
            "power_at": power_at,
        }
        match self.spec:
            case ChargerSpec():
                amps = self.power_w / VOLTAGE_V / len(self.uses)
                return ChargerReading(
                    **common,
                    currents_a=(amps,) * len(self.uses)
                    if amps > 1 and self.frozen is None
                    else (),
                    offered_a=told,
                    offered_at=told_at,
                )
            case HeaterSpec():
                return HeaterReading(**common, accepted_w=told, accepted_at=told_at)
            case SwitchedSpec():
                return SwitchedReading(**common, on=self.value != 0, changed_at=told_at)
        return StorageReading(
            **common, accepted_w=told, accepted_at=told_at, soc=self.soc
        )

    def seen(self, now: float) -> LoadInput:
        return LoadInput(
            spec=self.spec,
            reading=self.reading(now),
            mode=self.mode,
            wishes=self.wishes,
            manual_value=self.manual_value,
            wish=self.wish,
        )


@dataclass(kw_only=True)
class WholeHouse:
    """What the house draws by itself per phase, its loads and its meter.

    ``linky_va`` is what the meter's own breaker applies; such a meter tells apparent
    power and warns. ``coarse``: of three phases it tells their total only. ``protected``:
    another meter is followed, which tells the total each second; limits go by this one.
    """

    settings: HomeSettings
    bodies: list[Body]
    base_a: list[float] = field(default_factory=list)
    linky_va: float | None = None
    coarse: bool = False
    protected: bool = False
    meter_works: bool = True
    meter_every_s: int = 1
    cheap: bool | None = None
    tariff: TariffNow | None = None
    now: float = 1000.0
    wall_offset: timedelta = timedelta()
    grid: GridReading | None = None
    # What was true when the meter was read: per phase, all and the house by itself; and
    # each load.
    true_a: list[float] = field(default_factory=list)
    house_a: list[float] = field(default_factory=list)
    drew_a: dict[str, dict[int, float]] = field(default_factory=dict)
    settled: bool = False
    shown_at: float | None = None

    def __post_init__(self) -> None:
        self.base_a = self.base_a or [2.0] * self.settings.phases

    @property
    def wall(self) -> datetime:
        return START + timedelta(seconds=self.now - 1000.0) + self.wall_offset

    def phases_a(self) -> list[float]:
        amps = list(self.base_a)
        for body in self.bodies:
            for phase, drawn_a in body.amps.items():
                amps[phase - 1] += drawn_a
        return amps

    def step(self, seconds: int) -> None:
        """Live through some seconds; the meter is read when it is time."""
        for _ in range(seconds):
            self.now += 1.0
            for body in self.bodies:
                body.step(self.now)
            if self.meter_works and self.now % self.meter_every_s == 0:
                self.read()
            if self.meter_works and self.protected and self.grid is not None:
                self.follow()

    def read(self) -> None:
        amps = self.note_truth()
        watts = sum(amps) * VOLTAGE_V
        linky, limit_va = self.linky_va is not None, self.linky_va or 0.0
        phases = len(amps)
        drawn_va = VOLTAGE_V * (sum(max(0.0, one) for one in amps))
        if phases == 1 or self.coarse:
            drawn_va = max(0.0, watts)
        self.grid = GridReading(
            at=self.now,
            power_w=watts,
            drawn_va=drawn_va,
            currents_a=tuple(amps) if phases > 1 and not self.coarse else (),
            overload=linky and max(amps) * VOLTAGE_V > limit_va / phases,
            subscribed_va=self.linky_va,
            cutoff_va=self.linky_va,
        )

    def note_truth(self) -> list[float]:
        """Note what limits are held against; return it per phase."""
        self.true_a, self.house_a = self.phases_a(), list(self.base_a)
        self.drew_a = {body.spec.load_id: body.amps for body in self.bodies}
        self.settled = all(body.settled for body in self.bodies)
        self.shown_at = self.now
        return self.true_a

    def follow(self) -> None:
        """Read the other meter, beside what the one that protects said last."""
        assert self.grid is not None
        grid, watts = self.grid, sum(self.phases_a()) * VOLTAGE_V
        if self.settings.phases == 1:
            # A total is all that flows: the newer of both counts.
            self.note_truth()
        if grid.limits_at is None:
            grid = replace(
                grid,
                currents_a=(),
                limits_at=grid.at,
                limits_va=grid.drawn_va or 0.0,
                limits_a=grid.currents_a,
            )
        self.grid = replace(grid, at=self.now, power_w=watts, drawn_va=max(0.0, watts))

    def snapshot(self) -> Snapshot:
        return Snapshot(
            now=self.now,
            wall=self.wall,
            grid=self.grid,
            loads=tuple(body.seen(self.now) for body in self.bodies),
            cheap=self.cheap,
            tariff=self.tariff,
        )

    def price(self, price_class: PriceClass | None, cap_w: float | None) -> None:
        """Come into a period of the tariff."""
        self.cheap = None if price_class is None else price_class is PriceClass.CHEAP
        self.tariff = None
        if price_class is not None or cap_w is not None:
            self.tariff = TariffNow(price_class=price_class, house_cap_w=cap_w)

    # ---- what the engine could know --------------------------------------------------

    @property
    def shown_a(self) -> list[float]:
        """What the meter showed per phase; a total may be all on each of them."""
        assert self.grid is not None
        if self.coarse and self.settings.phases > 1:
            total_a = max(0.0, self.grid.drawn_va or 0.0) / VOLTAGE_V
            return [total_a] * self.settings.phases
        return self.true_a

    @property
    def limit_a(self) -> float | None:
        """The lowest limit of the whole house, per phase."""
        home, limits = self.settings, []
        if home.breaker_a is not None:
            limits.append(home.breaker_a)
        told_va = self.grid.cutoff_va if self.grid is not None else None
        if (power_va := told_va or home.subscribed_va) is not None:
            limits.append(power_va / home.phases / VOLTAGE_V)
        return min(limits, default=None)

    @property
    def cap_w(self) -> float | None:
        """The most that the whole house may draw in this period."""
        return self.tariff.house_cap_w if self.tariff is not None else None

    def members(self, circuit_id: str) -> list[Body]:
        """Return the loads behind a circuit, with those of the circuits it feeds."""
        inside = {
            load_id
            for circuit in self.settings.circuits
            if circuit_id in (circuit.circuit_id, circuit.parent)
            for load_id in circuit.load_ids
        }
        return [body for body in self.bodies if body.spec.load_id in inside]
