"""How fast TIC bytes become values, beside pyteleinfo, in one run on the same bytes.

    python -m benchmarks.tic_decode [--seconds 8]

Both turn historic frames into a dict of labels. pyteleinfo's ``decode`` is given whole
frames, cut out beforehand; Surplus gets the bare stream in portions, finds the frames,
resynchronises, and checks widths as well as checksums. Historic mode is what both read.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
import re
import time

from teleinfo.codec import decode

from custom_components.surplus.linky.frames import Decoder

ROOT = Path(__file__).resolve().parent.parent
CAPTURE = ROOT / "tests" / "fixtures" / "tic" / "historic_mono_tempo_01.tic"
GOAL = 5.0


@dataclass(frozen=True, slots=True)
class Stream:
    """What is decoded."""

    name: str
    data: bytes
    frames: int


def captured() -> Stream:
    """Ten frames of a meter, over and over."""
    data = CAPTURE.read_bytes() * 20
    return Stream("captured, 200 frames", data, data.count(b"\x03"))


def moving() -> Stream:
    """Frames of which no two are alike: index, current and power move in each."""

    def group(label: str, value: str) -> bytes:
        zone = f"{label} {value}".encode()
        return b"\n" + zone + b" " + bytes([(sum(zone) & 0x3F) + 0x20]) + b"\r"

    def frame(number: int) -> bytes:
        return b"".join(
            (
                b"\x02",
                group("ADCO", "021861000000"),
                group("OPTARIF", "HC.."),
                group("ISOUSC", "45"),
                group("HCHC", "094939439"),
                group("HCHP", f"{127_970_334 + number:09}"),
                group("PTEC", "HP.."),
                group("IINST", f"{number * 7 % 90:03}"),
                group("IMAX", "090"),
                group("PAPP", f"{number * 10 % 20_000:05}"),
                group("HHPHC", "A"),
                group("MOTDETAT", "000000"),
                b"\x03",
            )
        )

    return Stream("moving, 5000 frames", b"".join(map(frame, range(5000))), 5000)


def portions(data: bytes, size: int) -> list[bytes]:
    """Cut a stream as a port would deliver it."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def surplus(stream: Stream, size: int) -> Callable[[], int]:
    """Decode portions of this many bytes with a fresh decoder."""
    parts = portions(stream.data, size)

    def run() -> int:
        decoder = Decoder()
        return sum(
            bool(frame.values()) for part in parts for frame in decoder.feed(part)
        )

    return run


def pyteleinfo(stream: Stream) -> Callable[[], int]:
    """Decode frames that were found beforehand."""
    frames = re.findall(rb"\x02[^\x03]*\x03", stream.data)

    def run() -> int:
        return sum(bool(decode(frame)) for frame in frames)

    return run


def rows(stream: Stream, seconds: float) -> Iterator[tuple[str, float]]:
    """Yield contender and frames per second; pyteleinfo comes first.

    They take turns, and the best round of each counts: whatever else the machine does
    then costs all of them alike.
    """
    contenders = {"pyteleinfo decode(), whole frames": pyteleinfo(stream)}
    for size in (4096, 64, 16):
        name = f"Surplus Decoder.feed(), {size} B portions"
        contenders[name] = surplus(stream, size)
    best = dict.fromkeys(contenders, float("inf"))
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for name, run in contenders.items():
            began = time.perf_counter()
            decoded = run()
            best[name] = min(best[name], time.perf_counter() - began)
            assert decoded == stream.frames
    for name, took in best.items():
        yield name, stream.frames / took


def main() -> None:
    """Print the table, and whether the goal was reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="per stream")
    seconds = parser.parse_args().seconds
    reached = True
    print(f"{'stream':22} {'decoder':42} {'MB/s':>7} {'frames/s':>10} {'ratio':>7}")
    for stream in (captured(), moving()):
        size = len(stream.data) / stream.frames
        base = 0.0
        for name, frames_per_s in rows(stream, seconds):
            base = base or frames_per_s
            ratio = frames_per_s / base
            mb_per_s = frames_per_s * size / 1e6
            print(
                f"{stream.name:22} {name:42} {mb_per_s:7.1f} {frames_per_s:10.0f}"
                f" {ratio:6.1f}x"
            )
            if "4096" in name:
                reached &= ratio >= GOAL
    verdict = "reached" if reached else "MISSED"
    print(f"\nGoal, {GOAL:.0f} times pyteleinfo on reads of 4096 B: {verdict}")


if __name__ == "__main__":
    main()
