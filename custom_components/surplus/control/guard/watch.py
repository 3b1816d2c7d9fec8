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
# A longer gap between readings is not time in which anything was seen.
_LONGEST_STEP_S = 10.0


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
        return self.warned or max(self.shown_a) > self.limit_a


@dataclass(kw_only=True, slots=True)
class _Overload:
    since: float
    last: float


class Watch:
    """The heat of each breaker, and since when limits are exceeded."""

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
        self._watched: tuple[Watched, ...] = ()
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
        if self._at is not None and at > self._at and self.over is not None:
            self.overload_s += min(at - self._at, _LONGEST_STEP_S)
        self._at, self._watched = at, watched
        was_over = bool(self._overloads)
        for one in watched:
            self._heat(at, one)
            overload = self._overloads.get(one.key)
            if one.over:
                if overload is None:
                    self._overloads[one.key] = _Overload(since=at, last=at)
                else:
                    overload.last = at
            elif overload is not None and at - overload.last > _SAME_OVERLOAD_S:
                del self._overloads[one.key]
        if len(self._heats) + len(self._overloads) > len(watched):
            self._forget({one.key for one in watched})
        if self._overloads and not was_over:
            self.overloads += 1

    def _heat(self, at: float, one: Watched) -> None:
        if one.law is None:
            return
        heat = self._heats.get(one.key)
        if heat is None or heat.law != one.law:
            saved = self._saved.pop(one.key, None) if heat is None else heat.as_dict()
            heat = self._heats[one.key] = Heat(one.law, saved)
        heat.observe(at, one.limit_a, one.shown_a)

    def _forget(self, keys: set[str]) -> None:
        for known in (self._heats, self._overloads):
            for key in known.keys() - keys:
                del known[key]

    @property
    def over(self) -> LimitKind | None:
        """The limit that is exceeded and opens first; None where none is."""
        over = self.exceeded
        if not over or (at := self._at) is None:
            return None
        return min(over, key=lambda one: self.holds_s(one, at)).kind

    @property
    def exceeded(self) -> list[Watched]:
        """The limits that are exceeded."""
        return [one for one in self._watched if one.over]

    @property
    def overloaded(self) -> bool:
        """Whether an overload has not ended yet."""
        return bool(self._overloads)

    @property
    def heat(self) -> float:
        """How far the hottest breaker has come, as a share of what opens it."""
        return max((heat.share for heat in self._heats.values()), default=0.0)

    def seconds_left(self, now: float) -> float:
        """Return how long the first breaker still holds; inf for ever."""
        return min(
            (heat.seconds_left(now) for heat in self._heats.values()), default=inf
        )

    def holds_s(
        self, one: Watched, now: float, currents_a: Sequence[float] | None = None
    ) -> float:
        """Return how long a breaker still holds what flows, or ``currents_a`` instead."""
        heat = self._heats.get(one.key)
        return inf if heat is None else heat.seconds_left(now, currents_a)

    def lasts_s(self, one: Watched, now: float) -> float:
        """Return for how long a limit that is exceeded has been."""
        return now - self._overloads[one.key].since


def _counted(saved: Mapping[str, Any]) -> tuple[float, int]:
    overload_s, overloads = (
        float(saved.get("overload_s", 0.0)),
        saved.get("overloads", 0),
    )
    if not isfinite(overload_s) or overload_s < 0 or overloads != int(overloads):
        raise ValueError("what was counted of overloads is no count")
    return overload_s, int(overloads)


def watched_of(
    limits: Sequence[Limit], headroom: Headroom, *, linky: bool
) -> tuple[Watched, ...]:
    """Return the limits in force with what is shown under them.

    Only a Linky's own breaker follows its law: what a person typed may be cut off in any
    way. A warning without a subscription that is known is one of the subscription.
    """
    shown_a = headroom.shown_a
    assert shown_a is not None
    watched = []
    warned = headroom.overload
    for limit in limits:
        subscription = limit.kind is LimitKind.SUBSCRIPTION
        watched.append(
            Watched(
                key=limit.kind.value,
                kind=limit.kind,
                limit_a=limit.current_a,
                shown_a=shown_a,
                law=LINKY if subscription and linky else BREAKER,
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
