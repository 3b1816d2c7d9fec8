"""What several devices say together of the grid and of the sun."""

from collections.abc import Iterable, Sequence

from ..control.model import GridReading
from .model import InverterReading, MeterReading, StorageReading


def grid_reading(meter: MeterReading) -> GridReading | None:
    """Return a grid meter's reading as Home takes it; None without a power.

    Currents are given where all phases have one; their sign is their phase's power's.
    """
    if meter.power_w is None:
        return None
    return GridReading(
        at=meter.at,
        power_w=meter.power_w,
        drawn_va=_drawn_va(meter.power_w, meter.apparent_va),
        currents_a=_complete(meter.currents_a),
        voltages_v=_complete(meter.voltages_v),
    )


def grid_by_consumption(
    meter: MeterReading, inverters: Sequence[InverterReading]
) -> GridReading | None:
    """Return the grid where a meter measures the house instead; None without a power.

    What the inverters do not give is drawn. It is as old as its oldest part.
    """
    given = [reading.ac_power_w for reading in inverters]
    if meter.power_w is None or None in given:
        return None
    power_w = meter.power_w - sum(watts for watts in given if watts is not None)
    return GridReading(
        at=min(meter.at, *(reading.at for reading in inverters)),
        power_w=power_w,
        drawn_va=max(power_w, 0.0),
    )


def sun_of(
    inverter: InverterReading | None, batteries: Sequence[StorageReading | None]
) -> float | None:
    """Return what the sun gives through one inverter, in W; None where it is not known.

    A battery on the DC side is within its AC power. What is lost in the conversion is
    taken as the sun's, so that grid + solar + battery is the house.
    """
    if inverter is None:
        return None
    if inverter.sleeps:
        return 0.0
    power_w = inverter.ac_power_w
    for battery in batteries:
        if power_w is None or battery is None or battery.power_w is None:
            return None
        power_w -= battery.power_w
    return None if power_w is None else max(power_w, 0.0)


def total(values: Iterable[float | None]) -> float | None:
    """Return a sum; None where a part is missing, or there is none."""
    values = tuple(values)
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def _drawn_va(power_w: float, apparent_va: float | None) -> float:
    if power_w <= 0:
        return 0.0
    # Some meters tell nothing useful here, and less than the active power is wrong.
    return max(power_w, apparent_va or 0.0)


def _complete(values: tuple[float | None, ...]) -> tuple[float, ...]:
    known = tuple(value for value in values if value is not None)
    return known if len(known) == len(values) else ()
