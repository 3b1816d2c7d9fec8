"""How much of which source, and what it has cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from .saved import amount, number


class Source(StrEnum):
    """Where energy has come from; ``cheap`` and ``full`` are the grid, by its price."""

    SUN = "sun"
    BATTERY = "battery"
    CHEAP = "cheap"
    FULL = "full"


@dataclass(kw_only=True, slots=True)
class Tally:
    """Energy in Wh by source, and money in the user's currency.

    ``cost`` is what was bought of the grid, ``unpriced_wh`` how much of it had no price:
    that is in no cost. ``saving`` is what the same energy would have cost if it had been
    taken at once, less what it has cost (``at_once.py``); it may be negative.
    """

    sun_wh: float = 0.0
    battery_wh: float = 0.0
    cheap_wh: float = 0.0
    full_wh: float = 0.0
    cost: float = 0.0
    unpriced_wh: float = 0.0
    saving: float = 0.0

    @property
    def total_wh(self) -> float:
        """All sources together."""
        return self.sun_wh + self.battery_wh + self.cheap_wh + self.full_wh

    @property
    def solar_share(self) -> float | None:
        """How much of it was sun, as a share of 1; None of nothing."""
        total_wh = self.total_wh
        return self.sun_wh / total_wh if total_wh > 0.0 else None

    def of(self, source: Source) -> float:
        """Return the energy of one source, in Wh."""
        match source:
            case Source.SUN:
                return self.sun_wh
            case Source.BATTERY:
                return self.battery_wh
            case Source.CHEAP:
                return self.cheap_wh
            case Source.FULL:
                return self.full_wh

    def add(self, other: Tally) -> None:
        """Take all of another one."""
        self.sun_wh += other.sun_wh
        self.battery_wh += other.battery_wh
        self.cheap_wh += other.cheap_wh
        self.full_wh += other.full_wh
        self.cost += other.cost
        self.unpriced_wh += other.unpriced_wh
        self.saving += other.saving

    def times(self, factor: float) -> Tally:
        """Return a part, or a multiple, of it."""
        return Tally(
            sun_wh=self.sun_wh * factor,
            battery_wh=self.battery_wh * factor,
            cheap_wh=self.cheap_wh * factor,
            full_wh=self.full_wh * factor,
            cost=self.cost * factor,
            unpriced_wh=self.unpriced_wh * factor,
            saving=self.saving * factor,
        )

    def copy(self) -> Tally:
        """Return one that goes on by itself."""
        return self.times(1.0)

    def since(self, before: Tally) -> Tally:
        """Return what has come since an earlier state of it."""
        return Tally(
            sun_wh=max(0.0, self.sun_wh - before.sun_wh),
            battery_wh=max(0.0, self.battery_wh - before.battery_wh),
            cheap_wh=max(0.0, self.cheap_wh - before.cheap_wh),
            full_wh=max(0.0, self.full_wh - before.full_wh),
            cost=self.cost - before.cost,
            unpriced_wh=max(0.0, self.unpriced_wh - before.unpriced_wh),
            saving=self.saving - before.saving,
        )

    def as_dict(self) -> dict[str, float]:
        """Return it as JSON values."""
        return {
            "sun_wh": self.sun_wh,
            "battery_wh": self.battery_wh,
            "cheap_wh": self.cheap_wh,
            "full_wh": self.full_wh,
            "cost": self.cost,
            "unpriced_wh": self.unpriced_wh,
            "saving": self.saving,
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Read one back; raises KeyError, TypeError or ValueError when damaged."""
        return cls(
            sun_wh=amount(saved, "sun_wh"),
            battery_wh=amount(saved, "battery_wh"),
            cheap_wh=amount(saved, "cheap_wh"),
            full_wh=amount(saved, "full_wh"),
            cost=number(saved, "cost"),
            unpriced_wh=amount(saved, "unpriced_wh"),
            saving=number(saved, "saving"),
        )
