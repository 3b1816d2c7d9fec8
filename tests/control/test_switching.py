"""Starting and stopping by energy."""

import pytest

from custom_components.surplus.control.switching import (
    BUDGETS,
    PATIENT_BUDGETS,
    Switching,
    gain_w,
)


def test_an_advantage_of_nothing_is_not_counted_down_to() -> None:
    switching = Switching()
    assert switching.seconds_until(5e-324) is None
    assert switching.seconds_until(0.0) is None
    assert switching.seconds_until(-100.0) is None


def test_the_count_down_is_what_is_missing_at_this_advantage() -> None:
    switching = Switching()
    assert switching.seconds_until(1200.0) == 36.0
    assert not switching.weigh(1200.0, 30.0)
    assert switching.seconds_until(1200.0) == 6.0
    assert switching.weigh(1200.0, 6.0)


def test_what_is_reached_is_not_counted_down_to_any_more() -> None:
    switching = Switching()
    switching.weigh(10_000.0, 60.0)
    assert switching.seconds_until(100.0) == 0.0


def test_a_start_and_a_stop_must_be_worth_so_much() -> None:
    """Wh, as measured best on recorded days."""
    assert (BUDGETS.start_wh, BUDGETS.stop_wh) == (12.0, 22.0)
    switching = Switching()
    assert not switching.weigh(3600.0, 11.9)
    assert switching.weigh(3600.0, 0.1 + 1e-9)
    switching.switch(True, 100.0)
    assert not switching.weigh(3600.0, 21.9)
    assert switching.weigh(3600.0, 0.1 + 1e-9)


def test_where_others_fill_what_it_leaves_it_must_be_worth_more() -> None:
    """Wh, as measured best on recorded days."""
    assert (PATIENT_BUDGETS.start_wh, PATIENT_BUDGETS.stop_wh) == (15.0, 25.0)
    switching = Switching(budgets=PATIENT_BUDGETS)
    assert not switching.weigh(3600.0, 14.9)
    assert switching.seconds_until(3600.0) == pytest.approx(0.1)
    assert switching.weigh(3600.0, 0.1 + 1e-9)
    switching.switch(True, 100.0)
    assert not switching.weigh(3600.0, 24.9)
    assert switching.weigh(3600.0, 0.1 + 1e-9)


def test_what_speaks_against_a_switching_is_no_debt() -> None:
    switching = Switching()
    switching.weigh(-5000.0, 3600.0)
    assert switching.balance_wh == 0.0
    switching.weigh(3600.0, 5.0)
    assert switching.balance_wh == 5.0
    switching.weigh(-3600.0, 2.0)
    assert switching.balance_wh == 3.0


@pytest.mark.parametrize(
    ("power_w", "surplus_w", "gain"),
    [
        (1000.0, 1500.0, 1000.0),
        (1000.0, 1000.0, 1000.0),
        (1000.0, 600.0, 600.0 - 2.0 * 400.0),
        (1000.0, 0.0, -2000.0),
        # An import that is there anyway is not held against the load.
        (1000.0, -700.0, -2000.0),
        (0.0, 800.0, 0.0),
    ],
)
def test_a_gain_is_what_is_captured_less_the_price_of_what_is_imported(
    power_w: float, surplus_w: float, gain: float
) -> None:
    assert gain_w(power_w, surplus_w, 2.0) == gain


class TestMinimumTimes:
    def test_what_never_switched_is_free(self) -> None:
        assert Switching().held_for_s(0.0, 300.0, 200.0) == 0.0
        assert Switching(on=True).held_for_s(0.0, 300.0, 200.0) == 0.0

    def test_each_state_has_its_own(self) -> None:
        switching = Switching()
        switching.switch(True, 1000.0)
        assert switching.held_for_s(1100.0, 300.0, 200.0) == 200.0
        assert switching.held_for_s(1300.0, 300.0, 200.0) == 0.0
        assert switching.held_for_s(1301.0, 300.0, 200.0) == 0.0
        switching.switch(False, 2000.0)
        assert switching.held_for_s(2050.0, 300.0, 200.0) == 150.0
        assert switching.held_for_s(2201.0, 300.0, 200.0) == 0.0

    def test_a_time_on_begins_with_the_current(self) -> None:
        switching = Switching()
        switching.switch(True, 1000.0)
        assert switching.held_for_s(1100.0, 300.0, 0.0, 1050.0) == 250.0
        # Drawing since before the switching: that was another time on.
        assert switching.held_for_s(1100.0, 300.0, 0.0, 400.0) == 200.0

    def test_a_rest_begins_with_the_switching(self) -> None:
        switching = Switching()
        switching.switch(True, 500.0)
        switching.switch(False, 1000.0)
        assert switching.held_for_s(1100.0, 0.0, 300.0, 1050.0) == 200.0

    def test_told_the_same_again_it_does_not_begin_anew(self) -> None:
        switching = Switching()
        switching.switch(True, 1000.0)
        switching.weigh(3600.0, 7.0)
        switching.switch(True, 1200.0)
        assert switching.since == 1000.0
        assert switching.balance_wh == 0.0

    def test_a_switching_begins_a_new_balance(self) -> None:
        switching = Switching()
        switching.weigh(3600.0, 13.0)
        switching.switch(True, 1000.0)
        assert switching.on
        assert switching.balance_wh == 0.0
