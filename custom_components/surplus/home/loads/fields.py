"""Fields and checks that the forms of several kinds of load share."""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol

from homeassistant.components.input_boolean import DOMAIN as INPUT_BOOLEAN_DOMAIN
from homeassistant.components.number.const import ATTR_MIN
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    Platform,
    UnitOfPower,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
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
    CONF_COMMAND_ENTITY,
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
    CONF_POWER_W,
    CONF_PRIORITY,
    CONF_REGULATION,
    CONF_RELEASE,
    CONF_REPEAT,
    CONF_TEMP_ECO,
    CONF_TEMP_MAX,
    CONF_TEMP_MIN,
    CONF_TEMP_SOL_MIN,
    CONF_TEMPERATURE_ENTITY,
    Regulation,
    Release,
)
from .numbers import COLDEST_C, HOTTEST_C, TEMPERATURE_KEYS
from .phases import PHASES_DOMAINS, can_say
from .settings import (
    are_ordered,
    gains_of,
    kills_legionella,
    phase_words_of,
    temperatures_of,
)
from .values import attribute_of, is_there

type Fields = dict[vol.Marker, Any]
type Errors = dict[str, str]

SECTION_ACTION: Final = "by_action"
SECTION_TEMPERATURE: Final = "temperature"
SECTION_RUNNING: Final = "running"
SECTION_PHASES: Final = "phase_switching"
SECTION_REGULATOR: Final = "regulator"

# The wiring, as one choice: L1, L2, L3 or all three.
_ALL_PHASES: Final = "123"
WIRINGS: Final = {"1": [1], "2": [2], "3": [3], "123": [1, 2, 3]}

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
        vol.Required(CONF_PHASES, default="1"): SelectSelector(
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
        vol.Required(CONF_LEGIONELLA_DAYS, default=usual.legionella_days): number(
            1, 31, 1, UnitOfTime.DAYS
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


# ---- checks ------------------------------------------------------------------------


def temperature_errors(data: Mapping[str, Any]) -> Errors:
    """Return what is wrong with the four temperatures."""
    temperatures = temperatures_of(data)
    if temperatures is None:
        return {}
    if not are_ordered(temperatures):
        return {SECTION_TEMPERATURE: "temperature_order"}
    if not kills_legionella(temperatures):
        return {SECTION_TEMPERATURE: "legionella_order"}
    return {}


def regulator_errors(data: Mapping[str, Any]) -> Errors:
    """Return what is wrong with how a heater is regulated."""
    gains = gains_of(data)
    if gains is None:
        return {}
    if data.get(CONF_POWER_ENTITY):
        return {SECTION_REGULATOR: "measured"}
    # Only what gathers brings the grid all the way to its target.
    if gains.ki <= 0:
        return {SECTION_REGULATOR: "gains_missing"}
    return {}


def command_errors(hass: HomeAssistant, data: Mapping[str, Any]) -> Errors:
    """Return what is wrong with what a value is set through."""
    entity_id, action = data.get(CONF_COMMAND_ENTITY), data.get(CONF_ACTION)
    if not entity_id and not action:
        return {CONF_COMMAND_ENTITY: "command_missing"}
    if entity_id and action:
        return {CONF_COMMAND_ENTITY: "command_twice"}
    if not action:
        return {}
    domain, _, service = action.partition(".")
    if not hass.services.has_service(domain, service):
        return {SECTION_ACTION: "unknown_action"}
    if not str(data.get(CONF_ACTION_FIELD) or "").strip():
        return {SECTION_ACTION: "action_field_missing"}
    if not isinstance(data.get(CONF_ACTION_DATA) or {}, Mapping):
        return {SECTION_ACTION: "action_data"}
    if _holds_template(data.get(CONF_ACTION_DATA)):
        return {SECTION_ACTION: "no_templates"}
    return {}


def phase_errors(hass: HomeAssistant, data: Mapping[str, Any]) -> Errors:
    """Return what is wrong with how the number of phases is set."""
    words = phase_words_of(data)
    if words is None:
        return {}
    if words.count != len(_ALL_PHASES):
        return {SECTION_PHASES: "needs_three_phases"}
    if not can_say(words, hass.states.get(words.entity_id)):
        return {SECTION_PHASES: "phases_words"}
    return {}


def _holds_template(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_template, value.values()))
    if isinstance(value, list):
        return any(map(_holds_template, value))
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def never_off(hass: HomeAssistant, entity_id: str | None) -> bool:
    """Return whether a number cannot be set to 0, as far as it can be told now."""
    state = hass.states.get(entity_id) if entity_id else None
    if not is_there(state):
        return False
    low = attribute_of(state, ATTR_MIN)
    return low is not None and low > 0


def unit_of(hass: HomeAssistant, entity_id: str | None) -> str | None:
    """Return the unit that an entity shows its value in."""
    state = hass.states.get(entity_id) if entity_id else None
    return state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
