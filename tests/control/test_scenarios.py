"""The engine against the simulator's scenarios, in closed loop with its plant.

Among them the earlier OCPP server's timeline and its four sequences.
"""

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    GridReading,
    LoadInput,
    Mode,
    Snapshot,
)
from custom_components.surplus.control.settings import HomeSettings
from simulator.scenario import Observation, check, read_scenario, run, scenario_names


class EngineController:
    """The engine as a scenario's controller: one charger, one meter."""

    def __init__(self, limit_w: float, voltage_v: float) -> None:
        self._engine = Engine(
            HomeSettings(breaker_a=limit_w / voltage_v, voltage_v=voltage_v)
        )
        self._spec = ChargerSpec(load_id="ocpp:scenario", name="Car", priority=1)
        self._current_a = 0.0

    def __call__(self, seen: Observation) -> float:
        grid = None
        if seen.grid_w is not None and seen.grid_at is not None:
            grid = GridReading(
                at=seen.grid_at, power_w=seen.grid_w, drawn_va=max(0.0, seen.grid_w)
            )
        reading = ChargerReading(
            reachable=True,
            wants_power=seen.wants_power,
            power_w=seen.charger_w,
            power_at=seen.charger_at,
            currents_a=(seen.charger_a,),
            offered_a=seen.offered_a,
            offered_at=seen.offered_at,
        )
        cycle = self._engine.cycle(
            Snapshot(
                now=seen.now,
                wall=seen.wall,
                grid=grid,
                loads=(
                    LoadInput(spec=self._spec, reading=reading, mode=Mode(seen.mode)),
                ),
            )
        )
        if (setpoint := cycle.decisions[0].setpoint) is not None:
            self._current_a = setpoint.value
        return self._current_a


@pytest.mark.parametrize("name", scenario_names())
def test_every_stated_outcome_of_a_scenario_is_met(name: str) -> None:
    scenario = read_scenario(name)
    controller = EngineController(scenario.limit_w, scenario.voltage_v)
    assert check(scenario, run(scenario, controller)) == []
