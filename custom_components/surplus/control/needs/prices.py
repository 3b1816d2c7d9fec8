"""What the hours until a deadline cost, as far as anybody knows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import fmean

from ..loads.daily import CheapHours
from ..model import PriceClass, TariffNow, TariffSpan
from .clock import local
from .specs import OnDear

_SLOT_S = 1800.0
_RANK = {PriceClass.CHEAP: 0.0, PriceClass.NORMAL: 1.0, PriceClass.DEAR: 2.0}
# What may be taken from only if nothing else is left costs more than any price.
_LAST_RESORT = 1e6


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """A stretch of time, in epoch seconds, with one cost for comparing.

    ``price`` is per kWh where it is told. ``barred``: nothing may be taken in it;
    ``last_resort``: only where the deadline would be missed otherwise.
    """

    begins: float
    ends: float
    cost: float
    price: float | None = None
    last_resort: bool = False
    barred: bool = False

    @property
    def may_go_on(self) -> bool:
        """Whether what runs in it may go on without being pressed for time."""
        return not self.barred and not self.last_resort


@dataclass(frozen=True, slots=True)
class _Stretch:
    begins: float
    ends: float
    price_class: PriceClass
    price: float | None


def slices_of(
    wall: datetime,
    until: float,
    *,
    tariff: TariffNow | None,
    cheap: bool | None,
    cheap_hours: CheapHours,
    on_dear: OnDear,
) -> tuple[Slice, ...]:
    """Return the time from now on until an instant, cut where the cost changes.

    Where the user allows dear hours to all loads, they are hours like others.
    By prices where any are told; a stretch without one costs what its class costs on
    the average. Beyond what the tariff tells, half hours are as cheap as they were
    seen to be.
    """
    if tariff is not None and tariff.dear_allowed:
        on_dear = OnDear.ALWAYS
    now = wall.timestamp()
    stretches = _told(tariff.ahead if tariff else (), now, until)
    known_until = stretches[-1].ends if stretches else now
    here = class_now(tariff, cheap)
    stretches += _expected(wall, known_until, until, here=here, cheap_hours=cheap_hours)
    prices = {
        price_class: fmean(found)
        for price_class in PriceClass
        if (
            found := [
                stretch.price
                for stretch in stretches
                if stretch.price_class is price_class and stretch.price is not None
            ]
        )
    }
    merged: list[Slice] = []
    for stretch in stretches:
        new = _slice(stretch, prices, on_dear)
        last = merged[-1] if merged else None
        if (
            last is not None
            and replace(new, begins=last.begins, ends=last.ends) == last
        ):
            merged[-1] = replace(last, ends=new.ends)
        else:
            merged.append(new)
    return tuple(merged)


def _slice(
    stretch: _Stretch, prices: dict[PriceClass, float], on_dear: OnDear
) -> Slice:
    dear = stretch.price_class is PriceClass.DEAR
    if not prices:
        cost = _RANK[stretch.price_class]
    elif stretch.price is not None:
        cost = stretch.price
    else:
        cost = prices.get(stretch.price_class, fmean(prices.values()))
    last_resort = dear and on_dear is OnDear.IF_LATE
    if last_resort:
        cost += _LAST_RESORT
    return Slice(
        begins=stretch.begins,
        ends=stretch.ends,
        cost=cost,
        price=stretch.price,
        last_resort=last_resort,
        barred=dear and on_dear is OnDear.NEVER,
    )


def _told(ahead: Sequence[TariffSpan], now: float, until: float) -> list[_Stretch]:
    """Return what the tariff tells, from now on and as far as it has no gap."""
    stretches: list[_Stretch] = []
    at = now
    for span in ahead:
        begins, ends = span.begins.timestamp(), span.ends.timestamp()
        if ends <= at:
            continue
        if begins > at or at >= until:
            break
        end = min(ends, until)
        stretches.append(_Stretch(at, end, span.price_class, span.price))
        at = end
    return stretches


def _expected(
    wall: datetime,
    begin: float,
    until: float,
    *,
    here: PriceClass,
    cheap_hours: CheapHours,
) -> list[_Stretch]:
    """Return half hours as they were seen to be, the present one as it is."""
    stretches = []
    at, now = begin, wall.timestamp()
    while at < until:
        end = min(at - at % _SLOT_S + _SLOT_S, until)
        if at == now:
            price_class = here
        elif cheap_hours.seen_at(local(at, wall.tzinfo)):
            price_class = PriceClass.CHEAP
        else:
            price_class = PriceClass.NORMAL
        stretches.append(_Stretch(at, end, price_class, None))
        at = end
    return stretches


def class_now(tariff: TariffNow | None, cheap: bool | None) -> PriceClass:
    """Return how the present hour counts."""
    if tariff is not None and tariff.price_class is not None:
        return tariff.price_class
    return PriceClass.CHEAP if cheap else PriceClass.NORMAL
