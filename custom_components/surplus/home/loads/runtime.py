"""The loads and batteries behind the Home entry, each in line with its subentry."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
import logging
from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.hass_dict import HassKey

from ...const import DOMAIN, Kind
from ...ledger_entities import ledger_entities
from ...load_entities import load_entities
from ...registry import async_get_registry
from .extras import Extra, async_remove_extra, extra_entities
from .forms import FORMS
from .numbers import async_remove_needless, setting_numbers
from .settings import (
    EntityChargerSettings,
    HeaterSettings,
    LoadSettings,
    StorageSettings,
    SwitchedSettings,
    load_id_of,
    settings_of,
)
from .sources.base import EntityLoad
from .sources.kinds import load_of

if TYPE_CHECKING:
    from ...coordinator import HomeCoordinator

_LOGGER = logging.getLogger(__name__)

# Subentries are changed in place: what is compared must be a copy.
type Snapshot = dict[str, tuple[str, str, dict[str, Any]]]


def snapshot_of(entry: ConfigEntry) -> Snapshot:
    """Return what there is to know of the loads and batteries behind an entry."""
    return {
        subentry_id: (subentry.subentry_type, subentry.title, dict(subentry.data))
        for subentry_id, subentry in entry.subentries.items()
        if subentry.subentry_type in FORMS
    }


@dataclass(kw_only=True, slots=True)
class Place:
    """A subentry at work; an observed battery has no load to command."""

    load: EntityLoad[Any] | None
    unregister: CALLBACK_TYPE | None = None
    numbers: set[str] = field(default_factory=set)
    extras: frozenset[Extra] = frozenset()
    listeners: list[Callable[[], None]] = field(default_factory=list)

    def subscribe(self, on_change: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``on_change`` when the subentry has changed."""
        self.listeners.append(on_change)
        return lambda: self.listeners.remove(on_change)


class HomeLoads:
    """Keeps loads, devices and entities in line with the Home's subentries.

    A change of one does not touch another. It outlives a reload of the entry as the
    coordinator does: loads are let go only when nobody takes them over.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin with nothing taken up."""
        self.places: dict[str, Place] = {}
        self._hass = hass
        self._entry = entry
        self._known: Snapshot = {}
        self._lock = asyncio.Lock()
        self._adders: dict[Platform, AddConfigEntryEntitiesCallback] = {}
        self._home_device_id = ""

    # ---- life ------------------------------------------------------------------------

    async def async_start(self) -> None:
        """Take up what is there; the Home's own device comes first."""
        device = dr.async_get(self._hass).async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={(DOMAIN, Kind.HOME)},
            entry_type=DeviceEntryType.SERVICE,
            name=self._entry.title,
        )
        self._home_device_id = device.id
        for place in self.places.values():
            if place.load is not None:
                place.load.async_reopen()
                self._register(place)
        await self.async_updated()

    @callback
    def async_pause(self) -> None:
        """Offer no load any more; each keeps what it was told."""
        self._adders.clear()
        for place in self.places.values():
            place.numbers.clear()
            place.extras = frozenset()
            if place.unregister is not None:
                place.unregister()
                place.unregister = None

    async def async_close(self) -> None:
        """Let go of every load: nobody took them over."""
        self._hass.data.pop(DATA_HOME_LOADS, None)
        places, self.places = self.places, {}
        await self._async_close(place.load for place in places.values())

    async def async_shut_down(self, *_: object) -> None:
        """Leave every load as chosen: Home Assistant stops, without unloading."""
        await self._async_close(place.load for place in self.places.values())

    async def _async_close(self, loads: Iterable[EntityLoad[Any] | None]) -> None:
        there = [load for load in loads if load is not None]
        results = await asyncio.gather(
            *(load.async_close(by_hand=self._is_by_hand(load)) for load in there),
            return_exceptions=True,
        )
        for load, result in zip(there, results, strict=True):
            if isinstance(result, HomeAssistantError):
                _LOGGER.warning(
                    "%s could not be left as chosen: %s", load.settings.name, result
                )
            elif isinstance(result, BaseException):
                _LOGGER.error(
                    "%s could not be left as chosen",
                    load.settings.name,
                    exc_info=result,
                )

    def _is_by_hand(self, load: EntityLoad[Any]) -> bool:
        """Return whether a person has set a load, be it before a restart."""
        home: HomeCoordinator | None = getattr(self._entry, "runtime_data", None)
        if home is None:
            return False
        modes = home.memory.loads.get(load.settings.load_id)
        return modes is not None and modes.by_hand

    async def async_updated(self) -> None:
        """Bring everything in line with the entry after a change."""
        async with self._lock:
            before, self._known = self._known, snapshot_of(self._entry)
            for subentry_id in before.keys() - self._known.keys():
                await self._async_drop(subentry_id)
            for subentry_id, now in self._known.items():
                if now == before.get(subentry_id):
                    continue
                subentry = self._entry.subentries[subentry_id]
                if subentry_id in before:
                    await self._async_change(subentry)
                else:
                    self._take_up(subentry)

    @callback
    def async_add_platform(
        self, platform: Platform, add: AddConfigEntryEntitiesCallback
    ) -> None:
        """Add the entities of all loads, and those of later ones when they come."""
        self._adders[platform] = add
        for subentry_id in self.places:
            self._add_entities(platform, self._entry.subentries[subentry_id])

    def as_list(self) -> list[dict[str, Any]]:
        """Return what helps to find out what is wrong."""
        return [
            place.load.as_dict()
            for place in self.places.values()
            if place.load is not None
        ]

    # ---- one subentry ----------------------------------------------------------------

    def _take_up(self, subentry: ConfigSubentry) -> None:
        settings = settings_of(subentry)
        load = load_of(self._hass, settings) if settings is not None else None
        place = Place(load=load)
        self.places[subentry.subentry_id] = place
        self._register_device(subentry)
        if load is not None:
            load.async_open()
            self._register(place)
        for platform in self._adders:
            self._add_entities(platform, subentry)

    async def _async_change(self, subentry: ConfigSubentry) -> None:
        place = self.places[subentry.subentry_id]
        settings = settings_of(subentry)
        self._register_device(subentry)
        if settings is not None and place.load is not None:
            if settings.outlets == place.load.settings.outlets:
                place.load.async_reconfigure(settings)
            else:
                old, place.load = place.load, load_of(self._hass, settings)
                place.load.async_succeed(old)
                place.load.async_open()
                self._register(place)
                await self._async_close([old])
        async_remove_needless(self._hass, subentry)
        place.numbers &= {number.key for number in setting_numbers(subentry)}
        for listener in tuple(place.listeners):
            listener()
        if Platform.NUMBER in self._adders:
            self._add_numbers(subentry)
        for extra in Extra:
            if extra not in _extras_of(settings):
                async_remove_extra(self._hass, extra, load_id_of(subentry))
        if Platform.SENSOR in self._adders:
            self._add_extras(subentry)

    async def _async_drop(self, subentry_id: str) -> None:
        place = self.places.pop(subentry_id)
        if place.unregister is not None:
            place.unregister()
        await self._async_close([place.load])
        if place.load is not None:
            registry = async_get_registry(self._hass)
            registry.async_forget_load(place.load.settings.load_id)

    def _register(self, place: Place) -> None:
        assert place.load is not None
        # The successor is there before its predecessor goes: Home sees no gap.
        before = place.unregister
        registry = async_get_registry(self._hass)
        place.unregister = registry.async_register_load(place.load)
        if before is not None:
            before()

    # ---- devices and entities --------------------------------------------------------

    def _device_of(self, subentry: ConfigSubentry) -> DeviceInfo:
        return DeviceInfo(
            identifiers={(DOMAIN, load_id_of(subentry))},
            name=subentry.title,
            via_device_id=self._home_device_id,
        )

    def _register_device(self, subentry: ConfigSubentry) -> None:
        dr.async_get(self._hass).async_get_or_create(
            config_entry_id=self._entry.entry_id,
            config_subentry_id=subentry.subentry_id,
            **self._device_of(subentry),
        )

    def _add_entities(self, platform: Platform, subentry: ConfigSubentry) -> None:
        if self.places[subentry.subentry_id].load is not None:
            what = (
                platform,
                async_get_registry(self._hass),
                load_id_of(subentry),
                self._device_of(subentry),
            )
            settings = settings_of(subentry)
            entities: list[Entity] = [
                *load_entities(*what),
                *ledger_entities(
                    *what,
                    charger=isinstance(settings, EntityChargerSettings),
                    storage=isinstance(settings, StorageSettings),
                ),
            ]
            self._adders[platform](entities, config_subentry_id=subentry.subentry_id)
        if platform is Platform.NUMBER:
            self._add_numbers(subentry)
        if platform is Platform.SENSOR:
            self._add_extras(subentry)

    def _add_extras(self, subentry: ConfigSubentry) -> None:
        """Add the sensors that not every load of its kind has, and are not there yet."""
        place = self.places[subentry.subentry_id]
        extras = _extras_of(settings_of(subentry))
        entities: list[Entity] = [
            entity
            for extra in sorted(extras - place.extras)
            for entity in extra_entities(
                extra,
                async_get_registry(self._hass),
                load_id_of(subentry),
                self._device_of(subentry),
            )
        ]
        place.extras = extras
        self._adders[Platform.SENSOR](entities, config_subentry_id=subentry.subentry_id)

    def _add_numbers(self, subentry: ConfigSubentry) -> None:
        """Add what can be moved while running and is not there yet."""
        place = self.places[subentry.subentry_id]
        new = [
            number
            for number in setting_numbers(subentry)
            if number.key not in place.numbers
        ]
        place.numbers |= {number.key for number in new}
        self._adders[Platform.NUMBER](
            [
                number.entity(
                    self._entry, subentry, self._device_of(subentry), place.subscribe
                )
                for number in new
            ],
            config_subentry_id=subentry.subentry_id,
        )


def _extras_of(settings: LoadSettings | None) -> frozenset[Extra]:
    """Return what there is to see of a load beside what there is of every one."""
    extras = set()
    if isinstance(settings, HeaterSettings) and settings.pid is not None:
        extras.add(Extra.REGULATOR)
    if isinstance(settings, SwitchedSettings) and settings.power_w is None:
        extras.add(Extra.LEARNED_POWER)
    if settings is not None and settings.learns_phase:
        extras.add(Extra.LEARNED_PHASE)
    return frozenset(extras)


DATA_HOME_LOADS: HassKey[HomeLoads] = HassKey("surplus_home_loads")


@callback
def async_get_loads(hass: HomeAssistant, entry: ConfigEntry) -> HomeLoads:
    """Return the loads of the Home, those that a reload has kept if there are."""
    if (loads := hass.data.get(DATA_HOME_LOADS)) is None:
        loads = hass.data[DATA_HOME_LOADS] = HomeLoads(hass, entry)
    return loads
