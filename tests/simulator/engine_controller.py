"""Plays a scenario with the real engine: observations in, currents out."""

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
from simulator.scenario import Observation, Scenario

LOAD = "ocpp:scenario"


class EngineController:
    """The engine of one Home with one charger."""

    def __init__(self, scenario: Scenario) -> None:
        """Set the limit as a subscription."""
        self._engine = Engine(
            HomeSettings(voltage_v=scenario.voltage_v, subscribed_va=scenario.limit_w)
        )
        self._spec = ChargerSpec(load_id=LOAD, name="Scenario", priority=1)
        self._amps = 0.0

    def __call__(self, seen: Observation) -> float:
        """Decide; a cycle without a setpoint leaves the current as it is."""
        grid = None
        if seen.grid_w is not None and seen.grid_at is not None:
            grid = GridReading(
                at=seen.grid_at,
                power_w=seen.grid_w,
                drawn_va=max(0.0, seen.grid_w),
                currents_a=(seen.grid_w / seen.voltage_v,),
            )
        load = LoadInput(
            spec=self._spec,
            mode=Mode(seen.mode),
            reading=ChargerReading(
                reachable=True,
                wants_power=seen.wants_power,
                power_w=seen.charger_w,
                power_at=seen.charger_at,
                currents_a=(seen.charger_a,) if seen.charger_a > 1 else (),
                offered_a=seen.offered_a,
                offered_at=seen.offered_at,
            ),
        )
        cycle = self._engine.cycle(
            Snapshot(now=seen.now, wall=seen.wall, grid=grid, loads=(load,))
        )
        for decision in cycle.decisions:
            if decision.setpoint is not None:
                self._amps = decision.setpoint.value
        return self._amps
