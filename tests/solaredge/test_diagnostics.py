"""What is given away can be replayed, and tells nothing private."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json

from modbus_connection.mock import MockModbusConnection
import pytest
from solaredged import SolarEdge

from custom_components.surplus.diagnostics import async_get_config_entry_diagnostics
from custom_components.surplus.solaredge import diagnostics
from custom_components.surplus.solaredge.diagnostics import Redactor
from custom_components.surplus.solaredge.model import Inverter, Layout
from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .conftest import solaredge_entry
from .far_end import (
    FOLLOWER_SERIAL,
    SERIAL,
    Inverter as FarEnd,
    inverter,
    with_battery,
    words_of,
)
from .test_entities import loaded


async def test_registers_can_be_replayed(hass: HomeAssistant, far_end: FarEnd) -> None:
    entry = solaredge_entry(far_end)
    await loaded(hass, entry)
    told = json.loads(
        json.dumps(await async_get_config_entry_diagnostics(hass, entry), default=str)
    )
    unit = MockModbusConnection().for_unit(1)
    unit.load_raw(told["registers"]["1"])
    replayed = SolarEdge(unit, meters=1, batteries=1, grid_status=True)
    assert (await replayed.async_update_readings()).complete
    assert replayed.inverter.ac_power == 3000
    assert replayed.meters[0].ac_power == 1200
    assert replayed.meters[0].option == "Export+Import"
    assert replayed.batteries[0].state_of_energy == 66
    assert replayed.common.serial_number == "INVERT10"
    assert replayed.common.model == "SE10K-RWS48BEN4"
    assert told["failed"] == {"1": []}
    assert told["link"]["state"] == "reading"
    assert told["production_w"] == 4500
    (meter,) = told["meters"].values()
    assert meter["role"] == "grid"
    assert meter["reading"]["power_w"] == -1200


async def test_nothing_private_is_told(hass: HomeAssistant, far_end: FarEnd) -> None:
    # Some batteries append their serial number to their model.
    far_end.units[1].put(57616, *words_of("RESU10BAT0001", 16))
    far_end.units[2] = with_battery(inverter(serial=FOLLOWER_SERIAL), serial="BAT0009")
    entry = solaredge_entry(far_end, unit_ids=(1, 2))
    await loaded(hass, entry)
    entry.runtime_data.counters.last_error = f"no answer from {far_end.host}"
    told = await async_get_config_entry_diagnostics(hass, entry)
    assert told["data"]["host"] == REDACTED
    assert told["link"]["last_error"] == f"no answer from {REDACTED}"
    text = json.dumps(told, default=str)
    words = [
        word
        for unit in told["registers"].values()
        for run in unit["holding"].values()
        for word in run
    ]
    raw = b"".join(word.to_bytes(2) for word in words)
    assert b"SolarEdge" in raw
    for private in (SERIAL, FOLLOWER_SERIAL, "606000001", "BAT0001", "BAT0009"):
        assert private not in text
        assert private.encode() not in raw


async def test_a_block_that_keeps_silent_does_not_take_the_others_along(
    hass: HomeAssistant, far_end: FarEnd
) -> None:
    entry = solaredge_entry(far_end)
    await loaded(hass, entry)
    far_end.silent_addresses = {57600}
    told = await async_get_config_entry_diagnostics(hass, entry)
    (failed,) = told["failed"]["1"]
    assert failed.startswith("Battery: ")
    runs = told["registers"]["1"]["holding"]
    assert any(int(at) <= 40083 < int(at) + len(run) for at, run in runs.items())


async def test_a_link_that_is_gone_leaves_the_rest(
    hass: HomeAssistant, far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = solaredge_entry(far_end)
    await loaded(hass, entry)

    @asynccontextmanager
    async def refused(*_: object) -> AsyncIterator[None]:
        raise HomeAssistantError(f"{far_end.host} is used otherwise")
        yield

    monkeypatch.setattr(diagnostics, "async_borrow_unit", refused)
    told = await async_get_config_entry_diagnostics(hass, entry)
    assert told["failed"] == {"1": [f"{REDACTED} is used otherwise"]}
    assert told["registers"] == {}
    assert told["meters"]


def part(serial: str) -> Inverter:
    return Inverter(
        key=serial,
        serial=serial,
        model=None,
        manufacturer=None,
        version=None,
        unit_id=1,
        phases=1,
    )


def test_the_same_number_becomes_the_same_word_of_the_same_length() -> None:
    layout = Layout(inverters=(part("7E012345"), part("7E0123456789AB"), part("7E1")))
    redactor = Redactor(layout, "10.0.0.9")
    assert redactor.text("7E012345_meter_1") == "INVERT10_meter_1"
    assert redactor.text("7E0123456789AB") == "INVERTER200000"
    # Too short to be told from a part of something else.
    assert redactor.text("7E1") == "7E1"
    assert redactor.value({"7E012345": ["7E012345", ("7E012345",), 7, None]}) == {
        "INVERT10": ["INVERT10", ["INVERT10"], 7, None]
    }
    assert redactor.text("at 10.0.0.9:1502") == f"at {REDACTED}:1502"


def test_registers_are_given_in_runs() -> None:
    redactor = Redactor(Layout(inverters=(part("ABCDEFGH"),)), "")
    words = {7: 1, 5: 2, 6: 3, 20: 0x4142, 21: 0x4344, 22: 0x4546, 23: 0x4748}
    assert list(redactor.words(words)) == [
        (5, [2, 3, 1]),
        (20, [int.from_bytes(two) for two in (b"IN", b"VE", b"RT", b"10")]),
    ]
