"""What a row of the sensor tables is, and the ways in which they read the meter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfPower,
    UnitOfReactivePower,
)
from homeassistant.helpers.typing import StateType

from ..const import LIVE_WRITE_INTERVAL
from ..control.model import GridReading
from .labels import LONG_FRAME_AGE_S
from .meter import Meter
from .power import grid_reading
from .status import Status

# What counts, or moves slowly: nobody looks at it by the second.
SLOW_INTERVAL: Final = timedelta(seconds=60)

type ValueOf = Callable[[Meter, float], StateType | datetime]
type Exists = Callable[[Meter], bool]


@dataclass(frozen=True, kw_only=True)
class LinkySensorDescription(SensorEntityDescription):
    """A value of the meter: what it is now, and when the meter is one that has it.

    ``value_fn`` gets the meter and its monotonic time. Without a value the sensor is
    unavailable, or unknown where ``may_be_absent`` says that none is an answer.
    """

    value_fn: ValueOf
    exists_fn: Exists
    dead_band: float = 0.0
    write_interval: timedelta = LIVE_WRITE_INTERVAL
    may_be_absent: bool = False
    attributes_fn: Callable[[Meter, float], dict[str, Any]] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """What is measured, in which unit, and what change of it is not worth a state."""

    device_class: SensorDeviceClass
    unit: str
    dead_band: float = 0.0


VOLT_AMPERES: Final = Quantity(
    device_class=SensorDeviceClass.APPARENT_POWER,
    unit=UnitOfApparentPower.VOLT_AMPERE,
    dead_band=10.0,
)
WATTS: Final = Quantity(
    device_class=SensorDeviceClass.POWER, unit=UnitOfPower.WATT, dead_band=10.0
)
VARS: Final = Quantity(
    device_class=SensorDeviceClass.REACTIVE_POWER,
    unit=UnitOfReactivePower.VOLT_AMPERE_REACTIVE,
)
AMPERES: Final = Quantity(
    device_class=SensorDeviceClass.CURRENT, unit=UnitOfElectricCurrent.AMPERE
)
VOLTS: Final = Quantity(
    device_class=SensorDeviceClass.VOLTAGE,
    unit=UnitOfElectricPotential.VOLT,
    dead_band=1.0,
)
FACTOR: Final = Quantity(device_class=SensorDeviceClass.POWER_FACTOR, unit=PERCENTAGE)


def measured(
    key: str,
    quantity: Quantity,
    value_fn: ValueOf,
    exists_fn: Exists,
    *,
    enabled: bool = True,
    live: bool = True,
    dead_band: float | None = None,
    category: EntityCategory | None = None,
    may_be_absent: bool = False,
) -> LinkySensorDescription:
    """Return the row of something measured; ``live`` where it moves by the second.

    What is not is written as it is, unless it has a dead band of its own.
    """
    if dead_band is None:
        dead_band = quantity.dead_band if live else 0.0
    return LinkySensorDescription(
        key=key,
        translation_key=f"linky_{key}",
        device_class=quantity.device_class,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=quantity.unit,
        suggested_display_precision=0,
        entity_category=category,
        entity_registry_enabled_default=enabled,
        exists_fn=exists_fn,
        value_fn=value_fn,
        dead_band=dead_band,
        write_interval=LIVE_WRITE_INTERVAL if live else SLOW_INTERVAL,
        may_be_absent=may_be_absent,
    )


def is_heard(meter: Meter, now: float) -> bool:
    """Whether the meter has sent a power lately, as it does in every frame."""
    return meter.power_at is not None and now - meter.power_at <= LONG_FRAME_AGE_S


def current_reading(meter: Meter, now: float) -> GridReading | None:
    """Return the reading, unless the meter has sent no power for a while."""
    return grid_reading(meter, now) if is_heard(meter, now) else None


def of_reading(pick: Callable[[GridReading], StateType]) -> ValueOf:
    """Read from the grid reading."""

    def value(meter: Meter, now: float) -> StateType:
        reading = current_reading(meter, now)
        return None if reading is None else pick(reading)

    return value


def of_phase(
    pick: Callable[[GridReading], tuple[float, ...]], phase: int, phases: int
) -> ValueOf:
    """Read one phase, counted from 0, of a meter with so many, from the grid reading."""

    def value(reading: GridReading) -> StateType:
        values = pick(reading)
        return values[phase] if len(values) == phases else None

    return of_reading(value)


def of_status(pick: Callable[[Status], StateType]) -> ValueOf:
    """Read from the status register."""

    def value(meter: Meter, now: float) -> StateType:
        status = meter.status(now)
        return None if status is None else pick(status)

    return value


def number(label: str) -> ValueOf:
    """Read the number of a label."""
    return lambda meter, now: meter.number(label, now)


def seen(*labels: str) -> Exists:
    """Exist when the meter has sent one of these labels."""
    return lambda meter: not meter.seen.isdisjoint(labels)
