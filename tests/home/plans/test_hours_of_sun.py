"""Forecasts in periods of any length become the hours that plans are made of."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.model import SolarSpan
from custom_components.surplus.home.forecast import hourly

NOON = datetime(2026, 6, 22, 12, tzinfo=UTC)


def at(hours: float) -> str:
    return (NOON + timedelta(hours=hours)).isoformat()


@pytest.mark.parametrize(
    ("told", "hours"),
    [
        # Quarters are added up, a last one lasts an hour at most.
        (
            {at(0): 100, at(0.25): 100, at(0.5): 100, at(0.75): 100, at(1): 50},
            {12: 400, 13: 50},
        ),
        # Half past to half past is spread over two hours.
        ({at(0.5): 600, at(1.5): 200}, {12: 300, 13: 400, 14: 100}),
        # A pause is no production.
        ({at(0): 100, at(5): 100}, {12: 100, 17: 100}),
        # What is over is over.
        ({at(-3): 900}, {}),
        ({}, {}),
        # Nonsense is left out.
        (
            {at(0): 100, at(1): -5, at(2): float("nan"), at(3): True, "now": 5}
            | {"2026-13-01T12:00:00": 5},
            {12: 100},
        ),
    ],
)
def test_periods_become_hours(told: dict[str, float], hours: dict[int, float]) -> None:
    spans = hourly([told], NOON)
    found = {span.begins.hour: span.energy_wh for span in spans or ()}
    assert found == hours
    assert all(
        isinstance(span, SolarSpan) and span.ends - span.begins == timedelta(hours=1)
        for span in spans or ()
    )


def test_a_time_without_zone_is_the_homes() -> None:
    spans = hourly([{"2026-06-22T12:00:00": 50}], NOON - timedelta(days=1))
    assert spans is not None
    assert spans[0].begins == datetime.fromisoformat("2026-06-22T12:00:00").replace(
        tzinfo=UTC
    )


@given(
    st.dictionaries(st.integers(0, 200), st.floats(0, 5000), min_size=1, max_size=40)
)
def test_no_energy_is_lost_or_made(told: dict[int, float]) -> None:
    forecast = {
        (NOON + timedelta(minutes=15 * n)).isoformat(): wh for n, wh in told.items()
    }
    spans = hourly([forecast], NOON)
    assert sum(span.energy_wh for span in spans or ()) == pytest.approx(
        sum(told.values()), abs=0.05 * 60
    )
