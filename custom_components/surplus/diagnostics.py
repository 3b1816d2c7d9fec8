"""Diagnostics of an entry, made by its room."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .kinds import room_of


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: ConfigEntry
) -> dict[str, Any]:
    """Return what helps to understand a report; serials are redacted by the room."""
    return await room_of(entry).async_diagnostics(hass, entry)
