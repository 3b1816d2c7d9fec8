"""Batteries that regulate themselves: only observed."""

from collections.abc import Iterator, Mapping
from math import isfinite, nan
from statistics import fmean
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ...control.model import BatteryReading
from ...metering import instant_of, power_of
from .const import (
    CONF_FIRST_SOC,
    CONF_POWER_ENTITY,
    CONF_POWER_SIGN,
    CONF_SOC_ENTITY,
    SUBENTRY_BATTERY,
    Sign,
)
from .values import share_of

# One that has not told anything for so long is named.
_SILENT_S: Final = 60.0


def batteries_of(hass: HomeAssistant, entry: ConfigEntry) -> tuple[BatteryReading, ...]:
    """Return what the observed batteries tell.

    The power of one that tells none is NaN: it must not be taken for a battery that is
    not there.
    """
    return tuple(_readings(hass, entry))


def _readings(hass: HomeAssistant, entry: ConfigEntry) -> Iterator[BatteryReading]:
    for subentry in entry.get_subentries_of_type(SUBENTRY_BATTERY):
        data: Mapping[str, Any] = subentry.data
        state = hass.states.get(data[CONF_POWER_ENTITY])
        power_w = power_of(state)
        if power_w is None:
            power_w = nan
        if data.get(CONF_POWER_SIGN, Sign.DISCHARGE) == Sign.CHARGE:
            power_w = -power_w + 0.0
        soc_entity = data.get(CONF_SOC_ENTITY)
        yield BatteryReading(
            power_w=power_w,
            at=instant_of(state) if state is not None else 0.0,
            soc=share_of(hass.states.get(soc_entity)) if soc_entity else None,
            first_soc=data.get(CONF_FIRST_SOC, 0.0) / 100.0,
        )


def soc_of(batteries: tuple[BatteryReading, ...]) -> float | None:
    """Return the mean state of charge of those that tell theirs, as a share of 1."""
    known = [battery.soc for battery in batteries if battery.soc is not None]
    return fmean(known) if known else None


def silent_of(
    entry: ConfigEntry, batteries: tuple[BatteryReading, ...], now: float
) -> str:
    """Return the names of the batteries that are not heard."""
    titles = [
        subentry.title for subentry in entry.get_subentries_of_type(SUBENTRY_BATTERY)
    ]
    silent = [
        title
        for title, battery in zip(titles, batteries, strict=True)
        if not isfinite(battery.power_w) or now - battery.at > _SILENT_S
    ]
    return ", ".join(silent or titles)
