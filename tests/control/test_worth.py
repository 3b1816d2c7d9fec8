"""What running a load is worth beside those above and the fast ones below it."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.limits import Headroom
from custom_components.surplus.control.loads.circumstances import Circumstances, Span
from custom_components.surplus.control.settings import HomeSettings

CAR = Span(least_w=1380.0, most_w=7360.0)
RELAY = Span(least_w=1100.0, most_w=1100.0)
WATTS = st.floats(min_value=0.0, max_value=12_000.0)


def _around(
    total_w: float,
    *,
    trim_w: float = 0.0,
    above: Span = Span(),
    price: float = 1.0,
) -> Circumstances:
    return Circumstances(
        now=0.0,
        wall=datetime(2026, 6, 21, tzinfo=UTC),
        dt_s=1.0,
        surplus_w=total_w,
        total_w=total_w,
        above=above,
        trims_below=Span(most_w=trim_w),
        voltage_v=230.0,
        meter=MeterState.FRESH,
        direction_known=True,
        headroom=Headroom((), (0.0,)),
        settings=HomeSettings(import_price=price),
    )


def test_alone_a_car_is_worth_what_it_captures_less_what_it_imports() -> None:
    assert _around(1000.0).worth_w(CAR) == pytest.approx(1000.0 - 380.0)


def test_below_its_minimum_a_car_only_costs_what_a_heater_would_not_import() -> None:
    assert _around(1000.0, trim_w=2400.0).worth_w(CAR) == pytest.approx(-380.0)


def test_that_import_counts_at_its_price() -> None:
    around = _around(1000.0, trim_w=2400.0, price=2.0)
    assert around.worth_w(CAR) == pytest.approx(-760.0)
    assert _around(1000.0, price=2.0).worth_w(CAR) == pytest.approx(1000.0 - 760.0)


def test_where_both_capture_the_same_priority_chooses_the_car() -> None:
    assert _around(2000.0, trim_w=2400.0).worth_w(CAR) == pytest.approx(620.0)


def test_a_heater_too_small_for_the_surplus_leaves_the_rest_to_the_car() -> None:
    # 800 W of 1,300 W are captured without it; with it all, and 80 W imported.
    assert _around(1300.0, trim_w=800.0).worth_w(CAR) == pytest.approx(1220.0 - 800.0)


def test_a_relay_above_a_heater_waits_until_the_surplus_carries_it() -> None:
    assert _around(900.0, trim_w=2400.0).worth_w(RELAY) < 0
    assert _around(900.0).worth_w(RELAY) == pytest.approx(700.0)


def test_a_load_that_makes_one_above_give_way_captures_nothing_new() -> None:
    around = _around(3000.0, above=CAR, trim_w=2400.0)
    assert around.worth_w(RELAY) == pytest.approx(0.0)


@given(total_w=WATTS, trim_w=WATTS, least_w=WATTS, more_w=WATTS)
def test_a_fast_load_below_never_makes_one_above_worth_more(
    total_w: float, trim_w: float, least_w: float, more_w: float
) -> None:
    span = Span(least_w=least_w, most_w=least_w + more_w)
    around = _around(total_w, trim_w=trim_w)
    alone = replace(around, trims_below=Span())
    assert around.worth_w(span) <= alone.worth_w(span) + 1e-6


@given(total_w=WATTS, trim_w=WATTS, least_w=WATTS, more_w=WATTS)
def test_what_the_surplus_carries_is_never_refused_for_a_fast_load_below(
    total_w: float, trim_w: float, least_w: float, more_w: float
) -> None:
    span = Span(least_w=least_w, most_w=least_w + more_w)
    if total_w >= least_w:
        assert _around(total_w, trim_w=trim_w).worth_w(span) >= -1e-6
