"""Replay recorded decisions: ``python -m benchmarks.replay FILE``.

FILE is a download of Home's diagnostics, a segment of the record
(``.storage/surplus.record.*/*.jsonl.gz``), or its lines as text. The same snapshots must
lead to the same decisions; where they do not, both are shown.
"""

import argparse
from collections.abc import Iterator, Sequence
import json
from pathlib import Path
import sys
import zlib

from custom_components.surplus.control.replay import ReplayError, replay

_SHOWN = 10


def lines_of(file: Path) -> list[str]:
    """Return the lines of a record; raises ValueError where there are none."""
    content = file.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        # Also one that a crash has cut off.
        content = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS).decompress(content)
        return content.decode().split("\n")[:-1]
    text = content.decode()
    if (lines := _from_diagnostics(text)) is not None:
        return lines
    return [line for line in text.splitlines() if line]


def _from_diagnostics(text: str) -> list[str] | None:
    try:
        values = json.loads(text)
    except ValueError:
        return None
    if not isinstance(values, dict) or "start" in values:
        return None
    lines = values.get("record", values.get("data", {}).get("record"))
    if not isinstance(lines, list):
        raise ValueError("these diagnostics hold no record")  # noqa: TRY004
    return lines


def _report(lines: Sequence[str], shown: int) -> Iterator[str]:
    cycles = differences = 0
    for step in replay(lines):
        cycles += bool(step.decisions)
        if (found := step.difference) is None:
            continue
        differences += 1
        if differences <= shown:
            yield f"line {found.line}, {found.wall}"
            yield f"  recorded: {found.recorded}"
            yield f"  replayed: {found.replayed}"
    yield f"{cycles} cycles replayed, {differences} differences"


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay a file; returns 0 when nothing differs, 1 when something does, 2 on errors."""
    parser = argparse.ArgumentParser(prog="scripts/replay", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--show", type=int, default=_SHOWN, help="how many differences are shown"
    )
    asked = parser.parse_args(arguments)
    line = ""
    try:
        for line in _report(lines_of(asked.file), asked.show):
            print(line)
    except (OSError, ReplayError, ValueError, zlib.error) as error:
        print(f"{asked.file}: {error}", file=sys.stderr)
        return 2
    return 0 if line.endswith(" 0 differences") else 1


if __name__ == "__main__":
    sys.exit(main())
