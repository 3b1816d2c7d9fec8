"""The optimum against brute force, and what it may not do."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, product
from random import Random

import pytest

from benchmarks.closed_loop.cases import CASES, ChargerCase, HeaterCase, RelayCase
from benchmarks.closed_loop.oracle import (
    BLOCK_S,
    Switched,
    joint_powers,
    optimum_of,
    solve,
)

from .days import case

KWH = 3.6e6
CAR = (1380.0, 2000.0, 3000.0)


def gain(surplus_w: Sequence[float], powers: Sequence[float], price: float) -> float:
    """The best of constant powers over 5 s, in Ws."""
    return sum(
        max(
            sum(min(p, s) - price * max(0.0, p - s) for s in surplus_w[at : at + 5])
            for p in powers
        )
        for at in range(0, len(surplus_w), 5)
    )


def sequences(blocks: int, dwell_blocks: int) -> list[tuple[int, ...]]:
    """All on/off courses whose changes are far enough apart."""
    allowed = []
    for modes in product((0, 1), repeat=blocks):
        changes = [n for n, (a, b) in enumerate(pairwise((0, *modes))) if a != b]
        if all(b - a >= dwell_blocks for a, b in pairwise(changes)):
            allowed.append(modes)
    return allowed


def random_surplus(seed: int, blocks: int) -> list[float]:
    random = Random(seed)
    return [
        max(0.0, random.uniform(-500, 3500)) if random.random() < 0.5 else 1500.0
        for _ in range(blocks * BLOCK_S)
    ]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("price", [1.0, 3.0])
def test_one_device_comes_out_as_by_brute_force(seed: int, price: float) -> None:
    blocks, dwell_blocks = 10, 3
    surplus = random_surplus(seed, blocks)
    choices = {(0,): (0.0,), (1,): CAR}
    best = max(
        sum(
            gain(
                surplus[n * BLOCK_S : (n + 1) * BLOCK_S],
                # What has just started draws nothing yet.
                CAR if modes[n] and n and modes[n - 1] else (0.0,),
                price,
            )
            for n in range(blocks)
        )
        for modes in sequences(blocks, dwell_blocks)
    )
    found = solve(
        surplus,
        [Switched(powers_w=((0.0,), CAR))],
        choices,
        price,
        dwell_s=dwell_blocks * BLOCK_S,
    )
    assert found.value_kwh(price) * KWH == pytest.approx(best)


@pytest.mark.parametrize("seed", range(3))
def test_two_devices_come_out_as_by_brute_force(seed: int) -> None:
    blocks, dwell_blocks = 6, 2
    surplus = [2 * watts for watts in random_surplus(seed, blocks)]
    both = tuple(sorted({a + b for a in CAR for b in CAR}))
    choices = {(0, 0): (0.0,), (0, 1): CAR, (1, 0): CAR, (1, 1): both}
    courses = sequences(blocks, dwell_blocks)

    def value(one: tuple[int, ...], two: tuple[int, ...]) -> float:
        total = 0.0
        for n in range(blocks):
            drawing = tuple(
                int(bool(course[n] and n and course[n - 1])) for course in (one, two)
            )
            part = surplus[n * BLOCK_S : (n + 1) * BLOCK_S]
            total += gain(part, choices[drawing], 1.0)
        return total

    best = max(value(one, two) for one in courses for two in courses)
    device = Switched(powers_w=((0.0,), CAR))
    found = solve(
        surplus, [device, device], choices, 1.0, dwell_s=dwell_blocks * BLOCK_S
    )
    assert found.value_kwh(1.0) * KWH == pytest.approx(best)


def test_nothing_is_drawn_without_surplus() -> None:
    found = optimum_of(case([0.0] * 900), 1.0)
    assert (found.captured_kwh, found.imported_kwh, found.starts) == (0.0, 0.0, 0)


def test_a_steady_surplus_is_captured_but_for_the_first_block_and_the_step() -> None:
    found = optimum_of(case([3000.0] * 1200), 1.0)
    charger = ChargerCase(load_id="car")
    nearest = min(
        (charger.drawn_w(a, 1) for a in range(6, 33)),
        key=lambda watts: abs(watts - 3000.0),
    )
    assert found.starts == 1
    assert found.captured_kwh * KWH == pytest.approx(
        min(nearest, 3000.0) * (1200 - BLOCK_S)
    )


def test_a_car_that_is_away_captures_nothing() -> None:
    away = ChargerCase(load_id="car", plugged=(0, 10))
    assert optimum_of(case([3000.0] * 600, chargers=(away,)), 1.0).captured_kwh == 0.0


def test_two_cars_share_the_common_limit() -> None:
    c1 = CASES["C1"]
    powers = joint_powers(c1, (1, 1))
    one = c1.chargers[0]
    assert powers[0] == pytest.approx(2 * one.drawn_w(6, 1))
    assert powers[-1] == pytest.approx(one.drawn_w(32, 1) + one.drawn_w(8, 1))
    assert len(powers) == 40 - 12 + 1
    assert joint_powers(c1, (0, 0)) == (0.0,)


def test_one_phase_serves_a_surplus_that_three_cannot() -> None:
    chargers = CASES["D1"].chargers
    small = optimum_of(case([2000.0] * 600, chargers=chargers), 1.0)
    large = optimum_of(case([9000.0] * 600, chargers=chargers), 1.0)
    assert small.captured_kwh * KWH == pytest.approx(2000.0 * 590, rel=0.06)
    assert large.captured_kwh * KWH == pytest.approx(9000.0 * 590, rel=0.06)


@pytest.mark.parametrize("surplus_w", [400.0, 2000.0, 5000.0])
def test_a_heater_fills_what_switched_loads_leave(surplus_w: float) -> None:
    filled = case([surplus_w] * 1200, chargers=(), heaters=(HeaterCase(),))
    with_relay = replace(filled, relays=(RelayCase(),))
    found = optimum_of(with_relay, 1.0)
    assert found.captured_kwh * KWH == pytest.approx(1200 * min(surplus_w, 3500.0))
    assert found.imported_kwh == 0.0
    with_car = replace(filled, chargers=(ChargerCase(load_id="car"),))
    most = optimum_of(with_car, 1.0)
    # The first block of a start draws nothing, and the heater takes what it can of it.
    lost_ws = BLOCK_S * max(0.0, surplus_w - 2400.0)
    assert most.captured_kwh * KWH == pytest.approx(1200 * surplus_w - lost_ws)
    assert most.imported_kwh == 0.0


def test_a_relay_draws_from_its_first_second_on() -> None:
    one = case([1100.0] * 600, chargers=(), relays=(RelayCase(),))
    assert optimum_of(one, 1.0).captured_kwh * KWH == pytest.approx(1100.0 * 600)


@pytest.mark.parametrize("seed", range(3))
def test_what_fills_comes_out_as_by_brute_force(seed: int) -> None:
    blocks, dwell_blocks, fill = 8, 2, 1200.0
    surplus = random_surplus(seed, blocks)

    def filled(powers: Sequence[float], part: Sequence[float]) -> float:
        return sum(
            max(
                sum(
                    min(s, p + min(fill, max(0.0, s - p))) - max(0.0, p - s)
                    for s in part[at : at + 5]
                )
                for p in powers
            )
            for at in range(0, len(part), 5)
        )

    best = max(
        sum(
            filled(
                CAR if modes[n] and n and modes[n - 1] else (0.0,),
                surplus[n * BLOCK_S : (n + 1) * BLOCK_S],
            )
            for n in range(blocks)
        )
        for modes in sequences(blocks, dwell_blocks)
    )
    found = solve(
        surplus,
        [Switched(powers_w=((0.0,), CAR))],
        {(0,): (0.0,), (1,): CAR},
        1.0,
        dwell_s=dwell_blocks * BLOCK_S,
        fill_w=fill,
    )
    assert found.value_kwh(1.0) * KWH == pytest.approx(best)


def test_more_than_two_devices_are_refused() -> None:
    device = Switched(powers_w=((0.0,), CAR))
    with pytest.raises(ValueError, match="one or two"):
        solve([0.0] * 20, [device] * 3, {(0, 0, 0): (0.0,)}, 1.0)
