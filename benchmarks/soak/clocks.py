"""The clocks of the host: they are driven, set, and stopped by sleep, one by one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
import time
from unittest.mock import patch

from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory

# Home Assistant takes the time from the class it has bound at its start: this looks.
from pytest_homeassistant_custom_component import patch_time as _patch_time  # noqa: F401

from custom_components.surplus import clock


class Clocks:
    """What ``time`` tells on this host.

    ``elapsed_s`` is the time that has really passed, asleep or not.
    """

    def __init__(self, frozen: FrozenDateTimeFactory) -> None:
        """Begin with clocks that agree."""
        self.elapsed_s = 0.0
        self.asleep_s = 0.0
        self.wrong_s = 0.0
        self._frozen = frozen
        self._apart_s = 0.0

    def pass_time(self, seconds: float) -> None:
        """Let all clocks go on."""
        self._frozen.tick(timedelta(seconds=seconds))
        self.elapsed_s += seconds

    def set_wall(self, seconds: float) -> None:
        """Set the wall clock only."""
        self._frozen.tick(timedelta(seconds=seconds))
        self._apart_s += seconds
        self.wrong_s += seconds

    def sleep(self, seconds: float) -> None:
        """Suspend the host: of all clocks the monotonic one stands still."""
        self._frozen.tick(timedelta(seconds=seconds))
        self._apart_s += seconds
        self.asleep_s += seconds
        self.elapsed_s += seconds

    def awake(self) -> float:
        """Return what ``time.monotonic`` tells."""
        return time.monotonic() - self._apart_s


@contextmanager
def driven_clocks(begin: datetime) -> Iterator[Clocks]:
    """Drive the clocks of this process, and those of its event loop."""
    loop = asyncio.get_running_loop()
    with freeze_time(begin, tz_offset=0) as frozen:
        assert isinstance(frozen, FrozenDateTimeFactory)
        clocks = Clocks(frozen)
        with (
            patch.object(clock, "_awake", clocks.awake),
            patch.object(clock, "_slept_s", lambda: clocks.asleep_s),
            patch.object(clock, "_asleep_s", 0.0),
            patch.object(loop, "time", clocks.awake),
        ):
            yield clocks
