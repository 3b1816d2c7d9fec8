"""How much time of a kind is ahead."""

from datetime import datetime, timedelta

from ..model import PriceClass, TariffNow

_SECOND = timedelta(seconds=1)


def spent_s(
    tariff: TariffNow, price_class: PriceClass, begins: datetime, ends: datetime
) -> float:
    """Return how long hours of a class last between two instants, as far as known."""
    lasts = timedelta()
    for span in tariff.ahead:
        if span.price_class is price_class:
            first, last = max(span.begins, begins), min(span.ends, ends)
            if first < last:
                lasts += last - first
    return lasts / _SECOND


def held_back_s(tariff: TariffNow, begins: datetime, ends: datetime) -> float:
    """Return how long nothing may be started from the grid between two instants."""
    if tariff.dear_allowed:
        return 0.0
    return spent_s(tariff, PriceClass.DEAR, begins, ends)
