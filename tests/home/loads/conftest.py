"""A Home whose loads are made of real helpers and of entities that tests write."""

from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.home.loads.runtime import async_get_loads
from custom_components.surplus.home.loads.sources.base import EntityLoad
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.setup import async_setup_component

from ..conftest import Life

HEATER = {
    "command_entity": "input_number.router",
    "command_unit": "watt",
    "max_w": 2400,
    "min_w": 0,
    "characteristic": "linear",
    "phases": [1],
    "priority": 2,
    "min_on": 0,
    "min_off": 0,
    "release": "off",
    "repeat": 0,
    "full_scale": 100,
    "lag": 2,
    "regulation": "characteristic",
}
SWITCHED = {
    "switch_entity": "input_boolean.pump",
    "power_w": 1100,
    "phases": [1],
    "priority": 3,
    "min_on": 5,
    "min_off": 4,
    "least_run": 60,
    "most_run": 240,
    "day_ends": "00:00:00",
    "release": "off",
    "repeat": 0,
}
TARIFF = {
    "told_by": "entity",
    "contract": "peak_off_peak",
    "tariff_entity": "schedule.night",
}
CHARGER = {
    "current_entity": "input_number.amps",
    "switch_entity": "input_boolean.charging",
    "min_a": 6,
    "max_a": 16,
    "step_a": 1,
    "phases": [1],
    "priority": 1,
    "min_on": 5,
    "min_off": 5,
    "release": "off",
    "repeat": 0,
}
STORAGE = {
    "command_entity": "input_number.battery",
    "command_sign": "discharge",
    "charge_w": 3000,
    "discharge_w": 2500,
    "power_sign": "discharge",
    "power_entity": "sensor.battery_power",
    "soc_entity": "sensor.battery_soc",
    "min_soc": 10,
    "max_soc": 95,
    "phases": [1],
    "priority": 4,
    "min_on": 0,
    "min_off": 0,
    "release": "off",
    "repeat": 0,
}
BATTERY = {
    "power_entity": "sensor.battery_power",
    "power_sign": "discharge",
    "soc_entity": "sensor.battery_soc",
    "first_soc": 30,
}

type Calls = list[Event[Any]]
type Add = Callable[..., Awaitable[ConfigSubentry]]


def _helper(low: float, high: float, step: float, unit: str) -> dict[str, Any]:
    return {
        "min": low,
        "max": high,
        "step": step,
        "initial": max(low, 0),
        "unit_of_measurement": unit,
    }


@pytest.fixture
async def calls(hass: HomeAssistant) -> Calls:
    """Return every action called on the helpers, in order."""
    assert await async_setup_component(
        hass,
        "input_number",
        {
            "input_number": {
                "router": _helper(0, 2400, 10, "W"),
                "dimmer": _helper(0, 100, 1, "%"),
                "amps": _helper(6, 32, 1, "A"),
                "battery": _helper(-3000, 3000, 50, "W"),
            }
        },
    )
    assert await async_setup_component(
        hass, "input_boolean", {"input_boolean": {"pump": {}, "charging": {}}}
    )
    seen: Calls = []

    @callback
    def note(event: Event[Any]) -> None:
        if event.data["domain"].startswith("input_"):
            seen.append(event)

    hass.bus.async_listen("call_service", note)
    return seen


def told(calls: Calls) -> list[tuple[str, Any]]:
    """Return what was called, without which entity; and forget it."""
    found = [
        (event.data["service"], event.data["service_data"].get("value"))
        for event in calls
    ]
    calls.clear()
    return found


@pytest.fixture
def add(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, calls: Calls
) -> Add:
    """Return what adds a subentry to the running Home."""

    async def add_subentry(
        kind: str, data: dict[str, Any], title: str = "Tank"
    ) -> ConfigSubentry:
        subentry = ConfigSubentry(
            data=MappingProxyType(data),
            subentry_type=kind,
            title=title,
            unique_id=None,
        )
        hass.config_entries.async_add_subentry(home_entry, subentry)
        await hass.async_block_till_done()
        return subentry

    return add_subentry


def load_of(
    hass: HomeAssistant, entry: MockConfigEntry, subentry: ConfigSubentry
) -> EntityLoad[Any]:
    """Return the load behind a subentry."""
    load = async_get_loads(hass, entry).places[subentry.subentry_id].load
    assert load is not None
    assert async_get_registry(hass).loads[f"home:{subentry.subentry_id}"] is load
    return load


def put(hass: HomeAssistant, entity_id: str, value: object, unit: str = "W") -> None:
    """Write a state as another integration would."""
    hass.states.async_set(entity_id, str(value), {"unit_of_measurement": unit})
