"""What the user decided about schedules and needs, read from their subentries."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigSubentry

from ...control.needs.specs import Need, NeedKind, OnDear, Schedule
from .const import (
    CONF_BEGINS,
    CONF_CAPACITY_KWH,
    CONF_DAYS,
    CONF_EFFICIENCY,
    CONF_ENABLED,
    CONF_ENDS,
    CONF_ENERGY_KWH,
    CONF_LIMIT,
    CONF_LOAD,
    CONF_MINIMUM,
    CONF_NEED,
    CONF_ON_DEAR,
    CONF_READY_BY,
    CONF_TARGET,
    CONF_VALUE,
    DAYS,
    SUBENTRIES,
    SUBENTRY_NEED,
    SUBENTRY_SCHEDULE,
)

# What one of the unit that a person types is in the brain's.
SCALE: Final = {
    NeedKind.ENERGY: 1000.0,
    NeedKind.HOURS: 3600.0,
    NeedKind.TEMPERATURE: 1.0,
    NeedKind.CHARGE: 0.01,
}
DEFAULT_EFFICIENCY: Final = 90.0
DEFAULT_READY_BY: Final = "07:00:00"


def schedules_of(entry: ConfigEntry) -> tuple[Schedule, ...]:
    """Return the schedules of a Home."""
    return tuple(
        schedule_of(subentry.subentry_id, subentry.data)
        for subentry in entry.get_subentries_of_type(SUBENTRY_SCHEDULE)
    )


def needs_of(entry: ConfigEntry) -> tuple[Need, ...]:
    """Return the needs of a Home."""
    return tuple(
        need_of(subentry.subentry_id, subentry.data)
        for subentry in entry.get_subentries_of_type(SUBENTRY_NEED)
    )


def schedule_of(plan_id: str, data: Mapping[str, Any]) -> Schedule:
    """Return a schedule as a form or a subentry holds it."""
    energy_kwh, value = data.get(CONF_ENERGY_KWH), data.get(CONF_VALUE)
    return Schedule(
        plan_id=plan_id,
        load_id=data[CONF_LOAD],
        days=_days(data[CONF_DAYS]),
        begins_s=seconds_of(data[CONF_BEGINS]),
        ends_s=seconds_of(data[CONF_ENDS]),
        value=float(value) if value is not None else None,
        energy_wh=1000.0 * energy_kwh if energy_kwh is not None else None,
        on_dear=bool(data.get(CONF_ON_DEAR)),
        enabled=bool(data.get(CONF_ENABLED, True)),
    )


def need_of(plan_id: str, data: Mapping[str, Any]) -> Need:
    """Return a need as a form or a subentry holds it."""
    kind = NeedKind(data[CONF_NEED])
    target, capacity_kwh = data.get(CONF_TARGET), data.get(CONF_CAPACITY_KWH)
    return Need(
        plan_id=plan_id,
        load_id=data[CONF_LOAD],
        kind=kind,
        # A target of nothing is none: it is how a number entity says so.
        target=SCALE[kind] * target if target else None,
        ready_by_s=seconds_of(data.get(CONF_READY_BY, DEFAULT_READY_BY)),
        days=_days(data[CONF_DAYS]),
        on_dear=OnDear(data.get(CONF_ON_DEAR, OnDear.NEVER)),
        enabled=bool(data.get(CONF_ENABLED, True)),
        minimum=data.get(CONF_MINIMUM, 0) / 100.0,
        limit=data.get(CONF_LIMIT, 100) / 100.0,
        capacity_wh=1000.0 * capacity_kwh if capacity_kwh is not None else None,
        efficiency=data.get(CONF_EFFICIENCY, DEFAULT_EFFICIENCY) / 100.0,
    )


def _days(names: Iterable[str]) -> tuple[int, ...]:
    return tuple(sorted(DAYS.index(name) for name in set(names)))


def seconds_of(clock: str) -> int:
    """Return a time of day as seconds after midnight."""
    moment = time.fromisoformat(clock)
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def plan_subentries(entry: ConfigEntry) -> dict[str, ConfigSubentry]:
    """Return the schedules and needs behind a Home, by their ids."""
    return {
        subentry_id: subentry
        for subentry_id, subentry in entry.subentries.items()
        if subentry.subentry_type in SUBENTRIES
    }
