"""A charger, over all its connections: what it told and how to command it.

Knows neither Home Assistant nor the version of OCPP it is spoken to in. Calls come in
through the methods of ``link.CallHandler``, which never raise; commands go out through
the newest link.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
import contextlib
from dataclasses import dataclass
from datetime import datetime
import logging
from typing import Any

from .clocks import SYSTEM_CLOCK, Clock
from .commander import Commander
from .connector import Connector
from .errors import LinkLostError, OcppError, RefusedError
from .link import Link, Nameplate
from .memory import ChargerSettings, Memory
from .meter_values import MeterSample
from .provision import ask, configure
from .starter import Starter
from .state import ChargerState
from .status import ErrorCode, Status
from .timing import DEFAULT_TIMING, Timing
from .transactions import TransactionIds, Transactions

_LOGGER = logging.getLogger(__name__)

# Ended by a person or a fault, not by the vehicle leaving or a reboot. Absent = Local.
_ENDED_ON_PURPOSE = frozenset(
    {"local", "remote", "deauthorized", "emergencystop", "unlockcommand"}
)

# Stamps have whole seconds, and the charger's clock is only known roughly.
_STAMP_S = 2.0

# A boot that we asked for comes within this time and is no reboot.
_ASKED_BOOT_S = 30.0


@dataclass(slots=True)
class Counters:
    """What went on, for diagnostics."""

    connections: int = 0
    takeovers: int = 0
    frames: int = 0
    malformed: int = 0
    late_answers: int = 0
    reboots: int = 0


class Charger:
    """One charger, known by its identity."""

    def __init__(
        self,
        settings: ChargerSettings,
        *,
        ids: TransactionIds | None = None,
        timing: Timing = DEFAULT_TIMING,
        clock: Clock = SYSTEM_CLOCK,
        on_save: Callable[[bool], None] = lambda _soon: None,
    ) -> None:
        """Know a charger that has not connected yet.

        ``on_save`` is called when ``as_dict`` has changed, with whether it should be
        written soon.
        """
        self.settings = settings
        self.timing = timing
        self.clock = clock
        self.memory = Memory()
        self.state = ChargerState(
            ids or TransactionIds(),
            clock,
            wired=len(settings.phases),
            max_a=settings.max_a,
            on_clock_jump=self._clock_jumped,
        )
        self.counters = Counters()
        # Since when it cannot be commanded; None while it can.
        self.link_lost_at: float | None = clock.monotonic()
        self._on_save = on_save
        self._listeners: list[Callable[[], None]] = []
        self._commanders: dict[int, Commander] = {}
        self._starters: dict[int, Starter] = {}
        self._stopped_on_purpose: set[int] = set()
        self._link: Link | None = None
        self._ready = False
        self._configured = False
        self._quiet_triggers: set[str] = set()
        self._status_seen = False
        self._complained = False
        self._retired = False
        self._listener_failed = False
        self._first_frame = asyncio.Event()
        self._boot_asked_at = float("-inf")
        self._service: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- what there is -----------------------------------------------------------

    @property
    def identity(self) -> str:
        """The identity it calls in with."""
        return self.settings.identity

    @property
    def connected(self) -> bool:
        """Whether it is connected."""
        return self._link is not None

    @property
    def ready_link(self) -> Link | None:
        """Its link, once it may be called."""
        return self._link if self._ready else None

    @property
    def charger_now(self) -> datetime:
        """What its clock shows."""
        return self.state.charger_clock.now(self.clock.utcnow())

    @property
    def transactions(self) -> Transactions:
        """Its sessions."""
        return self.state.transactions

    def connector(self, number: int = 1) -> Connector:
        """Return a connector."""
        return self.state.connector(number)

    def commander(self, connector: int = 1) -> Commander:
        """Return what commands a connector."""
        if connector not in self._commanders:
            commander = Commander(self, connector)
            self._commanders[connector] = commander
            self._spawn(commander.run())
        return self._commanders[connector]

    def subscribe(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Call ``on_change`` after each change; returns what ends that."""
        self._listeners.append(on_change)
        return lambda: self._listeners.remove(on_change)

    def changed(self, *, save: bool = False, note: bool = False) -> None:
        """Tell everybody who looks.

        ``save`` what must survive a restart, ``note`` what would be nice to.
        """
        if save or note:
            self._on_save(save)
        for listener in tuple(self._listeners):
            # Who looks must not end what goes on here.
            try:
                listener()
            except Exception:
                if not self._listener_failed:
                    self._listener_failed = True
                    _LOGGER.exception("%s: a listener failed", self.identity)

    # --- connections -------------------------------------------------------------

    def attach(self, link: Link) -> None:
        """Take a new connection; the newest wins, an older one is given up."""
        if self._link is not None:
            self.counters.takeovers += 1
            self._link.fail()
        else:
            _LOGGER.info("%s: connected", self.identity)
        self.counters.connections += 1
        self._link = link
        self._status_seen = False
        self._complained = False
        self._first_frame.clear()
        self._serve(link)
        self.changed()

    def detach(self, link: Link, heard_at: float) -> None:
        """Take note that a connection is over; it was last heard at ``heard_at``."""
        if link is not self._link:
            return
        self._link = None
        if self._ready:
            self.link_lost_at = heard_at
        self._ready = False
        self._end_service()
        for commander in self._commanders.values():
            commander.link_lost()
        _LOGGER.info("%s: disconnected", self.identity)
        self.changed(save=True)

    def _serve(self, link: Link) -> None:
        if self._ready:
            self.link_lost_at = self.clock.monotonic()
        self._ready = False
        self._end_service()
        self._service = asyncio.create_task(self._run_service(link))

    def _end_service(self) -> None:
        if self._service is not None:
            self._service.cancel()
            self._service = None

    async def _run_service(self, link: Link) -> None:
        """Bring a new connection to work, then look after it."""
        with contextlib.suppress(LinkLostError):
            await self._settle()
            self._ready = True
            self.link_lost_at = None
            for number, commander in self._commanders.items():
                commander.relinked()
                self._starter(number).consider()
            self.changed()
            await self._introduce(link)
            await self._look_after(link)

    async def _settle(self) -> None:
        """Wait for the first frame and then a little longer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.timing.first_frame_s):
                await self._first_frame.wait()
        await asyncio.sleep(self.timing.settle_s)

    async def _introduce(self, link: Link) -> None:
        """Ask for what did not come by itself, and configure after a boot."""
        if self.memory.nameplate == Nameplate():
            self._boot_asked_at = self.clock.monotonic()
            await self._trigger(link, "BootNotification")
        if not self._status_seen:
            await self._trigger(link, "StatusNotification", 1)
        if not self._configured:
            await configure(self, link)
            self._configured = True

    async def _look_after(self, link: Link) -> None:
        """Poll the meter of a charger that charges and keeps silent about it.

        Where asking brings nothing it is asked ever more rarely.
        """
        wait = self.timing.poll_s
        asked_at: float | None = None
        while True:
            await asyncio.sleep(wait)
            now = self.clock.monotonic()
            silent = [
                number
                for number, connector in self.state.connectors.items()
                if connector.status is Status.CHARGING
                and not connector.flow_since(now - self.timing.poll_s)
            ]
            if asked_at is None or any(
                self.connector(number).flow_since(asked_at - _STAMP_S)
                for number in silent
            ):
                wait = self.timing.poll_s
            else:
                wait = min(2 * wait, self.timing.poll_max_s)
            asked_at = now if silent else None
            for number in silent:
                await self._trigger(link, "MeterValues", number)

    async def _trigger(
        self, link: Link, message: str, connector: int | None = None
    ) -> None:
        """Ask for a message, unless the charger refused that before."""
        if message in self._quiet_triggers:
            return
        if not await ask(lambda: link.trigger(message, connector)):
            self._quiet_triggers.add(message)

    # --- commands ----------------------------------------------------------------

    async def start(self, connector: int = 1) -> None:
        """Begin a session; raises ``OcppError``."""
        self._stopped_on_purpose.discard(connector)
        await self._needed_link().remote_start(connector, self.settings.tag)

    async def stop_session(self, connector: int = 1) -> None:
        """End the session; raises ``OcppError``.

        A charger that does not know our id may know the one it uses itself.
        """
        link = self._needed_link()
        transaction = self.transactions.current(connector)
        if transaction is None:
            raise RefusedError("RemoteStopTransaction", "no session")
        # Before it is asked: it may be plugged in and ready again before it answers.
        self._stopped_on_purpose.add(connector)
        try:
            try:
                await link.remote_stop(transaction.transaction_id)
            except RefusedError:
                if transaction.reported_id is None:
                    raise
                await link.remote_stop(transaction.reported_id)
        except OcppError:
            self._stopped_on_purpose.discard(connector)
            raise

    def _needed_link(self) -> Link:
        if self.ready_link is None:
            raise LinkLostError("not connected")
        return self.ready_link

    def may_start(self, connector: int) -> bool:
        """Whether a session should begin by our doing."""
        commander = self._commanders.get(connector)
        return (
            self.settings.auto_start
            and self._ready
            and commander is not None
            and commander.commanding
            and connector not in self._stopped_on_purpose
            and self.connector(connector).status is Status.PREPARING
            and self.transactions.current(connector) is None
        )

    async def apply(self, amps: float, connector: int = 1) -> None:
        """Offer a current; see ``Commander.apply``."""
        if self._retired:
            raise LinkLostError("SetChargingProfile")
        try:
            await self.commander(connector).apply(amps)
        finally:
            self._starter(connector).consider()

    def retire(self) -> None:
        """Take no current any more: what is left on the charger is to stay."""
        self._retired = True

    async def release(self) -> None:
        """Leave the charger on its safe current, then alone; raises ``OcppError``."""
        for commander in self._commanders.values():
            await commander.release()

    async def forget(self) -> None:
        """Take everything of ours off the charger, as far as it lets us."""
        self.commander()
        with contextlib.suppress(OcppError):
            for commander in self._commanders.values():
                await commander.forget()
        self.memory.cleared = False

    def reconfigure(self, settings: ChargerSettings) -> None:
        """Take other settings of the same charger."""
        self.settings = settings
        self.state.rewire(wired=len(settings.phases), max_a=settings.max_a)
        self._spawn(self._reconfigure())
        self.changed()

    async def _reconfigure(self) -> None:
        with contextlib.suppress(OcppError):
            await self.commander().reconfigured()

    async def close(self) -> None:
        """Let go of the connection and of everything that runs."""
        if self._link is not None:
            self._link.fail()
        self._end_service()
        for starter in self._starters.values():
            await starter.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _starter(self, connector: int) -> Starter:
        if connector not in self._starters:
            self._starters[connector] = Starter(
                self, connector, self.timing.start_delay_s, self.timing.start_retry_s
            )
        return self._starters[connector]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- what it tells -----------------------------------------------------------

    def heard(self) -> None:
        """Take note that the charger said something."""
        self.counters.frames += 1
        self._first_frame.set()

    def malformed(self, why: str) -> None:
        """Count a frame beyond repair; say so once a connection."""
        self.counters.malformed += 1
        if not self._complained:
            self._complained = True
            _LOGGER.warning(
                "%s: sends frames that cannot be read (%s); counting them quietly",
                self.identity,
                why,
            )

    def late_answer(self) -> None:
        """Count an answer nobody waits for any more."""
        self.counters.late_answers += 1

    def boot(self, nameplate: Nameplate) -> datetime:
        """Take a boot: profiles may be lost, the clock is set, the order is new."""
        asked = (
            self.clock.monotonic() - self._boot_asked_at < _ASKED_BOOT_S
            and self.memory.nameplate == Nameplate()
        )
        if nameplate.firmware != self.memory.nameplate.firmware:
            # Another firmware may take what the one before refused.
            self.memory.probed = False
            self.memory.form = None
            self.memory.stubborn.clear()
        self.memory.nameplate = nameplate
        if not asked:
            self.counters.reboots += 1
            self.memory.rebooted()
            self._configured = False
            self.state.booted()
            if self._link is not None:
                self._serve(self._link)
        self.changed(save=True)
        return self.clock.utcnow()

    def heartbeat(self) -> datetime:
        """Tell the time."""
        self.state.told_time()
        return self.clock.utcnow()

    def authorize(self, id_tag: str) -> str:
        """Accept every tag: some chargers block for good a tag that is refused once."""
        return "Accepted"

    def status(
        self,
        connector: int,
        status: Status | None,
        *,
        error_code: ErrorCode,
        error_text: str | None,
        stamp: datetime | None,
    ) -> None:
        """Take a connector's state."""
        self._status_seen = True
        news = self.state.take_status(
            connector,
            status,
            error_code=error_code,
            error_text=error_text,
            stamp=stamp,
        )
        if news and connector > 0:
            if status is Status.AVAILABLE:
                self._stopped_on_purpose.discard(connector)
                self._starter(connector).plugged_anew()
            self._starter(connector).consider()
        self.changed(save=news)

    def start_transaction(
        self,
        connector: int,
        *,
        id_tag: str,
        meter_start_wh: float | None,
        stamp: datetime | None,
    ) -> int:
        """Take the start of a session; returns its id."""
        transaction = self.state.start(
            connector, id_tag=id_tag, meter_start_wh=meter_start_wh, stamp=stamp
        )
        self.changed(save=True)
        return transaction.transaction_id

    def stop_transaction(
        self,
        transaction_id: int | None,
        *,
        meter_stop_wh: float | None,
        stamp: datetime | None,
        reason: str | None,
        samples: Sequence[MeterSample],
    ) -> None:
        """Take the end of a session; one that is not known is none of our business."""
        place = self.state.stop(
            transaction_id,
            meter_stop_wh=meter_stop_wh,
            stamp=stamp,
            reason=reason,
            samples=samples,
        )
        if place and (reason or "Local").casefold() in _ENDED_ON_PURPOSE:
            self._stopped_on_purpose.add(place.number)
        self.changed(save=True)

    def meter_values(
        self,
        connector: int,
        *,
        transaction_id: int | None,
        samples: Sequence[MeterSample],
    ) -> None:
        """Take meter samples."""
        self.state.count = self.memory.connectors
        before = self.state.counted_wh
        adopted = self.state.meter_values(
            connector, transaction_id=transaction_id, samples=samples
        )
        self.changed(save=adopted, note=self.state.counted_wh != before)

    def _clock_jumped(self) -> None:
        for commander in self._commanders.values():
            commander.clock_jumped()
        if self.ready_link is not None:
            self._spawn(self._ask_status(self.ready_link))

    async def _ask_status(self, link: Link) -> None:
        with contextlib.suppress(LinkLostError):
            await self._trigger(link, "StatusNotification", 1)

    # --- memory --------------------------------------------------------------------

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart as JSON values."""
        return {
            "memory": self.memory.as_dict(),
            "state": self.state.as_dict(),
            "stopped_on_purpose": sorted(self._stopped_on_purpose),
            "limits": {
                str(number): commander.as_dict()
                for number, commander in self._commanders.items()
            },
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Read back what ``as_dict`` gave, leaving out what is unreadable."""
        self.memory = Memory.from_dict(_mapping(data, "memory"))
        self.state.restore(_mapping(data, "state"))
        stopped = data.get("stopped_on_purpose")
        self._stopped_on_purpose = {
            number
            for number in (stopped if isinstance(stopped, list) else ())
            if isinstance(number, int)
        }
        for number, stored in _mapping(data, "limits").items():
            if number.isdecimal() and isinstance(stored, Mapping):
                self.commander(int(number)).restore(stored)


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}
