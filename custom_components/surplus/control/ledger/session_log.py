"""The sessions that have ended, the newest of each charger."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from .sessions import Session

# Of each charger: with one a day more than half a year.
_KEPT = 200


class SessionLog:
    """Keeps sessions in the order in which they began."""

    def __init__(self, saved: Mapping[str, Any] | None = None) -> None:
        """Begin with none, or with what ``as_dict`` gave.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        self._sessions: dict[str, list[Session]] = {}
        for one in saved["sessions"] if saved is not None else ():
            self.add(Session.from_dict(one))

    def add(self, session: Session) -> None:
        """Take a session that has ended; told twice, it is the same one."""
        others = [
            one
            for one in self._sessions.get(session.load_id, ())
            if one.started != session.started
        ]
        ordered = sorted([*others, session], key=lambda one: one.started)
        self._sessions[session.load_id] = ordered[-_KEPT:]

    def forget(self, load_id: str) -> None:
        """Forget the sessions of a charger that was deleted."""
        self._sessions.pop(load_id, None)

    def last(self, load_id: str) -> Session | None:
        """Return the last session of a charger."""
        sessions = self._sessions.get(load_id)
        return sessions[-1] if sessions else None

    def between(
        self,
        begin: datetime | None = None,
        end: datetime | None = None,
        load_ids: Iterable[str] | None = None,
    ) -> list[Session]:
        """Return sessions that began in a time, of some chargers or of all."""
        wanted = self._sessions.keys() if load_ids is None else set(load_ids)
        return sorted(
            (
                session
                for load_id in wanted
                for session in self._sessions.get(load_id, ())
                if (begin is None or session.started >= begin)
                and (end is None or session.started < end)
            ),
            key=lambda one: (one.started, one.load_id),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"sessions": [one.as_dict() for one in self.between()]}
