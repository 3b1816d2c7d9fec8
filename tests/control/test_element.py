"""What is known of a heating element, one reading at a time."""

import random

import pytest

from custom_components.surplus.control.loads.element import Element
from custom_components.surplus.control.model import HeaterReading, HeaterSpec

SPEC = HeaterSpec(
    load_id="h", name="h", priority=1, max_w=2000.0, min_w=300.0, lag_s=2.0
)


def told(accepted_w: float, at: float = 0.0, **more: float) -> HeaterReading:
    return HeaterReading(
        reachable=True,
        accepted_w=accepted_w,
        accepted_at=at,
        **more,
    )


def settled(accepted_w: float = 1000.0) -> Element:
    """Return an element that was told a power long ago."""
    element = Element()
    element.observe(SPEC, told(accepted_w))
    return element


def shares(element: Element, *powers_w: float, at: float = 100.0) -> float:
    """Show measured powers, one a second, and return the share learned of them."""
    for second, power_w in enumerate(powers_w):
        reading = told(1000.0, power_w=power_w, power_at=at + second)
        element.observe(SPEC, reading)
    return element.share


class TestShare:
    def test_each_measurement_brings_it_a_fifth_nearer(self) -> None:
        assert shares(settled(), 900.0) == pytest.approx(0.98)
        assert shares(settled(), *[900.0] * 40) == pytest.approx(0.9, abs=1e-3)

    def test_the_same_measurement_again_teaches_nothing(self) -> None:
        element = settled()
        shares(element, 900.0)
        assert shares(element, 900.0) == pytest.approx(0.98)

    def test_no_more_than_a_quarter_above_is_believed(self) -> None:
        assert shares(settled(), *[2000.0] * 60) == pytest.approx(1.25, abs=1e-3)

    def test_next_to_nothing_is_a_thermostat_and_no_share(self) -> None:
        assert shares(settled(), 199.0) == 1
        assert shares(settled(), 200.0) == pytest.approx(0.84)

    @pytest.mark.parametrize(("told_w", "learns"), [(290.0, False), (300.0, True)])
    def test_of_little_nothing_is_learned(self, told_w: float, *, learns: bool) -> None:
        element = settled(told_w)
        element.observe(SPEC, told(told_w, power_w=told_w / 2, power_at=100.0))
        assert (element.share < 1) is learns

    def test_while_it_moves_nothing_is_learned(self) -> None:
        element = settled()
        element.observe(SPEC, told(2000.0, 10.0))
        element.observe(SPEC, told(2000.0, 10.0, power_w=1000.0, power_at=11.0))
        assert element.share == 1

    def test_a_power_without_its_instant_teaches_nothing(self) -> None:
        element = settled()
        element.observe(SPEC, told(1000.0, power_w=500.0))
        element.observe(SPEC, told(1000.0, power_at=100.0))
        assert element.share == 1

    @pytest.mark.parametrize(
        ("saved", "share"),
        [(0.2, 0.2), (1.25, 1.25), (0.19, 1.0), (1.26, 1.0), ("0.5", 1.0), (None, 1.0)],
    )
    def test_what_was_saved_is_taken_back_where_it_can_be_true(
        self, saved: object, share: float
    ) -> None:
        element = Element()
        element.relearn({"share": saved})
        assert element.share == share
        assert element.learned()["share"] == share


class TestPosition:
    def test_before_a_command_it_is_where_it_was_found(self) -> None:
        element = Element()
        element.share = 0.5
        assert element.position_w(HeaterReading(reachable=True), 5.0) == 0
        assert (
            element.position_w(HeaterReading(reachable=True, power_w=400.0), 5.0) == 800
        )
        accepted = HeaterReading(reachable=True, accepted_w=700.0, power_w=400.0)
        assert element.position_w(accepted, 5.0) == 700

    def test_it_draws_what_was_measured_and_its_part_of_the_move_since(self) -> None:
        element = settled()
        element.share = 0.5
        reading = told(2000.0, 10.0, power_w=480.0, power_at=10.0)
        element.observe(SPEC, told(2000.0, 10.0))
        assert element.power_w(reading, 11.0, takes_nothing=False) == 480 + 250
        assert element.power_w(reading, 30.0, takes_nothing=False) == 480 + 500

    def test_it_never_gives(self) -> None:
        element = settled()
        element.observe(SPEC, told(0.0, 10.0))
        reading = told(0.0, 10.0, power_w=600.0, power_at=9.0)
        assert element.power_w(reading, 30.0, takes_nothing=False) == 0

    def test_behind_an_open_thermostat_only_measuring_counts(self) -> None:
        element = settled()
        assert element.power_w(told(1000.0), 9.0, takes_nothing=True) == 0
        assert element.power_w(told(1000.0), 9.0, takes_nothing=False) == 1000
        measured = told(1000.0, power_w=4.0, power_at=9.0)
        element.observe(SPEC, told(2000.0, 10.0))
        assert element.power_w(measured, 30.0, takes_nothing=True) == 4


class TestDoubt:
    def doubt_w(self, now: float, told_w: float = 1400.0) -> float:
        return settled().doubt_w(SPEC, told(1000.0), now, now=now, told=(told_w, 100.0))

    def test_a_command_may_be_under_way_for_ten_seconds_and_thrice_the_lag(
        self,
    ) -> None:
        assert self.doubt_w(101.0) == 400
        assert self.doubt_w(101.0, told_w=700.0) == 300
        assert self.doubt_w(116.0) == 400
        assert self.doubt_w(116.1) == 0

    def test_without_a_command_there_is_none(self) -> None:
        element = Element()
        nothing = HeaterReading(reachable=True)
        assert element.doubt_w(SPEC, nothing, 5.0, now=5.0, told=None) == 0

    def test_an_answer_in_the_middle_of_its_move_is_doubted_too(self) -> None:
        element = settled()
        element.observe(SPEC, told(2000.0, 10.0))
        assert element.doubt_w(SPEC, told(2000.0, 10.0), 11.0, now=11.0, told=None) > 0


def test_the_lag_is_learned_of_one_that_takes_only_half() -> None:
    element, chance = Element(), random.Random(3)
    element.relearn({"share": 0.5})
    for step in range(30):
        at, told_w = 7.0 * step, chance.uniform(0, 2000)
        for second in range(1, 7, 2):
            # It is there with the command.
            element.observe(
                SPEC, told(told_w, at, power_w=told_w / 2, power_at=at + second)
            )
    assert element.lag.lag_s(SPEC.lag_s) < 1
    assert element.learned()["lag_s"] == element.lag.lag_s(SPEC.lag_s)
