"""Actions. They exist from start-up on, whether or not an entry is loaded."""

import voluptuous as vol

from homeassistant.components.select import DOMAIN as SELECT_DOMAIN
from homeassistant.core import HomeAssistant, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv, service

from .const import DOMAIN
from .control.model import Mode


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
        },
        func="async_set_mode",
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
