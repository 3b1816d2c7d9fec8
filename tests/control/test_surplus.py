"""What the sun leaves at the instant of a reading, and what loads may use of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.model import (
    BatteryReading,
    GridReading,
    Mode,
    Snapshot,
)
from custom_components.surplus.control.settings import HomeSettings
from custom_components.surplus.control.surplus import Surplus, SurplusModel, house_w

from .told import Told, V


def surplus(
    *loads: Told,
    grid_w: float = -1000.0,
    battery: BatteryReading | None = None,
    settings: HomeSettings | None = None,
    model: SurplusModel | None = None,
) -> Surplus:
    """Return the surplus of a reading at 10 s."""
    model = model or SurplusModel()
    grid = GridReading(at=10.0, power_w=grid_w)
    snapshot = Snapshot(
        now=10.0,
        wall=datetime(2026, 6, 21, 12, tzinfo=UTC),
        grid=grid,
        loads=tuple(load.load for load in loads),
        batteries=(battery,) if battery else (),
    )
    model.observe(snapshot)
    return model.surplus(
        settings or HomeSettings(),
        snapshot,
        grid,
        [(load.load, load) for load in loads],
        {load.spec.load_id: 400.0 for load in loads},
        is_new=True,
        dt_s=1.0,
        voltage_v=V,
    )


def test_an_aim_adds_to_what_loads_may_use_and_a_margin_takes_off() -> None:
    got = surplus(settings=HomeSettings(grid_target_w=300.0, margin_w=50.0))
    assert (got.left_w, got.available_w, got.probed_w) == (1000, 1250, 0)


@pytest.mark.parametrize(("reachable", "left_w"), [(True, 1400), (False, 1000)])
def test_what_loads_draw_is_theirs_as_far_as_they_can_follow(
    left_w: float, *, reachable: bool
) -> None:
    assert surplus(Told("a", reachable=reachable)).left_w == left_w


def test_at_another_instant_it_is_what_they_drew_then() -> None:
    load = Told("a", mode=Mode.SOLAR, draws_w=700.0)
    model = SurplusModel()
    battery = BatteryReading(power_w=-500.0, at=9.0)
    got = surplus(load, battery=battery, model=model)
    assert got.battery.at == 9
    assert got.left_w == 1000 + 500 + 700
    assert model.battery_state is MeterState.FRESH
    # A reading of the same instant needs no guess.
    assert surplus(load, battery=replace(battery, at=10.0)).left_w == 1900


def test_what_a_battery_is_to_have_first_is_not_for_loads() -> None:
    battery = BatteryReading(power_w=-500.0, at=10.0, soc=0.2, first_soc=0.5)
    got = surplus(battery=battery)
    assert got.battery.kept_w > 0
    assert got.available_w == got.left_w - got.battery.kept_w


def test_what_the_house_takes_is_known_where_all_is_that_it_is_made_of() -> None:
    battery = surplus(battery=BatteryReading(power_w=-500.0, at=10.0)).battery
    seen, unseen = (
        GridReading(at=10.0, power_w=-1000.0),
        GridReading(at=10.0, power_w=None),
    )
    assert house_w(seen, 1900.0, battery) == 400
    assert house_w(unseen, 1900.0, battery) is None
    assert house_w(seen, None, battery) is None
    assert house_w(seen, 1900.0, replace(battery, power_w=None)) is None
