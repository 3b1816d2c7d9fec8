"""The label table, the status register, horodates and tariff words."""

from datetime import UTC, datetime

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.model import (
    Colour,
    Contract,
    Period,
    TariffReading,
)
from custom_components.surplus.linky.horodate import parse_horodate
from custom_components.surplus.linky.labels import LABELS, Kind, TicMode
from custom_components.surplus.linky.status import CutOff, parse_status
from custom_components.surplus.linky.tariff import historic_tariff, standard_tariff


def test_every_label_is_in_the_table_once() -> None:
    names = [label.name for label in LABELS.values()]
    assert names == list(LABELS)
    assert sum(row.mode is TicMode.HISTORIC for row in LABELS.values()) == 36
    assert sum(row.mode is TicMode.STANDARD for row in LABELS.values()) == 71
    assert all(label.meaning for label in LABELS.values())


@pytest.mark.parametrize(
    ("name", "width", "unit", "flags"),
    [
        ("ADCO", 12, "", set()),
        ("PAPP", 5, "VA", set()),
        ("ADPS", 3, "A", {"presence"}),
        ("ADIR2", 3, "A", {"presence", "three_phase"}),
        ("BBRHPJR", 9, "Wh", {"index"}),
        ("EASF10", 9, "Wh", {"index"}),
        ("EAIT", 9, "Wh", {"index", "producer"}),
        ("IRMS1", 3, "A", set()),
        ("IRMS3", 3, "A", {"three_phase"}),
        ("SMAXSN3-1", 5, "VA", {"three_phase", "horodate"}),
        ("CCAIN-1", 5, "W", {"producer", "horodate"}),
        ("FPM3", 2, "", {"presence", "horodate"}),
        ("PCOUP", 2, "kVA", {"steady"}),
        ("PPOINTE", 98, "", {"presence"}),
    ],
)
def test_a_row_says_what_the_specification_says(
    name: str, width: int, unit: str, flags: set[str]
) -> None:
    row = LABELS[name]
    assert (row.width, row.unit) == (width, unit)
    every = ("horodate", "three_phase", "producer", "presence", "steady", "index")
    assert {flag for flag in every if getattr(row, flag)} == flags


def test_only_numbers_count_as_energy() -> None:
    assert all(row.kind is Kind.NUMBER for row in LABELS.values() if row.index)


def test_the_register_of_a_consumer() -> None:
    status = parse_status("003A8000")
    assert status is not None
    assert not status.contact_open
    assert not status.producer
    assert not status.injecting
    assert status.supplier_index == 1
    assert status.distributor_index == 3
    assert status.standard_mode
    assert status.euridis == 3
    assert status.plc == 1
    assert not status.plc_synchronised
    assert status.cut_off is CutOff.CLOSED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "003A4401",
            {"contact_open": True, "supplier_index": 2, "distributor_index": 2},
        ),
        (
            "002A0301",
            {
                "contact_open": True,
                "producer": True,
                "injecting": True,
                "supplier_index": 1,
                "distributor_index": 1,
            },
        ),
        (
            "013A0501",
            {
                "producer": True,
                "injecting": False,
                "supplier_index": 2,
                "today": Colour.BLUE,
            },
        ),
        (
            "9B3A9000",
            {
                "today": Colour.RED,
                "tomorrow": Colour.WHITE,
                "peak_notice": 1,
                "peak_running": 2,
                "supplier_index": 5,
                "distributor_index": 3,
            },
        ),
        (
            "AF3A9100",
            {
                "producer": True,
                "today": Colour.RED,
                "tomorrow": Colour.RED,
                "peak_notice": 2,
                "peak_running": 2,
            },
        ),
        (
            "423ACD01",
            {
                "producer": True,
                "today": Colour.WHITE,
                "peak_running": 1,
                "peak_notice": 0,
                "supplier_index": 4,
                "distributor_index": 4,
            },
        ),
        ("003A4201", {"producer": False, "injecting": True}),
        (
            "010A4601",
            {
                "producer": False,
                "injecting": True,
                "today": Colour.BLUE,
                "supplier_index": 2,
            },
        ),
        ("000A4411", {"cover_open": True}),
        ("003A0080", {"overload": True}),
        ("003A0042", {"overvoltage": True, "cut_off": CutOff.OVERPOWER}),
        ("003B0000", {"clock_degraded": True}),
        ("00BA0000", {"plc_synchronised": True}),
    ],
)
def test_registers_of_real_meters(text: str, expected: dict[str, object]) -> None:
    status = parse_status(text)
    assert status is not None
    assert {name: getattr(status, name) for name in expected} == expected


@given(st.integers(0, 0xFFFFFFFF))
def test_no_register_raises(register: int) -> None:
    status = parse_status(f"{register:08X}")
    assert status is not None
    assert 1 <= status.supplier_index <= 16


def test_a_register_that_is_none() -> None:
    assert parse_status("no digit") is None


@pytest.mark.parametrize(
    ("text", "utc", "degraded"),
    [
        ("H191203125805", datetime(2019, 12, 3, 11, 58, 5, tzinfo=UTC), False),
        ("E170915101601", datetime(2017, 9, 15, 8, 16, 1, tzinfo=UTC), False),
        # The hour that exists twice.
        ("E251026023000", datetime(2025, 10, 26, 0, 30, tzinfo=UTC), False),
        ("H251026023000", datetime(2025, 10, 26, 1, 30, tzinfo=UTC), False),
        ("h000101000000", datetime(1999, 12, 31, 23, 0, tzinfo=UTC), True),
        ("e170915101601", datetime(2017, 9, 15, 8, 16, 1, tzinfo=UTC), True),
    ],
)
def test_the_season_letter_places_a_horodate(
    text: str, utc: datetime, degraded: bool
) -> None:
    horodate = parse_horodate(text)
    assert horodate is not None
    assert horodate.when == utc
    assert horodate.degraded is degraded


def test_a_horodate_without_a_season_is_local() -> None:
    horodate = parse_horodate(" 250123060000")
    assert horodate is not None
    assert horodate.when == datetime(2025, 1, 23, 6)  # noqa: DTZ001 - local is meant
    assert not horodate.degraded


@pytest.mark.parametrize("text", ["X250123060000", "H251323060000", "H", ""])
def test_what_is_no_horodate(text: str) -> None:
    assert parse_horodate(text) is None


@pytest.mark.parametrize(
    ("optarif", "ptec", "option", "period"),
    [
        ("BASE", "TH..", Contract.BASE, Period.BASE),
        ("HC..", "HC..", Contract.PEAK_OFF_PEAK, Period.OFF_PEAK),
        ("HC..", "HP..", Contract.PEAK_OFF_PEAK, Period.PEAK),
        ("EJP.", "HN..", Contract.EJP, Period.EJP_NORMAL),
        ("EJP.", "PM..", Contract.EJP, Period.EJP_PEAK),
        ("BBR(", "HCJB", Contract.TEMPO, Period.TEMPO_BLUE_HC),
        ("BBR*", "HPJW", Contract.TEMPO, Period.TEMPO_WHITE_HP),
        ("BBR3", "HPJR", Contract.TEMPO, Period.TEMPO_RED_HP),
        ("????", "??..", Contract.OTHER, None),
        (None, None, None, None),
    ],
)
def test_the_historic_period(
    optarif: str | None,
    ptec: str | None,
    option: Contract | None,
    period: Period | None,
) -> None:
    tariff = historic_tariff({"OPTARIF": optarif, "PTEC": ptec}.get)
    assert (tariff.option, tariff.period) == (option, period)


def test_historic_tempo_tells_both_colours() -> None:
    values = {"OPTARIF": "BBR(", "PTEC": "HCJB", "DEMAIN": "ROUG"}
    tariff = historic_tariff(values.get)
    assert (tariff.today, tariff.tomorrow) == (Colour.BLUE, Colour.RED)
    assert historic_tariff({"DEMAIN": "----"}.get).tomorrow is Colour.NONE
    assert historic_tariff({"PTEC": "HP.."}.get).today is Colour.NONE


def test_an_ejp_notice_is_there_while_it_is_sent() -> None:
    assert historic_tariff({"PEJP": "30"}.get).peak_notice
    assert not historic_tariff({}.get).peak_notice


@pytest.mark.parametrize(
    ("ltarf", "period"),
    [
        ("    HC  BLEU    ", Period.TEMPO_BLUE_HC),
        ("BLEU HC         ", Period.TEMPO_BLUE_HC),
        ("HP BLANC", Period.TEMPO_WHITE_HP),
        ("    HC  ROUGE   ", Period.TEMPO_RED_HC),
        ("HEURE PLEINE ROUGE", Period.TEMPO_RED_HP),
        (" HEURE  CREUSE  ", Period.OFF_PEAK),
        ("HEURES PLEINES", Period.PEAK),
        ("      BASE      ", Period.BASE),
        ("INDEX NON CONSO ", Period.INDEX_2),
        ("H PLEINE/CREUSE ", Period.INDEX_2),
        ("HC HP", Period.INDEX_2),
        ("", Period.INDEX_2),
    ],
)
def test_the_words_of_the_supplier_are_matched(ltarf: str, period: Period) -> None:
    tariff = standard_tariff({"LTARF": ltarf, "NTARF": "02"}.get, None)
    assert tariff.period is period
    assert tariff.index == 2


def test_the_register_stands_in_for_what_was_not_sent() -> None:
    status = parse_status("9B3A9000")
    tariff = standard_tariff({"NGTF": "     TEMPO      "}.get, status)
    assert tariff == TariffReading(
        option=Contract.TEMPO,
        period=Period.INDEX_5,
        index=5,
        label=None,
        today=Colour.RED,
        tomorrow=Colour.WHITE,
        calendar="TEMPO",
        peak_notice=1,
        peak_running=2,
        contact_closed=True,
    )


def test_a_tempo_label_without_colour_takes_that_of_the_register() -> None:
    status = parse_status("9B3A9000")
    tariff = standard_tariff({"LTARF": "HEURE CREUSE"}.get, status)
    assert tariff.period is Period.TEMPO_RED_HC


@pytest.mark.parametrize(
    ("ngtf", "option"),
    [
        ("      BASE      ", Contract.BASE),
        ("H PLEINE/CREUSE ", Contract.PEAK_OFF_PEAK),
        ("     TEMPO      ", Contract.TEMPO),
        ("EJP", Contract.EJP),
        (" HC et Week-End ", Contract.OTHER),
        (None, None),
    ],
)
def test_the_calendar_names_the_option(
    ngtf: str | None, option: Contract | None
) -> None:
    assert standard_tariff({"NGTF": ngtf}.get, None).option is option


@pytest.mark.parametrize(
    ("ntarf", "period"), [("01", Period.INDEX_1), ("10", Period.INDEX_10)]
)
def test_the_first_and_the_last_index_are_periods(ntarf: str, period: Period) -> None:
    assert standard_tariff({"NTARF": ntarf}.get, None).period is period


@pytest.mark.parametrize("ntarf", ["00", "11", "99"])
def test_an_index_that_no_meter_has_is_no_period(ntarf: str) -> None:
    assert standard_tariff({"NTARF": ntarf}.get, None).period is None
