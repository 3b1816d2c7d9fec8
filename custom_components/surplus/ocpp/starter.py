"""Begins a session when a vehicle is plugged in, where the charger does not by itself.

Only for a charger whose current we hold: started without a limit it would charge at
full power. And only once a person did not just stop it.
"""

import asyncio
import contextlib
import logging
from typing import Protocol

from .errors import OcppError

_LOGGER = logging.getLogger(__name__)

# Rejected while a session begins by itself, or by a tag; more tries help nobody.
_TRIES = 3


class Sessions(Protocol):
    """The sessions of a charger, as far as it matters here."""

    def may_start(self, connector: int) -> bool:
        """Whether a session should begin now and has not."""

    async def start(self, connector: int) -> None:
        """Begin a session; raises ``OcppError``."""


class Starter:
    """Begins the sessions of one connector."""

    def __init__(
        self, sessions: Sessions, connector: int, delay_s: float, retry_s: float
    ) -> None:
        """Begin nothing until ``consider`` is called."""
        self._sessions = sessions
        self._connector = connector
        self._delay_s = delay_s
        self._retry_s = retry_s
        self._task: asyncio.Task[None] | None = None
        self._given_up = False

    def consider(self) -> None:
        """Look whether a session is to begin, now that something has changed."""
        if not self._sessions.may_start(self._connector):
            return
        if not self._given_up and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._start())

    def plugged_anew(self) -> None:
        """Forget earlier attempts."""
        self._given_up = False

    async def _start(self) -> None:
        """Try a few times; chargers refuse what comes too early after the plug."""
        wait = self._delay_s
        for _ in range(_TRIES):
            await asyncio.sleep(wait)
            wait = self._retry_s
            if not self._sessions.may_start(self._connector):
                return
            try:
                await self._sessions.start(self._connector)
            except OcppError as error:
                _LOGGER.debug("Remote start: %s", error)
        self._given_up = self._sessions.may_start(self._connector)

    async def close(self) -> None:
        """Stop trying."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
