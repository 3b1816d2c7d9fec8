"""Tables, calibration and pictures from figures that are given."""

from dataclasses import replace
from xml.dom.minidom import parseString

import pytest

from benchmarks.closed_loop.calibration import checks
from benchmarks.closed_loop.cases import HeaterCase
from benchmarks.closed_loop.cost import Cost
from benchmarks.closed_loop.oracle import Optimum
from benchmarks.closed_loop.picture import svg
from benchmarks.closed_loop.report import (
    calibration_text,
    cases_text,
    cost_text,
    robustness_text,
    summary_text,
    targets_text,
)
from benchmarks.closed_loop.runs import PLAYERS, Results, Run, Wanted
from benchmarks.closed_loop.scores import Scores
from benchmarks.closed_loop.targets import (
    Target,
    cost_targets,
    robustness_targets,
    targets,
)

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
    made = Results(scores={Run(case="D1", player=EVCC): scores(45.0, 2.0)}, optima={})
    text = "\n".join(cases_text(made, ["D1"], [PLAYERS["Surplus"], PLAYERS[EVCC]]))
    assert "| Surplus | not yet |" in text


def test_robustness_puts_ours_beside_evcc() -> None:
    text = "\n".join(robustness_text(results(), ["A1"], ["nominal", "heater-weak"]))
    assert "| nominal | 94.9 / 84.4 |" in text
    # Nothing of a heater on a day without one.
    assert "2000 W" not in text


def test_short_cycles_on_a_wrong_plant_are_told_in_brackets() -> None:
    made = results()
    run = Run(case="A1", player="Surplus")
    made.scores[run] = replace(made.scores[run], short_cycles=3)
    text = "\n".join(robustness_text(made, ["A1"], ["nominal"]))
    assert "| nominal | 94.9 / 84.4 (3) |" in text


def found(made: Results, cases: list[str]) -> dict[tuple[str, str], Target]:
    return {(one.where, one.what): one for one in targets(made, cases) if not one.goal}


def test_a_day_is_held_against_its_targets() -> None:
    told = found(results(), ["A1"])
    assert told["A1", "J %"].met
    assert told["A1", "J points above evcc"].here == pytest.approx(10.4, abs=0.1)
    assert told["A1", "J points above evcc"].met
    assert told["A1", "starts"].bound == 12
    assert all(one.met for one in told.values())


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({"starts": 13}, "starts"),
        ({"short_cycles": 1}, "short cycles"),
        ({"longest_over_s": 9}, "longest overload s"),
        ({"commands": 3001}, "commands"),
        ({"captured_kwh": 27.6}, "J %"),
        ({"captured_kwh": 28.1, "imported_kwh": 1.5}, "J %"),
    ],
)
def test_each_figure_can_miss_its_target(change: dict[str, float], missed: str) -> None:
    made = results()
    run = Run(case="A1", player="Surplus")
    made.scores[run] = replace(made.scores[run], **change)
    told = found(made, ["A1"])
    assert not told["A1", missed].met
    text = "\n".join(targets_text(list(told.values())))
    assert f"| A1 | {missed} |" in text
    assert "**missed**" in text


def test_cars_that_starve_beside_a_heater_miss_a_target() -> None:
    run = Run(case="B1", player="Surplus")
    made = Results(scores={run: replace(scores(31.0, 0.1), car_share=0.59)}, optima={})
    told = found(made, ["B1"])
    assert told["B1", "car's share of captured %"].here == pytest.approx(59.0)
    assert not told["B1", "car's share of captured %"].met
    assert told["B1", "starts"].bound == 18


def test_steps_are_held_against_settling_and_overshoot() -> None:
    run = Run(case="S1", player="Surplus")
    day = replace(scores(5.0, 0.0), settling_s=20.4, overshoot=0.01)
    told = found(Results(scores={run: day}, optima={}), ["S1"])
    assert not told["S1", "settling s"].met
    assert told["S1", "overshoot %"].met


def test_the_tables_of_steps_and_limits_leave_out_who_did_not_play() -> None:
    day = replace(scores(5.0, 0.0), settling_s=14.4, overshoot=0.015, longest_over_s=5)
    made = Results(
        scores={
            Run(case="S1", player="Surplus"): day,
            Run(case="O1", player="Surplus"): day,
        },
        optima={},
    )
    players = [PLAYERS["Surplus"], PLAYERS[EVCC], PLAYERS["evcc + router"]]
    text = "\n".join(cases_text(made, ["S1", "O1"], players))
    assert "| Surplus | 14.4 | 1.5 | 5 | 100 | 500 |" in text
    assert "| Surplus | 5 | 0 | 5.00 | 5 | 0 | 100 |" in text
    assert "evcc" not in text


def test_the_summary_tells_the_mean_of_the_five_days_and_nothing_without_days() -> None:
    days = ["A1", "A2", "A3", "A4", "A5"]
    optimum = Optimum(captured_kwh=10.0, imported_kwh=0.0, starts=1)
    made = Results(
        scores={Run(case=name, player=EVCC): scores(9.0, 0.0) for name in days},
        optima={Wanted(case=name, price=1.0): optimum for name in days},
    )
    text = "\n".join(summary_text(made, days, [PLAYERS[EVCC], PLAYERS["Surplus"]]))
    assert "| evcc 30 s | 90.0 | 90.0 | 90.0 | 90.0 | 90.0 | 90.0 |" in text
    assert "| Surplus | – | – | – | – | – | – |" in text
    assert list(summary_text(made, ["S1"], [PLAYERS[EVCC]])) == []
    assert list(targets_text([])) == []


def test_what_is_not_played_is_not_met() -> None:
    told = found(Results(scores={}, optima={}), ["D1"])
    assert not any(one.met for one in told.values())


def test_the_mean_wants_all_five_days() -> None:
    days = ["A1", "A2", "A3", "A4", "A5"]
    optimum = Optimum(captured_kwh=10.0, imported_kwh=0.0, starts=1)
    made = Results(
        scores={
            Run(case=name, player="Surplus"): scores(9.2 + n / 10, 0.0)
            for n, name in enumerate(days)
        },
        optima={Wanted(case=name, price=1.0): optimum for name in days},
    )
    told = list(targets(made, days))
    assert told[0].here == pytest.approx(94.0)
    assert not told[0].met
    assert told[1].goal
    assert "goal, not met" in "\n".join(targets_text(told))
    del made.scores[Run(case="A5", player="Surplus")]
    assert next(targets(made, days)).here is None


def test_a_wrong_plant_on_which_evcc_is_better_misses() -> None:
    made = results()
    told = list(robustness_targets(made, [("A1", "nominal"), ("A1", "slow-ramp")]))
    assert [one.met for one in told] == [True, False]
    better = Run(case="A1", player=EVCC)
    made.scores[better] = scores(29.5, 1.0)
    assert not next(robustness_targets(made, [("A1", "nominal")])).met


def test_cost_is_held_against_its_targets() -> None:
    cost = Cost(cycle_us={20: 900.0}, day_loads=5, day_s=21.0, kinds=("charger",))
    assert [one.met for one in cost_targets(cost)] == [True, False]


def test_cost_is_told_with_its_units() -> None:
    cost = Cost(
        cycle_us={5: 71.2}, day_loads=5, day_s=6.14, kinds=("charger", "heater")
    )
    text = "\n".join(cost_text(cost))
    assert "| engine (charger, heater) | here |" in text
    assert "| one cycle, 5 loads, median | 71 µs |" in text
    assert "| 86,400 cycles, 5 loads | 6.1 s |" in text


def test_a_picture_is_well_formed_and_escapes_its_title() -> None:
    gone = record([1000.0] * 3600, [800.0] * 3600)
    picture = parseString(svg(gone, "A < B"))  # noqa: S318 - our own text
    assert picture.documentElement is not None
    assert picture.documentElement.tagName == "svg"
    assert len(picture.getElementsByTagName("polyline")) == 3


def test_a_picture_of_several_kinds_shows_what_the_cars_got() -> None:
    gone = record(
        [1000.0] * 3600, [800.0] * 3600, ev_w=[100.0] * 3600, heaters=(HeaterCase(),)
    )
    picture = svg(gone, "B")
    assert picture.count("<polyline") == 4
    assert ">cars<" in picture
