"""Keys of the Home entry's data."""

from typing import Final

CONF_PHASES: Final = "phases"
CONF_BREAKER_A: Final = "breaker_a"
CONF_SUBSCRIBED_KVA: Final = "subscribed_kva"
CONF_GRID_METERS: Final = "grid_meters"
CONF_POWER_ENTITY: Final = "power_entity"
CONF_EXPORT_ENTITY: Final = "export_entity"
CONF_SIGN: Final = "sign"
CONF_SOLAR_ENTITY: Final = "solar_entity"
CONF_SOLAR_SOURCES: Final = "solar_sources"
CONF_STRICTNESS: Final = "strictness"
CONF_ZERO_EXPORT: Final = "zero_export"
CONF_RESERVE_W: Final = "reserve_w"
# Whether a user has said that nothing limits what the house may draw.
CONF_NO_LIMIT: Final = "no_limit"

# What a meter made of entities of other integrations is made of.
ENTITY_METER_KEYS: Final = (CONF_POWER_ENTITY, CONF_EXPORT_ENTITY, CONF_SIGN)

# Stands for that meter in CONF_GRID_METERS, which are in the user's order.
GRID_METER_ENTITY: Final = "entity"

SIGN_IMPORT: Final = "import"
SIGN_EXPORT: Final = "export"

STRICTNESS_BALANCED: Final = "balanced"
STRICTNESS_STRICT: Final = "strict"
# As balanced, but the tariff may also ask for less.
STRICTNESS_CHEAPEST: Final = "cheapest"

# What an imported Wh is worth against a captured one.
IMPORT_PRICE: Final = {
    STRICTNESS_BALANCED: 1.0,
    STRICTNESS_STRICT: 25.0,
    STRICTNESS_CHEAPEST: 1.0,
}
