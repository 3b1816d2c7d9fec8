"""Two grid meters that contradict each other are told of, and no others."""

from math import pi, sin

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.disagreement import Disagreement, Disagreements
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.meters import JudgedMeter
from custom_components.surplus.control.model import GridReading


def judged(
    meter_id: str,
    power_w: float | None,
    *,
    drawn_va: float | None = None,
    dead_zone_w: float = 0.0,
    state: MeterState = MeterState.FRESH,
    asleep: bool = False,
) -> JudgedMeter:
    return JudgedMeter(
        meter_id=meter_id,
        reading=GridReading(
            at=0.0, power_w=power_w, drawn_va=drawn_va, dead_zone_w=dead_zone_w
        ),
        state=state,
        knows_direction=power_w is not None,
        asleep=asleep,
    )


class Watch:
    """Compares meters every few seconds."""

    def __init__(self, step_s: float = 1.0) -> None:
        self.disagreements = Disagreements()
        self.now = 0.0
        self.step_s = step_s
        self.found: Disagreement | None = None

    def run(self, seconds: float, *meters: JudgedMeter) -> Disagreement | None:
        until = self.now + seconds
        while self.now < until:
            self.now += self.step_s
            self.found = self.disagreements.observe(meters, self.now)
        return self.found


A, B, C = "solaredge:a", "linky:b", "entity:c"


def test_ten_minutes_of_more_than_a_tenth_are_told_with_what_both_show() -> None:
    watch = Watch()
    meters = judged(A, 3000.0), judged(B, 2600.0)
    assert watch.run(600, *meters) is None
    assert watch.run(2, *meters) == Disagreement(
        first_id=A,
        second_id=B,
        first_w=pytest.approx(3000.0),
        second_w=pytest.approx(2600.0),
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # A tenth, and the floor.
        (judged(A, 3000.0), judged(B, 2710.0)),
        (judged(A, 900.0), judged(B, 701.0)),
        (judged(A, -90.0), judged(B, 100.0)),
        # Apparent power may be more than what it does.
        (judged(A, 2400.0), judged(B, 3000.0, dead_zone_w=200.0)),
        (judged(A, -2400.0), judged(B, -3000.0, dead_zone_w=200.0)),
        # A factor learned of another hour: what is drawn may be all of what is apparent.
        (judged(A, 7000.0), judged(B, 4500.0, drawn_va=7000.0, dead_zone_w=200.0)),
        # In its dead zone a Linky knows neither size nor sign.
        (judged(A, -390.0), judged(B, 150.0, dead_zone_w=200.0)),
        # One without direction shows 0 for any export.
        (judged(A, -5000.0), judged(B, None, drawn_va=0.0)),
        (judged(A, -5000.0), judged(B, None, drawn_va=190.0)),
        (judged(A, 3000.0), judged(B, None, drawn_va=3700.0)),
    ],
)
def test_what_may_both_be_true_is_no_contradiction(
    first: JudgedMeter, second: JudgedMeter
) -> None:
    assert Watch().run(1500, first, second) is None
    assert Watch().run(1500, second, first) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (judged(A, 3000.0), judged(B, 2690.0)),
        (judged(A, 900.0), judged(B, 699.0)),
        (judged(A, 600.0), judged(B, -600.0)),
        (judged(A, 2000.0), judged(B, 3000.0, dead_zone_w=200.0)),
        (judged(A, 2600.0), judged(B, 2300.0, dead_zone_w=200.0)),
        (judged(A, -410.0), judged(B, 150.0, dead_zone_w=200.0)),
        (judged(A, -2000.0), judged(B, -3000.0, dead_zone_w=200.0)),
        (judged(A, 2600.0), judged(B, 2100.0, drawn_va=2300.0, dead_zone_w=200.0)),
        (judged(A, 0.0), judged(B, -3000.0, drawn_va=0.0, dead_zone_w=200.0)),
        (judged(A, 1000.0), judged(B, None, drawn_va=0.0)),
        (judged(A, -1000.0), judged(B, None, drawn_va=1000.0)),
    ],
)
def test_what_cannot_both_be_true_is_found(
    first: JudgedMeter, second: JudgedMeter
) -> None:
    assert Watch().run(700, first, second)
    assert Watch().run(700, second, first)


def test_a_minute_that_agrees_begins_it_anew() -> None:
    watch = Watch()
    apart = judged(A, 3000.0), judged(B, 2000.0)
    watch.run(540, *apart)
    watch.run(120, judged(A, 3000.0), judged(B, 3000.0))
    assert watch.run(540, *apart) is None
    assert watch.run(120, *apart)


def test_more_and_less_by_turns_is_a_matter_of_when() -> None:
    watch = Watch()
    for _ in range(12):
        watch.run(180, judged(A, 3000.0), judged(B, 2000.0))
        assert watch.run(180, judged(A, 2000.0), judged(B, 3000.0)) is None


def test_it_is_withdrawn_when_they_have_agreed_for_a_while() -> None:
    watch = Watch()
    watch.run(700, judged(A, 3000.0), judged(B, 2000.0))
    together = judged(A, 3000.0), judged(B, 2950.0)
    assert watch.run(540, *together)
    assert watch.run(120, *together) is None


def test_half_a_kilowatt_is_enough_to_agree_about() -> None:
    watch = Watch()
    watch.run(700, judged(A, 3000.0), judged(B, 2000.0))
    assert watch.run(700, judged(A, 510.0), judged(B, 490.0)) is None


def test_means_are_right_though_a_minute_is_a_little_longer() -> None:
    found = Watch(step_s=7.0).run(700, judged(A, 3000.0), judged(B, 2000.0))
    assert found
    assert found.first_w == pytest.approx(3000.0)
    assert found.second_w == pytest.approx(2000.0)


def test_agreeing_about_next_to_nothing_withdraws_nothing() -> None:
    watch = Watch()
    watch.run(700, judged(A, 3000.0), judged(B, 2000.0))
    assert watch.run(3600, judged(A, 300.0), judged(B, 200.0))


@pytest.mark.parametrize(
    "silent",
    [
        judged(B, 2000.0, state=MeterState.STALE),
        judged(B, 2000.0, state=MeterState.LOST),
        judged(B, 2000.0, asleep=True),
        judged(B, None),
    ],
)
def test_one_that_says_nothing_of_now_contradicts_nobody(silent: JudgedMeter) -> None:
    assert Watch().run(3000, judged(A, 3000.0), silent) is None


def test_a_pause_begins_the_minute_anew_and_keeps_what_was_found() -> None:
    watch = Watch()
    apart = judged(A, 3000.0), judged(B, 2000.0)
    for _ in range(20):
        watch.run(50, *apart)
        assert watch.run(10, apart[0], judged(B, 2000.0, asleep=True)) is None
    watch.run(700, *apart)
    assert watch.run(3000, apart[0], judged(B, 2000.0, asleep=True))


def test_of_three_the_first_two_that_disagree_are_named() -> None:
    found = Watch().run(700, judged(A, 3000.0), judged(B, 2950.0), judged(C, -3000.0))
    assert found
    assert (found.first_id, found.second_id) == (A, C)


def test_other_meters_or_another_meaning_begin_anew() -> None:
    watch = Watch()
    apart = judged(A, 3000.0), judged(B, 2000.0)
    watch.run(700, *apart)
    watch.disagreements.forget()
    assert watch.run(590, *apart) is None


def test_a_long_gap_is_not_time_in_which_anything_was_seen() -> None:
    watch = Watch(step_s=60.0)
    assert watch.run(3000, judged(A, 3000.0), judged(B, 2000.0)) is None


@given(st.floats(1.0, 8.0), st.integers(0, 60), st.floats(300.0, 8000.0))
def test_one_that_is_late_does_not_contradict_the_other(
    step_s: float, late_s: int, swing_w: float
) -> None:
    watch = Watch(step_s=step_s)

    def power_w(at: float) -> float:
        return 1000.0 + swing_w * sin(2 * pi * at / 137.0)

    while watch.now < 3000:
        meters = judged(A, power_w(watch.now)), judged(B, power_w(watch.now - late_s))
        assert watch.run(step_s, *meters) is None
