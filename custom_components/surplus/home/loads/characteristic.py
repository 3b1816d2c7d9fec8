"""Between the power of a heater and the percentage that gives it."""

from math import acos, cos, pi

from .const import Characteristic


def share_told(power_share: float, characteristic: Characteristic) -> float:
    """Return what to tell, as a share of full scale, for a share of full power.

    A dimmer driven by phase angle θ = π·share lets the power (1 − cos θ) / 2 through.
    """
    power_share = min(max(power_share, 0.0), 1.0)
    if characteristic is Characteristic.PHASE_ANGLE:
        return acos(1.0 - 2.0 * power_share) / pi
    return power_share


def share_of_power(told: float, characteristic: Characteristic) -> float:
    """Return the share of full power that a share of full scale gives."""
    told = min(max(told, 0.0), 1.0)
    if characteristic is Characteristic.PHASE_ANGLE:
        return (1.0 - cos(pi * told)) / 2.0
    return told
