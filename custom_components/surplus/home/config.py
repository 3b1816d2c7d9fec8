"""Read the Home entry's data."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..control.settings import HomeSettings
from ..metering import power_of
from ..registry import MeterSource, Registry
from .const import (
    CONF_BREAKER_A,
    CONF_CHEAP_ENTITY,
    CONF_EXPORT_ENTITY,
    CONF_GRID_METER,
    CONF_PHASES,
    CONF_POWER_ENTITY,
    CONF_RESERVE_W,
    CONF_SIGN,
    CONF_SOLAR_ENTITY,
    CONF_STRICTNESS,
    CONF_SUBSCRIBED_KVA,
    CONF_ZERO_EXPORT,
    GRID_METER_ENTITY,
    IMPORT_PRICE,
    SIGN_EXPORT,
    STRICTNESS_BALANCED,
)
from .entity_meter import EntityMeter
from .loads.values import on_of
from .store import HomeMemory


def settings_of(entry: ConfigEntry, memory: HomeMemory) -> HomeSettings:
    """Return the engine's settings: what was configured and what was moved since."""
    data = entry.data
    subscribed_kva = data.get(CONF_SUBSCRIBED_KVA)
    return HomeSettings(
        phases=int(data[CONF_PHASES]),
        breaker_a=data.get(CONF_BREAKER_A),
        subscribed_va=subscribed_kva * 1000 if subscribed_kva else None,
        grid_target_w=memory.grid_target_w,
        margin_w=memory.margin_w,
        import_price=IMPORT_PRICE[data.get(CONF_STRICTNESS, STRICTNESS_BALANCED)],
        reserve_w=float(data.get(CONF_RESERVE_W, HomeSettings().reserve_w)),
        sign_reversed=memory.sign_reversed,
        zero_export=bool(data.get(CONF_ZERO_EXPORT)),
    )


def grid_meter_of(
    hass: HomeAssistant, entry: ConfigEntry, registry: Registry
) -> MeterSource | None:
    """Return the configured grid meter; None while it is not there."""
    data = entry.data
    if data[CONF_GRID_METER] != GRID_METER_ENTITY:
        return registry.meters.get(data[CONF_GRID_METER])
    return EntityMeter(
        hass,
        data[CONF_POWER_ENTITY],
        export_entity=data.get(CONF_EXPORT_ENTITY),
        positive_is_export=data.get(CONF_SIGN) == SIGN_EXPORT,
    )


def solar_power_of(hass: HomeAssistant, entry: ConfigEntry) -> float | None:
    """Return the solar production in W; None without a usable sensor."""
    if (entity_id := entry.data.get(CONF_SOLAR_ENTITY)) is None:
        return None
    power_w = power_of(hass.states.get(entity_id))
    # Inverters draw a few watts at night; production is never negative.
    return max(0.0, power_w) if power_w is not None else None


def cheap_of(hass: HomeAssistant, entry: ConfigEntry) -> bool | None:
    """Return whether the user's entity says that hours are cheap now; None if unknown."""
    entity_id = entry.data.get(CONF_CHEAP_ENTITY)
    return on_of(hass.states.get(entity_id)) if entity_id is not None else None
