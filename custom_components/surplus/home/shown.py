"""What load entities show: the decision in which a reason last changed."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, callback

from ..control.model import Decision

# A reason is a row in the recorder: it changes at most this often while a load runs on.
_REASON_S = 10.0


class ShownDecisions:
    """Decisions as users see them, and who wants to hear of them."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._shown: dict[str, tuple[Decision, float]] = {}
        self._listeners: dict[str, list[Callable[[], None]]] = {}

    def decision(self, load_id: str) -> Decision | None:
        """Return what is shown of a load."""
        shown = self._shown.get(load_id)
        return shown[0] if shown else None

    @callback
    def async_take(self, decision: Decision, now: float) -> bool:
        """Show a decision if its reason is news; returns whether it was."""
        old, since = self._shown.get(decision.load_id, (None, 0.0))
        if old is not None:
            if old.reason is decision.reason:
                return False
            switched = _is_on(old) is not _is_on(decision)
            if not switched and now - since < _REASON_S:
                return False
        self._shown[decision.load_id] = (decision, now)
        self.async_notify(decision.load_id)
        return True

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


def _is_on(decision: Decision) -> bool:
    return decision.setpoint is not None and decision.setpoint.value > 0
