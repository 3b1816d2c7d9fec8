"""The commissioning check of switched loads, in closed loop."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.check import CheckEnd, CheckResult, Sign
from custom_components.surplus.control.model import GridReading, Reason
from custom_components.surplus.control.settings import HomeSettings

from .switched_house import House, Relay


class TestCheck:
    """The commissioning check switches it on for a moment."""

    def check(self, house: House) -> CheckResult:
        house.run(5, base_w=500)
        house.engine.start_check(house.relay.spec)
        for _ in range(400):
            house.run(1)
            if results := house.history[-1].checks:
                return results[house.relay.load_id]
        raise AssertionError("the check never ended")

    @pytest.mark.parametrize("declared_w", [2000.0, None])
    @pytest.mark.parametrize("has_sensor", [True, False])
    def test_a_right_meter_is_found_right(
        self, declared_w: float | None, has_sensor: bool
    ) -> None:
        house = House(relays=[Relay(declared_w=declared_w, has_sensor=has_sensor)])
        result = self.check(house)
        assert result.end is CheckEnd.DONE
        assert result.sign is Sign.RIGHT
        assert result.grid_w == 2000

    @pytest.mark.parametrize("draws_w", [150, 300, 600, 3500])
    @pytest.mark.parametrize("sign", [1, -1])
    def test_a_load_that_nobody_knows_is_judged_by_what_it_moved(
        self, draws_w: float, sign: int
    ) -> None:
        class Turned(House):
            """A meter that may count the wrong way round."""

            def read(self) -> GridReading:
                return replace(super().read(), power_w=sign * self.grid_w)

        house = Turned(relays=[Relay(declared_w=None, draws_w=draws_w)])
        result = self.check(house)
        assert result.sign is (Sign.RIGHT if sign > 0 else Sign.REVERSED)
        assert result.grid_w == pytest.approx(sign * draws_w)
        # It is no measure of its own.
        assert result.power_w is None

    @pytest.mark.parametrize("draws_w", [55, 90])
    def test_one_that_the_meter_hardly_sees_is_no_witness(self, draws_w: float) -> None:
        house = House(relays=[Relay(declared_w=None, draws_w=draws_w)])
        assert self.check(house).end is CheckEnd.TAKES_NOTHING

    def test_its_check_teaches_what_it_takes(self) -> None:
        house = House(relays=[Relay(declared_w=None, draws_w=1600)])
        self.check(house)
        house.run(30)
        assert house.history[-1].facts["home:relay"]["power_w"] == 1600
        assert house.control.appliance.meter.steps == 2

    @pytest.mark.parametrize("declared_w", [2000.0, None])
    @pytest.mark.parametrize("has_sensor", [True, False])
    def test_one_that_takes_nothing_is_told_from_a_wrong_sign(
        self, declared_w: float | None, has_sensor: bool
    ) -> None:
        relay = Relay(
            declared_w=declared_w, has_sensor=has_sensor, thermostat_open=True
        )
        result = self.check(House(relays=[relay]))
        assert result.end is CheckEnd.TAKES_NOTHING

    def test_a_kettle_makes_it_unclear_though_nobody_knows_the_load(self) -> None:
        house = House(relays=[Relay(declared_w=None, draws_w=1000)])
        house.run(5, base_w=500)
        house.engine.start_check(house.relay.spec)
        for _ in range(200):
            house.run(1, base_w=3000 if house.relay.on else None)
            if checks := house.history[-1].checks:
                break
        assert checks["home:relay"].sign is Sign.UNCLEAR

    def test_room_that_just_suffices_is_used(self) -> None:
        house = House(settings=HomeSettings(breaker_a=11))
        result = self.check(house)
        assert result.sign is Sign.RIGHT

    def test_a_small_load_of_unknown_power_is_found_too(self) -> None:
        house = House(relays=[Relay(declared_w=None, draws_w=300, has_sensor=True)])
        result = self.check(house)
        assert result.sign is Sign.RIGHT

    def test_a_check_without_room_ends(self) -> None:
        house = House(settings=HomeSettings(breaker_a=9))
        result = self.check(house)
        assert result.end is CheckEnd.NO_ROOM
        assert not house.relay.on

    def test_no_pulse_where_the_limits_leave_no_room(self) -> None:
        house = House(settings=HomeSettings(breaker_a=9))
        house.run(2, base_w=1000)
        house.engine.start_check(house.relay.spec)
        house.engine._checks._running[house.relay.load_id].value = 1.0
        house.run(1, base_w=1500)
        assert not house.relay.on

    def test_others_stand_still_meanwhile(self) -> None:
        house = House(relays=[Relay(), Relay(load_id="home:other", priority=2)])
        house.run(400, base_w=-2500)
        house.engine.start_check(house.relays[1].spec)
        house.run(10, base_w=1500)
        assert house.decision().reason is Reason.CHECKING
        assert house.relay.on

    def test_one_that_stands_still_goes_off_when_it_no_longer_fits(self) -> None:
        house = House(
            relays=[Relay(), Relay(load_id="home:other", priority=2)],
            settings=HomeSettings(breaker_a=20),
        )
        house.run(400, base_w=-2500)
        house.engine.start_check(house.relays[1].spec)
        house.run(3, base_w=5000)
        assert not house.relay.on

    def test_it_rests_after_the_pulse_as_after_any_running(self) -> None:
        house = House(relays=[Relay(min_off_s=300.0)])
        self.check(house)
        off_at = house.relay.changed_at
        assert off_at is not None
        decision = house.run(250, base_w=-6000)
        assert decision.reason is Reason.RESTING
        house.run(60)
        assert house.relay.on
        assert house.relay.changed_at is not None
        assert house.relay.changed_at - off_at >= 300

    def test_one_stopped_in_its_pulse_rests_from_then_on(self) -> None:
        house = House(relays=[Relay(min_off_s=300.0)])
        house.run(5, base_w=-6000)
        house.engine.start_check(house.relay.spec)
        while not house.relay.on:
            house.run(1)
        house.engine.stop_check(house.relay.load_id)
        assert house.run(290).reason is Reason.RESTING
        house.run(30)
        assert house.relay.on

    def test_one_that_never_pulsed_need_not_rest(self) -> None:
        house = House(relays=[Relay(min_off_s=300.0)])
        house.run(5, base_w=-6000)
        house.engine.start_check(house.relay.spec)
        house.run(1)
        house.engine.stop_check(house.relay.load_id)
        house.run(30)
        assert house.relay.on
