"""The action that returns charging sessions."""

from datetime import datetime
from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .ledger_entities import SESSION_KEY, told
from .load_entities import unique_id_of
from .registry import async_get_registry


@callback
def async_get_sessions(call: ServiceCall) -> ServiceResponse:
    """Return the sessions that began in a time, of some chargers or of all.

    Raises ServiceValidationError without a Home, and for what is no charger.
    """
    hass = call.hass
    home = async_get_registry(hass).home
    if home is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_home"
        )
    device_ids = call.data.get("device_id")
    load_ids = None
    if device_ids is not None:
        load_ids = {_charger_of(hass, device_id) for device_id in device_ids}
    sessions = home.accounts.sessions(
        load_ids, _aware(call.data.get("start")), _aware(call.data.get("end"))
    )
    return {
        "sessions": [
            {**_device_of(hass, session.load_id), **told(session)}
            for session in sessions
        ]
    }


def _charger_of(hass: HomeAssistant, device_id: str) -> str:
    """Return the id of the charger behind a device; it may be away for a while."""
    device = dr.async_get(hass).async_get(device_id)
    entities = er.async_get(hass)
    for domain, load_id in device.identifiers if device else ():
        unique_id = unique_id_of(load_id, SESSION_KEY)
        if domain == DOMAIN and entities.async_get_entity_id(
            Platform.SENSOR, DOMAIN, unique_id
        ):
            return load_id
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="no_such_charger",
        translation_placeholders={
            "device": (device.name_by_user or device.name or device_id)
            if device
            else device_id
        },
    )


def _device_of(hass: HomeAssistant, load_id: str) -> dict[str, Any]:
    """Return by what name a charger goes, as long as it has a device."""
    devices = dr.async_get(hass).async_get_devices(identifiers={(DOMAIN, load_id)})
    device = devices[0] if devices else None
    return {
        "device_id": device.id if device else None,
        "name": (device.name_by_user or device.name) if device else load_id,
    }


def _aware(at: datetime | None) -> datetime | None:
    """Return a time that a person has written as theirs."""
    return at and dt_util.as_local(at)
