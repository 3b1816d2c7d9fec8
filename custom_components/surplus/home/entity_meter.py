"""A grid meter made of sensors that the user already has."""

from collections.abc import Callable

from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import (
    async_track_state_change_event,
    async_track_state_report_event,
)

from ..control.model import GridReading
from ..metering import instant_of, power_of


def entity_meter_id(power_entity: str) -> str:
    """Return the id of the meter made of this entity: it stands for the meter."""
    return f"entity:{power_entity}"


class EntityMeter:
    """Reads one signed power sensor, or one for import and one for export."""

    knows_direction = True

    def __init__(
        self,
        hass: HomeAssistant,
        power_entity: str,
        *,
        export_entity: str | None = None,
        positive_is_export: bool = False,
    ) -> None:
        """Read ``power_entity`` (minus ``export_entity``), positive as stated."""
        self._hass = hass
        self._power_entity = power_entity
        self._export_entity = export_entity
        self._factor = -1.0 if positive_is_export else 1.0
        self._entities = [power_entity, *([export_entity] if export_entity else [])]

    @property
    def source_id(self) -> str:
        """Stable as long as it is this entity."""
        return entity_meter_id(self._power_entity)

    @property
    def name(self) -> str:
        """The entity's own name."""
        state = self._hass.states.get(self._power_entity)
        return state.name if state else self._power_entity

    @property
    def reading(self) -> GridReading | None:
        """The newest reading.

        Of two sensors one rests while the other works, and some never repeat a value:
        the pair is as young as its younger half.
        """
        states = [self._hass.states.get(entity_id) for entity_id in self._entities]
        powers = [power_of(state) for state in states]
        known = [power for power in powers if power is not None]
        if len(known) < len(powers):
            return None
        power_w = self._factor * known[0] - sum(known[1:])
        return GridReading(
            at=max(instant_of(state) for state in states if state),
            power_w=power_w,
            drawn_va=max(0.0, power_w),
        )

    @property
    def asleep(self) -> bool:
        """Nobody tells of a sensor that it sleeps."""
        return False

    @callback
    def async_subscribe(self, on_reading: Callable[[], None]) -> CALLBACK_TYPE:
        """Follow changes and mere repetitions alike."""

        @callback
        def changed(_event: Event[EventStateChangedData]) -> None:
            on_reading()

        @callback
        def reported(_event: Event[EventStateReportedData]) -> None:
            on_reading()

        stops = [
            async_track_state_change_event(self._hass, self._entities, changed),
            async_track_state_report_event(self._hass, self._entities, reported),
        ]

        @callback
        def stop() -> None:
            for unsubscribe in stops:
                unsubscribe()

        return stop
