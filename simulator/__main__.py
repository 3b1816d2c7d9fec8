"""``python -m simulator``: run a virtual house until Ctrl-C."""

import argparse
import asyncio
import logging
from pathlib import Path
import signal
import sys

from .appliance import ApplianceSpec
from .battery import BatterySpec
from .charger import ChargerSpec
from .clock import parse_hours_and_minutes
from .control import DEFAULT_PORT, HELP, ControlPort, Words, listen_to_terminal
from .evse import EvseSpec
from .heater import HeaterSpec
from .inverter import MeterRole, SolarEdgeSpec
from .tariff import OPTIONS
from .tic import TicMode
from .trace import trace_names
from .virtual_house import HouseOptions, VirtualHouse


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    wanted = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A virtual house that speaks the real protocols.",
        epilog=f"Words to type while it runs:\n{HELP}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = wanted.add_argument
    add(
        "--tic",
        metavar="PATH|PORT",
        default="linky",
        help="where the Linky talks: a path for a pseudo-terminal, or a TCP port",
    )
    add("--mode", choices=list(TicMode), default=TicMode.STANDARD)
    add("--consumer", action="store_true", help="a Linky without injection contract")
    add("--contract", choices=list(OPTIONS), default="hphc")
    add("--subscribed", type=int, default=9, metavar="KVA")
    add("--phases", type=int, choices=(1, 3), default=1)
    add("--ocpp", metavar="URL", help="central system, e.g. ws://127.0.0.1:9000/ocpp")
    add("--identity", default=ChargerSpec().identity)
    add("--password", help="for Basic authentication")
    add("--no-free-vend", action="store_true", help="wait for a card or a remote start")
    add("--max-current", type=float, default=32.0, metavar="A")
    add("--control", type=int, default=DEFAULT_PORT, metavar="PORT")
    names = ", ".join(trace_names("pv_"))
    add("--solar", default="pv_clear", metavar="TRACE", help=f"{names}, or a file")
    names = ", ".join(trace_names("load_"))
    add("--house", default="load_synth", metavar="TRACE", help=f"{names}, or a file")
    add("--speed", type=float, default=60.0, help="of the sun; devices: real time")
    add("--start", default="09:00", metavar="HH:MM")
    add("--day", default="06:00-21:00", metavar="HH:MM-HH:MM", help="part to repeat")
    add("--heater", type=float, metavar="W", help="a dimmed water heater of this power")
    add("--appliance", type=float, metavar="W", help="a load of this power on a relay")
    add("--battery", type=float, metavar="WH", help="a battery that regulates itself")
    add("--inverter", type=int, metavar="PORT", help="a SolarEdge, and its Modbus port")
    add(
        "--production-meter", action="store_true", help="a second meter at the inverter"
    )
    add(
        "--follower", type=float, metavar="SHARE", help="of the panels, on a second one"
    )
    add("--unplugged", action="store_true", help="begin without a car")
    return wanted


def options_from(arguments: argparse.Namespace) -> HouseOptions:
    """Turn the command line into options; raises ValueError."""
    first, _, last = arguments.day.partition("-")
    is_port = arguments.tic.isdecimal()
    wiring = (1, 2, 3) if arguments.phases == 3 else (1,)
    return HouseOptions(
        solar=arguments.solar,
        load=arguments.house,
        speed=arguments.speed,
        start_s=parse_hours_and_minutes(arguments.start),
        first_s=parse_hours_and_minutes(first),
        last_s=parse_hours_and_minutes(last) or 86_400.0,
        phases=arguments.phases,
        mode=TicMode(arguments.mode),
        producer=not arguments.consumer,
        contract=arguments.contract,
        subscribed_kva=arguments.subscribed,
        tic_path=None if is_port else Path(arguments.tic),
        tic_port=int(arguments.tic) if is_port else None,
        ocpp_url=arguments.ocpp,
        charger=ChargerSpec(
            identity=arguments.identity,
            password=arguments.password,
            free_vend=not arguments.no_free_vend,
        ),
        evse=EvseSpec(wiring=wiring, max_a=arguments.max_current),
        plugged=not arguments.unplugged,
        heater=None if arguments.heater is None else HeaterSpec(max_w=arguments.heater),
        appliance=None
        if arguments.appliance is None
        else ApplianceSpec(power_w=arguments.appliance),
        battery=None
        if arguments.battery is None
        else BatterySpec(capacity_wh=arguments.battery),
        inverter=None if arguments.inverter is None else _inverter(arguments),
        modbus_port=arguments.inverter,
    )


def _inverter(arguments: argparse.Namespace) -> SolarEdgeSpec:
    further = (MeterRole.PRODUCTION,) if arguments.production_meter else ()
    return SolarEdgeSpec(
        meters=(MeterRole.GRID, *further), follower_share=arguments.follower
    )


async def live(options: HouseOptions, control_port: int) -> None:
    """Run the house until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    house = VirtualHouse(options)
    words = Words(house)
    async with ControlPort(words, control_port), house:
        print(await words.say("status"))
        print("Type help for what you can say, Ctrl-C to stop.", flush=True)
        terminal = asyncio.create_task(listen_to_terminal(words))
        await stop.wait()
        terminal.cancel()


def main() -> int:
    """Run until told to stop."""
    logging.basicConfig(level=logging.WARNING)
    command_line = parser()
    try:
        options = options_from(arguments := command_line.parse_args())
        asyncio.run(live(options, arguments.control))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
