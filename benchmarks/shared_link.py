"""How old a grid reading gets when core's integration shares the inverter with Surplus.

    python -m benchmarks.shared_link [--delay 1.0] [--minutes 3] [--alone]

Starts a real Home Assistant with core's ``solaredge_modbus`` and with Surplus, both on one
simulated inverter that accepts one connection and takes a second for every answer. The
ages are measured at the inverter: at each instant, how long ago the values were true that
Surplus last received of the grid meter. That is the wait for an answer and everything in
between: Surplus' other questions, and core's.
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
# The power of the first meter: it is in every request for that meter's readings.
METER_POWER = 40206
# Until both have found everything and the lanes know how slow the link is.
SETTLE_S = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Ages:
    """What was found, in seconds."""

    readings: int
    intervals_s: list[float]
    worst_s: list[float]
    core_requests: int
    core_power_changes: int


def shapes(answers: Iterable[Answered]) -> set[tuple[int, int]]:
    """Return which blocks were asked for."""
    return {(answer.address, answer.count) for answer in answers}


def grid_readings(
    answers: Iterable[Answered], foreign: set[tuple[int, int]]
) -> list[Answered]:
    """Return the answers that told Surplus of the grid meter, in their order."""
    return [
        answer
        for answer in answers
        if answer.address <= METER_POWER < answer.address + answer.count
        and (answer.address, answer.count) not in foreign
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
            foreign: set[tuple[int, int]] = set()
            if with_core:
                await add_core(hass, server.port)
                foreign = shapes(server.history)
            await add_solaredge(hass, server.port)
            server.habits = Habits(shortest_s=delay_s, longest_s=delay_s)
            await asyncio.sleep(SETTLE_S * delay_s)
            return await _watch(server, hass, foreign, minutes * 60)


async def _watch(
    server: ModbusServer,
    hass: RealHass,
    foreign: set[tuple[int, int]],
    seconds: float,
) -> Ages:
    server.history.clear()
    turned_away, accepted = server.turned_away, server.accepted
    seen: set[str] = set()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(1.0)
        seen |= {
            f"{entity_id} {state['state']}"
            for entity_id, state in (await hass.states()).items()
            if entity_id in await _core_power(hass)
        }
    if (server.turned_away, server.accepted) != (turned_away, accepted):
        raise HassError("the one connection did not last")
    readings = grid_readings(server.history, foreign)
    return Ages(
        readings=len(readings),
        intervals_s=[later.sent_at - one.sent_at for one, later in pairwise(readings)],
        # Just before the next one arrives, the last one is at its oldest.
        worst_s=[later.sent_at - one.sampled_at for one, later in pairwise(readings)],
        core_requests=sum(
            (answer.address, answer.count) in foreign for answer in server.history
        ),
        core_power_changes=len(seen),
    )


async def _core_power(hass: RealHass) -> set[str]:
    found = await hass.entity_ids(CORE)
    return {
        entity_id
        for unique_id, entity_id in found.items()
        if unique_id.endswith("_ac_power")
    }


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
    print(f"answers take {arguments.delay:g} s; {ages.readings} grid readings")
    for name, values in (("interval", ages.intervals_s), ("oldest", ages.worst_s)):
        print(
            f"{name:>9}: median {median(values):.2f} s, "
            f"95 % {sorted(values)[int(0.95 * len(values))]:.2f} s, "
            f"max {max(values):.2f} s"
        )
    print(
        f"    core's: {ages.core_requests} answers, "
        f"{ages.core_power_changes} different powers shown"
    )


if __name__ == "__main__":
    main()
