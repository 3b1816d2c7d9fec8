"""What a meter shows."""

from collections.abc import Iterator, Mapping
from typing import Final

from .descriptions import (
    APPARENT,
    CURRENT,
    ENERGY,
    FREQUENCY,
    POWER,
    POWER_FACTOR,
    REACTIVE,
    VOLTAGE,
    Row,
    of_phase,
    percent,
)
from .model import Meter, MeterReading, MeterRole

type MeterRow = Row[Meter, MeterReading]

# The reading's imports and exports mean other things on meters that are not the grid's.
_IMPORTED: Final[Mapping[MeterRole, str]] = {
    MeterRole.GRID: "solaredge_imported",
    MeterRole.UNKNOWN: "solaredge_forward",
    MeterRole.PRODUCTION: "solaredge_produced",
    MeterRole.CONSUMPTION: "solaredge_consumed",
}
_EXPORTED: Final[Mapping[MeterRole, str]] = {
    MeterRole.GRID: "solaredge_exported",
    MeterRole.UNKNOWN: "solaredge_backward",
    MeterRole.PRODUCTION: "solaredge_drawn",
}


def meter_rows(role: MeterRole) -> Iterator[MeterRow]:
    """Return the sensors of a meter, named after what it measures."""
    yield POWER.row(
        "power", lambda reading: reading.power_w, translation_key="solaredge_power"
    )
    yield ENERGY.row(
        "imported",
        lambda reading: reading.imported_wh,
        translation_key=_IMPORTED[role],
    )
    if role in _EXPORTED:
        yield ENERGY.row(
            "exported",
            lambda reading: reading.exported_wh,
            translation_key=_EXPORTED[role],
            # All that a production meter's inverter draws is its own standby.
            enabled=role is not MeterRole.PRODUCTION,
        )
    yield CURRENT.row(
        "current",
        of_phase(lambda reading: reading.currents_a, 0),
        exists_fn=lambda meter: meter.phases == 1,
    )
    yield VOLTAGE.row(
        "voltage",
        of_phase(lambda reading: reading.voltages_v, 0),
        exists_fn=lambda meter: meter.phases == 1,
    )
    for phase in range(3):
        yield from _phase_rows(phase, role)
    yield FREQUENCY.row(
        "frequency",
        lambda reading: reading.frequency_hz,
        enabled=False,
        diagnostic=True,
    )
    yield APPARENT.row(
        "apparent_power",
        lambda reading: reading.apparent_va,
        enabled=False,
        diagnostic=True,
    )
    yield REACTIVE.row(
        "reactive_power",
        lambda reading: reading.reactive_var,
        enabled=False,
        diagnostic=True,
    )
    yield POWER_FACTOR.row(
        "power_factor",
        lambda reading: percent(reading.power_factor),
        enabled=False,
        diagnostic=True,
    )


def _phase_rows(phase: int, role: MeterRole) -> Iterator[MeterRow]:
    number = phase + 1

    def has_phase(meter: Meter) -> bool:
        return meter.phases > max(phase, 1)

    yield POWER.row(
        f"power_{number}",
        of_phase(lambda reading: reading.powers_w, phase),
        exists_fn=has_phase,
    )
    yield CURRENT.row(
        f"current_{number}",
        of_phase(lambda reading: reading.currents_a, phase),
        exists_fn=has_phase,
    )
    yield VOLTAGE.row(
        f"voltage_{number}",
        of_phase(lambda reading: reading.voltages_v, phase),
        exists_fn=has_phase,
    )
    yield ENERGY.row(
        f"imported_{number}",
        of_phase(lambda reading: reading.phases_imported_wh, phase),
        exists_fn=has_phase,
        enabled=False,
        translation_key=f"{_IMPORTED[role]}_{number}",
    )
    if role in _EXPORTED:
        yield ENERGY.row(
            f"exported_{number}",
            of_phase(lambda reading: reading.phases_exported_wh, phase),
            exists_fn=has_phase,
            enabled=False,
            translation_key=f"{_EXPORTED[role]}_{number}",
        )
    yield APPARENT.row(
        f"apparent_power_{number}",
        of_phase(lambda reading: reading.apparents_va, phase),
        exists_fn=has_phase,
        enabled=False,
        diagnostic=True,
    )
    yield REACTIVE.row(
        f"reactive_power_{number}",
        of_phase(lambda reading: reading.reactives_var, phase),
        exists_fn=has_phase,
        enabled=False,
        diagnostic=True,
    )
    yield POWER_FACTOR.row(
        f"power_factor_{number}",
        of_phase(_power_factors, phase),
        exists_fn=has_phase,
        enabled=False,
        diagnostic=True,
    )


def _power_factors(reading: MeterReading) -> tuple[float | None, ...]:
    return tuple(percent(share) for share in reading.power_factors)
