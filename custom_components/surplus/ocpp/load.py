"""A charger as a load that Home commands."""

from collections.abc import Callable
from typing import override

from homeassistant.core import CALLBACK_TYPE
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..control.ledger import Counted
from ..control.model import ChargerReading, ChargerSpec
from ..registry import LoadSource
from .charge_point import Charger
from .config import source_id
from .errors import LinkLostError, OcppError, RefusedError
from .status import OFFERING, Status

# The whole unit is out of order, whatever its connectors say.
_OUT_OF_ORDER = frozenset({Status.UNAVAILABLE, Status.FAULTED})


def explained(charger: Charger, error: OcppError) -> HomeAssistantError:
    """Return an error of the room as one that tells the user what happened."""
    placeholders = {"name": charger.settings.name}
    match error:
        case LinkLostError():
            key = "charger_not_connected"
        case RefusedError():
            key = "charger_refused"
            placeholders |= {"action": error.action, "answer": error.answer}
        case _:
            key = "charger_no_answer"
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


class ChargerLoad(LoadSource):
    """The first connector of a charger.

    ``wants_power`` is true while a vehicle is plugged in and nothing refuses: also in
    SuspendedEV, where a withdrawn offer would leave the vehicle no way to resume.
    ``offered_a`` is the highest current the charger may be offering: the last one it
    accepted, or a higher one that it never answered. A set-point that pacing holds back
    for some seconds is not waited for; what became of it is told with the next one.
    """

    def __init__(self, charger: Charger) -> None:
        """Stand for a charger."""
        self._charger = charger

    @property
    @override
    def spec(self) -> ChargerSpec:
        settings = self._charger.settings
        timing = self._charger.timing
        return ChargerSpec(
            load_id=source_id(settings.identity),
            name=settings.name,
            priority=settings.priority,
            phases=settings.phases,
            min_a=settings.min_a,
            max_a=settings.max_a,
            safe_a=settings.safe_a,
            lease_s=timing.lease_s,
            pacing_s=timing.spacing_s,
            switches_phases=self._charger.switches_phases,
            writes_per_day=settings.writes_per_day,
        )

    @property
    @override
    def reading(self) -> ChargerReading:
        charger = self._charger
        connector = charger.connector()
        offered = charger.commander().lease.offered
        lost_at = charger.link_lost_at
        if lost_at is not None and offered is not None:
            # What was sent last may have arrived, and its lease began with it.
            lost_at = max(lost_at, offered.sent_at)
        flow = connector.flow_moment
        return ChargerReading(
            reachable=charger.ready_link is not None,
            wants_power=connector.wants_power
            and charger.connector(0).status not in _OUT_OF_ORDER,
            plugged=connector.plugged,
            power_w=connector.power_w if flow else None,
            power_at=flow.at if flow else None,
            currents_a=connector.vehicle_currents_a,
            phases=offered.phases if offered else None,
            offered_a=offered.amps if offered else None,
            offered_at=offered.known_at if offered else None,
            link_lost_at=lost_at,
            offering=None if connector.status is None else connector.status in OFFERING,
        )

    @property
    def counted(self) -> Counted:
        """What the charger counts, for the ledger (``registry.CountingSource``)."""
        connector = self._charger.connector()
        session = self._charger.transactions.current(connector.number)
        return Counted(
            register_wh=connector.energy.total_wh,
            plugged=connector.plugged,
            transaction=session.transaction_id if session else None,
        )

    @property
    @override
    def taken_over(self) -> None:
        # The protocol has no word for a current that an app has set.
        return None

    @override
    async def async_apply(self, value: float, phases: int | None = None) -> None:
        try:
            await self._charger.apply(value, phases)
        except OcppError as error:
            raise explained(self._charger, error) from error

    @override
    async def async_release(self, *, by_hand: bool = False) -> None:
        try:
            await self._charger.release()
        except OcppError as error:
            raise explained(self._charger, error) from error

    @override
    def async_insist(self) -> None:
        self._charger.commander().say_again()

    @override
    def async_wished(self) -> None:
        """Wait for nothing: the charger says itself whether a vehicle is there."""

    @override
    def async_subscribe(self, on_change: Callable[[], None]) -> CALLBACK_TYPE:
        return self._charger.subscribe(on_change)
