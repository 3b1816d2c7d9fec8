"""How long breakers still hold, against the check values of the meter's law."""

from math import inf, nan

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.guard.trip import BREAKER, LINKY, Heat, TripLaw


def seconds_to_trip(before: float, ratio: float) -> float:
    """Step from a load that has lasted for ever to another one."""
    heat = Heat(LINKY)
    heat.observe(0.0, 10.0, [10.0 * before])
    heat.observe(1.0, 10.0, [10.0 * ratio])
    return heat.seconds_left(1.0)


# french-tariffs.md §6: simulated from the specification's filter.
TABLE = {
    1.31: (522, 502, 464, 413, 294),
    1.35: (327, 308, 273, 228, 132),
    1.4: (247, 230, 198, 158, 82),
    1.5: (174, 159, 132, 100, 46),
    1.6: (135, 122, 99, 73, 32),
    1.8: (92, 82, 65, 46, 19),
    2.0: (69, 61, 47, 33, 13),
    2.5: (40, 35, 26, 18, 7),
    3.0: (26, 23, 17, 12, 5),
    4.0: (14, 12, 9, 6, 3),
    5.0: (9, 8, 6, 4, 2),
    10.0: (3, 2, 2, 1, 1),
}


@pytest.mark.parametrize("ratio", TABLE)
@pytest.mark.parametrize(
    ("column", "before"), enumerate((0.0, 0.5, 0.8, 1.0, 1.2)), ids=str
)
def test_a_linky_opens_after_the_seconds_of_its_law(
    ratio: float, column: int, before: float
) -> None:
    # The table counts the whole second in which it opens.
    assert seconds_to_trip(before, ratio) == pytest.approx(TABLE[ratio][column], abs=1)


def heat_after(shares: list[float], law: TripLaw = LINKY) -> Heat:
    heat = Heat(law)
    for at, share in enumerate(shares):
        heat.observe(float(at), 10.0, [10.0 * share])
    return heat


def test_a_linky_never_opens_at_130_percent() -> None:
    heat = heat_after([1.299] * 10_000)
    assert heat.seconds_left(10_000.0) == inf
    assert 0.99 < heat.share < 1


def test_what_is_fed_in_does_not_warm_it() -> None:
    assert heat_after([-3.0] * 100).share == 0


def test_the_tightest_pole_counts() -> None:
    heat = Heat(LINKY)
    heat.observe(0.0, 10.0, [0.0, 0.0, 0.0])
    heat.observe(1.0, 10.0, [14.0, 25.0, 3.0])
    assert heat.seconds_left(1.0) == pytest.approx(40, abs=1)


def test_the_meters_own_filter_second_by_second_opens_at_the_same_time() -> None:
    image, heat, opened, left_s = 0.0, Heat(LINKY), None, inf
    heat.observe(0.0, 10.0, [0.0])
    for second in range(1, 200):
        x = 0.5 if second < 60 else 1.9 if second < 80 else 1.6
        image = 0.008 * x**2 + 0.992 * image
        heat.observe(float(second), 10.0, [10.0 * x])
        if opened is None and image >= 1.69:
            opened = second
        if second == 90:
            left_s = heat.seconds_left(90.0)
    assert opened == pytest.approx(90 + left_s, abs=2)


def test_seconds_run_on_while_nothing_is_heard() -> None:
    heat = heat_after([0.0, 2.0])
    assert heat.seconds_left(11.0) == pytest.approx(heat.seconds_left(1.0) - 10)
    assert heat.seconds_left(1000.0) == 0


def test_what_would_flow_instead_is_reckoned_with() -> None:
    heat = heat_after([1.0, 2.0])
    assert heat.seconds_left(1.0) == pytest.approx(33, abs=1)
    assert heat.seconds_left(1.0, [15.0]) == pytest.approx(100, abs=1)
    assert heat.seconds_left(1.0, [12.0]) == inf


def test_over_a_gap_the_more_of_both_ends_flowed() -> None:
    before, after = Heat(LINKY), Heat(LINKY)
    for heat, shares in ((before, (1.2, 0.1)), (after, (0.1, 1.2))):
        heat.observe(0.0, 10.0, [0.0])
        heat.observe(1.0, 10.0, [10.0 * shares[0]])
        heat.observe(121.0, 10.0, [10.0 * shares[1]])
    assert before.share == pytest.approx(after.share, rel=0.01)
    assert before.share > 0.5


@pytest.mark.parametrize(("gap_s", "flowed"), [(2.0, 0.1), (2.5, 1.2), (10.0, 1.2)])
def test_between_frames_of_a_linky_what_flowed_first_has_gone_on(
    gap_s: float, flowed: float
) -> None:
    heat = heat_after([0.1])
    heat.observe(gap_s, 10.0, [12.0])
    alike = heat_after([0.1])
    alike.observe(1e-9, 10.0, [10 * flowed])
    alike.observe(gap_s, 10.0, [10 * flowed])
    assert heat.share == pytest.approx(alike.share)


def test_the_first_reading_has_lasted_for_ever() -> None:
    heat = heat_after([1.5])
    assert heat.seconds_left(0.0) == 0
    assert heat_after([1.2]).share == pytest.approx(1.44 / 1.69)


def test_it_is_no_cooler_after_a_restart_whatever_the_law() -> None:
    hot = heat_after([1.29] * 1000)
    for law in (LINKY, BREAKER):
        again = Heat(law, hot.as_dict())
        assert again.share == pytest.approx(hot.share, abs=1e-3)
        again.observe(5.0, 10.0, [1.0])
        assert again.share == pytest.approx(hot.share, abs=1e-3)


@pytest.mark.parametrize(
    "saved",
    [
        {},
        {"share": "hot"},
        {"share": -1},
        {"share": nan},
        {"share": inf},
        {"share": None},
    ],
)
def test_a_damaged_image_is_refused(saved: dict[str, float]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Heat(LINKY, saved)


def test_a_limit_that_falls_finds_it_as_warm_as_it_may_be() -> None:
    heat = heat_after([0.9] * 2)
    heat.observe(2.0, 5.0, [9.0])
    assert heat.seconds_left(2.0) == 0


def test_no_pole_is_cooler_under_another_limit_than_the_hottest_was() -> None:
    heat = Heat(LINKY)
    heat.observe(0.0, 10.0, [12.0, 1.0])
    assert heat.share == pytest.approx(1.44 / 1.69)
    heat.observe(1.0, 5.0, [0.0, 15.0])
    cold = Heat(LINKY)
    cold.observe(0.0, 5.0, [0.0, 0.0])
    cold.observe(1.0, 5.0, [0.0, 15.0])
    assert heat.seconds_left(1.0, [0.0, 15.0]) == 0
    assert heat.seconds_left(1.0, [15.0, 0.0]) < cold.seconds_left(1.0, [15.0, 0.0]) / 4


def test_more_poles_than_before_are_as_warm_as_those_were() -> None:
    heat = heat_after([1.2] * 2)
    heat.observe(2.0, 10.0, [0.0, 0.0, 0.0])
    assert heat.share == pytest.approx(1.44 / 1.69)
    one_a, three_a = [20.0], [0.0, 0.0, 20.0]
    assert heat.seconds_left(2.0, three_a) == pytest.approx(
        heat_after([1.2] * 3).seconds_left(2.0, one_a), rel=0.01
    )


def test_what_was_saved_is_no_hotter_than_what_opens_it() -> None:
    assert Heat(LINKY, {"share": 7.0}).share == 1
    assert Heat(LINKY, heat_after([0.0, *[9.0] * 99]).as_dict()).share == 1


def test_before_anything_was_seen_it_holds_for_ever() -> None:
    assert Heat(LINKY).seconds_left(0.0, [99.0]) == inf


@pytest.mark.parametrize("at", [0.0, 1.0])
def test_a_reading_of_before_changes_nothing(at: float) -> None:
    heat = heat_after([0.5, 0.5])
    heat.observe(at, 10.0, [99.0])
    assert heat.seconds_left(1.0) == inf


# IEC 60898-1, and curves of makers: never later than the quickest that is sold.
@pytest.mark.parametrize(
    ("ratio", "latest_s"), [(1.13, inf), (1.45, 60), (2.0, 15), (2.55, 10), (3.0, 6)]
)
def test_an_ordinary_breaker_is_taken_for_a_quick_one(
    ratio: float, latest_s: float
) -> None:
    heat = heat_after([0.0, ratio], BREAKER)
    assert heat.seconds_left(1.0) <= latest_s
    if latest_s == inf:
        assert heat.seconds_left(1.0) == inf


@given(
    st.lists(st.floats(0, 8), min_size=2, max_size=40),
    st.floats(0, 8),
    st.sampled_from([LINKY, BREAKER]),
)
def test_more_current_never_leaves_more_time(
    shares: list[float], then: float, law: TripLaw
) -> None:
    heat = heat_after(shares, law)
    now = len(shares) - 1.0
    assert heat.seconds_left(now, [10 * then + 1]) <= heat.seconds_left(
        now, [10 * then]
    )


@given(
    st.lists(st.floats(0, 3), min_size=2, max_size=40),
    st.floats(1, 300),
    st.sampled_from([LINKY, BREAKER]),
)
def test_what_it_carries_for_a_time_opens_it_then_and_no_sooner(
    shares: list[float], seconds: float, law: TripLaw
) -> None:
    heat = heat_after(shares, law)
    now = len(shares) - 1.0
    (most_a,) = heat.holding_a(seconds, now)
    assert most_a >= 10 * law.holds * (1 - 1e-9)
    assert heat.seconds_left(now, [0.999 * most_a]) >= seconds
    if most_a > 10 * law.holds * 1.001:
        assert heat.seconds_left(now, [1.001 * most_a]) <= seconds


def test_each_pole_carries_what_it_would_alone() -> None:
    heat, currents_a = Heat(LINKY), [2.0, 12.0, 5.0]
    heat.observe(0.0, 10.0, currents_a)
    for pole, current_a in enumerate(currents_a):
        alone = Heat(LINKY)
        alone.observe(0.0, 10.0, [current_a])
        assert heat.holding_a(60.0, 0.0)[pole] == alone.holding_a(60.0, 0.0)[0]
    assert heat.holding_a(60.0, 0.0)[0] > heat.holding_a(60.0, 0.0)[1]


def test_while_nothing_is_heard_what_flowed_warms_it() -> None:
    heard, unheard = (heat_after([0.5, 1.6]) for _ in range(2))
    heard.observe(31.0, 10.0, [16.0])
    assert unheard.holding_a(60.0, 31.0)[0] == pytest.approx(
        heard.holding_a(60.0, 31.0)[0]
    )
    assert unheard.holding_a(60.0, 31.0)[0] < unheard.holding_a(60.0, 1.0)[0]
