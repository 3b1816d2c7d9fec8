"""The least and the most a switched load runs in a day, in closed loop."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.surplus.control.model import Mode, NextEventKind, Reason

from .house import Car
from .switched_house import House, Relay

PARIS = ZoneInfo("Europe/Paris")


# Summer, and the nights on which the clock is put forward and back.
NIGHTS = pytest.mark.parametrize(
    "day", [(2026, 6, 21), (2026, 3, 28), (2026, 10, 24)], ids=["summer", "23h", "25h"]
)


@NIGHTS
def test_what_it_may_run_in_a_day_begins_anew_at_midnight(
    day: tuple[int, int, int],
) -> None:
    evening = datetime(*day, 22, 30, tzinfo=PARIS)
    house = House(relays=[Relay(most_run_s=7200)], start=evening)
    house.run(5000, base_w=-2500)
    house.restart(30)
    house.run(600)
    since_midnight_s = (
        house.wall
        - datetime(house.wall.year, house.wall.month, house.wall.day, tzinfo=PARIS)
    ).total_seconds()
    assert house.control.daily.run_s == pytest.approx(since_midnight_s, abs=2)
    house.run(4 * 3600, every_s=5)
    assert house.decision().reason is Reason.DONE_FOR_TODAY
    assert house.control.daily.run_s == pytest.approx(7200, abs=10)


@NIGHTS
def test_what_it_must_run_is_run_before_each_midnight_over_restarts(
    day: tuple[int, int, int],
) -> None:
    morning = datetime(*day, 12, tzinfo=PARIS)
    house = House(relays=[Relay(least_run_s=3600)], start=morning, base_w=500)
    for midnight in (1, 2):
        while house.wall.day == (morning + timedelta(days=midnight - 1)).day:
            house.run(600, every_s=10)
            if house.wall.minute == 20:
                house.restart(10)
        assert house.relay.ran_s == pytest.approx(midnight * 3600, abs=120)


class TestDay:
    """The minimum and the maximum of its day."""

    def house(self, **relay: object) -> House:
        return House(
            relays=[Relay(**relay)],
            start=datetime(2026, 6, 21, 10, tzinfo=PARIS),
        )

    def test_a_day_without_sun_ends_with_its_minimum_from_the_grid(self) -> None:
        house = self.house(least_run_s=7200)
        house.run(11.9 * 3600, base_w=500, every_s=10)
        assert house.relay.ran_s < 1800
        decision = house.run(1)
        assert decision.reason is Reason.CATCHING_UP
        assert decision.numbers["least_s"] == 7200
        assert decision.numbers["seconds"] == pytest.approx(2.1 * 3600, abs=2)
        house.run(2.05 * 3600, every_s=10)
        assert house.relay.ran_s >= 7200

    def test_the_sun_comes_first_and_leaves_nothing_to_catch_up(self) -> None:
        house = self.house(least_run_s=7200)
        house.run(3 * 3600, base_w=-2500, every_s=10)
        assert house.relay.on
        house.run(10.9 * 3600, base_w=500, every_s=10)
        assert not house.relay.on
        reasons = {cycle.decisions[0].reason for cycle in house.history}
        assert Reason.CATCHING_UP not in reasons

    def test_what_the_sun_left_is_caught_up_and_then_it_ends_at_once(self) -> None:
        house = self.house(least_run_s=7200)
        house.run(3600, base_w=-2500, every_s=10)
        house.run(12.99 * 3600, base_w=500, every_s=10)
        assert house.relay.ran_s == pytest.approx(7200, abs=60)
        assert not house.relay.on

    def test_the_rest_comes_in_cheap_hours_where_they_are_known(self) -> None:
        house = self.house(least_run_s=3600, day_ends_s=8 * 3600)
        house.cheap = lambda wall: 2 <= wall.hour < 6
        # The first day only shows when they are.
        house.run(22 * 3600, base_w=500, every_s=10)
        house.relay.ran_s = 0.0
        begun = house.now
        house.run(24 * 3600, every_s=10)
        assert house.relay.ran_s == pytest.approx(3600, abs=60)
        on = [cycle.at for cycle in house.history if cycle.decisions[0].runs]
        hours = {
            (house.start + timedelta(seconds=at - 1000)).hour for at in on if at > begun
        }
        assert hours == {4, 5}

    def test_a_day_may_end_in_the_morning(self) -> None:
        house = self.house(least_run_s=3600, day_ends_s=7 * 3600)
        house.run(19 * 3600, base_w=500, every_s=10)
        assert house.relay.ran_s == 0
        house.run(2 * 3600, every_s=10)
        assert house.relay.ran_s == pytest.approx(3600, abs=60)

    def test_it_rests_before_it_catches_up_and_has_time_for_it(self) -> None:
        house = self.house(least_run_s=3600, min_off_s=1800)
        house.run(12.25 * 3600, base_w=500, every_s=10)
        house.run(600, base_w=-2500)
        assert house.relay.on
        house.run(60, base_w=5000)
        house.run(1.6 * 3600, every_s=10)
        assert house.relay.ran_s >= 3590

    def test_enough_is_enough_for_today_and_tomorrow_is_another_day(self) -> None:
        house = self.house(most_run_s=3600)
        house.run(2 * 3600, base_w=-2500, every_s=10)
        decision = house.decision()
        assert decision.reason is Reason.DONE_FOR_TODAY
        assert decision.numbers["most_s"] == 3600
        assert decision.numbers["run_s"] == pytest.approx(3600, abs=20)
        assert house.relay.ran_s == pytest.approx(3600, abs=20)
        house.run(12.1 * 3600, every_s=10)
        assert house.relay.on

    def test_it_is_not_started_for_less_than_its_minimum_time(self) -> None:
        house = self.house(most_run_s=3600)
        house.run(3400, base_w=-2500, every_s=10)
        house.run(100, base_w=5000, every_s=10)
        assert not house.relay.on
        assert house.run(900, base_w=-2500).reason is Reason.DONE_FOR_TODAY
        assert house.relay.ran_s <= 3600

    def test_a_maximum_shorter_than_its_minimum_time_still_lets_it_run(self) -> None:
        house = self.house(most_run_s=120)
        house.run(900, base_w=-2500)
        assert house.relay.ran_s == pytest.approx(300, abs=5)
        assert house.decision().reason is Reason.DONE_FOR_TODAY

    def test_a_maximum_of_nothing_is_nothing(self) -> None:
        house = self.house(most_run_s=0)
        house.run(900, base_w=-2500)
        assert house.relay.ran_s == 0

    def test_the_maximum_does_not_bind_a_person(self) -> None:
        house = self.house(most_run_s=600)
        house.run(1200, base_w=-2500)
        assert not house.relay.on
        house.relay.ask(Mode.BOOST)
        house.run(10)
        assert house.relay.on

    def test_catching_up_leaves_the_sun_to_the_car_above(self) -> None:
        house = House(
            relays=[Relay(priority=2, least_run_s=3600)],
            cars=[Car()],
            start=datetime(2026, 6, 21, 22, 55, tzinfo=PARIS),
        )
        house.run(300, base_w=-3000)
        assert house.relay.on
        assert house.cars[0].offered_a == 13

    def test_without_a_meter_the_minimum_is_reached_if_that_is_safe(self) -> None:
        house = self.house(least_run_s=3600)
        house.run(60, base_w=500)
        house.meter_works = False
        house.run(12.8 * 3600, every_s=10)
        assert house.decision().reason is Reason.METER_LOST
        house.run(0.2 * 3600, every_s=10)
        assert house.decision().reason is Reason.CATCHING_UP
        assert house.relay.on


def test_a_day_that_is_done_tells_when_the_next_begins() -> None:
    house = House(relays=[Relay(most_run_s=600.0)])
    decision = house.run(1500, -3000)
    assert decision.reason is Reason.DONE_FOR_TODAY
    assert decision.next_event is not None
    assert decision.next_event.kind is NextEventKind.NEW_DAY
    assert decision.next_event.in_s == pytest.approx(
        house.control.daily.left_s(house.wall), abs=1
    )
