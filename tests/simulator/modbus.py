"""A house with an inverter, and the real library at the far end of a real socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from modbus_connection import ModbusTcpParams
from modbus_connection.tmodbus import ModbusConnection
from solaredged import SolarEdge as Reader

from simulator.battery import SelfRegulatingBattery
from simulator.clock import DayClock
from simulator.house import House, HouseSpec
from simulator.inverter import SolarEdge, SolarEdgeSpec
from simulator.modbus_server import Habits, ModbusServer
from simulator.trace import constant_trace

PROMPT = Habits(shortest_s=0.0, longest_s=0.0)


@dataclass(kw_only=True)
class Site:
    """What is wired together."""

    house: House
    inverter: SolarEdge
    server: ModbusServer
    battery: SelfRegulatingBattery | None = None

    def connection(self, timeout: float = 5.0) -> ModbusConnection:
        """Return another link to it, not open yet."""
        params = ModbusTcpParams(host=self.server.host, port=self.server.port)
        return ModbusConnection(params, timeout=timeout)

    def live(self, seconds: float) -> None:
        """Let device time pass."""
        self.house.advance(self.house.now + seconds)


def a_site(
    *,
    solar_w: float = 3000.0,
    load_w: float = 800.0,
    phases: int = 1,
    battery: SelfRegulatingBattery | None = None,
    spec: SolarEdgeSpec | None = None,
    habits: Habits = PROMPT,
) -> Site:
    """Build a house with constant sun and household, and live a little."""
    house = House(
        solar=constant_trace(solar_w),
        load=constant_trace(load_w),
        day=DayClock(),
        spec=HouseSpec(phases=phases),
    )
    if battery is not None:
        house.devices.append(battery)
        house.meters.append(battery)
    inverter = SolarEdge(spec or SolarEdgeSpec(), house, battery)
    house.meters.append(inverter)
    house.advance(2.0)
    server = ModbusServer(inverter, habits=habits)
    return Site(house=house, inverter=inverter, server=server, battery=battery)


@asynccontextmanager
async def served(site: Site) -> AsyncIterator[ModbusConnection]:
    """Serve a site, with one link to it."""
    await site.server.open()
    link = site.connection()
    try:
        yield link
    finally:
        await link.close()
        await site.server.close()


async def read(link: ModbusConnection, unit: int = 1) -> Reader:
    """Find out what a unit has, and read all of it."""
    reader = await Reader.async_probe(link.for_unit(unit))
    report = await reader.async_update()
    assert report.complete, report.failed
    return reader
