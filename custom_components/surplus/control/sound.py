"""What of a snapshot can be true: no reading of anybody's may upset the whole house."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from math import isfinite
from operator import attrgetter, is_
from typing import Any

from .model import GridReading, LoadInput, LoadReading

# No house that this is for draws or gives as much.
_MOST_W = 100_000.0
_MOST_A = 1000.0


def sound_grid(grid: GridReading, now: float) -> GridReading | None:
    """Return a grid reading without what cannot be true; None where its power cannot be.

    One dated in the future would never grow old.
    """
    for value in (grid.power_w, grid.drawn_va):
        if value is not None and not abs(value) <= _MOST_W:
            return None
    if _is_odd(grid):
        grid = _without_odd(grid)
    if grid.currents_a and max(map(abs, grid.currents_a)) > _MOST_A:
        grid = replace(grid, currents_a=())
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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Numbers:
    """Where a kind of reading holds numbers: alone, or several together."""

    alone: tuple[str, ...]
    alone_of: Callable[[object], tuple[float | None, ...]]
    together: tuple[str, ...]


_NUMBERS: dict[type, _Numbers] = {}


def _numbers_of(reading: GridReading | LoadReading) -> _Numbers:
    kind = type(reading)
    if kind not in _NUMBERS:
        # Types are told as they are, or as they are written.
        written = {item.name: str(item.type) for item in fields(reading)}
        numbers = [name for name, told in written.items() if "float" in told]
        alone = tuple(name for name in numbers if "tuple" not in written[name])
        _NUMBERS[kind] = _Numbers(
            alone=alone,
            alone_of=attrgetter(*alone),
            together=tuple(name for name in numbers if name not in alone),
        )
    return _NUMBERS[kind]


def _is_odd(reading: GridReading | LoadReading) -> bool:
    numbers = _numbers_of(reading)
    # Asked of all there is in each cycle: what is not finite leaves no sum that is.
    if not isfinite(sum(filter(None, numbers.alone_of(reading)))):
        return True
    together = numbers.together
    return bool(together) and not all(
        isfinite(sum(getattr(reading, name))) for name in together
    )


def _without_odd[R: (GridReading, LoadReading)](reading: R) -> R:
    numbers = _numbers_of(reading)
    nothing: dict[str, Any] = {
        name: None
        for name in numbers.alone
        if not isfinite(getattr(reading, name) or 0.0)
    }
    nothing |= {
        name: ()
        for name in numbers.together
        if not all(map(isfinite, getattr(reading, name)))
    }
    return replace(reading, **nothing)
