"""TIC bytes for tests, written after the specification and not with the decoder."""

from collections.abc import Iterator
from pathlib import Path

CAPTURES = Path(__file__).parent.parent / "fixtures" / "tic"

ADSC = "031664000000"
ADCO = "021861000000"


def capture(name: str) -> bytes:
    return (CAPTURES / f"{name}.tic").read_bytes()


def capture_names() -> list[str]:
    return sorted(path.stem for path in CAPTURES.glob("*.tic"))


def historic(label: str, data: str) -> bytes:
    zone = f"{label} {data}".encode()
    return b"\n" + zone + b" " + bytes([(sum(zone) & 0x3F) + 0x20]) + b"\r"


def standard(label: str, data: str, horodate: str | None = None) -> bytes:
    stamp = "" if horodate is None else f"{horodate}\t"
    zone = f"{label}\t{stamp}{data}\t".encode()
    return b"\n" + zone + bytes([(sum(zone) & 0x3F) + 0x20]) + b"\r"


def frame(*groups: bytes) -> bytes:
    return b"\x02" + b"".join(groups) + b"\x03"


def historic_frame(
    papp: int = 1200, iinst: int = 5, base: int = 12_345_678, *, adco: str = ADCO
) -> bytes:
    return frame(
        historic("ADCO", adco),
        historic("OPTARIF", "BASE"),
        historic("ISOUSC", "30"),
        historic("BASE", f"{base:09}"),
        historic("PTEC", "TH.."),
        historic("IINST", f"{iinst:03}"),
        historic("IMAX", "090"),
        historic("PAPP", f"{papp:05}"),
        historic("HHPHC", "A"),
        historic("MOTDETAT", "000000"),
    )


def standard_frame(
    sinsts: int = 519,
    *,
    sinsti: int | None = None,
    adsc: str = ADSC,
    east: int = 17_026_175,
    eait: int = 4_000_000,
    irms: int = 2,
    urms: int = 232,
    stge: str = "003A8000",
    ltarf: str = " HEURE  CREUSE  ",
    pcoup: int = 9,
    prm: str = "01234567890123",
) -> bytes:
    producer = sinsti is not None
    return frame(
        standard("ADSC", adsc),
        standard("VTIC", "02"),
        standard("DATE", "", "H191203125805"),
        standard("NGTF", "H PLEINE/CREUSE "),
        standard("LTARF", ltarf),
        standard("EAST", f"{east:09}"),
        standard("EASF01", f"{east - 1000:09}"),
        standard("EASF02", "000001000"),
        standard("EASF03", "000000000"),
        *((standard("EAIT", f"{eait:09}"),) if producer else ()),
        standard("IRMS1", f"{irms:03}"),
        standard("URMS1", f"{urms:03}"),
        standard("PREF", "09"),
        standard("PCOUP", f"{pcoup:02}"),
        standard("SINSTS", f"{sinsts:05}"),
        *((standard("SINSTI", f"{sinsti:05}"),) if producer else ()),
        standard("UMOY1", f"{urms:03}", "H191203125000"),
        standard("STGE", stge),
        standard("MSG1", "PAS DE          MESSAGE         "),
        standard("PRM", prm),
        standard("NTARF", "01"),
        standard("PJOURF+1", " ".join(["00008002", "0256C001", *["NONUTILE"] * 9])),
    )


def three_phase_frame(
    *,
    sinsts: int,
    phases: tuple[tuple[int, int, int], ...],
    stge: str = "003A0001",
    sinsti: int | None = None,
    east: int | None = None,
) -> bytes:
    """``phases`` are (IRMSn, URMSn, SINSTSn)."""
    return frame(
        standard("ADSC", "021663000000"),
        *((standard("EAST", f"{east:09}"),) if east is not None else ()),
        *(standard(f"IRMS{n}", f"{a:03}") for n, (a, _, _) in enumerate(phases, 1)),
        *(standard(f"URMS{n}", f"{v:03}") for n, (_, v, _) in enumerate(phases, 1)),
        standard("PREF", "12"),
        standard("PCOUP", "12"),
        standard("SINSTS", f"{sinsts:05}"),
        *(standard(f"SINSTS{n}", f"{s:05}") for n, (_, _, s) in enumerate(phases, 1)),
        *((standard("SINSTI", f"{sinsti:05}"),) if sinsti is not None else ()),
        standard("STGE", stge),
        standard("NTARF", "01"),
        standard("PJOURF+1", " ".join(["00008002", *["NONUTILE"] * 10])),
    )


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
