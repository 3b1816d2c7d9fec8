"""A home battery that nobody commands: it regulates the grid towards zero by itself."""

from collections import deque

from .cases import BatteryCase


class Battery:
    """Sees the grid late, corrects part of the error each second, moves at its ramp."""

    def __init__(self, spec: BatteryCase) -> None:
        """Begin at rest."""
        self.spec = spec
        self.charge_wh = spec.capacity_wh * spec.charge_share
        self.power_w = 0.0
        self._wanted_w = 0.0
        self._grid_w = deque([0.0] * spec.delay_s)

    def step(self, grid_w: float, dt: float) -> None:
        """Live ``dt`` seconds, the grid having been at ``grid_w``; + = discharging."""
        spec = self.spec
        self._grid_w.append(grid_w)
        wanted_w = self._wanted_w + spec.gain * self._grid_w.popleft()
        most_w = spec.power_w if self.charge_wh > 0 else 0.0
        least_w = -spec.power_w if self.charge_wh < spec.capacity_wh else 0.0
        self._wanted_w = min(most_w, max(least_w, wanted_w))
        most_move_w = spec.ramp_w_s * dt
        move_w = self._wanted_w - self.power_w
        self.power_w += max(-most_move_w, min(most_move_w, move_w))
        self.power_w = min(most_w, max(least_w, self.power_w))
        share = spec.efficiency if self.power_w < 0 else 1 / spec.efficiency
        self.charge_wh -= self.power_w * share * dt / 3600
        self.charge_wh = min(spec.capacity_wh, max(0.0, self.charge_wh))
