"""When the guard stops loads, and what it tells of it, reading by reading."""

import pytest

from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.model import LimitKind

from .guard_bench import Bench, V, limit, load


class TestWhen:
    @pytest.mark.parametrize(("shown_a", "stopped"), [(28.4, set()), (28.5, {"s"})])
    def test_with_less_than_half_a_minute_left(
        self, shown_a: float, stopped: set[str]
    ) -> None:
        bench = Bench(load("s", 9.0))
        bench.show(0.0, 0.0)
        bench.show(1.0, shown_a)
        assert bench.shed == stopped

    def test_what_lasts_for_five_minutes_is_no_peak(self) -> None:
        bench = Bench(load("s", 9.0))
        bench.run(0, 300, 21.0)
        assert bench.shed == set()
        bench.show(301.0, 21.0)
        assert bench.shed == {"s"}

    def test_time_runs_on_without_a_new_reading_and_nothing_else_does(self) -> None:
        bench = Bench(load("s", 9.0))
        bench.show(0.0, 0.0)
        bench.show(1.0, 27.0)
        assert bench.shed == set()
        assert bench.show(1.0, 27.0, now=9.0, is_new=False) == {}
        assert bench.shed == {"s"}

    def test_a_reading_is_good_for_one_round(self) -> None:
        bench = Bench(load("a", 9.0), load("b", 9.0), load("slow", 9.0))
        bench.show(0.0, 0.0)
        # It is about to give half of what is too much.
        bench.loads[2][1].orders.note(1.0, 0.0, 0.0)
        bench.show(1.0, 38.0)
        assert bench.shed == {"b"}
        bench.show(1.0, 38.0, now=20.0, is_new=False)
        assert bench.shed == {"b"}

    def test_more_that_comes_meanwhile_is_stopped_for_at_once(self) -> None:
        bench = Bench(load("a", 9.0), load("b", 9.0))
        bench.show(0.0, 0.0)
        bench.show(1.0, 29.0)
        bench.show(2.0, 20.0)
        bench.show(3.0, 29.0)
        assert bench.shed == {"a", "b"}

    def test_what_was_stopped_is_not_stopped_for_again_before_the_meter_shows_it(
        self,
    ) -> None:
        bench = Bench(load("a", 9.0), load("b", 9.0))
        bench.show(0.0, 0.0)
        bench.show(1.0, 29.0)
        assert bench.shed == {"b"}
        bench.show(2.0, 29.0)
        assert bench.shed == {"b"}
        bench.show(3.0, 20.0)
        assert bench.shed == {"b"}

    @pytest.mark.parametrize("meter", [MeterState.LOST, MeterState.STALE])
    def test_a_meter_that_is_late_counts_and_one_that_is_lost_does_not(
        self, meter: MeterState
    ) -> None:
        bench = Bench(load("s", 9.0))
        bench.meter = meter
        bench.show(0.0, 0.0)
        bench.show(1.0, 40.0)
        assert bench.shed == ({"s"} if meter is MeterState.STALE else set())

    def falling(self, shown_a: float, until: int) -> Bench:
        """Show an overload that one who was told to stop would end, and does not."""
        bench = Bench(load("s", 20.0), load("slow", 30.0))
        bench.loads[1][1].orders.note(1.0, 0.0, 0.0)
        bench.show(0.0, 0.0)
        bench.run(1, until, shown_a)
        return bench

    def test_what_is_told_to_fall_is_waited_for(self) -> None:
        assert self.falling(38.0, 2).shed == set()

    def test_but_no_longer_than_six_seconds_where_the_breaker_has_eight_left(
        self,
    ) -> None:
        # 50 A hold for 7 s from cold.
        assert self.falling(50.0, 6).shed == set()
        assert self.falling(50.0, 7).shed == {"s"}
        # 38 A hold for 13 s from cold.
        assert self.falling(38.0, 6).shed == set()
        assert self.falling(38.0, 7).shed == {"s"}
        # 34 A hold for 17 s: after nine of them there are still eight.
        assert self.falling(34.0, 10).shed == set()
        assert self.falling(34.0, 11).shed == {"s"}

    def test_a_warning_stops_one_at_a_time_and_sees(self) -> None:
        bench = Bench(load("a", 5.0), load("b", 5.0), limits=())
        bench.run(0, 300, 12.0, overload=True)
        assert bench.shed == set()
        bench.show(301.0, 12.0, overload=True)
        assert bench.shed == {"b"}
        bench.show(302.0, 12.0, overload=True)
        assert bench.shed == {"b"}
        # Nobody can tell whether it was needed.
        bench.show(303.0, 1.0)
        assert bench.state.counters.unnecessary_sheds == 0

    def test_a_warning_above_the_limit_frees_what_is_above_it(self) -> None:
        bench = Bench(
            load("a", 5.0),
            load("b", 5.0),
            limits=(limit(20.0, LimitKind.SUBSCRIPTION),),
        )
        bench.show(0.0, 0.0)
        bench.show(1.0, 33.0, overload=True)
        assert bench.shed == {"a", "b"}


class TestFor:
    def for_two(self, first_a: float, second_a: float, *shown_a: float) -> set[str]:
        limits = limit(first_a), limit(second_a, LimitKind.SUBSCRIPTION)
        bench = Bench(load("one", 9.0), load("two", 14.0, 1, 2), limits=limits)
        bench.show(0.0, 0.0, 0.0)
        bench.show(1.0, *shown_a)
        return bench.shed

    def test_what_one_limit_frees_counts_for_the_other(self) -> None:
        assert self.for_two(20.0, 22.0, 34.0, 5.0) == {"two"}

    def test_and_no_more_than_that(self) -> None:
        assert self.for_two(24.0, 10.0, 34.5, 5.0) == {"one", "two"}

    @pytest.mark.parametrize("told", ["cutoff_va", "subscribed_va"])
    def test_a_contract_that_the_meter_tells_is_that_of_a_linky(
        self, told: str
    ) -> None:
        bench = Bench(limits=(limit(20.0, LimitKind.SUBSCRIPTION),))
        bench.show(0.0, 0.0)
        bench.show(1.0, 25.0)
        assert bench.state.seconds_left is not None
        setattr(bench, told, 4600.0)
        bench.show(2.0, 25.0)
        assert bench.state.seconds_left is None
        assert bench.state.over is LimitKind.SUBSCRIPTION

    def test_those_above_leave_the_least_for_five_minutes_after_an_overload(
        self,
    ) -> None:
        bench = Bench()
        bench.show(0.0, 5.0)
        assert not bench.guard.keeps(0.0)
        bench.show(1.0, 21.0)
        bench.show(2.0, 5.0)
        assert bench.guard.keeps(300.9)
        assert not bench.guard.keeps(301.0)


class TestWhatIsTold:
    def stopped(self) -> Bench:
        bench = Bench(load("s", 9.0))
        bench.show(1000.0, 0.0, 0.0)
        bench.show(1001.0, 29.0, 0.0)
        return bench

    def test_of_a_stop(self) -> None:
        bench = self.stopped()
        assert bench.events == [("shed", "s")]
        assert bench.numbers == {
            "limit": "breaker",
            "seconds_left": 28,
            "power_w": 9 * V,
        }
        assert bench.state.counters.sheds == 1
        bench.show(1002.0, 20.0, 0.0)
        assert bench.state.events == ()
        assert bench.state.over is None
        assert bench.state.counters.overload_s == 1.0
        assert bench.state.counters.overloads == 1
        unseen = bench.guard.state(1002.0, seen=False)
        assert unseen.seconds_left is unseen.over is None

    def test_once_even_where_the_meter_is_lost_then(self) -> None:
        bench = self.stopped()
        assert bench.state.events
        bench.guard.see_nothing()
        assert not bench.state.events

    def test_of_a_return(self) -> None:
        bench = self.stopped()
        bench.run(1002, 1063, 10.0, 0.0)
        assert bench.events == [("shed", "s"), ("restored", "s")]
        assert bench.numbers == {"needed_a": 9.0, "room_a": 10.0, "seconds": 61}
        assert bench.state.counters.restores == 1

    def test_of_what_would_have_ended_by_itself(self) -> None:
        bench = self.stopped()
        bench.show(1002.0, 11.1, 0.0)
        assert bench.state.counters.unnecessary_sheds == 0
        bench.show(1003.0, 11.0, 0.0)
        assert bench.state.counters.unnecessary_sheds == 1
        # The instant of the reading counts.
        late = self.stopped()
        late.show(1028.0, 11.0, 0.0, now=1040.0)
        assert late.state.counters.unnecessary_sheds == 1
        again = self.stopped()
        again.guard.forget("s")
        again.show(1002.0, 11.0, 0.0)
        assert again.state.counters.unnecessary_sheds == 0

    def test_nothing_where_nobody_follows_it(self) -> None:
        bench = Bench(load("s", 9.0))
        bench.guard.is_followed = False
        bench.show(0.0, 0.0)
        bench.show(1.0, 29.0)
        bench.show(2.0, 5.0)
        assert bench.shed == {"s"}
        assert bench.events == []
        counters = bench.state.counters
        assert counters.sheds == counters.unnecessary_sheds == 0

    def test_what_does_not_move_the_meter_is_futile_and_given_up(self) -> None:
        bench = Bench(load("a", 9.0), load("b", 9.0), load("c", 9.0))
        bench.show(0.0, 0.0)
        bench.run(1, 200, 29.0)
        assert bench.state.futile
        assert bench.shed == {"b", "c"}
        bench.guard.is_followed = False
        assert not bench.state.futile
        bench.guard.is_followed = True
        bench.run(201, 212, 5.0)
        assert not bench.state.futile


class TestHowMany:
    """As many as let a slow breaker hold another minute; all where that is no reserve."""

    @staticmethod
    def linky(*draws_a: float) -> Bench:
        loads = [load(f"l{n}", draw_a) for n, draw_a in enumerate(draws_a)]
        bench = Bench(*loads, limits=(limit(20.0, LimitKind.SUBSCRIPTION),))
        bench.cutoff_va = 20.0 * V
        return bench

    def test_of_a_linky_one_where_that_gives_a_minute(self) -> None:
        bench = self.linky(5.0, 5.0)
        bench.run(0, 200, 18.0)
        bench.run(201, 262, 32.0)
        assert bench.shed == {"l1"}

    def test_an_ordinary_breaker_is_brought_below_its_limit(self) -> None:
        bench = Bench(load("a", 2.0), load("b", 2.0), load("c", 2.0))
        bench.run(0, 200, 18.0)
        bench.run(201, 203, 25.0)
        assert bench.shed == {"a", "b", "c"}

    def test_on_an_old_reading_what_has_flowed_since_counts(self) -> None:
        bench = self.linky(8.0, 8.0)
        bench.show(0.0, 18.0)
        bench.show(60.0, 18.0)
        bench.show(62.0, 29.6)
        left_s = bench.state.seconds_left
        assert left_s is not None
        assert left_s > 60
        for age in range(1, round(left_s) - 20):
            bench.show(62.0, 29.6, now=62.0 + age, is_new=False)
        # With 29 s left, not with the last 8.
        assert bench.shed

    def test_where_one_was_not_seen_to_end_all_that_it_takes(self) -> None:
        bench = self.linky(3.0, 3.0, 3.0, 3.0, 3.0)
        bench.run(0, 60, 18.0)
        at = 61
        while not bench.shed:
            bench.show(float(at), 31.0)
            at += 1
        first = bench.shed
        assert len(first) < 4
        # Something else began in the same seconds: the meter stands still.
        while bench.shed == first:
            bench.show(float(at), 31.0)
            at += 1
        assert len(bench.shed) == 5
