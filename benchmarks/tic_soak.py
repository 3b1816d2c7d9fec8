"""A million damaged frames: what gets through, and what must not.

    python -m benchmarks.tic_soak [--frames 1000000] [--seed 1]

Meters send moving values; every frame is damaged on its way, in one way or two. One
decoder reads them all, in portions. Whatever it accepts is either what was sent, or
something the check of the TIC cannot see: an oracle that shares no code with the decoder
finds it in the received bytes, with its own checksum, width and characters. An energy index
must, besides, be within what a house can draw of the truth, and never go back; a serial
number must have headed two frames in a row.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
import re
import resource
import sys
import time
from typing import Final

from custom_components.surplus.linky.frames import Decoder, Frame
from custom_components.surplus.linky.groups import Group
from custom_components.surplus.linky.labels import LABELS, Kind, Label
from custom_components.surplus.linky.meter import Meter

ROOT = Path(__file__).resolve().parent.parent
CAPTURES: Final = ROOT / "tests" / "fixtures" / "tic"
SOURCES: Final = (
    "historic_mono_tempo_01",
    "historic_mono_hphc_01",
    "historic_tri_base_01",
    "standard_mono_hphc_weekend_01",
    "standard_mono_producer_injecting_01",
    "standard_tri_tempo_producer_mixed_phases_01",
)
# One meter sends this long; the decoder stays, as it does in a house, for ever.
RUN_FRAMES: Final = 200
FRAME_S: Final = 1.5

# A Linky cuts off at 1.3 times 36 kVA: no house draws more.
MOST_WH_PER_S: Final = 20.0
MOST_WH: Final = 200.0

# What the decoder may hold, whatever comes: bytes of a group, groups of a frame, groups
# it has seen before, and what begins a frame.
BOUNDS: Final = {"bytes": 161, "groups": 128, "known": 512, "beginnings": 2}

type Said = tuple[str, str | None, str]
type Fault = Callable[[Random, bytes], bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A frame as a meter sent it: bytes, and what they say."""

    data: bytes
    says: frozenset[Said]
    identity: str
    indexes: dict[str, int]


def encode(label: str, horodate: str | None, data: str, *, standard: bool) -> bytes:
    """Write a group as the specification has it (54E, §6.2)."""
    if standard:
        fields = [label, *(() if horodate is None else (horodate,)), data, ""]
        zone = "\t".join(fields).encode()
        return zone + bytes([(sum(zone) & 0x3F) + 0x20])
    zone = f"{label} {data}".encode()
    return zone + b" " + bytes([(sum(zone) & 0x3F) + 0x20])


def run_of(name: str) -> list[Sent]:
    """Let the meter of a capture go on: its indexes and powers move."""
    raw = (CAPTURES / f"{name}.tic").read_bytes()
    frame = max(re.findall(rb"\x02[^\x02\x03\x04]*\x03", raw), key=len)
    standard = name.startswith("standard")
    lines = re.findall(rb"\n([^\r]*)\r", frame)
    rows = [line[:-2].decode().split("\t" if standard else " ") for line in lines]
    return [_moved(rows, standard, number) for number in range(RUN_FRAMES)]


def _moved(rows: list[list[str]], standard: bool, number: int) -> Sent:
    data, says, indexes, identity = b"\x02", set[Said](), dict[str, int](), ""
    for label, *between, value in rows:
        horodate = between[0] if between else None
        spec = LABELS[label]
        if spec.index and int(value):
            value = f"{int(value) + number * 2:09}"
        elif label in {"SINSTS", "PAPP", "SINSTI"} and int(value):
            value = f"{(int(value) + number * 70) % 12_000:05}"
        if spec.index:
            indexes[label] = int(value)
        if label in {"ADCO", "ADSC"}:
            identity = value
        says.add((label, horodate, value))
        data += b"\n" + encode(label, horodate, value, standard=standard) + b"\r"
    return Sent(
        data=data + b"\x03", says=frozenset(says), identity=identity, indexes=indexes
    )


def _flip(rng: Random, data: bytes) -> bytes:
    line = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        line[rng.randrange(len(line))] ^= 1 << rng.randrange(8)
    return bytes(line)


def _drop(rng: Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice((1, 1, 2, 4, 20)) :]


def _double(rng: Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    return data[: at + rng.choice((1, 1, 4, 40))] + data[at:]


def _swap(rng: Random, data: bytes) -> bytes:
    line = bytearray(data)
    at, gap = rng.randrange(len(line) - 1), rng.choice((1, 1, 2, 9))
    other = min(at + gap, len(line) - 1)
    line[at], line[other] = line[other], line[at]
    return bytes(line)


def _noise(rng: Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    burst = rng.randbytes(rng.choice((1, 3, 20)))
    return data[:at] + burst + data[at + len(burst) * rng.randrange(2) :]


def _spaces(rng: Random, data: bytes) -> bytes:
    """Lose what the sum cannot see: pairs of spaces, or four of a fill word."""
    spots = [match.start() for match in re.finditer(rb"  |NONUTILE", data)]
    if not spots:
        return _drop(rng, data)
    at = rng.choice(spots)
    return data[:at] + data[at + (2 if data[at : at + 1] == b" " else 4) :]


def _forge(rng: Random, data: bytes) -> bytes:
    """Change a number and its checksum alike: nothing but reason is left to see it."""
    numbers = list(re.finditer(rb"\n([A-Z]+[0-9]*[ \t][0-9]+)([ \t]).\r", data))
    match = rng.choice(numbers)
    zone = bytearray(match.group(1))
    zone[-rng.randrange(1, 4)] = rng.choice(b"0123456789")
    separator = match.group(2)
    body = bytes(zone) + separator
    total = sum(body) if separator == b"\t" else sum(zone)
    forged = b"\n" + body + bytes([(total & 0x3F) + 0x20]) + b"\r"
    return data[: match.start()] + forged + data[match.end() :]


FAULTS: Final[dict[str, Fault]] = {
    "bits flipped": _flip,
    "bytes dropped": _drop,
    "bytes doubled": _double,
    "bytes swapped": _swap,
    "noise": _noise,
    "spaces lost": _spaces,
    "forged": _forge,
    "truncated": lambda rng, data: data[: rng.randrange(len(data))],
    "joined": lambda rng, data: data[1:-1],
    "no line ends": lambda rng, data: data.replace(b"\r", b"\n"),
    "eighth bit": lambda rng, data: bytes(
        byte | (byte.bit_count() & 1) << 7 for byte in data
    ),
}


def is_lawful(group: Group, received: bytes) -> bool:
    """Whether the check of the TIC cannot object to this group, and it was received.

    Written after the specification; shares nothing with the decoder but the table of
    labels.
    """
    standard = group.mode == "standard"
    wire = encode(group.label, group.horodate, group.data, standard=standard)
    seven_bits = bytes(byte & 0x7F for byte in received)
    pattern = rb"(?:^|[\x00-\x08\x0a-\x1f])" + re.escape(wire) + rb"[\r\n\x02-\x04]"
    if re.search(pattern, seven_bits) is None:
        return False
    label = LABELS.get(group.label)
    if label is None:
        return group.spec is None
    return (
        standard == (label.mode == "standard")
        and label.horodate == (group.horodate is not None)
        and re.fullmatch(r"[HEhe ]\d{12}", group.horodate or "H" + "0" * 12) is not None
        and re.fullmatch(_characters(label), group.data, re.ASCII) is not None
    )


def _characters(label: Label) -> str:
    match label.kind:
        case Kind.NUMBER:
            return rf"\d{{{label.width}}}"
        case Kind.HEX:
            return rf"[0-9A-F]{{{label.width}}}"
        case Kind.CODE:
            return rf"[ -~]{{{label.width}}}"
        case Kind.TEXT:
            return rf"[ -~]{{0,{label.width}}}"
        case _:
            return ""


def held_by(decoder: Decoder) -> dict[str, int]:
    """Return the sizes of what a decoder holds, by the names of ``BOUNDS``."""
    # What it keeps is nobody's business but that of who looks for a leak.
    return {
        "bytes": len(decoder._tail),  # noqa: SLF001
        "groups": len(decoder._groups),  # noqa: SLF001
        "known": len(decoder._known),  # noqa: SLF001
        "beginnings": len(decoder._beginnings),  # noqa: SLF001
    }


@dataclass(slots=True)
class Tally:
    """What became of the frames with one kind of fault.

    ``unseen`` groups differ from what was sent under a right checksum, ``believed`` index
    values do after the meter's own judgement.
    """

    frames: int = 0
    sent: int = 0
    accepted: int = 0
    unknown: int = 0
    unseen: int = 0
    believed: int = 0


@dataclass(slots=True)
class Soak:
    """One decoder, and everything that was sent through it."""

    seed: int = 1
    decoder: Decoder = field(default_factory=Decoder)
    tallies: dict[str, Tally] = field(
        default_factory=lambda: {name: Tally() for name in FAULTS}
    )
    violations: list[str] = field(default_factory=list)
    most: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BOUNDS, 0))

    def run(self, frames: int) -> None:
        """Send this many damaged frames."""
        rng = Random(self.seed)
        runs = [run_of(name) for name in SOURCES]
        while frames > 0:
            sent = rng.choice(runs)[: min(frames, RUN_FRAMES)]
            self._run(rng, sent)
            frames -= len(sent)

    def _run(self, rng: Random, frames: list[Sent]) -> None:
        # Another meter: as a link does that connects anew.
        self.decoder.reset()
        meter = Meter()
        held: dict[str, int] = {}
        # What a group may come from: the frame, and what of the one before was left.
        said: frozenset[Said] = frozenset()
        received = b""
        head: str | None = None
        confirmed: set[str | None] = {None}
        for number, sent in enumerate(frames):
            name = rng.choice(tuple(FAULTS))
            tally = self.tallies[name]
            data = FAULTS[name](rng, sent.data)
            if len(data) > 1 and rng.random() < 0.2:
                data = _flip(rng, data)
            received = received[-2000:] + data
            at = number * FRAME_S
            tally.frames += 1
            tally.sent += len(sent.says)
            for event in self._feed(rng, data, at):
                if isinstance(event, Group):
                    self._judge(event, sent.says, said, received, tally)
                    meter.on_group(event, at)
                else:
                    meter.on_frame(event)
                    if event.complete:
                        if event.identity == head:
                            confirmed.add(head)
                        head = event.identity
                    self._judge_identity(meter, confirmed)
            self._judge_meter(meter, sent, held, at, tally)
            said = sent.says

    def _feed(self, rng: Random, data: bytes, at: float) -> Iterator[Group | Frame]:
        cut = rng.randrange(len(data) + 1) if rng.random() < 0.5 else len(data)
        decoder = self.decoder
        for part in (data[:cut], data[cut:]):
            yield from decoder.events(part, at)
            for kind, size in held_by(decoder).items():
                self.most[kind] = max(self.most[kind], size)

    def _judge(
        self,
        group: Group,
        says: frozenset[Said],
        said: frozenset[Said],
        received: bytes,
        tally: Tally,
    ) -> None:
        tally.accepted += 1
        one = (group.label, group.horodate, group.data)
        if one in says or one in said:
            return
        if group.spec is None:
            tally.unknown += 1
        else:
            tally.unseen += 1
        if not is_lawful(group, received):
            self._object(f"accepted {group} of {received[-1200:]!r}")

    def _judge_identity(self, meter: Meter, confirmed: set[str | None]) -> None:
        if meter.identity not in confirmed:
            self._object(f"took {meter.identity} for the meter, not {confirmed}")

    def _judge_meter(
        self, meter: Meter, sent: Sent, held: dict[str, int], at: float, tally: Tally
    ) -> None:
        for label, truth in sent.indexes.items():
            value = meter.last(label)
            if value is None:
                continue
            index = int(value.data)
            if index < held.get(label, 0):
                self._object(f"{label} went back from {held[label]} to {index}")
            if index > truth and held.get(label) != index:
                tally.believed += 1
                if index - truth > MOST_WH + MOST_WH_PER_S * max(at, FRAME_S):
                    self._object(f"{label} is {truth}, and {index} was believed")
            held[label] = index

    def _object(self, what: str) -> None:
        # The first ones tell enough.
        if len(self.violations) < 20:
            self.violations.append(what)

    @property
    def is_bounded(self) -> bool:
        """Whether the decoder held no more than it may."""
        return all(self.most[kind] <= bound for kind, bound in BOUNDS.items())


def main() -> int:
    """Print the table; return 1 when something came through that must not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    soak = Soak(seed=args.seed)
    soak.run(2 * RUN_FRAMES)
    warm_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    soak = Soak(seed=args.seed)
    began = time.perf_counter()
    soak.run(args.frames)
    took_s = time.perf_counter() - began
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - warm_kib
    print(
        f"{'fault':14} {'frames':>9} {'sent':>11} {'accepted':>11} {'lost':>7}"
        f" {'unseen':>8} {'unknown':>8} {'believed':>9}"
    )
    for name, tally in soak.tallies.items():
        lost = 1 - tally.accepted / max(tally.sent, 1)
        print(
            f"{name:14} {tally.frames:9} {tally.sent:11} {tally.accepted:11}"
            f" {lost:7.2%} {tally.unseen:8} {tally.unknown:8} {tally.believed:9}"
        )
    print(
        f"\nHeld at most: {soak.most} of {BOUNDS}; memory grew by {grown_kib} KiB"
        f"\n{args.frames} frames in {took_s:.0f} s"
        f"\nViolations: {len(soak.violations)}"
    )
    for violation in soak.violations:
        print(" ", violation)
    return int(bool(soak.violations) or not soak.is_bounded)


if __name__ == "__main__":
    sys.exit(main())
