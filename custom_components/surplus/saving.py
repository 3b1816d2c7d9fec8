"""Writes what must survive a restart: soon or later, and never put off for ever."""

from collections.abc import Callable
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store


class Saver:
    """A store that is written within a time of the change that asked for it.

    ``Store.async_delay_save`` waits anew each time it is called.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        store: Store[dict[str, Any]],
        data: Callable[[], dict[str, Any]],
    ) -> None:
        """Write what ``data`` returns when its time has come."""
        self._hass = hass
        self._store = store
        self._data = data
        self._due: float | None = None

    @callback
    def async_save_within(self, seconds: float) -> None:
        """Write at the latest in this many seconds."""
        now = self._hass.loop.time()
        due = now + seconds
        if self._due is not None and self._due <= due:
            return
        self._due = due
        self._store.async_delay_save(self._take, seconds)

    async def async_save_now(self) -> None:
        """Write now."""
        await self._store.async_save(self._take())

    @callback
    def _take(self) -> dict[str, Any]:
        self._due = None
        return self._data()
