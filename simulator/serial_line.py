"""The wire between the meter and its reader: a pseudo-terminal or a TCP port.

Bytes leave at the line's real rate. A pseudo-terminal accepts any speed without
complaint, so the far end's setting is read back and everything is garbled when a real
receiver would have seen garbage. The kernel keeps neither the character size nor the
parity switch of a pseudo-terminal (it forces 8 bits without parity; Linux,
``drivers/tty/pty.c``): of the format only speed and odd parity can be judged.
"""

import asyncio
from collections.abc import Callable
import contextlib
from enum import StrEnum
import os
from pathlib import Path
import select
import termios
import tty
from typing import Protocol, override

from .clock import Clock

# A frame is written in slices of this length, in device seconds.
SLICE_S = 0.05
# Silence between frames: 16.7 to 33.4 ms by the specification.
FRAME_GAP_S = 0.025
BITS_PER_CHARACTER = 10
# What a sleeping TCP reader may leave unread before data is lost.
UNREAD_LIMIT = 4096

_SPEEDS = {1200: termios.B1200, 9600: termios.B9600}
_PARITY_BIT = bytes(byte | (0x80 if byte.bit_count() % 2 else 0) for byte in range(128))


class Fault(StrEnum):
    """What is wrong with the line."""

    NONE = "none"
    SILENT = "silent"
    GARBLED = "garbled"


class Port(Protocol):
    """Where the bytes go."""

    async def open(self) -> None:
        """Make it exist."""

    async def close(self) -> None:
        """Make it go away, as a dongle that is pulled out."""

    def send(self, data: bytes, baud: int) -> None:
        """Send bytes that travel at ``baud``; never blocks, loses what nobody takes."""


def garble(data: bytes) -> bytes:
    """Return what a receiver at a wrong rate might read: different, and no longer text."""
    return bytes((byte * 37 + n * 101 + 129) & 0xFF for n, byte in enumerate(data))


def with_parity_bit(data: bytes) -> bytes:
    """Return 7E1 characters as an 8N1 receiver reads them: the parity in bit 7."""
    return data.translate(_PARITY_BIT + bytes(range(128, 256)))


class PseudoTerminal(Port):
    """A serial port that exists only here, under a path that does not change."""

    def __init__(self, path: Path, *, parity_in_bit_7: bool = False) -> None:
        """Appear at ``path``, a symbolic link to the pseudo-terminal of the moment."""
        self.path = path
        self._parity_in_bit_7 = parity_in_bit_7
        self._master: int | None = None
        self._name = ""

    @override
    async def open(self) -> None:
        if self._master is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.is_symlink():
            self.path.unlink()
        master, slave = os.openpty()
        try:
            # Without a reader nothing may be echoed back.
            tty.setraw(slave)
            os.set_blocking(master, False)
            self._name = os.ttyname(slave)
            self.path.symlink_to(self._name)
        except OSError:
            os.close(master)
            raise
        finally:
            # Not held open: that is how the coming and going of a reader shows.
            os.close(slave)
        self._master = master

    @override
    async def close(self) -> None:
        if self._master is not None:
            # Another house may have taken the place meanwhile.
            if self.path.is_symlink() and str(self.path.readlink()) == self._name:
                self.path.unlink()
            os.close(self._master)
            self._master = None

    @override
    def send(self, data: bytes, baud: int) -> None:
        if self._master is None or not _has_reader(self._master):
            return
        if not _format_fits(self._master, baud):
            data = garble(data)
        elif self._parity_in_bit_7:
            data = with_parity_bit(data)
        # A reader that sleeps too long loses what does not fit, as on a real port.
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)


def _has_reader(master: int) -> bool:
    waiting = select.poll()
    waiting.register(master, 0)
    return not any(event & select.POLLHUP for _, event in waiting.poll(0))


def _format_fits(master: int, baud: int) -> bool:
    """Whether the reader's speed and parity are the line's; asked of the master side."""
    settings = termios.tcgetattr(master)
    if not settings[3] & termios.ECHONL:
        # The C library reports an error when 7E1 is asked of a pseudo-terminal and
        # nothing at all changes, as when a reader opens it a second time. This flag,
        # without meaning on a raw line, is one that every reader changes.
        settings[3] |= termios.ECHONL
        termios.tcsetattr(master, termios.TCSANOW, settings)
    return settings[4] == _SPEEDS[baud] and not settings[2] & termios.PARODD


class TcpPort(Port):
    """A raw byte stream over TCP, as ser2net and its kind offer; any number of readers.

    The serial settings are those of the far adapter, always right.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        """Listen on ``port``; 0 takes a free one, ``port`` tells which."""
        self.host = host
        self.port = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @override
    async def open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._writers.add(writer)
        try:
            # Nothing is ever sent to a meter: this only notices the far end going.
            while await reader.read(256):
                pass
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    @override
    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()
        self._server = None

    @override
    def send(self, data: bytes, baud: int) -> None:
        for writer in self._writers:
            if writer.transport.get_write_buffer_size() < UNREAD_LIMIT:
                writer.write(data)


class TicLine:
    """Sends frame after frame, for ever, at the line's rate."""

    def __init__(
        self,
        port: Port,
        next_frame: Callable[[], bytes],
        *,
        baud: int,
        clock: Clock,
    ) -> None:
        """Fetch each frame at the moment it begins."""
        self.port = port
        self.fault = Fault.NONE
        self.frames = 0
        self._next_frame = next_frame
        self._baud = baud
        self._clock = clock

    async def run(self) -> None:
        """Open the port and send until cancelled."""
        await self.port.open()
        try:
            while True:
                await self._send(self._next_frame())
                self.frames += 1
                await self._clock.sleep(FRAME_GAP_S)
        finally:
            await self.port.close()

    async def _send(self, frame: bytes) -> None:
        rate = self._baud / BITS_PER_CHARACTER
        size = max(1, int(rate * SLICE_S))
        begin = self._clock.now()
        for first in range(0, len(frame), size):
            piece = frame[first : first + size]
            # A slice has arrived when its last character has.
            due = begin + (first + len(piece)) / rate
            await self._clock.sleep(due - self._clock.now())
            match self.fault:
                case Fault.GARBLED:
                    piece = garble(piece)
                case Fault.SILENT:
                    # The meter is dead, the port is not: it goes on being looked after.
                    piece = b""
            self.port.send(piece, self._baud)
