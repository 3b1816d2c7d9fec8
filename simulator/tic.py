"""TIC frames: from a meter's values to the bytes it sends (Enedis-NOI-CPT_54E).

Pure. A frame is ``STX group+ ETX``; a group is ``LF label SEP data SEP checksum CR`` with
SEP = space in historic mode and tab in standard mode, where a time stamp may stand
between label and data.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .tariff import TariffOption, TariffPeriod

STX = b"\x02"
ETX = b"\x03"
EOT = b"\x04"


class TicMode(StrEnum):
    """The two output modes."""

    HISTORIC = "historic"
    STANDARD = "standard"

    @property
    def baud(self) -> int:
        """Line rate; 7 data bits, even parity, 1 stop bit in both modes."""
        return 1200 if self is TicMode.HISTORIC else 9600


@dataclass(frozen=True, kw_only=True, slots=True)
class Peak:
    """A value and the local time it belongs to."""

    value: int
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseValues:
    """What the meter shows for one phase: whole amperes, volts and VA drawn."""

    current_a: int
    voltage_v: int
    drawn_va: int
    max_va: Peak
    max_yesterday_va: Peak


@dataclass(frozen=True, kw_only=True, slots=True)
class MeterValues:
    """Everything a frame may carry. Times are local and aware; energies in Wh.

    ``supplier_wh`` and ``distributor_wh`` hold one index per number; their sums are
    ``drawn_wh``. ``overload`` says per phase whether the reference is exceeded now.
    """

    serial: str
    wall: datetime
    producer: bool
    option: TariffOption
    period: TariffPeriod
    subscribed_kva: int
    cutoff_kva: int
    drawn_wh: int
    supplier_wh: tuple[int, ...]
    distributor_wh: tuple[int, ...]
    injected_wh: int
    reactive_varh: tuple[int, int, int, int]
    phases: tuple[PhaseValues, ...]
    drawn_va: int
    injected_va: int
    injecting: bool
    max_drawn: Peak
    max_drawn_yesterday: Peak
    max_injected: Peak
    max_injected_yesterday: Peak
    mean_drawn_w: tuple[Peak, Peak]
    mean_injected_w: tuple[Peak, Peak]
    overload: tuple[bool, ...] = ()
    breaker_open: bool = False
    prm: str = "00000000000000"

    @property
    def overloaded(self) -> bool:
        """Whether any phase exceeds the reference."""
        return any(self.overload)


def checksum(zone: str) -> str:
    """Return the character that protects ``zone``: six bits of the sum, plus 0x20."""
    return chr((sum(zone.encode("ascii")) & 0x3F) + 0x20)


def historic_group(label: str, data: str) -> bytes:
    """Encode a historic group: the separator before the checksum is not counted."""
    zone = f"{label} {data}"
    return f"\n{zone} {checksum(zone)}\r".encode("ascii")


def standard_group(label: str, data: str, at: str | None = None) -> bytes:
    """Encode a standard group: the separator before the checksum is counted."""
    stamp = "" if at is None else f"{at}\t"
    zone = f"{label}\t{stamp}{data}\t"
    return f"\n{zone}{checksum(zone)}\r".encode("ascii")


def horodate(wall: datetime) -> str:
    """Write a local time as ``SAAMMJJhhmmss``; S is H in winter, E in summer."""
    season = "E" if wall.dst() else "H"
    return f"{season}{wall:%y%m%d%H%M%S}"


def reference_current_a(values: MeterValues) -> int:
    """Return the current per phase that the subscription stands for (200 V)."""
    return values.subscribed_kva * 1000 // 200 // len(values.phases)


def historic_groups(values: MeterValues) -> list[bytes]:
    """Encode the groups of a long historic frame, in the table's order."""
    three = len(values.phases) == 3
    groups = [
        historic_group("ADCO", values.serial),
        historic_group("OPTARIF", values.option.optarif),
        historic_group("ISOUSC", f"{reference_current_a(values):02d}"),
    ]
    groups += [
        historic_group(
            period.historic_index, f"{values.supplier_wh[period.index - 1]:09d}"
        )
        for period in values.option.periods
    ]
    groups.append(historic_group("PTEC", values.period.ptec))
    if values.period.colour:
        groups.append(historic_group("DEMAIN", "----"))
    groups += _historic_currents(values)
    if not three and values.overloaded:
        groups.append(historic_group("ADPS", f"{values.phases[0].current_a:03d}"))
    if three:
        groups += [historic_group(f"IMAX{n}", "060") for n in (1, 2, 3)]
        yesterday = values.max_drawn_yesterday.value
        groups.append(historic_group("PMAX", f"{yesterday:05d}"))
    else:
        groups.append(historic_group("IMAX", "090"))
    groups += [
        historic_group("PAPP", f"{round(values.drawn_va, -1):05d}"),
        historic_group("HHPHC", "A"),
        historic_group("MOTDETAT", "000000"),
    ]
    if three:
        groups.append(historic_group("PPOT", "00"))
    return groups


def _historic_currents(values: MeterValues) -> list[bytes]:
    if len(values.phases) == 1:
        return [historic_group("IINST", f"{values.phases[0].current_a:03d}")]
    return [
        historic_group(f"IINST{n}", f"{phase.current_a:03d}")
        for n, phase in enumerate(values.phases, start=1)
    ]


def historic_short_groups(values: MeterValues) -> list[bytes]:
    """Encode the groups of a short frame: three-phase, while a phase is overloaded."""
    warnings = [
        historic_group(f"ADIR{n}", f"{phase.current_a:03d}")
        for n, (phase, over) in enumerate(
            zip(values.phases, values.overload, strict=True), start=1
        )
        if over
    ]
    return [
        *warnings,
        historic_group("ADCO", values.serial),
        *_historic_currents(values),
    ]


def standard_groups(values: MeterValues) -> list[bytes]:
    """Encode the groups of a standard frame, in the table's order."""
    group = standard_group
    three = len(values.phases) == 3
    groups = [
        group("ADSC", values.serial),
        group("VTIC", "02"),
        group("DATE", "", horodate(values.wall)),
        group("NGTF", values.option.ngtf),
        group("LTARF", values.period.ltarf),
        group("EAST", f"{values.drawn_wh:09d}"),
    ]
    groups += [
        group(f"EASF{n:02d}", f"{wh:09d}")
        for n, wh in enumerate(values.supplier_wh, start=1)
    ]
    groups += [
        group(f"EASD{n:02d}", f"{wh:09d}")
        for n, wh in enumerate(values.distributor_wh, start=1)
    ]
    if values.producer:
        groups.append(group("EAIT", f"{values.injected_wh:09d}"))
        groups += [
            group(f"ERQ{n}", f"{varh:09d}")
            for n, varh in enumerate(values.reactive_varh, start=1)
        ]
    numbered = list(enumerate(values.phases, start=1))
    groups += [group(f"IRMS{n}", f"{phase.current_a:03d}") for n, phase in numbered]
    groups += [group(f"URMS{n}", f"{phase.voltage_v:03d}") for n, phase in numbered]
    groups += [
        group("PREF", f"{values.subscribed_kva:02d}"),
        group("PCOUP", f"{values.cutoff_kva:02d}"),
        group("SINSTS", f"{values.drawn_va:05d}"),
    ]
    if three:
        groups += [group(f"SINSTS{n}", f"{p.drawn_va:05d}") for n, p in numbered]
    groups.append(_peak("SMAXSN", values.max_drawn))
    if three:
        groups += [_peak(f"SMAXSN{n}", p.max_va) for n, p in numbered]
    groups.append(_peak("SMAXSN-1", values.max_drawn_yesterday))
    if three:
        groups += [_peak(f"SMAXSN{n}-1", p.max_yesterday_va) for n, p in numbered]
    if values.producer:
        groups += [
            group("SINSTI", f"{values.injected_va:05d}"),
            _peak("SMAXIN", values.max_injected),
            _peak("SMAXIN-1", values.max_injected_yesterday),
        ]
    groups += [
        _peak("CCASN", values.mean_drawn_w[0]),
        _peak("CCASN-1", values.mean_drawn_w[1]),
    ]
    if values.producer:
        groups += [
            _peak("CCAIN", values.mean_injected_w[0]),
            _peak("CCAIN-1", values.mean_injected_w[1]),
        ]
    ten_minutes = values.wall.replace(
        minute=values.wall.minute // 10 * 10, second=0, microsecond=0
    )
    groups += [
        group(f"UMOY{n}", f"{phase.voltage_v:03d}", horodate(ten_minutes))
        for n, phase in numbered
    ]
    groups += [
        group("STGE", f"{status_register(values):08X}"),
        group("MSG1", "PAS DE          MESSAGE         "),
        group("PRM", values.prm),
        group("RELAIS", "001" if values.period.contact_closed else "000"),
        group("NTARF", f"{values.period.index:02d}"),
        group("NJOURF", "00"),
        group("NJOURF+1", "00"),
        group("PJOURF+1", values.option.day_profile),
    ]
    return groups


def _peak(label: str, peak: Peak) -> bytes:
    return standard_group(label, f"{peak.value:05d}", horodate(peak.at))


def status_register(values: MeterValues) -> int:
    """Return STGE, the 32-bit status register of standard mode."""
    clock_good_standard_registered = 0x003A0000
    register = clock_good_standard_registered
    register |= 0 if values.period.contact_closed else 1
    register |= (1 if values.breaker_open else 0) << 1
    register |= values.overloaded << 7
    register |= values.producer << 8
    register |= values.injecting << 9
    register |= (values.period.index - 1) << 10
    register |= (distributor_index(values.period.index) - 1) << 14
    register |= values.period.colour << 24
    return register


def distributor_index(supplier_index: int) -> int:
    """Return the distributor index (1 to 4) that counts with a supplier index."""
    return min(supplier_index, 4)


def long_frame(mode: TicMode, values: MeterValues) -> bytes:
    """Encode a whole frame of either mode."""
    groups = historic_groups if mode is TicMode.HISTORIC else standard_groups
    return STX + b"".join(groups(values)) + ETX


def short_frame(values: MeterValues) -> bytes:
    """Encode a short historic frame."""
    return STX + b"".join(historic_short_groups(values)) + ETX


def interrupted_frame(values: MeterValues) -> bytes:
    """Encode a long historic frame that is cut at a group boundary."""
    groups = historic_groups(values)
    return STX + b"".join(groups[: len(groups) // 2]) + EOT
