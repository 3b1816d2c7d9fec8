"""A port: its names, its speeds, and how it is opened.

A port is a device file or a URL. ``socket://`` and ``tcp://`` carry bare bytes: the far
end owns the line and has set its speed. Through everything else (a device, ``rfc2217://``,
an ESPHome serial proxy) the speed is ours to set.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
import errno
import os
from pathlib import Path
import re
from typing import Final, Protocol

from serialx import Parity, StopBits, UnsupportedSetting, open_serial_connection

# Key of an entry's data: the adapter of a local port, by the name that Home Assistant's
# discovery has for it; None where there is none or nothing tells it from its like.
CONF_DONGLE: Final = "dongle"

_BY_ID: Final = Path("/dev/serial/by-id")

_BARE_BYTES: Final = frozenset({"socket", "tcp"})
# One host and port is one line, whatever is spoken there.
_HOST_AND_PORT: Final = _BARE_BYTES | {"rfc2217"}

_HIDDEN: Final = "**"
_SECRETS: Final = (
    re.compile(r"(?<=://)[^/?#@\s]*(?=@)"),
    re.compile(r"(?<=[?&]key=)[^&#\s]*", re.IGNORECASE),
    re.compile(r"(?<=[?&]noise_psk=)[^&#\s]*", re.IGNORECASE),
    re.compile(r"(?<=[?&]password=)[^&#\s]*", re.IGNORECASE),
)


class Reader(Protocol):
    """The receiving half of an open port."""

    async def read(self, n: int) -> bytes:
        """Return up to n bytes, none at the end of the stream."""


class Writer(Protocol):
    """What closes an open port."""

    def close(self) -> None:
        """Begin to close."""

    async def wait_closed(self) -> None:
        """Wait until it is closed."""


type Open = Callable[[str, int], Awaitable[tuple[Reader, Writer]]]


async def open_port(url: str, baudrate: int) -> tuple[Reader, Writer]:
    """Open a port at 7E1, or at 8N1 where the adapter knows nothing else.

    The decoder takes either. A pseudo-terminal is such an adapter: it ignores byte size
    and parity, which the C library reports when nothing else was to be changed.

    Raises OSError, SerialException or ValueError; a URL scheme that somebody else
    brought (``esphome-hass://`` is Home Assistant's) raises what it likes.
    """
    if is_remote(url):
        return await _open_either(url, baudrate)
    # A device is opened in a thread, at once. Cancelled there, a missing one becomes an
    # error in the log that nobody can catch; so whoever cancels waits for the thread.
    opening = asyncio.create_task(_open_either(url, baudrate))
    try:
        await asyncio.wait([opening])
    except asyncio.CancelledError:
        await asyncio.wait([opening])
        if opening.exception() is None:
            writer = opening.result()[1]
            writer.close()
            # Until then nobody else gets the port.
            with suppress(OSError):
                await writer.wait_closed()
        raise
    return opening.result()


async def _open_either(url: str, baudrate: int) -> tuple[Reader, Writer]:
    try:
        return await _open(url, baudrate, 7, Parity.EVEN)
    except (OSError, UnsupportedSetting) as err:
        if isinstance(err, OSError) and err.errno != errno.EINVAL:
            raise
        return await _open(url, baudrate, 8, Parity.NONE)


async def _open(
    url: str, baudrate: int, byte_size: int, parity: Parity
) -> tuple[Reader, Writer]:
    return await open_serial_connection(
        url=url,
        baudrate=baudrate,
        byte_size=byte_size,
        parity=parity,
        stopbits=StopBits.ONE,
        # A wake-up for every byte would cost a small machine a fifth of its time.
        low_latency=False,
    )


def sets_line(url: str) -> bool:
    """Whether the speed of the line is ours to set."""
    return _scheme(url) not in _BARE_BYTES


def is_remote(url: str) -> bool:
    """Whether the port is at the other end of a network."""
    return bool(_scheme(url))


def without_secrets(text: str) -> str:
    """Return a URL, or a text that quotes one, without keys and passwords."""
    for secret in _SECRETS:
        text = secret.sub(_HIDDEN, text)
    return text


def anonymous(device: str) -> str:
    """Return a port as strangers may read it: no key, and no adapter's serial number."""
    if Path(device).parent == _BY_ID:
        return str(_BY_ID / _HIDDEN)
    return without_secrets(device)


def stable_path(device: str) -> str:
    """Return the name of a port that stays when ports are counted anew.

    Touches the file system.
    """
    if not device.startswith("/dev/tty"):
        return device
    real = os.path.realpath(device)
    try:
        names = sorted(_BY_ID.iterdir())
    except OSError:
        return device
    return next((str(name) for name in names if os.path.realpath(name) == real), device)


def is_same_port(one: str, other: str) -> bool:
    """Whether two names mean one port. Touches the file system."""
    if is_remote(one) or is_remote(other):
        return _remote_port(one) == _remote_port(other)
    return os.path.realpath(one) == os.path.realpath(other)


def _remote_port(url: str) -> str:
    if _scheme(url) not in _HOST_AND_PORT:
        return url
    return re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0].lower()


def _scheme(url: str) -> str:
    scheme, mark, _ = url.partition("://")
    return scheme.lower() if mark else ""
