"""How near the breakers are, what is shed, and what was counted."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ...control.cycle import Cycle
from ...control.freshness import MeterState
from ...control.model import GuardCounters, LimitKind
from ...coordinator import HomeConfigEntry
from ...entity import LiveDescription
from ..entities import HomeEntity, HomeSensor
from ..loads.choice import load_name

# A breaker that holds for longer holds for all that a person can do about it.
HOLDS_S: Final = 600.0
# Falling below one of these is told at once: somebody may wait for it.
_URGENT_S: Final = (60.0, 30.0, 10.0)
# Regulated to a limit, a house goes over it by a few watts again and again.
_OVERLOAD_ENDS_S: Final = 10.0
# What the attribute ``limit`` says while none is exceeded.
_NO_LIMIT: Final = "none"


def _is_guarded(cycle: Cycle) -> bool:
    """Whether there are limits, and a meter to hold against them."""
    seen = cycle.meter in (MeterState.FRESH, MeterState.STALE)
    limits = (cycle.breaker_room_a, cycle.subscription_room_va, cycle.guard.over)
    limited = any(limit is not None for limit in limits) or bool(cycle.circuits_a)
    return seen and limited


def _seconds_left(cycle: Cycle) -> float | None:
    if not _is_guarded(cycle):
        return None
    left_s = cycle.guard.seconds_left
    return HOLDS_S if left_s is None else min(max(0.0, left_s), HOLDS_S)


def _heat(cycle: Cycle) -> float | None:
    return 100.0 * cycle.guard.heat if _is_guarded(cycle) else None


SECONDS_LEFT: Final = LiveDescription[Cycle](
    key="breaker_opens_in",
    translation_key="breaker_opens_in",
    device_class=SensorDeviceClass.DURATION,
    state_class=SensorStateClass.MEASUREMENT,
    native_unit_of_measurement=UnitOfTime.SECONDS,
    suggested_display_precision=0,
    value_fn=_seconds_left,
    dead_band=2.0,
)

HEAT: Final = LiveDescription[Cycle](
    key="breaker_heat",
    translation_key="breaker_heat",
    state_class=SensorStateClass.MEASUREMENT,
    native_unit_of_measurement=PERCENTAGE,
    suggested_display_precision=0,
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
    value_fn=_heat,
    dead_band=1.0,
)

SHED_LOADS: Final = SensorEntityDescription(
    key="shed_loads",
    translation_key="shed_loads",
    state_class=SensorStateClass.MEASUREMENT,
)


def _count(
    key: str, count: Callable[[GuardCounters], float], unit: str | None = None
) -> LiveDescription[Cycle]:
    return LiveDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.DURATION if unit else None,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=unit,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda cycle: count(cycle.guard.counters),
    )


COUNTERS: Final = (
    _count(
        "overload_time", lambda counters: round(counters.overload_s), UnitOfTime.SECONDS
    ),
    _count("overloads", lambda counters: counters.overloads),
    _count("sheds", lambda counters: counters.sheds),
    _count("restores", lambda counters: counters.restores),
    _count("unnecessary_sheds", lambda counters: counters.unnecessary_sheds),
)


class SecondsLeftSensor(HomeSensor):
    """How long the first breaker still holds; ten minutes stand for all beyond."""

    @override
    def async_refresh_live(self, *_: object) -> None:
        """Write at once what somebody may wait for; else now and then."""
        value, shown = self.live_value, self._attr_native_value
        if isinstance(value, int | float) and isinstance(shown, int | float):
            if any(value < urgent_s <= shown for urgent_s in _URGENT_S):
                self._write(value)
                return
        super().async_refresh_live()


class CounterSensor(HomeSensor):
    """Something counted since the installation."""

    _write_interval = timedelta(seconds=60)


class OverloadProblem(HomeEntity, BinarySensorEntity):
    """Whether the house draws more than a limit allows."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _written: tuple[bool, LimitKind | None] | None = None
    _over_at = float("-inf")

    @property
    @override
    def available(self) -> bool:
        """Whether there are limits, and a meter to hold against them."""
        cycle = self.coordinator.cycle
        return cycle is not None and _is_guarded(cycle)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the cycles."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_listener(self._refresh))
        self._take()

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str]:
        """Return which limit it is."""
        limit = self._written[1] if self._written else None
        return {"limit": limit.value if limit is not None else _NO_LIMIT}

    def _take(self) -> bool:
        """Take in the newest cycle; returns whether there is anything to show."""
        cycle = self.coordinator.cycle
        over = None
        if cycle is not None and self.available:
            over = cycle.guard.over
            if over is not None:
                self._over_at = cycle.at
            elif self._written and cycle.at - self._over_at < _OVERLOAD_ENDS_S:
                over = self._written[1]
        new = (self.available, over)
        changed, self._written = new != self._written, new
        self._attr_is_on = over is not None
        return changed

    @callback
    def _refresh(self) -> None:
        if self._take():
            self.async_write_ha_state()


class ShedLoadsSensor(HomeEntity, SensorEntity):
    """How many loads wait to be restored, and which."""

    _written: frozenset[str] | None = None

    @property
    def _shed(self) -> frozenset[str] | None:
        cycle = self.coordinator.cycle
        return cycle.guard.shed if cycle is not None else None

    @property
    @override
    def available(self) -> bool:
        """Whether anything was decided."""
        return self._shed is not None

    @property
    @override
    def native_value(self) -> int | None:
        """Return how many."""
        return None if self._shed is None else len(self._shed)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, list[str]] | None:
        """Return their names."""
        if self._shed is None:
            return None
        return {"loads": sorted(load_name(self.hass, one) for one in self._shed)}

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the cycles."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_listener(self._refresh))

    @callback
    def _refresh(self) -> None:
        if self._shed != self._written:
            self._written = self._shed
            self.async_write_ha_state()


def add_guard_sensors(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add what the guard measures and counts."""
    add(
        [
            SecondsLeftSensor(entry, SECONDS_LEFT),
            HomeSensor(entry, HEAT),
            ShedLoadsSensor(entry, SHED_LOADS),
            *(CounterSensor(entry, description) for description in COUNTERS),
        ]
    )


def add_guard_binary_sensors(
    hass: HomeAssistant, entry: HomeConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add whether a limit is exceeded."""
    description = EntityDescription(key="overload", translation_key="overload")
    add([OverloadProblem(entry, description)])
