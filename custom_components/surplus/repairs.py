"""Repair flows: what cannot be repaired can at least be taken note of."""

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.core import HomeAssistant


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return a flow that the user confirms, which clears the issue."""
    return ConfirmRepairFlow()
