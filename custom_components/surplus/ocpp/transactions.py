"""Charging sessions: their ids, their energy, and what is true of each.

A charger keeps using the id it was given, also towards a central system that was
restarted since, and sends a start or a stop again when its answer got lost. So ids are
never reused, a repeated message finds the session it was about, and everything here can
be written down and read back.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .meter_values import MeterSample
from .values import integer, number, text, timestamp, wire_time

# Ids count seconds from here: unique without anything stored, int32 until 2091.
_EPOCH = int(datetime(2023, 1, 1, tzinfo=UTC).timestamp())
_RECENT = 20

# A start may be told more finely than the samples, which then lie a little below it.
_COARSE_WH = 100.0

# Further up an id of a charger's own making would leave too few for ours.
_LARGEST = 2**31 - 10**6


@dataclass(slots=True)
class TransactionIds:
    """Gives out transaction ids; one for all chargers.

    An id is the time in seconds, or one more than the last: an id is never given twice,
    not even when the store was lost or is older than the last session.
    """

    last: int = 0

    def take(self, wall: datetime) -> int:
        """Return the next id."""
        self.last = max(self.last + 1, int(wall.timestamp()) - _EPOCH)
        return self.last

    def seen(self, transaction_id: int) -> None:
        """Never give out an id that a charger brought along."""
        if transaction_id < _LARGEST:
            self.last = max(self.last, transaction_id)


@dataclass(kw_only=True, slots=True)
class Transaction:
    """One charging session.

    ``meter_start_wh`` is None when the session was adopted without its start.
    ``reported_id`` is the id the charger itself uses when that is another one.
    ``ended`` is set by its StopTransaction or by a status that proves its end;
    ``settled`` only by the former, whose closing register counts.
    """

    transaction_id: int
    connector: int
    id_tag: str = ""
    meter_start_wh: float | None = None
    started: datetime | None = None
    reported_id: int | None = None
    energy_wh: float = 0.0
    relative: bool = False
    ended: bool = False
    settled: bool = False
    reason: str | None = None
    _below: int = field(default=0, repr=False)

    def is_start(
        self,
        connector: int,
        id_tag: str,
        meter_start_wh: float | None,
        started: datetime | None,
    ) -> bool:
        """Tell whether a StartTransaction is this one's, sent again.

        Without a time the same words may start another session later on.
        """
        return (
            self.connector == connector
            and self.id_tag == id_tag
            and self.meter_start_wh == meter_start_wh
            and self.started == started
            and (started is not None or not self.ended)
        )

    def count(self, register_wh: float) -> None:
        """Take a reading of the energy register.

        A register far below the session's start proves that it counts from zero in
        each session; one such reading may be a glitch, two are a fact.
        """
        if self.meter_start_wh is None:
            self.meter_start_wh = register_wh
        if not self.relative and register_wh < min(
            self.meter_start_wh / 2, self.meter_start_wh - _COARSE_WH
        ):
            self._below += 1
            if self._below < 2:
                return
            self.relative = True
        elif not self.relative:
            self._below = 0
        session = register_wh - (0.0 if self.relative else self.meter_start_wh)
        self.energy_wh = max(self.energy_wh, session)

    def finish(self, meter_stop_wh: float | None, reason: str | None) -> None:
        """End it by its StopTransaction; a second one changes nothing.

        The closing register may lie a little below the last sample, and may be
        absolute where the samples were relative.
        """
        self.ended = True
        if self.settled:
            return
        self.settled = True
        self.reason = reason
        if meter_stop_wh is None or self.meter_start_wh is None:
            return
        if meter_stop_wh >= self.meter_start_wh:
            self.energy_wh = max(self.energy_wh, meter_stop_wh - self.meter_start_wh)
        elif self.relative:
            self.energy_wh = max(self.energy_wh, meter_stop_wh)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "id": self.transaction_id,
            "connector": self.connector,
            "id_tag": self.id_tag,
            "meter_start_wh": self.meter_start_wh,
            "started": wire_time(self.started) if self.started else None,
            "reported_id": self.reported_id,
            "energy_wh": self.energy_wh,
            "relative": self.relative,
            "ended": self.ended,
            "settled": self.settled,
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Transaction | None:
        """Read one back; None when it is unreadable."""
        transaction_id = integer(data.get("id"))
        connector = integer(data.get("connector"))
        if transaction_id is None or connector is None:
            return None
        return cls(
            transaction_id=transaction_id,
            connector=connector,
            id_tag=text(data.get("id_tag")) or "",
            meter_start_wh=number(data.get("meter_start_wh")),
            started=timestamp(data.get("started")),
            reported_id=integer(data.get("reported_id")),
            energy_wh=number(data.get("energy_wh")) or 0.0,
            relative=data.get("relative") is True,
            ended=data.get("ended") is True,
            settled=data.get("settled") is True,
            reason=text(data.get("reason")),
        )


class Transactions:
    """The sessions of one charger: at most one open on each connector."""

    def __init__(self, ids: TransactionIds) -> None:
        """Take ids from the central system's counter."""
        self._ids = ids
        self._open: dict[int, Transaction] = {}
        self._recent: deque[Transaction] = deque(maxlen=_RECENT)

    def current(self, connector: int) -> Transaction | None:
        """Return the session running on a connector."""
        return self._open.get(connector)

    def last(self, connector: int) -> Transaction | None:
        """Return the running session, or the one before it."""
        if connector in self._open:
            return self._open[connector]
        for transaction in reversed(self._recent):
            if transaction.connector == connector:
                return transaction
        return None

    def find(self, transaction_id: int) -> Transaction | None:
        """Return a session by our id or by the one the charger made up for it.

        Some chargers make up the same id for every session: theirs means the running
        one.
        """
        for transaction in self._all():
            if transaction.transaction_id == transaction_id:
                return transaction
        for transaction in self._open.values():
            if transaction.reported_id == transaction_id:
                return transaction
        return None

    def start(
        self,
        *,
        connector: int,
        id_tag: str,
        meter_start_wh: float | None,
        started: datetime | None,
        wall: datetime,
    ) -> Transaction:
        """Return the session a StartTransaction is about, new or already known.

        A session older than the one running was held offline: it gets its id, and the
        running one stays.
        """
        # Stored times have whole seconds; what is compared must have them too.
        started = started.replace(microsecond=0) if started else None
        for known in self._all():
            if known.is_start(connector, id_tag, meter_start_wh, started):
                return known
        transaction = Transaction(
            transaction_id=self._ids.take(wall),
            connector=connector,
            id_tag=id_tag,
            meter_start_wh=meter_start_wh,
            started=started,
        )
        running = self._open.get(connector)
        if (
            running is not None
            and started is not None
            and running.started is not None
            and started < running.started
        ):
            self._recent.append(transaction)
            return transaction
        self.close(connector)
        self._open[connector] = transaction
        return transaction

    def adopt(self, connector: int, transaction_id: int) -> Transaction:
        """Go on with a session whose start was never seen here."""
        self._ids.seen(transaction_id)
        transaction = Transaction(transaction_id=transaction_id, connector=connector)
        self.close(connector)
        self._open[connector] = transaction
        return transaction

    def stop(
        self,
        transaction_id: int | None,
        *,
        meter_stop_wh: float | None,
        stopped: datetime | None,
        reason: str | None,
        samples: Sequence[MeterSample] = (),
    ) -> Transaction | None:
        """Return the session a StopTransaction ended; None when it means nothing here.

        Chargers that started offline stop an id they made up (0, -1): it is the one
        session they have open, if that began before.
        """
        transaction = None if transaction_id is None else self.find(transaction_id)
        if transaction is None and transaction_id is not None:
            transaction = self._unsettled(transaction_id)
        if transaction is None and (transaction_id is None or transaction_id <= 0):
            running = list(self._open.values())
            if len(running) == 1 and not (
                stopped and running[0].started and stopped < running[0].started
            ):
                transaction = running[0]
        if transaction is None:
            return None
        if not transaction.settled:
            for sample in samples:
                if sample.energy_wh is not None:
                    transaction.count(sample.energy_wh)
        transaction.finish(meter_stop_wh, reason)
        if self._open.get(transaction.connector) is transaction:
            self._retire(transaction.connector)
        return transaction

    def close(self, connector: int) -> Transaction | None:
        """End what runs on a connector because something else proves its end."""
        if connector not in self._open:
            return None
        transaction = self._retire(connector)
        transaction.ended = True
        return transaction

    def reopen(self, transaction: Transaction) -> bool:
        """Go on with a session that only seemed to have ended; return whether it does.

        Its own end, or another session meanwhile, is final.
        """
        if (
            not transaction.ended
            or transaction.settled
            or transaction.connector in self._open
            or self.last(transaction.connector) is not transaction
        ):
            return False
        self._recent.remove(transaction)
        transaction.ended = False
        self._open[transaction.connector] = transaction
        return True

    def _unsettled(self, reported_id: int) -> Transaction | None:
        """Return the session whose own end is late, by the id the charger made up.

        While another one runs, that id may as well mean the other.
        """
        for transaction in reversed(self._recent):
            if (
                transaction.reported_id == reported_id
                and not transaction.settled
                and transaction.connector not in self._open
            ):
                return transaction
        return None

    def _retire(self, connector: int) -> Transaction:
        transaction = self._open.pop(connector)
        self._recent.append(transaction)
        return transaction

    def _all(self) -> list[Transaction]:
        return [*self._open.values(), *reversed(self._recent)]

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {
            "open": [transaction.as_dict() for transaction in self._open.values()],
            "recent": [transaction.as_dict() for transaction in self._recent],
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Read back what ``as_dict`` gave, leaving out what is unreadable."""
        for stored in _dicts(data.get("open")):
            if transaction := Transaction.from_dict(stored):
                self._open[transaction.connector] = transaction
        for stored in _dicts(data.get("recent")):
            if transaction := Transaction.from_dict(stored):
                self._recent.append(transaction)


def _dicts(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        return []
    return [part for part in value if isinstance(part, Mapping)]
