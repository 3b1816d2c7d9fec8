"""Reactive power is what moved the four reactive indexes, no more and no less."""

import pytest

from custom_components.surplus.linky.reactive import ReactivePower

from .test_meter import Line
from .tic import frame, standard


def count(
    power: ReactivePower, seconds: int, var: float, at: float = 0.0, varh: float = 0.0
) -> tuple[float, float]:
    """Count what a constant reactive power does; return when and where it ends."""
    for _ in range(seconds):
        at += 1.0
        varh += var / 3600
        power.observe(at, int(varh))
    return at, varh


@pytest.mark.parametrize("var", [40.0, 200.0, 3000.0, -150.0])
def test_a_constant_reactive_power_is_found(var: float) -> None:
    power = ReactivePower()
    at, _ = count(power, 600, var)
    assert power.var(at) == pytest.approx(var, rel=0.04)


def test_before_the_indexes_moved_twice_nothing_is_known() -> None:
    power = ReactivePower()
    assert power.var(0.0) is None
    at, _ = count(power, 70, 60.0)
    assert power.var(at) is None


@pytest.mark.parametrize("sign", [1, -1])
def test_indexes_that_stand_still_bring_it_down(sign: int) -> None:
    power = ReactivePower()
    at, varh = count(power, 300, 500.0 * sign)
    at, varh = count(power, 50, 0.0, at, varh)
    assert power.var(at) == pytest.approx(500 * sign, rel=0.04)
    at, varh = count(power, 550, 0.0, at, varh)
    estimate = power.var(at)
    assert estimate is not None
    assert 5.9 < estimate * sign <= 6.1


def test_a_change_is_followed_within_two_minutes() -> None:
    power = ReactivePower()
    at, varh = count(power, 300, 500.0)
    at, _ = count(power, 120, 2000.0, at, varh)
    assert power.var(at) == pytest.approx(2000, rel=0.05)


def test_a_gap_makes_it_begin_anew() -> None:
    power = ReactivePower()
    at, varh = count(power, 300, 500.0)
    assert power.var(at + 31) is None
    at, _ = count(power, 30, 500.0, at + 31, varh + 5000)
    assert power.var(at) is None


def test_a_step_that_no_connection_can_make_is_no_power() -> None:
    power = ReactivePower()
    at, varh = count(power, 300, 500.0)
    before = power.var(at)
    at, varh = count(power, 40, 500.0, at, varh + 20)
    assert power.var(at) == before


def test_the_same_instant_counts_once() -> None:
    power = ReactivePower()
    for second in range(300):
        power.observe(float(second), second)
        power.observe(float(second), second + 50)
    assert power.var(299.0) == pytest.approx(3600.0)


def producer(*erq: int, without: str = "") -> bytes:
    groups = [
        standard(f"ERQ{n}", f"{varh:09}")
        for n, varh in enumerate(erq, 1)
        if f"ERQ{n}" != without
    ]
    return frame(
        standard("ADSC", "031664000000"),
        *groups,
        standard("SINSTS", "00500"),
        standard("STGE", "003A8100"),
    )


def test_quadrants_with_a_lagging_current_count_up_the_others_down() -> None:
    line = Line()
    for second in range(400):
        line.now += 1
        line.send(
            producer(
                1000 + second // 2,
                500 + second // 4,
                800 + second // 10,
                700 + second // 5,
            )
        )
    var = line.meter.reactive.var(line.now)
    assert var == pytest.approx(3600 * (1 / 2 + 1 / 4 - 1 / 10 - 1 / 5), rel=0.05)


def test_without_all_four_there_is_no_sum() -> None:
    line = Line()
    for second in range(200):
        line.now += 1
        line.send(producer(1000 + second, 500, 800, 700, without="ERQ3"))
    assert line.meter.reactive.var(line.now) is None
