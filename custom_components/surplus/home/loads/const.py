"""Kinds of subentry, keys of their data, and the choices in their forms."""

from enum import StrEnum
from typing import Final

SUBENTRY_HEATER: Final = "heater"
SUBENTRY_SWITCHED: Final = "switched"
# A subentry of type ``charger`` is one that calls in by OCPP.
SUBENTRY_ENTITY_CHARGER: Final = "entity_charger"
SUBENTRY_STORAGE: Final = "storage"
SUBENTRY_BATTERY: Final = "battery"

CONF_PRIORITY: Final = "priority"
CONF_PHASES: Final = "phases"
CONF_MIN_ON: Final = "min_on"
CONF_MIN_OFF: Final = "min_off"
CONF_RELEASE: Final = "release"
CONF_REPEAT: Final = "repeat"
CONF_POWER_ENTITY: Final = "power_entity"
# A counter of the device's own, which the ledger keeps to.
CONF_ENERGY_ENTITY: Final = "energy_entity"
CONF_POWER_SIGN: Final = "power_sign"
CONF_SWITCH_ENTITY: Final = "switch_entity"

CONF_COMMAND_ENTITY: Final = "command_entity"
CONF_COMMAND_UNIT: Final = "command_unit"
CONF_COMMAND_SIGN: Final = "command_sign"
CONF_FULL_SCALE: Final = "full_scale"
CONF_ACTION: Final = "action"
CONF_ACTION_FIELD: Final = "action_field"
CONF_ACTION_DATA: Final = "action_data"
CONF_CHARACTERISTIC: Final = "characteristic"
CONF_MAX_W: Final = "max_w"
CONF_MIN_W: Final = "min_w"
CONF_LAG: Final = "lag"
CONF_REGULATION: Final = "regulation"
CONF_KP: Final = "kp"
CONF_KI: Final = "ki"
CONF_KD: Final = "kd"

CONF_POWER_W: Final = "power_w"
CONF_FIRST_GUESS_W: Final = "first_guess_w"
CONF_SHEDDABLE: Final = "sheddable"
CONF_LEAST_RUN: Final = "least_run"
CONF_MOST_RUN: Final = "most_run"
CONF_DAY_ENDS: Final = "day_ends"

CONF_CURRENT_ENTITY: Final = "current_entity"
CONF_VEHICLE_ENTITY: Final = "vehicle_entity"
CONF_VEHICLE_STATES: Final = "vehicle_states"
CONF_MIN_A: Final = "min_a"
CONF_MAX_A: Final = "max_a"
CONF_STEP_A: Final = "step_a"
CONF_PHASES_ENTITY: Final = "phases_entity"
CONF_PHASES_ONE: Final = "phases_one"
CONF_PHASES_ALL: Final = "phases_all"
CONF_WRITES_PER_DAY: Final = "writes_per_day"

DEFAULT_WRITES_PER_DAY: Final = 3000
# A dimmer keeps what it is told in memory that does not wear; a battery may not.
HEATER_WRITES_PER_DAY: Final = 20_000
STORAGE_WRITES_PER_DAY: Final = 10_000

CONF_CHARGE_W: Final = "charge_w"
CONF_DISCHARGE_W: Final = "discharge_w"
CONF_SOC_ENTITY: Final = "soc_entity"
CONF_MIN_SOC: Final = "min_soc"
CONF_MAX_SOC: Final = "max_soc"
CONF_FIRST_SOC: Final = "first_soc"
# A battery that a device of Surplus tells of, in place of sensors.
CONF_SOURCE: Final = "source"

CONF_TEMPERATURE_ENTITY: Final = "temperature_entity"
CONF_TEMP_MIN: Final = "temp_min"
CONF_TEMP_ECO: Final = "temp_eco"
CONF_TEMP_SOL_MIN: Final = "temp_sol_min"
CONF_TEMP_MAX: Final = "temp_max"
CONF_LEGIONELLA_C: Final = "legionella_c"
CONF_LEGIONELLA_DAYS: Final = "legionella_days"

# A state is compared in lower case, as the form's hints are written.
VEHICLE_STATES: Final = ("on", "connected", "charging", "ready", "waiting", "paused")


class Release(StrEnum):
    """What a load is left at when Surplus stops commanding it."""

    OFF = "off"
    KEEP = "keep"
    ON = "on"


class CommandUnit(StrEnum):
    """What the value that a heater is told means."""

    WATT = "watt"
    PERCENT = "percent"


class Regulation(StrEnum):
    """How a heater that nobody measures is brought to the surplus.

    ``characteristic`` trusts that it takes what it is told; all others are a PID.
    """

    CHARACTERISTIC = "characteristic"
    GENTLE = "gentle"
    NORMAL = "normal"
    FAST = "fast"
    OWN = "own"
    EARLIER = "earlier"

    @property
    def has_gains(self) -> bool:
        """Whether its gains are typed in."""
        return self in (Regulation.OWN, Regulation.EARLIER)


class Sign(StrEnum):
    """What a positive value of a battery means."""

    CHARGE = "charge"
    DISCHARGE = "discharge"
