"""Print how good the engine is, beside others and beside what was possible at all.

    python -m benchmarks.closed_loop [--cases A1,A2] [--robustness] [--save DIR]

Exits with 1 when the benchmark is not calibrated: its figures would mean nothing.
"""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import asdict
import json
import os
from pathlib import Path
import sys

from .calibration import checks
from .cases import CASES
from .cost import measure
from .picture import svg
from .report import (
    calibration_text,
    cases_text,
    cost_text,
    robustness_text,
    summary_text,
    targets_text,
)
from .runs import EVCC, OURS, PLAYERS, ROUTER, Results, Run, record_of, run_all
from .targets import cost_targets, robustness_targets, targets
from .variants import VARIANTS

# The days on which the reference measured wrong plants, and one of each kind more.
_ROBUSTNESS_CASES = ("A1", "A3", "A4", "A5", "B1", "B2", "B3", "C1", "D1", "E1")


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.closed_loop",
        description=(__doc__ or "").splitlines()[0],
    )
    parser.add_argument(
        "--cases", help=f"some of {','.join(CASES)}, with commas between; all"
    )
    parser.add_argument(
        "--robustness", action="store_true", help="also play plants that are wrong"
    )
    parser.add_argument("--no-cost", action="store_true", help="leave the timing out")
    parser.add_argument(
        "--save", type=Path, metavar="DIR", help="write tables, scores and pictures"
    )
    parser.add_argument(
        "--workers", type=int, default=os.process_cpu_count() or 1, metavar="N"
    )
    return parser.parse_args(words)


class _Output:
    """Prints, and remembers for a file."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, lines: Iterable[str]) -> None:
        for line in lines:
            print(line, flush=True)
            self.lines.append(line)


def main(words: Sequence[str] | None = None) -> int:
    """Run what was asked for; returns the exit code."""
    arguments = _arguments(words)
    cases = arguments.cases.split(",") if arguments.cases else list(CASES)
    if unknown := set(cases) - set(CASES):
        print(f"no such case: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    players = list(PLAYERS.values())
    output = _Output()
    results = run_all(cases, players, workers=arguments.workers)
    output.say(cases_text(results, cases, players))
    output.say(summary_text(results, cases, players))
    found = list(checks(results, cases))
    output.say(calibration_text(found))
    asked = list(targets(results, cases))
    if arguments.robustness:
        names = [name for name in _ROBUSTNESS_CASES if name in cases]
        wrong = run_all(
            names, (OURS, EVCC, ROUTER), list(VARIANTS), workers=arguments.workers
        )
        output.say(robustness_text(wrong, names, list(VARIANTS)))
        asked += robustness_targets(
            wrong,
            [
                (name, variant.name)
                for variant in VARIANTS.values()
                for name in names
                if variant.concerns(CASES[name])
            ],
        )
        results.scores |= wrong.scores
        results.optima |= wrong.optima
    if not arguments.no_cost:
        cost = measure()
        output.say(cost_text(cost))
        asked += cost_targets(cost)
    output.say(targets_text(asked))
    if arguments.save:
        _save(arguments.save, output.lines, results, cases)
    return 0 if all(check.passed for check in found) else 1


def _save(
    folder: Path, lines: list[str], results: Results, cases: Iterable[str]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "closed_loop.md").write_text("\n".join(lines), encoding="utf-8")
    told = [
        {**asdict(run), "j_percent": results.percent(run, 1.0), **asdict(scores)}
        for run, scores in results.scores.items()
    ]
    (folder / "closed_loop.json").write_text(json.dumps(told, indent=1))
    for name in cases:
        for player in (OURS, EVCC):
            if player.is_asked(CASES[name]):
                record = record_of(Run(case=name, player=player.name))
                title = f"{name}, {CASES[name].text}: {player.name}"
                file = folder / f"{name}-{player.name.split()[0].lower()}.svg"
                file.write_text(svg(record, title), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
