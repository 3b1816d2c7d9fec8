"""What there is to see and to move of a schedule or a need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, override

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.number import NumberEntity, NumberMode
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.components.switch import SwitchEntity
from homeassistant.components.time import TimeEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory, Platform, UnitOfEnergy, UnitOfTime
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.util import dt as dt_util

from ...const import DOMAIN
from ...control.needs.specs import NeedKind
from ...control.needs.state import PlanState
from ...entity import LiveDescription, LiveFact, LiveSensor, SurplusEntity
from ..loads.settings import load_id_of
from .checks import charge_errors, is_too_hot
from .const import CONF_ENABLED, CONF_NEED, CONF_READY_BY, SUBENTRY_NEED
from .numbers import PlanNumber, plan_numbers
from .settings import DEFAULT_READY_BY
from .titles import title_of

if TYPE_CHECKING:
    from ...coordinator import HomeConfigEntry

# A start that moves by less has not moved; what is left is no matter of seconds.
_START_MOVES = timedelta(minutes=2)
_LEFT_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """What an entity belongs to; ``subscribe`` tells of a changed subentry."""

    entry: HomeConfigEntry
    subentry_id: str
    device: DeviceInfo
    subscribe: Callable[[Callable[[], None]], CALLBACK_TYPE]


class _PlanEntity(SurplusEntity):
    """An entity of one schedule or need."""

    def __init__(self, behind: Behind, key: str) -> None:
        """Belong to the device of the schedule or need."""
        self._behind = behind
        self._attr_unique_id = f"{load_id_of(self._subentry)}_{key}"
        self._attr_translation_key = f"plan_{key}"
        self._attr_device_info = behind.device

    @property
    def _subentry(self) -> ConfigSubentry:
        return self._behind.entry.subentries[self._behind.subentry_id]

    @property
    def _data(self) -> Mapping[str, Any]:
        return self._subentry.data

    @property
    def _state_now(self) -> PlanState | None:
        """How things stand; None before the first cycle, and while its load is away."""
        cycle = self._behind.entry.runtime_data.cycle
        return cycle.plans.get(self._behind.subentry_id) if cycle else None

    @callback
    def _change(self, key: str, value: object) -> None:
        """Change one value of the subentry; the form shows the same.

        The title follows, unless a person has given it another one.
        """
        subentry, data = self._subentry, {**self._data, key: value}
        kind = subentry.subentry_type
        title = subentry.title
        if title == title_of(self.hass, kind, subentry.data):
            title = title_of(self.hass, kind, data)
        self.hass.config_entries.async_update_subentry(
            self._behind.entry, subentry, data=data, title=title
        )


class _SettingEntity(_PlanEntity):
    """An entity that shows a value of the subentry."""

    _attr_entity_category: EntityCategory | None = EntityCategory.CONFIG

    @override
    async def async_added_to_hass(self) -> None:
        """Show a change that was made elsewhere."""
        await super().async_added_to_hass()
        self.async_on_remove(self._behind.subscribe(self.async_write_ha_state))


class EnabledSwitch(_SettingEntity, SwitchEntity):
    """Whether it counts."""

    _attr_entity_category = None

    @property
    @override
    def is_on(self) -> bool:
        """Return whether it counts."""
        return bool(self._data.get(CONF_ENABLED, True))

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Let it count."""
        self._change(CONF_ENABLED, True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Let it wait."""
        self._change(CONF_ENABLED, False)


class PlanNumberEntity(_SettingEntity, NumberEntity):
    """How much is needed."""

    _attr_mode = NumberMode.BOX

    def __init__(self, behind: Behind, number: PlanNumber) -> None:
        """Show one value."""
        super().__init__(behind, number.key)
        self._number = number
        self._attr_device_class = number.device_class
        self._attr_native_unit_of_measurement = number.unit
        self._attr_native_min_value = number.low
        self._attr_native_max_value = number.high
        self._attr_native_step = number.step

    @property
    @override
    def native_value(self) -> float:
        """Return the value in the subentry."""
        value = self._data.get(self._number.key)
        return float(value if value is not None else self._number.default)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Change it; raises ServiceValidationError where that makes no sense."""
        data = {**self._data, self._number.key: value}
        if is_too_hot(self.hass, data):
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="need_too_hot"
            )
        if self._data[CONF_NEED] == NeedKind.CHARGE:
            errors = charge_errors(data)
            # Nothing asked for is a way to pause it, by an automation.
            if set(errors.values()) - {"nothing_asked"}:
                raise ServiceValidationError(
                    translation_domain=DOMAIN, translation_key="charge_order"
                )
        self._change(self._number.key, value)


class ReadyByTime(_SettingEntity, TimeEntity):
    """By when it is needed."""

    @property
    @override
    def native_value(self) -> time:
        """Return the time of day."""
        return time.fromisoformat(self._data.get(CONF_READY_BY, DEFAULT_READY_BY))

    @override
    async def async_set_value(self, value: time) -> None:
        """Need it at another time."""
        self._change(CONF_READY_BY, value.isoformat(timespec="seconds"))


class _LivePlanEntity(_PlanEntity):
    """An entity that follows the cycles."""

    @callback
    def async_refresh_live(self, *_: object) -> None:
        """Write what has changed."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the cycles."""
        await super().async_added_to_hass()
        home = self._behind.entry.runtime_data
        self.async_on_remove(home.async_add_listener(self.async_refresh_live))


class StartSensor(_LivePlanEntity, SensorEntity):
    """When it will next ask for power."""

    _attr_device_class = SensorDeviceClass.TIMESTAMP
    _written: tuple[bool, datetime | None] | None = None

    @property
    @override
    def available(self) -> bool:
        """Only while its load is there."""
        return self._state_now is not None

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the planned start; None where none is planned."""
        return self._written[1] if self._written is not None else self._start

    @property
    def _start(self) -> datetime | None:
        state = self._state_now
        if state is None or state.starts is None:
            return None
        return dt_util.as_utc(state.starts).replace(microsecond=0)

    @callback
    @override
    def async_refresh_live(self, *_: object) -> None:
        """Write a start that has come, gone or really moved."""
        new = (self.available, self._start)
        if self._written is not None and _same_start(self._written, new):
            return
        self._written = new
        self.async_write_ha_state()


def _same_start(
    old: tuple[bool, datetime | None], new: tuple[bool, datetime | None]
) -> bool:
    if old[1] is None or new[1] is None:
        return old == new
    return old[0] is new[0] and abs(new[1] - old[1]) < _START_MOVES


_LEFT_ENERGY = LiveDescription[PlanState](
    key="left_energy",
    translation_key="plan_left_energy",
    device_class=SensorDeviceClass.ENERGY,
    native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
    suggested_display_precision=1,
    value_fn=lambda state: (
        round(state.left_wh / 1000.0, 2) if state.left_wh is not None else None
    ),
    dead_band=0.05,
)
_LEFT_TIME = LiveDescription[PlanState](
    key="left_time",
    translation_key="plan_left_time",
    device_class=SensorDeviceClass.DURATION,
    native_unit_of_measurement=UnitOfTime.HOURS,
    suggested_display_precision=1,
    value_fn=lambda state: (
        round(state.left_s / 3600.0, 2) if state.left_s is not None else None
    ),
    dead_band=0.05,
)


class LeftSensor(LiveSensor, _LivePlanEntity):
    """What is left of a need until its deadline."""

    entity_description: LiveDescription[PlanState]
    _write_interval = _LEFT_EVERY

    def __init__(self, behind: Behind, description: LiveDescription[PlanState]) -> None:
        """Show one figure."""
        super().__init__(behind, description.key)
        self.entity_description = description
        self._dead_band = description.dead_band

    @property
    @override
    def available(self) -> bool:
        """Only while it is known."""
        return self.live_value is not None

    @property
    @override
    def live_value(self) -> float | None:
        """Return what is left."""
        if (state := self._state_now) is None:
            return None
        value = self.entity_description.value_fn(state)
        return value if isinstance(value, float) else None


class LateSensor(LiveFact, _LivePlanEntity):
    """Whether it will not be met in time."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM

    @property
    @override
    def live_fact(self) -> bool | None:
        """Whether it will be late; None while its load is away."""
        state = self._state_now
        return state.late if state is not None else None


def plan_entities(
    platform: Platform, behind: Behind, subentry: ConfigSubentry
) -> list[Entity]:
    """Return the entities of a schedule or a need for one platform."""
    is_need = subentry.subentry_type == SUBENTRY_NEED
    match platform:
        case Platform.SWITCH:
            return [EnabledSwitch(behind, CONF_ENABLED)]
        case Platform.SENSOR:
            start: list[Entity] = [StartSensor(behind, "start")]
            if not is_need:
                return start
            counts_time = subentry.data[CONF_NEED] == NeedKind.HOURS
            left = _LEFT_TIME if counts_time else _LEFT_ENERGY
            return [*start, LeftSensor(behind, left)]
        case Platform.NUMBER:
            return [
                PlanNumberEntity(behind, number) for number in plan_numbers(subentry)
            ]
        case Platform.TIME if is_need:
            return [ReadyByTime(behind, CONF_READY_BY)]
        case Platform.BINARY_SENSOR if is_need:
            return [LateSensor(behind, "late")]
    return []
