"""The meter and the loads that Home follows, as they come and go."""

from collections.abc import Callable
from dataclasses import dataclass
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..control.model import GridReading, LoadReading, LoadSpec
from ..registry import MeterSource, Registry
from .commander import LoadCommander

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadSight:
    """What a load source says in one cycle."""

    spec: LoadSpec
    reading: LoadReading
    taken_over: float | None


class FollowedMeter:
    """The grid meter, and the newest reading of it.

    The reading stays and ages while the meter itself is away for a moment.
    """

    def __init__(
        self, on_reading: Callable[[], None], on_other: Callable[[], None]
    ) -> None:
        """Call ``on_reading`` at each reading, ``on_other`` when it is another meter."""
        self.source: MeterSource | None = None
        self._on_reading = on_reading
        self._on_other = on_other
        self._reading: GridReading | None = None
        self._source_id: str | None = None
        self._stop: CALLBACK_TYPE | None = None

    @property
    def reading(self) -> GridReading | None:
        """The newest reading, however old; None before the first."""
        if self.source is not None and (reading := self.source.reading) is not None:
            self._reading = reading
        return self._reading

    @callback
    def async_follow(self, source: MeterSource | None) -> None:
        """Follow this meter from now on; none while it is away."""
        if self._stop is not None:
            self._stop()
            self._stop = None
        self.source = source
        if source is None:
            return
        if source.source_id != self._source_id:
            self._source_id = source.source_id
            self.async_forget()
        self._stop = source.async_subscribe(self._on_reading)

    @callback
    def async_forget(self) -> None:
        """Begin anew: it is another meter, or its values mean something else."""
        self._reading = None
        self._on_other()


class FollowedLoads:
    """The loads that are there, each with whoever carries commands to it."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, registry: Registry
    ) -> None:
        """Follow nothing yet."""
        self.commanders: dict[str, LoadCommander] = {}
        self._hass = hass
        self._entry = entry
        self._registry = registry
        self._broken: set[str] = set()

    @callback
    def async_meet(self) -> None:
        """Meet the sources that are there now."""
        loads = self._registry.loads
        for load_id in set(self.commanders) - set(loads):
            del self.commanders[load_id]
        for load_id, source in loads.items():
            commander = self.commanders.get(load_id)
            if commander is None or commander.source is not source:
                self.commanders[load_id] = LoadCommander(
                    self._hass, self._entry, source
                )

    @callback
    def async_leave(self) -> None:
        """Follow nothing; loads keep what they were told for as long as its lease."""
        self.commanders.clear()

    def look(self) -> dict[str, LoadSight]:
        """Return what the loads say; one that cannot costs itself only."""
        seen = {}
        for load_id, source in self._registry.loads.items():
            try:
                seen[load_id] = LoadSight(
                    spec=source.spec,
                    reading=source.reading,
                    taken_over=source.taken_over,
                )
            except Exception:
                if load_id not in self._broken:
                    _LOGGER.exception("%s cannot be read", load_id)
                self._broken.add(load_id)
                continue
            self._broken.discard(load_id)
        return seen
