"""Keeps one connector's limit alive: sends the wish, renews its lease, tries again.

The rules of when are ``lease.Lease``'s, what lies on the charger is
``installer.Installer``'s; this is the loop between them and the link.
"""

import asyncio
from collections.abc import Mapping
import contextlib
from datetime import timedelta
import logging
from typing import Any, Protocol

from .clocks import Clock
from .errors import LinkLostError, NoAnswerError, OcppError, RefusedError
from .installer import Equipped, Installer
from .lease import Lease
from .link import Link
from .profiles import Form, legal_current
from .values import integer, number, timestamp, wire_time

_LOGGER = logging.getLogger(__name__)


class Station(Equipped, Protocol):
    """The charger, as far as its commander needs to know it."""

    clock: Clock

    @property
    def ready_link(self) -> Link | None:
        """The link, once the charger may be called."""


class Commander:
    """Commands one connector."""

    def __init__(self, station: Station, connector: int) -> None:
        """Command nothing until told to."""
        self._station = station
        self._connector = connector
        self.lease = Lease(station.timing)
        self._installer = Installer(station, connector)
        self._wake = asyncio.Event()
        # The loop, a release and a reconfiguration must not talk at the same time.
        self._busy = asyncio.Lock()
        self._apply: asyncio.Future[None] | None = None
        # When to leave the safe profile where it may have got lost; None: it lies there.
        self._owed_at: float | None = None
        self._in_trouble = False
        self.last_failure: OcppError | None = None

    @property
    def commanding(self) -> bool:
        """Whether a limit of ours binds the charger now."""
        return self.lease.running(self._station.clock.monotonic())

    # --- wishes ----------------------------------------------------------------

    async def apply(self, amps: float, phases: int | None = None) -> None:
        """Offer a current (A per phase), on so many phases.

        What can be sent now is waited for; what pacing holds back is sent when its
        time comes, and a newer wish takes its place until then. Raises ``OcppError``
        when the charger refused or did not answer, now or the last time; the wish
        stays, and is tried again. Without a link it is not kept: it would be old when
        the charger comes back.
        """
        if self._station.ready_link is None:
            raise LinkLostError("SetChargingProfile")
        now = self._station.clock.monotonic()
        self.lease.want(self._legal(amps), now, self._sayable(phases))
        self._resolve(None)
        # Also where it is held already: renewing may have ended for want of a wish.
        self._wake.set()
        if self.lease.satisfied(now):
            return
        due_at = self.lease.due_at(now)
        if due_at is not None and due_at <= now:
            self._apply = asyncio.get_running_loop().create_future()
            await self._apply
        elif self.last_failure is not None:
            raise self.last_failure.with_traceback(None)

    def _legal(self, amps: float) -> float:
        settings = self._station.settings
        return legal_current(amps, min_a=settings.min_a, max_a=settings.max_a)

    def _sayable(self, phases: int | None) -> int | None:
        return phases if self._station.switches_phases else None

    async def release(self) -> None:
        """Leave the charger on its safe current, then alone.

        A charger that was never commanded is left as it is. Raises ``OcppError`` when
        the charger cannot be told; its lease ends on the safe current all the same.
        """
        self.lease.release()
        self._resolve(None)
        if self.lease.offered is not None:
            await self._go_safe()

    async def _go_safe(self) -> None:
        async with self._busy:
            link = self._station.ready_link
            if link is None:
                raise LinkLostError("SetChargingProfile")
            safe = await self._installer.go_safe(link)
            self._owed_at = None
            self.lease.left_safe(
                self._station.clock.monotonic(), safe.limit_a, safe.phases
            )
        # A wish may have come meanwhile.
        self._wake.set()
        self._station.changed(save=True)

    async def reconfigured(self) -> None:
        """Bring what lies on the charger in line with changed settings."""
        wanted = self.lease.wanted_a
        if wanted is not None:
            self.lease.want(
                self._legal(wanted),
                self._station.clock.monotonic(),
                self._sayable(self.lease.wanted_phases),
            )
            self.lease.say_again()
            self._wake.set()
        elif (
            self.lease.offered is not None
            or self._connector in self._station.memory.safe_a
        ):
            await self._go_safe()

    async def forget(self) -> None:
        """Take our profiles off the charger; it is nobody's afterwards."""
        self.lease.release()
        self._resolve(None)
        memory = self._station.memory
        async with self._busy:
            self._owed_at = None
            link = self._station.ready_link
            if link is None or (self.lease.offered is None and not memory.cleared):
                return
            await self._installer.remove(link)

    # --- what happens to the link --------------------------------------------------

    def relinked(self) -> None:
        """Go on: the charger may be called again."""
        memory = self._station.memory
        safe_a = self._station.settings.safe_a
        lies = self._installer.safe_lies
        ours = memory.cleared or self.lease.offered is not None
        now = self._station.clock.monotonic()
        self.lease.relinked(now, safe_a if lies else None, self._installer.safe_phases)
        if self.lease.wanted_a is None:
            self._resolve(LinkLostError("SetChargingProfile"))
        # A live limit of an earlier run in the single form holds the safe current itself.
        over = self.lease.offered is None or self.lease.at_rest
        if ours and not lies and (over or memory.likely_form is Form.STACKED):
            self._owed_at = now
        self._wake.set()

    def clock_jumped(self) -> None:
        """Write the limit anew: what was sent may begin in the charger's future."""
        self.say_again()

    def say_again(self) -> None:
        """Write the limit anew, although it was accepted."""
        self.lease.say_again()
        self._wake.set()

    def as_dict(self) -> dict[str, Any]:
        """Return what the charger may be offering as JSON values."""
        if (offered := self.lease.offered) is None:
            return {}
        age = self._station.clock.monotonic() - offered.sent_at
        sent = self._station.clock.utcnow() - timedelta(seconds=age)
        return {
            "offered_a": offered.amps,
            "phases": offered.phases,
            "sent": wire_time(sent),
            "released": self.lease.at_rest,
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Read it back: the limit of an earlier run.

        Unless that run let go of the charger it may have renewed the limit until a
        moment ago: renewals are not written down.
        """
        amps, sent = number(data.get("offered_a")), timestamp(data.get("sent"))
        if amps is None or sent is None:
            return
        at_rest = data.get("released") is True
        age = (self._station.clock.utcnow() - sent).total_seconds()
        sent_at = self._station.clock.monotonic() - (max(0.0, age) if at_rest else 0.0)
        self.lease.restore(
            amps, sent_at, at_rest=at_rest, phases=integer(data.get("phases"))
        )

    def link_lost(self) -> None:
        """Stop waiting for a charger that is gone."""
        self._resolve(LinkLostError("SetChargingProfile"))
        self._wake.set()

    # --- the loop ------------------------------------------------------------------

    async def run(self) -> None:
        """Send what is due, for ever."""
        while True:
            self._wake.clear()
            now = self._station.clock.monotonic()
            due_at = self._due_at(now)
            if due_at is None:
                await self._wake.wait()
                continue
            wait = due_at - now
            if wait > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
                continue
            async with self._busy:
                if self.lease.due_at(now) == due_at:
                    await self._send()
                else:
                    await self._pay()

    def _due_at(self, now: float) -> float | None:
        if self._station.ready_link is None:
            return None
        due = [self.lease.due_at(now), self._owed_at]
        return min((at for at in due if at is not None), default=None)

    async def _pay(self) -> None:
        """Leave the safe profile, although nobody commands."""
        link = self._station.ready_link
        if link is None or self._owed_at is None:
            return
        now = self._station.clock.monotonic
        try:
            await self._installer.leave_safe(link)
        except OcppError as error:
            self._owed_at = now() + self._station.timing.retry_max_s
            _LOGGER.debug("No safe profile yet: %s", error)
            return
        self._owed_at = None
        if self.lease.offered is None:
            self.lease.left_safe(
                now(), self._station.settings.safe_a, self._installer.safe_phases
            )
            self._station.changed(save=True)

    async def _send(self) -> None:
        link = self._station.ready_link
        if link is None:
            return
        now = self._station.clock.monotonic
        form = self._installer.form
        try:
            await self._installer.prepare(link, form)
        except OcppError as error:
            if self.lease.wanted_a is not None:
                self.lease.send(now())
                self.lease.refused(now())
                if not (isinstance(error, RefusedError) and self._try_other(form)):
                    self._failed(error)
            return
        if self.lease.due_at(now()) is None:
            self._resolve(NoAnswerError("SetChargingProfile"))
            return
        phases = self._sayable(self.lease.wanted_phases)
        amps = self.lease.send(now())
        try:
            await self._installer.install(link, form, amps, phases)
        except RefusedError as error:
            self.lease.refused(now())
            if not self._try_other(form):
                self._failed(error)
        except (LinkLostError, NoAnswerError) as error:
            self.lease.unanswered(now())
            self._failed(error)
        else:
            before = self.lease.offered
            self.lease.accepted(now(), without_phases=not self._station.switches_phases)
            self._accepted(form, before.amps if before else None, amps)

    def _try_other(self, form: Form) -> bool:
        """Tell whether the refused form is worth another, and let that go at once."""
        if not self._installer.refused(form):
            return False
        self.lease.retry_now()
        return True

    def _accepted(self, form: Form, before_a: float | None, now_a: float) -> None:
        news = self._installer.accepted(form)
        switched = before_a is None or (before_a > 0) is not (now_a > 0)
        self._owed_at = None
        if self._in_trouble:
            self._in_trouble = False
            _LOGGER.info("%s: takes limits again", self._station.settings.identity)
        self.last_failure = None
        self._resolve(None)
        self._station.changed(save=switched or news, note=before_a != now_a)

    def _failed(self, error: OcppError) -> None:
        self.last_failure = error
        if not self._in_trouble:
            self._in_trouble = True
            _LOGGER.warning(
                "%s: does not take its limit (%s: %s); trying again quietly",
                self._station.settings.identity,
                type(error).__name__,
                error,
            )
        self._resolve(error)
        self._station.changed()

    def _resolve(self, error: OcppError | None) -> None:
        future, self._apply = self._apply, None
        if future is None or future.done():
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
