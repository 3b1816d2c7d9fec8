"""Whatever is read, a battery is told nothing that it may not do, and does not swing."""

from math import nan

from hypothesis import example, given, settings as hypothesis_settings, strategies as st

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    GridReading,
    LoadInput,
    Mode,
    Snapshot,
    StorageReading,
    StorageSpec,
)
from custom_components.surplus.control.settings import HomeSettings

from .battery_house import EPOCH, StorageUnit, alone


@st.composite
def moments(draw: st.DrawFn) -> tuple[float, Mode, StorageReading]:
    return (
        draw(st.floats(0.5, 90)),
        draw(st.sampled_from(list(Mode))),
        StorageReading(
            reachable=draw(st.integers(0, 9)) > 0,
            wants_power=draw(st.integers(0, 9)) > 0,
            power_w=draw(st.none() | st.floats(-6e3, 6e3)),
            power_at=0.0,
            accepted_w=draw(st.none() | st.floats(-6e3, 6e3)),
            accepted_at=draw(st.none() | st.floats(900, 1500)),
            soc=draw(st.none() | st.floats(-0.5, 1.5) | st.just(nan)),
        ),
    )


@hypothesis_settings(max_examples=300, deadline=None)
@given(
    data=st.lists(moments(), min_size=1, max_size=8),
    grids=st.lists(st.none() | st.floats(-9e3, 9e3), min_size=8, max_size=8),
    given_w=st.none() | st.floats(-9e3, 9e3),
    cheap=st.none() | st.booleans(),
    min_soc=st.floats(0, 0.6),
    subscribed_va=st.none() | st.floats(1e3, 9e3),
)
def test_no_command_leaves_its_range(
    *,
    data: list[tuple[float, Mode, StorageReading]],
    grids: list[float | None],
    given_w: float | None,
    cheap: bool | None,
    min_soc: float,
    subscribed_va: float | None,
) -> None:
    spec = StorageSpec(
        load_id="s",
        name="s",
        priority=1,
        charge_w=4000,
        discharge_w=2500,
        min_soc=min_soc,
        max_soc=0.9,
    )
    engine, now = Engine(HomeSettings(subscribed_va=subscribed_va)), 1000.0
    for (later_s, mode, told), grid_w in zip(data, grids, strict=False):
        now += later_s
        cycle = engine.cycle(
            Snapshot(
                now=now,
                wall=EPOCH,
                grid=GridReading(at=now, power_w=grid_w, drawn_va=max(0, grid_w or 0)),
                cheap=cheap,
                loads=(
                    LoadInput(spec=spec, reading=told, mode=mode, manual_value=given_w),
                ),
            )
        )
        setpoint = cycle.decisions[0].setpoint
        if setpoint is None:
            assert not told.reachable
            continue
        assert -2500 <= setpoint.value <= 4000
        if told.soc is None or not min_soc < told.soc <= 1:
            assert setpoint.value >= 0
        if told.soc is not None and 0.9 <= told.soc <= 1:
            assert setpoint.value <= 0
        if mode is Mode.OFF or not told.wants_power:
            assert setpoint.value == 0
        if mode in (Mode.BOOST, Mode.ECO) and cheap:
            assert setpoint.value >= 0


@hypothesis_settings(max_examples=15, deadline=None)
@example(sun_w=0.0, house_w=711.0, late_s=3.0, moves_w=300.0, told_every_s=10)
@given(
    sun_w=st.floats(0, 5_000),
    house_w=st.floats(100, 3_000),
    late_s=st.floats(0, 4),
    moves_w=st.floats(300, 5_000),
    told_every_s=st.sampled_from([1, 2, 5, 10]),
)
def test_it_never_swings(
    sun_w: float, house_w: float, late_s: float, *, moves_w: float, told_every_s: int
) -> None:
    unit = StorageUnit(late_s=late_s, moves_w=moves_w, told_every_s=told_every_s)
    house = alone(unit, sun_w=sun_w, house_w=house_w)
    house.run(240)
    assert len(house.told(60, "storage")) == 1
