"""The demo, as far as it goes without a Home Assistant."""

import fcntl
import json
from pathlib import Path
import socket

import pytest

from simulator.demo import Demo, main, parser
from simulator.demo_dashboard import dashboard
from simulator.demo_setup import HOME_ROLES, SESSION_ROLES

ROLES = {
    role: f"sensor.{role}"
    for role in (
        "grid",
        "solar",
        "house",
        "surplus",
        "mode",
        "reason",
        "offered",
        "current",
        "power",
        "status",
        "observer",
        "period",
        "next_event",
        "pump_mode",
        "pump_reason",
        "pump_next_event",
        "pump_resume",
        "pump_power",
        "pump_switch",
        "heater_mode",
        "heater_reason",
        "heater_next_event",
        "heater_resume",
        "heater_power",
        "heater_set",
        "water",
        "meter",
        "linky_power",
        "inverter_meter",
        "inverter_power",
        "inverter_status",
        "battery_power",
        "battery_soc",
        *HOME_ROLES,
        *SESSION_ROLES,
    )
}


def demo(folder: Path, *arguments: str) -> Demo:
    """Return a demo that has not begun."""
    folder.mkdir(exist_ok=True)
    return Demo(parser().parse_args(["--folder", str(folder), *arguments]))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_role_is_on_the_dashboard(language: str) -> None:
    text = json.dumps(dashboard(ROLES, language))
    for entity_id in ROLES.values():
        assert f'"{entity_id}"' in text


def test_a_role_without_entity_leaves_no_hole() -> None:
    text = json.dumps(dashboard({"grid": "sensor.grid"}, "en"))
    assert '"sensor.grid"' in text
    assert '"entities": []' not in text


def test_the_same_choices_find_what_the_first_run_left(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    first = demo(folder)
    assert not first._prepare_folder()
    kept = folder / "hass" / "kept"
    kept.parent.mkdir()
    kept.touch()
    first._mark_configured()
    assert demo(folder, "--port", "9999", "--speed", "10")._prepare_folder()
    assert kept.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fresh"],
        ["--lang", "fr"],
        ["--ocpp-port", "9001"],
        ["--meters", "linky"],
        ["--modbus-port", "1503"],
        ["--battery", "5000"],
    ],
)
def test_other_choices_begin_afresh(tmp_path: Path, arguments: list[str]) -> None:
    folder = tmp_path / "demo"
    first = demo(folder)
    kept = folder / "hass" / "kept"
    kept.parent.mkdir()
    kept.touch()
    first._mark_configured()
    assert not demo(folder, *arguments)._prepare_folder()
    assert not kept.exists()


def test_a_run_that_was_interrupted_begins_afresh(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    half = demo(folder)
    half._prepare_folder()
    kept = folder / "hass" / "half"
    kept.parent.mkdir()
    kept.touch()
    assert not demo(folder)._prepare_folder()
    assert not kept.exists()


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(
    ("option", "language", "words"),
    [
        ("--port", "en", "is taken"),
        ("--ocpp-port", "en", "choose another with --ocpp-port"),
        ("--control-port", "fr", "est pris"),
        ("--modbus-port", "fr", "--modbus-port"),
    ],
)
def test_a_busy_port_is_said_in_plain_words(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
    language: str,
    words: str,
) -> None:
    names = ("--port", "--ocpp-port", "--control-port", "--modbus-port")
    ports = {name: _free_port() for name in names}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports[option] = taken.getsockname()[1]
        arguments = [text for pair in ports.items() for text in map(str, pair)]
        folder = ["--folder", str(tmp_path / "demo"), "--lang", language]
        assert main([*arguments, *folder]) == 1
    told = capsys.readouterr().err
    assert str(ports[option]) in told
    assert words in told


@pytest.mark.usefixtures("socket_enabled")
def test_a_second_demo_in_the_same_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(["--folder", str(tmp_path)]) == 1
    assert "already running" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("meters", "linky", "inverter"),
    [
        ("linky", True, False),
        ("solaredge", False, True),
        ("both", True, True),
    ],
)
def test_the_house_has_the_meters_that_were_asked_for(
    tmp_path: Path, *, meters: str, linky: bool, inverter: bool
) -> None:
    run = demo(tmp_path / "demo", "--meters", meters, "--modbus-port", "0")
    assert (run.house.tic_line is not None) is linky
    assert (run.house.inverter is not None) is inverter
    assert (run.house.modbus is not None) is inverter
    assert run.house.battery is None


def test_a_battery_hangs_on_the_inverter_or_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = demo(tmp_path / "demo", "--battery", "5000")
    assert run.house.battery is not None
    arguments = ["--folder", str(tmp_path), "--meters", "linky", "--battery", "5000"]
    assert main(arguments) == 1
    assert "needs an inverter" in capsys.readouterr().err


def test_a_time_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--folder", str(tmp_path), "--start", "25:00"]) == 1
    assert "not a time of day" in capsys.readouterr().err


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
