"""The meter's sensors, by table: one appears when the meter sends what it shows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from ..const import LIVE_WRITE_INTERVAL
from ..control.model import GridReading
from ..entity import LiveDescription, LiveSensor
from .labels import LABELS, LONG_FRAME_AGE_S, TicMode
from .meter import Meter
from .power import cutoff_va, grid_reading, subscribed_va
from .runtime import LinkyConfigEntry, LinkyEntity, LinkyRuntime
from .tariff import Period

_ENERGY_INTERVAL: Final = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class LinkySensorDescription(LiveDescription[Meter, float]):
    """A value of the meter: what it is now, and when the meter is one that has it."""

    exists_fn: Callable[[Meter], bool]
    write_interval: timedelta = LIVE_WRITE_INTERVAL


def current_reading(meter: Meter, now: float) -> GridReading | None:
    """Return the reading, unless the meter has sent no power for a while."""
    reading = grid_reading(meter, now)
    if reading is None or now - reading.at > LONG_FRAME_AGE_S:
        return None
    return reading


def _of_reading(
    pick: Callable[[GridReading], StateType],
) -> Callable[[Meter, float], StateType]:
    def value(meter: Meter, now: float) -> StateType:
        reading = current_reading(meter, now)
        return None if reading is None else pick(reading)

    return value


def _of_phase(
    pick: Callable[[GridReading], tuple[float, ...]], phase: int
) -> Callable[[Meter, float], StateType]:
    def value(reading: GridReading) -> StateType:
        values = pick(reading)
        return values[phase] if phase < len(values) else None

    return _of_reading(value)


def _number(label: str) -> Callable[[Meter, float], StateType]:
    return lambda meter, now: meter.number(label, now)


def _seen(*labels: str) -> Callable[[Meter], bool]:
    return lambda meter: any(label in meter.seen for label in labels)


def _power_sensors() -> Iterator[LinkySensorDescription]:
    yield LinkySensorDescription(
        key="net_power",
        translation_key="linky_net_power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        # Historic mode has no sign to show.
        exists_fn=lambda meter: meter.mode is TicMode.STANDARD,
        value_fn=_of_reading(lambda reading: reading.power_w),
        dead_band=10.0,
    )
    for key, value_fn, exists_fn in (
        (
            "drawn_power",
            _of_reading(lambda reading: reading.drawn_va),
            _seen("SINSTS", "PAPP"),
        ),
        ("injected_power", _number("SINSTI"), _seen("SINSTI")),
    ):
        yield LinkySensorDescription(
            key=key,
            translation_key=f"linky_{key}",
            device_class=SensorDeviceClass.APPARENT_POWER,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfApparentPower.VOLT_AMPERE,
            suggested_display_precision=0,
            exists_fn=exists_fn,
            value_fn=value_fn,
            dead_band=10.0,
        )
    for key, limit_fn, exists_fn in (
        ("subscribed_power", subscribed_va, _seen("PREF", "ISOUSC")),
        ("cutoff_power", cutoff_va, _seen("PCOUP")),
    ):
        yield LinkySensorDescription(
            key=key,
            translation_key=f"linky_{key}",
            device_class=SensorDeviceClass.APPARENT_POWER,
            native_unit_of_measurement=UnitOfApparentPower.VOLT_AMPERE,
            suggested_unit_of_measurement=UnitOfApparentPower.KILO_VOLT_AMPERE,
            suggested_display_precision=0,
            entity_category=EntityCategory.DIAGNOSTIC,
            exists_fn=exists_fn,
            value_fn=limit_fn,
        )


def _phase_sensors() -> Iterator[LinkySensorDescription]:
    def current(key: str, phases: int, phase: int) -> LinkySensorDescription:
        return LinkySensorDescription(
            key=key,
            translation_key=f"linky_{key}",
            device_class=SensorDeviceClass.CURRENT,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
            suggested_display_precision=0,
            exists_fn=lambda meter: meter.phases == phases,
            value_fn=_of_phase(lambda reading: reading.currents_a, phase),
        )

    def voltage(key: str, phases: int, phase: int) -> LinkySensorDescription:
        return LinkySensorDescription(
            key=key,
            translation_key=f"linky_{key}",
            device_class=SensorDeviceClass.VOLTAGE,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfElectricPotential.VOLT,
            suggested_display_precision=0,
            exists_fn=lambda meter: meter.phases == phases and "URMS1" in meter.seen,
            value_fn=_of_phase(lambda reading: reading.voltages_v, phase),
            dead_band=1.0,
        )

    yield current("current", 1, 0)
    yield voltage("voltage", 1, 0)
    for phase in range(3):
        yield current(f"current_{phase + 1}", 3, phase)
        yield voltage(f"voltage_{phase + 1}", 3, phase)


def _energy_sensors() -> Iterator[LinkySensorDescription]:
    """Every index; the supplier's are shown when they count something."""
    for label in LABELS.values():
        if not label.index or label.name.startswith(("EASD", "ERQ")):
            continue

        def exists(meter: Meter, name: str = label.name) -> bool:
            value = meter.last(name)
            # The supplier's ten are all sent, and most of them never count anything.
            return value is not None and (
                not name.startswith("EASF") or int(value.data) > 0
            )

        yield LinkySensorDescription(
            key=label.name.lower(),
            translation_key=f"linky_{label.name.lower()}",
            device_class=SensorDeviceClass.ENERGY,
            state_class=SensorStateClass.TOTAL_INCREASING,
            native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
            suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
            suggested_display_precision=2,
            exists_fn=exists,
            value_fn=_number(label.name),
            write_interval=_ENERGY_INTERVAL,
        )


def _period(meter: Meter, now: float) -> StateType:
    return meter.tariff(now).period


def _mode(meter: Meter, _now: float) -> StateType:
    return meter.mode


METER_SENSORS: Final = (
    *_power_sensors(),
    *_phase_sensors(),
    *_energy_sensors(),
    LinkySensorDescription(
        key="period",
        translation_key="linky_period",
        device_class=SensorDeviceClass.ENUM,
        options=[period.value for period in Period],
        exists_fn=_seen("PTEC", "NTARF", "LTARF"),
        value_fn=_period,
    ),
    LinkySensorDescription(
        key="mode",
        translation_key="linky_mode",
        device_class=SensorDeviceClass.ENUM,
        options=[mode.value for mode in TicMode],
        entity_category=EntityCategory.DIAGNOSTIC,
        exists_fn=lambda meter: meter.mode is not None,
        value_fn=_mode,
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
    def live_value(self) -> StateType:
        """Return the value; None when it is too old or of another meter."""
        meter = self.runtime.meter
        if meter is None:
            return None
        return self.entity_description.value_fn(meter, self.runtime.now)

    @property
    @override
    def available(self) -> bool:
        """Whether there is a value."""
        return self.live_value is not None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the frames."""
        await super().async_added_to_hass()
        self.async_on_remove(self.runtime.async_subscribe(self.async_refresh_live))


class LinkSensor(LinkyEntity, LiveSensor):
    """A value of the connection."""

    entity_description: LiveDescription[LinkyRuntime]
    # Counters are for whoever looks for a fault, not for a graph of the second.
    _write_interval = _ENERGY_INTERVAL

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
