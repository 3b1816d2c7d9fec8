"""What the engine is given of each kind of load, and what is made of its answers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.closed_loop import ours
from benchmarks.closed_loop.cases import CASES, Case, HeaterCase, RelayCase, Wires
from benchmarks.closed_loop.ours import Ours
from benchmarks.closed_loop.record import Record, play
from benchmarks.closed_loop.variants import VARIANTS
from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.model import (
    ChargerReading,
    Decision,
    HeaterReading,
    HeaterSpec,
    LoadInput,
    Reason,
    Setpoint,
    Snapshot,
    SwitchedReading,
    SwitchedSpec,
)
from simulator.battery import BatterySpec
from simulator.heater import Characteristic

from .days import case

BEGIN = 36_000.0


class FakeEngine:
    """Tells each load the same all day, and keeps what it was given."""

    told: Mapping[str, float]
    given: list[Snapshot]

    def __init__(self, *args: Any) -> None:
        FakeEngine.given = []

    def cycle(self, snapshot: Snapshot) -> Cycle:
        FakeEngine.given.append(snapshot)
        return Cycle(
            at=snapshot.now,
            meter=MeterState.FRESH,
            decisions=tuple(
                Decision(
                    load_id=load_id,
                    setpoint=Setpoint(value=value, power_w=0.0),
                    reason=Reason.FOLLOWING_SURPLUS,
                )
                for load_id, value in FakeEngine.told.items()
            ),
        )


def fed(
    monkeypatch: pytest.MonkeyPatch, one: Case, told: Mapping[str, float]
) -> tuple[Record, list[Snapshot]]:
    monkeypatch.setattr(ours, "Engine", FakeEngine)
    FakeEngine.told = told
    record = play(one, Ours(one))
    return record, FakeEngine.given


def of(snapshot: Snapshot, load_id: str) -> LoadInput[Any, Any]:
    return next(load for load in snapshot.loads if load.spec.load_id == load_id)


def test_a_heater_is_told_watts_and_tells_what_it_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = case([0.0] * 20, heaters=(HeaterCase(),), wires=Wires(grid_noise_w=0.0))
    record, given = fed(monkeypatch, one, {"heater": 1000.0})
    # 1000 W are 41.7 %, and the dimmer knows whole percents.
    assert record.loads_w[-1] == pytest.approx(0.42 * 2400, abs=0.5)
    heater = of(given[-1], "heater")
    assert isinstance(heater.spec, HeaterSpec)
    assert (heater.spec.max_w, heater.spec.step_w) == (2400.0, 24.0)
    assert heater.spec.priority > of(given[-1], "car").spec.priority
    reading = heater.reading
    assert isinstance(reading, HeaterReading)
    assert reading.accepted_w == pytest.approx(0.42 * 2400)
    assert reading.accepted_at == BEGIN + 1
    assert reading.power_w == pytest.approx(0.42 * 2400, abs=0.5)
    assert reading.power_at == BEGIN + 18
    first = of(given[0], "heater").reading
    assert isinstance(first, HeaterReading)
    assert (first.accepted_w, first.accepted_at, first.power_w) == (None, None, None)


def test_a_dimmer_that_is_said_to_cut_phases_is_told_by_its_curve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuts = HeaterCase(stated=Characteristic.PHASE_ANGLE)
    one = case([0.0] * 20, heaters=(cuts,), wires=Wires(grid_noise_w=0.0))
    record, given = fed(monkeypatch, one, {"heater": 600.0})
    # In truth it is linear here: 33 % of it are not 600 W.
    assert record.loads_w[-1] == pytest.approx(0.33 * 2400, abs=0.5)
    reading = of(given[-1], "heater").reading
    assert isinstance(reading, HeaterReading)
    assert reading.accepted_w == pytest.approx(600, abs=20)


def test_a_relay_is_told_on_or_off_and_tells_since_when(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = case([0.0] * 20, relays=(RelayCase(),), wires=Wires(grid_noise_w=0.0))
    record, given = fed(monkeypatch, one, {"relay": 1.0})
    assert record.loads_w[-1] == 1100.0
    relay = of(given[-1], "relay")
    assert isinstance(relay.spec, SwitchedSpec)
    assert relay.spec.power_w == 1100.0
    reading = relay.reading
    assert isinstance(reading, SwitchedReading)
    assert (reading.on, reading.changed_at) == (True, BEGIN + 1)
    assert (reading.power_w, reading.power_at) == (1100.0, BEGIN + 15)
    first = of(given[0], "relay").reading
    assert isinstance(first, SwitchedReading)
    assert (first.on, first.changed_at) == (False, None)


def test_a_pump_of_unknown_power_without_a_meter_tells_neither(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = case([0.0] * 20, heaters=(HeaterCase(),), relays=(RelayCase(),))
    one = VARIANTS["pump-unknown"].apply(known)
    _, given = fed(monkeypatch, one, {"relay": 1.0})
    relay = of(given[-1], "relay")
    assert isinstance(relay.spec, SwitchedSpec)
    assert relay.spec.power_w is None
    assert relay.reading.power_w is None


def test_a_battery_is_read_with_the_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    one = case([1500.0] * 30, battery=BatterySpec(), wires=Wires(grid_noise_w=0.0))
    _, given = fed(monkeypatch, one, {})
    (battery,) = given[-1].batteries
    grid = given[-1].grid
    assert grid is not None
    assert grid.power_w is not None
    assert battery.at == grid.at
    assert battery.power_w < 0
    assert grid.power_w == pytest.approx(-1500.0 - battery.power_w)
    assert battery.soc == pytest.approx(0.3, abs=0.01)
    assert given[0].batteries == ()


def test_a_charger_tells_the_phases_it_measures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = case([0.0] * 40, wires=Wires(grid_noise_w=0.0))
    _, given = fed(monkeypatch, one, {"car": 10.0})
    reading = of(given[-1], "car").reading
    assert isinstance(reading, ChargerReading)
    assert len(reading.currents_a) == 1
    assert reading.currents_a[0] > 5.0
    assert reading.offered_a == 10.0


def test_a_three_phase_home_is_told_its_currents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (charger,) = CASES["D1"].chargers
    stays = replace(charger, evse=replace(charger.evse, switches_phases=False))
    one = case([690.0] * 5, chargers=(stays,), wires=Wires(grid_noise_w=0.0))
    _, given = fed(monkeypatch, one, {})
    grid = given[-1].grid
    assert grid is not None
    assert grid.currents_a == pytest.approx((-1.0, -1.0, -1.0))
