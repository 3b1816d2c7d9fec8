"""Which registers are read together: one component of the library for each request.

A value and its scale factor must come out of one answer, for the factor changes from one
poll to the next. The library plans one request for whatever lies close enough together,
so each component is cut down to what one request holds.
"""

from typing import Final

from modbus_connection import ModbusUnit
from solaredged import Battery, Inverter, InverterExtended, Meter, Mmppt
from solaredged.const import BATTERY_BASE_OFFSETS

from .model import (
    Battery as FoundBattery,
    Inverter as FoundInverter,
    Meter as FoundMeter,
)

# From its option to its energies, 88 words. Its serial number comes with every reading:
# slots are packed, so after a change of wiring a slot is another meter.
_METER_FIELDS: Final = (
    "option",
    "version",
    "serial_number",
    "did",
    "ac_current",
    *(f"ac_current_{phase}" for phase in "abc"),
    "ac_voltage_ln",
    *(f"ac_voltage_{phase}n" for phase in "abc"),
    *(f"ac_voltage_{phases}" for phases in ("ll", "ab", "bc", "ca")),
    "ac_frequency",
    *(
        f"ac_{quantity}{phase}"
        for quantity in ("power", "va", "var", "power_factor")
        for phase in ("", "_a", "_b", "_c")
    ),
    *(
        f"energy_{way}{phase}"
        for way in ("exported", "imported")
        for phase in ("", "_a", "_b", "_c")
    ),
)

# What moves, 28 words; its ratings and its identity do not.
_BATTERY_FIELDS: Final = (
    "temperature_average",
    "temperature_max",
    "dc_voltage",
    "dc_current",
    "dc_power",
    "energy_exported",
    "energy_imported",
    "_energy_max_raw",
    "energy_available",
    "_state_of_health_raw",
    "_state_of_energy_raw",
    "status",
)


def inverter_block(unit: ModbusUnit, found: FoundInverter) -> Inverter:
    """Return the inverter's values: 40 words, 52 with its grid status."""
    return InverterExtended(unit) if found.extended else Inverter(unit)


def strings_block(unit: ModbusUnit) -> Mmppt:
    """Return the inverter's DC inputs: at most 68 words."""
    return Mmppt(unit)


def meter_block(unit: ModbusUnit, found: FoundMeter) -> Meter:
    """Return a meter's values."""
    block = Meter(unit, index=found.index, base_offset=found.shift)
    block.restrict_fields(_METER_FIELDS)
    return block


def battery_block(unit: ModbusUnit, found: FoundBattery) -> Battery:
    """Return a battery's values."""
    block = Battery(unit, base_offset=BATTERY_BASE_OFFSETS[found.index - 1])
    block.restrict_fields(_BATTERY_FIELDS)
    return block
