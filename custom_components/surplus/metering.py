"""Power as sensors of other integrations show it, also of loads that do not measure."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, override

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PowerConverter

from .clock import monotonic
from .control.ledger import Counted
from .control.model import LoadReading, LoadSpec
from .registry import CountingSource, LoadSource

# Nothing in a home draws or makes this much: a broken sensor does.
_ABSURD_W: Final = 100_000.0


def power_of(state: State | None) -> float | None:
    """Return a sensor's power in W; None when it has no usable value."""
    if state is None:
        return None
    try:
        value = float(state.state)
        power_w = PowerConverter.convert(
            value, state.attributes.get(ATTR_UNIT_OF_MEASUREMENT), UnitOfPower.WATT
        )
    except ValueError, HomeAssistantError:
        return None
    return power_w if abs(power_w) < _ABSURD_W else None


class _Instants:
    """Monotonic instants of what Home Assistant dates by the wall clock.

    Somebody may set that one: what was seen before keeps its age then, and one from a
    future that is over is of now. Else a dead sensor would stay young for as long as the
    clock was set back.
    """

    def __init__(self) -> None:
        """Know of nothing yet."""
        self._seen: dict[str, tuple[float, float]] = {}

    def of(self, entity_id: str, timestamp: float) -> float:
        """Return the instant of what is newest of an entity."""
        seen = self._seen.get(entity_id)
        if seen is not None and seen[0] == timestamp:
            return seen[1]
        now = monotonic()
        at = now - max(0.0, dt_util.utcnow().timestamp() - timestamp)
        self._seen[entity_id] = timestamp, at
        return at


_REPORTS, _CHANGES = _Instants(), _Instants()


def instant_of(state: State) -> float:
    """Return the monotonic instant at which a state was last reported.

    A sensor that repeats its value is alive; one that is silent is not.
    """
    return _REPORTS.of(state.entity_id, state.last_reported_timestamp)


def changed_at(state: State) -> float:
    """Return the monotonic instant at which a state last changed."""
    return _CHANGES.of(state.entity_id, state.last_changed_timestamp)


class MeteredLoad(LoadSource):
    """A load whose power another sensor measures, as long as that one tells it."""

    def __init__(
        self, hass: HomeAssistant, source: LoadSource, power_entity: str
    ) -> None:
        """Stand for ``source``, with the power of that sensor."""
        self._hass = hass
        self._source = source
        self._power_entity = power_entity

    @property
    @override
    def spec(self) -> LoadSpec:
        return self._source.spec

    @property
    @override
    def reading(self) -> LoadReading:
        reading = self._source.reading
        state = self._hass.states.get(self._power_entity)
        power_w = power_of(state)
        if state is None or power_w is None:
            return reading
        return replace(reading, power_w=power_w, power_at=instant_of(state))

    @property
    def counted(self) -> Counted:
        """What the load tells for the ledger, without the counter it is not trusted for."""
        if not isinstance(self._source, CountingSource):
            return Counted()
        return replace(self._source.counted, register_wh=None)

    @property
    @override
    def taken_over(self) -> float | None:
        return self._source.taken_over

    @override
    async def async_apply(self, value: float, phases: int | None = None) -> None:
        await self._source.async_apply(value, phases)

    @override
    async def async_release(self, *, by_hand: bool = False) -> None:
        await self._source.async_release(by_hand=by_hand)

    @override
    def async_insist(self) -> None:
        self._source.async_insist()

    @override
    def async_wished(self) -> None:
        self._source.async_wished()

    @override
    def async_subscribe(self, on_change: Callable[[], None]) -> CALLBACK_TYPE:
        return self._source.async_subscribe(on_change)
