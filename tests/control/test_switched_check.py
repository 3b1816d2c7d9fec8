"""The commissioning check of switched loads, in closed loop."""

import pytest

from custom_components.surplus.control.check import CheckEnd, Sign
from custom_components.surplus.control.model import Reason
from custom_components.surplus.control.settings import HomeSettings

from .switched_house import House, Relay


class TestCheck:
    """The commissioning check switches it on for a moment."""

    def check(self, house: House) -> object:
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
        assert result.end is CheckEnd.DONE  # type: ignore[attr-defined]
        assert result.sign is Sign.RIGHT  # type: ignore[attr-defined]
        assert result.grid_w == 2000  # type: ignore[attr-defined]

    def test_a_small_load_of_unknown_power_is_found_too(self) -> None:
        house = House(relays=[Relay(declared_w=None, draws_w=300, has_sensor=True)])
        result = self.check(house)
        assert result.sign is Sign.RIGHT  # type: ignore[attr-defined]

    def test_a_check_without_room_ends(self) -> None:
        house = House(settings=HomeSettings(breaker_a=9))
        result = self.check(house)
        assert result.end is CheckEnd.NO_ROOM  # type: ignore[attr-defined]
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
