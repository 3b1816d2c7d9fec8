"""What is known of a heating element: its power at an instant, and how surely."""

from collections.abc import Mapping
from typing import Any

from ..model import HeaterReading, HeaterSpec
from .heater_response import HeaterResponse
from .learned_lag import LearnedLag

# A command nobody has answered may be under way for this long.
_IN_FLIGHT_S = 10.0
# Before its first command a load was as it was found, for long.
_FOUND_S = 60.0
_LEARNING_RATE = 0.2
_LEAST_SHARE = 0.2
_MOST_SHARE = 1.25


class Element:
    """Learned from readings, nominal until then.

    ``share`` is what it is measured to take of what it is told.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self.share = 1.0
        self.response = HeaterResponse()
        self.lag = LearnedLag()
        self._learned_at: float | None = None
        # It was seen, and had not been told anything; then it drew ``_found_w``.
        self._untold = False
        self._found_w = 0.0

    def observe(self, spec: HeaterSpec, reading: HeaterReading) -> None:
        """Take in the newest reading."""
        if reading.accepted_w is not None and reading.accepted_at is not None:
            lag_s = self.lag.lag_s(spec.lag_s)
            if self._untold:
                # Its first command moves it from there; no reading of before shows that.
                begins = reading.accepted_at - _FOUND_S
                self.response.accepted(self._found_w, begins, lag_s)
            self.response.accepted(reading.accepted_w, reading.accepted_at, lag_s)
        self._untold = reading.accepted_w is None and not self.response.known
        if self._untold:
            self._found_w = (reading.power_w or 0.0) / self.share
        if reading.power_w is not None and reading.power_at is not None:
            drawn_w = reading.power_w / self.share
            self.lag.measured(self.response, drawn_w, reading.power_at, spec.max_w)
            self._learn(spec, reading.power_w, reading.power_at)

    def position_w(self, reading: HeaterReading, at: float) -> float:
        """Return what it should draw at an instant, by its commands.

        Before the first one it is where it was found.
        """
        if self.response.known:
            return self.response.power_w(at)
        if reading.accepted_w is None:
            return (reading.power_w or 0.0) / self.share
        return reading.accepted_w

    def power_w(
        self, reading: HeaterReading, at: float, *, takes_nothing: bool
    ) -> float:
        """Return what it draws at an instant: measured, plus the move since.

        Where it is known to take nothing of what it is told, only measuring counts.
        """
        if reading.power_w is None or reading.power_at is None:
            return 0.0 if takes_nothing else self.position_w(reading, at)
        if takes_nothing:
            return reading.power_w
        moved_w = self.share * self.response.move_w(reading.power_at, at)
        return max(0.0, reading.power_w + moved_w)

    def doubt_w(
        self,
        spec: HeaterSpec,
        reading: HeaterReading,
        at: float,
        *,
        now: float,
        told: tuple[float, float] | None,
    ) -> float:
        """Return by how much its position may be wrong, because it moves.

        ``told`` is the last command in W, and when it was given.
        """
        doubt_w = self.response.doubt_w(at) if self.response.known else 0.0
        if told is not None and now - told[1] <= _IN_FLIGHT_S + 3 * spec.lag_s:
            # The newest command may have come already, before anybody said yes to it.
            doubt_w = max(doubt_w, abs(told[0] - self.position_w(reading, at)))
        return doubt_w

    def _learn(self, spec: HeaterSpec, power_w: float, at: float) -> None:
        """Learn what it takes of what it is told, once it has settled."""
        if at == self._learned_at or not self.response.settled(at):
            return
        self._learned_at = at
        told_w = self.response.power_w(at)
        least_w = max(spec.min_w, spec.max_w / 10)
        if told_w < least_w or power_w < _LEAST_SHARE * told_w:
            return
        share = min(power_w / told_w, _MOST_SHARE)
        self.share += _LEARNING_RATE * (share - self.share)

    def learned(self) -> dict[str, float]:
        """Return what was learned, ready for JSON."""
        return {"share": self.share, **self.lag.learned()}

    def relearn(self, learned: Mapping[str, Any]) -> None:
        """Take back what ``learned`` gave; what is unusable of it is left out."""
        share = learned.get("share")
        if isinstance(share, float) and _LEAST_SHARE <= share <= _MOST_SHARE:
            self.share = share
        self.lag.relearn(learned)
