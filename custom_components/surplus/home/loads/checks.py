"""What may be wrong with the answers of a form, beyond a field's own range."""

from collections.abc import Collection, Mapping
from math import isclose
from typing import Any, Final

from homeassistant.components.light.const import ATTR_SUPPORTED_COLOR_MODES, ColorMode
from homeassistant.components.number.const import ATTR_MAX, ATTR_MIN
from homeassistant.components.sensor.const import ATTR_OPTIONS
from homeassistant.const import PERCENTAGE, STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.util.unit_conversion import PowerConverter

from .const import (
    CONF_ACTION,
    CONF_ACTION_DATA,
    CONF_ACTION_FIELD,
    CONF_COMMAND_ENTITY,
    CONF_CURRENT_ENTITY,
    CONF_POWER_ENTITY,
    CONF_SOC_ENTITY,
    CONF_SWITCH_ENTITY,
    CONF_VEHICLE_ENTITY,
    CONF_VEHICLE_STATES,
)
from .fields import (
    ALL_PHASES,
    SECTION_ACTION,
    SECTION_PHASES,
    SECTION_REGULATOR,
    SECTION_TEMPERATURE,
    Errors,
)
from .outlets import unit_of as unit_shown, watts_per_unit
from .phases import can_say
from .settings import (
    are_ordered,
    gains_of,
    kills_legionella,
    phase_words_of,
    temperatures_of,
)
from .values import attribute_of, is_known, is_there

# As a part of a value: 2.01 kW are 2009.9999999999998 W.
_ROUNDED: Final = 1e-6
POWER_UNITS = frozenset(PowerConverter.VALID_UNITS) - {None}


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
    if words.count != len(ALL_PHASES):
        return {SECTION_PHASES: "needs_three_phases"}
    if words.entity_id in (data[CONF_CURRENT_ENTITY], data.get(CONF_SWITCH_ENTITY)):
        return {SECTION_PHASES: "same_entity"}
    if not can_say(words, hass.states.get(words.entity_id)):
        return {SECTION_PHASES: "phases_words"}
    return {}


def _holds_template(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_template, value.values()))
    if isinstance(value, list):
        return any(map(_holds_template, value))
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def unit_of(hass: HomeAssistant, entity_id: str | None) -> str | None:
    """Return the unit that an entity shows its value in; None when it has none."""
    return unit_shown(_state(hass, entity_id))


def exceeds(value: float, limit: float) -> bool:
    """Return whether a value is above a limit by more than units round."""
    return value > limit and not isclose(value, limit, rel_tol=_ROUNDED)


def cannot_dim(hass: HomeAssistant, entity_id: str | None) -> bool:
    """Return whether a light only turns on and off, as far as it can be told now."""
    state = _state(hass, entity_id)
    modes = state.attributes.get(ATTR_SUPPORTED_COLOR_MODES) if state else None
    return modes is not None and set(modes) == {ColorMode.ONOFF}


def bounds_of(
    hass: HomeAssistant, entity_id: str | None, *, in_watts: bool = False
) -> tuple[float, float]:
    """Return what a number takes, as far as that is known now; in W where it is power.

    One without any room, of a charger without a cable say, tells nothing.
    """
    state = _state(hass, entity_id)
    low = high = None
    if is_there(state):
        low, high = attribute_of(state, ATTR_MIN), attribute_of(state, ATTR_MAX)
    if low is not None and high is not None and high <= low:
        low = high = None
    factor = watts_per_unit(state) if in_watts else 1.0
    return (
        float("-inf") if low is None else low * factor,
        float("inf") if high is None else high * factor,
    )


def never_off(hass: HomeAssistant, entity_id: str | None) -> bool:
    """Return whether a number cannot be set to 0, as far as it can be told now."""
    state = _state(hass, entity_id)
    return is_there(state) and (attribute_of(state, ATTR_MIN) or 0.0) > 0


def soc_errors(hass: HomeAssistant, data: Mapping[str, Any]) -> Errors:
    """Return what is wrong with the sensor of a state of charge."""
    unit = unit_of(hass, data.get(CONF_SOC_ENTITY))
    return {CONF_SOC_ENTITY: "needs_percent"} if unit not in (None, PERCENTAGE) else {}


def vehicle_errors(hass: HomeAssistant, data: Mapping[str, Any]) -> Errors:
    """Return what is wrong with how a vehicle is noticed."""
    entity_id, words = data.get(CONF_VEHICLE_ENTITY), data.get(CONF_VEHICLE_STATES)
    if not entity_id:
        return {}
    if not words:
        return {CONF_VEHICLE_STATES: "states_missing"}
    said = {word.strip().lower() for word in words}
    possible = _possible_states(hass, entity_id)
    if possible and said.isdisjoint(possible):
        return {CONF_VEHICLE_STATES: "states_never"}
    # Left as proposed, of an entity that speaks otherwise.
    shown = _state(hass, entity_id)
    if said == {STATE_ON} and not possible and shown and is_known(shown):
        if shown.state.lower() not in (STATE_ON, STATE_OFF):
            return {CONF_VEHICLE_STATES: "states_not_on"}
    return {}


def _possible_states(hass: HomeAssistant, entity_id: str) -> Collection[str]:
    """Return what an entity can show, in lower case; nothing where nobody knows."""
    if entity_id.startswith(f"{Platform.BINARY_SENSOR}."):
        return (STATE_ON, STATE_OFF)
    state = _state(hass, entity_id)
    options = state.attributes.get(ATTR_OPTIONS) if state else None
    return [str(option).lower() for option in options or ()]


def placeholders_of(
    hass: HomeAssistant, commanded: str | None, data: Mapping[str, Any]
) -> dict[str, str]:
    """Return what an error may say of the entities that were chosen."""
    state = _state(hass, commanded)
    unit = unit_of(hass, commanded)
    vehicle = data.get(CONF_VEHICLE_ENTITY)
    shown = _state(hass, vehicle)
    return {
        "low": _with_unit(attribute_of(state, ATTR_MIN), unit),
        "high": _with_unit(attribute_of(state, ATTR_MAX), unit),
        "unit": unit or "–",
        "soc_unit": unit_of(hass, data.get(CONF_SOC_ENTITY)) or "–",
        "states": ", ".join(_possible_states(hass, vehicle) if vehicle else ()) or "–",
        "state": shown.state if shown else "–",
    }


def _with_unit(value: float | None, unit: str | None) -> str:
    return "–" if value is None else f"{value:g} {unit or ''}".strip()


def _state(hass: HomeAssistant, entity_id: str | None) -> State | None:
    return hass.states.get(entity_id) if entity_id else None
