"""What electricity costs, now and ahead, and how that is called.

A *period* is the tariff's price class by its name in the contract. How it counts for
loads is its ``PriceClass``: three of them, whatever the contract.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class Period(StrEnum):
    """The tariff's current price class; ``index_n`` where only the number is known."""

    BASE = "base"
    OFF_PEAK = "off_peak"
    PEAK = "peak"
    EJP_NORMAL = "ejp_normal"
    EJP_PEAK = "ejp_peak"
    TEMPO_BLUE_HC = "tempo_blue_hc"
    TEMPO_BLUE_HP = "tempo_blue_hp"
    TEMPO_WHITE_HC = "tempo_white_hc"
    TEMPO_WHITE_HP = "tempo_white_hp"
    TEMPO_RED_HC = "tempo_red_hc"
    TEMPO_RED_HP = "tempo_red_hp"
    INDEX_1 = "index_1"
    INDEX_2 = "index_2"
    INDEX_3 = "index_3"
    INDEX_4 = "index_4"
    INDEX_5 = "index_5"
    INDEX_6 = "index_6"
    INDEX_7 = "index_7"
    INDEX_8 = "index_8"
    INDEX_9 = "index_9"
    INDEX_10 = "index_10"


class Colour(IntEnum):
    """A Tempo colour; NONE while nothing is announced or there is no Tempo."""

    NONE = 0
    BLUE = 1
    WHITE = 2
    RED = 3


class PriceClass(StrEnum):
    """How a period counts for loads.

    ``cheap``: *eco* takes all it can. ``dear``: nothing is started from the grid unless
    a person said so (a red Tempo day, an EJP peak).
    """

    CHEAP = "cheap"
    NORMAL = "normal"
    DEAR = "dear"


@dataclass(frozen=True, kw_only=True, slots=True)
class TariffSpan:
    """A stretch of time with one price; ``price`` is per kWh, None where not told."""

    begins: datetime
    ends: datetime
    period: Period
    price_class: PriceClass
    price: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TariffNow:
    """What a cycle knows of the tariff.

    ``period`` and ``price_class`` are None while nobody tells. Prices are per kWh in the
    user's currency, ``feed_in`` what an exported one brings. ``import_price`` is what an
    imported Wh is worth against a captured one (λ), None where the user's own choice
    stands. ``house_cap_w`` is the most the house may draw in this period. ``ahead`` is
    what is known of the time to come, in order and without gaps; the first holds now.
    ``contact_closed`` is the state of the meter's own dry contact (a Linky's C1–C2), None
    where nobody tells.
    """

    period: Period | None = None
    price_class: PriceClass | None = None
    price: float | None = None
    feed_in: float | None = None
    import_price: float | None = None
    house_cap_w: float | None = None
    ahead: tuple[TariffSpan, ...] = ()
    contact_closed: bool | None = None
