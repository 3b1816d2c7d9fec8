"""Grid meters that contradict each other: one of them must be wrong.

Compared are means over a minute while both report. A meter that counts apparent power
(VA) may show more than another that counts W, and below its dead zone it says nothing:
what it tells of the power in W is a range, and only what lies outside is a contradiction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf

from .meters import JudgedMeter
from .model import GridReading

_WINDOW_S = 60.0
# A longer gap between two cycles is not time in which anything was seen.
_LONGEST_STEP_S = 10.0
_SHARE = 0.10
_FLOOR_W = 200.0
_FOUND_AFTER_S = 600.0
_GONE_AFTER_S = 600.0
# Agreeing about less than this proves nothing.
_TELLING_W = 500.0
# What a house draws in W of each VA, at the least.
_POWER_FACTOR = 0.8


@dataclass(frozen=True, kw_only=True, slots=True)
class Disagreement:
    """Two meters, and what each showed on average in the last minute."""

    first_id: str
    second_id: str
    first_w: float
    second_w: float


@dataclass(frozen=True, slots=True)
class _Told:
    """What a reading says of the power: between ``low_w`` and ``high_w``."""

    shown_w: float
    low_w: float
    high_w: float


def _told(reading: GridReading) -> _Told | None:
    if reading.power_w is None:
        drawn_va = reading.drawn_va
        if drawn_va is None:
            return None
        # It shows 0 for any export, and little for what is little.
        if drawn_va < _FLOOR_W:
            return _Told(drawn_va, -inf, _FLOOR_W)
        return _Told(drawn_va, _POWER_FACTOR * drawn_va, drawn_va)
    power_w, dead_w = reading.power_w, reading.dead_zone_w
    if dead_w <= 0:
        return _Told(power_w, power_w, power_w)
    if abs(power_w) < dead_w:
        return _Told(power_w, -dead_w, dead_w)
    low_w, high_w = sorted((power_w, _POWER_FACTOR * power_w))
    if power_w > 0:
        # A factor that was learned of another hour may be too low for this one.
        high_w = max(high_w, reading.drawn_va or 0.0)
    return _Told(power_w, low_w, high_w)


class _Mean:
    """The mean of what a meter told, over the seconds it was told for."""

    def __init__(self) -> None:
        self.shown_w = self.low_w = self.high_w = 0.0

    def add(self, told: _Told, share: float) -> None:
        self.shown_w += told.shown_w * share
        self.low_w += told.low_w * share
        self.high_w += told.high_w * share


class _Pair:
    """Two meters, minute by minute."""

    def __init__(self) -> None:
        self.shown_w: tuple[float, float] | None = None
        self._means = _Mean(), _Mean()
        self._seen_s = 0.0
        self._apart_s = 0.0
        self._agreed_s = 0.0

    def pause(self) -> None:
        """Begin the minute anew: one of them says nothing of now."""
        self._means, self._seen_s = (_Mean(), _Mean()), 0.0

    def observe(self, first: _Told, second: _Told, dt_s: float) -> None:
        """Take in what both say for some time."""
        if dt_s <= 0:
            return
        for mean, told in zip(self._means, (first, second), strict=True):
            mean.add(told, dt_s / _WINDOW_S)
        self._seen_s += dt_s
        if self._seen_s >= _WINDOW_S:
            self._judge(*self._means)
            self.pause()

    def _judge(self, first: _Mean, second: _Mean) -> None:
        # Means of a little more than a minute.
        scale = _WINDOW_S / self._seen_s
        shown_w = first.shown_w * scale, second.shown_w * scale
        most_w = max(map(abs, shown_w))
        above_w = (first.low_w - second.high_w) * scale
        below_w = (second.low_w - first.high_w) * scale
        if max(above_w, below_w) > max(_FLOOR_W, _SHARE * most_w):
            # By turns more and less is a matter of when, not of what.
            way = 1.0 if above_w > below_w else -1.0
            self._apart_s = way * self._seen_s + (
                self._apart_s if self._apart_s * way > 0 else 0.0
            )
            self._agreed_s = 0.0
            if abs(self._apart_s) >= _FOUND_AFTER_S:
                self.shown_w = shown_w
        elif most_w >= _TELLING_W:
            self._apart_s = 0.0
            self._agreed_s += self._seen_s
            if self._agreed_s >= _GONE_AFTER_S:
                self.shown_w = None


class Disagreements:
    """All pairs of a Home's grid meters."""

    def __init__(self) -> None:
        """Know of none."""
        self._pairs: dict[tuple[str, str], _Pair] = {}
        self._last_at: float | None = None

    def forget(self) -> None:
        """Begin anew: other meters, or their values mean something else now."""
        self._pairs = {}

    def observe(self, meters: Sequence[JudgedMeter], now: float) -> Disagreement | None:
        """Compare meters in the user's order; return the first two that disagree."""
        dt_s = 0.0 if self._last_at is None else now - self._last_at
        dt_s, self._last_at = min(dt_s, _LONGEST_STEP_S), now
        found = None
        for first, second in combinations(meters, 2):
            key = first.meter_id, second.meter_id
            pair = self._pairs.setdefault(key, _Pair())
            told = [
                _told(meter.reading) if meter.measures and meter.reading else None
                for meter in (first, second)
            ]
            if told[0] is None or told[1] is None:
                pair.pause()
            else:
                pair.observe(told[0], told[1], dt_s)
            if found is None and pair.shown_w is not None:
                found = Disagreement(
                    first_id=first.meter_id,
                    second_id=second.meter_id,
                    first_w=pair.shown_w[0],
                    second_w=pair.shown_w[1],
                )
        return found
