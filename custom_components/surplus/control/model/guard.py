"""What the guard tells: how near a breaker is, and what it took from loads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .words import LimitKind


class GuardEventKind(StrEnum):
    """What the guard did to a load."""

    SHED = "shed"
    RESTORED = "restored"


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardEvent:
    """A load was shed or restored; ``limit`` is what asked for it.

    ``numbers`` are those of that moment, as in a decision.
    """

    kind: GuardEventKind
    load_id: str
    limit: LimitKind
    numbers: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardCounters:
    """What the guard has counted since it was installed; none of it ever falls.

    A shed was ``unnecessary`` where the limit would not have been reached without it.
    """

    overload_s: float = 0.0
    overloads: int = 0
    sheds: int = 0
    restores: int = 0
    unnecessary_sheds: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardState:
    """How things stand with the limits after a cycle.

    ``seconds_left`` is how long the first breaker still holds if nothing changes, None
    for ever; ``heat`` how far its image of heat has come, as a share of what opens it.
    ``over`` names the limit that is exceeded, None where none is. ``shed`` are the loads
    that wait to be restored. ``futile``: shedding has not moved the meter, and was
    given up. ``events`` are those of this cycle.
    """

    seconds_left: float | None = None
    heat: float = 0.0
    over: LimitKind | None = None
    shed: frozenset[str] = frozenset()
    futile: bool = False
    counters: GuardCounters = field(default_factory=GuardCounters)
    events: tuple[GuardEvent, ...] = ()
