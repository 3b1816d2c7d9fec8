"""A heater whose meter is late, lost, blind or reversed, or that is out of reach."""

import pytest

from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .heater_house import SEEN, WATER, Heater, HeaterHouse
from .house import Car


class TestBlind:
    """When the meter is late, lost, blind or reversed."""

    def test_without_a_meter_nothing_is_taken_from_the_sun(self) -> None:
        house = HeaterHouse(meter_works=False)
        assert house.run(5, -2000).reason is Reason.NO_GRID_METER
        assert set(house.told(5)) == {0}

    def test_a_late_meter_lets_nothing_rise(self) -> None:
        house = HeaterHouse(heater=Heater(min_w=200))
        house.run(30, -1500)
        house.meter_works = False
        assert house.run(20).reason is Reason.METER_STALE
        assert house.told(1) == [200]
        assert house.run(60).reason is Reason.METER_LOST
        assert house.told(1) == [0]

    def test_a_late_meter_does_not_start_it(self) -> None:
        house = HeaterHouse(heater=Heater(min_w=200))
        house.run(30, 500)
        house.meter_works = False
        house.run(18)
        house.heater.ask(Mode.BOOST)
        assert house.run(2).reason is Reason.METER_STALE
        assert house.told(1) == [0]
        house.heater.ask(Mode.MANUAL, 800)
        assert house.run(1).reason is Reason.METER_STALE
        assert house.told(1) == [0]

    def test_a_lost_meter_leaves_the_minimum_that_was_to_be_kept(self) -> None:
        house = HeaterHouse(
            heater=Heater(min_w=200, mode=Mode.MIN_SOLAR),
            settings=HomeSettings(breaker_a=20),
        )
        house.run(30, 500)
        house.meter_works = False
        assert house.run(90).reason is Reason.METER_LOST
        assert house.told(1) == [200]

    @pytest.mark.parametrize("min_w", [0.0, 50.0])
    @pytest.mark.parametrize(
        ("mode", "temperature_c"),
        [(Mode.BOOST, None), (Mode.ECO, None), (Mode.SOLAR, 40.0)],
    )
    def test_a_lost_meter_leaves_a_boost_a_forced_and_a_cheap_heater_a_quarter(
        self, mode: Mode, temperature_c: float | None, min_w: float
    ) -> None:
        house = HeaterHouse(
            heater=Heater(
                min_w=min_w,
                mode=mode,
                temperature_c=temperature_c,
                temperatures=WATER if temperature_c is not None else None,
            ),
            settings=HomeSettings(breaker_a=20),
            cheap=True,
        )
        house.run(30, 500)
        house.meter_works = False
        assert house.run(90).reason is Reason.METER_LOST
        assert house.told(1) == [600]

    def test_a_minimum_above_a_quarter_is_what_a_lost_meter_leaves(self) -> None:
        house = HeaterHouse(
            heater=Heater(min_w=900, mode=Mode.BOOST),
            settings=HomeSettings(breaker_a=20),
        )
        house.run(30, 500)
        house.meter_works = False
        house.run(90)
        assert house.told(1) == [900]

    @pytest.mark.parametrize(("base_w", "told_w"), [(4200, 350), (4590, 0), (4700, 0)])
    def test_blind_it_takes_no_more_than_fits_beside_the_house_at_its_worst(
        self, base_w: float, told_w: float
    ) -> None:
        house = HeaterHouse(
            heater=Heater(mode=Mode.BOOST, min_w=30),
            settings=HomeSettings(breaker_a=20),
        )
        house.heater.mode = Mode.OFF
        house.run(30, base_w)
        house.meter_works = False
        house.heater.mode = Mode.BOOST
        decision = house.run(90)
        assert house.told(1) == [told_w]
        assert decision.reason is (Reason.LIMITED if told_w else Reason.NO_ROOM)

    def test_a_meter_that_cannot_see_export_gives_no_sun(self) -> None:
        house = HeaterHouse(knows_direction=False)
        assert house.run(20, -1500).reason is Reason.SIGN_UNKNOWN
        assert house.told(1) == [0]
        house.heater.mode, house.heater.min_w = Mode.MIN_SOLAR, 250
        house.run(20)
        assert house.told(1) == [250]

    def test_a_reversed_meter_leaves_it_alone(self) -> None:
        house = HeaterHouse(settings=HomeSettings(sign_reversed=True))
        decision = house.run(5, -1500)
        assert decision.reason is Reason.SIGN_REVERSED
        assert decision.setpoint is None

    @pytest.mark.parametrize("obeys", [True, False])
    def test_a_meter_found_reversed_stops_it_and_then_leaves_it_alone(
        self, *, obeys: bool
    ) -> None:
        house = HeaterHouse()
        house.run(30, -1500)
        house.heater.obeys = obeys
        house.with_settings(sign_reversed=True)
        house.run(5)
        assert (house.decision().setpoint is None) is obeys
        assert house.heater.told_w == (0 if obeys else 1500)

    @pytest.mark.parametrize("seen", SEEN)
    def test_out_of_reach_its_last_power_is_kept_free(
        self, seen: dict[str, float | None]
    ) -> None:
        house = HeaterHouse(settings=HomeSettings(breaker_a=20), heater=Heater(**seen))
        house.heater.mode = Mode.BOOST
        house.run(30, 500)
        house.heater.reachable = False
        car = Car(mode=Mode.BOOST, priority=0)
        house.cars = [car]
        decision = house.run(60)
        assert decision.reason is Reason.UNREACHABLE
        assert decision.numbers == {"reserved_w": 2400}
        assert decision.setpoint is None
        assert 6 <= car.offered_a <= 7
        house.heater.reachable = True
        house.heater.mode = Mode.SOLAR
        assert house.run(2).reason is Reason.WAITING_FOR_SURPLUS

    def test_one_that_never_obeyed_before_it_was_out_of_reach_may_still_run(
        self,
    ) -> None:
        house = HeaterHouse()
        house.run(30, -1500)
        house.heater.obeys = False
        house.heater.ask(Mode.OFF)
        house.run(5)
        house.heater.reachable = False
        assert house.run(2).numbers == {"reserved_w": 1500}
        assert house.control.switching.on

    def test_out_of_reach_and_never_told_anything_nothing_is_kept(self) -> None:
        house = HeaterHouse(heater=Heater(reachable=False))
        assert house.run(2, -1000).numbers == {"reserved_w": 0}
