"""How old a grid reading gets when core's integration shares the inverter with Surplus.

    python -m benchmarks.shared_link [--delay 1.0] [--minutes 3] [--alone]

Starts a real Home Assistant with core's ``solaredge_modbus`` and with Surplus, both on one
simulated inverter that accepts one connection and takes a second for every answer. Both
ages are measured at the inverter, at their worst: just before the next reading arrives.
``told`` counts from when Surplus received a reading, as the reading's own instant does;
``true`` from when it asked, for this inverter tells what was true then.
"""

import argparse
import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
import socket
from statistics import median
import tempfile
import time

from simulator.battery import BatterySpec
from simulator.demo_setup import add_solaredge
from simulator.hass_api import HassError, Json
from simulator.inverter import SolarEdgeSpec
from simulator.modbus_server import Answered, Habits, ModbusServer
from simulator.real_hass import RealHass
from simulator.virtual_house import HouseOptions, VirtualHouse

CORE = "solaredge_modbus"
# Core reads a meter from its name on, Surplus what stands behind its name.
METER_NAME = 40123
METER_POWER = 40206
# Until both have found everything and the lanes know how slow the link is.
SETTLE_S = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Ages:
    """What was found, in seconds."""

    readings: int
    told_s: list[float]
    true_s: list[float]
    answers: int
    core_polls: int
    core_powers: int


def _has(answer: Answered, address: int) -> bool:
    return answer.address <= address < answer.address + answer.count


def grid_readings(answers: Iterable[Answered]) -> list[Answered]:
    """Return the answers that told Surplus of the grid meter, in their order."""
    return [
        answer
        for answer in answers
        if _has(answer, METER_POWER) and not _has(answer, METER_NAME)
    ]


async def add_core(hass: RealHass, port: int) -> Json:
    """Add core's integration as a user does."""
    link = {"host": "127.0.0.1", "port": port, "more_options": {"unit_id": 1}}
    result = await hass.add(CORE, {"user": "tcp", "tcp": link})
    if result["type"] != "create_entry":
        raise HassError(f"core's integration was not added: {result}")
    return result


async def measure(delay_s: float, minutes: float, *, with_core: bool) -> Ages:
    """Return the ages over that time."""
    options = HouseOptions(
        speed=60.0,
        start_s=10 * 3600.0,
        battery=BatterySpec(),
        inverter=SolarEdgeSpec(),
        modbus_port=0,
        # Set up quickly: it is the running that is measured.
        modbus_habits=Habits(shortest_s=0.0, longest_s=0.02),
        plugged=False,
    )
    with tempfile.TemporaryDirectory(prefix="surplus-shared-") as name:
        house = VirtualHouse(options)
        assert house.modbus is not None
        server = house.modbus
        async with house, RealHass(Path(name), port=_free_port()) as hass:
            if with_core:
                await add_core(hass, server.port)
            await add_solaredge(hass, server.port)
            server.habits = Habits(shortest_s=delay_s, longest_s=delay_s)
            await asyncio.sleep(SETTLE_S * delay_s)
            return await _watch(server, hass, minutes * 60)


async def _watch(server: ModbusServer, hass: RealHass, seconds: float) -> Ages:
    server.history.clear()
    turned_away, accepted = server.turned_away, server.accepted
    found = await hass.entity_ids(CORE)
    powers = [found[key] for key in found if key.endswith("_ac_power")]
    shown: set[str | None] = set()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(1.0)
        for entity_id in powers:
            shown.add(await hass.state(entity_id))
    if (server.turned_away, server.accepted) != (turned_away, accepted):
        raise HassError("the one connection did not last")
    readings = grid_readings(server.history)
    return Ages(
        readings=len(readings),
        told_s=[later.sent_at - one.sent_at for one, later in pairwise(readings)],
        true_s=[later.sent_at - one.sampled_at for one, later in pairwise(readings)],
        answers=len(server.history),
        core_polls=sum(_has(answer, METER_NAME) for answer in server.history),
        core_powers=len(shown),
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="benchmarks.shared_link")
    parser.add_argument("--delay", type=float, default=1.0, help="of each answer, s")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--alone", action="store_true", help="without core's")
    arguments = parser.parse_args()
    ages = asyncio.run(
        measure(arguments.delay, arguments.minutes, with_core=not arguments.alone)
    )
    print(
        f"answers take {arguments.delay:g} s; {ages.readings} of {ages.answers} "
        "are grid readings"
    )
    for name, values in (("told", ages.told_s), ("true", ages.true_s)):
        print(
            f"{name}: median {median(values):.2f} s, "
            f"95 % {sorted(values)[int(0.95 * len(values))]:.2f} s, "
            f"max {max(values):.2f} s"
        )
    print(f"core: {ages.core_polls} polls, {ages.core_powers} powers shown")


if __name__ == "__main__":
    main()
