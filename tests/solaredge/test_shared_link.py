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
# What is in every request for the readings of the first meter.
METER_POWER = 40206
# As many answers, then it is enough: three of core's polls at least.
STRETCH = 60
OLDEST_S = 3

pytestmark = pytest.mark.usefixtures("socket_enabled")

type Shapes = set[tuple[int, int]]


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


async def add_core(hass: HomeAssistant, site: Site) -> tuple[MockConfigEntry, Shapes]:
    """Set core's integration up; returns it with what it asks for."""
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
    shapes = {(answer.address, answer.count) for answer in site.server.history}
    return entry, shapes


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


def tells_the_grid(answer: Answered, foreign: Shapes) -> bool:
    """Whether an answer told Surplus what the grid meter shows."""
    shape = (answer.address, answer.count)
    return (
        answer.address <= METER_POWER < answer.address + answer.count
        and shape not in foreign
    )


def oldest(given: list[Answered], foreign: Shapes) -> list[int]:
    """Return how old each reading got, in answers: from its question to the next."""
    places = [n for n, answer in enumerate(given) if tells_the_grid(answer, foreign)]
    return [after - before + 1 for before, after in pairwise(places)]


@pytest.mark.timeout(120)
async def test_core_and_surplus_share_the_one_connection_and_the_grid_stays_fresh(
    hass: HomeAssistant, site: Site
) -> None:
    core, foreign = await add_core(hass, site)
    ours = await add_ours(hass, site)
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

    ages = oldest(given, foreign)
    assert len(ages) > STRETCH / 4
    assert max(ages) <= OLDEST_S
    asked_by_core = [
        answer for answer in given if (answer.address, answer.count) in foreign
    ]
    assert len(asked_by_core) > STRETCH / 4
    # Both work, and nobody was turned away or had to call again.
    assert core.state is ConfigEntryState.LOADED
    assert readings.last_update_success
    assert readings.data.complete
    shown = hass.states.get("sensor.meter_1_power")
    assert shown is not None
    assert shown.state == "1234.0"
    assert meter.reading is not None
    assert meter.reading.power_w == pytest.approx(-1234.0)
    told = [answer for answer in given if tells_the_grid(answer, foreign)]
    assert meter.reading.at >= told[-1].sampled_at
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
