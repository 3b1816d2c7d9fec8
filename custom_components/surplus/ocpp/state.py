"""What a charger told: its connectors, its sessions and its clock.

No I/O and no tasks: messages come in, and what is known changes. Nothing here raises.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
import logging
from typing import Any

from .clocks import ChargerClock, Clock, Moment
from .connector import Connector
from .energy import EnergyCounter
from .meter_values import MeterSample
from .status import IN_SESSION, ErrorCode, Status
from .transactions import Transaction, TransactionIds, Transactions

_LOGGER = logging.getLogger(__name__)

# Further than this is no jitter: the clock was set, or runs in another time zone.
_JUMP_S = 10.0


class ChargerState:
    """The newest truth about a charger."""

    def __init__(
        self,
        ids: TransactionIds,
        clock: Clock,
        *,
        wired: int,
        max_a: float,
        on_clock_jump: Callable[[], None] = lambda: None,
    ) -> None:
        """Know nothing but one connector, wired to so many phases.

        ``on_clock_jump`` is called when its clock turns out to be elsewhere than was
        believed: a state may have been taken for an old one meanwhile.
        """
        self.connectors: dict[int, Connector] = {}
        self.transactions = Transactions(ids)
        self.charger_clock = ChargerClock()
        self.count = 1
        self._clock = clock
        self._wired = wired
        self._max_a = max_a
        self._on_clock_jump = on_clock_jump
        self.connector(1)

    def connector(self, number: int) -> Connector:
        """Return a connector; it comes to exist when it is first heard of."""
        if number not in self.connectors:
            self.connectors[number] = Connector(
                number=number, wired=self._wired, max_a=self._max_a
            )
        return self.connectors[number]

    def rewire(self, *, wired: int, max_a: float) -> None:
        """Take other wiring."""
        self._wired, self._max_a = wired, max_a
        for connector in self.connectors.values():
            connector.wired, connector.max_a = wired, max_a

    def booted(self) -> None:
        """Take a reboot: the clock is set by our answer, and the order is new."""
        self.charger_clock.told(boot=True)
        for connector in self.connectors.values():
            connector.forget_order()

    def told_time(self) -> None:
        """Take note that the charger was told the time."""
        self.charger_clock.told(boot=False)

    def take_status(
        self,
        connector: int,
        status: Status | None,
        *,
        error_code: ErrorCode,
        error_text: str | None,
        stamp: datetime | None,
    ) -> bool:
        """Take a connector's state; return whether it is another one than before."""
        self._learn_time(stamp)
        place = self.connector(connector)
        news = place.take_status(
            status,
            self._moment(place, stamp),
            error_code=error_code,
            error_text=error_text,
        )
        if news and connector > 0 and status is Status.AVAILABLE:
            # Without a car there is no session, whether it was stopped or not.
            self.transactions.close(connector)
        return news

    def start(
        self,
        connector: int,
        *,
        id_tag: str,
        meter_start_wh: float | None,
        stamp: datetime | None,
    ) -> Transaction:
        """Take the start of a session; return that session."""
        self._learn_time(stamp)
        if meter_start_wh is not None:
            self.connector(connector).energy.count_edge(meter_start_wh)
        return self.transactions.start(
            connector=connector,
            id_tag=id_tag,
            meter_start_wh=meter_start_wh,
            started=stamp,
            wall=self._clock.utcnow(),
        )

    def stop(
        self,
        transaction_id: int | None,
        *,
        meter_stop_wh: float | None,
        stamp: datetime | None,
        reason: str | None,
        samples: Sequence[MeterSample],
    ) -> Connector | None:
        """Take the end of a session; return the connector where nothing runs any more.

        None for a session that is not known, or that was not the one running.
        """
        self._learn_time(stamp)
        transaction = self.transactions.stop(
            transaction_id,
            meter_stop_wh=meter_stop_wh,
            stopped=stamp,
            reason=reason,
            samples=samples,
        )
        if transaction is None:
            return None
        place = self.connector(transaction.connector)
        if meter_stop_wh is not None:
            place.energy.count_edge(meter_stop_wh)
        if self.transactions.current(place.number) is not None:
            return None
        place.zero(self._moment(place, stamp))
        return place

    def meter_values(
        self,
        connector: int,
        *,
        transaction_id: int | None,
        samples: Sequence[MeterSample],
    ) -> bool:
        """Take meter samples; return whether a session was adopted or goes on.

        A charger with one connector means that one where it says 0, the whole unit.
        """
        if connector == 0 and self.count == 1:
            connector = 1
        place = self.connector(connector)
        known = self.transactions.current(connector)
        transaction = self._session_of(place, transaction_id)
        if transaction is not None and _goes_on(place, transaction, samples):
            self.transactions.reopen(transaction)
        now = self._clock.monotonic()
        for sample in samples:
            if not sample.edge:
                self._learn_time(sample.stamp)
            moment = self._moment(place, sample.stamp)
            if (
                transaction is not None
                and not transaction.settled
                and sample.energy_wh is not None
                and not _before(sample, transaction)
            ):
                transaction.count(sample.energy_wh)
            if _closing(place, transaction, sample):
                place.take_energy(sample, moment)
            else:
                place.take_sample(sample, moment, now)
        return self.transactions.current(connector) is not known

    def _session_of(
        self, place: Connector, transaction_id: int | None
    ) -> Transaction | None:
        """Return the session samples belong to, adopting one we do not know.

        0 and -1 are no ids. An id we never gave, while a session runs, is the
        charger's own name for it.
        """
        current = self.transactions.current(place.number)
        if transaction_id is None or transaction_id <= 0:
            return current
        known = self.transactions.find(transaction_id)
        if known is not None:
            return known
        if current is not None:
            current.reported_id = transaction_id
            return current
        if place.status in IN_SESSION:
            _LOGGER.debug("Going on with session %s", transaction_id)
            return self.transactions.adopt(place.number, transaction_id)
        return None

    @property
    def counted_wh(self) -> tuple[float | None, ...]:
        """What all connectors and their sessions have counted, to see it change."""
        sessions = [self.transactions.last(number) for number in self.connectors]
        return (
            *(connector.energy.total_wh for connector in self.connectors.values()),
            *(session.energy_wh if session else None for session in sessions),
        )

    def _learn_time(self, stamp: datetime | None) -> None:
        if stamp is None:
            return
        before = self.charger_clock.offset_s
        self.charger_clock.hear(stamp, self._clock.utcnow(), self._clock.monotonic())
        if abs(self.charger_clock.offset_s - before) > _JUMP_S:
            self._on_clock_jump()

    def _moment(self, place: Connector, stamp: datetime | None) -> Moment:
        wall = self._clock.utcnow()
        newest = place.newest_stamp
        if newest is not None:
            ahead = newest - self.charger_clock.now(wall)
            if ahead.total_seconds() > _JUMP_S:
                # Its clock was set back: what came before is not newer for that.
                place.forget_order()
        return self.charger_clock.moment(stamp, wall, self._clock.monotonic())

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart as JSON values."""
        return {
            "transactions": self.transactions.as_dict(),
            "energy": {
                str(number): connector.energy.as_dict()
                for number, connector in self.connectors.items()
            },
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Read back what ``as_dict`` gave, leaving out what is unreadable."""
        transactions, energy = data.get("transactions"), data.get("energy")
        if isinstance(transactions, Mapping):
            self.transactions.restore(transactions)
        for number, stored in energy.items() if isinstance(energy, Mapping) else ():
            if str(number).isdecimal() and isinstance(stored, Mapping):
                self.connector(int(number)).energy = EnergyCounter.from_dict(stored)


def _before(sample: MeterSample, transaction: Transaction) -> bool:
    """Tell whether a sample is of an earlier session, delivered late."""
    return (
        sample.stamp is not None
        and transaction.started is not None
        and sample.stamp < transaction.started
    )


def _goes_on(
    place: Connector, transaction: Transaction, samples: Sequence[MeterSample]
) -> bool:
    """Tell whether samples prove that a session outlived what seemed its end.

    A charger that reboots may say Available on its way. Samples from before its latest
    state are late ones of what did end.
    """
    since = place.status_moment.stamp if place.status_moment else None
    return (
        transaction.connector == place.number
        and place.status in IN_SESSION
        and any(
            not sample.edge
            and (since is None or sample.stamp is None or sample.stamp >= since)
            for sample in samples
        )
    )


def _closing(
    place: Connector, transaction: Transaction | None, sample: MeterSample
) -> bool:
    """Tell whether a sample came after the end: it must not undo the zeros."""
    if transaction is not None:
        return transaction.ended
    return place.status not in (None, Status.CHARGING) and bool(
        sample.power_w or any(sample.currents_a.values())
    )
