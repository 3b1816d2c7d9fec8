"""Lenient readers for what chargers put into fields.

Chargers send numbers as strings and the reverse, blanks around values, decimal commas,
control characters in serials, keys in another case. A reader returns ``None`` where
nothing sensible can be made of a value; none of them raises.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
import math
from typing import Any

# Clocks that were never set begin at 1970: such stamps still tell what the clock shows.
_FIRST_YEAR = 1970
_LAST_YEAR = 2100


def text(value: object, limit: int = 255) -> str | None:
    """Return printable text without outer blanks, cut to ``limit``; None when empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    cleaned = "".join(char for char in str(value) if char.isprintable()).strip()
    return cleaned[:limit] or None


def number(value: object) -> float | None:
    """Return a finite number, also from ``" 12,5 "``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            result = float(value.strip().replace(",", "."))
        except ValueError:
            return None
    elif isinstance(value, int | float):
        try:
            result = float(value)
        except OverflowError:
            return None
    else:
        return None
    return result if math.isfinite(result) else None


def integer(value: object) -> int | None:
    """Return a whole number, also from ``"12"`` and ``12.0``."""
    result = number(value)
    if result is None or result != int(result):
        return None
    return int(result)


def timestamp(value: object) -> datetime | None:
    """Return an ISO 8601 time as aware UTC; without a zone it is taken as UTC.

    Years no clock can show give None.
    """
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        parsed = parsed.astimezone(UTC)
    except ValueError, OverflowError:
        return None
    return parsed if _FIRST_YEAR <= parsed.year <= _LAST_YEAR else None


def wire_time(moment: datetime) -> str:
    """Return a time in the one spelling every charger understands.

    UTC with ``Z`` and without fractions: offsets and microseconds upset some firmware.
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain_key(key: str) -> str:
    """Return a key without case and separators, to compare spellings."""
    return key.replace("_", "").replace("-", "").casefold()


class Fields:
    """One payload or one part of it, read by key in any spelling."""

    __slots__ = ("_fields",)

    def __init__(self, payload: object) -> None:
        """Take any JSON value; one that is not an object has no fields."""
        self._fields: dict[str, Any] = (
            {plain_key(str(key)): value for key, value in payload.items()}
            if isinstance(payload, Mapping)
            else {}
        )

    def raw(self, *keys: str) -> Any:
        """Return the first of the keys that is there, as it came."""
        for key in keys:
            if (value := self._fields.get(plain_key(key))) is not None:
                return value
        return None

    def text(self, *keys: str, limit: int = 255) -> str | None:
        """Return a field as text."""
        return text(self.raw(*keys), limit)

    def integer(self, *keys: str) -> int | None:
        """Return a field as a whole number."""
        return integer(self.raw(*keys))

    def number(self, *keys: str) -> float | None:
        """Return a field as a number."""
        return number(self.raw(*keys))

    def time(self, *keys: str) -> datetime | None:
        """Return a field as a time."""
        return timestamp(self.raw(*keys))

    def parts(self, *keys: str) -> list[Fields]:
        """Return a list of objects; a lone object counts as a list of one."""
        value = self.raw(*keys)
        if isinstance(value, Mapping):
            value = [value]
        if not isinstance(value, list):
            return []
        return [Fields(part) for part in value if isinstance(part, Mapping)]
