"""Fields and checks that the forms of several kinds of load share."""

from typing import Any, Final

import voluptuous as vol

from homeassistant.components.input_boolean import DOMAIN as INPUT_BOOLEAN_DOMAIN
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import Platform, UnitOfPower, UnitOfTemperature, UnitOfTime
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ...control.model import Temperatures
from .const import (
    CONF_ACTION,
    CONF_ACTION_DATA,
    CONF_ACTION_FIELD,
    CONF_ENERGY_ENTITY,
    CONF_FIRST_GUESS_W,
    CONF_KD,
    CONF_KI,
    CONF_KP,
    CONF_LEGIONELLA_C,
    CONF_LEGIONELLA_DAYS,
    CONF_MIN_OFF,
    CONF_MIN_ON,
    CONF_PHASES,
    CONF_PHASES_ALL,
    CONF_PHASES_ENTITY,
    CONF_PHASES_ONE,
    CONF_POWER_ENTITY,
    CONF_POWER_SIGN,
    CONF_POWER_W,
    CONF_PRIORITY,
    CONF_REGULATION,
    CONF_RELEASE,
    CONF_REPEAT,
    CONF_SOC_ENTITY,
    CONF_SOURCE,
    CONF_TEMP_ECO,
    CONF_TEMP_MAX,
    CONF_TEMP_MIN,
    CONF_TEMP_SOL_MIN,
    CONF_TEMPERATURE_ENTITY,
    Regulation,
    Release,
)
from .numbers import COLDEST_C, HOTTEST_C, TEMPERATURE_KEYS
from .phases import PHASES_DOMAINS

type Fields = dict[vol.Marker, Any]
type Errors = dict[str, str]

SECTION_ACTION: Final = "by_action"
SECTION_TEMPERATURE: Final = "temperature"
SECTION_RUNNING: Final = "running"
SECTION_PHASES: Final = "phase_switching"
SECTION_REGULATOR: Final = "regulator"

# The wiring, as one choice: L1, L2, L3, all three, or the one that the meter shows.
ONLY_PHASE: Final = "1"
ALL_PHASES: Final = "123"
LEARNED_PHASE: Final = "learn"
WIRINGS: Final = {
    "1": [1],
    "2": [2],
    "3": [3],
    ALL_PHASES: [1, 2, 3],
    LEARNED_PHASE: [],
}

# What can be turned on and off by its own domain's actions.
_SWITCHABLE: Final = (
    Platform.SWITCH,
    INPUT_BOOLEAN_DOMAIN,
    Platform.LIGHT,
    Platform.FAN,
    Platform.CLIMATE,
    Platform.WATER_HEATER,
    Platform.HUMIDIFIER,
    Platform.SIREN,
)
_LONGEST_MIN: Final = 1440
_LARGEST_W: Final = 36_000
_GAINS: Final = (CONF_KP, CONF_KI, CONF_KD)
_LARGEST_GAIN: Final = 10.0


# ---- selectors ---------------------------------------------------------------------


def number(low: float, high: float, step: float, unit: str) -> NumberSelector:
    """Return a box for a number."""
    return NumberSelector(
        NumberSelectorConfig(
            min=low,
            max=high,
            step=step,
            unit_of_measurement=unit,
            mode=NumberSelectorMode.BOX,
        )
    )


def watts() -> NumberSelector:
    """Return a box for a power."""
    return number(0, _LARGEST_W, 1, UnitOfPower.WATT)


def minutes() -> NumberSelector:
    """Return a box for a duration."""
    return number(0, _LONGEST_MIN, 1, UnitOfTime.MINUTES)


def entity(*domains: str, device_class: str | None = None) -> EntitySelector:
    """Return a choice of an entity."""
    config = EntitySelectorConfig(domain=list(domains))
    if device_class is not None:
        config["device_class"] = device_class
    return EntitySelector(config)


def power_sensor() -> EntitySelector:
    """Return a choice of a power sensor."""
    return entity(Platform.SENSOR, device_class=SensorDeviceClass.POWER)


def switchable() -> EntitySelector:
    """Return a choice of what can be turned on and off."""
    return entity(*_SWITCHABLE)


def choice(options: list[str], translation_key: str) -> SelectSelector:
    """Return a choice of words that are translated."""
    return SelectSelector(
        SelectSelectorConfig(
            options=options,
            translation_key=translation_key,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


# ---- groups of fields --------------------------------------------------------------


def place_fields() -> Fields:
    """Return where a load is wired, in which order it comes, and who measures it."""
    return {
        vol.Optional(CONF_POWER_ENTITY): power_sensor(),
        vol.Optional(CONF_ENERGY_ENTITY): entity(
            Platform.SENSOR, device_class=SensorDeviceClass.ENERGY
        ),
        vol.Required(CONF_PHASES, default=ONLY_PHASE): SelectSelector(
            SelectSelectorConfig(
                options=list(WIRINGS), translation_key="charger_phases"
            )
        ),
        vol.Required(CONF_PRIORITY, default=1): vol.All(
            NumberSelector(
                NumberSelectorConfig(min=1, max=99, mode=NumberSelectorMode.BOX)
            ),
            vol.Coerce(int),
        ),
    }


def running_fields(
    rest_min: float, releases: tuple[Release, ...] = tuple(Release)
) -> Fields:
    """Return minimum times, what it is left at, and how often it is told again."""
    return {
        vol.Required(CONF_MIN_ON, default=rest_min): minutes(),
        vol.Required(CONF_MIN_OFF, default=rest_min): minutes(),
        vol.Required(CONF_RELEASE, default=Release.OFF): choice(
            [release.value for release in releases], "release"
        ),
        vol.Required(CONF_REPEAT, default=0): number(0, 3600, 1, UnitOfTime.SECONDS),
    }


def action_fields() -> Fields:
    """Return an action that takes a value, where no entity does."""
    return {
        vol.Optional(CONF_ACTION): TextSelector(),
        vol.Optional(CONF_ACTION_FIELD, default="value"): TextSelector(),
        vol.Optional(CONF_ACTION_DATA): ObjectSelector(),
    }


def phase_fields() -> Fields:
    """Return the entity that sets the number of phases, and what it then shows."""
    return {
        vol.Optional(CONF_PHASES_ENTITY): entity(*PHASES_DOMAINS),
        vol.Optional(CONF_PHASES_ONE, default="1"): TextSelector(),
        vol.Optional(CONF_PHASES_ALL, default="3"): TextSelector(),
    }


def temperature_fields() -> Fields:
    """Return a temperature sensor and the four temperatures of its programme."""
    usual = Temperatures()
    degrees = number(COLDEST_C, HOTTEST_C, 0.5, UnitOfTemperature.CELSIUS)
    return {
        vol.Optional(CONF_TEMPERATURE_ENTITY): entity(
            Platform.SENSOR, device_class=SensorDeviceClass.TEMPERATURE
        ),
        vol.Required(CONF_TEMP_MIN, default=usual.min_c): degrees,
        vol.Required(CONF_TEMP_ECO, default=usual.eco_c): degrees,
        vol.Required(CONF_TEMP_SOL_MIN, default=usual.sol_min_c): degrees,
        vol.Required(CONF_TEMP_MAX, default=usual.max_c): degrees,
        vol.Optional(CONF_LEGIONELLA_C): degrees,
        vol.Required(
            CONF_LEGIONELLA_DAYS, default=usual.legionella_days
        ): NumberSelector(
            NumberSelectorConfig(
                min=1,
                max=31,
                unit_of_measurement=UnitOfTime.DAYS,
                translation_key="time",
                mode=NumberSelectorMode.BOX,
            )
        ),
    }


def regulator_fields() -> Fields:
    """Return how a heater that nobody measures is regulated."""
    gain = NumberSelector(
        NumberSelectorConfig(
            min=0, max=_LARGEST_GAIN, step="any", mode=NumberSelectorMode.BOX
        )
    )
    return {
        vol.Required(CONF_REGULATION, default=Regulation.CHARACTERISTIC): choice(
            [regulation.value for regulation in Regulation], "regulation"
        ),
        **{vol.Optional(key): gain for key in _GAINS},
    }


def without_needless(data: dict[str, Any]) -> dict[str, Any]:
    """Return data without what means nothing without something else."""
    needless: set[str] = set()
    if data.get(CONF_SOURCE):
        needless |= {CONF_POWER_ENTITY, CONF_POWER_SIGN, CONF_SOC_ENTITY}
    if not data.get(CONF_TEMPERATURE_ENTITY):
        needless |= {
            CONF_TEMPERATURE_ENTITY,
            CONF_LEGIONELLA_C,
            CONF_LEGIONELLA_DAYS,
            *TEMPERATURE_KEYS,
        }
    if not data.get(CONF_LEGIONELLA_C):
        needless.add(CONF_LEGIONELLA_DAYS)
    if not Regulation(data.get(CONF_REGULATION, Regulation.CHARACTERISTIC)).has_gains:
        needless |= {*_GAINS}
    if data.get(CONF_POWER_W):
        needless.add(CONF_FIRST_GUESS_W)
    if not data.get(CONF_ACTION):
        needless |= {CONF_ACTION, CONF_ACTION_FIELD, CONF_ACTION_DATA}
    if not data.get(CONF_PHASES_ENTITY):
        needless |= {CONF_PHASES_ENTITY, CONF_PHASES_ONE, CONF_PHASES_ALL}
    return {key: value for key, value in data.items() if key not in needless}
