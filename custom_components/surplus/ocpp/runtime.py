"""An OCPP entry at work: its central system, and each charger behind it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import (
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigEntry,
    ConfigSubentry,
)
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, discovery_flow
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..const import DOMAIN, Kind
from ..ledger_entities import ledger_entities
from ..load_entities import load_entities
from ..metering import MeteredLoad
from ..registry import LoadSource, async_get_registry
from .charge_point import Charger
from .config import settings_of, source_id
from .const import CONF_IDENTITY, CONF_POWER_ENTITY, SUBENTRY_CHARGER
from .entities import charger_entities
from .host import Host
from .link import Nameplate
from .load import ChargerLoad

type OcppConfigEntry = ConfigEntry[OcppRuntime]

# Subentries are changed in place: what is compared must be a copy.
type Snapshot = dict[str, tuple[str, str, str | None, dict[str, Any]]]


def snapshot_of(entry: ConfigEntry) -> Snapshot:
    """Return what there is to know of an entry's subentries."""
    return {
        subentry_id: (
            subentry.subentry_type,
            subentry.title,
            subentry.unique_id,
            dict(subentry.data),
        )
        for subentry_id, subentry in entry.subentries.items()
    }


@dataclass(kw_only=True, slots=True)
class Place:
    """A charger behind the entry, and what ends its presence in Home Assistant."""

    charger: Charger
    subentry_id: str
    nameplate: Nameplate
    removers: list[CALLBACK_TYPE] = field(default_factory=list)
    power_entity: str | None = None
    unregister: CALLBACK_TYPE | None = None


class OcppRuntime:
    """Keeps chargers, loads, devices and entities in line with the subentries.

    A change of one charger does not touch another.
    """

    def __init__(self, hass: HomeAssistant, entry: OcppConfigEntry, host: Host) -> None:
        """Begin with the chargers the central system knows."""
        self.host = host
        self.places: dict[str, Place] = {}
        self._hass = hass
        self._entry = entry
        self._known = snapshot_of(entry)
        self._data = dict(entry.data)
        self._lock = asyncio.Lock()
        self._adders: dict[Platform, AddConfigEntryEntitiesCallback] = {}
        self._central_device_id = ""

    @callback
    def async_start(self) -> None:
        """Take up the chargers that are there; the central system's device is first."""
        device = dr.async_get(self._hass).async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={(DOMAIN, f"{Kind.OCPP}:{self._entry.entry_id}")},
            entry_type=DeviceEntryType.SERVICE,
            manufacturer="Surplus",
            name=self._entry.title,
            translation_key=None,
        )
        self._central_device_id = device.id
        self.host.central.on_unknown = self._async_found
        for subentry in self._entry.get_subentries_of_type(SUBENTRY_CHARGER):
            self._async_take_up(subentry)

    @callback
    def async_stop(self) -> None:
        """Leave the chargers to the central system, which goes on."""
        self.host.central.on_unknown = None
        for place in self.places.values():
            for remove in place.removers:
                remove()
        self.places.clear()

    @callback
    def async_add_platform(
        self, platform: Platform, add: AddConfigEntryEntitiesCallback
    ) -> None:
        """Add the entities of all chargers, and those of later ones when they come."""
        self._adders[platform] = add
        for place in self.places.values():
            self._async_add_entities(platform, place)

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
                    self._async_change(subentry)
                else:
                    self.host.central.add(settings_of(subentry))
                    self._async_take_up(subentry)
                    for platform in self._adders:
                        self._async_add_entities(platform, self.places[subentry_id])
            if self._entry.data != self._data:
                # Another address: every charger has to call in anew anyway.
                self._data = dict(self._entry.data)
                self._hass.config_entries.async_schedule_reload(self._entry.entry_id)

    # --- one charger -----------------------------------------------------------------

    @callback
    def _async_take_up(self, subentry: ConfigSubentry) -> None:
        charger = self.host.central.chargers[subentry.data[CONF_IDENTITY]]
        place = Place(
            charger=charger,
            subentry_id=subentry.subentry_id,
            nameplate=charger.memory.nameplate,
        )
        self._async_register_load(place, subentry)
        place.removers += [
            lambda: place.unregister() if place.unregister else None,
            charger.subscribe(lambda: self._async_update_device(place)),
        ]
        self.places[subentry.subentry_id] = place
        self._async_register_device(place)

    @callback
    def _async_change(self, subentry: ConfigSubentry) -> None:
        place = self.places[subentry.subentry_id]
        place.charger.reconfigure(settings_of(subentry))
        if subentry.data.get(CONF_POWER_ENTITY) != place.power_entity:
            self._async_register_load(place, subentry)
        self._async_register_device(place)

    @callback
    def _async_register_load(self, place: Place, subentry: ConfigSubentry) -> None:
        """Offer the charger to Home, measured by whom the user said."""
        load: LoadSource = ChargerLoad(place.charger)
        place.power_entity = subentry.data.get(CONF_POWER_ENTITY)
        if place.power_entity is not None:
            load = MeteredLoad(self._hass, load, place.power_entity)
        # The successor is there before its predecessor goes: Home sees no gap.
        before = place.unregister
        place.unregister = async_get_registry(self._hass).async_register_load(load)
        if before is not None:
            before()

    async def _async_drop(self, subentry_id: str) -> None:
        place = self.places.pop(subentry_id)
        for remove in place.removers:
            remove()
        identity = place.charger.identity
        await self.host.central.remove(identity, forget=True)
        async_get_registry(self._hass).async_forget_load(source_id(identity))

    @callback
    def _async_add_entities(self, platform: Platform, place: Place) -> None:
        device = self._device_of(place)
        registry = async_get_registry(self._hass)
        load_id = source_id(place.charger.identity)
        entities: list[Entity] = [
            *charger_entities(platform, place.charger, device),
            *load_entities(platform, registry, load_id, device),
            *ledger_entities(
                platform,
                registry,
                load_id,
                device,
                charger=True,
                counts_itself=place.power_entity is None,
            ),
        ]
        self._adders[platform](entities, config_subentry_id=place.subentry_id)

    # --- devices ---------------------------------------------------------------------

    def _device_of(self, place: Place) -> DeviceInfo:
        charger = place.charger
        nameplate = charger.memory.nameplate
        return DeviceInfo(
            identifiers={(DOMAIN, source_id(charger.identity))},
            name=charger.settings.name,
            manufacturer=nameplate.vendor,
            model=nameplate.model,
            serial_number=nameplate.serial,
            sw_version=nameplate.firmware,
            via_device_id=self._central_device_id,
        )

    @callback
    def _async_register_device(self, place: Place) -> None:
        place.nameplate = place.charger.memory.nameplate
        dr.async_get(self._hass).async_get_or_create(
            config_entry_id=self._entry.entry_id,
            config_subentry_id=place.subentry_id,
            **self._device_of(place),
        )

    @callback
    def _async_update_device(self, place: Place) -> None:
        if place.charger.memory.nameplate != place.nameplate:
            self._async_register_device(place)

    @callback
    def _async_found(self, identity: str) -> None:
        """Offer a charger that called in unknown to the user."""
        data: Mapping[str, str] = {
            "entry_id": self._entry.entry_id,
            CONF_IDENTITY: identity,
        }
        discovery_flow.async_create_flow(
            self._hass,
            DOMAIN,
            context={"source": SOURCE_INTEGRATION_DISCOVERY},
            data=data,
        )
