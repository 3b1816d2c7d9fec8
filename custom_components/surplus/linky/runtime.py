"""What a loaded Linky entry holds, and the grid meter it offers to Home."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.event import async_track_time_interval

from ..const import DOMAIN
from ..control.model import GridReading
from .connection import Link, Trouble
from .identity import manufacturer_of, model_of
from .meter import Meter
from .power import knows_direction

# Values expire by age, and nothing calls when nothing arrives.
_EXPIRY_CHECK: Final = timedelta(seconds=5)

type LinkyConfigEntry = ConfigEntry[LinkyRuntime]


@dataclass(slots=True)
class LinkyMeter:
    """A Linky as a grid meter (registry.MeterSource)."""

    entry: LinkyConfigEntry
    link: Link
    source_id: str
    followers: int = 0

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self.entry.title

    @property
    def knows_direction(self) -> bool:
        """Whether it can tell export from import: not in historic mode."""
        return knows_direction(self.link.meter)

    @property
    def reading(self) -> GridReading | None:
        """The newest reading, however old."""
        return self.link.reading

    @property
    def asleep(self) -> bool:
        """It never sleeps."""
        return False

    @callback
    def async_subscribe(self, on_reading: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``on_reading`` at each new reading."""
        unsubscribe = self.link.subscribe_readings(on_reading)
        self.followers += 1

        @callback
        def leave() -> None:
            unsubscribe()
            self.followers -= 1

        return leave


class LinkyRuntime:
    """The link of an entry, and the entities that follow it."""

    def __init__(
        self, hass: HomeAssistant, entry: LinkyConfigEntry, link: Link, source_id: str
    ) -> None:
        """Follow the link until the entry is unloaded."""
        self.link = link
        self.source_id = source_id
        self.identity = source_id.partition(":")[2]
        self.device_info = DeviceInfo(
            identifiers={(DOMAIN, source_id)},
            name=entry.title,
            manufacturer=manufacturer_of(self.identity),
            model=model_of(self.identity),
            serial_number=self.identity,
        )
        self._listeners: list[Callable[[], None]] = []
        entry.async_on_unload(link.subscribe_updates(self._notify))
        entry.async_on_unload(
            async_track_time_interval(
                hass,
                self._notify,
                _EXPIRY_CHECK,
                name=f"linky {entry.title} expiry",
                cancel_on_shutdown=True,
            )
        )

    @property
    def meter(self) -> Meter | None:
        """The meter's state; None while it is not known to be the entry's own meter."""
        if self.link.meter.identity != self.identity:
            return None
        return self.link.meter

    @property
    def now(self) -> float:
        """The link's monotonic time."""
        return self.link.clock()

    @property
    def healthy(self) -> bool:
        """Whether frames of the right meter arrive."""
        return self.link.receiving and self.link.trouble is None

    @property
    def state(self) -> str:
        """The link's health as a word: ok, noisy, waiting or a trouble."""
        if self.link.trouble is not None:
            return self.link.trouble
        if not self.link.receiving:
            return "waiting"
        return "noisy" if self.link.noisy else "ok"

    STATES: Final = ("ok", "noisy", "waiting", *(trouble.value for trouble in Trouble))

    @callback
    def async_subscribe(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``listener`` when values may have changed or expired."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def async_add_when_seen[D](
        self,
        entry: LinkyConfigEntry,
        descriptions: Iterable[D],
        exists: Callable[[D, Meter], bool],
        add: Callable[[list[D]], Any],
    ) -> None:
        """Add what the meter sends, now and whenever something new is seen."""
        pending = list(descriptions)

        @callback
        def look() -> None:
            if (meter := self.meter) is None:
                return
            found = [row for row in pending if exists(row, meter)]
            if found:
                pending[:] = [row for row in pending if row not in found]
                add(found)

        entry.async_on_unload(self.async_subscribe(look))
        look()

    @callback
    def _notify(self, _now: datetime | None = None) -> None:
        for listener in tuple(self._listeners):
            listener()


class LinkyEntity(Entity):
    """An entity of the meter; mixed in before the platform's class."""

    def __init__(self, runtime: LinkyRuntime, key: str) -> None:
        """Belong to the meter's device."""
        self.runtime = runtime
        self._attr_unique_id = f"{runtime.source_id}_{key}"
        self._attr_device_info = runtime.device_info
