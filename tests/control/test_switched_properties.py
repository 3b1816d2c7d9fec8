"""What holds for switched loads whatever happens, searched for by Hypothesis."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings as hypothesis_settings, strategies as st

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    GridReading,
    LoadInput,
    Mode,
    Reason,
    Snapshot,
    SwitchedReading,
    SwitchedSpec,
)
from custom_components.surplus.control.settings import HomeSettings

from .switched_house import House, Relay

PARIS = ZoneInfo("Europe/Paris")
NIGHT = datetime(2026, 6, 21, 0, tzinfo=PARIS)

# A person, a limit, a lost meter and a load that refuses may end a run at once.
MAY_STOP_EARLY = {
    Reason.NO_ROOM,
    Reason.SHED,
    Reason.METER_LOST,
    Reason.NO_GRID_METER,
    Reason.MODE_OFF,
    Reason.MANUAL,
    Reason.NOT_DRAWING,
    Reason.SIGN_REVERSED,
    Reason.UNREACHABLE,
}


@st.composite
def specs(draw: st.DrawFn, index: int) -> SwitchedSpec:
    return SwitchedSpec(
        load_id=f"home:{index}",
        name=f"{index}",
        priority=draw(st.integers(0, 2)),
        phases=draw(st.sampled_from([(1,), (2,), (1, 2, 3)])),
        power_w=draw(st.sampled_from([None, 300.0, 2000.0, 6000.0])),
        min_on_s=draw(st.sampled_from([0.0, 60.0, 300.0])),
        min_off_s=draw(st.sampled_from([0.0, 60.0, 300.0])),
        least_run_s=draw(st.sampled_from([0.0, 3600.0])),
        most_run_s=draw(st.sampled_from([None, 600.0])),
    )


@hypothesis_settings(max_examples=200, deadline=None)
@given(data=st.data(), phases=st.sampled_from([1, 3]), count=st.integers(1, 3))
def test_never_on_against_the_limits_and_minimum_times_hold(
    data: st.DataObject, phases: int, count: int
) -> None:
    home = HomeSettings(
        phases=phases,
        breaker_a=data.draw(st.floats(5, 63)),
        import_price=data.draw(st.sampled_from([0.0, 1.0, 25.0])),
    )
    load_specs = [data.draw(specs(index)) for index in range(count)]
    engine = Engine(home)
    now, wishes = 1000.0, 0
    told: dict[str, bool] = {}
    since: dict[str, float] = {}
    grid: GridReading | None = None
    for _ in range(data.draw(st.integers(1, 8))):
        now += data.draw(st.floats(0.5, 400))
        wished = data.draw(st.integers(0, 4)) == 0
        wishes += wished
        if data.draw(st.integers(0, 4)) > 0:
            power_w = data.draw(st.floats(-12_000, 12_000))
            grid = GridReading(
                at=now,
                power_w=power_w if data.draw(st.integers(0, 4)) > 0 else None,
                drawn_va=max(0.0, power_w),
            )
        loads = []
        for spec in load_specs:
            # Mostly obedient.
            on: bool | None = told.get(spec.load_id, False)
            if data.draw(st.integers(0, 5)) == 0:
                on = data.draw(st.sampled_from([True, False, None]))
            measured = data.draw(st.none() | st.floats(0, 7000))
            loads.append(
                LoadInput(
                    spec=spec,
                    reading=SwitchedReading(
                        reachable=data.draw(st.integers(0, 9)) > 0,
                        power_w=measured,
                        power_at=now - 1,
                        on=on,
                        changed_at=data.draw(st.none() | st.just(now - 2)),
                    ),
                    mode=data.draw(st.sampled_from(list(Mode))),
                    wishes=wishes,
                    manual_value=data.draw(st.sampled_from([None, 0.0, 1.0])),
                )
            )
        snapshot = Snapshot(
            now=now,
            wall=NIGHT + timedelta(seconds=now),
            grid=grid,
            loads=tuple(loads),
            cheap=data.draw(st.sampled_from([None, True, False])),
        )
        cycle = engine.cycle(snapshot)
        assert not cycle.failures

        by_id = {decision.load_id: decision for decision in cycle.decisions}
        room_a = _room(engine, snapshot)
        for load in sorted(
            loads,
            key=lambda load: (
                load.reading.reachable,
                load.spec.priority,
                load.spec.load_id,
            ),
        ):
            spec, decision = load.spec, by_id[load.spec.load_id]
            control = engine._loads[spec.load_id]
            if decision.setpoint is None:
                assert not load.reading.reachable
                told.pop(spec.load_id, None)
                continue
            value = decision.setpoint.value
            assert value in (0.0, 1.0)
            if load.mode is Mode.OFF:
                assert value == 0
            needed_a = control.appliance.power_w / 230 / len(control.phases)
            was_on = told.get(spec.load_id)
            if value and not was_on and was_on is not None and room_a is not None:
                for phase in control.phases:
                    assert needed_a <= room_a[phase] + 1e-6
            if (
                was_on is not None
                and bool(value) is not was_on
                and spec.load_id in since
                and not wished
                and load.mode is not Mode.MANUAL
                and not (was_on and decision.reason in MAY_STOP_EARLY)
            ):
                least_s = spec.min_on_s if was_on else spec.min_off_s
                assert now - since[spec.load_id] >= least_s - 1e-6
            if wished or (load.mode is Mode.MANUAL):
                since.pop(spec.load_id, None)
            if was_on is not None and bool(value) is not was_on and not wished:
                since[spec.load_id] = now
            told[spec.load_id] = bool(value)
            if value and room_a is not None:
                taken_w = decision.setpoint.power_w
                for phase in control.phases:
                    room_a[phase] -= taken_w / 230 / len(control.phases)
        if any(not load.reading.reachable for load in loads):
            since.clear()


def _room(engine: Engine, snapshot: Snapshot) -> dict[int, float] | None:
    """Work out the room per phase anew, from the snapshot alone; None when blind."""
    home, grid = engine.settings, snapshot.grid
    if grid is None or snapshot.now - grid.at > engine.freshness.lost_after_s:
        return None
    if any(not load.reading.reachable for load in snapshot.loads):
        # What is kept free for them is another test's.
        return None
    assert home.breaker_a is not None
    total_a = (grid.drawn_va or grid.power_w or 0.0) / 230
    if home.phases == 3:
        total_a = max(0.0, total_a)
    base = [total_a] * home.phases
    for load in snapshot.loads:
        control = engine._loads[load.spec.load_id]
        own_w = control.appliance.drawn_w(grid.at)
        for phase in control.phases:
            base[phase - 1] -= own_w / 230 / len(control.phases)
    return {phase + 1: home.breaker_a - base[phase] for phase in range(home.phases)}


@hypothesis_settings(max_examples=12, deadline=None)
@given(
    least_h=st.floats(0.2, 6),
    suns=st.lists(st.sampled_from([-4000.0, -1500.0, 300.0, 900.0]), min_size=24),
    cheap=st.none() | st.tuples(st.integers(0, 23), st.integers(1, 8)),
    ends_h=st.integers(0, 23),
    day=st.sampled_from([21, 22]),
)
def test_the_minimum_of_a_day_is_reached_whatever_sun_and_tariff_do(
    least_h: float,
    suns: list[float],
    cheap: tuple[int, int] | None,
    ends_h: int,
    day: int,
) -> None:
    start = datetime(2026, 6, day, ends_h, tzinfo=PARIS)
    house = House(
        relays=[Relay(least_run_s=least_h * 3600, day_ends_s=ends_h * 3600)],
        start=start,
        base_at=lambda wall: suns[wall.hour % len(suns)],
        cheap=(
            None
            if cheap is None
            else lambda wall: (wall.hour - cheap[0]) % 24 < cheap[1]
        ),
    )
    for _ in range(2):
        house.relay.ran_s = 0.0
        house.run(24 * 3600 - 60, every_s=60)
        assert house.relay.ran_s >= least_h * 3600 - 120
        # Told by the load itself, and by the truth of the house: counted once.
        assert house.control.daily.run_s <= house.relay.ran_s + 120
        house.run(60, every_s=60)
        house.history.clear()
