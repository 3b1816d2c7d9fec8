"""A SolarEdge inverter behind a real Modbus TCP connection, in a Home Assistant."""

import asyncio
from collections.abc import AsyncIterator
import socket

from modbus_connection import tmodbus
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import CONF_KIND, DOMAIN, Kind
from custom_components.surplus.solaredge import integration
from custom_components.surplus.solaredge.lanes import Pace
from custom_components.surplus.solaredge.model import LinkState
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant

from .far_end import SERIAL, Inverter, inverter, switched_on, with_battery, with_meter

CORE = "solaredge_modbus"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask often, and wait a fifth of a second for an answer."""
    pace = Pace(primary_s=0.05, gap_s=0.0, backoff_min_s=0.05, backoff_max_s=0.2)
    monkeypatch.setattr(integration, "_PACE", pace)
    create = tmodbus.create_async_tcp_client

    def quick(*args: object, timeout: float, **kwargs: object) -> object:
        return create(*args, timeout=min(timeout, 0.2), **kwargs)

    monkeypatch.setattr(tmodbus, "create_async_tcp_client", quick)


@pytest.fixture
def no_such_name(monkeypatch: pytest.MonkeyPatch) -> str:
    """A name that leads nowhere, without asking anybody."""
    known, name = socket.getaddrinfo, "no.such.invalid"

    def getaddrinfo(host: str, *args: object, **kwargs: object) -> object:
        if host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return name


@pytest.fixture
async def far_end(
    hass: HomeAssistant, socket_enabled: None, impatient: None
) -> AsyncIterator[Inverter]:
    """A leader with a grid meter and a battery."""
    async with switched_on(with_battery(with_meter(inverter()))) as far_end:
        yield far_end
        # It outlives whoever reads it.
        if not hass.is_stopping:
            for entry in hass.config_entries.async_entries(DOMAIN):
                await settled(entry)
                await hass.config_entries.async_remove(entry.entry_id)
            await hass.async_block_till_done()


async def settled(entry: ConfigEntry) -> None:
    """Wait until what a loaded entry asked first is answered, or known to be not."""
    if entry.state is not ConfigEntryState.LOADED or entry.data["kind"] != "solaredge":
        return
    runtime = entry.runtime_data
    async with asyncio.timeout(10):
        while runtime.state is LinkState.WAITING and not (
            runtime.counters.failed_connections + runtime.counters.timeouts
        ):
            await asyncio.sleep(0.01)


def solaredge_entry(
    far_end: Inverter,
    *,
    host: str | None = None,
    serial: str = SERIAL,
    unit_ids: tuple[int, ...] = (1,),
    **data: object,
) -> MockConfigEntry:
    return MockConfigEntry(
        domain=DOMAIN,
        title="SolarEdge SE10K",
        unique_id=f"solaredge:{serial}",
        data={
            CONF_KIND: Kind.SOLAREDGE,
            CONF_HOST: host or far_end.host,
            CONF_PORT: far_end.port,
            "unit_ids": list(unit_ids),
            "meters": {},
            **data,
        },
    )


def core_entry(
    far_end: Inverter,
    *,
    host: str | None = None,
    serial: str = SERIAL,
    unit_id: int = 1,
    port: int | None = None,
) -> MockConfigEntry:
    """What core's integration has set up; it is not loaded."""
    return MockConfigEntry(
        domain=CORE,
        title="SolarEdge SE10K",
        unique_id=serial,
        data={
            "type": "tcp",
            CONF_HOST: host or far_end.host,
            CONF_PORT: port or far_end.port,
            "unit_id": unit_id,
        },
    )
