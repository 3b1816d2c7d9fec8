"""An inverter at the other end of a Modbus TCP connection, and how it misbehaves."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import struct
from typing import Self

ILLEGAL_ADDRESS = 2
GATEWAY_TARGET = 11

SERIAL = "7E012345"
FOLLOWER_SERIAL = "7E012346"

_NOTHING_INT16 = 0x8000
_NOTHING_UINT16 = 0xFFFF


def words_of(text: str, count: int) -> list[int]:
    raw = text.encode().ljust(2 * count, b"\0")
    return list(struct.unpack(f">{count}H", raw))


def floats(*values: float) -> list[int]:
    """Float32, low word first."""
    words: list[int] = []
    for value in values:
        high, low = struct.unpack(">HH", struct.pack(">f", value))
        words += [low, high]
    return words


def signed(value: int) -> int:
    return value & 0xFFFF


@dataclass
class Unit:
    """The registers of one unit id."""

    registers: dict[int, int] = field(default_factory=dict)

    def put(self, address: int, *values: int) -> Self:
        self.registers.update(enumerate(values, address))
        return self


def inverter(
    *,
    serial: str = SERIAL,
    model: str = "SE10K-RWS48BEN4",
    make: str = "SolarEdge ",
    ac_power_w: int = 3000,
    dc_power_w: int = 3100,
    status: int = 4,
) -> Unit:
    """A three-phase inverter, without anything attached."""
    unit = Unit()
    unit.put(40000, 0x5375, 0x6E53, 1, 65)
    unit.put(40004, *words_of(make, 16), *words_of(model, 16), *words_of("", 8))
    unit.put(40044, *words_of("0004.0020.0102", 8), *words_of(serial, 16), 1)
    unit.put(40069, 103, 50)
    unit.put(40071, 1300, 433, 434, 433, signed(-2))
    unit.put(40076, 4000, 4001, 4002, 2310, 2311, 2312, signed(-1))
    unit.put(40083, signed(ac_power_w), 0, 5001, signed(-2))
    unit.put(40087, 3005, 0, 50, 0, 9999, signed(-2))
    unit.put(40093, 0, 65000, 0)
    unit.put(40096, 400, signed(-2), 7500, signed(-1), signed(dc_power_w), 0)
    unit.put(40102, *[_NOTHING_INT16] * 4, 0)
    unit.put(40103, 41)
    unit.put(40107, status, 0, *[0] * 12)
    return unit


def with_meter(
    unit: Unit,
    slot: int = 1,
    *,
    option: str = "Export+Import",
    serial: str = "606000001",
    power_w: int = 1200,
    shift: int = 0,
) -> Unit:
    """Add a three-phase meter; positive power is export."""
    base = 40121 + 174 * (slot - 1) + shift
    unit.put(base, 1, 65)
    unit.put(base + 2, *words_of("SolarEdge", 16))
    unit.put(base + 18, *words_of("SE-MTR-3Y-400V-A", 16), *words_of(option, 8))
    unit.put(base + 42, *words_of("75", 8), *words_of(serial, 16), slot + 1)
    model = base + 67
    unit.put(model, 203, 105, *[_NOTHING_INT16] * 105)
    unit.put(model + 2, 52, 17, 18, 17, signed(-1))
    unit.put(model + 7, 2311, 2310, 2312, 2311, 0, 0, 0, 0, signed(-1))
    unit.put(model + 16, 5001, signed(-2))
    unit.put(model + 18, *(signed(w) for w in (power_w, power_w - 800, 400, 400)), 0)
    unit.put(model + 23, 1210, 410, 400, 400, 0)
    unit.put(model + 28, 100, 40, 30, 30, 0)
    unit.put(model + 33, 9900, 9800, 9900, 9900, signed(-2))
    exported, imported = (0, 50000, 0, 20000, 0, 15000, 0, 15000), (1, 0) * 4
    unit.put(model + 38, *exported, *imported, 0)
    unit.put(model + 55, *[0] * 16, 0, *[0] * 32, 0, 0, 0)
    return unit


def with_strings(unit: Unit) -> Unit:
    """Add two DC inputs, which move meters up by 50 registers."""
    unit.put(40121, 160, 48, signed(-1), signed(-1), 0, 0, 0, 0, 2, 0)
    for index, power_w in enumerate((1800, 1300)):
        base = 40131 + 20 * index
        unit.put(base, index + 1, *words_of(f"DC {index + 1}", 8))
        unit.put(base + 9, 45, 4000, power_w, 0, 30000, 0, 0, 38, 4, 0, 0)
    return unit


def with_battery(
    unit: Unit,
    slot: int = 1,
    *,
    power_w: float = 1500.0,
    soe: float = 66.0,
    capacity_wh: float = 9700.0,
    serial: str = "BAT0001",
) -> Unit:
    """Add a battery; positive power is charging."""
    base = 57600 + (0, 256)[slot - 1]
    unit.put(base, *words_of("LG", 16), *words_of("RESU10", 16))
    unit.put(base + 32, *words_of("1.0", 16), *words_of(serial, 16), 15, 0)
    unit.put(base + 66, *floats(capacity_wh, 5000.0, 5000.0, 7000.0, 7000.0))
    unit.put(base + 76, *[0] * 32)
    unit.put(base + 108, *floats(24.5, 26.0, 400.0, 3.75, power_w))
    unit.put(base + 118, 1000, 0, 0, 0, 2000, 0, 0, 0)
    unit.put(base + 126, *floats(9700.0, 9300.0, 98.0, soe), 3, 0, 0, 0)
    unit.put(base + 138, *[0] * 16)
    return unit


def ev_charger() -> Unit:
    """An EV charger, which answers as an inverter that knows nothing."""
    unit = inverter(model="SE-EV-SA-KIT", serial="7E0EV001")
    return unit.put(40071, *[_NOTHING_UINT16] * 36)


@dataclass
class Inverter:
    """A Modbus TCP server with one connection, as an inverter has it."""

    units: dict[int, Unit]
    port: int = 0
    hangs_up: bool = False
    silent_units: set[int] = field(default_factory=set)
    silent_addresses: set[int] = field(default_factory=set)
    absent_silent: bool = True
    exceptions: dict[int, int] = field(default_factory=dict)
    delay_s: float = 0.0
    # Also what the inverter is: a second connection is closed.
    one_connection: bool = True
    connections: int = 0
    most_connections: int = 0
    requests: list[tuple[int, int, int]] = field(default_factory=list)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def host(self) -> str:
        return "127.0.0.1"

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.hangs_up or (self.one_connection and self._writers):
            writer.close()
            return
        self._writers.add(writer)
        self.connections += 1
        self.most_connections = max(self.most_connections, len(self._writers))
        try:
            while True:
                header = await reader.readexactly(7)
                transaction, _, length, unit = struct.unpack(">HHHB", header)
                body = await reader.readexactly(length - 1)
                answer = self.answer(unit, body)
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if answer is not None:
                    writer.write(
                        struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit)
                        + answer
                    )
                    await writer.drain()
        except asyncio.IncompleteReadError, ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def answer(self, unit: int, body: bytes) -> bytes | None:
        function, address, count = struct.unpack(">BHH", body[:5])
        self.requests.append((unit, address, count))
        if unit in self.silent_units or address in self.silent_addresses:
            return None
        if unit in self.exceptions:
            return bytes((function | 0x80, self.exceptions[unit]))
        if unit not in self.units:
            if self.absent_silent:
                return None
            return bytes((function | 0x80, GATEWAY_TARGET))
        registers = self.units[unit].registers
        wanted = range(address, address + count)
        if not all(register in registers for register in wanted):
            return bytes((function | 0x80, ILLEGAL_ADDRESS))
        words = [registers[register] for register in wanted]
        return struct.pack(f">BB{count}H", function, 2 * count, *words)

    def drop(self) -> None:
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def switched_on(units: Mapping[int, Unit] | Unit) -> AsyncIterator[Inverter]:
    """Serve units until the block ends."""
    far_end = Inverter({1: units} if isinstance(units, Unit) else dict(units))
    server = await asyncio.start_server(far_end.serve, far_end.host, 0)
    far_end.port = server.sockets[0].getsockname()[1]
    try:
        yield far_end
    finally:
        server.close()
        far_end.drop()
        await server.wait_closed()
