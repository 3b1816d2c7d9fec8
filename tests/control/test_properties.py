"""Invariants that hold whatever happens, searched for by Hypothesis."""

from hypothesis import given, settings as hypothesis_settings, strategies as st

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    GridReading,
    LoadInput,
    Mode,
    Reason,
    Snapshot,
)
from custom_components.surplus.control.settings import HomeSettings

from .house import EPOCH

amperes = st.floats(0, 40, allow_nan=False)
watts = st.floats(-12_000, 12_000, allow_nan=False)


@st.composite
def specs(draw: st.DrawFn, index: int) -> ChargerSpec:
    wired = draw(st.sampled_from([(1,), (2,), (1, 2, 3)]))
    return ChargerSpec(
        load_id=f"ocpp:{index}",
        name=f"{index}",
        priority=draw(st.integers(0, 3)),
        phases=wired,
        max_a=draw(st.sampled_from([6.0, 10.0, 16.0, 32.0])),
        step_a=draw(st.sampled_from([1.0, 0.1])),
        switches_phases=draw(st.booleans()),
        safe_a=draw(st.sampled_from([0.0, 6.0])),
        min_on_s=draw(st.sampled_from([0.0, 60.0, 300.0])),
        min_off_s=draw(st.sampled_from([0.0, 60.0, 300.0])),
    )


@st.composite
def houses(draw: st.DrawFn) -> tuple[HomeSettings, list[ChargerSpec]]:
    phases = draw(st.sampled_from([1, 3]))
    limits = st.none() | st.floats(5, 63)
    home = HomeSettings(
        phases=phases,
        breaker_a=draw(limits),
        subscribed_va=draw(st.none() | st.floats(3000, 18_000)),
        grid_target_w=draw(st.sampled_from([0.0, 500.0, -500.0])),
        margin_w=draw(st.sampled_from([0.0, 100.0])),
        import_price=draw(st.sampled_from([0.0, 1.0, 25.0])),
    )
    count = draw(st.integers(1, 3))
    return home, [draw(specs(index)) for index in range(count)]


@st.composite
def moments(
    draw: st.DrawFn, home: HomeSettings, load_specs: list[ChargerSpec]
) -> tuple[float, GridReading | None, list[tuple[ChargerReading, Mode]]]:
    dt_s = draw(st.floats(0.5, 400))
    grid = None
    if draw(st.booleans()):
        power_w = draw(watts)
        grid = GridReading(
            at=-draw(st.floats(0, 2)),
            power_w=power_w if draw(st.booleans()) else None,
            drawn_va=max(0.0, power_w),
            currents_a=draw(
                st.just(())
                | st.tuples(*[st.floats(-40, 40) for _ in range(home.phases)])
            ),
        )
    loads = []
    for spec in load_specs:
        reachable = draw(st.integers(0, 9)) > 0
        loads.append(
            (
                ChargerReading(
                    reachable=reachable,
                    wants_power=draw(st.integers(0, 9)) > 0,
                    power_w=draw(st.none() | st.floats(0, 8000)),
                    power_at=0.0,
                    currents_a=draw(st.just(()) | st.tuples(amperes, amperes, amperes)),
                    offered_a=draw(st.none() | st.sampled_from([0.0, 6.0, spec.max_a])),
                    offered_at=0.0,
                    link_lost_at=None if reachable else 0.0,
                ),
                draw(st.sampled_from(list(Mode))),
            )
        )
    return dt_s, grid, loads


@hypothesis_settings(max_examples=300, deadline=None)
@given(data=st.data(), house=houses())
def test_no_decision_leaves_its_range_or_the_limits(
    data: st.DataObject, house: tuple[HomeSettings, list[ChargerSpec]]
) -> None:
    home, load_specs = house
    engine = Engine(home)
    now, grid = 1000.0, None
    off_since: dict[str, float] = {}
    wishes = 0
    was_on: dict[str, bool] = {}
    ran: dict[str, bool] = {}
    for _ in range(data.draw(st.integers(1, 6))):
        dt_s, fresh, loads = data.draw(moments(home, load_specs))
        now += dt_s
        wished = data.draw(st.booleans())
        wishes += wished
        if fresh is not None:
            grid = GridReading(
                at=now + fresh.at,
                power_w=fresh.power_w,
                drawn_va=fresh.drawn_va,
                currents_a=fresh.currents_a,
            )
        snapshot = Snapshot(
            now=now,
            wall=EPOCH,
            grid=grid,
            loads=tuple(
                LoadInput(
                    spec=spec,
                    reading=ChargerReading(
                        reachable=reading.reachable,
                        wants_power=reading.wants_power,
                        power_w=reading.power_w,
                        power_at=now - 1,
                        currents_a=reading.currents_a,
                        offered_a=reading.offered_a,
                        offered_at=now - 1,
                        link_lost_at=now if reading.link_lost_at is not None else None,
                    ),
                    mode=mode,
                    wishes=wishes,
                )
                for spec, (reading, mode) in zip(load_specs, loads, strict=True)
            ),
        )
        cycle = engine.cycle(snapshot)

        assert not cycle.failures
        assert len(cycle.decisions) == len(load_specs)
        by_id = {decision.load_id: decision for decision in cycle.decisions}
        for spec, (_, mode) in zip(load_specs, loads, strict=True):
            setpoint = by_id[spec.load_id].setpoint
            if setpoint is None:
                off_since.pop(spec.load_id, None)
                continue
            current_a = setpoint.value
            # Nothing, or between what the pilot can offer and what the wiring stands.
            assert current_a == 0 or spec.min_a <= current_a <= spec.max_a
            if mode is Mode.OFF:
                assert current_a == 0
            # The minimum time off holds, unless a person breaks it.
            off_at = off_since.get(spec.load_id)
            if current_a and off_at is not None and not wished:
                assert now - off_at >= spec.min_off_s
            # A vehicle that left, or had enough, was not switched off by us.
            gone = by_id[spec.load_id].reason is Reason.NO_VEHICLE
            if current_a or wished or gone:
                off_since.pop(spec.load_id, None)
            elif was_on.get(spec.load_id) and ran.get(spec.load_id):
                off_since[spec.load_id] = now

        # Whatever is handed out fits under each limit on each phase, on top of what the
        # house drew without the loads at that reading. Only a load that ran already may
        # keep its minimum: whether it must stop, the breaker's time decides.
        room_a = _room(engine, snapshot)
        for phase, left_a in room_a.items():
            given_a = least_a = 0.0
            for load in snapshot.loads:
                setpoint = by_id[load.spec.load_id].setpoint
                if setpoint and phase in engine._loads[load.spec.load_id].phases:
                    given_a += setpoint.value
                    # First seen at work, it is adopted.
                    at_work = was_on.get(
                        load.spec.load_id, bool(load.reading.offered_a)
                    )
                    least = engine._loads[load.spec.load_id].min_a
                    if setpoint.value <= least and at_work:
                        least_a += setpoint.value
            assert given_a <= max(left_a, 0.0) + least_a + 1e-6
        # Of one out of reach the room of its safe current is kept, whether it runs or not.
        ran = {load_id: engine._loads[load_id].switching.on for load_id in by_id}
        was_on = {
            load_id: bool(
                decision.setpoint.value
                if decision.setpoint
                else decision.numbers["reserved_a"]
            )
            for load_id, decision in by_id.items()
        }


def _room(engine: Engine, snapshot: Snapshot) -> dict[int, float]:
    """Work out the room per phase anew, from the snapshot alone."""
    home, grid = engine.settings, snapshot.grid
    if grid is None or snapshot.now - grid.at > engine.freshness.lost_after_s:
        return {}
    limits = []
    if home.breaker_a is not None:
        limits.append(home.breaker_a)
    if home.subscribed_va is not None:
        limits.append(home.subscribed_va / home.phases / 230)
    if not limits:
        return {}
    if home.phases == 3 and len(grid.currents_a) == 3:
        shown = list(grid.currents_a)
    else:
        total = grid.drawn_va or (grid.power_w or 0.0)
        shown = [total / 230] * home.phases
        if home.phases == 3:
            shown = [max(0.0, current_a) for current_a in shown]
    base = list(shown)
    for load in snapshot.loads:
        control = engine._loads[load.spec.load_id]
        own_w = control.own_power_w(load.reading, grid.at, snapshot.now, 230.0)
        for phase in control.phases:
            base[phase - 1] -= own_w / 230 / len(control.phases)
    limit_a = min(limits)
    phases = range(1, home.phases + 1)
    return {phase: limit_a - base[phase - 1] for phase in phases}
