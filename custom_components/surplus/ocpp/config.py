"""Read an entry's and its chargers' data."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigSubentry

from ..const import Kind
from .const import (
    CONF_AUTO_START,
    CONF_IDENTITY,
    CONF_MAX_A,
    CONF_MIN_A,
    CONF_PHASE_SWITCHING,
    CONF_PHASES,
    CONF_PRIORITY,
    CONF_SAFE_A,
    CONF_TAG,
    CONF_WRITES_PER_DAY,
    DEFAULT_WRITES_PER_DAY,
    PhaseSwitching,
)
from .memory import ChargerSettings


def source_id(identity: str) -> str:
    """Return the id that a charger's subentry, device and entities start with."""
    return f"{Kind.OCPP}:{identity}"


def settings_of(subentry: ConfigSubentry) -> ChargerSettings:
    """Return what the user decided about a charger."""
    data: Mapping[str, Any] = subentry.data
    return ChargerSettings(
        identity=data[CONF_IDENTITY],
        name=subentry.title,
        phases=tuple(data[CONF_PHASES]),
        min_a=data[CONF_MIN_A],
        max_a=data[CONF_MAX_A],
        safe_a=data[CONF_SAFE_A],
        priority=int(data[CONF_PRIORITY]),
        tag=data[CONF_TAG],
        auto_start=data[CONF_AUTO_START],
        switches_phases=data.get(CONF_PHASE_SWITCHING) == PhaseSwitching.PROFILE,
        writes_per_day=int(data.get(CONF_WRITES_PER_DAY, DEFAULT_WRITES_PER_DAY)),
    )
