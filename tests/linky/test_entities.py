"""What the meter tells, as Home Assistant shows it."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta, timezone
import re
import time
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from homeassistant.const import (
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    EntityCategory,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .conftest import linky_entry
from .far_end import Meter, until
from .test_integration import set_up, shows, state
from .tic import ADCO, ADSC, capture, frame, historic, standard, standard_frame


@pytest.fixture
def everything() -> Generator[None]:
    """Enable every entity from the start."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default", True
    ):
        yield


@pytest.fixture
async def in_france(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")


async def plug(hass: HomeAssistant, meter: Meter, data: bytes) -> MockConfigEntry:
    """Set up the meter that sends this frame."""
    found = re.search(rb"AD(?:CO|SC)[ \t](\d{12})", data)
    assert found is not None
    entry = linky_entry(meter.path, found[1].decode())
    entry.add_to_hass(hass)
    if b"ADCO" in data:
        meter.send_historic(lambda: data)
    else:
        meter.send_standard(lambda: data)
    await set_up(hass, entry)
    await until(lambda: state(hass, "sensor.linky_output_mode"))
    return entry


def whole_frame(name: str) -> bytes:
    """Return the last whole frame of a capture."""
    found: list[bytes] = re.findall(rb"\x02[^\x02-\x04]*\x03", capture(name))
    return found[-1]


async def test_a_producer_with_three_phases_shows_all_of_it(
    hass: HomeAssistant, quick: None, everything: None, in_france: None, meter: Meter
) -> None:
    data = whole_frame("standard_tri_tempo_producer_mixed_phases_01")
    await plug(hass, meter, data)
    await until(lambda: state(hass, "sensor.linky_mean_voltage_phase_3"))
    await until(lambda: state(hass, "sensor.linky_reactive_energy_total"))
    expected = {
        "sensor.linky_net_power": "18.0",
        "sensor.linky_net_power_quality": "apparent",
        "sensor.linky_power_factor_drawn": STATE_UNKNOWN,
        "sensor.linky_power_factor_injected": STATE_UNKNOWN,
        "sensor.linky_reactive_power_estimate": STATE_UNKNOWN,
        "sensor.linky_power_injected": "0",
        "sensor.linky_power_drawn_phase_1": "0.0",
        "sensor.linky_power_drawn_phase_2": "565.0",
        "sensor.linky_mean_voltage_phase_3": "243",
        "sensor.linky_maximum_drawn_today": "2636",
        "sensor.linky_maximum_drawn_today_phase_2": "2194",
        "sensor.linky_maximum_drawn_yesterday_phase_3": "2904",
        "sensor.linky_maximum_injected_yesterday": "3861",
        "sensor.linky_load_curve_drawn": "806",
        "sensor.linky_load_curve_drawn_point_before": "1152",
        "sensor.linky_load_curve_injected": "0",
        "sensor.linky_energy_injected": "671.631",
        "sensor.linky_energy_drawn_index_6": "738.351",
        "sensor.linky_energy_drawn_distributor_index_1": "11604.109",
        "sensor.linky_reactive_energy_quadrant_1": "2970.842",
        "sensor.linky_reactive_energy_total": "4034.206",
        "sensor.linky_tariff_period": "tempo_blue_hp",
        "sensor.linky_tariff_option": "tempo",
        "sensor.linky_tariff_label": "HP BLEU",
        "sensor.linky_supplier_calendar": "TEMPO",
        "sensor.linky_supplier_index": "2",
        "sensor.linky_distributor_index": "1",
        "sensor.linky_tempo_today": "blue",
        "sensor.linky_tempo_tomorrow": "none",
        "sensor.linky_mobile_peak_1_start": STATE_UNKNOWN,
        "sensor.linky_next_tariff_change": "2021-04-14T20:00:00+00:00",
        "sensor.linky_day_profile": "0",
        "sensor.linky_breaker": "closed",
        "sensor.linky_message": "PAS DE MESSAGE",
        "binary_sensor.linky_producer_mode": STATE_ON,
        "binary_sensor.linky_dry_contact": STATE_OFF,
        "binary_sensor.linky_overvoltage": STATE_OFF,
        "binary_sensor.linky_terminal_cover": STATE_OFF,
        "binary_sensor.linky_clock_degraded": STATE_OFF,
        "binary_sensor.linky_peak_announced": STATE_OFF,
        "binary_sensor.linky_peak_day": STATE_OFF,
        "binary_sensor.linky_virtual_relay_8": STATE_OFF,
    }
    assert {entity: state(hass, entity) for entity in expected} == expected
    change = hass.states.get("sensor.linky_next_tariff_change")
    assert change is not None
    assert change.attributes["tomorrow"] == [
        {"time": "00:00", "index": 1, "contact": "unchanged"},
        {"time": "06:00", "index": 2, "contact": "unchanged"},
        {"time": "22:00", "index": 1, "contact": "unchanged"},
    ]
    units = {
        "reactive_energy_total": "kvarh",
        "reactive_power_estimate": "var",
        "maximum_drawn_today": "VA",
        "load_curve_drawn": "W",
        "power_factor_drawn": "%",
        "clock_drift": "s",
    }
    for key, unit in units.items():
        shown = hass.states.get(f"sensor.linky_{key}")
        assert shown is not None
        assert shown.attributes["unit_of_measurement"] == unit


async def test_the_eve_of_a_white_day_within_a_red_one(
    hass: HomeAssistant, quick: None, everything: None, in_france: None, meter: Meter
) -> None:
    part = capture("standard_mono_tempo_red_peak_notice_01")
    data = frame(standard("ADSC", ADSC), part.strip(b"\x02\x03"))
    await plug(hass, meter, data)
    await until(lambda: state(hass, "sensor.linky_mobile_peak_2_end"))
    expected = {
        "sensor.linky_tempo_today": "red",
        "sensor.linky_tempo_tomorrow": "white",
        "binary_sensor.linky_peak_announced": STATE_ON,
        "binary_sensor.linky_peak_day": STATE_ON,
        "binary_sensor.linky_dry_contact": STATE_ON,
        "sensor.linky_mobile_peak_1_start": "2025-01-23T05:00:00+00:00",
        "sensor.linky_mobile_peak_1_end": "2025-01-24T05:00:00+00:00",
        "sensor.linky_mobile_peak_2_start": "2025-01-22T05:00:00+00:00",
        "sensor.linky_mobile_peak_2_end": "2025-01-23T05:00:00+00:00",
        "sensor.linky_mobile_peak_3_start": STATE_UNKNOWN,
        "sensor.linky_next_tariff_change": "2025-01-23T05:00:00+00:00",
    }
    assert {entity: state(hass, entity) for entity in expected} == expected


def ejp(*groups: bytes, ptec: str) -> bytes:
    return frame(
        historic("ADCO", ADCO),
        historic("OPTARIF", "EJP."),
        historic("ISOUSC", "45"),
        historic("EJPHN", "001111111"),
        historic("EJPHPM", "002222222"),
        *groups,
        historic("PTEC", ptec),
        historic("IINST", "005"),
        historic("PAPP", "01200"),
        historic("MOTDETAT", "000000"),
    )


async def test_an_ejp_day_is_announced_and_comes(
    hass: HomeAssistant, quick: None, meter: Meter
) -> None:
    await plug(hass, meter, ejp(ptec="HN.."))
    await until(shows(hass, "binary_sensor.linky_peak_announced", STATE_OFF))
    assert state(hass, "sensor.linky_tariff_option") == "ejp"
    assert state(hass, "sensor.linky_mobile_peak_1_start") is None
    notice = ejp(historic("PEJP", "30"), ptec="HN..")
    meter.send_historic(lambda: notice)
    await until(shows(hass, "binary_sensor.linky_peak_announced", STATE_ON))
    assert state(hass, "binary_sensor.linky_peak_day") == STATE_OFF
    running = ejp(historic("PEJP", "30"), ptec="PM..")
    meter.send_historic(lambda: running)
    await until(shows(hass, "binary_sensor.linky_peak_day", STATE_ON))
    await until(shows(hass, "sensor.linky_tariff_period", "ejp_peak"))
    meter.send_historic(lambda: ejp(ptec="HN.."))
    await until(shows(hass, "binary_sensor.linky_peak_day", STATE_OFF))
    await until(shows(hass, "binary_sensor.linky_peak_announced", STATE_OFF))


async def test_the_breaker_says_why_it_opened(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    await set_up(hass, entry)
    await until(shows(hass, "sensor.linky_breaker", "closed"))
    assert state(hass, "binary_sensor.linky_dry_contact") == STATE_ON
    meter.send_standard(lambda: standard_frame(0, stge="003A8043"))
    await until(shows(hass, "sensor.linky_breaker", "overpower"))
    assert state(hass, "binary_sensor.linky_overvoltage") == STATE_ON
    assert state(hass, "binary_sensor.linky_dry_contact") == STATE_OFF
    meter.send_standard(lambda: standard_frame(0, stge="003A8008"))
    await until(shows(hass, "sensor.linky_breaker", "remote_order"))


def with_groups(*groups: bytes) -> bytes:
    return standard_frame()[:-1] + b"".join(groups) + b"\x03"


async def test_relays_are_told_one_by_one(
    hass: HomeAssistant, quick: None, everything: None, meter: Meter
) -> None:
    # The example of the specification: 3, 4 and 8 are closed.
    await plug(hass, meter, with_groups(standard("RELAIS", "140")))
    await until(shows(hass, "binary_sensor.linky_virtual_relay_8", STATE_ON))
    closed = [
        n
        for n in range(2, 9)
        if state(hass, f"binary_sensor.linky_virtual_relay_{n}") == STATE_ON
    ]
    assert closed == [3, 4, 8]


async def test_an_absent_phase_is_told(
    hass: HomeAssistant, quick: None, everything: None, meter: Meter
) -> None:
    def with_absent(bits: str) -> bytes:
        return frame(
            historic("ADCO", ADCO),
            *(historic(f"IINST{n}", "005") for n in (1, 2, 3)),
            historic("PAPP", "03450"),
            historic("PPOT", bits),
        )

    # The lowest bit stands for no phase.
    await plug(hass, meter, with_absent("01"))
    await until(shows(hass, "binary_sensor.linky_phase_missing", STATE_OFF))
    meter.send_historic(lambda: with_absent("04"))
    await until(shows(hass, "binary_sensor.linky_phase_missing", STATE_ON))


async def test_the_drift_of_a_clock_is_told(
    hass: HomeAssistant, quick: None, everything: None, meter: Meter
) -> None:
    winter = timezone(timedelta(hours=1))

    def an_hour_and_a_half_ahead() -> bytes:
        shown = datetime.now(UTC).astimezone(winter) + timedelta(minutes=90)
        return frame(
            standard("ADSC", ADSC),
            standard("DATE", "", f"h{shown:%y%m%d%H%M%S}"),
            standard("SINSTS", "00500"),
            standard("STGE", "003B8000"),
        )

    meter.send_standard(an_hour_and_a_half_ahead)
    entry = linky_entry(meter.path)
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await until(lambda: state(hass, "sensor.linky_clock_drift"))
    # The time of a frame is told to the second.
    assert float(state(hass, "sensor.linky_clock_drift") or 0) == pytest.approx(
        5400, abs=2
    )
    assert state(hass, "binary_sensor.linky_clock_degraded") == STATE_ON


async def test_messages_are_shown_without_their_padding(
    hass: HomeAssistant, quick: None, everything: None, meter: Meter
) -> None:
    data = with_groups(
        standard("MSG1", "  COUPURE LE 12/03              "),
        standard("MSG2", " 12/03          "),
    )
    await plug(hass, meter, data)
    await until(shows(hass, "sensor.linky_message", "COUPURE LE 12/03"))
    assert state(hass, "sensor.linky_short_message") == "12/03"


async def test_the_power_factor_is_shown_once_it_is_learned(
    hass: HomeAssistant, quick: None, everything: None, meter: Meter
) -> None:
    entry = await plug(hass, meter, standard_frame(3000, irms=13))
    link = entry.runtime_data.link
    await until(shows(hass, "sensor.linky_power_factor_drawn", STATE_UNKNOWN))
    # Twenty minutes of frames, in the time of the link.
    began = time.monotonic()
    seconds = 0
    link.clock = lambda: began + seconds
    for seconds in range(1, 1200):
        east = 17_026_175 + int(seconds * 0.75)
        link._take(standard_frame(3000, irms=13, east=east))
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    await hass.async_block_till_done()
    assert float(state(hass, "sensor.linky_power_factor_drawn") or 0) == pytest.approx(
        90, abs=2
    )
    assert state(hass, "sensor.linky_net_power_quality") == "learned"
    assert link.reading.power_w == pytest.approx(2700, rel=0.02)
    assert link.reading.drawn_va == 3000.0


async def test_facts_of_the_meter_go_with_it(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    link = await set_up(hass, entry)
    await until(shows(hass, "sensor.linky_breaker", "closed"))
    meter.send_nothing()
    link.clock = lambda: time.monotonic() + 60
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=6))
    await hass.async_block_till_done()
    for entity in (
        "sensor.linky_breaker",
        "sensor.linky_net_power_quality",
        "binary_sensor.linky_dry_contact",
        "binary_sensor.linky_producer_mode",
    ):
        assert state(hass, entity) == STATE_UNAVAILABLE
    # The calendar of tomorrow stands for two minutes, as all that is slow.
    assert state(hass, "sensor.linky_next_tariff_change") != STATE_UNAVAILABLE


async def test_what_few_people_want_is_disabled_at_first(
    hass: HomeAssistant, quick: None, meter: Meter, entity_registry: er.EntityRegistry
) -> None:
    data = whole_frame("standard_tri_tempo_producer_mixed_phases_01")
    entry = await plug(hass, meter, data)
    await until(lambda: state(hass, "sensor.linky_current_phase_3"))
    rows = er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    enabled = {
        row.unique_id.partition("_")[2] for row in rows if row.disabled_by is None
    }
    assert {
        "net_power",
        "drawn_power_1",
        "east",
        "eait",
        "easf06",
        "max_drawn_today",
        "tempo_tomorrow",
        "next_switching",
        "breaker",
        "dry_contact",
        "producer",
        "net_power_quality",
    } <= enabled
    assert not enabled & {
        "erq1",
        "erq_total",
        "easd01",
        "reactive_power",
        "power_factor_drawn",
        "curve_drawn",
        "mean_voltage_1",
        "relay_2",
        "message",
        "clock_drift",
        "peak_1_start",
        "max_drawn_yesterday",
        "terminal_cover",
    }
    diagnostic = {
        row.unique_id.partition("_")[2]
        for row in rows
        if row.entity_category is EntityCategory.DIAGNOSTIC
    }
    assert {
        "clock_drift",
        "producer",
        "net_power_quality",
        "cutoff_power",
    } <= diagnostic
    assert not diagnostic & {"net_power", "east", "breaker", "dry_contact", "period"}


async def test_nobody_is_named(
    hass: HomeAssistant, quick: None, everything: None, meter: Meter
) -> None:
    entry = await plug(hass, meter, standard_frame(prm="98765432109876"))
    await until(shows(hass, "sensor.linky_net_power", "519.0"))
    assert "PRM" in entry.runtime_data.link.meter.seen
    for shown in hass.states.async_all():
        assert "98765432109876" not in f"{shown.state}{shown.attributes}"


async def test_the_calendar_of_tomorrow_is_told_though_the_next_change_stays(
    hass: HomeAssistant, quick: None, meter: Meter
) -> None:
    def blocks(*used: str) -> bytes:
        unused = ["NONUTILE"] * (11 - len(used))
        return standard("PJOURF+1", " ".join([*used, *unused]))

    def times() -> list[str]:
        change = hass.states.get("sensor.linky_next_tariff_change")
        assert change is not None
        return [step["time"] for step in change.attributes["tomorrow"]]

    data = standard_frame()
    entry = await plug(hass, meter, data)
    counters = entry.runtime_data.link.decoder.counters
    seen = counters.frames
    await until(lambda: counters.frames > seen + 3)
    assert times() == ["00:00", "02:56"]
    before = state(hass, "sensor.linky_next_tariff_change")
    before_midnight = blocks("00008002", "0256C001")
    assert before_midnight in data
    after = blocks("00008002", "0256C001", "12008002", "1400C001")
    meter.send_standard(lambda: data.replace(before_midnight, after))
    await until(lambda: times() == ["00:00", "02:56", "12:00", "14:00"])
    assert state(hass, "sensor.linky_next_tariff_change") == before
