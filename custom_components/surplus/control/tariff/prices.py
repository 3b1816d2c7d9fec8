"""What periods mean for loads: class, price, cap, and what an imported kWh is worth.

λ is the price of an imported kWh in units of a captured one: importing now instead of
later costs the difference of both prices; capturing now saves the later price and
forgoes what an exported kWh would have brought.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..model import Period, PriceClass, TariffSpan
from .clock import Stretch

# As strict as it gets: any lasting import stops a load.
STRICTEST = 25.0
# A flat tariff would give 0: a load would then never stop.
LEAST = 0.1

# A red night is no cheap one: water waits for it, a car need not.
_CLASSES = {
    Period.OFF_PEAK: PriceClass.CHEAP,
    Period.EJP_PEAK: PriceClass.DEAR,
    Period.TEMPO_BLUE_HC: PriceClass.CHEAP,
    Period.TEMPO_WHITE_HC: PriceClass.CHEAP,
    Period.TEMPO_RED_HP: PriceClass.DEAR,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodTerms:
    """What the user told of a period; None where the usual holds."""

    price: float | None = None
    price_class: PriceClass | None = None
    house_cap_w: float | None = None


_USUAL = PeriodTerms()


@dataclass(frozen=True, kw_only=True, slots=True)
class Prices:
    """The terms of every period, and the feed-in price, all per kWh.

    ``import_price`` is the user's own λ; ``cheapest``: the tariff may lower it too.
    """

    periods: Mapping[Period, PeriodTerms] = field(default_factory=dict)
    feed_in: float | None = None
    import_price: float = 1.0
    cheapest: bool = False

    def class_of(self, period: Period) -> PriceClass:
        """Return how a period counts for loads: as chosen, else by its name."""
        chosen = self.periods.get(period, _USUAL).price_class
        return chosen or _CLASSES.get(period, PriceClass.NORMAL)

    def price_of(self, period: Period) -> float | None:
        """Return the price of a period, None where it was not told."""
        return self.periods.get(period, _USUAL).price

    def house_cap_w(self, period: Period) -> float | None:
        """Return the most the house may draw in a period, None without a cap."""
        return self.periods.get(period, _USUAL).house_cap_w

    def spans(self, stretches: Iterable[Stretch]) -> tuple[TariffSpan, ...]:
        """Return stretches of time with what they mean."""
        return tuple(
            TariffSpan(
                begins=stretch.begins,
                ends=stretch.ends,
                period=stretch.period,
                price_class=self.class_of(stretch.period),
                price=self.price_of(stretch.period),
            )
            for stretch in stretches
        )

    def worth(
        self,
        price_class: PriceClass | None,
        price: float | None,
        ahead: Iterable[TariffSpan],
        feed_in: float | None,
    ) -> float:
        """Return λ for now: raised by the tariff, and lowered only where that is asked.

        ``ahead`` are the spans after the present one. Without any the cheapest period
        that is not dear is what is waited for.
        """
        by_tariff = import_worth(price, self._later(ahead), feed_in)
        if by_tariff is None:
            dear = price_class is PriceClass.DEAR
            return max(self.import_price, STRICTEST) if dear else self.import_price
        if self.cheapest:
            return by_tariff
        return max(self.import_price, by_tariff)

    def _later(self, ahead: Iterable[TariffSpan]) -> float | None:
        told = [span.price for span in ahead if span.price is not None]
        if not told:
            told = [
                terms.price
                for period, terms in self.periods.items()
                if terms.price is not None
                and self.class_of(period) is not PriceClass.DEAR
            ]
        return min(told, default=None)


def import_worth(
    price: float | None, later: float | None, feed_in: float | None
) -> float | None:
    """Return λ by prices per kWh, from 0.1 to 25; None where they are not known.

    Without a feed-in price an exported kWh brings nothing. Where it brings as much as
    one costs later, capturing gains nothing: any import that costs more is too much.
    """
    if price is None or later is None:
        return None
    dearer, gained = price - later, later - (feed_in or 0.0)
    if dearer <= 0:
        return LEAST
    if gained <= 0:
        return STRICTEST
    return min(max(dearer / gained, LEAST), STRICTEST)
