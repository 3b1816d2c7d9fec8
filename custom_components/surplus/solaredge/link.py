"""The way to an inverter: Home Assistant's shared Modbus link.

An inverter takes one connection, so everything in Home Assistant that talks to it takes
turns on the same one. It is the same only where host and port are spelled alike.

``modbus`` is imported here when it is needed, and is not in the manifest: a mistake in
somebody's ``modbus:`` YAML must not stop all of Surplus.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from modbus_connection import ModbusTcpParams, ModbusUnit

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.requirements import async_get_integration_with_requirements

_MODBUS = "modbus"


def modbus_params(host: str, port: int) -> ModbusTcpParams:
    """Return what the link is known by, as core's SolarEdge integration builds it."""
    return ModbusTcpParams(host=host, port=port)


async def async_take_unit(
    hass: HomeAssistant, entry: ConfigEntry, host: str, port: int, unit_id: int
) -> ModbusUnit:
    """Return a unit that is the entry's until it is unloaded.

    Raises HomeAssistantError where the link exists with other settings.
    """
    await async_get_integration_with_requirements(hass, _MODBUS)
    from homeassistant.components.modbus import async_get_unit

    return async_get_unit(hass, entry, modbus_params(host, port), unit_id)


@asynccontextmanager
async def async_borrow_unit(
    hass: HomeAssistant, host: str, port: int, unit_id: int
) -> AsyncIterator[ModbusUnit]:
    """Lend a unit to something without a loaded entry, as a config flow.

    Raises HomeAssistantError where the link exists with other settings.
    """
    await async_get_integration_with_requirements(hass, _MODBUS)
    from homeassistant.components.modbus import async_get_temporary_unit

    async with async_get_temporary_unit(
        hass, modbus_params(host, port), unit_id
    ) as unit:
        yield unit
