"""When a load that the guard has stopped comes back, reading by reading."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.groups import Group
from custom_components.surplus.control.guard.guard import Guard
from custom_components.surplus.control.loads.base import Follower
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    HeaterReading,
    HeaterSpec,
    LimitKind,
    Mode,
)

from .guard_bench import Bench, V, limit, load, running


def stopped(*loads: Follower, limit_a: float = 20.0) -> Bench:
    """Return a bench at 1 s, all loads stopped for a limit."""
    bench = Bench(*loads or (load("s", 9.0),), limits=(limit(limit_a),))
    bench.show(0.0, 0.0)
    bench.show(1.0, 5 * limit_a)
    assert bench.shed == {pair[0].spec.load_id for pair in bench.loads}
    return bench


def heater(load_id: str, draws_a: float, *phases: int) -> Follower:
    phases = phases or (1,)
    return running(
        HeaterSpec(
            load_id=load_id, name=load_id, priority=9, max_w=9000.0, phases=phases
        ),
        HeaterReading(reachable=True),
        draws_a * V * len(phases),
    )


def circuit(*load_ids: str, limit_a: float, shown_a: float = 0.0) -> Group:
    return Group(
        key="circuit:box",
        kind=LimitKind.CIRCUIT,
        limit_a=limit_a,
        base_a=(0.0, 0.0, 0.0),
        shown_a=(shown_a, 0.0, 0.0),
        load_ids=frozenset(load_ids),
    )


def returns(bench: Bench, begins: int, ends: int, shown_a: float) -> list[int]:
    """Show the same every second; return when loads came back."""
    seconds = []
    for at in range(begins, ends + 1):
        before = len(bench.events)
        bench.show(float(at), shown_a)
        seconds += [at] * (len(bench.events) - before)
    return seconds


class TestRoom:
    @pytest.mark.parametrize(("shown_a", "back"), [(10.0, [62]), (10.1, [])])
    def test_for_a_minute_there_must_be_an_ampere_more_than_it_needs(
        self, shown_a: float, back: list[int]
    ) -> None:
        assert returns(stopped(), 2, 100, shown_a) == back

    def test_what_is_said_of_it_meanwhile(self) -> None:
        bench = stopped()
        one = bench.loads[0][0]
        bench.show(2.0, 12.3)
        assert bench.guard.stops(one, 2.0) == {
            "limit": "breaker",
            "seconds_left": 2,
            "needed_a": 10.0,
            "room_a": 7.7,
        }
        bench.show(3.0, 30.0)
        assert (bench.guard.stops(one, 3.0) or {})["room_a"] == 0
        bench.run(4, 24, 5.0)
        assert (bench.guard.stops(one, 24.0) or {})["seconds"] == 40
        assert (bench.guard.stops(one, 99.0) or {})["seconds"] == 0

    def test_it_needs_its_power_and_not_what_it_drew_when_it_was_stopped(self) -> None:
        bench = Bench(load("s", 9.0))
        bench.draws_w["s"] = 5 * V
        bench.show(0.0, 0.0)
        bench.show(1.0, 99.0)
        assert returns(bench, 2, 400, 10.1) == []
        assert returns(bench, 401, 500, 10.0) == [461]

    def test_in_its_own_circuit_there_must_be_room_too_and_in_no_other(self) -> None:
        for behind, back in (("s", []), ("x", [62])):
            bench = stopped()
            bench.groups = (circuit(behind, limit_a=15.0, shown_a=14.0),)
            assert returns(bench, 2, 100, 5.0) == back

    def test_a_warning_without_a_limit_leaves_none(self) -> None:
        bench = Bench(load("s", 9.0), limits=())
        bench.run(0, 301, 15.0, overload=True)
        assert bench.shed == {"s"}
        bench.run(302, 400, 5.0, overload=True)
        assert bench.events == [("shed", "s")]

    def test_while_the_meter_warns_there_is_none(self) -> None:
        bench = stopped()
        bench.run(2, 40, 5.0)
        bench.show(41.0, 5.0, overload=True)
        assert returns(bench, 42, 110, 5.0) == [102]

    def test_it_is_taken_for_the_last_ten_seconds_and_kept_before(self) -> None:
        bench = stopped()
        bench.run(2, 51, 5.0)
        assert bench.guard.room_for_a("s") == 0
        assert bench.guard.room_kept_for_a("s") == 9.0
        bench.show(52.0, 5.0)
        assert bench.guard.room_for_a("s") == 9.0
        assert bench.guard.room_kept_for_a("s") == 0
        bench.show(53.0, 15.0)
        assert bench.guard.room_for_a("s") == bench.guard.room_kept_for_a("s") == 0
        bench.run(54, 110, 5.0)
        bench.guard.see_nothing()
        assert bench.guard.room_for_a("s") == bench.guard.room_kept_for_a("s") == 0

    def test_it_is_kept_for_no_more_than_five_minutes(self) -> None:
        bench = stopped(load("s", 9.0, min_off_s=400.0))
        bench.run(2, 100, 5.0)
        assert bench.guard.room_kept_for_a("s") == 0
        bench.show(101.0, 5.0)
        assert bench.guard.room_kept_for_a("s") == 9.0

    def test_a_rest_is_kept_whatever_room_there_is(self) -> None:
        bench = stopped(load("s", 9.0, min_off_s=200.0))
        assert returns(bench, 2, 300, 5.0) == [201]

    def test_on_three_phases_each_must_have_it(self) -> None:
        bench = Bench(load("s", 9.0, 1, 2, 3))
        bench.show(0.0, 0.0, 0.0, 0.0)
        bench.show(1.0, 40.0, 9.0, 9.0)
        assert bench.shed == {"s"}
        bench.run(2, 100, 1.0, 1.0, 10.1)
        assert bench.shed == {"s"}
        bench.run(101, 161, 1.0, 1.0, 10.0)
        assert bench.shed == set()

    def test_without_a_limit_it_is_endless(self) -> None:
        bench = stopped()
        bench.limits = ()
        assert returns(bench, 2, 100, 99.0) == [62]
        assert "room_a" not in bench.numbers

    def test_nobody_who_is_out_of_reach_comes_back_but_its_time_runs(self) -> None:
        bench = stopped()
        one, control = bench.loads[0]
        gone = replace(one, reading=replace(one.reading, reachable=False))
        bench.loads = [(gone, control)]
        assert returns(bench, 2, 100, 5.0) == []
        assert bench.guard.stops(gone, 100.0) is None
        assert bench.guard.stops(one, 100.0) is not None
        bench.loads = [(one, control)]
        assert returns(bench, 101, 110, 5.0) == [101]

    def test_one_that_is_switched_off_is_let_go(self) -> None:
        bench = stopped()
        one, control = bench.loads[0]
        off = replace(one, mode=Mode.OFF)
        assert bench.guard.stops(off, 1.0) is None
        bench.loads = [(off, control)]
        bench.show(2.0, 30.0)
        assert bench.shed == set()
        assert bench.events == [("shed", "s")]


class TestWhatFillsItsRoom:
    """What can be throttled below it would fill any room: that counts as its room."""

    def test_a_heater_below_gives_all_and_a_car_what_is_above_its_minimum(self) -> None:
        assert self.came_back(load("s", 9.0), heater("h", 6.0), shown_a=16.0)
        assert not self.came_back(load("s", 9.0), heater("h", 6.0), shown_a=16.1)
        car = running(
            ChargerSpec(load_id="c", name="c", priority=9),
            ChargerReading(reachable=True),
            11 * V,
        )
        assert self.came_back(load("s", 9.0), car, shown_a=15.0)
        assert not self.came_back(load("s", 9.0), car, shown_a=15.1)

    def test_two_give_together_each_on_its_phases(self) -> None:
        two = heater("h", 3.0), heater("i", 3.0, 1, 2)
        assert self.came_back(load("s", 9.0), *two, shown_a=16.0)
        assert not self.came_back(load("s", 9.0), *two, shown_a=16.1)

    def test_one_above_gives_nothing(self) -> None:
        assert not self.came_back(heater("h", 6.0), load("s", 9.0), shown_a=11.0)

    def test_nor_does_one_out_of_reach_or_off_or_that_does_not_obey(self) -> None:
        one, control = heater("h", 6.0)
        gone = replace(one, reading=replace(one.reading, reachable=False)), control
        assert not self.came_back(load("s", 9.0), gone, shown_a=16.0)
        off = heater("h", 6.0)
        off[1].switching.on = False
        assert not self.came_back(load("s", 9.0), off, shown_a=16.0)
        stuck = heater("h", 3.0)
        assert not self.came_back(load("s", 9.0), stuck, shown_a=13.0, h=6 * V)

    def test_one_that_draws_less_than_its_least_takes_none_of_it(self) -> None:
        car = running(
            ChargerSpec(load_id="c", name="c", priority=9),
            ChargerReading(reachable=True),
            2 * V,
        )
        assert self.came_back(load("s", 9.0), car, shown_a=10.0)

    def test_nor_does_one_that_does_not_hang_on_all_its_limits(self) -> None:
        low = heater("h", 6.0)
        box = circuit("s", limit_a=99.0)
        assert not self.came_back(load("s", 9.0), low, shown_a=16.0, groups=(box,))
        box = circuit("s", "h", limit_a=99.0)
        assert self.came_back(load("s", 9.0), low, shown_a=16.0, groups=(box,))

    def came_back(
        self,
        *loads: Follower,
        shown_a: float,
        groups: tuple[Group, ...] = (),
        **draws_w: float,
    ) -> bool:
        bench = Bench(*loads)
        bench.draws_w.update(draws_w)
        bench.loads = [pair for pair in loads if pair[0].spec.load_id == "s"]
        bench.show(0.0, 0.0, 0.0)
        bench.show(1.0, 99.0, 0.0)
        assert bench.shed == {"s"}
        bench.loads, bench.groups = list(loads), groups
        bench.run(2, 70, shown_a, 0.0)
        return bench.shed == set()


class TestPatience:
    def again(self, bench: Bench, at: float) -> float:
        """Stop it again; return how long it waits then."""
        bench.show(at, 99.0)
        assert bench.shed == {"s"}
        while bench.shed:
            bench.show(bench.now + 1, 5.0)
        return bench.now - at - 1

    def test_it_doubles_where_it_was_too_little_up_to_an_hour(self) -> None:
        bench = stopped()
        bench.run(2, 62, 5.0)
        waits = [self.again(bench, bench.now + 30) for _ in range(7)]
        assert waits == [120, 240, 480, 960, 1920, 3600, 3600]

    @pytest.mark.parametrize(("after_s", "waits_s"), [(599, 120), (600, 60)])
    def test_what_has_run_for_ten_minutes_has_proven_that_it_fits(
        self, after_s: int, waits_s: int
    ) -> None:
        bench = stopped()
        assert returns(bench, 2, 62, 5.0) == [62]
        bench.show(62.0 + after_s - 1, 14.0)
        assert self.again(bench, 62 + after_s) == waits_s

    def restarted(self, bench: Bench) -> Bench:
        again = Bench(*bench.loads)
        again.guard = Guard(bench.guard.as_dict())
        return again

    def test_it_is_not_shorter_after_a_restart(self) -> None:
        bench = stopped()
        bench.run(2, 62, 5.0)
        again = self.restarted(bench)
        again.show(100.0, 14.0)
        again.show(101.0, 14.0)
        assert self.again(again, 102) == 120
        again = self.restarted(bench)
        again.show(100.0, 14.0)
        again.show(700.0, 14.0)
        assert self.again(again, 701) == 60

    def test_what_was_shed_before_a_restart_waits_anew(self) -> None:
        again = self.restarted(stopped())
        assert again.shed == {"s"}
        assert returns(again, 100, 200, 5.0) == [160]
        assert again.numbers["seconds"] == 60

    def test_what_is_said_is_the_same_after_a_restart(self) -> None:
        for before_a, seconds_left in ((0.0, 2), (99.0, 0)):
            bench = Bench(load("s", 9.0))
            bench.show(0.0, before_a)
            bench.show(1.0, 99.0)
            numbers = self.restarted(bench).guard.stops(bench.loads[0][0], 1.0)
            assert numbers == {"limit": "breaker", "seconds_left": seconds_left}
        bench = Bench(load("s", 9.0))
        bench.run(0, 301, 21.0)
        numbers = self.restarted(bench).guard.stops(bench.loads[0][0], 1.0)
        assert numbers == {"limit": "breaker"}

    def test_one_that_was_deleted_is_another_one_later(self) -> None:
        bench = stopped()
        bench.guard.forget("s")
        assert bench.shed == set()
        bench = stopped()
        bench.run(2, 62, 5.0)
        bench.guard.forget("s")
        assert self.again(bench, 70.0) == 60

    def test_who_asks_for_what_may_not_be_shed_waits_for_room_alone(self) -> None:
        bench = stopped()
        one, control = bench.loads[0]
        bench.loads = [(replace(one, mode=Mode.BOOST), control)]
        assert returns(bench, 2, 30, 15.0) == []
        assert returns(bench, 31, 40, 5.0) == [31]

    def test_who_asks_again_waits_no_longer_than_at_first(self) -> None:
        one, control = load("s", 9.0, mode=Mode.BOOST, sheddable=True)
        bench = stopped((one, control))
        bench.run(2, 62, 5.0)
        bench.show(100.0, 99.0)
        bench.run(101, 110, 5.0)
        bench.loads = [(replace(one, wishes=1), control)]
        assert returns(bench, 111, 300, 5.0) == [161]

    def test_what_was_stopped_in_vain_is_let_go_after_five_minutes(self) -> None:
        bench = Bench(load("a", 9.0), load("b", 9.0))
        bench.show(0.0, 0.0)
        bench.run(1, 299, 29.0)
        assert bench.shed == {"a", "b"}
        assert returns(bench, 300, 330, 29.0) == [301]


class TestOneAfterTheOther:
    def three(self) -> Bench:
        return stopped(load("a", 4.0), load("b", 4.0), load("c", 4.0))

    def test_the_first_by_priority_and_the_next_once_it_is_seen(self) -> None:
        bench = self.three()
        assert returns(bench, 2, 62, 2.0) == [62]
        assert bench.shed == {"b", "c"}
        # It is on its way: less than half of it is seen.
        assert returns(bench, 63, 70, 3.9) == []
        assert returns(bench, 71, 71, 4.0) == [71]
        assert bench.shed == {"c"}

    def test_what_only_the_meter_shows_may_be_another(self) -> None:
        bench = self.three()
        bench.run(2, 62, 2.0)
        bench.draws_w["a"] = 1.9 * V
        assert returns(bench, 63, 70, 4.0) == []
        bench.draws_w["a"] = 2.0 * V
        assert returns(bench, 71, 71, 4.0) == [71]

    def test_one_that_does_not_come_is_waited_for_a_minute(self) -> None:
        bench = self.three()
        bench.run(2, 62, 2.0)
        assert returns(bench, 63, 125, 2.0) == [123]

    def test_one_that_was_deleted_or_stopped_meanwhile_is_not_waited_for(self) -> None:
        bench = self.three()
        bench.run(2, 62, 2.0)
        bench.guard.forget("a")
        del bench.loads[0]
        assert returns(bench, 63, 63, 2.0) == [63]

    def test_one_that_is_stopped_again_is_not_on_its_way(self) -> None:
        bench = self.three()
        bench.run(2, 62, 2.0)
        # It has hardly begun.
        bench.draws_w["a"] = 1.0 * V
        bench.show(63.0, 99.0)
        assert bench.shed == {"a", "b", "c"}
        one, control = bench.loads[1]
        bench.loads[1] = (replace(one, mode=Mode.BOOST), control)
        assert returns(bench, 64, 64, 2.0) == [64]
        assert bench.shed == {"a", "c"}

    def test_on_each_of_its_phases(self) -> None:
        bench = Bench(load("a", 4.0, 1, 2), load("b", 4.0, 1))
        bench.show(0.0, 0.0, 0.0, 0.0)
        bench.show(1.0, 99.0, 99.0, 0.0)
        bench.run(2, 62, 2.0, 3.0, 0.0)
        assert bench.shed == {"b"}
        bench.show(63.0, 9.0, 4.9, 9.0)
        assert bench.shed == {"b"}
        bench.draws_w["a"] = 2 * 1.9 * V
        bench.show(64.0, 4.0, 5.0, 0.0)
        assert bench.shed == {"b"}
        bench.draws_w["a"] = 2 * 2.0 * V
        bench.show(65.0, 4.0, 5.0, 0.0)
        assert bench.shed == set()
