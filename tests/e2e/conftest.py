"""A real Home Assistant, set up as a user does, on a virtual house that can break."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
import json
from pathlib import Path
import socket
import time
from typing import Any

import pytest
import pytest_asyncio

from simulator.charger import ChargerSpec
from simulator.demo_loads import (
    HEATER,
    PUMP,
    TANK,
    HomeWires,
    add_loads,
    helpers,
    home_entry_id,
)
from simulator.demo_setup import (
    Setup,
    add_central_system,
    add_home,
    add_linky,
    adopt_charger,
    roles,
)
from simulator.real_hass import HassError, RealHass
from simulator.virtual_house import HouseOptions, VirtualHouse

IDENTITY = "GARAGE-1"


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class World:
    """The house, the Home Assistant in it, and the ids a user would click on."""

    house: VirtualHouse
    hass: RealHass
    entities: dict[str, str]

    async def state(self, unique_id: str) -> str | None:
        """Return the state of the entity with this unique id."""
        return await self.hass.state(self.entities[unique_id])

    async def add_loads(
        self, *, pump_told: bool = True, pump_sheddable: bool = False
    ) -> None:
        """Add a water heater and a pump as a user does, and give them the sun."""
        assert self.house.appliance is not None
        await add_loads(
            self.hass,
            "en",
            pump_told=pump_told,
            pump_w=self.house.appliance.spec.power_w,
            pump_sheddable=pump_sheddable,
        )
        self.entities = await self.hass.entity_ids()
        found = await roles(self.hass, IDENTITY)
        self.entities |= {f"role:{role}": entity for role, entity in found.items()}
        modes = [found["heater_mode"], found["pump_mode"]]
        await self.choose(modes, "solar")

    async def choose(self, modes: list[str], option: str) -> None:
        """Choose a mode for loads, as a person does."""
        data = {"entity_id": modes, "option": option}
        await self.hass.call("select", "select_option", data)

    async def kept(self) -> dict[str, Any]:
        """Return what the Home has written down of its loads."""
        home = await home_entry_id(self.hass)
        file = self.hass.folder / ".storage" / f"surplus.home.{home}"
        return json.loads(file.read_text(encoding="utf-8"))["data"]["loads"]

    async def until(
        self, condition: Callable[[], bool], what: str, timeout_s: float = 60.0
    ) -> float:
        """Wait until something is true of the virtual house; returns the seconds."""
        begin = time.monotonic()
        while not condition():
            if time.monotonic() - begin > timeout_s:
                raise HassError(f"waited for {what}: {self.house.status()}")
            await asyncio.sleep(0.2)
        return time.monotonic() - begin


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[World]:
    """Start everything and walk through the config flows.

    Its parameter, if a module gives one, is another pump.
    """
    folder: Path = tmp_path_factory.mktemp("e2e")
    setup = Setup(
        tic=folder / "linky",
        ocpp_port=free_port(),
        identity=IDENTITY,
        language="en",
        breaker_a=45,
    )
    options = HouseOptions(
        tic_path=setup.tic,
        ocpp_url=f"ws://127.0.0.1:{setup.ocpp_port}/ocpp",
        charger=ChargerSpec(identity=IDENTITY),
        heater=HEATER,
        tank=TANK,
        appliance=getattr(request, "param", PUMP),
    )
    async with VirtualHouse(options) as house:
        house.house.fix_base(500.0)
        async with (
            RealHass(
                folder / "config", port=free_port(), extra_configuration=helpers("en")
            ) as hass,
            asyncio.TaskGroup() as tasks,
        ):
            wires = tasks.create_task(HomeWires(hass, house, "en").run())
            await add_linky(hass, setup)
            await add_central_system(hass, setup)
            await adopt_charger(hass, setup)
            await add_home(hass, setup, solar=False)
            entities = await hass.entity_ids()
            await hass.call(
                "switch", "turn_off", {"entity_id": entities["home_observer"]}
            )
            yield World(house, hass, entities)
            wires.cancel()
