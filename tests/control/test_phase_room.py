"""Room and worth of one phase and of three, of a charger that can change between them."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.loads.base import Span
from custom_components.surplus.control.loads.charger import ChargerControl
from custom_components.surplus.control.model import LimitKind, LoadInput, Mode

from .test_offer import NOW, SPEC, STILL, around, told

THREE = replace(SPEC, phases=(1, 2, 3), max_a=16.0, switches_phases=True)


def charger(phases: int, offered_a: float = 10.0) -> ChargerControl:
    """Return one at work on one phase, or on three."""
    control = ChargerControl(THREE)
    reading = replace(STILL, offered_a=offered_a, phases=phases)
    control.observe(LoadInput(spec=THREE, reading=reading, mode=Mode.SOLAR), 3)
    return control


def room(*drawn_a: float) -> Headroom:
    """Return what 20 A leave beside currents of the house."""
    return Headroom(
        (Limit(kind=LimitKind.BREAKER, current_a=20.0),), drawn_a, (0.0,) * 3
    )


def weigh(control: ChargerControl, surplus_w: float, limits: Headroom) -> float:
    """Return what spoke for the other number after ten seconds, in W."""
    here = around(surplus_w / 230, headroom=limits, dt_s=10.0)
    reading = replace(STILL, phases=1 if control.vehicle.single else 3)
    load = LoadInput(spec=THREE, reading=reading, mode=Mode.MIN_SOLAR)
    control.observe(load, 3)
    control.decide(load, here)
    return control.phase_choice.balance_wh * 360


class TestSpan:
    def test_it_is_moved_between_its_minimum_and_its_maximum_on_its_phases(
        self,
    ) -> None:
        assert charger(3).span_w(230.0) == Span(least_w=6 * 690, most_w=16 * 690)
        assert charger(1).span_w(230.0) == Span(least_w=6 * 230, most_w=16 * 230)

    def test_it_draws_less_by_its_shortfall(self) -> None:
        control = charger(3)
        control.vehicle.shortfall_a = 1.0
        assert control.span_w(230.0) == Span(least_w=5 * 690, most_w=15 * 690)

    def test_and_no_more_than_it_has_shown_to_take(self) -> None:
        control = charger(3)
        control.vehicle.takes_at_most_w = 5000.0
        assert control.span_w(230.0) == Span(least_w=6 * 690, most_w=5000)
        control.vehicle.takes_at_most_w = 1000.0
        assert control.span_w(230.0) == Span(least_w=1000, most_w=1000)

    def test_a_charger_offers_no_more_than_it_can_for_a_high_minimum(self) -> None:
        control = ChargerControl(replace(THREE, max_a=10.0))
        control.relearn({"floor_a": 14.0})
        assert control.min_a == 10


class TestRoom:
    @pytest.mark.parametrize(("current_a", "fits"), [(5.0, True), (5.1, False)])
    def test_a_change_needs_room_on_the_phases_it_goes_to(
        self, current_a: float, fits: bool
    ) -> None:
        control = charger(1)
        assert control.fits(current_a, room(0, 15, 0), NOW)
        control.vehicle.change_phases(NOW, single=False)
        # It runs, but no doubt of a measurement is claimed for those.
        assert control.fits(current_a, room(0, 15, 0), NOW) is fits

    def test_while_it_changes_room_is_kept_on_all_of_them(self) -> None:
        control = charger(3)
        control.vehicle.change_phases(NOW, single=True)
        limits = room(0, 0, 0)
        decision = control.hold(around(0.0, headroom=limits))
        assert told(decision) == 10
        assert decision.setpoint is not None
        assert decision.setpoint.phases == 1
        for phases, left_a in (((1,), 20 - 10 / 3 - 10), ((2, 3), 20 - 10 / 3)):
            tight = limits.tightest(phases)
            assert tight is not None
            assert tight[0] == pytest.approx(left_a)


class TestWorth:
    """What the other number of phases is worth more, in W."""

    def test_more_than_one_phase_can_take_speaks_for_three(self) -> None:
        assert weigh(charger(1), 8000.0, room(0, 0, 0)) == pytest.approx(
            8000 - 16 * 230
        )

    def test_less_than_three_need_speaks_for_one(self) -> None:
        # 4140 W for 3000: 1860 W of gain against 3000.
        assert weigh(charger(3), 3000.0, room(0, 0, 0)) == pytest.approx(1140)

    def test_as_far_as_a_limit_lets_it_take_it(self) -> None:
        # 7 A on three phases are 4830 W, 16 A on one 3680.
        got = weigh(charger(1), 8000.0, room(0, 13, 0))
        assert got == pytest.approx(4830 - 3680)
        got = weigh(charger(1), 8000.0, room(8, 0, 0))
        assert got == pytest.approx(8000 - 12 * 230)

    def test_without_an_ampere_to_spare_on_them_they_are_no_choice(self) -> None:
        assert weigh(charger(1), 8000.0, room(0, 13.1, 0)) == 0

    def test_nor_for_one_that_has_enough_or_is_changing(self) -> None:
        control = charger(1)
        control.vehicle.appetite.full = True
        assert weigh(control, 8000.0, room(0, 0, 0)) == 0
        control = charger(1)
        control.vehicle.change_phases(NOW, single=False)
        assert weigh(control, 3000.0, room(0, 0, 0)) == 0

    def test_once_it_has_shown_the_first_current_on_them_is_told_at_once(self) -> None:
        control = charger(1, 16.0)
        control.phase_choice.balance_wh = 149.0
        # What it was told a moment ago does not hold it.
        control.changed_at = NOW - 1
        weigh(control, 9000.0, room(0, 0, 0))
        assert not control.vehicle.single
        assert control.phase_choice.since == NOW
        assert control.phase_choice.balance_wh == 0
        assert control.value == 13
