"""What was saved of a load: whether it can be taken back, and how long ago it was."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def away_s(saved: Mapping[str, Any], wall: datetime) -> float:
    """Return how long ago something was saved, in s.

    A clock set back meanwhile must not make a rest longer than it is.
    """
    saved_at = datetime.fromisoformat(str(saved["saved_at"]))
    return max(0.0, (wall - saved_at).total_seconds())


def usable(saved: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what was saved of a load if ``restore`` can take it.

    Raises KeyError, TypeError or ValueError when it cannot.
    """
    bool(saved["on"])
    float(saved["value"])
    float(saved.get("for_s", 0.0))
    if not isinstance(saved.get("learned", {}), Mapping):
        raise TypeError("what was learned is no mapping")
    if datetime.fromisoformat(str(saved["saved_at"])).tzinfo is None:
        raise ValueError("a time without its zone")
    return saved
