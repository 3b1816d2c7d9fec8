"""The Home device: what the house does, and the few things to set."""

from collections.abc import Callable
from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberMode
from homeassistant.components.select import SelectEntity
from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.components.switch import SwitchEntity
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    Platform,
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfPower,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from ..const import DOMAIN, Kind
from ..control.cycle import Cycle
from ..control.freshness import MeterState
from ..control.model import IEC_MINIMUM_A
from ..control.settings import HomeSettings, priced
from ..coordinator import HomeConfigEntry, HomeCoordinator
from ..entity import LiveDescription, LiveSensor, SurplusEntity

_LARGEST_TARGET_W = 10_000.0

# How long a load stays as a person has moved it, in seconds; None is until resumed.
_OVERRIDES: dict[str, float | None] = {
    "15_minutes": 900.0,
    "30_minutes": 1800.0,
    "1_hour": 3600.0,
    "2_hours": 7200.0,
    "4_hours": 14_400.0,
    "8_hours": 28_800.0,
    "1_day": 86_400.0,
    "for_ever": None,
}


def _power(key: str, value_fn: Callable[[Cycle], StateType]) -> LiveDescription[Cycle]:
    return LiveDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value_fn=value_fn,
        dead_band=10.0,
    )


SENSORS = (
    _power("grid_power", lambda cycle: cycle.grid_w),
    _power("solar_power", lambda cycle: cycle.solar_w),
    _power("house_power", lambda cycle: cycle.house_w),
    _power("surplus_power", lambda cycle: cycle.surplus_w),
    _power("budget_power", lambda cycle: cycle.budget_w),
    LiveDescription(
        key="budget_current",
        translation_key="budget_current",
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=1,
        value_fn=lambda cycle: cycle.budget_a,
        dead_band=0.1,
    ),
    LiveDescription(
        key="breaker_room",
        translation_key="breaker_room",
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=1,
        value_fn=lambda cycle: cycle.breaker_room_a,
        dead_band=0.5,
    ),
    LiveDescription(
        key="subscription_room",
        translation_key="subscription_room",
        device_class=SensorDeviceClass.APPARENT_POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfApparentPower.VOLT_AMPERE,
        suggested_display_precision=0,
        value_fn=lambda cycle: cycle.subscription_room_va,
        dead_band=50.0,
    ),
    LiveDescription(
        key="meter_state",
        translation_key="meter_state",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=[state.value for state in MeterState],
        value_fn=lambda cycle: cycle.meter,
    ),
)


# In every Home.
_SETTING_SENSORS = (
    LiveDescription[HomeCoordinator](
        key="tolerated_import",
        translation_key="tolerated_import",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda home: _tolerated_import_w(
            priced(home.engine.settings, home.tariff.now)
        ),
    ),
    LiveDescription[HomeCoordinator](
        key="meter_in_use",
        translation_key="meter_in_use",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda home: home.meters.control_name,
    ),
)

# Of what not every Home has: each appears once there is something to show.
_RARE_SENSORS = (
    LiveDescription[HomeCoordinator](
        key="battery_power",
        translation_key="battery_power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value_fn=lambda home: home.cycle.battery_w if home.cycle else None,
        dead_band=10.0,
    ),
    LiveDescription[HomeCoordinator](
        key="battery_charge",
        translation_key="battery_charge",
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda home: _percent(home.batteries.soc),
        dead_band=0.5,
    ),
    LiveDescription[HomeCoordinator](
        key="modelled_house_power",
        translation_key="modelled_house_power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda home: home.cycle.modelled_house_w if home.cycle else None,
        dead_band=10.0,
    ),
    LiveDescription[HomeCoordinator](
        key="probed_power",
        translation_key="probed_power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda home: (
            home.cycle.probed_w
            if home.cycle and home.engine.settings.zero_export
            else None
        ),
        dead_band=10.0,
    ),
)


def _tolerated_import_w(settings: HomeSettings) -> float:
    """Return what one phase at the least a car can draw may take from the grid."""
    return round(
        settings.tolerated_import_share * IEC_MINIMUM_A * settings.voltage_v, 1
    )


def _percent(share: float | None) -> float | None:
    return 100.0 * share if share is not None else None


class HomeEntity(SurplusEntity):
    """An entity of the Home device."""

    def __init__(self, entry: HomeConfigEntry, description: EntityDescription) -> None:
        """Belong to the Home."""
        self.entity_description = description
        self.coordinator: HomeCoordinator = entry.runtime_data
        self._attr_unique_id = f"{Kind.HOME}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, Kind.HOME)},
            name=entry.title,
            entry_type=DeviceEntryType.SERVICE,
        )


class _LiveHomeSensor[S](LiveSensor, HomeEntity):
    """A figure that is read anew after each cycle."""

    entity_description: LiveDescription[S]

    def __init__(self, entry: HomeConfigEntry, description: LiveDescription[S]) -> None:
        """Show one figure."""
        super().__init__(entry, description)
        self._dead_band = description.dead_band

    @property
    @override
    def available(self) -> bool:
        """Whether the figure is known."""
        return self.live_value is not None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the cycles."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.async_add_listener(self.async_refresh_live)
        )


class HomeSensor(_LiveHomeSensor[Cycle]):
    """A figure of the newest cycle."""

    @property
    @override
    def live_value(self) -> StateType:
        """Return the figure; None before the first cycle."""
        cycle = self.coordinator.cycle
        return self.entity_description.value_fn(cycle) if cycle else None


class HomeFigureSensor(_LiveHomeSensor[HomeCoordinator]):
    """A figure of settings, sources and cycle together."""

    @property
    @override
    def live_value(self) -> StateType:
        """Return the figure."""
        return self.entity_description.value_fn(self.coordinator)


class ObserverSwitch(HomeEntity, SwitchEntity):
    """Decide and show, command nothing."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the Home only observes."""
        return self.coordinator.memory.observing

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Let go of the loads."""
        self.coordinator.async_set_observing(True)
        self.async_write_ha_state()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Begin to command the loads."""
        self.coordinator.async_set_observing(False)
        self.async_write_ha_state()


class _PowerNumber(HomeEntity, NumberEntity):
    _attr_device_class = NumberDeviceClass.POWER
    _attr_native_unit_of_measurement = UnitOfPower.WATT
    _attr_native_step = 10
    _attr_mode = NumberMode.BOX
    _attr_entity_category = EntityCategory.CONFIG


class GridTargetNumber(_PowerNumber):
    """The grid power to aim at, + = import allowed."""

    _attr_native_min_value = -_LARGEST_TARGET_W
    _attr_native_max_value = _LARGEST_TARGET_W

    @property
    @override
    def native_value(self) -> float:
        """Return the target."""
        return self.coordinator.memory.grid_target_w

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Aim elsewhere."""
        self.coordinator.async_set_grid_target(value)
        self.async_write_ha_state()


class MarginNumber(_PowerNumber):
    """The part of the surplus that loads leave unused."""

    _attr_native_min_value = 0
    _attr_native_max_value = _LARGEST_TARGET_W

    @property
    @override
    def native_value(self) -> float:
        """Return the margin."""
        return self.coordinator.memory.margin_w

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Leave more or less."""
        self.coordinator.async_set_margin(value)
        self.async_write_ha_state()


class OverrideSelect(HomeEntity, SelectEntity):
    """How long a load stays as a person has moved it from outside."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_options = list(_OVERRIDES)

    @property
    @override
    def current_option(self) -> str | None:
        """Return the time in words."""
        override_s = self.coordinator.memory.override_s
        return next(
            (option for option, s in _OVERRIDES.items() if s == override_s), None
        )

    @override
    async def async_select_option(self, option: str) -> None:
        """Let the next override last another time."""
        self.coordinator.async_set_override(_OVERRIDES[option])
        self.async_write_ha_state()


class MeterProblem(HomeEntity, BinarySensorEntity):
    """Whether the grid meter is not to be relied on."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _written: bool | None = None

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether readings are stale or lost."""
        cycle = self.coordinator.cycle
        return cycle.meter is not MeterState.FRESH if cycle else None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the cycles."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_listener(self._refresh))

    @callback
    def _refresh(self) -> None:
        if self.is_on is not self._written:
            self._written = self.is_on
            self.async_write_ha_state()


def add_sensors(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add the Home's sensors; those of what it may not have once it has it."""
    add(HomeSensor(entry, description) for description in SENSORS)
    add(HomeFigureSensor(entry, description) for description in _SETTING_SENSORS)
    coordinator = entry.runtime_data
    registry = er.async_get(hass)
    waiting = {description.key: description for description in _RARE_SENSORS}

    @callback
    def add_known() -> None:
        known = [
            description
            for description in waiting.values()
            if description.value_fn(coordinator) is not None
            or registry.async_get_entity_id(
                Platform.SENSOR, DOMAIN, f"{Kind.HOME}_{description.key}"
            )
        ]
        for description in known:
            del waiting[description.key]
        if known:
            add(HomeFigureSensor(entry, description) for description in known)

    add_known()
    entry.async_on_unload(coordinator.async_add_listener(add_known))


def add_binary_sensors(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add the grid meter's problem sensor."""
    add([MeterProblem(entry, _described("meter_problem"))])


def add_switches(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add the observer switch."""
    add([ObserverSwitch(entry, _described("observer"))])


def add_numbers(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add grid target and margin."""
    add(
        [
            GridTargetNumber(entry, _described("grid_target")),
            MarginNumber(entry, _described("margin")),
        ]
    )


def add_selects(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add how long an override lasts."""
    add([OverrideSelect(entry, _described("override_time"))])


def _described(key: str) -> EntityDescription:
    return EntityDescription(key=key, translation_key=key)
