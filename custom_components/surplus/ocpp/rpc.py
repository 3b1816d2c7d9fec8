"""One connection of OCPP-J: frames in and out, one call at a time, on the ``ocpp`` package.

The package routes calls and matches answers. What it lacks for chargers as they are
stands here: frames are repaired before it sees them and nothing a charger sends ends the
connection; a call that cannot be understood still gets an answer; answers are stripped
of what they should not hold; a late answer is dropped; a lost link fails the call that
waits on it. The package's schema validation stays off in both directions: it refuses
what is understandable, and opens files in the event loop.
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
from ocpp.v16 import ChargePoint, call_result
from websockets.exceptions import ConnectionClosed

from .errors import LinkLostError, NoAnswerError, RefusedError
from .frames import Answer, Call, Failure, read, redacted
from .link import CallHandler, Connection
from .timing import Timing
from .values import Fields

_LOGGER = logging.getLogger(__name__)

# The package logs every payload at info, tags and secrets included.
_SILENT = logging.getLogger(f"{__name__}.package")
_SILENT.disabled = True

# A charger that leaves two calls in a row unanswered and says nothing else is gone,
# even if its socket stands.
_SILENT_CALLS = 2


def handles[**P](
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


class RpcLink(ChargePoint):  # type: ignore[misc]  # the package is untyped
    """A connection on which calls are made and answered.

    A subclass routes the calls of the charger to its methods with ``handles``.
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
        self.handler = handler
        self.timing = timing
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
                self.handler.heard()
                await self.route_message(frame.to_json())
            case Answer():
                self._take_answer(frame)
            case Failure():
                self._take_failure(frame)
            case _:
                self.handler.malformed(frame.why)
                if frame.call_id is not None:
                    error = CallError(
                        frame.call_id, "FormationViolation", frame.why, {}
                    )
                    await self._send(error.to_json())

    def _take_answer(self, answer: Answer) -> None:
        if self._waiting is None or answer.call_id != self._waiting[0]:
            self.handler.late_answer()
            return
        self._response_queue.put_nowait(
            CallResult(answer.call_id, _expected(self._waiting[1], answer.payload))
        )

    def _take_failure(self, failure: Failure) -> None:
        if self._waiting is None or failure.call_id != self._waiting[0]:
            self.handler.late_answer()
            return
        self._refusal = failure.code
        # The package knows few codes and raises on others: which one it was is kept here.
        self._response_queue.put_nowait(
            CallError(failure.call_id, "GenericError", failure.description, {})
        )

    # --- calls out -------------------------------------------------------------

    async def ask(self, payload: Any) -> Fields:
        """Make one call, after the one before it has ended; return its answer."""
        action = type(payload).__name__
        async with self._line:
            if self._lost:
                raise LinkLostError(action)
            call_id = str(uuid.uuid4())
            asked_at = self._connection.heard_at
            self._waiting = (call_id, action)
            try:
                async with asyncio.timeout(self.timing.call_s):
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
