"""Actions. They exist from start-up on, whether or not an entry is loaded."""

import voluptuous as vol

from homeassistant.components.select import DOMAIN as SELECT_DOMAIN
from homeassistant.core import HomeAssistant, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv, service

from .const import DOMAIN
from .control.model import Mode
from .sessions import async_get_sessions

# Beyond any battery, and beyond any supply: such a number was meant otherwise.
_MOST_ENERGY_KWH = 500.0
_LARGEST_VALUE = 100_000.0


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions on a load's mode entity."""
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        "set_mode",
        entity_domain=SELECT_DOMAIN,
        schema={
            vol.Required("mode"): vol.In([mode.value for mode in Mode]),
            vol.Optional("duration"): cv.positive_time_period,
            vol.Optional("energy"): vol.All(
                vol.Coerce(float), vol.Range(min=0.1, max=_MOST_ENERGY_KWH)
            ),
            vol.Optional("value"): vol.All(
                vol.Coerce(float), vol.Range(min=-_LARGEST_VALUE, max=_LARGEST_VALUE)
            ),
        },
        func="async_set_mode",
    )
    hass.services.async_register(
        DOMAIN,
        "get_sessions",
        async_get_sessions,
        schema=vol.Schema(
            {
                vol.Optional("device_id"): vol.All(cv.ensure_list, [cv.string]),
                vol.Optional("start"): cv.datetime,
                vol.Optional("end"): cv.datetime,
            }
        ),
        supports_response=SupportsResponse.ONLY,
    )
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        "resume",
        entity_domain=SELECT_DOMAIN,
        schema=None,
        func="async_resume",
    )
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        "check",
        entity_domain=SELECT_DOMAIN,
        schema=None,
        func="async_check",
        supports_response=SupportsResponse.OPTIONAL,
    )
