"""What users have in entities is understood, and nothing is guessed."""

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.model import Colour, Contract, Period
from custom_components.surplus.control.tariff.published import (
    Published,
    is_silent,
    period_of_index,
    read_published,
)

HPHC, TEMPO, EJP = Contract.PEAK_OFF_PEAK, Contract.TEMPO, Contract.EJP
OTHER, BASE = Contract.OTHER, Contract.BASE


@pytest.mark.parametrize(
    "text",
    [
        *("HC", "hc", " HC ", "HC..", '"HC"', "'HC'", '"\\"HC\\""', "Heures Creuses"),
        *("heure creuse", "    HEURE  CREUSE  ", "off-peak", "offpeak", "Off Peak"),
        *("off_peak", "OFF-PEAK", '{"state": "HC"}', '{"state": "off-peak", "x": 1}'),
        *("1", "1.0", "index_1", "Index 1", '{"state": 1}', "low", "tarif HC"),
        *("'\"HC\"'", '\'{"state": "HC"}\''),
    ],
)
def test_off_peak_is_said_in_many_ways(text: str) -> None:
    assert read_published(text, HPHC) == Published(period=Period.OFF_PEAK)


@pytest.mark.parametrize(
    "text",
    [
        *("HP", "HP..", "'hp'", "heures pleines", "HEURE PLEINE", "peak", "on-peak"),
        *("Peak", "2", "index_2", '{"state": "HP"}', '"peak"', "high"),
    ],
)
def test_peak_is_said_in_many_ways(text: str) -> None:
    assert read_published(text, HPHC) == Published(period=Period.PEAK)


@pytest.mark.parametrize("contract", [BASE, HPHC, TEMPO, OTHER])
@pytest.mark.parametrize(
    ("text", "cheap"),
    [
        *(("on", True), ("ON", True), ("true", True), ("True", True), ("yes", True)),
        *(("oui", True), ("true ", True), ('{"state": true}', True)),
        *(("off", False), ("false", False), ("no", False), ("non", False)),
        *(("0", False), ("0.0", False), ('{"state": false}', False)),
    ],
)
def test_what_is_on_is_cheap(text: str, cheap: bool, contract: Contract) -> None:
    assert read_published(text, contract) == Published(cheap=cheap)


@pytest.mark.parametrize("text", ["on", "off", "true", "0"])
def test_of_ejp_nobody_knows_what_on_means(text: str) -> None:
    assert read_published(text, EJP) is None


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("HPJR", Period.TEMPO_RED_HP),
        ("HCJB", Period.TEMPO_BLUE_HC),
        ("hcjw", Period.TEMPO_WHITE_HC),
        ("TEMPO_BLEU_HC", Period.TEMPO_BLUE_HC),
        ("bleu hp", Period.TEMPO_BLUE_HP),
        ("HP ROUGE", Period.TEMPO_RED_HP),
        ("    HC  BLEU    ", Period.TEMPO_BLUE_HC),
        ("HC BLANC", Period.TEMPO_WHITE_HC),
        ("tempo_white_hp", Period.TEMPO_WHITE_HP),
        ("Red off-peak", Period.TEMPO_RED_HC),
        ("jour rouge, heures pleines", Period.TEMPO_RED_HP),
        ('{"state": "HPJR"}', Period.TEMPO_RED_HP),
        ("6", Period.TEMPO_RED_HP),
        ("index 3", Period.TEMPO_WHITE_HC),
    ],
)
def test_a_tempo_period_is_a_colour_and_its_hours(text: str, period: Period) -> None:
    told = read_published(text, TEMPO)
    assert told is not None
    assert told.period is period


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        *(("Bleu", Colour.BLUE), ("BLANC", Colour.WHITE), ("rouge", Colour.RED)),
        *(("TEMPO_ROUGE", Colour.RED), ("white", Colour.WHITE), ("BLAN", Colour.WHITE)),
        *(("jour bleu", Colour.BLUE), ("🔴", Colour.RED), ("⚪\ufe0f", Colour.WHITE)),
        *(('{"state": "ROUG"}', Colour.RED), ("Red day", Colour.RED)),
    ],
)
def test_a_colour_alone_is_one_of_a_day(text: str, colour: Colour) -> None:
    assert read_published(text, TEMPO) == Published(colour=colour)
    assert read_published(text, TEMPO).tells_day
    assert read_published(text, HPHC) is None


@pytest.mark.parametrize(("text", "cheap"), [("HC", True), ("HP", False), ("1", True)])
def test_hours_alone_are_half_of_a_tempo_period(text: str, cheap: bool) -> None:
    assert read_published(text, TEMPO) == Published(cheap=cheap)
    assert not read_published(text, TEMPO).tells_day


@pytest.mark.parametrize(
    ("text", "period"),
    [
        *(("HN..", Period.EJP_NORMAL), ("PM..", Period.EJP_PEAK)),
        *(("ejp_normal", Period.EJP_NORMAL), ("ejp_peak", Period.EJP_PEAK)),
        *(("Heures normales", Period.EJP_NORMAL), ("Pointe mobile", Period.EJP_PEAK)),
        *(("EST EJP", Period.EJP_PEAK), ("NON EJP", Period.EJP_NORMAL)),
        *(("1", Period.EJP_NORMAL), ("2", Period.EJP_PEAK)),
    ],
)
def test_ejp_has_its_own_words(text: str, period: Period) -> None:
    assert read_published(text, EJP) == Published(period=period)
    assert read_published(text, EJP).tells_day


@pytest.mark.parametrize("text", ["TH..", "base", "BASE"])
def test_one_price_is_one_period(text: str) -> None:
    assert read_published(text, BASE) == Published(period=Period.BASE)
    assert read_published(text, HPHC) is None


@pytest.mark.parametrize(
    ("text", "period"), [("3", Period.INDEX_3), ("index_10", Period.INDEX_10)]
)
def test_what_has_several_indexes_tells_their_number(text: str, period: Period) -> None:
    assert read_published(text, OTHER) == Published(period=period)


@pytest.mark.parametrize("contract", list(Contract))
@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "HC/HP", "HP HC", "pas HC", "fin HC", "super creuses", "HC 22h-6h"),
        *("bleu blanc HC", "12.5", "-1", "11", "nan", "inf", "1e400", "0x1", "index"),
        *("index trois", '{"value": "HC"}', '{"state": null}', "[1]", '{"state": [1]}'),
        *('{"state": {"state": {"state": {"state": "HC"}}}}', '"HC', "'", "{", "HC🚀"),
        *("0,5", "HC " * 100, '{"state": ""}', "HC and so on", "HN and so on"),
        *("tarif", "heures", "HN PM", "base HC", "base HP", "base bleu"),
    ],
)
def test_what_says_something_else_says_nothing(text: str, contract: Contract) -> None:
    assert read_published(text, contract) is None


@pytest.mark.parametrize(
    "text", ["", "----", "unknown", "Unavailable", "inconnu", "Non défini", '"none"']
)
def test_nothing_is_no_garbage(text: str) -> None:
    assert is_silent(text)
    assert not is_silent("HC")


@given(st.text(max_size=300), st.sampled_from(list(Contract)))
def test_nothing_makes_it_raise(text: str, contract: Contract) -> None:
    told = read_published(text, contract)
    assert told is None or told != Published()


@pytest.mark.parametrize("period", list(Period))
def test_every_period_is_understood_by_its_own_name(period: Period) -> None:
    contract = {"t": TEMPO, "e": EJP, "b": BASE, "i": OTHER}.get(period[0], HPHC)
    assert read_published(period.value, contract).period is period


def test_a_number_that_no_contract_has_is_no_period() -> None:
    assert period_of_index(0, OTHER) is None
    assert period_of_index(3, HPHC) is None
    assert period_of_index(7, TEMPO) is None
