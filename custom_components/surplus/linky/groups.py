"""One group of the TIC: its bytes, and what they say.

    group := label SEP [horodate SEP] data SEP checksum

The check is weak (1 corruption in 64 passes it, and it cannot see lost pairs of
spaces), so the width and the characters of every known label are checked as well.
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final, NamedTuple

from .labels import IDENTITY_LABELS, LABELS, Kind, Label, TicMode

_SP: Final = 32
_HEX_DIGITS: Final = frozenset("0123456789ABCDEF")
_LABEL_CHARACTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-")
_MAX_LABEL: Final = 10


# A named tuple: a frozen dataclass takes twice as long to make, and one is made for every
# byte sequence that comes in.
class Group(NamedTuple):
    """One value as the meter wrote it; ``spec`` is None for an unknown label."""

    label: str
    data: str
    horodate: str | None
    mode: TicMode
    spec: Label | None


class Flaw(Enum):
    """Why bytes are no group.

    Not label, data and checksum; another checksum; not the label's width or characters.
    """

    STRUCTURE = auto()
    CHECKSUM = auto()
    VALUE = auto()


def read_group(body: bytes) -> Group | Flaw:
    """Decode label to checksum (7-bit bytes), without what surrounds them."""
    match body[-2:-1]:
        case b"\t":
            mode, separator, zone = TicMode.STANDARD, "\t", body[:-1]
        case b" ":
            mode, separator, zone = TicMode.HISTORIC, " ", body[:-2]
        case _:
            return Flaw.STRUCTURE
    if checksum(zone) != body[-1]:
        return Flaw.CHECKSUM
    match body[:-2].decode("ascii").split(separator):
        case [label, data]:
            horodate = None
        case [label, horodate, data] if mode is TicMode.STANDARD:
            pass
        case _:
            return Flaw.STRUCTURE
    spec = LABELS.get(label)
    if not (
        _is_value(spec, mode, horodate, data)
        if spec is not None
        else _is_unknown(label, horodate, data)
    ):
        return Flaw.VALUE
    return Group(label, data, horodate, mode, spec)


def _plain_numbers() -> Iterator[tuple[bytes, tuple[str, int, bytes, int, Label]]]:
    """Label to its name, width, separator and what the checksum leaves out of that."""
    for label in LABELS.values():
        if (
            label.kind is Kind.NUMBER
            and not label.horodate
            and label.name not in IDENTITY_LABELS
        ):
            standard = label.mode is TicMode.STANDARD
            yield (
                label.name.encode(),
                (
                    label.name,
                    label.width,
                    b"\t" if standard else b" ",
                    0 if standard else _SP,
                    label,
                ),
            )


_NUMBERS: Final = dict(_plain_numbers())


def plain_number(segment: bytes) -> Group | None:
    """Decode a sound group of a plain number; None for everything else.

    Nothing is counted here: this is the short way for what moves from frame to frame.
    """
    separator = segment[-2:-1]
    if not separator:
        return None
    name, _, rest = segment.partition(separator)
    row = _NUMBERS.get(name)
    if row is None:
        return None
    label, width, expected, outside, spec = row
    data = rest[:-2]
    check = segment[-1]
    if (
        len(data) == width
        and data.isdigit()
        and separator == expected
        and (sum(segment) - check - outside & 0x3F) + 0x20 == check
    ):
        return tuple.__new__(Group, (label, data.decode(), None, spec.mode, spec))
    return None


def _is_value(spec: Label, mode: TicMode, horodate: str | None, data: str) -> bool:
    """Whether the data has the label's separator, width and characters."""
    if mode is not spec.mode or spec.horodate is not (horodate is not None):
        return False
    if horodate is not None and not is_horodate(horodate):
        return False
    match spec.kind:
        case Kind.NUMBER:
            return len(data) == spec.width and data.isdigit()
        case Kind.HEX:
            return len(data) == spec.width and _HEX_DIGITS.issuperset(data)
        case Kind.CODE:
            return len(data) == spec.width and data.isprintable()
        case Kind.TEXT:
            return len(data) <= spec.width and data.isprintable()
        case _:
            return not data


def _is_unknown(label: str, horodate: str | None, data: str) -> bool:
    """Whether this may be a label of another meter rather than debris of a known one."""
    return (
        2 <= len(label) <= _MAX_LABEL
        and label[0].isalpha()
        and _LABEL_CHARACTERS.issuperset(label)
        and (horodate is None or is_horodate(horodate))
        and data.isprintable()
    )


def is_horodate(text: str) -> bool:
    """Whether this is SAAMMJJhhmmss with S one of H, E, h, e or space (54E, §6.2.1.1)."""
    return len(text) == 13 and text[0] in "HEhe " and text[1:].isdigit()


def checksum(zone: bytes) -> int:
    """Return the check character of a zone (54E, §6.2.2): always 0x20 to 0x5F."""
    return (sum(zone) & 0x3F) + 0x20
