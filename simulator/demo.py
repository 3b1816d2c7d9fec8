"""``scripts/demo``: a real Home Assistant with Surplus, and a virtual house to watch."""

import argparse
import asyncio
import contextlib
import fcntl
import json
import logging
from pathlib import Path
import shutil
import signal
import socket
import sys
from typing import Any

import aiohttp

from .battery import BatterySpec
from .charger import Charger, ChargerSpec
from .clock import parse_hours_and_minutes
from .control import DEFAULT_PORT, HELP, ControlPort, Words, listen_to_terminal
from .demo_dashboard import URL_PATH
from .demo_loads import HEATER, PUMP, TANK, HomeWires, add_loads, helpers
from .demo_setup import (
    Setup,
    add_battery,
    add_central_system,
    add_home,
    add_linky,
    add_solaredge,
    adopt_charger,
    begin,
    make_dashboard,
    push_solar,
)
from .demo_tariff import add_tariff
from .demo_texts import HELP_FR, TEXTS
from .hass_api import HassError
from .inverter import SolarEdgeSpec
from .real_hass import REPOSITORY, RESTART_EXIT_CODE, RealHass
from .virtual_house import HouseOptions, VirtualHouse

FOLDER = REPOSITORY / ".demo"
IDENTITY = "VIRTUAL-1"
USER = "demo"
PASSWORD = "surplus"
SOLAR_PUSH_S = 2.0
# The sun gives more than this, so that there is something left for the other loads.
CHARGER_A = 16
# Another one when a folder set up by an earlier version of the demo is of no use.
LAYOUT = 4
METERS = ("linky", "solaredge", "both")
# How long the charger may take to be let in.
CALL_IN_S = 60.0

# Early enough that the sun still rises, late enough that all three have some of it.
START = "10:00"


class DemoError(Exception):
    """The demo cannot go on; the text is for the user."""


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    wanted = argparse.ArgumentParser(
        prog="scripts/demo",
        description="A real Home Assistant with Surplus, and a virtual house to watch.",
    )
    add = wanted.add_argument
    add("--port", type=int, default=8123, help="of Home Assistant (8123)")
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    add("--ocpp-port", type=int, default=9000, help="chargers call this one (9000)")
    add("--control-port", type=int, default=DEFAULT_PORT, help=f"({DEFAULT_PORT})")
    add(
        "--meters",
        choices=METERS,
        default="both",
        help="what measures the house (both: the Linky first)",
    )
    add(
        "--modbus-port", type=int, default=1502, help="of the SolarEdge inverter (1502)"
    )
    add("--battery", type=float, metavar="WH", help="a battery at the inverter (none)")
    add("--lang", choices=sorted(TEXTS), default="en", help="language (en)")
    add("--solar", default="pv_clear", metavar="TRACE", help="the sun (pv_clear)")
    add("--house", default="load_synth", metavar="TRACE", help="(load_synth)")
    add("--speed", type=float, default=60.0, help="of the sun (60)")
    add("--start", default=START, metavar="HH:MM", help=f"time of day ({START})")
    add("--folder", type=Path, default=FOLDER, help="where it keeps its files (.demo)")
    add("--fresh", action="store_true", help="forget what earlier runs left")
    return wanted


class Demo:
    """One run."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Read the command line; raises ValueError."""
        folder = arguments.folder.resolve()
        self._texts = TEXTS[arguments.lang]
        self._arguments = arguments
        self._folder = folder
        self._start_s = parse_hours_and_minutes(arguments.start)
        self._meters: str = arguments.meters
        has_inverter = self._meters != "linky"
        if arguments.battery is not None and not has_inverter:
            raise ValueError("--battery needs an inverter: --meters solaredge or both")
        self.setup = Setup(
            tic=folder / "linky" if self._meters != "solaredge" else None,
            modbus_port=arguments.modbus_port if has_inverter else None,
            ocpp_port=arguments.ocpp_port,
            identity=IDENTITY,
            language=arguments.lang,
            charger_a=CHARGER_A,
        )
        self.house = VirtualHouse(
            HouseOptions(
                solar=arguments.solar,
                load=arguments.house,
                speed=arguments.speed,
                start_s=self._start_s,
                first_s=6 * 3600.0,
                last_s=21 * 3600.0,
                tic_path=self.setup.tic,
                ocpp_url=f"ws://127.0.0.1:{arguments.ocpp_port}/ocpp",
                charger=ChargerSpec(identity=IDENTITY),
                # It comes home when there is somebody to look after it.
                plugged=False,
                heater=HEATER,
                tank=TANK,
                appliance=PUMP,
                battery=None
                if arguments.battery is None
                else BatterySpec(capacity_wh=arguments.battery),
                inverter=SolarEdgeSpec() if has_inverter else None,
                modbus_port=self.setup.modbus_port,
            )
        )
        self.hass = RealHass(
            folder / "hass",
            host=arguments.host,
            port=arguments.port,
            username=USER,
            password=PASSWORD,
            language=arguments.lang,
            extra_configuration=helpers(arguments.lang),
        )
        self._wires = HomeWires(self.hass, self.house, arguments.lang)

    def _say(self, key: str, **values: Any) -> None:
        print(self._texts[key].format(**values), flush=True)

    def _check_ports(self) -> None:
        chosen = self._arguments
        wanted = [
            (chosen.host, chosen.port, "Home Assistant", "--port"),
            ("127.0.0.1", chosen.ocpp_port, "OCPP", "--ocpp-port"),
            ("127.0.0.1", chosen.control_port, "control", "--control-port"),
        ]
        if self.setup.modbus_port is not None:
            port = self.setup.modbus_port
            wanted.append(("127.0.0.1", port, "Modbus", "--modbus-port"))
        for host, port, what, option in wanted:
            if not _is_free(host, port):
                text = self._texts["busy"]
                raise DemoError(text.format(port=port, what=what, option=option))

    def _prepare_folder(self) -> bool:
        """Empty the folder when it is of no use; returns whether it is set up."""
        marker = self._folder / "configured.json"
        wanted = self._choices
        known = json.loads(marker.read_text()) if marker.exists() else None
        if self._arguments.fresh or known != wanted:
            marker.unlink(missing_ok=True)
            shutil.rmtree(self._folder / "hass", ignore_errors=True)
            return False
        return True

    @property
    def _choices(self) -> dict[str, int | str | bool | None]:
        """What a folder was set up for."""
        return {
            "layout": LAYOUT,
            "ocpp_port": self.setup.ocpp_port,
            "meters": self._meters,
            "modbus_port": self.setup.modbus_port,
            "battery": self.house.battery is not None,
            "language": self.setup.language,
        }

    def _mark_configured(self) -> None:
        marker = json.dumps(self._choices)
        (self._folder / "configured.json").write_text(marker)

    async def run(self) -> None:
        """Run until told to stop; raises DemoError or HassError."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
        self._folder.mkdir(exist_ok=True)
        with _only_one(self._folder / "lock", self._texts["running"]):
            self._check_ports()
            configured = self._prepare_folder()
            words = Words(self.house)
            async with ControlPort(words, self._arguments.control_port), self.house:
                await self._live(words, stop, configured=configured)

    async def _live(
        self, words: Words, stop: asyncio.Event, *, configured: bool
    ) -> None:
        house = self.house
        house.day.hold(house.clock.now())
        assert house.charger is not None
        # It would only grow impatient while nobody answers.
        house.charger.cut()
        self._say("house")
        stopping = asyncio.create_task(stop.wait())
        working = asyncio.create_task(self._work(words, configured=configured))
        try:
            await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
        finally:
            stopping.cancel()
            working.cancel()
            self._say("stopping")
            await asyncio.gather(stopping, working, return_exceptions=True)
            await self.hass.stop()

    async def _work(self, words: Words, *, configured: bool) -> None:
        hass, house = self.hass, self.house
        await hass.prepare()
        await hass.start()
        if self.setup.modbus_port is None:
            await push_solar(hass, house.house.solar_w, self.setup.language)
        await self._wires.push()
        assert house.charger is not None
        # The car is there before Surplus is: a session that runs is adopted.
        house.plug()
        house.charger.mend()
        if not configured:
            self._say("setup")
            await self._configure()
        await self._wait_for_charger(house.charger)
        now = house.clock.now()
        house.day.set(now, self._start_s)
        house.day.release(now)
        help_text = HELP_FR if self.setup.language == "fr" else HELP
        indented = "\n".join(f"         {line}" for line in help_text.splitlines())
        control = f"{sys.executable} -m simulator.control"
        if self._arguments.control_port != DEFAULT_PORT:
            control += f" --port {self._arguments.control_port}"
        self._say(
            "ready",
            url=f"{hass.url}/{URL_PATH}",
            user=USER,
            password=PASSWORD,
            time=self._arguments.start,
            meters=self._texts[self._meters],
            words=indented,
            control=control.replace(f"{REPOSITORY}/", ""),
        )
        async with asyncio.TaskGroup() as tasks:
            if self.setup.modbus_port is None:
                tasks.create_task(self._push_solar())
            tasks.create_task(self._wires.run())
            tasks.create_task(listen_to_terminal(words))
            tasks.create_task(self._watch())

    async def _wait_for_charger(self, charger: Charger) -> None:
        try:
            async with asyncio.timeout(CALL_IN_S):
                while not charger.connected:
                    await asyncio.sleep(0.2)
        except TimeoutError:
            told = self._texts["alone"].format(error=charger.last_error)
            raise DemoError(f"{told}\n{self.hass.log_tail()}") from None

    async def _configure(self) -> None:
        if self.setup.tic is not None:
            await add_linky(self.hass, self.setup)
        if self.setup.modbus_port is not None:
            await add_solaredge(self.hass, self.setup.modbus_port)
        await add_central_system(self.hass, self.setup)
        await adopt_charger(self.hass, self.setup)
        await add_home(self.hass, self.setup)
        if self.house.battery is not None:
            await add_battery(self.hass, self.setup)
        await add_tariff(self.hass, meter=self.setup.tic is not None)
        await add_loads(self.hass, self.setup.language)
        await begin(self.hass, self.setup)
        await make_dashboard(self.hass, self.setup)
        self._mark_configured()

    async def _push_solar(self) -> None:
        while True:
            # A restart of Home Assistant from its own page is nothing to end over.
            with contextlib.suppress(HassError, aiohttp.ClientError, TimeoutError):
                await push_solar(
                    self.hass, self.house.house.solar_w, self.setup.language
                )
            await asyncio.sleep(SOLAR_PUSH_S)

    async def _watch(self) -> None:
        # A restart asked for on its own page: the process ends and expects another.
        while await self.hass.wait() == RESTART_EXIT_CODE:
            await self.hass.restart()
        raise DemoError(f"{self._texts['ended']}\n{self.hass.log_tail()}")


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _only_one(path: Path, complaint: str) -> Any:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(complaint) from None
        yield


def main(arguments: list[str] | None = None) -> int:
    """Run the demo until Ctrl-C."""
    logging.basicConfig(level=logging.ERROR)
    failed = False
    try:
        asyncio.run(Demo(parser().parse_args(arguments)).run())
    except* (DemoError, HassError, OSError, ValueError) as problems:
        failed = True
        for problem in _flat(problems):
            print(problem, file=sys.stderr)
    return 1 if failed else 0


def _flat(group: BaseExceptionGroup) -> list[BaseException]:
    found: list[BaseException] = []
    for problem in group.exceptions:
        if isinstance(problem, BaseExceptionGroup):
            found += _flat(problem)
        else:
            found.append(problem)
    return found


if __name__ == "__main__":
    sys.exit(main())
