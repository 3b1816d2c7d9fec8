"""How calls and answers of a charger are taken, whatever they hold."""

import asyncio
import json
import logging
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings as hypothesis_settings
import pytest
from websockets.asyncio.client import ClientConnection, connect

from custom_components.surplus.ocpp.charge_point import Charger
from custom_components.surplus.ocpp.errors import (
    LinkLostError,
    NoAnswerError,
    RefusedError,
)
from custom_components.surplus.ocpp.memory import ChargerSettings
from custom_components.surplus.ocpp.ocpp16 import Link16

from .conftest import FAST, IDENTITY, Site, for_a_while, stamp, timed, warnings_of
from .test_values import JSON


class Raw:
    """A charger that writes its frames by hand."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def ask(self, action: str, payload: Any, call_id: Any = "1") -> list[Any]:
        """Send a call; return its answer, answering what is asked meanwhile."""
        await self.socket.send(json.dumps([2, call_id, action, payload]))
        return await self.answer()

    async def answer(self) -> list[Any]:
        while True:
            frame: list[Any] = json.loads(await asyncio.wait_for(self.socket.recv(), 5))
            if frame[0] != 2:
                return frame
            await self.socket.send(json.dumps([4, frame[1], "NotSupported", "", {}]))

    async def result(self, action: str, payload: Any) -> dict[str, Any]:
        kind, _, answer = await self.ask(action, payload)
        assert kind == 3, answer
        assert isinstance(answer, dict)
        return answer


async def raw(site: Site) -> Raw:
    return Raw(await connect(site.url(), subprotocols=["ocpp1.6"]))


async def test_invented_connectors_do_not_fill_the_memory(site: Site) -> None:
    charger = await raw(site)
    for number in (-5, 33, 10**30, "x", None, 1.5):
        payload = {"connectorId": number, "status": "Charging"}
        await charger.result("StatusNotification", payload)
        await charger.result("MeterValues", payload)
        await charger.result("StartTransaction", payload)
    assert set(site.charger.state.connectors) == {0, 1}


@pytest.mark.parametrize(
    ("action", "payload", "answer"),
    [
        ("DataTransfer", {"vendorId": "EVBox"}, {"status": "UnknownVendorId"}),
        ("FirmwareStatusNotification", {"status": "Idle"}, {}),
        ("DiagnosticsStatusNotification", {"status": "Idle"}, {}),
        (
            "SecurityEventNotification",
            {"type": "StartupOfTheDevice", "timestamp": stamp()},
            {},
        ),
        ("LogStatusNotification", {"status": "Idle", "requestId": 1}, {}),
        ("SignedFirmwareStatusNotification", {"status": "Idle"}, {}),
        ("SignCertificate", {"csr": "x"}, {"status": "Rejected"}),
        # Understandable, although it violates the schema.
        ("BootNotification", {"chargePointVendor": "x" * 50, "extra": [1]}, None),
        ("BootNotification", {}, None),
        ("Authorize", {"idTag": "x" * 40}, {"idTagInfo": {"status": "Accepted"}}),
        ("Authorize", {"idTag": 1234}, {"idTagInfo": {"status": "Accepted"}}),
        ("StatusNotification", {"connectorId": "1", "status": "Charging"}, {}),
        ("StatusNotification", {"connectorId": 1, "status": "Occupied"}, {}),
        ("StatusNotification", {}, {}),
        ("MeterValues", {"connectorId": 1, "meterValue": []}, {}),
        ("MeterValues", {"connectorId": 1, "transactionId": "12"}, {}),
        ("MeterValues", {"self": 1, "action": 2, "payload": 3}, {}),
        ("StopTransaction", {"transactionId": "x", "meterStop": "1,5"}, {}),
        ("StopTransaction", {}, {}),
    ],
)
async def test_everything_understandable_is_answered_with_a_result(
    site: Site, action: str, payload: dict[str, Any], answer: dict[str, Any] | None
) -> None:
    given = await (await raw(site)).result(action, payload)
    assert answer is None or given == answer


@pytest.mark.parametrize(
    "payload",
    [
        {"connectorId": 1, "idTag": "", "meterStart": "12.5", "timestamp": "yesterday"},
        {"connectorId": "1", "idTag": "x" * 99, "meterStart": None},
        {},
    ],
)
async def test_a_start_always_gets_an_id(site: Site, payload: dict[str, Any]) -> None:
    answer = await (await raw(site)).result("StartTransaction", payload)
    assert 0 < answer["transactionId"] < 2**31
    assert answer["idTagInfo"] == {"status": "Accepted"}


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        ('[2,"a","ReserveNow",{}]', [4, "a", "NotImplemented"]),
        ('[2,"a","Nonsense",{}]', [4, "a", "NotSupported"]),
        ('[2,"a","MeterValues",{"x":]', [4, "a", "FormationViolation"]),
        ('[2,"a",5,{}]', [4, "a", "FormationViolation"]),
    ],
)
async def test_a_call_that_cannot_be_served_gets_an_error_and_never_silence(
    site: Site, frame: str, answer: list[Any]
) -> None:
    charger = await raw(site)
    await charger.socket.send(frame)
    assert (await charger.answer())[:3] == answer


async def test_malformed_frames_are_counted_told_once_and_end_nothing(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    charger = await raw(site)
    for frame in ("hello", "[]", "[2]", b"\xff\xfe", "[" * 50_000, "[7,1,2]"):
        await charger.socket.send(frame)
    assert "currentTime" in await charger.result("Heartbeat", {})
    assert site.charger.counters.malformed == 6
    assert len(warnings_of(caplog)) == 1
    assert site.charger.counters.connections == 1


async def test_answers_to_nothing_are_counted_and_dropped(site: Site) -> None:
    charger = await raw(site)
    await charger.socket.send('[3,"stranger",{}]')
    await charger.socket.send('[4,"stranger","InternalError","",{}]')
    await charger.result("Heartbeat", {})
    assert site.charger.counters.late_answers == 2


class TestLateAnswers:
    """An answer belongs to its own call, however late."""

    @pytest.fixture
    def timing(self) -> Any:
        return timed(call_s=0.4)

    async def test_a_late_answer_is_not_taken_for_the_next_one(
        self, site: Site
    ) -> None:
        wallbox = await site.ready()
        link = site.charger.ready_link
        assert link is not None
        wallbox.silent = True
        with pytest.raises(NoAnswerError, match="TriggerMessage"):
            await link.trigger("MeterValues")
        wallbox.answers["RemoteStartTransaction"] = "Rejected"
        waiting = asyncio.create_task(link.remote_start(1, "TAG"))
        await for_a_while(0.02)
        wallbox.silent = False
        # The first thing that arrives is the Accepted of the call given up before.
        with pytest.raises(RefusedError, match="Rejected"):
            await waiting
        assert site.charger.counters.late_answers == 1
        await link.trigger("MeterValues")


@pytest.mark.parametrize(
    "answer",
    [
        '[3,"ID",{"status":"Accepted","extra":{"a":1}}]',
        '[3,"ID",{"STATUS":"accepted"}]',
        ' [ 3 , "ID" , { "status" : "Accepted" } , null ] ',
    ],
)
async def test_an_answer_with_more_than_it_should_hold_is_one(
    site: Site, answer: str
) -> None:
    assert await _answered(site, answer) == "taken"


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        ('[3,"ID",{"status":"Rejected"}]', "Rejected"),
        ('[3,"ID",{"status":"Whatever"}]', "Whatever"),
        ('[3,"ID",{}]', "no status"),
        ('[3,"ID"]', "no status"),
        ('[4,"ID","NotSupported","",{}]', "NotSupported"),
        ('[4,"ID","VendorCode","it is so",{}]', "VendorCode"),
        ('[4,"ID"]', "GenericError"),
        ('[3,"ID",{"status":]', "FormationViolation"),
    ],
)
async def test_an_answer_that_is_none_is_a_refusal_and_not_silence(
    site: Site, answer: str, refusal: str
) -> None:
    assert await _answered(site, answer) == f"RemoteStartTransaction: {refusal}"


async def _answered(site: Site, answer: str) -> str:
    """Have the charger asked for a start, and answer it by hand."""
    charger = await raw(site)
    await charger.result("BootNotification", {})
    site.charger.service.configured = True
    site.charger.service.status_seen = True
    waiting: asyncio.Task[None] | None = None
    while True:
        if waiting is None and site.charger.ready_link is not None:
            waiting = asyncio.create_task(site.charger.start(1))
        try:
            frame = json.loads(await asyncio.wait_for(charger.socket.recv(), 0.1))
        except TimeoutError:
            continue
        if frame[2] == "RemoteStartTransaction":
            break
        await charger.socket.send(json.dumps([4, frame[1], "NotSupported", "", {}]))
    await charger.socket.send(answer.replace("ID", frame[1]))
    assert waiting is not None
    outcome = (await asyncio.gather(waiting, return_exceptions=True))[0]
    assert outcome is None or isinstance(outcome, RefusedError)
    return str(outcome or "taken")


class _Socket:
    """A connection that only collects what is sent."""

    heard_at = 0.0

    def __init__(self) -> None:
        self.sent: list[list[Any]] = []

    async def send(self, message: str) -> None:
        self.sent.append(json.loads(message))

    async def recv(self, *, decode: bool | None = None) -> bytes:
        raise AssertionError

    def drop(self) -> None:
        """Nothing to drop."""


ACTIONS = (
    "BootNotification",
    "StatusNotification",
    "MeterValues",
    "StartTransaction",
    "StopTransaction",
    "Authorize",
    "DataTransfer",
    "Heartbeat",
)


@given(JSON)
@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_no_payload_of_any_action_keeps_an_answer_back(payload: Any) -> None:
    async def run() -> None:
        charger = Charger(ChargerSettings(identity=IDENTITY, name="x"), timing=FAST)
        socket = _Socket()
        link = Link16(IDENTITY, socket, charger, FAST)
        for action in ACTIONS:
            frame = json.dumps([2, action, action, payload])
            await link._receive(frame.encode())
        await charger.close()
        assert [(sent[0], sent[1]) for sent in socket.sent] == [
            (3, action) for action in ACTIONS
        ]

    asyncio.run(run())


async def test_a_connection_given_up_is_deaf() -> None:
    charger = Charger(ChargerSettings(identity=IDENTITY, name="x"), timing=FAST)
    connection = _Socket()
    link = Link16(IDENTITY, connection, charger, FAST)
    await link._receive(b'[2,"1","Heartbeat",{}]')
    link.fail()
    link.fail()
    assert link.lost
    await link._receive(b'[2,"2","Heartbeat",{}]')
    assert [sent[1] for sent in connection.sent] == ["1"]
    assert charger.counters.frames == 1
    with pytest.raises(LinkLostError):
        await link.trigger("MeterValues")
    await charger.close()


async def test_a_mistake_of_ours_is_logged_and_answered(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    charger = await raw(site)
    with patch.object(site.charger, "heartbeat", side_effect=ValueError("ours")):
        kind, _, code, *_ = await charger.ask("Heartbeat", {})
    assert (kind, code) == (4, "InternalError")
    assert "Heartbeat could not be handled" in caplog.text
    assert "currentTime" in await charger.result("Heartbeat", {})


async def test_tags_do_not_reach_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components.surplus")
    charger = await raw(site)
    await charger.result("Authorize", {"idTag": "SECRET"})
    await charger.result("StartTransaction", {"idTag": "SECRET"})
    ours = [r for r in caplog.records if r.name.startswith("custom_components")]
    assert any("Authorize" in record.getMessage() for record in ours)
    assert not any("SECRET" in record.getMessage() for record in ours)
    # And nothing at all is said at info but that it came.
    assert [r.getMessage() for r in ours if r.levelno >= logging.INFO] == [
        "CP-1: connected"
    ]
