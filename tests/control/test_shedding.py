"""What the guard stops, and how it comes back, in closed loop."""

from itertools import pairwise

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.model import (
    GridReading,
    LimitKind,
    Mode,
    NextEventKind,
    Reason,
    SwitchedSpec,
)
from custom_components.surplus.control.settings import HomeSettings

from .mixed_house import MixedHouse, Plant, charger, heater, switched

BREAKER = HomeSettings(breaker_a=25.0)


def pump(load_id: str = "s", priority: int = 3, **more: object) -> SwitchedSpec:
    return switched(load_id, priority, **{"power_w": 2300.0, "sheddable": True, **more})


def running(*specs: SwitchedSpec, base_w: float = 500.0, **more: object) -> MixedHouse:
    loads = [Plant(spec=spec, mode=Mode.BOOST) for spec in specs]
    house = MixedHouse(loads=loads, **{"settings": BREAKER, **more})
    house.run(400, base_w=base_w)
    assert all(load.value == 1 for load in loads)
    return house


class TestStopping:
    def test_on_the_reading_that_leaves_no_time(self) -> None:
        house = running(pump())
        house.run(1, base_w=7000)
        decision = house.decision("s")
        assert decision.reason is Reason.SHED
        assert decision.setpoint is not None
        assert decision.setpoint.value == 0
        assert decision.numbers["limit"] == "breaker"
        assert 0 < float(decision.numbers["seconds_left"]) < 30
        assert house.guard.shed == {"s"}
        assert house.events() == [("shed", "s")]
        (event,) = house.guard.events
        assert event.limit is LimitKind.BREAKER
        assert event.numbers["power_w"] == 2300
        assert house.guard.counters.sheds == 1

    def test_as_long_as_there_is_time_nothing_is_stopped(self) -> None:
        house = running(pump())
        house.run(290, base_w=3900)
        assert house.guard.over is LimitKind.BREAKER
        assert house.guard.seconds_left is None
        assert house.loads[0].value == 1
        house.run(12)
        assert house.guard.shed == {"s"}
        assert house.decision("s").numbers["limit"] == "breaker"
        assert "seconds_left" not in house.decision("s").numbers

    def test_under_a_linky_it_waits_for_the_last_30_seconds(self) -> None:
        house = running(
            pump(), settings=HomeSettings(), cutoff_va=6000.0, base_w=1000.0
        )
        house.run(1, base_w=6100)
        # 8400 of 6000 VA are 1.4 times as much, from 55 %.
        first_s = house.guard.seconds_left
        assert first_s == pytest.approx(227, abs=2)
        house.run(round(first_s) - 31)
        assert house.loads[0].value == 1
        house.run(3)
        assert house.loads[0].value == 0
        assert house.guard.over is LimitKind.SUBSCRIPTION
        house.run(2)
        assert house.guard.seconds_left is None

    def test_what_can_be_throttled_is_before_anything_stops(self) -> None:
        hot = Plant(spec=heater("h", 1, 2500.0), mode=Mode.BOOST)
        house = MixedHouse(
            loads=[hot, Plant(spec=pump(), mode=Mode.BOOST)], settings=BREAKER
        )
        house.run(100, base_w=300)
        house.run(200, base_w=2800)
        assert house.loads[1].value == 1
        assert 500 < hot.value <= 650
        assert house.guard.counters.sheds == 0
        # What lasts is for priorities to decide.
        house.run(400)
        assert (hot.value, house.loads[1].value) == (2500, 0)
        assert house.decision("s").reason is Reason.NO_ROOM

    def test_one_is_stopped_where_one_is_enough(self) -> None:
        house = running(
            pump("a", 1, power_w=1500.0), pump("b", 2), pump("c", 3, power_w=500.0)
        )
        house.run(60, base_w=3700)
        assert house.guard.shed == {"b"}

    def test_a_second_one_is_stopped_only_when_time_is_short_again(self) -> None:
        house = running(
            pump("a", 1), pump("b", 2), settings=HomeSettings(), cutoff_va=6000.0
        )
        house.run(200, base_w=1000)
        # 11 100 of 6000 VA: with one less the breaker holds for more than a minute.
        house.run(24, base_w=6500)
        assert house.guard.shed == {"b"}
        left_s = house.guard.seconds_left
        assert left_s is not None
        assert left_s > 60
        house.run(round(left_s) - 31)
        assert house.guard.shed == {"b"}
        house.run(3)
        assert house.guard.shed == {"a", "b"}

    def test_where_one_less_is_no_minute_both_are_stopped_at_once(self) -> None:
        house = running(
            pump("a", 1), pump("b", 2), settings=HomeSettings(), cutoff_va=6000.0
        )
        house.run(200, base_w=3000)
        house.run(1, base_w=8500)
        assert house.guard.shed == {"a", "b"}

    def test_what_lasts_goes_below_the_limit_at_once(self) -> None:
        house = running(
            pump("a", 1, power_w=1000.0),
            pump("b", 2, power_w=1000.0),
            settings=HomeSettings(),
            cutoff_va=6000.0,
        )
        house.run(295, base_w=5500)
        assert not house.guard.shed
        house.run(10)
        assert house.guard.shed == {"a", "b"}

    def test_what_draws_nothing_is_not_stopped(self) -> None:
        idle = Plant(spec=pump("idle", 9), mode=Mode.BOOST, shows=lambda _: 0.0)
        real = Plant(spec=pump("real", 1), mode=Mode.BOOST)
        house = MixedHouse(loads=[real, idle], settings=BREAKER)
        idle.step = lambda: None
        house.run(100, base_w=500)
        assert idle.power_w == 0
        house.run(2, base_w=9000)
        assert house.guard.shed == {"real"}

    def test_a_load_that_does_not_obey_is_no_help(self) -> None:
        stuck = Plant(spec=charger("stuck", 9), mode=Mode.BOOST)
        house = MixedHouse(
            loads=[Plant(spec=pump(), mode=Mode.BOOST), stuck],
            settings=HomeSettings(breaker_a=32.0),
        )
        house.run(100, base_w=500)
        stuck.obeys = False
        house.run(40, base_w=4500)
        # It stays at what it drew, and counts with it: another one must stop.
        assert stuck.power_w > 4000
        assert "s" in house.guard.shed

    def test_a_car_is_stopped_below_its_minimum_and_that_is_a_shed(self) -> None:
        house = MixedHouse(
            loads=[Plant(spec=charger(), mode=Mode.BOOST)], settings=BREAKER
        )
        house.run(100, base_w=500)
        house.run(30, base_w=7000)
        assert house.loads[0].value == 0
        assert house.events() == [("shed", "c")]

    @pytest.mark.parametrize(
        ("mode", "sheddable", "stopped"),
        [
            (Mode.BOOST, False, False),
            (Mode.BOOST, True, True),
            (Mode.MANUAL, False, False),
            (Mode.MANUAL, True, True),
            (Mode.SOLAR, False, True),
        ],
    )
    def test_nothing_that_a_person_wants_unless_they_said_so(
        self, mode: Mode, sheddable: bool, stopped: bool
    ) -> None:
        load = Plant(spec=pump(sheddable=sheddable), mode=mode, manual_value=1.0)
        house = MixedHouse(loads=[load], settings=BREAKER)
        house.run(400, base_w=-6000)
        assert load.value == 1
        house.run(20, base_w=9000)
        assert (load.value == 0) is stopped
        assert house.guard.shed == ({"s"} if stopped else set())

    def test_the_warning_of_the_meter_stops_one_after_the_other(self) -> None:
        house = running(pump("a", 1), pump("b", 2))
        house.warns = True
        house.run(300)
        assert house.guard.over is LimitKind.SUBSCRIPTION
        assert house.guard.shed == set()
        house.run(3)
        assert house.guard.shed == {"b"}
        house.run(10)
        assert house.guard.shed == {"b"}
        house.run(7)
        assert house.guard.shed == {"a", "b"}
        assert house.guard.counters.unnecessary_sheds == 0


class TestComingBack:
    def shed(self, *specs: SwitchedSpec, base_w: float = 9000) -> MixedHouse:
        house = running(*specs or (pump(min_off_s=0.0),))
        house.run(20, base_w=base_w)
        assert house.guard.shed == {spec.load_id for spec in specs or (pump(),)}
        return house

    def test_after_there_has_been_room_for_a_minute(self) -> None:
        house = self.shed()
        house.run(58, base_w=500)
        decision = house.decision("s")
        assert decision.reason is Reason.SHED
        assert decision.numbers["needed_a"] == 11.0
        assert decision.next_event is not None
        assert decision.next_event.kind is NextEventKind.START
        assert 0 < float(decision.numbers["seconds"]) <= 5
        house.run(5)
        assert house.loads[0].value == 1
        assert house.guard.shed == set()
        assert house.events() == [("shed", "s"), ("restored", "s")]
        assert house.guard.counters.restores == 1

    def test_without_room_it_stays_off(self) -> None:
        house = self.shed()
        # 25 A less 14 A leave 11 A, which is as much as it takes with a margin.
        house.run(900, base_w=14.2 * 230)
        assert house.loads[0].value == 0
        house.run(70, base_w=13.9 * 230)
        assert house.loads[0].value == 1

    def test_room_that_goes_away_is_waited_for_anew(self) -> None:
        house = self.shed()
        for _ in range(5):
            house.run(50, base_w=500)
            house.run(10, base_w=5000)
        assert house.loads[0].value == 0

    def test_its_rest_is_kept(self) -> None:
        house = self.shed(pump(min_off_s=300.0))
        house.run(270, base_w=500)
        assert house.loads[0].value == 0
        house.run(30)
        assert house.loads[0].value == 1

    def test_one_that_does_not_fit_for_long_waits_twice_as_long(self) -> None:
        house = self.shed()
        house.run(65, base_w=500)
        assert house.loads[0].value == 1
        house.run(20, base_w=9000)
        assert house.loads[0].value == 0
        house.run(110, base_w=500)
        assert house.loads[0].value == 0
        house.run(15)
        assert house.loads[0].value == 1
        house.run(700)
        house.run(20, base_w=9000)
        house.run(65, base_w=500)
        assert house.loads[0].value == 1

    def test_what_has_run_for_long_since_is_not_held_against_it_later(self) -> None:
        house = self.shed()
        house.run(65, base_w=500)
        house.run(700)
        # Nothing else was asked of the guard meanwhile.
        house.restart()
        house.run(5)
        house.run(20, base_w=9000)
        assert house.guard.shed == {"s"}
        house.run(65, base_w=500)
        assert house.loads[0].value == 1

    def test_a_person_who_asks_again_does_not_wait_longer_than_at_first(self) -> None:
        house = self.shed()
        for _ in range(3):
            house.run(300, base_w=500)
            assert house.loads[0].value == 1
            house.run(20, base_w=9000)
        house.run(5, base_w=500)
        assert float(house.decision("s").numbers["seconds"]) > 300
        house.loads[0].ask(Mode.BOOST)
        house.run(62)
        assert house.loads[0].value == 1

    def test_one_at_a_time_by_priority_each_seen_on_the_meter(self) -> None:
        specs = [
            pump(name, n, min_off_s=0.0, power_w=1500.0)
            for n, name in enumerate("abc", start=1)
        ]
        house = self.shed(*specs, base_w=13000)
        house.run(200, base_w=300)
        back = [load_id for kind, load_id in house.events() if kind == "restored"]
        assert back == ["a", "b", "c"]
        at = [
            n
            for n, cycle in enumerate(house.history)
            for event in cycle.guard.events
            if event.kind == "restored"
        ]
        assert min(b - a for a, b in pairwise(at)) >= 1

    def test_one_that_never_comes_does_not_keep_the_others_waiting_for_ever(
        self,
    ) -> None:
        specs = [pump(name, n, min_off_s=0.0) for n, name in enumerate("ab", 1)]
        house = self.shed(*specs, base_w=13000)
        first = house.loads[0]
        first.step = lambda: None
        first.power_w = 0.0
        house.run(80, base_w=300)
        assert (first.value, house.loads[1].value) == (1, 0)
        house.run(60)
        assert house.loads[1].value == 1

    def test_room_that_a_heater_below_has_filled_is_there_for_it(self) -> None:
        hot = Plant(spec=heater("h", 9, 6000.0), mode=Mode.BOOST)
        load = Plant(spec=pump(min_off_s=0.0), mode=Mode.BOOST)
        house = MixedHouse(loads=[load, hot], settings=BREAKER)
        house.run(60, base_w=500)
        house.run(20, base_w=9000)
        assert house.guard.shed == {"s"}
        house.run(90, base_w=500)
        assert load.value == 1
        assert 1500 < hot.value < 3200
        assert sum(a > 25.1 for (a,) in house.currents[-80:]) <= 2

    def test_the_room_on_each_phase_counts_with_what_is_filled_there(self) -> None:
        load = Plant(
            spec=pump(min_off_s=0.0, power_w=6900.0, phases=(1, 2, 3)), mode=Mode.BOOST
        )
        # It fills one of three phases; the others are as free as can be.
        hot = Plant(spec=heater("h", 9, 6000.0), mode=Mode.BOOST)
        house = MixedHouse(
            loads=[load, hot],
            settings=HomeSettings(phases=3, breaker_a=25.0),
            base_a=[1.0, 1.0, 1.0],
        )
        house.run(100)
        assert load.value == 1
        house.base_a = [30.0, 1.0, 1.0]
        house.run(20)
        assert house.guard.shed == {"s"}
        house.base_a = [1.0, 1.0, 1.0]
        house.run(90)
        assert load.value == 1
        assert hot.value == pytest.approx(14 * 230, abs=230)

    def test_what_comes_after_it_does_not_start_into_its_room(self) -> None:
        first, last = (
            Plant(spec=pump(name, n, min_off_s=0.0), mode=Mode.BOOST)
            for n, name in enumerate(("first", "last"), start=1)
        )
        house = MixedHouse(loads=[first, last], settings=BREAKER)
        # There is room for one of them.
        house.run(300, base_w=1840)
        assert (first.value, last.value) == (1, 0)
        house.run(20, base_w=9000)
        assert house.guard.shed == {"first"}
        house.run(100, base_w=1840)
        assert (first.value, last.value) == (1, 0)
        # For both, the last need not wait until the first is back.
        house.run(20, base_w=9000)
        house.run(3, base_w=230)
        assert (first.value, last.value) == (0, 1)

    def test_switched_off_by_a_person_it_is_no_longer_shed(self) -> None:
        house = self.shed()
        house.loads[0].ask(Mode.OFF)
        house.run(1)
        assert house.decision("s").reason is Reason.MODE_OFF
        assert house.guard.shed == set()

    def test_a_load_out_of_reach_is_not_told_anything(self) -> None:
        house = self.shed()
        house.loads[0].reachable = False
        house.run(200, base_w=500)
        assert house.decision("s").reason is Reason.UNREACHABLE
        assert house.guard.shed == {"s"}
        house.loads[0].reachable = True
        house.run(3)
        assert house.loads[0].value == 1

    def test_one_that_was_deleted_is_forgotten(self) -> None:
        house = self.shed()
        house.loads.clear()
        house.engine.forget("s")
        house.run(1)
        assert house.guard.shed == set()

    def test_without_any_limit_left_it_comes_back(self) -> None:
        house = self.shed()
        house.settings = house.engine.settings = HomeSettings()
        house.run(70)
        assert house.loads[0].value == 1


class TestOverARestart:
    def test_what_was_shed_stays_so_and_comes_back(self) -> None:
        house = running(pump(min_off_s=0.0))
        house.run(20, base_w=9000)
        before = house.guard.counters
        house.restart(120)
        house.run(1)
        assert house.decision("s").reason is Reason.SHED
        assert house.guard.shed == {"s"}
        assert house.guard.counters.sheds == before.sheds == 1
        assert house.guard.counters.overloads >= before.overloads
        house.run(70, base_w=500)
        assert house.loads[0].value == 1
        assert house.guard.counters.restores == 1

    def test_what_it_waits_for_is_not_shorter_after_it(self) -> None:
        house = running(pump(min_off_s=0.0))
        house.run(20, base_w=9000)
        house.run(65, base_w=500)
        house.restart()
        house.run(5)
        house.run(20, base_w=9000)
        house.run(110, base_w=500)
        assert house.loads[0].value == 0

    @pytest.mark.parametrize(
        "damage",
        [
            {"shedding": {"shed": {"s": {"limit": "moon"}}}},
            {"shedding": {"shed": {"s": 1}}},
            {"shedding": {"waits_s": {"s": float("nan")}}},
            {"shedding": {"waits_s": {"s": -1}}},
            {"counters": {"sheds": -1}},
            {"counters": {"restores": "many"}},
            {"watch": {"heats": {"breaker": {"share": -1}}}},
            {"watch": {"overload_s": -5}},
            {"watch": {"overload_s": float("inf")}},
            {"watch": {"overloads": 1.5}},
            {"watch": {"overloads": -1}},
            {"watch": []},
        ],
        ids=str,
    )
    def test_what_is_damaged_is_refused_as_a_whole(self, damage: object) -> None:
        with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
            Engine(BREAKER, {"guard": damage})

    def test_the_heat_of_before_counts(self) -> None:
        house = running(pump(), settings=HomeSettings(), cutoff_va=6000.0)
        house.run(100, base_w=5000)
        hot = house.guard.heat
        assert hot > 0.4
        house.loads[0].ask(Mode.OFF)
        house.restart(3)
        house.run(1, base_w=0)
        assert house.guard.heat == pytest.approx(hot, rel=0.1)


class TestWithoutAMeter:
    def test_what_is_shed_stays_and_nobody_tells_seconds(self) -> None:
        house = running(pump(min_off_s=0.0))
        house.run(20, base_w=9000)
        silent = GridReading(at=house.now, power_w=9000.0)
        for _ in range(100):
            house.now += 1
            house.cycle(silent)
        assert house.history[-1].meter is MeterState.LOST
        assert house.decision("s").reason is Reason.SHED
        assert house.guard.seconds_left is None
        assert house.guard.over is None
        assert house.guard.shed == {"s"}
        house.run(80, base_w=500)
        assert house.loads[0].value == 1

    def test_room_that_nobody_saw_for_minutes_is_waited_for_anew(self) -> None:
        house = running(pump(min_off_s=0.0))
        house.run(20, base_w=9000)
        house.run(5, base_w=500)
        silent = GridReading(at=house.now, power_w=500.0)
        for _ in range(300):
            house.now += 1
            house.cycle(silent)
        assert house.history[-1].meter is MeterState.LOST
        house.run(50)
        assert house.loads[0].value == 0
        house.run(15)
        assert house.loads[0].value == 1

    def test_the_seconds_run_on_while_it_is_late(self) -> None:
        house = running(
            pump(sheddable=False), settings=HomeSettings(), cutoff_va=6000.0
        )
        house.run(1, base_w=7000)
        left_s = house.guard.seconds_left
        assert left_s is not None
        silent = GridReading(at=house.now, power_w=9300.0, cutoff_va=6000.0)
        for _ in range(20):
            house.now += 1
            house.cycle(silent)
        assert house.history[-1].meter is MeterState.STALE
        assert house.guard.seconds_left == pytest.approx(left_s - 20, abs=1)

    def test_a_late_meter_has_one_round_stopped_and_not_one_after_the_other(
        self,
    ) -> None:
        house = running(
            pump("a", 1, power_w=1150.0),
            pump("b", 2, power_w=1150.0),
            settings=HomeSettings(),
            cutoff_va=6000.0,
        )
        house.run(1, base_w=6000)
        assert house.guard.shed == set()
        silent = GridReading(at=house.now, power_w=8300.0, cutoff_va=6000.0)
        for _ in range(55):
            house.now += 1
            house.cycle(silent)
        # 2300 VA are too much: both help, in the one round that the reading is good for.
        assert house.guard.counters.sheds == 0 or house.guard.shed == {"a", "b"}
