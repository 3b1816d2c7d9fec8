"""How many commands a day a load may have, as its form sets it."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.control.model import HeaterSpec, StorageSpec
from homeassistant.core import HomeAssistant

from .conftest import HEATER, STORAGE, Add, load_of


@pytest.mark.parametrize("kind", ["heater", "storage"])
async def test_a_device_whose_memory_wears_gets_fewer_commands(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, kind: str
) -> None:
    data, usual = {"heater": (HEATER, 20_000), "storage": (STORAGE, 10_000)}[kind]
    loads = [
        load_of(hass, home_entry, await add(kind, form, name))
        for name, form in (("One", data), ("Two", {**data, "writes_per_day": 500}))
    ]
    specs = [load.spec for load in loads]
    assert all(isinstance(spec, HeaterSpec | StorageSpec) for spec in specs)
    assert [getattr(spec, "writes_per_day", None) for spec in specs] == [usual, 500]
