"""From what the library decoded to readings that can be true, with Surplus's signs."""

from collections.abc import Callable
import re
from typing import Final

from solaredged import Battery, Inverter, InverterStatus, Meter, Mmppt

from . import sound
from .model import (
    InverterReading,
    MeterReading,
    MeterRole,
    StorageReading,
    StringReading,
    StringsReading,
)
from .sound import UnsoundError

# More than a home makes in a lifetime, and less than a counter of all ones. Zero is one
# that has not started.
_ENDLESS: Final = 4e9
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]+")

# Text of the installer's menu, in the order in which it decides.
_ROLE_WORDS: Final = (
    ("consum", MeterRole.CONSUMPTION),
    ("load", MeterRole.CONSUMPTION),
    ("product", MeterRole.PRODUCTION),
    ("generat", MeterRole.PRODUCTION),
    ("import", MeterRole.GRID),
    ("export", MeterRole.GRID),
)


def text(value: str | None) -> str | None:
    """Return a device's text without padding and control characters, None if empty."""
    return _UNPRINTABLE.sub(" ", value or "").strip() or None


def role_of(option: str | None) -> MeterRole:
    """Return what a meter measures by the option the installer chose."""
    lowered = (option or "").lower()
    for word, role in _ROLE_WORDS:
        if word in lowered:
            return role
    return MeterRole.UNKNOWN


def inverter_reading(block: Inverter, at: float, phases: int) -> InverterReading:
    """Return what an inverter told. Raises UnsoundError for one without a power."""
    power_w = sound.power(block.ac_power)
    status = block.status
    if power_w is None and status is InverterStatus.SLEEPING:
        power_w = 0.0
    if block.did is None or power_w is None:
        raise UnsoundError("the inverter tells no power")
    voltages = [
        sound.voltage(value)
        for value in (block.ac_voltage_an, block.ac_voltage_bn, block.ac_voltage_cn)
    ]
    if phases == 1 and voltages[0] is None:
        # Old inverters with a display tell their only voltage here.
        voltages[0] = sound.voltage(block.ac_voltage_ab)
    return InverterReading(
        at=at,
        ac_power_w=power_w,
        ac_current_a=sound.current(block.ac_current),
        currents_a=_phases(
            phases,
            block.ac_current,
            (block.ac_current_a, block.ac_current_b, block.ac_current_c),
            sound.current,
        ),
        voltages_v=tuple(voltages[:phases]),
        frequency_hz=sound.frequency(block.ac_frequency),
        apparent_va=sound.power(block.ac_va),
        reactive_var=sound.power(block.ac_var),
        power_factor=sound.power_factor(block.ac_power_factor),
        energy_wh=sound.within(block.ac_energy, 1.0, _ENDLESS),
        dc_current_a=sound.current(block.dc_current),
        dc_voltage_v=sound.dc_voltage(block.dc_voltage),
        dc_power_w=sound.power(block.dc_power),
        temperature_c=sound.temperature(block.temperature_heatsink),
        status=status,
        vendor_status=None if block.vendor_status is None else int(block.vendor_status),
        on_grid=block.on_grid,
    )


def strings_reading(block: Mmppt, at: float) -> StringsReading:
    """Return what the DC inputs of an inverter told."""
    return StringsReading(
        at=at,
        strings=tuple(
            StringReading(
                index=index,
                name=text(module.label),
                current_a=sound.current(module.dc_current),
                voltage_v=sound.dc_voltage(module.dc_voltage),
                power_w=sound.power(module.dc_power),
                energy_wh=sound.within(module.dc_energy, 1.0, _ENDLESS),
                temperature_c=sound.temperature(module.temperature),
            )
            for index, module in enumerate(block.modules, 1)
        ),
    )


def meter_reading(
    block: Meter, at: float, *, phases: int, role: MeterRole, reversed_: bool
) -> MeterReading:
    """Return what a meter told, with the sense its role has.

    The device counts export as positive: on a grid meter that is turned round, on a
    production meter it is what was produced. Which way a consumption meter is clamped
    nobody says, but a house only ever consumes. ``reversed_`` is what a person found out
    about the wiring. Raises UnsoundError for a meter without a power.
    """
    consumption = role is MeterRole.CONSUMPTION
    turned = (role is not MeterRole.PRODUCTION) != reversed_

    def signed(value: float | None) -> float | None:
        value = sound.power(value)
        if value is None:
            return None
        if consumption:
            return abs(value)
        # From zero, for a turned zero is not a negative one.
        return 0.0 - value if turned else value

    def energies(
        exported: float | None, imported: float | None
    ) -> tuple[float | None, float | None]:
        if consumption:
            known = [wh for wh in (exported, imported) if wh is not None]
            return max(known, default=None), None
        return (imported, exported) if turned else (exported, imported)

    power_w = signed(block.ac_power)
    if power_w is None:
        raise UnsoundError("the meter tells no power")
    powers_w = _phases(
        phases,
        block.ac_power,
        (block.ac_power_a, block.ac_power_b, block.ac_power_c),
        signed,
    )
    currents_a = _phases(
        phases,
        block.ac_current,
        (block.ac_current_a, block.ac_current_b, block.ac_current_c),
        sound.current,
    )
    imported_wh, exported_wh = energies(block.energy_exported, block.energy_imported)
    by_phase = [
        energies(block.energy_exported_a, block.energy_imported_a),
        energies(block.energy_exported_b, block.energy_imported_b),
        energies(block.energy_exported_c, block.energy_imported_c),
    ][:phases]
    return MeterReading(
        at=at,
        power_w=power_w,
        powers_w=powers_w,
        current_a=sound.current(block.ac_current),
        currents_a=tuple(
            -current if current and watts is not None and watts < 0 else current
            for current, watts in zip(currents_a, powers_w, strict=True)
        ),
        voltages_v=_phases(
            phases,
            block.ac_voltage_ln,
            (block.ac_voltage_an, block.ac_voltage_bn, block.ac_voltage_cn),
            sound.voltage,
        ),
        frequency_hz=sound.frequency(block.ac_frequency),
        apparent_va=_magnitude(block.ac_va),
        apparents_va=_phases(
            phases,
            block.ac_va,
            (block.ac_va_a, block.ac_va_b, block.ac_va_c),
            _magnitude,
        ),
        reactive_var=sound.power(block.ac_var),
        reactives_var=_phases(
            phases,
            block.ac_var,
            (block.ac_var_a, block.ac_var_b, block.ac_var_c),
            sound.power,
        ),
        power_factor=sound.power_factor(block.ac_power_factor),
        power_factors=_phases(
            phases,
            block.ac_power_factor,
            (
                block.ac_power_factor_a,
                block.ac_power_factor_b,
                block.ac_power_factor_c,
            ),
            sound.power_factor,
        ),
        imported_wh=imported_wh,
        exported_wh=exported_wh,
        phases_imported_wh=tuple(imported for imported, _ in by_phase),
        phases_exported_wh=tuple(exported for _, exported in by_phase),
    )


def is_dead(reading: MeterReading) -> bool:
    """Return whether a meter shows all zeros, as it does when its inverter sleeps."""
    values = (reading.power_w, reading.current_a, *reading.powers_w)
    return not any(values) and not any(reading.currents_a)


def storage_reading(block: Battery, at: float) -> StorageReading:
    """Return what a battery told. Raises UnsoundError for a block of nothing."""
    told_w = sound.battery_power(block.dc_power)
    soc = sound.percentage(block.state_of_energy)
    if told_w is None and soc is None:
        raise UnsoundError("the battery tells neither power nor energy")
    return StorageReading(
        at=at,
        # The device's sign is + = charging.
        power_w=None if told_w is None else 0.0 - told_w,
        voltage_v=sound.battery_voltage(block.dc_voltage),
        current_a=sound.battery_current(block.dc_current),
        temperature_c=sound.battery_temperature(block.temperature_average),
        temperature_max_c=sound.battery_temperature(block.temperature_max),
        soc=soc,
        soh=sound.percentage(block.state_of_health),
        # Named "available energy", but it is what the battery can hold now.
        capacity_wh=sound.battery_energy(block.energy_available)
        or sound.battery_energy(block.energy_max),
        charged_wh=sound.within(block.energy_imported, 1.0, _ENDLESS),
        discharged_wh=sound.within(block.energy_exported, 1.0, _ENDLESS),
        status=block.status,
    )


def _phases(
    phases: int,
    total: float | None,
    values: tuple[float | None, ...],
    checked: Callable[[float | None], float | None],
) -> tuple[float | None, ...]:
    """Return one checked value per phase; the total stands in for a lone phase."""
    found = [checked(value) for value in values[:phases]]
    if phases == 1 and found[0] is None:
        found[0] = checked(total)
    return tuple(found)


def _magnitude(value: float | None) -> float | None:
    value = sound.power(value)
    return None if value is None else abs(value)
