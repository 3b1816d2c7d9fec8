"""Charging sessions, of chargers of any kind.

A session is a visit: from the moment a vehicle is connected, or first takes energy where
the charger cannot tell, until it is disconnected, or takes nothing any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from .saved import amount, instant, maybe_instant
from .tally import Tally

# Less is a charger's own electronics.
FLOW_W = 100.0
# Without anybody who tells of a plug: nothing taken of what is offered, or nothing
# wanted, for this long is the end. A cloudy afternoon is none.
_QUIET_S = 900.0
_FORGOTTEN_S = 6 * 3600.0
# Nobody has looked for longer than this: another vehicle may have come.
_UNSEEN_S = 300.0
# A visit that took less has taken nothing.
_LEAST_WH = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One charging session; ``ended`` is None while it goes on.

    ``charging_s`` is how long power flowed, ``peak_w`` the most of it.
    ``transactions`` are the ids of a protocol that gives it some (OCPP).
    """

    load_id: str
    started: datetime
    ended: datetime | None = None
    tally: Tally = field(default_factory=Tally)
    peak_w: float = 0.0
    charging_s: float = 0.0
    transactions: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "load": self.load_id,
            "started": self.started.isoformat(),
            "ended": self.ended.isoformat() if self.ended else None,
            "tally": self.tally.as_dict(),
            "peak_w": self.peak_w,
            "charging_s": self.charging_s,
            "transactions": list(self.transactions),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Read one back; raises KeyError, TypeError or ValueError when damaged."""
        return cls(
            load_id=str(saved["load"]),
            started=instant(saved, "started"),
            ended=maybe_instant(saved, "ended"),
            tally=Tally.from_dict(saved["tally"]),
            peak_w=amount(saved, "peak_w"),
            charging_s=amount(saved, "charging_s"),
            transactions=tuple(int(one) for one in saved["transactions"]),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargerSight:
    """What a cycle sees of a charger.

    ``plugged`` is None where nobody can tell, ``offered`` whether a vehicle could take
    power now.
    """

    power_w: float
    reachable: bool = True
    plugged: bool | None = None
    wants_power: bool = True
    offered: bool = False
    transaction: int | None = None


@dataclass(kw_only=True, slots=True)
class OpenSession:
    """A session that goes on.

    ``before`` is what the load had taken before it. ``seen`` is when it was last known
    to go on, ``flowed`` when power last flowed.
    """

    started: datetime
    seen: datetime
    before: Tally
    flowed: datetime | None = None
    peak_w: float = 0.0
    charging_s: float = 0.0
    quiet_s: float = 0.0
    unwanted_s: float = 0.0
    transactions: list[int] = field(default_factory=list)

    def told(self, load_id: str, total: Tally, ended: datetime | None) -> Session:
        """Return it as it stands."""
        return Session(
            load_id=load_id,
            started=self.started,
            ended=ended,
            tally=total.since(self.before),
            peak_w=self.peak_w,
            charging_s=self.charging_s,
            transactions=tuple(self.transactions),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "started": self.started.isoformat(),
            "seen": self.seen.isoformat(),
            "before": self.before.as_dict(),
            "flowed": self.flowed.isoformat() if self.flowed else None,
            "peak_w": self.peak_w,
            "charging_s": self.charging_s,
            "quiet_s": self.quiet_s,
            "unwanted_s": self.unwanted_s,
            "transactions": list(self.transactions),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Read one back; raises KeyError, TypeError or ValueError when damaged."""
        return cls(
            started=instant(saved, "started"),
            seen=instant(saved, "seen"),
            before=Tally.from_dict(saved["before"]),
            flowed=maybe_instant(saved, "flowed"),
            peak_w=amount(saved, "peak_w"),
            charging_s=amount(saved, "charging_s"),
            quiet_s=amount(saved, "quiet_s"),
            unwanted_s=amount(saved, "unwanted_s"),
            transactions=[int(one) for one in saved["transactions"]],
        )


class Visits:
    """The sessions of one charger as they come and go: at most one goes on."""

    def __init__(self, load_id: str) -> None:
        """Know of none."""
        self.load_id = load_id
        self.current: OpenSession | None = None

    def goes_on(
        self, sight: ChargerSight, total: Tally, wall: datetime, dt_s: float
    ) -> Session | None:
        """Take in what is seen, before energy is counted; return one that has ended.

        ``total`` is what the charger has taken until now, in all.
        """
        ended = None
        if self.current is not None and (at := self._end(self.current, sight, wall)):
            ended = self._close(self.current, total, at)
        flows = sight.power_w > FLOW_W
        if self.current is None and sight.reachable and (sight.plugged or flows):
            self.current = OpenSession(started=wall, seen=wall, before=total.copy())
        if self.current is not None and sight.reachable:
            self._follow(self.current, sight, wall, dt_s, flows=flows)
        return ended

    def _close(
        self, session: OpenSession, total: Tally, at: datetime
    ) -> Session | None:
        self.current = None
        told = session.told(self.load_id, total, max(at, session.started))
        return told if told.tally.total_wh >= _LEAST_WH else None

    def _end(
        self, session: OpenSession, sight: ChargerSight, wall: datetime
    ) -> datetime | None:
        """Return when a session has ended; None while it goes on."""
        if not sight.reachable:
            return None
        unseen = (wall - session.seen).total_seconds() > _UNSEEN_S
        if sight.plugged is False:
            return session.seen if unseen else wall
        if sight.plugged:
            other = (
                sight.transaction is not None
                and bool(session.transactions)
                and sight.transaction not in session.transactions
            )
            return session.seen if unseen and other else None
        if (
            session.quiet_s >= _QUIET_S
            or session.unwanted_s >= _QUIET_S
            or (wall - (session.flowed or session.started)).total_seconds()
            >= _FORGOTTEN_S
        ):
            return session.flowed or session.started
        return None

    def _follow(
        self,
        session: OpenSession,
        sight: ChargerSight,
        wall: datetime,
        dt_s: float,
        *,
        flows: bool,
    ) -> None:
        session.seen = wall
        session.peak_w = max(session.peak_w, sight.power_w)
        transaction = sight.transaction
        if transaction is not None and transaction not in session.transactions:
            session.transactions.append(transaction)
        if flows:
            session.flowed = wall
            session.charging_s += dt_s
            session.quiet_s = session.unwanted_s = 0.0
            return
        # What is not offered says nothing about the vehicle.
        session.quiet_s += dt_s if sight.offered else 0.0
        session.unwanted_s = 0.0 if sight.wants_power else session.unwanted_s + dt_s
