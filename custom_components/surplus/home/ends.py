"""Ends of modes, where the wall clock is set: none comes a day early, and none never.

An end is kept as an instant of the wall clock, for a restart and for people. How long it
is until then is what was meant: when somebody sets the clock, the end goes with it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from .modes import LoadModes, Passing

# Two clocks are not read at the same instant, and time servers move one a little.
_STEP = timedelta(seconds=2)
# A computer whose clock has no battery begins with the time it was switched off at, and
# is put right within this time.
_PUT_RIGHT_S = 900.0
_NONE = timedelta()


class Ends:
    """Knows by how much the wall clock was set, and what goes with it."""

    def __init__(
        self, remembered: Mapping[str, LoadModes], saved_at: datetime | None = None
    ) -> None:
        """Begin with what a run before has left, and when that was written down."""
        self._remembered = [
            passing for modes in remembered.values() for passing in modes.passing
        ]
        self._saved_at = saved_at
        self._began_at: float | None = None
        self._behind = _NONE
        self._before: tuple[float, datetime] | None = None

    def moved(
        self, loads: Mapping[str, LoadModes], now: float, wall: datetime
    ) -> dict[str, LoadModes]:
        """Return the loads whose ends go with a clock that was set since the last call.

        ``now`` is monotonic, ``wall`` aware: the same instant.
        """
        if self._before is None or self._began_at is None:
            self._began_at = now
            self._before = now, wall
            if self._saved_at is None or wall >= self._saved_at:
                return {}
            # Nothing lasts longer than it had left when it was written down.
            self._behind = self._saved_at - wall
            return self._put_off(loads, of_before=-self._behind, others=_NONE)
        then, wall_then = self._before
        self._before = now, wall
        step = wall - wall_then - timedelta(seconds=now - then)
        if abs(step) < _STEP:
            return {}
        if step < _NONE or now - self._began_at >= _PUT_RIGHT_S:
            return self._put_off(loads, of_before=step, others=step)
        # What was meant by a clock that was right is right again.
        behind, self._behind = self._behind, _NONE
        return self._put_off(loads, of_before=behind, others=step)

    def _put_off(
        self, loads: Mapping[str, LoadModes], *, of_before: timedelta, others: timedelta
    ) -> dict[str, LoadModes]:
        """Move the ends that a run before has left, and those that were set since."""
        changed: dict[str, LoadModes] = {}
        remembered: list[Passing] = []
        for load_id, modes in loads.items():
            old = [self._is_remembered(one) for one in modes.passing]
            moved = modes.put_off([of_before if is_old else others for is_old in old])
            if moved is not modes:
                changed[load_id] = moved
            remembered += [
                one for one, is_old in zip(moved.passing, old, strict=True) if is_old
            ]
        self._remembered = remembered
        return changed

    def _is_remembered(self, passing: Passing) -> bool:
        return any(passing is one for one in self._remembered)
