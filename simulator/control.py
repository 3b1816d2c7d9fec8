"""What a viewer may tell the house while it runs.

``python -m simulator.control cloud`` says a word to a running house over a line protocol
on 127.0.0.1: one command per line, an answer, end of stream. The same words can be typed
in the terminal where the house runs.
"""

import argparse
import asyncio
from collections.abc import Callable
import contextlib
import os
import signal
import socket
import sys
import threading
from types import TracebackType
from typing import Self

from .virtual_house import VirtualHouse

DEFAULT_PORT = 9123
HOST = "127.0.0.1"

SURPLUS_W = -3500.0
IMPORT_W = 2000.0
BATH_L = 60.0

HELP = """\
surplus        plenty of sun: 3500 W left over before the car
import         no sun to spare: the house takes 2000 W before the car
balanced       the house takes exactly what the sun gives, before the car
grid <W>       any grid power before the car (- is export)
cloud          a cloud passes, for a minute
cook on|off    somebody cooks: 6000 W more, until it is off
auto           back to the recorded sun and household
hp | hc        switch the Linky to peak | off-peak hours
heater <%>     tell the water heater a percentage (a house that has one)
appliance on|off   move the appliance's relay (a house that has one)
bath           take 60 litres of hot water
unplug | plug  drive away | come home
cut | mend     lose | restore the charger's network link
charger lies|obeys   it accepts limits and goes on as it is | does what it is told
meter off|on   silence the Linky | let it talk (also: garbled, gone)
inverter <state>   slow, night, gone (off the network) or on (a house that has one)
speed <n>      how fast the sun goes (60 = one hour a minute, 0 = it stands still)
status         what is going on
help           this list"""


class UnknownWord(Exception):
    """The viewer said something the house does not know."""


class Words:
    """The vocabulary."""

    def __init__(self, house: VirtualHouse) -> None:
        """Act on a house."""
        self._house = house
        self._words: dict[str, Callable[[], None]] = {
            "surplus": lambda: self._fix(SURPLUS_W),
            "import": lambda: self._fix(IMPORT_W),
            "balanced": lambda: self._fix(0.0),
            "cloud": lambda: house.house.cloud(house.clock.now()),
            "auto": self._auto,
            "plug": house.plug,
            "unplug": house.unplug,
        }

    def _fix(self, watts: float) -> None:
        self._house.house.fix_base(watts)

    def _auto(self) -> None:
        self._house.house.fix_base(None)
        self._house.house.clear_sky()

    async def say(self, line: str) -> str:
        """Do what a line says; returns the answer. Raises UnknownWord."""
        match line.lower().split():
            case [] | ["help"]:
                return HELP
            case ["status"]:
                pass
            case [word] if word in self._words:
                self._words[word]()
            case [("hp" | "hc") as period]:
                self._set_period(period)
            case [("cut" | "mend") as word]:
                self._link(word)
            case ["charger", ("lies" | "obeys") as how]:
                self._house.evse.stuck = how == "lies"
            case ["cook", ("on" | "off") as state]:
                self._house.house.cooking = state == "on"
            case ["grid", watts]:
                self._fix(_number(watts))
            case ["speed", times]:
                self._house.day.set_speed(self._house.clock.now(), _number(times))
            case ["heater", percent] if (heater := self._house.heater) is not None:
                heater.tell(_number(percent) / 100)
            case ["appliance", ("on" | "off") as state] if self._house.appliance:
                self._house.appliance.switch(state == "on")
            case ["bath"] if self._house.heater and self._house.heater.tank:
                self._house.heater.tank.draw(BATH_L)
            case ["meter", ("on" | "off" | "garbled" | "gone") as state]:
                await self._house.meter(state)
            case ["inverter", ("on" | "slow" | "night" | "gone") as state] if (
                self._house.inverter
            ):
                await self._house.inverter_is(state)
            case _:
                raise UnknownWord(f"unknown: {line.strip()} (try: help)")
        self._house.catch_up()
        return self._house.status()

    def _set_period(self, key: str) -> None:
        try:
            self._house.linky.set_period(key)
        except KeyError:
            raise UnknownWord("this contract has no such period") from None

    def _link(self, word: str) -> None:
        charger = self._house.charger
        if charger is None:
            raise UnknownWord("the charger has no link")
        if word == "cut":
            charger.cut()
        else:
            charger.mend()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UnknownWord(f"not a number: {text}") from None


class ControlPort:
    """Listens for words on 127.0.0.1."""

    def __init__(self, words: Words, port: int = 0) -> None:
        """Listen on ``port``; 0 takes a free one, ``port`` tells which."""
        self.port = port
        self._words = words
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen; raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening."""
        assert self._server is not None
        self._server.close()
        self._server.close_clients()
        await self._server.wait_closed()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                try:
                    answer = await self._words.say(line.decode(errors="replace"))
                except UnknownWord as error:
                    answer = f"! {error}"
                writer.write(f"{answer}\n".encode())
                await writer.drain()
        writer.close()


async def listen_to_terminal(words: Words) -> None:
    """Obey what is typed, until end of input."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        # A thread of its own: a terminal that is read without blocking would also be
        # written without blocking by everybody who shares it. Not through sys.stdin,
        # whose lock would still be held when the interpreter goes.
        rest = ""
        with contextlib.suppress(OSError, RuntimeError):
            while piece := os.read(sys.stdin.fileno(), 1024):
                *whole, rest = (rest + piece.decode(errors="replace")).split("\n")
                for line in whole:
                    loop.call_soon_threadsafe(lines.put_nowait, line)

    # In the background a terminal cannot be read: an error then, rather than a stop.
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    threading.Thread(target=read, name="terminal", daemon=True).start()
    while True:
        try:
            print(await words.say(await lines.get()), flush=True)
        except UnknownWord as error:
            print(error, flush=True)


def send(line: str, port: int = DEFAULT_PORT) -> str:
    """Say a word to a running house; raises OSError when none listens."""
    with socket.create_connection((HOST, port), timeout=10) as link:
        link.sendall(f"{line}\n".encode())
        link.shutdown(socket.SHUT_WR)
        with link.makefile(encoding="utf-8") as answer:
            return answer.read().rstrip("\n")


def main(arguments: list[str] | None = None) -> int:
    """Say one word."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator.control",
        description="Tell a running virtual house what to do.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = int(os.environ.get("SURPLUS_CONTROL_PORT", DEFAULT_PORT))
    parser.add_argument("--port", type=int, default=default)
    # A number such as -2000 is a word here, not an option.
    parsed, words = parser.parse_known_args(arguments)
    try:
        answer = send(" ".join(words), parsed.port)
    except OSError as error:
        print(f"No virtual house listens on port {parsed.port}: {error}")
        return 1
    print(answer)
    return 1 if answer.startswith("!") else 0


if __name__ == "__main__":
    sys.exit(main())
