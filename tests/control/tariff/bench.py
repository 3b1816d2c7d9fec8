"""A tariff in time, as a home sees it."""

from dataclasses import replace
from datetime import timedelta
import json

from custom_components.surplus.control.model import (
    Colour,
    Contract,
    Period,
    TariffNow,
    TariffReading,
)
from custom_components.surplus.control.tariff.tariff import Tariff, TariffTerms
from custom_components.surplus.control.tariff.windows import FixedHours, Window

from .days import at, later

HC, HP = Period.OFF_PEAK, Period.PEAK
HPHC, TEMPO, EJP = Contract.PEAK_OFF_PEAK, Contract.TEMPO, Contract.EJP
RED, BLUE, WHITE = Colour.RED, Colour.BLUE, Colour.WHITE
NIGHT = FixedHours(
    windows=(Window(period=HC, begins_min=22 * 60, ends_min=6 * 60),), otherwise=HP
)


class Home:
    """A tariff in time."""

    def __init__(self, wall: str, **terms: object) -> None:
        self.wall, self.now = at(wall), 1000.0
        self.tariff = Tariff(TariffTerms(**terms))

    def see(self, reading: TariffReading | None = None, **more: object) -> TariffNow:
        if reading is not None and reading.at is None:
            reading = replace(reading, at=self.now)
        self.tariff.see(reading, self.now, self.wall, **more)
        return self.tariff.look(self.now, self.wall)

    def wait(self, **time: float) -> None:
        self.wall = later(self.wall, **time)
        self.now += timedelta(**time).total_seconds()

    def restart(self) -> None:
        saved = json.loads(json.dumps(self.tariff.as_dict()))
        self.tariff = Tariff(self.tariff._terms, saved)
        self.now = 5.0


def linky(period: Period, **more: object) -> TariffReading:
    return TariffReading(option=HPHC, period=period, **more)
