"""The wire of the simulated meter, read with pyserial and over TCP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
import time

import pytest
import serial

from simulator.clock import Clock
from simulator.serial_line import (
    Fault,
    Port,
    PseudoTerminal,
    TcpPort,
    TicLine,
    garble,
    with_parity_bit,
)

FRAME = b"\x02" + b"\nIINST 001 X\r" * 10 + b"\x03"


@asynccontextmanager
async def talking(
    port: Port, *, baud: int = 9600, pace: float = 50.0, frame: bytes = FRAME
) -> AsyncIterator[TicLine]:
    """Run a line that repeats one frame."""
    line = TicLine(port, lambda: frame, baud=baud, clock=Clock(pace=pace))
    await port.open()
    task = asyncio.create_task(line.run())
    try:
        yield line
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def settled(
    path: Path, *, wanted: bytes | None = None, **options: object
) -> bytes:
    """Read after the line has noticed the reader's settings.

    On a busy machine that takes its time: what is wanted is waited for.
    """

    def work() -> bytes:
        with serial.Serial(str(path), timeout=5, **options) as far_end:
            far_end.read(100)
            time.sleep(0.05)
            far_end.reset_input_buffer()
            far_end.read(100)
            data = more = far_end.read(400)
            while more and wanted and wanted not in data and len(data) < 100_000:
                more = far_end.read(400)
                data += more
            return data

    return await asyncio.to_thread(work)


async def test_the_right_speed_reads_the_frames(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "linky"
    async with talking(PseudoTerminal(path)):
        data = await settled(path, wanted=FRAME, baudrate=9600, bytesize=7, parity="E")
    assert FRAME in data
    assert not path.is_symlink()


@pytest.mark.parametrize(("baud", "parity"), [(1200, "E"), (19200, "E"), (9600, "O")])
async def test_a_wrong_speed_or_parity_reads_garbage(
    tmp_path: Path, baud: int, parity: str
) -> None:
    path = tmp_path / "linky"
    async with talking(PseudoTerminal(path)):
        data = await settled(path, baudrate=baud, bytesize=7, parity=parity)
    assert b"IINST" not in data
    assert len(data) == 400


async def test_historic_mode_wants_the_slow_speed(tmp_path: Path) -> None:
    path = tmp_path / "linky"
    async with talking(PseudoTerminal(path), baud=1200, pace=200):
        good = await settled(path, wanted=FRAME, baudrate=1200, bytesize=7, parity="E")
        bad = await settled(path, baudrate=9600, bytesize=7, parity="E")
    assert FRAME in good
    assert b"IINST" not in bad


async def test_an_adapter_without_parity_leaves_it_in_bit_seven(
    tmp_path: Path,
) -> None:
    path = tmp_path / "linky"
    async with talking(PseudoTerminal(path, parity_in_bit_7=True)):
        data = await settled(path, baudrate=9600, bytesize=8, parity="N")
    assert b"IINST" not in data
    assert FRAME in bytes(byte & 0x7F for byte in data)
    assert all(byte.bit_count() % 2 == 0 for byte in data)


def test_parity_makes_the_number_of_ones_even() -> None:
    assert with_parity_bit(b"\x02\x03A") == b"\x82\x03A"


def test_garbage_is_no_text() -> None:
    assert garble(FRAME) != FRAME
    assert len(garble(FRAME)) == len(FRAME)
    assert any(byte > 127 for byte in garble(FRAME))


async def test_bytes_leave_at_the_lines_rate(tmp_path: Path) -> None:
    pace = 20.0
    port = PseudoTerminal(tmp_path / "linky")
    begin = time.monotonic()
    async with talking(port, baud=1200, pace=pace) as line:
        while line.frames < 3:
            await asyncio.sleep(0.005)
    took = (time.monotonic() - begin) * pace
    # Never faster than the wire; how much slower is the machine's business.
    assert took >= 3 * len(FRAME) * 10 / 1200


async def test_nobody_reading_neither_blocks_nor_keeps_old_news(
    tmp_path: Path,
) -> None:
    path = tmp_path / "linky"
    port = PseudoTerminal(path)
    await port.open()
    for n in range(2000):
        port.send(b"%08d" % n, 9600)
    with serial.Serial(str(path), 9600, bytesize=7, parity="E", timeout=0.1) as far:
        port.send(b"fresh", 9600)
        assert far.read(100) == b"fresh"
    await port.close()


async def test_a_reader_that_sleeps_loses_data_and_blocks_nobody(
    tmp_path: Path,
) -> None:
    path = tmp_path / "linky"
    port = PseudoTerminal(path)
    await port.open()
    with serial.Serial(str(path), 9600, bytesize=7, parity="E", timeout=0.1) as far:
        for n in range(50_000):
            port.send(b"%08d" % n, 9600)
        kept = len(far.read(1_000_000))
    assert 0 < kept < 400_000
    await port.close()


async def test_the_same_reader_can_come_back(tmp_path: Path) -> None:
    path = tmp_path / "linky"
    async with talking(PseudoTerminal(path)):
        for _ in range(3):
            data = await settled(
                path, wanted=FRAME, baudrate=9600, bytesize=7, parity="E"
            )
            assert FRAME in data


async def test_silence_and_noise_can_be_ordered(tmp_path: Path) -> None:
    path = tmp_path / "linky"
    async with talking(PseudoTerminal(path)) as line:
        line.fault = Fault.GARBLED
        assert b"IINST" not in await settled(
            path, baudrate=9600, bytesize=7, parity="E"
        )
        line.fault = Fault.SILENT
        await asyncio.sleep(0.05)

        def listen() -> bytes:
            with serial.Serial(
                str(path), 9600, bytesize=7, parity="E", timeout=0.2
            ) as far_end:
                far_end.reset_input_buffer()
                return far_end.read(10)

        assert await asyncio.to_thread(listen) == b""
        line.fault = Fault.NONE
        data = await settled(path, wanted=FRAME, baudrate=9600, bytesize=7, parity="E")
    assert FRAME in data


async def test_a_dongle_pulled_out_ends_the_reader_and_comes_back(
    tmp_path: Path,
) -> None:
    path = tmp_path / "linky"
    port = PseudoTerminal(path)
    async with talking(port):
        with serial.Serial(str(path), 9600, timeout=1) as far_end:
            await port.close()
            assert not path.exists()

            def drain() -> None:
                while far_end.read(4096):
                    pass
                raise AssertionError("the port still answers")

            with pytest.raises(serial.SerialException):
                await asyncio.to_thread(drain)
        await asyncio.sleep(0.02)
        await port.open()
        await port.open()
        data = await settled(path, wanted=FRAME, baudrate=9600, bytesize=7, parity="E")
    assert FRAME in data


async def test_a_file_in_the_way_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "linky"
    path.write_text("precious", encoding="ascii")
    with pytest.raises(FileExistsError):
        await PseudoTerminal(path).open()
    assert path.read_text(encoding="ascii") == "precious"


async def test_closing_leaves_the_link_of_a_successor_alone(tmp_path: Path) -> None:
    path = tmp_path / "linky"
    old, new = PseudoTerminal(path), PseudoTerminal(path)
    await old.open()
    await new.open()
    await old.close()
    assert path.exists()
    await new.close()
    assert not path.is_symlink()


async def test_a_stale_link_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "linky"
    path.symlink_to("/dev/pts/9999")
    port = PseudoTerminal(path)
    await port.open()
    assert path.exists()
    await port.close()
    await port.close()


@pytest.mark.usefixtures("socket_enabled")
async def test_any_number_of_readers_share_a_tcp_port() -> None:
    port = TcpPort()
    async with talking(port):
        ends = [await asyncio.open_connection(port.host, port.port) for _ in range(2)]
        for reader, _ in ends:
            assert FRAME in await reader.readexactly(400)
        ends[0][1].close()
        assert FRAME in await ends[1][0].readexactly(400)
        await port.open()
        await port.close()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await ends[1][0].readexactly(100_000)
        ends[1][1].close()
    await port.close()


@pytest.mark.usefixtures("socket_enabled")
async def test_a_tcp_reader_that_sleeps_loses_data_and_hurts_nobody() -> None:
    port = TcpPort()
    await port.open()
    _, sleeper = await asyncio.open_connection(port.host, port.port)
    await asyncio.sleep(0.05)
    for _ in range(200):
        port.send(bytes(65_536), 9600)
    (far_end,) = port._writers
    assert far_end.transport.get_write_buffer_size() < 200_000
    await port.close()
    sleeper.close()
