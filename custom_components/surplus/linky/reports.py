"""What a Linky tells its user by a repair issue."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..registry import async_get_registry
from .labels import TicMode
from .runtime import LinkyConfigEntry

_HISTORIC = "linky_historic"


@callback
def async_watch_mode(hass: HomeAssistant, entry: LinkyConfigEntry) -> None:
    """Say that a meter cannot see export, as long as a Home might need it to.

    The issue outlives a reload, and so does the user's wish to ignore it.
    """
    runtime, registry = entry.runtime_data, async_get_registry(hass)
    told: TicMode | None = None

    @callback
    def look() -> None:
        nonlocal told
        mode = runtime.meter.mode if runtime.meter is not None else None
        if mode is None or mode is told:
            return
        if mode is TicMode.STANDARD:
            async_clear_mode(hass, entry)
        elif registry.home is None:
            # As a plain meter it lacks nothing.
            return
        else:
            ir.async_create_issue(
                hass,
                DOMAIN,
                _issue_id(entry),
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key=_HISTORIC,
                translation_placeholders={"name": entry.title},
            )
        told = mode

    entry.async_on_unload(runtime.async_subscribe(look))
    entry.async_on_unload(registry.async_listen(look))
    look()


@callback
def async_clear_mode(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw the issue: the meter tells more now, or nobody reads it."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry))


def _issue_id(entry: ConfigEntry) -> str:
    return f"{_HISTORIC}_{entry.entry_id}"
