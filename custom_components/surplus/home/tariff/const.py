"""Keys of the tariff's subentry."""

from typing import Final

from ...control.model import Contract, Period

SUBENTRY_TARIFF: Final = "tariff"

# A meter's id, or one of the two below.
CONF_SOURCE: Final = "told_by"
SOURCE_ENTITY: Final = "entity"
SOURCE_CALENDAR: Final = "calendar"

CONF_CONTRACT: Final = "contract"
CONF_INDEXES: Final = "indexes"
CONF_TARIFF_ENTITY: Final = "tariff_entity"
CONF_TODAY_ENTITY: Final = "today_entity"
CONF_TOMORROW_ENTITY: Final = "tomorrow_entity"
CONF_WINDOWS: Final = "windows"
CONF_OTHERWISE: Final = "otherwise"

# Of one window.
CONF_PERIOD: Final = "period"
CONF_BEGINS: Final = "begins"
CONF_ENDS: Final = "ends"
CONF_WEEKDAYS: Final = "weekdays"
CONF_FIRST_DAY: Final = "first_day"
CONF_LAST_DAY: Final = "last_day"

# Of one period, by its name.
CONF_PERIODS: Final = "periods"
CONF_PRICE: Final = "price"
CONF_PRICE_CLASS: Final = "price_class"
CONF_CAP_KW: Final = "cap_kw"

CONF_FEED_IN: Final = "feed_in"
CONF_PRICE_ENTITY: Final = "price_entity"
CONF_FEED_IN_ENTITY: Final = "feed_in_entity"
CONF_DEAR_ALLOWED: Final = "dear_allowed"
CONF_CHEAP_ORDER: Final = "cheap_order"
CONF_DEAR_ORDER: Final = "dear_order"

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

DEFAULT_INDEXES: Final = 3
MOST_INDEXES: Final = 10

_PERIODS: Final = {
    Contract.BASE: (Period.BASE,),
    Contract.PEAK_OFF_PEAK: (Period.OFF_PEAK, Period.PEAK),
    Contract.TEMPO: (
        Period.TEMPO_BLUE_HC,
        Period.TEMPO_BLUE_HP,
        Period.TEMPO_WHITE_HC,
        Period.TEMPO_WHITE_HP,
        Period.TEMPO_RED_HC,
        Period.TEMPO_RED_HP,
    ),
    Contract.EJP: (Period.EJP_NORMAL, Period.EJP_PEAK),
}


def periods_of(
    contract: Contract, indexes: int = DEFAULT_INDEXES
) -> tuple[Period, ...]:
    """Return the periods of a contract, the cheaper ones first; ``indexes`` of others."""
    if contract is Contract.OTHER:
        return tuple(Period(f"index_{n}") for n in range(1, indexes + 1))
    return _PERIODS[contract]
