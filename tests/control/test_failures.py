"""A control that raises costs only itself."""

from typing import Any

import pytest

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.loads.base import LoadControl
from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.settings import Circuit, HomeSettings

from .house import Car, House, decision_of


class Broken(Exception):
    """What a control may raise."""


def breaks(*_: Any) -> Any:
    raise Broken


def two_cars(**settings: float) -> House:
    house = House(
        settings=HomeSettings(**settings),
        cars=[Car(mode=Mode.BOOST), Car(load_id="ocpp:two", priority=2)],
    )
    house.run(200, base_w=-9660)
    return house


def control_of(house: House, load_id: str) -> LoadControl[Any, Any]:
    return house.engine._loads[load_id]


def later(house: House, seconds: float) -> Cycle:
    """Run one cycle on a new reading; cars do what they did."""
    house.now += seconds
    house.grid = house.read()
    cycle = house.engine.cycle(house.snapshot())
    house.history.append(cycle)
    return cycle


@pytest.mark.parametrize(
    "name",
    [
        "observe",
        "counted_w",
        "see_grid",
        "span_w",
        "moving_w",
        "follows_surplus",
        "decide",
        "takes_w",
        "trial_left_s",
        "orders.excess_w",
        "orders.may_draw_w",
    ],
)
def test_a_control_that_raises_is_let_go_and_the_others_are_decided_for(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = two_cars()
    two = decision_of(house.history[-1], "ocpp:two").setpoint
    assert two is not None
    assert two.value == 10
    control, _, name = f"control.{name}".rpartition(".")
    broken = control_of(house, "ocpp:one")
    # What may be on its way is asked for more.
    broken.orders.note(house.now, broken.orders.in_force_w - 1.0, 0.0)
    target = broken.orders if control.endswith("orders") else broken
    monkeypatch.setattr(target, name, breaks)
    cycle = later(house, 1)
    assert {key: type(error) for key, error in cycle.failures.items()} == {
        "ocpp:one": Broken
    }
    decision = decision_of(cycle)
    assert decision.setpoint is None
    assert decision.reason is Reason.FAILED
    assert decision.numbers == {"failures": 1}
    assert decision_of(cycle, "ocpp:two").setpoint == two
    assert decision_of(later(house, 1)).numbers == {"failures": 2}


def test_a_control_that_works_again_is_decided_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = two_cars()
    with monkeypatch.context() as patch:
        patch.setattr(control_of(house, "ocpp:one"), "decide", breaks)
        later(house, 1)
    cycle = later(house, 1)
    assert not cycle.failures
    decision = decision_of(cycle)
    assert decision.setpoint is not None
    assert decision.setpoint.value == 32


def test_what_a_failing_load_draws_is_nobody_elses_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = two_cars(breaker_a=50.0)
    two = house.car("ocpp:two")
    two.ask(Mode.BOOST)
    monkeypatch.setattr(control_of(house, "ocpp:one"), "decide", breaks)
    house.base_w = 2300
    for _ in range(60):
        setpoint = decision_of(later(house, 1), "ocpp:two").setpoint
        assert setpoint is not None
        two.tell(setpoint.value, house.now)
        two.step(house.now)
    assert house.car("ocpp:one").drawn_a == 32
    assert two.offered_a in (7, 8)


@pytest.mark.parametrize("name", ["observe", "counted_w", "decide"])
def test_without_a_meter_a_failing_load_is_let_go_too(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Circuit(circuit_id="box", limit_a=40.0, load_ids=("ocpp:one", "ocpp:two"))
    house = House(
        settings=HomeSettings(circuits=(box,)),
        cars=[Car(mode=Mode.BOOST), Car(load_id="ocpp:two", priority=2)],
    )
    house.cycle()
    monkeypatch.setattr(control_of(house, "ocpp:one"), name, breaks)
    cycle = house.engine.cycle(house.snapshot())
    assert decision_of(cycle).reason is Reason.FAILED
    assert decision_of(cycle, "ocpp:two").reason is Reason.NO_GRID_METER


def test_what_was_saved_and_cannot_be_taken_back_costs_one_cycle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = two_cars()
    saved = house.engine.as_dict(house.now, house.wall)
    again = House(cars=house.cars, now=house.now)
    again.engine = type(house.engine)(HomeSettings(), saved)
    with monkeypatch.context() as patch:
        patch.setattr(type(control_of(house, "ocpp:one")), "restore", breaks)
        again.grid = again.read()
        cycle = again.engine.cycle(again.snapshot())
        assert cycle.failures.keys() == {"ocpp:one", "ocpp:two"}
    again.run(2)
    assert again.decision().reason is Reason.BOOST


def test_what_stops_the_whole_program_is_no_failure_of_a_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stops(*_: object) -> None:
        raise KeyboardInterrupt

    house = two_cars()
    monkeypatch.setattr(control_of(house, "ocpp:one"), "decide", stops)
    with pytest.raises(KeyboardInterrupt):
        later(house, 1)
