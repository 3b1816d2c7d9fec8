"""A port that is read for ever, whatever happens to it."""

import asyncio
import logging
from pathlib import Path

import pytest
import serial
from serialx import SerialException

from custom_components.surplus.linky.connection import Link, Pace, Trouble
from custom_components.surplus.linky.labels import TicMode
from custom_components.surplus.linky.probe import ProbeError, async_probe

from .far_end import (
    QUICK,
    ScriptedPort,
    gateway,
    plugged_in,
    reading,
    until,
    with_parity,
)
from .tic import ADCO, ADSC, historic_frame, standard_frame


@pytest.fixture
def port(tmp_path: Path) -> Path:
    return tmp_path / "meter"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def lines(log: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.levelname for record in log.records if ".linky." in f"{record.name}."
    ]


# Pseudo-terminals


async def test_a_standard_meter_is_read(
    port: Path, log: pytest.LogCaptureFixture
) -> None:
    async with plugged_in(port) as meter, reading(Link(str(port), pace=QUICK)) as link:
        await until(lambda: link.meter.identity)
        assert meter.speed() == 9600
        assert link.meter.identity == ADSC
        assert link.meter.mode is TicMode.STANDARD
        assert link.reading is not None
        assert link.reading.power_w == 519.0
        assert link.receiving
        assert link.trouble is None
    assert not link.receiving
    assert lines(log) == []


async def test_a_historic_meter_is_found_at_its_own_speed(
    port: Path, log: pytest.LogCaptureFixture
) -> None:
    async with plugged_in(port) as meter:
        meter.send_historic()
        async with reading(Link(str(port), pace=QUICK)) as link:
            await until(lambda: link.meter.identity)
            assert meter.speed() == 1200
            assert link.meter.identity == ADCO
            assert link.meter.mode is TicMode.HISTORIC
            assert link.trouble is None
    # Looking for the speed is no trouble worth a line.
    assert lines(log) == []


async def test_a_meter_switched_to_the_other_mode_is_found_again(
    port: Path, log: pytest.LogCaptureFixture
) -> None:
    async with plugged_in(port) as meter, reading(Link(str(port), pace=QUICK)) as link:
        await until(lambda: link.receiving)
        meter.send_historic()
        await until(lambda: link.trouble is Trouble.GARBLED)
        assert not link.receiving
        await until(lambda: link.meter.mode is TicMode.HISTORIC and link.receiving)
        assert link.trouble is None
        meter.send_standard()
        await until(lambda: link.trouble is not None)
        await until(lambda: link.meter.mode is TicMode.STANDARD and link.receiving)
    assert lines(log) == ["WARNING", "INFO", "WARNING", "INFO"]


async def test_a_port_that_vanishes_is_read_again_when_it_is_back(
    port: Path, log: pytest.LogCaptureFixture
) -> None:
    async with plugged_in(port) as meter, reading(Link(str(port), pace=QUICK)) as link:
        await until(lambda: link.receiving)
        meter.unplug()
        await until(lambda: link.counters.failed_opens >= 3)
        assert link.trouble is Trouble.CANNOT_OPEN
        assert link.counters.drops == 1
        meter.plug()
        await until(lambda: link.receiving)
        assert link.trouble is None
    assert lines(log) == ["WARNING", "INFO"]


async def test_a_port_that_comes_later_is_read(
    port: Path, log: pytest.LogCaptureFixture
) -> None:
    async with reading(Link(str(port), pace=QUICK)) as link:
        await until(lambda: link.trouble is Trouble.CANNOT_OPEN)
        assert link.counters.last_error is not None
        async with plugged_in(port):
            await until(lambda: link.receiving)
            assert link.counters.drops == 0
    assert lines(log)[:2] == ["WARNING", "INFO"]


async def test_a_silent_line_is_told_from_garbage(port: Path) -> None:
    async with plugged_in(port) as meter:
        meter.send_nothing()
        async with reading(Link(str(port), pace=QUICK)) as link:
            await until(lambda: link.trouble)
            assert link.trouble is Trouble.SILENT
            meter.send_standard()
            meter.garbled = True
            await until(lambda: link.trouble is Trouble.GARBLED)
            meter.garbled = False
            await until(lambda: link.receiving)
            assert link.trouble is None


async def test_garbage_is_told_once_however_long_it_lasts_and_so_is_its_end(
    port: Path, log: pytest.LogCaptureFixture
) -> None:
    async with plugged_in(port) as meter, reading(Link(str(port), pace=QUICK)) as link:
        await until(lambda: link.receiving)
        connects = link.counters.connects
        meter.garbled = True
        await until(lambda: link.trouble is Trouble.GARBLED)
        # Both speeds were tried, and tried again.
        await until(lambda: link.counters.connects >= connects + 4)
        assert link.trouble is Trouble.GARBLED
        assert link.decoder.counters.bytes > 0
        meter.garbled = False
        await until(lambda: link.receiving)
        assert link.trouble is None
        assert link.counters.drops == link.counters.failed_opens == 0
    assert lines(log) == ["WARNING", "INFO"]


async def test_a_meter_that_falls_silent_is_trouble_and_is_listened_to_again(
    port: Path, log: pytest.LogCaptureFixture
) -> None:
    async with plugged_in(port) as meter, reading(Link(str(port), pace=QUICK)) as link:
        await until(lambda: link.receiving)
        meter.send_nothing()
        await until(lambda: link.trouble is Trouble.SILENT)
        meter.send_standard()
        await until(lambda: link.receiving)
    assert lines(log) == ["WARNING", "INFO"]


async def test_a_listener_that_fails_does_not_end_the_reading(
    port: Path, log: pytest.LogCaptureFixture
) -> None:
    async with plugged_in(port):
        link = Link(str(port), pace=QUICK)
        heard: list[str] = []

        def fail() -> None:
            heard.append("fail")
            raise KeyError("gone")

        link.subscribe_readings(fail)
        link.subscribe_readings(lambda: heard.append("reading"))
        link.subscribe_updates(fail)
        link.subscribe_updates(lambda: heard.append("update"))
        async with reading(link):
            frames = 5
            await until(lambda: link.decoder.counters.frames > frames)
            assert link.receiving
        assert heard.count("reading") >= frames
        assert heard.count("update") >= frames
        assert heard.count("fail") >= 2 * frames
    # Said once, not at every frame.
    assert lines(log) == ["ERROR"]


async def test_a_port_in_use_is_told_as_such(port: Path) -> None:
    async with plugged_in(port):
        with serial.Serial(str(port), exclusive=True):
            async with reading(Link(str(port), pace=QUICK)) as link:
                await until(lambda: link.trouble)
                assert link.trouble is Trouble.PORT_IN_USE


async def test_a_closed_link_frees_the_port(port: Path) -> None:
    async with plugged_in(port):
        link = Link(str(port), pace=QUICK)
        link.start()
        await until(lambda: link.receiving)
        await link.close()
        with serial.Serial(str(port), exclusive=True) as other:
            assert other.is_open
        await link.close()


async def test_a_port_is_opened_again_at_the_speed_it_has(port: Path) -> None:
    # The C library refuses 7E1 on a pseudo-terminal when the speed does not change.
    async with plugged_in(port):
        for _ in range(3):
            async with reading(Link(str(port), pace=QUICK)) as link:
                await until(lambda: link.receiving)
                assert link.counters.failed_opens == 0


async def test_a_path_that_is_no_serial_port_is_trouble(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("no terminal")
    async with reading(Link(str(path), pace=QUICK)) as link:
        await until(lambda: link.trouble is Trouble.CANNOT_OPEN)
        assert link.counters.connects == 0


@pytest.mark.parametrize("url", ["nonsense://meter", "/dev/null\0", "socket://", ""])
async def test_a_url_that_is_none_is_trouble(url: str) -> None:
    async with reading(Link(url, pace=QUICK)) as link:
        await until(lambda: link.trouble is Trouble.CANNOT_OPEN)
        assert link.counters.connects == 0


# TCP


@pytest.mark.usefixtures("socket_enabled")
async def test_a_gateway_is_read() -> None:
    async with gateway() as server, reading(Link(server.url, pace=QUICK)) as link:
        await until(lambda: link.meter.identity)
        assert link.meter.identity == ADSC
        assert server.connections == 1


@pytest.mark.usefixtures("socket_enabled")
async def test_a_gateway_that_passes_the_parity_bit_is_read() -> None:
    async with gateway() as server:
        frame = historic_frame()
        server.frame = lambda: with_parity(frame)
        async with reading(Link(server.url, pace=QUICK)) as link:
            await until(lambda: link.meter.identity)
            assert link.meter.identity == ADCO
            assert link.decoder.counters.bad_groups == 0


@pytest.mark.usefixtures("socket_enabled")
async def test_a_change_of_mode_behind_a_gateway_needs_no_new_connection() -> None:
    async with gateway() as server, reading(Link(server.url, pace=QUICK)) as link:
        await until(lambda: link.receiving)
        server.frame = historic_frame
        await until(lambda: link.meter.mode is TicMode.HISTORIC)
        assert link.trouble is None
        assert server.connections == 1


@pytest.mark.usefixtures("socket_enabled")
async def test_a_dropped_connection_is_made_again(
    log: pytest.LogCaptureFixture,
) -> None:
    async with gateway() as server, reading(Link(server.url, pace=QUICK)) as link:
        await until(lambda: link.receiving)
        server.drop()
        await until(lambda: link.counters.drops == 1)
        await until(lambda: server.connections == 2 and link.receiving)
    assert lines(log) == ["WARNING", "INFO"]


@pytest.mark.usefixtures("socket_enabled")
async def test_a_gateway_that_goes_away_is_found_when_it_is_back() -> None:
    async with gateway() as server, reading(Link(server.url, pace=QUICK)) as link:
        await until(lambda: link.receiving)
        await server.stop()
        await until(lambda: link.counters.failed_opens >= 2)
        assert link.trouble is Trouble.CANNOT_OPEN
        await server.start()
        await until(lambda: link.receiving)
        assert link.trouble is None


@pytest.mark.usefixtures("socket_enabled")
async def test_a_dead_connection_that_nobody_closed_is_given_up(
    log: pytest.LogCaptureFixture,
) -> None:
    async with gateway() as server, reading(Link(server.url, pace=QUICK)) as link:
        await until(lambda: link.receiving)
        # The bridge was cut off: it neither sends nor closes, for longer than patience.
        server.frame = bytes
        await until(lambda: server.connections >= 3)
        assert link.trouble is Trouble.SILENT
        assert link.counters.drops == 0
        server.frame = standard_frame
        await until(lambda: link.receiving)
        assert link.trouble is None
    assert lines(log) == ["WARNING", "INFO"]


@pytest.mark.usefixtures("socket_enabled")
async def test_a_bridge_that_sends_anything_but_a_meter_is_given_up() -> None:
    async with gateway() as server, reading(Link(server.url, pace=QUICK)) as link:
        await until(lambda: link.receiving)
        server.frame = lambda: b"Connected. Press any key to continue\r\n" * 9
        await until(lambda: server.connections >= 2)
        assert link.trouble is Trouble.GARBLED


@pytest.mark.usefixtures("socket_enabled")
async def test_a_gateway_that_says_nothing_is_connected_to_again() -> None:
    async with gateway() as server:
        server.frame = bytes
        async with reading(Link(server.url, pace=QUICK)) as link:
            await until(lambda: server.connections >= 2)
            assert link.trouble is Trouble.SILENT


# What a port can do that no pseudo-terminal does


class Clock:
    """Remembers how long it was told to wait, and does not."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.stop_after = 0

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) >= self.stop_after:
            await asyncio.Event().wait()


async def test_the_back_off_doubles_up_to_a_minute() -> None:
    scripted, clock = ScriptedPort(), Clock()
    scripted.open_error = OSError("no such port")
    clock.stop_after = 9
    link = Link("/dev/meter", open=scripted.open, sleep=clock.sleep)
    async with reading(link):
        await until(lambda: len(clock.waits) == 9)
    assert clock.waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_the_back_off_starts_anew_after_a_frame() -> None:
    scripted, clock = ScriptedPort(), Clock()
    scripted.put(OSError("gone"))
    scripted.put(OSError("gone"))
    scripted.put(standard_frame())
    scripted.put(OSError("gone"))
    clock.stop_after = 3
    link = Link("/dev/meter", open=scripted.open, sleep=clock.sleep)
    async with reading(link):
        await until(lambda: len(clock.waits) == 3)
    assert clock.waits == [1, 2, 1]
    assert link.counters.drops == 3
    assert link.trouble is Trouble.LOST
    assert scripted.closed == 3


@pytest.mark.parametrize(
    "error", [SerialException("broken"), TimeoutError(), ConnectionResetError(), b""]
)
async def test_whatever_ends_the_stream_is_a_drop(error: Exception | bytes) -> None:
    scripted, clock = ScriptedPort(), Clock()
    scripted.put(standard_frame())
    scripted.put(error)
    clock.stop_after = 1
    link = Link("/dev/meter", open=scripted.open, sleep=clock.sleep)
    async with reading(link):
        await until(lambda: clock.waits)
    assert link.counters.drops == 1
    assert link.trouble is Trouble.LOST
    assert link.counters.last_error


async def test_a_port_that_fails_to_close_is_left_behind() -> None:
    scripted, clock = ScriptedPort(), Clock()

    async def fail() -> None:
        raise OSError("cannot close")

    scripted.wait_closed = fail
    scripted.put(b"")
    clock.stop_after = 1
    link = Link("/dev/meter", open=scripted.open, sleep=clock.sleep)
    async with reading(link):
        await until(lambda: clock.waits)
    assert link.trouble is Trouble.LOST


async def test_the_speed_that_was_read_last_is_tried_first() -> None:
    scripted, clock = ScriptedPort(), Clock()
    clock.stop_after = 2
    pace = Pace(detect_standard_s=0.01, detect_historic_s=10)
    link = Link("/dev/meter", pace=pace, open=scripted.open, sleep=clock.sleep)
    async with reading(link):
        await until(lambda: len(scripted.opened) == 2)
        scripted.put(historic_frame())
        scripted.put(OSError("gone"))
        await until(lambda: len(scripted.opened) == 3)
    assert [speed for _, speed in scripted.opened] == [9600, 1200, 1200]


async def test_garbage_without_a_pause_does_not_hold_up_the_search() -> None:
    class Babble(ScriptedPort):
        async def read(self, n: int) -> bytes:
            await asyncio.sleep(0)
            return b"\x55" * 100

    scripted = Babble()
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.5
        return now

    link = Link("/dev/meter", open=scripted.open, clock=clock)
    async with reading(link):
        await until(lambda: link.trouble)
        assert link.trouble is Trouble.GARBLED
    assert [speed for _, speed in scripted.opened[:3]] == [9600, 1200, 9600]


async def test_listeners_hear_of_readings_and_frames_until_they_leave() -> None:
    scripted = ScriptedPort()
    link = Link("/dev/meter", open=scripted.open)
    heard: list[str] = []
    stop_readings = link.subscribe_readings(lambda: heard.append("reading"))
    stop_updates = link.subscribe_updates(lambda: heard.append("update"))
    data = standard_frame()
    cut = data.index(b"MSG1")
    async with reading(link):
        scripted.put(data[:cut])
        await until(lambda: heard)
        assert heard == ["reading"]
        scripted.put(data[cut:])
        await until(lambda: len(heard) == 2)
        assert heard == ["reading", "update"]
        stop_readings()
        stop_updates()
        scripted.put(data)
        await until(lambda: link.decoder.counters.frames == 2)
    assert heard == ["reading", "update"]


async def test_a_power_that_cannot_be_read_is_no_reading() -> None:
    scripted = ScriptedPort()
    link = Link("/dev/meter", open=scripted.open)
    async with reading(link):
        scripted.put(
            historic_frame().replace(b"PAPP", b"PAP!").replace(b"IINST 005", b"IINST")
        )
        await until(lambda: link.decoder.counters.frames)
    assert link.reading is None


async def test_the_raw_bytes_kept_are_the_last_ones() -> None:
    scripted = ScriptedPort()
    link = Link("/dev/meter", open=scripted.open)
    frames = [standard_frame(sinsts=n) for n in range(60)]
    async with reading(link):
        for data in frames:
            scripted.put(data)
        await until(lambda: link.decoder.counters.frames == 60)
    assert link.raw == b"".join(frames)[-8192:]
    assert len(link._ring) <= 2 * 8192


async def test_nothing_of_another_meter_is_believed(
    log: pytest.LogCaptureFixture,
) -> None:
    scripted = ScriptedPort()
    link = Link("/dev/meter", expected=ADSC, open=scripted.open)
    other = standard_frame(adsc="031664999999")
    async with reading(link):
        scripted.put(other)
        await until(lambda: link.decoder.counters.frames == 1)
        # Not yet known to be another one, and not yet believed.
        assert link.reading is None
        assert link.trouble is None
        scripted.put(other)
        scripted.put(other)
        await until(lambda: link.decoder.counters.frames == 3)
        assert link.trouble is Trouble.OTHER_METER
        assert link.reading is None
        for _ in range(3):
            scripted.put(standard_frame())
        await until(lambda: link.reading is not None)
        assert link.trouble is None
    assert lines(log) == ["WARNING", "INFO"]


async def test_a_noisy_line_is_told_once_and_so_is_its_end(
    log: pytest.LogCaptureFixture,
) -> None:
    scripted = ScriptedPort()
    link = Link("/dev/meter", open=scripted.open)
    noisy = standard_frame().replace(b"PREF", b"PRE!")
    async with reading(link):
        for _ in range(40):
            scripted.put(noisy)
        await until(lambda: link.decoder.counters.frames == 40)
        assert link.noisy
        assert link.trouble is None
        assert link.receiving
        for _ in range(40):
            scripted.put(standard_frame())
        await until(lambda: link.decoder.counters.frames == 80)
        assert not link.noisy
    assert lines(log) == ["WARNING", "INFO"]


async def test_a_link_that_never_started_closes() -> None:
    link = Link("/dev/meter")
    await link.close()
    assert not link.receiving


# The test read of the config flow


async def test_a_test_read_names_the_meter_and_frees_the_port(port: Path) -> None:
    progress: list[float] = []
    async with plugged_in(port):
        found = await async_probe(str(port), pace=QUICK, on_progress=progress.append)
        with serial.Serial(str(port), exclusive=True) as other:
            assert other.is_open
    assert (found.identity, found.mode) == (ADSC, TicMode.STANDARD)
    assert progress == sorted(progress)
    assert progress[-1] == 1.0


async def test_a_test_read_finds_historic_mode(port: Path) -> None:
    async with plugged_in(port) as meter:
        meter.send_historic()
        found = await async_probe(str(port), pace=QUICK)
    assert (found.identity, found.mode) == (ADCO, TicMode.HISTORIC)


@pytest.mark.parametrize(
    ("prepare", "trouble"),
    [
        ("silent", Trouble.SILENT),
        ("garbled", Trouble.GARBLED),
        ("in_use", Trouble.PORT_IN_USE),
        ("unplugged", Trouble.CANNOT_OPEN),
    ],
)
async def test_a_test_read_says_why_it_failed(
    port: Path, prepare: str, trouble: Trouble, log: pytest.LogCaptureFixture
) -> None:
    async with plugged_in(port) as meter:
        other: serial.Serial | None = None
        match prepare:
            case "silent":
                meter.send_nothing()
            case "garbled":
                meter.garbled = True
            case "in_use":
                other = serial.Serial(str(port), exclusive=True)
            case "unplugged":
                meter.unplug()
        with pytest.raises(ProbeError) as raised:
            await async_probe(str(port), pace=QUICK)
        if other is not None:
            other.close()
    assert raised.value.trouble is trouble
    # The flow tells the user; the log is for links that are meant to last.
    assert lines(log) == []


async def test_a_test_read_of_groups_without_a_whole_frame_ends(port: Path) -> None:
    async with plugged_in(port) as meter:
        meter.send_standard(lambda: standard_frame().replace(b"ADSC", b"ADS!"))
        with pytest.raises(ProbeError) as raised:
            await async_probe(str(port), pace=QUICK)
    assert raised.value.trouble is Trouble.GARBLED
