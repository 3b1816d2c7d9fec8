"""Tells a lasting change of what a load should take from the noise of its meter.

A fast load that answers each reading answers the noise in it too: a command a second,
and nothing captured by any of them. Noise goes back with the next reading where it came
with the last one; a ramp, a step and a cloud's wandering do not. Against noise that is measured so,
errors are summed up (CUSUM): a large one is acted on at once, a small one when it has
lasted, and noise hardly ever. A second, patient sum forgives next to nothing, so that
what stays is corrected however noisy the meter: also what a load that turns on and off
with each reading makes look like noise. Where there is no noise, that is at once for all.
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
# The same of the patient sum, which never forgives more than so many watts for ever.
_PATIENT_LASTING = 10.0
_PATIENT_FORGIVEN_W = 25.0


class _Sum:
    """What errors to one side come to, beyond what each of them is forgiven."""

    def __init__(self, sign: float) -> None:
        """Begin at nothing."""
        self._sign = sign
        self._sum_w = 0.0
        self._errors_w = 0.0
        self._count = 0

    def add(self, error_w: float, forgiven_w: float, lasting_w: float) -> float | None:
        """Add an error; return the mean of them once they are more than ``lasting_w``."""
        sum_w = self._sum_w + self._sign * error_w - forgiven_w
        if sum_w <= 0:
            self._sum_w, self._errors_w, self._count = 0.0, 0.0, 0
            return None
        self._sum_w = sum_w
        self._errors_w += error_w
        self._count += 1
        return self._errors_w / self._count if sum_w > lasting_w else None


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
        self.forget()

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
        self._quick = [_Sum(1.0), _Sum(-1.0)]
        self._patient = [_Sum(1.0), _Sum(-1.0)]

    def lasting_w(self, error_w: float, *, new: bool = True) -> float | None:
        """Return by how much to move for an error, None while it may be noise.

        Not ``new`` is one of a reading that was counted before.
        """
        if abs(error_w) > (_LASTING + _FORGIVEN) * self.noise_w:
            # It stands out by itself.
            return error_w
        if not new:
            return None
        forgiven_w = _FORGIVEN * self.noise_w
        patient_w = min(forgiven_w, _PATIENT_FORGIVEN_W)
        found_w = None
        for sums, less_w, lasting_w in (
            (self._quick, forgiven_w, _LASTING * self.noise_w),
            (self._patient, patient_w, _PATIENT_LASTING * self.noise_w),
        ):
            for one in sums:
                # Each must hear of it, whoever has found something.
                move_w = one.add(error_w, less_w, lasting_w)
                if found_w is None:
                    found_w = move_w
        return found_w
