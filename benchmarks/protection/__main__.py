"""Print whether the breaker stays closed, beside others that watch it less.

    python -m benchmarks.protection [--houses F1-6,E1] [--save DIR]

Exits with 1 when a target is missed.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
import json
import os
from pathlib import Path
import sys

from benchmarks.closed_loop.report import targets_text

from .cases import HOUSES
from .players import OURS, PLAYERS
from .report import protection_text
from .runs import Run, scores_of
from .scores import Scores
from .targets import targets


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.protection",
        description=(__doc__ or "").splitlines()[0],
    )
    parser.add_argument(
        "--houses", help=f"some of {','.join(HOUSES)}, with commas between; all"
    )
    parser.add_argument(
        "--ours", action="store_true", help="play Surplus only, not the others"
    )
    parser.add_argument(
        "--save", type=Path, metavar="DIR", help="write the table and all scores"
    )
    parser.add_argument(
        "--workers", type=int, default=os.process_cpu_count() or 1, metavar="N"
    )
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Run what was asked for; returns the exit code."""
    arguments = _arguments(words)
    houses = arguments.houses.split(",") if arguments.houses else list(HOUSES)
    if unknown := set(houses) - set(HOUSES):
        print(f"no such house: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    players = [OURS.name] if arguments.ours else list(PLAYERS)
    runs = [(house, player) for house in houses for player in players]
    if arguments.workers < 2:
        results = {run: scores_of(run) for run in runs}
    else:
        with ProcessPoolExecutor(arguments.workers) as pool:
            results = dict(zip(runs, pool.map(scores_of, runs), strict=True))
    asked = list(targets({house: results[house, OURS.name] for house in houses}))
    lines = [*protection_text(results, houses), *targets_text(asked)]
    print("\n".join(lines))
    if arguments.save:
        _save(arguments.save, lines, results)
    return 0 if all(target.met for target in asked if not target.goal) else 1


def _save(folder: Path, lines: Sequence[str], results: dict[Run, Scores]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "protection.md").write_text("\n".join(lines), encoding="utf-8")
    told = [
        {"house": house, "player": player, **asdict(scores)}
        for (house, player), scores in results.items()
    ]
    (folder / "protection.json").write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    sys.exit(main())
