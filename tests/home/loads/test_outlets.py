"""What a number, a light or an action can be told."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.home.loads.outlets import (
    ActionOutlet,
    LightOutlet,
    NumberOutlet,
    Target,
)
from homeassistant.core import HomeAssistant, State


def number(low: float | None, high: float | None, step: float | None) -> NumberOutlet:
    attributes: dict[str, Any] = {"min": low, "max": high, "step": step}
    state = State("number.x", "0", attributes)
    hass: Any = SimpleNamespace(states=SimpleNamespace(get=lambda _entity_id: state))
    return NumberOutlet(hass, "Tank", "number.x")


@given(
    value=st.floats(-5000, 5000),
    low=st.integers(-3000, 0),
    high=st.integers(1, 3000),
    step=st.sampled_from([0.1, 0.5, 1, 10, 50, 7]),
)
def test_a_number_is_told_a_step_within_its_range_and_never_beyond_what_is_wanted(
    value: float, low: int, high: int, step: float
) -> None:
    told = number(low, high, step).nearest(value)
    assert low - 1e-6 <= told <= high + 1e-6
    steps = (told - low) / step
    assert told in (low, 0) or steps == pytest.approx(round(steps), abs=1e-4)
    wanted = min(max(value, low), high)
    # Towards 0 by less than a step, or on the range's own least value.
    if wanted >= 0:
        assert 0 <= told <= wanted + 1e-5
        assert told > wanted - step - 1e-5
    else:
        assert wanted - 1e-5 <= told <= 0
        assert told < wanted + step + 1e-5


@pytest.mark.parametrize(
    ("low", "high", "step", "value", "told"),
    [
        (6, 32, 1, 4, 6),
        (None, None, None, 12.345, 12.345),
        (0, None, 0.1, 0.3, 0.3),
        (5, 100, 10, 5, 5),
        (-3000, 3000, 7, -10, -4),
        (-1, 1, 10, -0.5, 0),
        (-5, 50, 10, 3, 0),
    ],
)
def test_ranges_that_are_odd_or_not_told(
    low: float | None,
    *,
    high: float | None,
    step: float | None,
    value: float,
    told: float,
) -> None:
    assert number(low, high, step).nearest(value) == told


def test_a_light_has_255_steps(hass: HomeAssistant) -> None:
    light = LightOutlet(hass, "Tank", "light.x")
    assert light.nearest(100) == 100
    assert light.nearest(50) == pytest.approx(127 / 2.55)
    assert light.nearest(0.2) == 0
    assert light.nearest(120) == 100
    assert light.nearest(-5) == 0


def test_an_action_is_told_whole_numbers_towards_zero(hass: HomeAssistant) -> None:
    action = ActionOutlet(hass, "Tank", Target(action="test.set"))
    assert action.nearest(12.9) == 12
    assert action.nearest(-12.9) == -12


def test_a_light_that_is_not_there_shows_nothing(hass: HomeAssistant) -> None:
    light = LightOutlet(hass, "Tank", "light.x")
    assert light.shown is None
    assert not light.available
    assert not light.assumed
    assert light.entity_ids == ("light.x",)
