"""What is known of a connector when messages come late, twice or not at all."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.surplus.ocpp.clocks import Moment
from custom_components.surplus.ocpp.connector import Connector
from custom_components.surplus.ocpp.meter_values import MeterSample
from custom_components.surplus.ocpp.status import (
    ErrorCode,
    Status,
    read_error_code,
    read_status,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(seconds: float) -> Moment:
    return Moment(at=seconds, stamp=NOON + timedelta(seconds=seconds))


@pytest.fixture
def connector() -> Connector:
    return Connector(number=1, wired=3, max_a=16)


def charge(connector: Connector, seconds: float, power_w: float = 7000) -> None:
    connector.take_status(Status.CHARGING, at(seconds))
    sample = MeterSample(power_w=power_w, currents_a={1: 10, 2: 10, 3: 10})
    assert connector.take_sample(sample, at(seconds + 1), seconds + 1)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("SuspendedEVSE", Status.SUSPENDED_EVSE),
        ("suspended_ev", Status.SUSPENDED_EV),
        (" Available ", Status.AVAILABLE),
        ("Occupied", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_states_are_read_in_any_spelling(text: object, status: Status | None) -> None:
    assert read_status(text) is status


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NoError", ErrorCode.NO_ERROR),
        ("EVCommunicationError", ErrorCode.EV_COMMUNICATION_ERROR),
        ("Mode3Error", ErrorCode.OTHER_ERROR),
        (None, ErrorCode.NO_ERROR),
    ],
)
def test_error_codes_are_read_and_unknown_ones_are_others(
    text: object, code: ErrorCode
) -> None:
    assert read_error_code(text) is code


def test_an_older_state_does_not_undo_a_newer_one(connector: Connector) -> None:
    assert connector.take_status(Status.CHARGING, at(10))
    assert not connector.take_status(Status.PREPARING, at(5))
    assert connector.status is Status.CHARGING


def test_of_two_states_in_one_second_the_last_to_arrive_counts(
    connector: Connector,
) -> None:
    connector.take_status(Status.PREPARING, at(10))
    assert connector.take_status(Status.CHARGING, at(10))
    assert connector.status is Status.CHARGING


def test_a_state_without_a_time_counts_when_it_arrives(connector: Connector) -> None:
    connector.take_status(Status.PREPARING, Moment(at=100))
    assert connector.take_status(Status.CHARGING, at(99))
    assert connector.take_status(Status.FINISHING, Moment(at=98))


def test_the_same_state_again_is_no_news(connector: Connector) -> None:
    assert connector.take_status(Status.CHARGING, at(10))
    assert not connector.take_status(Status.CHARGING, at(20))


def test_an_unknown_state_leaves_the_known_one_and_takes_the_error(
    connector: Connector,
) -> None:
    connector.take_status(Status.CHARGING, at(10))
    assert not connector.take_status(
        None, at(11), error_code=ErrorCode.OTHER_ERROR, error_text="X1"
    )
    assert connector.status is Status.CHARGING
    assert (connector.error_code, connector.error_text) == (
        ErrorCode.OTHER_ERROR,
        "X1",
    )


@pytest.mark.parametrize(
    "status",
    [
        Status.SUSPENDED_EV,
        Status.SUSPENDED_EVSE,
        Status.FINISHING,
        Status.AVAILABLE,
        Status.UNAVAILABLE,
        Status.FAULTED,
    ],
)
def test_nothing_flows_any_more_although_no_closing_zero_came(
    connector: Connector, status: Status
) -> None:
    charge(connector, 0)
    connector.take_status(status, at(10))
    assert connector.power_w == 0
    assert connector.vehicle_currents_a == ()
    assert connector.flow_moment == at(10)


def test_a_sample_from_before_does_not_undo_the_zero(connector: Connector) -> None:
    charge(connector, 0)
    connector.take_status(Status.SUSPENDED_EV, at(10))
    for seconds in (9, 10):
        assert not connector.take_sample(MeterSample(power_w=7000), at(seconds), now=11)
    assert connector.power_w == 0


def test_a_sample_from_after_does(connector: Connector) -> None:
    connector.take_status(Status.SUSPENDED_EV, at(10))
    assert connector.take_sample(MeterSample(power_w=8), at(15), now=15)
    assert connector.power_w == 8


def test_a_zero_does_not_make_the_flow_older(connector: Connector) -> None:
    charge(connector, 20)
    connector.zero(at(10))
    assert connector.flow_moment == at(21)
    assert connector.power_w == 0


def test_old_samples_after_an_outage_are_not_taken_for_live(
    connector: Connector,
) -> None:
    connector.take_status(Status.CHARGING, at(0))
    for seconds in range(0, 60, 5):
        fresh = connector.take_sample(
            MeterSample(power_w=float(seconds), energy_wh=1000.0 + seconds),
            at(seconds),
            now=60,
        )
        assert fresh == (seconds >= 30)
    assert connector.power_w == 55
    assert connector.flow_moment == at(55)
    # Their energy is as good as ever.
    assert connector.energy.total_wh == 1055


def test_samples_that_overtake_each_other_end_with_the_newest(
    connector: Connector,
) -> None:
    for seconds in (10, 30, 20, 40, 35):
        connector.take_sample(MeterSample(power_w=float(seconds)), at(seconds), now=40)
    assert connector.power_w == 40


def test_measurands_in_messages_of_their_own_are_one_picture(
    connector: Connector,
) -> None:
    connector.take_sample(MeterSample(voltages_v={1: 240}), at(1), now=1)
    connector.take_sample(MeterSample(power_w=7000), at(1), now=1)
    connector.take_sample(MeterSample(currents_a={1: 29}), at(1), now=1)
    connector.take_sample(MeterSample(offered_a=30), at(1), now=1)
    assert connector.power_w == 7000
    assert connector.vehicle_currents_a == (29,)
    assert connector.measured_offer_a == 30
    assert connector.voltages_v == {1: 240}


def test_power_is_worked_out_from_currents_and_the_voltage_known(
    connector: Connector,
) -> None:
    connector.take_sample(MeterSample(voltages_v={1: 240}), at(1), now=1)
    connector.take_sample(MeterSample(currents_a={1: 10}), at(2), now=2)
    assert connector.power_w == 2400


def test_currents_of_before_do_not_outlive_a_power_of_zero(
    connector: Connector,
) -> None:
    charge(connector, 0)
    connector.take_sample(MeterSample(power_w=6900), at(5), now=5)
    assert connector.vehicle_currents_a == (10, 10, 10)
    connector.take_sample(MeterSample(power_w=0), at(10), now=10)
    assert connector.vehicle_currents_a == ()


def test_values_at_the_edges_count_energy_only(connector: Connector) -> None:
    charge(connector, 0)
    sample = MeterSample(power_w=1, energy_wh=500, edge=True)
    assert not connector.take_sample(sample, at(5), now=5)
    assert connector.power_w == 7000
    assert connector.energy.total_wh == 500


def test_after_the_clock_was_set_the_order_begins_anew(connector: Connector) -> None:
    connector.take_status(Status.PREPARING, at(7200))
    connector.take_sample(MeterSample(power_w=5), at(7200), now=7200)
    assert connector.newest_stamp == at(7200).stamp
    assert not connector.take_status(Status.CHARGING, at(10))
    connector.forget_order()
    assert connector.newest_stamp is None
    assert connector.take_status(Status.CHARGING, at(10))
    assert connector.take_sample(
        MeterSample(power_w=7000), Moment(at=7201, stamp=at(11).stamp), now=7201
    )


@pytest.mark.parametrize(
    ("status", "wants", "plugged"),
    [
        (None, False, None),
        (Status.AVAILABLE, False, False),
        (Status.PREPARING, True, True),
        (Status.CHARGING, True, True),
        (Status.SUSPENDED_EV, True, True),
        (Status.SUSPENDED_EVSE, True, True),
        (Status.FINISHING, False, True),
        (Status.RESERVED, False, None),
        (Status.UNAVAILABLE, False, None),
        (Status.FAULTED, False, None),
    ],
)
def test_what_a_state_says_about_the_vehicle(
    connector: Connector, status: Status | None, wants: bool, plugged: bool | None
) -> None:
    connector.take_status(status, at(0))
    assert connector.wants_power is wants
    assert connector.plugged is plugged
