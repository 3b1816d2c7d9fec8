"""The response model that aligns readings in time."""

import pytest

from custom_components.surplus.control.response import ChargerResponse, ResponseFacts

FACTS = ResponseFacts(command_s=1, dead_s=2, start_s=15, up_a_per_s=0.5, down_a_per_s=5)


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
    assert response.drawn_a(116) == 0
    assert response.drawn_a(126) == pytest.approx(5)
    assert response.drawn_a(136) == pytest.approx(10)
    assert response.drawn_a(500) == 10


def test_a_running_vehicle_follows_after_its_dead_time() -> None:
    response = ChargerResponse(FACTS)
    response.offered(6, 0)
    response.offered(16, 100)
    assert response.drawn_a(103) == 6
    assert response.drawn_a(113) == pytest.approx(11)
    assert response.move_a(103, 113) == pytest.approx(5)


def test_a_stop_is_not_held_back() -> None:
    response = ChargerResponse(FACTS)
    response.offered(10, 0)
    response.offered(0, 100)
    assert response.drawn_a(101) == 10
    assert response.drawn_a(103) == 0


def test_an_offer_overtakes_the_ramp_of_the_one_before() -> None:
    response = ChargerResponse(FACTS)
    response.offered(6, 0)
    response.offered(32, 100)
    response.offered(6, 105)
    # Five seconds of ramp (from 103 to 108), then down.
    assert response.drawn_a(108) == pytest.approx(8.5)
    assert response.drawn_a(109) == 6


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
