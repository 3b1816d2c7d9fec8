"""The entities of a charger."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    EntityCategory,
    Platform,
    UnitOfElectricCurrent,
    UnitOfEnergy,
    UnitOfPower,
)
from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.typing import StateType

from ..entity import LiveDescription, LiveSensor, SurplusEntity
from .charge_point import Charger
from .config import source_id
from .errors import OcppError
from .load import explained
from .status import ErrorCode, Status


def _offered(charger: Charger) -> float | None:
    offered = charger.commander().lease.offered
    return offered.amps if offered else None


@dataclass(frozen=True, kw_only=True)
class ChargerSensorDescription(LiveDescription[Charger]):
    """A figure of a charger; ``kept`` is true as well while it is not connected."""

    kept: bool = False


def _counter(
    key: str, value_fn: Callable[[Charger], StateType]
) -> ChargerSensorDescription:
    return ChargerSensorDescription(
        key=key,
        translation_key=f"charger_{key}",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=value_fn,
        kept=True,
    )


SENSORS = (
    ChargerSensorDescription(
        key="status",
        translation_key="charger_status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in Status],
        value_fn=lambda charger: charger.connector().status,
    ),
    ChargerSensorDescription(
        key="current",
        translation_key="charger_current",
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=1,
        value_fn=lambda charger: max(charger.connector().vehicle_currents_a, default=0),
        dead_band=0.2,
    ),
    ChargerSensorDescription(
        key="power",
        translation_key="charger_power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value_fn=lambda charger: charger.connector().power_w,
        dead_band=20.0,
    ),
    ChargerSensorDescription(
        key="offered_current",
        translation_key="charger_offered_current",
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=0,
        value_fn=_offered,
    ),
    ChargerSensorDescription(
        key="total_energy",
        translation_key="charger_total_energy",
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        value_fn=lambda charger: charger.connector().energy.total_wh,
        dead_band=9.0,
        kept=True,
    ),
    ChargerSensorDescription(
        key="error",
        translation_key="charger_error",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=[code.value for code in ErrorCode],
        value_fn=lambda charger: charger.connector().error_code,
    ),
    _counter("malformed", lambda charger: charger.counters.malformed),
    _counter("late_answers", lambda charger: charger.counters.late_answers),
    _counter("connections", lambda charger: charger.counters.connections),
)


@dataclass(frozen=True, kw_only=True)
class ChargerBinarySensorDescription(BinarySensorEntityDescription):
    """A yes or no of a charger; ``always`` also while it is not connected."""

    is_on_fn: Callable[[Charger], bool | None]
    always: bool = False


BINARY_SENSORS = (
    ChargerBinarySensorDescription(
        key="connected",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on_fn=lambda charger: charger.connected,
        always=True,
    ),
    ChargerBinarySensorDescription(
        key="plugged",
        translation_key="charger_plugged",
        device_class=BinarySensorDeviceClass.PLUG,
        is_on_fn=lambda charger: charger.connector().plugged,
    ),
)


@dataclass(frozen=True, kw_only=True)
class ChargerButtonDescription(ButtonEntityDescription):
    """Something a charger can be told to do."""

    press_fn: Callable[[Charger], Awaitable[None]]


BUTTONS = (
    ChargerButtonDescription(
        key="start",
        translation_key="charger_start",
        press_fn=lambda charger: charger.start(),
    ),
    ChargerButtonDescription(
        key="stop",
        translation_key="charger_stop",
        press_fn=lambda charger: charger.stop_session(),
    ),
)


class ChargerEntity(SurplusEntity):
    """Belongs to a charger's device."""

    _always = False

    def __init__(
        self, charger: Charger, description: EntityDescription, device: DeviceInfo
    ) -> None:
        """Take the charger's id for a name."""
        self.entity_description = description
        self._charger = charger
        self._attr_unique_id = f"{source_id(charger.identity)}_{description.key}"
        self._attr_device_info = device

    @property
    @override
    def available(self) -> bool:
        """Whether what it shows is still true."""
        return self._always or self._charger.connected


class QuietChargerEntity(ChargerEntity):
    """Written only when it is news: a charger tells something every few seconds."""

    _shown: object = None

    @property
    def _showing(self) -> object:
        """What is news when it changes."""
        return self.available

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the charger."""
        await super().async_added_to_hass()
        self.async_on_remove(self._charger.subscribe(self._refresh))

    @callback
    def _refresh(self) -> None:
        if (showing := self._showing) != self._shown:
            self._shown = showing
            self.async_write_ha_state()


class ChargerSensor(ChargerEntity, LiveSensor):
    """A figure of a charger."""

    entity_description: ChargerSensorDescription

    def __init__(
        self,
        charger: Charger,
        description: ChargerSensorDescription,
        device: DeviceInfo,
    ) -> None:
        """Show one figure."""
        super().__init__(charger, description, device)
        self._always = description.kept
        self._dead_band = description.dead_band

    @property
    @override
    def live_value(self) -> StateType:
        return self.entity_description.value_fn(self._charger)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the charger."""
        await super().async_added_to_hass()
        self.async_on_remove(self._charger.subscribe(self.async_refresh_live))


class ChargerBinarySensor(QuietChargerEntity, BinarySensorEntity):
    """A yes or no of a charger."""

    entity_description: ChargerBinarySensorDescription

    def __init__(
        self,
        charger: Charger,
        description: ChargerBinarySensorDescription,
        device: DeviceInfo,
    ) -> None:
        """Show one yes or no."""
        super().__init__(charger, description, device)
        self._always = description.always

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the yes or no; None where it is not known."""
        return self.entity_description.is_on_fn(self._charger)

    @property
    @override
    def _showing(self) -> object:
        return self.available, self.is_on


class ChargerButton(QuietChargerEntity, ButtonEntity):
    """Something a charger can be told to do."""

    entity_description: ChargerButtonDescription

    @override
    async def async_press(self) -> None:
        """Tell the charger; raises HomeAssistantError when it refuses."""
        try:
            await self.entity_description.press_fn(self._charger)
        except OcppError as error:
            raise explained(self._charger, error) from error


def charger_entities(
    platform: Platform, charger: Charger, device: DeviceInfo
) -> list[Entity]:
    """Return a charger's own entities for one platform."""
    match platform:
        case Platform.SENSOR:
            return [ChargerSensor(charger, each, device) for each in SENSORS]
        case Platform.BINARY_SENSOR:
            return [
                ChargerBinarySensor(charger, each, device) for each in BINARY_SENSORS
            ]
        case Platform.BUTTON:
            return [ChargerButton(charger, each, device) for each in BUTTONS]
        case _:
            return []
