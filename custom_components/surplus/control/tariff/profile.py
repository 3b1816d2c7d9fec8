"""What a meter's day profiles (PJOURF+1) say of today and tomorrow."""

from collections.abc import Callable, Sequence
from datetime import datetime

from ..model import Period, Switching, TariffReading
from .clock import DAY_MIN, ONE_DAY, Stretch, instant, merged


def profile_ahead(
    wall: datetime, reading: TariffReading, name: Callable[[int], Period]
) -> Sequence[Stretch]:
    """Return the periods of the days whose profile is told; ``name`` is by index."""
    today = wall.date()
    stretches: list[Stretch] = []
    for day, steps in (
        (today, reading.profile_today or ()),
        (today + ONE_DAY, reading.profile_tomorrow),
    ):
        runs = _runs(steps)
        stretches += [
            Stretch(
                begins=instant(day, begins, wall.tzinfo),
                ends=instant(day, ends, wall.tzinfo),
                period=name(index),
            )
            for begins, ends, index in runs
            if begins < ends
        ]
    return merged_days(stretches)


def merged_days(stretches: Sequence[Stretch]) -> Sequence[Stretch]:
    """Return stretches with neighbours of one period made one, gaps left as they are."""
    rows: list[list[Stretch]] = []
    for stretch in stretches:
        if rows and rows[-1][-1].ends == stretch.begins:
            rows[-1].append(stretch)
        else:
            rows.append([stretch])
    return [stretch for row in rows for stretch in merged(row)]


def _runs(steps: Sequence[Switching]) -> list[tuple[int, int, int]]:
    """Return from which minute to which one an index counts.

    A day begins as it ends where its first step is not at midnight.
    """
    changes = [(step.minute, step.index) for step in steps if step.index is not None]
    if not changes:
        return []
    if changes[0][0] > 0:
        changes.insert(0, (0, changes[-1][1]))
    ends = [minute for minute, _ in changes[1:]] + [DAY_MIN]
    return [
        (begins, end, index) for (begins, index), end in zip(changes, ends, strict=True)
    ]
