"""The circuits of the Home at work: a device and a sensor for each."""

from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import UnitOfElectricCurrent
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util.hass_dict import HassKey

from ...const import DOMAIN, Kind
from ...control.settings import Circuit
from ...coordinator import HomeConfigEntry, HomeCoordinator
from ...entity import LiveSensor
from ..shown import Listeners
from .settings import SUBENTRY_CIRCUIT


class CircuitCurrentSensor(LiveSensor):
    """What our loads draw behind a circuit, on its most loaded phase."""

    _attr_translation_key = "circuit_current"
    _attr_device_class = SensorDeviceClass.CURRENT
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_native_unit_of_measurement = UnitOfElectricCurrent.AMPERE
    _attr_suggested_display_precision = 1
    _dead_band = 0.2

    def __init__(
        self,
        coordinator: HomeCoordinator,
        circuit_id: str,
        device: DeviceInfo,
        listeners: Listeners,
    ) -> None:
        """Belong to the circuit's device; ``listeners`` are told of another limit."""
        self._coordinator = coordinator
        self._limits = listeners
        self._circuit_id = circuit_id
        self._attr_unique_id = f"{Kind.HOME}:{circuit_id}_current"
        self._attr_device_info = device

    @property
    def _circuit(self) -> Circuit | None:
        circuits = self._coordinator.engine.settings.circuits
        return next(
            (one for one in circuits if one.circuit_id == self._circuit_id), None
        )

    @property
    @override
    def available(self) -> bool:
        """Whether anybody knows what is drawn."""
        return self.live_value is not None

    @property
    @override
    def live_value(self) -> StateType:
        """Return the current; None while no meter tells."""
        cycle = self._coordinator.cycle
        return cycle.circuits_a.get(self._circuit_id) if cycle else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, float] | None:
        """Return what the breaker allows."""
        circuit = self._circuit
        return {"limit_a": circuit.limit_a} if circuit is not None else None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the cycles."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self._coordinator.async_add_listener(self.async_refresh_live)
        )
        self.async_on_remove(
            self._limits.async_subscribe(self._circuit_id, self.async_write_ha_state)
        )


class HomeCircuits:
    """Keeps devices and sensors in line with the circuits; their limits are settings.

    What belongs to a subentry that is deleted, Home Assistant removes.
    """

    def __init__(self, hass: HomeAssistant, entry: HomeConfigEntry) -> None:
        """Begin with no circuit."""
        self._hass = hass
        self._entry = entry
        self._shown: set[str] = set()
        self._limits = Listeners()
        self._add: AddConfigEntryEntitiesCallback | None = None

    @callback
    def async_add_sensors(self, add: AddConfigEntryEntitiesCallback) -> None:
        """Add the sensors of all circuits, and those of later ones when they come."""
        self._add = add
        self.async_updated()

    @callback
    def async_updated(self) -> None:
        """Bring everything in line with the entry after a change."""
        circuits = {
            subentry.subentry_id: subentry
            for subentry in self._entry.get_subentries_of_type(SUBENTRY_CIRCUIT)
        }
        self._shown &= circuits.keys()
        for circuit_id, subentry in circuits.items():
            device = self._register_device(subentry)
            if circuit_id in self._shown:
                self._limits.async_notify(circuit_id)
            elif self._add is not None:
                sensor = CircuitCurrentSensor(
                    self._entry.runtime_data, circuit_id, device, self._limits
                )
                self._shown.add(circuit_id)
                self._add([sensor], config_subentry_id=circuit_id)

    def _register_device(self, subentry: ConfigSubentry) -> DeviceInfo:
        devices = dr.async_get(self._hass)
        home = devices.async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={(DOMAIN, Kind.HOME)},
            entry_type=DeviceEntryType.SERVICE,
            name=self._entry.title,
        )
        device = DeviceInfo(
            identifiers={(DOMAIN, f"{Kind.HOME}:{subentry.subentry_id}")},
            name=subentry.title,
            entry_type=DeviceEntryType.SERVICE,
            via_device_id=home.id,
        )
        devices.async_get_or_create(
            config_entry_id=self._entry.entry_id,
            config_subentry_id=subentry.subentry_id,
            **device,
        )
        return device


DATA_HOME_CIRCUITS: HassKey[HomeCircuits] = HassKey("surplus_home_circuits")


@callback
def async_get_circuits(hass: HomeAssistant, entry: ConfigEntry) -> HomeCircuits:
    """Return the circuits of the Home, of which there is one."""
    if (circuits := hass.data.get(DATA_HOME_CIRCUITS)) is None:
        circuits = hass.data[DATA_HOME_CIRCUITS] = HomeCircuits(hass, entry)

        @callback
        def leave() -> None:
            hass.data.pop(DATA_HOME_CIRCUITS, None)

        entry.async_on_unload(leave)
    return circuits


def add_circuit_sensors(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add what is shown of each circuit, now and when one is made."""
    async_get_circuits(hass, entry).async_add_sensors(add)
