"""What a dimmer must be told so that a resistive heater takes a given power.

A dimmer that counts whole mains periods is linear. One that cuts the phase lets through
a part of each half wave: for a resistance the power is (1 − cos(π·share)) / 2. Half is
half with both, but told a tenth it lets through a fortieth, and told nine tenths nearly
all.
"""

from enum import StrEnum
from math import acos, cos, pi


class Characteristic(StrEnum):
    """How a dimmer's share of 1 relates to the power it lets through."""

    LINEAR = "linear"
    PHASE_ANGLE = "phase_angle"


def share_of_power(
    power_w: float, max_w: float, characteristic: Characteristic
) -> float:
    """Return what a dimmer must be told, 0…1, for a power between 0 and ``max_w``.

    Powers outside are taken as the nearest end. Raises ValueError when ``max_w`` is not
    above 0.
    """
    if not max_w > 0:
        raise ValueError(f"a heater of {max_w} W")
    part = min(max(power_w / max_w, 0.0), 1.0)
    if characteristic is Characteristic.PHASE_ANGLE:
        return acos(1.0 - 2.0 * part) / pi
    return part


def power_of_share(share: float, max_w: float, characteristic: Characteristic) -> float:
    """Return the power in W that a dimmer told ``share`` (0…1) lets through."""
    share = min(max(share, 0.0), 1.0)
    if characteristic is Characteristic.PHASE_ANGLE:
        return (1.0 - cos(pi * share)) / 2.0 * max_w
    return share * max_w
