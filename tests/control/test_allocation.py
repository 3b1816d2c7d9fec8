"""What each load finds left of surplus and room, after those before it."""

from datetime import UTC, datetime
from typing import override

import pytest

from custom_components.surplus.control.allocation import allocate
from custom_components.surplus.control.checking import Checks
from custom_components.surplus.control.failures import Failures
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.guard.guard import Guard
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.loads.circumstances import Circumstances, Span
from custom_components.surplus.control.model import (
    Decision,
    GridReading,
    LimitKind,
    LoadInput,
    LoadReading,
    LoadSpec,
    Mode,
    Reason,
)
from custom_components.surplus.control.settings import HomeSettings

from .told import Told, V

LIMIT = Limit(kind=LimitKind.BREAKER, current_a=20.0)


def hand_out(
    *controls: Told,
    total_w: float = 5000.0,
    shown_a: float = 0.0,
    is_new: bool = True,
    phases: int = 1,
    **more: float,
) -> tuple[Decision, ...]:
    headroom = Headroom((LIMIT,), (0.0,) * phases, (shown_a,) * phases)
    guard = Guard()
    guard.see(100.0, (LIMIT,), headroom, GridReading(at=100.0, power_w=shown_a * V))
    return allocate(
        [(control.load, control) for control in controls],
        {control.spec.load_id: control.draws_w for control in controls},
        Circumstances(
            now=100.0,
            wall=datetime(2026, 6, 21, 12, tzinfo=UTC),
            dt_s=1.0,
            surplus_w=total_w,
            total_w=total_w,
            voltage_v=V,
            meter=MeterState.FRESH,
            direction_known=True,
            headroom=headroom,
            settings=HomeSettings(reserve_w=500.0),
            **more,
        ),
        Checks(),
        Failures(),
        guard=guard,
        shown_w={control.spec.load_id: control.draws_w for control in controls},
        is_new=is_new,
    )


class TestSurplus:
    CAR = Span(least_w=1400.0, most_w=7000.0)
    HEATER = Span(most_w=2000.0)

    def test_what_one_takes_is_not_for_the_next_but_shared_all_the_same(self) -> None:
        first = Told("a", told_w=2000, takes_w=1800, draws_w=1500, span=self.CAR)
        second = Told("b")
        hand_out(first, second)
        assert first.shown.surplus_w == first.shown.total_w == 5000
        assert (second.shown.surplus_w, second.shown.total_w) == (3200, 5000)
        assert second.shown.drawn_above_w == 1500
        assert second.shown.above == self.CAR

    def test_one_that_does_not_follow_takes_from_what_the_others_share(self) -> None:
        first = Told("a", mode=Mode.BOOST, told_w=2000, draws_w=1500, span=self.CAR)
        second = Told("b")
        hand_out(first, second)
        assert (second.shown.surplus_w, second.shown.total_w) == (3000, 3000)
        # As it draws just now there are 3,500 W.
        assert second.shown.left_w == 3500
        assert second.shown.above == Span()

    def test_one_that_rests_is_none_above_and_one_about_to_start_is(self) -> None:
        for reserved_w, above in ((0.0, Span()), (1400.0, self.CAR)):
            first = Told("a", span=self.CAR, reserved_w=reserved_w)
            second = Told("b")
            hand_out(first, second)
            assert second.shown.above == above

    def test_those_below_that_run_need_their_least_and_those_above_no_more(
        self,
    ) -> None:
        loads = [Told(key, span=self.CAR, on=key != "c") for key in "abc"]
        hand_out(*loads)
        assert [load.shown.least_below_w for load in loads] == [1400, 0, 0]

    def test_the_fast_ones_below_can_take_what_they_can_and_keep_a_reserve(
        self,
    ) -> None:
        loads = [
            Told("a", trim_w=900.0, span=self.HEATER),
            Told("b", trim_w=300.0, span=self.HEATER),
            Told("c", trim_w=2000.0, mode=Mode.BOOST),
        ]
        hand_out(*loads)
        assert [load.shown.trims_below.most_w for load in loads] == [300, 0, 0]
        assert [load.shown.reserve_w for load in loads] == [300, 0, 0]
        loads = [Told("a", span=self.CAR), Told("b", trim_w=2000.0)]
        hand_out(*loads)
        assert loads[0].shown.reserve_w == 500

    def test_the_moves_of_the_others_are_its_doubt(self) -> None:
        loads = [Told("a", moving_w=100.0), Told("b", moving_w=40.0), Told("c")]
        hand_out(*loads)
        assert [load.shown.doubt_w for load in loads] == [40, 100, 140]

    def test_it_waits_for_the_longest_trial_of_another_and_not_for_its_own(
        self,
    ) -> None:
        loads = [Told("a", trial_s=30.0), Told("b", trial_s=20.0), Told("c")]
        hand_out(*loads)
        assert [load.shown.trial_s for load in loads] == [20, 30, 30]

    def test_each_is_told_what_it_draws_itself(self) -> None:
        loads = [Told("a", draws_w=300.0), Told("b", draws_w=700.0)]
        hand_out(*loads)
        assert [load.shown.own_w for load in loads] == [300, 700]


class TestTooMuch:
    """What a load draws beyond what it was told is withheld from the others."""

    def test_it_is_nobody_elses_surplus_or_room(self) -> None:
        above, liar, below = (
            Told("a", draws_w=500.0, told_w=500.0),
            Told("b", draws_w=2300.0, too_much_w=1150.0, told_w=1150.0),
            Told("c"),
        )
        hand_out(above, liar, below)
        assert (above.shown.surplus_w, above.shown.total_w) == (3850, 3850)
        assert above.room_a == pytest.approx(15)
        assert liar.shown.surplus_w == 4500
        assert liar.room_a == pytest.approx(20 - 500 / V)
        assert below.shown.surplus_w == 5000 - 500 - 1150 - 1150
        assert below.shown.total_w == 3850
        assert below.room_a == pytest.approx(20 - 500 / V - 10)
        # Out of a total that is less it, only what it draws otherwise counts.
        assert below.shown.drawn_above_w == 500 + 1150

    def test_of_one_out_of_reach_it_is_the_houses_by_now(self) -> None:
        gone = Told("a", draws_w=2300.0, too_much_w=1150.0, reachable=False)
        other = Told("b")
        hand_out(gone, other, sun_left_w=100.0)
        assert other.shown.surplus_w == 5000
        assert other.shown.drawn_above_w == 0
        # But no battery is emptied into it.
        assert other.shown.sun_left_w == 2400


class TestBatteries:
    def test_what_one_covers_no_other_one_must(self) -> None:
        loads = [Told("a", told_w=-300.0, takes_w=0.0), Told("b")]
        hand_out(*loads, sun_left_w=-500.0)
        assert [load.shown.sun_left_w for load in loads] == [-500, -200]

    def test_what_one_takes_is_no_lack_of_the_house(self) -> None:
        loads = [Told("a", told_w=300.0), Told("b")]
        hand_out(*loads, sun_left_w=-500.0)
        assert [load.shown.sun_left_w for load in loads] == [-500, -500]

    def test_one_out_of_reach_that_gives_is_not_taken_for_sun(self) -> None:
        loads = [Told("a", draws_w=-400.0, reachable=False), Told("b")]
        hand_out(*loads, sun_left_w=-500.0)
        assert loads[1].shown.sun_left_w == -500


class TestRoom:
    def test_one_out_of_reach_takes_its_room_before_those_above_it(self) -> None:
        above = Told("a", told_w=230.0)
        gone = Told("b", told_w=2300.0, reachable=False)
        hand_out(above, gone)
        assert gone.room_a == 20
        assert above.room_a == 10

    @pytest.mark.parametrize(("draws_w", "room_a"), [(1150.0, 15), (-1150.0, 20)])
    def test_one_that_fails_keeps_the_room_of_what_it_draws(
        self, draws_w: float, room_a: float
    ) -> None:
        class Broken(Told):
            @override
            def decide(
                self, load: LoadInput[LoadSpec, LoadReading], around: Circumstances
            ) -> Decision:
                raise ValueError

        other = Told("b")
        first, _ = hand_out(Broken("a", draws_w=draws_w), other)
        assert first.reason is Reason.FAILED
        assert other.room_a == room_a

    def test_where_the_meter_shows_too_much_one_is_capped_per_phase(self) -> None:
        load = Told("a", draws_w=6900.0, phases=(1, 2, 3))
        load.orders.in_force_w = 6900.0
        hand_out(load, shown_a=22.0, phases=3)
        assert load.room_a == pytest.approx(8)

    def test_that_is_done_once_for_each_reading(self) -> None:
        load = Told("a", draws_w=2300.0)
        load.orders.in_force_w = 2300.0
        hand_out(load, shown_a=22.0, is_new=False)
        assert load.room_a == 20

    def test_rises_of_one_cycle_fit_together_on_top_of_the_meter(self) -> None:
        loads = [Told("a", draws_w=2300.0, told_w=3450.0), Told("b")]
        hand_out(*loads, shown_a=12.0)
        assert loads[1].shown.headroom.to_rise_a((1,)) == pytest.approx(3)

    def test_what_it_was_told_is_in_force(self) -> None:
        loads = [Told("a", told_w=800.0), Told("b", told_w=None, takes_w=300.0)]
        hand_out(*loads)
        assert [load.orders.in_force_w for load in loads] == [800, 300]


def test_those_in_mode_eco_follow_the_sun_but_in_cheap_hours() -> None:
    for cheap, total_w in ((False, 5000.0), (True, 4000.0)):
        loads = [Told("a", mode=Mode.ECO, told_w=1000.0), Told("b")]
        hand_out(*loads, cheap=cheap)
        assert loads[1].shown.total_w == total_w
