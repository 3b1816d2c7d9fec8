"""What is asked about each kind of load, and what may be wrong with the answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import voluptuous as vol

from homeassistant.components.light.const import DOMAIN as LIGHT_DOMAIN
from homeassistant.const import (
    CONF_NAME,
    PERCENTAGE,
    Platform,
    UnitOfElectricCurrent,
    UnitOfPower,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TimeSelector,
)

from ...control.loads.characteristic import Characteristic
from .battery_form import battery_errors, with_sources
from .checks import (
    POWER_UNITS,
    bounds_of,
    cannot_dim,
    command_errors,
    exceeds,
    never_off,
    phase_errors,
    regulator_errors,
    soc_errors,
    temperature_errors,
    unit_of,
    vehicle_errors,
)
from .const import (
    CONF_ACTION,
    CONF_CHARACTERISTIC,
    CONF_CHARGE_W,
    CONF_COMMAND_ENTITY,
    CONF_COMMAND_SIGN,
    CONF_COMMAND_UNIT,
    CONF_CURRENT_ENTITY,
    CONF_DAY_ENDS,
    CONF_DISCHARGE_W,
    CONF_FIRST_GUESS_W,
    CONF_FIRST_SOC,
    CONF_FULL_SCALE,
    CONF_KP,
    CONF_LAG,
    CONF_LEAST_RUN,
    CONF_MAX_A,
    CONF_MAX_SOC,
    CONF_MAX_W,
    CONF_MIN_A,
    CONF_MIN_SOC,
    CONF_MIN_W,
    CONF_MOST_RUN,
    CONF_PHASES_ENTITY,
    CONF_POWER_ENTITY,
    CONF_POWER_SIGN,
    CONF_POWER_W,
    CONF_SHEDDABLE,
    CONF_SOC_ENTITY,
    CONF_SOURCE,
    CONF_STEP_A,
    CONF_SWITCH_ENTITY,
    CONF_TEMPERATURE_ENTITY,
    CONF_VEHICLE_ENTITY,
    CONF_VEHICLE_STATES,
    CONF_WRITES_PER_DAY,
    DEFAULT_WRITES_PER_DAY,
    HEATER_WRITES_PER_DAY,
    STORAGE_WRITES_PER_DAY,
    SUBENTRY_BATTERY,
    SUBENTRY_ENTITY_CHARGER,
    SUBENTRY_HEATER,
    SUBENTRY_STORAGE,
    SUBENTRY_SWITCHED,
    VEHICLE_STATES,
    CommandUnit,
    Release,
    Sign,
)
from .fields import (
    SECTION_ACTION,
    SECTION_PHASES,
    SECTION_REGULATOR,
    SECTION_RUNNING,
    SECTION_TEMPERATURE,
    Errors,
    Fields,
    action_fields,
    choice,
    entity,
    minutes,
    number,
    phase_fields,
    place_fields,
    power_sensor,
    regulator_fields,
    running_fields,
    switchable,
    temperature_fields,
    watts,
)
from .outlets import LEVEL_DOMAINS, NUMBER_DOMAINS
from .settings import MIDNIGHT, USUAL_LAG_S

_LARGEST_A: Final = 80
_REST_MIN: Final = 5
_USUAL_FULL_SCALE: Final = 100
_SIGNS: Final = [sign.value for sign in Sign]


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """One kind's form.

    ``commands`` are the fields whose entities are commanded: no other load may.
    ``adapted`` returns the fields as they fit what there is, and the present answers.
    """

    fields: Fields
    sections: Mapping[str, Fields] = field(default_factory=dict)
    check: Callable[[HomeAssistant, Mapping[str, Any]], Errors]
    commands: tuple[str, ...] = ()
    adapted: Callable[[HomeAssistant, Fields, Mapping[str, Any]], Fields] | None = None


# Wrong most of the time, and right for some: told once, then taken as it is.
DOUBTS: Final = frozenset({"full_scale_below_number", "states_not_on"})

# Filled in, this field of a section shows the section open.
OPENS: Final = {
    SECTION_ACTION: CONF_ACTION,
    SECTION_TEMPERATURE: CONF_TEMPERATURE_ENTITY,
    SECTION_PHASES: CONF_PHASES_ENTITY,
    SECTION_REGULATOR: CONF_KP,
}


def _check_heater(hass: HomeAssistant, data: Mapping[str, Any]) -> Errors:
    errors = (
        command_errors(hass, data) | temperature_errors(data) | regulator_errors(data)
    )
    entity_id = data.get(CONF_COMMAND_ENTITY)
    in_watts = data[CONF_COMMAND_UNIT] == CommandUnit.WATT
    unit = unit_of(hass, entity_id)
    is_light = str(entity_id).startswith(f"{LIGHT_DOMAIN}.")
    highest = bounds_of(hass, entity_id, in_watts=in_watts)[1]
    if is_light and cannot_dim(hass, entity_id):
        errors[CONF_COMMAND_ENTITY] = "not_dimmable"
    elif unit not in (None, PERCENTAGE, *POWER_UNITS):
        errors[CONF_COMMAND_ENTITY] = "needs_power_or_percent"
    elif in_watts and (is_light or unit == PERCENTAGE):
        errors[CONF_COMMAND_UNIT] = "takes_percent"
    elif not in_watts and unit in POWER_UNITS:
        errors[CONF_COMMAND_UNIT] = "takes_power"
    elif in_watts and data[CONF_CHARACTERISTIC] != Characteristic.LINEAR:
        errors[CONF_CHARACTERISTIC] = "characteristic_of_percent"
    elif in_watts and exceeds(data[CONF_MAX_W], highest):
        errors[CONF_MAX_W] = "above_number"
    elif not in_watts and exceeds(data[CONF_FULL_SCALE], highest):
        errors[SECTION_RUNNING] = "full_scale_above_number"
    elif (
        unit is None
        and not in_watts
        and data[CONF_FULL_SCALE] == _USUAL_FULL_SCALE
        and _USUAL_FULL_SCALE < highest < float("inf")
    ):
        # Left as proposed, of a number that goes on: 255 may be its full power.
        errors[SECTION_RUNNING] = "full_scale_below_number"
    if data[CONF_MIN_W] >= data[CONF_MAX_W]:
        errors[CONF_MIN_W] = "minimum_not_below_maximum"
    switch = data.get(CONF_SWITCH_ENTITY)
    if switch is not None and switch == entity_id:
        errors[CONF_SWITCH_ENTITY] = "same_entity"
    elif switch is None and never_off(hass, entity_id):
        errors[CONF_SWITCH_ENTITY] = "switch_needed"
    return errors


def _check_switched(hass: HomeAssistant, data: Mapping[str, Any]) -> Errors:
    errors = temperature_errors(data)
    most_run = data.get(CONF_MOST_RUN)
    if most_run is not None and most_run < data[CONF_LEAST_RUN]:
        errors[SECTION_RUNNING] = "run_times"
    return errors


def _check_charger(hass: HomeAssistant, data: Mapping[str, Any]) -> Errors:
    errors = phase_errors(hass, data) | vehicle_errors(hass, data)
    entity_id = data[CONF_CURRENT_ENTITY]
    low, high = bounds_of(hass, entity_id)
    if unit_of(hass, entity_id) not in (None, UnitOfElectricCurrent.AMPERE):
        errors[CONF_CURRENT_ENTITY] = "needs_amperes"
    elif data[CONF_MAX_A] < data[CONF_MIN_A]:
        errors[CONF_MAX_A] = "maximum_below_minimum"
    elif exceeds(data[CONF_MAX_A], high):
        errors[CONF_MAX_A] = "above_number"
    elif exceeds(low, data[CONF_MIN_A]):
        errors[CONF_MIN_A] = "below_number"
    if not data.get(CONF_SWITCH_ENTITY) and never_off(hass, entity_id):
        errors[CONF_SWITCH_ENTITY] = "switch_needed"
    return errors


def _check_storage(hass: HomeAssistant, data: Mapping[str, Any]) -> Errors:
    errors = command_errors(hass, data) | soc_errors(hass, data)
    entity_id = data.get(CONF_COMMAND_ENTITY)
    low, high = bounds_of(hass, entity_id, in_watts=True)
    if data[CONF_COMMAND_SIGN] == Sign.DISCHARGE:
        low, high = -high, -low
    if unit_of(hass, entity_id) not in (None, *POWER_UNITS):
        errors[CONF_COMMAND_ENTITY] = "needs_power"
    elif not data[CONF_CHARGE_W] and not data[CONF_DISCHARGE_W]:
        errors[CONF_CHARGE_W] = "power_missing"
    elif data[CONF_CHARGE_W] and exceeds(data[CONF_CHARGE_W], high):
        errors[CONF_CHARGE_W] = "beyond_number"
    elif data[CONF_DISCHARGE_W] and exceeds(low, -data[CONF_DISCHARGE_W]):
        errors[CONF_DISCHARGE_W] = "beyond_number"
    if data[CONF_MIN_SOC] >= data[CONF_MAX_SOC]:
        errors[CONF_MIN_SOC] = "minimum_not_below_maximum"
    if not data.get(CONF_SWITCH_ENTITY) and never_off(hass, entity_id):
        errors[CONF_SWITCH_ENTITY] = "switch_needed"
    return errors


def _percent() -> NumberSelector:
    return number(0, 100, 1, PERCENTAGE)


def _writes_field(default: int) -> Fields:
    return {
        vol.Required(CONF_WRITES_PER_DAY, default=default): NumberSelector(
            NumberSelectorConfig(min=50, max=50_000, mode=NumberSelectorMode.BOX)
        )
    }


FORMS: Final[dict[str, Form]] = {
    SUBENTRY_HEATER: Form(
        fields={
            vol.Required(CONF_NAME): TextSelector(),
            vol.Optional(CONF_COMMAND_ENTITY): entity(*LEVEL_DOMAINS),
            vol.Required(CONF_COMMAND_UNIT, default=CommandUnit.WATT): choice(
                [unit.value for unit in CommandUnit], "command_unit"
            ),
            vol.Required(CONF_MAX_W, default=2000): number(
                1, 36_000, 1, UnitOfPower.WATT
            ),
            vol.Required(CONF_MIN_W, default=0): watts(),
            vol.Required(CONF_CHARACTERISTIC, default=Characteristic.LINEAR): choice(
                [kind.value for kind in Characteristic], "characteristic"
            ),
            vol.Optional(CONF_SWITCH_ENTITY): switchable(),
            **place_fields(),
        },
        sections={
            SECTION_ACTION: action_fields(),
            SECTION_TEMPERATURE: temperature_fields(),
            SECTION_REGULATOR: regulator_fields(),
            SECTION_RUNNING: {
                **running_fields(0),
                **_writes_field(HEATER_WRITES_PER_DAY),
                vol.Required(CONF_LAG, default=USUAL_LAG_S): number(
                    0, 60, 0.5, UnitOfTime.SECONDS
                ),
                vol.Required(
                    CONF_FULL_SCALE, default=_USUAL_FULL_SCALE
                ): NumberSelector(
                    NumberSelectorConfig(
                        min=1, max=100_000, step="any", mode=NumberSelectorMode.BOX
                    )
                ),
            },
        },
        check=_check_heater,
        commands=(CONF_COMMAND_ENTITY, CONF_SWITCH_ENTITY),
    ),
    SUBENTRY_SWITCHED: Form(
        fields={
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_SWITCH_ENTITY): switchable(),
            vol.Optional(CONF_POWER_W): number(1, 36_000, 1, UnitOfPower.WATT),
            vol.Optional(CONF_FIRST_GUESS_W): number(50, 36_000, 1, UnitOfPower.WATT),
            **place_fields(),
            vol.Required(CONF_SHEDDABLE, default=False): BooleanSelector(),
        },
        sections={
            SECTION_TEMPERATURE: temperature_fields(),
            SECTION_RUNNING: {
                **running_fields(_REST_MIN),
                vol.Required(CONF_LEAST_RUN, default=0): minutes(),
                vol.Optional(CONF_MOST_RUN): minutes(),
                vol.Required(CONF_DAY_ENDS, default=MIDNIGHT): TimeSelector(),
            },
        },
        check=_check_switched,
        commands=(CONF_SWITCH_ENTITY,),
    ),
    SUBENTRY_ENTITY_CHARGER: Form(
        fields={
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_CURRENT_ENTITY): entity(*NUMBER_DOMAINS),
            vol.Optional(CONF_SWITCH_ENTITY): switchable(),
            vol.Optional(CONF_VEHICLE_ENTITY): entity(
                Platform.BINARY_SENSOR, Platform.SENSOR
            ),
            vol.Optional(CONF_VEHICLE_STATES, default=["on"]): SelectSelector(
                SelectSelectorConfig(
                    options=list(VEHICLE_STATES), multiple=True, custom_value=True
                )
            ),
            vol.Required(CONF_MIN_A, default=6): number(
                1, _LARGEST_A, 0.1, UnitOfElectricCurrent.AMPERE
            ),
            vol.Required(CONF_MAX_A, default=16): number(
                1, _LARGEST_A, 0.1, UnitOfElectricCurrent.AMPERE
            ),
            vol.Required(CONF_STEP_A, default=1): number(
                0.1, 10, 0.1, UnitOfElectricCurrent.AMPERE
            ),
            **place_fields(),
        },
        sections={
            SECTION_PHASES: phase_fields(),
            SECTION_RUNNING: {
                **running_fields(_REST_MIN),
                **_writes_field(DEFAULT_WRITES_PER_DAY),
            },
        },
        check=_check_charger,
        commands=(CONF_CURRENT_ENTITY, CONF_SWITCH_ENTITY, CONF_PHASES_ENTITY),
    ),
    SUBENTRY_STORAGE: Form(
        fields={
            vol.Required(CONF_NAME): TextSelector(),
            vol.Optional(CONF_COMMAND_ENTITY): entity(*NUMBER_DOMAINS),
            vol.Required(CONF_COMMAND_SIGN, default=Sign.CHARGE): choice(
                _SIGNS, "battery_sign"
            ),
            vol.Required(CONF_CHARGE_W, default=3000): watts(),
            vol.Required(CONF_DISCHARGE_W, default=3000): watts(),
            vol.Required(CONF_POWER_SIGN, default=Sign.CHARGE): choice(
                _SIGNS, "battery_sign"
            ),
            vol.Optional(CONF_SOC_ENTITY): entity(Platform.SENSOR),
            vol.Required(CONF_MIN_SOC, default=10): _percent(),
            vol.Required(CONF_MAX_SOC, default=100): _percent(),
            vol.Optional(CONF_SWITCH_ENTITY): switchable(),
            **place_fields(),
        },
        sections={
            SECTION_ACTION: action_fields(),
            SECTION_RUNNING: {
                **running_fields(0, (Release.OFF, Release.KEEP)),
                **_writes_field(STORAGE_WRITES_PER_DAY),
            },
        },
        check=_check_storage,
        commands=(CONF_COMMAND_ENTITY, CONF_SWITCH_ENTITY),
    ),
    SUBENTRY_BATTERY: Form(
        fields={
            vol.Required(CONF_NAME): TextSelector(),
            vol.Optional(CONF_SOURCE): TextSelector(),
            vol.Optional(CONF_POWER_ENTITY): power_sensor(),
            vol.Required(CONF_POWER_SIGN, default=Sign.DISCHARGE): choice(
                _SIGNS, "battery_sign"
            ),
            vol.Optional(CONF_SOC_ENTITY): entity(Platform.SENSOR),
            vol.Required(CONF_FIRST_SOC, default=0): _percent(),
        },
        check=battery_errors,
        adapted=with_sources,
    ),
}
