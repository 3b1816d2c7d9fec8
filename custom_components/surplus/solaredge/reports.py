"""What a person is told: an inverter that is lost by day, or has become another."""

from datetime import datetime, timedelta
from typing import Final

from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval

from ..clock import monotonic
from ..const import DOMAIN
from .model import LinkState
from .runtime import SolarEdgeConfigEntry

# Shorter absences are restarts, updates and cables.
LOST_AFTER: Final = timedelta(minutes=10)

_CHECK_INTERVAL: Final = timedelta(minutes=1)

_ISSUES: Final = {
    LinkState.UNREACHABLE: "solaredge_lost",
    LinkState.OTHER_DEVICE: "solaredge_other_device",
}


class LossReport:
    """Raises an issue while an entry's inverter is lost, and clears it.

    Silence at night is sleep, and no loss.
    """

    def __init__(self, hass: HomeAssistant, entry: SolarEdgeConfigEntry) -> None:
        """Watch until the entry is unloaded."""
        self._hass = hass
        self._entry = entry
        self._since: float | None = None
        self._told: LinkState | None = None
        entry.async_on_unload(entry.runtime_data.async_subscribe(self._check))
        entry.async_on_unload(
            async_track_time_interval(
                hass,
                self._check,
                _CHECK_INTERVAL,
                name=f"solaredge {entry.title} loss",
                cancel_on_shutdown=True,
            )
        )
        entry.async_on_unload(self._clear)

    @callback
    def _check(self, _now: datetime | None = None) -> None:
        state = self._entry.runtime_data.state
        if state not in _ISSUES:
            self._since = None
            self._clear()
            return
        now = monotonic()
        self._since = now if self._since is None else self._since
        if state is self._told:
            return
        self._clear()
        if state is LinkState.UNREACHABLE and (
            now - self._since < LOST_AFTER.total_seconds()
        ):
            return
        self._told = state
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._issue_id(state),
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=_ISSUES[state],
            translation_placeholders={
                "inverter": self._entry.title,
                "host": self._entry.data[CONF_HOST],
            },
        )

    def _issue_id(self, state: LinkState) -> str:
        return f"{_ISSUES[state]}_{self._entry.entry_id}"

    @callback
    def _clear(self) -> None:
        if self._told is not None:
            ir.async_delete_issue(self._hass, DOMAIN, self._issue_id(self._told))
            self._told = None
