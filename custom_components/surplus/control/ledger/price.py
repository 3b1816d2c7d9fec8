"""What a kWh of the grid costs now, and what an exported one brings."""

from dataclasses import dataclass
from math import isfinite

from ..model import PriceClass, Snapshot
from .tally import Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """Per kWh in the user's currency, None where nobody tells."""

    cheap: bool = False
    of_import: float | None = None
    of_export: float | None = None

    def tally(self, sun_wh: float, battery_wh: float, grid_wh: float) -> Tally:
        """Return energy by source at this price."""
        price, cheap = self.of_import, self.cheap
        return Tally(
            sun_wh=sun_wh,
            battery_wh=battery_wh,
            cheap_wh=grid_wh if cheap else 0.0,
            full_wh=0.0 if cheap else grid_wh,
            cost=0.0 if price is None else grid_wh * price / 1000.0,
            unpriced_wh=grid_wh if price is None else 0.0,
        )


def price_of(snapshot: Snapshot) -> Price:
    """Return the prices of a cycle; dear hours count as full price."""
    tariff = snapshot.tariff
    if tariff is None or tariff.price_class is None:
        cheap = bool(snapshot.cheap)
    else:
        cheap = tariff.price_class is PriceClass.CHEAP
    if tariff is None:
        return Price(cheap=cheap)
    return Price(
        cheap=cheap, of_import=_sound(tariff.price), of_export=_sound(tariff.feed_in)
    )


def _sound(price: float | None) -> float | None:
    return price if price is not None and isfinite(price) else None
