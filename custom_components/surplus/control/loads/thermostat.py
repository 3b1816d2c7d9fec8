"""Recognises that a heater takes nothing of what it is told: its thermostat has opened.

Where its power is measured that is seen. Where it is not, the grid meter tells: a power
told to the heater must show there. Since the sun may move by chance just as much, a
suspicion is put to a test, a few seconds without the heater. An open thermostat is tried
again now and then, so that the heater comes back by itself. A sensor may be late and not
say so: one that shows power once none is told tells how late it is.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import copysign, inf

# Less than this nobody sees on a grid meter.
_SIGHT_W = 150.0
_SIGHT_SHARE = 0.1
# Electronics of an idle dimmer, and what is left of a wave that is hardly cut.
_NOTHING_W = 15.0
_NOTHING_SHARE = 0.1
_LOW_S = 20.0
_SEEN_SHARE = 0.4
_MISSES = 2
_FULL_SHARE = 0.97
_FULL_S = 60.0
# A move that took longer than this was mixed with the sun's.
_LONGEST_MOVE_S = 30.0
_ANSWER_S = 20.0
_LASTS_S = 5.0
# The latest that a sensor is believed to be.
_LATEST_S = 120.0
_FIRST_PAUSE_S = 60.0
_LONGEST_PAUSE_S = 600.0
_FIRST_TRUST_S = 300.0
_LONGEST_TRUST_S = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What one grid reading shows of a heater.

    ``position_w`` is what it should draw at ``at`` by its commands, and ``doubt_w`` by
    how much that may be wrong. ``rest_w`` is the export that the heater leaves;
    ``other_w`` is that, and what all other loads draw: their moves do not change it.
    ``measured_w`` is its own power where that is known for the present command, with
    ``expected_w``, what it should have drawn at that instant, None while it moved.
    """

    at: float
    position_w: float
    doubt_w: float
    rest_w: float
    other_w: float
    max_w: float
    measured_w: float | None = None
    expected_w: float | None = None

    @property
    def least_w(self) -> float:
        """The power from which it can be told whether a heater takes it."""
        return max(_SIGHT_W, _SIGHT_SHARE * self.max_w)

    @property
    def settled(self) -> bool:
        """Whether it is known well enough where it is."""
        return self.doubt_w <= self.least_w / 4


class _State(StrEnum):
    CLOSED = "closed"
    TESTED = "tested"
    OPEN = "open"
    TRIED = "tried"


class Thermostat:
    """The memory of one heater's thermostat."""

    def __init__(self) -> None:
        """Believe that it is closed."""
        self._state = _State.CLOSED
        self._before: Sight | None = None
        self._low_since: float | None = None
        self._full_since: float | None = None
        self._misses = 0
        self._moved_w = self._seen_w = 0.0
        self._answered_since: float | None = None
        self._began_at = 0.0
        self._try_w = 0.0
        self._try_at = 0.0
        self._pause_s = _FIRST_PAUSE_S
        # How late its own sensor was seen to be, and since when it showed nothing.
        self._late_s = 0.0
        self._blank_since = -inf
        self._trusted_until = 0.0
        self._trust_s = _FIRST_TRUST_S

    @property
    def is_open(self) -> bool:
        """Whether it takes nothing, as far as is known."""
        return self._state in (_State.OPEN, _State.TRIED)

    @property
    def tried_at(self) -> float:
        """When an open one will next be tried."""
        return self._try_at

    def reset(self) -> None:
        """Believe that it is closed: a person wants it to run."""
        if self.is_open:
            self._close()

    def see(self, sight: Sight) -> None:
        """Take in a new grid reading."""
        match self._state:
            case _State.CLOSED:
                self._watch(sight)
            case _State.TESTED:
                self._judge_test(sight)
            case _State.TRIED:
                self._judge_try(sight)
            case _State.OPEN:
                self._watch_open(sight)

    def order_w(self, wanted_w: float, sight: Sight) -> float | None:
        """Return what it is told instead of a power wanted; None: what is wanted."""
        if self._state is _State.OPEN:
            if sight.at < self._try_at or wanted_w < sight.least_w:
                return 0.0
            self._state = _State.TRIED
            self._before, self._began_at = sight, sight.at
            self._answered_since = None
            self._try_w = wanted_w
        if self._state is _State.TRIED:
            return min(self._try_w, wanted_w) if wanted_w else 0.0
        return 0.0 if self._state is _State.TESTED else None

    # ---- closed, as far as is known ------------------------------------------------

    def _watch(self, sight: Sight) -> None:
        if sight.measured_w is not None:
            self._before = None
            self._watch_measured(sight)
            return
        self._watch_grid(sight)
        suspected = self._misses >= _MISSES or self._is_full(sight)
        if (
            suspected
            and sight.at >= self._trusted_until
            and sight.settled
            and sight.position_w >= sight.least_w
        ):
            self._state = _State.TESTED
            self._before, self._began_at = sight, sight.at
            self._answered_since = None

    def _watch_measured(self, sight: Sight) -> None:
        expected_w, measured_w = sight.expected_w, sight.measured_w
        if (
            expected_w is None
            or measured_w is None
            or expected_w < sight.least_w
            or measured_w > max(_NOTHING_W, _NOTHING_SHARE * expected_w)
        ):
            self._low_since = None
        elif self._low_since is None:
            self._low_since = sight.at
        elif sight.at - self._low_since >= _LOW_S + self._late_s:
            self._open(sight, blank_since=self._low_since)

    def _watch_grid(self, sight: Sight) -> None:
        """Compare each move of the heater with the meter's."""
        if not sight.settled:
            return
        before, self._before = self._before, sight
        if before is None or sight.at - before.at > _LONGEST_MOVE_S:
            return
        move_w = sight.position_w - before.position_w
        # Small moves add up: one that takes nothing may creep.
        self._moved_w += abs(move_w)
        self._seen_w += (
            (before.other_w - sight.other_w) * copysign(1.0, move_w) if move_w else 0.0
        )
        if self._moved_w >= sight.least_w:
            seen = self._seen_w >= _SEEN_SHARE * self._moved_w
            self._misses = 0 if seen else self._misses + 1
            self._moved_w = self._seen_w = 0.0

    def _is_full(self, sight: Sight) -> bool:
        """Whether it has long been at its maximum without using the export up."""
        if sight.position_w < _FULL_SHARE * sight.max_w or sight.rest_w < sight.least_w:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = sight.at
        return self._full_since is not None and sight.at - self._full_since >= _FULL_S

    # ---- put to the test -----------------------------------------------------------

    def _judge_test(self, sight: Sight) -> None:
        """Without the heater the export must be larger, unless it took nothing."""
        assert self._before is not None
        if not sight.settled or sight.position_w > 0:
            if sight.at - self._began_at > _LONGEST_MOVE_S:
                self._close()
            return
        rise_w = sight.other_w - self._before.other_w
        answered = rise_w >= _SEEN_SHARE * self._before.position_w
        if not self._lasts(sight, answered):
            # It may be slower than anybody believes.
            if sight.at - self._began_at >= _ANSWER_S and not answered:
                self._open(sight)
            return
        self._close()
        self._trusted_until = sight.at + self._trust_s
        self._trust_s = min(2 * self._trust_s, _LONGEST_TRUST_S)

    # ---- open ----------------------------------------------------------------------

    def _watch_open(self, sight: Sight) -> None:
        """See what it was told before come late: it takes it after all."""
        late_s = sight.at - self._blank_since
        if (
            sight.measured_w is not None
            and sight.measured_w >= sight.least_w
            and late_s <= _LATEST_S
        ):
            self._late_s = max(self._late_s, late_s)
            self._close()

    def _judge_try(self, sight: Sight) -> None:
        assert self._before is not None
        tried_s = sight.at - self._began_at
        if sight.measured_w is not None:
            if sight.measured_w >= max(_SEEN_SHARE * sight.position_w, 2 * _NOTHING_W):
                self._close()
            elif tried_s >= _ANSWER_S + self._late_s and sight.settled:
                self._open(sight, blank_since=self._began_at)
            return
        fall_w = self._before.other_w - sight.other_w
        told_w = sight.position_w
        answered = fall_w >= _SEEN_SHARE * max(told_w, sight.least_w)
        if self._lasts(sight, answered and sight.settled and told_w > 0):
            self._close()
        elif tried_s >= _ANSWER_S and not answered:
            self._open(sight)

    def _lasts(self, sight: Sight, answered: bool) -> bool:
        """Whether the meter's answer is more than another load's sudden move."""
        if not answered:
            self._answered_since = None
        elif self._answered_since is None:
            self._answered_since = sight.at
        since = self._answered_since
        return since is not None and sight.at - since >= _LASTS_S

    def _open(self, sight: Sight, *, blank_since: float = -inf) -> None:
        self._state = _State.OPEN
        self._blank_since = blank_since
        self._try_at = sight.at + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def _close(self) -> None:
        self._state = _State.CLOSED
        self._before = None
        self._low_since = self._full_since = None
        self._misses = 0
        self._moved_w = self._seen_w = 0.0
        self._pause_s = _FIRST_PAUSE_S
