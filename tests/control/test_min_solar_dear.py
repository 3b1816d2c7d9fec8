"""Mode ``min_solar`` in dear hours: its minimum is not imported then."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.model import LoadSpec, Mode, PriceClass, Reason

from .needs.bench import CHARGER, HEATER, Bench, spans

# A heater whose minimum is worth keeping.
TANK = replace(HEATER, min_w=500.0)
EITHER = pytest.mark.parametrize("spec", [CHARGER, TANK])


def house(spec: LoadSpec, **more: object) -> Bench:
    """Return a house at 20:00 whose next hour is normal and the one behind it dear."""
    bench = Bench(spec=spec, mode=Mode.MIN_SOLAR, **more)
    bench.ahead = spans(
        bench.wall,
        (1, PriceClass.NORMAL, 0.2),
        (2, PriceClass.DEAR, 0.75),
        (9, PriceClass.NORMAL, 0.2),
    )
    return bench


@EITHER
def test_the_minimum_is_not_imported_in_dear_hours(spec: LoadSpec) -> None:
    bench = house(spec)
    bench.run_until("20:30")
    assert bench.power_w > 0
    bench.run_until("21:30")
    assert bench.cycles[-1].decisions[0].reason is Reason.HELD_BACK
    before_wh = bench.taken_wh
    bench.run_until("22:59")
    assert bench.taken_wh == before_wh
    bench.run_until("23:10")
    assert bench.power_w > 0


@EITHER
def test_it_is_not_begun_in_dear_hours(spec: LoadSpec) -> None:
    bench = house(spec)
    bench.pass_time(3700.0)
    bench.run(1)
    assert bench.taken_wh == 0


@EITHER
def test_the_sun_is_taken_in_dear_hours(spec: LoadSpec) -> None:
    bench = house(spec, base_w=-3000.0)
    bench.run_until("21:30")
    assert bench.power_w > 2000


@EITHER
def test_who_allows_dear_hours_has_the_minimum_in_them(spec: LoadSpec) -> None:
    bench = house(spec, dear_allowed=True)
    bench.run_until("21:30")
    assert bench.power_w > 0
