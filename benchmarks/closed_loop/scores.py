"""What a day is judged by: energy, wear, calm and limits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import fmean, pstdev

from .cases import STEP_FIRST_S, STEP_HOLD_S, STEP_LEVELS_W
from .record import Record

_WS_PER_KWH = 3.6e6
# Switched again sooner than this is a short cycle.
SHORT_S = 300
_DRAWING_A = 0.5
_OVER_SHARE = 1.03
_OVER_A = 0.5
_CALM_W = 150.0
_UNSTEADY_W = 100.0
_LAST_S = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """One day in figures.

    ``car_share`` is the cars' part of what was captured: where loads draw more than the
    surplus, each captures in proportion to what it draws.

    ``short_cycles`` count what was asked of the stations, ``short_currents`` the current
    of the cars, which begins seconds after it is offered. ``rms_w`` is None where no car
    drew, settling and overshoot are None where nothing steps.
    """

    captured_kwh: float
    imported_kwh: float
    car_share: float
    self_consumption: float
    rms_w: float | None
    starts: int
    short_cycles: int
    short_currents: int
    commands: int
    over_s: int
    longest_over_s: int
    settling_s: float | None = None
    overshoot: float | None = None

    def value_kwh(self, price: float) -> float:
        """Return captured less imported at its price: J."""
        return self.captured_kwh - price * self.imported_kwh


def score(record: Record, *, steps: bool = False) -> Scores:
    """Judge a day; ``steps`` says that it is the one of the surplus steps."""
    surplus_w = record.day.surplus_w
    pairs = list(zip(record.loads_w, surplus_w, strict=True))
    captured = sum(min(load, surplus) for load, surplus in pairs)
    imported = sum(max(0.0, load - surplus) for load, surplus in pairs)
    sun = sum(record.day.solar_w)
    exported = sum(max(0.0, -grid) for grid in record.grid_w)
    over = list(_over(record))
    settling, overshoot = _steps(record) if steps else (None, None)
    return Scores(
        captured_kwh=captured / _WS_PER_KWH,
        imported_kwh=imported / _WS_PER_KWH,
        car_share=_car_share(record),
        self_consumption=1 - exported / sun if sun else 0.0,
        rms_w=_rms(record),
        starts=sum(
            not one and other for on in record.on for one, other in _switches(on)
        ),
        short_cycles=sum(_short(on) for on in record.on),
        short_currents=sum(
            _short([amps > 0 for amps in drawn]) for drawn in record.drawn_a
        ),
        commands=record.commands,
        over_s=sum(over),
        longest_over_s=longest_run(over),
        settling_s=settling,
        overshoot=overshoot,
    )


def _car_share(record: Record) -> float:
    """Return the cars' part of what was captured, 0 when nothing was."""
    cars = everybody = 0.0
    for load, cars_w, surplus in zip(
        record.loads_w, record.ev_w, record.day.surplus_w, strict=True
    ):
        if load > 0:
            captured = min(load, surplus)
            everybody += captured
            cars += captured * cars_w / load
    return cars / everybody if everybody else 0.0


def _switches(on: Sequence[bool]) -> Iterator[tuple[bool, bool]]:
    return pairwise([False, *on])


def _short(on: Sequence[bool]) -> int:
    times = [at for at, (one, other) in enumerate(_switches(on)) if one != other]
    return sum(later - sooner < SHORT_S for sooner, later in pairwise(times))


def _rms(record: Record) -> float | None:
    squares = [
        grid * grid
        for grid, amps in zip(record.grid_w, record.ev_a, strict=True)
        if amps > _DRAWING_A
    ]
    return sqrt(fmean(squares)) if squares else None


def _over(record: Record) -> Iterator[bool]:
    case = record.case
    for grid, amps in zip(record.grid_w, record.ev_a, strict=True):
        yield (
            grid > _OVER_SHARE * case.subscribed_va or amps > case.ev_limit_a + _OVER_A
        )


def longest_run(flags: Sequence[bool]) -> int:
    """Return how many in a row are set at most."""
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest


def _steps(record: Record) -> tuple[float, float]:
    settled, overshot = [], []
    for n, (before, after) in enumerate(pairwise(STEP_LEVELS_W), start=1):
        first = STEP_FIRST_S + n * STEP_HOLD_S - record.day.begin_s
        hold = record.grid_w[first : first + STEP_HOLD_S]
        settled.append(settling_s(hold))
        overshot.append(overshoot(hold, before - after))
    return fmean(settled), fmean(overshot)


def settling_s(hold_w: Sequence[float]) -> float:
    """Return when the grid came to rest after a step; its whole length if it did not."""
    last = hold_w[-_LAST_S:]
    if pstdev(last) > _UNSTEADY_W:
        return float(len(hold_w))
    end = fmean(last)
    away = [at for at, grid in enumerate(hold_w, start=1) if abs(grid - end) > _CALM_W]
    return float(max(away, default=0))


def overshoot(hold_w: Sequence[float], step_w: float) -> float:
    """Return how far the grid went beyond its end, as a share of the disturbance.

    ``step_w`` is signed as seen on the grid: more sun is negative.
    """
    end = fmean(hold_w[-_LAST_S:])
    sign = 1.0 if step_w > 0 else -1.0
    return max(0.0, *(sign * (end - grid) for grid in hold_w)) / abs(step_w)
