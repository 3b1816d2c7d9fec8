"""One connection of a charger that speaks OCPP 1.6-J, on the ``ocpp`` package.

The package routes calls, matches answers and knows every message. What it lacks for
chargers as they are stands here: frames are repaired before it sees them and nothing a
charger sends ends the connection; a call that cannot be understood still gets an
answer; answers are stripped of what they should not hold; a late answer is dropped; a
lost link fails the call that waits on it. The package's schema validation stays off in
both directions: it refuses what is understandable, and opens files in the event loop.
"""

import asyncio
from collections.abc import Callable
import dataclasses
import functools
import logging
from typing import Any, override
import uuid

from ocpp.exceptions import OCPPError
from ocpp.messages import CallError, CallResult
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import Action
from websockets.exceptions import ConnectionClosed

from .errors import LinkLostError, NoAnswerError, RefusedError
from .frames import Answer, Call, Failure, read, redacted
from .link import CallHandler, Connection, Nameplate
from .meter_values import read_samples
from .profiles import Profile
from .status import read_error_code, read_status
from .timing import Timing
from .values import Fields, plain_key, wire_time

_LOGGER = logging.getLogger(__name__)

# The package logs every payload at info, tags and secrets included.
_SILENT = logging.getLogger(f"{__name__}.package")
_SILENT.disabled = True

# What is invented beyond must not fill the memory.
_MOST_CONNECTORS = 32

# A charger that leaves two calls in a row unanswered and says nothing else is gone,
# even if its socket stands.
_SILENT_CALLS = 2


def _handles[**P](
    action: str,
) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Route an action to a method that takes the payload as it came."""

    def decorate(method: Callable[P, Any]) -> Callable[P, Any]:
        @functools.wraps(method)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return method(*args, **kwargs)
            except Exception:
                # The package answers InternalError, and logs to nobody.
                _LOGGER.exception("%s could not be handled", action)
                raise

        routed: Callable[P, Any] = on(action, skip_schema_validation=True)(guarded)
        return routed

    return decorate


class Link16(ChargePoint):  # type: ignore[misc]  # the package is untyped
    """A connection on which OCPP 1.6 is spoken.

    Calls to the charger raise ``LinkLostError``, ``NoAnswerError`` or ``RefusedError``.
    """

    def __init__(
        self,
        identity: str,
        connection: Connection,
        handler: CallHandler,
        timing: Timing,
    ) -> None:
        """Speak on an open connection."""
        super().__init__(identity, connection, timing.call_s, logger=_SILENT)
        self._handler = handler
        self._timing = timing
        self._line = asyncio.Lock()
        self._waiting: tuple[str, str] | None = None
        self._refusal = ""
        self._lost = False
        self._silent_calls = 0

    @property
    def lost(self) -> bool:
        """Whether the connection is over."""
        return self._lost

    # --- frames in -------------------------------------------------------------

    async def run(self) -> None:
        """Serve the charger until its connection ends."""
        try:
            while True:
                # As bytes: broken UTF-8 would end the connection otherwise.
                await self._receive(await self._connection.recv(decode=False))
        except ConnectionClosed:
            pass
        finally:
            self.fail()

    async def _receive(self, raw: bytes) -> None:
        if self._lost:
            return
        frame = read(raw)
        if _LOGGER.isEnabledFor(logging.DEBUG):
            _LOGGER.debug("%s > %s", self.id, _shown(frame))
        match frame:
            case Call():
                self._handler.heard()
                await self.route_message(frame.to_json())
            case Answer():
                self._take_answer(frame)
            case Failure():
                self._take_failure(frame)
            case _:
                self._handler.malformed(frame.why)
                if frame.call_id is not None:
                    error = CallError(
                        frame.call_id, "FormationViolation", frame.why, {}
                    )
                    await self._send(error.to_json())

    def _take_answer(self, answer: Answer) -> None:
        if self._waiting is None or answer.call_id != self._waiting[0]:
            self._handler.late_answer()
            return
        self._response_queue.put_nowait(
            CallResult(answer.call_id, _expected(self._waiting[1], answer.payload))
        )

    def _take_failure(self, failure: Failure) -> None:
        if self._waiting is None or failure.call_id != self._waiting[0]:
            self._handler.late_answer()
            return
        self._refusal = failure.code
        # The package knows few codes and raises on others: which one it was is kept here.
        self._response_queue.put_nowait(
            CallError(failure.call_id, "GenericError", failure.description, {})
        )

    # --- calls out -------------------------------------------------------------

    async def _ask(self, payload: Any) -> Fields:
        """Make one call, after the one before it has ended; return its answer."""
        action = type(payload).__name__
        async with self._line:
            if self._lost:
                raise LinkLostError(action)
            call_id = str(uuid.uuid4())
            asked_at = self._connection.heard_at
            self._waiting = (call_id, action)
            try:
                async with asyncio.timeout(self._timing.call_s):
                    answer = await self.call(
                        payload,
                        suppress=False,
                        unique_id=call_id,
                        skip_schema_validation=True,
                    )
            except TimeoutError:
                self._silence(asked_at)
                raise NoAnswerError(action) from None
            except ConnectionClosed:
                raise LinkLostError(action) from None
            except OCPPError:
                if self._lost:
                    raise LinkLostError(action) from None
                raise RefusedError(action, self._refusal) from None
            finally:
                self._waiting = None
        return Fields(vars(answer))

    def _silence(self, heard_at: float) -> None:
        """Judge a call without answer: not even a pong came while it waited."""
        if self._connection.heard_at > heard_at:
            self._silent_calls = 0
            return
        self._silent_calls += 1
        if self._silent_calls >= _SILENT_CALLS:
            self.fail()

    async def _ask_status(self, payload: Any, *good: str) -> str:
        """Make a call whose answer is a status; raise unless it is a good one."""
        status = (await self._ask(payload)).text("status") or ""
        if plain_key(status) not in map(plain_key, good):
            raise RefusedError(type(payload).__name__, status or "no status")
        return status

    async def set_profile(self, profile: Profile) -> None:
        """Install a charging profile."""
        await self._ask_status(
            call.SetChargingProfile(
                connector_id=profile.connector,
                cs_charging_profiles=profile.as_payload(),
            ),
            "Accepted",
        )

    async def clear_profiles(self, profile_id: int | None = None) -> None:
        """Remove one of our profiles, or whatever any backend has left."""
        await self._ask_status(
            call.ClearChargingProfile(id=profile_id), "Accepted", "Unknown"
        )

    async def get_configuration(self, *keys: str) -> dict[str, str]:
        """Return settings by plain key; those the charger does not know are missing."""
        answer = await self._ask(call.GetConfiguration(key=list(keys)))
        return {
            plain_key(key): setting.text("value", limit=500) or ""
            for setting in answer.parts("configurationKey")
            if (key := setting.text("key"))
        }

    async def change_configuration(self, key: str, value: str) -> str:
        """Change a setting; returns ``Accepted`` or ``RebootRequired``."""
        return await self._ask_status(
            call.ChangeConfiguration(key=key, value=value), "Accepted", "RebootRequired"
        )

    async def trigger(self, message: str, connector: int | None = None) -> None:
        """Ask the charger to send a message."""
        await self._ask_status(
            call.TriggerMessage(requested_message=message, connector_id=connector),
            "Accepted",
        )

    async def remote_start(self, connector: int, id_tag: str) -> None:
        """Ask the charger to begin a session."""
        await self._ask_status(
            call.RemoteStartTransaction(id_tag=id_tag, connector_id=connector),
            "Accepted",
        )

    async def remote_stop(self, transaction_id: int) -> None:
        """Ask the charger to end a session."""
        await self._ask_status(
            call.RemoteStopTransaction(transaction_id=transaction_id), "Accepted"
        )

    # --- the end ---------------------------------------------------------------

    def fail(self) -> None:
        """Give the connection up at once; whoever waits for an answer is told."""
        if self._lost:
            return
        self._lost = True
        if self._waiting is not None:
            self._response_queue.put_nowait(
                CallError(self._waiting[0], "InternalError", "link lost", {})
            )
        self._connection.drop()

    @override
    async def _send(self, message: str) -> None:
        if _LOGGER.isEnabledFor(logging.DEBUG):
            _LOGGER.debug("%s < %s", self.id, _shown(read(message)))
        await self._connection.send(message)

    # --- what chargers say ------------------------------------------------------

    @_handles(Action.boot_notification)
    def on_boot(self, /, **payload: Any) -> Any:
        """Accept the charger: it may begin to work."""
        fields = Fields(payload)
        wall = self._handler.boot(
            Nameplate(
                vendor=fields.text("chargePointVendor"),
                model=fields.text("chargePointModel"),
                serial=fields.text("chargePointSerialNumber", "chargeBoxSerialNumber"),
                firmware=fields.text("firmwareVersion"),
            )
        )
        return call_result.BootNotification(
            current_time=wire_time(wall),
            interval=self._timing.heartbeat_s,
            status="Accepted",
        )

    @_handles(Action.heartbeat)
    def on_heartbeat(self, /, **_payload: Any) -> Any:
        """Tell the time."""
        return call_result.Heartbeat(current_time=wire_time(self._handler.heartbeat()))

    @_handles(Action.status_notification)
    def on_status(self, /, **payload: Any) -> Any:
        """Take a connector's state."""
        fields = Fields(payload)
        texts = (fields.text("info"), fields.text("vendorErrorCode"))
        self._handler.status(
            _connector(fields),
            read_status(fields.raw("status")),
            error_code=read_error_code(fields.raw("errorCode")),
            error_text=", ".join(filter(None, texts)) or None,
            stamp=fields.time("timestamp"),
        )
        return call_result.StatusNotification()

    @_handles(Action.authorize)
    def on_authorize(self, /, **payload: Any) -> Any:
        """Say whether a tag may charge."""
        status = self._handler.authorize(Fields(payload).text("idTag") or "")
        return call_result.Authorize(id_tag_info=IdTagInfo(status=status))

    @_handles(Action.start_transaction)
    def on_start(self, /, **payload: Any) -> Any:
        """Give the session its id, always: without an answer it is sent for ever."""
        fields = Fields(payload)
        id_tag = fields.text("idTag") or ""
        transaction_id = self._handler.start_transaction(
            _connector(fields) or 1,
            id_tag=id_tag,
            meter_start_wh=fields.number("meterStart"),
            stamp=fields.time("timestamp"),
        )
        return call_result.StartTransaction(
            transaction_id=transaction_id,
            id_tag_info=IdTagInfo(status=self._handler.authorize(id_tag)),
        )

    @_handles(Action.stop_transaction)
    def on_stop(self, /, **payload: Any) -> Any:
        """End a session, whether it is known or not."""
        fields = Fields(payload)
        self._handler.stop_transaction(
            fields.integer("transactionId"),
            meter_stop_wh=fields.number("meterStop"),
            stamp=fields.time("timestamp"),
            reason=fields.text("reason"),
            samples=read_samples(fields),
        )
        return call_result.StopTransaction()

    @_handles(Action.meter_values)
    def on_meter_values(self, /, **payload: Any) -> Any:
        """Take what the charger measured."""
        fields = Fields(payload)
        self._handler.meter_values(
            _connector(fields),
            transaction_id=fields.integer("transactionId"),
            samples=read_samples(fields),
        )
        return call_result.MeterValues()

    @_handles(Action.data_transfer)
    def on_data_transfer(self, /, **_payload: Any) -> Any:
        """Say that no vendor's messages are understood."""
        return call_result.DataTransfer(status="UnknownVendorId")

    @_handles(Action.firmware_status_notification)
    def on_firmware_status(self, /, **_payload: Any) -> Any:
        """Take note of nothing."""
        return call_result.FirmwareStatusNotification()

    @_handles(Action.diagnostics_status_notification)
    def on_diagnostics_status(self, /, **_payload: Any) -> Any:
        """Take note of nothing."""
        return call_result.DiagnosticsStatusNotification()

    @_handles(Action.security_event_notification)
    def on_security_event(self, /, **_payload: Any) -> Any:
        """Take note of nothing."""
        return call_result.SecurityEventNotification()

    @_handles(Action.log_status_notification)
    def on_log_status(self, /, **_payload: Any) -> Any:
        """Take note of nothing."""
        return call_result.LogStatusNotification()

    @_handles(Action.signed_firmware_status_notification)
    def on_signed_firmware_status(self, /, **_payload: Any) -> Any:
        """Take note of nothing."""
        return call_result.SignedFirmwareStatusNotification()

    @_handles(Action.sign_certificate)
    def on_sign_certificate(self, /, **_payload: Any) -> Any:
        """Refuse: there is no certificate authority here."""
        return call_result.SignCertificate(status="Rejected")


def _connector(fields: Fields) -> int:
    """Return a connector's number; nonsense is 0, the unit as a whole."""
    number = fields.integer("connectorId") or 0
    return number if 0 <= number <= _MOST_CONNECTORS else 0


def _expected(action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with exactly the fields the package builds its result from.

    Extra fields are dropped; a missing one is None, which the caller judges.
    """
    fields = Fields(payload)
    return {
        field.name: fields.raw(field.name)
        for field in dataclasses.fields(getattr(call_result, action))
    }


def _shown(frame: object) -> str:
    if isinstance(frame, Call):
        return f"{frame.action} {redacted(frame.payload)}"
    if isinstance(frame, Answer):
        return f"answer {redacted(frame.payload)}"
    return str(frame)
