"""Bring a Home of an earlier version up to date."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback

from ..control.model import Contract
from .config import migrated
from .tariff.const import (
    CONF_CONTRACT,
    CONF_SOURCE,
    CONF_TARIFF_ENTITY,
    SOURCE_ENTITY,
    SUBENTRY_TARIFF,
)
from .tariff.settings import tariff_subentry
from .tariff.texts import tariff_title

# Of minor version 2.
_CHEAP_ENTITY: Final = "cheap_entity"


@callback
def async_migrate_home(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take over a Home's data; an entity that said what is cheap becomes its tariff."""
    data: Mapping[str, Any] = entry.data
    if entry.minor_version < 2:
        data = migrated(data)
    cheap_entity = data.get(_CHEAP_ENTITY)
    hass.config_entries.async_update_entry(
        entry,
        data={key: value for key, value in data.items() if key != _CHEAP_ENTITY},
        minor_version=3,
    )
    if cheap_entity and tariff_subentry(entry) is None:
        subentry = ConfigSubentry(
            data=MappingProxyType(
                {
                    CONF_SOURCE: SOURCE_ENTITY,
                    CONF_CONTRACT: Contract.PEAK_OFF_PEAK.value,
                    CONF_TARIFF_ENTITY: cheap_entity,
                }
            ),
            subentry_type=SUBENTRY_TARIFF,
            title=tariff_title(hass),
            unique_id=None,
        )
        hass.config_entries.async_add_subentry(entry, subentry)
