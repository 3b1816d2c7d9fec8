"""Loads whose control has raised in a cycle: each costs only itself."""

from collections.abc import Callable

from .model import LoadInput


class Failures:
    """What was raised in one cycle, by load."""

    def __init__(self) -> None:
        """Begin a cycle in which nothing has failed."""
        self.errors: dict[str, Exception] = {}

    def attempt[*Ts, T](
        self, load: LoadInput, ask: Callable[[*Ts], T], *args: *Ts
    ) -> T | None:
        """Return what a load's control answers; None where it raises, which is noted."""
        try:
            return ask(*args)
        except Exception as error:  # noqa: BLE001 - whatever it is, others go on
            self.note(load, error)
            return None

    def note(self, load: LoadInput, error: Exception) -> None:
        """Note what a load's control has raised; the first of a cycle is told."""
        self.errors.setdefault(load.spec.load_id, error)
