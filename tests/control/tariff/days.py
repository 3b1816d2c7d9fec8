"""Local times in Paris, for tests that end with a clock put forward or back."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> datetime:
    """Return a local time: ``2026-01-20 06:00``, summer time where it is said twice."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def later(wall: datetime, **by: float) -> datetime:
    """Return the local time that much later, by instants."""
    return (wall.astimezone(UTC) + timedelta(**by)).astimezone(PARIS)


def day(text: str) -> date:
    return date.fromisoformat(text)


def told(stretches: object) -> list[tuple[str, str]]:
    """Return when each of them begins, by the local clock, and its period."""
    return [
        (f"{one.begins.astimezone(PARIS):%m-%d %H:%M}", one.period.value)
        for one in stretches
    ]
