"""What is remembered of each load from cycle to cycle, and over a restart."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from .failures import Failures
from .loads import control_of
from .loads.base import Follower, LoadControl
from .loads.saved import usable
from .model import Decision, Snapshot

# Of two that are equal the one named first, so that all orders are the same.
_PRIORITY = attrgetter("spec.priority", "spec.load_id")


class Memories:
    """The controls of all loads that were met, by load."""

    def __init__(self, saved: Mapping[str, Any]) -> None:
        """Start from what ``as_dict`` gave.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        # Of loads that were not met yet.
        self._saved: dict[str, Mapping[str, Any]] = {
            str(load_id): usable(load) for load_id, load in saved.items()
        }
        self._controls: dict[str, LoadControl[Any, Any]] = {}

    def __getitem__(self, load_id: str) -> LoadControl[Any, Any]:
        """Return the control of a load that was met."""
        return self._controls[load_id]

    def get(self, load_id: str) -> LoadControl[Any, Any] | None:
        """Return the control of a load; None where it was not met."""
        return self._controls.get(load_id)

    def as_dict(self, now: float, wall: datetime) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        met = {key: one.as_dict(now, wall) for key, one in self._controls.items()}
        return {**self._saved, **met}

    def forget(self, load_id: str) -> None:
        """Forget a load that was deleted: one of the same id later is another one."""
        self._controls.pop(load_id, None)
        self._saved.pop(load_id, None)

    def observe(
        self, snapshot: Snapshot, supply_phases: int, failures: Failures
    ) -> list[Follower]:
        """Take in the newest readings; return loads with memories by priority.

        One whose control raises is noted in ``failures`` and is not among them.
        """
        followers = []
        for load in sorted(snapshot.loads, key=_PRIORITY):
            load_id = load.spec.load_id
            control = self._controls.get(load_id)
            if control is None or type(control.spec) is not type(load.spec):
                control = self._controls[load_id] = control_of(load.spec)
                if saved := self._saved.pop(load_id, None):
                    failures.attempt(
                        load, control.restore, saved, snapshot.now, snapshot.wall
                    )
            try:
                control.observe(load, supply_phases)
            except Exception as error:  # noqa: BLE001 - whatever it is, others go on
                failures.note(load, error)
            if load_id not in failures.errors:
                followers.append((load, control))
        return followers

    def let_go(
        self, snapshot: Snapshot, failures: Failures, decided: Iterable[Decision]
    ) -> Iterator[Decision]:
        """Let go of the loads that failed before anything could be decided for them."""
        if not failures.errors:
            return
        load_ids = {decision.load_id for decision in decided}
        for load in snapshot.loads:
            load_id = load.spec.load_id
            if load_id in failures.errors and load_id not in load_ids:
                yield self._controls[load_id].let_go()


def facts_of(followers: Sequence[Follower]) -> dict[str, Mapping[str, float]]:
    """Return what was learned of loads that a person would want to see, by load."""
    return {
        load.spec.load_id: facts
        for load, control in followers
        if (facts := control.facts)
    }
