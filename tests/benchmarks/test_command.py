"""The one command, on the shortest day."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
import json
from pathlib import Path

import pytest

from benchmarks.closed_loop import cost, runs
from benchmarks.closed_loop.__main__ import main
from benchmarks.closed_loop.cases import CASES
from benchmarks.closed_loop.runs import EVCC, OURS, run_all
from benchmarks.closed_loop.variants import VARIANTS

from .days import day


def test_one_command_prints_and_saves_tables_and_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    words = ["--cases", "O1", "--no-cost", "--workers", "1", "--save", str(folder)]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "### O1" in printed
    assert (folder / "closed_loop.md").read_text(encoding="utf-8") in printed + "\n"
    told = json.loads((folder / "closed_loop.json").read_text())
    longest = {run["player"]: run["longest_over_s"] for run in told}
    assert longest[OURS.name] < longest[EVCC.name]
    assert {path.name for path in folder.glob("*.svg")} == {
        "O1-surplus.svg",
        "O1-evcc.svg",
    }


def test_wrong_plants_cost_and_targets_are_in_the_same_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = day([3000.0] * 900)
    monkeypatch.setitem(CASES, "A1", replace(CASES["A1"], build=lambda: tiny))
    for name in set(VARIANTS) - {"nominal", "slow-ramp", "heater-weak"}:
        monkeypatch.delitem(VARIANTS, name)
    monkeypatch.setattr(cost, "_SAMPLED_CYCLES", 20)
    monkeypatch.setattr(cost, "_DAY_CYCLES", 20)
    words = ["--cases", "A1", "--robustness", "--workers", "1", "--save", str(tmp_path)]
    # A day of a quarter of an hour is not the reference's.
    assert main(words) == 1
    printed = capsys.readouterr().out
    assert "| ramp 0.2 A/s |" in printed
    assert "heater of 2000 W" not in printed
    assert "| A1, slow-ramp | J points above evcc |" in printed
    assert "| 86,400 cycles, 5 loads |" in printed
    assert "### Targets" in printed
    told = json.loads((tmp_path / "closed_loop.json").read_text())
    assert {run["variant"] for run in told} == {"nominal", "slow-ramp"}


def test_days_can_be_played_on_several_processors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Threads stand for processes: these would have to learn the tiny day first.
    monkeypatch.setattr(runs, "ProcessPoolExecutor", ThreadPoolExecutor)
    tiny = day([3000.0] * 300)
    monkeypatch.setitem(CASES, "A1", replace(CASES["A1"], build=lambda: tiny))
    one = run_all(["A1"], (EVCC,), workers=1)
    assert run_all(["A1"], (EVCC,), workers=2) == one


def test_an_unknown_case_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--cases", "O1,Z9"]) == 2
    assert "Z9" in capsys.readouterr().err


def test_a_plant_that_changes_nothing_shares_the_optimum() -> None:
    results = run_all(["A4"], (EVCC,), ("nominal", "pilot-gap", "16A"), workers=1)
    assert {wanted.variant for wanted in results.optima} == {"nominal", "16A"}
    assert all(results.percent(run, 1.0) is not None for run in results.scores)


def test_cost_is_measured_for_each_number_of_loads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cost, "_SAMPLED_CYCLES", 20)
    monkeypatch.setattr(cost, "_DAY_CYCLES", 20)
    found = cost.measure()
    assert list(found.cycle_us) == [1, 5, 20]
    assert 0 < found.cycle_us[1] < found.cycle_us[20]
    assert found.day_s > 0
