"""The memory of one schedule: its window, and what was taken in it."""

from collections.abc import Mapping
from typing import Any

from ..model import Reason, Wish
from .clock import local, window_of
from .look import Look
from .specs import Schedule
from .state import PlanState


class ScheduleTracker:
    """Whether one schedule asks for power now."""

    def __init__(self, schedule: Schedule) -> None:
        """Begin before any window."""
        self.spec = schedule
        self._window: tuple[float, float] | None = None
        self._asked_at: float | None = None
        self._taken_wh = 0.0
        self._barred = False

    def change(self, schedule: Schedule) -> None:
        """Take over a changed schedule; what was taken in its window still counts."""
        if schedule.load_id != self.spec.load_id:
            self._taken_wh = 0.0
        self.spec = schedule
        self._asked_at = None

    def see(self, look: Look, *, dear: bool) -> None:
        """Take in what its load does now, and whether nothing is started from the grid."""
        at, before = look.at, self._window
        if (
            self._asked_at is None
            or at < self._asked_at
            or (before is not None and at >= before[1])
        ):
            self._window, self._asked_at = window_of(self.spec, look.wall), at
            if before and self._window and self._window[0] >= before[1]:
                self._taken_wh = 0.0
        self._barred = dear and not self.spec.on_dear
        if self._holds(at):
            self._taken_wh += look.taken_wh

    def _holds(self, at: float) -> bool:
        return self._window is not None and self._window[0] <= at < self._window[1]

    @property
    def _done(self) -> bool:
        wanted_wh = self.spec.energy_wh
        return wanted_wh is not None and self._taken_wh >= wanted_wh

    def wish(self, look: Look) -> Wish | None:
        """Return what it asks for now."""
        if not self._asks(look.at):
            return None
        assert self._window is not None
        until = local(self._window[1], look.wall.tzinfo)
        return Wish(
            reason=Reason.SCHEDULED,
            value=self.spec.value,
            numbers={"until": until.isoformat(timespec="minutes")},
        )

    def _asks(self, at: float) -> bool:
        return (
            self.spec.enabled
            and self._holds(at)
            and not self._done
            and not self._barred
        )

    def state(self, look: Look) -> PlanState:
        """Return how things stand with it."""
        window, spec = self._window, self.spec
        if window is None or not spec.enabled:
            return PlanState(load_id=spec.load_id)
        active = self._asks(look.at)
        waits = look.at < window[0]
        return PlanState(
            load_id=spec.load_id,
            active=active,
            met=self._done,
            starts=local(window[0], look.wall.tzinfo) if waits else None,
            ends=local(window[1], look.wall.tzinfo) if active else None,
            left_wh=(
                max(0.0, spec.energy_wh - self._taken_wh)
                if spec.energy_wh is not None
                else None
            ),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {"window": self._window, "taken_wh": round(self._taken_wh, 1)}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what ``as_dict`` gave; another window's energy is dropped when seen.

        Raises KeyError, TypeError or ValueError when it is damaged.
        """
        if (window := saved["window"]) is not None:
            begins, ends = window
            self._window = float(begins), float(ends)
        self._taken_wh = float(saved["taken_wh"])
