"""What load entities show: a row in the recorder only when a person would want one."""

from collections.abc import Callable
from datetime import datetime, timedelta

from homeassistant.core import CALLBACK_TYPE, callback

from ..control.model import Decision, NextEvent
from ..registry import ComingEvent

# A reason is a row in the recorder: it changes at most this often while a load runs on.
_REASON_S = 10.0
# A foreseen instant that moves by less than this has not moved.
_EVENT_MOVES = timedelta(seconds=10)


class Listeners:
    """Who wants to hear of which load."""

    def __init__(self) -> None:
        """Nobody listens."""
        self._listeners: dict[str, list[Callable[[], None]]] = {}

    @callback
    def async_subscribe(
        self, load_id: str, on_change: Callable[[], None]
    ) -> CALLBACK_TYPE:
        """Call ``on_change`` when something a user sees of a load has changed."""
        listeners = self._listeners.setdefault(load_id, [])
        listeners.append(on_change)
        return lambda: listeners.remove(on_change)

    @callback
    def async_notify(self, load_id: str) -> None:
        """Tell whoever looks at a load."""
        for listener in tuple(self._listeners.get(load_id, ())):
            listener()


class ShownDecisions:
    """For each load, the decision in which its reason last changed."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._shown: dict[str, tuple[Decision, float]] = {}

    def decision(self, load_id: str) -> Decision | None:
        """Return what is shown of a load."""
        shown = self._shown.get(load_id)
        return shown[0] if shown else None

    def forget(self, load_id: str) -> None:
        """Show nothing of a load any more."""
        self._shown.pop(load_id, None)

    def expect(self, load_id: str) -> None:
        """Show the next news at once: a person waits for it."""
        if load_id in self._shown:
            self._shown[load_id] = (self._shown[load_id][0], float("-inf"))

    def take(self, decision: Decision, now: float, *, switches: bool) -> bool:
        """Show a decision if its reason is news; returns whether it was.

        Of a load that ``switches``, at most every few minutes, that is news at once.
        """
        old, since = self._shown.get(decision.load_id, (None, 0.0))
        if old is not None:
            if old.reason is decision.reason:
                return False
            switched = switches and old.runs is not decision.runs
            if not switched and now - since < _REASON_S:
                return False
        self._shown[decision.load_id] = (decision, now)
        return True


class ShownEvents:
    """For each load, what comes next."""

    def __init__(self) -> None:
        """Foresee nothing yet."""
        self._shown: dict[str, tuple[ComingEvent | None, float]] = {}

    def event(self, load_id: str) -> ComingEvent | None:
        """Return what is shown of a load."""
        return self._shown.get(load_id, (None, 0.0))[0]

    def forget(self, load_id: str) -> None:
        """Show nothing of a load any more."""
        self._shown.pop(load_id, None)

    def expect(self, load_id: str) -> None:
        """Show the next news at once: a person waits for it."""
        event, _ = self._shown.get(load_id, (None, 0.0))
        self._shown[load_id] = (event, float("-inf"))

    def take(
        self,
        load_id: str,
        event: NextEvent | None,
        now: float,
        wall: datetime,
        *,
        at_once: bool = False,
    ) -> bool:
        """Show an event if it is news; returns whether it was.

        What moves with every cloud is news at most every 10 s; ``at_once`` is for an
        event that goes with a new reason.
        """
        new = _coming(event, wall)
        old, since = self._shown.get(load_id, (None, float("-inf")))
        if _same(old, new) or (not at_once and now - since < _REASON_S):
            return False
        self._shown[load_id] = (new, now)
        return True


def _coming(event: NextEvent | None, wall: datetime) -> ComingEvent | None:
    if event is None:
        return None
    if event.in_s is None:
        return ComingEvent(kind=event.kind, at=None)
    at = wall + timedelta(seconds=event.in_s)
    return ComingEvent(kind=event.kind, at=at.replace(microsecond=0))


def _same(old: ComingEvent | None, new: ComingEvent | None) -> bool:
    if old is None or new is None or old.kind is not new.kind:
        return old is new
    if old.at is None or new.at is None:
        return old.at is new.at
    return abs(new.at - old.at) <= _EVENT_MOVES
