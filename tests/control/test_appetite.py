"""What a vehicle's silence says at each offer: its own minimum, or that it has enough."""

import pytest

from custom_components.surplus.control.loads.appetite import Appetite
from custom_components.surplus.control.model import ChargerReading, ChargerSpec

SPEC = ChargerSpec(load_id="x", name="x", priority=1)


def measured(
    appetite: Appetite,
    at: float | None,
    offered_a: float | None,
    power_w: float | None = 0.0,
    *,
    offered_at: float | None = 0.0,
    spec: ChargerSpec = SPEC,
) -> None:
    appetite.observe(
        spec,
        ChargerReading(
            reachable=True,
            wants_power=True,
            power_w=power_w,
            power_at=at,
            offered_a=offered_a,
            offered_at=offered_at,
        ),
    )


def silent(
    appetite: Appetite,
    offered_a: float,
    since: int,
    until: int,
    *,
    every_s: int = 5,
    spec: ChargerSpec = SPEC,
) -> None:
    for at in range(since, until + 1, every_s):
        measured(appetite, at, offered_a, spec=spec)


def test_after_two_and_a_half_minutes_of_nothing_an_ampere_more_is_tried() -> None:
    appetite = Appetite()
    silent(appetite, 6, 0, 145)
    assert appetite.needs_a == 0
    measured(appetite, 150, 6)
    assert appetite.needs_a == 7


def test_every_further_ampere_is_given_a_minute() -> None:
    appetite = Appetite()
    silent(appetite, 6, 0, 150)
    silent(appetite, 7, 155, 210)
    assert appetite.needs_a == 7
    measured(appetite, 215, 7)
    assert appetite.needs_a == 8


def test_one_measured_rarely_is_not_judged_by_fewer_than_four_measurements() -> None:
    appetite = Appetite()
    silent(appetite, 6, 0, 150, every_s=75)
    assert appetite.needs_a == 0
    measured(appetite, 225, 6)
    assert appetite.needs_a == 7


def test_the_same_measurement_told_again_is_no_other_one() -> None:
    appetite = Appetite()
    measured(appetite, 0, 6)
    for _ in range(10):
        measured(appetite, 160, 6)
    assert appetite.needs_a == 0


@pytest.mark.parametrize(("max_a", "top_a"), [(32.0, 10), (8.0, 8)])
def test_silent_at_four_amperes_above_the_minimum_or_all_there_is_it_is_full(
    max_a: float, top_a: int
) -> None:
    spec = ChargerSpec(load_id="x", name="x", priority=1, max_a=max_a)
    appetite = Appetite()
    now = 0
    for offered_a in range(6, top_a + 1):
        assert not appetite.full
        silent(appetite, offered_a, now, now + 150, spec=spec)
        now += 155
    assert appetite.full
    assert appetite.needs_a == 0
    # What it is offered while it is full asks nothing anew.
    silent(appetite, 6, now, now + 300, spec=spec)
    assert appetite.needs_a == 0
    assert appetite.full
    measured(appetite, now + 305, 6, 1400.0, spec=spec)
    assert not appetite.full


def test_more_than_the_most_that_is_tried_says_the_same() -> None:
    appetite = Appetite()
    for at in range(0, 151, 5):
        # A surplus that wanders above what is tried is one offer.
        measured(appetite, at, 10 + at % 20)
    assert appetite.full


@pytest.mark.parametrize(("power_w", "floor_a"), [(199.0, 0), (200.0, 7)])
def test_what_draws_at_the_ampere_that_was_tried_needs_it(
    power_w: float, floor_a: float
) -> None:
    appetite = Appetite()
    silent(appetite, 6, 0, 150)
    measured(appetite, 155, 7, power_w)
    assert appetite.floor_a == floor_a
    assert appetite.needs_a == 7


def test_it_goes_on_needing_it_while_it_draws() -> None:
    appetite = Appetite()
    silent(appetite, 6, 0, 150)
    for at in (155, 160, 165):
        measured(appetite, at, 16, 3000.0)
    assert appetite.floor_a == 7


def test_what_draws_at_less_than_what_was_tried_does_not_need_that() -> None:
    appetite = Appetite()
    silent(appetite, 6, 0, 150)
    measured(appetite, 155, 6, 1380.0)
    assert appetite.floor_a == 0


def test_a_pause_begins_the_silence_anew() -> None:
    appetite = Appetite()
    silent(appetite, 6, 0, 145)
    measured(appetite, 150, 6, 1380.0)
    silent(appetite, 6, 155, 300)
    assert appetite.needs_a == 0


def test_nothing_drawn_of_nothing_offered_says_nothing() -> None:
    appetite = Appetite()
    silent(appetite, 0, 0, 600)
    assert (appetite.needs_a, appetite.full) == (0, False)
    silent(appetite, 6, 605, 740)
    silent(appetite, 0, 745, 750)
    # And an offer after it is a new one.
    silent(appetite, 6, 755, 895)
    assert appetite.needs_a == 0


def test_what_was_measured_before_the_offer_says_nothing_about_it() -> None:
    appetite = Appetite()
    for at in range(0, 300, 5):
        measured(appetite, at, 6, offered_at=300.0)
        measured(appetite, at, 6, offered_at=None)
        measured(appetite, at, 6, None)
        measured(appetite, None, 6)
    assert appetite.needs_a == 0
    for at in range(300, 451, 5):
        measured(appetite, at, 6, offered_at=300.0)
    assert appetite.needs_a == 7


def test_of_the_vehicle_that_left_nothing_is_remembered() -> None:
    gone = ChargerReading(reachable=True, wants_power=False)
    appetite = Appetite()
    silent(appetite, 6, 0, 150)
    measured(appetite, 155, 7, 1600.0)
    silent(appetite, 6, 160, 300)
    appetite.observe(SPEC, gone)
    assert (appetite.floor_a, appetite.needs_a, appetite.full) == (0, 0, False)
    # Nor how long it was silent.
    silent(appetite, 6, 305, 450)
    assert appetite.needs_a == 0
    silent(appetite, 10, 455, 700)
    assert appetite.full
    appetite.observe(SPEC, gone)
    assert not appetite.full
