"""The first time that a car charges for a need: nobody knows yet what it takes."""

from dataclasses import replace
from datetime import datetime
from math import inf

import pytest

from custom_components.surplus.control.model import ChargerSpec, PriceClass, Reason
from custom_components.surplus.control.needs.look import unseen_w
from custom_components.surplus.control.needs.specs import Need, NeedKind, OnDear
from custom_components.surplus.control.settings import HomeSettings

from .bench import CHARGER, HEATER, LOAD, PARIS, STORAGE, SWITCHED, Bench, spans
from .test_needs import sunny

EVENING = datetime(2026, 6, 21, 20, tzinfo=PARIS)
# Two hours at all that the charger offers.
NEED = Need(plan_id="p", load_id=LOAD, kind=NeedKind.ENERGY, target=14_720.0)
WALLBOX = replace(CHARGER, max_a=32.0)
OFF_PEAK = (
    (2, PriceClass.NORMAL, None),
    (8, PriceClass.CHEAP, None),
    (24, PriceClass.NORMAL, None),
)


def first(
    need: Need = NEED, spec: ChargerSpec = WALLBOX, *, phases: int = 1, **more: object
) -> Bench:
    settings = HomeSettings(phases=phases, needs=(need,))
    return Bench(settings=settings, spec=spec, known=False, **more)


def late_at_any_time(bench: Bench) -> bool:
    return any(cycle.plans["p"].late for cycle in bench.cycles)


@pytest.mark.parametrize("tariff", [(), OFF_PEAK])
@pytest.mark.parametrize("share", [1.0, 0.7, 0.5])
def test_a_car_that_takes_half_of_the_offer_is_ready_the_first_time(
    share: float, tariff: tuple[tuple[float, PriceClass, None], ...]
) -> None:
    bench = first(share=share, ahead=spans(EVENING, *tariff))
    bench.run_until("07:00")
    assert bench.taken_wh == pytest.approx(14_720, rel=0.01)
    assert len(bench.runs()) == 1
    assert not late_at_any_time(bench)


def test_a_car_on_one_phase_of_three_is_ready_the_first_time() -> None:
    three = replace(CHARGER, phases=(1, 2, 3))
    bench = first(spec=three, share=1 / 3, phases=3)
    bench.run_until("07:00")
    assert bench.taken_wh == pytest.approx(14_720, rel=0.01)


def test_cheap_hours_that_are_long_enough_are_the_only_ones_used() -> None:
    for share in (1.0, 0.5):
        bench = first(share=share, ahead=spans(EVENING, *OFF_PEAK))
        bench.run_until("07:00")
        ((begins, ends),) = bench.runs()
        assert begins == "02:00"
        assert ends <= "06:01"


def test_a_fast_car_costs_no_dearer_hour_where_a_slow_one_could_still_be_served() -> (
    None
):
    prices = (0.30, 0.28, 0.10, 0.25, 0.31, 0.12, 0.30, 0.29, 0.35, 0.33, 0.36)
    ahead = spans(EVENING, *((1, PriceClass.NORMAL, price) for price in prices))
    fast = first(ahead=ahead)
    fast.run_until("07:00")
    assert [begins for begins, _ in fast.runs()] == ["22:00", "01:00"]
    slow = first(ahead=ahead, share=0.5)
    slow.run_until("07:00")
    assert slow.taken_wh == pytest.approx(14_720, rel=0.01)
    assert slow.runs()[0][0] == "22:00"


def test_a_car_that_shows_to_be_fast_is_not_stopped_at_once() -> None:
    # Too few cheap hours behind 23:30 for a slow one, so it begins in a normal one.
    ahead = spans(
        EVENING,
        (8, PriceClass.NORMAL, None),
        (2.5, PriceClass.CHEAP, None),
        (24, PriceClass.NORMAL, None),
    )
    bench = first(ahead=ahead)
    bench.run_until("07:00")
    assert bench.taken_wh == pytest.approx(14_720, rel=0.01)
    (began, paused), (cheap, _) = bench.runs()
    assert began < "03:00"
    # Long enough to be seen and for its minimum time, then the cheap hours.
    minutes = [int(clock[:2]) * 60 + int(clock[3:]) for clock in (began, paused)]
    assert 10 <= minutes[1] - minutes[0] <= 15
    assert cheap >= "04:00"


def test_the_second_time_it_is_known_and_begins_as_late_as_it_may() -> None:
    bench = first()
    bench.run_until("07:00")
    bench.restart()
    bench.run_until("08:00")
    bench.run_until("07:00")
    assert bench.runs()[0][0] < "03:00"
    assert "04:40" <= bench.runs()[1][0] <= "04:56"


def test_care_is_not_told_as_lateness() -> None:
    soon = replace(NEED, ready_by_s=23 * 3600)
    bench = first(soon)
    assert bench.run(0.05).reason is Reason.NEEDED
    bench.run_until("23:00")
    assert not late_at_any_time(bench)
    slow = first(soon, share=0.5)
    slow.run(0.3)
    # Once it is seen, it is the truth.
    assert slow.state().late


def test_dear_hours_are_no_reserve_for_a_slow_car() -> None:
    ahead = spans(
        EVENING,
        (6, PriceClass.NORMAL, 0.2),
        (2, PriceClass.NORMAL, 0.1),
        (20, PriceClass.DEAR, 0.7),
    )
    bench = first(replace(NEED, on_dear=OnDear.IF_LATE), share=0.5, ahead=ahead)
    bench.run_until("07:00")
    assert bench.taken_wh == pytest.approx(14_720, rel=0.01)
    # Ready before the dear hours begin.
    assert bench.runs()[-1][1] <= "04:01"


def test_a_car_of_which_nobody_knows_counts_on_less_sun() -> None:
    noon = datetime(2026, 6, 22, 10, tzinfo=PARIS)
    need = replace(NEED, ready_by_s=18 * 3600)
    bench = first(
        need,
        share=0.5,
        forecast=sunny(noon, 4, 12_000.0),
        ahead=spans(EVENING, *OFF_PEAK),
    )
    bench.step()
    # Not all of it: four hours of what a slow car takes, and the rest by night.
    assert bench.state().starts is None
    bench = first(
        replace(need, target=20_000.0),
        share=0.5,
        forecast=sunny(noon, 4, 12_000.0),
        ahead=spans(EVENING, *OFF_PEAK),
    )
    bench.step()
    assert bench.state().starts is not None


@pytest.mark.parametrize(
    ("spec", "watts"),
    [
        (WALLBOX, 3680.0),
        (CHARGER, 1840.0),
        (replace(CHARGER, max_a=10.0), 1380.0),
        (replace(CHARGER, max_a=32.0, phases=(1, 2, 3)), 3680.0),
        (HEATER, inf),
        (SWITCHED, inf),
        (STORAGE, inf),
    ],
)
def test_only_what_a_car_takes_is_in_doubt(spec: ChargerSpec, watts: float) -> None:
    assert unseen_w(spec, inf) == watts
