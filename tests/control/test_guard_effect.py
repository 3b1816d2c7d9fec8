"""Whether shedding moves the meter, and whether it was needed."""

import pytest

from custom_components.surplus.control.guard.effect import Hindsight
from custom_components.surplus.control.model import GridReading, Mode, SwitchedSpec
from custom_components.surplus.control.settings import HomeSettings

from .mixed_house import MixedHouse, Plant, heater, switched

BREAKER = HomeSettings(breaker_a=25.0)


def pump(load_id: str, priority: int, **more: object) -> SwitchedSpec:
    return switched(
        load_id,
        priority,
        **{"power_w": 1150.0, "sheddable": True, "min_off_s": 0.0, **more},
    )


def whole_house(loads: int = 4) -> MixedHouse:
    house = MixedHouse(
        loads=[
            Plant(spec=pump(f"s{n}", n), mode=Mode.BOOST) for n in range(1, loads + 1)
        ],
        settings=BREAKER,
    )
    house.run(400, base_w=300)
    assert all(load.value == 1 for load in house.loads)
    return house


class TestFutility:
    def test_a_meter_that_stands_still_never_takes_the_whole_house(self) -> None:
        house = whole_house()
        # 5 A too much, and the same for ever: one load of 5 A would do.
        house.frozen_w = 30.0 * 230
        house.run(1200)
        assert house.guard.futile
        assert house.guard.counters.sheds == 1
        assert [load.value for load in house.loads].count(1) == 3

    def test_what_was_taken_in_vain_is_let_go_after_a_while(self) -> None:
        house = whole_house()
        house.frozen_w = 30.0 * 230
        house.run(650)
        assert house.guard.shed == set()
        assert house.guard.counters.restores == 1
        # Nothing starts without room, whoever lets go.
        assert [load.value for load in house.loads].count(1) == 3
        house.frozen_w = None
        house.run(120)
        assert not house.guard.futile
        assert [load.value for load in house.loads].count(1) == 4

    def test_it_ends_with_the_overload_and_the_next_one_is_met(self) -> None:
        house = whole_house()
        house.frozen_w = 30.0 * 230
        house.run(400)
        assert house.guard.futile
        house.frozen_w = None
        house.run(15)
        assert not house.guard.futile
        house.run(30, base_w=6000)
        assert house.guard.counters.sheds > 1
        assert not house.guard.futile

    def test_one_that_drew_nothing_is_not_held_against_the_meter(self) -> None:
        house = whole_house(3)
        idle = house.loads[2]
        # Its relay is closed, its thermostat open, and nobody measures it.
        idle.shows = lambda _: None
        idle.step = lambda: None
        idle.power_w = 0.0
        house.run(60, base_w=5200)
        assert {"s3", "s2"} <= house.guard.shed
        assert not house.guard.futile
        assert house.currents[-1][0] <= 28

    def test_two_of_those_are(self) -> None:
        house = whole_house(3)
        for idle in house.loads:
            idle.shows = lambda _: None
        house.frozen_w = 30.0 * 230
        house.run(600)
        assert house.guard.futile
        assert house.guard.counters.sheds == 2

    def test_a_load_on_another_phase_than_declared_does_not_end_it(self) -> None:
        wrong = Plant(spec=pump("wrong", 2, phases=(1,)), mode=Mode.BOOST)
        real = Plant(spec=pump("real", 1, phases=(1,)), mode=Mode.BOOST)
        house = Rewired(
            loads=[real, wrong],
            settings=HomeSettings(phases=3, breaker_a=25.0),
            base_a=[2.0, 2.0, 2.0],
        )
        house.run(400)
        # Either of them would do, and the last one goes first.
        house.base_a = [22.0, 2.0, 2.0]
        house.run(400)
        assert not house.guard.futile
        assert max(house.currents[-1]) <= 25
        assert real.value == 0

    def test_what_the_house_starts_at_the_same_time_does_not_end_it(self) -> None:
        house = whole_house(3)
        house.base_a = [11.0]
        while not house.guard.shed:
            house.run(1)
        # The hob comes on in the very second in which the load goes off.
        house.run(400, base_w=16.5 * 230)
        assert not house.guard.futile
        assert house.guard.counters.sheds > 1
        assert house.currents[-1][0] <= 25


class Rewired(MixedHouse):
    """A house in which ``wrong`` hangs on the second phase."""

    def phases_a(self) -> tuple[float, ...]:
        amps = list(self.base_a)
        for load in self.loads:
            phase = 2 if load.spec.load_id == "wrong" else load.spec.phases[0]
            amps[phase - 1] += load.power_w / 230
        return tuple(amps)


class TestHindsight:
    def begun(self, left_s: float = 20.0) -> Hindsight:
        hindsight = Hindsight()
        hindsight.begins("s", "k", 25.0, (1,), 5.0, at=100.0, left_s=left_s)
        return hindsight

    def test_what_would_have_ended_by_itself_was_not_needed(self) -> None:
        hindsight = self.begun()
        assert hindsight.see({"k": (22.0,)}, 101.0) == 0
        assert hindsight.see({"k": (20.0,)}, 119.0) == 1
        assert not hindsight.waits
        assert hindsight.see({"k": (0.0,)}, 119.5) == 0

    def test_what_ends_later_than_the_breaker_had_held_was(self) -> None:
        hindsight = self.begun()
        assert hindsight.see({"k": (3.0,)}, 120.5) == 0
        assert not hindsight.waits

    def test_a_breaker_that_holds_for_ever_is_watched_for_30_seconds(self) -> None:
        assert self.begun(float("inf")).see({"k": (3.0,)}, 129.0) == 1
        assert self.begun(float("inf")).see({"k": (3.0,)}, 131.0) == 0

    def test_each_phase_must_have_had_room(self) -> None:
        hindsight = Hindsight()
        hindsight.begins("s", "k", 25.0, (1, 2), 5.0, at=100.0, left_s=20.0)
        assert hindsight.see({"k": (1.0, 21.0, 30.0)}, 101.0) == 0
        assert hindsight.see({"k": (1.0, 20.0, 30.0)}, 102.0) == 0
        assert hindsight.see({"k": (1.0, 20.0, 25.0)}, 103.0) == 1

    def test_a_limit_that_is_gone_judges_nobody(self) -> None:
        hindsight = self.begun()
        assert hindsight.see({}, 101.0) == 0
        assert not hindsight.waits

    @pytest.mark.parametrize(("for_s", "unnecessary"), [(15, 1), (120, 0)])
    def test_a_peak_that_passes_by_itself_counts_in_the_house(
        self, for_s: int, unnecessary: int
    ) -> None:
        house = MixedHouse(
            loads=[Plant(spec=pump("s", 1, power_w=2300.0), mode=Mode.BOOST)],
            settings=HomeSettings(),
            cutoff_va=6000.0,
        )
        house.run(400, base_w=3000)
        seconds = 0
        while not house.guard.shed:
            house.run(1, base_w=6000)
            seconds += 1
            assert seconds < 300
        house.run(for_s, base_w=6000)
        house.run(40, base_w=1000)
        assert house.guard.counters.unnecessary_sheds == unnecessary


def test_time_over_a_limit_is_counted() -> None:
    house = MixedHouse(loads=[], settings=BREAKER)
    for base_w, seconds in ((6000, 20), (500, 5), (6000, 10), (500, 60), (6000, 7)):
        house.run(seconds, base_w=base_w)
    house.run(1, base_w=500)
    counters = house.guard.counters
    assert counters.overload_s == pytest.approx(37, abs=1)
    # What comes back within ten seconds has not been over.
    assert counters.overloads == 2
    assert house.guard.over is None


def test_a_heater_gives_way_without_anybody_counting_a_shed() -> None:
    hot = Plant(spec=heater("h", 1, 4000.0), mode=Mode.BOOST)
    house = MixedHouse(loads=[hot], settings=BREAKER)
    house.run(100, base_w=500)
    house.run(100, base_w=9000)
    assert hot.value == 0
    assert house.guard.counters.sheds == 0
    assert house.guard.shed == set()


@pytest.mark.parametrize("every_s", [5, 12, 30, 60])
def test_a_slow_meter_shows_a_lasting_overload_as_a_quick_one_does(
    every_s: int,
) -> None:
    house = MixedHouse(
        loads=[Plant(spec=pump("s", 1, power_w=2300.0), mode=Mode.BOOST)],
        settings=BREAKER,
    )
    house.run(400, base_w=500)
    # 26.9 A of 25 A never open the breaker, and are no peak either.
    house.base_a = [3900 / 230]
    grid, shed_after_s = None, None
    for seconds in range(420):
        house.now += 1
        for load in house.loads:
            load.step()
        if grid is None or seconds % every_s == 0:
            grid = GridReading(at=house.now, power_w=house.grid_w)
        house.cycle(grid)
        if shed_after_s is None and house.guard.shed:
            shed_after_s = seconds
    assert shed_after_s == pytest.approx(301, abs=1)
    assert house.guard.counters.overloads == 1
    assert house.guard.counters.overload_s == pytest.approx(300, abs=2 * every_s)
