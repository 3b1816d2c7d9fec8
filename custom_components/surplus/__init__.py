"""Surplus: a home energy manager inside Home Assistant."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .const import CONF_KIND, DOMAIN, Kind
from .home.migration import async_migrate_home
from .kinds import room_of
from .registry import DATA_REGISTRY, Registry
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Make what exists once: the registry and the actions."""
    hass.data[DATA_REGISTRY] = Registry()
    async_setup_services(hass)
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Bring an entry of an earlier version up to date."""
    if entry.version > 1:
        return False
    if entry.minor_version < 3:
        if entry.data.get(CONF_KIND) == Kind.HOME:
            async_migrate_home(hass, entry)
        else:
            hass.config_entries.async_update_entry(entry, minor_version=3)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Set up an entry in its room."""
    room = room_of(entry)
    await room.async_setup(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, room.platforms)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Unload an entry; connections are parked for its next set-up."""
    room = room_of(entry)
    unloaded = await hass.config_entries.async_unload_platforms(entry, room.platforms)
    if unloaded:
        await room.async_unload(hass, entry)
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget an entry that the user deleted; an ignored discovery has no kind."""
    if CONF_KIND in entry.data:
        await room_of(entry).async_remove(hass, entry)
