"""The meter's sensors, by table: one appears when the meter sends what it shows."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import PERCENTAGE, EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from ..entity import LiveDescription, LiveSensor
from .labels import TicMode
from .rows import SLOW_INTERVAL, LinkySensorDescription, is_heard
from .rows_energy import ENERGY_ROWS
from .rows_power import POWER_ROWS
from .rows_tariff import TARIFF_ROWS
from .runtime import LinkyConfigEntry, LinkyEntity, LinkyRuntime

METER_SENSORS: Final = (
    *POWER_ROWS,
    *ENERGY_ROWS,
    *TARIFF_ROWS,
    LinkySensorDescription(
        key="mode",
        translation_key="linky_mode",
        device_class=SensorDeviceClass.ENUM,
        options=[mode.value for mode in TicMode],
        entity_category=EntityCategory.DIAGNOSTIC,
        exists_fn=lambda meter: meter.mode is not None,
        value_fn=lambda meter, _now: meter.mode,
    ),
)


def _lost_share(runtime: LinkyRuntime) -> StateType:
    counters = runtime.link.decoder.counters
    total = counters.groups + counters.bad_groups
    return round(100 * counters.bad_groups / total, 2) if total else None


def _counter(
    key: str, value_fn: Callable[[LinkyRuntime], StateType]
) -> LiveDescription[LinkyRuntime]:
    return LiveDescription(
        key=key,
        translation_key=f"linky_{key}",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=value_fn,
    )


LINK_SENSORS: Final = (
    LiveDescription(
        key="link",
        translation_key="linky_link",
        device_class=SensorDeviceClass.ENUM,
        options=list(LinkyRuntime.STATES),
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda runtime: runtime.state,
    ),
    LiveDescription(
        key="lost_share",
        translation_key="linky_lost_share",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_lost_share,
    ),
    _counter("frames", lambda runtime: runtime.link.decoder.counters.frames),
    _counter("lost_groups", lambda runtime: runtime.link.decoder.counters.bad_groups),
    _counter("drops", lambda runtime: runtime.link.counters.drops),
)


class LinkySensor(LinkyEntity, LiveSensor):
    """A value of the meter."""

    entity_description: LinkySensorDescription
    # A calendar of tomorrow is worth nothing the day after.
    _unrecorded_attributes = frozenset({"tomorrow"})
    _written_attributes: dict[str, Any] | None = None

    def __init__(
        self, runtime: LinkyRuntime, description: LinkySensorDescription
    ) -> None:
        """Show one value."""
        super().__init__(runtime, description.key)
        self.entity_description = description
        self._dead_band = description.dead_band
        self._write_interval = description.write_interval

    @property
    @override
    def live_value(self) -> StateType | datetime:
        """Return the value; None when it is too old or of another meter."""
        meter = self.runtime.meter
        if meter is None:
            return None
        return self.entity_description.value_fn(meter, self.runtime.now)

    @property
    @override
    def available(self) -> bool:
        """Whether there is a value, or a meter that says there is none."""
        if self.live_value is not None:
            return True
        meter = self.runtime.meter
        return (
            self.entity_description.may_be_absent
            and meter is not None
            and is_heard(meter, self.runtime.now)
        )

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return what does not fit into a state."""
        read, meter = self.entity_description.attributes_fn, self.runtime.meter
        return None if read is None or meter is None else read(meter, self.runtime.now)

    @callback
    @override
    def async_refresh_live(self, *_: object) -> None:
        """Write what has changed; at midnight that may be the calendar alone."""
        attributes = self.extra_state_attributes
        changed = attributes != self._written_attributes
        self._written_attributes = attributes
        if changed:
            self._write(self.live_value)
        else:
            super().async_refresh_live()

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the frames."""
        await super().async_added_to_hass()
        self.async_on_remove(self.runtime.async_subscribe(self.async_refresh_live))


class LinkSensor(LinkyEntity, LiveSensor):
    """A value of the connection."""

    entity_description: LiveDescription[LinkyRuntime]
    # Counters are for whoever looks for a fault, not for a graph of the second.
    _write_interval = SLOW_INTERVAL

    def __init__(
        self, runtime: LinkyRuntime, description: LiveDescription[LinkyRuntime]
    ) -> None:
        """Show one value."""
        super().__init__(runtime, description.key)
        self.entity_description = description

    @property
    @override
    def live_value(self) -> StateType:
        """Return the value."""
        return self.entity_description.value_fn(self.runtime)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the link."""
        await super().async_added_to_hass()
        self.async_on_remove(self.runtime.async_subscribe(self.async_refresh_live))


@callback
def add_sensors(
    hass: HomeAssistant,
    entry: LinkyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of the link, and those of the meter as they are seen."""
    runtime = entry.runtime_data
    async_add_entities(LinkSensor(runtime, row) for row in LINK_SENSORS)
    runtime.async_add_when_seen(
        entry,
        METER_SENSORS,
        lambda row, meter: row.exists_fn(meter),
        lambda rows: async_add_entities(LinkySensor(runtime, row) for row in rows),
    )
