"""The first command a heater is ever told: no reading of before it shows its power."""

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    GridReading,
    HeaterReading,
    HeaterSpec,
    LoadInput,
    Mode,
    Snapshot,
)
from custom_components.surplus.control.settings import HomeSettings

from .house import EPOCH

SPEC = HeaterSpec(load_id="h", name="h", priority=1, max_w=2400.0)


def told(
    engine: Engine, now: float, grid: GridReading, reading: HeaterReading
) -> float:
    """Run one cycle; returns what the heater is told, in W."""
    load = LoadInput(spec=SPEC, reading=reading, mode=Mode.BOOST)
    cycle = engine.cycle(Snapshot(now=now, wall=EPOCH, grid=grid, loads=(load,)))
    setpoint = cycle.decisions[0].setpoint
    assert setpoint is not None
    return setpoint.value


@pytest.mark.parametrize("measured_w", [None, 0.0])
def test_its_power_is_not_taken_out_of_a_reading_of_before(
    measured_w: float | None,
) -> None:
    engine = Engine(HomeSettings(breaker_a=10.0))
    grid = GridReading(at=1000.0, power_w=920.0, drawn_va=920.0)
    idle = HeaterReading(reachable=True, power_w=measured_w, power_at=999.0)
    first_w = told(engine, 1000.0, grid, idle)
    assert first_w == pytest.approx(6 * 230, abs=60)
    obeyed = HeaterReading(
        reachable=True,
        power_w=measured_w,
        power_at=999.0,
        accepted_w=first_w,
        accepted_at=1000.2,
    )
    # The meter has not told anything since: 4 A and what was told fill the breaker.
    assert told(engine, 1001.0, grid, obeyed) == first_w
    # Nor does one reading later, of before the heater has followed.
    later = GridReading(at=1000.5, power_w=920.0, drawn_va=920.0)
    assert told(engine, 1001.5, later, obeyed) == pytest.approx(first_w, abs=400)
