"""The water behind a load, with a programme and without."""

from datetime import UTC, datetime

from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.limits import Headroom
from custom_components.surplus.control.loads.base import Circumstances
from custom_components.surplus.control.loads.thermal import Demand
from custom_components.surplus.control.loads.water import Water
from custom_components.surplus.control.model import Reason, Temperatures
from custom_components.surplus.control.settings import HomeSettings


def asked(
    temperature_c: float | None,
    temperatures: Temperatures | None = Temperatures(),
    *,
    now: float = 0.0,
    water: Water | None = None,
) -> Water:
    """Return water that was asked in cheap hours."""
    water = water or Water(temperatures)
    water.ask(
        temperature_c,
        Circumstances(
            now=now,
            wall=datetime(2026, 6, 21, 2, tzinfo=UTC),
            dt_s=1.0,
            surplus_w=0.0,
            total_w=0.0,
            voltage_v=230.0,
            meter=MeterState.FRESH,
            direction_known=True,
            headroom=Headroom((), (0.0,)),
            settings=HomeSettings(),
            cheap=True,
        ),
    )
    return water


def test_without_a_programme_nothing_is_asked_and_nothing_forbidden() -> None:
    water = asked(10.0, None)
    assert water.demand is None
    assert water.may_heat
    assert water.may_boost
    assert water.blind_for_s == 0
    assert water.numbers == water.learned() == {}


def test_a_programme_without_order_is_the_usual_one_where_there_was_none() -> None:
    water = asked(44.0, Temperatures(min_c=70.0))
    assert water.demand is Demand.FORCED
    assert water.why_forced is Reason.HEATING_FORCED
    assert water.numbers == {"temperature_c": 44.0, "target_c": 50.0}


def test_a_programme_taken_away_asks_nothing_more() -> None:
    water = asked(44.0)
    water.change(None)
    assert water.demand is None
    water.relearn({"water": {"resting": True}})
    assert water.may_heat


def test_warm_water_may_neither_be_heated_nor_boosted() -> None:
    water = asked(61.0)
    assert water.demand is Demand.REST
    assert not water.may_heat
    assert not water.may_boost
    water.wake()
    assert water.may_heat
    assert water.may_boost


def test_water_never_seen_has_no_figures_and_is_heated_for_a_while() -> None:
    water = asked(None)
    assert water.demand is Demand.UNKNOWN
    assert water.numbers == {}
    assert water.may_heat
    asked(None, now=24 * 3600.0, water=water)
    assert water.blind_for_s == 24 * 3600
    assert not water.may_heat
    assert water.may_boost


def test_figures_are_of_a_tenth_of_a_degree() -> None:
    assert asked(44.449).numbers["temperature_c"] == 44.4
