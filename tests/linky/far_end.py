"""The other end of the wire: pseudo-terminals, TCP servers and scripted ports."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
import os
from pathlib import Path
import termios
import tty

from custom_components.surplus.linky.connection import Link, Pace

from .tic import historic_frame, standard_frame

# Short enough for a test, and in the proportions of the real ones.
QUICK = Pace(
    detect_standard_s=0.3,
    detect_historic_s=0.5,
    silence_s=0.8,
    backoff_min_s=0.01,
    backoff_max_s=0.04,
    probe_s=4.0,
)

_SPEEDS = {termios.B1200: 1200, termios.B9600: 9600}


async def until(predicate: Callable[[], object]) -> None:
    """Wait for something to become true; a test that waits for ever has failed."""
    async with asyncio.timeout(20):
        while not predicate():
            await asyncio.sleep(0.005)


class Meter:
    """A meter behind a pseudo-terminal.

    A pseudo-terminal takes any speed, so the meter looks at the one that was set and
    sends what a UART at the wrong speed would have made of it. ``plug`` makes the port
    appear under a path that stays, ``unplug`` makes it vanish.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.baudrate = 9600
        self.frame: Callable[[], bytes] = standard_frame
        self.garbled = False
        self._master: int | None = None
        self._slave: int | None = None

    def send_standard(self, frame: Callable[[], bytes] = standard_frame) -> None:
        self.baudrate, self.frame = 9600, frame

    def send_historic(self, frame: Callable[[], bytes] = historic_frame) -> None:
        self.baudrate, self.frame = 1200, frame

    def send_nothing(self) -> None:
        self.frame = bytes

    def plug(self) -> None:
        self._master, self._slave = os.openpty()
        os.set_blocking(self._master, False)
        tty.setraw(self._slave)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        self.path.unlink(missing_ok=True)
        for descriptor in (self._master, self._slave):
            if descriptor is not None:
                os.close(descriptor)
        self._master = self._slave = None

    def speed(self) -> int | None:
        if self._slave is None:
            return None
        return _SPEEDS.get(termios.tcgetattr(self._slave)[4])

    def write_once(self) -> None:
        if self._master is None:
            return
        data = self.frame()
        if self.garbled or self.speed() != self.baudrate:
            data = bytes((byte * 31 + 7) & 0xFF for byte in data[::3])
        # Nobody reads: the line is not waited for, a meter does not wait either.
        with suppress(BlockingIOError):
            os.write(self._master, data)

    async def run(self) -> None:
        while True:
            self.write_once()
            await asyncio.sleep(0.02)


@asynccontextmanager
async def plugged_in(path: Path) -> AsyncIterator[Meter]:
    """A meter that sends until the test ends."""
    meter = Meter(path)
    meter.plug()
    task = asyncio.create_task(meter.run())
    try:
        yield meter
    finally:
        task.cancel()
        meter.unplug()


class Gateway:
    """A TCP server that passes a meter on, as ser2net or an ESP does."""

    def __init__(self) -> None:
        self.frame: Callable[[], bytes] = standard_frame
        self.connections = 0
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"socket://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port or None
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.drop()
        await self._server.wait_closed()
        await asyncio.gather(*self._tasks)

    def drop(self) -> None:
        for writer in self._writers:
            writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        self._writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            while not writer.is_closing() and not reader.at_eof():
                writer.write(self.frame())
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


@asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    """A TCP server that runs until the test ends."""
    server = Gateway()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def reading(link: Link) -> AsyncIterator[Link]:
    """A link that reads until the test ends."""
    link.start()
    try:
        yield link
    finally:
        await link.close()


class ScriptedPort:
    """A port that gives what the test puts in, or fails as it says."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, int]] = []
        self.closed = 0
        self.open_error: Exception | None = None
        self._queue: asyncio.Queue[bytes | Exception] = asyncio.Queue()

    def put(self, item: bytes | Exception) -> None:
        self._queue.put_nowait(item)

    async def open(self, url: str, baudrate: int) -> tuple[ScriptedPort, ScriptedPort]:
        self.opened.append((url, baudrate))
        if self.open_error is not None:
            raise self.open_error
        return self, self

    async def read(self, n: int) -> bytes:
        item = await self._queue.get()
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        self.closed += 1

    async def wait_closed(self) -> None:
        return
