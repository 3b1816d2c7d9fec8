"""What the sensors of needs show: states of charge and temperatures."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ...control.needs.specs import NeedKind
from ..loads.values import share_of, temperature_of
from .const import CONF_LEVEL_ENTITY, CONF_NEED, SUBENTRY_NEED


def levels_of(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, float]:
    """Return the levels that are known now, by need: °C, or shares of 1.

    However long ago a car has told its charge: what it took since is counted.
    """
    levels = {}
    for subentry in entry.get_subentries_of_type(SUBENTRY_NEED):
        if (entity_id := subentry.data.get(CONF_LEVEL_ENTITY)) is None:
            continue
        is_charge = subentry.data[CONF_NEED] == NeedKind.CHARGE
        read = share_of if is_charge else temperature_of
        if (level := read(hass.states.get(entity_id))) is not None:
            levels[subentry.subentry_id] = level
    return levels
