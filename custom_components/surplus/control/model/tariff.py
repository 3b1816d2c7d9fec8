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


class Contract(StrEnum):
    """The kind of contract: which periods it has, and by what law they come."""

    BASE = "base"
    PEAK_OFF_PEAK = "peak_off_peak"
    EJP = "ejp"
    TEMPO = "tempo"
    OTHER = "other"


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
class Switching:
    """One step of a day's profile, as a Linky tells it.

    From ``minute`` of the day on: the supplier index, or None for unchanged.
    ``contact_closed`` is the dry contact's new state, None for unchanged or by the
    Tempo rule.
    """

    minute: int
    index: int | None
    contact_closed: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PeakSpan:
    """An announced mobile peak, in naive local time; ``number`` is 1 to 3.

    With Tempo the first is a white day and the second a red one.
    """

    number: int
    begins: datetime
    ends: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class TariffReading:
    """What a source says about price classes now, be it a meter or an entity.

    ``at`` is the monotonic instant it was told. ``index`` is the supplier index in use,
    ``label`` the supplier's own words for it, ``calendar`` for all of them. ``cheap`` is
    from sources that know no more than that. Colours are those of the Tempo day that
    runs and of the one after it, NONE without Tempo and while nothing is announced.
    ``peak_notice`` and ``peak_running`` are the number of the mobile peak that is
    announced or runs, 0 for none; a meter in historic mode knows one of EJP. ``peaks``
    are those whose times are told. ``profile_today`` is None where it is not told, and
    ``profile_tomorrow`` empty. ``contact_closed`` is the meter's own dry contact.
    """

    at: float | None = None
    option: Contract | None = None
    period: Period | None = None
    cheap: bool | None = None
    index: int | None = None
    label: str | None = None
    calendar: str | None = None
    today: Colour = Colour.NONE
    tomorrow: Colour = Colour.NONE
    peak_notice: int = 0
    peak_running: int = 0
    peaks: tuple[PeakSpan, ...] = ()
    contact_closed: bool | None = None
    profile_today: tuple[Switching, ...] | None = None
    profile_tomorrow: tuple[Switching, ...] = ()


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
    It ends where nothing more is known. ``dear_allowed``: the user lets loads start from
    the grid in dear hours too.
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
    dear_allowed: bool = False
    contact_closed: bool | None = None

    @property
    def holds_back(self) -> bool:
        """Whether nothing may be started from the grid now but by a person."""
        return self.price_class is PriceClass.DEAR and not self.dear_allowed
