"""The simulated charger against a real central system over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp.exceptions import OCPPError
from ocpp.v16 import call
import pytest

from simulator.car import Car
from simulator.charger import Charger, ChargerSpec
from simulator.clock import Clock
from simulator.evse import Evse, EvseSpec, Status
from simulator.profiles import StoreLimits

from .central import Central, central_system
from .test_profiles import profile

pytestmark = pytest.mark.usefixtures("socket_enabled")

MEASURANDS = (
    "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,"
    "Current.Offered,Power.Offered"
)


# Device time runs faster than the central system's here: a clock that is put right
# again and again would jump.
UNHURRIED = ChargerSpec(synchronised=False)


class Box:
    """A charger that lives, and the car beside it."""

    def __init__(
        self,
        url: str,
        spec: ChargerSpec | None = None,
        *,
        pace: float = 20.0,
        evse: EvseSpec | None = None,
        clock_error_s: float = 0.0,
    ) -> None:
        self.clock = Clock(pace=pace)
        self.evse = Evse(evse, wall=self.clock.wall(), clock_error_s=clock_error_s)
        self.charger = Charger(self.evse, self.clock, url, spec)
        self.lived = 0.0

    async def live(self) -> None:
        while True:
            now = self.clock.now()
            while self.lived < now:
                dt = min(0.5, now - self.lived)
                self.lived += dt
                self.evse.step(self.lived, dt, 230.0)
            self.charger.poll(now)
            await asyncio.sleep(0.005)

    async def until(self, what: Any) -> None:
        """Wait until something about the box is true."""
        async with asyncio.timeout(10):
            while not what():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def living(box: Box) -> AsyncIterator[Box]:
    tasks = [asyncio.create_task(box.live()), asyncio.create_task(box.charger.run())]
    try:
        yield box
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)


@asynccontextmanager
async def connected(
    spec: ChargerSpec | None = None, **options: Any
) -> AsyncIterator[tuple[Box, Central]]:
    """A charger that has booted, without a car."""
    async with (
        central_system() as central,
        living(Box(central.url, spec, **options)) as box,
    ):
        await central.status("Available")
        yield box, central


async def say(central: Central, request: Any) -> Any:
    """Send a command and return the answer."""
    return await central.link.call(request, suppress=False)


def offer(limit: float, **changes: Any) -> Any:
    """Return a SetChargingProfile that began a minute ago."""
    start = datetime.now(UTC) - timedelta(minutes=1)
    changes = {"start_schedule": start.isoformat(timespec="seconds"), **changes}
    return call.SetChargingProfile(
        connector_id=changes.pop("connector_id", 1),
        cs_charging_profiles=profile(limit=limit, **changes),
    )


# Connecting


async def test_it_boots_tells_its_states_and_keeps_its_heart_beating() -> None:
    async with connected(ChargerSpec(identity="BOX 7")) as (_, central):
        assert [name for name, _ in central.seen[:3]] == [
            "BootNotification",
            "StatusNotification",
            "StatusNotification",
        ]
        assert central.seen[1][1]["connector_id"] == 0
        assert central.path == "/ocpp/BOX%207"
        assert central.all("BootNotification")[0]["charge_point_vendor"] == "Surplus"
        await central.wait("Heartbeat")


async def test_it_shows_its_password() -> None:
    async with connected(ChargerSpec(identity="A", password="b")) as (_, central):
        assert central.headers["Authorization"] == "Basic QTpi"


async def test_it_takes_the_time_from_the_central_system() -> None:
    async with connected(clock_error_s=-5000) as (box, _):
        now = box.evse.wall(box.clock.now())
        assert abs(now - datetime.now(UTC)) < timedelta(seconds=60)


async def test_a_clock_that_is_not_synchronised_stays_wrong() -> None:
    spec = ChargerSpec(synchronised=False)
    async with connected(spec, clock_error_s=-5000) as (box, central):
        now = box.evse.wall(box.clock.now())
        assert datetime.now(UTC) - now > timedelta(seconds=4000)
        sent = central.all("StatusNotification")[0]["timestamp"]
        assert sent.endswith("Z")
        assert datetime.now(UTC) - datetime.fromisoformat(sent) > timedelta(hours=1)


async def test_pending_and_rejected_boots_are_tried_again() -> None:
    async with central_system() as central:
        central.boot_answers = ["Pending", "Rejected"]
        async with living(Box(central.url, pace=600)) as box:
            await box.until(lambda: len(central.all("BootNotification")) == 1)
            assert not box.charger.connected
            await central.status("Available")
            assert len(central.all("BootNotification")) == 3


async def test_a_central_system_that_talks_nonsense_is_dialled_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with central_system() as central:
        central.boot_answers = ["error", "nonsense"]
        async with living(Box(central.url, pace=200)) as box:
            await central.status("Available")
            assert box.charger.connections == 2
    assert "failed" in caplog.text


async def test_nobody_there_is_tried_again_until_somebody_is() -> None:
    central = Central()
    await central.open()
    await central.close()
    async with living(Box(central.url)) as box:
        await box.until(lambda: box.charger.last_error is not None)
        await central.open()
        await central.status("Available")
        assert box.charger.last_error is None
    await central.close()


async def test_a_lost_link_comes_back_without_a_boot() -> None:
    async with connected() as (box, central):
        central.forget()
        box.charger.cut()
        assert box.charger.is_cut
        await box.until(lambda: not box.charger.connected)
        await asyncio.sleep(0.3)
        assert not central.seen
        box.charger.mend()
        await central.status("Available")
        assert not central.all("BootNotification")
        assert box.charger.connections == 2


# Sessions


async def test_free_vend_begins_when_the_car_comes_and_ends_when_it_goes() -> None:
    async with connected() as (box, central):
        box.evse.plug(Car())
        started = await central.wait("StartTransaction")
        assert started["id_tag"] == "FREEVEND"
        assert started["meter_start"] == 1_234_000
        await central.status("Charging")
        await box.until(lambda: box.evse.energy_wh > 1_234_010)
        box.evse.unplug()
        stopped = await central.wait("StopTransaction")
        assert stopped["transaction_id"] == 101
        assert stopped["reason"] == "EVDisconnected"
        assert stopped["meter_stop"] >= 1_234_010


async def test_meter_values_come_at_their_interval_and_tell_the_truth() -> None:
    async with connected(UNHURRIED) as (box, central):
        for key, value in (
            ("MeterValueSampleInterval", "5"),
            ("MeterValuesSampledData", MEASURANDS),
        ):
            answer = await say(central, call.ChangeConfiguration(key=key, value=value))
            assert answer.status == "Accepted"
        await say(central, offer(16))
        box.evse.plug(Car())
        await box.until(lambda: box.evse.currents_a[0] > 15.3)
        central.forget()
        await box.until(lambda: len(central.all("MeterValues")) >= 3)
        samples = central.all("MeterValues")
        assert {sample["transaction_id"] for sample in samples} == {101}
        times = [
            datetime.fromisoformat(sample["meter_value"][0]["timestamp"])
            for sample in samples
        ]
        gap = (times[2] - times[1]).total_seconds()
        # In device time: a late test machine lengthens it, nothing shortens it.
        assert gap >= 5
        values = {
            value["measurand"]: value
            for value in samples[-1]["meter_value"][0]["sampled_value"]
        }
        assert float(values["Power.Active.Import"]["value"]) == pytest.approx(
            15.36 * 230, rel=0.01
        )
        assert float(values["Current.Import"]["value"]) == pytest.approx(15.36, 0.01)
        assert values["Current.Import"]["phase"] == "L1"
        assert values["Current.Offered"]["value"] == "16.0"
        assert values["Power.Offered"]["value"] == "3680"
        assert values["Voltage"]["value"] == "230.0"
        assert values["Energy.Active.Import.Register"]["unit"] == "Wh"


@pytest.mark.parametrize("prompt", [True, False])
async def test_a_new_interval_counts_at_once_or_after_the_next_sample(
    prompt: bool,
) -> None:
    async with connected(ChargerSpec(prompt=prompt, synchronised=False)) as (
        box,
        central,
    ):
        box.evse.plug(Car())
        await central.wait("MeterValues")
        began = box.clock.now()
        request = call.ChangeConfiguration(key="MeterValueSampleInterval", value="5")
        await say(central, request)
        await box.until(lambda: len(central.all("MeterValues")) == 2)
        first, second = (
            datetime.fromisoformat(sample["meter_value"][0]["timestamp"])
            for sample in central.all("MeterValues")
        )
        gap = (second - first).total_seconds()
        assert box.clock.now() - began >= 5
        assert gap < 60 if prompt else gap >= 60


async def test_an_interval_of_zero_means_no_samples() -> None:
    async with connected() as (box, central):
        request = call.ChangeConfiguration(key="MeterValueSampleInterval", value="0")
        await say(central, request)
        box.evse.plug(Car())
        await central.status("Charging")
        await box.until(lambda: box.evse.currents_a[0] > 10)
        assert len(central.all("MeterValues")) == 1


async def test_clock_aligned_values_come_outside_sessions() -> None:
    async with connected() as (_, central):
        request = call.ChangeConfiguration(key="ClockAlignedDataInterval", value="10")
        await say(central, request)
        values = await central.wait("MeterValues")
        assert "transaction_id" not in values
        sampled = values["meter_value"][0]["sampled_value"]
        assert sampled[0]["context"] == "Sample.Clock"
        at = datetime.fromisoformat(values["meter_value"][0]["timestamp"])
        assert at.timestamp() % 10 < 5


async def test_a_refused_tag_may_go_on_where_the_charger_allows_it() -> None:
    async with connected() as (box, central):
        request = call.ChangeConfiguration(
            key="StopTransactionOnInvalidId", value="false"
        )
        await say(central, request)
        central.tag_status = "Invalid"
        box.evse.plug(Car())
        await central.status("Charging")
        assert not central.all("StopTransaction")


async def test_a_refused_tag_ends_the_session() -> None:
    async with connected() as (box, central):
        central.tag_status = "Invalid"
        box.evse.plug(Car())
        stopped = await central.wait("StopTransaction")
        assert stopped["reason"] == "DeAuthorized"
        assert box.evse.status is Status.FINISHING


async def test_a_card_begins_and_the_same_card_ends() -> None:
    async with connected(ChargerSpec(free_vend=False)) as (box, central):
        await box.charger.present_tag("CARD")
        assert box.evse.session is None
        box.evse.plug(Car())
        await central.status("Preparing")
        await box.charger.present_tag("CARD")
        await central.wait("StartTransaction", lambda p: p["id_tag"] == "CARD")
        await box.charger.present_tag("OTHER")
        assert box.evse.session is not None
        await box.charger.present_tag("CARD")
        assert (await central.wait("StopTransaction"))["reason"] == "Local"


async def test_a_refused_card_begins_nothing() -> None:
    async with connected(ChargerSpec(free_vend=False)) as (box, central):
        central.tag_status = "Blocked"
        box.evse.plug(Car())
        await box.charger.present_tag("CARD")
        assert box.evse.session is None


async def test_offline_a_card_is_believed() -> None:
    async with connected(ChargerSpec(free_vend=False)) as (box, _):
        box.charger.cut()
        await box.until(lambda: not box.charger.connected)
        box.evse.plug(Car())
        await box.charger.present_tag("CARD")
        assert box.evse.session is not None


# Going on without a link


async def test_a_session_lived_offline_is_told_in_order_afterwards() -> None:
    async with connected(UNHURRIED) as (box, central):
        central.forget()
        box.charger.cut()
        await box.until(lambda: not box.charger.connected)
        box.evse.plug(Car())
        await box.until(lambda: box.evse.currents_a[0] > 5)
        box.evse.unplug()
        await box.until(lambda: box.evse.session is None)
        box.charger.mend()
        stopped = await central.wait("StopTransaction")
        assert stopped["transaction_id"] == 101
        told = [name for name, _ in central.seen if name != "StatusNotification"]
        assert told[0] == "StartTransaction"
        assert told[-1] == "StopTransaction"
        start = central.all("StartTransaction")[0]
        assert start["timestamp"] < stopped["timestamp"]


async def test_a_session_goes_on_over_a_cut_with_its_id() -> None:
    async with connected(UNHURRIED) as (box, central):
        request = call.ChangeConfiguration(key="MeterValueSampleInterval", value="1")
        await say(central, request)
        box.evse.plug(Car())
        await box.until(lambda: box.evse.currents_a[0] > 5)
        box.charger.cut()
        await box.until(lambda: not box.charger.connected)
        central.forget()
        drawn = box.evse.energy_wh
        await box.until(lambda: box.evse.energy_wh > drawn + 20)
        box.charger.mend()
        await box.until(lambda: len(central.all("MeterValues")) > 10)
        samples = central.all("MeterValues")
        assert {sample["transaction_id"] for sample in samples} == {101}
        assert not central.all("StartTransaction")
        # Ten old ones at most: the buffer of a small device.
        old = [
            sample
            for sample in samples
            if sample["meter_value"][0]["timestamp"]
            < central.all("StatusNotification")[0]["timestamp"]
        ]
        assert 0 < len(old) <= 10


async def test_without_link_the_lease_falls_back_to_the_safe_current() -> None:
    async with connected(UNHURRIED) as (box, central):
        await say(central, offer(6, charging_profile_id=1))
        box.evse.plug(Car())
        start = box.evse.wall(box.clock.now())
        lease = offer(
            20,
            charging_profile_id=2,
            stack_level=1,
            start_schedule=start.isoformat(timespec="seconds"),
            duration=90,
        )
        assert (await say(central, lease)).status == "Accepted"
        await box.until(lambda: box.evse.currents_a[0] > 18)
        box.charger.cut()
        await box.until(lambda: box.evse.pilot_a == 6)
        ended = box.evse.wall(box.clock.now())
        assert ended >= start.replace(microsecond=0) + timedelta(seconds=90)
        await box.until(lambda: box.evse.currents_a[0] < 5.6)


async def test_a_start_that_was_refused_is_told_again() -> None:
    async with connected() as (box, central):
        request = call.ChangeConfiguration(
            key="TransactionMessageRetryInterval", value="1"
        )
        await say(central, request)
        central.refusals = 1
        box.evse.plug(Car())
        await box.until(lambda: len(central.all("StartTransaction")) == 2)
        first, second = central.all("StartTransaction")
        assert first == second


async def test_a_start_nobody_ever_takes_leaves_a_made_up_id() -> None:
    async with connected() as (box, central):
        request = call.ChangeConfiguration(key="TransactionMessageAttempts", value="1")
        await say(central, request)
        central.refusals = 1
        box.evse.plug(Car())
        values = await central.wait("MeterValues")
        assert values["transaction_id"] == -1


# Commands


async def test_charging_profiles_are_taken_cleared_and_refused() -> None:
    evse = EvseSpec(store=StoreLimits(max_stack_level=3))
    async with connected(evse=evse) as (box, central):
        box.evse.plug(Car())
        await central.wait("StartTransaction")
        assert (await say(central, offer(10))).status == "Accepted"
        await box.until(lambda: box.evse.pilot_a == 10)
        assert (await say(central, offer(10, stack_level=4))).status == "Rejected"
        assert (await say(central, offer(10, connector_id=2))).status == "Rejected"
        clear = call.ClearChargingProfile(
            connector_id=1, charging_profile_purpose="TxDefaultProfile", stack_level=0
        )
        assert (await say(central, clear)).status == "Accepted"
        assert (await say(central, clear)).status == "Unknown"
        everything = call.ClearChargingProfile()
        assert (await say(central, everything)).status == "Unknown"
        await box.until(lambda: box.evse.pilot_a == 32)


async def test_a_transaction_profile_needs_its_transactions_id() -> None:
    async with connected() as (box, central):
        box.evse.plug(Car())
        await box.until(
            lambda: box.evse.session and box.evse.session.transaction_id == 101
        )
        wrong = offer(10, charging_profile_purpose="TxProfile", transaction_id=5)
        assert (await say(central, wrong)).status == "Rejected"
        right = offer(10, charging_profile_purpose="TxProfile", transaction_id=101)
        assert (await say(central, right)).status == "Accepted"


async def test_the_composite_schedule_is_told_in_amps_and_watts() -> None:
    async with connected() as (_, central):
        await say(central, offer(13.7))
        answer = await say(
            central, call.GetCompositeSchedule(connector_id=1, duration=60)
        )
        assert answer.status == "Accepted"
        (period,) = answer.charging_schedule["charging_schedule_period"]
        assert period["start_period"] == 0
        assert float(period["limit"]) == 13.7
        answer = await say(
            central,
            call.GetCompositeSchedule(
                connector_id=1, duration=60, charging_rate_unit="W"
            ),
        )
        (period,) = answer.charging_schedule["charging_schedule_period"]
        assert float(period["limit"]) == 3151.0
        wrong = call.GetCompositeSchedule(connector_id=7, duration=60)
        assert (await say(central, wrong)).status == "Rejected"


async def test_remote_start_and_stop() -> None:
    async with connected(ChargerSpec(free_vend=False)) as (box, central):
        box.evse.plug(Car())
        await central.status("Preparing")
        start = call.RemoteStartTransaction(id_tag="HOME", connector_id=1)
        assert (await say(central, start)).status == "Accepted"
        await central.wait("StartTransaction", lambda p: p["id_tag"] == "HOME")
        assert (await say(central, start)).status == "Rejected"
        wrong = call.RemoteStopTransaction(transaction_id=5)
        assert (await say(central, wrong)).status == "Rejected"
        stop = call.RemoteStopTransaction(transaction_id=101)
        assert (await say(central, stop)).status == "Accepted"
        assert (await central.wait("StopTransaction"))["reason"] == "Remote"
        await central.status("Finishing")
        assert (await say(central, start)).status == "Rejected"


async def test_a_remote_start_waits_for_the_cable_but_not_for_ever() -> None:
    async with connected(ChargerSpec(free_vend=False)) as (box, central):
        start = call.RemoteStartTransaction(id_tag="HOME")
        await say(central, start)
        await asyncio.sleep(0.05)
        box.evse.plug(Car())
        await central.wait("StartTransaction")
        box.evse.unplug()
        await central.wait("StopTransaction")
        central.forget()
        request = call.ChangeConfiguration(key="ConnectionTimeOut", value="1")
        await say(central, request)
        await say(central, start)
        await box.until(lambda: box.charger._pending is None)
        box.evse.plug(Car())
        await central.status("Preparing")
        assert not central.all("StartTransaction")


async def test_a_remote_start_can_ask_about_its_tag_first() -> None:
    async with connected(ChargerSpec(free_vend=False)) as (box, central):
        request = call.ChangeConfiguration(
            key="AuthorizeRemoteTxRequests", value="true"
        )
        await say(central, request)
        box.evse.plug(Car())
        central.tag_status = "Blocked"
        start = call.RemoteStartTransaction(id_tag="HOME", connector_id=1)
        await say(central, start)
        await central.wait("Authorize", lambda p: p["id_tag"] == "HOME")
        central.tag_status = "Accepted"
        assert box.evse.session is None
        await say(central, start)
        await central.wait("StartTransaction", lambda p: p["id_tag"] == "HOME")


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        ({"charging_profile_purpose": "TxProfile"}, True),
        ({"charging_profile_purpose": "TxDefaultProfile"}, False),
        (
            {
                "charging_profile_purpose": "TxProfile",
                "periods": [{"start_period": 9, "limit": 6}],
            },
            False,
        ),
    ],
)
async def test_a_remote_start_may_bring_a_transaction_profile(
    changes: dict[str, Any], taken: bool
) -> None:
    async with connected(ChargerSpec(free_vend=False)) as (box, central):
        box.evse.plug(Car())
        start = call.RemoteStartTransaction(
            id_tag="HOME",
            connector_id=1,
            charging_profile=profile(limit=8, **changes),
        )
        assert ((await say(central, start)).status == "Accepted") is taken
        if taken:
            await box.until(lambda: box.evse.pilot_a == 8)


async def test_a_profile_the_charger_cannot_hold_does_not_stop_a_remote_start() -> None:
    async with connected(ChargerSpec(free_vend=False)) as (box, central):
        box.evse.plug(Car())
        start = call.RemoteStartTransaction(
            id_tag="HOME",
            connector_id=1,
            charging_profile=profile(
                charging_profile_purpose="TxProfile", stack_level=99
            ),
        )
        await say(central, start)
        await central.wait("StartTransaction")
        assert len(box.evse.profiles) == 0


async def test_configuration_is_read_and_written() -> None:
    async with connected() as (_, central):
        answer = await say(
            central,
            call.GetConfiguration(key=["numberofconnectors", "NoSuchKey"]),
        )
        assert answer.configuration_key == [
            {"key": "NumberOfConnectors", "readonly": True, "value": "1"}
        ]
        assert answer.unknown_key == ["NoSuchKey"]
        answer = await say(central, call.GetConfiguration())
        values = {key["key"]: key["value"] for key in answer.configuration_key}
        assert values["ChargingScheduleAllowedChargingRateUnit"] == "Current,Power"
        assert values["FreeVend"] == "true"
        for key, value, status in (
            ("HeartbeatInterval", "30", "Accepted"),
            ("HeartbeatInterval", "soon", "Rejected"),
            ("NumberOfConnectors", "2", "Rejected"),
            ("WebSocketPingInterval", "0", "RebootRequired"),
            ("MeterValuesSampledData", "SoC,Voltage", "Rejected"),
            ("Nonsense", "1", "NotSupported"),
        ):
            request = call.ChangeConfiguration(key=key, value=value)
            assert (await say(central, request)).status == status


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("BootNotification", "BootNotification"),
        ("Heartbeat", "Heartbeat"),
        ("MeterValues", "MeterValues"),
        ("StatusNotification", "StatusNotification"),
    ],
)
async def test_messages_can_be_asked_for(message: str, action: str) -> None:
    async with connected() as (_, central):
        central.forget()
        request = call.TriggerMessage(requested_message=message, connector_id=1)
        assert (await say(central, request)).status == "Accepted"
        await central.wait(action)


async def test_what_it_cannot_do_it_says() -> None:
    async with connected() as (_, central):
        request = call.TriggerMessage(requested_message="FirmwareStatusNotification")
        assert (await say(central, request)).status == "NotImplemented"
        request = call.TriggerMessage(requested_message="Heartbeat", connector_id=3)
        assert (await say(central, request)).status == "Rejected"
        unlock = call.UnlockConnector(connector_id=1)
        assert (await say(central, unlock)).status == "NotSupported"
        assert (await say(central, call.ClearCache())).status == "Accepted"
        assert (await say(central, call.GetLocalListVersion())).list_version == 0
        data = call.DataTransfer(vendor_id="x", data="y")
        assert (await say(central, data)).status == "UnknownVendorId"
        with pytest.raises(OCPPError):
            await say(central, call.GetDiagnostics(location="ftp://nowhere.invalid/x"))


async def test_out_of_service_waits_for_the_session() -> None:
    async with connected() as (box, central):
        away = call.ChangeAvailability(connector_id=1, type="Inoperative")
        assert (await say(central, away)).status == "Accepted"
        await central.status("Unavailable")
        back = call.ChangeAvailability(connector_id=1, type="Operative")
        assert (await say(central, back)).status == "Accepted"
        box.evse.plug(Car())
        await central.wait("StartTransaction")
        assert (await say(central, away)).status == "Scheduled"
        assert box.evse.session is not None


async def test_a_reset_ends_the_session_and_boots_again() -> None:
    async with connected() as (box, central):
        box.evse.plug(Car())
        await box.until(lambda: box.evse.session and box.evse.session.transaction_id)
        central.forget()
        assert (await say(central, call.Reset(type="Soft"))).status == "Accepted"
        await central.wait("BootNotification")
        stopped = await central.wait("StopTransaction")
        assert stopped["reason"] == "SoftReset"
        await central.wait("StartTransaction")


async def test_a_message_before_a_cut_link_is_not_an_error() -> None:
    async with connected() as (box, central):
        box.charger.cut()
        await box.until(lambda: not box.charger.connected)
        assert await box.charger.call(call.Heartbeat()) is None
        await box.charger.heartbeat()
        assert not central.all("Heartbeat")
