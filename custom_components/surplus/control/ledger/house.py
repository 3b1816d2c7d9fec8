"""What the whole house has taken, bought and sold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Self

from .flows import Mix
from .price import Price
from .saved import amount, maybe_day, number
from .tally import Tally

_HOUR_S = 3600.0


@dataclass(kw_only=True, slots=True)
class HouseFigures:
    """Energies in Wh, money in the user's currency.

    ``taken`` is what the house and its loads took by source, batteries left out;
    ``bought`` all that was imported, also into batteries. ``solar_wh`` was produced,
    ``sent_wh`` of it left the house while the production was known. ``income`` is for
    ``sold_wh``, all that was exported; ``unpriced_sold_wh`` of it had no price.
    """

    taken: Tally = field(default_factory=Tally)
    bought: Tally = field(default_factory=Tally)
    solar_wh: float = 0.0
    sent_wh: float = 0.0
    sold_wh: float = 0.0
    unpriced_sold_wh: float = 0.0
    income: float = 0.0

    @property
    def self_consumption(self) -> float | None:
        """How much of the sun stayed, as a share of 1; None of none."""
        if self.solar_wh <= 0.0:
            return None
        return max(0.0, 1.0 - self.sent_wh / self.solar_wh)

    @property
    def self_sufficiency(self) -> float | None:
        """How much of what was taken came from sun and battery; None of nothing."""
        total_wh = self.taken.total_wh
        if total_wh <= 0.0:
            return None
        return (self.taken.sun_wh + self.taken.battery_wh) / total_wh

    def copy(self) -> HouseFigures:
        """Return one that goes on by itself."""
        return self.since(HouseFigures())

    def since(self, before: HouseFigures) -> HouseFigures:
        """Return what has come since an earlier state of it."""
        return HouseFigures(
            taken=self.taken.since(before.taken),
            bought=self.bought.since(before.bought),
            solar_wh=self.solar_wh - before.solar_wh,
            sent_wh=self.sent_wh - before.sent_wh,
            sold_wh=self.sold_wh - before.sold_wh,
            unpriced_sold_wh=self.unpriced_sold_wh - before.unpriced_sold_wh,
            income=self.income - before.income,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "taken": self.taken.as_dict(),
            "bought": self.bought.as_dict(),
            "solar_wh": self.solar_wh,
            "sent_wh": self.sent_wh,
            "sold_wh": self.sold_wh,
            "unpriced_sold_wh": self.unpriced_sold_wh,
            "income": self.income,
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Read one back; raises KeyError, TypeError or ValueError when damaged."""
        return cls(
            taken=Tally.from_dict(saved["taken"]),
            bought=Tally.from_dict(saved["bought"]),
            solar_wh=amount(saved, "solar_wh"),
            sent_wh=amount(saved, "sent_wh"),
            sold_wh=amount(saved, "sold_wh"),
            unpriced_sold_wh=amount(saved, "unpriced_sold_wh"),
            income=number(saved, "income"),
        )


class HouseAccount:
    """The account of the house, in all and today."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.total = HouseFigures()
        self._day: date | None = None
        self._before_today = HouseFigures()

    @property
    def today(self) -> HouseFigures:
        """What has come since local midnight."""
        return self.total.since(self._before_today)

    def count(
        self,
        *,
        dt_s: float,
        wall: datetime,
        price: Price,
        grid_w: float | None,
        solar_w: float | None,
        taken: Mix | None,
    ) -> None:
        """Count a step; ``taken`` is all the house takes, None where not known."""
        if (day := wall.date()) != self._day:
            self._day = day
            self._before_today = self.total.copy()
        hours, total = dt_s / _HOUR_S, self.total
        if grid_w is None or hours <= 0.0:
            return
        total.bought.add(price.tally(0.0, 0.0, max(0.0, grid_w) * hours))
        sold_wh = max(0.0, -grid_w) * hours
        total.sold_wh += sold_wh
        if price.of_export is None:
            total.unpriced_sold_wh += sold_wh
        else:
            total.income += sold_wh * price.of_export / 1000.0
        if taken is not None:
            total.taken.add(
                price.tally(
                    taken.sun_w * hours, taken.battery_w * hours, taken.grid_w * hours
                )
            )
        if solar_w is not None and solar_w > 0.0:
            solar_wh = solar_w * hours
            total.solar_wh += solar_wh
            total.sent_wh += min(sold_wh, solar_wh)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "total": self.total.as_dict(),
            "day": self._day.isoformat() if self._day else None,
            "before_today": self._before_today.as_dict(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on with what ``as_dict`` gave; raises KeyError, TypeError, ValueError."""
        self.total = HouseFigures.from_dict(saved["total"])
        self._day = maybe_day(saved, "day")
        self._before_today = HouseFigures.from_dict(saved["before_today"])
