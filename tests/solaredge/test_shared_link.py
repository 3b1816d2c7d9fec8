"""core alone, for now"""

import asyncio
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulator.modbus import PROMPT, a_site
from simulator.modbus_server import SLOW


@pytest.mark.usefixtures("socket_enabled")
async def test_core(hass: HomeAssistant) -> None:
    site = a_site()
    await site.server.open()
    entry = MockConfigEntry(domain="solaredge_modbus", title="core", unique_id="7E0A51C3", data={"type":"tcp","host":"127.0.0.1","port":site.server.port,"unit_id":1})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    print(entry.state, site.server.accepted, site.server.answered, len(hass.states.async_all()))
    for s in hass.states.async_all(): print(s.entity_id, s.state)
    await hass.config_entries.async_unload(entry.entry_id)
    await site.server.close()
