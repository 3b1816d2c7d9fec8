"""Modbus TCP as an inverter serves it: one caller at a time, slow, and moody.

The protocol itself is pymodbus's; here are the habits. Values are those of the moment a
request arrives: a slow answer is an old one.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
import random
from typing import Protocol, cast, override

from pymodbus.constants import ExcCodes
from pymodbus.datastore import ModbusServerContext
from pymodbus.exceptions import ModbusIOException
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice
from pymodbus.transaction import TransactionManager

from .sunspec import Image


class ModbusDevice(Protocol):
    """What can be served."""

    @property
    def units(self) -> tuple[int, ...]:
        """The unit ids that answer."""

    @property
    def asleep(self) -> bool:
        """Whether it sleeps."""

    def image(self, unit: int) -> Image:
        """Return all registers a unit has now; which ones must not change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """How a device answers, in real seconds.

    An answer takes between ``shortest_s`` and ``longest_s``, each ``late_every``-th one
    (0: none) ``late_s``; a unit after the first ``further_s`` more. ``mute`` says nothing
    to a unit id it does not have instead of refusing it; ``hangs_up_asleep`` drops
    the connection of who asks it at night.
    """

    shortest_s: float = 0.02
    longest_s: float = 0.2
    late_every: int = 0
    late_s: float = 2.0
    further_s: float = 0.0
    mute: bool = False
    hangs_up_asleep: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """One answer: what was asked for, when its values were true, when it was sent.

    Both are seconds of the event loop's clock.
    """

    unit: int
    address: int
    count: int
    sampled_at: float
    sent_at: float


NORMAL = Habits(late_every=100)
SLOW = Habits(shortest_s=1.0, longest_s=1.0)


# How many answers are remembered.
HISTORY = 10_000


class ModbusServer:
    """Serves a device.

    ``accepted`` and ``turned_away`` count callers, ``history`` holds the last answers.
    """

    def __init__(
        self,
        device: ModbusDevice,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        habits: Habits = NORMAL,
        seed: int = 1,
    ) -> None:
        """Listen on ``port`` once opened; 0 takes a free one, ``port`` tells which."""
        self.host = host
        self.port = port
        self.habits = habits
        self.accepted = 0
        self.turned_away = 0
        self.history: deque[Answered] = deque(maxlen=HISTORY)
        self._device = device
        self._random = random.Random(seed)
        self._asked = 0
        self._server: _Server | None = None
        # It does one thing after the other.
        self._busy = asyncio.Lock()
        self._answering: set[asyncio.Task[None]] = set()
        self._caller: _Caller | None = None

    async def open(self) -> None:
        """Begin to listen; raises OSError when the port is taken."""
        if self._server is not None:
            return
        server = _Server(self, [self._served(unit) for unit in self._device.units])
        if not await server.listen():
            raise OSError(f"port {self.port} on {self.host} is taken")
        self._server = server
        listening = server.transport
        assert isinstance(listening, asyncio.Server)
        self.port = listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Go away: the caller is cut off, and no other is let in."""
        if self._server is None:
            return
        server, self._server = self._server, None
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        server.close()

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    @property
    def has_caller(self) -> bool:
        """Whether somebody is connected."""
        return self._caller is not None

    def hang_up(self) -> None:
        """Drop the connection of the moment."""
        if self._caller is not None:
            self._caller.hang_up()

    def _served(self, unit: int) -> SimDevice:
        # Only where they are: what is in them is written at each request.
        blocks = [
            SimData(
                address, count=len(words), datatype=DataType.REGISTERS, readonly=True
            )
            for address, words in sorted(self._device.image(unit).items())
        ]

        async def refresh(
            _function: int,
            first: int,
            _address: int,
            _count: int,
            registers: list[int],
            _values: list[int] | list[bool] | None,
        ) -> ExcCodes | None:
            for begin, words in self._device.image(unit).items():
                registers[begin - first : begin - first + len(words)] = words
            return None

        return SimDevice(unit, blocks, action=refresh)

    # What its connections tell

    def let_in(self, caller: _Caller) -> bool:
        """Take a caller when there is none."""
        if self._caller is not None:
            self.turned_away += 1
            return False
        self._caller = caller
        self.accepted += 1
        return True

    def left(self, caller: _Caller) -> None:
        """Take note that a caller is gone."""
        if self._caller is caller:
            self._caller = None

    def asked(self, caller: _Caller, request: ModbusPDU) -> None:
        """Answer a request, in its turn."""
        task = asyncio.create_task(self._answer(caller, request))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, caller: _Caller, request: ModbusPDU) -> None:
        async with self._busy:
            if self.habits.hangs_up_asleep and self._device.asleep:
                self.hang_up()
                return
            sampled_at = asyncio.get_running_loop().time()
            answer = await self._answer_to(request)
            await asyncio.sleep(self._delay_s(request.dev_id))
            if answer is None or self._caller is not caller:
                return
            answer.transaction_id = request.transaction_id
            answer.dev_id = request.dev_id
            caller.pdu_send(answer)
            self.history.append(
                Answered(
                    unit=request.dev_id,
                    address=request.address,
                    count=request.count,
                    sampled_at=sampled_at,
                    sent_at=asyncio.get_running_loop().time(),
                )
            )

    async def _answer_to(self, request: ModbusPDU) -> ModbusPDU | None:
        assert self._server is not None
        if request.dev_id in self._device.units:
            # It is a SimCore here, which has all that is asked of a context.
            context = cast(ModbusServerContext, self._server.context)
            return await request.datastore_update(context, request.dev_id)
        if self.habits.mute:
            return None
        return ExceptionResponse(request.function_code, ExcCodes.GATEWAY_NO_RESPONSE)

    def _delay_s(self, unit: int) -> float:
        habits = self.habits
        self._asked += 1
        if habits.late_every and self._asked % habits.late_every == 0:
            return habits.late_s
        delay_s = self._random.uniform(habits.shortest_s, habits.longest_s)
        return delay_s if unit == self._device.units[0] else delay_s + habits.further_s


class _Server(ModbusTcpServer):
    """pymodbus's server, whose callers come through our door."""

    def __init__(self, door: ModbusServer, devices: list[SimDevice]) -> None:
        super().__init__(devices, address=(door.host, door.port))
        self._door = door

    @override
    def callback_new_connection(self) -> ServerRequestHandler:
        return _Caller(self, self._door)


class _Caller(ServerRequestHandler):
    """One TCP connection.

    pymodbus's own handler keeps one request at a time: an answer that comes after the
    next request would carry that one's transaction id, which no real device does.
    """

    def __init__(self, server: ModbusTcpServer, door: ModbusServer) -> None:
        super().__init__(server, None, None, None)  # type: ignore[no-untyped-call]
        self._door = door
        self._in = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._in = self._door.let_in(self)
        if not self._in:
            self.hang_up()

    def hang_up(self) -> None:
        """Break the connection off."""
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.abort()

    @override
    def callback_disconnected(self, exc: Exception | None) -> None:
        self._door.left(self)
        super().callback_disconnected(exc)

    @override
    def send(self, data: bytes, addr: tuple[str, int] | None = None) -> None:
        # pymodbus's own forgets what has already arrived of the next request.
        begun = self.recv_buffer
        super().send(data, addr)
        self.recv_buffer = begun

    @override
    def callback_data(self, data: bytes, addr: tuple[str, int] | None = None) -> int:
        used = 0
        while used < len(data):
            try:
                length = TransactionManager.callback_data(self, data[used:], addr)
            except ModbusIOException:
                # Nothing that could be a request: it keeps silent.
                return len(data)
            if self.last_pdu is not None and self._in:
                self._door.asked(self, self.last_pdu)
            if not length:
                break
            used += length
        return used
