"""The commissioning check of a battery."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.check import CheckEnd, Sign
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.loads.circumstances import Circumstances
from custom_components.surplus.control.loads.storage import StorageControl
from custom_components.surplus.control.model import LimitKind, Reason
from custom_components.surplus.control.settings import HomeSettings

from .battery_house import EPOCH, BatteryHouse, Car, StorageUnit, alone, reason


class TestCheck:
    def test_a_pulse_of_charging_finds_the_sign(self) -> None:
        house = alone(house_w=1000.0)
        house.run(60)
        assert house.load("storage").power_w < -900
        house.engine.start_check(house.load("storage").spec)
        house.run(90)
        results = [c.checks["storage"] for c in house.history if c.checks]
        assert [r.end for r in results] == [CheckEnd.DONE]
        assert results[0].sign is Sign.RIGHT
        assert results[0].power_w == 1000

    def test_a_full_one_is_not_charged_for_a_check(self) -> None:
        unit = StorageUnit(energy_wh=9_600)
        house = alone(unit)
        house.run(10)
        house.engine.start_check(unit.spec)
        house.run(30)
        results = [c.checks["storage"] for c in house.history if c.checks]
        assert [r.end for r in results] == [CheckEnd.TAKES_NOTHING]
        assert max(house.loads_w) <= 0

    def test_one_that_fills_up_during_a_check_ends_it(self) -> None:
        unit = StorageUnit(energy_wh=9_498)
        house = alone(unit)
        house.run(10)
        house.engine.start_check(unit.spec)
        house.run(60)
        results = [c.checks["storage"] for c in house.history if c.checks]
        assert [r.end for r in results] == [CheckEnd.TAKES_NOTHING]
        assert max(house.loads_w) > 900
        assert house.load("storage").power_w <= 0

    def test_one_of_unknown_charge_is_checked_with_care(self) -> None:
        unit = StorageUnit(soc=None)
        control = StorageControl(replace(unit.spec, charge_w=1_200.0))
        assert [pulse.value for pulse in control.pulses(230.0)] == [600.0]

    @pytest.mark.parametrize("tells_power", [True, False])
    def test_one_that_takes_nothing_is_told_from_a_wrong_sign(
        self, tells_power: bool
    ) -> None:
        unit = StorageUnit(most_w=0.0, tells_power=tells_power)
        house = alone(unit)
        house.run(10)
        house.engine.start_check(unit.spec)
        house.run(150)
        results = [c.checks["storage"] for c in house.history if c.checks]
        assert [r.end for r in results] == [CheckEnd.TAKES_NOTHING]

    def test_another_loads_check_holds_it_where_it_is(self) -> None:
        house = BatteryHouse(
            battery=None, sun_w=1300.0, loads=[Car(), StorageUnit(priority=0)]
        )
        house.run(60)
        house.engine.start_check(house.load("car").spec)
        house.sun_w = 2600.0
        house.run(30)
        assert reason(house) is Reason.CHECKING
        assert house.load("storage").power_w == pytest.approx(1000, abs=40)

    def test_a_pulse_that_does_not_fit_is_not_made(self) -> None:
        house = alone(settings=HomeSettings(subscribed_va=1000), house_w=800.0)
        house.run(5)
        house.engine.start_check(house.load("storage").spec)
        house.run(5)
        results = [c.checks["storage"] for c in house.history if c.checks]
        assert [r.end for r in results] == [CheckEnd.NO_ROOM]

    def test_a_pulse_ends_where_its_room_ends(self) -> None:
        house = alone(settings=HomeSettings(subscribed_va=6000))
        house.run(5)
        house.engine.start_check(house.load("storage").spec)
        house.run(30)
        assert house.load("storage").power_w == 1000
        control = house.engine._loads["storage"]
        around = Circumstances(
            now=house.now,
            wall=EPOCH,
            dt_s=1,
            surplus_w=0,
            total_w=0,
            voltage_v=230,
            meter=MeterState.FRESH,
            direction_known=True,
            headroom=Headroom((Limit(kind=LimitKind.BREAKER, current_a=4),), (0.0,)),
            settings=HomeSettings(),
        )
        decision = control.follow_check(1000, around)
        assert decision.setpoint is not None
        assert decision.setpoint.value == 0
