"""What rows of the sensor tables are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfReactivePower,
    UnitOfTemperature,
)
from homeassistant.helpers.typing import StateType

from ..const import LIVE_WRITE_INTERVAL
from ..entity import LiveDescription

# Energies, and what hardly moves, are for graphs of days.
SLOW_INTERVAL: Final = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Row[PartT, ReadingT](LiveDescription[[ReadingT]]):
    """A value of a part: whether the part has it, and what it is in a reading."""

    exists_fn: Callable[[PartT], bool] = lambda _part: True
    write_interval: timedelta = LIVE_WRITE_INTERVAL


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """What the rows of one physical quantity have in common."""

    device_class: SensorDeviceClass
    unit: str
    dead_band: float
    precision: int
    state_class: SensorStateClass = SensorStateClass.MEASUREMENT
    suggested_unit: str | None = None
    write_interval: timedelta = LIVE_WRITE_INTERVAL

    def row[PartT, ReadingT](
        self,
        key: str,
        value_fn: Callable[[ReadingT], StateType],
        *,
        exists_fn: Callable[[PartT], bool] = lambda _part: True,
        enabled: bool = True,
        diagnostic: bool = False,
        translation_key: str | None = None,
    ) -> Row[PartT, ReadingT]:
        """Return a row of this quantity."""
        return Row(
            key=key,
            translation_key=translation_key or f"solaredge_{key}",
            device_class=self.device_class,
            state_class=self.state_class,
            native_unit_of_measurement=self.unit,
            suggested_unit_of_measurement=self.suggested_unit,
            suggested_display_precision=self.precision,
            entity_category=EntityCategory.DIAGNOSTIC if diagnostic else None,
            entity_registry_enabled_default=enabled,
            dead_band=self.dead_band,
            write_interval=self.write_interval,
            value_fn=value_fn,
            exists_fn=exists_fn,
        )


POWER: Final = Quantity(
    device_class=SensorDeviceClass.POWER,
    unit=UnitOfPower.WATT,
    dead_band=10.0,
    precision=0,
)
APPARENT: Final = Quantity(
    device_class=SensorDeviceClass.APPARENT_POWER,
    unit=UnitOfApparentPower.VOLT_AMPERE,
    dead_band=10.0,
    precision=0,
)
REACTIVE: Final = Quantity(
    device_class=SensorDeviceClass.REACTIVE_POWER,
    unit=UnitOfReactivePower.VOLT_AMPERE_REACTIVE,
    dead_band=10.0,
    precision=0,
)
CURRENT: Final = Quantity(
    device_class=SensorDeviceClass.CURRENT,
    unit=UnitOfElectricCurrent.AMPERE,
    dead_band=0.1,
    precision=1,
)
VOLTAGE: Final = Quantity(
    device_class=SensorDeviceClass.VOLTAGE,
    unit=UnitOfElectricPotential.VOLT,
    dead_band=1.0,
    precision=0,
)
FREQUENCY: Final = Quantity(
    device_class=SensorDeviceClass.FREQUENCY,
    unit=UnitOfFrequency.HERTZ,
    dead_band=0.02,
    precision=2,
)
POWER_FACTOR: Final = Quantity(
    device_class=SensorDeviceClass.POWER_FACTOR,
    unit=PERCENTAGE,
    dead_band=2.0,
    precision=0,
)
TEMPERATURE: Final = Quantity(
    device_class=SensorDeviceClass.TEMPERATURE,
    unit=UnitOfTemperature.CELSIUS,
    dead_band=0.4,
    precision=1,
    write_interval=SLOW_INTERVAL,
)
CHARGE: Final = Quantity(
    device_class=SensorDeviceClass.BATTERY,
    unit=PERCENTAGE,
    dead_band=0.4,
    precision=0,
)
ENERGY: Final = Quantity(
    device_class=SensorDeviceClass.ENERGY,
    unit=UnitOfEnergy.WATT_HOUR,
    dead_band=0.0,
    precision=2,
    state_class=SensorStateClass.TOTAL_INCREASING,
    suggested_unit=UnitOfEnergy.KILO_WATT_HOUR,
    write_interval=SLOW_INTERVAL,
)
STORED: Final = Quantity(
    device_class=SensorDeviceClass.ENERGY_STORAGE,
    unit=UnitOfEnergy.WATT_HOUR,
    dead_band=20.0,
    precision=2,
    suggested_unit=UnitOfEnergy.KILO_WATT_HOUR,
    write_interval=SLOW_INTERVAL,
)


def of_phase[ReadingT](
    pick: Callable[[ReadingT], tuple[float | None, ...]], phase: int
) -> Callable[[ReadingT], StateType]:
    """Return the value of one phase, counted from 0; None where it is not told."""

    def value(reading: ReadingT) -> StateType:
        values = pick(reading)
        return values[phase] if phase < len(values) else None

    return value


def percent(share: float | None) -> float | None:
    """Return a share of 1 in percent."""
    return None if share is None else 100 * share
