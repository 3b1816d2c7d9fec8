"""From sampled values to watts, amperes, volts and watt hours."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
import pytest

from custom_components.surplus.ocpp.meter_values import (
    MeterSample,
    mean_voltage,
    power_of,
    read_samples,
    used_currents,
)
from custom_components.surplus.ocpp.values import Fields

from .test_values import JSON

STAMP = "2026-06-01T12:00:00Z"


def sample(*values: dict[str, Any]) -> MeterSample:
    """The one sample of a message with these sampled values."""
    found = read_samples(
        Fields({"meterValue": [{"timestamp": STAMP, "sampledValue": list(values)}]})
    )
    assert len(found) == 1
    return found[0]


def value(measurand: str, amount: object, **more: str) -> dict[str, Any]:
    return {"measurand": measurand, "value": amount, **more}


def test_a_plain_sample_is_read() -> None:
    assert sample(
        value("Power.Active.Import", "3680", unit="W"),
        value("Current.Import", "16.0", unit="A", phase="L1"),
        value("Voltage", "230.0", unit="V", phase="L1-N"),
        value("Energy.Active.Import.Register", "123456", unit="Wh"),
        value("Current.Offered", "16", unit="A"),
    ) == MeterSample(
        stamp=datetime(2026, 6, 1, 12, tzinfo=UTC),
        power_w=3680,
        currents_a={1: 16},
        voltages_v={1: 230},
        energy_wh=123456,
        offered_a=16,
    )


def test_what_is_left_out_has_the_defaults_of_the_standard() -> None:
    assert sample({"value": "1500"}).energy_wh == 1500


@pytest.mark.parametrize("unit", ["kW", "kw", "KW"])
def test_kilo_units_are_scaled(unit: str) -> None:
    got = sample(
        value("Power.Active.Import", 7.4, unit=unit),
        value("Energy.Active.Import.Register", "12.5", unit="kWh"),
    )
    assert (got.power_w, got.energy_wh) == (7400, 12500)


def test_phases_are_summed_where_there_is_no_total() -> None:
    assert (
        sample(
            value("Power.Active.Import", 1000, phase="L1"),
            value("Power.Active.Import", 1100, phase="L2-N"),
            value("Power.Active.Import", 1200, phase="L3"),
        ).power_w
        == 3300
    )


def test_a_total_beside_its_phases_is_not_added_to_them() -> None:
    assert (
        sample(
            value("Power.Active.Import", 1000, phase="L1"),
            value("Power.Active.Import", 3300),
            value("Power.Active.Import", 1100, phase="L2"),
        ).power_w
        == 3300
    )


def test_energy_by_phase_is_summed() -> None:
    assert (
        sample(
            value("Energy.Active.Import.Register", 100, phase="L1"),
            value("Energy.Active.Import.Register", 200, phase="L2"),
        ).energy_wh
        == 300
    )


def test_voltages_between_phases_and_the_neutral_are_left_out() -> None:
    got = sample(
        value("Voltage", 230, phase="L1-N"),
        value("Voltage", 400, phase="L1-L2"),
        value("Current.Import", 3, phase="N"),
        value("Current.Import", 10, phase="L1"),
    )
    assert got.voltages_v == {1: 230}
    assert got.currents_a == {1: 10}


@pytest.mark.parametrize(
    "amount", ["", "  ", "NaN", "abc", None, True, {"x": 1}, "inf"]
)
def test_a_value_that_is_none_is_left_out_and_the_others_stay(amount: object) -> None:
    got = sample(
        value("Power.Active.Import", amount), value("Current.Import", " 10,5 ")
    )
    assert got.power_w is None
    assert got.currents_a == {0: 10.5}


@pytest.mark.parametrize(
    ("measurand", "amount"),
    [
        ("Power.Active.Import", 4294967295),
        ("Current.Import", 65535),
        ("Voltage", 0),
        ("Voltage", 6500),
        ("Energy.Active.Import.Register", 1e18),
    ],
)
def test_what_cannot_be_true_in_a_home_is_left_out(
    measurand: str, amount: float
) -> None:
    message = {"meterValue": [{"sampledValue": [value(measurand, amount)]}]}
    assert read_samples(Fields(message)) == []


def test_some_negative_watts_at_rest_are_zero() -> None:
    got = sample(value("Power.Active.Import", -3), value("Current.Import", "-0.1"))
    assert (got.power_w, got.currents_a) == (0, {0: 0})


def test_charging_under_an_export_measurand_is_charging() -> None:
    got = sample(
        value("Power.Active.Export", "-3600"), value("Current.Export", 16, phase="L1")
    )
    assert (got.power_w, got.currents_a) == (3600, {1: 16})


def test_import_counts_where_both_are_given() -> None:
    got = sample(value("Power.Active.Import", 3600), value("Power.Active.Export", 5))
    assert got.power_w == 3600
    got = sample(value("Power.Active.Import", 0), value("Power.Active.Export", 3600))
    assert got.power_w == 3600
    assert sample(value("Power.Active.Import", 0)).power_w == 0


def test_a_misspelt_measurand_key_is_read() -> None:
    assert sample({"mesurand": "Power.Active.Export", "value": 5}).power_w == 5


def test_the_outlet_counts_before_other_places() -> None:
    got = sample(
        value("Current.Import", 99, location="Inlet"),
        value("Current.Import", 10),
        value("Current.Import", 98, location="Moon"),
        value("Power.Active.Import", 700, location="Body"),
    )
    assert got.currents_a == {0: 10}
    assert got.power_w == 700


def test_values_at_the_edge_of_a_session_count_energy_only() -> None:
    edge = sample(value("Power.Active.Import", 3600, context="Transaction.End"))
    assert edge.edge
    assert not edge.has_flow
    mixed = sample(
        value("Power.Active.Import", 3600, context="Transaction.Begin"),
        value("Power.Active.Import", 3500, context="Sample.Periodic"),
    )
    assert mixed.has_flow
    assert mixed.power_w == 3500


def test_parts_of_one_time_are_one_sample() -> None:
    got = read_samples(
        Fields(
            {
                "meterValue": [
                    {
                        "timestamp": STAMP,
                        "sampledValue": [value("Power.Active.Import", 3600)],
                    },
                    {
                        "timestamp": STAMP,
                        "sampledValue": [value("Current.Import", 16)],
                    },
                    {
                        "timestamp": "2026-06-01T12:00:05Z",
                        "sampledValue": [value("Power.Active.Import", 3500)],
                    },
                    {"timestamp": "2026-06-01T12:00:10Z", "sampledValue": []},
                ]
            }
        )
    )
    assert [(s.power_w, dict(s.currents_a)) for s in got] == [
        (3600, {0: 16}),
        (3500, {}),
    ]


def test_the_data_of_a_stop_is_read_alike() -> None:
    message = {"transactionData": {"sampledValue": {"value": "5", "unit": "kWh"}}}
    assert [s.energy_wh for s in read_samples(Fields(message))] == [5000]


@given(JSON)
def test_no_json_upsets_the_reader(anything: Any) -> None:
    for message in (
        anything,
        {"meterValue": anything},
        {"meterValue": [{"timestamp": anything, "sampledValue": anything}]},
        {"meterValue": [{"sampledValue": [{"value": anything, "phase": anything}]}]},
    ):
        for got in read_samples(Fields(message)):
            assert got.power_w is None or 0 <= got.power_w <= 300_000


def test_only_the_phases_the_vehicle_uses_have_currents() -> None:
    currents = {1: 15.9, 2: 0.1, 3: 0.0}
    assert used_currents(currents, wired=3, max_a=32) == (15.9,)
    assert used_currents({3: 5, 1: 6, 2: 7}, wired=3, max_a=32) == (6, 7, 5)
    assert used_currents({1: 0.2}, wired=1, max_a=32) == ()
    assert used_currents({}, wired=1, max_a=32) == ()


@pytest.mark.parametrize(
    ("amps", "power_w", "wired", "expected"),
    [
        # One phase: what it says.
        (16, None, 1, (16,)),
        # Three phases and three times the power: each of the three.
        (16, 11000, 3, (16, 16, 16)),
        # Three phases wired, a vehicle that uses one.
        (16, 3680, 3, (16,)),
        # More than the unit can offer is the sum.
        (48, 11000, 3, (16, 16, 16)),
        (16, None, 3, (16,)),
        (0.1, None, 3, ()),
    ],
)
def test_a_current_without_a_phase_is_understood_from_power_and_limit(
    amps: float, power_w: float | None, wired: int, expected: tuple[float, ...]
) -> None:
    assert used_currents({0: amps}, wired=wired, max_a=32, power_w=power_w) == expected


def test_power_is_worked_out_from_currents_where_it_is_missing() -> None:
    got = sample(
        value("Current.Import", 10, phase="L1"), value("Current.Import", 10, phase="L2")
    )
    assert power_of(got, wired=3, max_a=16, voltages_v={1: 240, 2: 240}) == 4800
    assert power_of(got, wired=3, max_a=16, voltages_v={}) == 4600
    assert power_of(MeterSample(power_w=5), wired=1, max_a=16, voltages_v={}) == 5
    assert power_of(MeterSample(), wired=1, max_a=16, voltages_v={}) is None


def test_the_voltage_is_that_of_the_phases() -> None:
    assert mean_voltage({}) == 230
    assert mean_voltage({0: 235}) == 235
    assert mean_voltage({0: 400, 1: 230, 2: 240}) == 235
