"""Every label a TIC output can send, in both modes.

Sources: Enedis-NOI-CPT_54E v3 (Linky, historic and standard mode) and
Enedis-NOI-CPT_02E v6 (historic mode of the meters before). Units are implicit on the
line: numbers are zero-padded decimals of a fixed width.
"""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from enum import Enum, StrEnum
from functools import partial
from typing import Final

# How long a value stands for the present. Standard frames last 1 to 2 s. In historic
# mode an overloaded three-phase meter sends 20 short frames (up to 17 s) before the
# next long one, so what only long frames carry must last longer than that.
INSTANT_AGE_S: Final = 10.0
LONG_FRAME_AGE_S: Final = 30.0
SLOW_AGE_S: Final = 120.0


class TicMode(StrEnum):
    """What the meter's output is programmed to; the distributor chooses."""

    HISTORIC = "historic"
    STANDARD = "standard"


class Kind(Enum):
    """What the data of a label may look like."""

    NUMBER = "number"
    HEX = "hex"
    # Exactly the width.
    CODE = "code"
    # Padded with spaces; stored copies lose the padding, so the width is an upper bound.
    TEXT = "text"
    # The horodate is the value.
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Label:
    """One row of the table.

    ``presence`` labels mean something by being there at all, and end when a whole long
    frame comes without them. ``steady`` ones hardly ever change: a new value is
    believed when it was seen twice. ``index`` ones count energy and never go back.
    """

    name: str
    width: int
    meaning: str
    unit: str = ""
    kind: Kind = Kind.NUMBER
    _: KW_ONLY
    mode: TicMode
    horodate: bool = False
    three_phase: bool = False
    producer: bool = False
    presence: bool = False
    steady: bool = False
    index: bool = False
    max_age_s: float = SLOW_AGE_S


def _historic() -> Iterator[Label]:
    row = partial(Label, mode=TicMode.HISTORIC)
    yield row("ADCO", 12, "serial number")
    yield row("OPTARIF", 4, "tariff option", "", Kind.CODE, steady=True)
    yield row("ISOUSC", 2, "subscribed current, at 200 V", "A", steady=True)
    for name, meaning in (
        ("BASE", "energy drawn, base or total"),
        ("HCHC", "energy drawn, off-peak"),
        ("HCHP", "energy drawn, peak"),
        ("EJPHN", "energy drawn, EJP normal"),
        ("EJPHPM", "energy drawn, EJP mobile peak"),
        ("BBRHCJB", "energy drawn, Tempo blue off-peak"),
        ("BBRHPJB", "energy drawn, Tempo blue peak"),
        ("BBRHCJW", "energy drawn, Tempo white off-peak"),
        ("BBRHPJW", "energy drawn, Tempo white peak"),
        ("BBRHCJR", "energy drawn, Tempo red off-peak"),
        ("BBRHPJR", "energy drawn, Tempo red peak"),
    ):
        yield row(name, 9, meaning, "Wh", index=True)
    yield row("PEJP", 2, "notice of an EJP peak", "min", presence=True)
    yield row("PTEC", 4, "current period", "", Kind.CODE)
    yield row("DEMAIN", 4, "Tempo colour of tomorrow", "", Kind.CODE)
    yield row("IINST", 3, "current", "A", max_age_s=INSTANT_AGE_S)
    yield row("ADPS", 3, "overload", "A", presence=True, max_age_s=LONG_FRAME_AGE_S)
    yield row("IMAX", 3, "maximum current", "A")
    for n in (1, 2, 3):
        yield row(
            f"IINST{n}",
            3,
            f"current, phase {n}",
            "A",
            three_phase=True,
            max_age_s=INSTANT_AGE_S,
        )
        yield row(
            f"ADIR{n}",
            3,
            f"overload, phase {n}",
            "A",
            three_phase=True,
            presence=True,
            max_age_s=LONG_FRAME_AGE_S,
        )
        yield row(f"IMAX{n}", 3, f"maximum current, phase {n}", "A", three_phase=True)
    yield row("PMAX", 5, "maximum power of yesterday", "VA", three_phase=True)
    yield row("PAPP", 5, "apparent power drawn", "VA", max_age_s=LONG_FRAME_AGE_S)
    yield row("HHPHC", 1, "hour programme", "", Kind.CODE)
    yield row("MOTDETAT", 6, "status word, reserved", "", Kind.CODE)
    yield row("PPOT", 2, "absent phases, bits 1 to 3", "", Kind.HEX, three_phase=True)
    yield row("GAZ", 7, "gas volume", "dal")
    yield row("AUTRE", 7, "other volume", "dal")


def _standard() -> Iterator[Label]:
    row = partial(Label, mode=TicMode.STANDARD)
    yield row("ADSC", 12, "serial number")
    yield row("VTIC", 2, "TIC version", steady=True)
    yield row("DATE", 0, "clock of the meter", "", Kind.EMPTY, horodate=True)
    yield row("NGTF", 16, "supplier calendar", "", Kind.TEXT)
    yield row("LTARF", 16, "current supplier tariff", "", Kind.TEXT)
    yield row("EAST", 9, "energy drawn", "Wh", index=True)
    for n in range(1, 11):
        yield row(
            f"EASF{n:02}", 9, f"energy drawn, supplier index {n}", "Wh", index=True
        )
    for n in range(1, 5):
        yield row(
            f"EASD{n:02}", 9, f"energy drawn, distributor index {n}", "Wh", index=True
        )
    yield row("EAIT", 9, "energy injected", "Wh", producer=True, index=True)
    for n in range(1, 5):
        yield row(
            f"ERQ{n}",
            9,
            f"reactive energy, quadrant {n}",
            "varh",
            producer=True,
            index=True,
        )
    for n in (1, 2, 3):
        tri = n > 1
        yield row(
            f"IRMS{n}",
            3,
            f"current, phase {n}",
            "A",
            three_phase=tri,
            max_age_s=INSTANT_AGE_S,
        )
        yield row(
            f"URMS{n}",
            3,
            f"voltage, phase {n}",
            "V",
            three_phase=tri,
            max_age_s=INSTANT_AGE_S,
        )
        yield row(
            f"UMOY{n}",
            3,
            f"mean voltage over 10 min, phase {n}",
            "V",
            horodate=True,
            three_phase=tri,
        )
    yield row("PREF", 2, "subscribed power", "kVA", steady=True)
    yield row("PCOUP", 2, "cut-off power", "kVA", steady=True)
    yield row("SINSTS", 5, "apparent power drawn", "VA", max_age_s=INSTANT_AGE_S)
    yield row("SMAXSN", 5, "maximum drawn today", "VA", horodate=True)
    yield row("SMAXSN-1", 5, "maximum drawn yesterday", "VA", horodate=True)
    for n in (1, 2, 3):
        yield row(
            f"SINSTS{n}",
            5,
            f"apparent power drawn, phase {n}",
            "VA",
            three_phase=True,
            max_age_s=INSTANT_AGE_S,
        )
        yield row(
            f"SMAXSN{n}",
            5,
            f"maximum drawn today, phase {n}",
            "VA",
            horodate=True,
            three_phase=True,
        )
        # Nine characters: the specification's own limit of eight does not hold.
        yield row(
            f"SMAXSN{n}-1",
            5,
            f"maximum drawn yesterday, phase {n}",
            "VA",
            horodate=True,
            three_phase=True,
        )
    yield row(
        "SINSTI",
        5,
        "apparent power injected",
        "VA",
        producer=True,
        max_age_s=INSTANT_AGE_S,
    )
    yield row("SMAXIN", 5, "maximum injected today", "VA", horodate=True, producer=True)
    yield row(
        "SMAXIN-1", 5, "maximum injected yesterday", "VA", horodate=True, producer=True
    )
    for name, meaning, producer in (
        ("CCASN", "load curve drawn, last point", False),
        ("CCASN-1", "load curve drawn, point before", False),
        ("CCAIN", "load curve injected, last point", True),
        ("CCAIN-1", "load curve injected, point before", True),
    ):
        yield row(name, 5, meaning, "W", horodate=True, producer=producer)
    yield row("STGE", 8, "status register", "", Kind.HEX, max_age_s=INSTANT_AGE_S)
    for n in (1, 2, 3):
        yield row(
            f"DPM{n}", 2, f"start of mobile peak {n}", horodate=True, presence=True
        )
        yield row(f"FPM{n}", 2, f"end of mobile peak {n}", horodate=True, presence=True)
    yield row("MSG1", 32, "short message", "", Kind.TEXT)
    yield row("MSG2", 16, "very short message", "", Kind.TEXT)
    yield row("PRM", 14, "delivery point", "", Kind.NUMBER)
    yield row("RELAIS", 3, "closed relays, sum of bits")
    yield row("NTARF", 2, "current supplier index")
    yield row("NJOURF", 2, "day profile of today")
    yield row("NJOURF+1", 2, "day profile of tomorrow")
    yield row("PJOURF+1", 98, "switching of tomorrow", "", Kind.CODE)
    yield row(
        "PPOINTE",
        98,
        "switching of the next mobile-peak day",
        "",
        Kind.CODE,
        presence=True,
    )


LABELS: Final[dict[str, Label]] = {
    label.name: label for label in (*_historic(), *_standard())
}

IDENTITY_LABELS: Final = frozenset({"ADCO", "ADSC"})
PRIVATE_LABELS: Final = IDENTITY_LABELS | {"PRM"}

# What a short overload frame of historic three-phase mode is made of.
SHORT_FRAME_LABELS: Final = frozenset(
    {"ADCO", "ADIR1", "ADIR2", "ADIR3", "IINST1", "IINST2", "IINST3"}
)
OVERLOAD_WARNINGS: Final = frozenset({"ADPS", "ADIR1", "ADIR2", "ADIR3"})
# What comes last in a whole frame.
CLOSING_LABELS: Final = frozenset({"MOTDETAT", "PPOT", "PJOURF+1", "PPOINTE"})
