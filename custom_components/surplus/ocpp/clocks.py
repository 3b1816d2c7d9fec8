"""Our clock and the charger's."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ..clock import monotonic


def _utcnow() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """Where this room takes time from: monotonic seconds and aware UTC."""

    monotonic: Callable[[], float] = monotonic
    utcnow: Callable[[], datetime] = _utcnow


SYSTEM_CLOCK = Clock()


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """When something was true: in our monotonic time, and as the charger stamped it."""

    at: float
    stamp: datetime | None = None

    def after(self, other: Moment | None) -> bool:
        """Tell whether it is later; by the charger's own stamps where both have one.

        Two stamps of one charger compare exactly, whatever its clock says; arrival
        order is not time order.
        """
        if other is None:
            return True
        if self.stamp is not None and other.stamp is not None:
            return self.stamp > other.stamp
        return self.at > other.at

    def stamped_before(self, other: Moment | None) -> bool:
        """Tell whether the charger stamped it earlier; without stamps arrival counts."""
        return (
            other is not None
            and self.stamp is not None
            and other.stamp is not None
            and self.stamp < other.stamp
        )

    def same(self, other: Moment | None) -> bool:
        """Tell whether the charger stamped both alike: arrival tells which came last."""
        return (
            other is not None and self.stamp is not None and self.stamp == other.stamp
        )


# Messages of one burst arrive together; only samples apart in time confirm each other.
_APART_S = 2.0
_AGREE_S = 2.5
_MEMORY_S = 180.0


@dataclass(slots=True)
class ChargerClock:
    """How far the charger's clock is from ours, learnt from its timestamps.

    A stamp from the future proves a clock that runs ahead. A stamp from the past may
    also be a message that was queued during an outage, so a clock counts as late only
    when messages that arrived apart agree on it.
    """

    _heard: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=8))
    _offset_s: float = 0.0

    @property
    def offset_s(self) -> float:
        """Seconds the charger's clock is ahead of ours (negative: behind)."""
        return self._offset_s

    def hear(self, stamp: datetime, wall: datetime, now: float) -> None:
        """Learn from a message stamped ``stamp`` that arrived now."""
        ahead = (stamp - wall).total_seconds()
        while self._heard and now - self._heard[0][0] > _MEMORY_S:
            self._heard.popleft()
        self._heard.append((now, ahead))
        best = max(ahead for _, ahead in self._heard)
        arrivals = [at for at, ahead in self._heard if best - ahead <= _AGREE_S]
        if best > 0 or max(arrivals) - min(arrivals) >= _APART_S:
            self._offset_s = best

    def told(self, *, boot: bool) -> None:
        """Take note that the charger was just told the time, and may have jumped.

        After a boot answer every charger sets its clock; after a heartbeat some do, and
        what is known stays until its next stamps say otherwise.
        """
        self._heard.clear()
        if boot:
            self._offset_s = 0.0

    def now(self, wall: datetime) -> datetime:
        """Return what the charger's clock shows now."""
        return wall + timedelta(seconds=self._offset_s)

    def moment(self, stamp: datetime | None, wall: datetime, now: float) -> Moment:
        """Return when something stamped by the charger was true; never the future."""
        if stamp is None:
            return Moment(at=now)
        age = (self.now(wall) - stamp).total_seconds()
        return Moment(at=now - max(0.0, age), stamp=stamp)
