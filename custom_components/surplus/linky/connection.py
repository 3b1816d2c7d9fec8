"""A lasting connection to a meter's TIC output.

The meter sends without being asked, so the port is opened once and read for ever.
Nobody tells how the output is programmed: standard mode runs at 9600 baud, historic
mode at 1200, both 7E1, and the distributor can change it overnight. Where the far end owns the
line, only the decoder has to find the mode.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
import errno
import logging
from typing import Any, Final

from serialx import SerialException

from ..clock import monotonic
from ..control.model import GridReading
from .frames import Decoder
from .groups import Group
from .meter import Meter
from .port import Open, Reader, Writer, is_remote, open_port, sets_line, without_secrets
from .power import grid_reading

_LOGGER = logging.getLogger(__name__)

_READ_BYTES: Final = 4096
_RING_BYTES: Final = 8192
_CLOSE_S: Final = 5.0

# More than the rest of a frame after its last good group.
_GARBLED_BYTES: Final = 160

# A sound line loses nothing for hours; above about 1 % the wiring is at fault. Judged
# over so many groups that a single lost frame does not count as noise.
_NOISE_GROUPS: Final = 256
_NOISY_RATIO: Final = 0.02
_QUIET_RATIO: Final = 0.01

_FAILURES: Final = (OSError, SerialException, ValueError)


class Trouble(StrEnum):
    """Why the meter is not read; each has a text in translations."""

    CANNOT_OPEN = "cannot_open"
    PORT_IN_USE = "port_in_use"
    LOST = "lost"
    SILENT = "silent"
    GARBLED = "garbled"
    OTHER_METER = "other_meter"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How long the connection waits for what, in seconds.

    A mode is given up when not one good group came in its ``detect`` time, and looked
    for again after ``silence_s`` without one.
    """

    detect_standard_s: float = 3.0
    detect_historic_s: float = 6.0
    silence_s: float = 30.0
    backoff_min_s: float = 1.0
    backoff_max_s: float = 60.0
    probe_s: float = 30.0


@dataclass(slots=True)
class LinkCounters:
    """What happened to the connection."""

    connects: int = 0
    drops: int = 0
    failed_opens: int = 0
    last_error: str | None = None


type CreateTask = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


def _create_task(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    return asyncio.create_task(coroutine, name=name)


@dataclass(frozen=True, slots=True)
class _Line:
    baudrate: int
    detect_s: float


@dataclass(slots=True)
class Link:
    """One meter, read for ever.

    ``expected`` is the serial number this link is meant for: readings of another meter
    are withheld. ``trouble`` says why nothing is read, None while all is well or
    nothing is known yet; ``noisy`` that groups are lost on a line that works.
    """

    url: str
    expected: str | None = None
    pace: Pace = field(default_factory=Pace)
    open: Open = open_port
    clock: Callable[[], float] = monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    create_task: CreateTask = _create_task
    logger: logging.Logger = _LOGGER

    decoder: Decoder = field(default_factory=Decoder)
    meter: Meter = field(default_factory=Meter)
    counters: LinkCounters = field(default_factory=LinkCounters)
    reading: GridReading | None = None
    receiving: bool = False
    trouble: Trouble | None = None
    noisy: bool = False

    _task: asyncio.Task[None] | None = None
    _on_reading: list[Callable[[], None]] = field(default_factory=list)
    _on_update: list[Callable[[], None]] = field(default_factory=list)
    _blamed: set[Callable[[], None]] = field(default_factory=set)
    _ring: bytearray = field(default_factory=bytearray)
    _unread_bytes: int = 0
    _noise_from: tuple[int, int] = (0, 0)

    def start(self) -> None:
        """Begin to read."""
        self._task = self.create_task(self._run(), f"linky {self.name}")

    async def close(self) -> None:
        """Stop reading and free the port."""
        if self._task is None:
            return
        task, self._task = self._task, None
        task.cancel()
        # Its own failure has no reader left; cancelling *us* must get through.
        await asyncio.wait([task])
        self.receiving = False

    @property
    def name(self) -> str:
        """The port as the log may name it."""
        return without_secrets(self.url)

    @property
    def raw(self) -> bytes:
        """The last bytes received, as they came."""
        return bytes(self._ring[-_RING_BYTES:])

    def subscribe_readings(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` at each new reading; returns its remover."""
        return _subscribe(self._on_reading, listener)

    def subscribe_updates(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` at each frame and each change of the link's health."""
        return _subscribe(self._on_update, listener)

    async def _run(self) -> None:
        lines = self._lines()
        line = fruitless = 0
        delay_s = self.pace.backoff_min_s
        while True:
            frames = self.decoder.counters.frames
            try:
                reader, writer = await self.open(self.url, lines[line].baudrate)
            # A URL scheme that somebody else brought fails in its own way, and the link
            # must outlive that, too.
            except Exception as err:  # noqa: BLE001
                self.counters.failed_opens += 1
                busy = isinstance(err, OSError) and err.errno == errno.EBUSY
                self._fail(
                    Trouble.PORT_IN_USE if busy else Trouble.CANNOT_OPEN, _text(err)
                )
            else:
                self.counters.connects += 1
                try:
                    was_read = await self._listen(reader, writer, lines[line].detect_s)
                except Exception as err:  # noqa: BLE001
                    self.counters.drops += 1
                    # What a port never raises is a mistake to be found.
                    mistake = None if isinstance(err, _FAILURES) else err
                    self._fail(Trouble.LOST, _text(err), mistake)
                else:
                    # One line without a word may be the other one's; a line that was
                    # read and fell silent is trouble without a second look.
                    fruitless = len(lines) if was_read else fruitless + 1
                    if fruitless >= len(lines):
                        self._fail_to_read()
                    line = (line + 1) % len(lines)
                    if is_remote(self.url):
                        # A server that takes one client needs a moment to see it go.
                        await self.sleep(self.pace.backoff_min_s)
                    continue
            if self.decoder.counters.frames != frames:
                delay_s = self.pace.backoff_min_s
            await self.sleep(delay_s)
            delay_s = min(delay_s * 2, self.pace.backoff_max_s)

    def _lines(self) -> list[_Line]:
        if not sets_line(self.url):
            return [_Line(9600, self.pace.silence_s)]
        return [
            _Line(9600, self.pace.detect_standard_s),
            _Line(1200, self.pace.detect_historic_s),
        ]

    async def _listen(self, reader: Reader, writer: Writer, detect_s: float) -> bool:
        """Read until no good group came for too long; return whether one ever came.

        Raises OSError or SerialException when the port is lost.
        """
        self.decoder.reset()
        was_read = False
        patience_s = detect_s
        heard_at = self.clock()
        try:
            while (left_s := heard_at + patience_s - self.clock()) > 0:
                try:
                    async with asyncio.timeout(left_s) as limit:
                        data = await reader.read(_READ_BYTES)
                except TimeoutError:
                    # TCP has time-outs of its own, and those are a lost connection.
                    if not limit.expired():
                        raise
                    break
                if not data:
                    raise ConnectionResetError("the other end closed the connection")
                if self._take(data):
                    was_read = True
                    patience_s = self.pace.silence_s
                    heard_at = self.clock()
        finally:
            writer.close()
            with suppress(Exception):
                async with asyncio.timeout(_CLOSE_S):
                    await writer.wait_closed()
        return was_read

    def _take(self, data: bytes) -> bool:
        """Decode what came in; return whether a good group was among it."""
        now = self.clock()
        self._ring += data
        if len(self._ring) > 2 * _RING_BYTES:
            del self._ring[:-_RING_BYTES]
        meter = self.meter
        good = ready = updated = False
        for event in self.decoder.events(data, now):
            if isinstance(event, Group):
                # An unknown label may be chance, a known one of the right width is not.
                good |= event.spec is not None
                ready |= meter.on_group(event, now)
            else:
                ready |= meter.on_frame(event)
                updated = True
                if event.complete:
                    self._succeed()
        self._unread_bytes = 0 if good else self._unread_bytes + len(data)
        self._judge_noise()
        if self.expected is not None and meter.identity != self.expected:
            # Nothing is believed before the meter has said who it is.
            ready = False
            self.reading = None
            if meter.identity is not None:
                self._set_trouble(Trouble.OTHER_METER, "it is another meter")
        if ready and (reading := grid_reading(meter, now)) is not None:
            self.reading = reading
            self._notify(self._on_reading)
        if updated:
            self._updated()
        return good

    def _succeed(self) -> None:
        self.receiving = True
        if self.trouble is None or (
            self.trouble is Trouble.OTHER_METER and self.meter.identity != self.expected
        ):
            return
        self.trouble = None
        self.logger.info("The meter on %s is read again", self.name)

    def _fail_to_read(self) -> None:
        if self._unread_bytes > _GARBLED_BYTES:
            self._fail(Trouble.GARBLED, "what arrives is not readable")
        else:
            self._fail(Trouble.SILENT, "nothing arrives")
        self._unread_bytes = 0

    def _fail(
        self, trouble: Trouble, what: str, mistake: Exception | None = None
    ) -> None:
        self.counters.last_error = what
        self.receiving = False
        self._set_trouble(trouble, what, mistake)

    def _set_trouble(
        self, trouble: Trouble, what: str, mistake: Exception | None = None
    ) -> None:
        """Note that nothing is read; the log hears of it once."""
        if self.trouble is None:
            self.logger.warning(
                "The meter on %s cannot be read: %s", self.name, what, exc_info=mistake
            )
        if trouble is not self.trouble:
            self.trouble = trouble
            self._updated()

    def _judge_noise(self) -> None:
        """Weigh what was lost, once every so many groups."""
        counters = self.decoder.counters
        bad = counters.bad_groups
        total = counters.groups + bad
        bad_from, total_from = self._noise_from
        if total - total_from < _NOISE_GROUPS:
            return
        self._noise_from = (bad, total)
        ratio = (bad - bad_from) / (total - total_from)
        if not self.noisy and ratio > _NOISY_RATIO:
            self.noisy = True
            self.logger.warning(
                "The line of the meter on %s is noisy: %.0f %% of the groups are lost",
                self.name,
                ratio * 100,
            )
        elif self.noisy and ratio < _QUIET_RATIO:
            self.noisy = False
            self.logger.info("The line of the meter on %s is clean again", self.name)

    def _updated(self) -> None:
        self._notify(self._on_update)

    def _notify(self, listeners: list[Callable[[], None]]) -> None:
        """Call each; one that fails is logged once, and the port is read on."""
        for listener in tuple(listeners):
            try:
                listener()
            except Exception:
                if listener not in self._blamed:
                    self._blamed.add(listener)
                    self.logger.exception(
                        "What follows the meter on %s failed", self.name
                    )


def _text(err: Exception) -> str:
    return without_secrets(str(err)) or type(err).__name__


def _subscribe(
    listeners: list[Callable[[], None]], listener: Callable[[], None]
) -> Callable[[], None]:
    listeners.append(listener)
    return lambda: listeners.remove(listener)
