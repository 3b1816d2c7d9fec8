"""What a heater remembers over a restart."""

import json

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.loads.heater import HeaterControl
from custom_components.surplus.control.model import Reason

from .heater_house import WATER, Heater, HeaterHouse
from .house import Car


class TestMemory:
    """What survives a restart."""

    def restart(self, house: HeaterHouse, away_s: float) -> None:
        saved = json.loads(json.dumps(house.engine.as_dict(house.now, house.wall)))
        house.now += away_s
        house.engine = Engine(house.settings, saved)
        house.grid = None

    def test_a_running_heater_goes_on(self) -> None:
        house = HeaterHouse()
        house.run(60, -1500)
        self.restart(house, 30)
        house.run(2)
        assert house.told(1) == pytest.approx([1500], abs=25)

    def test_a_heater_that_must_rest_still_must(self) -> None:
        house = HeaterHouse(heater=Heater(min_off_s=600))
        house.run(60, -1500)
        house.run(30, 500)
        self.restart(house, 30)
        # What it was told before is still to be seen on it.
        heater = house.heater
        heater.accepted_w, heater.accepted_at = 1500.0, None
        heater.measured_every_s = heater.measured = None
        decision = house.run(1, -1500)
        assert decision.reason is Reason.RESTING
        assert house.told(1) == [0]
        assert float(decision.numbers["seconds"]) == pytest.approx(540, abs=10)

    @pytest.mark.parametrize("kept", [None, True, -1.0, "many"])
    def test_its_writes_of_the_day_are_not_given_back_by_a_restart(
        self, kept: object
    ) -> None:
        house = HeaterHouse(heater=Heater(writes_per_day=1000))
        house.run(60, -1500)
        house.control._pace.restore(100.0, house.now)
        saved = json.loads(json.dumps(house.engine.as_dict(house.now, house.wall)))
        learned = saved["loads"]["heater"]["learned"]
        assert learned["writes_left"] == 100
        if kept is not None:
            learned["writes_left"] = kept
        house.now += 8640
        house.engine = Engine(house.settings, saved)
        house.run(1)
        # A tenth of a day brings a fiftieth of its writes back.
        left = 120 if kept is None else 800
        assert house.control._pace.left == pytest.approx(left, abs=2)

    def test_before_its_first_cycle_there_are_no_writes_to_keep(self) -> None:
        assert "writes_left" not in HeaterControl(Heater().spec).learned()

    def test_one_that_is_found_at_work_is_not_stopped_to_rest(self) -> None:
        house = HeaterHouse(heater=Heater(min_off_s=600))
        house.run(60, -1500)
        house.run(30, 500)
        self.restart(house, 30)
        heater = house.heater
        heater.tell(1000.0, house.now)
        heater.measured, heater.power_w = (house.now, 1000.0), 1000.0
        assert house.run(5, -1500).reason is Reason.FOLLOWING_SURPLUS
        assert min(house.told(5)) > 1000

    def test_one_that_is_not_heard_at_first_is_believed_to_run_on(self) -> None:
        house = HeaterHouse(heater=Heater(min_off_s=600))
        house.run(60, -1500)
        told = house.told(1)[0]
        self.restart(house, 30)
        heater = house.heater
        heater.reachable, heater.accepted_w, heater.accepted_at = False, None, None
        decision = house.run(5)
        assert decision.reason is Reason.UNREACHABLE
        assert decision.numbers == {"reserved_w": told}
        heater.reachable = True
        assert house.run(2).reason is Reason.FOLLOWING_SURPLUS

    def test_resting_water_goes_on_resting(self) -> None:
        house = HeaterHouse(heater=Heater(temperatures=WATER, temperature_c=60.0))
        house.run(5, -1500)
        self.restart(house, 30)
        house.heater.temperature_c = 57
        assert house.run(2).reason is Reason.WARM_ENOUGH

    def test_what_it_takes_of_what_it_is_told_is_remembered(self) -> None:
        house = HeaterHouse(heater=Heater(voltage_v=207.0))
        house.run(200, -6000)
        assert house.control._element.share == pytest.approx(0.81, abs=0.01)
        assert house.control.span_w(230).most_w == pytest.approx(1944, abs=25)
        self.restart(house, 30)
        house.run(1)
        assert house.control._element.share == pytest.approx(0.81, abs=0.01)

    @pytest.mark.parametrize(
        "learned",
        [{}, {"share": "much"}, {"share": 9.0}, {"share": None, "water": 3}],
    )
    def test_what_is_damaged_is_left_out(self, learned: dict[str, object]) -> None:
        control = HeaterControl(Heater(temperatures=WATER).spec)
        control.relearn(learned)
        assert control._element.share == 1.0

    def test_what_it_does_not_take_is_left_to_the_loads_below(self) -> None:
        house = HeaterHouse(heater=Heater(priority=0, voltage_v=207.0))
        house.run(120, -6000)
        house.cars = [Car(priority=1)]
        house.run(300)
        assert house.cars[0].offered_a == pytest.approx(17, abs=1)
