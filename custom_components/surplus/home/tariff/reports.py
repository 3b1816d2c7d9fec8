"""The repair issue of a tariff that nobody tells."""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ...const import DOMAIN

TARIFF_LOST: Final = "tariff_lost"


@callback
def async_report_tariff_lost(hass: HomeAssistant, *, lost: bool) -> None:
    """Raise or clear the issue of a tariff whose source tells nothing."""
    if not lost:
        ir.async_delete_issue(hass, DOMAIN, TARIFF_LOST)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        TARIFF_LOST,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=TARIFF_LOST,
    )
