"""Reads what users have in entities: the words of every integration and template.

``HC``, ``off-peak``, ``TEMPO_BLEU_HC``, ``bleu hp``, quoted, as JSON text or in an
object's ``state``, on and off, or the number of an index. What says two things at once,
or something else as well, says nothing: a period that is guessed costs money.
"""

from dataclasses import dataclass
import json
import re
import unicodedata

from ..model import Colour, Contract, Period
from .tempo import TEMPO_PERIODS

_EJP_PERIODS = frozenset((Period.EJP_NORMAL, Period.EJP_PEAK))

# What stands for a colour that is not announced yet, and for nothing at all.
_SILENT = frozenset(
    (
        *("", "----", "-", "NONE", "NULL", "UNKNOWN", "UNAVAILABLE", "UNDEFINED"),
        *("INCONNU", "INCONNUE", "NON DEFINI", "NON DISPONIBLE", "ND", "N/A"),
    )
)
_SYMBOLS = {"🔵": " BLEU ", "⚪": " BLANC ", "🔴": " ROUGE "}
_LONGEST = 255
_DEEPEST = 4

_COLOURS = {
    **dict.fromkeys(("BLEU", "BLEUE", "BLEUS", "BLUE", "JB", "BLAU"), Colour.BLUE),
    **dict.fromkeys(("BLANC", "BLANCHE", "BLAN", "WHITE", "JW", "WEISS"), Colour.WHITE),
    **dict.fromkeys(("ROUGE", "ROUGES", "ROUG", "RED", "JR", "ROT"), Colour.RED),
}
# By the letter behind HCJ and HPJ.
_LETTERS = {"B": Colour.BLUE, "W": Colour.WHITE, "R": Colour.RED}
_OFF_PEAK = frozenset(
    ("HC", "OFFPEAK", "CREUSE", "CREUSES", "CREUX", "LOW", "CHEAP", "NIGHT")
)
_PEAK = frozenset(("HP", "PEAK", "ONPEAK", "PLEINE", "PLEINES", "PLEIN", "HIGH", "DAY"))
_EJP_NORMAL = frozenset(("HN", "NORMAL", "NORMALE", "NORMALES", "NON"))
_EJP_PEAK = frozenset(("PM", "POINTE", "MOBILE", "PEAK", "EST", "PEAKDAY"))
_BASE = frozenset(("BASE", "TH"))
_TRUE = frozenset(("ON", "TRUE", "YES", "OUI", "VRAI"))
_FALSE = frozenset(("OFF", "FALSE", "NO", "NON", "FAUX"))
_OF_CONTRACT = {
    Contract.TEMPO: frozenset(("TEMPO",)),
    Contract.EJP: frozenset(("EJP",)),
}
# Beside a word that says it, these say nothing more.
_FILLERS = frozenset(
    (
        *("TARIF", "TARIFF", "RATE", "PERIOD", "PERIODE", "DE"),
        *("HEURE", "HEURES", "HOUR", "HOURS", "JOUR", "JOURS"),
        *("ETE", "HIVER", "SUMMER", "WINTER"),
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What a value says: a period, a colour, or only whether it is cheap."""

    period: Period | None = None
    colour: Colour = Colour.NONE
    cheap: bool | None = None

    @property
    def tells_day(self) -> bool:
        """Whether it says what kind of day it is, of Tempo or EJP."""
        return self.colour is not Colour.NONE or self.period in _EJP_PERIODS


def is_silent(text: str) -> bool:
    """Return whether a value says that there is none."""
    return _plain(text).strip(" '\"") in _SILENT


def read_published(text: str, contract: Contract) -> Published | None:
    """Return what a value says under a contract; None when it says nothing clear."""
    bare = _unwrapped(text)
    # A number below 0 is none of an index.
    words = _words(bare) if bare is not None and bare[0] not in "-+" else []
    if not words:
        return None
    if len(words) == 1 and (number := _number(words[0])) is not None:
        return _of_number(number, contract)
    if words[0] in ("INDEX", "IDX", "NTARF", "EASF") and len(words) == 2:
        number = _number(words[1])
        return _of_index(number, contract) if number is not None else None
    if len(words) == 1 and (words[0] in _TRUE or words[0] in _FALSE):
        return _of_switch(words[0] in _TRUE, contract)
    return _of_words(words, contract)


def _unwrapped(text: str) -> str | None:
    """Take a value out of quotes and JSON; None where there is none in it."""
    for _ in range(_DEEPEST):
        text = text.strip()
        if not text or len(text) > _LONGEST:
            return None
        if text[0] == text[-1] == "'" and len(text) > 1:
            text = text[1:-1]
            continue
        if text[0] not in '"{[':
            return text
        try:
            value = json.loads(text)
        except ValueError:
            return None
        if isinstance(value, dict):
            value = value.get("state")
        if isinstance(value, str):
            text = value
        elif isinstance(value, bool | int | float):
            return str(value)
        else:
            return None
    return None


def _words(text: str) -> list[str]:
    """Return the words of a text in capitals, without accents and punctuation."""
    plain = _plain(text)
    plain = re.sub(r"\b(OFF|ON)[-_ ]*PEAK\b", r"\1PEAK", plain.replace("_", " "))
    # PTEC, alone or behind its dots: HPJB, HC.., TH..
    plain = re.sub(r"\bH([CP])J([BWR])\b", r"H\1 J\2", plain)
    if re.search(r"[^A-Z0-9 .,:;/()'’\-]", plain):
        return []
    separated = re.sub(r"[ ,:;/()'’\-]+|\.(?!\d)", " ", plain)
    return separated.split()


def _plain(text: str) -> str:
    """Return a text in capitals without accents, and with words for symbols."""
    for symbol, word in _SYMBOLS.items():
        text = text.replace(symbol, word)
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(one for one in decomposed if _is_base(one)).upper()


def _is_base(character: str) -> bool:
    # Of a symbol and of a letter: what only changes how it looks.
    return (
        not unicodedata.combining(character)
        and character != "\N{VARIATION SELECTOR-16}"
    )


def _number(word: str) -> int | None:
    """Return a whole number, be it written as 1.0."""
    try:
        value = float(word)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None


def _of_number(number: int, contract: Contract) -> Published | None:
    """Take a number for an index, 0 for off; 1 is on, and the cheap index of most."""
    if number == 0:
        return _of_switch(False, contract)
    if number == 1 and contract is Contract.TEMPO:
        # What is on, or the index of a blue night: both are off-peak, on a blue day.
        return Published(cheap=True)
    return _of_index(number, contract)


def _of_index(number: int, contract: Contract) -> Published | None:
    period = period_of_index(number, contract)
    return Published(period=period) if period is not None else None


def period_of_index(number: int, contract: Contract) -> Period | None:
    """Return the period that a supplier index has by custom, None without such one."""
    match contract:
        case Contract.BASE:
            periods: tuple[Period, ...] = (Period.BASE,)
        case Contract.PEAK_OFF_PEAK:
            periods = (Period.OFF_PEAK, Period.PEAK)
        case Contract.EJP:
            periods = (Period.EJP_NORMAL, Period.EJP_PEAK)
        case Contract.TEMPO:
            periods = tuple(TEMPO_PERIODS.values())
        case Contract.OTHER:
            periods = tuple(Period(f"index_{n}") for n in range(1, 11))
    return periods[number - 1] if 1 <= number <= len(periods) else None


def _of_switch(cheap: bool, contract: Contract) -> Published | None:
    # Whether on is the peak or is not, of an EJP day, nobody can know.
    return None if contract is Contract.EJP else Published(cheap=cheap)


def _of_words(words: list[str], contract: Contract) -> Published | None:
    """Match all words; each must say the same, or nothing of itself."""
    said = set(words) - _OF_CONTRACT.get(contract, frozenset())
    colours = {_COLOURS[word] for word in said if word in _COLOURS}
    said = {word for word in said if word not in _COLOURS}
    if contract is Contract.EJP:
        return None if colours else _of_ejp(said)
    # "Day" is also in "the day's colour".
    if colours:
        said -= {"DAY"}
    off_peak, peak = bool(said & _OFF_PEAK), bool(said & _PEAK)
    rest = said - _OFF_PEAK - _PEAK - _FILLERS
    if not rest and len(colours) <= 1 and (off_peak is not peak or colours):
        if off_peak and peak:
            return None
        if colours:
            return _of_colour(colours.pop(), off_peak, peak, contract)
        return _of_hours(off_peak, contract)
    if not colours and not off_peak and not peak and rest and rest <= _BASE:
        return Published(period=Period.BASE) if contract is Contract.BASE else None
    return None


def _of_colour(
    colour: Colour, off_peak: bool, peak: bool, contract: Contract
) -> Published | None:
    if contract is not Contract.TEMPO:
        return None
    if off_peak is peak:
        return Published(colour=colour)
    return Published(period=TEMPO_PERIODS[colour, off_peak], colour=colour)


def _of_hours(off_peak: bool, contract: Contract) -> Published | None:
    if contract is Contract.PEAK_OFF_PEAK:
        return Published(period=Period.OFF_PEAK if off_peak else Period.PEAK)
    # Of Tempo it is half of what must be known, of a flat tariff a contradiction.
    return None if contract is Contract.BASE else Published(cheap=off_peak)


def _of_ejp(said: set[str]) -> Published | None:
    named = said - _FILLERS
    normal, peak = bool(named & _EJP_NORMAL), bool(named & _EJP_PEAK)
    if named - _EJP_NORMAL - _EJP_PEAK or normal is peak:
        return None
    return Published(period=Period.EJP_PEAK if peak else Period.EJP_NORMAL)
