"""The service of a charger's link: it is brought to work, then looked after.

A connection may be used some time after its first frame only. What the charger does not
tell by itself is asked for then, and what it should do by itself is set.
"""

import asyncio
import contextlib
from typing import Protocol

from .clocks import Clock
from .errors import LinkLostError
from .link import Link, Nameplate
from .provision import Provisioned, ask, configure
from .state import ChargerState
from .status import Status

# Stamps have whole seconds, and the charger's clock is only known roughly.
_STAMP_S = 2.0

# A boot that we asked for comes within this time and is no reboot.
_ASKED_BOOT_S = 30.0


class Served(Provisioned, Protocol):
    """The charger, as far as the service of its link needs to know it."""

    clock: Clock
    state: ChargerState

    def relinked(self) -> None:
        """Go on: the charger may be called again."""


class LinkService:
    """Serves a charger's newest link.

    ``lost_at`` is since when the charger cannot be commanded; None while it can.
    ``configured`` says that it was configured since its last boot, ``status_seen`` that
    it told a state on this link.
    """

    def __init__(self, charger: Served) -> None:
        """Serve nothing until a link is attached."""
        self._charger = charger
        self.link: Link | None = None
        self.lost_at: float | None = charger.clock.monotonic()
        self.configured = False
        self.status_seen = False
        self._ready = False
        self._refused_triggers: set[str] = set()
        self._first_frame = asyncio.Event()
        self._boot_asked_at = float("-inf")
        self._task: asyncio.Task[None] | None = None

    @property
    def ready_link(self) -> Link | None:
        """The link, once the charger may be called."""
        return self.link if self._ready else None

    @property
    def boot_awaited(self) -> bool:
        """Whether a boot that comes now was asked for."""
        return self._charger.clock.monotonic() - self._boot_asked_at < _ASKED_BOOT_S

    def attach(self, link: Link) -> None:
        """Serve a new link instead of the one before."""
        self.link = link
        self.status_seen = False
        self._first_frame.clear()
        self._begin(link)

    def detach(self, heard_at: float) -> None:
        """Serve nothing: the link is over, and was last heard at ``heard_at``."""
        self.link = None
        self._suspend(heard_at)

    def heard(self) -> None:
        """Take note that the charger said something."""
        self._first_frame.set()

    def rebooted(self) -> None:
        """Begin anew on the same link: the charger knows nothing any more."""
        self.configured = False
        if self.link is not None:
            self._begin(self.link)

    def close(self) -> None:
        """Give the link up."""
        if self.link is not None:
            self.link.fail()
        self._end()

    def _begin(self, link: Link) -> None:
        self._suspend(self._charger.clock.monotonic())
        self._task = asyncio.create_task(self._serve(link))

    def _suspend(self, at: float) -> None:
        """Let nobody call the charger, from a moment on."""
        if self._ready:
            self.lost_at = at
        self._ready = False
        self._end()

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _serve(self, link: Link) -> None:
        """Bring a new connection to work, then look after it."""
        with contextlib.suppress(LinkLostError):
            await self._settle()
            self._ready = True
            self.lost_at = None
            self._charger.relinked()
            await self._introduce(link)
            await self._look_after(link)

    async def _settle(self) -> None:
        """Wait for the first frame and then a little longer."""
        timing = self._charger.timing
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timing.first_frame_s):
                await self._first_frame.wait()
        await asyncio.sleep(timing.settle_s)

    async def _introduce(self, link: Link) -> None:
        """Ask for what did not come by itself, and configure after a boot."""
        if self._charger.memory.nameplate == Nameplate():
            self._boot_asked_at = self._charger.clock.monotonic()
            await self._trigger(link, "BootNotification")
        if not self.status_seen:
            await self._trigger(link, "StatusNotification", 1)
        if not self.configured:
            await configure(self._charger, link)
            self.configured = True

    async def _look_after(self, link: Link) -> None:
        """Poll the meter of a charger that charges and keeps silent about it.

        Where asking brings nothing it is asked ever more rarely.
        """
        timing = self._charger.timing
        state = self._charger.state
        wait = timing.poll_s
        asked_at: float | None = None
        while True:
            await asyncio.sleep(wait)
            now = self._charger.clock.monotonic()
            silent = [
                number
                for number, connector in state.connectors.items()
                if connector.status is Status.CHARGING
                and not connector.flow_since(now - timing.poll_s)
            ]
            if asked_at is None or any(
                state.connector(number).flow_since(asked_at - _STAMP_S)
                for number in silent
            ):
                wait = timing.poll_s
            else:
                wait = min(2 * wait, timing.poll_max_s)
            asked_at = now if silent else None
            for number in silent:
                await self._trigger(link, "MeterValues", number)

    async def ask_status(self, link: Link) -> None:
        """Ask how the first connector is; a link that is lost tells nothing."""
        with contextlib.suppress(LinkLostError):
            await self._trigger(link, "StatusNotification", 1)

    async def _trigger(
        self, link: Link, message: str, connector: int | None = None
    ) -> None:
        """Ask for a message, unless the charger refused that before."""
        if message in self._refused_triggers:
            return
        if not await ask(lambda: link.trigger(message, connector)):
            self._refused_triggers.add(message)
