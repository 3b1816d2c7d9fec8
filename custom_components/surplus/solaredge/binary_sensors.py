"""What is so or not, of the link and of each inverter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from solaredged import InverterStatus

from homeassistant.components.binary_sensor import BinarySensorEntityDescription
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..entity import LiveFact
from .devices import SolarEdgeEntity, async_devices
from .model import Inverter, InverterReading, LinkState
from .runtime import SolarEdgeConfigEntry, SolarEdgeRuntime


@dataclass(frozen=True, kw_only=True)
class SolarEdgeBinaryDescription(BinarySensorEntityDescription):
    """Something about an inverter that is so or not; None when nobody knows."""

    exists_fn: Callable[[Inverter], bool] = lambda _inverter: True
    value_fn: Callable[[InverterReading], bool | None]


_CONNECTIVITY: Final = BinarySensorEntityDescription(
    key="connectivity",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)

_INVERTER_SENSORS: Final = (
    SolarEdgeBinaryDescription(
        key="fault",
        translation_key="solaredge_fault",
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=lambda reading: (
            None if reading.status is None else reading.status is InverterStatus.FAULT
        ),
    ),
    SolarEdgeBinaryDescription(
        key="on_grid",
        translation_key="solaredge_on_grid",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=lambda inverter: inverter.extended,
        value_fn=lambda reading: reading.on_grid,
    ),
)


class SolarEdgeBinarySensor(SolarEdgeEntity, LiveFact):
    """Something that is so or not."""

    def __init__(
        self,
        runtime: SolarEdgeRuntime,
        part: str,
        device: DeviceInfo,
        description: BinarySensorEntityDescription,
        value_fn: Callable[[], bool | None],
    ) -> None:
        """Show one fact."""
        super().__init__(runtime, part, description.key, device)
        self.entity_description = description
        self._value_fn = value_fn

    @property
    @override
    def live_fact(self) -> bool | None:
        """Whether it is so now."""
        return self._value_fn()

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the readings."""
        await super().async_added_to_hass()
        self.async_on_remove(self.runtime.async_subscribe(self.async_refresh_live))


def _fact(
    runtime: SolarEdgeRuntime,
    inverter: Inverter,
    device: DeviceInfo,
    row: SolarEdgeBinaryDescription,
) -> SolarEdgeBinarySensor:
    def value() -> bool | None:
        reading = runtime.inverter(inverter.key)
        return None if reading is None else row.value_fn(reading)

    return SolarEdgeBinarySensor(runtime, inverter.key, device, row, value)


@callback
def add_binary_sensors(
    hass: HomeAssistant,
    entry: SolarEdgeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add them all."""
    runtime = entry.runtime_data
    devices = async_devices(hass, entry)
    leader = runtime.layout.inverters[0].key

    def connected() -> bool | None:
        if runtime.state is LinkState.WAITING:
            return None
        # An inverter that sleeps is where it should be.
        return runtime.state in (LinkState.READING, LinkState.ASLEEP)

    async_add_entities(
        [
            SolarEdgeBinarySensor(
                runtime,
                leader,
                devices[leader],
                _CONNECTIVITY,
                connected,
            )
        ]
    )
    async_add_entities(
        _fact(runtime, inverter, devices[inverter.key], row)
        for inverter in runtime.layout.inverters
        for row in _INVERTER_SENSORS
        if row.exists_fn(inverter)
    )
