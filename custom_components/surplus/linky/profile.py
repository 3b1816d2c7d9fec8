"""The switching of a day: PJOURF+1 and PPOINTE (Enedis-NOI-CPT_54E v3, §6.2.3.19).

Eleven blocks of HHMMSSSS or NONUTILE. The specification has HHMM in decimal digits, but
some meters write it as two hexadecimal bytes (0C1E is 12:30), and 1600 is a time either
way: 16:00, or 22:00. Which one a meter means is a fact about the meter.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from ..control.model import Switching

_DECIMAL: Final = 10
_HEXADECIMAL: Final = 16
_DIGITS: Final = frozenset("0123456789")
_HEX_DIGITS: Final = _DIGITS | frozenset("ABCDEF")
_UNUSED: Final = "NONUTILE"
# The evening switch of Tempo is at 22:00, and nothing happens at 16:00.
_TEMPO_EVENING: Final = {"2200": _DECIMAL, "1600": _HEXADECIMAL}
# How far from its time in the profile a switch may be seen.
_TOLERANCE_MIN: Final = 10


# One profile a day, read in every frame.
@lru_cache(maxsize=8)
def parse_profile(text: str, base: int | None = None) -> tuple[Switching, ...]:
    """Read a profile; ``base`` is that of its hours where it is known.

    Blocks that make no sense are left out.
    """
    if base is None:
        base = hour_base(text) or _DECIMAL
    switchings = []
    for block in _blocks(text):
        if (
            len(block) != 8
            or not _is_time(block[:4], base)
            or not _HEX_DIGITS.issuperset(block[4:])
        ):
            continue
        action = int(block[4:], 16)
        index = action & 0xF
        switchings.append(
            Switching(
                minute=int(block[:2], base) * 60 + int(block[2:4], base),
                index=index if 1 <= index <= 10 else None,
                contact_closed={2: False, 3: True}.get(action >> 14),
            )
        )
    return tuple(switchings)


def hour_base(text: str, *, tempo: bool = False) -> int | None:
    """Return the base of the hours in a profile; None when both would do."""
    times = [block[:4] for block in _blocks(text)]
    decimal, hexadecimal = (
        {text for text in times if _is_time(text, base)}
        for base in (_DECIMAL, _HEXADECIMAL)
    )
    if decimal < hexadecimal:
        return _HEXADECIMAL
    if hexadecimal < decimal:
        return _DECIMAL
    evening = [_TEMPO_EVENING[text] for text in times if text in _TEMPO_EVENING]
    return evening[0] if tempo and evening else None


def base_of_switch(text: str, minute: int, index: int) -> int | None:
    """Return the base in which a profile has the switch that was just seen.

    None when it is in neither reading, or in both.
    """
    fits = [
        base
        for base in (_DECIMAL, _HEXADECIMAL)
        if any(
            step.index == index and abs(step.minute - minute) <= _TOLERANCE_MIN
            for step in parse_profile(text, base)
        )
    ]
    return fits[0] if len(fits) == 1 else None


def next_switching(
    today: tuple[Switching, ...] | None, tomorrow: tuple[Switching, ...], now: datetime
) -> datetime | None:
    """Return when the supplier index changes next, in the meter's local time.

    ``today`` is None where the meter does not tell it. None without a change until the
    end of tomorrow.
    """
    # A day begins as the one before it ended, which was most likely like the next.
    before = _last_index(today or ()) or _last_index(tomorrow)
    changes = [
        *_changes(today or (), before, now.date()),
        *_changes(tomorrow, before, now.date() + timedelta(days=1)),
    ]
    return next((at for at in changes if at > now), None)


def _changes(
    profile: tuple[Switching, ...], index: int | None, day: date
) -> list[datetime]:
    """Return when the index becomes another one, from what it was before that day."""
    changes = []
    for step in profile:
        if step.index is not None and step.index != index:
            index = step.index
            at = time(step.minute // 60, step.minute % 60)
            changes.append(datetime.combine(day, at))
    return changes


def _last_index(profile: tuple[Switching, ...]) -> int | None:
    return next(
        (step.index for step in reversed(profile) if step.index is not None), None
    )


def _blocks(text: str) -> list[str]:
    return [block for block in text.split() if block != _UNUSED]


def _is_time(text: str, base: int) -> bool:
    digits = _HEX_DIGITS if base == _HEXADECIMAL else _DIGITS
    return (
        len(text) == 4
        and digits.issuperset(text)
        and int(text[:2], base) < 24
        and int(text[2:], base) < 60
    )
