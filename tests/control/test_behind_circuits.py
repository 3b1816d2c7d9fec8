"""What loads draw behind the circuits that they hang on."""

import pytest

from custom_components.surplus.control.guard.circuits import (
    circuits_of,
    drawn_behind_a,
    house_cap_of,
)
from custom_components.surplus.control.loads import control_of
from custom_components.surplus.control.loads.base import Follower
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    GridReading,
    LoadInput,
    Mode,
    SwitchedReading,
    SwitchedSpec,
    TariffNow,
)
from custom_components.surplus.control.settings import Circuit, HomeSettings


def follower(load_id: str, *phases: int, **measured: float) -> Follower:
    spec = SwitchedSpec(load_id=load_id, name=load_id, priority=1, phases=phases)
    reading = SwitchedReading(reachable=True, **measured)
    load = LoadInput(spec=spec, reading=reading, mode=Mode.OFF)
    control = control_of(spec)
    control.observe(load, 3)
    return load, control


FOLLOWERS = [follower("one", 1), follower("two", 2), follower("all", 1, 2, 3)]
AT = 100.0
OWN_W = {"one": 2300.0, "two": 1150.0, "all": 6900.0}


def drawn(*circuits: Circuit) -> dict[str, float]:
    settings = HomeSettings(phases=3, circuits=circuits)
    groups = circuits_of(settings, FOLLOWERS, OWN_W, 230.0, AT)
    return drawn_behind_a(settings, groups)


@pytest.mark.parametrize(
    ("load_ids", "current_a"),
    [
        ((), 0.0),
        (("gone",), 0.0),
        (("one",), 10.0),
        (("one", "two"), 10.0),
        (("two", "all"), 15.0),
        (("one", "two", "all"), 20.0),
    ],
)
def test_a_circuit_carries_its_loads_on_their_own_phases(
    load_ids: tuple[str, ...], current_a: float
) -> None:
    circuit = Circuit(circuit_id="box", limit_a=20.0, load_ids=load_ids)
    assert drawn(circuit) == {"box": pytest.approx(current_a)}


def test_what_is_behind_two_breakers_counts_at_both_and_once() -> None:
    board = Circuit(circuit_id="board", limit_a=40.0, load_ids=("one", "all"))
    box = Circuit(circuit_id="box", limit_a=20.0, load_ids=("one",), parent="board")
    assert drawn(board, box) == {
        "board": pytest.approx(20.0),
        "box": pytest.approx(10.0),
    }
    alone = Circuit(circuit_id="board", limit_a=40.0, load_ids=("all",))
    assert drawn(alone, box)["board"] == pytest.approx(20.0)


def test_nothing_is_drawn_behind_what_nobody_has_made() -> None:
    assert drawn() == {}


def test_what_is_shown_behind_one_is_told_phase_by_phase() -> None:
    circuit = Circuit(circuit_id="box", limit_a=20.0, load_ids=("one", "two"))
    settings = HomeSettings(phases=3, circuits=(circuit,))
    (group,) = circuits_of(settings, FOLLOWERS, OWN_W, 230.0, AT)
    assert group.shown_a == (10.0, 5.0, 0.0)


@pytest.mark.parametrize(
    ("power_w", "power_at", "shown_a"),
    [
        # The grid meter was read before: it has begun since.
        (3450.0, AT + 1, 15.0),
        # It has left since, and may not have.
        (0.0, AT + 1, 10.0),
        # What is older is part of what it is believed to draw.
        (3450.0, AT, 10.0),
    ],
)
def test_of_what_a_load_drew_then_and_since_the_more_counts(
    power_w: float, power_at: float, shown_a: float
) -> None:
    circuit = Circuit(circuit_id="box", limit_a=20.0, load_ids=("one",))
    settings = HomeSettings(circuits=(circuit,))
    load = follower("one", 1, power_w=power_w, power_at=power_at)
    (group,) = circuits_of(settings, [load], OWN_W, 230.0, AT)
    assert group.shown_a == (shown_a,)


def test_a_wrong_sensor_shows_no_more_there_than_its_load_can_draw() -> None:
    circuit = Circuit(circuit_id="box", limit_a=60.0, load_ids=("car",))
    spec = ChargerSpec(load_id="car", name="car", priority=1, max_a=32.0)
    reading = ChargerReading(reachable=True, power_w=50_000.0, power_at=AT + 1)
    load = LoadInput(spec=spec, reading=reading, mode=Mode.OFF)
    control = control_of(spec)
    control.observe(load, 1)
    (group,) = circuits_of(
        HomeSettings(circuits=(circuit,)), [(load, control)], {"car": 7360.0}, 230.0, AT
    )
    assert group.shown_a == (pytest.approx(1.2 * 32),)


@pytest.mark.parametrize(
    ("power_w", "drawn_va", "shown_a"),
    [
        (-460.0, 0.0, -2.0),
        (1150.0, 2300.0, 5.0),
        (None, 1150.0, 5.0),
        (None, None, 0.0),
    ],
)
def test_a_cap_counts_what_the_house_draws_by_power_before_apparent_power(
    power_w: float | None, drawn_va: float | None, shown_a: float
) -> None:
    grid = GridReading(at=0.0, power_w=power_w, drawn_va=drawn_va)
    tariff = TariffNow(house_cap_w=2300.0)
    (cap,) = house_cap_of(tariff, grid, {"a": 230.0}, 230.0)
    assert (cap.limit_a, cap.shown_a, cap.base_a) == (10.0, (shown_a,), (shown_a - 1,))
    assert house_cap_of(TariffNow(), grid, {}, 230.0) == ()
