"""The response model that aligns readings in time."""

import pytest

from custom_components.surplus.control.loads.response import (
    ChargerResponse,
    ResponseFacts,
)

FACTS = ResponseFacts(doubt_s=2, dead_s=2, start_s=15, up_a_per_s=0.5, down_a_per_s=5)


def test_a_charger_never_told_anything_draws_nothing_by_the_model() -> None:
    assert ChargerResponse().drawn_a(100) == 0


def test_the_first_offer_is_where_the_model_starts() -> None:
    response = ChargerResponse(FACTS)
    response.offered(10, 100)
    assert response.drawn_a(50) == 10
    assert response.move_a(90, 200) == 0


def test_a_start_waits_for_the_vehicle_and_then_ramps() -> None:
    response = ChargerResponse(FACTS)
    response.offered(0, 0)
    response.offered(10, 100)
    assert response.drawn_a(115) == 0
    assert response.drawn_a(125) == pytest.approx(5)
    assert response.drawn_a(135) == pytest.approx(10)
    assert response.drawn_a(500) == 10


def test_a_running_vehicle_follows_after_its_dead_time() -> None:
    response = ChargerResponse(FACTS)
    response.offered(6, 0)
    response.offered(16, 100)
    assert response.drawn_a(102) == 6
    assert response.drawn_a(112) == pytest.approx(11)
    assert response.move_a(102, 112) == pytest.approx(5)


def test_a_stop_is_not_held_back() -> None:
    response = ChargerResponse(FACTS)
    response.offered(10, 0)
    response.offered(0, 100)
    assert response.drawn_a(100) == 10
    assert response.drawn_a(102) == 0


def test_an_offer_overtakes_the_ramp_of_the_one_before() -> None:
    response = ChargerResponse(FACTS)
    response.offered(6, 0)
    response.offered(32, 100)
    response.offered(6, 105)
    # Five seconds of ramp (from 102 to 107), then down.
    assert response.drawn_a(107) == pytest.approx(8.5)
    assert response.drawn_a(108) == 6


def test_a_stop_before_the_start_took_effect_leaves_nothing() -> None:
    response = ChargerResponse(FACTS)
    response.offered(0, 0)
    response.offered(10, 100)
    response.offered(0, 105)
    assert response.drawn_a(130) == 0


def test_the_same_offer_again_and_late_news_change_nothing() -> None:
    response = ChargerResponse(FACTS)
    response.offered(6, 0)
    response.offered(16, 100)
    response.offered(16, 110)
    response.offered(6, 90)
    assert response.drawn_a(200) == 16


def test_a_day_of_offers_is_remembered_in_little_room() -> None:
    response = ChargerResponse(FACTS)
    for i in range(10_000):
        response.offered(6 + i % 20, i * 10.0)
    assert len(response._times) < 200
    assert response.drawn_a(10_000 * 10 + 60) == 6 + 9_999 % 20


def test_five_minutes_of_it_are_remembered_as_they_were() -> None:
    response = ChargerResponse(FACTS)
    for i in range(20):
        response.offered(16 if i % 2 else 6, i * 30.0)
    # Of the last five minutes before 570.
    assert response.drawn_a(272) == 6
    assert response.drawn_a(282) == pytest.approx(11)
    assert response.drawn_a(295) == 16


def test_a_move_is_doubted_as_much_as_its_timing_is() -> None:
    response = ChargerResponse(FACTS)
    response.offered(6, 0)
    response.offered(16, 100)
    # In the middle of the ramp: two seconds sooner or later are an ampere.
    assert response.doubt_a(101, 110) == pytest.approx(1)
    assert response.doubt_a(50, 90) == 0
    assert response.doubt_a(140, 150) == 0


def test_a_vehicle_has_settled_some_time_after_its_ramp() -> None:
    response = ChargerResponse(FACTS)
    assert not response.settled(50)
    response.offered(6, 0)
    response.offered(16, 100)
    assert not response.settled(132)
    assert response.settled(132.1)


def test_before_all_that_is_remembered_it_drew_as_at_the_beginning_of_it() -> None:
    response = ChargerResponse(FACTS)
    response.offered(6, 100)
    response.offered(16, 103)
    # It moves from 105 to 125.
    assert response.drawn_a(50) == 6
    assert response.drawn_a(100) == 6
    assert response.move_a(90, 115) == pytest.approx(5)


def test_a_move_is_doubted_too_where_its_own_power_is_the_newer_reading() -> None:
    response = ChargerResponse(FACTS)
    response.offered(6, 0)
    response.offered(16, 100)
    # The ramp ends at 122, between a grid reading and a newer one of the charger.
    assert response.doubt_a(126, 122) == pytest.approx(1)


def test_a_start_seen_late_changes_nothing_of_what_was_before_it() -> None:
    response = ChargerResponse(FACTS)
    response.offered(0, 0)
    response.offered(10, 100)
    response.began(3, 140)
    assert response.drawn_a(137) == 10
    assert response.drawn_a(140) == 3
    assert response.drawn_a(144) == pytest.approx(5)
    assert response.drawn_a(200) == 10


def test_a_start_nobody_offered_is_none() -> None:
    response = ChargerResponse(FACTS)
    response.began(3, 140)
    assert not response.known
    assert response.drawn_a(140) == 0
