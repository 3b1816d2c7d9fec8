"""Sessions that we begin and end, on request or by ourselves.

A session that a person ended is not begun again until the vehicle has left.
"""

from typing import Protocol

from .errors import LinkLostError, OcppError, RefusedError
from .link import Link
from .memory import ChargerSettings
from .starter import Starter
from .state import ChargerState
from .status import Status
from .timing import Timing

# Ended by a person or a fault, not by the vehicle leaving or a reboot. Absent = Local.
_ENDED_ON_PURPOSE = frozenset(
    {"local", "remote", "deauthorized", "emergencystop", "unlockcommand"}
)


class Startable(Protocol):
    """The charger, as far as beginning and ending its sessions needs to know it."""

    settings: ChargerSettings
    state: ChargerState
    timing: Timing

    @property
    def ready_link(self) -> Link | None:
        """The link, once the charger may be called."""

    def commanding(self, connector: int) -> bool:
        """Whether a limit of ours binds a connector now."""


class RemoteSessions:
    """Begins and ends the sessions of one charger."""

    def __init__(self, charger: Startable) -> None:
        """Begin nothing until something changes."""
        self._charger = charger
        self._starters: dict[int, Starter] = {}
        self.stopped_on_purpose: set[int] = set()

    async def start(self, connector: int) -> None:
        """Begin a session; raises ``OcppError``."""
        self.stopped_on_purpose.discard(connector)
        await self._needed_link().remote_start(connector, self._charger.settings.tag)

    async def stop(self, connector: int) -> None:
        """End the session; raises ``OcppError``.

        A charger that does not know our id may know the one it uses itself.
        """
        link = self._needed_link()
        transaction = self._charger.state.transactions.current(connector)
        if transaction is None:
            raise RefusedError("RemoteStopTransaction", "no session")
        # Before it is asked: it may be plugged in and ready again before it answers.
        self.stopped_on_purpose.add(connector)
        try:
            try:
                await link.remote_stop(transaction.transaction_id)
            except RefusedError:
                if transaction.reported_id is None:
                    raise
                await link.remote_stop(transaction.reported_id)
        except OcppError:
            self.stopped_on_purpose.discard(connector)
            raise

    def _needed_link(self) -> Link:
        if self._charger.ready_link is None:
            raise LinkLostError("not connected")
        return self._charger.ready_link

    def may_start(self, connector: int) -> bool:
        """Whether a session should begin by our doing."""
        charger = self._charger
        return (
            charger.settings.auto_start
            and charger.ready_link is not None
            and charger.commanding(connector)
            and connector not in self.stopped_on_purpose
            and charger.state.connector(connector).status is Status.PREPARING
            and charger.state.transactions.current(connector) is None
        )

    def consider(self, connector: int) -> None:
        """Look whether a session is to begin, now that something has changed."""
        self._starter(connector).consider()

    def status_changed(self, connector: int, status: Status | None) -> None:
        """Take another state of a connector."""
        if status is Status.AVAILABLE:
            self.stopped_on_purpose.discard(connector)
            self._starter(connector).plugged_anew()
        self.consider(connector)

    def ended(self, connector: int, reason: str | None) -> None:
        """Take the end of a session, and why it ended."""
        if (reason or "Local").casefold() in _ENDED_ON_PURPOSE:
            self.stopped_on_purpose.add(connector)

    def _starter(self, connector: int) -> Starter:
        if connector not in self._starters:
            timing = self._charger.timing
            self._starters[connector] = Starter(
                self, connector, timing.start_delay_s, timing.start_retry_s
            )
        return self._starters[connector]

    async def close(self) -> None:
        """Begin nothing any more."""
        for starter in self._starters.values():
            await starter.close()

    def as_list(self) -> list[int]:
        """Return the connectors stopped on purpose as JSON values."""
        return sorted(self.stopped_on_purpose)

    def restore(self, stored: object) -> None:
        """Read back what ``as_list`` gave, leaving out what is unreadable."""
        self.stopped_on_purpose = {
            number
            for number in (stored if isinstance(stored, list) else ())
            if isinstance(number, int)
        }
