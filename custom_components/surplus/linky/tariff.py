"""One view of the tariff from what either mode tells about it.

The switching moment is the meter's: PTEC, NTARF and LTARF are what it bills by.
LTARF is free text of the supplier (``    HC  BLEU    `` and ``BLEU HC         `` are the
same tariff on two meters), so words are matched, never positions.
"""

from collections.abc import Callable
from typing import Final

from ..control.model import Colour, Contract, Period, TariffReading
from .status import Status

_PTEC: Final = {
    "TH..": Period.BASE,
    "HC..": Period.OFF_PEAK,
    "HP..": Period.PEAK,
    "HN..": Period.EJP_NORMAL,
    "PM..": Period.EJP_PEAK,
    "HCJB": Period.TEMPO_BLUE_HC,
    "HPJB": Period.TEMPO_BLUE_HP,
    "HCJW": Period.TEMPO_WHITE_HC,
    "HPJW": Period.TEMPO_WHITE_HP,
    "HCJR": Period.TEMPO_RED_HC,
    "HPJR": Period.TEMPO_RED_HP,
}
_PTEC_COLOURS: Final = {"B": Colour.BLUE, "W": Colour.WHITE, "R": Colour.RED}
_DEMAIN: Final = {"BLEU": Colour.BLUE, "BLAN": Colour.WHITE, "ROUG": Colour.RED}

_WORD_COLOURS: Final = {
    "BLEU": Colour.BLUE,
    "BLEUE": Colour.BLUE,
    "BLANC": Colour.WHITE,
    "BLANCHE": Colour.WHITE,
    "ROUGE": Colour.RED,
}
_OFF_PEAK_WORDS: Final = frozenset({"HC", "CREUSE", "CREUSES"})
_PEAK_WORDS: Final = frozenset({"HP", "PLEINE", "PLEINES"})
_TEMPO: Final = {
    (Colour.BLUE, True): Period.TEMPO_BLUE_HC,
    (Colour.BLUE, False): Period.TEMPO_BLUE_HP,
    (Colour.WHITE, True): Period.TEMPO_WHITE_HC,
    (Colour.WHITE, False): Period.TEMPO_WHITE_HP,
    (Colour.RED, True): Period.TEMPO_RED_HC,
    (Colour.RED, False): Period.TEMPO_RED_HP,
}


def historic_tariff(get: Callable[[str], str | None]) -> TariffReading:
    """Read the tariff of historic mode; ``get`` returns a label's data."""
    ptec = get("PTEC") or ""
    return TariffReading(
        option=_historic_option(get("OPTARIF")),
        period=_PTEC.get(ptec),
        today=_PTEC_COLOURS.get(ptec[-1:], Colour.NONE)
        if ptec[2:3] == "J"
        else Colour.NONE,
        tomorrow=_DEMAIN.get(get("DEMAIN") or "", Colour.NONE),
        peak_notice=int(get("PEJP") is not None),
        peak_running=int(ptec == "PM.."),
    )


def standard_tariff(
    get: Callable[[str], str | None], status: Status | None
) -> TariffReading:
    """Read the tariff of standard mode; ``get`` returns a label's data."""
    index = int(ntarf) if (ntarf := get("NTARF")) is not None else None
    if index is None and status is not None:
        index = status.supplier_index
    label = plain(get("LTARF"))
    calendar = plain(get("NGTF"))
    today = status.today if status is not None else Colour.NONE
    return TariffReading(
        option=_standard_option((calendar or "").upper(), today),
        period=_period(label, index, today),
        index=index,
        label=label,
        calendar=calendar,
        today=today,
        tomorrow=status.tomorrow if status is not None else Colour.NONE,
        peak_notice=status.peak_notice if status is not None else 0,
        peak_running=status.peak_running if status is not None else 0,
        contact_closed=_contact_closed(get("RELAIS"), status),
    )


def _contact_closed(relais: str | None, status: Status | None) -> bool | None:
    """Return the state of relay 1, the dry contact behind C1 and C2."""
    if relais is not None:
        return bool(int(relais) & 1)
    return None if status is None else not status.contact_open


def plain(text: str | None) -> str | None:
    """Return a text of the meter without its padding; None when nothing is left."""
    return " ".join((text or "").split()) or None


def _historic_option(optarif: str | None) -> Contract | None:
    if optarif is None:
        return None
    match optarif:
        case "BASE":
            return Contract.BASE
        case "HC..":
            return Contract.PEAK_OFF_PEAK
        case "EJP.":
            return Contract.EJP
        # The fourth character encodes relay programmes.
        case _ if optarif.startswith("BBR"):
            return Contract.TEMPO
        case _:
            return Contract.OTHER


def _standard_option(calendar: str, today: Colour) -> Contract | None:
    words = calendar.replace("/", " ").split()
    if today is not Colour.NONE or "TEMPO" in words:
        return Contract.TEMPO
    if words == ["BASE"]:
        return Contract.BASE
    if "EJP" in words:
        return Contract.EJP
    if words == ["H", "PLEINE", "CREUSE"]:
        return Contract.PEAK_OFF_PEAK
    return Contract.OTHER if words else None


def _period(label: str | None, index: int | None, today: Colour) -> Period | None:
    """Match the supplier's words; fall back to the bare number."""
    words = frozenset((label or "").upper().replace("-", " ").split())
    off_peak = bool(words & _OFF_PEAK_WORDS)
    if off_peak is not bool(words & _PEAK_WORDS):
        colours = [_WORD_COLOURS[word] for word in words if word in _WORD_COLOURS]
        if colours:
            return _TEMPO[colours[0], off_peak]
        # A Tempo calendar whose labels leave the colour to the register.
        if today is not Colour.NONE:
            return _TEMPO[today, off_peak]
        return Period.OFF_PEAK if off_peak else Period.PEAK
    if words == {"BASE"}:
        return Period.BASE
    if index is not None and 1 <= index <= 10:
        return Period(f"index_{index}")
    return None
