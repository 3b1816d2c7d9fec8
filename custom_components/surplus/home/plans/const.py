"""Kinds of subentry, and the keys of their data."""

from typing import Final

SUBENTRY_SCHEDULE: Final = "schedule"
SUBENTRY_NEED: Final = "need"
SUBENTRIES: Final = (SUBENTRY_SCHEDULE, SUBENTRY_NEED)

CONF_LOAD: Final = "load"
CONF_DAYS: Final = "days"
CONF_ENABLED: Final = "enabled"
CONF_ON_DEAR: Final = "on_dear"

CONF_BEGINS: Final = "begins"
CONF_ENDS: Final = "ends"
CONF_VALUE: Final = "value"
CONF_ENERGY_KWH: Final = "energy_kwh"

CONF_NEED: Final = "need"
CONF_TARGET: Final = "target"
CONF_READY_BY: Final = "ready_by"
CONF_LEVEL_ENTITY: Final = "level_entity"
CONF_MINIMUM: Final = "minimum"
CONF_LIMIT: Final = "limit"
CONF_CAPACITY_KWH: Final = "capacity_kwh"
CONF_EFFICIENCY: Final = "efficiency"

# As Home Assistant's own weekday selectors name them, from Monday on.
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
