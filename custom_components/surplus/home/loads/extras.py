"""Sensors that only some loads have: the terms of a PID, and what was learned of them."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.const import EntityCategory, Platform, UnitOfPower
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.typing import StateType

from ...const import DOMAIN
from ...control.model import RegulatorTerms
from ...entity import LiveDescription, LiveSensor
from ...load_entities import LoadEntity, unique_id_of
from ...registry import HomeControls, Registry

LEARNED_POWER: Final = "learned_power"
LEARNED_PHASE: Final = "learned_phase"
TERMS: Final = (
    # Target − grid.
    LiveDescription[RegulatorTerms](
        key="pid_error", value_fn=lambda terms: terms.error_w
    ),
    # What answers to the error.
    LiveDescription[RegulatorTerms](key="pid_p", value_fn=lambda terms: terms.p_w),
    # What has gathered.
    LiveDescription[RegulatorTerms](key="pid_i", value_fn=lambda terms: terms.i_w),
    # What answers to the slope of the grid power.
    LiveDescription[RegulatorTerms](key="pid_d", value_fn=lambda terms: terms.d_w),
    # The power asked of the load.
    LiveDescription[RegulatorTerms](
        key="pid_output", value_fn=lambda terms: terms.output_w
    ),
)


class LoadRegulatorSensor(LoadEntity, LiveSensor):
    """One term of the PID that regulates the load."""

    entity_description: LiveDescription[RegulatorTerms]
    _attr_device_class = SensorDeviceClass.POWER
    _attr_native_unit_of_measurement = UnitOfPower.WATT
    _attr_suggested_display_precision = 0
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False
    _dead_band = 1.0
    _write_interval = timedelta(seconds=60)

    def __init__(
        self,
        description: LiveDescription[RegulatorTerms],
        registry: Registry,
        load_id: str,
        device: DeviceInfo,
    ) -> None:
        """Show that term."""
        self.entity_description = description
        self._key = description.key
        super().__init__(registry, load_id, device)

    @override
    def _follow(self, home: HomeControls) -> CALLBACK_TYPE:
        return home.async_follow(self._load_id, self.async_refresh_live)

    @property
    @override
    def available(self) -> bool:
        """Only while the PID regulates."""
        controls = self.controls
        return controls is not None and controls.regulation is not None

    @property
    @override
    def live_value(self) -> StateType:
        """Return the term of the newest step."""
        controls = self.controls
        if controls is None or controls.regulation is None:
            return None
        return self.entity_description.value_fn(controls.regulation)


class LoadLearnedPowerSensor(LoadEntity, SensorEntity):
    """What the grid meter has shown of a load whose power is not declared."""

    _key = LEARNED_POWER
    _attr_device_class = SensorDeviceClass.POWER
    _attr_native_unit_of_measurement = UnitOfPower.WATT
    _attr_suggested_display_precision = 0
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _written: Mapping[str, float] | None = None

    @override
    def _follow(self, home: HomeControls) -> CALLBACK_TYPE:
        return home.async_follow(self._load_id, self._refresh)

    @callback
    def _refresh(self) -> None:
        facts = self._facts
        if facts != self._written:
            self._written = facts
            self.async_write_ha_state()

    @property
    def _facts(self) -> Mapping[str, float]:
        return self.controls.facts if self.controls else {}

    @property
    @override
    def available(self) -> bool:
        """Only once something was seen of it."""
        return bool(self._facts)

    @property
    @override
    def native_value(self) -> float | None:
        """Return the power."""
        return self._facts.get("power_w")

    @property
    @override
    def extra_state_attributes(self) -> dict[str, float] | None:
        """Return how sure that is, and on how many switchings it rests."""
        facts = self._facts
        if not facts:
            return None
        return {
            "confidence": round(100.0 * facts["confidence"]),
            "steps": round(facts["steps"]),
        }


class LoadLearnedPhaseSensor(LoadEntity, SensorEntity):
    """The phase that a load was seen to use, where its form leaves that to the meter."""

    _key = LEARNED_PHASE
    _attr_device_class = SensorDeviceClass.ENUM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_options = ["unknown_yet", "l1", "l2", "l3"]
    _written: str | None = None

    @override
    def _follow(self, home: HomeControls) -> CALLBACK_TYPE:
        return home.async_follow(self._load_id, self._refresh)

    @callback
    def _refresh(self) -> None:
        if (phase := self.native_value) != self._written:
            self._written = phase
            self.async_write_ha_state()

    @property
    @override
    def native_value(self) -> str | None:
        """Return the phase."""
        if (controls := self.controls) is None:
            return None
        return "unknown_yet" if controls.phase is None else f"l{controls.phase}"


class Extra(StrEnum):
    """Sensors that not every load has."""

    REGULATOR = "regulator"
    LEARNED_POWER = "learned_power"
    LEARNED_PHASE = "learned_phase"


_KEYS: Final = {
    Extra.REGULATOR: tuple(term.key for term in TERMS),
    Extra.LEARNED_POWER: (LEARNED_POWER,),
    Extra.LEARNED_PHASE: (LEARNED_PHASE,),
}


def extra_entities(
    extra: Extra, registry: Registry, load_id: str, device: DeviceInfo
) -> list[Entity]:
    """Return sensors that only some loads have."""
    if extra is Extra.LEARNED_POWER:
        return [LoadLearnedPowerSensor(registry, load_id, device)]
    if extra is Extra.LEARNED_PHASE:
        return [LoadLearnedPhaseSensor(registry, load_id, device)]
    return [LoadRegulatorSensor(term, registry, load_id, device) for term in TERMS]


@callback
def async_remove_extra(hass: HomeAssistant, extra: Extra, load_id: str) -> None:
    """Remove sensors that a load no longer has."""
    entities = er.async_get(hass)
    for key in _KEYS[extra]:
        entity_id = entities.async_get_entity_id(
            Platform.SENSOR, DOMAIN, unique_id_of(load_id, key)
        )
        if entity_id is not None:
            entities.async_remove(entity_id)
