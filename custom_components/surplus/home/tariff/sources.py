"""What the user's entities tell of the tariff."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from homeassistant.components.calendar.const import DOMAIN as CALENDAR_DOMAIN
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_ON
from homeassistant.core import HomeAssistant, State, split_entity_id

from ...control.model import Colour, Contract, Period, TariffReading
from ...control.tariff.clock import ONE_DAY
from ...control.tariff.published import Published, is_silent, read_published
from ...control.tariff.tempo import may_be_red, tempo_day
from ..loads.values import Doubts, is_known, number_of
from .settings import TariffSettings

_EVENT = "message"
_ENERGIES = {"kwh": 1.0, "mwh": 1000.0, "wh": 0.001}
_HUNDREDTHS = ("c", "ct", "cent", "cents", "¢", "c€", "cts")
# EJP's days told as colours are: a peak is its red day.
_EJP_DAYS = {Period.EJP_PEAK: Colour.RED, Period.EJP_NORMAL: Colour.BLUE}


class EntityTariff:
    """Reads entities anew in each cycle, and counts what cannot be understood."""

    def __init__(self, hass: HomeAssistant, settings: TariffSettings) -> None:
        """Read what these settings name."""
        self.settings = settings
        self.doubts = Doubts("Tariff")
        self._hass = hass
        # By entity, its state and what was made of it: most cycles see nothing new.
        self._read: dict[str, tuple[State, Any]] = {}

    def look(
        self, meter: TariffReading | None, now: float, wall: datetime
    ) -> TariffReading | None:
        """Return what is told now; ``meter`` is what the chosen one tells, if one is.

        ``now`` is monotonic, ``wall`` local: the same instant.
        """
        reading = meter
        contract = self.settings.terms.contract
        if contract is None:
            return reading
        if (entity_id := self.settings.tariff_entity) is not None:
            told = self._told(entity_id, lambda state: published_of(state, contract))
            reading = None
            if told is not None:
                reading = TariffReading(
                    at=now,
                    option=contract,
                    period=told.period,
                    cheap=told.cheap,
                    today=told.colour,
                )
        today, tomorrow = self._days(contract, wall)
        if reading is None:
            if today is Colour.NONE and tomorrow is Colour.NONE:
                return None
            return TariffReading(
                at=now, option=contract, today=today, tomorrow=tomorrow
            )
        # What one is billed by knows better.
        return replace(
            reading,
            today=reading.today or today,
            tomorrow=reading.tomorrow or tomorrow,
        )

    def price(self, entity_id: str | None) -> float | None:
        """Return what an entity shows as a price per kWh; None where it shows none."""
        return None if entity_id is None else self._told(entity_id, price_of)

    def _days(self, contract: Contract, wall: datetime) -> tuple[Colour, Colour]:
        """Return what entities of their own tell of the present day and the next."""
        if contract is Contract.TEMPO:
            day = tempo_day(wall)
        elif contract is Contract.EJP:
            day = wall.date()
        else:
            return Colour.NONE, Colour.NONE
        return (
            self._day(self.settings.today_entity, contract, day),
            self._day(self.settings.tomorrow_entity, contract, day + ONE_DAY),
        )

    def _day(self, entity_id: str | None, contract: Contract, day: date) -> Colour:
        if entity_id is None:
            return Colour.NONE
        told = self._told(entity_id, lambda state: _colour(state, contract, day))
        return told or Colour.NONE

    def _told[T](self, entity_id: str, read: Callable[[State], T | None]) -> T | None:
        """Return what is read of an entity's state; None where it says nothing."""
        state = self._hass.states.get(entity_id)
        if state is None or not is_known(state) or is_silent(state.state):
            return None
        before = self._read.get(entity_id)
        if before is not None and before[0] is state:
            known: T | None = before[1]
            return known
        told = read(state)
        self._read[entity_id] = state, told
        self.doubts.judge(entity_id, state, usable=told is not None)
        return told


def price_of(state: State) -> float | None:
    """Return a state as a price per kWh, whatever it is told in; None when it is none."""
    price = number_of(state)
    unit = str(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, ""))
    money, _, energy = unit.strip().lower().partition("/")
    if price is None or (energy and energy.strip() not in _ENERGIES):
        return None
    if money.strip() in _HUNDREDTHS:
        price /= 100.0
    return price / _ENERGIES[energy.strip()] if energy else price


def published_of(state: State, contract: Contract) -> Published | None:
    """Read a state; of a calendar its event, which is cheap where it says nothing else."""
    if split_entity_id(state.entity_id)[0] != CALENDAR_DOMAIN:
        return read_published(state.state, contract)
    if state.state != STATE_ON:
        return read_published(state.state, contract)
    said = read_published(str(state.attributes.get(_EVENT, "")), contract)
    return said or read_published(STATE_ON, contract)


def _colour(state: State, contract: Contract, day: date) -> Colour | None:
    """Read the colour of a day; red on a day that cannot be is none."""
    told = read_published(state.state, contract)
    if told is None:
        return None
    if contract is Contract.EJP:
        return None if told.period is None else _EJP_DAYS.get(told.period)
    if told.colour is Colour.RED and not may_be_red(day):
        return None
    return told.colour or None
