"""The days that were announced: Tempo's colours and EJP's peaks, over a restart too."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ..model import Colour, Contract, Period, TariffReading
from .clock import ONE_DAY, minute_of
from .tempo import colour_of, tempo_day

_KEPT = timedelta(days=3)
# The clocks of meter and host differ: about its change nobody knows which day is meant.
_CHANGE_MIN = 6 * 60
_UNSURE_MIN = 10
_EJP_BEGINS_MIN = 7 * 60
_EJP_ENDS_MIN = 60

_OF_PEAKS = {1: Colour.WHITE, 2: Colour.RED}
_OF_PERIODS = {
    Period.TEMPO_BLUE_HC: Colour.BLUE,
    Period.TEMPO_BLUE_HP: Colour.BLUE,
    Period.TEMPO_WHITE_HC: Colour.WHITE,
    Period.TEMPO_WHITE_HP: Colour.WHITE,
    Period.TEMPO_RED_HC: Colour.RED,
    Period.TEMPO_RED_HP: Colour.RED,
}


class Days:
    """What is known of days; ``revision`` counts how often that has changed.

    ``told`` are the colours by the date a Tempo day begins on, ``peaks`` whether an EJP
    peak begins on a date; where an entity tells it as a colour, a peak is red.
    """

    def __init__(self, saved: Mapping[str, Any] | None = None) -> None:
        """Start with what ``as_dict`` gave.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        saved = saved or {}
        self.revision = 0
        self.told = {
            date.fromisoformat(day): Colour(colour)
            for day, colour in saved.get("colours", {}).items()
        }
        self.peaks = {
            date.fromisoformat(day): bool(peak)
            for day, peak in saved.get("peaks", {}).items()
        }

    def as_dict(self) -> dict[str, Any]:
        """Return what was told, ready for JSON."""
        return {
            "colours": {day.isoformat(): int(one) for day, one in self.told.items()},
            "peaks": {day.isoformat(): one for day, one in self.peaks.items()},
        }

    def note(
        self, reading: TariffReading, contract: Contract | None, wall: datetime
    ) -> None:
        """Remember what a reading says of today and tomorrow."""
        if contract is Contract.TEMPO:
            self._note_colours(reading, wall)
        elif contract is Contract.EJP:
            self._note_peaks(reading, wall)

    def colours(self, wall: datetime) -> tuple[Colour, Colour]:
        """Return the colours of the Tempo day that runs and of the one after it."""
        day = tempo_day(wall)
        return colour_of(day, self.told), colour_of(day + ONE_DAY, self.told)

    def _note_colours(self, reading: TariffReading, wall: datetime) -> None:
        day = tempo_day(wall)
        for peak in reading.peaks:
            if (colour := _OF_PEAKS.get(peak.number)) is not None:
                self._tell(self.told, peak.begins.date(), colour)
        if abs(minute_of(wall) - _CHANGE_MIN) < _UNSURE_MIN:
            return
        today = reading.today
        if today is Colour.NONE and reading.period is not None:
            today = _OF_PERIODS.get(reading.period, Colour.NONE)
        for of, colour in ((day, today), (day + ONE_DAY, reading.tomorrow)):
            if colour is not Colour.NONE:
                self._tell(self.told, of, colour)

    def _note_peaks(self, reading: TariffReading, wall: datetime) -> None:
        minute, today = minute_of(wall), wall.date()
        for peak in reading.peaks:
            self._tell(self.peaks, peak.begins.date(), True)
        for day, colour in (
            (today, reading.today),
            (today + ONE_DAY, reading.tomorrow),
        ):
            if colour is not Colour.NONE:
                self._tell(self.peaks, day, colour is Colour.RED)
        runs = reading.peak_running or reading.period is Period.EJP_PEAK
        if runs:
            # Until 01:00 it is the one that began the day before.
            late = minute < _EJP_ENDS_MIN + _UNSURE_MIN
            self._tell(self.peaks, today - ONE_DAY if late else today, True)
            return
        if reading.peak_notice and minute < _EJP_BEGINS_MIN:
            self._tell(self.peaks, today, True)
        elif minute >= _EJP_BEGINS_MIN + _UNSURE_MIN:
            if reading.peak_notice and not reading.peaks:
                self._tell(self.peaks, today + ONE_DAY, True)
            if reading.period is Period.EJP_NORMAL:
                self._tell(self.peaks, today, False)

    def _tell[T](self, days: dict[date, T], day: date, what: T) -> None:
        if days.get(day) == what:
            return
        days[day] = what
        self.revision += 1
        for old in [old for old in days if abs(old - day) > _KEPT]:
            del days[old]
