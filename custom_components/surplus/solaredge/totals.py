"""What entities of a whole site show of several inverters or batteries together."""

from collections.abc import Iterable
from dataclasses import dataclass

from .model import InverterReading, StorageReading
from .site import total


@dataclass(frozen=True, kw_only=True, slots=True)
class InvertersTotal:
    """All inverters as one; ``ac_power_w`` is negative while they draw."""

    ac_power_w: float | None
    energy_wh: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BatteriesTotal:
    """All batteries as one; ``power_w`` is + = discharging, ``soc`` a percentage."""

    power_w: float | None
    soc: float | None
    stored_wh: float | None
    capacity_wh: float | None


def inverters_total(
    readings: Iterable[InverterReading | None],
) -> InvertersTotal | None:
    """Return several inverters as one, None while one of them is not heard."""
    inverters = _all_heard(readings)
    if inverters is None:
        return None
    return InvertersTotal(
        ac_power_w=total(inverter.ac_power_w for inverter in inverters),
        energy_wh=total(inverter.energy_wh for inverter in inverters),
    )


def batteries_total(readings: Iterable[StorageReading | None]) -> BatteriesTotal | None:
    """Return several batteries as one, None while one of them is not heard."""
    batteries = _all_heard(readings)
    if batteries is None:
        return None
    return BatteriesTotal(
        power_w=total(battery.power_w for battery in batteries),
        soc=_charge(batteries),
        stored_wh=total(battery.stored_wh for battery in batteries),
        capacity_wh=total(battery.capacity_wh for battery in batteries),
    )


def _all_heard[T](readings: Iterable[T | None]) -> list[T] | None:
    readings = list(readings)
    heard = [reading for reading in readings if reading is not None]
    return heard if len(heard) == len(readings) else None


def _charge(batteries: list[StorageReading]) -> float | None:
    """Return the share of what they hold together, all alike where one does not tell."""
    capacity_wh = total(battery.capacity_wh for battery in batteries)
    stored_wh = total(battery.stored_wh for battery in batteries)
    if capacity_wh and stored_wh is not None:
        return 100 * stored_wh / capacity_wh
    charges = total(battery.soc for battery in batteries)
    return None if charges is None else charges / len(batteries)
