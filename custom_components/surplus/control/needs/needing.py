"""The memory of one need: what it got, how far its load is, and its plan."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..model import Reason, Wish
from .clock import day_before, deadline_of, local
from .level import Level, number_or_none
from .look import Look
from .planner import Plan, left_after, plan
from .prices import Slice
from .specs import Need, NeedKind, OnDear
from .state import PlanState
from .sun import Expected

# What a sensor's noise, or a little hot water, takes off a level that was reached.
_BACK = {NeedKind.CHARGE: 0.02, NeedKind.TEMPERATURE: 2.0}
# How long before its deadline a level may be brought up to its target.
_AHEAD_S = {NeedKind.CHARGE: 72 * 3600.0, NeedKind.TEMPERATURE: 24 * 3600.0}
# Kept free before a deadline: a share of the time it takes, within bounds.
_MARGIN_SHARE = 0.05
_LEAST_MARGIN_S, _MOST_MARGIN_S = 300.0, 1800.0
# Once it has begun it goes on for so long, whatever a new plan says.
_HOLD_S = 600.0
# Less is missing than a plan can know.
_LATE_S = 60.0
# What it gets under the limits is believed after this time, on the average of that.
_REACH_AFTER_S = 300.0
_REACH_OVER_S = 600.0
_LEAST_REACH_SHARE = 0.25
# A charger may say for a moment that nobody is there. Where it says only that nobody
# wants anything, that may be a car that is full: a visit ends as in the ledger.
_GONE_S = 60.0
_MAYBE_GONE_S = 900.0
_ENOUGH_WH = 5.0
_ENOUGH_S = 5.0
# A deadline that was moved by more than this is one of another day.
_ANOTHER_DAY_S = 12 * 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What a plan is made from: time by its cost, what the load takes, and the sun.

    ``most_w`` is what it takes at the most, ``unseen_w`` what is counted on before that
    was seen.
    """

    slices: tuple[Slice, ...]
    most_w: float
    unseen_w: float
    sun: Expected
    least_s: float
    rest_s: float


class NeedTracker:
    """Whether one need asks for power now."""

    def __init__(self, need: Need) -> None:
        """Begin without having got anything."""
        self.spec = need
        self.level = Level()
        self._deadline: float | None = None
        self._counts_from = 0.0
        self._taken_wh = 0.0
        self._on_s = 0.0
        self._met = False
        self._active_since: float | None = None
        self._minimum_met = False
        self._below_minimum = False
        self._at_limit = False
        self._gone_since: float | None = None
        self._reach_w: float | None = None
        self._plan = Plan()
        self._here: Slice | None = None
        self._looked_at = 0.0

    def change(self, need: Need) -> None:
        """Take over a need that counts the same for the same load: it goes on.

        Another battery is learned anew.
        """
        before, self.spec = self.spec, need
        battery = (need.capacity_wh, need.efficiency)
        if (before.capacity_wh, before.efficiency) != battery:
            self.level.renew()
        self._met = self._minimum_met = self._at_limit = False

    # ---- with each cycle -----------------------------------------------------------

    def see(self, look: Look, level: float | None) -> None:
        """Take in what its load does now, and what its sensor shows."""
        need, at = self.spec, look.at
        self._looked_at = at
        if self._deadline is not None and at >= self._deadline:
            self._begin_anew(look.wall)
        if at >= self._counts_from:
            self._taken_wh += look.taken_wh
            self._on_s += look.dt_s if look.runs else 0.0
        if need.kind is NeedKind.CHARGE and not look.plugged:
            self._miss_car(at, _MAYBE_GONE_S if look.plugged is None else _GONE_S)
        elif need.kind.is_level:
            self._gone_since = None
            self.level.see(level, look.taken_wh, need)
            self._judge_level()
        self._learn_reach(look)

    def _miss_car(self, at: float, gone_s: float) -> None:
        """Forget a car that has really gone: a plug is not pulled for a moment."""
        if self._gone_since is None or self._gone_since > at:
            self._gone_since = at
        if at - self._gone_since >= gone_s:
            self.level.leave()
            self._met = self._minimum_met = False
            self._below_minimum = self._at_limit = False

    def _begin_anew(self, wall: datetime) -> None:
        """Begin to count for the next deadline."""
        self._taken_wh = self._on_s = 0.0
        self._met = False
        self._plan = Plan()
        if not self.spec.kind.is_level:
            # What came too late for one day is not taken for the next one.
            self._active_since = None
        self._set_deadline(wall)

    def _set_deadline(self, wall: datetime) -> None:
        need = self.spec
        self._deadline = None if need.target is None else deadline_of(need, wall)
        self._counts_from = (
            0.0
            if self._deadline is None
            else day_before(self._deadline, need, wall.tzinfo)
        )

    def _judge_level(self) -> None:
        """Say whether target, minimum and limit are reached, each with some hold."""
        need = self.spec
        now = self.level.now(need)
        if now is None:
            return
        back = _BACK[need.kind]
        if need.target is not None:
            self._met = now >= need.target - (back if self._met else 0.0)
        if need.kind is not NeedKind.CHARGE:
            return
        self._at_limit = need.limit < 1.0 and now >= need.limit - (
            back if self._at_limit else 0.0
        )
        # A car that never told its charge counts from its minimum: it is never below.
        self._minimum_met = self._minimum_met or now >= need.minimum
        least = need.minimum - (back if self._minimum_met else 0.0)
        if now >= need.minimum:
            self._below_minimum = False
        elif now < least:
            self._below_minimum, self._minimum_met = True, False

    def _learn_reach(self, look: Look) -> None:
        """Learn what it gets under the limits while it asks for all it can take."""
        since = self._active_since
        if since is None or look.at - since < _REACH_AFTER_S or not look.runs:
            return
        if self._reach_w is None:
            self._reach_w = look.power_w
        share = min(1.0, look.dt_s / _REACH_OVER_S)
        self._reach_w += share * (look.power_w - self._reach_w)

    # ---- now and then --------------------------------------------------------------

    def renew_deadline(self, wall: datetime) -> None:
        """Take over a deadline, or a clock, that was moved.

        One that has passed is no longer there: ``see`` begins anew.
        """
        before = self._deadline
        self._set_deadline(wall)
        if before is not None and self._deadline is not None:
            if self._deadline - before > _ANOTHER_DAY_S:
                # What was taken so far was for the day before it.
                self._taken_wh = self._on_s = 0.0

    def until(self, look: Look) -> float | None:
        """Return until when there is something to plan; None where there is not."""
        if not self.spec.enabled or not look.planned_for or not look.wants:
            return None
        if self._deadline is None or self._left is None:
            return None
        ahead_s = _AHEAD_S.get(self.spec.kind)
        begins = self._counts_from if ahead_s is None else self._deadline - ahead_s
        return self._deadline if look.at >= begins else None

    def replan(self, look: Look, outlook: Outlook | None) -> None:
        """Make a new plan; without an outlook there is nothing to plan."""
        if outlook is None:
            self._plan, self._here = Plan(), None
            return
        self._here = outlook.slices[0]
        self._plan = self._planned(outlook, self._power_w(outlook))
        if not self.seen and outlook.unseen_w < outlook.most_w:
            self._plan = self._unseen_plan(self._plan, outlook)

    def _planned(self, outlook: Outlook, power_w: float) -> Plan:
        needed_s = self._needed_s(outlook, power_w)
        return plan(
            outlook.slices,
            needed_s,
            margin_s=_margin_s(needed_s),
            running=self._active_since is not None,
            least_s=outlook.least_s,
            rest_s=outlook.rest_s,
        )

    def _unseen_plan(self, careful: Plan, outlook: Outlook) -> Plan:
        """Return the plan of a load of which nobody knows how fast it is.

        It begins in the cheapest time where enough is left behind that for a slow one,
        and otherwise as early as a slow one must: its power is seen within minutes.
        """
        hopeful = self._planned(outlook, outlook.most_w)
        needed_s = self._needed_s(outlook, outlook.unseen_w)
        if hopeful.spans and needed_s <= left_after(
            outlook.slices, hopeful.spans[0][0], margin_s=_margin_s(needed_s)
        ):
            return hopeful
        # Care is a reason to begin early, none to call it late.
        return replace(careful, short_s=hopeful.short_s)

    def turn(self, look: Look) -> None:
        """Begin or end to ask, as the plan says."""
        since, at = self._active_since, look.at
        active = self._plan.holds(at)
        if not active and since is not None and self._plan.spans:
            may_go_on = self._here is not None and self._here.may_go_on
            active = at - since < _HOLD_S and may_go_on
        if active is not (since is not None):
            self._active_since = at if active else None

    @property
    def turns_at(self) -> float | None:
        """When the plan turns next, as it was made."""
        return self._plan.turns_after(self._looked_at)

    @property
    def _left(self) -> tuple[float, float] | None:
        """The energy (Wh) or the time (s) that is left to the target, the other one 0.

        None where nobody can tell, or nothing is left.
        """
        need = self.spec
        if need.target is None or self._met:
            return None
        if need.kind is NeedKind.HOURS:
            left_s = need.target - self._on_s
            return (0.0, left_s) if left_s > _ENOUGH_S else None
        if need.kind is NeedKind.ENERGY:
            left_wh = need.target - self._taken_wh
        elif (now := self.level.now(need)) is not None:
            left_wh = (need.target - now) * self.level.wh_per_unit(need)
        else:
            return None
        return (left_wh, 0.0) if left_wh > _ENOUGH_WH else None

    @property
    def seen(self) -> bool:
        """Whether it was seen what its load takes when it is offered all."""
        return self._reach_w is not None

    def _power_w(self, outlook: Outlook) -> float:
        """Return what its load is counted on to take."""
        if self._reach_w is None:
            return outlook.unseen_w
        return min(
            outlook.most_w, max(self._reach_w, _LEAST_REACH_SHARE * outlook.most_w)
        )

    def _needed_s(self, outlook: Outlook, power_w: float) -> float:
        """Return how long it must take power beside the sun."""
        if (left := self._left) is None:
            return 0.0
        left_wh, left_s = left
        if self.spec.kind is NeedKind.HOURS:
            return left_s - outlook.sun.time_s
        return (left_wh - outlook.sun.energy_wh) * 3600.0 / power_w

    # ---- what it asks, and shows -----------------------------------------------------

    def wish(self, look: Look, *, dear: bool) -> Wish | None:
        """Return what it asks for now; ``dear`` is whether this hour is."""
        need = self.spec
        if not need.enabled:
            return None
        if self._at_limit:
            numbers = self._numbers(look, level=need.limit)
            return Wish(reason=Reason.CAR_LIMIT, value=0.0, numbers=numbers)
        if self._below_minimum and not (dear and need.on_dear is OnDear.NEVER):
            numbers = self._numbers(look, level=need.minimum)
            return Wish(reason=Reason.CAR_MINIMUM, numbers=numbers)
        if self._active_since is not None:
            return Wish(
                reason=Reason.NEEDED, numbers=self._numbers(look, level=need.target)
            )
        return None

    def _numbers(self, look: Look, *, level: float | None) -> dict[str, float | str]:
        need = self.spec
        numbers: dict[str, float | str] = {}
        if need.kind.is_level and level is not None:
            now = self.level.now(need)
            if need.kind is NeedKind.TEMPERATURE:
                numbers["target_c"] = level
                if now is not None:
                    numbers["temperature_c"] = round(now, 1)
            else:
                numbers["target_percent"] = round(100.0 * level, 1)
                if now is not None:
                    numbers["charge_percent"] = round(100.0 * now, 1)
        if self._active_since is None:
            return numbers
        if (left := self._left) is not None:
            left_wh, left_s = left
            if left_s:
                numbers["hours_left"] = round(left_s / 3600.0, 1)
            else:
                numbers["kwh_left"] = round(left_wh / 1000.0, 1)
        if self._here is not None and self._here.price is not None:
            numbers["price"] = self._here.price
        if self._deadline is not None:
            deadline = local(self._deadline, look.wall.tzinfo)
            numbers["deadline"] = deadline.isoformat(timespec="minutes")
        if self._is_late:
            numbers["late_minutes"] = round(self._plan.short_s / 60.0)
        return numbers

    @property
    def _is_late(self) -> bool:
        return self._plan.short_s > _LATE_S

    def state(self, look: Look) -> PlanState:
        """Return how things stand with it."""
        need, zone, made = self.spec, look.wall.tzinfo, self._plan
        if not need.enabled:
            return PlanState(load_id=need.load_id)
        level = self.level.now(need) if need.kind.is_level else None
        left_wh, left_s = self._left or (0.0, 0.0)
        planned = self._active_since is not None
        starts = made.starts_after(look.at)
        # Nobody knows when a minimum is reached: a plan's next turn may be its start.
        ends = made.turns_after(look.at) if planned else None
        unknown = need.target is None or (need.kind.is_level and level is None)
        return PlanState(
            load_id=need.load_id,
            active=planned or self._below_minimum,
            met=not unknown and self._left is None,
            late=self._is_late,
            short_s=made.short_s,
            starts=local(starts, zone) if starts is not None else None,
            ends=local(ends, zone) if ends is not None else None,
            deadline=(
                local(self._deadline, zone) if self._deadline is not None else None
            ),
            left_wh=None if unknown or need.kind is NeedKind.HOURS else left_wh,
            left_s=left_s if need.kind is NeedKind.HOURS else None,
            level=level,
        )

    # ---- surviving a restart -------------------------------------------------------

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {
            "load_id": self.spec.load_id,
            "kind": self.spec.kind,
            "deadline": self._deadline,
            "taken_wh": round(self._taken_wh, 1),
            "on_s": round(self._on_s, 1),
            "met": self._met,
            "active_since": self._active_since,
            "minimum_met": self._minimum_met,
            "at_limit": self._at_limit,
            "reach_w": self._reach_w,
            "level": self.level.as_dict(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what ``as_dict`` gave, unless it was of something else.

        Raises KeyError, TypeError or ValueError when it is damaged.
        """
        kind = NeedKind(saved["kind"])
        if (saved["load_id"], kind) != (self.spec.load_id, self.spec.kind):
            return
        self._deadline = number_or_none(saved["deadline"])
        self._taken_wh, self._on_s = float(saved["taken_wh"]), float(saved["on_s"])
        self._met = bool(saved["met"])
        self._active_since = number_or_none(saved["active_since"])
        self._minimum_met = bool(saved["minimum_met"])
        self._at_limit = bool(saved["at_limit"])
        self._reach_w = number_or_none(saved["reach_w"])
        self.level.restore(saved["level"])


def _margin_s(needed_s: float) -> float:
    return min(max(_LEAST_MARGIN_S, _MARGIN_SHARE * needed_s), _MOST_MARGIN_S)
