"""Which limits are exceeded, for how long, and how long their breakers still hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from ..groups import Group
from ..limits import Headroom, Limit
from ..model import LimitKind
from .trip import BREAKER, LINKY, Heat, TripLaw

# An overload that comes back sooner has not been over.
_SAME_OVERLOAD_S = 10.0
# A longer gap between readings is not time in which anything was seen; but where both
# show a limit exceeded, a meter may be as slow as this.
_LONGEST_STEP_S = 10.0
_SLOWEST_S = 300.0


@dataclass(kw_only=True, slots=True)
class Watched:
    """One limit and what is shown under it, per pole; ``law`` is that of its breaker.

    ``group`` is the circuit or the cap that it is, None for one of the supply. What
    ``warned`` of is exceeded, whatever is shown.
    """

    key: str
    kind: LimitKind
    limit_a: float
    shown_a: tuple[float, ...]
    law: TripLaw | None = BREAKER
    group: Group | None = None
    warned: bool = False

    @property
    def over(self) -> bool:
        """Whether it is exceeded."""
        if self.warned:
            return True
        shown_a = self.shown_a
        return (shown_a[0] if len(shown_a) == 1 else max(shown_a)) > self.limit_a

    def over_a(
        self, currents_a: Sequence[float], carried_a: Sequence[float] | None = None
    ) -> dict[int, float]:
        """Return by how much poles with these currents are over it, where they are.

        Over what each has ``carried_a`` where that is given and more.
        """
        over_a = {}
        for pole, amperes in enumerate(currents_a, start=1):
            most_a = self.limit_a
            if carried_a is not None:
                most_a = max(most_a, carried_a[pole - 1])
            if amperes > most_a:
                over_a[pole] = amperes - most_a
        return over_a

    def without_a(
        self, freed_a: Mapping[str, float], phases_of: Mapping[str, Sequence[int]]
    ) -> list[float]:
        """Return what will flow on each pole without what loads give.

        ``freed_a`` is that on each of their phases, ``phases_of`` which these are.
        """
        group, then_a = self.group, list(self.shown_a)
        for load_id, amperes in freed_a.items():
            phases = phases_of.get(load_id, ())
            if group is None:
                given_a = dict.fromkeys(phases, amperes)
            elif group.holds(load_id):
                given_a = group.on_poles(load_id, phases, amperes)
            else:
                continue
            for pole, less_a in given_a.items():
                then_a[pole - 1] -= less_a
        return then_a


@dataclass(kw_only=True, slots=True)
class _Overload:
    since: float
    last: float


class Watch:
    """The heat of each breaker, and since when limits are exceeded.

    ``exceeded`` are those limits, as the newest reading shows them, and ``exceeded_at``
    is when any was shown to be last. ``overload_s`` is
    for how long any was in all, ``overloads`` how often.
    """

    def __init__(self, saved: Mapping[str, Any]) -> None:
        """Start from what ``as_dict`` gave.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        heats = saved.get("heats", {})
        # Of breakers that were not met yet; each is read now, so that damage shows.
        self._saved = {
            str(key): Heat(BREAKER, heat).as_dict() for key, heat in heats.items()
        }
        self._heats: dict[str, Heat] = {}
        self._overloads: dict[str, _Overload] = {}
        self.exceeded: list[Watched] = []
        self.exceeded_at: float | None = None
        self._at: float | None = None
        self.overload_s, self.overloads = _counted(saved)

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        heats = {key: heat.as_dict() for key, heat in self._heats.items()}
        return {
            "heats": {**self._saved, **heats},
            "overload_s": round(self.overload_s, 1),
            "overloads": self.overloads,
        }

    def observe(self, at: float, watched: tuple[Watched, ...]) -> None:
        """Take in a new reading of what limits go by."""
        before_at, self._at = self._at, at
        exceeded = []
        for one in watched:
            self._heat(at, one)
            if one.over:
                exceeded.append(one)
        if self.exceeded and before_at is not None and at > before_at:
            longest_s = _SLOWEST_S if exceeded else _LONGEST_STEP_S
            self.overload_s += min(at - before_at, longest_s)
        if self._overloads:
            self._end_overloads(at, before_at, exceeded)
        overloads = self._overloads
        was_over = bool(overloads)
        self.exceeded = exceeded
        for one in exceeded:
            if (overload := overloads.get(one.key)) is None:
                overloads[one.key] = _Overload(since=at, last=at)
            else:
                overload.last = at
        if len(self._heats) > len(watched):
            keys = {one.key for one in watched}
            self._heats = {k: heat for k, heat in self._heats.items() if k in keys}
        if self.exceeded:
            self.exceeded_at = at
        if overloads and not was_over:
            self.overloads += 1

    def _end_overloads(
        self, at: float, before_at: float | None, exceeded: Sequence[Watched]
    ) -> None:
        """End those that were not seen for long enough.

        Shown by this reading and by the one before, one has gone on in between.
        """
        keys = {one.key for one in exceeded}
        self._overloads = {
            key: overload
            for key, overload in self._overloads.items()
            if at - overload.last <= _SAME_OVERLOAD_S
            or (
                key in keys
                and overload.last == before_at
                and at - overload.last <= _SLOWEST_S
            )
        }

    def _heat(self, at: float, one: Watched) -> None:
        if one.law is None:
            return
        heat = self._heats.get(one.key)
        if heat is None or (heat.law is not one.law and heat.law != one.law):
            saved = self._saved.pop(one.key, None) if heat is None else heat.as_dict()
            heat = self._heats[one.key] = Heat(one.law, saved)
        heat.observe(at, one.limit_a, one.shown_a)

    @property
    def over(self) -> LimitKind | None:
        """The limit that is exceeded and opens first; None where none is."""
        if not self.exceeded or (at := self._at) is None:
            return None
        return min(self.exceeded, key=lambda one: self.holds_s(one, at)).kind

    @property
    def overloaded(self) -> bool:
        """Whether an overload has not ended yet."""
        return bool(self._overloads)

    @property
    def heat(self) -> float:
        """How far the hottest breaker has come, as a share of what opens it."""
        hottest = 0.0
        for heat in self._heats.values():
            if (share := heat.share) > hottest:
                hottest = share
        return hottest

    def seconds_left(self, now: float) -> float:
        """Return how long the first breaker still holds; inf for ever."""
        if not self.exceeded:
            # A breaker opens above its limit only.
            return inf
        return min(
            [heat.seconds_left(now) for heat in self._heats.values()], default=inf
        )

    def holds_s(
        self, one: Watched, now: float, currents_a: Sequence[float] | None = None
    ) -> float:
        """Return how long a breaker still holds what flows, or ``currents_a`` instead."""
        heat = self._heats.get(one.key)
        return inf if heat is None else heat.seconds_left(now, currents_a)

    def holding_a(
        self, one: Watched, seconds: float, now: float
    ) -> tuple[float, ...] | None:
        """Return what each pole carries for so long; None where that says too little.

        There is no breaker, or a quick one: what it carries for longer than it is slow
        is all that it carries, and leaves no time for the next peak.
        """
        heat = self._heats.get(one.key)
        if heat is None or heat.law.tau_s < seconds:
            return None
        return heat.holding_a(seconds, now)

    def lasts_s(self, one: Watched, now: float) -> float:
        """Return for how long a limit that is exceeded has been."""
        return now - self._overloads[one.key].since


def _counted(saved: Mapping[str, Any]) -> tuple[float, int]:
    overload_s, overloads = (
        float(saved.get("overload_s", 0.0)),
        saved.get("overloads", 0),
    )
    if (
        not isfinite(overload_s)
        or overload_s < 0
        or overloads != int(overloads)
        or overloads < 0
    ):
        raise ValueError("what was counted of overloads is no count")
    return overload_s, int(overloads)


def watched_of(
    limits: Sequence[Limit],
    headroom: Headroom,
    before: tuple[Watched, ...],
    *,
    linky: bool,
) -> tuple[Watched, ...]:
    """Return the limits in force with what is shown under them.

    ``before`` are those of the reading before: made again only where they are others.

    Only a Linky's own breaker follows its law: what a person typed may be cut off in any
    way. A warning without a subscription that is known is one of the subscription.
    """
    shown_a = headroom.shown_a
    assert shown_a is not None
    warned = headroom.overload
    if not (warned or headroom.groups) and _same(before, limits, linky=linky):
        for one, limit in zip(before, limits, strict=True):
            one.limit_a, one.shown_a = limit.current_a, shown_a
        return before
    watched = []
    for limit in limits:
        subscription = limit.kind is LimitKind.SUBSCRIPTION
        watched.append(
            Watched(
                key=limit.kind.value,
                kind=limit.kind,
                limit_a=limit.current_a,
                shown_a=shown_a,
                law=_law_of(limit.kind, linky=linky),
                warned=subscription and warned,
            )
        )
        warned = warned and not subscription
    if warned:
        kind = LimitKind.SUBSCRIPTION
        watched.append(
            Watched(
                key=kind.value,
                kind=kind,
                limit_a=inf,
                shown_a=shown_a,
                law=None,
                warned=True,
            )
        )
    watched.extend(
        Watched(
            key=group.key,
            kind=group.kind,
            limit_a=group.limit_a,
            shown_a=group.shown_a,
            law=BREAKER if group.kind is LimitKind.CIRCUIT else None,
            group=group,
        )
        for group in headroom.groups
    )
    return tuple(watched)


def _law_of(kind: LimitKind, *, linky: bool) -> TripLaw:
    return LINKY if linky and kind is LimitKind.SUBSCRIPTION else BREAKER


def _same(before: tuple[Watched, ...], limits: Sequence[Limit], *, linky: bool) -> bool:
    """Whether the limits are still those of the supply that were watched before."""
    if len(before) != len(limits):
        return False
    for one, limit in zip(before, limits, strict=True):
        if one.kind is not limit.kind or one.warned:
            return False
        law = _law_of(limit.kind, linky=linky)
        # The one and the same as a rule; equal where it was read back from a record.
        if one.law is not law and one.law != law:
            return False
    return True
