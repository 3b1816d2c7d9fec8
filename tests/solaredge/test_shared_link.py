"""Core's integration and Surplus on one inverter that takes one connection, and its time.

The inverter takes a tenth of a second for each answer where a slow one takes a whole one,
and everybody's intervals are a tenth too; time-outs are not, so that a busy machine fails
nothing. What must hold is counted in answers, not in seconds: when each takes one
second, a reading of the meter is at its oldest just before the next arrives, so many
seconds old as answers were given since it was asked for.
``benchmarks/shared_link.py`` measures it with whole seconds.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import CONF_KIND, DOMAIN, Kind
from custom_components.surplus.registry import async_get_registry
from custom_components.surplus.solaredge import integration, plant
from custom_components.surplus.solaredge.const import CONF_UNIT_IDS
from custom_components.surplus.solaredge.lanes import Pace
from custom_components.surplus.solaredge.plant import Plant
from custom_components.surplus.solaredge.runtime import SolarEdgeRuntime
from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant
from simulator.battery import SelfRegulatingBattery
from simulator.inverter import MeterRole, SolarEdgeSpec
from simulator.modbus_server import Answered, Habits
from tests.simulator.modbus import Site, a_site

CORE = "solaredge_modbus"
SERIAL = SolarEdgeSpec().serial
SCALE = 0.1
ANSWER_S = 1.0 * SCALE
# Core reads a meter from its name on, Surplus what stands behind its name.
METER_NAME = 40123
METER_POWER = 40206
# As many answers, then it is enough: core has polled so often at least.
STRETCH = 60
CORE_POLLS = 2
OLDEST_S = 3

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
async def site(
    monkeypatch: pytest.MonkeyPatch, socket_enabled: None
) -> AsyncIterator[Site]:
    """An inverter with two meters and a battery, quick until it is found."""
    shortened = Pace()
    monkeypatch.setattr(
        integration,
        "_PACE",
        Pace(
            primary_s=shortened.primary_s * SCALE,
            gap_s=shortened.gap_s * SCALE,
            slow_s=shortened.slow_s * SCALE,
        ),
    )
    for interval in ("_INVERTER_S", "_BATTERY_S", "_METER_S", "_STRINGS_S"):
        monkeypatch.setattr(plant, interval, getattr(plant, interval) * SCALE)
    site = a_site(
        battery=SelfRegulatingBattery(charge_share=1.0),
        spec=SolarEdgeSpec(meters=(MeterRole.GRID, MeterRole.PRODUCTION)),
    )
    await site.server.open()
    yield site
    await site.server.close()


async def add_core(hass: HomeAssistant, site: Site) -> MockConfigEntry:
    """Set core's integration up."""
    entry = MockConfigEntry(
        domain=CORE,
        title="Core's SolarEdge",
        unique_id=SERIAL,
        data={
            "type": "tcp",
            CONF_HOST: "127.0.0.1",
            CONF_PORT: site.server.port,
            "unit_id": 1,
        },
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


async def add_ours(hass: HomeAssistant, site: Site) -> Plant:
    """Set Surplus up on the same inverter; returns what it reads there."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="SolarEdge",
        unique_id=f"{Kind.SOLAREDGE}:{SERIAL}",
        data={
            CONF_KIND: Kind.SOLAREDGE,
            CONF_HOST: "127.0.0.1",
            CONF_PORT: site.server.port,
            CONF_UNIT_IDS: [1],
        },
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    runtime: SolarEdgeRuntime = entry.runtime_data
    return runtime.plant


async def answers(site: Site, count: int) -> list[Answered]:
    """Wait until the inverter has given so many more answers, and return them."""
    begun = len(site.server.history)
    async with asyncio.timeout(50):
        while len(site.server.history) < begun + count:
            await asyncio.sleep(ANSWER_S)
    return list(site.server.history)[begun:]


def has(answer: Answered, address: int) -> bool:
    """Whether a register was in an answer."""
    return answer.address <= address < answer.address + answer.count


def tells_the_grid(answer: Answered) -> bool:
    """Whether an answer told Surplus what the grid meter shows."""
    return has(answer, METER_POWER) and not has(answer, METER_NAME)


def oldest(given: list[Answered]) -> list[int]:
    """Return how old each reading got, in answers: from its question to the next."""
    places = [n for n, answer in enumerate(given) if tells_the_grid(answer)]
    return [after - before + 1 for before, after in pairwise(places)]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("core_first", [True, False])
async def test_core_and_surplus_share_the_one_connection_and_the_grid_stays_fresh(
    hass: HomeAssistant, site: Site, *, core_first: bool
) -> None:
    if core_first:
        core = await add_core(hass, site)
    ours = await add_ours(hass, site)
    if not core_first:
        await answers(site, 5)
        core = await add_core(hass, site)
    (meter,) = async_get_registry(hass).meters.values()
    (link,) = async_get_connection_info(hass)
    assert link.connected
    assert len(link.units) == 2

    site.server.habits = Habits(shortest_s=ANSWER_S, longest_s=ANSWER_S)
    readings = core.runtime_data.readings
    readings.update_interval = timedelta(
        seconds=readings.update_interval.seconds * SCALE
    )
    # The lanes learn how slow it has become, and core asks at its new pace.
    await readings.async_refresh()
    site.house.fix_base(-1234.0)
    site.live(2)
    before = site.server.accepted
    given = await answers(site, STRETCH)

    ages = oldest(given)
    assert len(ages) > STRETCH / 4
    assert max(ages) <= OLDEST_S
    assert sum(has(answer, METER_NAME) for answer in given) >= CORE_POLLS
    # Both work, and nobody was turned away or had to call again.
    assert core.state is ConfigEntryState.LOADED
    assert readings.last_update_success
    assert readings.data.complete
    shown = hass.states.get("sensor.meter_1_power")
    assert shown is not None
    assert shown.state == "1234.0"
    assert meter.reading is not None
    assert meter.reading.power_w == pytest.approx(-1234.0)
    told = [answer for answer in given if tells_the_grid(answer)]
    # The last one may still be on its way.
    async with asyncio.timeout(10):
        while meter.reading.at < told[-1].sampled_at:
            await asyncio.sleep(ANSWER_S / 10)
    assert (site.server.turned_away, site.server.accepted) == (0, before)
    # What is fresh at the grid is not paid for by the rest.
    layout = ours.layout
    others = [
        *(ours.last_meter(found.key) for found in layout.meters),
        *(ours.last_inverter(found.key) for found in layout.inverters),
        *(ours.last_battery(found.key) for found in layout.batteries),
    ]
    assert len(others) == 4
    assert all(other and other.at > given[0].sent_at for other in others)
