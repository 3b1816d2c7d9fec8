"""Reads what a ledger has written down; what is damaged raises."""

from collections.abc import Mapping
from datetime import date, datetime
from math import isfinite
from typing import Any


def number(saved: Mapping[str, Any], key: str) -> float:
    """Return a number; raises KeyError, TypeError or ValueError."""
    value = saved[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{key}: {value!r} is no number")
    if not isfinite(value):
        raise ValueError(f"{key}: {value!r} is no finite number")
    return float(value)


def amount(saved: Mapping[str, Any], key: str) -> float:
    """Return a number that is never below 0; raises as ``number`` does."""
    value = number(saved, key)
    if value < 0.0:
        raise ValueError(f"{key}: {value!r} is below 0")
    return value


def maybe_amount(saved: Mapping[str, Any], key: str) -> float | None:
    """Return an amount, or None where None was written; raises as ``number`` does."""
    return None if saved[key] is None else amount(saved, key)


def instant(saved: Mapping[str, Any], key: str) -> datetime:
    """Return an aware instant; raises KeyError, TypeError or ValueError."""
    value = datetime.fromisoformat(saved[key])
    if value.tzinfo is None:
        raise ValueError(f"{key}: {value} has no time zone")
    return value


def maybe_instant(saved: Mapping[str, Any], key: str) -> datetime | None:
    """Return an instant, or None where None was written; raises as ``instant``."""
    return None if saved[key] is None else instant(saved, key)


def maybe_day(saved: Mapping[str, Any], key: str) -> date | None:
    """Return a day, or None where None was written; raises as ``instant`` does."""
    return None if saved[key] is None else date.fromisoformat(saved[key])
