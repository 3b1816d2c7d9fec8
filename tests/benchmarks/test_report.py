"""Tables, calibration and pictures from figures that are given."""

from xml.dom.minidom import parseString

from benchmarks.closed_loop.calibration import checks
from benchmarks.closed_loop.cost import Cost
from benchmarks.closed_loop.oracle import Optimum
from benchmarks.closed_loop.picture import svg
from benchmarks.closed_loop.report import (
    calibration_text,
    cases_text,
    cost_text,
    robustness_text,
    summary_text,
)
from benchmarks.closed_loop.runs import PLAYERS, Results, Run, Wanted
from benchmarks.closed_loop.scores import Scores

from .days import record

EVCC = "evcc 30 s"


def scores(captured_kwh: float, imported_kwh: float) -> Scores:
    return Scores(
        captured_kwh=captured_kwh,
        imported_kwh=imported_kwh,
        car_share=1.0,
        self_consumption=0.9,
        rms_w=500.0,
        starts=5,
        short_cycles=0,
        short_currents=0,
        commands=100,
        over_s=0,
        longest_over_s=0,
    )


def results(captured_kwh: float = 30.65) -> Results:
    optimum = Optimum(captured_kwh=captured_kwh, imported_kwh=1.14, starts=5)
    return Results(
        scores={
            Run(case="A1", player="Surplus"): scores(29.0, 1.0),
            Run(case="A1", player=EVCC): scores(26.4, 1.48),
        },
        optima={Wanted(case="A1", price=price): optimum for price in (1.0, 3.0)},
    )


def test_a_calibrated_benchmark_passes_its_checks() -> None:
    found = list(checks(results(), ["A1"]))
    assert [check.what for check in found] == [
        "oracle captured kWh",
        "oracle imported kWh",
        "evcc 30 s J %",
    ]
    assert all(check.passed for check in found)
    assert "**no**" not in "\n".join(calibration_text(found))


def test_an_optimum_that_is_two_percent_off_is_told() -> None:
    found = list(checks(results(captured_kwh=31.3), ["A1"]))
    assert not found[0].passed
    assert "**no**" in "\n".join(calibration_text(found))
    assert list(calibration_text([])) == []


def test_a_case_shows_every_player_beside_the_oracle() -> None:
    players = [PLAYERS["Surplus"], PLAYERS[EVCC]]
    text = "\n".join(cases_text(results(), ["A1"], players))
    assert "| oracle (knows the day) | 100.0 | 100.0 | 30.65 | 1.14 |" in text
    assert "| Surplus | 94.9 |" in text
    summary = "\n".join(summary_text(results(), ["A1"], players))
    assert "| evcc 30 s | 84.4 | – |" in summary


def test_what_the_engine_cannot_do_yet_is_said() -> None:
    made = results()
    made.scores[Run(case="D1", player=EVCC)] = scores(45.0, 2.0)
    text = "\n".join(cases_text(made, ["D1"], [PLAYERS["Surplus"], PLAYERS[EVCC]]))
    assert "| Surplus | not yet |" in text


def test_robustness_puts_ours_beside_evcc() -> None:
    text = "\n".join(robustness_text(results(), ["A1"], ["nominal"]))
    assert "| nominal | 95 / 84 |" in text


def test_cost_is_told_with_its_units() -> None:
    text = "\n".join(cost_text(Cost(cycle_us={5: 71.2}, day_loads=5, day_s=6.14)))
    assert "| one cycle, 5 loads, median | 71 µs |" in text
    assert "| 86,400 cycles, 5 loads | 6.1 s |" in text


def test_a_picture_is_well_formed_and_escapes_its_title() -> None:
    gone = record([1000.0] * 3600, [800.0] * 3600)
    picture = parseString(svg(gone, "A < B"))  # noqa: S318 - our own text
    assert picture.documentElement is not None
    assert picture.documentElement.tagName == "svg"
    assert len(picture.getElementsByTagName("polyline")) == 3
