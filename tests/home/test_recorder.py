"""The record of decisions on disk, in diagnostics, and replayed by the script."""

from collections.abc import Callable
from datetime import datetime, timedelta
import json
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)

from benchmarks.replay import lines_of, main
from custom_components.surplus.control.model import Mode
from custom_components.surplus.control.replay import replay
from custom_components.surplus.home import recorder as recorder_module
from custom_components.surplus.home.recorder import (
    Recorder,
    read_segment,
    record_folder,
)
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .conftest import LOAD_ID, METER_ID, Life


def segments(hass: HomeAssistant, entry_id: str) -> list[Path]:
    return sorted(record_folder(hass, entry_id).glob("*"))


def write(recorder: Recorder, *lines: str, wall: datetime | None = None) -> None:
    recorder.begins(wall or dt_util.utcnow())
    for line in lines:
        recorder.add(line)


async def test_nothing_is_lost_but_the_last_minutes(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await life.run(60, -3000)
    assert segments(hass, home_entry.entry_id) == []
    await life.pass_time(300)
    await life.run(60, -3000)
    (segment,) = segments(hass, home_entry.entry_id)
    # As a crash would leave it: the stream was never ended.
    lines = read_segment(segment.read_bytes())
    steps = list(replay(lines))
    assert 60 <= len(steps) <= 70
    assert not [step.difference for step in steps if step.difference]
    cut = read_segment(segment.read_bytes()[:-30])
    assert cut == lines[: len(cut)]
    assert cut


async def test_what_was_recorded_over_a_restart_is_replayed(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    home_entry.runtime_data.async_set_observing(False)
    await life.run(120, -3000)
    await hass.config_entries.async_unload(home_entry.entry_id)
    await life.pass_time(40)
    assert await hass.config_entries.async_setup(home_entry.entry_id)
    await life.run(60, -4000)
    lines = await home_entry.runtime_data.recorder.async_export()
    steps = list(replay(lines))
    assert len(segments(hass, home_entry.entry_id)) == 2
    assert len(steps) >= 180
    assert not [step.difference for step in steps if step.difference]


async def test_a_reload_goes_on_in_the_same_segment(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await life.run(20, -3000)
    assert await hass.config_entries.async_reload(home_entry.entry_id)
    await life.run(20, -3000)
    lines = await home_entry.runtime_data.recorder.async_export()
    assert len(segments(hass, home_entry.entry_id)) == 1
    assert sum('{"start"' in line for line in lines) == 1
    assert not [step.difference for step in replay(lines) if step.difference]


async def test_diagnostics_hold_a_record_without_ids_that_the_script_replays(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    hass_client: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    random = Random(3)
    home = async_get_registry(hass).home
    assert home
    home_entry.runtime_data.async_set_observing(False)
    for n in range(120):
        await life.run(1, -3000 + random.gauss(0, 600))
        if n == 80:
            await home.async_set_mode(LOAD_ID, Mode.BOOST)
        if n == 100:
            home_entry.runtime_data.async_set_margin(200)
    data = await get_diagnostics_for_config_entry(hass, hass_client, home_entry)
    text = json.dumps(data)
    for private in (LOAD_ID, METER_ID, METER_ID.partition(":")[2], "Garage"):
        assert private not in text
    assert data["memory"]["loads"]["load-001"]["passing"][0]["mode"] == "boost"
    assert data["data"]["grid_meters"] == ["meter-001"]
    file = Path(hass.config.path("diagnostics.json"))
    file.write_text(json.dumps({"home_assistant": {}, "data": data}, indent=2))
    assert main([str(file)]) == 0
    assert " cycles replayed, 0 differences" in capsys.readouterr().out
    changed = text.replace('\\"breaker_a\\":40', '\\"breaker_a\\":9')
    assert changed != text
    file.write_text(changed)
    assert main([str(file), "--show", "1"]) == 1
    out = capsys.readouterr().out
    assert out.count("recorded:") == out.count("replayed:") == 1


async def test_the_script_reads_a_segment_and_plain_lines(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await life.run(30, -3000)
    lines = await home_entry.runtime_data.recorder.async_export()
    (segment,) = segments(hass, home_entry.entry_id)
    assert lines_of(segment) == lines
    plain = tmp_path / "lines.jsonl"
    plain.write_text("\n".join(lines))
    assert main([str(plain)]) == 0
    plain.write_text(lines[0])
    assert main([str(plain)]) == 0
    for content in ('{"data":{}}', "neither", '{"cycle":{}}\nno'):
        plain.write_text(content)
        assert main([str(plain)]) == 2
    assert main([str(tmp_path / "missing")]) == 2
    assert "lines.jsonl" in capsys.readouterr().err


async def test_a_segment_ends_after_an_hour_and_when_it_is_long(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    recorder = Recorder(hass, "x")
    start = dt_util.utcnow()
    assert recorder.begins(start)
    assert not recorder.begins(start + timedelta(minutes=59))
    assert recorder.begins(start + timedelta(minutes=60))
    recorder.add("x" * 3_000_001)
    assert recorder.begins(start + timedelta(minutes=61))
    # A clock that was set back must not make a segment longer than it is.
    assert recorder.begins(start)


async def test_the_oldest_go_first_and_the_newest_stays(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder = Recorder(hass, "x")
    random = Random(1)
    monkeypatch.setattr(recorder_module, "_MOST_BYTES", 30_000)
    for n in range(20):
        freezer.tick(timedelta(hours=2))
        write(recorder, f'"{n}"', random.randbytes(2000).hex())
        await recorder.async_write()
        total = sum(file.stat().st_size for file in segments(hass, "x"))
        assert total <= 30_000 + 3_000
    kept = [read_segment(file.read_bytes())[0] for file in segments(hass, "x")]
    assert kept == [f'"{n}"' for n in range(20 - len(kept), 20)]
    assert len(kept) >= 10
    freezer.tick(timedelta(days=8))
    write(recorder, '"last"')
    await recorder.async_write()
    assert len(segments(hass, "x")) == 1


async def test_an_export_is_bounded_and_holds_whole_segments(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    recorder = Recorder(hass, "x")
    for n in range(4):
        freezer.tick(timedelta(hours=2))
        write(recorder, f'"{n}a"', f'"{n}b"')
    assert await recorder.async_export(10) == ['"2a"', '"2b"', '"3a"', '"3b"'][-2:]
    assert await recorder.async_export(16) == ['"2a"', '"2b"', '"3a"', '"3b"']


async def test_a_disk_that_is_full_is_told_once_and_costs_no_decision(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", full)
        for _ in range(3):
            await life.run(5, -3000)
            await life.pass_time(300)
    assert caplog.text.count("cannot be recorded") == 1
    await life.run(20, -3000)
    lines = await home_entry.runtime_data.recorder.async_export()
    # What goes on begins anew: there is no gap in it.
    assert '{"start"' in lines[0]
    assert not [step.difference for step in replay(lines) if step.difference]


async def test_a_state_that_cannot_be_written_down_is_told_once(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    home_entry.runtime_data.engine._engine.stranger = object()
    await life.run(10, -3000)
    assert caplog.text.count("cannot be recorded") == 1
    assert home_entry.runtime_data.cycle is not None
    del home_entry.runtime_data.engine._engine.stranger
    await life.run(10, -3000)
    lines = await home_entry.runtime_data.recorder.async_export()
    steps = list(replay(lines))
    assert len(steps) == 10
    assert not [step.difference for step in steps if step.difference]


async def test_a_damaged_segment_is_left_out(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    recorder = Recorder(hass, "x")
    write(recorder, '"a"')
    await recorder.async_write()
    freezer.tick(timedelta(hours=2))
    write(recorder, '"b"')
    await recorder.async_write()
    segments(hass, "x")[0].write_bytes(b"no gzip")
    assert await recorder.async_export() == ['"b"']


async def test_a_home_that_is_removed_takes_its_record_along(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await life.run(10, -3000)
    await home_entry.runtime_data.recorder.async_write()
    folder = record_folder(hass, home_entry.entry_id)
    assert folder.is_dir()
    await hass.config_entries.async_remove(home_entry.entry_id)
    await hass.async_block_till_done()
    assert not folder.exists()


async def test_what_the_tariff_names_is_taken_out_though_it_is_away(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    hass_client: Callable[..., Any],
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    hass.config_entries.async_add_subentry(
        home_entry,
        ConfigSubentry(
            data=MappingProxyType(
                {
                    "told_by": "linky:041900000077",
                    "contract": "peak_off_peak",
                    "cheap_order": ["ocpp:SOLD-0815", LOAD_ID],
                    "dear_order": ["ocpp:SOLD-4711"],
                }
            ),
            subentry_type="tariff",
            title="Tariff",
            unique_id=None,
        ),
    )
    await life.run(5, -3000)
    text = json.dumps(
        await get_diagnostics_for_config_entry(hass, hass_client, home_entry)
    )
    assert "cheap_order" in text
    for private in ("041900000077", "SOLD-0815", "SOLD-4711"):
        assert private not in text
