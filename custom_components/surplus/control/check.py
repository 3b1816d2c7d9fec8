"""The commissioning check: pulse a load, measure, and say what was seen.

A reversed grid meter is the classic runaway: the more the car draws, the more the
controller believes there is to draw. So the load is told to run for a moment, at the
least it can, and the meter must show it: up by as much, and down again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from .model import GridReading, LoadReading

_IDLE_W = 100.0
_SETTLE_S = 12.0
_SAMPLES = 4
_STOP_TIMEOUT_S = 60.0
_START_TIMEOUT_S = 90.0
_STEP_S = 25.0
# The meter must show at least this share of what the load says it draws.
_SEEN_SHARE = 0.5
_DRAWS_SHARE = 0.6
# A load that nobody measures took nothing where the meter moved by less than this share.
_UNMOVED_SHARE = 0.2
# A battery that leaves less than this share of the pulse to the grid hides its sign.
_LEFT_SHARE = 0.25


class Sign(StrEnum):
    """What the grid meter made of the pulse."""

    RIGHT = "right"
    REVERSED = "reversed"
    UNCLEAR = "unclear"


class CheckEnd(StrEnum):
    """How a check ended."""

    DONE = "done"
    NO_RESPONSE = "no_response"
    NOT_OBEYED = "not_obeyed"
    NOT_READY = "not_ready"
    NO_ROOM = "no_room"
    METER_LOST = "meter_lost"
    TAKES_NOTHING = "takes_nothing"
    BATTERY_FILLED = "battery_filled"


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """What the check found.

    ``phase`` is the supply phase that moved most (None without currents per phase),
    ``lag_s`` from the command to half of the rise on the meter, ``minimum_a`` the
    lowest current at which the vehicle drew, ``power_w`` and ``grid_w`` the pulse as the
    load (None where that is but a guess) and as the meter saw it.
    """

    end: CheckEnd
    sign: Sign = Sign.UNCLEAR
    phase: int | None = None
    lag_s: float | None = None
    minimum_a: float | None = None
    power_w: float | None = None
    grid_w: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulse:
    """A set-point to try, and between what the load then draws.

    A one-phase car on a three-phase charger draws a third of what it is offered.
    ``guessed`` says that nobody knows what it draws, unless it is measured.
    """

    value: float
    least_w: float
    most_w: float
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    grid_w: float
    currents_a: tuple[float, ...]
    own_w: float
    battery_w: float


@dataclass(frozen=True, slots=True)
class _Edge:
    """By how much the meter and the batteries moved when the load was switched."""

    grid_w: float
    battery_w: float


class Finding(StrEnum):
    """A check in one word, each with a sentence in translations."""

    SIGN_RIGHT = "sign_right"
    SIGN_REVERSED = "sign_reversed"
    SIGN_UNCLEAR = "sign_unclear"
    NO_RESPONSE = "no_response"
    NOT_OBEYED = "not_obeyed"
    NOT_READY = "not_ready"
    NO_ROOM = "no_room"
    METER_LOST = "meter_lost"
    TAKES_NOTHING = "takes_nothing"
    BATTERY_FILLED = "battery_filled"


def finding_of(result: CheckResult) -> Finding:
    """Return what a check comes down to."""
    if result.end is CheckEnd.DONE:
        return Finding(f"sign_{result.sign}")
    return Finding(result.end)


def took_nothing(result: CheckResult, *, measured: bool) -> bool:
    """Whether a check's load refused: it took nothing of what it was told.

    Of one that nobody measures the meter alone can tell: it did not move.
    """
    if result.end is CheckEnd.NO_RESPONSE:
        return True
    if measured or result.sign is not Sign.UNCLEAR:
        return False
    moved_w, told_w = result.grid_w, result.power_w
    if moved_w is None or told_w is None:
        return False
    return abs(moved_w) < _UNMOVED_SHARE * told_w


def numbers_of(result: CheckResult) -> dict[str, float | str]:
    """Return the figures a check measured, without those it did not."""
    figures = {
        "phase": result.phase,
        "lag_s": result.lag_s,
        "minimum_a": result.minimum_a,
        "power_w": result.power_w,
        "grid_w": result.grid_w,
    }
    return {key: value for key, value in figures.items() if value is not None}


type _Stage = Callable[[_Sample], CheckResult | None]


class Check:
    """One run: call ``step`` each cycle, tell the load ``value``, stop at a result."""

    def __init__(self, pulses: Sequence[Pulse]) -> None:
        """Begin by telling the load nothing.

        ``pulses`` are tried in turn until the load draws: some cars need more than
        their charger's minimum before they begin.
        """
        self.value = 0.0
        self.result: CheckResult | None = None
        self._pulses = tuple(pulses)
        self._step = 0
        self._stage: _Stage = self._settle
        self._since: float | None = None
        self._wishes: int | None = None
        self._samples: list[_Sample] = []
        self._before: _Sample | None = None
        self._high: _Sample | None = None
        self._pulse_at = 0.0
        self._lag_s: float | None = None
        self._minimum_a: float | None = None
        self._guessed = False
        self._unheard = False

    def step(
        self,
        now: float,
        grid: GridReading,
        reading: LoadReading,
        own_w: float,
        *,
        fits: bool,
        wishes: int = 0,
        battery_w: float | None = 0.0,
    ) -> CheckResult | None:
        """Go on by one new grid reading.

        ``battery_w`` is what batteries that regulate themselves give (+ = discharging),
        None where one is not heard. ``fits`` says whether the limits allow the pulse. A person who sets the load's
        mode meanwhile (``wishes``) ends it.
        """
        if self.result is not None:
            return self.result
        grid_w = grid.power_w if grid.power_w is not None else grid.drawn_va
        if grid_w is None:
            return self._end(CheckEnd.METER_LOST)
        if self._wishes is None:
            self._wishes = wishes
        if not reading.reachable or not reading.wants_power or wishes != self._wishes:
            return self._end(CheckEnd.NOT_READY)
        if not fits:
            return self._end(CheckEnd.NO_ROOM)
        if self._since is None:
            self._since = now
        self._guessed = self._pulses[self._step].guessed and reading.power_w is None
        self._unheard = self._unheard or battery_w is None
        self.result = self._stage(
            _Sample(now, grid_w, grid.currents_a, own_w, battery_w or 0.0)
        )
        if self.result is not None:
            self.value = 0.0
        return self.result

    @property
    def needs_w(self) -> float:
        """The most it may draw at the present pulse, or at the first."""
        return self._pulses[self._step].most_w

    def abort(self, end: CheckEnd) -> CheckResult:
        """End the check for an outer cause."""
        return self._end(end)

    def _settle(self, sample: _Sample) -> CheckResult | None:
        # A storage that gives is no more at rest than one that takes.
        if abs(sample.own_w) > _IDLE_W:
            self._samples.clear()
            if self._in_stage(sample) > _STOP_TIMEOUT_S:
                return self._end(CheckEnd.NOT_OBEYED)
            return None
        if (before := self._steady(sample)) is None:
            return None
        self._before = before
        self._pulse_at = sample.at
        self._next(self._rise, self._pulses[0].value, sample)
        return None

    def _rise(self, sample: _Sample) -> CheckResult | None:
        assert self._before is not None
        pulse = self._pulses[self._step]
        wanted_w = pulse.least_w * _DRAWS_SHARE
        moved_w = abs(sample.grid_w - self._before.grid_w)
        if self._lag_s is None and moved_w > pulse.least_w / 2:
            self._lag_s = sample.at - self._pulse_at
        if sample.own_w < wanted_w:
            self._samples.clear()
            waited_s = self._in_stage(sample)
            if waited_s < (_STEP_S if self._step else _START_TIMEOUT_S):
                return None
            if self._step + 1 == len(self._pulses):
                return self._end(CheckEnd.NO_RESPONSE)
            self._step += 1
            self._next(self._rise, self._pulses[self._step].value, sample)
            return None
        if sample.own_w > pulse.most_w * 1.3 + _IDLE_W:
            return self._end(CheckEnd.NOT_OBEYED)
        if (high := self._steady(sample)) is None:
            return None
        self._high = high
        if len(self._pulses) > 1:
            self._minimum_a = pulse.value
        self._next(self._fall, 0.0, sample)
        return None

    def _fall(self, sample: _Sample) -> CheckResult | None:
        assert self._before is not None
        assert self._high is not None
        if sample.own_w > _IDLE_W:
            self._samples.clear()
            if self._in_stage(sample) > _STOP_TIMEOUT_S:
                return self._end(CheckEnd.NOT_OBEYED)
            return None
        if (after := self._steady(sample)) is None:
            return None
        before, high = self._before, self._high
        edges = _edge(before, high), _edge(after, high)
        own_w = high.own_w
        if self._guessed:
            own_w = max(abs(edge.grid_w) + max(0.0, edge.battery_w) for edge in edges)
            if own_w < self._pulses[self._step].least_w:
                return self._end(CheckEnd.TAKES_NOTHING)
        sign = _sign(edges, own_w)
        filled_w = max(edge.battery_w for edge in edges)
        hidden = filled_w > (1.0 - _LEFT_SHARE) * own_w
        if hidden or (self._unheard and sign is Sign.UNCLEAR):
            return self._end(CheckEnd.BATTERY_FILLED)
        return CheckResult(
            end=CheckEnd.DONE,
            sign=sign,
            phase=_phase(before.currents_a, high.currents_a, after.currents_a),
            lag_s=round(self._lag_s, 1) if self._lag_s is not None else None,
            minimum_a=self._minimum_a,
            power_w=None if self._guessed else round(own_w),
            grid_w=round(sum(edge.grid_w for edge in edges) / len(edges)),
        )

    def _steady(self, sample: _Sample) -> _Sample | None:
        """Collect samples; return their medians once there are enough."""
        self._samples.append(sample)
        first = self._samples[0].at
        if len(self._samples) < _SAMPLES or sample.at - first < _SETTLE_S:
            return None
        last = self._samples[-max(_SAMPLES, len(self._samples) // 2) :]
        return _Sample(
            sample.at,
            median(s.grid_w for s in last),
            tuple(
                median(phase)
                for phase in zip(*(s.currents_a for s in last), strict=False)
            ),
            median(s.own_w for s in last),
            median(s.battery_w for s in last),
        )

    def _next(self, stage: _Stage, value: float, sample: _Sample) -> None:
        self._stage = stage
        self.value = value
        self._since = sample.at
        self._samples = []

    def _in_stage(self, sample: _Sample) -> float:
        return sample.at - (self._since if self._since is not None else sample.at)

    def _end(self, end: CheckEnd) -> CheckResult:
        self.value = 0.0
        self.result = CheckResult(end=end)
        return self.result


def _edge(low: _Sample, high: _Sample) -> _Edge:
    return _Edge(high.grid_w - low.grid_w, high.battery_w - low.battery_w)


def _sign(edges: Sequence[_Edge], own_w: float) -> Sign:
    """Both edges must agree: a kettle makes one of them, not both.

    Of what the load draws, the meter shows what no battery gives.
    """
    if all(edge.grid_w > _SEEN_SHARE * (own_w - edge.battery_w) for edge in edges):
        return Sign.RIGHT
    if all(-edge.grid_w > _SEEN_SHARE * (own_w - edge.battery_w) for edge in edges):
        return Sign.REVERSED
    return Sign.UNCLEAR


def _phase(
    before: tuple[float, ...], high: tuple[float, ...], after: tuple[float, ...]
) -> int | None:
    """Return the phase whose current moved most both ways, from 1."""
    if not high or not len(before) == len(high) == len(after):
        return None
    moves = [
        min(abs(up - low), abs(up - down))
        for low, up, down in zip(before, high, after, strict=True)
    ]
    return moves.index(max(moves)) + 1
