"""The tariff of a Home: what holds now, what is ahead, and whether anybody still tells.

A source says when a period begins: a meter may be minutes off its table, and it is what
one is billed by. Calendars, profiles and what was learned only say what is ahead, and
stand in for a source where the user gave them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ..model import (
    Colour,
    Contract,
    Period,
    PriceClass,
    TariffNow,
    TariffReading,
    TariffSpan,
)
from .ahead import aligned, patched
from .clock import Stretch
from .colours import Days
from .learned import LearnedHours
from .prices import Prices
from .profile import profile_ahead
from .published import period_of_index
from .tempo import TEMPO_PERIODS, ejp_ahead, ejp_period, tempo_ahead, tempo_night
from .windows import FixedHours

# What a source told stands this long without it.
LOST_S = 300.0
_HORIZON = timedelta(hours=48)
_LATER = timedelta(hours=24)
_RENEWED = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class TariffTerms:
    """What the user told of the contract.

    ``contract`` is None where the source tells it. ``hours`` are fixed windows, and
    ``is_calendar`` says that they, or the laws of Tempo and EJP, are the source.
    """

    contract: Contract | None = None
    hours: FixedHours | None = None
    is_calendar: bool = False
    prices: Prices = field(default_factory=Prices)
    dear_allowed: bool = False


class Tariff:
    """Assembles ``TariffNow`` in each cycle; what it returns is new only where it is."""

    def __init__(
        self, terms: TariffTerms, saved: Mapping[str, Any] | None = None
    ) -> None:
        """Start from terms and what ``as_dict`` saved.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        saved = saved or {}
        self._terms = terms
        self._days = Days(saved.get("days"))
        self._learned = LearnedHours(saved.get("learned"))
        self._names = {
            int(index): Period(period)
            for index, period in saved.get("names", {}).items()
        }
        self._reading = TariffReading()
        self._told_at: float | None = None
        self._begun_at: float | None = None
        self._known_at: float | None = None
        self._price: float | None = None
        self._feed_in: float | None = None
        self._made: TariffNow | None = None
        self._made_of: tuple[object, ...] = ()
        self._made_at = self._made_until = datetime.min.replace(tzinfo=UTC)
        self._lost = False

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {
            "days": self._days.as_dict(),
            "learned": self._learned.as_dict(),
            "names": {str(index): period for index, period in self._names.items()},
        }

    def change(self, terms: TariffTerms, *, other_source: bool) -> None:
        """Take over other terms; what another source told holds no more."""
        self._terms, self._made = terms, None
        if other_source:
            self._days = Days()
            self._learned.forget()
            self._names.clear()
            self._reading = TariffReading()
            self._told_at = self._begun_at = self._known_at = None

    # ---- what is told --------------------------------------------------------------

    def see(
        self,
        reading: TariffReading | None,
        now: float,
        wall: datetime,
        *,
        price: float | None = None,
        feed_in: float | None = None,
    ) -> None:
        """Take in what a source says; ``price`` and ``feed_in`` are per kWh.

        ``now`` is monotonic, ``wall`` an aware local time: the same instant.
        """
        if self._begun_at is None:
            self._begun_at = now
        self._price = price
        self._feed_in = feed_in
        if reading is None or (reading.at is not None and now - reading.at >= LOST_S):
            return
        self._days.note(reading, self._contract_of(reading), wall)
        period = self._named(reading, wall)
        said = reading.cheap is not None or reading.today is not Colour.NONE
        if period is None and not said:
            # Half of what it says is lost in each frame that is: the other half stands.
            self._reading = replace(
                reading, period=self._reading.period, cheap=self._reading.cheap
            )
            return
        self._reading = replace(reading, period=period)
        self._told_at = now if reading.at is None else reading.at
        if period is None:
            return
        if reading.index is not None:
            self._names[reading.index] = period
        self._learned.note(wall, period)

    def look(self, now: float, wall: datetime) -> TariffNow:
        """Return what is known now."""
        is_told = self._told_at is not None and now - self._told_at < LOST_S
        period, price_class = self._present(wall, is_told=is_told)
        if price_class is not None:
            self._known_at = self._told_at if is_told else now
        since = self._begun_at if self._known_at is None else self._known_at
        self._lost = price_class is None and since is not None and now - since >= LOST_S
        if price_class is None:
            period, price_class = self._announced_dear(wall)
        reading = self._reading
        made_of = (
            period,
            price_class,
            self._price,
            self._feed_in,
            is_told,
            reading.contact_closed,
            reading.option,
            reading.profile_today,
            reading.profile_tomorrow,
            self._days.revision,
        )
        if (
            self._made is None
            or made_of != self._made_of
            or not self._made_at <= wall.astimezone(UTC) < self._made_until
        ):
            at = wall.astimezone(UTC)
            self._made_of, self._made_at = made_of, at
            self._made = self._assemble(period, price_class, wall, is_told=is_told)
            self._made_until = at + _RENEWED
            if self._made.ahead:
                self._made_until = min(self._made_until, self._made.ahead[0].ends)
        return self._made

    @property
    def lost(self) -> bool:
        """Whether a source that should tell has not for five minutes."""
        return self._lost

    @property
    def contract(self) -> Contract | None:
        """The contract, as chosen or as told."""
        return self._contract_of(self._reading)

    @property
    def next_change(self) -> datetime | None:
        """When the period changes next, as far as that is known."""
        ahead = self._made.ahead if self._made is not None else ()
        # Where the colours end is a change too, to a period nobody knows yet.
        by_law = self.contract in (Contract.TEMPO, Contract.EJP)
        return ahead[0].ends if len(ahead) > 1 or (ahead and by_law) else None

    def colours(self, wall: datetime) -> tuple[Colour, Colour]:
        """Return the colours of the Tempo day that runs and of the one after it."""
        return self._days.colours(wall)

    # ---- now -----------------------------------------------------------------------

    def _contract_of(self, reading: TariffReading) -> Contract | None:
        return self._terms.contract or reading.option

    def _named(self, reading: TariffReading, wall: datetime) -> Period | None:
        """Return the period that a reading tells, by the names of the contract."""
        contract, period = self._contract_of(reading), reading.period
        if self._terms.contract is Contract.OTHER and reading.index is not None:
            # The user has told what each index costs, whatever it is called.
            return period_of_index(reading.index, Contract.OTHER)
        if contract is Contract.BASE and (period or reading.index) is not None:
            return Period.BASE
        if period is Period.BASE and self._terms.contract is not None:
            # So a meter in historic mode speaks of every contract it has no words for.
            return None
        if period is not None:
            if contract is not None and period.value.startswith("index_"):
                number = int(period.value.removeprefix("index_"))
                return period_of_index(number, contract) or period
            return period
        match contract:
            case Contract.TEMPO:
                return self._tempo_period(reading.cheap, wall)
            case Contract.PEAK_OFF_PEAK if reading.cheap is not None:
                return Period.OFF_PEAK if reading.cheap else Period.PEAK
        return None

    def _tempo_period(self, off_peak: bool | None, wall: datetime) -> Period | None:
        """Return the period of a colour that is known; its hours are law."""
        colour = self._days.colours(wall)[0]
        if colour is Colour.NONE:
            return None
        night = tempo_night(wall) if off_peak is None else off_peak
        return TEMPO_PERIODS[colour, night]

    def _present(
        self, wall: datetime, *, is_told: bool
    ) -> tuple[Period | None, PriceClass | None]:
        """Return period and class that hold now, None where nobody tells."""
        terms, reading = self._terms, self._reading
        period = None
        if is_told:
            period = reading.period
            if (
                period is None
                and reading.cheap is None
                and self.contract is Contract.TEMPO
            ):
                period = self._tempo_period(None, wall)
            if period is None and reading.cheap is not None:
                if self.contract is Contract.TEMPO:
                    # Cheap or not, it may be a red day.
                    return None, None
                return None, PriceClass.CHEAP if reading.cheap else PriceClass.NORMAL
        if period is None and terms.is_calendar:
            match terms.contract:
                case Contract.BASE:
                    period = Period.BASE
                case Contract.TEMPO:
                    period = self._tempo_period(None, wall)
                case Contract.EJP:
                    period = ejp_period(wall, self._days.peaks)
        if period is None and terms.hours is not None:
            period = terms.hours.period_at(wall)
        return period, None if period is None else terms.prices.class_of(period)

    def _announced_dear(
        self, wall: datetime
    ) -> tuple[Period | None, PriceClass | None]:
        """Return the dear period that was announced for now, None and None without one.

        Silence takes nothing back: neither a meter that is lost nor a restart makes a
        red day one on which loads are started from the grid.
        """
        # After a restart a contract that only the source tells is not known yet.
        contract, days, period = self.contract, self._days, None
        if days.told and contract in (None, Contract.TEMPO):
            period = self._tempo_period(None, wall)
        elif days.peaks and contract in (None, Contract.EJP):
            period = ejp_period(wall, days.peaks)
        if period is None:
            return None, None
        price_class = self._terms.prices.class_of(period)
        dear = price_class is PriceClass.DEAR
        return (period, price_class) if dear else (None, None)

    def _assemble(
        self,
        period: Period | None,
        price_class: PriceClass | None,
        wall: datetime,
        *,
        is_told: bool,
    ) -> TariffNow:
        prices, price = self._terms.prices, self._price
        feed_in = prices.feed_in if self._feed_in is None else self._feed_in
        ahead: tuple[TariffSpan, ...] = ()
        house_cap_w = None
        if period is not None:
            ahead = prices.spans(self._ahead(period, wall))
            house_cap_w = prices.house_cap_w(period)
            price = prices.price_of(period) if price is None else price
        later = [span for span in ahead[1:] if span.begins < wall + _LATER]
        return TariffNow(
            period=period,
            price_class=price_class,
            price=price,
            feed_in=feed_in,
            import_price=prices.worth(price_class, price, later, feed_in),
            house_cap_w=house_cap_w,
            ahead=ahead,
            dear_allowed=self._terms.dear_allowed,
            contact_closed=self._reading.contact_closed if is_told else None,
        )

    # ---- ahead ---------------------------------------------------------------------

    def _ahead(self, period: Period, wall: datetime) -> Sequence[Stretch]:
        """Return what is ahead, with the present period first."""
        return aligned(self._calendar, period, wall, _HORIZON)

    def _calendar(self, wall: datetime, until: datetime) -> Sequence[Stretch]:
        """Return the periods from an instant on, as far as any calendar knows them."""
        begins, ends = wall.astimezone(UTC), until.astimezone(UTC)
        match self.contract:
            case Contract.BASE:
                return [Stretch(begins=begins, ends=ends, period=Period.BASE)]
            case Contract.TEMPO:
                return tempo_ahead(wall, until, self._days.told)
            case Contract.EJP:
                return ejp_ahead(wall, until, self._days.peaks)
        hours = self._terms.hours
        known = [
            profile_ahead(wall, self._reading, self._name_of),
            hours.ahead(wall, until)
            if hours is not None
            else self._learned.ahead(wall, until),
        ]
        return patched(known, begins, ends)

    def _name_of(self, index: int) -> Period:
        """Return the period of a supplier index: as it was seen, else by custom."""
        seen = self._names.get(index)
        if seen is not None:
            return seen
        contract = self.contract or Contract.OTHER
        return period_of_index(index, contract) or Period(f"index_{index}")
