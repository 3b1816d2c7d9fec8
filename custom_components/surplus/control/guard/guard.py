"""The guard: above every mode, it keeps the breakers closed with the least harm.

One rule: above a limit, what can be throttled is throttled on that very reading. Loads
are stopped only when a breaker holds for less than 30 s, or the overload has lasted for
300 s; they come back by themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any

from ..freshness import MeterState
from ..limits import Headroom, Limit
from ..loads.base import Follower
from ..loads.circumstances import Circumstances
from ..model import (
    GridReading,
    GuardCounters,
    GuardEvent,
    GuardEventKind,
    GuardState,
    LoadInput,
    Mode,
)
from .clamp import relieve
from .effect import Futility, Hindsight
from .harm import Scene, Victim, least_harm, victim_of
from .shedding import Shedding
from .watch import Watch, Watched, watched_of

# With less left until a breaker opens, what hurts is done: loads stop. A charger may need
# some seconds to obey, and a meter to show it.
_URGENT_S = 30.0
# Only so many stop that a slow one holds for this long: most peaks are over by then.
_SETTLES_S = 60.0
# A limit exceeded for longer is no peak.
_LASTING_S = 300.0
# What has not helped in this time, with so little left, is not waited for.
_HELPS_WITHIN_S = 6.0
_NO_TIME_S = 8.0
_NOBODY: frozenset[str] = frozenset()
_NOTHING: Mapping[str, float] = {}
# What is needed where a meter warns without saying how much: to stop one load, and see.
_WARNED_A = 0.2


class Guard:
    """What is remembered of breakers, and of the loads that were stopped for them."""

    def __init__(self, saved: Mapping[str, Any] | None = None) -> None:
        """Start from what ``as_dict`` gave.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        saved = saved or {}
        self._watch = Watch(saved.get("watch", {}))
        self._shedding = Shedding(saved.get("shedding", {}))
        self._futility = Futility()
        self._hindsight = Hindsight()
        counted = saved.get("counters", {})
        self._counters = GuardCounters(
            sheds=_count(counted, "sheds"),
            restores=_count(counted, "restores"),
            unnecessary_sheds=_count(counted, "unnecessary_sheds"),
        )
        self._watched: tuple[Watched, ...] = ()
        self._at: float | None = None
        # The reading that loads were stopped on last.
        self._acted_at: float | None = None
        self._events: list[GuardEvent] = []
        # Where nobody follows it, what it would stop is neither counted nor told.
        self.is_followed = True

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {
            "watch": self._watch.as_dict(),
            "shedding": self._shedding.as_dict(),
            "counters": {
                "sheds": self._counters.sheds,
                "restores": self._counters.restores,
                "unnecessary_sheds": self._counters.unnecessary_sheds,
            },
        }

    def forget(self, load_id: str) -> None:
        """Forget a load that was deleted: one of the same id later is another one."""
        self._shedding.forget(load_id)
        self._hindsight.restored(load_id)

    # ---- what is seen --------------------------------------------------------------

    def see(
        self,
        at: float,
        limits: Sequence[Limit],
        headroom: Headroom,
        grid: GridReading,
    ) -> None:
        """Take in a reading of what limits go by; one that was seen before is none."""
        self._events = []
        if at == self._at:
            return
        self._at = at
        linky = bool(grid.cutoff_va or grid.subscribed_va)
        self._watched = watched_of(limits, headroom, self._watched, linky=linky)
        self._watch.observe(at, self._watched)
        if not self._watch.overloaded:
            self._futility.ends()

    def see_nothing(self) -> None:
        """Take in that no meter shows anything."""
        self._events = []
        self._shedding.see_nothing()

    # ---- what is done --------------------------------------------------------------

    def act(
        self,
        followers: Sequence[Follower],
        own_w: Mapping[str, float],
        around: Circumstances,
        *,
        is_new: bool,
    ) -> Mapping[str, float]:
        """Stop and bring back loads; return up to what others may be told, in W.

        ``followers`` come in order of priority. Throttling and coming back are for a
        reading that ``is_new``: what is told on it is not seen in it.
        """
        if around.meter not in (MeterState.FRESH, MeterState.STALE):
            return _NOTHING
        exceeded = self._watch.exceeded
        if not exceeded and not (is_new and self._waits):
            return _NOTHING
        relief = relieve(
            followers,
            own_w,
            around.headroom,
            now=around.now,
            voltage_v=around.voltage_v,
        )
        if is_new:
            self._look_back(followers, around)
            self._restore(followers, own_w, around)
        if exceeded and self._acted_at != self._at and not self._futility.futile:
            self._shed(
                exceeded,
                Scene(followers=followers, own_w=own_w, relief=relief, around=around),
            )
        return relief.caps_w if is_new else _NOTHING

    def stops(self, load: LoadInput, now: float) -> Mapping[str, float | str] | None:
        """Return what is said of a load that is stopped; None for one that is not.

        One that is switched off or out of reach needs no stopping.
        """
        if not (all_shed := self._shedding.shed):
            return None
        shed = all_shed.get(load.spec.load_id)
        if shed is None or load.mode is Mode.OFF or not load.reading.reachable:
            return None
        return shed.numbers(now)

    def keeps(self, now: float) -> bool:
        """Whether loads that run are left their least by those above them.

        For a while after an overload: a kettle must not cost a load its run because
        another one, which could wait, comes first.
        """
        last = self._watch.exceeded_at
        return last is not None and now - last < _LASTING_S

    def room_for_a(self, load_id: str) -> float:
        """Return the room that is taken for a load that is about to come back."""
        shed = self._shedding.shed[load_id]
        return shed.needed_a if shed.makes_room else 0.0

    def room_kept_for_a(self, load_id: str) -> float:
        """Return the room that nothing may start into which comes after a load."""
        shed = self._shedding.shed[load_id]
        return shed.needed_a if shed.holds_room and not shed.makes_room else 0.0

    @property
    def _waits(self) -> bool:
        """Whether something that was done waits for readings."""
        return self._shedding.waits or self._futility.waits or self._hindsight.waits

    def _look_back(self, followers: Sequence[Follower], around: Circumstances) -> None:
        """See what was achieved, and whether it was needed."""
        shown_a = around.headroom.shown_a or ()
        at = self._at if self._at is not None else around.now
        for load_id in self._futility.see(followers, shown_a, at, around.now):
            if shed := self._shedding.shed.get(load_id):
                shed.in_vain = True
        shown = {one.key: one.shown_a for one in self._watched}
        if unnecessary := self._hindsight.see(shown, at):
            count = self._counters.unnecessary_sheds + unnecessary
            self._counters = replace(self._counters, unnecessary_sheds=count)

    def _restore(
        self,
        followers: Sequence[Follower],
        own_w: Mapping[str, float],
        around: Circumstances,
    ) -> None:
        back = self._shedding.restore(
            followers, own_w, around, overloaded=around.headroom.overload
        )
        if back is None:
            return
        load_id, shed = back
        self._hindsight.restored(load_id)
        self._note(
            GuardEvent(
                kind=GuardEventKind.RESTORED,
                load_id=load_id,
                limit=shed.limit,
                numbers={
                    **shed.circuit,
                    "needed_a": round(shed.needed_a, 1),
                    **(
                        {} if shed.room_a is None else {"room_a": round(shed.room_a, 1)}
                    ),
                    "seconds": round(around.now - (shed.since or around.now)),
                },
            )
        )

    def _shed(self, exceeded: Sequence[Watched], scene: Scene) -> None:
        """Stop as few loads as will do, where throttling is too little."""
        own_w, around = scene.own_w, scene.around
        pending_a = self._futility.pending_a
        freed_a = {**scene.relief.gives_a, **pending_a}
        phases_of = {
            load.spec.load_id: control.phases for load, control in scene.followers
        }
        drew_w: dict[str, float] = {}
        for one in exceeded:
            left_s, needed_a = self._needed(
                one, freed_a, pending_a, phases_of, around.now
            )
            if not needed_a or (one.warned and self._futility.settles(around.now)):
                continue
            victims = [
                victim
                for follower in scene.followers
                if follower[0].spec.load_id not in self._shedding.shed
                and (victim := victim_of(one, follower, scene))
            ]
            for victim in least_harm(victims, needed_a):
                load_id = victim.load_id
                drew_w[load_id] = own_w[load_id]
                phases = phases_of[load_id]
                drew_a = own_w[load_id] / around.voltage_v / len(phases)
                freed_a[load_id] = freed_a.get(load_id, 0.0) + drew_a
                self._stop(one, left_s, victim, own_w[load_id], around)
        if drew_w:
            self._acted_at = self._at
            self._futility.begins(
                scene.followers,
                drew_w,
                around.headroom.shown_a or (),
                at=self._at or 0.0,
                now=around.now,
                voltage_v=around.voltage_v,
            )

    def _needed(
        self,
        one: Watched,
        freed_a: Mapping[str, float],
        stopped_a: Mapping[str, float],
        phases_of: Mapping[str, Sequence[int]],
        now: float,
    ) -> tuple[float, dict[int, float]]:
        """Return the seconds a breaker holds, and what must be freed on each pole.

        Both beside what is given anyway; nothing where there is time. Where there is
        none, only what was ``stopped_a`` counts.
        """
        lasts_s = self._watch.lasts_s(one, now)
        if (
            lasts_s >= _HELPS_WITHIN_S
            and (left_s := self._watch.holds_s(one, now)) < _NO_TIME_S
        ):
            return left_s, one.over_a(one.without_a(stopped_a, phases_of))
        then_a = one.without_a(freed_a, phases_of)
        left_s = self._watch.holds_s(one, now, then_a)
        if left_s >= _URGENT_S and lasts_s <= _LASTING_S:
            return left_s, {}
        if one.warned and not one.over_a(one.shown_a):
            return left_s, dict.fromkeys(range(1, len(then_a) + 1), _WARNED_A)
        if lasts_s > _LASTING_S or self._futility.doubted:
            return left_s, one.over_a(then_a)
        carried_a = self._watch.holding_a(one, _SETTLES_S, now)
        return left_s, one.over_a(then_a, carried_a)

    def _stop(
        self,
        one: Watched,
        left_s: float,
        victim: Victim,
        drew_w: float,
        around: Circumstances,
    ) -> None:
        shed = self._shedding.add(
            victim.load_id,
            one.kind,
            drew_w,
            left_s,
            around.now,
            circuit_id=one.group.circuit_id if one.group is not None else None,
        )
        self._note(
            GuardEvent(
                kind=GuardEventKind.SHED,
                load_id=victim.load_id,
                limit=one.kind,
                numbers={**shed.numbers(around.now), "power_w": round(drew_w)},
            )
        )
        if self.is_followed and max(one.shown_a) > one.limit_a:
            # Where a meter only warns, nobody can tell what would have been too much.
            self._hindsight.begins(
                victim.load_id,
                one.key,
                one.limit_a,
                victim.poles,
                victim.frees_a,
                at=self._at or 0.0,
                left_s=left_s,
            )

    # ---- what is told --------------------------------------------------------------

    def _note(self, event: GuardEvent) -> None:
        """Count what was done, and tell it."""
        if not self.is_followed:
            return
        self._events.append(event)
        counters = self._counters
        if event.kind is GuardEventKind.SHED:
            self._counters = replace(counters, sheds=counters.sheds + 1)
        else:
            self._counters = replace(counters, restores=counters.restores + 1)

    def state(self, now: float, *, seen: bool) -> GuardState:
        """Return how things stand after a cycle; ``seen`` says whether a meter shows it."""
        watch, all_shed = self._watch, self._shedding.shed
        left_s = watch.seconds_left(now) if seen else inf
        counters = self._counters
        if (watch.overload_s, watch.overloads) != (
            counters.overload_s,
            counters.overloads,
        ):
            counters = self._counters = replace(
                counters, overload_s=watch.overload_s, overloads=watch.overloads
            )
        return GuardState(
            seconds_left=left_s if left_s != inf else None,
            heat=watch.heat,
            over=watch.over if seen else None,
            shed=frozenset(all_shed) if all_shed else _NOBODY,
            futile=self.is_followed and self._futility.futile,
            counters=counters,
            events=tuple(self._events),
        )


def _count(saved: Mapping[str, Any], key: str) -> int:
    count = int(saved.get(key, 0))
    if count < 0:
        raise ValueError(f"not a count: {count}")
    return count
