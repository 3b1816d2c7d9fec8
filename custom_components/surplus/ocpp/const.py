"""Keys of the entry's and the chargers' data."""

from enum import StrEnum
from typing import Final

SUBENTRY_CHARGER: Final = "charger"

CONF_IDENTITY: Final = "identity"
CONF_PHASES: Final = "phases"
CONF_MIN_A: Final = "min_a"
CONF_MAX_A: Final = "max_a"
CONF_SAFE_A: Final = "safe_a"
CONF_PRIORITY: Final = "priority"
CONF_TAG: Final = "tag"
CONF_AUTO_START: Final = "auto_start"
CONF_POWER_ENTITY: Final = "power_entity"
CONF_PHASE_SWITCHING: Final = "phase_switching"
CONF_WRITES_PER_DAY: Final = "writes_per_day"

DEFAULT_HOST: Final = "0.0.0.0"  # chargers call in from the network
DEFAULT_PORT: Final = 9000
DEFAULT_WRITES_PER_DAY: Final = 3000


class PhaseSwitching(StrEnum):
    """How a charger is told on how many phases to charge."""

    OFF = "off"
    PROFILE = "profile"
