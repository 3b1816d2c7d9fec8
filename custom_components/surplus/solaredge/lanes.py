"""Who is asked when, on a link that serves one request at a time.

The grid meter is asked at every turn, everything else when it is due. The link may be
shared with others, core's own SolarEdge integration first of all, which then wait in the
same queue, and an inverter may need a second for an answer. A request between two
readings of the meter would then cost twice: its own time and that of whoever gets a turn
in between. So on a slow link it is queued together with the next reading of the meter,
which leaves one foreign request at most between two readings.

A lane that fails does not touch the others: its values grow old, and it is asked less and
less often, for a device that is gone costs a time-out each time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
import logging
from typing import Any, Final

from modbus_connection import (
    ModbusConnectionError,
    ModbusError,
    ModbusExceptionError,
    ModbusUnit,
)
from modbus_connection.model.sunspec import SunSpecError

from ..clock import monotonic
from .model import LinkCounters
from .sound import UnsoundError

_LOGGER = logging.getLogger(__name__)

type Read = Callable[[], Awaitable[None]]
type CreateTask = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How often is asked, and how long is waited, in seconds.

    ``gap_s`` is what the inverter needs between two requests. Answers that take longer
    than ``slow_s``, waiting for one's turn included, make a link a slow one. An answer is
    awaited ``patience`` times as long as it usually takes, within its bounds; the meter
    waits meanwhile, so that others are given up sooner. A link on
    which nothing was answered for ``dead_s`` is taken down. What is lost is asked for
    again after the ``backoff`` times, what fails after ``retry`` times at the latest.
    """

    primary_s: float = 1.0
    gap_s: float = 0.1
    slow_s: float = 0.4
    patience: float = 4.0
    answer_min_s: float = 3.0
    answer_max_s: float = 15.0
    other_max_s: float = 6.0
    dead_s: float = 15.0
    backoff_min_s: float = 1.0
    backoff_max_s: float = 30.0
    primary_retry_max_s: float = 10.0
    retry_max_s: float = 60.0


# So long a link that nobody else uses tries to open.
_OPENING_S: Final = 12.0
_OPENING_CHECK_S: Final = 0.05


class Outcome(Enum):
    """How a request ended."""

    READ = auto()
    REFUSED = auto()
    SILENT = auto()
    LOST = auto()


@dataclass(slots=True)
class Lane:
    """Something that is read with one request, every ``interval_s``."""

    name: str
    interval_s: float
    read: Read
    due_at: float = 0.0
    failures: int = 0
    latency_s: float | None = None

    def overdue(self, now: float) -> float:
        """Return by how many of its intervals it is late; below 0 it is not due."""
        return (now - self.due_at) / self.interval_s


def create_task(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Run it in the background; outside Home Assistant."""
    return asyncio.create_task(coroutine, name=name)


@dataclass(slots=True)
class Poller:
    """Asks all lanes of one link, for ever.

    ``primary`` is asked at every turn. ``answered_at`` is when anything last answered,
    be it with an error; None before the first.
    """

    unit: ModbusUnit
    primary: Lane
    others: list[Lane]
    on_change: Callable[[], None] = lambda: None
    pace: Pace = field(default_factory=Pace)
    counters: LinkCounters = field(default_factory=LinkCounters)
    clock: Callable[[], float] = monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    create_task: CreateTask = create_task
    answered_at: float | None = None

    _task: asyncio.Task[None] | None = None
    _backoff_s: float = 0.0
    _dead_from: float = 0.0
    _recent_s: list[float] = field(default_factory=list)
    _others_rode: bool = False
    _lost: bool = False
    _asked: int = 0

    def start(self) -> None:
        """Begin to ask."""
        self._dead_from = self.clock()
        self._task = self.create_task(self._run(), f"solaredge {self.primary.name}")

    async def stop(self, *, at_once: bool = False) -> None:
        """Ask no more; the link is left to whoever shares it.

        An attempt to open it is let end, unless that is to be ``at_once``.
        """
        if self._task is None:
            return
        task, self._task = self._task, None
        try:
            if not at_once:
                await self._opened_or_failed()
        finally:
            task.cancel()
        # Its own failure has no reader left; cancelling *us* must get through.
        await asyncio.wait([task])

    async def _opened_or_failed(self) -> None:
        """Wait while the link is being opened."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_OPENING_S):
                while self._asked and not self.unit.connected:
                    await asyncio.sleep(_OPENING_CHECK_S)

    @property
    def latency_s(self) -> float | None:
        """How long answers take at present, waiting for one's turn included."""
        return max(self._recent_s, default=None)

    @property
    def slow(self) -> bool:
        """Whether a request between two readings of the meter would be felt."""
        return (self.latency_s or 0.0) > self.pace.slow_s

    async def _run(self) -> None:
        while True:
            started, heard_at = self.clock(), self.answered_at
            self._lost = False
            try:
                await self._round(started)
            except Exception:
                # Nothing that one answer does may end the polling.
                _LOGGER.exception("Polling %s failed", self.primary.name)
            if self.answered_at != heard_at:
                self._backoff_s = 0.0
            if self._lost:
                self._backoff_s = min(
                    max(self._backoff_s * 3, self.pace.backoff_min_s),
                    self.pace.backoff_max_s,
                )
            self.on_change()
            left_s = started + self.pace.primary_s - self.clock()
            await self.sleep(max(left_s, self.pace.gap_s, self._backoff_s))

    async def _round(self, started: float) -> None:
        """Ask the primary, and of the others what is due and fits."""
        if self.primary.failures and self.primary.overdue(started) < 0:
            # A meter that is gone must not keep the inverters from being read.
            await self._ask_others(started)
        elif self.slow and not self._others_rode and (other := self._most_overdue()):
            self._others_rode = True
            await asyncio.gather(
                self._ask(self.primary),
                self._ask(other, turns=2),
                self._ask(self.primary, turns=3),
            )
        else:
            self._others_rode = False
            if await self._ask(self.primary) is Outcome.LOST:
                return
            if not self.slow:
                await self._ask_others(started)

    async def _ask_others(self, started: float) -> None:
        """Ask what is due, most overdue first, while there is time before the next turn."""
        while (
            self.clock() - started < self.pace.primary_s / 2
            and (lane := self._most_overdue()) is not None
        ):
            if await self._ask(lane) is Outcome.LOST:
                return

    def _most_overdue(self) -> Lane | None:
        now = self.clock()
        due = [lane for lane in self.others if lane.overdue(now) >= 0]
        return max(due, key=lambda lane: lane.overdue(now), default=None)

    async def _ask(self, lane: Lane, turns: int = 1) -> Outcome:
        """Make one request, and settle when the lane is asked next.

        ``turns`` is which of the requests it is that were queued together.
        """
        asked_at = self.clock()
        outcome = await self._request(lane, turns)
        now = self.clock()
        if outcome is Outcome.LOST:
            self._lost = True
            return outcome
        if outcome is Outcome.SILENT:
            if now - self._dead_from >= self.pace.dead_s:
                await self._take_down(now)
        else:
            self._answered(lane, asked_at, now)
        if outcome is Outcome.READ:
            lane.failures = 0
            lane.due_at = asked_at + lane.interval_s
        else:
            lane.failures += 1
            lane.due_at = now + min(
                lane.interval_s * 2 ** min(lane.failures - 1, 10),
                self.pace.primary_retry_max_s
                if lane is self.primary
                else self.pace.retry_max_s,
            )
        return outcome

    async def _request(self, lane: Lane, turns: int) -> Outcome:
        pace, counters = self.pace, self.counters
        usual_s = lane.latency_s or self.latency_s or 0.0
        limit_s = min(
            turns * max(pace.patience * usual_s, pace.answer_min_s),
            pace.answer_max_s if lane is self.primary else pace.other_max_s,
        )
        counters.requests += 1
        try:
            await self._read(lane, limit_s)
        except ModbusConnectionError as err:
            counters.failed_connections += 1
            self._note(lane, err)
            return Outcome.LOST
        except TimeoutError as err:
            if not self.unit.connected:
                counters.failed_connections += 1
                self._note(lane, err)
                return Outcome.LOST
            counters.timeouts += 1
            self._note(lane, err)
            # It may have been waiting for its turn: give it more time, within bounds.
            lane.latency_s = limit_s
            return Outcome.SILENT
        except ModbusExceptionError as err:
            counters.exceptions += 1
            self._note(lane, err)
        except (ModbusError, SunSpecError) as err:
            counters.garbled += 1
            self._note(lane, err)
        except UnsoundError as err:
            counters.refused += 1
            self._note(lane, err)
        else:
            return Outcome.READ
        return Outcome.REFUSED

    async def _read(self, lane: Lane, limit_s: float) -> None:
        """Read a lane. Raises TimeoutError when its answer takes longer than ``limit_s``.

        The link's own limit is what its most patient user asked for, 30 s with core on
        it, and its queue stands still for as long. While it is being opened that limit
        stands: whoever is cancelled there leaves an error in the log.
        """
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle

        def expire() -> None:
            nonlocal timer
            if self.unit.connected:
                timeout.reschedule(loop.time())
            else:
                timer = loop.call_later(limit_s, expire)

        timer = loop.call_later(limit_s, expire)
        async with asyncio.timeout(None) as timeout:
            self._asked += 1
            try:
                await lane.read()
            finally:
                self._asked -= 1
                timer.cancel()

    def _answered(self, lane: Lane, asked_at: float, now: float) -> None:
        lane.latency_s = now - asked_at
        if lane is self.primary:
            # Queued behind another request of ours it is not the link that is slow.
            turn_s = now - max(asked_at, self.answered_at or asked_at)
            self._recent_s = [*self._recent_s[-2:], turn_s]
        self.answered_at = self._dead_from = now

    def _note(self, lane: Lane, err: Exception) -> None:
        self.counters.last_error = f"{lane.name}: {str(err) or type(err).__name__}"
        _LOGGER.debug("%s", self.counters.last_error)

    async def _take_down(self, now: float) -> None:
        """Close a link on which nothing is answered: the next request opens another."""
        self.counters.recycled += 1
        self._dead_from = now
        self._lost = True
        with suppress(ModbusError):
            await self.unit.disconnect()
