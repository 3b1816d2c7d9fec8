"""The one command, on the shortest day."""

import json
from pathlib import Path

import pytest

from benchmarks.closed_loop import cost
from benchmarks.closed_loop.__main__ import main
from benchmarks.closed_loop.runs import EVCC, OURS, run_all


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
