"""What a charger offers: what it drew and draws, and how its offer is changed.

Steps, dead band and pacing are those of the pilot signal: a car is not moved by every
reading, and never below the least that it takes.
"""

from abc import ABC
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from math import floor, isfinite
from typing import Any, override

from ..freshness import MeterState
from ..model import ChargerReading, ChargerSpec, Decision, LoadInput, Reason
from ..settings import NOMINAL_VOLTAGE_V
from .appetite import DRAWING_W
from .base import FLOAT_SLACK
from .charger_phases import PhasedCharger
from .circumstances import Circumstances
from .pace import Pace
from .saved import away_s

# An offer is only changed for this much, or a car would be moved by every reading.
DEAD_BAND_A = 0.7
# Under a limit an increase needs a little more room than it takes.
_LIMIT_SLACK_A = 0.5
# A car that draws for longer after it was told nothing runs by itself.
_STOPS_WITHIN_S = 60.0


class OfferingCharger(PhasedCharger, ABC):
    """A charger whose offer is told in amperes per phase."""

    def __init__(self, spec: ChargerSpec) -> None:
        """Know nothing but the charger itself."""
        super().__init__(spec)
        self.pace = Pace()
        self._met = False
        # An earlier run left it off, and it has not been met since.
        self._left_off = False
        # A person asked for something, and it was not moved since.
        self._asked = False
        # When it drew last though it was told nothing long before.
        self._ran_at: float | None = None

    # ---- what is known -------------------------------------------------------------

    @property
    @override
    def most_drawn_w(self) -> float:
        return self.spec.max_a * NOMINAL_VOLTAGE_V * len(self.spec.phases)

    @override
    def observe(
        self, load: LoadInput[ChargerSpec, ChargerReading], supply_phases: int
    ) -> None:
        reading = load.reading
        if not self.known and reading.offered_a and not self._left_off:
            # First sight of a charger that is already at work: adopt, do not restart.
            self.value = reading.offered_a
            self.switching.on = True
        if reading.reachable and not self._met:
            self._met = True
            self._adopt(reading)
            self.vehicle.adopt_phases(load.spec, reading)
        asked = self.known and load.wishes != self._wishes
        self._asked = self._asked or asked
        super().observe(load, supply_phases)
        self.vehicle.observe(load.spec, reading, supply_phases)
        self._note_own_run(reading)
        self._set_min()

    def _note_own_run(self, reading: ChargerReading) -> None:
        """Let it rest from the end of a run that it was not told.

        On its safe current, as long as nobody was there to tell it anything.
        """
        since, at, power_w = self.switching.since, reading.power_at, reading.power_w
        if self.switching.on or since is None:
            self._ran_at = None
        elif not reading.reachable or at is None or power_w is None:
            return
        elif power_w >= DRAWING_W:
            if at - since > _STOPS_WITHIN_S:
                self._ran_at = at
        elif self._ran_at is not None:
            self.switching.since, self._ran_at = self._ran_at, None

    def _adopt(self, reading: ChargerReading) -> None:
        """Go on with a charge that nobody wrote down: a power cut leaves no time to.

        What was written down as stopped must be seen to draw: an offer may be old.
        """
        left_off, self._left_off = self._left_off, False
        offering, power_w = reading.offering, reading.power_w
        if left_off and power_w is not None:
            offers = offering is not False and bool(offering or reading.offered_a)
            offering = offers and power_w >= DRAWING_W
        if offering and not self.switching.on:
            self.value = reading.offered_a or self.spec.safe_a or self.spec.min_a
            self.switching.on = True
            self.switching.since = None

    def _held_a(self, reading: ChargerReading, now: float) -> float:
        """Return what an unreachable charger offers: its last order, then the safe one."""
        lost_at = reading.link_lost_at if reading.link_lost_at is not None else 0.0
        if now >= lost_at + self.spec.lease_s or reading.offered_a is None:
            return self.spec.safe_a
        return reading.offered_a

    @override
    def own_power_w(
        self, reading: ChargerReading, at: float, now: float, voltage_v: float
    ) -> float:
        """Return what it draws at an instant, by measurement and model.

        Of one out of reach, no more counts than is kept free for it: what it drew when
        it was last heard may long be the house's.
        """
        if reading.reachable:
            return self.vehicle.power_w(reading, at, voltage_v)
        held_w = self._held_a(reading, now) * voltage_v * len(self.phases)
        return min(max(0.0, reading.power_w or 0.0), held_w)

    @override
    def takes_w(self, decision: Decision) -> float:
        if decision.setpoint is None:
            return 0.0
        power_w = decision.setpoint.power_w
        if self.vehicle.takes_at_most_w is not None:
            power_w = min(power_w, self.vehicle.takes_at_most_w)
        return max(power_w, self.reserved_w)

    def _not_told(self, around: Circumstances) -> Reason | None:
        """Return why nobody knows the grid power well enough to go above the minimum."""
        if around.meter is MeterState.NONE:
            return Reason.NO_GRID_METER
        if around.meter is MeterState.LOST:
            return Reason.METER_LOST
        return None

    # ---- between what it may be moved ----------------------------------------------

    @property
    def _kept_a(self) -> float:
        """The least to offer now: nobody raises a running one for its minimum's sake."""
        least_a = self.min_a
        return self.value if self.switching.on and self.value < least_a else least_a

    def _top_a(self, room_a: float, most_a: float) -> float:
        """Return the most that may be offered, never less than is kept."""
        kept_a = min(self._kept_a, most_a)
        if room_a <= kept_a:
            return kept_a
        return max(kept_a, self._down(min(room_a, most_a)))

    def _within(self, room_a: float, most_a: float) -> float:
        """Return what to offer of ``most_a`` that the room bounds: it is raised late."""
        top_a = self._top_a(room_a, most_a)
        if room_a + FLOAT_SLACK >= most_a or self.value > top_a:
            return top_a
        # While the car moves, the room beside it is known less well.
        slack_a = _LIMIT_SLACK_A + self.vehicle.doubt_a
        least_a = max(self.value, min(self._kept_a, most_a))
        return max(least_a, self._down(room_a - slack_a))

    def _fit(self, ideal_a: float, around: Circumstances) -> float:
        """Return the step that serves the ideal current best, with a dead band.

        A step up captures its filled part and imports the rest at the import price.
        """
        tolerated = around.settings.tolerated_import_share
        if self.value:
            # Dear imports are not left standing for the sake of calm. While the car or a
            # heater is moving, the surplus is known less well: acting on that would make
            # it swing.
            doubt_a = self.vehicle.doubt_a + around.doubt_w / self._per_a(around)
            down_a = min(DEAD_BAND_A, 2 * tolerated * DEAD_BAND_A) + doubt_a
            up_a = DEAD_BAND_A + doubt_a
            if -down_a < ideal_a - self.value < up_a:
                return self.value
        steps = ideal_a / self.spec.step_a
        whole = floor(steps + FLOAT_SLACK)
        # A part of a step is worth taking when captured > λ × imported.
        whole += steps - whole > 1.0 - tolerated
        return round(whole * self.spec.step_a, 3)

    def _down(self, current_a: float) -> float:
        """Return the step at or below a current, as it is told: it is told but once."""
        if current_a <= 0:
            return 0.0
        step_a = self.spec.step_a
        return round(floor(current_a / step_a + FLOAT_SLACK) * step_a, 3)

    @override
    def at_most(self, value: float) -> float:
        current_a = self._down(value)
        return current_a if current_a >= self.spec.min_a else 0.0

    # ---- when it may be moved, and how ---------------------------------------------

    def _may_move(self, current_a: float, around: Circumstances) -> bool:
        """Whether it may be told another current now: no limit asks for it."""
        if not self.value or self.changed_at is None:
            # A start, or the first current on other phases.
            return True
        worth_it = self.pace.worth_it(current_a - self.value, around.dt_s)
        return (worth_it or self._asked) and not self._paced(around)

    def _paced(self, around: Circumstances) -> bool:
        """Whether the last change is too recent for another."""
        return (
            self.changed_at is not None
            and around.now - self.changed_at < self.spec.pacing_s
        )

    @override
    def must_hold_s(self, around: Circumstances) -> float:
        return self.switching.held_for_s(
            around.now,
            self.spec.min_on_s,
            self.spec.min_off_s,
            self.vehicle.drawing_since,
        )

    def _tell(
        self,
        current_a: float,
        reason: Reason,
        around: Circumstances,
        numbers: Mapping[str, float | str] | None = None,
    ) -> Decision:
        """Remember and return a set-point: nothing, or between minimum and maximum."""
        if 0 < current_a < self.spec.min_a:
            current_a = 0.0
        current_a = round(current_a, 3)
        power_w = current_a * self._per_a(around)
        before_a = self.value
        decision = self.told(current_a, power_w, reason, around, numbers)
        if self.value != before_a:
            self.pace.wrote()
            self._asked = False
        if not self.spec.switches_phases or decision.setpoint is None:
            return decision
        if self._changing:
            # It leaves some phases and comes to others: room is kept on all of them.
            around.headroom.take(self.vehicle.aimed_phases, current_a)
        count = 1 if self.vehicle.single else len(self.vehicle.wired)
        return replace(decision, setpoint=replace(decision.setpoint, phases=count))

    # ---- surviving a restart -------------------------------------------------------

    @override
    def restore(self, saved: Mapping[str, Any], now: float, wall: datetime) -> None:
        super().restore(saved, now, wall)
        self._left_off = not self.switching.on
        left = saved.get("learned", {}).get("writes_left")
        if isinstance(left, int | float) and left >= 0 and not isinstance(left, bool):
            self.pace.restore(left, now - away_s(saved, wall))

    @override
    def learned(self) -> dict[str, Any]:
        learned = self.vehicle.learned()
        if isfinite(self.pace.left):
            learned["writes_left"] = round(self.pace.left, 1)
        return learned

    @override
    def relearn(self, learned: Mapping[str, Any]) -> None:
        self.vehicle.relearn(learned)
        self._set_min()
