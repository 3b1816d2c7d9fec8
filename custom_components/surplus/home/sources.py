"""The loads that Home follows, as they come and go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import logging
from math import isfinite

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..control.ledger import Counted
from ..control.meters import Witness
from ..control.model import LoadReading, LoadSpec
from ..registry import CountingSource, Registry
from .commander import LoadCommander

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadSight:
    """What a load source says in one cycle."""

    spec: LoadSpec
    reading: LoadReading
    taken_over: float | None
    counted: Counted = field(default_factory=Counted)


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
        self._counting: dict[str, CountingSource] = {}

    @callback
    def async_meet(self) -> None:
        """Meet the sources that are there now."""
        loads = self._registry.loads
        self._counting = {
            load_id: source
            for load_id, source in loads.items()
            if isinstance(source, CountingSource)
        }
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
            counting = self._counting.get(load_id)
            try:
                seen[load_id] = LoadSight(
                    spec=source.spec,
                    reading=source.reading,
                    taken_over=source.taken_over,
                    counted=counting.counted if counting else Counted(),
                )
            except Exception:
                if load_id not in self._broken:
                    _LOGGER.exception("%s cannot be read", load_id)
                self._broken.add(load_id)
                continue
            self._broken.discard(load_id)
        return seen


def witness_of(seen: Mapping[str, LoadSight], solar_w: float | None) -> Witness | None:
    """Return what measured loads say of the grid; None where nothing measures any.

    A battery that is commanded may be one of them: it moves the grid as others do.
    """
    drawn_w = [
        sight.reading.power_w
        for sight in seen.values()
        if sight.reading.reachable and sight.reading.power_w is not None
    ]
    if not drawn_w:
        return None
    power_w = sum(drawn_w) - (solar_w or 0.0)
    # What is odd of one of them says nothing.
    return (
        Witness(power_w=power_w, sees_sun=solar_w is not None)
        if isfinite(power_w)
        else None
    )
