"""Command line of the soak.

python -m benchmarks.soak [--days 7] [--seed 1] [--trace]
"""

import argparse
import asyncio
from importlib import import_module
import logging
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory
import time
import tracemalloc
from typing import TYPE_CHECKING

from .memory import rss_mb

if TYPE_CHECKING:
    from .run import Result

# What Home Assistant, or this drive, has loaded anyway.
_ANYWAY = (
    "homeassistant.bootstrap",
    "homeassistant.components.energy",
    "homeassistant.components.http",
    "homeassistant.components.input_boolean",
    "homeassistant.components.input_number",
    "homeassistant.components.modbus",
    "homeassistant.components.recorder",
    "homeassistant.components.usb",
    "freezegun",
    "pytest_homeassistant_custom_component.common",
)
MOST_ADDED_MB = 40.0
# What allocators keep from day to day moves by about as much.
MOST_SLOPE_MB = 1.0


def report(result: Result, code_mb: float, took_s: float) -> bool:
    """Print what came of it; return whether all is well."""
    days = result.seconds / 86_400
    print(f"{days:.2f} simulated days in {took_s:.0f} s, {result.checked} looks\n")
    for fault, count in sorted(result.faults.items()):
        print(f"  {count:4d}  {fault}")
    print("\nCounted, and the truth:")
    for name, words in result.told.items():
        print(f"  {name}: {words}")
    print(f"\n{'day':>6} {'RSS MB':>8} {'traced MB':>10} {'rows':>8}")
    for sample in result.samples:
        print(
            f"{sample.day:6.2f} {sample.rss_mb:8.1f} {sample.traced_mb:10.2f}"
            f" {sample.rows:8d}"
        )
    grown_mb = result.samples[-1].rss_mb - result.before_mb
    added_mb = code_mb + grown_mb
    print(
        f"\nMemory added to Home Assistant: {added_mb:.1f} MB"
        f" (its code {code_mb:.1f}, what it holds {grown_mb:.1f})"
    )
    # The first day fills caches, and the peaks of each hour.
    later = [sample for sample in result.samples if sample.day > 1]
    slope = 0.0
    if len(later) > 2:
        days_ = [sample.day for sample in later]
        slope = linear_regression(days_, [sample.rss_mb for sample in later]).slope
        print(f"Slope after the first day: {slope:+.2f} MB a day")
        if later[-1].traced_mb:
            traced = [sample.traced_mb for sample in later]
            print(f"  traced: {linear_regression(days_, traced).slope:+.3f} MB a day")
    print(f"\nRows a day: {sum(result.rows.values()) / days:.0f}; most of them:")
    for entity_id, rows in result.rows.most_common(8):
        print(f"  {rows / days:8.0f}  {entity_id}")
    for title, found in (
        ("Violations", result.violations),
        ("Issues left", sorted(result.issues)),
        ("Errors logged", result.errors),
    ):
        print(f"\n{title}: {len(found)}")
        for line in found[:20]:
            print(f"  {line}")
    fits = added_mb <= MOST_ADDED_MB and slope <= MOST_SLOPE_MB
    return fits and not (result.violations or result.issues or result.errors)


def main() -> int:
    """Run it; 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--trace", action="store_true", help="trace allocations too: slower"
    )
    args = parser.parse_args()
    logging.basicConfig(level=logging.ERROR, handlers=[logging.NullHandler()])
    if args.trace:
        tracemalloc.start()
    began = time.perf_counter()
    for module in _ANYWAY:
        import_module(module)
    before_mb = rss_mb()
    run = import_module(".run", __package__)
    code_mb = rss_mb() - before_mb
    with TemporaryDirectory() as folder:
        result = asyncio.run(run.soak(Path(folder), seed=args.seed, days=args.days))
    return int(not report(result, code_mb, time.perf_counter() - began))


if __name__ == "__main__":
    raise SystemExit(main())
