"""A breaker that nobody asks: it opens where it would, whatever the guard believes."""

import pytest

from custom_components.surplus.control.guard.trip import BREAKER, LINKY, Heat, TripLaw
from custom_components.surplus.control.model import LimitKind

from .guard_bench import Bench, V, limit, load

LIMIT_A = 20.0
EACH_A, LOADS = 3.0, 6
BEGINS = 60
PEAKS_A = (23.0, 26.0, 29.0, 31.0, 33.0, 35.0, 37.0)


def opens_at(law: TripLaw, peak_a: float, every_s: int, lag_s: int) -> int | None:
    """Return when a breaker opens of which house and loads draw a peak; None for never.

    The peak begins right after a reading. The meter tells every so often, and what is
    stopped ends ``lag_s`` later. The house by itself could be held.
    """
    linky = law is LINKY
    kind = LimitKind.SUBSCRIPTION if linky else LimitKind.BREAKER
    bench = Bench(
        *(load(f"l{n}", EACH_A) for n in range(LOADS)), limits=(limit(LIMIT_A, kind),)
    )
    bench.cutoff_va = LIMIT_A * V if linky else None
    truth = Heat(law)
    own_a = [EACH_A * LOADS] * (lag_s + 1)
    shown_a = told_at = 0.0
    for now in range(500):
        house_a = peak_a - EACH_A * LOADS if now > BEGINS else 0.0
        own_a.append(sum(bench.draws_w.values()) / V)
        flows_a = house_a + own_a[-1 - lag_s]
        truth.observe(float(now), LIMIT_A, [flows_a])
        if truth.share >= 1:
            return now
        if is_new := now % every_s == 0:
            shown_a, told_at = flows_a, float(now)
        bench.show(told_at, shown_a, now=float(now), is_new=is_new)
    return None


@pytest.mark.parametrize("lag_s", [2, 8])
@pytest.mark.parametrize("every_s", [1, 2, 5, 10, 15])
def test_a_linky_holds_whatever_the_rhythm_of_its_reading(
    every_s: int, lag_s: int
) -> None:
    opened = {
        peak_a: at
        for peak_a in PEAKS_A
        if (at := opens_at(LINKY, peak_a, every_s, lag_s)) is not None
    }
    assert opened == {}


@pytest.mark.parametrize("every_s", [1, 2, 5])
def test_an_ordinary_breaker_holds_what_leaves_time_for_it(every_s: int) -> None:
    # Of 1.6 times its rating a quick one says so within 15 s.
    opened = {
        peak_a: at
        for peak_a in PEAKS_A
        if peak_a <= 31 and (at := opens_at(BREAKER, peak_a, every_s, 2)) is not None
    }
    assert opened == {}
