"""What a load has taken, from whom, and what it has cost.

The entry that owns a load's device creates these beside its own entities; what they show
is Home's ledger. A state is written once a minute while it moves, and at once when a
charging session begins or ends.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, Platform, UnitOfEnergy
from homeassistant.core import CALLBACK_TYPE
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .control.ledger import LoadStatement, Session, Source
from .load_entities import LoadEntity
from .registry import HomeControls, Registry

# A tenth of a percent of a day, and a hundredth of a cent, are no news.
_WH_DIGITS: Final = 0
_SHARE_DIGITS: Final = 1
_MONEY_DIGITS: Final = 4


def kwh(energy_wh: float) -> float:
    """Return an energy as it is shown."""
    return round(energy_wh, _WH_DIGITS) / 1000.0


def percent(share: float | None) -> float | None:
    """Return a share of 1 as it is shown."""
    return round(100.0 * share, _SHARE_DIGITS) if share is not None else None


def money(amount: float) -> float:
    """Return an amount of money as it is shown."""
    # Nothing saved is not minus nothing.
    return round(amount, _MONEY_DIGITS) + 0.0


@dataclass(frozen=True, kw_only=True)
class LedgerDescription[S](SensorEntityDescription):
    """A figure of a statement ``S``.

    Money is in the currency of Home Assistant, which is not known here.
    """

    value_fn: Callable[[S], StateType | datetime]
    attributes_fn: Callable[[S], Mapping[str, Any] | None] = lambda _: None


def energy_row[S](
    key: str,
    translation_key: str,
    value_fn: Callable[[S], float | None],
    *,
    enabled: bool = True,
) -> LedgerDescription[S]:
    """Return a row for an energy in Wh that only grows."""

    def shown(statement: S) -> float | None:
        energy_wh = value_fn(statement)
        return kwh(energy_wh) if energy_wh is not None else None

    return LedgerDescription(
        key=key,
        translation_key=translation_key,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        entity_registry_enabled_default=enabled,
        value_fn=shown,
    )


def money_row[S](
    key: str,
    translation_key: str,
    value_fn: Callable[[S], float | None],
    *,
    lasting: bool = True,
) -> LedgerDescription[S]:
    """Return a row for money; what does not last begins anew, and has no statistics."""

    def shown(statement: S) -> float | None:
        amount = value_fn(statement)
        return money(amount) if amount is not None else None

    return LedgerDescription(
        key=key,
        translation_key=translation_key,
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL if lasting else None,
        suggested_display_precision=2,
        value_fn=shown,
    )


def share_row[S](
    key: str,
    translation_key: str,
    value_fn: Callable[[S], float | None],
    *,
    enabled: bool = True,
) -> LedgerDescription[S]:
    """Return a row for a share of 1."""
    return LedgerDescription(
        key=key,
        translation_key=translation_key,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        entity_registry_enabled_default=enabled,
        value_fn=lambda statement: percent(value_fn(statement)),
    )


def _of_load(
    key: str, value_fn: Callable[[LoadStatement], float | None], *, enabled: bool
) -> LedgerDescription[LoadStatement]:
    return energy_row(key, f"load_{key}", value_fn, enabled=enabled)


_TOTAL_KEY: Final = "energy"
# Only chargers have it.
SESSION_KEY: Final = "session_energy"

_LOAD_ROWS: Final[tuple[LedgerDescription[LoadStatement], ...]] = (
    _of_load("energy_sun", lambda load: load.total.of(Source.SUN), enabled=True),
    _of_load(
        "energy_battery", lambda load: load.total.of(Source.BATTERY), enabled=False
    ),
    _of_load("energy_cheap", lambda load: load.total.of(Source.CHEAP), enabled=False),
    _of_load("energy_full", lambda load: load.total.of(Source.FULL), enabled=False),
    money_row(
        "cost",
        "load_cost",
        lambda load: load.total.cost if load.priced else None,
    ),
    share_row(
        "solar_share_today",
        "load_solar_share_today",
        lambda load: load.today.solar_share,
    ),
    share_row(
        "solar_share",
        "load_solar_share",
        lambda load: load.total.solar_share,
        enabled=False,
    ),
)

# Nobody would charge a battery at once.
_SAVING_ROW: Final[LedgerDescription[LoadStatement]] = money_row(
    "saving", "load_saving", lambda load: load.total.saving if load.priced else None
)


def told(session: Session) -> dict[str, Any]:
    """Return a session in words and numbers, as actions and attributes give it."""
    tally = session.tally
    return {
        "start": dt_util.as_local(session.started).isoformat(timespec="seconds"),
        "end": (
            dt_util.as_local(session.ended).isoformat(timespec="seconds")
            if session.ended
            else None
        ),
        "energy_kwh": kwh(tally.total_wh),
        "sun_kwh": kwh(tally.sun_wh),
        "battery_kwh": kwh(tally.battery_wh),
        "cheap_kwh": kwh(tally.cheap_wh),
        "full_kwh": kwh(tally.full_wh),
        "solar_share": percent(tally.solar_share),
        "cost": money(tally.cost),
        "unpriced_kwh": kwh(tally.unpriced_wh),
        "saving": money(tally.saving),
        "peak_power_w": round(session.peak_w),
        "charging_minutes": round(session.charging_s / 60.0),
        "transactions": list(session.transactions),
    }


def _session_cost(load: LoadStatement) -> float | None:
    if load.session is None or not load.priced:
        return None
    return load.session.tally.cost


_CHARGER_ROWS: Final[tuple[LedgerDescription[LoadStatement], ...]] = (
    energy_row(
        SESSION_KEY,
        "load_session_energy",
        lambda load: load.session.tally.total_wh if load.session else None,
    ),
    share_row(
        "session_solar_share",
        "load_session_solar_share",
        lambda load: load.session.tally.solar_share if load.session else None,
    ),
    money_row("session_cost", "load_session_cost", _session_cost, lasting=False),
    LedgerDescription[LoadStatement](
        key="session_start",
        translation_key="load_session_start",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda load: (
            load.session.started if load.session and not load.session.ended else None
        ),
    ),
    LedgerDescription[LoadStatement](
        key="last_session",
        translation_key="load_last_session",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda load: load.last.ended if load.last else None,
        attributes_fn=lambda load: told(load.last) if load.last else None,
    ),
)


class FigureSensor[S](SensorEntity):
    """A figure of an account."""

    entity_description: LedgerDescription[S]

    @property
    def _statement(self) -> S | None:
        """What the account says; None until it says anything."""
        raise NotImplementedError

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """Return the unit; money is in Home Assistant's currency."""
        if self.device_class is SensorDeviceClass.MONETARY:
            return self.hass.config.currency
        return super().native_unit_of_measurement

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the figure as it was last written down."""
        statement = self._statement
        return self.entity_description.value_fn(statement) if statement else None


class LoadLedgerSensor(LoadEntity, FigureSensor[LoadStatement]):
    """A figure of a load's account."""

    entity_description: LedgerDescription[LoadStatement]

    def __init__(
        self,
        description: LedgerDescription[LoadStatement],
        registry: Registry,
        load_id: str,
        device: DeviceInfo,
    ) -> None:
        """Show one figure."""
        self.entity_description = description
        self._key = description.key
        super().__init__(registry, load_id, device)

    @override
    def _follow(self, home: HomeControls) -> CALLBACK_TYPE:
        return home.accounts.async_subscribe(self._load_id, self.async_write_ha_state)

    @property
    @override
    def _statement(self) -> LoadStatement | None:
        home = self._registry.home
        return home.accounts.statement(self._load_id) if home else None

    @property
    @override
    def available(self) -> bool:
        """Only with a Home that has seen the load."""
        return super().available and self._statement is not None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what belongs to it."""
        statement = self._statement
        return self.entity_description.attributes_fn(statement) if statement else None


def ledger_entities(
    platform: Platform,
    registry: Registry,
    load_id: str,
    device: DeviceInfo,
    *,
    charger: bool = False,
    storage: bool = False,
    counts_itself: bool = False,
) -> list[Entity]:
    """Return the ledger's entities of a load for one platform.

    A load that ``counts_itself`` shows its own total, which is the same: that of the
    ledger is then disabled at first.
    """
    if platform is not Platform.SENSOR:
        return []
    rows = [
        _of_load(
            _TOTAL_KEY, lambda load: load.total.total_wh, enabled=not counts_itself
        ),
        *_LOAD_ROWS,
        *(() if storage else (_SAVING_ROW,)),
        *(_CHARGER_ROWS if charger else ()),
    ]
    return [LoadLedgerSensor(row, registry, load_id, device) for row in rows]
