"""Who only observes stops nothing: so nothing is told or counted as shed."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant

from ..conftest import Life
from .conftest import SWITCHED, Add

WATTS = {"unit_of_measurement": "W", "device_class": "power"}


@pytest.mark.parametrize("observing", [True, False])
async def test_only_what_was_really_stopped_is_shed(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    add: Add,
    observing: bool,
) -> None:
    sheds = 0 if observing else 1
    home_entry.runtime_data.async_set_observing(observing)
    hass.states.async_set("sensor.pump_power", "1100", WATTS)
    pump = {**SWITCHED, "sheddable": True, "power_entity": "sensor.pump_power"}
    await add("switched", pump, "Pump")
    await hass.services.async_call(
        "input_boolean", "turn_on", {"entity_id": "input_boolean.pump"}, blocking=True
    )
    await life.run(10, 1000)
    await life.run(30, 14_000)
    counters = home_entry.runtime_data.cycle.guard.counters
    assert (counters.overloads, counters.sheds) == (1, sheds)
    told = hass.states.get("event.pump_load_shedding").state != STATE_UNKNOWN
    assert told is bool(sheds)
    runs = hass.states.get("input_boolean.pump").state == "on"
    assert runs is observing
    await life.run(400, 1000)
    counters = home_entry.runtime_data.cycle.guard.counters
    assert (counters.sheds, counters.restores) == (sheds, sheds)
