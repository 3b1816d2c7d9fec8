"""How an opened thermostat is told from the sun, one grid reading at a time."""

from dataclasses import dataclass

import pytest

from custom_components.surplus.control.loads.thermostat import Sight, Thermostat


@dataclass
class Scene:
    """A thermostat watched once a second."""

    thermostat: Thermostat
    at: float = 0.0

    def look(
        self,
        seconds: int,
        position_w: float,
        rest_w: float,
        *,
        wanted_w: float = 2000,
        settled: bool = True,
        measured_w: float | None = None,
        expected_w: float | None = None,
    ) -> float | None:
        """Show the same for some seconds; return what it is told in the end."""
        order_w = None
        for _ in range(seconds):
            self.at += 1.0
            sight = Sight(
                at=self.at,
                position_w=position_w,
                doubt_w=50 if settled else 51,
                rest_w=rest_w,
                other_w=rest_w,
                max_w=2000,
                measured_w=measured_w,
                expected_w=expected_w,
            )
            self.thermostat.see(sight)
            order_w = self.thermostat.order_w(wanted_w, sight)
        return order_w


def scene() -> Scene:
    return Scene(Thermostat())


def suspected() -> Scene:
    """Return a scene in which a test has just begun."""
    shown = scene()
    assert shown.look(60, 2000, 900) is None
    assert shown.look(1, 2000, 900) == 0
    return shown


def opened() -> Scene:
    shown = suspected()
    assert shown.look(25, 0, 900) == 0
    assert shown.thermostat.is_open
    return shown


def test_a_maximum_that_leaves_export_is_put_to_the_test_after_a_minute() -> None:
    assert not suspected().thermostat.is_open


def test_a_maximum_that_uses_the_export_up_is_not() -> None:
    shown = scene()
    for _ in range(300):
        assert shown.look(1, 2000, 199) is None
    for _ in range(300):
        assert shown.look(1, 1900, 900) is None


def test_a_minute_is_counted_anew_after_a_pause() -> None:
    shown = scene()
    shown.look(50, 2000, 900)
    shown.look(1, 2000, 0)
    assert shown.look(59, 2000, 900) is None


def test_an_export_that_grows_by_the_heaters_power_clears_it() -> None:
    shown = suspected()
    shown.look(10, 0, 2900)
    assert not shown.thermostat.is_open
    # And it is trusted for five minutes.
    assert shown.look(290, 2000, 900) is None
    assert shown.look(20, 2000, 900) == 0


def test_trust_grows_with_each_test_passed() -> None:
    shown = suspected()
    shown.look(10, 0, 2900)
    shown.look(310, 2000, 900)
    shown.look(10, 0, 2900)
    assert shown.look(590, 2000, 900) is None


def test_trust_doubles_up_to_an_hour() -> None:
    shown = suspected()
    trusts = []
    for _ in range(6):
        shown.look(6, 0, 2900)
        begun = shown.at
        while shown.look(1, 2000, 900) is None:
            pass
        trusts.append(shown.at - begun)
    assert trusts == [300, 600, 1200, 2400, 3600, 3600]


def test_a_test_waits_until_it_is_known_where_the_heater_is() -> None:
    shown = scene()
    shown.look(60, 2000, 900)
    assert shown.look(5, 2000, 900, settled=False) is None
    assert shown.look(1, 2000, 900) == 0


@pytest.mark.parametrize(("rise_w", "is_open"), [(700, True), (900, False)])
def test_the_export_need_not_grow_by_all_of_its_power(
    rise_w: float, *, is_open: bool
) -> None:
    shown = suspected()
    shown.look(25, 0, 900 + rise_w)
    assert shown.thermostat.is_open is is_open


def test_in_each_test_the_answer_must_last_anew() -> None:
    shown = suspected()
    shown.look(6, 0, 2900)
    shown.look(301, 2000, 900)
    shown.look(1, 0, 2900)
    shown.look(20, 0, 900)
    assert shown.thermostat.is_open


def test_an_export_that_stays_shows_that_it_took_nothing() -> None:
    shown = suspected()
    assert shown.look(18, 0, 900) == 0
    assert not shown.thermostat.is_open
    shown.look(2, 0, 900)
    assert shown.thermostat.is_open


def test_another_loads_sudden_move_is_no_answer() -> None:
    shown = suspected()
    shown.look(14, 0, 900)
    shown.look(4, 0, 2000)
    shown.look(4, 0, 900)
    assert shown.thermostat.is_open


def test_a_command_that_is_never_carried_out_ends_the_test() -> None:
    shown = suspected()
    assert shown.look(29, 2000, 900) == 0
    assert shown.look(2, 2000, 900) is None
    assert not shown.thermostat.is_open


def test_two_moves_that_the_meter_does_not_show_are_put_to_the_test() -> None:
    shown = scene()
    shown.look(5, 0, 300)
    shown.look(3, 300, 300, settled=False)
    shown.look(2, 300, 300)
    assert shown.look(2, 600, 300) == 0


def test_a_move_that_the_meter_shows_is_none() -> None:
    shown = scene()
    for position_w in (0, 300, 600, 900, 1200):
        assert shown.look(3, position_w, 1500 - position_w) is None


def test_a_move_shown_by_less_than_two_fifths_is_not_shown() -> None:
    for shown_share, order_w in ((0.3, 0), (0.45, None)):
        shown = scene()
        for position_w in (0, 300, 600):
            told_w = shown.look(3, position_w, 900 - shown_share * position_w)
        assert told_w == order_w


def test_one_shown_move_forgives_one_that_was_not() -> None:
    shown = scene()
    for position_w, rest_w in ((0, 900), (300, 900), (600, 600), (900, 600)):
        assert shown.look(3, position_w, rest_w) is None


def test_a_creep_that_the_meter_does_not_show_adds_up() -> None:
    shown = scene()
    orders = [shown.look(2, 300.0 + 20 * step, 35) for step in range(22)]
    assert orders[-1] == 0


def test_a_move_that_took_long_is_mixed_with_the_suns() -> None:
    shown = scene()
    for position_w in (0, 400, 800, 1200):
        shown.look(1, position_w, 500)
        assert shown.look(31, position_w, 500, settled=False) is None


def test_what_measures_little_for_twenty_seconds_is_open() -> None:
    shown = scene()
    assert shown.look(20, 1000, 0, measured_w=90, expected_w=1000) is None
    assert shown.look(1, 1000, 0, measured_w=90, expected_w=1000) == 0


def test_what_measures_little_while_it_moves_or_is_told_little_is_not() -> None:
    shown = scene()
    assert shown.look(60, 1000, 0, measured_w=0, expected_w=None) is None
    assert shown.look(60, 190, 0, measured_w=0, expected_w=190) is None
    assert shown.look(60, 1000, 0, measured_w=101, expected_w=1000) is None
    shown.look(15, 1000, 0, measured_w=0, expected_w=1000)
    shown.look(1, 1000, 0, measured_w=500, expected_w=1000)
    assert shown.look(15, 1000, 0, measured_w=0, expected_w=1000) is None


def late_one() -> Scene:
    """Return a scene whose sensor shows 15 s late what was told for 20 s."""
    shown = scene()
    assert shown.look(21, 1000, 0, measured_w=0, expected_w=1000) == 0
    assert shown.thermostat.is_open
    assert shown.look(9, 0, 0, measured_w=0, expected_w=0) == 0
    assert shown.look(1, 0, 0, measured_w=1000, expected_w=0) is None
    return shown


def test_power_that_is_shown_once_none_is_told_was_late() -> None:
    assert not late_one().thermostat.is_open


def test_a_late_sensor_is_waited_for() -> None:
    shown = late_one()
    assert shown.look(50, 1000, 0, measured_w=0, expected_w=1000) is None
    assert shown.look(1, 1000, 0, measured_w=0, expected_w=1000) == 0
    shown.look(61, 0, 0, measured_w=0, expected_w=0, wanted_w=0)
    assert shown.look(50, 1000, 0, measured_w=0) == 2000
    assert shown.look(1, 1000, 0, measured_w=0) == 0


def test_little_and_what_comes_after_two_minutes_was_not_late() -> None:
    shown = scene()
    shown.look(21, 1000, 0, measured_w=0, expected_w=1000)
    assert shown.look(9, 0, 0, measured_w=199, expected_w=0) == 0
    assert shown.look(91, 0, 0, measured_w=0, expected_w=0, wanted_w=0) == 0
    assert shown.look(1, 0, 0, measured_w=1000, expected_w=0, wanted_w=0) == 0


def test_what_a_test_found_open_is_not_closed_by_a_measurement() -> None:
    shown = opened()
    assert shown.look(1, 0, 900, measured_w=1000, expected_w=0, wanted_w=0) == 0


def test_an_open_one_is_tried_with_what_is_wanted() -> None:
    shown = opened()
    assert shown.look(50, 0, 900, wanted_w=800) == 0
    assert shown.look(10, 0, 900, wanted_w=800) == 800
    # Less is passed on at once, more is not: the try must stay comparable.
    assert shown.look(1, 800, 900, wanted_w=500) == 500
    assert shown.look(1, 800, 900, wanted_w=1500) == 800
    assert shown.look(1, 800, 900, wanted_w=0) == 0


def test_too_little_to_be_seen_is_no_try() -> None:
    shown = opened()
    assert shown.look(300, 0, 190, wanted_w=190) == 0
    assert shown.look(1, 0, 210, wanted_w=210) == 210


def test_a_try_that_the_meter_shows_closes_it() -> None:
    shown = opened()
    shown.look(62, 0, 900, wanted_w=800)
    shown.look(3, 400, 500, settled=False)
    assert shown.look(7, 800, 100) is None
    assert not shown.thermostat.is_open


def test_a_try_that_the_meter_does_not_show_ends_after_twenty_seconds() -> None:
    shown = opened()
    shown.look(62, 0, 900, wanted_w=800)
    assert shown.look(12, 800, 900, wanted_w=800) == 800
    assert shown.look(8, 800, 900, wanted_w=800) == 0
    assert 100 < shown.thermostat.tried_at - shown.at <= 120


def test_a_measured_try_is_seen_at_its_power() -> None:
    shown = opened()
    shown.look(62, 0, 900, wanted_w=800, measured_w=0)
    assert shown.look(3, 800, 900, measured_w=29) == 800
    assert shown.look(1, 800, 900, measured_w=330) is None


def test_what_an_idle_dimmer_takes_is_no_power() -> None:
    shown = opened()
    shown.look(62, 0, 900, wanted_w=800, measured_w=0)
    assert shown.look(3, 50, 900, wanted_w=50, measured_w=29) == 50
    assert shown.thermostat.is_open
    shown.look(1, 50, 900, wanted_w=50, measured_w=30)
    assert not shown.thermostat.is_open


def test_a_person_closes_it() -> None:
    shown = opened()
    shown.thermostat.reset()
    assert not shown.thermostat.is_open
    assert shown.look(1, 0, 900) is None


def test_a_person_does_not_break_a_test_off() -> None:
    shown = suspected()
    shown.thermostat.reset()
    assert shown.look(1, 2000, 900) == 0
