"""The other end of the wire: pseudo-terminals, TCP servers and scripted ports."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
import os
from pathlib import Path
import termios
import tty

import serial
from serial import rfc2217
from serial.rfc2217 import PortManager

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
            data = garble(data)
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
    def host_and_port(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"socket://{self.host_and_port}"

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
            await self._send(reader, writer)
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _send(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while not writer.is_closing() and not reader.at_eof():
            writer.write(self.frame())
            await writer.drain()
            await asyncio.sleep(0.02)


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


class _Telnet(PortManager):
    """pyserial's server, which forgets to acknowledge two commands (RFC 2217, p. 9)."""

    def _telnet_process_subnegotiation(self, suboption: bytes) -> None:
        super()._telnet_process_subnegotiation(suboption)
        match suboption[1:2]:
            case rfc2217.SET_LINESTATE_MASK:
                answer = rfc2217.SERVER_SET_LINESTATE_MASK
            case rfc2217.SET_MODEMSTATE_MASK:
                answer = rfc2217.SERVER_SET_MODEMSTATE_MASK
            case _:
                return
        self.rfc2217_send_subnegotiation(answer, suboption[2:3])


class Rfc2217Gateway(Gateway):
    """A network serial port whose line the client sets, one client at a time.

    ``lines`` are the settings under which something was sent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.baudrate = 9600
        self.refused = 0
        self.lines: list[tuple[int, int, str, float]] = []

    @property
    def url(self) -> str:
        return f"rfc2217://{self.host_and_port}"

    def send_standard(self) -> None:
        self.baudrate, self.frame = 9600, standard_frame

    def send_historic(self) -> None:
        self.baudrate, self.frame = 1200, historic_frame

    async def _send(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if len(self._writers) > 1:
            self.refused += 1
            return
        uart = serial.serial_for_url("loop://")
        telnet = _Telnet(uart, writer)
        listening = asyncio.create_task(self._listen(reader, telnet))
        try:
            while not writer.is_closing() and not listening.done():
                if telnet._client_is_rfc2217:
                    writer.write(b"".join(telnet.escape(self._received(uart))))
                    await writer.drain()
                await asyncio.wait([listening], timeout=0.02)
        finally:
            listening.cancel()
            uart.close()

    async def _listen(self, reader: asyncio.StreamReader, telnet: PortManager) -> None:
        while data := await reader.read(1024):
            for _ in telnet.filter(data):
                pass

    def _received(self, uart: serial.SerialBase) -> bytes:
        """What a UART with these settings makes of the meter's line."""
        line = (uart.baudrate, uart.bytesize, uart.parity, uart.stopbits)
        if line not in self.lines:
            self.lines.append(line)
        data = self.frame()
        if uart.baudrate != self.baudrate:
            return garble(data)
        if uart.bytesize == 8:
            return with_parity(data)
        return data


@asynccontextmanager
async def rfc2217_gateway() -> AsyncIterator[Rfc2217Gateway]:
    """A network serial port that runs until the test ends."""
    server = Rfc2217Gateway()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def garble(data: bytes) -> bytes:
    """What a UART at the wrong speed makes of a line."""
    return bytes((byte * 31 + 7) & 0xFF for byte in data[::3])


def with_parity(data: bytes) -> bytes:
    """What a UART of eight bits without parity makes of a line of 7E1."""
    return bytes(byte | (byte.bit_count() & 1) << 7 for byte in data)
