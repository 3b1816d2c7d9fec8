"""The terms of a load's PID, for those who tune it."""

from dataclasses import dataclass

import pytest
from pytest_homeassistant_custom_component.common import (
    MockEntityPlatform,
    async_capture_events,
)

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.loads.charger import ChargerControl
from custom_components.surplus.home.loads.extras import (
    Extra,
    LoadRegulatorSensor,
    extra_entities,
)
from custom_components.surplus.registry import async_get_registry
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo

from .conftest import LOAD_ID, Life

DEVICE = DeviceInfo(identifiers=set())


@dataclass(frozen=True)
class Terms:
    """One step of a PID."""

    error_w: float = 1.0
    p_w: float = 2.0
    i_w: float = 3.0
    d_w: float = 4.0
    output_w: float = 5.0


@pytest.fixture
async def sensors(hass: HomeAssistant, life: Life) -> Life:
    """Return a life whose charger has the sensors of a PID."""
    added = [
        entity
        for entity in extra_entities(
            Extra.REGULATOR, async_get_registry(hass), LOAD_ID, DEVICE
        )
        if isinstance(entity, LoadRegulatorSensor)
    ]
    for entity in added:
        assert not entity.entity_registry_enabled_default
        entity._attr_device_info = None
        entity._attr_entity_registry_enabled_default = True
        entity.entity_id = f"sensor.{entity._key}"
    await MockEntityPlatform(
        hass, domain="sensor", platform_name=DOMAIN
    ).async_add_entities(added)
    return life


async def test_the_terms_of_a_regulated_load_are_shown(
    hass: HomeAssistant, sensors: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sensors.run(2, 500)
    assert hass.states.get("sensor.pid_p").state == STATE_UNAVAILABLE
    monkeypatch.setattr(ChargerControl, "pid_terms", Terms())
    await sensors.run(2, 500)
    shown = {
        key: float(hass.states.get(f"sensor.pid_{key}").state)
        for key in ("error", "p", "i", "d", "output")
    }
    assert shown == {"error": 1, "p": 2, "i": 3, "d": 4, "output": 5}


async def test_terms_are_a_row_in_the_recorder_once_a_minute(
    hass: HomeAssistant, sensors: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    for n in range(130):
        monkeypatch.setattr(ChargerControl, "pid_terms", Terms(p_w=10.0 * n))
        await sensors.run(1, 500)
    written = [event for event in events if event.data["entity_id"] == "sensor.pid_p"]
    assert 2 <= len(written) <= 4
