"""How tests inside Home Assistant look at a charger."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.ocpp.charge_point import Charger
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .conftest import IDENTITY, Callers, Wallbox, until

LOAD_ID = f"ocpp:{IDENTITY}"


def charger_of(entry: MockConfigEntry, identity: str = IDENTITY) -> Charger:
    charger: Charger = entry.runtime_data.host.central.chargers[identity]
    return charger


async def ready(
    entry: MockConfigEntry, callers: Callers, identity: str = IDENTITY
) -> Wallbox:
    """A charger that has booted and may be commanded."""
    wallbox = await callers.call_in(f"/{identity}")
    await wallbox.boot()
    await wallbox.status("Available", timestamp="2026-01-01T00:00:00Z")
    charger = charger_of(entry, identity)
    await until(lambda: charger.ready_link is not None and charger.service.configured)
    return wallbox


def device_of(
    hass: HomeAssistant, entry: MockConfigEntry, identifier: str
) -> dr.DeviceEntry | None:
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, identifier), entry.entry_id
    )
    assert device is None or isinstance(device, dr.DeviceEntry)
    return device


def entity(hass: HomeAssistant, platform: str, key: str) -> str:
    """The entity id of one of the charger's entities."""
    entity_id = er.async_get(hass).async_get_entity_id(
        platform, DOMAIN, f"{LOAD_ID}_{key}"
    )
    assert entity_id is not None
    return entity_id


def value(hass: HomeAssistant, key: str, platform: str = "sensor") -> str:
    state = hass.states.get(entity(hass, platform, key))
    assert state is not None
    return state.state
