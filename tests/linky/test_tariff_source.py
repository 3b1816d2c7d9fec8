"""A Linky as what tells the tariff: from captured bytes to what a Home makes of it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.control.model import (
    Colour,
    Contract,
    Period,
    PriceClass,
    Switching,
    TariffNow,
)
from custom_components.surplus.control.tariff.tariff import Tariff, TariffTerms
from custom_components.surplus.linky.tariff_source import tariff_of
from custom_components.surplus.registry import async_get_registry
from homeassistant.core import HomeAssistant

from .far_end import Meter, until
from .test_meter import Line
from .tic import ADCO, ADSC, capture, frame, historic, standard

PARIS = ZoneInfo("Europe/Paris")
SOURCE = f"linky:{ADSC}"


def heard(*pieces: bytes) -> Line:
    line = Line()
    line.send(*pieces)
    return line


def home(line: Line, wall: str) -> tuple[Tariff, TariffNow]:
    """Return what a Home without a word of its own makes of a meter."""
    tariff = Tariff(TariffTerms())
    local = datetime.fromisoformat(wall).replace(tzinfo=PARIS)
    tariff.see(tariff_of(line.meter, line.now), line.now, local)
    return tariff, tariff.look(line.now, local)


def historic_with(**labels: str) -> bytes:
    return frame(
        historic("ADCO", ADCO),
        *(historic(label, data) for label, data in labels.items()),
        historic("PAPP", "00500"),
        historic("MOTDETAT", "000000"),
    )


@pytest.mark.parametrize(
    ("name", "option", "period", "price_class"),
    [
        ("historic_mono_base_01", "base", Period.BASE, PriceClass.NORMAL),
        ("historic_mono_hphc_01", "peak_off_peak", Period.PEAK, PriceClass.NORMAL),
        ("historic_mono_tempo_01", "tempo", Period.TEMPO_BLUE_HC, PriceClass.CHEAP),
        ("historic_tri_ejp_01", "ejp", Period.EJP_NORMAL, PriceClass.NORMAL),
        ("standard_mono_hphc_weekend_01", "other", Period.OFF_PEAK, PriceClass.CHEAP),
        (
            "standard_mono_tempo_red_peak_notice_01",
            "tempo",
            Period.TEMPO_RED_HC,
            PriceClass.NORMAL,
        ),
        (
            "standard_tri_tempo_producer_mixed_phases_01",
            "tempo",
            Period.TEMPO_BLUE_HP,
            PriceClass.NORMAL,
        ),
    ],
)
def test_every_contract_is_told_by_a_captured_meter(
    name: str, option: str, period: Period, price_class: PriceClass
) -> None:
    tariff, now = home(heard(capture(name)), "2026-01-20 23:00")
    assert tariff.contract == Contract(option)
    assert (now.period, now.price_class) == (period, price_class)


def test_a_historic_tempo_meter_tells_tomorrows_colour() -> None:
    line = heard(capture("historic_mono_tempo_01"))
    reading = tariff_of(line.meter, line.now)
    assert reading is not None
    assert (reading.today, reading.tomorrow) == (Colour.BLUE, Colour.RED)
    assert reading.contact_closed is None
    _, now = home(line, "2026-01-20 23:00")
    assert [span.period for span in now.ahead] == [
        Period.TEMPO_BLUE_HC,
        Period.TEMPO_RED_HP,
        Period.TEMPO_RED_HC,
    ]


def test_a_standard_tempo_meter_tells_days_and_times_of_peaks() -> None:
    line = heard(capture("standard_mono_tempo_red_peak_notice_01"))
    reading = tariff_of(line.meter, line.now)
    assert reading is not None
    assert (reading.today, reading.tomorrow) == (Colour.RED, Colour.WHITE)
    assert (reading.peak_notice, reading.peak_running) == (1, 2)
    assert reading.contact_closed is True
    assert [
        (peak.number, peak.begins.isoformat(), peak.ends.isoformat())
        for peak in reading.peaks
    ] == [
        (1, "2025-01-23T06:00:00", "2025-01-24T06:00:00"),
        (2, "2025-01-22T06:00:00", "2025-01-23T06:00:00"),
    ]
    assert all(peak.begins.tzinfo is None for peak in reading.peaks)
    assert reading.profile_tomorrow[1] == Switching(
        minute=360, index=2, contact_closed=None
    )
    _, now = home(line, "2025-01-22 23:00")
    assert [span.period for span in now.ahead] == [
        Period.TEMPO_RED_HC,
        Period.TEMPO_WHITE_HP,
        Period.TEMPO_WHITE_HC,
    ]


def test_a_supplier_with_a_profile_of_his_own_is_looked_ahead_by_it() -> None:
    line = heard(capture("standard_mono_hphc_weekend_01"))
    _, now = home(line, "2026-06-10 03:30")
    assert [
        (f"{span.begins.astimezone(PARIS):%d %H:%M}", span.period.value)
        for span in now.ahead
    ] == [
        ("10 03:30", "off_peak"),
        ("10 07:56", "index_2"),
        ("10 11:56", "off_peak"),
        ("10 14:56", "index_2"),
        ("11 02:56", "off_peak"),
        ("11 07:56", "index_2"),
        ("11 11:56", "off_peak"),
        ("11 14:56", "index_2"),
    ]


@pytest.mark.parametrize(
    ("labels", "period", "running", "notice"),
    [
        ({"OPTARIF": "EJP.", "PTEC": "HN.."}, Period.EJP_NORMAL, 0, 0),
        ({"OPTARIF": "EJP.", "PEJP": "30", "PTEC": "HN.."}, Period.EJP_NORMAL, 0, 1),
        ({"OPTARIF": "EJP.", "PTEC": "PM.."}, Period.EJP_PEAK, 1, 0),
    ],
)
def test_a_historic_ejp_meter_gives_notice(
    labels: dict[str, str], period: Period, running: int, notice: int
) -> None:
    reading = tariff_of((line := heard(historic_with(**labels))).meter, line.now)
    assert reading is not None
    assert reading.period is period
    assert (reading.peak_running, reading.peak_notice) == (running, notice)


def test_a_standard_meter_with_ejp_is_dear_in_its_peak() -> None:
    line = heard(
        frame(
            standard("ADSC", ADSC),
            standard("NGTF", "      EJP       "),
            standard("LTARF", " POINTE MOBILE  "),
            standard("SINSTS", "00500"),
            standard("STGE", "403A4401"),
            standard("DPM1", "00", " 260120070000"),
            standard("FPM1", "00", " 260121010000"),
            standard("NTARF", "02"),
        )
    )
    _, now = home(line, "2026-01-20 12:00")
    assert (now.period, now.price_class) == (Period.EJP_PEAK, PriceClass.DEAR)
    assert now.ahead[0].ends.astimezone(PARIS).hour == 1
    assert now.contact_closed is False


@pytest.mark.parametrize(
    ("groups", "closed"),
    [
        ([standard("RELAIS", "001"), standard("STGE", "003A4401")], True),
        ([standard("RELAIS", "140"), standard("STGE", "003A4400")], False),
        ([standard("STGE", "003A4400")], True),
        ([standard("STGE", "003A4401")], False),
        ([standard("NTARF", "01")], None),
    ],
)
def test_the_dry_contact_is_relay_one_or_a_bit_of_the_register(
    groups: list[bytes], closed: bool | None
) -> None:
    line = heard(frame(standard("ADSC", ADSC), standard("NTARF", "01"), *groups))
    reading = tariff_of(line.meter, line.now)
    assert reading is not None
    assert reading.contact_closed is closed


def test_a_notice_without_an_end_or_backwards_is_none() -> None:
    line = heard(
        frame(
            standard("ADSC", ADSC),
            standard("NTARF", "01"),
            standard("DPM1", "00", " 260120070000"),
            standard("DPM2", "00", " 260120070000"),
            standard("FPM2", "00", " 260119070000"),
        )
    )
    reading = tariff_of(line.meter, line.now)
    assert reading is not None
    assert reading.peaks == ()


def test_it_tells_nothing_once_what_it_said_is_old() -> None:
    line = heard(historic_with(OPTARIF="HC..", PTEC="HC.."))
    assert tariff_of(line.meter, line.now) is not None
    assert tariff_of(line.meter, line.now + 3600) is None


async def test_the_entry_offers_its_own_meters_tariff(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    source = async_get_registry(hass).tariffs[SOURCE]
    assert source.name == "Linky"
    await until(lambda: source.tariff is not None)
    reading = source.tariff
    assert (reading.period, reading.option) == (
        Period.OFF_PEAK,
        Contract.PEAK_OFF_PEAK,
    )
    assert reading.at is not None
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert async_get_registry(hass).tariffs == {}


async def test_another_meters_tariff_is_not_told(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    source = async_get_registry(hass).tariffs[SOURCE]
    await until(lambda: source.tariff is not None)
    source.link.meter.identity = "031664999999"
    assert source.tariff is None
