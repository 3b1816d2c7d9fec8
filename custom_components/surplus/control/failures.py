"""Loads whose control has raised in a cycle: each costs only itself."""

from types import TracebackType

from .model import LoadInput


class Failures:
    """What was raised in one cycle, by load."""

    def __init__(self) -> None:
        """Begin a cycle in which nothing has failed."""
        self.errors: dict[str, Exception] = {}

    def __contains__(self, load_id: str) -> bool:
        """Whether a load's control has failed in this cycle."""
        return load_id in self.errors

    def of(self, load: LoadInput) -> _Noting:
        """Return a context for one load: what is raised in it is noted, and ends there."""
        return _Noting(self.errors, load.spec.load_id)


class _Noting:
    """The context that ``Failures.of`` returns."""

    def __init__(self, errors: dict[str, Exception], load_id: str) -> None:
        self._errors = errors
        self._load_id = load_id

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Note an error of the control; what stops the whole program is passed on."""
        if not isinstance(error, Exception):
            return False
        self._errors.setdefault(self._load_id, error)
        return True
