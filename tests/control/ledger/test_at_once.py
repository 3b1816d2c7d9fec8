"""What energy would have cost at once: first bought, first compared."""

import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.ledger.at_once import AtOnce


def bought(*pieces: tuple[float, float, float | None]) -> AtOnce:
    shadow = AtOnce(100_000.0)
    for energy_wh, from_grid_wh, price in pieces:
        shadow.buy(energy_wh, from_grid_wh, price)
    return shadow


def test_the_sun_saves_what_the_grid_would_have_cost() -> None:
    shadow = bought((5000.0, 5000.0, 0.25))
    assert shadow.saving(2000.0, 0.0, priced=True) == pytest.approx(0.50)


def test_cheap_hours_save_the_difference() -> None:
    shadow = bought((5000.0, 5000.0, 0.25))
    assert shadow.saving(2000.0, 0.32, priced=True) == pytest.approx(0.18)


def test_waiting_for_dearer_hours_loses() -> None:
    shadow = bought((5000.0, 5000.0, 0.16))
    assert shadow.saving(1000.0, 0.25, priced=True) == pytest.approx(-0.09)


def test_the_first_that_was_bought_is_compared_first() -> None:
    shadow = bought((1000.0, 0.0, 0.25), (1000.0, 1000.0, 0.25))
    assert shadow.saving(1000.0, 0.0, priced=True) == pytest.approx(0.0)
    assert shadow.saving(1000.0, 0.0, priced=True) == pytest.approx(0.25)
    assert shadow.held_wh == 0.0


def test_beyond_what_the_shadow_has_bought_nothing_is_said() -> None:
    shadow = bought((1000.0, 1000.0, 0.25))
    assert shadow.saving(4000.0, 1.0, priced=True) == pytest.approx(0.0)
    assert AtOnce(1.0).saving(4000.0, 1.0, priced=True) == 0.0


@pytest.mark.parametrize(("price", "priced"), [(None, True), (0.25, False)])
def test_where_a_price_is_missing_nothing_is_said(
    price: float | None, priced: bool
) -> None:
    shadow = bought((5000.0, 5000.0, price))
    assert shadow.saving(1000.0, 0.0, priced=priced) == 0.0
    assert shadow.held_wh == pytest.approx(4000.0)


def test_sun_needs_no_price() -> None:
    shadow = bought((5000.0, 0.0, None))
    assert shadow.saving(1000.0, 0.1, priced=True) == pytest.approx(-0.1)


def test_the_shadow_buys_no_more_than_anything_holds() -> None:
    shadow = AtOnce(1000.0)
    for _ in range(8):
        shadow.buy(300.0, 300.0, 0.25)
    assert shadow.held_wh == pytest.approx(1000.0)
    assert shadow.saving(1000.0, 0.0, priced=True) == pytest.approx(0.25)
    # What was taken makes room for more.
    shadow.buy(300.0, 300.0, 0.25)
    assert shadow.held_wh == pytest.approx(300.0)


def test_of_what_it_still_can_buy_the_same_part_has_no_price() -> None:
    shadow = AtOnce(1000.0)
    shadow.buy(4000.0, 2000.0, None)
    assert shadow.as_list() == [[1000.0, 0.0, 500.0]]
    assert shadow.saving(400.0, 0.0, priced=True) == 0.0
    assert shadow.as_list() == [[600.0, 0.0, 300.0]]


def test_cleared_it_begins_anew() -> None:
    shadow = bought((5000.0, 5000.0, 0.25))
    shadow.clear()
    assert shadow.held_wh == 0.0
    assert shadow.as_list() == []


@given(
    bought_wh=st.lists(st.floats(0.1, 900.0), max_size=30),
    taken_wh=st.lists(st.floats(0.1, 900.0), max_size=30),
)
def test_at_one_price_the_order_makes_no_difference(
    bought_wh: list[float], taken_wh: list[float]
) -> None:
    shadow = bought(*((wh, wh, 0.25) for wh in bought_wh))
    saved = sum(shadow.saving(wh, 0.0, priced=True) for wh in taken_wh)
    compared_wh = min(sum(bought_wh), sum(taken_wh))
    assert saved == pytest.approx(compared_wh * 0.25 / 1000, abs=1e-9)
    assert shadow.held_wh == pytest.approx(sum(bought_wh) - compared_wh, abs=1e-6)


def test_what_costs_the_same_is_one_piece() -> None:
    shadow = bought((500.0, 500.0, 0.2), (1000.0, 1000.0, 0.2))
    assert shadow.as_list() == [[1500.0, 0.3, 0.0]]
    # Dearer, and from the sun.
    shadow.buy(1000.0, 1000.0, 0.3)
    shadow.buy(1000.0, 0.0, 0.3)
    assert [piece[1] for piece in shadow.as_list()] == [0.3, 0.3, 0.0]
    # A little of it is not worth a piece of its own.
    small = bought((249.0, 0.0, 0.2), (10.0, 10.0, 0.2), (10.0, 0.0, 0.2))
    assert [piece[0] for piece in small.as_list()] == [259.0, 10.0]


def test_without_a_price_it_is_not_one_piece_with_what_is_free() -> None:
    shadow = bought((500.0, 0.0, None), (500.0, 500.0, None))
    assert len(shadow.as_list()) == 2
    # Of what the sun gave something can be said, of the rest it cannot.
    assert shadow.saving(500.0, 0.1, priced=True) == pytest.approx(-0.1)
    assert shadow.saving(500.0, 0.1, priced=True) == 0.0


def test_one_that_was_restored_forgets_what_it_had() -> None:
    shadow = bought((500.0, 500.0, 0.2))
    shadow.restore([[100.0, 0.01, 0.0]])
    assert shadow.as_list() == [[100.0, 0.01, 0.0]]
    assert shadow.held_wh == 100.0


def test_a_shadow_survives_a_restart() -> None:
    shadow = bought(*((2.0, sun % 3, 0.2) for sun in range(3000)))
    saved = shadow.as_list()
    again = AtOnce(100_000.0)
    again.restore(json.loads(json.dumps(saved)))
    assert again.as_list() == saved
    assert again.held_wh == pytest.approx(shadow.held_wh)
    assert again.saving(3000.0, 0.0, priced=True) == pytest.approx(
        shadow.saving(3000.0, 0.0, priced=True)
    )


def test_a_night_at_one_price_is_one_piece_and_a_day_stays_small() -> None:
    night = bought(*((2.0, 2.0, 0.2) for _ in range(30_000)))
    assert len(night.as_list()) == 1
    assert night.saving(5000.0, 0.0, priced=True) == pytest.approx(1.0)
    clouds = bought(*((2.0, sun % 100 / 50, 0.2) for sun in range(36_000)))
    assert len(clouds.as_list()) <= 300


@pytest.mark.parametrize(
    "damaged", [[[1.0, 2.0]], [[-1.0, 0.0, 0.0]], [["a", 0.0, 0.0]], [3], 4]
)
def test_what_is_damaged_raises(damaged: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        AtOnce(1.0).restore(damaged)
