"""The ledger: every kWh is accounted.

It is told of each cycle and changes nothing in it. ``docs/ledger.md`` says what is
counted how.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ..cycle import Cycle
from ..freshness import MeterState
from ..model import (
    ChargerReading,
    ChargerSpec,
    HeaterSpec,
    LoadInput,
    LoadSpec,
    Snapshot,
    StorageSpec,
    SwitchedSpec,
)
from ..settings import NOMINAL_VOLTAGE_V
from .account import Account, Step
from .flows import Flows, Mix, Site, flows_of
from .house import HouseAccount
from .price import price_of
from .sessions import ChargerSight, Session
from .statements import HouseStatement, LoadStatement

# A longer gap between two cycles is not time in which anything was seen.
LONGEST_STEP_S = 30.0
# A load out of reach may still be measured: as long as its sensor speaks.
_SENSOR_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What a load itself tells of energy, beside its reading.

    ``register_wh`` is its own counter. ``plugged`` is whether a vehicle is connected,
    None where nobody can tell, ``transaction`` the id of what a protocol calls a session.
    """

    register_wh: float | None = None
    plugged: bool | None = None
    transaction: int | None = None


_NOTHING = Counted()


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What a person would want to see at once.

    ``sessions`` have ended; of ``loads`` one has begun or ended.
    """

    sessions: tuple[Session, ...] = ()
    loads: frozenset[str] = frozenset()


_NO_NEWS = News()


class Ledger:
    """The accounts of all loads, and of the house."""

    def __init__(self, saved: Mapping[str, Any] | None = None) -> None:
        """Begin with nothing, or go on with what ``as_dict`` gave.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        self.accounts: dict[str, Account] = {}
        self.house = HouseAccount()
        # Whether there has ever been a price: without one no cost is known.
        self.import_priced = self.export_priced = False
        self._at: float | None = None
        if saved is not None:
            self.import_priced = bool(saved["import_priced"])
            self.export_priced = bool(saved["export_priced"])
            self.house.restore(saved["house"])
            for load_id, account in saved["loads"].items():
                self.accounts[str(load_id)] = Account(str(load_id))
                self.accounts[str(load_id)].restore(account)

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {
            "import_priced": self.import_priced,
            "export_priced": self.export_priced,
            "house": self.house.as_dict(),
            "loads": {key: one.as_dict() for key, one in self.accounts.items()},
        }

    def forget(self, load_id: str) -> None:
        """Forget a load that was deleted: one of the same id later is another one."""
        self.accounts.pop(load_id, None)

    def statement(self, load_id: str) -> LoadStatement | None:
        """Return what a load has taken; None where nothing was ever seen of it."""
        if (account := self.accounts.get(load_id)) is None:
            return None
        return LoadStatement(
            total=account.total.copy(),
            today=account.today,
            session=account.session,
            last=account.ended,
            priced=self.import_priced,
        )

    @property
    def house_statement(self) -> HouseStatement:
        """What the house has taken."""
        return HouseStatement(
            total=self.house.total.copy(),
            today=self.house.today,
            priced=self.import_priced,
            paid=self.export_priced,
        )

    def account(
        self,
        snapshot: Snapshot,
        cycle: Cycle,
        counted: Mapping[str, Counted],
        *,
        trusted: bool = True,
    ) -> News:
        """Take in a cycle: what was true in it was so since the one before.

        ``trusted`` says that the grid meter counts the right way round. What happened
        while no meter told counts as bought, at the price of that time.
        """
        now, wall = snapshot.now, snapshot.wall
        before, self._at = self._at, now
        dt_s = 0.0 if before is None else min(max(0.0, now - before), LONGEST_STEP_S)
        price = price_of(snapshot)
        self.import_priced = self.import_priced or price.of_import is not None
        self.export_priced = self.export_priced or price.of_export is not None
        seen = trusted and cycle.meter is MeterState.FRESH
        site = Site(
            grid_w=_sound(cycle.grid_w) if seen else None,
            solar_w=_sound(snapshot.solar_w),
            battery_w=_sound(cycle.battery_w) if snapshot.batteries else 0.0,
        )
        powers = [
            (
                load.spec.priority,
                load.spec.load_id,
                _power_w(load, cycle, counted.get(load.spec.load_id, _NOTHING)),
            )
            for load in snapshot.loads
        ]
        flows = flows_of(site, powers)
        self.house.count(
            dt_s=dt_s,
            wall=wall,
            price=price,
            grid_w=site.grid_w,
            solar_w=site.solar_w,
            taken=_house_takes(flows, snapshot.loads),
        )
        sessions: list[Session] = []
        moved: list[str] = []
        for load, (_, load_id, power_w) in zip(snapshot.loads, powers, strict=True):
            told = counted.get(load_id, _NOTHING)
            register_wh = told.register_wh
            step = Step(
                dt_s=dt_s,
                wall=wall,
                price=price,
                mix=flows.loads[load_id],
                left_w=flows.left[load_id],
                full_w=_full_w(load.spec, cycle.facts.get(load_id)),
                register_wh=_sound(register_wh),
            )
            account = self.accounts.get(load_id)
            if account is None:
                account = self.accounts[load_id] = Account(load_id)
            if isinstance(load.spec, ChargerSpec):
                current = account.visits.current
                sight = _sight(load, told, power_w)
                if ended := account.count_charger(step, sight):
                    sessions.append(ended)
                if account.visits.current is not current:
                    moved.append(load_id)
            elif isinstance(load.spec, StorageSpec):
                account.count_storage(step)
            else:
                account.count(step)
        if not moved:
            return _NO_NEWS
        return News(sessions=tuple(sessions), loads=frozenset(moved))


def _sound(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _power_w(load: LoadInput, cycle: Cycle, told: Counted) -> float:
    """Return what a load takes; negative only of a storage that gives."""
    reading = load.reading
    if reading.power_w is None and not _is_known(load, cycle, told):
        return 0.0
    if reading.reachable:
        power_w = cycle.loads_w.get(load.spec.load_id, reading.power_w)
    else:
        power_at = reading.power_at
        lives = power_at is not None and cycle.at - power_at <= _SENSOR_S
        power_w = reading.power_w if lives else None
    power_w = _sound(power_w) or 0.0
    return power_w if isinstance(load.spec, StorageSpec) else max(0.0, power_w)


def _is_known(load: LoadInput, cycle: Cycle, told: Counted) -> bool:
    """Return whether what a load is believed to take can be told from a guess."""
    match load.spec:
        case ChargerSpec():
            # What is offered to nobody is not taken.
            return bool(told.plugged)
        case SwitchedSpec(power_w=None):
            return bool(cycle.facts.get(load.spec.load_id))
        case _:
            return True


def _full_w(spec: LoadSpec, facts: Mapping[str, float] | None) -> float:
    """Return the most a load can take, 0 where nobody knows or, of batteries, asks."""
    match spec:
        case ChargerSpec():
            return spec.max_a * NOMINAL_VOLTAGE_V * len(spec.phases)
        case HeaterSpec():
            return spec.max_w
        case SwitchedSpec():
            return spec.power_w or (facts or {}).get("power_w", 0.0)
        case _:
            return 0.0


def _sight(load: LoadInput, told: Counted, power_w: float) -> ChargerSight:
    reading = load.reading
    offered = isinstance(reading, ChargerReading) and (
        reading.offering is not False and bool(reading.offered_a)
    )
    return ChargerSight(
        power_w=power_w,
        reachable=reading.reachable,
        plugged=told.plugged,
        wants_power=reading.wants_power,
        offered=offered,
        transaction=told.transaction,
    )


def _house_takes(flows: Flows, loads: tuple[LoadInput, ...]) -> Mix | None:
    """Return all that the house takes with its loads, batteries left out."""
    if flows.house is None:
        return None
    mixes = [
        flows.house,
        *(
            flows.loads[load.spec.load_id]
            for load in loads
            if not isinstance(load.spec, StorageSpec)
        ),
    ]
    return Mix(
        sum([mix.sun_w for mix in mixes]),
        sum([mix.battery_w for mix in mixes]),
        sum([mix.grid_w for mix in mixes]),
    )
