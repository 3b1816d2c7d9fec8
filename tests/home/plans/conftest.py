"""A Home with a charger, and what adds schedules and needs to it."""

from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from ..conftest import LOAD_ID, Life

SCHEDULE: dict[str, Any] = {
    "load": LOAD_ID,
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "begins": "21:00:00",
    "ends": "07:00:00",
    "value": 16,
    "on_dear": False,
}
CHARGE: dict[str, Any] = {
    "load": LOAD_ID,
    "need": "charge",
    "level_entity": "sensor.car_soc",
    "minimum": 20,
    "limit": 80,
    "target": 70,
    "ready_by": "07:00:00",
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "on_dear": "never",
    "capacity_kwh": 50,
    "efficiency": 90,
}
ENERGY: dict[str, Any] = {
    "load": LOAD_ID,
    "need": "energy",
    "target": 5,
    "ready_by": "07:00:00",
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "on_dear": "never",
}

type Add = Callable[[str, dict[str, Any]], Awaitable[ConfigSubentry]]


@pytest.fixture
def add(hass: HomeAssistant, life: Life, home_entry: MockConfigEntry) -> Add:
    """Return what adds a schedule or a need to the running Home."""

    async def add_subentry(kind: str, data: dict[str, Any]) -> ConfigSubentry:
        subentry = ConfigSubentry(
            data=MappingProxyType(data),
            subentry_type=kind,
            title=kind,
            unique_id=None,
        )
        hass.config_entries.async_add_subentry(home_entry, subentry)
        await hass.async_block_till_done()
        return subentry

    return add_subentry
