"""Tells a user of entities that a load is made of and that are not there."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.start import async_at_started

from ..clock import monotonic
from ..const import DOMAIN
from ..control.model import Mode
from ..registry import async_get_registry
from .const import CONF_EXPORT_ENTITY, CONF_POWER_ENTITY, CONF_SOLAR_ENTITY
from .loads.const import CONF_ENERGY_ENTITY, CONF_VEHICLE_ENTITY, SUBENTRY_BATTERY
from .loads.settings import load_id_of
from .loads.values import is_there
from .plans.const import CONF_LEVEL_ENTITY
from .reports import async_absent, async_report_absent
from .tariff.const import CONF_TARIFF_ENTITY, SUBENTRY_TARIFF

# What a vehicle, a level or a counter tells may be away for a while without harm.
_MAY_PAUSE: Final = (CONF_ENERGY_ENTITY, CONF_LEVEL_ENTITY, CONF_VEHICLE_ENTITY)
_LOOK: Final = timedelta(seconds=30)
# Integrations may come up this long after Home Assistant itself.
_START_GRACE_S: Final = 60.0
# A device may be away for as long as it takes to restart it.
_ABSENT_S: Final = 600.0
_ENTITY_KEY: Final = "_entity"
# Of the power of the grid, the sun and a battery, and of the tariff.
_TOLD_ELSEWHERE: Final = (CONF_POWER_ENTITY, CONF_EXPORT_ENTITY, CONF_SOLAR_ENTITY)


class Absence(StrEnum):
    """Why an entity is not there, what a user must mend first coming first."""

    MISSING = "missing"
    DISABLED = "disabled"
    UNAVAILABLE = "unavailable"


def absence_of(hass: HomeAssistant, entity_id: str) -> Absence | None:
    """Return why an entity is not there; None when it is."""
    state = hass.states.get(entity_id)
    if is_there(state):
        return None
    registered = er.async_get(hass).async_get(entity_id)
    if registered is not None and registered.disabled:
        return Absence.DISABLED
    if registered is None and state is None:
        return Absence.MISSING
    return Absence.UNAVAILABLE


class Absences:
    """Looks now and then, and reports what was absent for long: one issue per load."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Watch nothing yet."""
        self._hass = hass
        self._entry = entry
        self._since: dict[tuple[str, str], float] = {}
        self._reported: set[str] = set()
        self._patient_until = float("inf")
        self._looked = False

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Watch until the returned function is called.

        What was reported stays until it is there again: a user who has set it aside
        is not told anew after a reload.
        """
        self._reported = set(async_absent(self._hass))
        stops = [
            async_track_time_interval(
                self._hass, self._look, _LOOK, cancel_on_shutdown=True
            ),
            async_at_started(self._hass, self._started),
        ]

        @callback
        def stop() -> None:
            for end in stops:
                end()
            if self._entry.disabled_by is not None:
                self._report({})

        return stop

    @callback
    def _started(self, _hass: HomeAssistant) -> None:
        self._patient_until = monotonic() + _START_GRACE_S

    @callback
    def _look(self, _now: datetime) -> None:
        now = monotonic()
        absent: dict[tuple[str, str], Absence] = {}
        names: dict[str, str] = {}
        for owner, name, entity_id, may_pause in self._entities():
            absence = absence_of(self._hass, entity_id)
            if absence and not (may_pause and absence is Absence.UNAVAILABLE):
                absent[owner, entity_id] = absence
                names[owner] = name
        self._since = {
            key: self._since.get(key, self._begun(key[0], now)) for key in absent
        }
        self._looked = True
        if now < self._patient_until:
            return
        due: dict[str, dict[Absence, list[str]]] = {}
        for (owner, entity_id), absence in absent.items():
            if now - self._since[owner, entity_id] >= _ABSENT_S:
                due.setdefault(owner, {}).setdefault(absence, []).append(entity_id)
        self._report({owner: (names[owner], found) for owner, found in due.items()})

    def _begun(self, owner: str, now: float) -> float:
        """Return since when an entity that is newly seen to be absent was so."""
        before = not self._looked and owner in self._reported
        return float("-inf") if before else now

    def _report(self, due: dict[str, tuple[str, dict[Absence, list[str]]]]) -> None:
        for owner in self._reported - due.keys():
            async_report_absent(self._hass, owner, None)
        for owner, (name, found) in due.items():
            worst = next(absence for absence in Absence if absence in found)
            async_report_absent(
                self._hass,
                owner,
                worst,
                load=name,
                entities=sorted(set(found[worst])),
                minutes=round(_ABSENT_S / 60.0),
            )
        self._reported = set(due)

    def _entities(self) -> Iterator[tuple[str, str, str, bool]]:
        """Yield whose entity, its name, the entity, and whether it may be away.

        Inverters and vehicles sleep, a load that is off may be switched off for months,
        and of a silent meter or battery others tell.
        """
        entry = self._entry
        for key, entity_id in _entity_ids(entry.data):
            may_pause = key in _TOLD_ELSEWHERE
            yield entry.entry_id, entry.title, entity_id, may_pause
        home = async_get_registry(self._hass).home
        for owner in self._hass.config_entries.async_entries(
            DOMAIN, include_disabled=False
        ):
            for subentry in owner.subentries.values():
                battery = subentry.subentry_type == SUBENTRY_BATTERY
                tariff = subentry.subentry_type == SUBENTRY_TARIFF
                load = home.load(load_id_of(subentry)) if home else None
                off = load is not None and load.mode is Mode.OFF
                for key, entity_id in _entity_ids(subentry.data):
                    may_pause = (
                        off
                        or key in _MAY_PAUSE
                        or (battery and key in _TOLD_ELSEWHERE)
                        or (tariff and key == CONF_TARIFF_ENTITY)
                    )
                    yield subentry.subentry_id, subentry.title, entity_id, may_pause


def _entity_ids(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (key, value)
        for key, value in data.items()
        if key.endswith(_ENTITY_KEY) and value
    ]
