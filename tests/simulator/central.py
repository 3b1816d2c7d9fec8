"""A minimal real central system: the package's server side on a websockets server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from ocpp.exceptions import InternalError
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from websockets.asyncio.server import Server, ServerConnection, serve


class Seen(ChargePoint):
    """One charger's link as the central system sees it."""

    def __init__(self, identity: str, connection: Any, central: Central) -> None:
        super().__init__(identity, connection, response_timeout=5)
        self._central = central

    def _note(self, action: str, payload: dict[str, Any]) -> None:
        self._central.note(action, payload)

    @on("BootNotification")
    async def on_boot(self, **payload: Any) -> Any:
        self._note("BootNotification", payload)
        answers = self._central.boot_answers
        status = answers.pop(0) if answers else "Accepted"
        if status == "error":
            raise InternalError
        if status == "nonsense":
            return call_result.BootNotification(
                current_time="yesterday", interval=60, status="Accepted"
            )
        return call_result.BootNotification(
            current_time=self._central.time(), interval=60, status=status
        )

    @on("Heartbeat")
    async def on_heartbeat(self) -> Any:
        self._note("Heartbeat", {})
        return call_result.Heartbeat(current_time=self._central.time())

    @on("StatusNotification")
    async def on_status(self, **payload: Any) -> Any:
        self._note("StatusNotification", payload)
        return call_result.StatusNotification()

    @on("Authorize")
    async def on_authorize(self, **payload: Any) -> Any:
        self._note("Authorize", payload)
        return call_result.Authorize(id_tag_info={"status": self._central.tag_status})

    @on("StartTransaction")
    async def on_start(self, **payload: Any) -> Any:
        self._note("StartTransaction", payload)
        self._central.refuse_once()
        self._central.transaction_id += 1
        return call_result.StartTransaction(
            transaction_id=self._central.transaction_id,
            id_tag_info={"status": self._central.tag_status},
        )

    @on("StopTransaction")
    async def on_stop(self, **payload: Any) -> Any:
        self._note("StopTransaction", payload)
        return call_result.StopTransaction()

    @on("MeterValues")
    async def on_meter_values(self, **payload: Any) -> Any:
        self._note("MeterValues", payload)
        return call_result.MeterValues()


class Central:
    """What came in, and how to answer."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.boot_answers: list[str] = []
        self.tag_status = "Accepted"
        self.transaction_id = 100
        self.refusals = 0
        self.clock_shift_s = 0.0
        self.links: list[Seen] = []
        self.headers: dict[str, str] = {}
        self.path = ""
        self.port = 0
        self._changed = asyncio.Condition()
        self._server: Server | None = None
        self._noting: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ocpp/"

    @property
    def link(self) -> Seen:
        return self.links[-1]

    def time(self) -> str:
        at = datetime.now(UTC).timestamp() + self.clock_shift_s
        text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")

    def refuse_once(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise InternalError

    def note(self, action: str, payload: dict[str, Any]) -> None:
        self.seen.append((action, payload))
        task = asyncio.create_task(self._notify())
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def all(self, action: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self.seen if name == action]

    async def wait(
        self, action: str, match: Callable[[dict[str, Any]], bool] = lambda _: True
    ) -> dict[str, Any]:
        """Wait for a message, past or future."""

        def found() -> dict[str, Any] | None:
            return next((p for p in self.all(action) if match(p)), None)

        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: found() is not None)
        payload = found()
        assert payload is not None
        return payload

    async def status(self, status: str) -> dict[str, Any]:
        """Wait for a status of connector 1."""
        return await self.wait(
            "StatusNotification",
            lambda p: p["connector_id"] == 1 and p["status"] == status,
        )

    def forget(self) -> None:
        self.seen.clear()

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        assert connection.subprotocol == "ocpp1.6"
        self.path = connection.request.path
        self.headers = dict(connection.request.headers.raw_items())
        link = Seen(self.path.rsplit("/", 1)[-1], connection, self)
        self.links.append(link)
        await link.start()

    async def open(self) -> None:
        self._server = await serve(
            self._serve, "127.0.0.1", self.port, subprotocols=["ocpp1.6"]
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()


@asynccontextmanager
async def central_system() -> AsyncIterator[Central]:
    """Run one on a free port."""
    central = Central()
    await central.open()
    try:
        yield central
    finally:
        await central.close()
