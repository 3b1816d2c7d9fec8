"""Loads of unknown power at a limit: tried one at a time, and no more often than it takes."""

from itertools import pairwise

import pytest

from custom_components.surplus.control.model import Mode, NextEventKind, Reason
from custom_components.surplus.control.settings import HomeSettings

from .house import decision_of
from .switched_house import House, Relay

SMALL = HomeSettings(breaker_a=15)


def unknown(count: int, draws_w: float = 3000, **more: object) -> list[Relay]:
    return [
        Relay(
            load_id=f"home:{number}",
            priority=number + 1,
            declared_w=None,
            draws_w=draws_w,
            mode=Mode.OFF,
            **more,
        )
        for number in range(count)
    ]


def starts(house: House, load_id: str) -> list[float]:
    """Return when a load was told to begin."""
    return [
        after.at
        for before, after in pairwise(house.history)
        if decision_of(after, load_id).runs and not decision_of(before, load_id).runs
    ]


def begin(house: House, base_w: float, mode: Mode = Mode.BOOST) -> House:
    """Look at the house for a while, then ask for all that is unknown."""
    house.run(10, base_w=base_w)
    for relay in house.relays:
        if relay.declared_w is None:
            relay.ask(mode)
    return house


def seconds_over(house: House, limit_a: float) -> int:
    return sum((cycle.grid_w or 0) > limit_a * 230 for cycle in house.history)


def steps(house: House, load_id: str) -> list[float]:
    control = house.engine._loads[load_id]
    return list(control.appliance.meter._steps)


class TestOneAtATime:
    """Two that begin together make one step on the meter, and teach nothing."""

    @pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.BOOST])
    def test_each_makes_its_own_step(self, mode: Mode) -> None:
        house = begin(House(relays=unknown(3)), -12_000, mode)
        house.run(200)
        for relay in house.relays:
            assert relay.on
            assert steps(house, relay.load_id) == pytest.approx([3000])

    def test_the_next_is_about_to_start_until_the_first_was_seen(self) -> None:
        house = begin(House(relays=unknown(2)), -12_000, Mode.SOLAR)
        while not house.relay.on:
            house.run(1)
        decision = house.decision("home:1")
        assert decision.reason is Reason.OTHER_TRIAL
        assert decision.next_event is not None
        assert decision.next_event.kind is NextEventKind.START
        assert 0 < float(decision.numbers["seconds"]) <= 135
        (first,), (second,) = starts(house, "home:0"), starts(house, "home:1") or [0]
        assert second == 0
        house.run(30)
        (second,) = starts(house, "home:1")
        # Four seconds of quiet, eight readings with it, and eight for the next to see.
        assert 20 <= second - first <= 24

    def test_one_that_nobody_can_see_is_waited_for_no_longer_than_its_window(
        self,
    ) -> None:
        house = begin(House(relays=unknown(2), meter_works=False), 0)
        house.run(200)
        (first,), (second,) = starts(house, "home:0"), starts(house, "home:1")
        assert second - first == pytest.approx(135, abs=1)

    def test_one_that_never_switches_does_not_keep_the_others_waiting(self) -> None:
        house = begin(House(relays=unknown(2)), 0)
        house.relay.obeys = False
        house.run(150)
        assert house.relays[1].on

    def test_what_is_known_waits_for_nobody(self) -> None:
        house = House(relays=[*unknown(1), Relay(priority=5, mode=Mode.OFF)])
        begin(house, 500)
        house.relays[1].ask(Mode.BOOST)
        house.run(60)
        assert starts(house, "home:relay") == starts(house, "home:0") != []

    def test_a_trial_that_ended_is_seen_before_the_next(self) -> None:
        house = begin(House(relays=unknown(2)), 500)
        house.relays[1].ask(Mode.OFF)
        house.run(100)
        house.relay.ask(Mode.OFF)
        house.relays[1].ask(Mode.BOOST)
        house.run(60)
        assert house.relays[1].on
        assert steps(house, "home:0") == pytest.approx([3000, 3000])
        assert steps(house, "home:1") == pytest.approx([3000])


class TestRoom:
    """What the limits must leave for a load nobody knows."""

    @pytest.mark.parametrize(("base_w", "starts_it"), [(2900, True), (3100, False)])
    def test_a_trial_is_given_the_room_of_a_socket(
        self, base_w: float, starts_it: bool
    ) -> None:
        house = House(relays=unknown(1, 500), settings=HomeSettings(breaker_a=30))
        decision = begin(house, base_w).run(30)
        assert house.relay.on is starts_it
        if not starts_it:
            assert decision.reason is Reason.NO_ROOM
            assert decision.numbers["needed_a"] == 16

    @pytest.mark.parametrize(("base_w", "starts_it"), [(600, True), (800, False)])
    def test_under_a_limit_that_no_socket_fits_it_is_given_most_of_it(
        self, base_w: float, starts_it: bool
    ) -> None:
        house = begin(House(relays=unknown(1, 500), settings=SMALL), base_w)
        house.run(30)
        assert house.relay.on is starts_it

    def test_while_it_runs_it_needs_no_more_than_it_draws(self) -> None:
        house = begin(House(relays=unknown(1, 500), settings=SMALL), 600)
        house.run(30)
        house.run(300, base_w=2800)
        assert house.relay.on

    def test_a_larger_guess_of_its_owner_counts(self) -> None:
        house = House(
            relays=unknown(1, 500, first_guess_w=5000.0),
            settings=HomeSettings(breaker_a=30),
        )
        begin(house, 2500).run(30)
        assert not house.relay.on

    def test_those_below_leave_it_that_room_until_it_is_seen_to_run(self) -> None:
        house = House(
            relays=[
                *unknown(1, switches_after_s=10),
                Relay(priority=5, mode=Mode.OFF),
            ],
            settings=HomeSettings(breaker_a=25),
        )
        begin(house, 500)
        house.relays[1].ask(Mode.BOOST)
        house.run(8)
        assert house.decision("home:relay").reason is Reason.NO_ROOM


class TestLessons:
    """A trial that exceeded a limit has shown what it takes, though not for long."""

    def house(self, draws_w: float = 3000) -> House:
        house = begin(House(relays=unknown(1, draws_w), settings=SMALL), 650)
        house.run(30)
        assert not house.relay.on
        assert len(starts(house, "home:0")) == 1
        return house

    def test_three_unknown_loads_at_a_limit_do_not_cycle(self) -> None:
        house = begin(House(relays=unknown(3), settings=SMALL), -3300, Mode.SOLAR)
        house.run(3 * 3600)
        assert sum(len(starts(house, relay.load_id)) for relay in house.relays) <= 9
        assert seconds_over(house, 15) <= 20

    def test_the_next_start_waits_for_the_room_that_was_missing(self) -> None:
        house = self.house()
        assert steps(house, "home:0") == pytest.approx([3000])
        house.run(3600)
        assert len(starts(house, "home:0")) == 1
        assert house.decision().reason is Reason.NO_ROOM
        house.run(60, base_w=200)
        assert house.relay.on

    def test_a_lesson_survives_a_restart(self) -> None:
        house = self.house()
        house.restart(10)
        house.run(3600)
        assert len(starts(house, "home:0")) == 1

    def test_a_switch_that_tells_late_teaches_too(self) -> None:
        class Late(Relay):
            """It draws for eight seconds before it tells that it is on."""

            @property
            def power_w(self) -> float:
                begun = self.order is not None and self.order[1]
                ended = self.order is not None and not self.order[1]
                return self.draws_w if (self.on and not ended) or begun else 0.0

        relay = Late(
            load_id="home:0",
            declared_w=None,
            draws_w=3000,
            mode=Mode.OFF,
            switches_after_s=8,
        )
        house = begin(House(relays=[relay], settings=SMALL), 650)
        house.run(3600)
        assert len(starts(house, "home:0")) == 1
        assert steps(house, "home:0")[0] == pytest.approx(3000)

    def test_what_can_never_fit_is_tried_three_times_and_no_more(self) -> None:
        house = self.house(4000)
        house.run(6 * 3600, base_w=200)
        assert len(starts(house, "home:0")) == 3
        assert house.decision().reason is Reason.NO_ROOM
        assert house.control.appliance.power_w == pytest.approx(4000)

    def test_a_kettle_that_spoiled_a_trial_does_not_forbid_the_next(self) -> None:
        house = begin(House(relays=unknown(1, 1500), settings=SMALL), 500)
        house.run(3)
        house.run(30, base_w=2800)
        assert not house.relay.on
        house.run(900, base_w=400)
        assert house.relay.on

    def test_a_trial_that_somebody_ends_teaches_nothing(self) -> None:
        house = begin(House(relays=unknown(1)), 500)
        house.run(5)
        house.relay.ask(Mode.OFF)
        house.run(60)
        assert 3000 not in steps(house, "home:0")

    def test_a_house_that_takes_the_room_later_is_no_lesson(self) -> None:
        house = begin(House(relays=unknown(1, 1500), settings=SMALL), 500)
        house.run(120)
        house.run(10, base_w=2500)
        # A person wants it on, and nobody said that it may be shed.
        assert house.relay.on
        assert steps(house, "home:0") == pytest.approx([1500])
