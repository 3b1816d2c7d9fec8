"""What the states of other integrations' entities say, in Surplus's units."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
import logging
from math import isfinite
import re
from typing import Final

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_OFF,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfEnergy,
    UnitOfTemperature,
)
from homeassistant.core import State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.unit_conversion import EnergyConverter, TemperatureConverter

_LOGGER = logging.getLogger(__name__)

# What a broken or disconnected sensor shows (−127 °C) is no water.
_COLDEST_C: Final = -20.0
_HOTTEST_C: Final = 110.0

# Words of charger integrations: "Disconnected", "not_connected", "charge_done",
# "Charging finished, vehicle still connected".
_WORD: Final = re.compile(r"[a-z]+")
_NO_VEHICLE: Final = frozenset(
    {"available", "disconnected", "notconnected", "unconnected", "unplugged"}
)
_NOT: Final = frozenset({"no", "not"})
_VEHICLE: Final = frozenset({"car", "connected", "ev", "plugged", "vehicle"})
_PLUGGED: Final = frozenset(
    {"charged", "complete", "completed", "connected", "done", "finished", "plugged"}
)


def is_there(state: State | None) -> bool:
    """Return whether an entity can be commanded.

    One whose value is not known can: many have none before they are told the first.
    """
    return state is not None and state.state != STATE_UNAVAILABLE


def is_known(state: State | None) -> bool:
    """Return whether an entity tells anything."""
    return state is not None and state.state not in (STATE_UNAVAILABLE, STATE_UNKNOWN)


def plugged_of(state: State | None) -> bool | None:
    """Return whether a charger's state says that a vehicle is plugged in.

    None where it says neither: what it means by *ready* or *idle* nobody knows.
    """
    if state is None or not is_known(state):
        return None
    words = _WORD.findall(state.state.lower())
    # Negated is the word that follows: "connected, not charging" is plugged in.
    negated = any(word in _NOT and after in _VEHICLE for word, after in pairwise(words))
    if negated or not _NO_VEHICLE.isdisjoint(words):
        return False
    return None if _PLUGGED.isdisjoint(words) else True


def number_of(state: State | None) -> float | None:
    """Return a state as a finite number; None when it is none."""
    if state is None:
        return None
    try:
        value = float(state.state)
    except ValueError:
        return None
    return value if isfinite(value) else None


def attribute_of(state: State | None, name: str) -> float | None:
    """Return an attribute as a finite number; None when it is none."""
    value = state.attributes.get(name) if state is not None else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) else None


def on_of(state: State | None) -> bool | None:
    """Return whether an entity is on; None when it does not tell.

    What heats, cools or moves names what it does instead of saying ``on``.
    """
    if state is None or not is_known(state):
        return None
    return state.state != STATE_OFF


def temperature_of(state: State | None) -> float | None:
    """Return a temperature in °C; None when it is missing or cannot be water's."""
    if state is None or (value := number_of(state)) is None:
        return None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, UnitOfTemperature.CELSIUS)
    try:
        celsius = TemperatureConverter.convert(value, unit, UnitOfTemperature.CELSIUS)
    except HomeAssistantError:
        return None
    return celsius if _COLDEST_C < celsius < _HOTTEST_C else None


def energy_of(state: State | None) -> float | None:
    """Return what a counter shows in Wh; None when it is missing or below 0."""
    if state is None or (value := number_of(state)) is None:
        return None
    try:
        energy_wh = EnergyConverter.convert(
            value,
            state.attributes.get(ATTR_UNIT_OF_MEASUREMENT),
            UnitOfEnergy.WATT_HOUR,
        )
    except HomeAssistantError:
        return None
    return energy_wh if energy_wh >= 0.0 else None


def share_of(state: State | None) -> float | None:
    """Return a percentage as a share of 1; None when it is none."""
    percent = number_of(state)
    return percent / 100.0 if percent is not None and 0 <= percent <= 100 else None


class Doubts:
    """Counts what entities told that cannot be used, and logs it once each."""

    def __init__(self, name: str) -> None:
        """Begin without a doubt about a load."""
        self.name = name
        self._doubted: set[str] = set()
        self.counts: Counter[str] = Counter()

    def judge(self, entity_id: str, state: State | None, *, usable: bool) -> None:
        """Take note of whether a new state could be used."""
        if usable:
            if entity_id in self._doubted:
                self._doubted.discard(entity_id)
                _LOGGER.info("%s: %s can be used again", self.name, entity_id)
            return
        self.counts[entity_id] += 1
        if entity_id not in self._doubted:
            self._doubted.add(entity_id)
            _LOGGER.warning(
                "%s: %s shows %r, which cannot be used",
                self.name,
                entity_id,
                state.state if state is not None else None,
            )

    def as_dict(self) -> Mapping[str, int]:
        """Return how often each entity told what could not be used."""
        return dict(self.counts)
