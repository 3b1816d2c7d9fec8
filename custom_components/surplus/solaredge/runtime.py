"""What a loaded SolarEdge entry holds."""

from collections.abc import Callable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, callback

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

type SolarEdgeConfigEntry = ConfigEntry[SolarEdgeRuntime]


class SolarEdgeRuntime:
    """The readings of an entry, and the entities that follow them."""

    source_id: str
    layout: Layout
    state: LinkState
    counters: LinkCounters

    def inverter(self, key: str) -> InverterReading | None:
        """Return an inverter's newest reading; None when it is too old."""
        raise NotImplementedError

    def strings(self, key: str) -> StringsReading | None:
        """Return an inverter's newest DC inputs; None when they are too old."""
        raise NotImplementedError

    def meter(self, key: str) -> MeterReading | None:
        """Return a meter's newest reading; None when it is too old."""
        raise NotImplementedError

    def role(self, key: str) -> MeterRole:
        """Return what a meter measures, as a person has settled it or as it says."""
        raise NotImplementedError

    def battery(self, key: str) -> StorageReading | None:
        """Return a battery's newest reading; None when it is too old."""
        raise NotImplementedError

    @property
    def production_w(self) -> float | None:
        """What the sun gives, all inverters together, without batteries."""
        raise NotImplementedError

    @property
    def house_power_w(self) -> float | None:
        """What the house takes: the inverters' AC power less what is exported."""
        raise NotImplementedError

    @property
    def latency_s(self) -> float | None:
        """How long an answer takes at present, waiting for one's turn included."""
        raise NotImplementedError

    @callback
    def async_subscribe(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``listener`` when readings or the state may have changed."""
        raise NotImplementedError
