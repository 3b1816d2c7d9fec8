"""The meter's binary sensors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..entity import SurplusEntity
from .runtime import LinkyConfigEntry, LinkyEntity, LinkyRuntime
from .sensors import current_reading


@dataclass(frozen=True, kw_only=True)
class LinkyBinarySensorDescription(BinarySensorEntityDescription):
    """Something that is so or not; None when nobody knows."""

    value_fn: Callable[[LinkyRuntime], bool | None]


def _overload(runtime: LinkyRuntime) -> bool | None:
    if (meter := runtime.meter) is None:
        return None
    reading = current_reading(meter, runtime.now)
    return None if reading is None else reading.overload


BINARY_SENSORS: Final = (
    LinkyBinarySensorDescription(
        key="overload",
        translation_key="linky_overload",
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=_overload,
    ),
    LinkyBinarySensorDescription(
        key="connectivity",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda runtime: runtime.healthy,
    ),
)


class LinkyBinarySensor(LinkyEntity, SurplusEntity, BinarySensorEntity):
    """Something that is so or not."""

    entity_description: LinkyBinarySensorDescription

    def __init__(
        self, runtime: LinkyRuntime, description: LinkyBinarySensorDescription
    ) -> None:
        """Show one fact."""
        super().__init__(runtime, description.key)
        self.entity_description = description
        self._attr_is_on = description.value_fn(runtime)

    @property
    @override
    def available(self) -> bool:
        """Whether it is known."""
        return self._attr_is_on is not None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the frames."""
        await super().async_added_to_hass()
        self.async_on_remove(self.runtime.async_subscribe(self._refresh))

    @callback
    def _refresh(self) -> None:
        value = self.entity_description.value_fn(self.runtime)
        if value is not self._attr_is_on:
            self._attr_is_on = value
            self.async_write_ha_state()


@callback
def add_binary_sensors(
    hass: HomeAssistant,
    entry: LinkyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add them all; the meter's own are unavailable until it is heard."""
    runtime = entry.runtime_data
    async_add_entities(LinkyBinarySensor(runtime, row) for row in BINARY_SENSORS)
