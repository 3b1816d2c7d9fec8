"""The ledger in Home Assistant: told of each cycle, written down, then shown.

Nothing is shown before it is on disk. So no total runs backwards, not even after a crash,
and the recorder gets a row a minute of what moves, and none of what does not.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import datetime
import logging
from typing import Any, Final, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..control.cycle import Cycle
from ..control.ledger import (
    HouseStatement,
    Ledger,
    LoadStatement,
    News,
    Session,
    SessionLog,
)
from ..control.model import Snapshot
from ..control.settings import HomeSettings
from ..registry import Accounts
from ..saving import async_clear_lost, async_load_sound
from .shown import Listeners
from .sources import LoadSight
from .store import ledger_store, sessions_store

_LOGGER = logging.getLogger(__name__)

# What loads have taken is shown this often, what the house has, as often as statistics
# are compiled: it moves all the time.
_LOADS_S: Final = 60.0
_HOUSE_S: Final = 300.0
_HOUSE: Final = ""

# Issues that tell what went with a damaged file.
_LEDGER_LOST: Final = "ledger_lost"
_SESSIONS_LOST: Final = "sessions_lost"


class HomeLedger(Accounts):
    """The accounts of one Home."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Begin with nothing: ``async_load`` brings what was saved."""
        self._hass = hass
        self._store = ledger_store(hass, entry_id)
        self._sessions_store = sessions_store(hass, entry_id)
        self._ledger = Ledger()
        self._log = SessionLog()
        self._listeners = Listeners()
        self._shown: dict[str, LoadStatement] = {}
        self.house: HouseStatement | None = None
        self._loads_at = self._house_at = float("-inf")
        self._house_due = self._log_changed = self._due = False
        self._lock = asyncio.Lock()
        self._failed = False

    async def async_load(self) -> None:
        """Go on with what was saved, as far as that is sound."""
        self._ledger = (
            await async_load_sound(self._hass, self._store, Ledger, lost=_LEDGER_LOST)
            or self._ledger
        )
        self._log = (
            await async_load_sound(
                self._hass, self._sessions_store, SessionLog, lost=_SESSIONS_LOST
            )
            or self._log
        )
        for load_id, account in self._ledger.accounts.items():
            account.ended = self._log.last(load_id)
        self._shown = self._statements()
        self.house = self._ledger.house_statement

    # ---- with each cycle -----------------------------------------------------------

    @callback
    def async_after(
        self,
        snapshot: Snapshot,
        cycle: Cycle,
        seen: Mapping[str, LoadSight],
        settings: HomeSettings,
    ) -> None:
        """Account for a cycle; nothing that goes wrong here may touch a decision."""
        counted = {load_id: sight.counted for load_id, sight in seen.items()}
        try:
            news = self._ledger.account(
                snapshot, cycle, counted, trusted=not settings.sign_reversed
            )
        except Exception:
            if not self._failed:
                self._failed = True
                _LOGGER.exception(
                    "Energy cannot be accounted; further failures are not logged"
                )
            return
        if self._failed:
            self._failed = False
            _LOGGER.info("Energy is accounted again")
        self._show(news, snapshot.now)

    def _show(self, news: News, now: float) -> None:
        for session in news.sessions:
            self._log.add(session)
            self._log_changed = True
        if now - self._house_at >= _HOUSE_S:
            self._house_at, self._house_due = now, True
        if news.loads or self._house_due or now - self._loads_at >= _LOADS_S:
            self._loads_at = now
            self._write_soon()

    # ---- written down, then shown --------------------------------------------------

    def _write_soon(self) -> None:
        self._due = True
        if not self._lock.locked():
            self._hass.async_create_task(self._async_write(), "surplus ledger")

    async def _async_write(self) -> None:
        while self._due:
            await self.async_save()

    async def async_save(self) -> None:
        """Write down what there is, and show it."""
        async with self._lock:
            self._due = False
            loads, house = self._statements(), self._ledger.house_statement
            changed = [
                load_id
                for load_id in loads.keys() | self._shown.keys()
                if loads.get(load_id) != self._shown.get(load_id)
            ]
            house_due, self._house_due = self._house_due, False
            house_changed = house_due and house != self.house
            if self._log_changed:
                # First the session, then the account in which it is closed: after a
                # crash in between it ends once more, and is the same one.
                self._log_changed = False
                await self._sessions_store.async_save(self._log.as_dict())
            if changed or house_changed:
                await self._store.async_save(self._ledger.as_dict())
        self._shown = loads
        for load_id in changed:
            self._listeners.async_notify(load_id)
        if house_changed:
            self.house = house
            self._listeners.async_notify(_HOUSE)

    def _statements(self) -> dict[str, LoadStatement]:
        ledger = self._ledger
        return {
            load_id: statement
            for load_id in ledger.accounts
            if (statement := ledger.statement(load_id)) is not None
        }

    @callback
    def async_forget(self, load_id: str) -> None:
        """Forget a load that was deleted, with its sessions."""
        self._ledger.forget(load_id)
        self._log.forget(load_id)
        self._log_changed = True
        self._write_soon()

    def as_dict(self) -> dict[str, Any]:
        """Return what is shown, for diagnostics."""
        return {
            "house": asdict(self.house) if self.house else None,
            "loads": {key: asdict(one) for key, one in self._shown.items()},
            "sessions": len(self._log.between()),
        }

    # ---- Accounts ------------------------------------------------------------------

    @override
    def statement(self, load_id: str) -> LoadStatement | None:
        return self._shown.get(load_id)

    @override
    def sessions(
        self,
        load_ids: Collection[str] | None = None,
        begin: datetime | None = None,
        end: datetime | None = None,
    ) -> list[Session]:
        running = [
            statement.session
            for load_id, statement in self._shown.items()
            if (load_ids is None or load_id in load_ids)
            and statement.session is not None
            and statement.session.ended is None
            and (begin is None or statement.session.started >= begin)
            and (end is None or statement.session.started < end)
        ]
        return [*self._log.between(begin, end, load_ids), *running]

    @callback
    @override
    def async_subscribe(
        self, load_id: str, on_change: Callable[[], None]
    ) -> CALLBACK_TYPE:
        return self._listeners.async_subscribe(load_id, on_change)

    @callback
    def async_subscribe_house(self, on_change: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``on_change`` when there is another statement of the house."""
        return self._listeners.async_subscribe(_HOUSE, on_change)


async def async_clear_ledger(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the accounts and sessions of a Home."""
    for store, lost in (
        (ledger_store(hass, entry_id), _LEDGER_LOST),
        (sessions_store(hass, entry_id), _SESSIONS_LOST),
    ):
        await store.async_remove()
        async_clear_lost(hass, store, lost)
