"""The phases that a charger uses: the vehicle's, and the change between one and all."""

from abc import ABC
from dataclasses import replace
from typing import override

from ..limits import Headroom
from ..model import ChargerReading, ChargerSpec
from .base import LoadControl
from .circumstances import Circumstances, Span
from .phases import PhaseChoice
from .vehicle import Vehicle

# A stopped car is not started again into room that it fills to the brim.
RESTART_SLACK_A = 1.0


class PhasedCharger(LoadControl[ChargerSpec, ChargerReading], ABC):
    """A charger with its vehicle, on one phase or on all.

    ``min_a`` is the least to offer: the charger's minimum, or more where the vehicle
    needs it.
    """

    def __init__(self, spec: ChargerSpec) -> None:
        """Know nothing but the charger itself."""
        super().__init__(spec)
        self.vehicle = Vehicle(spec.phases)
        self.phase_choice = PhaseChoice()
        self._set_min()

    def _set_min(self) -> None:
        """Bring the least to offer up to date with the charger and its vehicle."""
        spec = self.spec
        self.min_a = min(max(spec.min_a, self.vehicle.appetite.needs_a), spec.max_a)

    @property
    @override
    def phases(self) -> tuple[int, ...]:
        return self.vehicle.phases

    @override
    def span_w(self, voltage_v: float) -> Span:
        return self._span_on(self.vehicle.aimed_phases, voltage_v)

    def _span_on(self, phases: tuple[int, ...], voltage_v: float) -> Span:
        per_a = voltage_v * len(phases)
        most_w = (self.spec.max_a - self.vehicle.shortfall_a) * per_a
        if self.vehicle.takes_at_most_w is not None:
            most_w = min(most_w, self.vehicle.takes_at_most_w)
        least_w = (self.min_a - self.vehicle.shortfall_a) * per_a
        return Span(least_w=min(least_w, most_w), most_w=most_w)

    @property
    def _touched(self) -> tuple[int, ...]:
        """The phases it draws from, and those it is about to."""
        if not self._changing:
            return self.phases
        return tuple({*self.phases, *self.vehicle.aimed_phases})

    @override
    def fits(
        self, current_a: float, headroom: Headroom, now: float, *, strict: bool = False
    ) -> bool:
        if self._changing:
            tight = headroom.tightest(self.vehicle.aimed_phases)
            if tight is not None and tight[0] < current_a:
                return False
        return super().fits(current_a, headroom, now, strict=strict)

    @property
    def _changing(self) -> bool:
        return self.phases != self.vehicle.aimed_phases

    def _per_a(self, around: Circumstances) -> float:
        """Watts for each ampere per phase."""
        return around.voltage_v * len(self.vehicle.aimed_phases)

    def _worth_on(
        self, phases: tuple[int, ...], room_a: float, around: Circumstances
    ) -> float:
        """Return what running on these phases is worth, in W."""
        span = self._span_on(phases, around.voltage_v)
        most_w = max(self.min_a, min(room_a, self.spec.max_a)) * (
            around.voltage_v * len(phases)
        )
        return around.worth_w(replace(span, most_w=min(span.most_w, most_w)))

    def _choose_phases(self, room_a: float, around: Circumstances) -> float | None:
        """Change between one phase and all when it has shown to be worth it.

        Returns what the other number is worth, in W; None where there is no choice.
        """
        vehicle, spec = self.vehicle, self.spec
        if not spec.switches_phases or vehicle.appetite.full:
            return None
        now_on = vehicle.aimed_phases
        other = vehicle.phases_of(single=not vehicle.single)
        if len(other) == len(now_on) or self._changing:
            return None
        tight = around.headroom.tightest(other)
        if tight is not None and tight[0] < self.min_a + RESTART_SLACK_A:
            return None
        here_w = self._worth_on(now_on, room_a, around)
        there_w = self._worth_on(other, tight[0] if tight else spec.max_a, around)
        on = self.switching.on
        choice = self.phase_choice
        if not choice.weigh(there_w - here_w, around.dt_s, around.now, on=on):
            return there_w
        choice.changed(around.now)
        vehicle.change_phases(around.now, single=not vehicle.single)
        self.changed_at = None
        return here_w
