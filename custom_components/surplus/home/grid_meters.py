"""The grid meters that the Home entry's data names, in the user's order."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..registry import MeterSource, Registry
from .const import (
    CONF_EXPORT_ENTITY,
    CONF_GRID_METERS,
    CONF_POWER_ENTITY,
    CONF_SIGN,
    ENTITY_METER_KEYS,
    GRID_METER_ENTITY,
    SIGN_EXPORT,
)
from .entity_meter import EntityMeter, entity_meter_id


def meter_ids_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of the grid meters, in the user's order."""
    return tuple(
        entity_meter_id(data[CONF_POWER_ENTITY])
        if meter == GRID_METER_ENTITY
        else str(meter)
        for meter in data[CONF_GRID_METERS]
    )


def changed_meters(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str] | None:
    """Return the grid meters whose values mean something else now, or are not used.

    None where even the order is the same.
    """
    before, after = meter_ids_of(old), meter_ids_of(new)
    changed = set(before) - set(after)
    if any(old.get(key) != new.get(key) for key in ENTITY_METER_KEYS):
        changed |= {
            entity_meter_id(data[CONF_POWER_ENTITY])
            for data in (old, new)
            if GRID_METER_ENTITY in data[CONF_GRID_METERS]
        }
    return None if before == after and not changed else changed


def grid_meters_of(
    hass: HomeAssistant, entry: ConfigEntry, registry: Registry
) -> dict[str, MeterSource | None]:
    """Return the grid meters in the user's order; None for one that is not there."""
    data = entry.data
    return {
        meter_id: EntityMeter(
            hass,
            data[CONF_POWER_ENTITY],
            export_entity=data.get(CONF_EXPORT_ENTITY),
            positive_is_export=data.get(CONF_SIGN) == SIGN_EXPORT,
        )
        if meter == GRID_METER_ENTITY
        else registry.meters.get(meter_id)
        for meter, meter_id in zip(
            data[CONF_GRID_METERS], meter_ids_of(data), strict=True
        )
    }
