"""The devices of an entry: inverters, and the meters and batteries that hang on them."""

from collections.abc import Mapping
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity

from ..const import DOMAIN, Kind
from .model import Battery, Inverter, Layout, Meter, MeterRole
from .runtime import SolarEdgeConfigEntry, SolarEdgeRuntime

_MAKER: Final = "SolarEdge"

_METER_NAMES: Final = {
    MeterRole.GRID: "solaredge_grid_meter",
    MeterRole.PRODUCTION: "solaredge_production_meter",
    MeterRole.CONSUMPTION: "solaredge_consumption_meter",
    MeterRole.UNKNOWN: "solaredge_meter",
}

type Devices = Mapping[str, DeviceInfo]


def source_id_of(key: str) -> str:
    """Return the id under which a part is known outside its room."""
    return f"{Kind.SOLAREDGE}:{key}"


@callback
def async_devices(hass: HomeAssistant, entry: SolarEdgeConfigEntry) -> Devices:
    """Return the device of each part by its key; inverters are registered already.

    A device can hang only under one that is registered.
    """
    runtime = entry.runtime_data
    layout: Layout = runtime.layout
    registry = dr.async_get(hass)
    devices: dict[str, DeviceInfo] = {}
    registered: dict[str, str] = {}
    leader: str | None = None
    for number, inverter in enumerate(layout.inverters, 1):
        info = _inverter_info(entry, inverter, number, leader)
        device = registry.async_get_or_create(config_entry_id=entry.entry_id, **info)
        leader = leader or device.id
        devices[inverter.key], registered[inverter.key] = info, device.id
    for number, meter in enumerate(layout.meters, 1):
        devices[meter.key] = _part_info(
            meter,
            _METER_NAMES[runtime.role(meter.key)],
            number,
            registered[meter.inverter_key],
        )
    alone = len(layout.batteries) == 1
    for number, battery in enumerate(layout.batteries, 1):
        devices[battery.key] = _part_info(
            battery,
            "solaredge_battery" if alone else "solaredge_numbered_battery",
            number,
            registered[battery.inverter_key],
        )
    return devices


@callback
def async_remove_absent(hass: HomeAssistant, entry: SolarEdgeConfigEntry) -> None:
    """Remove the devices of what is no longer there, unless it only kept silent."""
    layout = entry.runtime_data.layout
    if layout.unsure:
        return
    parts: tuple[Inverter | Meter | Battery, ...] = (
        *layout.inverters,
        *layout.meters,
        *layout.batteries,
    )
    present = {(DOMAIN, source_id_of(part.key)) for part in parts}
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        if not present & device.identifiers:
            registry.async_remove_device(device.id)


def _inverter_info(
    entry: SolarEdgeConfigEntry, inverter: Inverter, number: int, leader: str | None
) -> DeviceInfo:
    info = DeviceInfo(
        identifiers={(DOMAIN, source_id_of(inverter.key))},
        manufacturer=inverter.manufacturer or _MAKER,
        model=(inverter.model or "").partition("-")[0] or None,
        model_id=inverter.model,
        serial_number=inverter.serial,
        sw_version=inverter.version,
    )
    if leader is None:
        info["name"] = entry.title
    else:
        info["translation_key"] = "solaredge_follower"
        info["translation_placeholders"] = {"number": str(number)}
        info["via_device_id"] = leader
    return info


def _part_info(
    part: Meter | Battery, name: str, number: int, parent: str
) -> DeviceInfo:
    return DeviceInfo(
        identifiers={(DOMAIN, source_id_of(part.key))},
        manufacturer=part.manufacturer or _MAKER,
        model=part.model,
        serial_number=part.serial,
        sw_version=part.version,
        translation_key=name,
        translation_placeholders={"number": str(number)},
        via_device_id=parent,
    )


class SolarEdgeEntity(Entity):
    """An entity of a part; mixed in before the platform's class."""

    def __init__(
        self, runtime: SolarEdgeRuntime, part: str, key: str, device: DeviceInfo
    ) -> None:
        """Belong to the part's device."""
        self.runtime = runtime
        self._attr_unique_id = f"{source_id_of(part)}_{key}"
        self._attr_device_info = device
