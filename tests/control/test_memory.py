"""What survives a restart, and that the same inputs decide the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
import json
import random

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.loads.vehicle import Vehicle
from custom_components.surplus.control.model import ChargerReading, Mode, Reason
from custom_components.surplus.control.peaks import HousePeaks
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House

NOON = datetime(2026, 6, 21, 12, 30, tzinfo=UTC)


def restart(house: House, away_s: float) -> None:
    """Replace the engine by one made of what was saved, some time later."""
    saved = json.loads(json.dumps(house.engine.as_dict(house.now, house.wall)))
    house.now += away_s
    house.engine = Engine(house.settings, saved)
    house.grid = None


def test_a_restart_adopts_a_running_car() -> None:
    house = House()
    house.run(500, base_w=-3000)
    restart(house, 30)
    house.run(3)
    assert house.cars[0].offered_a == 13
    assert house.decision().reason is Reason.FOLLOWING_SURPLUS


def test_a_car_at_work_is_adopted_without_anything_saved() -> None:
    house = House(cars=[Car(offered_a=10, offered_at=900.0, drawn_a=10.0)])
    house.run(2, base_w=-2300)
    assert house.cars[0].offered_a == 10


def test_a_restart_does_not_start_a_car_that_must_rest() -> None:
    house = House()
    house.run(400, base_w=-3000)
    house.run(100, base_w=2000)
    assert house.cars[0].offered_a == 0
    restart(house, 60)
    house.run(100, base_w=-3000)
    assert house.decision().reason is Reason.RESTING
    house.run(300)
    assert house.cars[0].offered_a == 13


class ForgottenStart(Car):
    """A car at work whose central system last wrote down that it was stopped."""

    def reading(self) -> ChargerReading:
        return replace(super().reading(), offered_a=0.0, offering=True)


def test_a_car_whose_start_was_not_written_down_is_adopted_not_made_to_rest() -> None:
    house = House()
    house.run(400, base_w=-3000)
    house.run(100, base_w=2000)
    assert house.cars[0].offered_a == 0
    stopped = house.engine.as_dict(house.now, house.wall)
    # Someone asked for it, it ran, and the process died before it could write.
    car = ForgottenStart(offered_a=13, drawn_a=13, reachable=False)
    car.link_lost_at = house.now
    house.cars = [car]
    house.engine = Engine(house.settings, stopped)
    house.run(3, base_w=-3000)
    car.reachable, car.link_lost_at = True, None
    house.run(2)
    assert house.decision().reason is Reason.FOLLOWING_SURPLUS
    assert car.offered_a >= 6


def test_time_away_counts_as_rest() -> None:
    house = House()
    house.run(400, base_w=-3000)
    house.run(330, base_w=2000)
    restart(house, 3600)
    house.run(90, base_w=-3000)
    assert house.cars[0].offered_a > 0


def test_a_clock_set_back_while_away_does_not_prolong_a_rest() -> None:
    house = House()
    house.run(400, base_w=-3000)
    house.run(330, base_w=2000)
    saved = house.engine.as_dict(house.now, house.wall + timedelta(days=1))
    house.engine = Engine(house.settings, saved)
    house.run(400, base_w=-3000)
    assert house.cars[0].offered_a > 0


def test_a_load_not_seen_since_a_restart_stays_remembered() -> None:
    house = House()
    house.run(400, base_w=-3000)
    restart(house, 10)
    assert "ocpp:one" in house.engine.as_dict(house.now, house.wall)["loads"]


def test_the_same_snapshots_decide_the_same() -> None:
    def one_day(seed: int) -> list[object]:
        chance = random.Random(seed)
        house = House(
            settings=HomeSettings(breaker_a=40),
            cars=[Car(), Car(load_id="ocpp:two", priority=2)],
        )
        for _ in range(60):
            house.run(20, base_w=chance.uniform(-8000, 3000))
            chance.choice(house.cars).ask(chance.choice(list(Mode)))
        return list(house.history)

    assert one_day(7) == one_day(7)


def test_the_peak_is_the_houses_and_not_the_suns() -> None:
    house = House(settings=HomeSettings(breaker_a=40), base_w=-2000, solar_w=6000.0)
    house.run(10)
    peaks = house.engine.as_dict(house.now, house.wall)["peaks"]
    assert list(peaks.values()) == [pytest.approx(4000 / 230, abs=0.1)]


@pytest.mark.parametrize(
    "saved",
    [
        {"peaks": {"noon": 1}},
        {"peaks": {"1:2": "many"}},
        {"loads": {"ocpp:one": {}}},
        {"loads": {"ocpp:one": {"on": True, "current_a": 6, "saved_at": "now"}}},
        {"loads": {"ocpp:one": {"on": 1, "current_a": 6, "saved_at": "2026-06-21"}}},
        {"loads": []},
    ],
)
def test_damaged_memory_is_refused_at_once_and_not_in_some_later_cycle(
    saved: dict[str, object],
) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        Engine(HomeSettings(), saved)


class TestPeaks:
    """The house's peak of the hour, over seven days."""

    def test_the_peak_of_the_hour_is_kept(self) -> None:
        peaks = HousePeaks()
        for current_a in (5.0, 20.0, 8.0):
            peaks.observe(current_a, NOON)
        peaks.observe(30.0, NOON + timedelta(hours=1))
        assert peaks.peak_a(NOON) == 20

    def test_days_before_count_and_last_week_does_not(self) -> None:
        peaks = HousePeaks()
        peaks.observe(40.0, NOON - timedelta(days=8))
        peaks.observe(25.0, NOON - timedelta(days=6))
        peaks.observe(10.0, NOON)
        assert peaks.peak_a(NOON) == 25
        assert len(peaks.as_dict()) == 2

    def test_an_hour_never_seen_has_no_peak(self) -> None:
        peaks = HousePeaks()
        peaks.observe(10.0, NOON)
        assert peaks.peak_a(NOON + timedelta(hours=5)) is None

    def test_peaks_survive_a_restart(self) -> None:
        peaks = HousePeaks()
        peaks.observe(12.34, NOON)
        saved = json.loads(json.dumps(peaks.as_dict()))
        assert HousePeaks(saved).peak_a(NOON) == 12.3


def test_an_adopted_offer_that_no_pilot_can_make_is_not_passed_on() -> None:
    other = Car(load_id="ocpp:two", offered_a=4.0, offered_at=900.0)
    house = House(cars=[Car(), other])
    house.run(3, base_w=500)
    house.engine.start_check(house.cars[0].spec)
    house.engine._loads["ocpp:two"].value = 4.0
    house.run(1)
    assert other.offered_a == 0


def test_an_old_note_of_the_offer_does_not_count_as_a_move_of_the_car() -> None:
    class NotedLate(Car):
        """At 13 A, while what was written down last is its start at 6 A."""

        def reading(self) -> ChargerReading:
            reading = super().reading()
            if self.offered_at == 900.0:
                return replace(reading, offered_a=6.0, offered_at=None)
            return reading

    car = NotedLate(offered_a=13, offered_at=900.0, drawn_a=13, measured=(998, 2990))
    house = House(cars=[car], base_w=-3000)
    house.engine = Engine(
        house.settings,
        {
            "loads": {
                "ocpp:one": {
                    "on": True,
                    "value": 6.0,
                    "saved_at": house.wall.isoformat(),
                }
            }
        },
    )
    offers = set()
    for _ in range(30):
        house.run(1)
        offers.add(car.offered_a)
    assert offers == {13}


def test_a_charge_that_went_on_without_us_and_is_not_measured_counts_as_offered() -> (
    None
):
    reading = ChargerReading(reachable=True, wants_power=True, offered_a=10.0)
    vehicle = Vehicle((1,))
    vehicle.observe(House().cars[0].spec, reading, 1)
    assert vehicle.power_w(reading, 1000.0, 230.0) == 2300


def test_a_forgotten_load_is_decided_for_as_if_it_were_new() -> None:
    house = House()
    house.run(500, base_w=-3000)
    restart(house, 30)
    assert "ocpp:one" in house.engine.as_dict(house.now, house.wall)["loads"]
    # Before it is seen again, and while it is checked.
    house.engine.start_check(house.cars[0].spec)
    house.engine.forget("ocpp:one")
    assert house.engine.as_dict(house.now, house.wall)["loads"] == {}
    assert not house.engine.checking
    house.run(2)
    house.engine.forget("ocpp:one")
    assert house.engine.as_dict(house.now, house.wall)["loads"] == {}
    house.engine.forget("ocpp:never_seen")


class Left:
    """What an earlier run wrote down of a charger: off, and resting still."""

    @staticmethod
    def off(house: House, for_s: float = 100.0) -> None:
        saved = {
            "on": False,
            "value": 0.0,
            "for_s": for_s,
            "saved_at": house.wall.isoformat(),
        }
        house.engine = Engine(house.settings, {"loads": {"ocpp:one": saved}})


class TestARestWrittenDown:
    """What rested before a restart rests on, unless it really charges."""

    @pytest.mark.parametrize("offering", [None, False, True])
    def test_an_old_offer_does_not_end_it(self, offering: bool | None) -> None:
        # The charger shows a current that nothing draws.
        car = Car(offered_a=16, offered_at=900.0, starts_after_s=0, offering=offering)
        car.own_limit_a, car.measured = 0.0, (999.0, 0.0)
        house = House(cars=[car], base_w=-3000)
        Left.off(house)
        house.run(20)
        assert house.decision().reason is Reason.RESTING
        assert house.decision().numbers["seconds"] == pytest.approx(180, abs=2)

    def test_nor_does_a_charger_that_calls_late(self) -> None:
        car = Car(reachable=False, link_lost_at=None)
        house = House(cars=[car], base_w=-3000)
        Left.off(house)
        house.run(10)
        # It may be on its safe current by itself: room is kept for that.
        assert house.decision().numbers["reserved_a"] == 6
        car.reachable = True
        house.run(10)
        assert house.decision().reason is Reason.RESTING
        assert house.decision().numbers["seconds"] == pytest.approx(180, abs=2)

    @pytest.mark.parametrize("offering", [None, True])
    def test_a_charge_that_really_runs_goes_on(self, offering: bool | None) -> None:
        car = Car(offered_a=10, offered_at=900.0, drawn_a=10, offering=offering)
        car.measured = (1000.0, 2300.0)
        house = House(cars=[car], base_w=-2300)
        Left.off(house)
        house.run(30)
        assert car.offered_a == 10
        assert house.decision().reason is Reason.FOLLOWING_SURPLUS

    def test_so_does_one_that_is_offered_and_not_measured(self) -> None:
        car = Car(offered_a=10, offered_at=900.0, drawn_a=10, offering=True)
        car.measured_every_s = 1e9
        house = House(cars=[car], base_w=-2300)
        Left.off(house)
        house.run(30)
        assert car.offered_a == 10


def test_scarce_writes_are_scarce_after_a_restart_too() -> None:
    house = House(cars=[Car(writes_per_day=400)])
    house.run(300, base_w=-3000)
    pace = house.engine._loads["ocpp:one"].pace
    for _ in range(200):
        pace.wrote()
    before = pace.strain
    assert before > 0.5
    restart(house, 30)
    house.run(3)
    pace = house.engine._loads["ocpp:one"].pace
    assert pace.strain == pytest.approx(before, abs=0.01)
    # What comes back with time comes back while away too.
    restart(house, 2 * 86_400.0)
    house.run(3)
    assert house.engine._loads["ocpp:one"].pace.strain < before - 0.2


@pytest.mark.parametrize("left", ["many", None, True, -3.0, float("nan")])
def test_an_unusable_number_of_writes_is_left_out(left: object) -> None:
    house = House()
    house.run(300, base_w=-3000)
    saved = house.engine.as_dict(house.now, house.wall)
    saved["loads"]["ocpp:one"]["learned"]["writes_left"] = left
    house.engine = Engine(house.settings, saved)
    house.run(3)
    assert house.engine._loads["ocpp:one"].pace.strain == 0
