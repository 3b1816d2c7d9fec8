"""A house whose cycles a test writes by hand, and the ledger that keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
import json

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.ledger import (
    Counted,
    Ledger,
    News,
    Source,
    Tally,
)
from custom_components.surplus.control.model import (
    BatteryReading,
    ChargerReading,
    ChargerSpec,
    HeaterReading,
    HeaterSpec,
    LoadInput,
    Mode,
    PriceClass,
    Snapshot,
    StorageReading,
    StorageSpec,
    SwitchedReading,
    SwitchedSpec,
    TariffNow,
)

CAR, TANK, PUMP, STORE = "ocpp:car", "home:tank", "home:pump", "home:store"
CHEAP = TariffNow(price_class=PriceClass.CHEAP, price=0.16, feed_in=0.10)
FULL = TariffNow(price_class=PriceClass.NORMAL, price=0.25, feed_in=0.10)
NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


def car(priority: int = 1, **reading: object) -> LoadInput:
    """Return a charger on one phase that takes 7360 W at most, and is measured."""
    return LoadInput(
        spec=ChargerSpec(load_id=CAR, name="Car", priority=priority),
        reading=ChargerReading(**{"reachable": True, "power_w": 0.0, **reading}),
        mode=Mode.SOLAR,
    )


def tank(priority: int = 2, **reading: object) -> LoadInput:
    """Return a heater of 2400 W."""
    return LoadInput(
        spec=HeaterSpec(load_id=TANK, name="Tank", priority=priority, max_w=2400.0),
        reading=HeaterReading(**{"reachable": True, **reading}),
        mode=Mode.SOLAR,
    )


def pump(declared_w: float | None = 1000.0, **reading: object) -> LoadInput:
    """Return a switched load; without a power it is to be learned."""
    return LoadInput(
        spec=SwitchedSpec(load_id=PUMP, name="Pump", priority=3, power_w=declared_w),
        reading=SwitchedReading(**{"reachable": True, "on": True, **reading}),
        mode=Mode.SOLAR,
    )


def store(**reading: object) -> LoadInput:
    """Return a battery that is commanded."""
    return LoadInput(
        spec=StorageSpec(
            load_id=STORE, name="Store", priority=4, charge_w=3000.0, discharge_w=3000.0
        ),
        reading=StorageReading(**{"reachable": True, **reading}),
        mode=Mode.SOLAR,
    )


@dataclass
class Books:
    """A ledger and the time; each step is one cycle."""

    ledger: Ledger = field(default_factory=Ledger)
    now: float = 1000.0
    wall: datetime = NOON
    zone: tzinfo = UTC
    tariff: TariffNow | None = FULL
    cheap: bool | None = None

    def step(
        self,
        seconds: float,
        *loads: LoadInput,
        grid_w: float | None = 0.0,
        solar_w: float | None = None,
        battery_w: float | None = None,
        batteries: int = 0,
        meter: MeterState = MeterState.FRESH,
        counted: Mapping[str, Counted] | None = None,
        facts: Mapping[str, Mapping[str, float]] | None = None,
        trusted: bool = True,
        **powers: float,
    ) -> News:
        """Pass time, then tell of a cycle; powers are ``car=3000``, in W."""
        self.now += seconds
        self.wall += timedelta(seconds=seconds)
        by_name = {"car": CAR, "tank": TANK, "pump": PUMP, "store": STORE}
        return self.ledger.account(
            Snapshot(
                now=self.now,
                wall=self.wall.astimezone(self.zone),
                grid=None,
                solar_w=solar_w,
                loads=loads,
                batteries=(BatteryReading(power_w=0.0, at=self.now),) * batteries,
                cheap=self.cheap,
                tariff=self.tariff,
            ),
            Cycle(
                at=self.now,
                meter=meter,
                grid_w=grid_w,
                battery_w=battery_w,
                loads_w={by_name[name]: power_w for name, power_w in powers.items()},
                facts=facts or {},
            ),
            counted or {},
            trusted=trusted,
        )

    def run(self, seconds: float, *loads: LoadInput, **more: object) -> News:
        """Pass a longer time in steps of ten seconds; return all that was news."""
        sessions, moved, passed = [], set(), 0.0
        while passed < seconds:
            dt_s = min(10.0, seconds - passed)
            news = self.step(dt_s, *loads, **more)
            sessions += news.sessions
            moved |= news.loads
            passed += dt_s
        return News(sessions=tuple(sessions), loads=frozenset(moved))

    def total(self, load_id: str) -> Tally:
        """Return what a load has taken in all."""
        return self.ledger.accounts[load_id].total

    def restart(self, seconds: float = 0.0) -> None:
        """Begin anew from what was saved, that much later, on another clock."""
        self.ledger = Ledger(json.loads(json.dumps(self.ledger.as_dict())))
        self.now = 50.0
        self.wall += timedelta(seconds=seconds)


def plugged(register_wh: float | None = None, **more: object) -> dict[str, Counted]:
    """Return what a charger tells with a vehicle on it."""
    told = Counted(register_wh=register_wh, plugged=True)
    return {CAR: replace(told, **more)}


GONE = {CAR: Counted(plugged=False)}


def by_source(tally: Tally) -> list[float]:
    return [round(tally.of(source), 6) for source in Source]
