"""What is known of the vehicle behind a charger: its phases, its power, its habits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..model import ChargerReading, ChargerSpec
from ..settings import NOMINAL_VOLTAGE_V
from .appetite import DRAWING_W, MOST_FLOOR_A, Appetite
from .base import BELIEVED_S
from .learned_response import LearnedResponse

# Below this a phase carries no vehicle.
_PHASE_IN_USE_A = 1.0
# Cars draw up to about an ampere less than offered, each by its own habit.
_MOST_SHORTFALL_A = 1.5
_LEARNING_RATE = 0.2
# A charger that answers at all has taken its phases within this.
_ACCEPTED_WITHIN_S = 45.0


@dataclass(kw_only=True, slots=True)
class _Change:
    """A change of phases: told, then accepted; over once nothing is drawn any more."""

    told_at: float
    from_phases: tuple[int, ...]
    accepted_at: float | None = None
    over: bool = False


class Vehicle:
    """Learned from readings, nominal until then.

    ``shortfall_a`` is how much less than its offer it draws. ``doubt_a`` is by how much
    the newest ``power_w`` may be wrong because the vehicle is moving just then.
    ``takes_at_most_w`` is what it takes when that is clearly less than it is offered.
    ``phases`` are the supply phases it uses, all that are wired until it has shown;
    ``aimed_phases`` are those it will use once a change of them is over.
    ``drawing_since`` is when it was first measured to draw, None while it does not.
    """

    def __init__(self, wired: tuple[int, ...]) -> None:
        """Know only the phases of its charger."""
        self.shortfall_a = 0.0
        self.doubt_a = 0.0
        self.drawing_since: float | None = None
        self.takes_at_most_w: float | None = None
        self.appetite = Appetite()
        self.wired = wired
        self._in_use: int | None = None
        self._response = LearnedResponse()
        self._learned_at: float | None = None
        self._single = False
        self.phases = self.aimed_phases = wired
        self._change: _Change | None = None

    @property
    def single(self) -> bool:
        """Whether its charger was told to use one phase only."""
        return self._single

    def phases_of(self, *, single: bool) -> tuple[int, ...]:
        """Return the supply phases it uses on one phase, or on all that it has."""
        return self.wired[:1] if single else self.wired[: self._in_use]

    def _aim(self) -> None:
        self.aimed_phases = self.phases_of(single=self._single)
        change = self._change
        if change is None or change.over:
            self.phases = self.aimed_phases
        else:
            self.phases = change.from_phases

    def change_phases(self, now: float, *, single: bool) -> None:
        """Note that its charger is told to use one phase, or all."""
        self._change = _Change(told_at=now, from_phases=self.phases)
        self._single = single
        self.takes_at_most_w = None
        self._aim()

    def agree(self, spec: ChargerSpec, reading: ChargerReading, now: float) -> bool:
        """Go by the phases its charger was told where those are not ours.

        After a restart, or by its own safe state, they are others than were decided.
        Returns whether they were; a change that is on its way is given its time.
        """
        change = self._change
        if (
            change is not None
            and change.accepted_at is None
            and now - change.told_at < spec.phase_change_s + _ACCEPTED_WITHIN_S
        ):
            return False
        return self.adopt_phases(spec, reading)

    def adopt_phases(self, spec: ChargerSpec, reading: ChargerReading) -> bool:
        """Go by the phases its charger was told, whoever told; whether that is news."""
        if not spec.switches_phases:
            single = False
        elif reading.phases is None or len(spec.phases) < 2:
            return False
        else:
            single = reading.phases == 1
        if single is self._single:
            return False
        self._single = single
        self._change = None
        # What was seen meanwhile was of other phases.
        self._in_use = None
        self.takes_at_most_w = None
        self._aim()
        return True

    def observe(
        self, spec: ChargerSpec, reading: ChargerReading, supply_phases: int
    ) -> None:
        """Take in the newest reading."""
        self.wired = spec.phases_on(supply_phases)
        self._follow_change(spec, reading)
        self._aim()
        if reading.offered_a is not None and reading.offered_at is not None:
            self._response.offered(
                reading.offered_a, reading.offered_at, self._measured_a(reading)
            )
        if reading.power_w is None or reading.power_w < DRAWING_W:
            self.drawing_since = None
        elif self.drawing_since is None:
            self.drawing_since = reading.power_at
        self.appetite.observe(spec, reading)
        if not reading.wants_power:
            self._in_use = None
            self.takes_at_most_w = None
        elif not self._single and not self._changing(spec, reading):
            if used := sum(a > _PHASE_IN_USE_A for a in reading.currents_a):
                self._in_use = min(used, len(self.wired))
        self._aim()

    def _follow_change(self, spec: ChargerSpec, reading: ChargerReading) -> None:
        """See a change of phases through: accepted, then nothing drawn, then over."""
        change = self._change
        if change is None or change.over or reading.offered_at is None:
            return
        if change.accepted_at is None:
            if reading.offered_at < change.told_at or self._holds_others(reading):
                return
            change.accepted_at = reading.offered_at
            self._response.paused(
                reading.offered_a or 0.0,
                change.accepted_at,
                change.accepted_at + spec.phase_change_s,
            )
        if reading.power_w is None or reading.power_at is None:
            change.over = True
            return
        waited_s = reading.power_at - change.accepted_at
        stopped = waited_s > 0 and reading.power_w < DRAWING_W
        change.over = stopped or waited_s > spec.phase_change_s

    def _holds_others(self, reading: ChargerReading) -> bool:
        """Whether its charger says that it was told another number of phases."""
        return reading.phases is not None and (reading.phases == 1) is not self._single

    def _changing(self, spec: ChargerSpec, reading: ChargerReading) -> bool:
        """Whether what is measured may still be from before a change of phases."""
        change = self._change
        if change is None:
            return False
        if change.accepted_at is None or reading.power_at is None:
            return True
        return reading.power_at <= change.accepted_at + spec.phase_change_s

    def _measured_a(self, reading: ChargerReading) -> float | None:
        if reading.currents_a:
            return max(reading.currents_a)
        if reading.power_w is None:
            return None
        return reading.power_w / NOMINAL_VOLTAGE_V / len(self.phases)

    def power_w(self, reading: ChargerReading, at: float, voltage_v: float) -> float:
        """Return what it draws at an instant: measured, plus the move since."""
        self.doubt_a = 0.0
        per_a = voltage_v * len(self.phases)
        if reading.power_w is None or reading.power_at is None:
            if not self._response.known:
                # A charge that was going on before we came.
                return (reading.offered_a or 0.0) * per_a
            return self._response.model.drawn_a(at) * per_a
        self._learn(reading.power_w, per_a, reading.power_at)
        model = self._response.model
        moved_a = model.move_a(reading.power_at, at)
        self.doubt_a = model.doubt_a(reading.power_at, at)
        power_w = max(0.0, reading.power_w + moved_a * per_a)
        if self._response.known and at - reading.power_at > BELIEVED_S:
            # It was of another offer: no vehicle draws more than it is offered now.
            power_w = min(power_w, model.drawn_a(at) * per_a)
        return power_w

    def _learn(self, power_w: float, per_a: float, at: float) -> None:
        """Learn its habits, once it has settled on its offer."""
        # One that feeds in, or is measured the wrong way round, takes nothing at least.
        power_w = max(0.0, power_w)
        if self.takes_at_most_w is not None and (
            power_w > self.takes_at_most_w + per_a
        ):
            self.takes_at_most_w = None
        if at == self._learned_at:
            return
        self._response.measured(power_w / per_a, at, DRAWING_W / per_a)
        model = self._response.model
        offered_a = model.drawn_a(at)
        self._learned_at = at
        if not model.settled(at):
            return
        if offered_a == 0:
            if (self.takes_at_most_w or 0.0) < DRAWING_W:
                # One that slept may be awake at the next offer.
                self.takes_at_most_w = None
            return
        shortfall_a = offered_a - power_w / per_a
        if shortfall_a > _MOST_SHORTFALL_A:
            # That is no habit: it is full, or limits itself.
            self.takes_at_most_w = power_w
        elif shortfall_a >= 0:
            self.takes_at_most_w = None
            self.shortfall_a += _LEARNING_RATE * (shortfall_a - self.shortfall_a)

    def learned(self) -> dict[str, Any]:
        """Return what was learned, ready for JSON."""
        return {
            "shortfall_a": round(self.shortfall_a, 2),
            "floor_a": self.appetite.floor_a,
            "single_phase": self._single,
            "response": self._response.learned(),
        }

    def relearn(self, learned: Mapping[str, Any]) -> None:
        """Take back what ``learned`` gave; what is unusable of it is left out."""
        shortfall_a = learned.get("shortfall_a")
        if isinstance(shortfall_a, int | float) and (
            0 <= shortfall_a <= _MOST_SHORTFALL_A
        ):
            self.shortfall_a = float(shortfall_a)
        floor_a = learned.get("floor_a")
        if isinstance(floor_a, int | float) and 0 <= floor_a <= MOST_FLOOR_A:
            self.appetite.floor_a = float(floor_a)
        self._single = learned.get("single_phase") is True
        self._aim()
        response = learned.get("response")
        if isinstance(response, Mapping):
            self._response.relearn(response)
