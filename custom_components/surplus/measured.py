"""Which sensors measure what already: nothing is to be measured or counted twice."""

from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .const import CONF_KIND, DOMAIN, Kind

_LOAD_KEY: Final = "power_entity"
# The Home's own power sensors.
_HOME_KEYS: Final = (_LOAD_KEY, "export_entity", "solar_entity")


def own_kind(hass: HomeAssistant, entity_id: str | None) -> Kind | None:
    """Return what kind of entry made an entity; None where it is not Surplus's."""
    registered = er.async_get(hass).async_get(entity_id) if entity_id else None
    if registered is None or registered.platform != DOMAIN:
        return None
    entry = hass.config_entries.async_get_entry(registered.config_entry_id or "")
    return Kind(entry.data[CONF_KIND]) if entry is not None else Kind.HOME


def is_own(hass: HomeAssistant, entity_id: str | None) -> bool:
    """Return whether an entity is one of Surplus's: it would follow or command itself."""
    return own_kind(hass, entity_id) is not None


def load_sensors(hass: HomeAssistant, without: str | None = None) -> set[str]:
    """Return the power sensors of all loads but of the subentry ``without``."""
    return {
        power_entity
        for entry in hass.config_entries.async_entries(DOMAIN)
        for subentry in entry.subentries.values()
        if subentry.subentry_id != without
        if (power_entity := subentry.data.get(_LOAD_KEY)) is not None
    }


def measuring_sensors(hass: HomeAssistant, without: str | None = None) -> set[str]:
    """Return the sensors of the grid, the sun and all loads but one."""
    homes = (
        entry.data
        for entry in hass.config_entries.async_entries(DOMAIN)
        if entry.data.get(CONF_KIND) == Kind.HOME
    )
    home_sensors = {home[key] for home in homes for key in _HOME_KEYS if home.get(key)}
    return home_sensors | load_sensors(hass, without)
