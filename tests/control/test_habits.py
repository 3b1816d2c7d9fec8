"""What is learned of a vehicle: how it moves, its own minimum, and that it has enough."""

import json

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.loads.charger import ChargerControl
from custom_components.surplus.control.loads.learned_response import LearnedResponse
from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House


def control(house: House, load_id: str = "ocpp:one") -> ChargerControl:
    found = house.engine._loads[load_id]
    assert isinstance(found, ChargerControl)
    return found


def drive(
    response: LearnedResponse,
    *,
    up_a_s: float,
    dead_s: float,
    start_s: float = 15.0,
    steps: int = 40,
) -> None:
    """Show it a car that is offered 8 and 24 A in turn, measured every 5 s."""
    drawn, target, ready = 0.0, 0.0, 0.0
    response.offered(0.0, 0.0, 0.0)
    pending: list[tuple[float, float]] = []
    for second in range(1, steps * 40):
        if second % 40 == 10:
            offer = 24.0 if second % 80 == 10 else 8.0
            response.offered(offer, float(second))
            wait = dead_s if ready else start_s
            ready = second + wait
            pending.append((ready, offer))
        while pending and pending[0][0] < second:
            target = pending.pop(0)[1]
        drawn = min(target, drawn + up_a_s) if target > drawn else target
        if second % 5 == 0:
            response.measured(drawn, float(second), 0.9)


class TestResponse:
    """Several models are told the same; who predicts best speaks."""

    @pytest.mark.parametrize(
        ("up_a_s", "dead_s"), [(0.2, 2.0), (0.6, 6.0), (2.0, 2.0), (1.1, 9.0)]
    )
    def test_ramp_and_dead_time_are_learned(self, up_a_s: float, dead_s: float) -> None:
        response = LearnedResponse()
        drive(response, up_a_s=up_a_s, dead_s=dead_s)
        learned = response.learned()
        assert learned["up_a_per_s"] == up_a_s
        assert abs(learned["dead_s"] - dead_s) <= 3

    def test_a_nominal_car_stays_nominal(self) -> None:
        response = LearnedResponse()
        drive(response, up_a_s=0.6, dead_s=2.0)
        assert response.learned()["up_a_per_s"] == 0.6
        assert response.learned()["dead_s"] <= 2.0

    def test_a_few_odd_samples_change_nothing(self) -> None:
        response = LearnedResponse()
        drive(response, up_a_s=2.0, dead_s=2.0, steps=1)
        assert response.learned()["up_a_per_s"] == 0.6

    def test_a_late_start_is_learned(self) -> None:
        response = LearnedResponse()
        drive(response, up_a_s=0.6, dead_s=2.0, start_s=31.0, steps=2)
        assert response.learned()["start_s"] > 20

    def test_a_start_that_took_absurdly_long_was_another_cause(self) -> None:
        response = LearnedResponse()
        drive(response, up_a_s=0.6, dead_s=2.0, start_s=400.0, steps=12)
        assert response.learned()["start_s"] == 15.0

    def test_once_seen_to_draw_the_model_goes_on_from_the_measurement(self) -> None:
        response = LearnedResponse()
        response.offered(0, 0, 0)
        response.offered(12, 100)
        response.measured(0, 105, 0.9)
        response.measured(3.0, 110, 0.9)
        assert response.model.drawn_a(115) == pytest.approx(6.0)
        assert response.model.drawn_a(200) == 12

    def test_what_was_learned_survives_a_restart(self) -> None:
        response, other = LearnedResponse(), LearnedResponse()
        drive(response, up_a_s=2.0, dead_s=6.0, start_s=25.0)
        other.relearn(json.loads(json.dumps(response.learned())))
        assert other.learned() == response.learned()
        assert other.model.facts.start_s == pytest.approx(25, abs=8)
        assert other.model.facts.start_s != LearnedResponse().model.facts.start_s

    @pytest.mark.parametrize(
        "damaged",
        [
            {},
            {"up_a_per_s": "fast", "dead_s": 2.0},
            {"up_a_per_s": 0.0, "dead_s": 2.0, "start_s": -5},
            {"start_s": None},
        ],
    )
    def test_what_is_damaged_is_left_out(self, damaged: dict[str, object]) -> None:
        response = LearnedResponse()
        response.relearn(damaged)
        assert response.learned() == LearnedResponse().learned()


class TestOwnMinimum:
    """A car that needs more than 6 A before it draws."""

    def test_it_is_found_by_offering_an_ampere_more_at_a_time(self) -> None:
        house = House(cars=[Car(needs_a=8)])
        house.run(900, base_w=-1500)
        assert house.cars[0].offered_a == 8
        assert house.cars[0].drawn_a == 8
        assert control(house).min_a == 8

    def test_it_is_kept_when_the_surplus_falls_below_it(self) -> None:
        house = House(cars=[Car(needs_a=8)])
        house.run(900, base_w=-1500)
        house.run(300, base_w=-3000)
        house.run(60, base_w=-1100)
        assert house.cars[0].offered_a == 8
        assert house.decision().numbers["minimum_w"] == 1840

    def test_a_car_that_stops_drawing_at_a_lower_offer_has_shown_it(self) -> None:
        house = House(cars=[Car(needs_a=7, mode=Mode.MIN_SOLAR)])
        house.run(400, base_w=-3000)
        house.run(400, base_w=0)
        assert house.cars[0].drawn_a == 7

    def test_it_survives_a_restart(self) -> None:
        house = House(cars=[Car(needs_a=8)])
        house.run(900, base_w=-1500)
        saved = json.loads(json.dumps(house.engine.as_dict(house.now, house.wall)))
        house.engine = Engine(house.settings, saved)
        house.run(10)
        assert control(house).min_a == 8

    def test_another_vehicle_is_met_without_it(self) -> None:
        house = House(cars=[Car(needs_a=8)])
        house.run(900, base_w=-1500)
        house.cars[0].wants_power = False
        house.run(10)
        assert control(house).min_a == 6

    def test_a_slow_starter_is_given_time(self) -> None:
        house = House(cars=[Car(starts_after_s=100)])
        house.run(600, base_w=-1500)
        assert control(house).min_a == 6

    def test_a_car_never_measured_is_not_judged(self) -> None:
        house = House(cars=[Car(needs_a=8, measured_every_s=1e9)])
        house.run(1200, base_w=-1500)
        assert control(house).min_a == 6

    def test_limits_hold_while_it_is_looked_for(self) -> None:
        house = House(
            cars=[Car(needs_a=9, mode=Mode.MIN_SOLAR)],
            settings=HomeSettings(breaker_a=17.6),
        )
        house.run(900, base_w=2300)
        assert max(house.currents(900)) <= 7
        assert house.decision().reason is not Reason.NO_ROOM

    @pytest.mark.parametrize("damaged", ["high", -1, 90, None])
    def test_a_damaged_memory_of_it_is_left_out(self, damaged: object) -> None:
        house = House()
        house.run(2, base_w=0)
        control(house).relearn(
            {"floor_a": damaged, "shortfall_a": damaged, "response": damaged}
        )
        assert control(house).min_a == 6
        assert control(house).vehicle.shortfall_a == 0


class TestFull:
    """A vehicle that takes nothing of any offer."""

    def full_house(self, **changes: object) -> House:
        house = House(
            cars=[Car(own_limit_a=0), Car(load_id="ocpp:two", priority=2)], **changes
        )
        house.run(900, base_w=-6000)
        return house

    def test_it_is_offered_its_minimum_and_named_so(self) -> None:
        house = self.full_house()
        assert house.decision("ocpp:one").reason is Reason.VEHICLE_FULL
        assert house.car("ocpp:one").offered_a == 6

    def test_it_does_not_block_the_loads_below(self) -> None:
        house = self.full_house()
        assert house.car("ocpp:two").offered_a == 26

    def test_it_goes_on_as_soon_as_it_draws_again(self) -> None:
        house = self.full_house()
        house.car("ocpp:one").own_limit_a = 32
        house.run(120)
        assert house.decision("ocpp:one").reason is not Reason.VEHICLE_FULL
        assert house.car("ocpp:one").drawn_a >= 18

    def test_nothing_is_offered_while_its_minimum_could_not_be_had(self) -> None:
        house = self.full_house()
        house.run(900, base_w=800)
        assert house.car("ocpp:one").offered_a == 0
        house.run(900, base_w=-2000)
        assert house.car("ocpp:one").offered_a == 6
        assert house.decision("ocpp:one").reason is Reason.VEHICLE_FULL
        # It takes nothing: the second has it all.
        assert house.car("ocpp:two").offered_a == 9

    def test_a_boost_keeps_the_minimum_on_offer(self) -> None:
        house = House(cars=[Car(own_limit_a=0, mode=Mode.BOOST)])
        house.run(600, base_w=1000)
        assert house.decision().reason is Reason.VEHICLE_FULL
        assert house.cars[0].offered_a == 6
        house.cars[0].own_limit_a = 32
        house.run(60)
        assert house.cars[0].offered_a == 32

    def test_one_that_is_full_at_its_minimum_is_asked_with_more_first(self) -> None:
        house = House(cars=[Car(own_limit_a=0, mode=Mode.MIN_SOLAR)])
        house.run(900, base_w=1000)
        assert max(house.currents(900)) == 10
        assert house.decision().reason is Reason.VEHICLE_FULL
        assert house.cars[0].offered_a == 6

    def test_a_vehicle_that_leaves_is_not_remembered_as_full(self) -> None:
        house = self.full_house()
        house.car("ocpp:one").wants_power = False
        house.run(5)
        house.car("ocpp:one").wants_power = True
        house.car("ocpp:one").own_limit_a = 32
        house.run(60)
        assert house.decision("ocpp:one").reason is Reason.FOLLOWING_SURPLUS
