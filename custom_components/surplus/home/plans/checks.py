"""What cannot be asked of a load."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant

from ...control.model import (
    ChargerSpec,
    HeaterSpec,
    LoadSpec,
    StorageSpec,
    SwitchedSpec,
)
from ...control.needs.specs import NeedKind
from ...measured import is_own
from ...registry import async_get_registry
from .const import (
    CONF_DAYS,
    CONF_LEVEL_ENTITY,
    CONF_LIMIT,
    CONF_LOAD,
    CONF_MINIMUM,
    CONF_NEED,
    CONF_TARGET,
    CONF_VALUE,
)

type Errors = dict[str, str]

_COUNTED = frozenset({NeedKind.ENERGY, NeedKind.HOURS})


def spec_of(hass: HomeAssistant, load_id: str) -> LoadSpec | None:
    """Return what a load is; None of one that is away, of which nothing is known."""
    source = async_get_registry(hass).loads.get(load_id)
    return source.spec if source is not None else None


def needs_for(hass: HomeAssistant, load_id: str) -> frozenset[NeedKind]:
    """Return the kinds of need that make sense for a load."""
    match spec_of(hass, load_id):
        case ChargerSpec():
            return _COUNTED | {NeedKind.CHARGE}
        case StorageSpec():
            return frozenset({NeedKind.ENERGY, NeedKind.CHARGE})
        case HeaterSpec() | SwitchedSpec():
            return _COUNTED | {NeedKind.TEMPERATURE}
    return frozenset(NeedKind)


def schedule_errors(hass: HomeAssistant, data: Mapping[str, Any]) -> Errors:
    """Return what is wrong with a schedule, by field."""
    errors: Errors = {}
    if not data[CONF_DAYS]:
        errors[CONF_DAYS] = "days_missing"
    value = data.get(CONF_VALUE)
    if value is None:
        return errors
    match spec_of(hass, data[CONF_LOAD]):
        case ChargerSpec(min_a=least, max_a=most) if not least <= value <= most:
            errors[CONF_VALUE] = "current_out_of_range"
        case HeaterSpec(min_w=least, max_w=most) if not least <= value <= most:
            errors[CONF_VALUE] = "power_out_of_range"
        case StorageSpec(charge_w=most) if value > most:
            errors[CONF_VALUE] = "power_out_of_range"
        case SwitchedSpec():
            errors[CONF_VALUE] = "only_on_or_off"
    return errors


def need_errors(hass: HomeAssistant, data: Mapping[str, Any]) -> Errors:
    """Return what is wrong with a need, by field."""
    errors: Errors = {}
    if not data[CONF_DAYS]:
        errors[CONF_DAYS] = "days_missing"
    spec, kind = spec_of(hass, data[CONF_LOAD]), NeedKind(data[CONF_NEED])
    level_entity = data.get(CONF_LEVEL_ENTITY)
    if is_own(hass, level_entity):
        errors[CONF_LEVEL_ENTITY] = "own_entity"
    match kind, spec:
        case NeedKind.CHARGE, ChargerSpec() if not level_entity:
            errors[CONF_LEVEL_ENTITY] = "charge_entity_missing"
        case NeedKind.TEMPERATURE, HeaterSpec() | SwitchedSpec():
            if spec.temperatures is None and not level_entity:
                errors[CONF_LEVEL_ENTITY] = "temperature_entity_missing"
            elif is_too_hot(hass, data):
                errors[CONF_TARGET] = "above_maximum"
    if kind is NeedKind.CHARGE:
        errors |= charge_errors(data)
    return errors


def is_too_hot(hass: HomeAssistant, data: Mapping[str, Any]) -> bool:
    """Return whether a temperature is asked that the load's programme never reaches."""
    if data[CONF_NEED] != NeedKind.TEMPERATURE:
        return False
    match spec_of(hass, data[CONF_LOAD]):
        case HeaterSpec(temperatures=programme) | SwitchedSpec(temperatures=programme):
            return programme is not None and data[CONF_TARGET] > programme.max_c
    return False


def charge_errors(data: Mapping[str, Any]) -> Errors:
    """Return what of minimum, target and limit does not go together, by field."""
    minimum, limit = data.get(CONF_MINIMUM, 0), data.get(CONF_LIMIT, 100)
    target = data.get(CONF_TARGET) or None
    if minimum > limit:
        return {CONF_MINIMUM: "minimum_above_limit"}
    if target is not None and target > limit:
        return {CONF_TARGET: "target_above_limit"}
    if target is None and minimum == 0 and limit == 100:
        return {CONF_TARGET: "nothing_asked"}
    return {}
