"""Starting and stopping by energy."""

from custom_components.surplus.control.switching import Switching


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
