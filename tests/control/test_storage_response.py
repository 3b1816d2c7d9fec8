"""How a battery is believed to follow what it is told."""

from custom_components.surplus.control.loads.storage_response import StorageResponse


class TestResponse:
    def test_it_begins_late_and_moves_at_a_rate(self) -> None:
        response = StorageResponse()
        assert not response.known
        assert response.power_w(3) == 0
        response.commanded(3000, 10, 0)
        assert response.known
        assert response.power_w(5) == 0
        assert response.power_w(11) == 0
        assert response.power_w(12) == 1500
        assert response.power_w(99) == 3000
        assert response.move_w(11.5, 12.5) == 1500

    def test_the_same_command_or_an_older_one_changes_nothing(self) -> None:
        response = StorageResponse()
        response.commanded(3000, 10, 0)
        response.commanded(3000, 20, 0)
        response.commanded(-1000, 5, 0)
        assert response.power_w(13) == 3000

    def test_a_command_in_the_middle_of_a_move_turns_it(self) -> None:
        response = StorageResponse()
        response.commanded(3000, 10, 0)
        response.commanded(-1500, 11, 0)
        assert response.power_w(12) == 1500
        assert response.power_w(13) == 0
        assert response.power_w(14) == -1500

    def test_before_the_first_command_it_took_what_was_measured(self) -> None:
        response = StorageResponse()
        response.commanded(500, 10, 900)
        assert response.power_w(9) == 900
        unmeasured = StorageResponse()
        unmeasured.commanded(500, 10, None)
        assert unmeasured.power_w(9) == 500

    def test_two_minutes_of_it_are_remembered_as_they_were(self) -> None:
        response = StorageResponse()
        for i in range(40):
            response.commanded(1500 if i % 2 else -1500, i * 10.0, 0)
        # Of the last two minutes before 390; each move begins at 1 and ends at 3.
        assert response.power_w(270.5) == -1500
        assert response.power_w(272) == 0
        assert response.power_w(275) == 1500
        assert response.power_w(399) == 1500
        assert len(response._times) < 50

    def test_a_command_at_the_same_instant_comes_too_late(self) -> None:
        response = StorageResponse()
        response.commanded(3000, 10, 0)
        response.commanded(-1000, 10, 0)
        assert response.power_w(99) == 3000

    def test_a_move_may_come_three_seconds_sooner_or_later(self) -> None:
        response = StorageResponse()
        response.commanded(6000, 10, 0)
        # From 11 to 15.
        assert response.doubt_w(0, 8) == 0
        assert response.doubt_w(0, 9) == 1500
        assert response.doubt_w(0, 17) == 1500
        assert response.doubt_w(0, 18) == 0
        assert response.doubt_w(9, 8) == 1500

    def test_while_it_moves_its_power_is_in_doubt(self) -> None:
        response = StorageResponse()
        response.commanded(3000, 10, 0)
        assert response.doubt_w(10, 12) == 1500
        assert response.doubt_w(40, 41) == 0
