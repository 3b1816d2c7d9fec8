"""Carries what the guard did to a load to whoever shows that load."""

from collections.abc import Callable, Iterable

from homeassistant.core import CALLBACK_TYPE, callback

from ...control.model import GuardEvent

type OnGuardEvent = Callable[[GuardEvent], None]


class GuardNews:
    """Who wants to hear of which load."""

    def __init__(self) -> None:
        """Nobody listens."""
        self._listeners: dict[str, list[OnGuardEvent]] = {}

    @callback
    def async_subscribe(self, load_id: str, on_event: OnGuardEvent) -> CALLBACK_TYPE:
        """Call ``on_event`` for each event of a load."""
        listeners = self._listeners.setdefault(load_id, [])
        listeners.append(on_event)
        return lambda: listeners.remove(on_event)

    @callback
    def async_tell(self, events: Iterable[GuardEvent]) -> None:
        """Tell of the events of a cycle."""
        for event in events:
            for listener in tuple(self._listeners.get(event.load_id, ())):
                listener(event)
