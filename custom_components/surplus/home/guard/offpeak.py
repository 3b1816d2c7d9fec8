"""What the house was found to start by itself when off-peak hours begin."""

from collections.abc import Mapping
from typing import Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import EntityCategory, Platform, UnitOfPower
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ...const import DOMAIN, Kind
from ...control.offpeak import Learned
from ...coordinator import HomeConfigEntry
from ..entities import HomeEntity

_KEY: Final = "offpeak_start"

_DESCRIPTION: Final = SensorEntityDescription(
    key=_KEY,
    translation_key=_KEY,
    device_class=SensorDeviceClass.POWER,
    native_unit_of_measurement=UnitOfPower.WATT,
    suggested_display_precision=0,
    entity_category=EntityCategory.DIAGNOSTIC,
)


class OffPeakStartSensor(HomeEntity, SensorEntity):
    """Its power, for which room is kept free; written when a night has changed it."""

    _written: Learned | None = None

    @property
    def _learned(self) -> Learned | None:
        cycle = self.coordinator.cycle
        return cycle.offpeak_start if cycle is not None else None

    @property
    @override
    def available(self) -> bool:
        """Only while it is known."""
        return self._learned is not None

    @property
    @override
    def native_value(self) -> float | None:
        """Return the power."""
        return self._learned.power_w if self._learned is not None else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, float] | None:
        """Return how sure it is, and within what time it has started."""
        if (learned := self._learned) is None:
            return None
        return {
            "confidence": round(100.0 * learned.confidence),
            "nights": learned.nights,
            "within_s": round(learned.within_s),
        }

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the cycles."""
        await super().async_added_to_hass()
        self._written = self._learned
        self.async_on_remove(self.coordinator.async_add_listener(self._refresh))

    @callback
    def _refresh(self) -> None:
        if self._learned != self._written:
            self._written = self._learned
            self.async_write_ha_state()


def add_offpeak_sensor(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensor once there is something to show: few houses have such a load."""
    coordinator = entry.runtime_data
    stops: list[CALLBACK_TYPE] = []

    @callback
    def stop() -> None:
        while stops:
            stops.pop()()

    @callback
    def add_known() -> None:
        cycle = coordinator.cycle
        if cycle is not None and cycle.offpeak_start is not None:
            stop()
            add([OffPeakStartSensor(entry, _DESCRIPTION)])

    if er.async_get(hass).async_get_entity_id(
        Platform.SENSOR, DOMAIN, f"{Kind.HOME}_{_KEY}"
    ):
        add([OffPeakStartSensor(entry, _DESCRIPTION)])
        return
    stops.append(coordinator.async_add_listener(add_known))
    entry.async_on_unload(stop)
