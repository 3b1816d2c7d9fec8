"""Scenarios: they load, play, and tell good controllers from bad ones."""

from dataclasses import replace
from pathlib import Path

import pytest

from simulator.car import CarSpec
from simulator.scenario import (
    Bounds,
    Observation,
    Outcome,
    Scenario,
    Step,
    check,
    read_scenario,
    run,
    scenario_names,
)

from .engine_controller import EngineController

EARLIER = {
    "earlier_hp_1": [1200, -2000, 200, -100, 50, -300, 0, -50],
    "earlier_hc": [500, 8000, 12500, 6000],
    "earlier_hp_2": [-1000, 300, -800, 150, -500, 400, -200],
    "earlier_hp_3": [-5000, -8000, -6000, -2000, 0, 1000],
}


def story(*steps: Step, outcomes: tuple[Outcome, ...] = (), end_s: float = 120):
    """Return a short scenario."""
    return Scenario(
        name="story",
        description="",
        source="",
        end_s=end_s,
        steps=steps,
        outcomes=outcomes,
    )


def constant(amps: float):
    """Return a controller that never changes its mind."""
    return lambda seen: amps


@pytest.mark.parametrize("name", scenario_names())
def test_the_engine_meets_every_stated_outcome(name: str) -> None:
    scenario = read_scenario(name)
    assert scenario.outcomes
    assert check(scenario, run(scenario, EngineController(scenario))) == []


@pytest.mark.parametrize("name", scenario_names())
def test_doing_nothing_is_not_good_enough(name: str) -> None:
    scenario = read_scenario(name)
    if name == "earlier_hp_2":
        # Hardly any sun: to leave the car alone is within what is allowed there.
        assert check(scenario, run(scenario, constant(0.0))) == []
    else:
        assert check(scenario, run(scenario, constant(0.0)))


@pytest.mark.parametrize("name", [n for n in scenario_names() if n != "earlier_hc"])
def test_full_power_is_not_good_enough(name: str) -> None:
    scenario = read_scenario(name)
    assert check(scenario, run(scenario, constant(32.0)))


@pytest.mark.parametrize(("name", "values"), EARLIER.items())
def test_the_earlier_sequences_are_kept_as_they_were(
    name: str, values: list[float]
) -> None:
    assert [step.base_grid_w for step in read_scenario(name).steps] == values


def test_the_earlier_systems_answer_is_called_impossible() -> None:
    scenario = read_scenario("earlier_timeline")
    answers = {0: 0.0, 900: 4.3, 1800: 3.1, 2700: 3.4}

    def earlier(seen: Observation) -> float:
        return next(answers[at] for at in reversed(answers) if seen.now >= at)

    problems = check(scenario, run(scenario, earlier))
    assert any("asked for 4.3 A" in problem for problem in problems)


def test_the_base_is_what_the_house_says_before_the_car() -> None:
    scenario = story(Step(at_s=0, base_grid_w=-2000))
    last = run(scenario, constant(10.0))[-1]
    assert last.offered_a == 10
    assert last.drawn_a == pytest.approx(9.45)
    assert last.grid_w == pytest.approx(-2000 + 9.45 * 230)


def test_what_the_meter_shows_is_set_with_the_car_on() -> None:
    scenario = story(Step(at_s=60, meter_shows_w=-50))
    samples = run(scenario, constant(10.0))
    assert samples[60].grid_w == pytest.approx(-50, abs=1)
    assert samples[60].drawn_a == pytest.approx(9.45)


def test_a_controller_sees_nothing_before_it_could_have_arrived() -> None:
    scenario = replace(
        story(Step(at_s=0, base_grid_w=100), Step(at_s=50, base_grid_w=200)),
        meter_interval_s=2.0,
        meter_latency_s=3.0,
    )
    seen: list[Observation] = []

    def watch(observation: Observation) -> float:
        seen.append(observation)
        return 0.0

    run(scenario, watch)
    assert seen[0].grid_w is None
    assert all(one.grid_at is None or one.now - one.grid_at >= 3 for one in seen)
    first = next(one for one in seen if one.grid_w is not None and one.grid_w > 150)
    assert first.now >= 54
    assert seen[0].offered_a is None
    later = next(one for one in seen if one.offered_a is not None)
    assert (later.offered_a, later.offered_at) == (0.0, 2.0)
    assert later.charger_at <= later.now - 1


def test_events_happen() -> None:
    scenario = replace(
        story(
            Step(at_s=0, base_grid_w=0),
            Step(at_s=40, event="meter_off"),
            Step(at_s=60, event="meter_on", mode="boost"),
            Step(at_s=70, event="unplug"),
            Step(at_s=80, event="plug"),
            Step(at_s=110, event="full"),
        ),
        car=CarSpec(phases=3),
    )
    seen: list[Observation] = []

    def watch(observation: Observation) -> float:
        seen.append(observation)
        return 6.0

    samples = run(scenario, watch)
    assert samples[39].grid_w == pytest.approx(3 * 5.51 * 230)
    assert seen[55].grid_at == 40
    assert seen[65].grid_at > 60
    assert (seen[10].mode, seen[65].mode) == ("solar", "boost")
    assert samples[75].drawn_a == 0
    assert (seen[75].wants_power, seen[85].wants_power) == (False, True)
    assert samples[105].drawn_a > 5
    assert samples[-1].drawn_a == 0


def test_an_unknown_event_is_an_error() -> None:
    with pytest.raises(ValueError, match="dance"):
        run(story(Step(at_s=0, event="dance")), constant(0.0))


@pytest.mark.parametrize(
    ("outcome", "met"),
    [
        ({"offered_a": Bounds(min=6, max=6)}, True),
        ({"offered_a": Bounds(max=5)}, False),
        ({"drawn_a": Bounds(min=5.6)}, False),
        ({"grid_w": Bounds(min=2000, max=2300)}, True),
        ({"grid_w": Bounds(max=2000)}, False),
        ({"overload_s": Bounds(max=39)}, False),
        ({"overload_s": Bounds(max=40)}, True),
        ({"starts": Bounds(min=1)}, False),
        ({"from_s": 0, "starts": Bounds(min=1, max=1), "grid_w": Bounds()}, True),
        ({"lower_than_at_s": 70}, False),
        ({"from_s": 500, "to_s": 600}, False),
    ],
)
def test_outcomes_are_judged(outcome: dict[str, object], met: bool) -> None:
    stated = Outcome(**{"text": "it", "from_s": 80, "to_s": 120, **outcome})
    scenario = replace(
        story(Step(at_s=0, base_grid_w=900), outcomes=(stated,)), limit_w=2000
    )
    problems = check(scenario, run(scenario, constant(6.0)))
    assert (problems == []) is met
    assert all(problem.startswith("it: ") for problem in problems)


def test_lower_than_before_is_judged() -> None:
    stated = Outcome(text="it", from_s=80, to_s=120, lower_than_at_s=60)
    scenario = story(outcomes=(stated,))
    samples = run(scenario, lambda seen: 10.0 if seen.now < 62 else 8.0)
    assert check(scenario, samples) == []


def test_a_file_with_steps_out_of_order_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        """
        description = ""
        source = ""
        end_s = 10
        outcomes = []
        car = { phases = 3 }
        steps = [{ at_s = 5 }, { at_s = 1 }]
        """,
        encoding="utf-8",
    )
    with pytest.raises(ValueError, match="not in order"):
        read_scenario(str(path))
