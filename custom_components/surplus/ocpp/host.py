"""The central system of an entry with its store: what outlives a reload."""

from collections.abc import Iterable
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers.storage import Store

from ..const import DOMAIN
from ..saving import Saver, async_load_sound
from .memory import ChargerSettings
from .server import CentralSystem
from .timing import DEFAULT_TIMING

_VERSION = 1

TIMING = DEFAULT_TIMING

# The issue that tells what went with a damaged file.
MEMORY_LOST = "ocpp_memory_lost"

# Sessions must survive a crash, limits and totals may be a little old.
SAVE_SOON_S = 2.0
SAVE_LATER_S = 60.0


def ocpp_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return where an entry's central system remembers."""
    return Store(hass, _VERSION, f"{DOMAIN}.ocpp.{entry.entry_id}", atomic_writes=True)


class Host:
    """Runs a central system as long as Home Assistant, or its entry, lives."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, host: str, port: int
    ) -> None:
        """Prepare to listen on an address."""
        self.address = (host, port)
        self.central = CentralSystem(on_save=self._save, timing=TIMING)
        self._hass = hass
        self._store = ocpp_store(hass, entry)
        self._saver = Saver(hass, self._store, self.central.as_dict)
        self._remove_job = hass.async_add_shutdown_job(
            HassJob(self.close, f"close {entry.title}")
        )
        self._closed = False

    async def open(self, chargers: Iterable[ChargerSettings]) -> None:
        """Listen for these chargers; raises ``ListenError`` and is closed then."""
        stored = await async_load_sound(
            self._hass, self._store, _sound, lost=MEMORY_LOST
        )
        self.central.restore(stored or {})
        # Before the first can call in: a known one must not be taken for a stranger.
        for settings in chargers:
            self.central.add(settings)
        try:
            await self.central.start(*self.address)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Leave every charger on its safe current, then stop and write down."""
        if self._closed:
            return
        self._closed = True
        self._remove_job()
        # Whoever decides goes on until Home Assistant has stopped.
        for charger in self.central.chargers.values():
            charger.retire()
        listening = self.central.port is not None
        if listening:
            await self.central.release()
        await self.central.stop()
        if listening:
            await self._saver.async_save_now()

    @callback
    def _save(self, soon: bool) -> None:
        if not self._closed:
            self._saver.async_save_within(SAVE_SOON_S if soon else SAVE_LATER_S)


def _sound(stored: dict[str, Any]) -> dict[str, Any]:
    """Return what was stored; raises TypeError when its shape is another one.

    What is unreadable of a single charger is left out by the charger itself.
    """
    chargers = stored.get("chargers", {})
    if not isinstance(chargers, dict) or not all(
        isinstance(charger, dict) for charger in chargers.values()
    ):
        raise TypeError("no chargers by identity")
    return stored
