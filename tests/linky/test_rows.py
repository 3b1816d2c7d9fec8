"""Which entities a meter has, for every capture, and what they are to Home Assistant."""

import json
from pathlib import Path
import re

import pytest

from custom_components.surplus.linky.binary_sensors import BINARY_SENSORS, METER_FACTS
from custom_components.surplus.linky.labels import LABELS
from custom_components.surplus.linky.rows import LinkySensorDescription
from custom_components.surplus.linky.sensors import LINK_SENSORS, METER_SENSORS
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.components.sensor.const import (
    DEVICE_CLASS_STATE_CLASSES,
    DEVICE_CLASS_UNITS,
)

from .test_meter import Line
from .tic import ADSC, capture, capture_names, standard, standard_frame

ROOT = Path(__file__).parent.parent.parent / "custom_components" / "surplus"
ROWS = (*METER_SENSORS, *METER_FACTS)


def listen(name: str) -> Line:
    """Hear a capture over and over; of one with a whole frame, only whole frames."""
    data = capture(name)
    frames = re.findall(rb"\x02[^\x02-\x04]*\x03", data) or [data]
    line = Line()
    line.send(*frames * 6)
    return line


def three(*keys: str) -> set[str]:
    return {f"{key}_{n}" for key in keys for n in (1, 2, 3)}


def named(prefix: str, numbers: int) -> set[str]:
    return {f"{prefix}{n:02}" for n in range(1, numbers + 1)}


HISTORIC = {"drawn_power", "subscribed_power", "period", "tariff_option", "mode"}
HISTORIC_MONO = HISTORIC | {"current", "max_current"}
HISTORIC_TRI = HISTORIC | three("current", "max_current") | {"phase_absent"}
HISTORIC_TRI |= {"max_drawn_yesterday"}
HP_HC = {"hchc", "hchp"}
TEMPO_INDEXES = {f"bbr{rate}j{colour}" for rate in ("hc", "hp") for colour in "bwr"}

LABELLED = {"mode", "net_power", "net_power_quality", "power_factor_drawn", "east"}
LABELLED |= {"period", "tariff_option", "tariff_label", "calendar", "clock_drift"}
REGISTER = {"breaker", "supplier_index", "distributor_index", "dry_contact"}
REGISTER |= {"overvoltage", "producer", "terminal_cover", "clock_degraded"}
RELAYS = {f"relay_{n}" for n in range(2, 9)}
CALENDAR = {"next_switching", "day_profile", "day_profile_tomorrow", "message"}
DRAWN = {"drawn_power", "subscribed_power", "cutoff_power"}
DAYS = {"max_drawn_today", "max_drawn_yesterday", "curve_drawn", "curve_drawn_before"}
STANDARD = LABELLED | REGISTER | RELAYS | CALENDAR | DRAWN | DAYS
MONO = {"current", "voltage", "mean_voltage"}
TRI = three("current", "voltage", "mean_voltage", "drawn_power")
TRI |= three("max_drawn_today", "max_drawn_yesterday")
PRODUCER = {"injected_power", "eait", "power_factor_injected", "reactive_power"}
PRODUCER |= {"erq1", "erq2", "erq3", "erq4", "erq_total"}
PRODUCER |= {"max_injected_today", "max_injected_yesterday"}
CURVE_INJECTED = {"curve_injected", "curve_injected_before"}
TEMPO = {"tempo_today", "tempo_tomorrow"}
PEAKS = {"peak_notice", "peak_running"}
PEAK_TIMES = {f"peak_{n}_{end}" for n in (1, 2, 3) for end in ("start", "end")}

# What moves by the second.
LIVE = {"net_power", "drawn_power", "injected_power", "current", "voltage"}
LIVE |= three("drawn_power", "current", "voltage")

EXPECTED = {
    "historic_mono_base_01": HISTORIC_MONO | {"base"},
    "historic_mono_base_enedis_lab_02": HISTORIC_MONO | {"base"},
    "historic_mono_hphc_01": HISTORIC_MONO | HP_HC,
    "historic_mono_hphc_bit_errors_fragment_01": {"mode", "hchp"},
    "historic_mono_hphc_midstream_02": HISTORIC_MONO | HP_HC,
    "historic_mono_tempo_01": HISTORIC_MONO | TEMPO_INDEXES | TEMPO,
    "historic_mono_tempo_icrnl_fragment_01": {"mode"},
    "historic_tri_base_01": HISTORIC_TRI | {"base"},
    "historic_tri_ejp_01": HISTORIC_TRI | {"ejphn", "ejphpm"} | PEAKS,
    "standard_mono_bit_errors_fragment_01": set(),
    # Its PCOUP is the group with the wrong checksum.
    "standard_mono_hphc_bad_checksum_enedis_lab_01": STANDARD - {"cutoff_power"},
    "standard_mono_hphc_weekend_01": (
        STANDARD | MONO | named("easf", 3) | named("easd", 4)
    ),
    # No supplier index and no distributor index ever counted.
    "standard_mono_producer_injecting_01": STANDARD | MONO | PRODUCER,
    "standard_mono_tempo_mangled_group_start_01": (
        LABELLED | named("easf", 6) | {"easd01"}
    ),
    "standard_mono_tempo_red_peak_notice_01": (
        STANDARD | named("easf", 6) | named("easd", 4) | TEMPO | PEAKS | PEAK_TIMES
    ),
    "standard_tri_base_absurd_phase_power_01": STANDARD | TRI | {"easf01", "easd01"},
    "standard_tri_hphc_consumer_phase3_injecting_rebuilt_01": (
        LABELLED
        | DRAWN
        | {"max_drawn_today"}
        | three("drawn_power")
        | named("easf", 2)
        | named("easd", 2)
    ),
    "standard_tri_hphc_overload_lost_bytes_01": (
        LABELLED
        | {"drawn_power", "max_drawn_today"}
        | {"max_drawn_today_1", "max_drawn_today_2"}
        | three("drawn_power")
        | named("easf", 2)
        | named("easd", 2)
    ),
    "standard_tri_tempo_producer_mixed_phases_01": (
        STANDARD
        | TRI
        | PRODUCER
        | CURVE_INJECTED
        | named("easf", 6)
        | {"easd01"}
        | TEMPO
        | PEAKS
        | PEAK_TIMES
    ),
    "synthetic_historic_mono_adps_01": HISTORIC_MONO | {"base"},
    "synthetic_historic_tri_short_frames_01": HISTORIC_TRI | HP_HC,
}


def test_no_capture_is_forgotten() -> None:
    assert set(capture_names()) == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_capture_has_the_entities_of_what_it_sends(name: str) -> None:
    meter = listen(name).meter
    assert {row.key for row in ROWS if row.exists_fn(meter)} == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_whatever_exists_can_be_read(name: str) -> None:
    line = listen(name)
    for row in METER_SENSORS:
        if not row.exists_fn(line.meter):
            continue
        value = row.value_fn(line.meter, line.now)
        if row.options is not None and value is not None:
            assert value in row.options, row.key
        if row.attributes_fn is not None:
            assert row.attributes_fn(line.meter, line.now)["tomorrow"]


def test_between_them_the_captures_show_nearly_everything() -> None:
    shown = set().union(*EXPECTED.values())
    assert {row.key for row in ROWS} - shown == {
        # Ten indexes and a very short message: no meter at hand uses them.
        *(f"easf{n:02}" for n in range(7, 11)),
        "short_message",
    }


# What they are to Home Assistant


@pytest.mark.parametrize("row", METER_SENSORS, ids=lambda row: row.key)
def test_a_sensor_is_one_that_home_assistant_accepts(
    row: LinkySensorDescription,
) -> None:
    if row.device_class is None:
        assert row.native_unit_of_measurement is None
        return
    if row.device_class is SensorDeviceClass.ENUM:
        assert row.options
    if row.native_unit_of_measurement is not None:
        allowed = DEVICE_CLASS_UNITS[row.device_class]
        assert row.native_unit_of_measurement in allowed
        suggested = row.suggested_unit_of_measurement
        assert suggested is None or suggested in allowed
    if row.state_class is not None:
        assert row.state_class in DEVICE_CLASS_STATE_CLASSES[row.device_class]


def test_every_energy_index_fits_the_energy_dashboard() -> None:
    rows = {row.key: row for row in METER_SENSORS}
    active = [
        label.name for label in LABELS.values() if label.index and label.unit == "Wh"
    ]
    assert len(active) == 27
    for label in active:
        row = rows[label.lower()]
        assert row.device_class == "energy"
        assert row.state_class == "total_increasing"
        assert row.suggested_unit_of_measurement == "kWh"


@pytest.mark.parametrize("row", METER_SENSORS, ids=lambda row: row.key)
def test_nothing_is_written_more_often_than_somebody_would_look(
    row: LinkySensorDescription,
) -> None:
    slowest = 10 if row.key in LIVE else 60
    if row.state_class is not None:
        assert row.write_interval.total_seconds() == slowest


def test_keys_are_unique() -> None:
    keys = [row.key for row in (*METER_SENSORS, *LINK_SENSORS)]
    assert len(keys) == len(set(keys))
    facts = [row.key for row in (*BINARY_SENSORS, *METER_FACTS)]
    assert len(facts) == len(set(facts))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_entity_has_a_name_and_every_word_a_text(language: str) -> None:
    texts = json.loads((ROOT / "translations" / f"{language}.json").read_text())
    for platform, rows in (
        ("sensor", (*METER_SENSORS, *LINK_SENSORS)),
        ("binary_sensor", (*BINARY_SENSORS, *METER_FACTS)),
    ):
        for row in rows:
            if row.key == "connectivity":
                continue
            text = texts["entity"][platform][row.translation_key]
            assert text["name"]
            for option in getattr(row, "options", None) or ():
                assert text["state"][option]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_two_entities_have_the_same_name(language: str) -> None:
    texts = json.loads((ROOT / "translations" / f"{language}.json").read_text())
    for platform in ("sensor", "binary_sensor"):
        names = [
            text["name"]
            for key, text in texts["entity"][platform].items()
            if key.startswith("linky_")
        ]
        assert len(names) == len(set(names))


def test_no_entity_tells_the_delivery_point_or_the_serial_number() -> None:
    line = Line()
    line.send(*[standard_frame(prm="98765432109876")] * 3)
    for row in METER_SENSORS:
        value = str(row.value_fn(line.meter, line.now))
        assert "98765432109876" not in value
        assert ADSC not in value


# What some of them say


def value_of(line: Line, key: str) -> object:
    (row,) = [row for row in METER_SENSORS if row.key == key]
    return row.value_fn(line.meter, line.now)


def test_absurd_power_of_a_phase_is_replaced_by_what_its_current_says() -> None:
    line = listen("standard_tri_base_absurd_phase_power_01")
    values = [value_of(line, f"drawn_power_{n}") for n in (1, 2, 3)]
    assert values == [2 * 231, 2 * 231, 2 * 232]


def test_a_phase_that_injects_draws_nothing() -> None:
    line = listen("standard_tri_tempo_producer_mixed_phases_01")
    values = [value_of(line, f"drawn_power_{n}") for n in (1, 2, 3)]
    assert values == [0.0, 565.0, 0.0]


def test_without_all_phases_none_is_told() -> None:
    line = listen("standard_tri_hphc_overload_lost_bytes_01")
    assert value_of(line, "drawn_power_1") is None


def test_the_quadrants_are_summed_only_together() -> None:
    line = listen("standard_mono_producer_injecting_01")
    assert value_of(line, "erq_total") == 890 + 2546
    line = Line()
    line.send(*[standard("ERQ1", "000000100")] * 3)
    assert value_of(line, "erq_total") is None


def test_both_modes_tell_the_maximum_of_yesterday() -> None:
    assert value_of(listen("historic_tri_ejp_01"), "max_drawn_yesterday") == 17480
    line = listen("standard_mono_tempo_red_peak_notice_01")
    assert value_of(line, "max_drawn_yesterday") == 9352


def test_a_clock_without_a_season_tells_no_time() -> None:
    line = Line()
    line.send(standard("DATE", "", " 191203125805"))
    assert value_of(line, "clock_drift") is None
    assert value_of(line, "next_switching") is None
