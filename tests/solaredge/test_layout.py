"""What is there, of what was known and what was seen."""

import asyncio
from dataclasses import replace

from modbus_connection import (
    GatewayTargetError,
    ModbusConnectionError,
    ModbusTimeoutError,
    ServerDeviceBusyError,
    ServerDeviceFailureError,
)
import pytest

from custom_components.surplus.solaredge import layout as layouts
from custom_components.surplus.solaredge.layout import (
    NoSerialError,
    NotSolarEdgeError,
    ProbeError,
    async_probe_unit,
    joined,
    meter_key,
    same_devices,
    updated,
)
from custom_components.surplus.solaredge.model import MeterRole
from custom_components.surplus.solaredge.readings import role_of, text

from .dumps import (
    FOLLOWER,
    LEADER,
    THREE_METERS,
    TWO_BATTERIES,
    UINT16_NONE,
    put,
    registers,
    unit,
    words_of,
)
from .virtual import SharedLink, SharedUnit, run


@pytest.mark.parametrize(
    ("option", "role"),
    [
        ("Export+Import", MeterRole.GRID),
        ("Import", MeterRole.GRID),
        ("Inverter Production", MeterRole.PRODUCTION),
        ("PV generation", MeterRole.PRODUCTION),
        ("Consumption", MeterRole.CONSUMPTION),
        ("Consumption + Export", MeterRole.CONSUMPTION),
        ("Something", MeterRole.UNKNOWN),
        ("", MeterRole.UNKNOWN),
        (None, MeterRole.UNKNOWN),
    ],
)
def test_a_role_follows_from_the_option(option: str | None, role: MeterRole) -> None:
    assert role_of(option) is role


def test_text_loses_its_padding_and_control_characters() -> None:
    assert text("SolarEdge \0\0") == "SolarEdge"
    assert text("\x01RESU\x7f10") == "RESU 10"
    assert text(" \0") is None
    assert text(None) is None


def test_a_meter_is_its_serial_and_what_it_measures() -> None:
    assert meter_key("7E", "ABC", "Export+Import", 2) == "7E_meter_ABC_grid"
    assert meter_key("7E", "ABC", "Production", 1) == "7E_meter_ABC_production"
    assert meter_key("7E", "ABC", None, 1) == "7E_meter_ABC"
    assert meter_key("7E", None, "Production", 3) == "7E_meter_3"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModbusConnectionError("refused"), "cannot_connect"),
        (ModbusTimeoutError("silent"), "no_answer"),
        (GatewayTargetError(), "no_answer"),
        (ServerDeviceBusyError(), "no_answer"),
        (ServerDeviceFailureError(), "not_solaredge"),
    ],
)
async def test_a_probe_says_why_it_failed(error: Exception, reason: str) -> None:
    device = unit(LEADER)
    device.fail_requests(error)
    with pytest.raises(ProbeError) as caught:
        await async_probe_unit(device, 1)
    assert caught.value.reason == reason


async def test_another_maker_is_not_read() -> None:
    words = registers(LEADER)
    put(words, 40004, words_of("Fronius", 16))
    with pytest.raises(NotSolarEdgeError):
        await async_probe_unit(unit(words), 1)


async def test_an_inverter_without_a_serial_number_is_not_read() -> None:
    words = registers(LEADER)
    put(words, 40052, [0] * 16)
    with pytest.raises(NoSerialError):
        await async_probe_unit(unit(words), 1)


async def test_an_inverter_that_is_just_waking_is_asked_again_later() -> None:
    words = registers(LEADER)
    put(words, 40069, [UINT16_NONE])
    with pytest.raises(ProbeError) as caught:
        await async_probe_unit(unit(words), 1)
    assert caught.value.reason == "no_answer"


async def test_grid_status_is_read_where_the_firmware_has_it() -> None:
    words = registers(LEADER)
    put(words, 40109, [0] * 12)
    (inverter,) = (await async_probe_unit(unit(words), 1)).inverters
    assert inverter.extended


async def test_what_kept_silent_is_not_taken_for_gone() -> None:
    device = unit(TWO_BATTERIES)
    known = await async_probe_unit(device, 1)
    device.fail_read(57666, ModbusTimeoutError("silent"))
    device.fail_read(40188, ModbusTimeoutError("silent"))
    seen = await async_probe_unit(device, 1)
    assert seen.unsure == {"batteries", "meters"}
    assert (seen.meters, seen.batteries) == ((), ())
    assert same_devices(updated(known, seen), known)


async def test_without_the_dc_inputs_the_meters_are_not_known_either() -> None:
    device = unit(LEADER)
    known = await async_probe_unit(device, 1)
    seen = replace(known, meters=(), unsure=frozenset({"mmppt"}))
    assert updated(known, seen).meters == known.meters


async def test_what_says_it_is_gone_is_gone() -> None:
    device = unit(TWO_BATTERIES)
    known = await async_probe_unit(device, 1)
    for address in range(57856, 58000):
        device.words.pop(address, None)
    merged = updated(known, await async_probe_unit(device, 1))
    assert len(merged.batteries) == 1
    assert not same_devices(merged, known)


async def test_units_are_joined_and_taken_apart_again() -> None:
    leader = await async_probe_unit(unit(THREE_METERS), 1)
    follower = await async_probe_unit(unit(FOLLOWER, 2), 2)
    both = joined([leader, follower])
    assert [inverter.unit_id for inverter in both.inverters] == [1, 2]
    assert len(both.keys) == 6
    assert both.of_unit(1) == leader
    assert both.of_unit(2) == follower


async def test_ratings_that_move_are_no_change() -> None:
    known = await async_probe_unit(unit(TWO_BATTERIES), 1)
    first, second = known.batteries
    seen = replace(known, batteries=(replace(first, max_charge_w=3000.0), second))
    assert same_devices(known, seen)


async def test_a_phase_that_comes_alive_is_a_change_and_one_that_goes_is_none() -> None:
    one = await async_probe_unit(unit(TWO_BATTERIES), 1)
    (meter,) = one.meters
    assert meter.phases == 1
    three = replace(one, meters=(replace(meter, phases=3),))
    assert not same_devices(one, updated(one, three))
    assert updated(one, three).meters[0].phases == 3
    assert same_devices(three, updated(three, one))


def test_a_block_that_is_never_answered_does_not_hold_the_link_for_long() -> None:
    async def main() -> tuple[frozenset[str], float]:
        link = SharedLink(0.1)
        device = SharedUnit(link, 1, registers(TWO_BATTERIES))
        # The link itself would wait for half a minute.
        link.answers_s = lambda address: 30.0 if address == 40121 else 0.1
        begun = asyncio.get_running_loop().time()
        found = await async_probe_unit(device, 1)
        return found.unsure, asyncio.get_running_loop().time() - begun

    unsure, took_s = run(main())
    assert unsure == {"mmppt"}
    assert took_s < layouts._SILENT_S + 6
