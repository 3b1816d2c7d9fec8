"""Read the Home entry's data."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..control.settings import HomeSettings
from ..metering import power_of
from ..registry import Registry
from .circuits.settings import circuits_of
from .const import (
    CONF_BREAKER_A,
    CONF_GRID_METERS,
    CONF_PHASES,
    CONF_RESERVE_W,
    CONF_SOLAR_ENTITY,
    CONF_SOLAR_SOURCES,
    CONF_STRICTNESS,
    CONF_SUBSCRIBED_KVA,
    CONF_ZERO_EXPORT,
    IMPORT_PRICE,
    STRICTNESS_BALANCED,
)
from .plans.settings import needs_of, schedules_of
from .store import HomeMemory

# A production that was told longer ago may be anything by now.
_PRODUCTION_STALE_S: Final = 60.0
# Of minor version 1.
_GRID_METER: Final = "grid_meter"


def settings_of(
    entry: ConfigEntry, memory: HomeMemory, control_id: str | None = None
) -> HomeSettings:
    """Return the engine's settings: what was configured and what was moved since.

    ``control_id`` is the grid meter that controls, None while none does.
    """
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
        sign_reversed=control_id in memory.reversed_meters,
        zero_export=bool(data.get(CONF_ZERO_EXPORT)),
        circuits=circuits_of(entry),
        schedules=schedules_of(entry),
        needs=needs_of(entry),
        observing=memory.observing,
    )


def solar_power_of(
    hass: HomeAssistant, entry: ConfigEntry, registry: Registry, now: float
) -> float | None:
    """Return the solar production in W, all together; None where one is not known."""
    told: list[float | None] = []
    if (entity_id := entry.data.get(CONF_SOLAR_ENTITY)) is not None:
        told.append(power_of(hass.states.get(entity_id)))
    for source_id in entry.data.get(CONF_SOLAR_SOURCES, ()):
        source = registry.productions.get(source_id)
        reading = source.reading if source is not None else None
        recent = reading is not None and now - reading[1] <= _PRODUCTION_STALE_S
        told.append(reading[0] if reading is not None and recent else None)
    known = [power_w for power_w in told if power_w is not None]
    if not known or len(known) < len(told):
        return None
    # Inverters draw a few watts at night; production is never negative.
    return sum(max(0.0, power_w) for power_w in known)


def migrated(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of minor version 1, which knew one grid meter, as of version 2."""
    others = {key: value for key, value in data.items() if key != _GRID_METER}
    return {**others, CONF_GRID_METERS: [data[_GRID_METER]]}
