"""Tells a lasting change of what a load should take from the noise of its meter.

A fast load that answers each reading answers the noise in it too: a command a second,
and nothing captured by any of them. Noise goes back with the next reading where it came
with the last one; a ramp, a step and a cloud's wandering do not. Against noise that is measured so,
errors are summed up (CUSUM): a large one is acted on at once, a small one when it has
lasted, and noise hardly ever. Where there is no noise, that is at once for all.
"""

from bisect import bisect_left, insort
from collections import deque
from math import sqrt

# As many readings tell how noisy a meter is; at least so many must.
_SAMPLES = 61
_LEAST_SAMPLES = 15
# The median of −(move × next move) of white noise of variance 1.
_WHITE = 0.33
# Of the noise: what each error is forgiven, and what the rest must come to. More of the
# second spares commands, and costs on days of broken clouds.
_FORGIVEN = 0.5
_LASTING = 2.5


class Calm:
    """One load's sense of noise. ``noise_w`` is the standard deviation of its readings."""

    def __init__(self) -> None:
        """Know of no noise."""
        self.noise_w = 0.0
        self._last_w: float | None = None
        self._move_w: float | None = None
        self._returns: deque[float] = deque(maxlen=_SAMPLES)
        # The same, kept in order: their median is asked for with each reading.
        self._by_size: list[float] = []
        self._sums = [0.0, 0.0]
        self._errors: list[list[float]] = [[], []]

    def observe(self, power_w: float) -> None:
        """Take in a new reading of what the load's moves should not change."""
        if self._last_w is not None:
            move_w = power_w - self._last_w
            if self._move_w is not None:
                self._note(-move_w * self._move_w)
            self._move_w = move_w
        self._last_w = power_w

    def _note(self, returned: float) -> None:
        """Note how far a move went back with the next one."""
        by_size = self._by_size
        if len(self._returns) == _SAMPLES:
            del by_size[bisect_left(by_size, self._returns[0])]
        self._returns.append(returned)
        insort(by_size, returned)
        count = len(by_size)
        if count >= _LEAST_SAMPLES:
            usual = (by_size[(count - 1) // 2] + by_size[count // 2]) / 2
            self.noise_w = sqrt(max(0.0, usual) / _WHITE)

    def forget(self) -> None:
        """Begin anew: the load was told something."""
        self._sums = [0.0, 0.0]
        self._errors = [[], []]

    def lasting_w(self, error_w: float) -> float | None:
        """Return by how much to move for an error, None while it may be noise."""
        if abs(error_w) > (_LASTING + _FORGIVEN) * self.noise_w:
            # It stands out by itself.
            return error_w
        for side, sign in enumerate((1.0, -1.0)):
            rest_w = sign * error_w - _FORGIVEN * self.noise_w
            self._sums[side] = max(0.0, self._sums[side] + rest_w)
            if self._sums[side] == 0:
                self._errors[side] = []
                continue
            self._errors[side].append(error_w)
            if self._sums[side] > _LASTING * self.noise_w:
                return sum(self._errors[side]) / len(self._errors[side])
        return None
