"""What a test read found, in words, and what a person settles about the meters."""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN
from .const import CONF_REVERSED, CONF_ROLE
from .model import Battery, Inverter, Layout, Meter, MeterRole

_REVERSED: Final = "_reversed"

# A reading that nobody can give a sense has no direction either.
_CHOICES: Final = [
    *(
        f"{role}{suffix}"
        for role in (MeterRole.GRID, MeterRole.PRODUCTION, MeterRole.CONSUMPTION)
        for suffix in ("", _REVERSED)
    ),
    MeterRole.UNKNOWN,
]

_SELECTOR: Final = SelectSelector(
    SelectSelectorConfig(
        options=_CHOICES,
        translation_key="solaredge_meter",
        mode=SelectSelectorMode.DROPDOWN,
    )
)

type MeterSettings = Mapping[str, Mapping[str, Any]]


def commercial_name(model: str | None) -> str:
    """Return what an inverter is sold as: its part number up to the dash."""
    return f"SolarEdge {(model or '').partition('-')[0]}".strip()


def meters_schema(layout: Layout, settings: MeterSettings) -> vol.Schema:
    """Return a form with a field for each meter, ``meter_1`` first.

    Suggested is what a person settled before, else what the meter itself says; a meter
    that says nothing has to be settled.
    """
    fields: dict[vol.Marker, SelectSelector] = {}
    for number, meter in enumerate(layout.meters, 1):
        choice = _choice_of(meter, settings.get(meter.key, {}))
        fields[
            vol.Required(
                f"meter_{number}",
                description={"suggested_value": choice} if choice else None,
            )
        ] = _SELECTOR
    return vol.Schema(fields)


def meter_settings(
    layout: Layout, user_input: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Return what of the form is not what the meters say themselves."""
    settings: dict[str, dict[str, Any]] = {}
    for number, meter in enumerate(layout.meters, 1):
        choice = user_input[f"meter_{number}"]
        role = choice.removesuffix(_REVERSED)
        settled: dict[str, Any] = {}
        if role != meter.role or meter.role is MeterRole.UNKNOWN:
            settled[CONF_ROLE] = role
        if choice.endswith(_REVERSED):
            settled[CONF_REVERSED] = True
        if settled:
            settings[meter.key] = settled
    return settings


def _choice_of(meter: Meter, settled: Mapping[str, Any]) -> str | None:
    role = settled.get(CONF_ROLE, meter.role)
    if role == MeterRole.UNKNOWN and CONF_ROLE not in settled:
        return None
    return f"{role}{_REVERSED if settled.get(CONF_REVERSED) else ''}"


async def async_describe(hass: HomeAssistant, layout: Layout) -> dict[str, str]:
    """Return lists of what was found, in the language of Home Assistant."""
    texts = await async_get_translations(
        hass, hass.config.language, "selector", {DOMAIN}
    )

    def text(key: str) -> str:
        return texts[f"component.{DOMAIN}.selector.solaredge_found.options.{key}"]

    def inverter(found: Inverter) -> str:
        return text("inverter").format(
            model=found.model or text("nameless"),
            serial=found.serial,
            unit_id=found.unit_id,
        )

    def meter(found: Meter) -> str:
        return text("meter" if found.option else "silent_meter").format(
            model=found.model or text("nameless"),
            serial=found.serial or "–",
            option=found.option,
        )

    def battery(found: Battery) -> str:
        if found.rated_wh is None:
            return found.model or text("nameless")
        return text("battery").format(
            model=found.model or text("nameless"), kwh=round(found.rated_wh / 1000, 1)
        )

    return {
        "inverters": _listed([inverter(row) for row in layout.inverters]),
        "meters": _listed([meter(row) for row in layout.meters]) or text("none"),
        "batteries": _listed([battery(row) for row in layout.batteries])
        or text("none"),
        "unsure": text("unsure") if layout.unsure else "",
    }


def _listed(lines: list[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
