"""The form of a battery that is observed: of a device, or of sensors."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ...registry import async_get_registry
from .checks import soc_errors
from .const import CONF_FIRST_SOC, CONF_POWER_ENTITY, CONF_SOC_ENTITY, CONF_SOURCE
from .fields import Errors, Fields


def with_sources(
    hass: HomeAssistant, fields: Fields, answers: Mapping[str, Any]
) -> Fields:
    """Let a battery be one that a device tells of, where there are any."""
    sources = {
        source_id: source.name
        for source_id, source in async_get_registry(hass).batteries.items()
    }
    # One that is away now must not be lost by changing something else.
    if present := answers.get(CONF_SOURCE):
        sources.setdefault(present, present)
    if not sources:
        return {
            vol.Required(CONF_POWER_ENTITY) if key == CONF_POWER_ENTITY else key: value
            for key, value in fields.items()
            if key != CONF_SOURCE
        }
    chosen = SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=source_id, label=name)
                for source_id, name in sources.items()
            ],
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
    return {
        key: chosen if key == CONF_SOURCE else value for key, value in fields.items()
    }


def battery_errors(hass: HomeAssistant, data: Mapping[str, Any]) -> Errors:
    """Return what is wrong with the answers; a device tells all there is to know."""
    if data.get(CONF_SOURCE):
        return {}
    if not data.get(CONF_POWER_ENTITY):
        return {CONF_POWER_ENTITY: "power_sensor_missing"}
    if data[CONF_FIRST_SOC] and not data.get(CONF_SOC_ENTITY):
        return {CONF_SOC_ENTITY: "soc_needed"}
    return soc_errors(hass, data)
