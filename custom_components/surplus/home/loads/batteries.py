"""Batteries that regulate themselves: only observed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import isfinite, nan
from statistics import fmean
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant

from ...control.model import BatteryReading
from ...metering import instant_of, power_of
from ...registry import Registry
from .const import (
    CONF_FIRST_SOC,
    CONF_POWER_ENTITY,
    CONF_POWER_SIGN,
    CONF_SOC_ENTITY,
    CONF_SOURCE,
    SUBENTRY_BATTERY,
    Sign,
)
from .values import share_of

# One that has not told anything for so long is named.
_SILENT_S: Final = 60.0


class ObservedBatteries:
    """What the observed batteries tell, those of entities and those of devices."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, registry: Registry
    ) -> None:
        """Have heard of none yet."""
        self._hass = hass
        self._entry = entry
        self._registry = registry
        self._readings: tuple[BatteryReading, ...] = ()
        # Of devices: their entry may be away for a moment, as when it is reloaded.
        self._told: dict[str, BatteryReading] = {}
        self._capacities_wh: dict[str, float | None] = {}

    def look(self) -> tuple[BatteryReading, ...]:
        """Return what they tell now, in the order of their subentries.

        The power of one that tells none is NaN: it must not be taken for a battery that
        is not there.
        """
        self._readings = tuple(
            self._reading(subentry.data) for subentry in self._subentries
        )
        return self._readings

    @property
    def _subentries(self) -> Iterable[ConfigSubentry]:
        return tuple(self._entry.get_subentries_of_type(SUBENTRY_BATTERY))

    def _reading(self, data: Mapping[str, Any]) -> BatteryReading:
        first_soc = data.get(CONF_FIRST_SOC, 0.0) / 100.0
        if (source_id := data.get(CONF_SOURCE)) is None:
            return _of_entities(self._hass, data, first_soc)
        if (source := self._registry.batteries.get(source_id)) is not None:
            self._capacities_wh[source_id] = source.capacity_wh
            if (reading := source.reading) is not None:
                self._told[source_id] = reading
        told = self._told.get(source_id)
        if told is None:
            return BatteryReading(power_w=nan, at=0.0, first_soc=first_soc)
        # Its id may hold a serial number, and readings are written down.
        return replace(told, first_soc=first_soc, battery_id="")

    @property
    def soc(self) -> float | None:
        """The state of charge of those that tell theirs together, as a share of 1.

        Weighted by what they hold where that is known of all of them.
        """
        known = [
            (reading.soc, self._capacities_wh.get(subentry.data.get(CONF_SOURCE, "")))
            for subentry, reading in zip(self._subentries, self._readings, strict=False)
            if reading.soc is not None
        ]
        if not known:
            return None
        capacities = [capacity_wh or 0.0 for _, capacity_wh in known]
        if min(capacities) <= 0:
            return fmean(soc for soc, _ in known)
        return fmean((soc for soc, _ in known), capacities)

    def silent(self, now: float) -> str:
        """Return the names of those that are not heard."""
        titles = [subentry.title for subentry in self._subentries]
        silent = [
            title
            for title, reading in zip(titles, self._readings, strict=False)
            if not isfinite(reading.power_w) or now - reading.at > _SILENT_S
        ]
        return ", ".join(silent or titles)


def _of_entities(
    hass: HomeAssistant, data: Mapping[str, Any], first_soc: float
) -> BatteryReading:
    state = hass.states.get(data[CONF_POWER_ENTITY])
    power_w = power_of(state)
    if power_w is None:
        power_w = nan
    if data.get(CONF_POWER_SIGN, Sign.DISCHARGE) == Sign.CHARGE:
        power_w = -power_w + 0.0
    soc_entity = data.get(CONF_SOC_ENTITY)
    return BatteryReading(
        power_w=power_w,
        at=instant_of(state) if state is not None else 0.0,
        soc=share_of(hass.states.get(soc_entity)) if soc_entity else None,
        first_soc=first_soc,
    )
