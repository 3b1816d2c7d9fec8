"""A heater whose own thermostat opens, in closed loop."""

from itertools import pairwise

import pytest

from custom_components.surplus.control.model import Mode, Reason

from .heater_house import SEEN, UNMEASURED, Heater, HeaterHouse
from .house import Car


class TestThermostat:
    """A heater that takes nothing of what it is told is recognised, and comes back."""

    @pytest.mark.parametrize("seen", SEEN)
    def test_an_open_thermostat_is_recognised_and_nothing_is_told(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(**seen))
        house.run(60, -1500)
        house.heater.closed = False
        decision = house.run(100 if seen == UNMEASURED else 60)
        assert decision.reason is Reason.THERMOSTAT_OPEN
        assert house.told(1) == [0]
        assert 0 < float(decision.numbers["seconds"]) <= 60

    @pytest.mark.parametrize("seen", SEEN)
    def test_it_comes_back_by_itself(self, seen: dict[str, float | None]) -> None:
        house = HeaterHouse(heater=Heater(**seen))
        house.run(60, -1500)
        house.heater.closed = False
        house.run(130)
        house.heater.closed = True
        assert house.run(150).reason is Reason.FOLLOWING_SURPLUS
        assert house.grid_w == pytest.approx(0, abs=25)

    @pytest.mark.parametrize("seen", SEEN)
    def test_it_is_tried_ever_more_rarely(self, seen: dict[str, float | None]) -> None:
        house = HeaterHouse(heater=Heater(**seen))
        house.run(60, -1500)
        house.heater.closed = False
        house.run(5000)
        told = house.told(4990)
        tries = [
            index for index, (a, b) in enumerate(pairwise(told)) if a == 0 and b > 0
        ]
        gaps = [b - a for a, b in pairwise(tries)]
        assert len(gaps) >= 5
        assert gaps[0] < 150
        assert gaps == sorted(gaps)
        assert 600 <= gaps[-1] <= 640

    def test_a_sensor_that_is_late_and_does_not_say_so_is_waited_for(self) -> None:
        house = HeaterHouse(heater=Heater(measured_every_s=None))
        drawn: list[float] = []
        for second in range(1200):
            drawn.append(house.heater.power_w)
            if second % 5 == 0:
                house.heater.measured = (house.now, drawn[max(0, second - 30)])
            house.run(1, -1500)
        reasons = [cycle.decisions[0].reason for cycle in house.history]
        assert reasons.count(Reason.THERMOSTAT_OPEN) < 20
        assert house.grid_w == pytest.approx(0, abs=25)

    def test_a_test_is_called_one(self) -> None:
        house = HeaterHouse(heater=Heater(**UNMEASURED))
        house.run(300, -6000)
        tested = [c for c in house.history if c.decisions[0].setpoint.value == 0]
        assert {c.decisions[0].reason for c in tested[1:]} == {Reason.THERMOSTAT_TEST}

    def test_a_person_does_not_wait_for_the_next_try(self) -> None:
        house = HeaterHouse()
        house.run(60, -1500)
        house.heater.closed = False
        house.run(1000)
        house.heater.closed = True
        assert house.decision().reason is Reason.THERMOSTAT_OPEN
        house.heater.ask(Mode.BOOST)
        assert house.run(5).reason is Reason.BOOST
        assert house.told(5)[-1] == 2400

    def test_by_hand_an_open_thermostat_changes_nothing(self) -> None:
        house = HeaterHouse()
        house.heater.ask(Mode.MANUAL, 1000)
        house.heater.closed = False
        house.run(200, 0)
        assert set(house.told(199)) == {1000}

    def test_a_boost_that_ends_by_hand_is_not_taken_for_open_any_more(self) -> None:
        house = HeaterHouse(heater=Heater(mode=Mode.BOOST))
        house.run(60, 0)
        house.heater.closed = False
        assert house.run(100).reason is Reason.THERMOSTAT_OPEN
        # By itself: no person has wished for anything.
        house.heater.mode, house.heater.manual_w = Mode.MANUAL, 1000.0
        decision = house.run(1)
        assert decision.reason is Reason.MANUAL
        assert house.control.takes_w(decision) > 900

    def test_while_it_is_tried_there_is_no_time_to_wait_for(self) -> None:
        house = HeaterHouse()
        house.run(60, -1500)
        house.heater.closed = False
        house.run(40)
        while not house.told(1)[0]:
            decision = house.run(1)
        assert decision.reason is Reason.THERMOSTAT_OPEN
        assert "seconds" not in decision.numbers

    def test_without_sun_an_open_one_waits_for_it(self) -> None:
        house = HeaterHouse()
        house.run(60, -1500)
        house.heater.closed = False
        house.run(60)
        assert house.run(300, 500).reason is Reason.WAITING_FOR_SURPLUS
        assert set(house.told(290)) == {0}

    def test_a_sensor_that_only_reports_changes_is_seen_through(self) -> None:
        house = HeaterHouse(heater=Heater(reports_only_changes=True, closed=False))
        house.run(60, 500)
        assert house.run(300, -1500).reason is Reason.THERMOSTAT_OPEN
        house.heater.closed = True
        assert house.run(400).reason is Reason.FOLLOWING_SURPLUS

    @pytest.mark.parametrize("seen", SEEN)
    def test_a_long_rise_of_the_sun_is_not_taken_for_one(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(**seen))
        house.run(60, -200)
        for slope_w in (40, -40) * 5:
            house.run(50, slope_w=-slope_w)
        reasons = {cycle.decisions[0].reason for cycle in house.history}
        assert Reason.THERMOSTAT_OPEN not in reasons

    def test_more_sun_than_an_unmeasured_one_takes_is_tested_once_and_trusted(
        self,
    ) -> None:
        house = HeaterHouse(heater=Heater(**UNMEASURED))
        house.run(1200, -6000)
        told = house.told(1150)
        # Each test costs some seconds without it: twice in twenty minutes at most.
        assert 0 < sum(told_w == 0 for told_w in told) <= 40
        reasons = {cycle.decisions[0].reason for cycle in house.history}
        assert Reason.THERMOSTAT_OPEN not in reasons

    def test_a_late_meter_neither_tests_nor_tries(self) -> None:
        house = HeaterHouse()
        house.run(60, -1500)
        house.heater.closed = False
        house.run(60)
        house.meter_works = False
        assert house.run(40).reason is Reason.METER_STALE
        assert house.told(1) == [0]

    def test_a_slow_unmeasured_one_is_not_taken_for_open(self) -> None:
        house = HeaterHouse(heater=Heater(dead_s=4, lag_s=3.0, **UNMEASURED))
        for base_w in (-1500, -500, -2000, -800) * 5:
            house.run(60, base_w)
        reasons = {cycle.decisions[0].reason for cycle in house.history}
        assert Reason.THERMOSTAT_OPEN not in reasons

    def test_the_sun_of_an_open_one_goes_to_the_loads_below(self) -> None:
        house = HeaterHouse(heater=Heater(priority=0, closed=False))
        house.cars = [Car(priority=1)]
        house.run(400, -2500)
        assert house.cars[0].power_w > 2000

    def test_an_unmeasured_open_one_does_not_make_the_car_above_swing(self) -> None:
        house = HeaterHouse(heater=Heater(closed=False, **UNMEASURED))
        house.cars = [Car(priority=1)]
        house.run(900, -3500)
        assert {c.decisions[-1].reason for c in house.history[-50:]} <= {
            Reason.THERMOSTAT_OPEN,
            Reason.WAITING_FOR_SURPLUS,
        }
        offers = [
            d.setpoint.value
            for c in house.history[-300:]
            for d in c.decisions
            if d.load_id != "heater" and d.setpoint
        ]
        assert max(offers) - min(offers) <= 3
