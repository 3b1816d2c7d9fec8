"""Seconds that go on evenly, whatever is done to the wall clock, and while the host sleeps.

``time.monotonic`` stands still on Linux while the machine is suspended. What was read
before would look a second old afterwards, a lease would never have ended and a boost would
last the whole night longer. So the time asleep is added.
"""

import time

_CLOCKS = getattr(time, "CLOCK_BOOTTIME", None), getattr(time, "CLOCK_MONOTONIC", None)
# Two clocks are never read at the same instant: what differs by less is no sleep.
_SLACK_S = 1.0

_awake = time.monotonic
_asleep_s = 0.0


def monotonic() -> float:
    """Return seconds since some instant in the past, the time asleep included."""
    global _asleep_s  # noqa: PLW0603 - a property of the machine, as its clocks are
    slept_s = _slept_s()
    if abs(slept_s - _asleep_s) > _SLACK_S:
        _asleep_s = slept_s
    return _awake() + _asleep_s


def _slept_s() -> float:
    """Return how long this machine has been suspended since it began; 0 if unknown."""
    with_sleep, without = _CLOCKS
    if with_sleep is None or without is None:
        return 0.0
    return time.clock_gettime(with_sleep) - time.clock_gettime(without)
