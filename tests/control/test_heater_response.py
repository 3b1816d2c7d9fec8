"""The model by which a heater's readings are aligned in time."""

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.loads.heater_response import HeaterResponse


def told(*commands: tuple[float, float], lag_s: float = 2.0) -> HeaterResponse:
    response = HeaterResponse()
    for power_w, at in commands:
        response.accepted(power_w, at, lag_s)
    return response


def test_nothing_is_drawn_before_anything_was_accepted() -> None:
    response = HeaterResponse()
    assert response.power_w(100) == 0
    assert not response.known
    assert not response.settled(100)
    assert response.changed_at == 0


def test_the_first_power_known_was_drawn_before() -> None:
    response = told((800, 10))
    assert [response.power_w(at) for at in (0, 10, 11, 100)] == [800] * 4


def test_a_command_comes_little_by_little() -> None:
    response = told((0, 0), (1000, 10))
    assert [response.power_w(at) for at in (9, 10, 11, 11.5, 12, 50)] == [
        0,
        0,
        500,
        750,
        1000,
        1000,
    ]
    assert response.move_w(10.5, 11.5) == 500


def test_a_later_command_does_not_hold_an_earlier_one_up() -> None:
    response = told((0, 0), (1000, 10), (2000, 11))
    assert [response.power_w(at) for at in (11, 12, 13)] == [500, 1500, 2000]


def test_the_same_power_again_changes_nothing() -> None:
    response = told((0, 0), (1000, 10), (1000, 11))
    assert response.power_w(11) == 500
    assert response.changed_at == 10


def test_an_older_answer_does_not_turn_time_back() -> None:
    response = told((0, 0), (1000, 10), (300, 9))
    assert response.power_w(20) == 1000


def test_without_lag_a_command_comes_at_once() -> None:
    response = told((0, 0), (1000, 10), lag_s=0)
    assert response.power_w(9.99) == 0
    assert response.power_w(10) == 1000


def test_doubt_is_what_a_move_sooner_or_later_would_change() -> None:
    response = told((0, 0), (1000, 10))
    # Of 2 s lag, 1.5 s either way.
    assert response.doubt_w(8) == 0
    assert response.doubt_w(9.5) == 500
    assert response.doubt_w(11) == 500
    assert response.doubt_w(12) == 750
    assert response.doubt_w(13.5) == 0
    assert not response.settled(13.5)
    assert response.settled(13.6)


def test_a_short_dip_is_not_overlooked_between_two_looks() -> None:
    response = told((1000, 0), (0, 10), (1000, 10.2), lag_s=0.2)
    assert response.doubt_w(10.5) == pytest.approx(1000)


def test_old_commands_are_forgotten_but_not_what_they_led_to() -> None:
    response = told(*((float(index), 10.0 * index) for index in range(1000)))
    assert len(response._times) < 40
    assert response.power_w(1e6) == 999
    assert response.power_w(9805) == 980


@given(
    commands=st.lists(
        st.tuples(st.floats(0, 3000), st.floats(0.1, 20)), min_size=1, max_size=20
    ),
    lag_s=st.floats(0, 10),
    looks=st.floats(-10, 500),
)
def test_it_never_leaves_what_was_told(
    commands: list[tuple[float, float]], lag_s: float, looks: float
) -> None:
    response, at = HeaterResponse(), 0.0
    for power_w, after_s in commands:
        at += after_s
        response.accepted(power_w, at, lag_s)
    powers = [power_w for power_w, _ in commands]
    assert min(powers) - 1e-6 <= response.power_w(looks) <= max(powers) + 1e-6
    assert 0 <= response.doubt_w(looks) <= max(powers) - min(powers) + 1e-6
    assert response.power_w(at + lag_s + 1) == commands[-1][0]
