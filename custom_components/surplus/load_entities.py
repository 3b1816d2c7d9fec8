"""Mode, reason, what comes next, and check of a load.

The entry that owns a load's device creates these beside its own entities; what they
show and set is Home's. Without Home they are unavailable.
"""

from datetime import datetime, timedelta
from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.button import ButtonEntity
from homeassistant.components.select import SelectEntity
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.const import EntityCategory, Platform, UnitOfEnergy
from homeassistant.core import CALLBACK_TYPE, ServiceResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .control.check import Finding, finding_of, numbers_of
from .control.model import Mode, Reason
from .entity import SurplusEntity
from .guard_events import GuardEventEntity
from .registry import HomeControls, LoadControls, Registry

# The state of the attribute ``event`` when nothing can be foreseen.
NO_EVENT = "none"


def unique_id_of(load_id: str, key: str) -> str:
    """Return the unique id of an entity of a load."""
    return f"{load_id}_{key}"


class LoadEntity(SurplusEntity):
    """Follows Home's controls of one load, and Home's own coming and going."""

    _key: str

    def __init__(self, registry: Registry, load_id: str, device: DeviceInfo) -> None:
        """Belong to the load's device."""
        self._registry = registry
        self._load_id = load_id
        self._attr_unique_id = unique_id_of(load_id, self._key)
        self._attr_translation_key = f"load_{self._key}"
        self._attr_device_info = device
        self._followed: object | None = None

    @property
    def controls(self) -> LoadControls | None:
        """Home's controls of this load, if there is a Home that knows it."""
        home = self._registry.home
        return home.load(self._load_id) if home else None

    @property
    def home(self) -> HomeControls:
        """Home, for a command to it.

        Raises ServiceValidationError when there is none.
        """
        if (home := self._registry.home) is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="no_home"
            )
        return home

    @property
    @override
    def available(self) -> bool:
        """Only with a Home."""
        return self.controls is not None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow Home now and whenever it comes back."""
        await super().async_added_to_hass()
        self.async_on_remove(self._registry.async_listen(self._follow_home))
        self.async_on_remove(self._unfollow)
        self._follow_home(first=True)

    @callback
    def _follow_home(self, *, first: bool = False) -> None:
        home = self._registry.home
        if home is self._followed:
            return
        self._unfollow()
        self._followed = home
        if home is not None:
            self._stop = self._follow(home)
        if not first:
            self.async_write_ha_state()

    def _follow(self, home: HomeControls) -> CALLBACK_TYPE:
        return home.async_subscribe(self._load_id, self.async_write_ha_state)

    @callback
    def _unfollow(self) -> None:
        if self._followed is not None:
            self._stop()
            self._followed = None


class LoadModeSelect(LoadEntity, SelectEntity):
    """What the load is allowed to take."""

    _key = "mode"

    @property
    @override
    def options(self) -> list[str]:
        """Return the modes that make sense for the load."""
        controls = self.controls
        return [mode.value for mode in (controls.modes if controls else Mode)]

    @property
    @override
    def current_option(self) -> str | None:
        """Return the mode Home holds for the load."""
        return self.controls.mode if self.controls else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Change it; a boost or a set-point chosen here lasts until a person ends it."""
        await self.home.async_set_mode(self._load_id, Mode(option))

    async def async_set_mode(
        self,
        mode: str,
        duration: timedelta | None = None,
        energy: float | None = None,
        value: float | None = None,
    ) -> None:
        """Change it, for a duration or an energy only (action ``set_mode``)."""
        until = dt_util.utcnow() + duration if duration is not None else None
        await self.home.async_set_mode(
            self._load_id, Mode(mode), until, energy_kwh=energy, value=value
        )

    async def async_resume(self) -> None:
        """Bring the mode before back (action ``resume``)."""
        await self.home.async_resume(self._load_id)

    async def async_check(self) -> ServiceResponse:
        """Run the commissioning check (action ``check``)."""
        result = await self.home.async_check(self._load_id)
        return {"finding": finding_of(result).value, **numbers_of(result)}


class LoadReasonSensor(LoadEntity, SensorEntity):
    """Why the load does what it does.

    The numbers are those of the moment the reason changed: attributes that moved with
    every reading would be a recorder row each.
    """

    _key = "reason"
    _attr_device_class = SensorDeviceClass.ENUM
    _attr_options = [reason.value for reason in Reason]

    @property
    @override
    def native_value(self) -> str | None:
        """Return the reason of the newest decision."""
        controls = self.controls
        return controls.decision.reason if controls and controls.decision else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, float | str] | None:
        """Return the numbers behind the reason, and what a person has set."""
        controls = self.controls
        if controls is None or controls.decision is None:
            return None
        numbers = dict(controls.decision.numbers)
        if controls.manual_value is not None:
            numbers["value"] = controls.manual_value
        if (until := controls.boost_until or controls.override_until) is not None:
            numbers["until"] = until.isoformat()
        return numbers


class LoadBoostEndSensor(LoadEntity, SensorEntity):
    """When a boost ends."""

    _key = "boost_end"
    _attr_device_class = SensorDeviceClass.TIMESTAMP

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the end of the boost; None without one."""
        return self.controls.boost_until if self.controls else None


class LoadBoostEnergySensor(LoadEntity, SensorEntity):
    """What a boost by energy has still to take."""

    _key = "boost_energy"
    _attr_device_class = SensorDeviceClass.ENERGY
    _attr_native_unit_of_measurement = UnitOfEnergy.KILO_WATT_HOUR
    _attr_suggested_display_precision = 1

    @property
    @override
    def native_value(self) -> float | None:
        """Return what is left; None without such a boost."""
        return self.controls.boost_energy_kwh if self.controls else None


class LoadOverrideEndSensor(LoadEntity, SensorEntity):
    """When a set-point by hand, or any other mode for a time, ends."""

    _key = "override_end"
    _attr_device_class = SensorDeviceClass.TIMESTAMP

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the end; None without one."""
        return self.controls.override_until if self.controls else None


class LoadNextEventSensor(LoadEntity, SensorEntity):
    """What comes next, and when."""

    _key = "next_event"
    _attr_device_class = SensorDeviceClass.TIMESTAMP

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return when; None where nobody can tell."""
        controls = self.controls
        return controls.next_event.at if controls and controls.next_event else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str] | None:
        """Return what it is."""
        controls = self.controls
        if controls is None:
            return None
        event = controls.next_event
        return {"event": event.kind.value if event else NO_EVENT}


class LoadCheckSensor(LoadEntity, SensorEntity):
    """How the last commissioning check ended."""

    _key = "check_result"
    _attr_device_class = SensorDeviceClass.ENUM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_options = ["not_run", "running", *(finding.value for finding in Finding)]

    @property
    @override
    def native_value(self) -> str | None:
        """Return what was found."""
        controls = self.controls
        if controls is None:
            return None
        if controls.checking:
            return "running"
        return finding_of(controls.check) if controls.check else "not_run"

    @property
    @override
    def extra_state_attributes(self) -> dict[str, float | str] | None:
        """Return the figures of the check."""
        controls = self.controls
        return numbers_of(controls.check) if controls and controls.check else None


class LoadProblem(LoadEntity, BinarySensorEntity):
    """Whether something is wrong with the load."""

    _key = "problem"
    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether something is."""
        controls = self.controls
        return controls.trouble is not None if controls else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str] | None:
        """Return what it is."""
        controls = self.controls
        if controls is None:
            return None
        return {"problem": controls.trouble.value if controls.trouble else NO_EVENT}


class LoadResumeButton(LoadEntity, ButtonEntity):
    """End a boost or an override."""

    _key = "resume"

    @property
    @override
    def available(self) -> bool:
        """Only while another mode waits to come back."""
        controls = self.controls
        return controls is not None and controls.resumable

    @override
    async def async_press(self) -> None:
        """Bring the mode before back."""
        await self.home.async_resume(self._load_id)


class LoadCheckButton(LoadEntity, ButtonEntity):
    """Run the commissioning check."""

    _key = "check"
    _attr_entity_category = EntityCategory.CONFIG

    @override
    async def async_press(self) -> None:
        """Pulse the load and say what was seen."""
        await self.home.async_check(self._load_id)


class LoadGuardEvent(LoadEntity, GuardEventEntity):
    """Shed to keep a breaker closed, and restored."""

    _key = "guard"

    @override
    def _follow(self, home: HomeControls) -> CALLBACK_TYPE:
        return home.async_follow_guard(self._load_id, self._show)


_ENTITIES: dict[Platform, tuple[type[LoadEntity], ...]] = {
    Platform.BINARY_SENSOR: (LoadProblem,),
    Platform.SELECT: (LoadModeSelect,),
    Platform.SENSOR: (
        LoadReasonSensor,
        LoadNextEventSensor,
        LoadBoostEndSensor,
        LoadBoostEnergySensor,
        LoadOverrideEndSensor,
        LoadCheckSensor,
    ),
    Platform.BUTTON: (LoadResumeButton, LoadCheckButton),
    Platform.EVENT: (LoadGuardEvent,),
}


def load_entities(
    platform: Platform, registry: Registry, load_id: str, device: DeviceInfo
) -> list[Entity]:
    """Return the control entities of a load for one platform.

    ``load_id`` is the load's source id (``ocpp:<identity>``).
    """
    return [entity(registry, load_id, device) for entity in _ENTITIES.get(platform, ())]
