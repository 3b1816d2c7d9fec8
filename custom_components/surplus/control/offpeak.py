"""What the house itself starts when off-peak hours begin, learned night by night.

A Linky closes its dry contact when off-peak begins, and what hangs on it starts: mostly a
water heater, at once or some minutes later. Nobody tells how much that is; the meter
shows it as a step that comes night after night. Other appliances make steps as well, at
other times and of other sizes: so a step counts once several nights agree on it, and is
forgotten once they do not any more. Off-peak may begin more than once a day, and a water
heater that was heated at night does not start in the afternoon: each begin is learned by
itself.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from statistics import median
from typing import Any

from .model import GridReading, PriceClass, Snapshot, TariffNow

# What a step may be: less is the house's own restlessness, more is no single contact's.
_LEAST_W = 800.0
_LARGEST_W = 9000.0
# Steps that differ by no more are of the same thing.
_SAME_SHARE = 0.15
# Nights that are remembered, and how many of them must agree.
_NIGHTS = 7
_AGREE = 3
_STEPS_A_NIGHT = 6
# Begins of off-peak at about the same time of day are the same one; more there are not.
_SAME_BEGIN_S = 1800.0
_BEGINS = 4
_DAY_S = 86_400.0
# A start may be staggered by some minutes.
WATCH_S = 900.0
# After the latest start that was seen, it may be later by this.
_LATER_S = 120.0
# What starts sooner before off-peak begins would have to give way at once.
LEAD_S = 300.0

# The house is looked at this often; a longer gap hides what happened in it.
_SAMPLE_S = 5.0
_GAP_S = 60.0
# Samples on each side of a step, and of what was before all of them.
_BEFORE = 4
_AFTER = 12
_BASELINE = 12
# How restless the house may be on each side, in W and as a share of the step.
_RESTLESS_W = 100.0
_RESTLESS_SHARE = 0.15
# Samples at which a step that is known is believed to be there.
_SEEN = 2
_SEEN_SHARE = 0.7


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A rise that stayed: how long after off-peak began, and how much."""

    delay_s: float
    power_w: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """What is known to start: its power, how sure that is, and on how many nights.

    ``confidence`` is the share of the remembered nights on which it started, ``within_s``
    how long after off-peak began it had done so every time.
    """

    power_w: float
    confidence: float
    nights: int
    within_s: float


class _Begin:
    """A time of day at which off-peak begins, and what was seen to start then."""

    def __init__(self, day_s: float, nights: Iterable[tuple[Step, ...]] = ()) -> None:
        """Begin with some nights; ``day_s`` is local, after midnight."""
        self.day_s = day_s
        self.nights: deque[tuple[Step, ...]] = deque(nights, maxlen=_NIGHTS)
        self.learned = _agreed(self.nights)

    def is_at(self, day_s: float) -> bool:
        """Whether it is the one of that time of day."""
        apart_s = abs(self.day_s - day_s)
        return min(apart_s, _DAY_S - apart_s) <= _SAME_BEGIN_S

    def add(self, day_s: float, night: tuple[Step, ...]) -> None:
        """Remember one more night."""
        self.day_s = day_s
        self.nights.append(night)
        self.learned = _agreed(self.nights)


class OffPeakStart:
    """Watches what starts with off-peak hours, and says what to expect of it."""

    def __init__(self, saved: Sequence[Mapping[str, Any]] = ()) -> None:
        """Start from what ``as_list`` gave.

        Raises KeyError, TypeError or ValueError when it is damaged.
        """
        # The one seen last comes last.
        self._begins = [
            _Begin(
                _seconds(begin["day_s"]),
                [tuple(map(_step, night)) for night in begin["nights"]],
            )
            for begin in saved
        ]
        # What the house drew before off-peak begins, and (instant, W) from there on.
        self._before: deque[float] = deque(maxlen=_BASELINE)
        self._watched: list[tuple[float, float]] = []
        self._looked_at: float | None = None
        self._begun_at: float | None = None
        self._begun_day_s = 0.0
        self._baseline_w = 0.0
        self._seen = False
        self._closed: bool | None = None
        # What starts next, as far as it is known.
        self._next: Learned | None = None

    @property
    def learned(self) -> Learned | None:
        """What is known best, of all times at which off-peak begins."""
        return max(
            (begin.learned for begin in self._begins if begin.learned is not None),
            key=lambda learned: (learned.nights, learned.power_w),
            default=None,
        )

    def look(
        self, snapshot: Snapshot, grid: GridReading, own_w: Mapping[str, float]
    ) -> float:
        """Take in a grid reading; return what is expected after it, in W.

        ``own_w`` is what each load draws. Of a battery that tells nothing, nobody knows
        what it covers: then the house is not looked at.
        """
        at = grid.at
        if self.due(at):
            drawn_w = grid.drawn_va if grid.power_w is None else grid.power_w
            given_w = sum(battery.power_w for battery in snapshot.batteries)
            house_w = (drawn_w or 0.0) + (snapshot.solar_w or 0.0) + given_w
            if isfinite(house_w):
                own = sum(own_w.values())
                self.observe(at, snapshot.wall, snapshot.tariff, house_w - own)
        return self.expected_w(at)

    def due(self, at: float) -> bool:
        """Return whether the house is to be looked at again."""
        return self._looked_at is None or at - self._looked_at >= _SAMPLE_S

    def observe(
        self, at: float, wall: datetime, tariff: TariffNow | None, house_w: float
    ) -> None:
        """Take in what the house draws without the loads, at a reading's instant."""
        if self._looked_at is not None and at - self._looked_at > _GAP_S:
            # What began meanwhile has no beginning that anybody saw.
            self._before.clear()
            self._begun_at, self._seen = None, False
        self._looked_at = at
        closed = _closed(tariff)
        if closed and self._closed is False and len(self._before) >= _BEFORE:
            self._begin(at, _day_s(wall))
        if closed is not None:
            self._closed = closed
        if self._begun_at is None:
            self._next = self._coming(tariff, wall)
            self._before.append(house_w)
            return
        self._watched.append((at, house_w))
        self._look_for_it()
        if at - self._begun_at >= WATCH_S:
            self._end_of_watch(self._begun_at)

    def expected_w(self, at: float) -> float:
        """Return what will begin to draw by itself within minutes, 0 once it does."""
        expected = self._next
        if expected is None or self._seen:
            return 0.0
        if self._begun_at is not None and at - self._begun_at > expected.within_s:
            return 0.0
        return expected.power_w

    def _begin(self, at: float, day_s: float) -> None:
        self._begun_at, self._begun_day_s = at, day_s
        self._seen = False
        self._baseline_w = median(self._before)
        self._watched.clear()
        self._next = self._learned_at(day_s)

    def _learned_at(self, day_s: float) -> Learned | None:
        begin = self._begin_at(day_s)
        return begin.learned if begin is not None else None

    def _begin_at(self, day_s: float) -> _Begin | None:
        return next((begin for begin in self._begins if begin.is_at(day_s)), None)

    def _coming(self, tariff: TariffNow | None, wall: datetime) -> Learned | None:
        """Return what starts with the off-peak that is about to begin.

        Or that has begun, while its contact is still open.
        """
        if not self._begins or tariff is None or self._closed:
            return None
        # Two times of one zone subtracted would count by the clock, and be an hour wrong
        # where it is put forward or back in between.
        at = wall.timestamp()
        for span in tariff.ahead:
            if span.price_class is PriceClass.CHEAP:
                learned = self._learned_at(_day_s(span.begins.astimezone(wall.tzinfo)))
                if learned is None:
                    return None
                begins_s = span.begins.timestamp() - at
                return learned if -learned.within_s <= begins_s <= LEAD_S else None
            if span.ends.timestamp() - at > LEAD_S:
                return None
        return None

    def _look_for_it(self) -> None:
        """Notice that what is known has started: then it is no more than expected."""
        if self._seen or self._next is None or len(self._watched) < _SEEN:
            return
        risen_w = min(power_w for _, power_w in self._watched[-_SEEN:])
        risen_w -= self._baseline_w
        self._seen = risen_w >= _SEEN_SHARE * self._next.power_w

    def _end_of_watch(self, begun_at: float) -> None:
        night = _steps_of(self._watched, begun_at, self._baseline_w)
        begin = self._begin_at(self._begun_day_s) or _Begin(self._begun_day_s)
        begin.add(self._begun_day_s, night)
        others = [other for other in self._begins if other is not begin]
        self._begins = [*others, begin][-_BEGINS:]
        self._begun_at, self._next, self._seen = None, None, False
        self._before.clear()
        self._watched.clear()

    def as_list(self) -> list[dict[str, Any]]:
        """Return the nights by when off-peak begins, ready for JSON."""
        return [
            {
                "day_s": round(begin.day_s),
                "nights": [
                    [[round(step.delay_s), round(step.power_w)] for step in night]
                    for night in begin.nights
                ],
            }
            for begin in self._begins
        ]


def _day_s(wall: datetime) -> float:
    """Return how long after local midnight an instant is, by the clock on the wall."""
    return wall.hour * 3600.0 + wall.minute * 60.0 + wall.second


def _closed(tariff: TariffNow | None) -> bool | None:
    """Return whether the contact is closed; where nobody tells it, whether it is cheap."""
    if tariff is None:
        return None
    if tariff.contact_closed is not None:
        return tariff.contact_closed
    if tariff.price_class is None:
        return None
    return tariff.price_class is PriceClass.CHEAP


def _steps_of(
    watched: Sequence[tuple[float, float]], begun_at: float, baseline_w: float
) -> tuple[Step, ...]:
    """Return the rises of a night that stayed, the largest if there are many."""
    powers = [baseline_w] * _BEFORE + [power_w for _, power_w in watched]
    steps: list[Step] = []
    last = -_AFTER
    for index in range(_BEFORE, len(powers) - _AFTER + 1):
        step_w = _step_w(powers[index - _BEFORE : index], powers[index:][:_AFTER])
        if step_w is None:
            continue
        at = watched[index - _BEFORE][0]
        step = Step(delay_s=max(0.0, at - begun_at), power_w=step_w)
        if index - last >= _BEFORE:
            steps.append(step)
        last = index
    largest = sorted(steps, key=lambda step: -step.power_w)[:_STEPS_A_NIGHT]
    return tuple(sorted(largest, key=lambda step: step.delay_s))


def _step_w(before: Sequence[float], after: Sequence[float]) -> float | None:
    """Return by how much the house rose between two stretches; None if it did not."""
    before_w, after_w = median(before), median(after)
    step_w = after_w - before_w
    if not _LEAST_W <= step_w <= _LARGEST_W:
        return None
    calm_w = max(_RESTLESS_W, _RESTLESS_SHARE * step_w)
    if _spread_w(before, before_w) > calm_w or _spread_w(after, after_w) > calm_w:
        return None
    # It begins here, and not somewhere before or after.
    if after[0] - before_w < step_w / 2 or before[-1] - before_w > step_w / 2:
        return None
    return step_w


def _spread_w(powers: Sequence[float], middle_w: float) -> float:
    """Return the median deviation from a median."""
    return median(abs(power_w - middle_w) for power_w in powers)


def _agreed(nights: Sequence[tuple[Step, ...]]) -> Learned | None:
    """Return what enough nights agree on; None while they do not."""
    best: list[Step] = []
    for night in nights:
        for step in night:
            alike = [
                found
                for other in nights
                if (found := _nearest(step.power_w, other)) is not None
            ]
            if len(alike) > len(best):
                best = alike
    if len(best) < _AGREE:
        return None
    return Learned(
        power_w=median(step.power_w for step in best),
        confidence=len(best) / len(nights),
        nights=len(best),
        within_s=min(WATCH_S, max(step.delay_s for step in best) + _LATER_S),
    )


def _nearest(power_w: float, night: Sequence[Step]) -> Step | None:
    """Return the step of a night that is the same thing; None if there is none."""
    nearest = min(night, key=lambda step: abs(step.power_w - power_w), default=None)
    if nearest is None or abs(nearest.power_w - power_w) > _SAME_SHARE * power_w:
        return None
    return nearest


def _step(saved: Any) -> Step:
    delay_s, power_w = saved
    step = Step(delay_s=_seconds(delay_s), power_w=float(power_w))
    if not _LEAST_W <= step.power_w <= _LARGEST_W:
        raise ValueError(f"{power_w} W is no step of a house")
    return step


def _seconds(saved: Any) -> float:
    seconds = float(saved)
    if not 0 <= seconds < _DAY_S:
        raise ValueError(f"{saved} s is no time of a day")
    return seconds
