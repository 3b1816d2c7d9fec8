"""Home batteries: one that regulates the grid by itself, one that does as it is told.

``battery_w`` is + = discharging, as Home Assistant counts it; ``power_w`` is what a device
draws, so it is the opposite.
"""

from collections import deque
from dataclasses import dataclass
from typing import override

from .device import Device, Phases, on_phase
from .house import PhaseSample

_S_PER_H = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class BatterySpec:
    """What a battery and its inverter are. ``efficiency`` is for each way.

    ``delay_s`` is how late it sees the grid, or follows a command; ``ramp_w_s`` how fast
    it moves. ``gain`` is the part of the grid's error that one which regulates itself
    corrects in each second.
    """

    capacity_wh: float = 10_000.0
    power_w: float = 4_000.0
    efficiency: float = 0.95
    ramp_w_s: float = 1_500.0
    delay_s: float = 2.0
    gain: float = 0.5
    phase: int = 1


class _Cells(Device):
    """What both kinds share: energy, limits and ramp."""

    def __init__(
        self, spec: BatterySpec | None = None, *, charge_share: float = 0.3
    ) -> None:
        """Begin at rest, with a share of its capacity."""
        self.spec = spec or BatterySpec()
        self.charge_wh = charge_share * self.spec.capacity_wh
        self.battery_w = 0.0
        self._arriving: deque[tuple[float, float]] = deque()
        self._arrived_w = 0.0

    @property
    def soc(self) -> float:
        """State of charge as a share of 1."""
        return self.charge_wh / self.spec.capacity_wh

    @property
    @override
    def power_w(self) -> Phases:
        return on_phase(self.spec.phase, -self.battery_w)

    def _send(self, now: float, watts: float) -> None:
        self._arriving.append((now + self.spec.delay_s, watts))

    def _receive(self, now: float) -> float:
        while self._arriving and self._arriving[0][0] <= now:
            self._arrived_w = self._arriving.popleft()[1]
        return self._arrived_w

    def _possible_w(self, wanted_w: float) -> float:
        """Return what its inverter and its charge allow of a power."""
        spec = self.spec
        most_w = spec.power_w if self.charge_wh > 0 else 0.0
        least_w = -spec.power_w if self.charge_wh < spec.capacity_wh else 0.0
        return min(most_w, max(least_w, wanted_w))

    def _move(self, wanted_w: float, dt: float) -> None:
        spec = self.spec
        most_move_w = spec.ramp_w_s * dt
        move_w = wanted_w - self.battery_w
        self.battery_w += max(-most_move_w, min(most_move_w, move_w))
        self.battery_w = self._possible_w(self.battery_w)
        share = spec.efficiency if self.battery_w < 0 else 1 / spec.efficiency
        charge_wh = self.charge_wh - self.battery_w * share * dt / _S_PER_H
        self.charge_wh = min(spec.capacity_wh, max(0.0, charge_wh))


class SelfRegulatingBattery(_Cells):
    """Corrects a part of the grid's error all the time, seen a little late.

    It is a meter at the connection point as well as a device: that is where it looks.
    """

    def __init__(
        self, spec: BatterySpec | None = None, *, charge_share: float = 0.3
    ) -> None:
        """Begin at rest."""
        super().__init__(spec, charge_share=charge_share)
        self._wanted_w = 0.0

    def see(self, now: float, grid_w: float) -> None:
        """Look at the grid."""
        self._send(now, grid_w)

    def measure(self, now: float, dt: float, phases: tuple[PhaseSample, ...]) -> None:
        """See what flowed at the connection point: the sum of its phases."""
        self.see(now, sum(phase.power_w for phase in phases))

    @override
    def step(self, now: float, dt: float, voltage_v: float) -> None:
        wanted_w = self._wanted_w + self.spec.gain * self._receive(now) * dt
        self._wanted_w = self._possible_w(wanted_w)
        self._move(self._wanted_w, dt)


class CommandedBattery(_Cells):
    """Does as it is told, a little later, as far as it can."""

    def tell(self, now: float, charge_w: float) -> None:
        """Be told a power; + = charging, as any load's."""
        self._send(now, -charge_w)

    @override
    def step(self, now: float, dt: float, voltage_v: float) -> None:
        self._move(self._possible_w(self._receive(now)), dt)
