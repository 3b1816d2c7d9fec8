"""What all entities of Surplus share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.sensor import SensorEntity, SensorEntityDescription
from homeassistant.core import CALLBACK_TYPE, HassJob, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.typing import StateType

from .clock import monotonic
from .const import LIVE_WRITE_INTERVAL


class SurplusEntity(Entity):
    """Pushed, and named after what it shows."""

    _attr_has_entity_name = True
    _attr_should_poll = False


@dataclass(frozen=True, kw_only=True)
class LiveDescription[**P](SensorEntityDescription):
    """A live sensor's row in a table; ``dead_band`` is what is not worth a state.

    ``value_fn`` reads the value from what the room has.
    """

    value_fn: Callable[P, StateType]
    dead_band: float = 0.0


class LiveSensor(SurplusEntity, SensorEntity):
    """A sensor whose value moves all the time.

    Every state is a row in the recorder, so a value is written at most every
    ``LIVE_WRITE_INTERVAL`` and only past its dead band; coming and going of the source
    and values that are not numbers are written at once. Subclasses implement
    ``live_value`` and call ``async_refresh_live`` whenever it may have changed.
    """

    _dead_band: float = 0.0
    _write_interval = LIVE_WRITE_INTERVAL
    _written_at: float | None = None
    _written_available: bool | None = None
    _cancel_write: CALLBACK_TYPE | None = None

    @property
    def live_value(self) -> StateType | datetime:
        """The value now."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Show the value there is."""
        await super().async_added_to_hass()
        self._attr_native_value = self.live_value

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Drop a write that is still due."""
        self._drop_write()
        await super().async_will_remove_from_hass()

    @callback
    def async_refresh_live(self, *_: object) -> None:
        """Write the value now, later or not at all."""
        value = self.live_value
        at_once = self.available is not self._written_available or (
            value != self._attr_native_value
            and not (_is_number(value) and _is_number(self._attr_native_value))
        )
        if not at_once:
            if not self._past_dead_band(value):
                return
            if self._written_at is not None:
                rest_s = monotonic() - self._written_at
                wait_s = self._write_interval.total_seconds() - rest_s
                if wait_s > 0:
                    if self._cancel_write is None:
                        self._cancel_write = async_call_later(
                            self.hass,
                            wait_s,
                            HassJob(self._write_due, cancel_on_shutdown=True),
                        )
                    return
        self._write(value)

    def _past_dead_band(self, value: StateType | datetime) -> bool:
        old = self._attr_native_value
        if isinstance(value, int | float) and isinstance(old, int | float):
            return abs(value - old) > self._dead_band
        return value != old

    @callback
    def _write_due(self, _now: datetime) -> None:
        self._cancel_write = None
        value = self.live_value
        if self._past_dead_band(value):
            self._write(value)

    @callback
    def _write(self, value: StateType | datetime) -> None:
        self._drop_write()
        self._attr_native_value = value
        self._written_at = monotonic()
        self._written_available = self.available
        self.async_write_ha_state()

    def _drop_write(self) -> None:
        if self._cancel_write is not None:
            self._cancel_write()
            self._cancel_write = None


class LiveFact(SurplusEntity, BinarySensorEntity):
    """Something that is so or not, written when it changes; unavailable while unknown.

    Subclasses implement ``live_fact`` and call ``async_refresh_live`` whenever it may
    have changed.
    """

    @property
    def live_fact(self) -> bool | None:
        """Whether it is so now."""
        raise NotImplementedError

    @property
    @override
    def available(self) -> bool:
        """Whether it is known."""
        return self._attr_is_on is not None

    @override
    async def async_added_to_hass(self) -> None:
        """Show what is so."""
        await super().async_added_to_hass()
        self._attr_is_on = self.live_fact

    @callback
    def async_refresh_live(self, *_: object) -> None:
        """Write it if it has changed."""
        fact = self.live_fact
        if fact is not self._attr_is_on:
            self._attr_is_on = fact
            self.async_write_ha_state()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
