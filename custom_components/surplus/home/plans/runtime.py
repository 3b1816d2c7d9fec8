"""The schedules and needs behind the Home entry, each in line with its subentry."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.hass_dict import HassKey

from ...const import DOMAIN, Kind
from ..loads.settings import load_id_of
from .entities import Behind, plan_entities
from .settings import plan_subentries
from .titles import device_name_of

if TYPE_CHECKING:
    from ...coordinator import HomeConfigEntry

# Subentries are changed in place: what is compared must be a copy.
type _Known = dict[str, tuple[str, dict[str, Any]]]


class HomePlans:
    """Keeps engine, devices and entities in line with schedules and needs.

    What they have come to is the engine's: this is made anew with each set-up.
    """

    def __init__(self, hass: HomeAssistant, entry: HomeConfigEntry) -> None:
        """Begin with nothing taken up."""
        self._hass = hass
        self._entry = entry
        self._known: _Known = {}
        self._names: dict[str, str] = {}
        self._adders: dict[Platform, AddConfigEntryEntitiesCallback] = {}
        self._listeners: dict[str, list[Callable[[], None]]] = {}

    @callback
    def async_start(self) -> None:
        """Take up what is there; the Home's own device is there already."""
        self._known = self._there()
        for subentry in plan_subentries(self._entry).values():
            self._register_device(subentry)

    @callback
    def async_updated(self) -> None:
        """Bring everything in line with the entry after a change."""
        before, self._known = self._known, self._there()
        if before == self._known:
            return
        self._entry.runtime_data.async_reconfigure(None)
        for gone in before.keys() - self._known.keys():
            self._listeners.pop(gone, None)
            self._names.pop(gone, None)
        for subentry_id, subentry in plan_subentries(self._entry).items():
            if before.get(subentry_id) == self._known[subentry_id]:
                continue
            self._register_device(subentry)
            if subentry_id not in before:
                for platform in self._adders:
                    self._add_entities(platform, subentry)
            for listener in tuple(self._listeners.get(subentry_id, ())):
                listener()

    @callback
    def async_add_platform(
        self, platform: Platform, add: AddConfigEntryEntitiesCallback
    ) -> None:
        """Add the entities of all there are, and those of later ones when they come."""
        self._adders[platform] = add
        for subentry in plan_subentries(self._entry).values():
            self._add_entities(platform, subentry)

    def _there(self) -> _Known:
        return {
            subentry_id: (subentry.title, dict(subentry.data))
            for subentry_id, subentry in plan_subentries(self._entry).items()
        }

    def _name_of(self, subentry: ConfigSubentry) -> str:
        """Return a name that no other one has; what was given once is kept."""
        plain = device_name_of(self._hass, subentry.subentry_type, subentry.data)
        taken = {
            name for key, name in self._names.items() if key != subentry.subentry_id
        }
        device = dr.async_get(self._hass).async_get_device_by_identifier(
            (DOMAIN, load_id_of(subentry)), self._entry.entry_id
        )
        names = [plain, *(f"{plain} {n}" for n in range(2, len(taken) + 3))]
        before = device.name if device is not None and device.name else ""
        if before.removeprefix(f"{plain} ").isdigit():
            names.insert(0, before)
        name = next(one for one in names if one not in taken)
        self._names[subentry.subentry_id] = name
        return name

    def _device_of(self, subentry: ConfigSubentry) -> DeviceInfo:
        home = dr.async_get(self._hass).async_get_device_by_identifier(
            (DOMAIN, Kind.HOME), self._entry.entry_id
        )
        assert home is not None
        return DeviceInfo(
            identifiers={(DOMAIN, load_id_of(subentry))},
            name=self._name_of(subentry),
            entry_type=DeviceEntryType.SERVICE,
            via_device_id=home.id,
        )

    def _register_device(self, subentry: ConfigSubentry) -> None:
        dr.async_get(self._hass).async_get_or_create(
            config_entry_id=self._entry.entry_id,
            config_subentry_id=subentry.subentry_id,
            **self._device_of(subentry),
        )

    def _add_entities(self, platform: Platform, subentry: ConfigSubentry) -> None:
        behind = Behind(
            entry=self._entry,
            subentry_id=subentry.subentry_id,
            device=self._device_of(subentry),
            subscribe=lambda listener: self._subscribe(subentry.subentry_id, listener),
        )
        self._adders[platform](
            plan_entities(platform, behind, subentry),
            config_subentry_id=subentry.subentry_id,
        )

    def _subscribe(
        self, subentry_id: str, listener: Callable[[], None]
    ) -> CALLBACK_TYPE:
        listeners = self._listeners.setdefault(subentry_id, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)


DATA_HOME_PLANS: HassKey[HomePlans] = HassKey("surplus_home_plans")


@callback
def async_new_plans(hass: HomeAssistant, entry: HomeConfigEntry) -> HomePlans:
    """Return new plans of the Home, for this set-up of it."""
    plans = hass.data[DATA_HOME_PLANS] = HomePlans(hass, entry)
    return plans


@callback
def async_get_plans(hass: HomeAssistant) -> HomePlans:
    """Return the plans of the Home, while it is set up."""
    return hass.data[DATA_HOME_PLANS]
