"""Invariants of heaters that hold whatever happens, searched for by Hypothesis."""

from hypothesis import given, settings as hypothesis_settings, strategies as st

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.limits import grid_currents_a
from custom_components.surplus.control.model import (
    Decision,
    GridReading,
    HeaterReading,
    HeaterSpec,
    LoadInput,
    Mode,
    Reason,
    Snapshot,
    Temperatures,
)
from custom_components.surplus.control.pid import PRESETS
from custom_components.surplus.control.settings import HomeSettings

from .house import EPOCH

watts = st.floats(-12_000, 12_000, allow_nan=False)


@st.composite
def specs(draw: st.DrawFn, index: int) -> HeaterSpec:
    max_w = draw(st.sampled_from([300.0, 1000.0, 2400.0, 6000.0]))
    return HeaterSpec(
        load_id=f"heater:{index}",
        name=f"{index}",
        priority=draw(st.integers(0, 2)),
        phases=draw(st.sampled_from([(1,), (2,), (1, 2, 3)])),
        max_w=max_w,
        min_w=draw(st.sampled_from([0.0, 50.0, 300.0])),
        step_w=draw(st.sampled_from([0.0, 1.0, 24.0, 100.0])),
        lag_s=draw(st.sampled_from([0.0, 2.0, 8.0])),
        min_off_s=draw(st.sampled_from([0.0, 60.0])),
        temperatures=draw(st.sampled_from([None, Temperatures()])),
        pid=draw(st.sampled_from([None, *PRESETS.values()])),
    )


@st.composite
def readings(draw: st.DrawFn, spec: HeaterSpec, now: float) -> HeaterReading:
    reachable = draw(st.integers(0, 9)) > 0
    accepted_w = draw(st.none() | st.floats(0, spec.max_w))
    return HeaterReading(
        reachable=reachable,
        wants_power=draw(st.integers(0, 9)) > 0,
        power_w=draw(st.none() | st.floats(0, 2 * spec.max_w)),
        power_at=now - draw(st.floats(0, 100)),
        accepted_w=accepted_w,
        accepted_at=now - draw(st.floats(0, 30)),
        temperature_c=draw(st.none() | st.floats(-200, 200) | st.floats(30, 70)),
    )


@hypothesis_settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_decision_leaves_its_range_or_the_limits(data: st.DataObject) -> None:
    phases = data.draw(st.sampled_from([1, 3]))
    home = HomeSettings(
        phases=phases,
        breaker_a=data.draw(st.none() | st.floats(5, 63)),
        grid_target_w=data.draw(st.sampled_from([0.0, 500.0])),
        import_price=data.draw(st.sampled_from([0.0, 1.0, 25.0])),
    )
    heaters = [data.draw(specs(index)) for index in range(data.draw(st.integers(1, 3)))]
    engine, now, grid = Engine(home), 1000.0, None
    was: dict[str, float] = {}
    for _ in range(data.draw(st.integers(1, 8))):
        now += data.draw(st.sampled_from([1.0, 2.0, 30.0, 400.0]))
        if data.draw(st.booleans()):
            power_w = data.draw(watts)
            grid = GridReading(
                at=now - data.draw(st.floats(0, 0.9)),
                power_w=power_w if data.draw(st.booleans()) else None,
                drawn_va=max(0.0, power_w),
            )
        loads = tuple(
            LoadInput(
                spec=spec,
                reading=data.draw(readings(spec, now)),
                mode=data.draw(st.sampled_from(Mode)),
                manual_value=data.draw(st.none() | st.floats()),
            )
            for spec in heaters
        )
        cycle = engine.cycle(
            Snapshot(
                now=now,
                wall=EPOCH,
                grid=grid,
                loads=loads,
                cheap=data.draw(st.sampled_from([True, False, None])),
            )
        )
        assert not cycle.failures
        by_id = {decision.load_id: decision for decision in cycle.decisions}
        for load in loads:
            spec, decision = load.spec, by_id[load.spec.load_id]
            if decision.setpoint is None:
                assert decision.reason is Reason.UNREACHABLE
                continue
            value = decision.setpoint.value
            assert value == 0 or spec.min_w <= value <= spec.max_w
            if load.mode is Mode.OFF or not load.reading.wants_power:
                assert value == 0
            if cycle.meter is MeterState.STALE and spec.load_id in was:
                # A late meter lets nothing rise; what something else set below the
                # minimum counts as that.
                was_w = was[spec.load_id]
                assert value <= (max(was_w, spec.min_w) if was_w else 0.0)
        if grid is not None and cycle.meter is not MeterState.LOST:
            _check_room(engine, grid, now=now, loads=loads, by_id=by_id, was=was)
        was = {load_id: engine._loads[load_id].value for load_id in by_id}


def _check_room(
    engine: Engine,
    grid: GridReading,
    *,
    now: float,
    loads: tuple[LoadInput[HeaterSpec, HeaterReading], ...],
    by_id: dict[str, Decision],
    was: dict[str, float],
) -> None:
    """What is told fits beside the house; what was told may stay without an overload."""
    home = engine.settings
    if home.breaker_a is None:
        return
    shown = grid_currents_a(home, grid)
    for phase, shown_a in enumerate(shown, start=1):
        base_a, given_a, was_a = shown_a, 0.0, 0.0
        for load in loads:
            control = engine._loads[load.spec.load_id]
            if phase not in control.phases:
                continue
            per_w = 1 / 230 / len(control.phases)
            own_w = control.own_power_w(load.reading, grid.at, now, 230.0)
            base_a -= own_w * per_w
            setpoint = by_id[load.spec.load_id].setpoint
            if setpoint is not None:
                given_a += setpoint.power_w * per_w
                adopted_w = load.reading.accepted_w or 0.0
                was_a += was.get(load.spec.load_id, adopted_w) * per_w
        room_a = max(0.0, home.breaker_a - base_a)
        if shown_a > home.breaker_a:
            was_a = 0.0
        assert given_a <= max(room_a, was_a) + room_a * (was_a > 0) + 1e-6
