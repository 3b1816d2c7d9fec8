"""Keeps the record of decisions on disk: seven days, or 20 MB, whichever is less.

A segment is a gzip file of an hour. What has gathered is appended every few minutes, as
one more piece of the same stream, so that a crash costs no more than that. Everything
that touches the disk runs in the executor.
"""

import asyncio
from datetime import datetime, timedelta
import logging
from pathlib import Path
from shutil import rmtree
import zlib

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util

from ..const import DOMAIN

_LOGGER = logging.getLogger(__name__)

_WRITE_EVERY = timedelta(minutes=5)
_SEGMENT = timedelta(hours=1)
_KEPT = timedelta(days=7)
_MOST_BYTES = 20_000_000
# A segment ends early when it is long: what is exported are whole segments.
_SEGMENT_CHARS = 3_000_000
# What a download of diagnostics may hold of it.
EXPORT_CHARS = 6_000_000

_SUFFIX = ".jsonl.gz"
_GZIP = 16 + zlib.MAX_WBITS


class Recorder:
    """The bounded record of one Home (``control.record.Lines``)."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Write into a folder of its own; nothing is touched before the first write."""
        self._hass = hass
        self._folder = record_folder(hass, entry_id)
        self._lock = asyncio.Lock()
        self._waiting: list[tuple[str, list[str]]] = []
        self._began: datetime | None = None
        self._chars = 0
        self._writer = _Writer(self._folder)
        self._in_trouble = False

    # ---- control.record.Lines ------------------------------------------------------

    def begins(self, wall: datetime) -> bool:
        """Return whether a new segment begins now."""
        if (
            self._began is not None
            and timedelta() <= wall - self._began < _SEGMENT
            and self._chars < _SEGMENT_CHARS
        ):
            return False
        self._began = wall
        self._chars = 0
        name = dt_util.as_utc(wall).strftime("%Y%m%dT%H%M%S%f") + _SUFFIX
        self._waiting.append((name, []))
        return True

    def add(self, line: str) -> None:
        """Take one line."""
        self._chars += len(line)
        if not self._waiting:
            self._waiting.append(("", []))
        self._waiting[-1][1].append(line)

    def failed(self, error: Exception) -> None:
        """Take note that a line is missing: the segment ends before it."""
        self._began = None
        self._trouble(error)

    # ---- on disk -------------------------------------------------------------------

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Write every few minutes; returns what stops it."""

        async def write(_now: datetime) -> None:
            await self.async_write()

        return async_track_time_interval(
            self._hass, write, _WRITE_EVERY, cancel_on_shutdown=True
        )

    async def async_write(self) -> None:
        """Write down what has gathered."""
        async with self._lock:
            waiting, self._waiting = self._waiting, []
            if not waiting:
                return
            try:
                await self._hass.async_add_executor_job(self._writer.write, waiting)
            except OSError as err:
                # What is missing cannot be bridged: the next cycle begins a segment.
                self._began = None
                self._trouble(err)
            else:
                self._in_trouble = False

    async def async_export(self, most_chars: int = EXPORT_CHARS) -> list[str]:
        """Return the newest lines, from the beginning of a segment on."""
        await self.async_write()
        async with self._lock:
            return await self._hass.async_add_executor_job(
                _newest, self._folder, most_chars
            )

    def _trouble(self, error: Exception) -> None:
        if not self._in_trouble:
            _LOGGER.warning("Decisions cannot be recorded: %r", error)
        self._in_trouble = True


def record_folder(hass: HomeAssistant, entry_id: str) -> Path:
    """Return where the record of a Home is kept."""
    return Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.record.{entry_id}"))


async def async_remove_record(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the record of a Home."""
    folder = record_folder(hass, entry_id)
    await hass.async_add_executor_job(lambda: rmtree(folder, ignore_errors=True))


class _Writer:
    """Appends to the newest segment, and deletes the oldest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: Path | None = None
        self._stream = zlib.compressobj(9, wbits=_GZIP)

    def write(self, segments: list[tuple[str, list[str]]]) -> None:
        """Append lines to their segments; raises OSError, and begins anew after it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for name, lines in segments:
                if name:
                    self._file = self._folder / name
                    self._stream = zlib.compressobj(9, wbits=_GZIP)
                self._append(lines)
            _prune(self._folder)
        except OSError:
            self._file = None
            raise

    def _append(self, lines: list[str]) -> None:
        # Lines after a failed write belong to no beginning.
        if self._file is None or not lines:
            return
        text = "".join(f"{line}\n" for line in lines).encode()
        piece = self._stream.compress(text) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        with self._file.open("ab") as file:
            file.write(piece)


def _segments(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{_SUFFIX}"))


def _prune(folder: Path) -> None:
    oldest = (dt_util.utcnow() - _KEPT).strftime("%Y%m%dT%H%M%S%f")
    files = _segments(folder)
    total = sum(file.stat().st_size for file in files)
    for file in files[:-1]:
        if file.name >= oldest and total <= _MOST_BYTES:
            break
        total -= file.stat().st_size
        file.unlink()


def _newest(folder: Path, most_chars: int) -> list[str]:
    """Return the lines of the newest segments that fit, at least of the newest one."""
    taken: list[list[str]] = []
    chars = 0
    for file in reversed(_segments(folder)):
        lines = read_segment(file.read_bytes())
        chars += sum(map(len, lines))
        if taken and chars > most_chars:
            break
        taken.append(lines)
    return [line for lines in reversed(taken) for line in lines]


def read_segment(packed: bytes) -> list[str]:
    """Return the whole lines of a segment, which a crash may have cut off."""
    stream = zlib.decompressobj(wbits=_GZIP)
    try:
        text = stream.decompress(packed)
    except zlib.error:
        # Damaged on disk: nothing of it can be relied upon.
        return []
    return text.decode(errors="replace").split("\n")[:-1]
