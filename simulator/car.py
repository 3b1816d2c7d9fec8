"""An electric car: how a real one follows what a charging station offers.

The numbers are measured ones: a three-phase Easee session published with
dirkgroenen/hass-evse-load-balancer (ramps of 0.46 to 0.61 A/s per phase, a stop within
one 3 s sample) and the notes in TWCManager (currents drawn at 6 A and at 40 A offered,
seconds until a car begins).
"""

from collections import deque
from dataclasses import dataclass

# IEC 61851-1: a duty cycle below 10 % (6 A) offers nothing.
PILOT_MINIMUM_A = 6.0


@dataclass(frozen=True, kw_only=True, slots=True)
class CarSpec:
    """What a car is. Currents are per phase.

    It sees a new offer ``dead_time_s`` later, closes its contactor ``wake_s`` after being
    offered power and begins to draw ``start_latency_s`` after that offer. Energies are
    those of the socket: the losses inside the car are not modelled.
    """

    phases: int = 1
    max_a: float = 32.0
    dead_time_s: float = 2.0
    wake_s: float = 3.0
    start_latency_s: float = 15.0
    ramp_up_a_s: float = 0.6
    ramp_down_a_s: float = 5.0
    drawn_share: float = 0.985
    drawn_less_a: float = 0.4
    capacity_wh: float = 60_000.0


class Car:
    """The car's side of the cable."""

    def __init__(self, spec: CarSpec | None = None, *, charge_wh: float = 12_000.0):
        """Arrive with ``charge_wh`` in the battery."""
        self.spec = spec or CarSpec()
        self.charge_wh = charge_wh
        self.current_a = 0.0
        self._offers: deque[tuple[float, float]] = deque()
        self._seen_a = 0.0
        self._offered_since: float | None = None
        self._asks = False

    @property
    def full(self) -> bool:
        """Whether the battery takes no more."""
        return self.charge_wh >= self.spec.capacity_wh

    @property
    def asks(self) -> bool:
        """Whether its contactor is closed (IEC 61851 state C): it wants to draw."""
        return self._asks

    def offer(self, now: float, pilot_a: float) -> None:
        """Be offered a current per phase; below the pilot's minimum that is nothing.

        An offer of nothing is obeyed at once, any other after the dead time.
        """
        if pilot_a < PILOT_MINIMUM_A:
            self._offers.clear()
            self._seen_a = 0.0
            self._offered_since = None
            self._asks = False
            return
        if self._offered_since is None:
            self._offered_since = now
        self._offers.append((now + self.spec.dead_time_s, pilot_a))

    def unplug(self) -> None:
        """Lose the cable: the current is gone that instant."""
        self.offer(0.0, 0.0)
        self.current_a = 0.0

    def step(self, now: float, dt: float, voltage_v: float, phases: int) -> None:
        """Live through the ``dt`` seconds that end at ``now``."""
        while self._offers and self._offers[0][0] <= now:
            self._seen_a = self._offers.popleft()[1]
        waited = -1.0 if self._offered_since is None else now - self._offered_since
        self._asks = not self.full and waited >= self.spec.wake_s
        target = 0.0
        if self._asks and waited >= self.spec.start_latency_s:
            target = self._target_a()
        before = self.current_a
        if target > before:
            self.current_a = min(target, before + self.spec.ramp_up_a_s * dt)
        else:
            self.current_a = max(target, before - self.spec.ramp_down_a_s * dt)
        mean_a = (before + self.current_a) / 2
        self.charge_wh += mean_a * voltage_v * phases * dt / 3600

    def _target_a(self) -> float:
        if self._seen_a < PILOT_MINIMUM_A:
            return 0.0
        drawn = self._seen_a * self.spec.drawn_share - self.spec.drawn_less_a
        return min(drawn, self.spec.max_a)
