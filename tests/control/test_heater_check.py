"""The commissioning check of a heater."""

import pytest

from custom_components.surplus.control.check import CheckEnd, Sign
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.loads.circumstances import Circumstances
from custom_components.surplus.control.model import LimitKind, Reason
from custom_components.surplus.control.settings import HomeSettings

from .heater_house import SEEN, Heater, HeaterHouse
from .house import Car


class TestCheck:
    """The commissioning check."""

    @pytest.mark.parametrize("seen", SEEN)
    @pytest.mark.parametrize(
        ("sign", "found"), [(1.0, Sign.RIGHT), (-1.0, Sign.REVERSED)]
    )
    def test_it_finds_the_meters_sign(
        self, sign: float, found: Sign, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(**seen), meter_sign=sign)
        house.run(10, 600)
        house.engine.start_check(house.heater.spec)
        house.run(120)
        results = [c.checks["heater"] for c in house.history if c.checks]
        assert [(r.end, r.sign) for r in results] == [(CheckEnd.DONE, found)]
        assert results[0].grid_w == pytest.approx(sign * 1200, rel=0.05)

    @pytest.mark.parametrize("seen", SEEN)
    def test_an_open_thermostat_is_told_from_a_wrong_sign(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(closed=False, **seen))
        house.run(10, 600)
        house.engine.start_check(house.heater.spec)
        house.run(150)
        results = [c.checks["heater"] for c in house.history if c.checks]
        assert [r.end for r in results] == [CheckEnd.TAKES_NOTHING]

    @pytest.mark.parametrize("seen", SEEN)
    def test_a_thermostat_believed_open_does_not_hide_a_wrong_sign(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(heater=Heater(closed=False, **seen))
        house.run(200, -1500)
        assert house.decision().reason is Reason.THERMOSTAT_OPEN
        house.heater.closed, house.meter_sign = True, -1.0
        house.engine.start_check(house.heater.spec)
        house.run(150, 600)
        results = [c.checks["heater"] for c in house.history if c.checks]
        assert [(r.end, r.sign) for r in results] == [(CheckEnd.DONE, Sign.REVERSED)]

    def test_a_kettle_beside_an_unmeasured_one_stays_unclear(self) -> None:
        house = HeaterHouse(heater=Heater(measured_every_s=None))
        house.run(10, 600)
        house.engine.start_check(house.heater.spec)
        house.run(30)
        house.run(120, 1900)
        results = [c.checks["heater"] for c in house.history if c.checks]
        assert [(r.end, r.sign) for r in results] == [(CheckEnd.DONE, Sign.UNCLEAR)]

    def test_a_pulse_that_does_not_fit_is_not_given(self) -> None:
        house = HeaterHouse(settings=HomeSettings(breaker_a=8))
        house.run(10, 600)
        house.engine.start_check(house.heater.spec)
        house.run(60)
        results = [c.checks["heater"].end for c in house.history if c.checks]
        assert results == [CheckEnd.NO_ROOM]
        decisions = [
            house.control.follow_check(1200.0, circumstances(house, room_a)).setpoint
            for room_a in (5.0, 6.0)
        ]
        assert [d.value for d in decisions if d] == [0, 1200]

    def test_it_stands_still_while_another_load_is_checked(self) -> None:
        house = HeaterHouse(cars=[Car(priority=9)])
        house.run(60, -1000)
        before = house.told(1)
        house.engine.start_check(house.cars[0].spec)
        assert house.run(5, -500).reason is Reason.CHECKING
        assert house.told(1) == before


def circumstances(house: HeaterHouse, room_a: float) -> Circumstances:
    """Return circumstances as the engine makes them, with a given room."""
    limit = Limit(kind=LimitKind.BREAKER, current_a=room_a)
    return Circumstances(
        now=house.now,
        wall=house.wall,
        at=house.now,
        dt_s=1.0,
        surplus_w=0.0,
        total_w=0.0,
        voltage_v=230.0,
        meter=MeterState.FRESH,
        direction_known=True,
        headroom=Headroom((limit,), (0.0,)),
        settings=house.settings,
    )
