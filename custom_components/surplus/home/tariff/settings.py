"""Read the tariff's subentry: what the user told of the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry

from ...control.model import Contract, Period, PriceClass
from ...control.tariff.prices import PeriodTerms, Prices
from ...control.tariff.tariff import TariffTerms
from ...control.tariff.windows import EVERY_DAY, FixedHours, Season, Window
from ..const import (
    CONF_GRID_METERS,
    CONF_STRICTNESS,
    IMPORT_PRICE,
    STRICTNESS_BALANCED,
    STRICTNESS_CHEAPEST,
)
from .const import (
    CONF_BEGINS,
    CONF_CAP_KW,
    CONF_CHEAP_ORDER,
    CONF_CONTRACT,
    CONF_DEAR_ALLOWED,
    CONF_DEAR_ORDER,
    CONF_ENDS,
    CONF_FEED_IN,
    CONF_FEED_IN_ENTITY,
    CONF_FIRST_DAY,
    CONF_LAST_DAY,
    CONF_OTHERWISE,
    CONF_PERIOD,
    CONF_PERIODS,
    CONF_PRICE,
    CONF_PRICE_CLASS,
    CONF_PRICE_ENTITY,
    CONF_SOURCE,
    CONF_TARIFF_ENTITY,
    CONF_TODAY_ENTITY,
    CONF_TOMORROW_ENTITY,
    CONF_WEEKDAYS,
    CONF_WINDOWS,
    SOURCE_CALENDAR,
    SOURCE_ENTITY,
    SUBENTRY_TARIFF,
    WEEKDAYS,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TariffSettings:
    """Where the tariff is told, by what terms, and who comes first when.

    ``source`` is a meter's id, ``entity`` or ``calendar``. ``orders`` are load ids by
    price class; those that are not in there come after them as usual.
    """

    source: str
    terms: TariffTerms
    tariff_entity: str | None = None
    today_entity: str | None = None
    tomorrow_entity: str | None = None
    price_entity: str | None = None
    feed_in_entity: str | None = None
    orders: Mapping[PriceClass, tuple[str, ...]] = field(default_factory=dict)

    @property
    def told_by(self) -> tuple[str | None, ...]:
        """What tells the period and the days: another one tells of something else."""
        return (
            self.source,
            self.terms.contract,
            self.tariff_entity,
            self.today_entity,
            self.tomorrow_entity,
        )


def tariff_subentry(entry: ConfigEntry) -> ConfigSubentry | None:
    """Return the tariff's subentry, None where the user has made none."""
    return next(
        (
            subentry
            for subentry in entry.subentries.values()
            if subentry.subentry_type == SUBENTRY_TARIFF
        ),
        None,
    )


def tariff_settings(
    entry: ConfigEntry, tellers: Mapping[str, Any]
) -> TariffSettings | None:
    """Return what the user told of the tariff; None where nobody tells of any.

    Without a word the first grid meter among the ``tellers`` tells it.
    """
    strictness = entry.data.get(CONF_STRICTNESS, STRICTNESS_BALANCED)
    prices = Prices(
        import_price=IMPORT_PRICE[strictness],
        cheapest=strictness == STRICTNESS_CHEAPEST,
    )
    subentry = tariff_subentry(entry)
    if subentry is not None:
        return settings_of(subentry.data, prices)
    meter = next((one for one in entry.data[CONF_GRID_METERS] if one in tellers), None)
    if meter is None:
        return None
    return TariffSettings(source=meter, terms=TariffTerms(prices=prices))


def settings_of(data: Mapping[str, Any], own: Prices) -> TariffSettings:
    """Read the data of a subentry; ``own`` is the user's choice of λ."""
    contract, source = Contract(data[CONF_CONTRACT]), data[CONF_SOURCE]
    return TariffSettings(
        source=source,
        terms=TariffTerms(
            contract=contract,
            hours=hours_of(data),
            is_calendar=source == SOURCE_CALENDAR,
            prices=Prices(
                periods={
                    Period(period): terms_of(told)
                    for period, told in data.get(CONF_PERIODS, {}).items()
                },
                feed_in=data.get(CONF_FEED_IN),
                import_price=own.import_price,
                cheapest=own.cheapest,
            ),
            dear_allowed=bool(data.get(CONF_DEAR_ALLOWED)),
        ),
        tariff_entity=data.get(CONF_TARIFF_ENTITY) if source == SOURCE_ENTITY else None,
        today_entity=data.get(CONF_TODAY_ENTITY),
        tomorrow_entity=data.get(CONF_TOMORROW_ENTITY),
        price_entity=data.get(CONF_PRICE_ENTITY),
        feed_in_entity=data.get(CONF_FEED_IN_ENTITY),
        orders={
            PriceClass.CHEAP: tuple(data.get(CONF_CHEAP_ORDER, ())),
            PriceClass.DEAR: tuple(data.get(CONF_DEAR_ORDER, ())),
        },
    )


def terms_of(told: Mapping[str, Any]) -> PeriodTerms:
    """Read what was told of one period."""
    price_class, cap_kw = told.get(CONF_PRICE_CLASS), told.get(CONF_CAP_KW)
    return PeriodTerms(
        price=told.get(CONF_PRICE),
        price_class=PriceClass(price_class) if price_class else None,
        house_cap_w=cap_kw * 1000.0 if cap_kw else None,
    )


def hours_of(data: Mapping[str, Any]) -> FixedHours | None:
    """Read the fixed windows; None without any.

    Raises KeyError, TypeError or ValueError where one is none.
    """
    told = data.get(CONF_WINDOWS) or ()
    contract = Contract(data[CONF_CONTRACT])
    if not told or contract not in (Contract.PEAK_OFF_PEAK, Contract.OTHER):
        return None
    usual = Period.PEAK if contract is Contract.PEAK_OFF_PEAK else Period.INDEX_1
    return FixedHours(
        windows=tuple(_window_of(window) for window in told),
        otherwise=Period(data.get(CONF_OTHERWISE, usual)),
    )


def _window_of(told: Mapping[str, Any]) -> Window:
    weekdays = told.get(CONF_WEEKDAYS) or ()
    first, last = told.get(CONF_FIRST_DAY), told.get(CONF_LAST_DAY)
    return Window(
        period=Period(told.get(CONF_PERIOD) or Period.OFF_PEAK),
        begins_min=_minute_of(told[CONF_BEGINS]),
        ends_min=_minute_of(told[CONF_ENDS]),
        weekdays=frozenset(map(WEEKDAYS.index, weekdays)) or EVERY_DAY,
        season=Season(first=_day_of(first), last=_day_of(last))
        if first and last
        else None,
    )


def _minute_of(clock: str) -> int:
    hours, minutes = (int(part) for part in clock.split(":")[:2])
    if not 0 <= hours < 24 or not 0 <= minutes < 60:
        raise ValueError(f"{clock} is no time of a day")
    return hours * 60 + minutes


def _day_of(text: str) -> tuple[int, int]:
    """Read a month and its day, be it written as ``11-01`` or as a whole date."""
    month, day = (int(part) for part in text.split("-")[-2:])
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        raise ValueError(f"{text} is no day of a year")
    return month, day
