"""What happens when grid readings are late, lost, or blind."""

import pytest

from custom_components.surplus.control.freshness import Freshness, MeterState
from custom_components.surplus.control.model import GridReading, Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House


def reading(at: float) -> GridReading:
    return GridReading(at=at, power_w=0)


class TestFreshness:
    """Ages are judged by the rhythm a meter has shown."""

    @pytest.mark.parametrize(
        ("interval_s", "stale_s", "lost_s"),
        [(1, 15, 60), (2, 15, 60), (8, 24, 80), (20, 60, 200), (60, 180, 300)],
    )
    def test_limits_follow_the_interval(
        self, interval_s: float, stale_s: float, lost_s: float
    ) -> None:
        freshness = Freshness()
        for i in range(10):
            freshness.judge(reading(i * interval_s), i * interval_s)
        last = reading(9 * interval_s)
        assert freshness.judge(last, last.at + stale_s) is MeterState.FRESH
        assert freshness.judge(last, last.at + stale_s + 0.1) is MeterState.STALE
        assert freshness.judge(last, last.at + lost_s) is MeterState.STALE
        assert freshness.judge(last, last.at + lost_s + 0.1) is MeterState.LOST

    def test_a_meter_is_never_waited_for_longer_than_five_minutes(self) -> None:
        freshness = Freshness()
        for i in range(10):
            freshness.judge(reading(i * 200.0), i * 200.0)
        assert freshness.lost_after_s == 300
        assert freshness.stale_after_s == 300

    def test_a_gap_does_not_become_the_rhythm(self) -> None:
        freshness = Freshness()
        freshness.judge(reading(0), 0)
        freshness.judge(reading(2), 2)
        freshness.judge(reading(1000), 1000)
        assert freshness.interval_s == 2

    def test_another_rhythm_is_taken_up_after_eleven_intervals(self) -> None:
        freshness = Freshness()
        for at in (*range(30), *range(39, 130, 10)):
            freshness.judge(reading(float(at)), float(at))
        assert freshness.interval_s == 1.0
        freshness.judge(reading(139.0), 139.0)
        assert freshness.interval_s == 10.0

    def test_the_same_reading_again_is_no_interval(self) -> None:
        freshness = Freshness()
        for _ in range(5):
            freshness.judge(reading(10), 10)
        assert freshness.interval_s == 0
        for at in (15, 20, *(20,) * 9):
            freshness.judge(reading(at), at)
        assert freshness.interval_s == 5

    def test_an_interval_of_five_minutes_is_a_rhythm_and_a_longer_one_is_a_gap(
        self,
    ) -> None:
        freshness = Freshness()
        for at in (0, 300, 601):
            freshness.judge(reading(at), at)
        assert freshness.interval_s == 300

    def test_an_older_reading_does_not_turn_time_back(self) -> None:
        freshness = Freshness()
        freshness.judge(reading(10), 10)
        freshness.judge(reading(5), 11)
        freshness.judge(reading(12), 12)
        assert freshness.interval_s == 2

    def test_no_reading_is_no_meter(self) -> None:
        assert Freshness().judge(None, 5) is MeterState.NONE


def running_house(**settings: float) -> House:
    house = House(settings=HomeSettings(**settings))
    house.run(400, base_w=-3910)
    assert house.cars[0].offered_a == 17
    return house


def test_stale_brings_a_solar_car_to_its_minimum() -> None:
    house = running_house()
    house.meter_works = False
    house.run(15)
    assert house.cars[0].offered_a == 17
    house.run(2)
    assert house.cars[0].offered_a == 6
    assert house.decision().reason is Reason.METER_STALE
    assert house.history[-1].meter is MeterState.STALE


def test_stale_starts_nothing() -> None:
    house = House()
    house.run(10, base_w=-3910)
    house.meter_works = False
    house.run(50)
    assert house.cars[0].offered_a == 0
    assert house.decision().reason is Reason.METER_STALE


def test_stale_increases_no_boost() -> None:
    house = House(settings=HomeSettings(breaker_a=32), cars=[Car(mode=Mode.BOOST)])
    house.run(100, base_w=4600)
    before = house.cars[0].offered_a
    house.meter_works = False
    house.run(16)
    house.with_settings(breaker_a=60)
    house.run(5)
    assert house.cars[0].offered_a == before
    assert house.decision().reason is Reason.METER_STALE


def test_lost_stops_a_solar_car_and_says_so() -> None:
    house = running_house()
    house.meter_works = False
    house.run(62)
    assert house.cars[0].offered_a == 0
    assert house.decision().reason is Reason.METER_LOST
    assert house.history[-1].surplus_w is None


def test_lost_keeps_a_boost_at_its_minimum_when_the_usual_peak_leaves_room() -> None:
    house = House(settings=HomeSettings(breaker_a=32), cars=[Car(mode=Mode.BOOST)])
    house.run(100, base_w=4600)
    house.meter_works = False
    house.run(62)
    assert house.cars[0].offered_a == 6
    assert house.decision().reason is Reason.METER_LOST


def test_lost_stops_a_boost_when_the_usual_peak_of_the_hour_leaves_no_room() -> None:
    house = House(settings=HomeSettings(breaker_a=32), cars=[Car(mode=Mode.BOOST)])
    house.run(10, base_w=6500)
    house.run(100, base_w=0)
    house.meter_works = False
    house.run(62)
    assert house.cars[0].offered_a == 0
    assert house.decision().reason is Reason.NO_ROOM


@pytest.mark.parametrize("mode", [Mode.BOOST, Mode.MANUAL])
def test_without_a_meter_ever_a_limit_stops_all_and_the_missing_meter_is_told(
    mode: Mode,
) -> None:
    """What a house takes that nobody ever measured may be all that a limit allows."""
    car = Car(mode=mode, manual_a=16.0)
    house = House(settings=HomeSettings(breaker_a=60), cars=[car])
    house.cycle()
    decision = house.decision()
    assert decision.setpoint is not None
    assert decision.setpoint.value == 0
    assert decision.reason is Reason.NO_GRID_METER
    assert not decision.numbers


def test_a_lost_meter_in_an_hour_never_seen_is_told_as_such() -> None:
    house = House(settings=HomeSettings(breaker_a=60), cars=[Car(mode=Mode.BOOST)])
    # Past the full hour, of which nothing was seen.
    house.now = 1000.0 + 3600.0 - 30.0
    house.run(20, base_w=4600)
    house.meter_works = False
    house.run(80)
    assert house.cars[0].offered_a == 0
    assert house.decision().reason is Reason.METER_LOST


def test_without_any_limit_a_boost_may_have_its_minimum_without_a_meter() -> None:
    house = House(cars=[Car(mode=Mode.BOOST), Car(load_id="ocpp:two")])
    house.cycle()
    assert house.decision().setpoint is not None
    assert house.decision().setpoint.value == 6
    assert house.decision().reason is Reason.NO_GRID_METER
    assert house.decision("ocpp:two").reason is Reason.NO_GRID_METER
    assert house.history[-1].meter is MeterState.NONE


def test_readings_that_come_back_are_followed_again_without_a_hand() -> None:
    house = running_house()
    house.meter_works = False
    house.run(100)
    house.meter_works = True
    house.run(500)
    assert house.cars[0].offered_a == 17


def test_a_meter_that_cannot_see_export_drives_no_solar_but_limits_a_boost() -> None:
    house = House(
        settings=HomeSettings(breaker_a=32),
        cars=[Car(), Car(load_id="ocpp:two", mode=Mode.BOOST)],
    )
    house.knows_direction = False
    house.run(100, base_w=4600)
    assert house.decision().reason is Reason.SIGN_UNKNOWN
    assert 6 <= house.car("ocpp:two").offered_a <= 12
    cycle = house.history[-1]
    assert cycle.surplus_w is None
    assert cycle.budget_w is None
    assert cycle.house_w is None
    assert cycle.grid_w is not None


def test_a_reversed_sign_is_refused_control() -> None:
    house = House(cars=[Car(), Car(load_id="ocpp:two", mode=Mode.BOOST)])
    house.with_settings(sign_reversed=True)
    house.run(100, base_w=-3910)
    for load_id in ("ocpp:one", "ocpp:two"):
        assert house.decision(load_id).reason is Reason.SIGN_REVERSED
        assert house.decision(load_id).setpoint is None


def test_another_meter_begins_with_a_rhythm_of_its_own() -> None:
    house = running_house()
    house.engine.new_meter()
    assert house.engine.freshness.interval_s == 0
    house.run(30)
    assert house.cars[0].offered_a == 17
