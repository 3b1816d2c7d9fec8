"""What a room must offer to be an entry kind."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

type AddEntities = Callable[
    [HomeAssistant, ConfigEntry[Any], AddConfigEntryEntitiesCallback], None
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """An entry kind: how it is set up, unloaded and removed, and its entities.

    ``async_unload`` runs after the platforms are unloaded. ``async_remove`` runs when
    the user deletes the entry.
    """

    async_setup: Callable[[HomeAssistant, ConfigEntry[Any]], Awaitable[None]]
    async_unload: Callable[[HomeAssistant, ConfigEntry[Any]], Awaitable[None]]
    async_remove: Callable[[HomeAssistant, ConfigEntry[Any]], Awaitable[None]]
    async_diagnostics: Callable[
        [HomeAssistant, ConfigEntry[Any]], Awaitable[dict[str, Any]]
    ]
    platforms: Mapping[Platform, AddEntities]
