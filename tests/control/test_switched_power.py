"""What a switched load takes: declared, measured, learned from the grid meter."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.model import Mode, Reason

from .house import Car
from .switched_house import House, Relay


class TestItsOwnSensor:
    """A user's own power sensor replaces what was declared."""

    def test_what_it_measures_counts_and_not_what_was_declared(self) -> None:
        house = House(relays=[Relay(draws_w=1200, declared_w=2000, has_sensor=True)])
        house.run(600, base_w=-2500)
        assert house.control.appliance.power_w == 1200
        assert house.decision().numbers["power_w"] == 1200
        # It goes on where 2000 W would have had to stop.
        house.run(600, base_w=-900)
        assert house.relay.on

    def test_it_is_remembered_over_a_restart(self) -> None:
        house = House(relays=[Relay(draws_w=1200, declared_w=None, has_sensor=True)])
        house.run(600, base_w=-2500)
        house.restart(5)
        house.run(3)
        assert house.control.appliance.power_known
        assert house.control.appliance.power_w == 1200

    def test_a_power_that_changes_is_followed(self) -> None:
        house = House(relays=[Relay(draws_w=1200, has_sensor=True)])
        house.run(600, base_w=-2500)
        house.relay.draws_w = 1800
        house.run(300)
        assert house.control.appliance.power_w == pytest.approx(1800, abs=10)

    def test_a_sensor_that_lags_does_not_make_the_surplus_swing(self) -> None:
        house = House(relays=[Relay(has_sensor=True, sensor_every_s=10)])
        house.run(600, base_w=-2500)
        surpluses = {
            round(cycle.surplus_w or 0)
            for cycle in house.history
            if cycle.surplus_w is not None
        }
        # A second between command and draw is all that may be wrong.
        assert surpluses == {2500}

    def test_what_it_measures_now_counts_before_what_it_usually_takes(self) -> None:
        house = House(relays=[Relay(has_sensor=True)])
        house.run(600, base_w=-2500)
        house.relay.draws_w = 1200
        house.run(6)
        assert house.history[-1].surplus_w == 2500

    def test_what_a_sensor_tells_right_after_a_switching_is_what_was(self) -> None:
        class Late(Relay):
            """A sensor that tells now what it measured three seconds ago."""

            old: tuple[float, ...] = (0.0,) * 4

            def step(self, now: float) -> None:
                super().step(now)
                self.old = (*self.old[1:], self.power_w)
                self.measured = (now, self.old[0])

        house = House(relays=[Late()])
        house.run(400, base_w=-2500)
        house.run(400, base_w=500)
        assert not house.relay.on
        surpluses = {cycle.surplus_w for cycle in house.history}
        assert surpluses == {2500, -500}
        assert house.control.appliance.power_w == 2000

    def test_its_thermostat_does_not_make_its_power_look_small(self) -> None:
        house = House(relays=[Relay(has_sensor=True, draws_w=1200)])
        house.run(600, base_w=-2500)
        house.relay.thermostat_open = True
        house.run(600)
        assert house.control.appliance.power_w == 1200

    def test_a_thermostat_that_opens_is_seen_and_blocks_nobody(self) -> None:
        house = House(
            relays=[
                Relay(has_sensor=True),
                Relay(load_id="home:other", priority=2),
            ]
        )
        house.run(600, base_w=-2500)
        assert not house.relays[1].on
        house.relay.thermostat_open = True
        assert house.run(40).reason is Reason.NOT_DRAWING
        assert house.decision().setpoint == replace(
            house.decision().setpoint,
            value=1.0,
            power_w=0.0,
        )
        house.run(300)
        assert house.relays[1].on
        assert house.control.span_w(230).most_w == 0
        # And draws again.
        house.relay.thermostat_open = False
        house.run(10)
        assert house.decision().reason is not Reason.NOT_DRAWING
        house.run(600)
        assert [relay.on for relay in house.relays] == [True, False]

    def test_a_start_is_given_time_before_it_counts_as_refused(self) -> None:
        house = House(relays=[Relay(has_sensor=True, thermostat_open=True)])
        house.run(600, base_w=-2500)
        on = [c for c in house.history if c.decisions[0].runs]
        reasons = [cycle.decisions[0].reason for cycle in on]
        assert reasons[0] is Reason.FOLLOWING_SURPLUS
        assert 30 <= reasons.index(Reason.NOT_DRAWING) <= 40
        # What refused is not measured to be a load of nothing.
        assert house.control.appliance.power_w == 2000

    def test_it_does_not_wait_for_a_sensor_that_died(self) -> None:
        house = House(relays=[Relay(has_sensor=True, draws_w=1500)])
        house.run(600, base_w=-2500)
        house.relay.has_sensor, house.relay.measured = False, None
        house.run(5)
        assert house.control.appliance.power_w == 2000


class TestUnknownPower:
    """A load of which nobody has said what it takes."""

    def house(self, draws_w: float = 1600, **changes: object) -> House:
        return House(relays=[Relay(draws_w=draws_w, declared_w=None)], **changes)

    def cycles(self, house: House, count: int) -> None:
        for _ in range(count):
            house.run(500, base_w=-3500)
            house.run(500, base_w=1500)

    def test_its_trial_waits_for_its_first_guess_in_full(self) -> None:
        house = self.house()
        assert house.run(600, base_w=-950).reason is Reason.WAITING_FOR_SURPLUS
        decision = house.run(120, base_w=-1100)
        assert decision.reason is Reason.LEARNING
        assert decision.numbers["steps"] == 1
        assert house.relay.on

    def test_after_two_runs_it_is_known_and_used(self) -> None:
        house = self.house()
        self.cycles(house, 2)
        assert house.control.appliance.power_known
        assert house.control.appliance.power_w == pytest.approx(1600)
        house.run(600, base_w=-1700)
        assert house.decision().reason is Reason.FOLLOWING_SURPLUS
        assert house.decision().numbers["power_w"] == 1600

    def test_what_is_known_survives_a_restart(self) -> None:
        house = self.house()
        self.cycles(house, 2)
        house.restart(5)
        house.run(1)
        assert house.control.appliance.power_w == pytest.approx(1600)

    def test_a_kettle_in_its_first_second_does_not_keep_it_from_being_tried_again(
        self,
    ) -> None:
        house = self.house()
        while not house.relay.on:
            house.run(1, base_w=-2000)
        house.run(300, base_w=500)
        house.run(500, base_w=1500)
        assert not house.relay.on
        assert house.run(600, base_w=-1700).reason is Reason.LEARNING

    def test_a_car_that_follows_the_sun_beside_it_does_not_spoil_it(self) -> None:
        house = self.house(cars=[Car(priority=5)])
        house.run(300, base_w=-3000)
        for _ in range(3):
            house.relay.ask(Mode.BOOST)
            house.run(400, base_w=-5000)
            house.relay.ask(Mode.OFF)
            house.run(400)
        assert house.control.appliance.meter.power_w == pytest.approx(1600, abs=100)

    def test_one_that_draws_nothing_in_its_trial_says_so(self) -> None:
        house = self.house()
        house.relay.thermostat_open = True
        assert house.run(120, base_w=-3000).reason is Reason.NOT_DRAWING

    def test_what_a_meter_shows_in_its_dead_zone_teaches_nothing(self) -> None:
        house = self.house(dead_zone_w=200)
        for _ in range(3):
            # On leaves 80 W of export, which shows as 80 W of anything.
            house.run(500, base_w=-1680)
            assert house.relay.on
            house.run(500, base_w=1500)
        assert house.control.appliance.meter.steps == 3
        assert house.control.appliance.power_w == pytest.approx(1600, abs=1)


class TestSeenOnTheMeter:
    """A load of declared power that refuses, without a sensor of its own."""

    def test_a_start_without_a_step_blocks_nobody(self) -> None:
        house = House(
            relays=[
                Relay(thermostat_open=True),
                Relay(load_id="home:other", priority=2),
            ]
        )
        house.run(200, base_w=-2500)
        assert house.decision().reason is Reason.NOT_DRAWING
        assert all(relay.on for relay in house.relays)

    def test_a_thermostat_that_opens_is_seen(self) -> None:
        house = House()
        house.run(300, base_w=-2500)
        house.relay.thermostat_open = True
        assert house.run(20).reason is Reason.NOT_DRAWING
        house.relay.thermostat_open = False
        assert house.run(20).reason is Reason.FOLLOWING_SURPLUS

    def test_one_that_refuses_is_switched_off_with_the_sun(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.relay.thermostat_open = True
        house.run(60)
        house.run(120, base_w=500)
        assert not house.relay.on

    def test_after_the_next_start_it_counts_again(self) -> None:
        house = House(relays=[Relay(thermostat_open=True)])
        house.run(400, base_w=-2500)
        house.run(400, base_w=500)
        assert not house.relay.on
        house.relay.thermostat_open = False
        house.run(60, base_w=-2500)
        assert house.decision().reason is Reason.FOLLOWING_SURPLUS
        assert house.history[-1].surplus_w == 2500


def test_what_the_meter_has_shown_of_a_load_is_told_with_how_sure_it_is() -> None:
    house = House(relays=[Relay(declared_w=None, min_on_s=60, min_off_s=60)])
    house.run(30, 200)
    assert house.history[-1].facts == {}
    for base_w in (-3000, 3000) * 4:
        house.run(300, base_w)
    facts = house.history[-1].facts[house.relay.load_id]
    assert facts["power_w"] == pytest.approx(house.relay.draws_w, rel=0.05)
    assert facts["steps"] >= 3
    assert facts["confidence"] == 1.0
    # Also while the meter is away it stays known.
    house.meter_works = False
    house.run(120)
    assert house.history[-1].facts[house.relay.load_id] == facts


def test_nothing_is_told_of_a_power_that_was_declared() -> None:
    house = House(relays=[Relay()])
    for base_w in (-3000, 3000):
        house.run(700, base_w)
    assert house.history[-1].facts == {}


def test_one_that_was_declared_too_large_stops_in_the_night() -> None:
    house = House(relays=[Relay(declared_w=3000.0, draws_w=1100.0)])
    house.run(600, base_w=-4000)
    assert house.relay.on
    house.run(900, base_w=300)
    assert not house.relay.on


def test_one_whose_first_step_was_too_large_stops_in_the_night() -> None:
    house = House(relays=[Relay(declared_w=None, draws_w=2000.0)])
    house.run(30, base_w=-4000)
    while not house.relay.on:
        house.run(1)
    house.run(100, base_w=-1000)
    assert house.control.appliance.meter.best_w == 5000
    house.run(300, base_w=-4000)
    house.run(900, base_w=300)
    assert not house.relay.on
