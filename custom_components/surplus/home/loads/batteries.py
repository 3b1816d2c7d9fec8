"""Batteries that regulate themselves: only observed."""

from collections.abc import Iterator, Mapping
from typing import Any

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


def batteries_of(hass: HomeAssistant, entry: ConfigEntry) -> tuple[BatteryReading, ...]:
    """Return what the observed batteries tell; one whose power is not known is left out."""
    return tuple(_readings(hass, entry))


def _readings(hass: HomeAssistant, entry: ConfigEntry) -> Iterator[BatteryReading]:
    for subentry in entry.get_subentries_of_type(SUBENTRY_BATTERY):
        data: Mapping[str, Any] = subentry.data
        state = hass.states.get(data[CONF_POWER_ENTITY])
        power_w = power_of(state)
        if state is None or power_w is None:
            continue
        if data.get(CONF_POWER_SIGN, Sign.DISCHARGE) == Sign.CHARGE:
            power_w = -power_w + 0.0
        soc_entity = data.get(CONF_SOC_ENTITY)
        yield BatteryReading(
            power_w=power_w,
            at=instant_of(state),
            soc=share_of(hass.states.get(soc_entity)) if soc_entity else None,
            first_soc=data.get(CONF_FIRST_SOC, 0.0) / 100.0,
        )
