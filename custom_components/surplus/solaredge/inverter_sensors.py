"""What an inverter shows."""

from collections.abc import Iterator
from typing import Final

from solaredged import InverterStatus

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EntityCategory

from .descriptions import (
    APPARENT,
    CURRENT,
    ENERGY,
    FREQUENCY,
    POWER,
    POWER_FACTOR,
    REACTIVE,
    SLOW_INTERVAL,
    TEMPERATURE,
    VOLTAGE,
    Row,
    of_phase,
    percent,
)
from .model import Inverter, InverterReading, StringReading

type InverterRow = Row[Inverter, InverterReading]
type StringRow = Row[Inverter, StringReading]


def _phase_rows() -> Iterator[InverterRow]:
    # Power tells what most want to know; the meter shows the phases.
    yield CURRENT.row(
        "current",
        of_phase(lambda reading: reading.currents_a, 0),
        exists_fn=lambda inverter: inverter.phases == 1,
        enabled=False,
    )
    yield VOLTAGE.row(
        "voltage",
        of_phase(lambda reading: reading.voltages_v, 0),
        exists_fn=lambda inverter: inverter.phases == 1,
        enabled=False,
    )
    for phase in range(3):

        def has_phase(inverter: Inverter, phase: int = phase) -> bool:
            return inverter.phases > max(phase, 1)

        yield CURRENT.row(
            f"current_{phase + 1}",
            of_phase(lambda reading: reading.currents_a, phase),
            exists_fn=has_phase,
            enabled=False,
        )
        yield VOLTAGE.row(
            f"voltage_{phase + 1}",
            of_phase(lambda reading: reading.voltages_v, phase),
            exists_fn=has_phase,
            enabled=False,
        )


INVERTER_SENSORS: Final[tuple[InverterRow, ...]] = (
    POWER.row("ac_power", lambda reading: reading.ac_power_w),
    ENERGY.row("energy", lambda reading: reading.energy_wh),
    *_phase_rows(),
    Row(
        key="status",
        translation_key="solaredge_status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.name.lower() for status in InverterStatus],
        value_fn=lambda reading: (
            None if reading.status is None else reading.status.name.lower()
        ),
    ),
    TEMPERATURE.row(
        "temperature", lambda reading: reading.temperature_c, diagnostic=True
    ),
    POWER.row(
        "dc_power", lambda reading: reading.dc_power_w, enabled=False, diagnostic=True
    ),
    CURRENT.row(
        "dc_current",
        lambda reading: reading.dc_current_a,
        enabled=False,
        diagnostic=True,
    ),
    VOLTAGE.row(
        "dc_voltage",
        lambda reading: reading.dc_voltage_v,
        enabled=False,
        diagnostic=True,
    ),
    FREQUENCY.row(
        "frequency",
        lambda reading: reading.frequency_hz,
        enabled=False,
        diagnostic=True,
    ),
    APPARENT.row(
        "apparent_power",
        lambda reading: reading.apparent_va,
        enabled=False,
        diagnostic=True,
    ),
    REACTIVE.row(
        "reactive_power",
        lambda reading: reading.reactive_var,
        enabled=False,
        diagnostic=True,
    ),
    POWER_FACTOR.row(
        "power_factor",
        lambda reading: percent(reading.power_factor),
        enabled=False,
        diagnostic=True,
    ),
    Row(
        key="vendor_status",
        translation_key="solaredge_vendor_status",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        write_interval=SLOW_INTERVAL,
        # A code is no number to draw.
        value_fn=lambda reading: (
            None if reading.vendor_status is None else str(reading.vendor_status)
        ),
    ),
)

STRING_SENSORS: Final[tuple[StringRow, ...]] = (
    POWER.row(
        "power",
        lambda reading: reading.power_w,
        translation_key="solaredge_string_power",
    ),
    CURRENT.row(
        "current",
        lambda reading: reading.current_a,
        enabled=False,
        diagnostic=True,
        translation_key="solaredge_string_current",
    ),
    VOLTAGE.row(
        "voltage",
        lambda reading: reading.voltage_v,
        enabled=False,
        diagnostic=True,
        translation_key="solaredge_string_voltage",
    ),
    ENERGY.row(
        "energy",
        lambda reading: reading.energy_wh,
        enabled=False,
        translation_key="solaredge_string_energy",
    ),
    TEMPERATURE.row(
        "temperature",
        lambda reading: reading.temperature_c,
        enabled=False,
        diagnostic=True,
        translation_key="solaredge_string_temperature",
    ),
)
