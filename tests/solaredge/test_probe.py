"""A test read says which inverter answers, or exactly why none does."""

import asyncio
from collections.abc import AsyncIterator
import socket

from modbus_connection import (
    ModbusConnectionError,
    ModbusError,
    ModbusProtocolError,
    ModbusTcpParams,
    ModbusTimeoutError,
    ServerDeviceBusyError,
    ServerDeviceFailureError,
)
from modbus_connection.mock import MockModbusConnection
from modbus_connection.tmodbus import ModbusConnection
import pytest

from custom_components.surplus.solaredge.model import Layout, MeterRole
from custom_components.surplus.solaredge.probe import (
    ReadError,
    Trouble,
    async_test_read,
)

from .far_end import (
    SERIAL,
    Inverter,
    Unit,
    ev_charger,
    inverter,
    switched_on,
    with_battery,
    with_meter,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
async def far_end(socket_enabled: None) -> AsyncIterator[Inverter]:
    async with switched_on(with_battery(with_meter(inverter()))) as far_end:
        yield far_end


async def probe(
    host: str, port: int, unit_id: int = 1, *, others: tuple[int, ...] = ()
) -> Layout:
    connection = ModbusConnection(ModbusTcpParams(host=host, port=port), timeout=0.1)
    try:
        return await async_test_read(connection.for_unit, unit_id, others=others)
    finally:
        await connection.close()


async def trouble(
    host: str, port: int, unit_id: int = 1, *, others: tuple[int, ...] = ()
) -> Trouble:
    with pytest.raises(ReadError) as err:
        await probe(host, port, unit_id, others=others)
    assert err.value.unit_id == unit_id
    return err.value.trouble


async def test_what_answers_is_found_with_what_hangs_on_it(far_end: Inverter) -> None:
    found = await probe(far_end.host, far_end.port)
    (leader,) = found.inverters
    assert (leader.serial, leader.model) == (SERIAL, "SE10K-RWS48BEN4")
    assert leader.unit_id == 1
    (meter,) = found.meters
    assert (meter.index, meter.role) == (1, MeterRole.GRID)
    assert (meter.serial, meter.model) == ("606000001", "SE-MTR-3Y-400V-A")
    (battery,) = found.batteries
    assert (battery.rated_wh, battery.serial) == (9700.0, "BAT0001")


async def test_a_bare_inverter_is_found(far_end: Inverter) -> None:
    far_end.units = {125: inverter()}
    found = await probe(far_end.host, far_end.port, 125)
    assert found.meters == found.batteries == ()


async def test_one_connection_is_enough(far_end: Inverter) -> None:
    await probe(far_end.host, far_end.port)
    assert far_end.connections == 1


async def test_a_closed_port_is_told(far_end: Inverter) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        assert await trouble("127.0.0.1", port) is Trouble.REFUSED
        # A name with several addresses fails with all their errors in one.
        assert await trouble("localhost", port) is Trouble.REFUSED


async def test_an_unknown_name_is_told(no_such_name: str) -> None:
    assert await trouble(no_such_name, 1502) is Trouble.UNKNOWN_HOST


async def test_being_hung_up_on_is_told(far_end: Inverter) -> None:
    far_end.hangs_up = True
    assert await trouble(far_end.host, far_end.port) is Trouble.BUSY


async def test_an_inverter_that_serves_another_program_is_told(
    far_end: Inverter,
) -> None:
    other = ModbusConnection(
        ModbusTcpParams(host=far_end.host, port=far_end.port), timeout=1
    )
    await other.for_unit(1).read_holding_registers(40000, 2)
    assert await trouble(far_end.host, far_end.port) is Trouble.BUSY
    await other.close()


async def test_silence_is_told(far_end: Inverter) -> None:
    far_end.silent_units = {1}
    assert await trouble(far_end.host, far_end.port) is Trouble.SILENT


async def test_silence_of_one_id_where_another_answers_is_a_wrong_id(
    far_end: Inverter,
) -> None:
    assert await trouble(far_end.host, far_end.port, 2) is Trouble.WRONG_UNIT


async def test_an_id_that_somebody_else_reads_shows_that_this_one_is_wrong(
    far_end: Inverter,
) -> None:
    far_end.units = {7: inverter()}
    assert await trouble(far_end.host, far_end.port, 2) is Trouble.SILENT
    others = (2, 7)
    assert (
        await trouble(far_end.host, far_end.port, 2, others=others)
        is Trouble.WRONG_UNIT
    )


@pytest.mark.parametrize("code", [10, 11])
async def test_a_gateway_that_knows_no_such_unit_is_told(
    far_end: Inverter, code: int
) -> None:
    far_end.exceptions = {1: code}
    assert await trouble(far_end.host, far_end.port) is Trouble.WRONG_UNIT


async def test_a_device_without_such_registers_is_no_inverter(
    far_end: Inverter,
) -> None:
    far_end.units = {1: Unit()}
    assert await trouble(far_end.host, far_end.port) is Trouble.NOT_SOLAREDGE


async def test_a_device_that_does_not_speak_sunspec_is_no_inverter(
    far_end: Inverter,
) -> None:
    far_end.units = {1: Unit().put(40000, *[0] * 120)}
    assert await trouble(far_end.host, far_end.port) is Trouble.NOT_SOLAREDGE


async def test_another_make_is_named(far_end: Inverter) -> None:
    far_end.units = {1: inverter(make="Fronius", model="Symo 8.2-3-M")}
    with pytest.raises(ReadError) as err:
        await probe(far_end.host, far_end.port)
    assert err.value.trouble is Trouble.OTHER_MAKE
    assert err.value.detail == "Fronius Symo 8.2-3-M"


async def test_a_device_without_a_make_is_no_inverter(far_end: Inverter) -> None:
    far_end.units = {1: inverter(make="")}
    assert await trouble(far_end.host, far_end.port) is Trouble.NOT_SOLAREDGE


async def test_a_charger_that_poses_as_an_inverter_is_told(far_end: Inverter) -> None:
    far_end.units = {1: ev_charger()}
    assert await trouble(far_end.host, far_end.port) is Trouble.EV_CHARGER


async def test_an_inverter_without_a_serial_number_is_told(far_end: Inverter) -> None:
    far_end.units = {1: inverter(serial="")}
    assert await trouble(far_end.host, far_end.port) is Trouble.NO_SERIAL


async def test_an_inverter_that_answers_with_nothing_is_silent(
    far_end: Inverter,
) -> None:
    far_end.units = {1: inverter().put(40069, *[0xFFFF] * 52)}
    assert await trouble(far_end.host, far_end.port) is Trouble.SILENT


async def test_an_inverter_that_refuses_its_measurements_is_none(
    far_end: Inverter,
) -> None:
    del far_end.units[1].registers[40100]
    assert await trouble(far_end.host, far_end.port) is Trouble.NOT_SOLAREDGE


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ServerDeviceBusyError(), Trouble.BUSY),
        (ModbusProtocolError("another answer"), Trouble.BUSY),
        (ServerDeviceFailureError(), Trouble.SILENT),
        (ModbusConnectionError("lost"), Trouble.BUSY),
        (ModbusTimeoutError("late"), Trouble.SILENT),
        (ModbusError("odd"), Trouble.NOT_SOLAREDGE),
    ],
)
async def test_what_a_link_reports_is_put_in_words(
    error: ModbusError, expected: Trouble
) -> None:
    connection = MockModbusConnection()
    connection.for_unit(1).fail_requests(error)
    with pytest.raises(ReadError) as err:
        await async_test_read(connection.for_unit, 1)
    assert err.value.trouble is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionResetError(), Trouble.BUSY),
        (OSError(113, "No route to host"), Trouble.UNREACHABLE),
        (TimeoutError(), Trouble.UNREACHABLE),
    ],
)
async def test_a_connection_that_cannot_be_made_is_told(
    monkeypatch: pytest.MonkeyPatch, error: Exception, expected: Trouble
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", fails)
    assert await trouble("192.0.2.1", 1502) is expected
