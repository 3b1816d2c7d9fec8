"""Which loads can be chosen in a form, whoever made them."""

from collections.abc import Iterable

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.selector import SelectOptionDict

from ...const import DOMAIN
from ...registry import async_get_registry


def load_name(hass: HomeAssistant, load_id: str) -> str:
    """Return what a load is called, also while nobody offers it; its id if unknown."""
    if (source := async_get_registry(hass).loads.get(load_id)) is not None:
        return source.spec.name
    devices = dr.async_get(hass).async_get_devices(identifiers={(DOMAIN, load_id)})
    names = (device.name_by_user or device.name for device in devices)
    return next(filter(None, names), load_id)


def load_options(hass: HomeAssistant, chosen: Iterable[str]) -> list[SelectOptionDict]:
    """Return every load there is, and those that were chosen and are away.

    What is away now must not be lost by changing something else.
    """
    load_ids = dict.fromkeys((*async_get_registry(hass).loads, *chosen))
    return [
        SelectOptionDict(value=load_id, label=load_name(hass, load_id))
        for load_id in load_ids
    ]
