"""What of a snapshot can be true: no reading of anybody's may upset the whole house."""

from collections.abc import Callable
from dataclasses import fields, replace
from math import isfinite
from operator import attrgetter, is_
from typing import Any

from .model import GridReading, LoadInput, LoadReading

# No house that this is for draws or gives as much.
_MOST_W = 100_000.0


def sound_grid(grid: GridReading, now: float) -> GridReading | None:
    """Return a grid reading without what cannot be true; None where its power cannot be.

    One dated in the future would never grow old.
    """
    for value in (grid.power_w, grid.drawn_va):
        if value is not None and not abs(value) <= _MOST_W:
            return None
    if _is_odd(grid):
        grid = _without_odd(grid)
    return replace(grid, at=now) if grid.at > now else grid


def sound_loads(loads: tuple[LoadInput, ...]) -> tuple[LoadInput, ...]:
    """Return loads as ``sound_load`` does each; the same tuple where all are sound."""
    sound = tuple([sound_load(load) for load in loads])
    return loads if all(map(is_, sound, loads, strict=True)) else sound


def sound_load(load: LoadInput) -> LoadInput:
    """Return a load without what cannot be true of its reading or its wish."""
    if _is_odd(load.reading):
        load = replace(load, reading=_without_odd(load.reading))
    if load.manual_value is not None and not isfinite(load.manual_value):
        load = replace(load, manual_value=None)
    return load


# Of each kind of reading, its fields' names and all their values at once.
_FIELDS: dict[type, tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]]]] = {}


def _fields(
    reading: GridReading | LoadReading,
) -> tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]]]:
    kind = type(reading)
    if kind not in _FIELDS:
        names = tuple(item.name for item in fields(reading))
        _FIELDS[kind] = names, attrgetter(*names)
    return _FIELDS[kind]


def _is_odd(reading: GridReading | LoadReading) -> bool:
    for value in _fields(reading)[1](reading):
        # Each cycle asks of all values there are: no call for those that can be.
        kind = type(value)
        if kind is float:
            if not isfinite(value):
                return True
        elif kind is tuple and value and _cannot_be(value):
            return True
    return False


def _cannot_be(value: object) -> bool:
    if type(value) is float:
        return not isfinite(value)
    return type(value) is tuple and not all(isfinite(item) for item in value)


def _without_odd[R: (GridReading, LoadReading)](reading: R) -> R:
    names, values_of = _fields(reading)
    nothing: dict[str, Any] = {
        name: () if type(value) is tuple else None
        for name, value in zip(names, values_of(reading), strict=True)
        if _cannot_be(value)
    }
    return replace(reading, **nothing)
