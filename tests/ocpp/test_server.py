"""Who is let in, which connection counts, and how one ends."""

import asyncio
import json
import socket
import time
from typing import Any
from unittest.mock import patch

from hypothesis import given, strategies as st
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from custom_components.surplus.ocpp.errors import (
    LinkLostError,
    ListenError,
    OcppError,
    PortInUseError,
)
from custom_components.surplus.ocpp.memory import ChargerSettings
from custom_components.surplus.ocpp.ocpp16 import Link16
from custom_components.surplus.ocpp.server import (
    CentralSystem,
    async_can_listen,
    identity_of,
)
from custom_components.surplus.ocpp.timing import Timing

from .conftest import IDENTITY, Site, for_a_while, timed, until, warnings_of


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/CP-1", "CP-1"),
        ("/ocpp/16/CP-1", "CP-1"),
        ("/CP-1/", "CP-1"),
        ("//CP-1", "CP-1"),
        ("/ocpp//CP-1//", "CP-1"),
        ("/CP%201", "CP 1"),
        ("/A-z_0=9:+*|@. x", "A-z_0=9:+*|@. x"),
        ("/caf%C3%A9", None),
        ("/%3Cimg%20src%3Dx%3E", None),
        ("/%5Bpay%20here%5D(evil)", None),
        ("/%60code%60", None),
        ("/http:%2F%2Fevil", None),
        ("/CP-1%0A", "CP-1"),
        ("/CP%0A1", None),
        ("/CP-1?token=1", "CP-1"),
        ("/CP-1/CP-1", "CP-1"),
        ("ws://10.0.0.2:9000/CP-1", "CP-1"),
        ("ws://10.0.0.2:9000", None),
        ("/", None),
        ("", None),
        ("/%00%07", None),
        ("/" + "x" * 65, None),
    ],
)
def test_the_identity_is_the_last_part_of_the_path(
    path: str, identity: str | None
) -> None:
    assert identity_of(path) == identity


@given(st.text(max_size=80))
def test_no_path_upsets_the_reader_of_identities(path: str) -> None:
    identity = identity_of(path)
    assert identity is None or (identity.isprintable() and 0 < len(identity) <= 64)


@pytest.mark.parametrize(
    "path", ["/CP-1", "//CP-1", "/CP-1/", "/some/where/CP-1", "/CP%2D1"]
)
async def test_a_known_charger_is_let_in_however_it_writes_its_path(
    site: Site, path: str
) -> None:
    wallbox = await site.call_in(path)
    answer = await wallbox.boot()
    assert answer.status == "Accepted"
    assert wallbox.socket.subprotocol == "ocpp1.6"


@pytest.mark.parametrize(
    ("offers", "chosen"),
    [
        (None, None),
        (["ocpp2.0.1", "ocpp1.6"], "ocpp1.6"),
        (["OCPP1.6"], "OCPP1.6"),
        (["ocpp1.6j"], "ocpp1.6j"),
    ],
)
async def test_version_1_6_is_found_among_what_is_offered(
    site: Site, offers: list[str] | None, chosen: str | None
) -> None:
    wallbox = await site.call_in(subprotocols=offers)
    assert wallbox.socket.subprotocol == chosen
    assert (await wallbox.boot()).status == "Accepted"


async def test_a_charger_that_only_speaks_a_later_version_is_refused(
    site: Site,
) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await site.call_in(subprotocols=["ocpp2.0.1"])
    assert refusal.value.response.status_code == 400
    assert site.central.refused == 1


async def test_one_that_only_speaks_a_later_version_is_told_of_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.central.add(ChargerSettings(identity="CP-2", name="x"))
    for path in ("/CP-1", "/CP-1", "/CP-2"):
        with pytest.raises(InvalidStatus):
            await site.call_in(path, subprotocols=["ocpp2.0.1", "ocpp2.1"])
    assert warnings_of(caplog) == [
        "CP-1: only speaks ocpp2.0.1, ocpp2.1; set it to OCPP 1.6 (JSON)",
        "CP-2: only speaks ocpp2.0.1, ocpp2.1; set it to OCPP 1.6 (JSON)",
    ]


@pytest.mark.parametrize("path", ["/favicon.ico", "/STRANGER"])
async def test_what_is_no_handshake_is_no_charger(site: Site, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.central.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 404")
    writer.close()
    assert site.unknown == []


async def test_an_identity_of_other_characters_is_refused_and_not_offered(
    site: Site,
) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await site.call_in("/%3Cb%3E")
    assert refusal.value.response.status_code == 404
    assert site.unknown == []


@pytest.mark.parametrize("host", ["a..b", "x" * 70, "\0"])
async def test_a_host_that_cannot_be_one_is_no_address(
    socket_enabled: None, host: str
) -> None:
    def look_up(name: str, *_args: Any, **_options: Any) -> list[Any]:
        # What the real one does first; no name is looked up in tests.
        name.encode("idna")
        raise ValueError("embedded null character")

    with patch("socket.getaddrinfo", look_up):
        with pytest.raises(ListenError):
            await async_can_listen(host, 0)
        with pytest.raises(ListenError):
            await CentralSystem().start(host, 0)


async def test_an_unknown_charger_is_refused_before_the_upgrade_and_reported_once(
    site: Site,
) -> None:
    for _ in range(3):
        with pytest.raises(InvalidStatus) as refusal:
            await site.call_in("/STRANGER")
        assert refusal.value.response.status_code == 404
    assert site.unknown == ["STRANGER"]
    assert site.central.refused == 3


async def test_a_charger_that_was_removed_is_reported_again(site: Site) -> None:
    await site.central.remove(IDENTITY)
    with pytest.raises(InvalidStatus):
        await site.call_in()
    assert site.unknown == [IDENTITY]


async def test_a_caller_without_identity_is_refused_and_not_offered(site: Site) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await site.call_in("/")
    assert refusal.value.response.status_code == 404
    assert site.unknown == []


async def test_invented_identities_do_not_fill_the_memory(site: Site) -> None:
    for number in range(40):
        with pytest.raises(InvalidStatus):
            await site.call_in(f"/scan-{number}")
    assert len(site.unknown) == 32


async def test_credentials_are_ignored_in_open_mode(site: Site) -> None:
    wallbox = await site.call_in(additional_headers={"Authorization": "Basic Q1AtMTo="})
    assert (await wallbox.boot()).status == "Accepted"


# One Autel firmware forgets the Connection header.
NO_CONNECTION = """GET /CP-1 HTTP/1.1
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Protocol: ocpp1.6"""
NO_UPGRADE = """GET /CP-1 HTTP/1.1
Connection: keep-alive
Sec-WebSocket-Protocol: ocpp1.6, """
WHOLE_URL = """GET ws://127.0.0.1/CP-1 HTTP/1.0
Connection: Upgrade
Upgrade: WebSocket
Sec-WebSocket-Version: 13"""


@pytest.mark.parametrize("request_text", [NO_CONNECTION, NO_UPGRADE, WHOLE_URL])
async def test_a_defective_handshake_is_repaired(site: Site, request_text: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.central.port)
    writer.write(
        request_text.replace("\n", "\r\n").encode()
        + b"\r\nHost: x\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 101")
    writer.close()


async def test_plain_noise_on_the_port_does_not_disturb(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", site.central.port)
    writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
    await writer.drain()
    await for_a_while()
    writer.close()
    wallbox = await site.call_in()
    assert (await wallbox.boot()).status == "Accepted"
    assert warnings_of(caplog) == []


async def test_the_newest_connection_wins_over_one_that_still_stands(
    site: Site,
) -> None:
    old = await site.ready()
    # Half open: it neither reads nor answers, not even the closing of its socket.
    assert old.running is not None
    old.running.cancel()
    old.socket.transport.pause_reading()

    new = await site.ready()
    await site.charger.apply(10)

    assert new.limits == [10]
    assert site.charger.connected
    assert site.charger.counters.takeovers == 1


async def test_a_call_that_waits_on_the_old_connection_fails_when_a_new_one_comes(
    site: Site,
) -> None:
    old = await site.ready()
    old.silent = True
    waiting = asyncio.create_task(site.charger.start(1))
    await until(lambda: old.named("RemoteStartTransaction"))
    await site.call_in()
    with pytest.raises(LinkLostError):
        await waiting
    old.silent = False


async def test_what_the_old_connection_still_says_is_not_heard(site: Site) -> None:
    old = await site.ready()
    new = await site.ready()
    await new.status("Charging")
    with pytest.raises((ConnectionClosed, TimeoutError)):
        await asyncio.wait_for(old.status("Faulted"), 0.5)
    status = site.charger.connector(1).status
    assert status is not None and status.value == "charging"


async def test_a_charger_that_hangs_up_is_gone_at_once(site: Site) -> None:
    wallbox = await site.ready()
    assert site.charger.link_lost_at is None
    before = time.monotonic()
    await wallbox.hang_up()
    await until(lambda: not site.charger.connected)
    assert site.charger.link_lost_at is not None
    assert before - 1 < site.charger.link_lost_at <= time.monotonic()


class TestKeepAlive:
    """Any frame is life; the lack of a pong is none where pongs never came."""

    @pytest.fixture
    def timing(self) -> Timing:
        return timed(ping_s=0.1, ping_silence_s=0.8, silence_s=1.6)

    async def test_a_charger_that_answers_pings_is_kept(self, site: Site) -> None:
        await site.ready()
        await for_a_while(1.2)
        assert site.charger.connected
        assert site.charger.counters.connections == 1

    async def test_one_that_stopped_answering_pings_is_given_up(
        self, site: Site
    ) -> None:
        wallbox = await site.ready()
        await for_a_while(0.3)
        wallbox.socket.transport.pause_reading()
        lost_before = time.monotonic()
        await until(lambda: not site.charger.connected)
        # The link went when it was last heard, not when that was noticed.
        assert site.charger.link_lost_at is not None
        assert site.charger.link_lost_at <= lost_before + 0.1

    async def test_one_that_never_answers_pings_is_kept_while_it_talks(
        self, site: Site
    ) -> None:
        wallbox = await site.call_in()
        original = wallbox.socket.protocol.recv_frame

        def recv_frame(frame: Any) -> None:
            if frame.opcode != 9:
                original(frame)

        wallbox.socket.protocol.recv_frame = recv_frame
        await wallbox.boot()
        for _ in range(6):
            await for_a_while(0.2)
            await wallbox.status("Available")
        assert site.charger.connected
        assert site.charger.counters.connections == 1

    async def test_and_given_up_once_it_is_silent_for_long(self, site: Site) -> None:
        wallbox = await site.ready()
        wallbox.socket.protocol.recv_frame = lambda frame: None
        await until(lambda: not site.charger.connected)
        assert site.charger.link_lost_at is not None


class TestSilentCharger:
    """A charger whose socket stands and which answers nothing."""

    @pytest.fixture
    def timing(self) -> Timing:
        return timed(call_s=0.4)

    async def test_two_calls_into_the_void_end_the_connection(self, site: Site) -> None:
        wallbox = await site.ready()
        await until(lambda: wallbox.named("GetConfiguration"))
        await for_a_while(0.05)
        wallbox.socket.transport.pause_reading()
        with pytest.raises(OcppError):
            await site.charger.start(1)
        with pytest.raises(OcppError):
            await site.charger.start(1)
        await until(lambda: not site.charger.connected)

    async def test_unanswered_calls_do_not_end_one_that_still_talks(
        self, site: Site
    ) -> None:
        wallbox = await site.ready()
        await until(lambda: wallbox.named("ChangeConfiguration"))
        wallbox.answers["RemoteStartTransaction"] = "Accepted"
        link = site.charger.ready_link
        assert link is not None
        for _ in range(3):
            wallbox.silent = True
            waiting = asyncio.create_task(site.charger.start(1))
            await for_a_while(0.05)
            # It talks: not an answer, but a sign of life.
            await wallbox.socket.ping()
            with pytest.raises(OcppError):
                await waiting
            wallbox.silent = False
        assert site.charger.connected


async def test_a_port_that_is_taken_is_a_clear_error(socket_enabled: None) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        central = CentralSystem()
        with pytest.raises(PortInUseError):
            await central.start("127.0.0.1", other.getsockname()[1])
        assert central.port is None


async def test_an_address_that_is_not_ours_is_another(socket_enabled: None) -> None:
    with pytest.raises(ListenError) as error:
        await CentralSystem().start("192.0.2.1", 0)
    assert not isinstance(error.value, PortInUseError)


async def test_the_port_is_free_again_after_a_stop(site: Site) -> None:
    await site.ready()
    port = site.central.port
    assert port is not None
    await site.central.stop()
    await site.central.stop()
    other = CentralSystem()
    await other.start("127.0.0.1", port)
    assert other.port == port
    await other.stop()


async def test_stopping_does_not_wait_for_chargers_that_do_not_close(
    site: Site,
) -> None:
    wallbox = await site.ready()
    wallbox.socket.transport.pause_reading()
    await asyncio.wait_for(site.central.stop(), 5)
    assert not site.charger.connected


async def test_a_frame_beyond_all_measure_costs_its_connection_only(
    site: Site,
) -> None:
    wallbox = await site.ready()
    await wallbox.socket.send("[2,1,x" + " " * 2**20)
    await until(lambda: not site.charger.connected)
    again = await site.call_in()
    assert (await again.boot()).status == "Accepted"


async def test_the_identity_of_another_charger_is_not_disturbed(site: Site) -> None:
    site.central.add(ChargerSettings(identity="CP-2", name="Other"))
    first = await site.ready()
    second = await site.call_in("/CP-2")
    await second.boot()
    await site.central.remove("CP-2")
    await until(lambda: second.running and second.running.done())
    await first.status("Preparing")
    assert site.charger.connected


async def test_a_mistake_of_ours_costs_one_connection_and_is_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with patch.object(Link16, "_receive", side_effect=ValueError("ours")):
        wallbox = await site.call_in()
        await wallbox.socket.send('[2,"1","Heartbeat",{}]')
        await wallbox.gone()
    assert "the connection failed" in caplog.text
    await until(lambda: not site.charger.connected)
    again = await site.call_in()
    assert (await again.boot()).status == "Accepted"


class TestGoodbye:
    """Nobody is waited for without end."""

    @pytest.fixture
    def timing(self) -> Timing:
        return timed(goodbye_s=0.2)

    async def test_a_silent_charger_is_removed_all_the_same(self, site: Site) -> None:
        wallbox = await site.ready()
        await site.charger.apply(16)
        wallbox.silent = True
        await asyncio.wait_for(site.central.remove(IDENTITY, forget=True), 2)
        assert site.central.chargers == {}
        wallbox.silent = False

    async def test_nor_does_it_keep_a_stop_waiting(self, site: Site) -> None:
        wallbox = await site.ready()
        await site.charger.apply(16)
        wallbox.silent = True
        await asyncio.wait_for(site.central.release(), 2)
        assert wallbox.limits == [16, 6]
        wallbox.silent = False


async def test_removing_whom_nobody_knows_changes_nothing(site: Site) -> None:
    await site.central.remove("NOBODY")
    assert list(site.central.chargers) == [IDENTITY]


async def test_ids_as_numbers_and_binary_frames_are_answered_alike(site: Site) -> None:
    async with connect(site.url(), subprotocols=["ocpp1.6"]) as raw:
        await raw.send(b'[2, 17, "Heartbeat", {}]')
        kind, call_id, payload = json.loads(await raw.recv())
        assert (kind, call_id) == (3, 17)
        assert payload["currentTime"].endswith("Z")
