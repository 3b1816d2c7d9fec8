"""A heater whose power can be set, and the water that it heats.

A dimmer is told a percentage and makes some power of it: in proportion where it passes
whole half waves (burst firing), along a curve where it cuts phases. The tank is one body
of water, as most controllers believe it to be; its own thermostat opens whatever the
dimmer was told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import acos, cos, exp, pi, sin
from typing import override

from .device import Device, Phases, on_phase

# The voltage at which a heater has the power that is written on it.
RATED_VOLTAGE_V = 230.0
# What a litre of water takes for one kelvin, in Ws.
WATER_WS_PER_L_K = 4186.0


class Characteristic(StrEnum):
    """How the share of the control becomes a share of the power.

    ``linear``: burst firing. ``phase_angle``: the cosine by which dimmers are usually
    described. ``firing_delay``: a triac fired late in each half wave, by its delay.
    """

    LINEAR = "linear"
    PHASE_ANGLE = "phase_angle"
    FIRING_DELAY = "firing_delay"


_POWER: dict[Characteristic, Callable[[float], float]] = {
    Characteristic.LINEAR: lambda share: share,
    Characteristic.PHASE_ANGLE: lambda share: (1 - cos(pi * share)) / 2,
    # The integral of sin² over the part of the half wave that is let through.
    Characteristic.FIRING_DELAY: lambda share: share - sin(2 * pi * share) / (2 * pi),
}


def power_share(characteristic: Characteristic, share: float) -> float:
    """Return the share of the power that a share of the control lets through."""
    return _POWER[characteristic](min(1.0, max(0.0, share)))


def phase_angle_share(power: float) -> float:
    """Return what to tell a ``phase_angle`` dimmer for a share of its power."""
    return acos(1 - 2 * min(1.0, max(0.0, power))) / pi


@dataclass(frozen=True, kw_only=True, slots=True)
class TankSpec:
    """What a water heater's tank is. Temperatures in °C.

    Its thermostat opens at ``thermostat_c`` and closes ``hysteresis_k`` below that.
    ``loss_w_per_k`` is what it loses for each kelvin above ``ambient_c``: 1.6 is a good
    200 l tank (1.7 kWh a day at 65 °C).
    """

    litres: float = 200.0
    loss_w_per_k: float = 1.6
    ambient_c: float = 18.0
    cold_c: float = 14.0
    thermostat_c: float = 65.0
    hysteresis_k: float = 6.0


class Tank:
    """Water that is all of one temperature."""

    def __init__(
        self, spec: TankSpec | None = None, *, temperature_c: float = 45.0
    ) -> None:
        """Begin at a temperature."""
        self.spec = spec or TankSpec()
        self.temperature_c = temperature_c
        self._closed = temperature_c < self.spec.thermostat_c

    @property
    def closed(self) -> bool:
        """Whether its thermostat lets the element heat."""
        return self._closed

    def draw(self, litres: float) -> None:
        """Take hot water; as much cold comes in."""
        share = min(1.0, litres / self.spec.litres)
        self.temperature_c += share * (self.spec.cold_c - self.temperature_c)
        self._look()

    def step(self, dt: float, power_w: float) -> None:
        """Be heated with ``power_w`` for ``dt`` seconds, and lose a little."""
        spec = self.spec
        lost_w = spec.loss_w_per_k * (self.temperature_c - spec.ambient_c)
        per_k = spec.litres * WATER_WS_PER_L_K
        self.temperature_c += (power_w - lost_w) * dt / per_k
        self._look()

    def _look(self) -> None:
        spec = self.spec
        if self.temperature_c >= spec.thermostat_c:
            self._closed = False
        elif self.temperature_c <= spec.thermostat_c - spec.hysteresis_k:
            self._closed = True


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaterSpec:
    """What a heater and its dimmer are. ``max_w`` is its power at 230 V.

    The control moves in steps of ``step_share``; below ``floor_share`` nothing passes
    (triacs do not fire: 4 % and 150 W are told of). It follows with a time constant of
    ``lag_s``. ``phase`` is the supply phase it hangs on.
    """

    max_w: float = 2400.0
    step_share: float = 0.01
    floor_share: float = 0.0
    lag_s: float = 1.0
    characteristic: Characteristic = Characteristic.LINEAR
    phase: int = 1


class Heater(Device):
    """An element behind a dimmer, in a tank or on a cold tap that never warms."""

    def __init__(
        self, spec: HeaterSpec | None = None, *, tank: Tank | None = None
    ) -> None:
        """Begin cold and off."""
        self.spec = spec or HeaterSpec()
        self.tank = tank
        self.told_share = 0.0
        self._passed_share = 0.0
        self._power_w = 0.0

    def tell(self, share: float) -> None:
        """Be told a share of the control, 0 to 1."""
        steps = round(min(1.0, max(0.0, share)) / self.spec.step_share)
        self.told_share = min(1.0, steps * self.spec.step_share)

    @property
    def heating(self) -> bool:
        """Whether its thermostat lets it heat at all."""
        return self.tank is None or self.tank.closed

    @property
    @override
    def power_w(self) -> Phases:
        return on_phase(self.spec.phase, self._power_w)

    @override
    def step(self, now: float, dt: float, voltage_v: float) -> None:
        spec = self.spec
        passed = 0.0
        if self.told_share >= spec.floor_share:
            passed = power_share(spec.characteristic, self.told_share)
        moved = 1 - exp(-dt / spec.lag_s) if spec.lag_s > 0 else 1.0
        self._passed_share += moved * (passed - self._passed_share)
        most_w = spec.max_w * (voltage_v / RATED_VOLTAGE_V) ** 2
        self._power_w = self._passed_share * most_w if self.heating else 0.0
        if self.tank is not None:
            self.tank.step(dt, self._power_w)
