"""The charger's network side: a real OCPP 1.6-J client around a station.

What a station does by itself (profiles, pilot, meter) is in ``evse``; here is what it
tells a central system and what it lets it do. Transactions go on without a link: their
messages wait in order and are delivered afterwards (OCPP 1.6, 3.7 and 3.13.6).
"""

import asyncio
from base64 import b64encode
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import partial
import logging
from typing import Any
from urllib.parse import quote

from ocpp.exceptions import OCPPError
from ocpp.v16 import ChargePoint, call
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from .charger_commands import command_handlers
from .clock import Clock
from .configuration import Configuration
from .evse import Evse, Session, Status
from .metering import sampled_values, timestamp
from .outbox import Message, Outbox
from .profiles import ChargingProfile, ProfileError

_LOGGER = logging.getLogger(__name__)

FREE_VEND_TAG = "FREEVEND"
# Waits between attempts to connect double from the first to the last, in device seconds.
BACK_OFF_S = (2.0, 10.0)
# How long a call may stay unanswered, in device seconds.
CALL_TIMEOUT_S = 30.0
LAST_WORDS_S = 1.0
REBOOT_S = 3.0
# The transaction id of a client that never learned one.
UNKNOWN_TRANSACTION = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargerSpec:
    """Who the charger says it is, and its habits.

    With ``free_vend`` a transaction starts by itself when a car is plugged in. A clock
    that is not ``synchronised`` keeps its error whatever the central system says. One
    that is not ``prompt`` heeds a new sample interval only after the next sample.
    """

    identity: str = "VIRTUAL-1"
    vendor: str = "Surplus"
    model: str = "Virtual charger"
    serial: str = "SIM0000001"
    firmware: str = "1.0"
    password: str | None = None
    free_vend: bool = True
    synchronised: bool = True
    prompt: bool = True


@dataclass(slots=True)
class _PendingStart:
    """A remote start that waits for the cable."""

    id_tag: str
    profile: ChargingProfile | None
    until: float


class Charger:
    """One charge point with one connector. ``poll`` is its clockwork."""

    def __init__(
        self, evse: Evse, clock: Clock, url: str, spec: ChargerSpec | None = None
    ) -> None:
        """Belong to a station; ``run`` dials ``url``/identity until cancelled."""
        self.spec = spec or ChargerSpec()
        self.evse = evse
        self.clock = clock
        self.config = Configuration(evse.spec, free_vend=self.spec.free_vend)
        self.last_error: str | None = None
        self.connections = 0
        self._url = f"{url.rstrip('/')}/{quote(self.spec.identity, safe='')}"
        self._socket: ClientConnection | None = None
        self._link: Any = None
        self._accepted = False
        self._reachable = asyncio.Event()
        self._reachable.set()
        self._outbox = Outbox(self.config, clock)
        self._status_changed = asyncio.Event()
        self._status = Status.AVAILABLE
        self._next_sample = 0.0
        self._next_aligned = 0.0
        self._pending: _PendingStart | None = None
        self._up_again = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    # The link

    @property
    def connected(self) -> bool:
        """Whether a central system accepted it and the link is up."""
        return self._link is not None and self._accepted

    async def run(self) -> None:
        """Stay connected until cancelled."""
        wait = BACK_OFF_S[0]
        try:
            while True:
                await self._reachable.wait()
                await self.clock.sleep(self._up_again - self.clock.now())
                try:
                    await self._connect()
                    wait = BACK_OFF_S[0]
                except (OSError, InvalidHandshake, TimeoutError) as error:
                    self.last_error = str(error) or type(error).__name__
                    _LOGGER.debug("No link to %s: %s", self._url, self.last_error)
                await self.clock.sleep(wait)
                wait = min(2 * wait, BACK_OFF_S[1])
        finally:
            for task in self._tasks:
                task.cancel()

    async def _connect(self) -> None:
        headers = {}
        if self.spec.password is not None:
            user = f"{self.spec.identity}:{self.spec.password}".encode()
            headers["Authorization"] = f"Basic {b64encode(user).decode()}"
        ping = self.config.number("WebSocketPingInterval")
        async with connect(
            self._url,
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]  # a NewType of str
            additional_headers=headers,
            open_timeout=10,
            close_timeout=2,
            ping_interval=ping / self.clock.pace if ping else None,
            proxy=None,
        ) as socket:
            self._socket = socket
            self.connections += 1
            self.last_error = None
            link = ChargePoint(
                self.spec.identity,
                socket,
                response_timeout=CALL_TIMEOUT_S / self.clock.pace,
            )
            link.route_map = command_handlers(self)
            self._link = link
            try:
                await self._converse(link)
            finally:
                self._socket = self._link = None

    async def _converse(self, link: Any) -> None:
        reader = asyncio.create_task(link.start())
        talker = asyncio.create_task(self._talk(link))
        try:
            await asyncio.wait({reader, talker}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reader.cancel()
            talker.cancel()
            results = await asyncio.gather(reader, talker, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(
                result, ConnectionClosed
            ):
                # Whatever a central system says, a charger dials again.
                _LOGGER.error("The link to %s failed", self._url, exc_info=result)

    async def _talk(self, link: Any) -> None:
        try:
            if not self._accepted:
                await self._boot()
            await self._report(0, Status.AVAILABLE)
            self._status_changed.set()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._heartbeats())
                tasks.create_task(self._statuses())
                tasks.create_task(
                    self._outbox.deliver(partial(link.call, suppress=False))
                )
        except* ConnectionClosed:
            pass

    async def call(self, request: Any) -> Any:
        """Send one request; None when it was refused, unanswered or nobody listens."""
        link = self._link
        if link is None:
            return None
        try:
            return await link.call(request)
        except TimeoutError, OCPPError:
            return None

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something as soon as the present message is dealt with."""

        async def guarded() -> None:
            try:
                await work
            except ConnectionClosed:
                _LOGGER.debug("The link went before everything was said")

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cut(self) -> None:
        """Lose the link, as if the cable were pulled; no reconnection until ``mend``."""
        self._reachable.clear()
        if self._socket is not None:
            self._socket.transport.abort()

    def mend(self) -> None:
        """Let the link come back."""
        self._reachable.set()

    @property
    def is_cut(self) -> bool:
        """Whether somebody cut the link."""
        return not self._reachable.is_set()

    def reconfigured(self, key: str) -> None:
        """Heed a configuration key that was changed."""
        if key.lower() == "metervaluesampleinterval" and self.spec.prompt:
            interval = self.config.number(key)
            self._next_sample = min(self._next_sample, self.clock.now() + interval)

    # What it tells

    def _now_text(self) -> str:
        return timestamp(self.evse.wall(self.clock.now()))

    async def boot(self) -> Any:
        """Send BootNotification."""
        answer = await self.call(
            call.BootNotification(
                charge_point_vendor=self.spec.vendor,
                charge_point_model=self.spec.model,
                charge_point_serial_number=self.spec.serial,
                firmware_version=self.spec.firmware,
            )
        )
        if answer is not None:
            self._set_clock(answer.current_time)
        return answer

    async def _boot(self) -> None:
        while True:
            answer = await self.boot()
            if answer is not None and answer.status == "Accepted":
                if answer.interval > 0:
                    self.config.change("HeartbeatInterval", str(answer.interval))
                self._accepted = True
                return
            interval = getattr(answer, "interval", 0)
            await self.clock.sleep(interval or 10)

    def _set_clock(self, text: str) -> None:
        if self.spec.synchronised:
            self.evse.set_clock(self.clock.now(), datetime.fromisoformat(text))

    async def heartbeat(self) -> None:
        """Send Heartbeat and set the clock by its answer."""
        if (answer := await self.call(call.Heartbeat())) is not None:
            self._set_clock(answer.current_time)

    async def _heartbeats(self) -> None:
        while True:
            await self.clock.sleep(max(1, self.config.number("HeartbeatInterval")))
            await self.heartbeat()

    async def _statuses(self) -> None:
        while True:
            await self._status_changed.wait()
            self._status_changed.clear()
            await self.report_status()

    async def report_status(self) -> None:
        """Send the connector's StatusNotification."""
        await self._report(1, self._status)

    async def _report(self, connector: int, status: Status) -> None:
        await self.call(
            call.StatusNotification(
                connector_id=connector,
                error_code="NoError",
                status=status.value,
                timestamp=self._now_text(),
            )
        )

    def _meter_value(self, measurands: str, context: str) -> list[dict[str, Any]]:
        values = sampled_values(self.evse, self.config.text(measurands), context)
        return [{"timestamp": self._now_text(), "sampled_value": values}]

    async def report_meter(
        self, context: str = "Trigger", measurands: str = "MeterValuesSampledData"
    ) -> None:
        """Send MeterValues at once; outside a transaction they carry no id."""
        session = self.evse.session
        await self.call(
            call.MeterValues(
                connector_id=1,
                meter_value=self._meter_value(measurands, context),
                transaction_id=session.transaction_id if session else None,
            )
        )

    # Transactions

    def begin(self, id_tag: str, profile: ChargingProfile | None = None) -> None:
        """Begin a transaction and tell the central system when there is one."""
        now = self.clock.now()
        session = self.evse.begin(now, id_tag)
        self._next_sample = now
        if profile is not None:
            try:
                self.evse.profiles.install(1, profile, in_transaction=True)
            except ProfileError as error:
                _LOGGER.debug("The remote start's profile was left out: %s", error)
        request = call.StartTransaction(
            connector_id=1,
            id_tag=id_tag,
            meter_start=int(session.meter_start_wh),
            timestamp=timestamp(session.started),
        )

        def answered(answer: Any) -> None:
            session.transaction_id = answer.transaction_id
            refused = answer.id_tag_info["status"] != "Accepted"
            if refused and self.config.flag("StopTransactionOnInvalidId"):
                if self.evse.session is session:
                    self.end("DeAuthorized")

        self._outbox.put(Message(lambda: request, answered))

    def end(self, reason: str) -> None:
        """End the running transaction, if there is one."""
        session = self.evse.session
        if session is None:
            return
        self.evse.end()
        meter_stop = int(self.evse.energy_wh)
        stopped = self._now_text()
        self._outbox.put(
            Message(
                lambda: call.StopTransaction(
                    meter_stop=meter_stop,
                    timestamp=stopped,
                    transaction_id=_id_of(session),
                    reason=reason,
                )
            )
        )

    def _sample(self, session: Session) -> None:
        value = self._meter_value("MeterValuesSampledData", "Sample.Periodic")
        self._outbox.put(
            Message(
                lambda: call.MeterValues(
                    connector_id=1,
                    meter_value=value,
                    transaction_id=_id_of(session),
                ),
                is_sample=True,
            )
        )

    async def present_tag(self, id_tag: str) -> None:
        """Hold a card to the reader: begin, or end what the same card began."""
        if (session := self.evse.session) is not None:
            if session.id_tag == id_tag:
                self.end("Local")
            return
        answer = await self.call(call.Authorize(id_tag=id_tag))
        offline = self._link is None and self.config.flag("LocalAuthorizeOffline")
        accepted = answer is not None and answer.id_tag_info["status"] == "Accepted"
        if (accepted or offline) and self.evse.status is Status.PREPARING:
            self.begin(id_tag)

    def start_remotely(self, id_tag: str, profile: ChargingProfile | None) -> None:
        """Begin now, or as soon as a cable is plugged within ConnectionTimeOut."""
        timeout = self.config.number("ConnectionTimeOut")
        self._pending = _PendingStart(
            id_tag=id_tag, profile=profile, until=self.clock.now() + timeout
        )

    async def authorise_remotely(
        self, id_tag: str, profile: ChargingProfile | None
    ) -> None:
        """Ask about the tag of a remote start first."""
        answer = await self.call(call.Authorize(id_tag=id_tag))
        if answer is not None and answer.id_tag_info["status"] == "Accepted":
            self.start_remotely(id_tag, profile)

    async def reboot(self, reason: str) -> None:
        """Restart: the transaction ends, the link goes, a new boot follows."""
        self.end(reason)
        await self.clock.sleep(LAST_WORDS_S)
        self.evse.reboot()
        self._accepted = False
        self._up_again = self.clock.now() + REBOOT_S
        if self._socket is not None:
            await self._socket.close(1001)

    # The clockwork

    def poll(self, now: float) -> None:
        """Notice what happened at the connector; to be called several times a second."""
        self._begin_if_due(now)
        session = self.evse.session
        if session is not None and self.evse.car is None:
            self.end("EVDisconnected")
            session = None
        if session is not None and now >= self._next_sample:
            self._sample(session)
            interval = self.config.number("MeterValueSampleInterval")
            self._next_sample = now + interval if interval else float("inf")
        self._sample_aligned(now)
        if self.evse.status is not self._status:
            self._status = self.evse.status
            self._status_changed.set()

    def _begin_if_due(self, now: float) -> None:
        if self._pending is not None and now > self._pending.until:
            self._pending = None
        if self.evse.status is not Status.PREPARING:
            return
        if self._pending is not None:
            pending, self._pending = self._pending, None
            self.begin(pending.id_tag, pending.profile)
        elif self.config.flag("FreeVend"):
            self.begin(FREE_VEND_TAG)

    def _sample_aligned(self, now: float) -> None:
        interval = self.config.number("ClockAlignedDataInterval")
        if not interval:
            self._next_aligned = 0.0
            return
        if self._next_aligned and now >= self._next_aligned and self.connected:
            self.spawn(self.report_meter("Sample.Clock", "MeterValuesAlignedData"))
        if now >= self._next_aligned:
            into = self.evse.wall(now).timestamp() % interval
            self._next_aligned = now + interval - into


def _id_of(session: Session) -> int:
    if session.transaction_id is None:
        return UNKNOWN_TRANSACTION
    return session.transaction_id
