"""A loop whose time passes at once, and a link that serves one request at a time."""

import asyncio
from collections.abc import Callable, Coroutine
import selectors
from typing import Any, override

from modbus_connection.mock import MockModbusConnection

from .dumps import Unit, Words


class _Selector(selectors.DefaultSelector):
    """Waits for nothing: tells how long it would have waited."""

    waited: Callable[[float], None]

    @override
    def select(self, timeout: float | None = None) -> list[Any]:
        events = super().select(0)
        if not events and timeout:
            self.waited(timeout)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time jumps to whatever is next."""

    def __init__(self) -> None:
        self.now = 1000.0
        selector = _Selector()
        selector.waited = self._pass
        super().__init__(selector)

    def _pass(self, seconds: float) -> None:
        self.now += seconds

    @override
    def time(self) -> float:
        return self.now


def run[T](main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def now() -> float:
    return asyncio.get_running_loop().time()


class SharedLink:
    """What Home Assistant shares: a queue, a gap, and an inverter that takes its time."""

    def __init__(self, answer_s: float, gap_s: float = 0.1) -> None:
        self.connection = MockModbusConnection()
        self.answer_s = answer_s
        self.gap_s = gap_s
        self.turns: list[str] = []
        self.answers_s: Callable[[int], float] = lambda _address: self.answer_s
        self._lock = asyncio.Lock()
        self._free_at = 0.0

    async def request(self, who: str, address: int) -> None:
        async with self._lock:
            await asyncio.sleep(max(self._free_at + self.gap_s - now(), 0.0))
            try:
                await asyncio.sleep(self.answers_s(address))
            finally:
                self._free_at = now()
            self.turns.append(who)


class SharedUnit(Unit):
    """A unit behind a shared link."""

    def __init__(self, link: SharedLink, unit_id: int, words: Words) -> None:
        super().__init__(link.connection, unit_id, words)
        self._link = link

    @override
    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        await self._link.request("ours", address)
        return await super().read_holding_registers(address, count)
