"""What the guard did to a load, as an event entity shows it: of the Home and of loads."""

from homeassistant.components.event import EventEntity

from .control.model import GuardEvent, GuardEventKind


class GuardEventEntity(EventEntity):
    """Shed, and restored."""

    _attr_event_types = [kind.value for kind in GuardEventKind]

    def _show(self, event: GuardEvent, **more: str) -> None:
        """Show an event with its reason and the numbers of that moment.

        ``reason`` is the key of a sentence in the translations.
        """
        self._trigger_event(
            event.kind,
            {
                **more,
                "reason": f"{event.kind}_{event.limit}",
                "limit": event.limit.value,
                **event.numbers,
            },
        )
        self.async_write_ha_state()
