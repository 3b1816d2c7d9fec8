"""What the Home's device shows of the tariff; it appears once there is one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, override

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from ...const import DOMAIN, Kind
from ...control.model import Colour, Contract, Period, PriceClass
from ...coordinator import HomeConfigEntry
from ...entity import LiveFact, LiveSensor
from ..entities import HomeEntity
from .runtime import HomeTariff

type Value = StateType | datetime


@dataclass(frozen=True, kw_only=True)
class TariffDescription(SensorEntityDescription):
    """A tariff sensor's row.

    ``exists_fn`` is whether this tariff has such a thing, ``contract`` the only one that
    has it; None for all. ``announced`` is what a tariff that tells its period need not.
    """

    value_fn: Callable[[HomeTariff], Value]
    exists_fn: Callable[[HomeTariff], bool] = lambda _tariff: True
    contract: Contract | None = None
    announced: bool = False

    def is_of_another(self, tariff: HomeTariff) -> bool:
        """Whether it is known that this tariff has no such thing."""
        contract = tariff.tariff.contract
        return None not in (self.contract, contract) and contract is not self.contract

    def exists(self, tariff: HomeTariff) -> bool:
        """Whether this tariff has such a thing, as far as that is known."""
        if self.contract is not None and tariff.tariff.contract is not self.contract:
            return False
        return self.exists_fn(tariff)


def _has_price(tariff: HomeTariff) -> bool:
    return tariff.known.price is not None


def _colour(tariff: HomeTariff, day: int) -> str:
    return tariff.tariff.colours(dt_util.now())[day].name.lower()


def _word(
    key: str,
    options: list[str],
    value_fn: Callable[[HomeTariff], Value],
    contract: Contract | None = None,
) -> TariffDescription:
    return TariffDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENUM,
        options=options,
        value_fn=value_fn,
        contract=contract,
    )


_COLOURS: Final = [colour.name.lower() for colour in Colour]

SENSORS: Final = (
    _word(
        "tariff_period",
        [period.value for period in Period],
        lambda tariff: tariff.known.period,
    ),
    _word(
        "tariff_class",
        [price_class.value for price_class in PriceClass],
        lambda tariff: tariff.known.price_class,
    ),
    TariffDescription(
        key="tariff_price",
        translation_key="tariff_price",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        value_fn=lambda tariff: tariff.known.price,
        exists_fn=_has_price,
    ),
    TariffDescription(
        key="tariff_next_change",
        translation_key="tariff_next_change",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda tariff: tariff.tariff.next_change,
        announced=True,
    ),
    _word("tempo_today", _COLOURS, lambda tariff: _colour(tariff, 0), Contract.TEMPO),
    _word(
        "tempo_tomorrow", _COLOURS, lambda tariff: _colour(tariff, 1), Contract.TEMPO
    ),
)
LOST: Final = EntityDescription(key="tariff_lost", translation_key="tariff_lost")


class TariffSensor(LiveSensor, HomeEntity):
    """One thing that is known of the tariff."""

    entity_description: TariffDescription

    def __init__(self, entry: HomeConfigEntry, description: TariffDescription) -> None:
        """Show one thing."""
        super().__init__(entry, description)
        if description.key == "tariff_price":
            currency = entry.runtime_data.hass.config.currency
            self._attr_native_unit_of_measurement = f"{currency}/kWh"

    @property
    @override
    def live_value(self) -> Value:
        """Return what is known."""
        tariff = self.coordinator.tariff
        return self.entity_description.value_fn(tariff) if tariff.settings else None

    @property
    @override
    def available(self) -> bool:
        """Whether it is known, or that nobody announces it."""
        if self.live_value is not None:
            return True
        return (
            self.entity_description.announced
            and self.coordinator.tariff.known.period is not None
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the cycles."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.async_add_listener(self.async_refresh_live)
        )


class TariffLost(LiveFact, HomeEntity):
    """Whether what should tell the tariff has been silent for five minutes."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    @property
    @override
    def live_fact(self) -> bool | None:
        """Return whether it is so; None without a tariff."""
        tariff = self.coordinator.tariff
        return tariff.lost if tariff.settings else None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the cycles."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.async_add_listener(self.async_refresh_live)
        )


def add_tariff_sensors(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add each sensor once there is something to show; what has become void goes."""
    tariff, registry = entry.runtime_data.tariff, er.async_get(hass)
    added: set[str] = set()

    def id_of(key: str) -> str | None:
        return registry.async_get_entity_id(
            Platform.SENSOR, DOMAIN, f"{Kind.HOME}_{key}"
        )

    def remove(key: str) -> None:
        if (entity_id := id_of(key)) is not None:
            registry.async_remove(entity_id)
        added.discard(key)

    @callback
    def look() -> None:
        if tariff.settings is None:
            for key in tuple(added):
                remove(key)
            return
        new = []
        for description in SENSORS:
            if description.is_of_another(tariff):
                remove(description.key)
            elif description.key not in added and (
                description.exists(tariff) or id_of(description.key)
            ):
                new.append(description)
        if new:
            added.update(description.key for description in new)
            add(TariffSensor(entry, description) for description in new)

    look()
    entry.async_on_unload(entry.runtime_data.async_add_listener(look))


def add_tariff_binary_sensors(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add the problem sensor of the tariff."""
    coordinator, registry = entry.runtime_data, er.async_get(hass)
    there = False

    @callback
    def look() -> None:
        nonlocal there
        wanted = coordinator.tariff.settings is not None
        if wanted and not there:
            add([TariffLost(entry, LOST)])
        elif there and not wanted:
            entity_id = registry.async_get_entity_id(
                Platform.BINARY_SENSOR, DOMAIN, f"{Kind.HOME}_{LOST.key}"
            )
            if entity_id is not None:
                registry.async_remove(entity_id)
        there = wanted

    look()
    entry.async_on_unload(coordinator.async_add_listener(look))
