"""The power of a load nobody measures, learned from the grid meter when it switches.

The step that a switching makes on the meter is the load's power, less what other loads
of ours did in the same seconds, give or take what the house did. A kettle that comes on
in the same seconds makes one step wrong, not most of them: a power counts as known once
several steps agree.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from statistics import median
from typing import Any

# Readings on each side of a switching, and how far from it they may be.
_SAMPLES = 8
_LEAST_SAMPLES = 3
LEARNS_WITHIN_S = 60.0
_KEPT_SAMPLES = 64
# A relay, its motor and the meter need a moment: readings within it belong to neither.
_BEFORE_S = 1.0
_AFTER_S = 4.0
# A smaller step is the house's own restlessness.
_QUIET_W = 50.0
_QUIET_SHARE = 0.1
# How restless the readings on one side may be, in W and as a share of the step.
_RESTLESS_W = 50.0
_RESTLESS_SHARE = 0.1
# Steps that differ by no more are of the same power.
_SAME_W = 75.0
_SAME_SHARE = 0.15
_REMEMBERED = 7
_KNOWN_FROM = 3
_DRIFTED_AFTER = 3
# While it runs, only a step of just its power is its own thermostat's: less than this
# and other appliances look the same.
_THERMOSTAT_FROM_W = 300.0
_THERMOSTAT_SHARE = 0.1
_THERMOSTAT_SAMPLES = 4


@dataclass(frozen=True, slots=True)
class _Level:
    """What the house drew for some seconds, and how restlessly."""

    power_w: float
    spread_w: float


@dataclass(frozen=True, slots=True)
class _Edge:
    """A switching that was over at an instant, from a level known before."""

    on: bool
    ended: float
    before: _Level | None


class LearnedPower:
    """What a load takes while it is on, by the meter.

    ``power_w`` is None until it is known. ``draws`` is whether the meter has shown that
    it takes anything since it is on, None where that could not be seen.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self.power_w: float | None = None
        self.draws: bool | None = None
        self._steps: deque[float] = deque(maxlen=_REMEMBERED)
        self._samples: deque[tuple[float, float]] = deque(maxlen=_KEPT_SAMPLES)
        self._edge: _Edge | None = None
        self._on = False
        self._quiet_from = float("-inf")
        self._newest: tuple[float, float] | None = None
        self._judged_at = float("-inf")
        self._looked_back_on = 0

    @property
    def best_w(self) -> float | None:
        """The power as far as any step has shown it; None without one."""
        if self.power_w is not None or not self._steps:
            return self.power_w
        return median(self._steps)

    @property
    def least_w(self) -> float | None:
        """The least that any step has shown; None without one."""
        return min(self._steps, default=None)

    @property
    def most_w(self) -> float | None:
        """The most that any step has shown; None without one."""
        return max(self._steps, default=None)

    @property
    def watches(self) -> bool:
        """Whether its last switching still stirs what is seen of the others.

        Until it is judged; then for as long as they look back at what the house drew,
        reckoned with what this one was believed to take before.
        """
        return self._edge is not None or self._looked_back_on > 0

    @property
    def steps(self) -> int:
        """How many steps are remembered."""
        return len(self._steps)

    @property
    def confidence(self) -> float:
        """The share of the remembered steps that show its power, 0 until it is known."""
        if self.power_w is None:
            return 0.0
        return len(_like(self.power_w, self._steps)) / len(self._steps)

    @property
    def spread_w(self) -> float | None:
        """By how much the steps that show its power differ from it, at the most."""
        if self.power_w is None:
            return None
        known_w = self.power_w
        return max(
            (abs(step_w - known_w) for step_w in _like(known_w, self._steps)),
            default=0.0,
        )

    def found(self, on: bool) -> None:
        """Note the state that it is first seen in."""
        self._on = on

    def switched(self, on: bool, began: float, ended: float) -> None:
        """Note that it changed state, at some instant between the two."""
        self._edge = _Edge(on, ended, self._level_before(began))
        self._samples.clear()
        self._quiet_from = ended + _AFTER_S
        self._on = on
        self.draws = None

    def _level_before(self, began: float) -> _Level | None:
        before = [
            power_w
            for at, power_w in self._samples
            if began - LEARNS_WITHIN_S <= at <= began - _BEFORE_S
        ]
        return _level(before[-_SAMPLES:])

    def cut_short(self, told_at: float) -> None:
        """Learn what can be learned of a start that had to end: what is seen just now.

        ``told_at`` is when it was told to be on; it may not have told that it is.
        """
        edge, newest = self._edge, self._newest
        before = self._level_before(told_at) if edge is None else edge.before
        self._edge = None
        if before is None or newest is None or newest[0] <= told_at:
            return
        step_w = newest[1] - before.power_w
        if step_w > _QUIET_W:
            self._steps.append(step_w)
            self._learn()

    def see(
        self, at: float, grid_w: float | None, others_w: float, expected_w: float | None
    ) -> None:
        """Take in a new reading of the grid meter.

        ``grid_w`` is None where the meter knows neither size nor sign. ``others_w`` is
        what all other loads draw at the same instant, by measurement and model.
        ``expected_w`` is what this load is believed to take, None where unknown.
        """
        if grid_w is not None:
            self._newest = (at, grid_w - others_w)
        if at < self._quiet_from:
            return
        if grid_w is not None:
            self._samples.append((at, grid_w - others_w))
        if self._edge is None:
            if self._on and expected_w is not None:
                self._watch_thermostat(expected_w)
            if at - self._judged_at > LEARNS_WITHIN_S:
                self._looked_back_on = 0
            self._looked_back_on = max(0, self._looked_back_on - 1)
            return
        if at - self._edge.ended > LEARNS_WITHIN_S or len(self._samples) >= _SAMPLES:
            edge, self._edge = self._edge, None
            self._judged_at, self._looked_back_on = at, _SAMPLES
            after = _level(power_w for _, power_w in self._samples)
            if edge.before is not None and after is not None:
                self._judge(edge.on, edge.before, after, expected_w)

    def _judge(
        self, on: bool, before: _Level, after: _Level, expected_w: float | None
    ) -> None:
        step_w = after.power_w - before.power_w
        if not on:
            step_w = -step_w
        allowed_w = max(_RESTLESS_W, _RESTLESS_SHARE * abs(step_w))
        if max(before.spread_w, after.spread_w) > allowed_w:
            return
        quiet_w = max(_QUIET_W, _QUIET_SHARE * (expected_w or 0.0))
        if abs(step_w) < quiet_w:
            if on:
                self.draws = False
        elif step_w > 0:
            if on:
                self.draws = True
            self._steps.append(step_w)
            self._learn()

    def _learn(self) -> None:
        """Agree on a power, or on another one."""
        if self.power_w is None:
            largest = max(
                (_like(step_w, self._steps) for step_w in self._steps), key=len
            )
            if len(largest) >= _KNOWN_FROM and 2 * len(largest) > len(self._steps):
                self.power_w = median(largest)
            return
        newest = list(self._steps)[-_DRIFTED_AFTER:]
        if _like(self.power_w, newest):
            self.power_w = median(_like(self.power_w, self._steps))
        elif len(_like(median(newest), newest)) == _DRIFTED_AFTER:
            # It is not what it was: what the older steps showed is over.
            self._steps = deque(newest, maxlen=_REMEMBERED)
            self.power_w = median(newest)
        elif not _like(self.power_w, self._steps):
            self.power_w = None

    def _watch_thermostat(self, expected_w: float) -> None:
        """Notice that it stops drawing, or draws again, while it stays on."""
        if expected_w < _THERMOSTAT_FROM_W or len(self._samples) < _SAMPLES:
            return
        samples = self._samples
        levels = [samples[index][1] for index in range(-_SAMPLES, 0)]
        before, after = levels[:_THERMOSTAT_SAMPLES], levels[-_THERMOSTAT_SAMPLES:]
        before_w, after_w = median(before), median(after)
        tolerance_w = _THERMOSTAT_SHARE * expected_w
        wanted_w = expected_w if self.draws is False else -expected_w
        if abs(after_w - before_w - wanted_w) > tolerance_w:
            return
        if max(_spread_w(before, before_w), _spread_w(after, after_w)) <= tolerance_w:
            self.draws = self.draws is False
            # The same step is not to be seen a second time.
            self._samples.clear()

    # ---- surviving a restart -------------------------------------------------------

    def as_dict(self) -> dict[str, Any]:
        """Return what was learned, ready for JSON."""
        return {
            "power_w": None if self.power_w is None else round(self.power_w, 1),
            "steps_w": [round(step_w, 1) for step_w in self._steps],
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what ``as_dict`` gave.

        Raises KeyError, TypeError or ValueError when it is damaged.
        """
        steps = [_power_w(step_w) for step_w in saved["steps_w"]]
        known = saved["power_w"]
        power_w = None if known is None else _power_w(known)
        if power_w is not None and not steps:
            raise ValueError("a power that no step has shown")
        self._steps = deque(steps, maxlen=_REMEMBERED)
        self.power_w = power_w


def _power_w(value: Any) -> float:
    power_w = float(value)
    if isinstance(value, bool) or not isfinite(power_w) or power_w <= 0:
        raise ValueError(f"{power_w} W is no power of a load")
    return power_w


def _like(power_w: float, steps: Iterable[float]) -> list[float]:
    """Return the steps that show a power."""
    same_w = max(_SAME_W, _SAME_SHARE * power_w)
    return [step_w for step_w in steps if abs(step_w - power_w) <= same_w]


def _level(powers: Iterable[float]) -> _Level | None:
    """Return the median and the median deviation from it; None of too few readings."""
    values = list(powers)
    if len(values) < _LEAST_SAMPLES:
        return None
    middle_w = median(values)
    return _Level(middle_w, _spread_w(values, middle_w))


def _spread_w(values: Iterable[float], middle_w: float) -> float:
    """Return the median deviation from a median."""
    return median(abs(value - middle_w) for value in values)
