"""Power as sensors of other integrations show it, also of loads that do not measure."""

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Final, override

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PowerConverter

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


def instant_of(state: State) -> float:
    """Return the monotonic instant at which a state was last reported.

    A sensor that repeats its value is alive; one that is silent is not.
    """
    return monotonic() - (dt_util.utcnow().timestamp() - state.last_reported_timestamp)


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
    def async_wished(self) -> None:
        self._source.async_wished()

    @override
    def async_subscribe(self, on_change: Callable[[], None]) -> CALLBACK_TYPE:
        return self._source.async_subscribe(on_change)
