"""What schedules and needs are called in a list, in the user's language."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant

from ...control.model import ChargerSpec
from ...control.needs.specs import NeedKind
from ...registry import async_get_registry
from ..loads.choice import load_name
from .const import (
    CONF_BEGINS,
    CONF_DAYS,
    CONF_ENDS,
    CONF_ENERGY_KWH,
    CONF_LIMIT,
    CONF_LOAD,
    CONF_MINIMUM,
    CONF_NEED,
    CONF_READY_BY,
    CONF_TARGET,
    CONF_VALUE,
    DAYS,
    SUBENTRY_SCHEDULE,
)

_NBSP: Final = "\u00a0"
# A title is kept with its subentry: it cannot be translated when it is shown.
_WORDS: Final = {
    "en": {
        "colon": ": ",
        "schedule": "schedule",
        "need": "need",
        "every_night": "every night",
        "every_day": "every day",
        "days": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        "by": "by",
        "at_least": "at least",
        "minimum": "minimum",
        "limit": "limit",
    },
    "fr": {
        "colon": f"{_NBSP}: ",
        "schedule": "plage horaire",
        "need": "besoin",
        "every_night": "toutes les nuits",
        "every_day": "tous les jours",
        "days": ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
        "by": "pour",
        "at_least": "au moins",
        "minimum": "minimum",
        "limit": "limite",
    },
}
_UNITS: Final = {
    NeedKind.ENERGY: "kWh",
    NeedKind.HOURS: "h",
    NeedKind.TEMPERATURE: "°C",
    NeedKind.CHARGE: "%",
}

type _Words = Mapping[str, Any]


def title_of(hass: HomeAssistant, kind: str, data: Mapping[str, Any]) -> str:
    """Return a title, such as “Car: every night 21:00–07:00, 16 A”."""
    words = _words(hass)
    is_schedule = kind == SUBENTRY_SCHEDULE
    told = _schedule(hass, words, data) if is_schedule else _need(words, data)
    # An automation may ask for nothing, for a while.
    told = told or words[kind]
    return f"{load_name(hass, data[CONF_LOAD])}{words['colon']}{told}"


def device_name_of(hass: HomeAssistant, kind: str, data: Mapping[str, Any]) -> str:
    """Return a short name that does not change with what a user moves."""
    words = _words(hass)
    return f"{load_name(hass, data[CONF_LOAD])}{words['colon']}{words[kind]}"


def _words(hass: HomeAssistant) -> _Words:
    return _WORDS.get(hass.config.language, _WORDS["en"])


def _schedule(hass: HomeAssistant, words: _Words, data: Mapping[str, Any]) -> str:
    begins, ends = data[CONF_BEGINS][:5], data[CONF_ENDS][:5]
    every = "every_night" if ends <= begins else "every_day"
    told = [f"{_days(words, data, every)} {begins}–{ends}"]
    if (value := data.get(CONF_VALUE)) is not None:
        source = async_get_registry(hass).loads.get(data[CONF_LOAD])
        is_charger = source is None or isinstance(source.spec, ChargerSpec)
        told.append(f"{value:g}{_NBSP}{'A' if is_charger else 'W'}")
    if (energy_kwh := data.get(CONF_ENERGY_KWH)) is not None:
        told.append(f"{energy_kwh:g}{_NBSP}kWh")
    return ", ".join(told)


def _need(words: _Words, data: Mapping[str, Any]) -> str:
    kind = NeedKind(data[CONF_NEED])
    unit = f"{_NBSP}{_UNITS[kind]}"
    told = []
    if minimum := data.get(CONF_MINIMUM):
        told.append(f"{words['minimum']} {minimum:g}{unit}")
    if target := data.get(CONF_TARGET):
        days = _days(words, data, "every_day")
        least = "" if kind.is_level else f"{words['at_least']} "
        ready_by = data[CONF_READY_BY][:5]
        told.append(f"{least}{target:g}{unit} {words['by']} {ready_by} {days}")
    if (limit := data.get(CONF_LIMIT)) is not None and limit < 100:
        told.append(f"{words['limit']} {limit:g}{unit}")
    return ", ".join(told)


def _days(words: _Words, data: Mapping[str, Any], every: str) -> str:
    days = [
        name
        for day, name in zip(DAYS, words["days"], strict=True)
        if day in data[CONF_DAYS]
    ]
    return words[every] if len(days) == len(DAYS) else ", ".join(days)
