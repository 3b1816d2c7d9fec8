"""Whose doing a change is: ours, the device's own, or a person's."""

import pytest

from custom_components.surplus.home.loads.handover import (
    SETTLE_S,
    Handover,
    OurContexts,
)
from homeassistant.core import Context

SLACK, ROUNDING = 10.0, 100.0
OURS = OurContexts()


def shows(handover: Handover, value: float, context: Context, now: float) -> bool:
    return handover.shows(value, context, now, slack=SLACK, rounding=ROUNDING)


@pytest.fixture
def handover() -> Handover:
    """Return one that was told 500, and 1000 half a minute later, and shows it."""
    handover = Handover(OURS)
    handover.begins(500, 0, -30)
    handover.ended(-30)
    handover.begins(1000, 500, 0)
    handover.ended(0)
    assert not shows(handover, 1000, Context(), 0)
    return handover


def test_what_was_never_told_anything_cannot_be_taken_over() -> None:
    handover = Handover(OURS)
    assert not shows(handover, 700, Context(user_id="me"), 0)
    assert handover.taken_over is None


@pytest.mark.parametrize("who", [Context(user_id="me"), Context(parent_id="rule")])
def test_a_click_or_an_automation_takes_over_at_once(
    handover: Handover, who: Context
) -> None:
    assert shows(handover, 700, who, 1)
    assert handover.taken_over == 700


def test_what_our_own_command_does_is_ours(handover: Handover) -> None:
    context = OURS.new()
    assert not shows(handover, 0, context, 100)
    # And it may say so again, as what the device made of it.
    assert not shows(handover, 0, Context(), 100 + SETTLE_S)
    child = Context(parent_id=context.id)
    assert not shows(handover, 200, child, 200)
    assert handover.taken_over is None


def test_an_old_order_or_a_ramp_that_shows_late_is_ours(handover: Handover) -> None:
    assert not shows(handover, 500, Context(), 1)
    assert not shows(handover, 800, Context(), 2)
    assert handover.taken_over is None


def test_beyond_the_way_to_the_new_order_somebody_else_is_at_work(
    handover: Handover,
) -> None:
    assert shows(handover, 0, Context(), 1)
    assert handover.taken_over == 0


def test_long_after_an_order_no_change_is_its_echo(handover: Handover) -> None:
    assert shows(handover, 500, Context(), SETTLE_S + 1)
    assert handover.taken_over == 500


def test_what_shows_on_the_way_of_a_command_excuses_nobody_later(
    handover: Handover,
) -> None:
    # Of a number and a switch the first one follows at once, the other one later.
    ours = OURS.new()
    handover.begins(1500, 1000, 50)
    assert not shows(handover, 0, ours, 50)
    assert not shows(handover, 1500, ours, 51)
    handover.ended(51)
    assert shows(handover, 0, Context(user_id="me"), 52)
    assert handover.taken_over == 0


def test_a_change_of_anything_but_the_value_is_nothing(handover: Handover) -> None:
    ours = OURS.new()
    assert not shows(handover, 400, ours, 1)
    assert not shows(handover, 400, Context(), 100)
    assert handover.taken_over is None


def test_a_device_that_rounds_is_not_a_person(handover: Handover) -> None:
    assert not shows(handover, 1060, Context(), 2)
    assert not shows(handover, 1000, Context(), SETTLE_S + 1)
    assert not shows(handover, 1060, Context(), SETTLE_S + 2)
    assert handover.taken_over is None


def test_rounding_of_one_order_excuses_nothing_about_the_next(
    handover: Handover,
) -> None:
    assert not shows(handover, 1060, Context(), 2)
    handover.begins(200, 1060, 100)
    handover.ended(100)
    assert not shows(handover, 200, Context(), 101)
    assert shows(handover, 1060, Context(), 100 + SETTLE_S + 1)


def test_the_same_order_told_again_keeps_its_rounding(handover: Handover) -> None:
    assert not shows(handover, 1060, Context(), 2)
    handover.begins(1000, 1060, 20)
    handover.ended(20)
    assert not shows(handover, 1060, Context(), 20 + SETTLE_S + 1)


def test_a_person_may_change_his_mind(handover: Handover) -> None:
    assert shows(handover, 700, Context(user_id="me"), 1)
    assert not shows(handover, 705, Context(), 2)
    assert shows(handover, 1500, Context(), 3)
    assert handover.taken_over == 1500
    assert shows(handover, 0, Context(), 4)
    assert handover.taken_over == 0


def test_the_next_order_ends_it_and_forgetting_too(handover: Handover) -> None:
    assert shows(handover, 700, Context(user_id="me"), 1)
    handover.begins(1200, 700, 2)
    assert handover.taken_over is None
    assert not shows(handover, 1200, Context(), 3)
    assert shows(handover, 700, Context(user_id="me"), 3)
    handover.forget()
    assert handover.taken_over is None
    assert not shows(handover, 300, Context(user_id="me"), 4)


def test_the_first_order_is_awaited_from_where_it_stood() -> None:
    handover = Handover(OURS)
    handover.begins(1000, 400, 0)
    handover.ended(0)
    assert not shows(handover, 400, Context(), 1)
    handover.forget()
    handover.begins(1000, None, 0)
    assert shows(handover, 400, Context(), 1)


def test_an_order_told_again_excuses_nobody(handover: Handover) -> None:
    # Home repeats itself every 20 s: each time would hide a plug's own button.
    handover.begins(1000, 1000, 60)
    handover.ended(60)
    assert shows(handover, 500, Context(), 61)
    assert handover.taken_over == 500


def test_after_a_person_the_same_order_is_a_new_one(handover: Handover) -> None:
    assert shows(handover, 300, Context(user_id="me"), 60)
    handover.begins(1000, 300, 100)
    handover.ended(100)
    assert not shows(handover, 650, Context(), 101)
    assert shows(handover, 100, Context(), 102)
