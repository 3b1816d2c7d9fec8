"""Recorded days."""

from pathlib import Path

import pytest

from simulator.trace import DAY_S, Trace, constant_trace, read_trace, trace_names


def test_every_trace_that_ships_can_be_read() -> None:
    names = trace_names("pv_") + trace_names("load_")
    assert len(names) == 9
    day = read_trace("pv_clear")
    assert day.name == "pv_clear"
    assert day.mean(0, DAY_S) * 24 / 1000 == pytest.approx(44.2, abs=0.1)


def test_a_mean_takes_parts_of_seconds_and_wraps_around_midnight() -> None:
    ramp = Trace("ramp", [float(n) for n in range(DAY_S)])
    assert ramp.mean(10, 12) == 10.5
    assert ramp.mean(10.5, 11.5) == pytest.approx(10.5)
    assert ramp.mean(-1, 1) == pytest.approx((DAY_S - 1) / 2)
    assert ramp.mean(DAY_S - 1, DAY_S + 1) == pytest.approx((DAY_S - 1) / 2)
    assert ramp.at(DAY_S + 5) == 5


def test_a_trace_is_a_whole_day() -> None:
    with pytest.raises(ValueError, match="3 values"):
        Trace("short", [1.0, 2.0, 3.0])


def test_a_file_of_ones_own_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    rows = "\n".join(f"{second},250" for second in range(DAY_S))
    path.write_text(f"t_s,w\n{rows}\n", encoding="ascii")
    assert read_trace(str(path)).at(1000) == 250


def test_a_missing_trace_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        read_trace("pv_moonlight")


def test_a_constant_day() -> None:
    assert constant_trace(300).mean(5, 5000) == 300
