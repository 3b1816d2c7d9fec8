"""Schedules and needs of all loads: what they make a cycle ask of its loads."""

from collections.abc import Mapping
from dataclasses import replace
from operator import is_
from typing import Any

from ..cycle import Cycle
from ..loads.daily import CheapHours
from ..memories import Memories
from ..model import Reason, Snapshot, SolarSpan, TariffSpan, Wish
from ..settings import HomeSettings
from .coming import foreseen
from .house import House
from .look import Look, full_w, least_w, look_at, own_level, unseen_w, within_limits_w
from .needing import NeedTracker, Outlook
from .prices import slices_of
from .scheduling import ScheduleTracker
from .specs import Need, Schedule
from .state import PlanState
from .strongest import strongest_of
from .sun import Expected, SunAhead

# Plans are made anew this often, and at once where what they rest on changes.
_REPLAN_S = 60.0
# Between two cycles further apart, nobody knows what a load did.
_LONGEST_LOOK_S = 60.0

type _Tracker = ScheduleTracker | NeedTracker


class Plans:
    """The memories of all schedules and needs, and what their loads were told.

    ``states`` is how things stand with each, as of the newest plan or turn.
    """

    def __init__(
        self, settings: HomeSettings, saved: Mapping[str, Any] | None = None
    ) -> None:
        """Start from what the user set and what ``as_dict`` gave.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        saved = saved or {}
        self._cheap_hours = CheapHours()
        self._cheap_hours.restore(saved.get("cheap_hours", {}))
        self._house = House()
        self._trackers: dict[str, _Tracker] = {}
        self._schedules: tuple[Schedule, ...] = ()
        self._needs: tuple[Need, ...] = ()
        self._load_ids: set[str] = set()
        self._told_w: dict[str, float] = {}
        # What loads drew in the cycle before, also those that nobody measures.
        self._own_w: Mapping[str, float] = {}
        self._seen_at: float | None = None
        self._replan_at = 0.0
        self._rests_on: tuple[object, ...] = ()
        self._ahead: tuple[TariffSpan, ...] = ()
        self._forecast: tuple[SolarSpan, ...] | None = None
        self._asks: dict[str, Reason] = {}
        self.states: dict[str, PlanState] = {}
        self._take_over(settings)
        for plan_id, one in saved.get("plans", {}).items():
            # What was deleted meanwhile is forgotten.
            if (tracker := self._trackers.get(plan_id)) is not None:
                tracker.restore(one)

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {
            "plans": {key: one.as_dict() for key, one in self._trackers.items()},
            "cheap_hours": self._cheap_hours.as_dict(),
        }

    # ---- before a cycle decides ----------------------------------------------------

    def wish(
        self, snapshot: Snapshot, settings: HomeSettings, memories: Memories
    ) -> Snapshot:
        """Return a snapshot with what schedules and needs ask of its loads."""
        self._cheap_hours.note(snapshot.wall, snapshot.cheap)
        if settings.needs is not self._needs or (
            settings.schedules is not self._schedules
        ):
            self._take_over(settings)
        if not self._trackers:
            return snapshot
        looks = self._look(snapshot)
        dear = snapshot.tariff is not None and snapshot.tariff.holds_back
        for plan_id, tracker in self._trackers.items():
            if (look := looks.get(tracker.spec.load_id)) is None:
                continue
            if isinstance(tracker, ScheduleTracker):
                tracker.see(look, dear=dear)
            else:
                level = snapshot.levels.get(plan_id, own_level(look.load))
                tracker.see(look, level)
        at = snapshot.wall.timestamp()
        due = self._is_due(snapshot, looks, at)
        if due:
            self._replan(snapshot, settings, memories, looks)
        asked = self._asked(looks, dear=dear)
        asks = {plan_id: wish.reason for plan_id, wish in asked.items()}
        if due or asks != self._asks:
            self._asks = asks
            self.states = {
                plan_id: tracker.state(look)
                for plan_id, tracker in self._trackers.items()
                if (look := looks.get(tracker.spec.load_id)) is not None
            }
        if not asked:
            return snapshot
        wishes = self._strongest(asked, looks)
        return replace(
            snapshot,
            loads=tuple(
                replace(load, wish=wish)
                if (wish := wishes.get(load.spec.load_id)) is not None
                else load
                for load in snapshot.loads
            ),
        )

    def _take_over(self, settings: HomeSettings) -> None:
        """Bring the memories in line with what the user set."""
        self._needs, self._schedules = settings.needs, settings.schedules
        specs: dict[str, Schedule | Need] = {
            spec.plan_id: spec for spec in settings.schedules
        }
        specs |= {spec.plan_id: spec for spec in settings.needs}
        before = self._trackers
        self._trackers = {
            plan_id: _tracker(spec, before.get(plan_id))
            for plan_id, spec in specs.items()
        }
        self._load_ids = {spec.load_id for spec in specs.values()}
        # Plans are made anew with this, and say how things stand with them.
        self.states = {}
        self._replan_at = 0.0

    def _look(self, snapshot: Snapshot) -> dict[str, Look]:
        since, self._seen_at = self._seen_at, snapshot.now
        dt_s = 0.0 if since is None else max(0.0, snapshot.now - since)
        if dt_s > _LONGEST_LOOK_S:
            dt_s = 0.0
        at = snapshot.wall.timestamp()
        return {
            load.spec.load_id: look_at(
                load,
                snapshot.wall,
                at=at,
                dt_s=dt_s,
                told_w=self._told_w.get(load.spec.load_id, 0.0),
            )
            for load in snapshot.loads
            if load.spec.load_id in self._load_ids
        }

    # ---- planning ------------------------------------------------------------------

    def _is_due(self, snapshot: Snapshot, looks: Mapping[str, Look], at: float) -> bool:
        tariff = snapshot.tariff
        ahead = tariff.ahead if tariff else ()
        rests_on = (
            snapshot.cheap,
            (tariff.price_class, tariff.dear_allowed) if tariff else None,
            *(
                (look.load.mode, look.load.wishes, look.wants)
                for look in looks.values()
            ),
        )
        changed = rests_on != self._rests_on
        if ahead is not self._ahead:
            changed = changed or ahead != self._ahead
            self._ahead = ahead
        if snapshot.forecast is not self._forecast:
            changed = changed or snapshot.forecast != self._forecast
            self._forecast = snapshot.forecast
        self._rests_on = rests_on
        # A clock that was put back must not keep a plan for ever.
        late = not self._replan_at - _REPLAN_S <= at < self._replan_at
        return changed or late

    def _replan(
        self,
        snapshot: Snapshot,
        settings: HomeSettings,
        memories: Memories,
        looks: Mapping[str, Look],
    ) -> None:
        at = snapshot.wall.timestamp()
        self._house.look(snapshot, self._own_w)
        sun = SunAhead(snapshot.forecast or (), self._house.power_w)
        self._replan_at = at + _REPLAN_S
        needs = [
            (tracker, look)
            for tracker in self._trackers.values()
            if isinstance(tracker, NeedTracker)
            and (look := looks.get(tracker.spec.load_id)) is not None
        ]
        needs.sort(
            key=lambda pair: (
                pair[1].load.spec.priority,
                pair[1].load.spec.load_id,
                pair[0].spec.plan_id,
            )
        )
        for tracker, look in needs:
            tracker.renew_deadline(snapshot.wall)
            until = tracker.until(look)
            outlook = None
            if until is not None:
                outlook = self._outlook(
                    snapshot,
                    settings,
                    memories,
                    look,
                    tracker,
                    until=until,
                    sun=sun,
                )
            tracker.replan(look, outlook)
            tracker.turn(look)
            if (turns_at := tracker.turns_at) is not None:
                self._replan_at = min(self._replan_at, turns_at)

    def _outlook(
        self,
        snapshot: Snapshot,
        settings: HomeSettings,
        memories: Memories,
        look: Look,
        tracker: NeedTracker,
        *,
        until: float,
        sun: SunAhead,
    ) -> Outlook | None:
        """Return what a need's plan is made from; None where its load takes nothing."""
        load = look.load
        most_w = full_w(load.spec, memories.get(load.spec.load_id))
        if most_w <= 0:
            return None
        expected = Expected()
        if look.follows_sun:
            expected = sun.hand_out(
                look.at,
                until,
                least_w=least_w(load.spec, most_w),
                most_w=most_w if tracker.seen else unseen_w(load.spec, most_w),
            )
        within_w = within_limits_w(
            most_w, load, settings, snapshot, house_w=self._house.power_w
        )
        return Outlook(
            slices=slices_of(
                snapshot.wall,
                until,
                tariff=snapshot.tariff,
                cheap=snapshot.cheap,
                cheap_hours=self._cheap_hours,
                on_dear=tracker.spec.on_dear,
            ),
            most_w=within_w,
            unseen_w=unseen_w(load.spec, within_w),
            sun=expected,
            least_s=load.spec.min_on_s,
            rest_s=load.spec.min_off_s,
        )

    # ---- what is asked, and told of it -----------------------------------------------

    def _asked(self, looks: Mapping[str, Look], *, dear: bool) -> dict[str, Wish]:
        """Return the wish of each plan that has one."""
        asked: dict[str, Wish] = {}
        for plan_id, tracker in self._trackers.items():
            if (look := looks.get(tracker.spec.load_id)) is None:
                continue
            wish = (
                tracker.wish(look)
                if isinstance(tracker, ScheduleTracker)
                else tracker.wish(look, dear=dear)
            )
            if wish is not None:
                asked[plan_id] = wish
        return asked

    def _strongest(
        self, asked: Mapping[str, Wish], looks: Mapping[str, Look]
    ) -> dict[str, Wish]:
        """Return the strongest wish for each load that has one."""
        of_load: dict[str, list[Wish]] = {}
        for plan_id, wish in asked.items():
            of_load.setdefault(self._trackers[plan_id].spec.load_id, []).append(wish)
        return {
            load_id: strongest_of(wishes, looks[load_id].load.spec)
            for load_id, wishes in of_load.items()
        }

    def told(self, cycle: Cycle, snapshot: Snapshot) -> Cycle:
        """Note what loads were told; return the cycle with what plans add to it."""
        if not self._trackers:
            return cycle
        self._own_w = cycle.loads_w
        wanted, states = self._load_ids, self.states.values()
        self._told_w = {
            decision.load_id: decision.setpoint.power_w
            for decision in cycle.decisions
            if decision.load_id in wanted and decision.setpoint is not None
        }
        decisions = tuple(
            [
                foreseen(decision, states, snapshot)
                if decision.load_id in wanted
                else decision
                for decision in cycle.decisions
            ]
        )
        if all(map(is_, decisions, cycle.decisions, strict=True)):
            return cycle
        return replace(cycle, decisions=decisions)


def _tracker(spec: Schedule | Need, before: _Tracker | None) -> _Tracker:
    """Return the memory of a schedule or need; one that counts the same goes on."""
    if isinstance(spec, Schedule):
        if not isinstance(before, ScheduleTracker):
            return ScheduleTracker(spec)
        if before.spec != spec:
            before.change(spec)
        return before
    if not isinstance(before, NeedTracker) or (
        (before.spec.kind, before.spec.load_id) != (spec.kind, spec.load_id)
    ):
        return NeedTracker(spec)
    if before.spec != spec:
        before.change(spec)
    return before
