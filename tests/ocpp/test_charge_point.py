"""What a charger tells, over a real connection, and how it is answered."""

from datetime import UTC, datetime
import time
from typing import Any
from unittest.mock import patch

from ocpp.v16 import call
import pytest

from custom_components.surplus.ocpp.errors import LinkLostError, RefusedError
from custom_components.surplus.ocpp.link import Nameplate
from custom_components.surplus.ocpp.status import ErrorCode, Status

from .conftest import Site, stamp, until


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
    await until(lambda: site.charger.ready_link and site.charger.service.configured)
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
    assert site.charger.sessions.stopped_on_purpose == set()


async def test_without_a_link_nothing_can_be_asked(site: Site) -> None:
    with pytest.raises(LinkLostError, match="not connected"):
        await site.charger.start(1)
