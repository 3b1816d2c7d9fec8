"""A charger that can be told to use one phase or three."""

from itertools import pairwise
import json

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.loads.charger import ChargerControl
from custom_components.surplus.control.loads.phases import PhaseChoice
from custom_components.surplus.control.loads.response import ChargerResponse
from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House


def three_phase_house(**car: object) -> House:
    return House(
        settings=HomeSettings(phases=3),
        cars=[Car(phases=(1, 2, 3), uses=3, max_a=16, switches_phases=True, **car)],
    )


def control(house: House) -> ChargerControl:
    found = house.engine._loads["ocpp:one"]
    assert isinstance(found, ChargerControl)
    return found


def test_a_small_surplus_is_taken_on_one_phase() -> None:
    house = three_phase_house()
    house.run(300, base_w=-2100)
    assert house.cars[0].told_phases == 1
    assert house.cars[0].offered_a == 9
    assert abs(house.grid_w) <= 230


def test_a_large_surplus_is_taken_on_three() -> None:
    house = three_phase_house()
    house.run(300, base_w=-8000)
    assert house.cars[0].told_phases == 3
    assert house.cars[0].offered_a == 12
    assert abs(house.grid_w) <= 690


def test_it_changes_up_once_that_has_shown_its_worth_and_not_before() -> None:
    house = three_phase_house()
    house.run(600, base_w=-2000)
    # 150 Wh of what 3.7 kW leave of 8 kW: about two minutes.
    house.run(90, base_w=-8000)
    assert house.cars[0].told_phases == 1
    house.run(60)
    assert house.cars[0].told_phases == 3
    house.run(200)
    assert abs(house.grid_w) <= 690


def test_it_changes_down_rather_than_stop() -> None:
    house = three_phase_house()
    house.run(900, base_w=-8000)
    house.run(500, base_w=-1800)
    assert house.cars[0].told_phases == 1
    assert min(house.currents(500)) >= 6
    assert abs(house.grid_w) <= 230


def test_a_change_lasts_ten_minutes() -> None:
    house = three_phase_house()
    house.run(300, base_w=-2000)
    changes = []
    for n in range(12):
        house.run(300, base_w=-9000 if n % 2 else -2000)
    told = [cycle.decisions[0].setpoint.phases for cycle in house.history]
    changes = [i for i in range(1, len(told)) if told[i] != told[i - 1]]
    assert len(changes) >= 2
    assert all(b - a >= 600 for a, b in pairwise(changes[1:]))


def test_a_charger_that_cannot_change_is_told_no_number_of_phases() -> None:
    house = House(
        settings=HomeSettings(phases=3), cars=[Car(phases=(1, 2, 3), uses=3, max_a=16)]
    )
    house.run(300, base_w=-2000)
    setpoint = house.decision().setpoint
    assert setpoint is not None
    assert setpoint.phases is None
    assert house.decision().reason is Reason.WAITING_FOR_SURPLUS


def test_a_one_phase_car_is_not_made_to_change_for_nothing() -> None:
    house = three_phase_house()
    house.cars[0].uses = 1
    house.run(600, base_w=-8000)
    told = {cycle.decisions[0].setpoint.phases for cycle in house.history[300:]}
    assert len(told) == 1
    assert house.cars[0].offered_a == 16


def test_min_solar_changes_phases_too() -> None:
    house = three_phase_house(mode=Mode.MIN_SOLAR)
    house.run(300, base_w=500)
    house.run(600, base_w=0)
    assert house.cars[0].told_phases == 1
    assert house.cars[0].offered_a == 6


def test_no_change_into_phases_without_room() -> None:
    house = three_phase_house()
    # A total alone may all be on one phase: exports are no credit for the others.
    house.three_phase_currents = False
    house.run(900, base_w=-2000)
    house.with_settings(breaker_a=6.5)
    house.run(600, base_w=-8000)
    assert house.cars[0].offered_a <= 6.5
    told = {cycle.decisions[0].setpoint.phases for cycle in house.history[900:]}
    assert told == {1}


def test_the_number_survives_a_restart() -> None:
    house = three_phase_house()
    house.run(300, base_w=-2000)
    saved = json.loads(json.dumps(house.engine.as_dict(house.now, house.wall)))
    house.engine = Engine(house.settings, saved)
    house.run(5)
    assert control(house).vehicle.single
    assert house.cars[0].told_phases == 1


def test_without_a_memory_it_goes_on_with_what_the_charger_was_told() -> None:
    house = three_phase_house()
    house.run(300, base_w=-2000)
    house.engine = Engine(house.settings)
    house.run(60)
    assert {cycle.decisions[0].setpoint.phases for cycle in house.history[-60:]} == {1}
    # One phase is the charger's, not all that the car has.
    house.run(1200, base_w=-9000)
    assert house.cars[0].told_phases == 3


def test_a_charger_that_forgets_its_number_of_phases_keeps_the_decided_one() -> None:
    house = three_phase_house(tells_phases=False)
    house.run(300, base_w=-2000)
    assert control(house).vehicle.single
    house.run(1200, base_w=-9000)
    assert house.cars[0].told_phases == 3


def test_a_charger_that_has_fallen_to_one_phase_is_taken_as_it_is() -> None:
    house = three_phase_house()
    house.run(600, base_w=-8000)
    car = house.cars[0]
    car.tell(6, house.now, 1)
    house.run(5)
    # It is not changed back at once: what speaks for that must show again.
    assert control(house).vehicle.single
    house.run(400)
    assert car.told_phases == 1
    house.run(400)
    assert car.told_phases == 3
    house.run(120)
    assert abs(house.grid_w) <= 690


def test_a_change_the_charger_never_takes_is_given_up() -> None:
    house = three_phase_house()
    house.run(600, base_w=-2100)
    house.obeyed = False
    house.run(150, base_w=-9000)
    assert not control(house).vehicle.single
    house.run(120)
    assert control(house).vehicle.single
    assert control(house).phases == (1,)


def test_a_charger_that_turns_out_not_to_change_is_on_all_its_phases() -> None:
    house = three_phase_house()
    house.run(600, base_w=-2100)
    car = house.cars[0]
    car.switches_phases = False
    car.told_phases = None
    house.run(10)
    assert not control(house).vehicle.single
    assert house.decision().setpoint.phases is None
    assert control(house).phases == (1, 2, 3)


def test_a_check_keeps_the_number_of_phases() -> None:
    house = three_phase_house()
    house.run(300, base_w=-2000)
    before = len(house.history)
    house.engine.start_check(house.cars[0].spec)
    house.run(120)
    told = [cycle.decisions[0] for cycle in house.history[before:]]
    assert Reason.CHECKING in {decision.reason for decision in told}
    assert {decision.setpoint.phases for decision in told} == {1}


def test_while_it_changes_it_counts_where_it_still_draws() -> None:
    house = three_phase_house()
    house.run(600, base_w=-2100)
    house.obeyed = False
    house.run(150, base_w=-9000)
    vehicle = control(house).vehicle
    # Told, but not yet taken: the current still flows on one phase.
    assert not vehicle.single
    assert vehicle.phases == (1,)
    assert vehicle.aimed_phases == (1, 2, 3)


def test_a_pause_is_part_of_the_model() -> None:
    response = ChargerResponse()
    response.offered(16, 0)
    response.paused(8, 100, 145)
    assert response.drawn_a(100) == 16
    assert response.drawn_a(110) == 0
    assert response.drawn_a(159) == 0
    assert response.drawn_a(200) == 8


def test_old_evidence_does_not_outweigh_what_is_seen_now() -> None:
    choice = PhaseChoice()
    choice.changed(0.0)
    assert not choice.weigh(3000.0, 599.0, 599.0, on=True)
    # Two minutes against it are enough to forget ten minutes for it.
    assert not choice.weigh(-3000.0, 200.0, 799.0, on=True)
    assert choice.balance_wh < 60


def test_a_running_one_is_changed_for_so_much_and_no_less() -> None:
    choice = PhaseChoice()
    assert not choice.weigh(3600.0, 149.0, 0.0, on=True)
    assert choice.weigh(3600.0, 1.0, 0.0, on=True)


def test_one_that_stands_still_is_changed_sooner_and_whenever() -> None:
    choice = PhaseChoice()
    choice.changed(0.0)
    assert not choice.weigh(3600.0, 14.0, 14.0, on=False)
    assert choice.weigh(3600.0, 1.0, 15.0, on=False)
    # What runs is not interrupted again that soon.
    assert not choice.weigh(3600.0, 300.0, 599.0, on=True)
    assert choice.weigh(3600.0, 0.0, 600.0, on=True)


def test_what_speaks_against_a_change_is_no_debt() -> None:
    choice = PhaseChoice()
    assert not choice.weigh(-9000.0, 3600.0, 0.0, on=True)
    assert choice.balance_wh == 0
    assert choice.weigh(3600.0, 150.0, 0.0, on=True)


def test_after_a_change_the_way_back_begins_at_nothing() -> None:
    choice = PhaseChoice()
    assert choice.held_for_s(0.0) == 0
    assert choice.weigh(3600.0, 200.0, 0.0, on=True)
    choice.changed(0.0)
    assert choice.balance_wh == 0
    assert choice.held_for_s(100.0) == 500


def test_a_change_nobody_measures_is_over_once_it_is_taken() -> None:
    house = three_phase_house(measured_every_s=1e9)
    house.run(300, base_w=-2000)
    assert house.cars[0].told_phases == 1
    assert control(house).phases == (1,)
