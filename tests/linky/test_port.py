"""What ports are called, who sets the speed of the line, and what comes of it."""

import asyncio
import errno
import logging
from pathlib import Path
from typing import cast

import pytest
import serial
from serialx import SerialException, UnsupportedSetting

from custom_components.surplus.linky import port as linky_port
from custom_components.surplus.linky.connection import Link, Trouble
from custom_components.surplus.linky.labels import TicMode
from custom_components.surplus.linky.port import (
    is_remote,
    is_same_port,
    open_port,
    sets_line,
    stable_path,
    without_secrets,
)
from custom_components.surplus.linky.probe import ProbeError, async_probe
from homeassistant.components.usb import serial_proxy_stub
from homeassistant.core import Event

from .conftest import PROXY
from .far_end import QUICK, ScriptedPort, plugged_in, reading, rfc2217_gateway, until
from .tic import ADCO, ADSC

EVEN = (7, "E", 1)


def troubles(log: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.levelname for record in log.records if ".linky." in f"{record.name}."
    ]


# RFC 2217: a real server, whose line we set


@pytest.mark.usefixtures("socket_enabled")
async def test_a_standard_meter_behind_rfc2217_is_read() -> None:
    async with (
        rfc2217_gateway() as server,
        reading(Link(server.url, pace=QUICK)) as link,
    ):
        await until(lambda: link.meter.identity)
        assert link.meter.identity == ADSC
        assert server.lines[-1] == (9600, *EVEN)


@pytest.mark.usefixtures("socket_enabled")
async def test_a_historic_meter_behind_rfc2217_is_found_at_its_own_speed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with rfc2217_gateway() as server:
        server.send_historic()
        async with reading(Link(server.url, pace=QUICK)) as link:
            await until(lambda: link.meter.identity)
            assert link.meter.identity == ADCO
            assert server.lines[-1] == (1200, *EVEN)
            assert link.counters.failed_opens == server.refused == 0
    # Looking for the speed is no trouble worth a line, over a network neither.
    assert troubles(caplog) == []


@pytest.mark.usefixtures("socket_enabled")
async def test_a_change_of_mode_behind_rfc2217_is_followed() -> None:
    async with (
        rfc2217_gateway() as server,
        reading(Link(server.url, pace=QUICK)) as link,
    ):
        await until(lambda: link.receiving)
        server.send_historic()
        await until(lambda: link.meter.mode is TicMode.HISTORIC and link.receiving)
        server.send_standard()
        await until(lambda: link.trouble is not None)
        await until(lambda: link.meter.mode is TicMode.STANDARD and link.receiving)
        assert link.trouble is None


@pytest.mark.usefixtures("socket_enabled")
async def test_a_lost_rfc2217_server_is_found_when_it_is_back() -> None:
    async with (
        rfc2217_gateway() as server,
        reading(Link(server.url, pace=QUICK)) as link,
    ):
        await until(lambda: link.receiving)
        await server.stop()
        await until(lambda: link.trouble is Trouble.CANNOT_OPEN)
        assert link.counters.drops == 1
        await server.start()
        await until(lambda: link.receiving)
        assert link.trouble is None


@pytest.mark.usefixtures("socket_enabled")
async def test_a_test_read_over_rfc2217_finds_the_mode() -> None:
    async with rfc2217_gateway() as server:
        server.send_historic()
        found = await async_probe(server.url, pace=QUICK)
        assert (found.identity, found.mode) == (ADCO, TicMode.HISTORIC)
        await until(lambda: not server._writers)


@pytest.mark.usefixtures("socket_enabled")
async def test_a_server_that_is_in_use_is_told() -> None:
    async with (
        rfc2217_gateway() as server,
        reading(Link(server.url, pace=QUICK)) as link,
    ):
        await until(lambda: link.receiving)
        with pytest.raises(ProbeError) as raised:
            await async_probe(server.url, pace=QUICK)
        assert raised.value.trouble is Trouble.CANNOT_OPEN
        assert server.refused


async def test_a_server_is_given_time_to_see_its_client_go() -> None:
    scripted = ScriptedPort()
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            await asyncio.Event().wait()

    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 10
        return now

    link = Link("rfc2217://host:1", open=scripted.open, sleep=sleep, clock=clock)
    async with reading(link):
        await until(lambda: len(waits) == 2)
    assert [speed for _, speed in scripted.opened] == [9600, 1200]
    assert waits == [1, 1]


# ESPHome's serial proxies, whose URL scheme Home Assistant brings


@pytest.mark.parametrize("baudrate", [9600, 1200])
async def test_a_meter_behind_an_esphome_proxy_is_read_at_the_speed_it_has(
    proxied: Path, baudrate: int
) -> None:
    async with plugged_in(proxied) as meter:
        if baudrate == 1200:
            meter.send_historic()
        async with reading(Link(PROXY, pace=QUICK)) as link:
            await until(lambda: link.meter.identity)
            assert link.meter.identity == (ADSC if baudrate == 9600 else ADCO)
            assert meter.speed() == baudrate
            assert link.trouble is None


async def test_a_proxy_that_is_not_ready_at_start_is_read_later(
    tmp_path: Path, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    # What Home Assistant has in place until ESPHome is loaded raises errors of its own.
    remove = serial_proxy_stub.register_serialx_transport()
    try:
        async with reading(Link(PROXY, pace=QUICK)) as link:
            await until(lambda: link.counters.failed_opens >= 2)
            assert link.trouble is Trouble.CANNOT_OPEN
            assert link.counters.last_error == "ESPHome has not loaded yet"
            async with plugged_in(request.getfixturevalue("proxied")):
                await until(lambda: link.receiving)
                assert link.trouble is None
    finally:
        remove(cast(Event, None))
    assert troubles(caplog)[:2] == ["WARNING", "INFO"]


async def test_no_failure_of_a_port_ends_the_reading(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scripted = ScriptedPort()

    async def fail() -> None:
        raise KeyError("closing")

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)

    scripted.wait_closed = fail
    link = Link("strange://port", open=scripted.open, sleep=sleep)
    async with reading(link):
        scripted.put(KeyError("reading"))
        await until(lambda: link.counters.drops == 1)
        assert link.trouble is Trouble.LOST
        await until(lambda: link.counters.connects == 2)
        scripted.open_error = KeyError("opening")
        scripted.put(b"")
        await until(lambda: link.trouble is Trouble.CANNOT_OPEN)
    # A port raises no KeyError: whoever looks for the mistake finds where it is.
    assert "Traceback" in caplog.text
    assert caplog.text.count("cannot be read") == 1


@pytest.mark.parametrize("plugged", [False, True])
async def test_a_link_that_closes_while_it_opens_leaves_nothing_behind(
    tmp_path: Path, plugged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with plugged_in(tmp_path / "meter") as meter:
        if not plugged:
            meter.unplug()
        for _ in range(20):
            link = Link(str(meter.path), pace=QUICK)
            link.start()
            # Up to where the thread begins to open it.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            await link.close()
        # A missing port is no error of the loop's own.
        assert "shielded" not in caplog.text
        if plugged:
            with serial.Serial(str(meter.path), exclusive=True) as port:
                assert port.is_open


# Settings


@pytest.mark.parametrize(
    ("error", "sizes"),
    [
        (OSError(errno.EINVAL, "Invalid argument"), [7, 8]),
        (UnsupportedSetting("no seven bits"), [7, 8]),
        (OSError(errno.ENOENT, "No such file"), [7]),
        (SerialException("no"), [7]),
    ],
)
async def test_only_an_adapter_that_cannot_do_seven_bits_is_asked_for_eight(
    monkeypatch: pytest.MonkeyPatch, error: Exception, sizes: list[int]
) -> None:
    asked: list[int] = []

    async def refuse(**settings: object) -> None:
        asked.append(cast(int, settings["byte_size"]))
        raise error

    monkeypatch.setattr(linky_port, "open_serial_connection", refuse)
    with pytest.raises(type(error)):
        await open_port("/dev/meter", 9600)
    assert asked == sizes


@pytest.mark.parametrize(
    ("url", "ours", "remote"),
    [
        ("/dev/ttyUSB0", True, False),
        ("rfc2217://host:2217", True, True),
        ("esphome://host:6053/?port_name=TIC", True, True),
        (PROXY, True, True),
        ("socket://host:8888", False, True),
        ("SOCKET://host:8888", False, True),
        ("tcp://host:8888", False, True),
    ],
)
def test_only_bare_bytes_come_at_a_speed_that_others_have_set(
    url: str, ours: bool, remote: bool
) -> None:
    assert sets_line(url) is ours
    assert is_remote(url) is remote


# Names of ports


def test_a_port_is_named_so_that_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_id = tmp_path / "by-id"
    monkeypatch.setattr(linky_port, "_BY_ID", by_id)
    assert stable_path("/dev/ttyNONE0") == "/dev/ttyNONE0"
    by_id.mkdir()
    (by_id / "usb-other").symlink_to("/dev/ttyNONE1")
    (by_id / "usb-tic").symlink_to("/dev/ttyNONE0")
    assert stable_path("/dev/ttyNONE0") == str(by_id / "usb-tic")
    assert stable_path("/dev/ttyNONE2") == "/dev/ttyNONE2"
    assert stable_path("socket://host:1") == "socket://host:1"
    assert stable_path("/dev/serial/by-id/usb-tic") == "/dev/serial/by-id/usb-tic"


def test_two_names_of_one_port_are_one(tmp_path: Path) -> None:
    (tmp_path / "port").touch()
    (tmp_path / "alias").symlink_to(tmp_path / "port")
    assert is_same_port(str(tmp_path / "alias"), str(tmp_path / "port"))
    assert not is_same_port(str(tmp_path / "alias"), str(tmp_path / "none"))
    assert is_same_port("socket://host:1", "socket://host:1")
    assert not is_same_port("socket://host:1", str(tmp_path / "port"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("socket://host:1", "rfc2217://HOST:1", True),
        ("tcp://host:1", "socket://host:1/", True),
        ("socket://host:1", "socket://host:2", False),
        (PROXY, PROXY, True),
        (PROXY, PROXY.replace("TIC", "other"), False),
        ("esphome://host:1", "socket://host:1", False),
    ],
)
def test_what_is_spoken_on_a_host_and_port_does_not_make_it_another(
    one: str, other: str, same: bool
) -> None:
    assert is_same_port(one, other) is same
    assert is_same_port(other, one) is same


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/dev/serial/by-id/usb-tic", "/dev/serial/by-id/usb-tic"),
        ("socket://host:1", "socket://host:1"),
        (PROXY, PROXY),
        (
            "esphome://host:6053/?port_name=TIC&key=c2VjcmV0PQ==",
            "esphome://host:6053/?port_name=TIC&key=**",
        ),
        (
            "esphome://h?noise_psk=secret&PASSWORD=x",
            "esphome://h?noise_psk=**&PASSWORD=**",
        ),
        ("rfc2217://user:secret@host:1", "rfc2217://**@host:1"),
        ("No such port: esphome://h?key=secret", "No such port: esphome://h?key=**"),
    ],
)
def test_a_key_in_a_url_is_never_shown(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


async def test_a_key_in_a_url_never_reaches_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = "esphome://host:6053/?port_name=TIC&key=c2VjcmV0"
    scripted = ScriptedPort()
    scripted.open_error = SerialException(f"cannot open {url}")
    async with reading(Link(url, pace=QUICK, open=scripted.open)) as link:
        await until(lambda: link.trouble)
        assert "c2VjcmV0" not in str(link.counters.last_error)
    assert "cannot be read" in caplog.text
    assert "c2VjcmV0" not in caplog.text
