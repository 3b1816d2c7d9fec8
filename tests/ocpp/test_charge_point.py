"""What a charger tells, over a real connection, and how it is answered."""

import asyncio
from datetime import UTC, datetime, timedelta
import json
import logging
import time
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings as hypothesis_settings
from ocpp.v16 import call
import pytest
from websockets.asyncio.client import ClientConnection, connect

from custom_components.surplus.ocpp.charge_point import Charger
from custom_components.surplus.ocpp.errors import (
    LinkLostError,
    NoAnswerError,
    RefusedError,
)
from custom_components.surplus.ocpp.link import Nameplate
from custom_components.surplus.ocpp.memory import ChargerSettings
from custom_components.surplus.ocpp.ocpp16 import Link16
from custom_components.surplus.ocpp.status import ErrorCode, Status

from .conftest import FAST, IDENTITY, Site, for_a_while, timed, until, warnings_of
from .test_values import JSON


def stamp(seconds: float = 0) -> str:
    """A charger's time, some seconds from now."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


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


async def test_a_boot_is_accepted_with_our_time(site: Site) -> None:
    wallbox = await site.call_in()
    answer = await wallbox.boot()
    assert (answer.status, answer.interval) == ("Accepted", 60)
    told = datetime.fromisoformat(answer.current_time)
    assert abs((told - datetime.now(UTC)).total_seconds()) < 5
    assert answer.current_time.endswith("Z")
    assert site.charger.memory.nameplate == Nameplate(
        vendor="Vendor", model="Model", serial="0001", firmware="1.0"
    )


async def test_a_heartbeat_tells_the_time(site: Site) -> None:
    wallbox = await site.call_in()
    answer = await wallbox.call(call.Heartbeat())
    assert answer.current_time.endswith("Z")


async def test_a_state_is_taken_with_its_error(site: Site) -> None:
    wallbox = await site.ready()
    await wallbox.status(
        "Faulted",
        error_code="GroundFailure",
        info="leakage",
        vendor_error_code="E42",
        timestamp=stamp(),
    )
    connector = site.charger.connector(1)
    assert connector.status is Status.FAULTED
    assert connector.error_code is ErrorCode.GROUND_FAILURE
    assert connector.error_text == "leakage, E42"


async def test_every_tag_is_accepted(site: Site) -> None:
    wallbox = await site.call_in()
    answer = await wallbox.call(call.Authorize(id_tag="ANY"))
    assert answer.id_tag_info["status"] == "Accepted"


async def test_a_session_from_plug_to_plug(site: Site) -> None:
    wallbox = await site.ready()
    charger = site.charger
    await wallbox.status("Preparing")
    number = await wallbox.begin(timestamp=stamp(-100), meter_start=1000)
    await wallbox.status("Charging", timestamp=stamp(-99))
    await wallbox.measure(
        stamp(),
        number,
        Power_Active_Import=7360,
        Current_Import=32,
        Voltage=230,
        Energy_Active_Import_Register=1500,
    )
    connector = charger.connector(1)
    session = charger.transactions.current(1)
    assert session is not None
    assert session.transaction_id == number
    assert session.energy_wh == 500
    assert connector.power_w == 7360
    assert connector.vehicle_currents_a == (32,)
    assert connector.flow_moment is not None
    assert abs(connector.flow_moment.at - time.monotonic()) < 2

    await wallbox.end(number, meter_stop=2500, timestamp=stamp(), reason="Local")
    assert charger.transactions.current(1) is None
    assert session.energy_wh == 1500
    assert connector.power_w == 0
    await wallbox.status("Finishing")
    await wallbox.status("Available")
    assert connector.plugged is False


async def test_closing_values_neither_reopen_the_session_nor_undo_the_zeros(
    site: Site,
) -> None:
    wallbox = await site.ready()
    number = await wallbox.begin(timestamp=stamp(-100))
    await wallbox.status("Charging", timestamp=stamp(-99))
    await wallbox.end(number, timestamp=stamp(-1))
    for late in (number, None):
        await wallbox.measure(stamp(), late, Power_Active_Import=7360)
        if late is None:
            await wallbox.status("Finishing")
            await wallbox.measure(stamp(1), None, Power_Active_Import=7360)
    assert site.charger.transactions.current(1) is None


async def test_closing_values_of_a_known_session_do_not_flow(site: Site) -> None:
    wallbox = await site.ready()
    number = await wallbox.begin(timestamp=stamp(-100))
    await wallbox.status("Charging", timestamp=stamp(-99))
    await wallbox.end(number, timestamp=stamp(-1))
    await wallbox.measure(
        stamp(), number, Power_Active_Import=7360, Energy_Active_Import_Register=9000
    )
    assert site.charger.connector(1).power_w == 0
    session = site.charger.transactions.last(1)
    assert session is not None
    assert session.energy_wh == 1000
    await wallbox.status("Finishing")
    await wallbox.measure(stamp(), None, Power_Active_Import=7360)
    assert site.charger.connector(1).power_w == 0
    await wallbox.measure(stamp(1), None, Power_Active_Import=0)
    assert site.charger.connector(1).power_w == 0


async def test_a_charger_that_draws_without_a_session_is_seen_all_the_same(
    site: Site,
) -> None:
    wallbox = await site.ready()
    await wallbox.status("Charging", timestamp=stamp(-1))
    await wallbox.measure(stamp(), None, Power_Active_Import=3600)
    assert site.charger.connector(1).power_w == 3600


async def test_a_start_sent_twice_is_one_session(site: Site) -> None:
    wallbox = await site.ready()
    assert await wallbox.begin() == await wallbox.begin()


async def test_a_stop_is_accepted_for_any_id(site: Site) -> None:
    wallbox = await site.ready()
    number = await wallbox.begin()
    for stranger in (4711, number, number):
        await wallbox.end(stranger)
    assert site.charger.transactions.current(1) is None


async def test_a_session_fully_offline_arrives_back_to_back(site: Site) -> None:
    wallbox = await site.ready()
    await wallbox.begin(timestamp="2026-01-01T10:00:00Z", meter_start=1000)
    await wallbox.end(-1, timestamp="2026-01-01T11:00:00Z", meter_stop=9000)
    last = site.charger.transactions.last(1)
    assert last is not None
    assert last.energy_wh == 8000
    assert last.ended


async def test_the_late_stop_of_an_earlier_session_leaves_the_running_one(
    site: Site,
) -> None:
    wallbox = await site.ready()
    first = await wallbox.begin(timestamp=stamp(-600))
    second = await wallbox.begin(timestamp=stamp(-100))
    await wallbox.status("Charging", timestamp=stamp(-99))
    await wallbox.measure(stamp(-1), second, Power_Active_Import=3600)
    await wallbox.end(first, timestamp=stamp(-300))
    assert site.charger.connector(1).power_w == 3600
    session = site.charger.transactions.current(1)
    assert session is not None
    assert session.transaction_id == second


async def test_a_session_ends_with_the_state_where_no_stop_comes(site: Site) -> None:
    wallbox = await site.ready()
    await wallbox.begin()
    await wallbox.status("Charging")
    await wallbox.status("Available")
    assert site.charger.transactions.current(1) is None


async def test_an_unknown_session_of_a_charging_connector_is_adopted(
    site: Site,
) -> None:
    wallbox = await site.ready()
    await wallbox.measure(stamp(), 77, Energy_Active_Import_Register=1000)
    assert site.charger.transactions.current(1) is None
    await wallbox.status("Charging")
    await wallbox.measure(stamp(), 77, Energy_Active_Import_Register=1000)
    session = site.charger.transactions.current(1)
    assert session is not None
    assert session.transaction_id == 77
    for nothing in (0, -1):
        await wallbox.measure(stamp(), nothing, Energy_Active_Import_Register=1200)
    assert session.energy_wh == 200


async def test_a_strange_id_while_a_session_runs_is_its_other_name(
    site: Site,
) -> None:
    wallbox = await site.ready()
    number = await wallbox.begin()
    await wallbox.status("Charging")
    await wallbox.measure(stamp(), 5, Energy_Active_Import_Register=1500)
    session = site.charger.transactions.current(1)
    assert session is not None
    assert (session.transaction_id, session.reported_id) == (number, 5)
    # Stopping it tries both.
    wallbox.answers["RemoteStopTransaction"] = lambda payload: (
        "Accepted" if payload["transaction_id"] == 5 else "Rejected"
    )
    await site.charger.stop_session(1)
    assert [
        payload["transaction_id"] for payload in wallbox.named("RemoteStopTransaction")
    ] == [number, 5]


async def test_a_charger_with_one_id_of_its_own_for_all_sessions_is_measured(
    site: Site,
) -> None:
    wallbox = await site.ready()
    for turn in (0, 1):
        now = -100 + 50 * turn
        await wallbox.status("Preparing", timestamp=stamp(now))
        await wallbox.begin(meter_start=1000 + turn, timestamp=stamp(now + 1))
        await wallbox.status("Charging", timestamp=stamp(now + 2))
        await wallbox.measure(
            stamp(now + 30),
            1,
            Power_Active_Import=7000 + turn,
            Energy_Active_Import_Register=2000,
        )
        await wallbox.measure(
            stamp(now + 31), 1, Energy_Active_Import_Register=3000 + turn
        )
        session = site.charger.transactions.current(1)
        assert session is not None
        assert session.reported_id == 1
        assert session.energy_wh == 2000
        await wallbox.end(1, meter_stop=3100, timestamp=stamp(now + 40))
        assert session.settled
        await wallbox.status("Available", timestamp=stamp(now + 41))


async def test_the_second_of_them_is_seen_to_draw(site: Site) -> None:
    wallbox = await site.ready()
    await wallbox.begin(timestamp=stamp(-20))
    await wallbox.status("Charging", timestamp=stamp(-19))
    await wallbox.measure(stamp(-18), 1, Power_Active_Import=7000)
    await wallbox.end(1, timestamp=stamp(-17))
    await wallbox.status("Available", timestamp=stamp(-16))
    await wallbox.begin(meter_start=2000, timestamp=stamp(-10))
    await wallbox.status("Charging", timestamp=stamp(-9))
    await wallbox.measure(stamp(-5), 1, Power_Active_Import=7100)
    assert site.charger.connector(1).power_w == 7100


async def test_a_session_goes_on_after_a_reboot_that_said_available(
    site: Site,
) -> None:
    wallbox = await site.ready()
    number = await wallbox.begin(meter_start=1000, timestamp=stamp(-60))
    await wallbox.status("Charging", timestamp=stamp(-59))
    await wallbox.boot()
    await until(lambda: site.charger.ready_link and site.charger._configured)
    await wallbox.status("Available", timestamp=stamp(-20))
    session = site.charger.transactions.last(1)
    assert session is not None
    assert session.ended
    await wallbox.status("Charging", timestamp=stamp(-19))
    # Late ones, and the closing ones, do not bring it back.
    await wallbox.measure(stamp(-30), number, Energy_Active_Import_Register=1100)
    assert site.charger.transactions.current(1) is None
    with patch.object(site.charger, "_on_save") as save:
        await wallbox.measure(
            stamp(-10),
            number,
            Power_Active_Import=7000,
            Energy_Active_Import_Register=1200,
        )
    save.assert_called_once_with(True)
    assert site.charger.transactions.current(1) is session
    assert site.charger.connector(1).power_w == 7000
    assert session.energy_wh == 200
    await site.charger.stop_session(1)
    assert wallbox.named("RemoteStopTransaction") == [{"transaction_id": number}]


async def test_samples_of_an_ended_session_do_not_reopen_it_without_a_charging_state(
    site: Site,
) -> None:
    wallbox = await site.ready()
    number = await wallbox.begin(timestamp=stamp(-60))
    await wallbox.status("Charging", timestamp=stamp(-59))
    await wallbox.status("Available", timestamp=stamp(-20))
    await wallbox.measure(stamp(-10), number, Energy_Active_Import_Register=1100)
    assert site.charger.transactions.current(1) is None
    # Nor does another connector's.
    await wallbox.status("Charging", connector_id=2, timestamp=stamp(-9))
    await wallbox.call(
        call.MeterValues(
            connector_id=2,
            transaction_id=number,
            meter_value=[{"timestamp": stamp(), "sampled_value": [{"value": "900"}]}],
        )
    )
    assert site.charger.transactions.current(1) is None
    assert site.charger.transactions.current(2) is None


async def test_samples_of_an_earlier_session_do_not_count_for_this_one(
    site: Site,
) -> None:
    wallbox = await site.ready()
    number = await wallbox.begin(meter_start=50_000, timestamp=stamp(-10))
    for seconds in (-60, -50, -40):
        await wallbox.measure(
            stamp(seconds), number, Energy_Active_Import_Register=40_000
        )
    session = site.charger.transactions.current(1)
    assert session is not None
    assert not session.relative


async def test_a_unit_with_one_connector_means_it_by_zero(site: Site) -> None:
    wallbox = await site.ready()
    await wallbox.status("Charging", timestamp=stamp(-1))
    await wallbox.call(
        call.MeterValues(
            connector_id=0,
            meter_value=[
                {
                    "timestamp": stamp(),
                    "sampled_value": [
                        {"measurand": "Power.Active.Import", "value": "900"}
                    ],
                }
            ],
        )
    )
    assert site.charger.connector(1).power_w == 900


async def test_the_sum_of_several_connectors_is_no_connector(site: Site) -> None:
    def prepare(wallbox: Any) -> None:
        wallbox.configuration["NumberOfConnectors"] = "2"

    wallbox = await site.ready(prepare=prepare)
    await wallbox.status("Charging", timestamp=stamp(-1))
    await wallbox.call(
        call.MeterValues(
            connector_id=0,
            meter_value=[{"timestamp": stamp(), "sampled_value": [{"value": "900"}]}],
        )
    )
    await wallbox.status("Charging", connector_id=2)
    charger = site.charger
    assert charger.connector(1).energy.total_wh is None
    assert charger.connector(0).energy.total_wh == 900
    assert charger.connector(2).status is Status.CHARGING


async def test_invented_connectors_do_not_fill_the_memory(site: Site) -> None:
    charger = await raw(site)
    for number in (-5, 33, 10**30, "x", None, 1.5):
        payload = {"connectorId": number, "status": "Charging"}
        await charger.result("StatusNotification", payload)
        await charger.result("MeterValues", payload)
        await charger.result("StartTransaction", payload)
    assert set(site.charger.state.connectors) == {0, 1}


async def test_the_state_of_the_whole_unit_is_kept_apart(site: Site) -> None:
    wallbox = await site.ready()
    await wallbox.begin()
    await wallbox.status("Available", connector_id=0)
    assert site.charger.transactions.current(1) is not None
    assert site.charger.connector(0).status is Status.AVAILABLE


async def test_old_samples_after_an_outage_arrive_as_old(site: Site) -> None:
    wallbox = await site.ready()
    number = await wallbox.begin(timestamp=stamp(-300))
    await wallbox.status("Charging", timestamp=stamp(-290))
    for seconds in range(-60, -30, 5):
        await wallbox.measure(
            stamp(seconds),
            number,
            Power_Active_Import=7000,
            Energy_Active_Import_Register=2000 + seconds,
        )
    connector = site.charger.connector(1)
    assert connector.power_w == 0
    assert connector.energy.total_wh == 1965
    await wallbox.measure(stamp(-12), number, Power_Active_Import=3000)
    assert connector.power_w == 3000
    assert connector.flow_moment is not None
    assert 10 < time.monotonic() - connector.flow_moment.at < 20


async def test_a_clock_that_is_an_hour_ahead_does_not_age_anything(
    site: Site,
) -> None:
    wallbox = await site.ready()
    await wallbox.status("Charging", timestamp=stamp(3599))
    await wallbox.measure(stamp(3600), None, Power_Active_Import=3000)
    connector = site.charger.connector(1)
    assert connector.power_w == 3000
    assert connector.flow_moment is not None
    assert time.monotonic() - connector.flow_moment.at < 5
    assert site.charger.state.charger_clock.offset_s == pytest.approx(3600, abs=2)
    ahead = site.charger.charger_now - datetime.now(UTC)
    assert ahead.total_seconds() == pytest.approx(3600, abs=2)


async def test_a_clock_that_is_set_back_later_does_not_freeze_the_state(
    site: Site,
) -> None:
    wallbox = await site.ready()
    await wallbox.status("Charging", timestamp=stamp(7200))
    await wallbox.call(call.Heartbeat())
    charger = site.charger
    charger.state.charger_clock.hear(
        datetime.now(UTC), datetime.now(UTC), time.monotonic() - 5
    )
    await wallbox.status("SuspendedEV", timestamp=stamp())
    assert charger.connector(1).status is Status.SUSPENDED_EV
    # It is asked again: a state may have been taken for an old one meanwhile.
    await until(lambda: wallbox.named("TriggerMessage"))
    assert wallbox.named("TriggerMessage")[-1]["requested_message"] == (
        "StatusNotification"
    )


async def test_a_reboot_begins_the_order_anew(site: Site) -> None:
    wallbox = await site.ready()
    await wallbox.status("Charging", timestamp=stamp(100))
    await wallbox.boot()
    await wallbox.status("Available", timestamp=stamp())
    assert site.charger.connector(1).status is Status.AVAILABLE
    assert site.charger.counters.reboots == 2


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
    site.charger._configured = True
    site.charger._status_seen = True
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


async def test_who_looks_at_a_charger_is_told_until_it_looks_away(
    site: Site,
) -> None:
    seen: list[Status | None] = []
    stop = site.charger.subscribe(lambda: seen.append(site.charger.connector(1).status))
    wallbox = await site.ready()
    await wallbox.status("Preparing")
    assert Status.PREPARING in seen
    stop()
    await wallbox.status("Charging")
    assert Status.CHARGING not in seen


async def test_stopping_without_a_session_is_refused_here(site: Site) -> None:
    await site.ready()
    with pytest.raises(RefusedError, match="no session"):
        await site.charger.stop_session(1)


async def test_a_refused_stop_is_told(site: Site) -> None:
    wallbox = await site.ready()
    await wallbox.begin()
    wallbox.answers["RemoteStopTransaction"] = "Rejected"
    with pytest.raises(RefusedError, match="Rejected"):
        await site.charger.stop_session(1)
    # It goes on, so nobody has stopped it.
    assert site.charger._stopped_on_purpose == set()


async def test_without_a_link_nothing_can_be_asked(site: Site) -> None:
    with pytest.raises(LinkLostError, match="not connected"):
        await site.charger.start(1)
