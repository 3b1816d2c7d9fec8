"""What a loaded SolarEdge entry holds."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from .model import (
    InverterReading,
    Layout,
    LinkCounters,
    LinkState,
    MeterReading,
    MeterRole,
    StorageReading,
    StringsReading,
)
from .plant import Plant
from .sources import house_power_w, production_w

# Values expire by age, and a turn may take long when nobody answers.
_EXPIRY_CHECK: Final = timedelta(seconds=5)

type SolarEdgeConfigEntry = ConfigEntry[SolarEdgeRuntime]


class SolarEdgeRuntime:
    """The devices of an entry, and the entities that follow them."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SolarEdgeConfigEntry,
        plant: Plant,
        source_id: str,
    ) -> None:
        """Follow the devices until the entry is unloaded."""
        self.plant = plant
        self.source_id = source_id
        self._listeners: list[Callable[[], None]] = []
        entry.async_on_unload(plant.subscribe_readings(self._notify))
        entry.async_on_unload(plant.subscribe_changes(self._notify))
        entry.async_on_unload(
            async_track_time_interval(
                hass,
                self._refresh,
                _EXPIRY_CHECK,
                name=f"solaredge {entry.title} expiry",
                cancel_on_shutdown=True,
            )
        )

    @property
    def layout(self) -> Layout:
        """What is behind the entry."""
        return self.plant.layout

    @property
    def state(self) -> LinkState:
        """How it stands with the devices."""
        return self.plant.state

    @property
    def counters(self) -> LinkCounters:
        """What happened to the requests."""
        return self.plant.counters

    def inverter(self, key: str) -> InverterReading | None:
        """Return an inverter's newest reading; None when it is too old."""
        return self.plant.inverter(key)

    def strings(self, key: str) -> StringsReading | None:
        """Return an inverter's newest DC inputs; None when they are too old."""
        return self.plant.strings(key)

    def meter(self, key: str) -> MeterReading | None:
        """Return a meter's newest reading; None when it is too old."""
        return self.plant.meter(key)

    def role(self, key: str) -> MeterRole:
        """Return what a meter measures, as a person has settled it or as it says."""
        for meter in self.layout.meters:
            if meter.key == key:
                return self.plant.roles.of(meter)
        return MeterRole.UNKNOWN

    def battery(self, key: str) -> StorageReading | None:
        """Return a battery's newest reading; None when it is too old."""
        return self.plant.battery(key)

    @property
    def production_w(self) -> float | None:
        """What the sun gives, all inverters together, without batteries."""
        return production_w(self.plant)

    @property
    def house_power_w(self) -> float | None:
        """What the house takes: the inverters' AC power less what is exported."""
        return house_power_w(self.plant)

    @property
    def latency_s(self) -> float | None:
        """How long an answer takes at present, waiting for one's turn included."""
        return self.plant.poller.latency_s

    @callback
    def async_subscribe(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``listener`` when readings or the state may have changed."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def _refresh(self, _now: datetime) -> None:
        self.plant.refresh()

    @callback
    def _notify(self) -> None:
        for listener in tuple(self._listeners):
            listener()
