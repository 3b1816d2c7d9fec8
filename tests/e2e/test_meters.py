"""Two meters at one grid: Linky first, the inverter's when it falls silent."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from simulator.control import Words
from simulator.demo_setup import Setup, add_home, add_linky, add_solaredge
from simulator.house import IDLE_LOAD_W
from simulator.inverter import SolarEdgeSpec
from simulator.real_hass import RealHass
from simulator.virtual_house import HouseOptions, VirtualHouse

from .conftest import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

BASE_W = -1500.0
CLOSE_W = 60.0
# The Home gives a meter a minute of silence before it takes the next.
PATIENT_S = 180.0

type States = Mapping[str, Mapping[str, Any]]


@dataclass
class Metered:
    """A house with two meters, and what a person would do and see."""

    words: Words
    hass: RealHass
    entities: dict[str, str]

    async def until_in_use(self, meter: str) -> None:
        """Wait until the Home controls by that meter."""
        entity_id = self.entities["home_meter_in_use"]
        await self.hass.wait_until(
            lambda states: meter in states[entity_id]["state"],
            f"{meter} to be used",
            timeout_s=PATIENT_S,
        )

    async def until_power(self, unique_id: str, watts: float) -> None:
        """Wait until a power is shown that is close to this one."""
        entity_id = self.entities[unique_id]

        def is_shown(states: States) -> bool:
            state = states[entity_id]["state"]
            return state[-1].isdecimal() and abs(float(state) - watts) < CLOSE_W

        await self.hass.wait_until(
            is_shown, f"{entity_id} to show {watts:g} W", timeout_s=PATIENT_S
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def metered(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[Metered]:
    """Return a Home that knows both, Linky first."""
    folder: Path = tmp_path_factory.mktemp("meters")
    port = free_port()
    setup = Setup(
        tic=folder / "linky",
        modbus_port=port,
        ocpp_port=0,
        identity="",
        language="en",
        breaker_a=45,
    )
    options = HouseOptions(
        tic_path=setup.tic, inverter=SolarEdgeSpec(), modbus_port=port, plugged=False
    )
    async with VirtualHouse(options) as house:
        house.house.fix_base(BASE_W)
        async with RealHass(folder / "config", port=free_port()) as hass:
            await add_linky(hass, setup)
            await add_solaredge(hass, port)
            await add_home(hass, setup)
            yield Metered(Words(house), hass, await hass.entity_ids())


async def test_the_home_controls_by_the_linky_and_knows_the_inverters_sun(
    metered: Metered,
) -> None:
    await metered.until_in_use("Linky")
    await metered.until_power("home_solar_power", IDLE_LOAD_W - BASE_W)
    await metered.until_power("home_grid_power", BASE_W)


async def test_when_the_linky_falls_silent_the_inverters_meter_takes_over(
    metered: Metered,
) -> None:
    await metered.words.say("meter off")
    await metered.until_in_use("SolarEdge")
    await metered.words.say("grid -2500")
    await metered.until_power("home_grid_power", -2500.0)
    await metered.words.say("meter on")
    await metered.until_in_use("Linky")


async def test_the_night_of_the_inverter_is_no_problem(metered: Metered) -> None:
    await metered.words.say("inverter night")
    await metered.until_power("home_solar_power", 0.0)
    await metered.until_power("home_grid_power", IDLE_LOAD_W)
    problem = metered.entities["home_meter_problem"]
    assert await metered.hass.state(problem) == "off"
