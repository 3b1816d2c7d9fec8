"""When off-peak begins, loads start one after the other, and a car's current rises slowly."""

from itertools import pairwise
import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freeze import freeze, thaw
from custom_components.surplus.control.model import Mode, Reason, SwitchedReading
from custom_components.surplus.control.settings import HomeSettings
from custom_components.surplus.control.stagger import Stagger

from .mixed_house import MixedHouse, Plant, charger, heater, storage, switched

SETTINGS = HomeSettings(breaker_a=60.0)


class Unmeasured(Plant):
    """A relay that nobody measures."""

    def reading(self, now: float) -> SwitchedReading:
        return SwitchedReading(
            reachable=True, on=self.value != 0, changed_at=self.told_at
        )


def evening(*loads: Plant, base_w: float = 400.0, **more: object) -> MixedHouse:
    """Return a house in its last minute of full price."""
    house = MixedHouse(loads=list(loads), settings=SETTINGS, cheap=False, **more)
    house.run(60, base_w)
    return house


def starts(house: MixedHouse, seconds: int) -> dict[str, int]:
    """Let off-peak go on; return in which second each load was told to begin."""
    began: dict[str, int] = {}
    for second in range(seconds):
        for decision in house.run(1).decisions:
            if decision.runs:
                began.setdefault(decision.load_id, second)
    return began


def pump(name: str, priority: int, power_w: float = 1000.0) -> Plant:
    return Plant(spec=switched(name, priority, power_w=power_w), mode=Mode.ECO)


def test_relays_begin_one_after_the_other_in_order_of_priority() -> None:
    house = evening(pump("c", 3), pump("a", 1), pump("b", 2))
    house.cheap = True
    began = starts(house, 60)
    assert sorted(began, key=began.__getitem__) == ["a", "b", "c"]
    assert began["a"] == 0
    assert all(later > earlier for earlier, later in pairwise(sorted(began.values())))
    # Each is seen within a few seconds: nobody waits for long.
    assert max(began.values()) <= 10


def test_who_waits_says_why() -> None:
    house = evening(pump("a", 1), pump("b", 2))
    house.cheap = True
    house.run(1)
    a, b = house.history[-1].decisions
    assert a.reason is Reason.CHEAP_HOURS
    assert b.reason is Reason.ONE_BY_ONE
    assert b.setpoint is not None
    assert b.setpoint.value == 0


def test_a_load_that_is_not_seen_keeps_nobody_waiting_for_ever() -> None:
    dead = pump("a", 1)
    dead.shows = lambda power_w: 0.0
    house = evening(dead, pump("b", 2))
    house.cheap = True
    began = starts(house, 60)
    assert began == {"a": 0, "b": 30}


def test_one_that_is_switched_off_again_is_not_waited_for() -> None:
    dead = pump("a", 1)
    dead.shows = lambda power_w: 0.0
    house = evening(dead, pump("b", 2))
    house.cheap = True
    house.run(5)
    dead.ask(Mode.OFF)
    assert starts(house, 20)["b"] <= 1


def test_one_that_is_deleted_is_not_waited_for() -> None:
    dead = pump("a", 1)
    dead.shows = lambda power_w: 0.0
    house = evening(dead, pump("b", 2))
    house.cheap = True
    house.run(5)
    house.loads.remove(dead)
    assert starts(house, 20)["b"] == 0


def test_what_nobody_measures_is_waited_for_as_long_as_it_may_take() -> None:
    silent = Unmeasured(spec=switched("a", 1, power_w=1000.0), mode=Mode.ECO)
    house = evening(silent, pump("b", 2))
    house.cheap = True
    began = starts(house, 60)
    assert 1 < began["b"] <= 30


def test_a_car_rises_slowly_from_its_least() -> None:
    car = Plant(spec=charger("car", 1, max_a=32.0), mode=Mode.ECO)
    house = evening(car)
    house.cheap = True
    told = []
    for _ in range(90):
        house.run(1)
        told.append(car.value)
    assert told[0] <= 8
    assert told[-1] == 32
    assert max(later - earlier for earlier, later in pairwise(told)) <= 3
    assert 40 <= told.index(32) <= 60


def test_a_car_that_runs_on_the_sun_rises_from_there() -> None:
    car = Plant(spec=charger("car", 1, max_a=32.0), mode=Mode.ECO)
    house = evening(car, base_w=-10 * 230.0)
    house.run(300)
    assert car.value == 10
    house.cheap = True
    told = []
    for _ in range(60):
        house.run(1)
        told.append(car.value)
    rises = [later - earlier for earlier, later in pairwise([10, *told])]
    assert min(rises) >= 0
    assert max(rises) <= 3
    assert told[-1] == 32


def test_a_car_that_rises_says_why_and_a_limit_says_so_itself() -> None:
    car = Plant(spec=charger("car", 1, max_a=32.0), mode=Mode.ECO)
    house = evening(car, base_w=50 * 230.0)
    house.cheap = True
    house.run(2)
    (decision,) = house.history[-1].decisions
    assert decision.reason is Reason.ONE_BY_ONE
    house.run(60)
    (decision,) = house.history[-1].decisions
    assert decision.reason is Reason.LIMITED


def test_a_person_does_not_wait() -> None:
    asked = Plant(spec=charger("car", 2, max_a=32.0), mode=Mode.OFF)
    dead = pump("a", 1)
    dead.shows = lambda power_w: 0.0
    house = evening(dead, asked)
    house.cheap = True
    house.run(2)
    asked.ask(Mode.BOOST)
    house.run(1)
    assert asked.value == 32


def test_a_battery_neither_waits_nor_is_waited_for() -> None:
    pack = Plant(spec=storage("pack", 1), mode=Mode.ECO)
    house = evening(pump("a", 2), pack, pump("b", 3))
    house.cheap = True
    began = starts(house, 10)
    assert began["pack"] == began["a"] == 0
    assert began["b"] > 0


def test_before_and_long_after_nobody_waits() -> None:
    house = evening(pump("a", 1), pump("b", 2))
    for load in house.loads:
        load.ask(Mode.BOOST)
    began = starts(house, 5)
    assert began == {"a": 0, "b": 0}
    late = evening(pump("a", 1), pump("b", 2))
    for load in late.loads:
        load.ask(Mode.OFF)
    late.cheap = True
    late.run(601)
    for load in late.loads:
        load.ask(Mode.ECO)
    assert starts(late, 5) == {"a": 0, "b": 0}


def test_when_off_peak_is_over_at_once_so_is_the_waiting() -> None:
    stagger = Stagger()
    for now, cheap, waits in (
        (0.0, False, False),
        (10.0, True, True),
        (20.0, None, False),
        (30.0, True, True),
        (40.0, False, False),
        (50.0, True, True),
        (650.0, True, False),
    ):
        assert stagger.see([], cheap=cheap, now=now) is waits


def test_what_runs_is_not_held_back_for_what_begins() -> None:
    car = Plant(spec=charger("car", 2, max_a=32.0), mode=Mode.ECO)
    dead = pump("a", 1)
    dead.mode = Mode.OFF
    dead.shows = lambda power_w: 0.0
    house = evening(dead, car, base_w=-13 * 230.0)
    house.run(240)
    before = car.value
    assert before > 6
    house.cheap = True
    dead.ask(Mode.ECO)
    house.run(5)
    assert dead.value == 1
    assert car.value >= before


def test_who_would_not_run_anyway_says_so() -> None:
    asked = Plant(spec=charger("car", 1, max_a=32.0), mode=Mode.BOOST)
    dead = pump("a", 2)
    dead.shows = lambda power_w: 0.0
    house = evening(asked, dead, pump("off", 3), base_w=50 * 230.0)
    house.loads[2].ask(Mode.OFF)
    house.cheap = True
    house.run(2)
    assert house.decision("car").reason is Reason.LIMITED
    assert house.decision("off").reason is Reason.MODE_OFF


def test_a_restart_in_the_cheap_hours_is_no_beginning() -> None:
    house = evening(pump("a", 1), pump("b", 2))
    house.engine = Engine(SETTINGS)
    house.cheap = True
    assert starts(house, 5) == {"a": 0, "b": 0}


def test_a_tariff_that_is_silent_for_a_while_begins_nothing() -> None:
    house = evening(pump("a", 1), pump("b", 2))
    house.cheap = None
    house.run(10)
    house.cheap = True
    began = starts(house, 20)
    assert began["b"] > began["a"]
    house.cheap = None
    house.run(700)
    house.cheap = True
    house.run(1)
    assert [decision.runs for decision in house.history[-1].decisions] == [True, True]


@given(
    powers=st.lists(st.sampled_from([500.0, 1000.0, 2300.0]), min_size=1, max_size=5),
    hot=st.booleans(),
)
@settings(deadline=None, max_examples=30)
def test_no_two_begin_in_the_same_second_and_all_begin(
    powers: list[float], hot: bool
) -> None:
    loads = [pump(f"p{n}", n, power_w) for n, power_w in enumerate(powers)]
    if hot:
        loads.append(Plant(spec=heater("hot", 8, max_w=2000.0), mode=Mode.ECO))
    house = evening(*loads)
    house.cheap = True
    began = starts(house, 200)
    assert len(set(began.values())) == len(began)
    assert began.keys() == {load.spec.load_id for load in loads}


def test_a_frozen_one_goes_on_as_it_was() -> None:
    house = evening(pump("a", 1), pump("b", 2))
    house.cheap = True
    house.run(1)
    again = thaw(json.loads(json.dumps(freeze(house.engine))))
    told = [house.engine, again]
    house.engine = told[1]
    began = starts(house, 20)
    assert began["b"] == pytest.approx(1, abs=2)
