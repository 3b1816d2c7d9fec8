"""What a Linky tells its user by a repair issue."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN, PARK_TIME
from .labels import TicMode
from .runtime import LinkyConfigEntry, LinkyMeter

_HISTORIC: Final = "linky_historic"
# A Home that reloads follows again within this; later it follows another meter.
_LEFT_S: Final = 2 * PARK_TIME.total_seconds()


@callback
def async_watch_mode(
    hass: HomeAssistant, entry: LinkyConfigEntry, source: LinkyMeter
) -> None:
    """Say that a meter cannot see export while a Home follows it.

    As a plain meter it lacks nothing. The issue outlives a reload of either, and so does
    the user's wish to ignore it.
    """
    runtime = entry.runtime_data
    followed_at = runtime.now

    @callback
    def look() -> None:
        nonlocal followed_at
        if runtime.meter is None or (mode := runtime.meter.mode) is None:
            return
        if source.followers:
            followed_at = runtime.now
        raised = ir.async_get(hass).async_get_issue(DOMAIN, _issue_id(entry))
        is_raised = raised is not None and raised.active
        if mode is TicMode.STANDARD or runtime.now - followed_at > _LEFT_S:
            if is_raised:
                async_clear_mode(hass, entry)
        elif source.followers and not is_raised:
            ir.async_create_issue(
                hass,
                DOMAIN,
                _issue_id(entry),
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key=_HISTORIC,
                translation_placeholders={"name": entry.title},
            )

    entry.async_on_unload(runtime.async_subscribe(look))
    look()


@callback
def async_clear_mode(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw the issue: the meter tells more now, or nobody reads it."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry))


def _issue_id(entry: ConfigEntry) -> str:
    return f"{_HISTORIC}_{entry.entry_id}"
