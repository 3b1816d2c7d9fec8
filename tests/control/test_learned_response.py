"""What measurements teach of how a vehicle answers, and which of them teach nothing."""

import pytest

from custom_components.surplus.control.loads.learned_response import LearnedResponse

IDLE_A = 0.9


def offered(at: float = 100.0, current_a: float = 12.0) -> LearnedResponse:
    """Return what stood still and was offered a current."""
    response = LearnedResponse()
    response.offered(0, 0, 0)
    response.offered(current_a, at)
    return response


def start_s(response: LearnedResponse) -> float:
    return response.learned()["start_s"]


def ramp(
    response: LearnedResponse, rates: list[float], drawn_a: float = 6.0
) -> LearnedResponse:
    """Show it what draws 6 A, is offered 32 A, and is then measured every second.

    Each rate is that of one second.
    """
    response.offered(drawn_a, 0, drawn_a)
    response.offered(32, 98)
    response.measured(drawn_a, 100, IDLE_A)
    for second, rate in enumerate(rates, 101):
        drawn_a += rate
        response.measured(drawn_a, second, IDLE_A)
    return response


class TestStart:
    """How long it takes from an offer to the first current."""

    def test_half_of_what_a_start_took_otherwise_is_learned(self) -> None:
        response = offered()
        response.measured(0, 125, IDLE_A)
        # At 0.6 A/s it began three seconds ago, 27 s after its offer.
        response.measured(1.8, 130, IDLE_A)
        assert start_s(response) == 21

    def test_it_began_no_sooner_than_it_was_last_seen_idle(self) -> None:
        response = offered()
        response.measured(0, 125, IDLE_A)
        response.measured(12, 130, IDLE_A)
        assert start_s(response) == 20

    def test_a_start_that_was_called_off_teaches_nothing(self) -> None:
        response = offered()
        response.measured(0, 105, IDLE_A)
        response.offered(0, 110)
        response.measured(6, 130, IDLE_A)
        assert start_s(response) == 15

    def test_a_running_car_offered_more_has_not_been_made_to_start(self) -> None:
        response = offered()
        response.offered(16, 160)
        response.measured(0, 165, IDLE_A)
        response.measured(6, 170, IDLE_A)
        # Counted from the offer that it began at: 65 s.
        assert start_s(response) == 40

    def test_a_car_that_pauses_by_itself_teaches_no_start(self) -> None:
        response = offered()
        response.measured(0, 114, IDLE_A)
        response.measured(12, 115, IDLE_A)
        known_s = start_s(response)
        response.measured(0, 130, IDLE_A)
        response.measured(12, 160, IDLE_A)
        assert start_s(response) == known_s

    def test_a_pause_for_other_phases_is_no_part_of_the_start(self) -> None:
        response = LearnedResponse()
        response.offered(12, 0, 12)
        response.paused(12, 100, 145)
        response.measured(0, 165, IDLE_A)
        response.measured(12, 170, IDLE_A)
        assert start_s(response) == 17.5

    def test_a_measurement_that_comes_late_teaches_nothing(self) -> None:
        response = offered()
        response.measured(0, 130, IDLE_A)
        response.measured(12, 125, IDLE_A)
        assert start_s(response) == 15

    @pytest.mark.parametrize(
        ("took_s", "learned_s"), [(1.5, 15.0), (2.0, 8.5), (90.0, 52.5), (91.0, 15.0)]
    )
    def test_only_a_time_that_a_car_may_take_is_learned(
        self, took_s: float, learned_s: float
    ) -> None:
        response = offered()
        response.measured(0, 100 + took_s, IDLE_A)
        response.measured(32, 100 + took_s + 5, IDLE_A)
        assert start_s(response) == learned_s

    @pytest.mark.parametrize(
        ("saved_s", "known_s"), [(1.9, 15), (2.0, 2), (90.0, 90), (90.1, 15)]
    )
    def test_and_taken_back_after_a_restart(
        self, saved_s: float, known_s: float
    ) -> None:
        response = LearnedResponse()
        response.relearn({"start_s": saved_s})
        assert start_s(response) == known_s
        response.offered(0, 0, 0)
        response.offered(12, 100)
        assert response.model.drawn_a(100 + known_s) == 0
        assert response.model.drawn_a(101 + known_s) > 0


class TestRamp:
    """Who predicts best speaks, once that has shown."""

    def test_eight_telling_moves_are_needed(self) -> None:
        assert ramp(LearnedResponse(), [2.0] * 7).learned()["up_a_per_s"] == 0.6
        assert ramp(LearnedResponse(), [2.0] * 8).learned()["up_a_per_s"] == 2

    def test_by_what_cars_draw_less_than_offered_no_model_is_wrong(self) -> None:
        response = ramp(LearnedResponse(), [0.35] * 10)
        assert response.learned()["up_a_per_s"] == 0.6

    def test_one_that_predicts_only_a_little_better_does_not_speak(self) -> None:
        response = ramp(LearnedResponse(), [0.35, 1.4] * 5)
        assert response.learned()["up_a_per_s"] == 0.6
