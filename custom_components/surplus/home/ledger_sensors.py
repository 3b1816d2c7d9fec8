"""What the house has taken, from whom, and what it has cost."""

from typing import Final, override

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..const import DOMAIN, Kind
from ..control.ledger import HouseStatement, Source
from ..coordinator import HomeConfigEntry
from ..ledger_entities import (
    FigureSensor,
    LedgerDescription,
    energy_row,
    money_row,
    share_row,
)
from .entities import HomeEntity


def _taken(house: HouseStatement, source: Source) -> float | None:
    """Return what was taken of a source; None while no production is known."""
    return house.total.taken.of(source) if house.total.taken.total_wh > 0.0 else None


_ROWS: Final[tuple[LedgerDescription[HouseStatement], ...]] = (
    energy_row(
        "energy", "home_energy", lambda house: house.total.taken.total_wh or None
    ),
    energy_row(
        "energy_sun", "home_energy_sun", lambda house: _taken(house, Source.SUN)
    ),
    energy_row(
        "energy_battery",
        "home_energy_battery",
        lambda house: _taken(house, Source.BATTERY) or None,
    ),
    energy_row(
        "energy_cheap",
        "home_energy_cheap",
        lambda house: _taken(house, Source.CHEAP) or None,
    ),
    energy_row(
        "energy_full", "home_energy_full", lambda house: _taken(house, Source.FULL)
    ),
    money_row(
        "grid_cost",
        "home_grid_cost",
        lambda house: house.total.bought.cost if house.priced else None,
    ),
    money_row(
        "grid_cost_today",
        "home_grid_cost_today",
        lambda house: house.today.bought.cost if house.priced else None,
        lasting=False,
    ),
    money_row(
        "feed_in_income",
        "home_feed_in_income",
        lambda house: house.total.income if house.paid else None,
    ),
    share_row(
        "self_consumption_today",
        "home_self_consumption_today",
        lambda house: house.today.self_consumption,
    ),
    share_row(
        "self_sufficiency_today",
        "home_self_sufficiency_today",
        lambda house: house.today.self_sufficiency,
    ),
)


class HomeLedgerSensor(HomeEntity, FigureSensor[HouseStatement]):
    """A figure of the house's account."""

    entity_description: LedgerDescription[HouseStatement]

    @property
    @override
    def _statement(self) -> HouseStatement | None:
        return self.coordinator.ledger.house

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the ledger."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.ledger.async_subscribe_house(self.async_write_ha_state)
        )


def add_ledger_sensors(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add the figures of the house's account, each once there is something to show."""
    ledger = entry.runtime_data.ledger
    registry = er.async_get(hass)
    waiting = {row.key: row for row in _ROWS}

    @callback
    def add_known() -> None:
        house = ledger.house
        known = [
            row
            for row in waiting.values()
            if (house is not None and row.value_fn(house) is not None)
            or registry.async_get_entity_id(
                Platform.SENSOR, DOMAIN, f"{Kind.HOME}_{row.key}"
            )
        ]
        for row in known:
            del waiting[row.key]
        if known:
            add(HomeLedgerSensor(entry, row) for row in known)

    add_known()
    entry.async_on_unload(ledger.async_subscribe_house(add_known))
