"""How soon what a cycle has changed must be written down, for a power cut."""

from collections.abc import Callable

from homeassistant.core import callback

from ..control.cycle import Cycle
from ..control.model import GuardCounters
from .store import SAVE_SOON_S

# Counters of what lasts may be a minute old after a crash.
_COUNTED_S = 60.0


class Keeping:
    """Asks for a save where a cycle has changed what must not be lost."""

    def __init__(self, save_within: Callable[[float], None]) -> None:
        """Begin before any cycle."""
        self._save_within = save_within
        self._running: frozenset[str] = frozenset()
        self._shed: frozenset[str] = frozenset()
        self._counters: GuardCounters | None = None

    @callback
    def async_after(self, cycle: Cycle) -> None:
        """See what has changed: minimum times count from a start or a stop on."""
        running = frozenset(
            decision.load_id for decision in cycle.decisions if decision.runs
        )
        guard = cycle.guard
        if guard.shed != self._shed or guard.events:
            # The breaker may still open, and take this host with it.
            self._save_within(0.0)
        elif running != self._running:
            self._save_within(SAVE_SOON_S)
        self._running, self._shed = running, guard.shed
        if self._counters is not None and guard.counters != self._counters:
            self._save_within(_COUNTED_S)
        self._counters = guard.counters
