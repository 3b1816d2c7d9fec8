"""What the sun may still give is careful, and given to one load only."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.model import SolarSpan
from custom_components.surplus.control.needs.house import House
from custom_components.surplus.control.needs.sun import SunAhead

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
AT = NOON.timestamp()


def sun(*powers_w: float, house_w: float = 300.0) -> SunAhead:
    return SunAhead(
        [
            SolarSpan(
                begins=NOON + timedelta(hours=n),
                ends=NOON + timedelta(hours=n + 1),
                energy_wh=power_w,
            )
            for n, power_w in enumerate(powers_w)
        ],
        house_w,
    )


def test_the_house_comes_first_and_a_forecast_is_not_believed_in_full() -> None:
    expected = sun(2000.0, 200.0).hand_out(AT, AT + 7200, least_w=0, most_w=9999)
    assert expected.energy_wh == pytest.approx(0.7 * 2000 - 300)
    assert expected.time_s == 3600


def test_a_load_takes_no_more_than_it_can_and_nothing_below_its_minimum() -> None:
    ahead = sun(3000.0, 1000.0)
    expected = ahead.hand_out(AT, AT + 7200, least_w=1400, most_w=1500)
    assert expected.energy_wh == pytest.approx(1500)
    # The next one gets what it has left.
    expected = ahead.hand_out(AT, AT + 7200, least_w=0, most_w=9999)
    assert expected.energy_wh == pytest.approx(0.7 * 4000 - 600 - 1500)


def test_only_what_comes_between_now_and_the_deadline_counts() -> None:
    ahead = sun(2000.0, 2000.0)
    expected = ahead.hand_out(AT + 1800, AT + 5400, least_w=0, most_w=9999)
    assert expected.time_s == 3600
    assert ahead.hand_out(AT - 7200, AT, least_w=0, most_w=9999).time_s == 0


def test_a_load_runs_on_just_what_it_needs() -> None:
    for least_w, time_s in ((1400.0, 3600.0), (1401.0, 0.0)):
        ahead = sun(2000.0, house_w=0.0)
        expected = ahead.hand_out(AT, AT + 3600, least_w=least_w, most_w=9999)
        assert expected.time_s == time_s


def test_sun_that_others_have_taken_is_no_time_either() -> None:
    ahead = sun(2000.0)
    ahead.hand_out(AT, AT + 3600, least_w=0, most_w=9999)
    assert ahead.hand_out(AT, AT + 3600, least_w=0, most_w=9999).time_s == 0


def test_what_is_ready_when_the_sun_begins_takes_none_of_it_from_others() -> None:
    ahead = sun(2000.0)
    ahead.hand_out(AT - 3600, AT, least_w=0, most_w=9999)
    ahead.hand_out(AT + 3600, AT + 7200, least_w=0, most_w=9999)
    assert ahead.hand_out(AT, AT + 3600, least_w=0, most_w=9999).time_s == 3600


def test_a_span_that_ends_before_it_begins_is_none() -> None:
    wrong = SolarSpan(begins=NOON, ends=NOON, energy_wh=1000.0)
    ahead = SunAhead([wrong], 0.0)
    assert ahead.hand_out(AT, AT + 60, least_w=0, most_w=99).energy_wh == 0


def test_a_house_is_known_by_the_average_of_some_hours() -> None:
    house = House()
    house.see(800.0, 0.0)
    assert house.power_w == 800.0
    for n in range(1, 361):
        house.see(200.0, 60.0 * n)
    assert 400 < house.power_w < 450
    # A short time says little, a long one that nobody saw no more than that.
    house.see(20_000.0, 1e6)
    assert house.power_w < 1000


@given(
    powers=st.lists(st.floats(0, 10_000), max_size=8),
    most=st.lists(st.floats(100, 8000), min_size=1, max_size=4),
)
def test_no_sun_is_handed_out_twice(powers: list[float], most: list[float]) -> None:
    ahead = sun(*powers)
    given_wh = sum(
        ahead.hand_out(AT, AT + 36_000, least_w=0, most_w=most_w).energy_wh
        for most_w in most
    )
    assert given_wh <= sum(max(0.0, 0.7 * power_w - 300) for power_w in powers) + 1e-6
