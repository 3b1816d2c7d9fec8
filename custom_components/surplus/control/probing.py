"""Inverters that must not export: the sun they hold back shows nowhere.

Their production is what is taken. So a little more is offered to loads than the meter
shows: where the inverter had more, production rises with it and the grid stays at
nothing; where it had not, the rest is imported and the offer is taken back.
"""

from .model import GridReading

# About an ampere: one step of a car.
_STEP_W = 250.0
# Time for a load to take a step, and for the inverter to follow.
_SETTLES_S = 15.0
# The grid is at nothing within this.
_BALANCE_W = 100.0
# Below this there is no sun to hold back.
_LEAST_SOLAR_W = 100.0
# What was imported is tried again after this, then twice that, and so on: a step, and
# the start of a load.
_STEP_AGAIN_S = (60.0, 300.0)
_START_AGAIN_S = (900.0, 3_600.0)


class Probing:
    """What is offered beyond what the meter shows, in W."""

    def __init__(self) -> None:
        """Offer nothing."""
        self.offer_w = 0.0
        self._failures = 0
        self._starting = False
        self._not_before: float | None = None
        # All that the sun had when it was last asked for too much.
        self._failed_solar_w = 0.0
        self._step_at: float | None = None
        self._own_w = 0.0
        self._solar_w = 0.0
        self._imports_s = 0.0

    def observe(
        self,
        grid: GridReading,
        *,
        solar_w: float | None,
        own_w: float,
        needs_w: float | None,
        dt_s: float,
    ) -> None:
        """Go on by one grid reading; ``offer_w`` is what to offer from now on.

        ``own_w`` is what the loads draw. ``needs_w`` is the least that one of those
        which do not run needs to start, 0 where one that runs could take more, None
        where none could take anything. ``dt_s`` is the time since the previous reading.
        """
        grid_w = grid.balance_w
        if (
            solar_w is None
            or needs_w is None
            or grid.power_w is None
            or solar_w < _LEAST_SOLAR_W
            or grid_w < -_BALANCE_W
        ):
            # Nothing to try, or nothing is held back.
            self.offer_w, self._step_at, self._imports_s = 0.0, None, 0.0
            return
        if grid_w > _BALANCE_W:
            self._imports_s += dt_s
            if self._imports_s > _SETTLES_S:
                self._back_off(grid.at, solar_w)
            return
        self._imports_s = 0.0
        if self._not_before is not None and grid.at < self._not_before:
            if solar_w < self._failed_solar_w + _STEP_W:
                return
            # There is more than there was then.
            self._failures, self._not_before = 0, None
        if self._step_at is None:
            self._step(grid.at, solar_w, own_w, needs_w)
        elif grid.at - self._step_at >= _SETTLES_S:
            taken_w = min(own_w - self._own_w, solar_w - self._solar_w)
            if taken_w > _STEP_W / 2:
                # The inverter had it: the meter's own surplus holds it from now on.
                self._failures = 0
                self._starting = False
                self.offer_w = 0.0
            self._step(grid.at, solar_w, own_w, needs_w)

    def _step(self, at: float, solar_w: float, own_w: float, needs_w: float) -> None:
        """Offer a step more, as long as a load could take it."""
        self._step_at, self._solar_w, self._own_w = at, solar_w, own_w
        # A load that has started on it may not draw yet.
        self._starting |= needs_w > 0
        self.offer_w = min(self.offer_w + _STEP_W, max(_STEP_W, needs_w + _STEP_W))

    def _back_off(self, at: float, solar_w: float) -> None:
        """Take the offer back, and wait longer each time."""
        if self.offer_w > 0:
            first_s, most_s = _START_AGAIN_S if self._starting else _STEP_AGAIN_S
            self._starting = False
            self._not_before = at + min(most_s, first_s * 2**self._failures)
            self._failures += 1
            self._failed_solar_w = solar_w
        self.offer_w, self._step_at = 0.0, None
