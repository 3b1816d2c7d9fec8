"""Connections that survive a reload of their entry.

Home Assistant reloads an entry whenever one of its entities is enabled. A charger would
be disconnected and a meter would lose seconds each time, so unloading *parks* the live
object and the next set-up *adopts* it. What nobody adopts is closed.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from .const import PARK_TIME

type Close = Callable[[], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class _Parked:
    thing: object
    close: Close
    cancel_timer: CALLBACK_TYPE


@dataclass(slots=True)
class _Lot:
    parked: dict[str, _Parked] = field(default_factory=dict)
    # One entry's closing and its next set-up must not overlap: ports have one opener.
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)


_DATA_LOT: HassKey[_Lot] = HassKey("surplus_parking")


def _lot(hass: HomeAssistant) -> _Lot:
    return hass.data.setdefault(_DATA_LOT, _Lot())


async def async_park(
    hass: HomeAssistant, entry: ConfigEntry, thing: object, close: Close
) -> None:
    """Keep ``thing`` for the entry's next set-up; close it when none comes in time.

    A disabled entry has no next set-up: its thing is closed at once.
    """
    if entry.disabled_by is not None:
        await close()
        return

    @callback
    def expire(_now: object) -> None:
        hass.async_create_task(async_close_parked(hass, entry), "surplus park expiry")

    _lot(hass).parked[entry.entry_id] = _Parked(
        thing,
        close,
        async_call_later(hass, PARK_TIME, HassJob(expire, cancel_on_shutdown=True)),
    )


async def async_adopt[T](
    hass: HomeAssistant, entry: ConfigEntry, kind: type[T]
) -> T | None:
    """Take back what was parked for the entry, if it is there and of that type."""
    lot = _lot(hass)
    async with lot.locks.setdefault(entry.entry_id, asyncio.Lock()):
        parked = lot.parked.pop(entry.entry_id, None)
        if parked is None:
            return None
        parked.cancel_timer()
        if isinstance(parked.thing, kind):
            return parked.thing
        await parked.close()
        return None


async def async_close_parked(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Close what is parked for the entry: time is up, or the entry is removed."""
    lot = _lot(hass)
    async with lot.locks.setdefault(entry.entry_id, asyncio.Lock()):
        if parked := lot.parked.pop(entry.entry_id, None):
            parked.cancel_timer()
            await parked.close()
