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
from .errors import LinkLostError, OcppError
from .link import Link, Nameplate
from .link_service import LinkService
from .memory import ChargerSettings, Memory
from .meter_values import MeterSample
from .remote_sessions import RemoteSessions
from .state import ChargerState
from .status import ErrorCode, Status
from .timing import DEFAULT_TIMING, Timing
from .transactions import TransactionIds, Transactions

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class Counters:
    """What went on, for diagnostics."""

    connections: int = 0
    takeovers: int = 0
    frames: int = 0
    malformed: int = 0
    late_answers: int = 0
    refused_phases: int = 0
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
        self.service = LinkService(self)
        self.sessions = RemoteSessions(self)
        self._on_save = on_save
        self._listeners: list[Callable[[], None]] = []
        self._commanders: dict[int, Commander] = {}
        self._complained = False
        self._retired = False
        self._listener_failed = False
        self._tasks: set[asyncio.Task[None]] = set()

    # --- what there is -----------------------------------------------------------

    @property
    def identity(self) -> str:
        """The identity it calls in with."""
        return self.settings.identity

    @property
    def connected(self) -> bool:
        """Whether it is connected."""
        return self.service.link is not None

    @property
    def ready_link(self) -> Link | None:
        """Its link, once it may be called."""
        return self.service.ready_link

    @property
    def link_lost_at(self) -> float | None:
        """Since when it cannot be commanded (monotonic); None while it can."""
        return self.service.lost_at

    @property
    def charger_now(self) -> datetime:
        """What its clock shows."""
        return self.state.charger_clock.now(self.clock.utcnow())

    @property
    def switches_phases(self) -> bool:
        """Whether it is told on how many phases to charge."""
        return (
            self.settings.switches_phases
            and len(self.settings.phases) > 1
            and not self.memory.refuses_phases
        )

    def phases_refused(self) -> None:
        """Take note that it takes limits only without a number of phases."""
        self.counters.refused_phases += 1
        self.memory.refuses_phases = True
        _LOGGER.warning(
            "%s: does not switch phases by charging profile; until it reboots"
            " it is left to charge as it is wired",
            self.identity,
        )
        self.changed(save=True)

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
        if self.service.link is not None:
            self.counters.takeovers += 1
            self.service.link.fail()
        else:
            _LOGGER.info("%s: connected", self.identity)
        self.counters.connections += 1
        self._complained = False
        self.service.attach(link)
        self.changed()

    def relinked(self) -> None:
        """Go on: it may be called again."""
        for number, commander in self._commanders.items():
            commander.relinked()
            self.sessions.consider(number)
        self.changed()

    def detach(self, link: Link, heard_at: float) -> None:
        """Take note that a connection is over; it was last heard at ``heard_at``."""
        if link is not self.service.link:
            return
        self.service.detach(heard_at)
        for commander in self._commanders.values():
            commander.link_lost()
        _LOGGER.info("%s: disconnected", self.identity)
        self.changed(save=True)

    # --- commands ----------------------------------------------------------------

    async def start(self, connector: int = 1) -> None:
        """Begin a session; raises ``OcppError``."""
        await self.sessions.start(connector)

    async def stop_session(self, connector: int = 1) -> None:
        """End the session; raises ``OcppError``."""
        await self.sessions.stop(connector)

    def commanding(self, connector: int) -> bool:
        """Whether a limit of ours binds a connector now."""
        commander = self._commanders.get(connector)
        return commander is not None and commander.commanding

    async def apply(
        self, amps: float, phases: int | None = None, connector: int = 1
    ) -> None:
        """Offer a current; see ``Commander.apply``."""
        if self._retired:
            raise LinkLostError("SetChargingProfile")
        try:
            await self.commander(connector).apply(amps, phases)
        finally:
            self.sessions.consider(connector)

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
        if settings.switches_phases is not self.settings.switches_phases:
            self.memory.refuses_phases = False
        self.settings = settings
        self.state.rewire(wired=len(settings.phases), max_a=settings.max_a)
        self._spawn(self._reconfigure())
        self.changed()

    async def _reconfigure(self) -> None:
        with contextlib.suppress(OcppError):
            await self.commander().reconfigured()

    async def close(self) -> None:
        """Let go of the connection and of everything that runs."""
        self.service.close()
        await self.sessions.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- what it tells -----------------------------------------------------------

    def heard(self) -> None:
        """Take note that the charger said something."""
        self.counters.frames += 1
        self.service.heard()

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
        asked = self.service.boot_awaited and self.memory.nameplate == Nameplate()
        if nameplate.firmware != self.memory.nameplate.firmware:
            # Another firmware may take what the one before refused.
            self.memory.probed = False
            self.memory.form = None
            self.memory.stubborn.clear()
        self.memory.nameplate = nameplate
        if not asked:
            self.counters.reboots += 1
            self.memory.rebooted()
            self.state.booted()
            self.service.rebooted()
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
        self.service.status_seen = True
        news = self.state.take_status(
            connector,
            status,
            error_code=error_code,
            error_text=error_text,
            stamp=stamp,
        )
        if news and connector > 0:
            self.sessions.status_changed(connector, status)
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
        if place:
            self.sessions.ended(place.number, reason)
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
            self._spawn(self.service.ask_status(self.ready_link))

    # --- memory --------------------------------------------------------------------

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart as JSON values."""
        return {
            "memory": self.memory.as_dict(),
            "state": self.state.as_dict(),
            "stopped_on_purpose": self.sessions.as_list(),
            "limits": {
                str(number): commander.as_dict()
                for number, commander in self._commanders.items()
            },
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Read back what ``as_dict`` gave, leaving out what is unreadable."""
        self.memory = Memory.from_dict(_mapping(data, "memory"))
        self.state.restore(_mapping(data, "state"))
        self.sessions.restore(data.get("stopped_on_purpose"))
        for number, stored in _mapping(data, "limits").items():
            if number.isdecimal() and isinstance(stored, Mapping):
                self.commander(int(number)).restore(stored)


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}
