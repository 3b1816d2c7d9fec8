"""The whole house, with its wires and its words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import os
from pathlib import Path
import signal
import subprocess
import sys
from typing import Any

from modbus_connection import ModbusTcpParams
from modbus_connection.tmodbus import ModbusConnection
import pytest
import serial
from solaredged import SolarEdgeConnectionError

from simulator.__main__ import live, options_from, parser
from simulator.appliance import ApplianceSpec
from simulator.battery import BatterySpec
from simulator.charger import ChargerSpec
from simulator.control import (
    ControlPort,
    UnknownWord,
    Words,
    listen_to_terminal,
    main,
    send,
)
from simulator.heater import HeaterSpec
from simulator.house import COOKING_W
from simulator.inverter import MeterRole, SolarEdgeSpec
from simulator.modbus_server import SLOW
from simulator.serial_line import TcpPort
from simulator.tic import TicMode
from simulator.virtual_house import HouseOptions, VirtualHouse

from .central import central_system
from .modbus import PROMPT, read
from .tic_reader import read_frame

REPOSITORY = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def house(**options: Any) -> AsyncIterator[VirtualHouse]:
    """Run a fast house."""
    async with VirtualHouse(HouseOptions(**{"pace": 50.0, **options})) as running:
        yield running


def frame_from(path: Path, baud: int) -> dict[str, Any]:
    """Read one whole frame at the far end of the wire.

    What was sent before the line was set to this speed is noise, however long it took.
    """
    with serial.Serial(str(path), baud, bytesize=7, parity="E", timeout=5) as far_end:
        frame = b"noise"
        while frame and not frame.startswith(b"\x02"):
            frame = far_end.read_until(b"\x03")
        return read_frame(frame)


@pytest.mark.parametrize(
    ("mode", "phases", "label"),
    [
        (TicMode.STANDARD, 1, "IRMS1"),
        (TicMode.STANDARD, 3, "IRMS3"),
        (TicMode.HISTORIC, 1, "IINST"),
        (TicMode.HISTORIC, 3, "IINST3"),
    ],
)
async def test_the_linky_tells_what_the_house_draws(
    tmp_path: Path, mode: TicMode, phases: int, label: str
) -> None:
    path = tmp_path / "linky"
    async with house(mode=mode, phases=phases, tic_path=path) as running:
        running.house.fix_base(2300.0)
        await asyncio.sleep(0.1)
        groups = await asyncio.to_thread(frame_from, path, mode.baud)
    assert label in groups
    shown = groups.get("SINSTS") or groups["PAPP"]
    assert int(shown.data) == pytest.approx(2300, abs=15)
    assert not path.exists()


@pytest.mark.usefixtures("socket_enabled")
async def test_the_linky_can_talk_over_tcp() -> None:
    async with house(tic_port=0) as running:
        assert running.tic_line is not None
        port = running.tic_line.port
        assert isinstance(port, TcpPort)
        reader, writer = await asyncio.open_connection(port.host, port.port)
        await reader.readuntil(b"\x03")
        groups = read_frame(await reader.readuntil(b"\x03"))
        writer.close()
    assert "ADSC" in groups


@pytest.mark.usefixtures("socket_enabled")
async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_running() -> None:
    async with house(tic_port=0) as running:
        assert running.tic_line is not None
        taken = running.tic_line.port.port
        before = len(asyncio.all_tasks())
        with pytest.raises(OSError):
            async with house(tic_port=taken, ocpp_url="ws://127.0.0.1:1"):
                pass
        assert len(asyncio.all_tasks()) == before


@pytest.mark.usefixtures("socket_enabled")
async def test_what_the_charger_draws_is_in_the_grid() -> None:
    async with (
        central_system() as central,
        house(ocpp_url=central.url, solar="pv_overcast", start_s=0.0) as running,
    ):
        await central.status("Charging")
        async with asyncio.timeout(10):
            while running.house.devices_w < 5000:
                await asyncio.sleep(0.01)
        assert running.house.grid_w == pytest.approx(
            running.house.base_w + running.house.devices_w
        )
        assert "connected" in running.status()


@pytest.mark.usefixtures("socket_enabled")
async def test_the_words_move_the_house() -> None:
    options = {"tic_port": 0, "plugged": False, "charger": ChargerSpec()}
    async with (
        central_system() as central,
        house(ocpp_url=central.url, **options) as running,
    ):
        words = Words(running)
        base = running.house
        for line, watts in (
            ("surplus", -3500),
            ("import", 2000),
            ("balanced", 0),
            ("grid -1234.5", -1234.5),
            ("GRID 800", 800),
        ):
            assert f"grid held at {watts:g} W" in await words.say(line)
            assert base.base_w == pytest.approx(watts)
        assert "traces" in await words.say("auto")
        assert base.fixed_base_w is None
        await words.say("hc")
        assert running.linky.period == "hc"
        assert "period HP" in await words.say("hp")
        await words.say("plug")
        assert running.plugged
        await words.say("plug")
        assert "battery" in await words.say("status")
        await words.say("unplug")
        assert not running.plugged
        await central.status("Available")
        assert "link cut" in await words.say("cut")
        await words.say("mend")
        assert "silent" in await words.say("meter off")
        assert "garbled" in await words.say("meter garbled")
        await words.say("meter gone")
        assert "talking" in await words.say("meter on")
        idle_w = running.house.load_w
        await words.say("cook on")
        assert running.house.load_w == pytest.approx(idle_w + COOKING_W, abs=1000)
        await words.say("cook off")
        assert running.house.load_w == pytest.approx(idle_w, abs=1000)
        await words.say("speed 120")
        assert running.day.speed == 120
        assert "surplus" in await words.say("help")
        assert "surplus" in await words.say("")


async def test_a_cloud_dims_the_sun() -> None:
    async with house() as running:
        words = Words(running)
        await words.say("surplus")
        bright = running.house.solar_w
        await words.say("cloud")
        async with asyncio.timeout(10):
            while running.house.solar_w > bright / 4:
                await asyncio.sleep(0.01)
            while running.house.solar_w < bright:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("dance", "unknown: dance"),
        ("grid much", "not a number"),
        ("speed", "unknown"),
        ("meter upside-down", "unknown"),
        ("hc", "no such period"),
        ("cut", "no link"),
    ],
)
async def test_nonsense_is_answered(line: str, answer: str) -> None:
    async with house(contract="base") as running:
        with pytest.raises(UnknownWord, match=answer):
            await Words(running).say(line)
        assert "not connected" in running.status()
        await running.meter("off")


@pytest.mark.usefixtures("socket_enabled")
async def test_words_can_be_sent_from_another_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with house() as running, ControlPort(Words(running)) as control:
        answer = await asyncio.to_thread(send, "grid -2000", control.port)
        assert "-2000" in answer
        arguments = ["--port", str(control.port), "grid", "-1500"]
        assert await asyncio.to_thread(main, arguments) == 0
        assert running.house.fixed_base_w == -1500
        assert "-1500" in capsys.readouterr().out
        arguments = ["--port", str(control.port), "dance"]
        assert await asyncio.to_thread(main, arguments) == 1
        assert "unknown: dance" in capsys.readouterr().out
        port = control.port
    assert await asyncio.to_thread(main, ["--port", str(port), "hp"]) == 1
    assert "No virtual house listens" in capsys.readouterr().out


async def test_typed_words_are_obeyed_and_mistakes_answered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    async with house() as running:
        with os.fdopen(reading) as terminal:
            monkeypatch.setattr("sys.stdin", terminal)
            listening = asyncio.create_task(listen_to_terminal(Words(running)))
            os.write(writing, b"grid -7")
            os.write(writing, b"00\ndance\n")
            async with asyncio.timeout(5):
                while "unknown" not in (told := capsys.readouterr().out):
                    await asyncio.sleep(0.01)
            assert "unknown: dance" in told
            assert running.house.fixed_base_w == -700
            os.close(writing)
            await asyncio.sleep(0.05)
            listening.cancel()


# The program


async def test_a_heater_an_appliance_and_a_battery_can_stand_in_the_house() -> None:
    async with house(
        plugged=False,
        heater=HeaterSpec(),
        appliance=ApplianceSpec(),
        battery=BatterySpec(capacity_wh=5000.0),
    ) as running:
        words = Words(running)
        await words.say("surplus")
        await words.say("heater 50")
        await words.say("appliance on")
        assert running.heater is not None
        assert running.heater.tank is not None
        assert running.battery is not None
        before_c = running.heater.tank.temperature_c
        running.house.advance(running.house.now + 120)
        status = running.status()
        assert "heater told 50 %, draws 1200 W" in status
        assert "appliance on, draws 1100 W" in status
        assert "car 0 W" in status
        assert running.house.grid_w == pytest.approx(0.0, abs=50.0)
        assert running.battery.battery_w == pytest.approx(-1200.0, abs=50.0)
        assert running.heater.tank.temperature_c > before_c
        await words.say("bath")
        assert running.heater.tank.temperature_c < before_c


@pytest.mark.usefixtures("socket_enabled")
async def test_an_inverter_with_the_battery_of_the_house_is_on_the_network() -> None:
    async with house(
        plugged=False,
        battery=BatterySpec(),
        inverter=SolarEdgeSpec(),
        modbus_port=0,
        modbus_habits=PROMPT,
    ) as running:
        assert running.modbus is not None
        assert running.modbus.port
        words = Words(running)
        await words.say("surplus")
        params = ModbusTcpParams(host="127.0.0.1", port=running.modbus.port)
        link = ModbusConnection(params)
        reader = await read(link)
        assert len(reader.batteries) == 1
        assert reader.meters[0].option == "Export+Import"
        assert "inverter awake, 3900 W (one caller, 0 turned away" in running.status()
        assert await words.say("inverter slow")
        assert running.modbus.habits is SLOW
        assert "not on the network" in await words.say("inverter gone")
        with pytest.raises(SolarEdgeConnectionError):
            await read(link)
        assert "no caller" in await words.say("inverter night")
        assert running.modbus.habits is PROMPT
        assert running.house.solar_w == 0.0
        await words.say("inverter on")
        assert running.house.solar_w > 3000
        assert (await read(link)).inverter.ac_power is not None
        await link.close()


async def test_an_inverter_needs_no_network_to_sleep() -> None:
    async with house(inverter=SolarEdgeSpec(), start_s=12 * 3600.0) as running:
        assert "awake" in await Words(running).say("inverter slow")
        told = await Words(running).say("inverter night")
        assert "inverter asleep, 0 W (not on the network)" in told


@pytest.mark.parametrize("word", ["heater 50", "appliance on", "bath", "inverter slow"])
async def test_a_word_for_what_is_not_in_the_house_is_unknown(word: str) -> None:
    async with house() as running:
        with pytest.raises(UnknownWord):
            await Words(running).say(word)


def test_the_command_line_says_what_stands_in_the_house() -> None:
    line = (
        "--tic 9999 --mode historic --consumer --phases 3 --identity X --password p "
        "--no-free-vend --max-current 16 --day 07:00-00:00 --speed 1 --unplugged "
        "--heater 3000 --appliance 900 --battery 5000 "
        "--inverter 1502 --production-meter --follower 0.4"
    )
    options = options_from(parser().parse_args(line.split()))
    assert (options.tic_path, options.tic_port) == (None, 9999)
    assert options.mode is TicMode.HISTORIC
    assert not options.producer
    assert not options.plugged
    assert (options.first_s, options.last_s) == (7 * 3600, 86_400)
    assert options.charger == ChargerSpec(identity="X", password="p", free_vend=False)
    assert options.evse is not None
    assert (options.evse.wiring, options.evse.max_a) == ((1, 2, 3), 16)
    assert options.heater == HeaterSpec(max_w=3000)
    assert options.appliance == ApplianceSpec(power_w=900)
    assert options.battery == BatterySpec(capacity_wh=5000)
    assert options.modbus_port == 1502
    assert options.inverter == SolarEdgeSpec(
        meters=(MeterRole.GRID, MeterRole.PRODUCTION), follower_share=0.4
    )
    plain = options_from(parser().parse_args([]))
    assert (plain.inverter, plain.modbus_port) == (None, None)
    assert (plain.heater, plain.appliance, plain.battery) == (None, None, None)


@pytest.mark.usefixtures("socket_enabled")
async def test_a_signal_ends_the_house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Path(os.devnull).open())  # noqa: ASYNC230
    asyncio.get_running_loop().call_later(0.3, os.kill, os.getpid(), signal.SIGTERM)
    await live(HouseOptions(tic_path=tmp_path / "linky"), 0)
    assert "Type help" in capsys.readouterr().out
    assert not (tmp_path / "linky").is_symlink()


def program(tmp_path: Path, *arguments: str, **streams: Any) -> subprocess.Popen[str]:
    """Start ``python -m simulator`` in an empty folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **streams,
    )


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_program_obeys_its_terminal_and_ends_cleanly(
    tmp_path: Path, end: signal.Signals
) -> None:
    arguments = ["--control", "0", "--start", "12:00", "--phases", "3"]
    with program(tmp_path, *arguments, stdin=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stdout.readline().startswith("12:0")
        running.stdout.readline()
        assert running.stdout.readline().startswith("Type help")
        assert (tmp_path / "linky").exists()
        running.stdin.write("grid -2000\ndance\n")
        running.stdin.flush()
        assert "grid held at -2000 W" in running.stdout.readline()
        running.stdout.readline()
        assert running.stdout.readline().startswith("unknown: dance")
        running.send_signal(end)
        assert running.stdout.read() == ""
        assert running.wait(10) == 0
    assert not (tmp_path / "linky").is_symlink()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--start", "noon"], "noon"),
        (["--solar", "pv_moonlight"], "pv_moonlight"),
    ],
)
def test_the_program_explains_what_it_cannot_do(
    tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    with program(tmp_path, "--control", "0", *arguments) as running:
        output, _ = running.communicate(timeout=20)
    assert running.returncode == 1
    assert complaint in output
    assert "Traceback" not in output
