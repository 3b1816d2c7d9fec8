"""A charger that follows the surplus: starts with it, keeps to it, stops without it."""

from abc import ABC
from dataclasses import replace

from ..freshness import MeterState
from ..model import Decision, Reason, Wish
from .appetite import DRAWING_W
from .base import FLOAT_SLACK
from .charger_offer import OfferingCharger
from .charger_phases import RESTART_SLACK_A
from .circumstances import Circumstances, Span

# An offer stays so far above what a car takes, or nobody would see that it takes more.
_TRY_A = 3.0
# What is said of following the sun. No more than a plan asks for is the plan's doing.
_OF_THE_SUN = frozenset(
    {Reason.AT_MAXIMUM, Reason.FOLLOWING_SURPLUS, Reason.HOLDING_MINIMUM}
)


class SolarCharger(OfferingCharger, ABC):
    """A charger in the modes *solar* and *min_solar*."""

    @property
    def _floor_a(self) -> float:
        """The least to offer whatever the sun: the minimum, or what a plan asks for."""
        planned_a = self._planned.value if self._planned is not None else None
        if planned_a is None:
            return self.min_a
        return min(max(self._down(planned_a), self.min_a), self.spec.max_a)

    def _as_planned(
        self, planned: Wish, room_a: float, around: Circumstances
    ) -> Decision:
        """Do what a plan asks for, imported if need be; take the surplus above it."""
        decision = self._min_solar(room_a, around)
        if decision.reason not in _OF_THE_SUN or self.value > self._floor_a:
            return decision
        return replace(
            decision,
            reason=planned.reason,
            numbers={"current_a": self.value, **planned.numbers},
        )

    def _min_solar(self, room_a: float, around: Circumstances) -> Decision:
        """At least the minimum, imported if need be; the surplus above it."""
        if not self.switching.on and (rest_s := self.must_hold_s(around)):
            return self._tell(0.0, Reason.RESTING, around, {"seconds": round(rest_s)})
        if unknown := self._not_told(around):
            return self._tell(self._kept_a, unknown, around)
        if not around.direction_known:
            least_a = self._top_a(room_a, self._floor_a)
            return self._tell(least_a, Reason.SIGN_UNKNOWN, around)
        if around.meter is MeterState.STALE:
            # Nothing begins on what nobody sees, not even at its minimum.
            least_a = self._kept_a if self.switching.on else 0.0
            return self._tell(least_a, Reason.METER_STALE, around)
        self._choose_phases(room_a, around)
        best_a = self._best(around)
        if not self.vehicle.appetite.full:
            best_a = max(best_a, self._floor_a)
        return self._follow(best_a, room_a, self._numbers(around), around)

    def _solar(self, room_a: float, around: Circumstances) -> Decision:
        """As much as the surplus gives, in steps, from the minimum upwards."""
        spec = self.spec
        if unknown := self._not_told(around):
            return self._tell(0.0, unknown, around)
        if not around.direction_known:
            return self._tell(0.0, Reason.SIGN_UNKNOWN, around)
        if around.meter is MeterState.STALE:
            return self._tell(
                self._kept_a if self.switching.on else 0.0, Reason.METER_STALE, around
            )

        other_w = self._choose_phases(room_a, around)
        per_a = self._per_a(around)
        top_a = self._top_a(room_a, spec.max_a)
        best_a = self._best(around)
        span = self.span_w(around.voltage_v)
        if self.vehicle.appetite.full:
            # It takes nothing: the offer stands where it could take its minimum.
            span = Span(least_w=self.min_a * per_a, most_w=self.min_a * per_a)
        within = span
        if (top_w := top_a * per_a) < span.most_w:
            within = Span(least_w=span.least_w, most_w=top_w)
        worth_w = around.worth_w(within)
        numbers = self._numbers(around)
        if self.switching.on:
            if other_w is not None and not self.phase_choice.held_for_s(around.now):
                # Rather change phases than stop.
                worth_w = max(worth_w, other_w)
            if self.vehicle.appetite.full:
                # One that has enough takes nothing from those above.
                span = Span()
            against_w = around.against_w(span, worth_w)
            return self._keep_or_stop(best_a, room_a, against_w, numbers, around)
        return self._start_or_wait(best_a, room_a, worth_w, numbers, around)

    def _best(self, around: Circumstances) -> float:
        """Return the step that serves what is left of the surplus best.

        The limits may leave less.
        """
        if self.vehicle.appetite.full:
            # Enough for it to begin again by itself.
            return self.min_a
        left_w = around.surplus_w - around.reserve_w - around.least_below_w
        ideal_a = left_w / self._per_a(around) + self.vehicle.shortfall_a
        most_a = max(self._down(self._takeable_a(around)), self._kept_a)
        return min(max(self._fit(ideal_a, around), self.min_a), most_a)

    def _takeable_a(self, around: Circumstances) -> float:
        """Return up to what an offer helps: little above what it is seen to take.

        More of it would be kept free for a car that does not use it, and taken in one
        go by one that begins to.
        """
        takes_w = self.vehicle.takes_at_most_w
        if takes_w is None or takes_w < DRAWING_W:
            # Nothing taken yet says nothing of how much it will be.
            return self.spec.max_a
        seen_a = takes_w / self._per_a(around) + _TRY_A
        return min(self.spec.max_a, max(self.min_a, seen_a))

    def _numbers(self, around: Circumstances) -> dict[str, float | str]:
        return {
            "surplus_w": round(around.surplus_w - around.reserve_w),
            "minimum_w": round(self.min_a * self._per_a(around)),
        }

    def _keep_or_stop(
        self,
        best_a: float,
        room_a: float,
        against_w: float,
        numbers: dict[str, float | str],
        around: Circumstances,
    ) -> Decision:
        held_s = self.must_hold_s(around)
        stop = self.switching.weigh(against_w, around.dt_s)
        if stop and not held_s:
            return self._tell(0.0, Reason.WAITING_FOR_SURPLUS, around, numbers)
        stop_in_s = self.switching.seconds_until(against_w)
        if stop_in_s is not None:
            stop_in_s = max(stop_in_s, held_s)
        return self._follow(best_a, room_a, numbers, around, stop_in_s)

    def _follow(
        self,
        best_a: float,
        room_a: float,
        numbers: dict[str, float | str],
        around: Circumstances,
        stop_in_s: float | None = None,
    ) -> Decision:
        """Move to the best step, as soon as the last change is old enough."""
        current_a = self.value
        top_a = self._top_a(room_a, self.spec.max_a)
        within_a = self._within(room_a, best_a)
        if current_a > top_a:
            current_a = top_a
        elif within_a != current_a and self._may_move(within_a, around):
            current_a = within_a
        numbers["current_a"] = current_a
        if (
            around.surplus_w < self.min_a * self._per_a(around)
            and current_a == self.min_a
        ):
            if stop_in_s is not None:
                numbers["seconds"] = round(stop_in_s)
            return self._tell(current_a, Reason.HOLDING_MINIMUM, around, numbers)
        if current_a >= self._down(self._takeable_a(around)):
            return self._tell(current_a, Reason.AT_MAXIMUM, around, numbers)
        if current_a == top_a or current_a == within_a < best_a:
            return self._tell(current_a, Reason.LIMITED, around, numbers)
        return self._tell(current_a, Reason.FOLLOWING_SURPLUS, around, numbers)

    def _start_or_wait(
        self,
        best_a: float,
        room_a: float,
        worth_w: float,
        numbers: dict[str, float | str],
        around: Circumstances,
    ) -> Decision:
        rest_s = self.must_hold_s(around)
        start = self.switching.weigh(worth_w, around.dt_s)
        if worth_w <= 0:
            return self._tell(0.0, Reason.WAITING_FOR_SURPLUS, around, numbers)
        if room_a + FLOAT_SLACK < self.min_a + RESTART_SLACK_A:
            numbers["room_a"] = round(room_a, 1)
            return self._tell(0.0, Reason.NO_ROOM, around, numbers)
        # Loads below must not start on what this one is about to take.
        self.reserved_w = self.min_a * self._per_a(around)
        if rest_s:
            numbers["seconds"] = round(rest_s)
            return self._tell(0.0, Reason.RESTING, around, numbers)
        if not start:
            if (start_in_s := self.switching.seconds_until(worth_w)) is not None:
                numbers["seconds"] = round(start_in_s)
            return self._tell(0.0, Reason.ABOUT_TO_START, around, numbers)
        best_a = self._within(room_a, best_a)
        numbers["current_a"] = best_a
        return self._tell(best_a, Reason.FOLLOWING_SURPLUS, around, numbers)
