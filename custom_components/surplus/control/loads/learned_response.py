"""Which of several response models describes a vehicle: the one that predicts it best.

A car that ramps three times faster than nominal is wrong by amperes between any two of
its measurements. Several models are told the same offers, and each measurement says by
how much each of them missed the move since the one before. Whoever has missed least for
a while, and clearly, speaks.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from .response import ChargerResponse, ResponseFacts

# Seen on the market: 0.2 A/s (small on-board chargers) to 2 A/s and more.
_RATES_A_S = (0.2, 0.35, 0.6, 1.1, 2.0)
_DEAD_TIMES_S = (1.0, 2.0, 4.0, 6.0, 9.0)
# A start is first seen within one measurement of when it was.
_START_RANGE_S = (2.0, 90.0)
_START_RATE = 0.5

# A move smaller than this tells nothing about who is right.
_TELLING_A = 1.0
# Cars draw this much less than they are offered: no model is wrong by that.
_PRECISION_A = 0.4
_FORGET = 0.95
_SAMPLES = 8
_CLEARLY = 0.7

type _Key = tuple[float, float]


class LearnedResponse:
    """A vehicle's response: nominal until measurements say otherwise."""

    def __init__(self) -> None:
        """Begin with the nominal facts."""
        nominal = ResponseFacts()
        self._best: _Key = (nominal.up_a_per_s, nominal.dead_s)
        self._models = {
            key: ChargerResponse(replace(nominal, up_a_per_s=key[0], dead_s=key[1]))
            for key in product(_RATES_A_S, _DEAD_TIMES_S)
        }
        self._missed = dict.fromkeys(self._models, 0.0)
        self._samples = 0
        self._start_s = nominal.start_s
        self._last: tuple[float, float] | None = None
        self._offered_at: float | None = None

    @property
    def model(self) -> ChargerResponse:
        """The model that speaks."""
        return self._models[self._best]

    @property
    def known(self) -> bool:
        """Whether any offer was noted."""
        return self.model.known

    def offered(
        self, current_a: float, at: float, drawn_a: float | None = None
    ) -> None:
        """Note an accepted offer, as ``ChargerResponse.offered``."""
        speaks = self.model
        if not speaks.is_news(current_a, at):
            # What one of them was offered, all were.
            return
        begins = current_a > 0 and speaks.drawn_a(at) == 0
        if begins or current_a == 0:
            self._offered_at = at if begins else None
        for model in self._models.values():
            model.take_up(current_a, at, drawn_a)

    def paused(self, current_a: float, at: float, until: float) -> None:
        """Note a pause that the charger makes, as ``ChargerResponse.paused``."""
        self._offered_at = until
        for model in self._models.values():
            model.paused(current_a, at, until)

    def measured(self, drawn_a: float, at: float, idle_a: float) -> None:
        """Note a measured current per phase; below ``idle_a`` it does not charge."""
        last, self._last = self._last, (at, drawn_a)
        if last is None or at <= last[0] or not self.known:
            return
        if drawn_a <= idle_a:
            return
        if last[1] <= idle_a:
            self._began(drawn_a, at, since=last[0])
            return
        moved_a = drawn_a - last[1]
        missed = self._missed
        moves = [model.move_a(last[0], at) for model in self._models.values()]
        if max(map(abs, (moved_a, *moves))) < _TELLING_A:
            return
        for key, move_a in zip(missed, moves, strict=True):
            sum_of_squares = _FORGET * missed[key]
            miss_a = abs(moved_a - move_a) - _PRECISION_A
            if miss_a > 0:
                sum_of_squares += miss_a**2
            missed[key] = sum_of_squares
        self._samples += 1
        if self._samples < _SAMPLES:
            return
        best = min(self._missed, key=self._missed.__getitem__)
        if self._missed[best] < _CLEARLY * self._missed[self._best]:
            self._best = best

    def _began(self, drawn_a: float, at: float, *, since: float) -> None:
        """Learn how long a start took, and go on from what was measured."""
        if self._offered_at is not None:
            begun = max(since, at - drawn_a / self._best[0])
            took_s = begun - self._offered_at
            low_s, high_s = _START_RANGE_S
            if low_s <= took_s <= high_s:
                self._start_s += _START_RATE * (took_s - self._start_s)
                self._apply_start()
            self._offered_at = None
        for model in self._models.values():
            model.began(drawn_a, at)

    def _apply_start(self) -> None:
        for model in self._models.values():
            model.facts = replace(model.facts, start_s=self._start_s)

    def learned(self) -> dict[str, float]:
        """Return what was learned, ready for JSON."""
        up_a_per_s, dead_s = self._best
        return {
            "up_a_per_s": up_a_per_s,
            "dead_s": dead_s,
            "start_s": round(self._start_s, 1),
        }

    def relearn(self, learned: Mapping[str, Any]) -> None:
        """Take back what ``learned`` gave; what is unusable of it is left out."""
        key = (learned.get("up_a_per_s"), learned.get("dead_s"))
        for known in self._models:
            if known == key:
                self._best = known
        start_s = learned.get("start_s")
        low_s, high_s = _START_RANGE_S
        if isinstance(start_s, int | float) and low_s <= start_s <= high_s:
            self._start_s = float(start_s)
            self._apply_start()
