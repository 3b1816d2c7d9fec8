"""The central system: a WebSocket server that chargers call in on.

Knows neither Home Assistant nor what is said on a connection; it finds out who calls,
which version is spoken, whether a connection still lives, and lets the newest one of a
charger win.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
import contextlib
import errno
import http
import logging
import re
from typing import Any, override
from urllib.parse import unquote

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from .charge_point import Charger
from .clocks import SYSTEM_CLOCK, Clock
from .errors import ListenError, PortInUseError
from .memory import ChargerSettings
from .ocpp16 import Link16
from .timing import DEFAULT_TIMING, Timing
from .transactions import TransactionIds
from .values import text

_LOGGER = logging.getLogger(__name__)

# A port scan or a broken handshake is not worth a traceback, a frame not a log line.
_SILENT = logging.getLogger(f"{__name__}.websockets")
_SILENT.disabled = True

# A StopTransaction with the samples of a whole night is the largest frame there is.
_LARGEST_FRAME = 2**20

# OCPP 2.x allows 48; nothing longer was ever seen.
_LONGEST_IDENTITY = 64

# What OCPP lets an identity consist of (2.0.1 part 2, identifierString), and the space.
# It is shown to the user: nothing in it may be read as markup.
_IDENTITY = re.compile(r"[A-Za-z0-9*\-_=:+|@. ]+")

# Whoever scans the network must not fill the memory with invented identities.
_MOST_UNKNOWN = 32

# A host that is no name at all is refused before it is looked up.
_NO_ADDRESS = (OSError, ValueError)

_VERSION_16 = re.compile(r"ocpp1\.6", re.IGNORECASE)

type OnUnknown = Callable[[str], None]


def identity_of(path: str) -> str | None:
    """Return the identity a request target ends in; None when there is no sound one.

    Chargers double the slash, add one at the end, or send a whole URL.
    """
    path = path.split("?", 1)[0].split("#", 1)[0]
    if "://" in path:
        path = path.split("://", 1)[1].partition("/")[2]
    segments = [unquote(part).strip() for part in path.split("/")]
    identity = next((part for part in reversed(segments) if part), None)
    if (
        identity is None
        or len(identity) > _LONGEST_IDENTITY
        or not _IDENTITY.fullmatch(identity)
    ):
        return None
    return identity


async def async_can_listen(host: str, port: int) -> None:
    """Open a port for a moment; raises ``PortInUseError`` or another ``ListenError``."""
    try:
        server = await asyncio.get_running_loop().create_server(
            asyncio.Protocol, host, port
        )
    except _NO_ADDRESS as error:
        raise _listen_error(error) from error
    server.close()
    await server.wait_closed()


def _listen_error(error: OSError | ValueError) -> ListenError:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return PortInUseError(str(error))
    return ListenError(str(error))


def offered_versions(request: Request) -> list[str]:
    """Return the subprotocols a charger offers, however they are written."""
    return [
        offer.strip()
        for header in request.headers.get_all("Sec-WebSocket-Protocol")
        for offer in header.split(",")
        if offer.strip()
    ]


class _Connection(ServerConnection):
    """A connection that notes each sign of life and can be dropped at once."""

    identity = ""
    pongs = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heard_at = self.loop.time()
        self._dropping: asyncio.Task[None] | None = None

    @override
    def data_received(self, data: bytes) -> None:
        self.heard_at = self.loop.time()
        super().data_received(data)

    def drop(self) -> None:
        """Begin to close: without an answer the socket is cut after the close timeout."""
        if self._dropping is None:
            self._dropping = self.loop.create_task(self.close())


class CentralSystem:
    """Listens for chargers, and holds those that are known."""

    def __init__(
        self,
        *,
        on_unknown: OnUnknown | None = None,
        on_save: Callable[[bool], None] = lambda _soon: None,
        timing: Timing = DEFAULT_TIMING,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Know nobody and listen nowhere yet.

        ``on_unknown`` is called once for each identity that is not known, ``on_save``
        when ``as_dict`` has changed, with whether it should be written soon.
        """
        self.on_unknown = on_unknown
        self.on_save = on_save
        self.timing = timing
        self.clock = clock
        self.chargers: dict[str, Charger] = {}
        self.refused = 0
        self._ids = TransactionIds()
        self._stored: dict[str, Any] = {}
        self._unknown: set[str] = set()
        self._other_version: set[str] = set()
        self._server: Server | None = None

    # --- chargers ----------------------------------------------------------------

    def add(self, settings: ChargerSettings) -> Charger:
        """Know a charger from now on."""
        charger = Charger(
            settings,
            ids=self._ids,
            timing=self.timing,
            clock=self.clock,
            on_save=self._save,
        )
        stored = self._stored.pop(settings.identity, None)
        if isinstance(stored, dict):
            charger.restore(stored)
        self.chargers[settings.identity] = charger
        self._unknown.discard(settings.identity)
        self._other_version.discard(settings.identity)
        return charger

    def _save(self, soon: bool) -> None:
        # Looked up each time: the owner may change.
        self.on_save(soon)

    async def remove(self, identity: str, *, forget: bool = False) -> None:
        """Know a charger no longer; ``forget`` takes our limits off it first."""
        if (charger := self.chargers.pop(identity, None)) is None:
            return
        if forget:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.timing.goodbye_s):
                    await charger.forget()
        await charger.close()
        self.on_save(True)

    async def release(self) -> None:
        """Leave all chargers on their safe current, as far as they can be reached."""
        releases = [
            asyncio.create_task(charger.release()) for charger in self.chargers.values()
        ]
        if not releases:
            return
        _, late = await asyncio.wait(releases, timeout=self.timing.goodbye_s)
        for task in late:
            task.cancel()
        for result in await asyncio.gather(*releases, return_exceptions=True):
            if isinstance(result, Exception):
                _LOGGER.debug(
                    "A charger falls to its safe current by itself: %s", result
                )

    # --- memory ------------------------------------------------------------------

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart as JSON values."""
        return {
            "last_transaction_id": self._ids.last,
            "chargers": {
                identity: charger.as_dict()
                for identity, charger in self.chargers.items()
            },
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Read back what ``as_dict`` gave, before the chargers are added."""
        last = data.get("last_transaction_id")
        self._ids.last = last if isinstance(last, int) else 0
        chargers = data.get("chargers")
        self._stored = dict(chargers) if isinstance(chargers, dict) else {}

    # --- listening -----------------------------------------------------------------

    @property
    def port(self) -> int | None:
        """The port it listens on; None when it does not."""
        if self._server is None:
            return None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, host: str, port: int, **options: Any) -> None:
        """Listen; raises ``PortInUseError`` or another ``ListenError``.

        ``options`` go to the event loop's ``create_server`` (``ssl``).
        """
        try:
            self._server = await serve(
                self._serve,
                host,
                port,
                process_request=self._admit,
                select_subprotocol=_select,
                create_connection=_Connection,
                ping_interval=None,
                close_timeout=self.timing.close_s,
                max_size=_LARGEST_FRAME,
                logger=_SILENT,
                **options,
            )
        except _NO_ADDRESS as error:
            raise _listen_error(error) from error

    async def stop(self) -> None:
        """Stop listening and let go of every charger."""
        server, self._server = self._server, None
        for charger in self.chargers.values():
            await charger.close()
        if server is not None:
            server.close()
            await server.wait_closed()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Let known chargers in, with whatever is wrong with their handshake repaired.

        Who is not known is refused before the upgrade: a refused charger comes back
        sooner than one whose session was closed.
        """
        assert isinstance(connection, _Connection)
        identity = identity_of(request.path)
        if identity is None or identity not in self.chargers:
            self.refused += 1
            # A browser or a scanner is no charger.
            if identity is not None and "Sec-WebSocket-Key" in request.headers:
                self._report(identity)
            return connection.respond(
                http.HTTPStatus.NOT_FOUND, "This charger is not known here.\n"
            )
        offers = offered_versions(request)
        chosen = next((offer for offer in offers if _VERSION_16.match(offer)), None)
        if offers and chosen is None:
            self.refused += 1
            self._complain_of_versions(identity, offers)
            return connection.respond(
                http.HTTPStatus.BAD_REQUEST, "Only ocpp1.6 is spoken here.\n"
            )
        connection.identity = identity
        _repair(request, chosen)
        return None

    def _report(self, identity: str) -> None:
        if identity in self._unknown or len(self._unknown) >= _MOST_UNKNOWN:
            return
        self._unknown.add(identity)
        _LOGGER.info("An unknown charger calls in: %s", identity)
        if self.on_unknown is not None:
            self.on_unknown(identity)

    def _complain_of_versions(self, identity: str, offers: list[str]) -> None:
        if identity in self._other_version:
            return
        self._other_version.add(identity)
        _LOGGER.warning(
            "%s: only speaks %s; set it to OCPP 1.6 (JSON)",
            identity,
            text(", ".join(offers), 64),
        )

    async def _serve(self, connection: ServerConnection) -> None:
        """Serve one connection until it ends."""
        assert isinstance(connection, _Connection)
        charger = self.chargers.get(connection.identity)
        if charger is None:
            return
        link = Link16(charger.identity, connection, charger, self.timing)
        charger.attach(link)
        pings = asyncio.create_task(self._ping(connection, link))
        try:
            await link.run()
        except Exception:
            _LOGGER.exception("%s: the connection failed", charger.identity)
        finally:
            pings.cancel()
            # The loop's clock is the monotonic one the readings use.
            silent_s = connection.loop.time() - connection.heard_at
            charger.detach(link, self.clock.monotonic() - silent_s)

    async def _ping(self, connection: _Connection, link: Link16) -> None:
        """Keep the connection alive, and give it up when nothing is heard any more.

        Some chargers never answer pings: silence only counts early for those that do.
        """
        pong: Awaitable[float] | None = None
        while not link.lost:
            await asyncio.sleep(self.timing.ping_s)
            if isinstance(pong, asyncio.Future) and pong.done():
                connection.pongs = True
            silent_s = connection.loop.time() - connection.heard_at
            limit_s = (
                self.timing.ping_silence_s
                if connection.pongs
                else self.timing.silence_s
            )
            if silent_s > limit_s:
                _LOGGER.debug("%s: silent for %d s", connection.identity, silent_s)
                link.fail()
                return
            try:
                pong = await connection.ping()
            except ConnectionClosed:
                return


def _select(
    _connection: ServerConnection, offers: Sequence[Subprotocol]
) -> Subprotocol | None:
    """Answer with the one that was chosen; without an offer 1.6 is meant."""
    return offers[0] if offers else None


def _repair(request: Request, version: str | None) -> None:
    """Complete a handshake that lacks what some firmware forgets."""
    headers = request.headers
    request.protocol = "HTTP/1.1"
    if "upgrade" not in ",".join(headers.get_all("Connection")).casefold():
        _replace(headers, "Connection", "Upgrade")
    _replace(headers, "Upgrade", "websocket")
    _replace(headers, "Sec-WebSocket-Version", "13")
    _replace(headers, "Sec-WebSocket-Protocol", version)


def _replace(headers: Headers, name: str, value: str | None) -> None:
    if name in headers:
        del headers[name]
    if value is not None:
        headers[name] = value
