"""STGE, the 32-bit status register of standard mode (Enedis-NOI-CPT_54E v3, §6.2.3.14)."""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from ..control.model import Colour


class CutOff(IntEnum):
    """State of the cut-off device."""

    CLOSED = 0
    OVERPOWER = 1
    OVERVOLTAGE = 2
    LOAD_SHEDDING = 3
    REMOTE_ORDER = 4
    OVERHEAT_OVER_MAXIMUM = 5
    OVERHEAT = 6
    UNDEFINED = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """The register, decoded.

    ``injecting`` is the direction of active energy, whatever the contract.
    ``producer`` is the meter's mode: only then it sends what it injects.
    ``supplier_index`` is 1 to 16 (1 to 10 are in use), ``distributor_index`` 1 to 4.
    ``peak_notice`` and ``peak_running`` are 0 or the number of the mobile peak.
    ``euridis`` and ``plc`` are the raw codes.
    """

    contact_open: bool
    cut_off: CutOff
    cover_open: bool
    overvoltage: bool
    overload: bool
    producer: bool
    injecting: bool
    supplier_index: int
    distributor_index: int
    clock_degraded: bool
    standard_mode: bool
    euridis: int
    plc: int
    plc_synchronised: bool
    today: Colour
    tomorrow: Colour
    peak_notice: int
    peak_running: int


# The same register comes for hours, and a dozen entities read it in every frame.
@lru_cache(maxsize=16)
def parse_status(text: str) -> Status | None:
    """Decode the eight hexadecimal digits; None when they are not."""
    try:
        register = int(text, 16)
    except ValueError:
        return None

    def bits(first: int, width: int = 1) -> int:
        return register >> first & (1 << width) - 1

    return Status(
        contact_open=bool(bits(0)),
        cut_off=CutOff(bits(1, 3)),
        cover_open=bool(bits(4)),
        overvoltage=bool(bits(6)),
        overload=bool(bits(7)),
        producer=bool(bits(8)),
        injecting=bool(bits(9)),
        supplier_index=bits(10, 4) + 1,
        distributor_index=bits(14, 2) + 1,
        clock_degraded=bool(bits(16)),
        standard_mode=bool(bits(17)),
        euridis=bits(19, 2),
        plc=bits(21, 2),
        plc_synchronised=bool(bits(23)),
        today=Colour(bits(24, 2)),
        tomorrow=Colour(bits(26, 2)),
        peak_notice=bits(28, 2),
        peak_running=bits(30, 2),
    )
