"""The inverter's end of a Modbus TCP connection, which can misbehave."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
import struct

from .dumps import Words


@dataclass(slots=True)
class Request:
    """A read request as it came in; ``number`` counts them from 1."""

    number: int
    unit_id: int
    address: int
    count: int


@dataclass(slots=True)
class Answer:
    """What is sent for a request: registers or an exception, late, short or not ours."""

    words: list[int] = field(default_factory=list)
    exception: int | None = None
    after_s: float = 0.0
    unit_id: int | None = None
    hang_up: bool = False


@dataclass(slots=True)
class FarEnd:
    """An inverter that takes one connection at a time."""

    words: Words
    port: int = 0
    # Called with each request and what would be answered; may return something else.
    mischief: Callable[[Request, Answer], Answer] = lambda _request, answer: answer
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    refused: int = 0
    _open: int = 0
    _late: set[asyncio.Task[None]] = field(default_factory=set)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._open:
            self.refused += 1
            writer.close()
            return
        self._open += 1
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                head = await reader.readexactly(12)
                transaction, _, _, unit_id, _, address, count = struct.unpack(
                    ">HHHBBHH", head
                )
                request = Request(len(self.requests) + 1, unit_id, address, count)
                self.requests.append(request)
                answer = self.mischief(request, self._answer(request))
                if answer.hang_up:
                    return
                frame = _frame(transaction, unit_id, answer)
                if answer.after_s:
                    task = asyncio.create_task(_later(writer, frame, answer.after_s))
                    self._late.add(task)
                    task.add_done_callback(self._late.discard)
                else:
                    writer.write(frame)
        except asyncio.IncompleteReadError, ConnectionError:
            return
        finally:
            self._open -= 1
            self._writers.discard(writer)
            writer.close()

    def _answer(self, request: Request) -> Answer:
        try:
            return Answer(
                words=[
                    self.words[at]
                    for at in range(request.address, request.address + request.count)
                ]
            )
        except KeyError:
            return Answer(exception=2)

    def close(self) -> None:
        for task in self._late:
            task.cancel()
        for writer in tuple(self._writers):
            writer.close()


def _frame(transaction: int, unit_id: int, answer: Answer) -> bytes:
    if answer.exception is not None:
        pdu = bytes([0x83, answer.exception])
    else:
        data = struct.pack(f">{len(answer.words)}H", *answer.words)
        pdu = bytes([3, len(data)]) + data
    sender = unit_id if answer.unit_id is None else answer.unit_id
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, sender) + pdu


async def _later(writer: asyncio.StreamWriter, frame: bytes, after_s: float) -> None:
    await asyncio.sleep(after_s)
    with suppress(ConnectionError):
        writer.write(frame)


@asynccontextmanager
async def far_end(words: Words) -> AsyncIterator[FarEnd]:
    """Serve registers on a free port of this machine."""
    end = FarEnd(words)
    server = await asyncio.start_server(end.serve, "127.0.0.1", 0)
    end.port = server.sockets[0].getsockname()[1]
    try:
        yield end
    finally:
        server.close()
        end.close()
