"""What a charger does in the modes other than solar, boost and off."""

from itertools import pairwise

import pytest

from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House


class TestMinSolar:
    """Never below the minimum while a vehicle wants power; the surplus above it."""

    def test_it_starts_at_once_and_stays_at_its_minimum_without_sun(self) -> None:
        house = House(cars=[Car(mode=Mode.MIN_SOLAR)])
        house.run(1800, base_w=1500)
        assert set(house.currents(1800)) == {6.0}
        assert house.decision().reason is Reason.HOLDING_MINIMUM
        # It is not about to stop: no count-down is shown.
        assert "seconds" not in house.decision().numbers

    def test_it_follows_the_surplus_above_its_minimum(self) -> None:
        house = House(cars=[Car(mode=Mode.MIN_SOLAR)])
        house.run(300, base_w=-3000)
        assert house.cars[0].offered_a == 13
        assert house.decision().reason is Reason.FOLLOWING_SURPLUS
        house.run(900, base_w=500)
        assert house.cars[0].offered_a == 6

    def test_a_limit_still_stops_it(self) -> None:
        house = House(
            cars=[Car(mode=Mode.MIN_SOLAR)], settings=HomeSettings(breaker_a=20)
        )
        house.run(100, base_w=500)
        assert house.cars[0].offered_a == 6
        house.run(60, base_w=4000)
        assert house.decision().reason is Reason.SHED
        assert house.cars[0].offered_a == 0
        house.run(100, base_w=500)
        assert house.decision().reason is Reason.SHED
        house.run(300)
        assert house.cars[0].offered_a == 6

    def test_without_a_vehicle_nothing_is_offered(self) -> None:
        house = House(cars=[Car(mode=Mode.MIN_SOLAR, wants_power=False)])
        house.run(60, base_w=-3000)
        assert house.cars[0].offered_a == 0

    def test_a_meter_that_is_late_lost_or_blind_leaves_the_minimum(self) -> None:
        house = House(cars=[Car(mode=Mode.MIN_SOLAR)])
        house.run(300, base_w=-3000)
        house.meter_works = False
        house.run(20)
        assert house.decision().reason is Reason.METER_STALE
        assert house.cars[0].offered_a == 6
        house.run(300)
        assert house.decision().reason is Reason.METER_LOST
        assert house.cars[0].offered_a == 6
        house.meter_works, house.knows_direction = True, False
        house.run(60)
        assert house.decision().reason is Reason.SIGN_UNKNOWN
        assert house.cars[0].offered_a == 6

    def test_one_of_higher_priority_leaves_it_its_minimum(self) -> None:
        house = House(
            cars=[Car(), Car(load_id="ocpp:two", priority=2, mode=Mode.MIN_SOLAR)]
        )
        house.run(600, base_w=-4500)
        assert house.car("ocpp:two").offered_a == 6
        assert house.car("ocpp:one").offered_a == 14
        assert abs(house.grid_w) <= 230


class TestEco:
    """As solar; in cheap hours all it can take."""

    @pytest.mark.parametrize("cheap", [None, False])
    def test_hours_that_are_not_cheap_are_as_solar(self, cheap: bool | None) -> None:
        house = House(cars=[Car(mode=Mode.ECO)], cheap=cheap)
        house.run(300, base_w=1000)
        assert house.decision().reason is Reason.WAITING_FOR_SURPLUS
        house.run(300, base_w=-3000)
        assert house.cars[0].offered_a == 13

    def test_cheap_hours_are_as_boost_with_their_own_reason(self) -> None:
        house = House(cars=[Car(mode=Mode.ECO)], cheap=True)
        house.run(5, base_w=1000)
        assert house.cars[0].offered_a == 32
        assert house.decision().reason is Reason.CHEAP_HOURS

    def test_the_end_of_cheap_hours_keeps_the_minimum_time_on(self) -> None:
        house = House(cars=[Car(mode=Mode.ECO)], cheap=True)
        house.run(120, base_w=1000)
        house.cheap = False
        house.run(60)
        assert house.cars[0].offered_a == 6
        house.run(300)
        assert house.cars[0].offered_a == 0

    def test_cheap_hours_take_their_power_from_what_the_others_share(self) -> None:
        house = House(
            cars=[
                Car(mode=Mode.ECO, max_a=10),
                Car(load_id="ocpp:two", priority=2),
            ],
            cheap=True,
        )
        house.run(600, base_w=-4600)
        assert house.car("ocpp:one").offered_a == 10
        assert house.car("ocpp:two").offered_a == 10


class TestManual:
    """What a person gave it, whatever the sun; never over the limits."""

    def test_it_keeps_what_it_was_given_with_and_without_sun(self) -> None:
        house = House(cars=[Car(mode=Mode.MANUAL, manual_a=11)])
        house.run(900, base_w=3000)
        assert set(house.currents(900)) == {11.0}
        house.run(300, base_w=-6000)
        assert set(house.currents(300)) == {11.0}
        assert house.decision().reason is Reason.MANUAL

    @pytest.mark.parametrize(
        ("given", "told"), [(0, 0), (4, 0), (6, 6), (10.7, 10), (50, 16)]
    )
    def test_it_is_given_nothing_or_between_minimum_and_maximum(
        self, given: float, told: float
    ) -> None:
        house = House(cars=[Car(mode=Mode.MANUAL, manual_a=given, max_a=16)])
        house.run(60, base_w=0)
        assert house.cars[0].offered_a == told
        assert house.decision().reason is Reason.MANUAL

    def test_without_a_number_it_stays_as_it_was(self) -> None:
        house = House()
        house.run(300, base_w=-3000)
        house.cars[0].ask(Mode.MANUAL)
        house.run(300, base_w=2000)
        assert house.cars[0].offered_a == 13

    def test_the_limits_rule_over_it(self) -> None:
        house = House(
            cars=[Car(mode=Mode.MANUAL, manual_a=20)],
            settings=HomeSettings(breaker_a=25),
        )
        house.run(120, base_w=2300)
        assert house.cars[0].offered_a in (14, 15)
        assert house.decision().reason is Reason.LIMITED
        house.run(60, base_w=5000)
        assert house.cars[0].offered_a == 6
        assert house.decision().reason is Reason.LIMITED
        house.run(250)
        assert house.cars[0].offered_a == 0
        assert house.decision().reason is Reason.SHED

    def test_a_number_changed_by_a_person_does_not_wait_for_a_rest(self) -> None:
        house = House(cars=[Car(mode=Mode.MANUAL, manual_a=10)])
        house.run(60, base_w=0)
        house.cars[0].manual_a = 0
        house.run(10)
        assert house.cars[0].offered_a == 0
        house.cars[0].manual_a = 12
        house.run(3)
        assert house.cars[0].offered_a == 12

    def test_increases_by_hand_keep_the_charger_s_pace(self) -> None:
        house = House(cars=[Car(mode=Mode.MANUAL, manual_a=6)])
        house.run(60, base_w=0)
        for amps in range(7, 27):
            house.cars[0].manual_a = amps
            house.run(1)
        currents = house.currents(20)
        changes = [i for i, (a, b) in enumerate(pairwise(currents)) if a != b]
        assert changes
        assert all(b - a >= 5 for a, b in pairwise(changes))
