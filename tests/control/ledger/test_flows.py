"""Who takes what at one instant: every watt once, and by a rule."""

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.ledger.flows import Flows, Mix, Site, flows_of

WATTS = st.floats(0.0, 20_000.0)
LOADS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(["a", "b", "c", "d"]),
        st.one_of(WATTS, st.floats(-5000.0, 5000.0)),
    ),
    unique_by=lambda load: load[1],
)


def parts(mix: Mix) -> tuple[float, float, float]:
    return (mix.sun_w, mix.battery_w, mix.grid_w)


def summed(mixes: list[Mix]) -> list[float]:
    return [sum(watts) for watts in zip(*map(parts, mixes), strict=True)]


def close(value: float) -> object:
    return pytest.approx(value, abs=1e-6, rel=1e-9)


@given(loads=LOADS, house_w=WATTS, solar_w=WATTS, battery_w=st.floats(-9000, 9000))
def test_every_watt_is_counted_once(
    loads: list[tuple[int, str, float]],
    house_w: float,
    solar_w: float,
    battery_w: float,
) -> None:
    grid_w = house_w + sum(load[2] for load in loads) - solar_w - battery_w
    flows = flows_of(Site(grid_w=grid_w, solar_w=solar_w, battery_w=battery_w), loads)
    assert flows.house is not None
    assert flows.stored is not None
    assert flows.export is not None
    sinks = [flows.house, *flows.loads.values(), flows.stored, flows.export]
    sun_w, given_w, bought_w = summed(sinks)
    discharge_w = max(0.0, battery_w) + sum(max(0.0, -load[2]) for load in loads)
    assert all(watts >= -1e-6 for mix in sinks for watts in parts(mix))
    if solar_w > 0:
        assert sun_w == close(solar_w)
    assert given_w == close(discharge_w)
    assert bought_w == close(max(0.0, grid_w))
    assert sum(parts(flows.house)) == close(house_w)
    assert sum(parts(flows.export)) == close(max(0.0, -grid_w))
    for _, load_id, power_w in loads:
        assert sum(parts(flows.loads[load_id])) == close(max(0.0, power_w))


@given(
    loads=LOADS,
    grid_w=st.one_of(st.none(), st.floats(-9000, 9000)),
    solar_w=st.one_of(st.none(), WATTS),
    battery_w=st.one_of(st.none(), st.floats(-9000, 9000)),
)
def test_whatever_is_unknown_a_load_takes_what_it_takes(
    loads: list[tuple[int, str, float]],
    grid_w: float | None,
    solar_w: float | None,
    battery_w: float | None,
) -> None:
    flows = flows_of(Site(grid_w=grid_w, solar_w=solar_w, battery_w=battery_w), loads)
    for _, load_id, power_w in loads:
        mix = parts(flows.loads[load_id])
        assert all(watts >= -1e-6 for watts in mix)
        assert sum(mix) == close(max(0.0, power_w))


def two(grid_w: float, one: int = 1, other: int = 2, **site: float) -> Flows:
    return flows_of(
        Site(grid_w=grid_w, **site), [(one, "a", 2000.0), (other, "b", 6000.0)]
    )


def test_the_house_takes_the_sun_first() -> None:
    flows = flows_of(Site(grid_w=500.0, solar_w=1000.0), [(1, "a", 1000.0)])
    assert flows.house == Mix(500.0, 0.0, 0.0)
    assert flows.loads["a"] == Mix(500.0, 0.0, 500.0)


def test_what_the_sun_leaves_goes_by_priority() -> None:
    flows = two(5000.0, solar_w=3500.0)
    assert flows.loads["a"] == Mix(2000.0, 0.0, 0.0)
    assert flows.loads["b"] == Mix(1000.0, 0.0, 5000.0)
    assert flows.left == {"a": (3000.0, 0.0), "b": (1000.0, 0.0)}


def test_equal_ones_share_by_what_they_take() -> None:
    flows = two(4000.0, other=1, solar_w=4500.0)
    assert flows.loads["a"] == Mix(1000.0, 0.0, 1000.0)
    assert flows.loads["b"] == Mix(3000.0, 0.0, 3000.0)


def test_a_battery_gives_after_the_sun_and_before_the_grid() -> None:
    flows = two(3500.0, solar_w=3500.0, battery_w=1500.0)
    assert flows.loads["b"] == Mix(1000.0, 1500.0, 3500.0)


def test_a_battery_that_charges_takes_what_loads_leave() -> None:
    flows = two(1000.0, solar_w=9500.0, battery_w=-2000.0)
    assert flows.house == Mix(500.0, 0.0, 0.0)
    assert flows.loads["b"] == Mix(6000.0, 0.0, 0.0)
    assert flows.stored == Mix(1000.0, 0.0, 1000.0)


def test_without_a_production_loads_are_known_and_the_house_is_not() -> None:
    flows = two(5000.0)
    assert flows.loads["a"] == Mix(2000.0, 0.0, 0.0)
    assert flows.loads["b"] == Mix(1000.0, 0.0, 5000.0)
    assert flows.house is None
    assert flows.export is None


def test_without_a_grid_meter_all_is_bought() -> None:
    flows = flows_of(Site(grid_w=None, solar_w=5000.0), [(1, "a", 2000.0)])
    assert flows.loads["a"] == Mix(0.0, 0.0, 2000.0)
    assert flows.house is None


def test_beside_a_battery_that_is_not_heard_only_imports_are_bought() -> None:
    flows = two(5000.0, solar_w=9000.0, battery_w=None)
    assert flows.loads["a"] == Mix(0.0, 2000.0, 0.0)
    assert flows.loads["b"] == Mix(0.0, 1000.0, 5000.0)
    assert flows.house is None


def test_a_sensor_that_sees_one_roof_does_not_make_loads_buy() -> None:
    flows = flows_of(Site(grid_w=-100.0, solar_w=500.0), [(1, "a", 2000.0)])
    assert flows.loads["a"] == Mix(2000.0, 0.0, 0.0)


def test_at_night_a_late_sensor_makes_no_sun() -> None:
    flows = flows_of(Site(grid_w=1500.0, solar_w=0.0), [(1, "a", 2000.0)])
    assert flows.loads["a"] == Mix(0.0, 0.0, 2000.0)


def test_a_commanded_battery_gives_to_the_others() -> None:
    flows = flows_of(
        Site(grid_w=0.0, solar_w=0.0), [(1, "a", 2000.0), (2, "b", -2500.0)]
    )
    assert flows.house == Mix(0.0, 500.0, 0.0)
    assert flows.loads["a"] == Mix(0.0, 2000.0, 0.0)
    assert flows.loads["b"] == Mix()
