"""The habits of the inverter's network side."""

import asyncio
import socket
import struct

from modbus_connection import (
    GatewayTargetError,
    IllegalDataAddressError,
    ModbusConnectionError,
    ModbusError,
    ModbusTimeoutError,
)
from pymodbus.client import AsyncModbusTcpClient
import pytest

from simulator.inverter import SolarEdgeSpec
from simulator.modbus_server import Habits, ModbusServer

from .modbus import PROMPT, a_site, read, served

pytestmark = pytest.mark.usefixtures("socket_enabled")


def request(transaction: int, address: int, count: int = 1, unit: int = 1) -> bytes:
    """Return a frame that reads holding registers."""
    return struct.pack(">HHHBBHH", transaction, 0, 6, unit, 3, address, count)


async def test_pymodbus_itself_can_read_it() -> None:
    site = a_site()
    await site.server.open()
    client = AsyncModbusTcpClient(site.server.host, port=site.server.port)
    assert await client.connect()
    answer = await client.read_holding_registers(40000, count=4, device_id=1)
    refused = await client.read_holding_registers(50000, count=4, device_id=1)
    client.close()
    await site.server.close()
    assert answer.registers == [0x5375, 0x6E53, 1, 65]
    assert refused.isError()
    assert refused.exception_code == 2


async def test_a_second_caller_is_turned_away_and_the_first_goes_on() -> None:
    site = a_site()
    async with served(site) as link:
        await read(link)
        second = site.connection()
        with pytest.raises(ModbusConnectionError):
            await second.for_unit(1).read_holding_registers(40000, 2)
        await second.close()
        assert await link.for_unit(1).read_holding_registers(40000, 1) == [0x5375]
        assert (site.server.accepted, site.server.turned_away) == (1, 1)


async def test_the_next_caller_is_let_in_when_the_first_is_gone() -> None:
    site = a_site()
    async with served(site) as link:
        await read(link)
        await link.disconnect()
        async with asyncio.timeout(5):
            while site.server.has_caller:
                await asyncio.sleep(0.01)
        second = site.connection()
        await read(second)
        await second.close()
    assert (site.server.accepted, site.server.turned_away) == (2, 0)


async def test_what_it_does_not_have_is_an_illegal_address() -> None:
    async with served(a_site()) as link:
        unit = link.for_unit(1)
        for address, count in ((40295, 3), (40290, 10), (57600, 2), (39999, 1)):
            with pytest.raises(IllegalDataAddressError):
                await unit.read_holding_registers(address, count)
        with pytest.raises(ModbusError):
            await unit.write_register(40083, 1)


async def test_a_unit_it_does_not_have_is_refused_or_ignored() -> None:
    site = a_site()
    async with served(site) as link:
        with pytest.raises(GatewayTargetError):
            await link.for_unit(7).read_holding_registers(40000, 2)
        site.server.habits = Habits(shortest_s=0, longest_s=0, mute=True)
        hasty = site.connection(timeout=0.2)
        await link.disconnect()
        with pytest.raises(ModbusTimeoutError):
            await hasty.for_unit(7).read_holding_registers(40000, 2)
        await hasty.close()


async def test_a_late_answer_still_carries_the_transaction_it_belongs_to() -> None:
    late = Habits(shortest_s=0, longest_s=0, late_every=2, late_s=0.3)
    site = a_site(habits=late)
    await site.server.open()
    reader, writer = await asyncio.open_connection(site.server.host, site.server.port)
    writer.write(request(1, 40000))
    assert (await reader.readexactly(11))[:2] == b"\x00\x01"
    # The second one is late; a client that gave up asks for something else meanwhile.
    writer.write(request(2, 40069))
    await asyncio.sleep(0.05)
    writer.write(request(3, 40070))
    second, third = await reader.readexactly(11), await reader.readexactly(11)
    assert (second[:2], second[-1]) == (b"\x00\x02", 101)
    assert (third[:2], third[-1]) == (b"\x00\x03", 50)
    writer.close()
    await site.server.close()
    assert [answer.address for answer in site.server.history] == [40000, 40069, 40070]


async def test_requests_in_one_packet_are_answered_in_their_order() -> None:
    site = a_site()
    await site.server.open()
    reader, writer = await asyncio.open_connection(site.server.host, site.server.port)
    writer.write(request(1, 40069) + request(2, 40070) + request(3, 40000)[:5])
    answers = await reader.readexactly(22)
    writer.write(request(3, 40000)[5:])
    third = await reader.readexactly(11)
    writer.close()
    await site.server.close()
    assert [answers[1], answers[12], third[1]] == [1, 2, 3]
    assert [answers[10], answers[21]] == [101, 50]


async def test_garbage_is_met_with_silence() -> None:
    site = a_site()
    async with served(site) as link:
        reader, writer = await asyncio.open_connection(
            site.server.host, site.server.port
        )
        writer.write(b"\x00\x01\x00\x00\x00\x06\x01\x63" + b"\xff" * 4)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        writer.close()
        await writer.wait_closed()
        async with asyncio.timeout(5):
            while site.server.has_caller:
                await asyncio.sleep(0.01)
        await read(link)


async def test_a_slow_answer_is_as_old_as_it_is_slow() -> None:
    site = a_site(habits=Habits(shortest_s=0.3, longest_s=0.3))
    async with served(site) as link:
        asked = asyncio.create_task(link.for_unit(1).read_holding_registers(40083, 2))
        await asyncio.sleep(0.1)
        site.house.fix_base(-9000.0)
        site.live(5)
        assert await asked == [30000, 0xFFFF]


async def test_a_follower_takes_longer() -> None:
    habits = Habits(shortest_s=0.0, longest_s=0.0, further_s=0.4)
    site = a_site(spec=SolarEdgeSpec(follower_share=0.5), habits=habits)
    assert site.server._delay_s(1) == 0.0
    assert site.server._delay_s(2) == 0.4


async def test_some_hang_up_at_night() -> None:
    habits = Habits(shortest_s=0.0, longest_s=0.0, hangs_up_asleep=True)
    site = a_site(habits=habits)
    async with served(site) as link:
        await read(link)
        site.house.night = True
        site.live(5)
        with pytest.raises(ModbusConnectionError):
            await link.for_unit(1).read_holding_registers(40000, 2)
        site.house.night = False
        site.live(5)
        await read(link)


async def test_it_goes_and_comes_back_at_the_same_port() -> None:
    site = a_site(habits=Habits(shortest_s=0.2, longest_s=0.2))
    async with served(site) as link:
        asked = asyncio.create_task(link.for_unit(1).read_holding_registers(40000, 2))
        await asyncio.sleep(0.1)
        port = site.server.port
        await site.server.close()
        await site.server.close()
        with pytest.raises(ModbusError):
            await asked
        with pytest.raises(ModbusConnectionError):
            await link.for_unit(1).read_holding_registers(40000, 2)
        assert not site.server.is_open
        site.server.habits = PROMPT
        await site.server.open()
        await site.server.open()
        assert site.server.port == port
        await read(link)


async def test_a_taken_port_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = ModbusServer(a_site().inverter, port=taken.getsockname()[1])
        with pytest.raises(OSError, match="is taken"):
            await server.open()
    server.hang_up()
