"""The one table of kinds of load made of entities."""

from typing import Any, Final

from homeassistant.core import HomeAssistant

from ..settings import (
    EntityChargerSettings,
    HeaterSettings,
    LoadSettings,
    StorageSettings,
    SwitchedSettings,
)
from .base import EntityLoad
from .charger import EntityChargerLoad
from .heater import HeaterLoad
from .storage import StorageLoad
from .switched import SwitchedLoad

_KINDS: Final[dict[type[LoadSettings], type[EntityLoad[Any]]]] = {
    EntityChargerSettings: EntityChargerLoad,
    HeaterSettings: HeaterLoad,
    StorageSettings: StorageLoad,
    SwitchedSettings: SwitchedLoad,
}


def load_of(hass: HomeAssistant, settings: LoadSettings) -> EntityLoad[Any]:
    """Return the load that settings describe."""
    return _KINDS[type(settings)](hass, settings)
