"""The entry in Home Assistant, through its shared Modbus link."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from modbus_connection import ModbusTlsParams
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.surplus.const import CONF_KIND, DOMAIN, Kind
from custom_components.surplus.registry import async_get_registry
from custom_components.surplus.solaredge import integration, runtime as runtimes
from custom_components.surplus.solaredge.const import (
    CONF_LAYOUT,
    CONF_METERS,
    CONF_REVERSED,
    CONF_ROLE,
    CONF_UNIT_IDS,
)
from custom_components.surplus.solaredge.integration import _sun_is_low
from custom_components.surplus.solaredge.lanes import Pace
from custom_components.surplus.solaredge.model import LinkState, MeterRole
from custom_components.surplus.solaredge.runtime import SolarEdgeRuntime
from homeassistant.components.modbus.connection import (
    async_get_connection_info,
    async_get_temporary_unit,
)
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .dumps import EV_CHARGER, LEADER, METER, TWO_BATTERIES, put, registers, words_of
from .modbus_end import Answer, FarEnd, Request, far_end

pytestmark = pytest.mark.usefixtures("socket_enabled")

QUICK = Pace(primary_s=0.05, gap_s=0.0, backoff_min_s=0.05, backoff_max_s=0.2)
# C_SerialNumber of the common block.
_SERIAL = 40052
METER_ID = "solaredge:SE000001_meter_MT000001_grid"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integration, "_PACE", QUICK)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again all the time."""
    monkeypatch.setattr(integration, "_TICK", timedelta(milliseconds=20))
    monkeypatch.setattr(integration, "_LOOK_AGAIN", timedelta())
    monkeypatch.setattr(integration, "_LOOK_SOON", timedelta())


@pytest.fixture
async def end(hass: HomeAssistant) -> AsyncIterator[FarEnd]:
    async with far_end(registers(TWO_BATTERIES)) as inverter:
        yield inverter
        for entry in hass.config_entries.async_entries(DOMAIN):
            await hass.config_entries.async_remove(entry.entry_id)
        await hass.async_block_till_done()


def make_entry(hass: HomeAssistant, port: int, **data: Any) -> MockConfigEntry:
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Roof",
        unique_id="solaredge:SE000001",
        data={
            CONF_KIND: Kind.SOLAREDGE,
            CONF_HOST: "127.0.0.1",
            CONF_PORT: port,
            CONF_UNIT_IDS: [1],
            **data,
        },
    )
    entry.add_to_hass(hass)
    return entry


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> SolarEdgeRuntime:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return runtime_of(entry)


def runtime_of(entry: MockConfigEntry) -> SolarEdgeRuntime:
    runtime = entry.runtime_data
    assert isinstance(runtime, SolarEdgeRuntime)
    return runtime


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something has come of what happens at the far end."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def test_meter_sun_and_batteries_are_offered_to_home(
    hass: HomeAssistant, end: FarEnd
) -> None:
    entry = make_entry(hass, end.port)
    runtime = await set_up(hass, entry)
    registry = async_get_registry(hass)
    meter = registry.meters[METER_ID]
    sun = registry.productions["solaredge:SE000001"]
    batteries = [
        registry.batteries[f"solaredge:SE000001_battery_BT00000{number}"]
        for number in (1, 2)
    ]
    await until(
        lambda: None not in (sun.reading, *(one.reading for one in batteries)),
    )
    assert meter.reading is not None
    assert meter.reading.power_w == pytest.approx(-28.217)
    assert (meter.name, meter.knows_direction, meter.asleep) == ("Roof", True, False)
    assert sun.reading is not None
    assert sun.reading[0] == pytest.approx(256.56 - 132)
    assert [one.name for one in batteries] == ["Roof RESU10 1", "Roof RESU10 2"]
    assert batteries[0].capacity_wh == pytest.approx(9599.04)
    assert runtime.state is LinkState.READING
    assert runtime.house_power_w == pytest.approx(256.56 - 28.217)
    assert runtime.production_w == pytest.approx(256.56 - 132)
    assert runtime.latency_s is not None
    assert runtime.counters.requests > 0
    assert runtime.strings("SE000001") is None
    assert runtime.role(METER_ID.partition(":")[2]) is MeterRole.GRID
    assert runtime.role("somebody else's") is MeterRole.UNKNOWN
    await hass.config_entries.async_unload(entry.entry_id)
    assert not registry.meters
    assert not registry.productions
    assert not registry.batteries


async def test_what_was_found_is_kept_and_not_looked_for_again(
    hass: HomeAssistant, end: FarEnd
) -> None:
    entry = make_entry(hass, end.port)
    await set_up(hass, entry)
    assert len(entry.data[CONF_LAYOUT]["batteries"]) == 2
    data = dict(entry.data)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    end.requests.clear()
    again = make_entry(hass, end.port, **{CONF_LAYOUT: data[CONF_LAYOUT]})
    runtime = await set_up(hass, again)
    await until(lambda: runtime.state is LinkState.READING)
    # Only the lanes: nobody asked whether there is a third battery.
    assert 58368 + 66 not in [request.address for request in end.requests]


async def test_an_inverter_that_is_away_does_not_fail_a_known_entry(
    hass: HomeAssistant, end: FarEnd
) -> None:
    entry = make_entry(hass, end.port)
    await set_up(hass, entry)
    layout = entry.data[CONF_LAYOUT]
    await hass.config_entries.async_remove(entry.entry_id)
    lost = make_entry(hass, 1, **{CONF_LAYOUT: layout})
    runtime = await set_up(hass, lost)
    assert lost.state is ConfigEntryState.LOADED
    assert runtime.state is LinkState.WAITING
    await until(lambda: runtime.counters.failed_connections > 1)


async def test_an_inverter_never_seen_is_tried_again(hass: HomeAssistant) -> None:
    entry = make_entry(hass, 1)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "solaredge_no_answer"
    await hass.config_entries.async_remove(entry.entry_id)


@pytest.mark.expects_logged_errors
async def test_a_charger_is_not_set_up_as_an_inverter(
    hass: HomeAssistant, end: FarEnd
) -> None:
    end.words.clear()
    end.words.update(registers(EV_CHARGER))
    entry = make_entry(hass, end.port)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "solaredge_no_inverter"


@pytest.mark.expects_logged_errors
async def test_a_link_that_stands_with_other_settings_is_said_so(
    hass: HomeAssistant, end: FarEnd
) -> None:
    params = ModbusTlsParams(host="127.0.0.1", port=end.port)
    async with async_get_temporary_unit(hass, params, 1):
        entry = make_entry(hass, end.port)
        await hass.config_entries.async_setup(entry.entry_id)
        assert entry.state is ConfigEntryState.SETUP_ERROR
        assert entry.error_reason_translation_key == "solaredge_link_in_use"


async def test_a_reload_that_fails_leaves_nobody_polling(
    hass: HomeAssistant, end: FarEnd
) -> None:
    entry = make_entry(hass, end.port)
    await set_up(hass, entry)
    end.mischief = lambda request, answer: (
        Answer(exception=11) if request.unit_id == 9 else answer
    )
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_UNIT_IDS: [1, 9]}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert async_get_connection_info(hass) == []


@pytest.mark.parametrize("layout", [None, {}, {"inverters": [{"key": 1}]}, []])
async def test_a_stored_layout_that_makes_no_sense_is_looked_up_anew(
    hass: HomeAssistant, end: FarEnd, layout: Any
) -> None:
    entry = make_entry(hass, end.port, **{CONF_LAYOUT: layout})
    await set_up(hass, entry)
    assert entry.data[CONF_LAYOUT]["inverters"][0]["serial"] == "SE000001"


async def test_a_reload_neither_drops_the_connection_nor_the_readings(
    hass: HomeAssistant, end: FarEnd
) -> None:
    entry = make_entry(hass, end.port)
    runtime = await set_up(hass, entry)
    plant = runtime.plant
    await until(lambda: runtime.state is LinkState.READING)
    connections = end.connections
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert runtime_of(entry).plant is plant
    assert plant.state is LinkState.READING
    assert end.connections == connections == 1
    (link,) = async_get_connection_info(hass)
    assert link.units == {entry.entry_id: [1]}


async def test_entities_look_at_the_ages_also_when_nothing_arrives(
    hass: HomeAssistant, end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtimes, "_EXPIRY_CHECK", timedelta(milliseconds=20))
    entry = make_entry(hass, end.port)
    runtime = await set_up(hass, entry)
    end.mischief = lambda _request, answer: Answer(after_s=60)
    looks: list[int] = []
    remove = runtime.async_subscribe(lambda: looks.append(1))
    await until(lambda: len(looks) > 5)
    remove()


async def test_what_a_person_says_of_a_meter_counts_after_a_reload(
    hass: HomeAssistant, end: FarEnd
) -> None:
    entry = make_entry(hass, end.port)
    runtime = await set_up(hass, entry)
    key = METER_ID.partition(":")[2]
    settings = {key: {CONF_ROLE: "grid", CONF_REVERSED: True}}
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_METERS: settings}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    again = runtime_of(entry)
    assert again.plant is not runtime.plant
    await until(lambda: again.meter(key) is not None)
    reading = again.meter(key)
    assert reading is not None
    assert reading.power_w == pytest.approx(28.217)
    assert end.connections == 1


@pytest.mark.parametrize("way", ["disable", "remove"])
async def test_the_link_is_free_when_the_entry_is_gone(
    hass: HomeAssistant, end: FarEnd, way: str
) -> None:
    entry = make_entry(hass, end.port)
    runtime = await set_up(hass, entry)
    if way == "disable":
        await hass.config_entries.async_set_disabled_by(
            entry.entry_id, ConfigEntryDisabler.USER
        )
    else:
        await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert async_get_connection_info(hass) == []
    requests = runtime.counters.requests
    await hass.async_block_till_done(wait_background_tasks=False)
    assert runtime.counters.requests == requests


async def test_a_parked_link_closes_when_nobody_comes_back(
    hass: HomeAssistant, end: FarEnd
) -> None:
    entry = make_entry(hass, end.port)
    await set_up(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    assert len(async_get_connection_info(hass)) == 1
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=31))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert async_get_connection_info(hass) == []


async def test_a_mistake_in_modbus_yaml_costs_nothing(
    hass: HomeAssistant, end: FarEnd
) -> None:
    assert not await async_setup_component(hass, "modbus", {"modbus": [{"type": "?"}]})
    entry = make_entry(hass, end.port)
    runtime = await set_up(hass, entry)
    await until(lambda: runtime.state is LinkState.READING)


@pytest.mark.usefixtures("impatient")
async def test_a_battery_that_is_added_is_found(
    hass: HomeAssistant, end: FarEnd
) -> None:
    three = registers(TWO_BATTERIES)
    for address in range(57856, 57856 + 140):
        end.words.pop(address, None)
    entry = make_entry(hass, end.port)
    runtime = await set_up(hass, entry)
    assert len(runtime.layout.batteries) == 1
    await until(lambda: runtime.state is LinkState.READING)
    end.words.update(three)
    await until(lambda: len(entry.data[CONF_LAYOUT]["batteries"]) == 2)
    await hass.async_block_till_done()
    assert len(runtime_of(entry).layout.batteries) == 2


@pytest.mark.usefixtures("impatient")
async def test_a_meter_that_is_gone_is_missed_twice_before_it_is_let_go(
    hass: HomeAssistant, end: FarEnd
) -> None:
    entry = make_entry(hass, end.port)
    runtime = await set_up(hass, entry)
    await until(lambda: runtime.state is LinkState.READING)
    for address in range(METER - 67, METER + 107):
        end.words.pop(address, None)
    await until(lambda: entry.data[CONF_LAYOUT]["meters"] == [])
    await hass.async_block_till_done()
    assert runtime_of(entry).layout.meters == ()
    # Once when it was set up.
    assert looks(end) >= 3


async def test_a_meter_that_was_exchanged_is_taken_up_soon(
    hass: HomeAssistant, end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integration, "_TICK", timedelta(milliseconds=20))
    entry = make_entry(hass, end.port)
    runtime = await set_up(hass, entry)
    await until(lambda: runtime.state is LinkState.READING)
    put(end.words, METER - 67 + 50, words_of("NEWMETER", 16))
    await until(
        lambda: entry.data[CONF_LAYOUT]["meters"][0]["serial"] == "NEWMETER",
    )
    await hass.async_block_till_done()
    assert [meter.serial for meter in runtime_of(entry).layout.meters] == ["NEWMETER"]
    assert end.connections == 1


@pytest.mark.usefixtures("impatient")
async def test_a_look_that_fails_changes_nothing(
    hass: HomeAssistant, end: FarEnd
) -> None:
    entry = make_entry(hass, end.port)
    runtime = await set_up(hass, entry)
    await until(lambda: runtime.state is LinkState.READING)
    end.mischief = lambda _request, answer: (
        Answer(exception=11) if _request.address == 40000 else answer
    )
    await until(lambda: looks(end) > 3)
    assert runtime_of(entry).plant is runtime.plant


async def test_the_other_leader_of_a_site_is_polled_over_the_same_link(
    hass: HomeAssistant, end: FarEnd
) -> None:
    entry = make_entry(hass, end.port, **{CONF_UNIT_IDS: [1, 2]})
    end.words.update(registers(LEADER))

    def other_serial(request: Request, answer: Answer) -> Answer:
        at = _SERIAL - request.address
        if request.unit_id == 2 and 0 <= at < len(answer.words):
            answer.words[at : at + 4] = words_of("SE000002", 4)
        return answer

    end.mischief = other_serial
    runtime = await set_up(hass, entry)
    assert {request.unit_id for request in end.requests} == {1, 2}
    assert end.connections == 1
    assert len(runtime.layout.inverters) == 2


@pytest.mark.parametrize(
    ("when", "low"),
    [
        ("2026-06-21T12:00:00+00:00", False),
        ("2026-06-21T00:00:00+00:00", True),
        ("2026-12-21T07:30:00+00:00", True),
        ("2026-12-21T12:00:00+00:00", False),
    ],
)
async def test_the_sun_is_low_for_an_hour_around_the_night(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, when: str, low: bool
) -> None:
    await hass.config.async_update(latitude=46.0, longitude=2.0)
    freezer.move_to(when)
    assert _sun_is_low(hass) is low


def looks(end: FarEnd) -> int:
    """Return how often somebody looked what is there."""
    return sum(request.address == 40000 for request in end.requests)
