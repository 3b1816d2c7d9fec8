"""What was saved of a load: whether it can be taken back, and how long ago it was."""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Any

from .pace import Pace


def away_s(saved: Mapping[str, Any], wall: datetime) -> float:
    """Return how long ago something was saved, in s.

    A clock set back meanwhile must not make a rest longer than it is.
    """
    saved_at = datetime.fromisoformat(str(saved["saved_at"]))
    return max(0.0, (wall - saved_at).total_seconds())


def writes_left(pace: Pace) -> dict[str, float]:
    """Return what is left of a day's writes, to be saved with what was learned."""
    return {"writes_left": round(pace.left, 1)} if isfinite(pace.left) else {}


def restore_writes(
    pace: Pace, saved: Mapping[str, Any], now: float, wall: datetime
) -> None:
    """Take back what ``writes_left`` gave, and what came back meanwhile."""
    left = saved.get("learned", {}).get("writes_left")
    if isinstance(left, int | float) and left >= 0 and not isinstance(left, bool):
        pace.restore(left, now - away_s(saved, wall))


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
