"""A test read: is there a meter on this port, which one, and in which mode."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import logging
from typing import Final

from .connection import Link, Pace, Trouble
from .labels import TicMode
from .port import Open, open_port

# A test read reports by itself; the log is for links that are meant to last.
_SILENT_LOGGER: Final = logging.getLogger(f"{__name__}.silent")
_SILENT_LOGGER.disabled = True

# How far a test read is when ...
_OPENED: Final = 0.1
_FIRST_FRAME: Final = 0.6


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The meter that a test read found."""

    identity: str
    mode: TicMode


class ProbeError(Exception):
    """No meter could be read; ``trouble`` says why."""

    def __init__(self, trouble: Trouble) -> None:
        """Carry the reason."""
        super().__init__(trouble.value)
        self.trouble = trouble


async def async_probe(
    url: str,
    *,
    pace: Pace | None = None,
    open_: Open = open_port,
    on_progress: Callable[[float], None] | None = None,
) -> Found:
    """Read a port until two whole frames name the same meter.

    ``on_progress`` is told how far this is, from 0 to 1. Raises ProbeError.
    """
    pace = pace or Pace()
    link = Link(url, pace=pace, open=open_, logger=_SILENT_LOGGER)
    done = asyncio.Event()

    def tell(progress: float) -> None:
        if on_progress is not None:
            on_progress(progress)

    def updated() -> None:
        if link.trouble is not None or link.meter.identity is not None:
            done.set()
        elif link.receiving:
            tell(_FIRST_FRAME)

    link.subscribe_updates(updated)
    tell(_OPENED)
    link.start()
    try:
        async with asyncio.timeout(pace.probe_s):
            await done.wait()
    except TimeoutError:
        raise ProbeError(link.trouble or Trouble.GARBLED) from None
    finally:
        await link.close()
    if link.meter.identity is None or link.meter.mode is None:
        raise ProbeError(link.trouble or Trouble.GARBLED)
    tell(1.0)
    return Found(identity=link.meter.identity, mode=link.meter.mode)
