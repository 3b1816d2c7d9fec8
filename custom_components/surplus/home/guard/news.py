"""Carries what the guard did to a load to whoever shows that load."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ...const import Kind
from ...control.model import Decision, GuardEvent
from ..loads.choice import load_name

type OnGuardEvent = Callable[[GuardEvent], None]


def with_circuit_named[T: (Decision, GuardEvent)](hass: HomeAssistant, told: T) -> T:
    """Return what is told of a limit with the name of its circuit in place of its id."""
    if (circuit_id := told.numbers.get("circuit")) is None:
        return told
    # A circuit has a device as loads have, and ids of the same form.
    name = load_name(hass, f"{Kind.HOME}:{circuit_id}")
    return replace(told, numbers={**told.numbers, "circuit": name})


class GuardNews:
    """Who wants to hear of which load."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Nobody listens."""
        self._hass = hass
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
        for told in events:
            event = with_circuit_named(self._hass, told)
            for listener in tuple(self._listeners.get(event.load_id, ())):
                listener(event)
