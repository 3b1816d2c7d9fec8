"""Who wants to know, without the power to stop the polling."""

from collections.abc import Callable
from dataclasses import dataclass, field
import logging

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class Listeners:
    """Functions that are called when something happened.

    One that fails is logged once, and the others are called all the same.
    """

    _all: list[Callable[[], None]] = field(default_factory=list)
    _blamed: set[Callable[[], None]] = field(default_factory=set)

    def add(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` from now on; returns its remover."""
        self._all.append(listener)
        return lambda: self._all.remove(listener)

    def call(self) -> None:
        """Call each."""
        for listener in tuple(self._all):
            try:
                listener()
            except Exception:
                if listener not in self._blamed:
                    self._blamed.add(listener)
                    _LOGGER.exception("What follows an inverter failed")
