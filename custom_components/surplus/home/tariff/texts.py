"""What the tariff is called: a subentry's title is not translated by itself."""

from homeassistant.core import HomeAssistant


def tariff_title(hass: HomeAssistant) -> str:
    """Return the title in the user's language."""
    return {"fr": "Tarif"}.get(hass.config.language, "Tariff")
