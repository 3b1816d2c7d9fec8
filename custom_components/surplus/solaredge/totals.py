"""What several inverters or batteries come to together."""

from collections.abc import Iterable
from dataclasses import dataclass

from .model import InverterReading, StorageReading


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """All batteries as one; ``power_w`` is + = discharging, ``soc`` a percentage."""

    power_w: float | None
    soc: float | None
    stored_wh: float | None
    capacity_wh: float | None


def storage_of(readings: Iterable[StorageReading | None]) -> Storage | None:
    """Return several batteries as one, None while one of them is not heard.

    The state of charge is weighted by what each can hold. Where one does not tell that,
    they count alike.
    """
    heard = list(readings)
    batteries = [reading for reading in heard if reading is not None]
    if not batteries or len(batteries) < len(heard):
        return None
    capacity_wh = _sum(battery.capacity_wh for battery in batteries)
    stored_wh = _sum(battery.stored_wh for battery in batteries)
    if capacity_wh and stored_wh is not None:
        soc: float | None = 100 * stored_wh / capacity_wh
    else:
        total = _sum(battery.soc for battery in batteries)
        soc = None if total is None else total / len(batteries)
    return Storage(
        power_w=_sum(battery.power_w for battery in batteries),
        soc=soc,
        stored_wh=stored_wh,
        capacity_wh=capacity_wh,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Plant:
    """All inverters as one; ``ac_power_w`` is negative while they draw."""

    ac_power_w: float | None
    energy_wh: float | None


def plant_of(readings: Iterable[InverterReading | None]) -> Plant | None:
    """Return several inverters as one, None while one of them is not heard."""
    heard = list(readings)
    inverters = [reading for reading in heard if reading is not None]
    if not inverters or len(inverters) < len(heard):
        return None
    return Plant(
        ac_power_w=_sum(inverter.ac_power_w for inverter in inverters),
        energy_wh=_sum(inverter.energy_wh for inverter in inverters),
    )


def _sum(values: Iterable[float | None]) -> float | None:
    """Return the sum, None unless every value is known."""
    known = list(values)
    numbers = [value for value in known if value is not None]
    return sum(numbers) if len(numbers) == len(known) else None
