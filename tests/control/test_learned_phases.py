"""Which phase a load hangs on is learned from what moves on the meter when it does."""

from dataclasses import dataclass, field, replace
import json
from random import Random

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freeze import freeze, thaw
from custom_components.surplus.control.learned_phases import LearnedPhases
from custom_components.surplus.control.loads import control_of
from custom_components.surplus.control.loads.base import Follower
from custom_components.surplus.control.model import (
    GridReading,
    LoadInput,
    Mode,
    SwitchedReading,
    SwitchedSpec,
)
from custom_components.surplus.control.settings import HomeSettings

from .mixed_house import START, MixedHouse, Plant, charger, switched

V = 230.0


def load_of(load_id: str = "pump", **spec: object) -> LoadInput:
    given = SwitchedSpec(load_id=load_id, name=load_id, priority=1, power_w=2000.0)
    return LoadInput(
        spec=replace(given, **spec),
        reading=SwitchedReading(reachable=True),
        mode=Mode.OFF,
    )


def follower(load: LoadInput) -> Follower:
    return load, control_of(load.spec)


@dataclass
class Board:
    """Three phases of a house, and loads that draw on them what a test says."""

    phases: LearnedPhases = field(default_factory=LearnedPhases)
    now: float = 100.0
    every_s: float = 1.0
    base_a: list[float] = field(default_factory=lambda: [3.0, 5.0, 1.0])
    noise_a: float = 0.0
    random: Random = field(default_factory=lambda: Random(1))

    def see(
        self,
        seconds: int,
        drawn_w: dict[str, float],
        on: dict[str, int],
        *,
        followers: list[Follower] | None = None,
        currents: bool = True,
    ) -> None:
        followers = followers or [follower(load_of(load_id)) for load_id in drawn_w]
        for _ in range(seconds):
            self.now += self.every_s
            amps = list(self.base_a)
            for load_id, phase in on.items():
                amps[phase - 1] += drawn_w[load_id] / V
            noisy = [a + self.random.uniform(-1, 1) * self.noise_a for a in amps]
            grid = GridReading(
                at=self.now,
                power_w=sum(amps) * V,
                currents_a=tuple(noisy) if currents else (),
            )
            self.phases.see(grid, followers, drawn_w, V)

    def cycles(self, times: int, phase: int = 2, power_w: float = 2000.0) -> None:
        """Switch the pump on and off again so many times."""
        for _ in range(times):
            for drawn_w in (0.0, power_w):
                self.see(14, {"pump": drawn_w}, {"pump": phase})


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_a_load_that_switches_shows_its_phase(phase: int) -> None:
    board = Board()
    board.cycles(2, phase)
    assert board.phases.known == {"pump": phase}


def test_one_step_is_no_knowledge() -> None:
    board = Board()
    board.cycles(1)
    assert board.phases.known == {}
    # Two steps, one up and one down, are not enough either.
    board.see(14, {"pump": 0.0}, {"pump": 2})
    assert board.phases.known == {}


@settings(deadline=None, max_examples=50)
@given(
    phase=st.integers(1, 3),
    power_w=st.floats(700, 7000),
    seed=st.integers(0, 1000),
)
def test_a_restless_house_hides_no_phase(phase: int, power_w: float, seed: int) -> None:
    board = Board(noise_a=0.5, random=Random(seed))
    board.cycles(4, phase, power_w)
    assert board.phases.known == {"pump": phase}


def test_a_small_load_says_nothing() -> None:
    board = Board()
    board.cycles(6, power_w=500.0)
    assert board.phases.known == {}


def test_a_kettle_at_the_same_time_makes_one_step_wrong_and_not_most() -> None:
    board = Board()
    board.cycles(1)
    board.see(14, {"pump": 0.0}, {"pump": 2})
    board.base_a[2] += 10.0
    board.see(14, {"pump": 2000.0}, {"pump": 2})
    board.base_a[2] -= 10.0
    assert board.phases.as_dict() == {"pump": [2, 2]}
    board.cycles(1)
    assert board.phases.known == {"pump": 2}


def test_a_step_of_another_load_of_ours_is_not_taken_for_its_own() -> None:
    board = Board()
    for _ in range(6):
        for on in (0.0, 1.0):
            drawn = {"pump": 2000.0 * on, "car": 3000.0 * on}
            board.see(14, drawn, {"pump": 2, "car": 3})
    assert board.phases.known == {}


def test_a_relay_that_switches_nothing_shows_no_phase() -> None:
    board = Board()
    for _ in range(6):
        for drawn_w in (0.0, 2000.0):
            board.see(14, {"pump": drawn_w}, {})
    assert board.phases.known == {}


def test_a_meter_that_is_slow_or_tells_no_currents_teaches_nothing() -> None:
    slow = Board(every_s=10.0)
    slow.cycles(6)
    assert slow.phases.known == {}
    total = Board()
    for _ in range(6):
        for drawn_w in (0.0, 2000.0):
            total.see(14, {"pump": drawn_w}, {"pump": 2}, currents=False)
    assert total.phases.as_dict() == {}


def test_a_load_on_three_phases_has_no_phase_to_learn() -> None:
    board = Board()
    wide = [follower(load_of(phases=(1, 2, 3)))]
    for _ in range(6):
        for drawn_w in (0.0, 2000.0):
            board.see(14, {"pump": drawn_w}, {"pump": 2}, followers=wide)
    assert board.phases.as_dict() == {}


def test_a_slow_rise_is_seen_once_it_is_over() -> None:
    board = Board()
    for _ in range(3):
        for way in (range(0, 2001, 500), range(2000, -1, -500)):
            for drawn_w in way:
                board.see(1, {"pump": float(drawn_w)}, {"pump": 3})
            board.see(12, {"pump": float(drawn_w)}, {"pump": 3})
    assert board.phases.known == {"pump": 3}


def test_a_load_that_was_rewired_is_learned_anew() -> None:
    board = Board()
    board.cycles(4, 2)
    assert board.phases.known == {"pump": 2}
    board.cycles(2, 3)
    assert board.phases.known == {}
    board.cycles(2, 3)
    assert board.phases.known == {"pump": 3}


def test_what_was_learned_survives_and_can_be_forgotten() -> None:
    board = Board()
    board.cycles(3)
    saved = json.loads(json.dumps(board.phases.as_dict()))
    again = LearnedPhases(saved)
    assert again.known == {"pump": 2}
    again.forget("pump")
    assert again.known == {}
    assert again.as_dict() == {}


@pytest.mark.parametrize("damaged", [7, {"a": 1}, {"a": [0]}, {"a": [4]}, {"a": [1.5]}])
def test_a_damaged_memory_is_refused(damaged: object) -> None:
    with pytest.raises((AttributeError, TypeError, ValueError)):
        LearnedPhases(damaged)
    with pytest.raises((AttributeError, TypeError, ValueError)):
        Engine(HomeSettings(), {"phases": damaged})


def test_what_is_to_be_learned_counts_where_there_is_least_room() -> None:
    phases = LearnedPhases()
    asks, knows = load_of(learns_phase=True), load_of("car")
    grid = GridReading(at=1.0, power_w=0.0, currents_a=(4.0, 9.0, 5.0))
    placed, other = phases.placed((asks, knows), grid, 3)
    assert placed.spec.phases == (2,)
    assert other is knows
    # It does not jump for one ampere, and stays while nobody tells.
    near = replace(grid, currents_a=(10.5, 9.0, 5.0))
    assert phases.placed((asks,), near, 3)[0].spec is placed.spec
    assert phases.placed((asks,), None, 3)[0].spec is placed.spec
    far = replace(grid, currents_a=(12.0, 9.0, 5.0))
    assert phases.placed((asks,), far, 3)[0].spec.phases == (1,)


def test_what_was_learned_is_where_it_counts() -> None:
    phases = LearnedPhases({"pump": [3, 3, 3], "car": [2, 2, 2]})
    grid = GridReading(at=1.0, power_w=0.0, currents_a=(4.0, 9.0, 5.0))
    loads = (load_of(learns_phase=True), load_of("car"))
    placed = phases.placed(loads, grid, 3)
    # What a user declared stays a fact.
    assert [load.spec.phases for load in placed] == [(3,), (1,)]
    changed = (replace(loads[0], spec=replace(loads[0].spec, priority=5)),)
    assert phases.placed(changed, grid, 3)[0].spec.priority == 5


def test_on_one_phase_there_is_nothing_to_learn() -> None:
    phases = LearnedPhases()
    loads = (load_of(learns_phase=True),)
    assert phases.placed(loads, None, 1) is loads
    declared = (load_of(),)
    assert phases.placed(declared, None, 3) is declared


class Rewired(MixedHouse):
    """A house in which loads hang on other phases than anybody said."""

    wires: dict[str, int]

    def phases_a(self) -> tuple[float, ...]:
        amps = list(self.base_a)
        for load in self.loads:
            amps[self.wires[load.spec.load_id] - 1] += load.power_w / V
        return tuple(amps)


def house_of(*loads: Plant, **wires: int) -> Rewired:
    house = Rewired(
        loads=list(loads),
        settings=HomeSettings(phases=3, breaker_a=25.0),
        base_a=[2.0, 6.0, 2.0],
    )
    house.wires = wires
    return house


def test_an_engine_learns_where_a_load_is_and_uses_that_room() -> None:
    spec = replace(switched("pump", 1, power_w=2000.0), learns_phase=True)
    pump = Plant(spec=spec)
    car = Plant(spec=charger("car", 2, max_a=32.0, phases=(2,)), mode=Mode.BOOST)
    house = house_of(pump, car, pump=3, car=2)
    # The phase of the car is full, and nobody knows whether it is the pump's.
    house.run(60)
    least_a = []
    for _ in range(4):
        pump.ask(Mode.BOOST)
        beside_a = []
        for _ in range(60):
            house.run(1)
            beside_a.append(car.value)
        least_a.append(min(beside_a))
        pump.ask(Mode.OFF)
        house.run(60)
    assert house.history[-1].learned_phases["pump"] == 3
    # At first the car made room, at last it need not.
    assert least_a[0] <= 11
    assert least_a[-1] >= 18
    assert max(max(amps) for amps in house.currents) <= 25.0


def test_what_an_engine_learned_is_saved_frozen_and_forgotten() -> None:
    engine = Engine(HomeSettings(phases=3), {"phases": {"pump": [2, 2, 2]}})
    house = house_of(Plant(spec=switched("pump")), pump=2)
    house.engine = engine
    assert house.run(1).learned_phases == {"pump": 2}
    saved = engine.as_dict(house.now, START)
    assert saved["phases"] == {"pump": [2, 2, 2]}
    again = thaw(json.loads(json.dumps(freeze(engine))))
    house.engine = again
    assert house.run(1).learned_phases == {"pump": 2}
    again.forget("pump")
    assert house.run(1).learned_phases == {}
