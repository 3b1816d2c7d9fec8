"""Shed and restored, told of the whole Home: one entity to build an automation on."""

from typing import override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ...coordinator import HomeConfigEntry
from ...guard_events import GuardEventEntity
from ..entities import HomeEntity
from ..loads.choice import load_name
from .news import with_circuit_named


class HomeGuardEvent(HomeEntity, GuardEventEntity):
    """What the guard did to any load."""

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the cycles."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_listener(self._look))

    @callback
    def _look(self) -> None:
        cycle = self.coordinator.cycle
        for told in cycle.guard.events if cycle is not None else ():
            event = with_circuit_named(self.hass, told)
            name = load_name(self.hass, event.load_id)
            self._show(event, load=name, load_id=event.load_id)


def add_guard_events(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add what happens to any load."""
    description = EntityDescription(key="guard", translation_key="guard")
    add([HomeGuardEvent(entry, description)])
