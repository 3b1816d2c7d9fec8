"""From the last byte of a meter frame to the command on the charger's wire.

    python -m benchmarks.latency [--samples 30]

Starts a real Home Assistant on a virtual house. A boosting car is held under the main
breaker; a kettle goes on, and the frame that shows it must throttle the car. Measured
in this process, which stands at both ends: from writing that frame's last byte to a
pseudo-terminal until the bytes of SetChargingProfile pass a relay before the charger.
Negative: the command was out before the frame had ended, because the reader acts on the
power's own group. Changes of a charger's current are kept 5 s apart, so the car is left alone for longer
than that before each kettle: the wait is pacing, not latency.
"""

import argparse
import asyncio
from collections.abc import Callable
import contextlib
from pathlib import Path
import socket
from statistics import median, quantiles
import tempfile
import time
from typing import override

from simulator.charger import ChargerSpec
from simulator.demo_setup import (
    Setup,
    add_central_system,
    add_home,
    add_linky,
    adopt_charger,
)
from simulator.real_hass import RealHass
from simulator.serial_line import Port
from simulator.virtual_house import HouseOptions, VirtualHouse

IDENTITY = "GARAGE-1"
CALM_W = 1000.0
KETTLE_W = 1200.0
CALM_S = 8.0
# What the car draws under a 32 A breaker beside a calm house, less its shortfall.
FULL_A = 24.5
_ETX = b"\x03"
_EXTENSIONS = b"Sec-WebSocket-Extensions"


class StampedPort(Port):
    """Passes frames on and notes when the last byte of one was written."""

    def __init__(self, inner: Port) -> None:
        """Stand before a port."""
        self._inner = inner
        self._frame = b""
        self.overload_at: float | None = None
        self.limit_va = 0.0

    def arm(self, limit_va: float) -> None:
        """Note the next frame that shows more than this."""
        self.limit_va = limit_va
        self.overload_at = None

    @override
    async def open(self) -> None:
        await self._inner.open()

    @override
    async def close(self) -> None:
        await self._inner.close()

    @override
    def send(self, data: bytes, baud: int) -> None:
        self._inner.send(data, baud)
        sent_at = time.monotonic()
        self._frame += data
        if _ETX not in self._frame:
            return
        frame, _, rest = self._frame.partition(_ETX)
        self._frame = rest
        if self.overload_at is None and _drawn_va(frame) > self.limit_va:
            self.overload_at = sent_at


def _drawn_va(frame: bytes) -> float:
    for group in frame.split(b"\n"):
        if group.startswith(b"SINSTS\t"):
            return float(group.split(b"\t")[1])
    return 0.0


class Relay:
    """A TCP relay before the charger that notes commands as they pass."""

    def __init__(self, to_port: int) -> None:
        """Relay to a port of this machine."""
        self._to_port = to_port
        self._server: asyncio.Server | None = None
        self.commanded = asyncio.Event()
        self.commanded_at = 0.0

    async def open(self) -> int:
        """Listen, and return the port."""
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection(
                "127.0.0.1", self._to_port
            )
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            # Uncompressed, a server's frames can be read as they pass: they have no mask.
            _pump(reader, up_writer, lambda data: data.replace(_EXTENSIONS, b"X-None")),
            _pump(up_reader, writer, self._note),
        )

    def _note(self, data: bytes) -> bytes:
        if b"SetChargingProfile" in data:
            self.commanded_at = time.monotonic()
            self.commanded.set()
        return data


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    passed: Callable[[bytes], bytes],
) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(passed(data))
            await writer.drain()
    writer.close()


async def _sample(house: VirtualHouse, port: StampedPort, relay: Relay) -> float:
    """Return one latency in seconds."""
    house.house.fix_base(CALM_W)
    await asyncio.sleep(1.0)
    # Back at full current under the breaker, and left alone for a while.
    await _until(lambda: house.evse.currents_a[0] > FULL_A)
    await _quiet(relay)
    port.arm(max(house.house.grid_w, CALM_W) + KETTLE_W / 2)
    relay.commanded.clear()
    house.house.fix_base(CALM_W + KETTLE_W)
    await asyncio.wait_for(relay.commanded.wait(), 30)
    # The reader does not wait for the end of a frame: a command may come before it.
    await _until(lambda: port.overload_at is not None)
    assert port.overload_at is not None
    return relay.commanded_at - port.overload_at


async def _quiet(relay: Relay) -> None:
    """Wait until no command has passed for longer than the pacing."""
    while time.monotonic() - relay.commanded_at < CALM_S:
        await asyncio.sleep(0.1)


async def measure(samples: int) -> list[float]:
    """Return latencies in seconds."""
    with tempfile.TemporaryDirectory(prefix="surplus-latency-") as name:
        folder = Path(name)
        setup = Setup(
            tic=folder / "linky",
            ocpp_port=_free_port(),
            identity=IDENTITY,
            language="en",
            breaker_a=32,
        )
        relay = Relay(setup.ocpp_port)
        options = HouseOptions(
            tic_path=setup.tic,
            ocpp_url=f"ws://127.0.0.1:{await relay.open()}/ocpp",
            charger=ChargerSpec(identity=IDENTITY),
        )
        house = VirtualHouse(options)
        assert house.tic_line is not None
        port = house.tic_line.port = StampedPort(house.tic_line.port)
        house.house.fix_base(CALM_W)
        async with house, RealHass(folder / "config", port=_free_port()) as hass:
            await add_linky(hass, setup)
            await add_central_system(hass, setup)
            await adopt_charger(hass, setup)
            await add_home(hass, setup, solar=False)
            entities = await hass.entity_ids()
            observer = {"entity_id": entities["home_observer"]}
            await hass.call("switch", "turn_off", observer)
            mode = {"entity_id": entities[f"ocpp:{IDENTITY}_mode"], "option": "boost"}
            await hass.call("select", "select_option", mode)
            await _until(lambda: house.evse.currents_a[0] > FULL_A)
            found = [await _sample(house, port, relay) for _ in range(samples)]
        relay.close()
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.2)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, default=30)
    count = parser.parse_args().samples
    found = sorted(1000 * latency for latency in asyncio.run(measure(count)))
    p99 = quantiles(found, n=100, method="inclusive")[98] if count > 1 else found[0]
    print(f"last byte of a frame -> SetChargingProfile on the wire, {count} samples")
    print(f"{'median':>10} {'p99':>10} {'worst':>10}")
    print(f"{median(found):>7.1f} ms {p99:>7.1f} ms {found[-1]:>7.1f} ms")


if __name__ == "__main__":
    main()
