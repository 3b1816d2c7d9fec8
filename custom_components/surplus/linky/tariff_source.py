"""A Linky as what tells the tariff (registry.TariffSource)."""

from dataclasses import dataclass, replace
from typing import Final

from homeassistant.config_entries import ConfigEntry

from ..control.model import PeakSpan, TariffReading
from .connection import Link
from .horodate import parse_horodate
from .meter import Meter

# What changes when a period does; the newest of them dates the reading.
_TELLING: Final = ("PTEC", "NTARF", "LTARF", "STGE")
_PEAKS: Final = (1, 2, 3)


@dataclass(slots=True)
class LinkyTariff:
    """The tariff of one entry's own meter."""

    entry: ConfigEntry
    link: Link
    source_id: str

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self.entry.title

    @property
    def tariff(self) -> TariffReading | None:
        """What the meter tells; None while it is silent, or another one talks."""
        meter = self.link.meter
        if meter.identity != self.source_id.partition(":")[2]:
            return None
        return tariff_of(meter, self.link.clock())


def tariff_of(meter: Meter, now: float) -> TariffReading | None:
    """Return all that a meter tells of its tariff, None while that is nothing."""
    told = [meter.value(label, now) for label in _TELLING]
    at = max((value.at for value in told if value is not None), default=None)
    if at is None:
        return None
    today, tomorrow = meter.profiles(now)
    return replace(
        meter.tariff(now),
        at=at,
        peaks=_peaks(meter, now),
        profile_today=today,
        profile_tomorrow=tomorrow,
    )


def _peaks(meter: Meter, now: float) -> tuple[PeakSpan, ...]:
    """Return the mobile peaks whose begin and end are announced."""
    peaks = []
    for number in _PEAKS:
        values = [meter.value(f"{label}{number}", now) for label in ("DPM", "FPM")]
        horodates = [
            None if value is None else parse_horodate(value.horodate or "")
            for value in values
        ]
        # Local legal time, whatever season they claim.
        begins, ends = (
            None if horodate is None else horodate.when.replace(tzinfo=None)
            for horodate in horodates
        )
        if begins is not None and ends is not None and begins < ends:
            peaks.append(PeakSpan(number=number, begins=begins, ends=ends))
    return tuple(peaks)
