"""What a load is asked for: its lasting mode, and what passes on top of it.

Boost, manual and whatever was given an end are passing: when they end, or a person
resumes, the mode before comes back. A person who moves a load from outside wins over
everything: that is an override, on top of what was there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from homeassistant.util import dt as dt_util

from ..control.model import LoadSpec, Mode, StorageSpec, SwitchedSpec

_ALWAYS_PASSING = (Mode.BOOST, Mode.MANUAL)


def modes_of(spec: LoadSpec) -> tuple[Mode, ...]:
    """Return the modes that make sense for a kind of load.

    The minimum of a switched load is all of it, and a storage has none.
    """
    if isinstance(spec, SwitchedSpec | StorageSpec):
        return tuple(mode for mode in Mode if mode is not Mode.MIN_SOLAR)
    return tuple(Mode)


@dataclass(frozen=True, kw_only=True, slots=True)
class Passing:
    """A mode with the mode before it waiting to come back.

    It ends at ``until`` or when ``energy_wh`` has been taken, whichever comes first;
    with neither it stays until a person ends it. ``value`` is the set-point of mode
    manual. ``by_hand``: a person has moved the load itself.
    """

    mode: Mode
    until: datetime | None = None
    energy_wh: float | None = None
    value: float | None = None
    by_hand: bool = False

    def is_over(self, wall: datetime) -> bool:
        """Return whether it has ended."""
        return (self.until is not None and wall >= self.until) or (
            self.energy_wh is not None and self.energy_wh <= 0
        )

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Read what ``as_dict`` wrote; raises KeyError, TypeError or ValueError."""
        until, energy_wh, value = saved["until"], saved["energy_wh"], saved["value"]
        return cls(
            mode=Mode(saved["mode"]),
            until=moment(until) if until is not None else None,
            energy_wh=float(energy_wh) if energy_wh is not None else None,
            value=float(value) if value is not None else None,
            by_hand=bool(saved["by_hand"]),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what to save."""
        return {
            "mode": self.mode,
            "until": self.until.isoformat() if self.until else None,
            "energy_wh": self.energy_wh,
            "value": self.value,
            "by_hand": self.by_hand,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadModes:
    """Everything that is asked of one load.

    ``passing`` lie on top of the ``lasting`` mode, the newest last: at most what was
    set and an override above it. ``wishes`` counts the times a person has set the
    mode, since the start only.
    """

    lasting: Mode = Mode.SOLAR
    passing: tuple[Passing, ...] = ()
    wishes: int = 0

    @property
    def top(self) -> Passing | None:
        """What passes now."""
        return self.passing[-1] if self.passing else None

    @property
    def mode(self) -> Mode:
        """The mode now."""
        return self.top.mode if self.top else self.lasting

    @property
    def value(self) -> float | None:
        """The set-point a person gave it, in mode manual."""
        return self.top.value if self.top else None

    @property
    def by_hand(self) -> bool:
        """Whether a person has moved the load itself, and that still holds."""
        return (
            self.top is not None and self.top.mode is Mode.MANUAL and self.top.by_hand
        )

    def asked(
        self,
        mode: Mode,
        *,
        until: datetime | None = None,
        energy_wh: float | None = None,
        value: float | None = None,
    ) -> Self:
        """Return what is asked once a person has chosen a mode."""
        wishes = self.wishes + 1
        if until is None and mode not in _ALWAYS_PASSING:
            return replace(self, lasting=mode, passing=(), wishes=wishes)
        new = Passing(mode=mode, until=until, energy_wh=energy_wh, value=value)
        return replace(self, passing=(new,), wishes=wishes)

    def taken_over(self, value: float, until: datetime | None) -> Self:
        """Return what is asked once a person has moved the load from outside.

        Where a person had chosen manual with an end, or with none, that end stays.
        """
        under = self.passing
        if self.top is not None and self.top.mode is Mode.MANUAL:
            under = self.passing[:-1]
            if not self.top.by_hand:
                until = self.top.until
        by_hand = not self.top or self.top.mode is not Mode.MANUAL or self.top.by_hand
        new = Passing(mode=Mode.MANUAL, until=until, value=value, by_hand=by_hand)
        return replace(self, passing=(*under, new), wishes=self.wishes + 1)

    def resumed(self) -> Self:
        """Return what is asked once a person has ended what passes."""
        return replace(self, passing=self.passing[:-1], wishes=self.wishes + 1)

    def at(self, wall: datetime) -> Self:
        """Return what is asked at an instant: what has ended by then is gone."""
        if not any(one.is_over(wall) for one in self.passing):
            return self
        left = tuple(one for one in self.passing if not one.is_over(wall))
        return replace(self, passing=left)

    def put_off(self, times: Sequence[timedelta]) -> Self:
        """Return what is asked with the end of each that passes moved by a time."""
        moved = tuple(
            replace(one, until=one.until + time) if one.until and time else one
            for one, time in zip(self.passing, times, strict=True)
        )
        return self if moved == self.passing else replace(self, passing=moved)

    def having_taken(self, energy_wh: float) -> Self:
        """Return what is asked once the load has taken some energy of a boost."""
        if self.top is None or self.top.energy_wh is None:
            return self
        left = replace(self.top, energy_wh=max(0.0, self.top.energy_wh - energy_wh))
        return replace(self, passing=(*self.passing[:-1], left))

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Read what ``as_dict`` wrote; raises KeyError, TypeError or ValueError."""
        return cls(
            lasting=Mode(saved["lasting"]),
            passing=tuple(Passing.from_dict(one) for one in saved["passing"]),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what to save."""
        return {
            "lasting": self.lasting,
            "passing": [one.as_dict() for one in self.passing],
        }


def moment(text: str) -> datetime:
    """Return an instant that was written down; raises ValueError without its zone."""
    instant = dt_util.parse_datetime(text, raise_on_error=True)
    if instant.tzinfo is None:
        raise ValueError("a time without its zone")
    return instant
