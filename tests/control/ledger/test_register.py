"""A load's own counter: what is missing is added, what was too much is held back."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.ledger.register import Register

BEGIN = datetime(2026, 6, 21, 12, tzinfo=UTC)
FULL_W = 7360.0


def after(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def begun(register_wh: float = 50_000.0) -> Register:
    register = Register()
    assert register.missing(register_wh, BEGIN, FULL_W) == 0.0
    return register


def test_what_was_missing_is_added() -> None:
    register = begun()
    assert register.counted(900.0) == 900.0
    assert register.missing(51_000.0, after(0.5), FULL_W) == pytest.approx(100.0)


def test_what_was_too_much_is_held_back() -> None:
    register = begun()
    assert register.counted(1200.0) == 1200.0
    assert register.missing(51_000.0, after(0.5), FULL_W) == 0.0
    assert register.counted(150.0) == 0.0
    assert register.counted(150.0) == pytest.approx(100.0)
    assert register.missing(51_300.0, after(0.6), FULL_W) == pytest.approx(0.0)


def test_a_counter_that_does_not_move_says_nothing() -> None:
    register = begun()
    register.counted(400.0)
    assert register.missing(50_000.0, after(0.1), FULL_W) is None
    assert register.counted(400.0) == 400.0


def test_a_counter_that_was_reset_counts_from_there() -> None:
    register = begun()
    register.counted(500.0)
    assert register.missing(20.0, after(0.1), FULL_W) == 0.0
    assert register.missing(520.0, after(0.2), FULL_W) == pytest.approx(500.0)


def test_a_glitch_of_a_counter_is_no_energy() -> None:
    register = begun()
    assert register.missing(0.0, after(0.1), FULL_W) == 0.0
    assert register.missing(50_000.0, after(0.11), FULL_W) == 0.0
    assert register.missing(50_200.0, after(0.2), FULL_W) == pytest.approx(200.0)


def test_what_a_counter_counted_while_nobody_looked_is_added() -> None:
    register = Register.from_dict(begun().as_dict())
    assert register.missing(62_000.0, after(2.0), FULL_W) == pytest.approx(12_000.0)


def test_more_than_the_load_can_take_is_another_counter() -> None:
    assert begun().missing(90_000.0, after(2.0), FULL_W) == 0.0


def test_a_load_may_take_a_fifth_more_than_it_is_said_to() -> None:
    # 1.2 × 7360 W × 2 h, and the kWh of a coarse counter.
    most_wh = 1.2 * 14_720.0 + 1000.0
    for moved_wh, added_wh in ((most_wh - 1.0, most_wh - 1.0), (most_wh + 1.0, 0.0)):
        missing_wh = begun().missing(50_000.0 + moved_wh, after(2.0), FULL_W)
        assert missing_wh == pytest.approx(added_wh)


def test_what_was_counted_here_a_counter_may_have_counted_too() -> None:
    register = begun()
    register.counted(3000.0)
    assert register.missing(53_500.0, after(0.0), FULL_W) == pytest.approx(500.0)


def test_a_clock_that_was_set_back_leaves_a_coarse_step() -> None:
    assert begun().missing(50_900.0, after(-5.0), FULL_W) == pytest.approx(900.0)
    assert begun().missing(52_000.0, after(-5.0), FULL_W) == 0.0


@given(
    st.lists(
        st.tuples(st.floats(0.0, 400.0), st.floats(0.0, 400.0)), min_size=1, max_size=40
    )
)
def test_what_is_counted_keeps_to_the_counter(
    steps: list[tuple[float, float]],
) -> None:
    register = begun()
    total_wh, shown_wh, hours, integrated_wh = 0.0, 50_000.0, 0.0, 0.0
    for integrated_wh, moved_wh in steps:
        counted_wh = register.counted(integrated_wh)
        assert 0.0 <= counted_wh <= integrated_wh
        hours += 0.1
        shown_wh += moved_wh
        missing_wh = register.missing(shown_wh, after(hours), FULL_W) or 0.0
        assert missing_wh >= 0.0
        total_wh += counted_wh + missing_wh
    # Never behind it; ahead of it only by what is held back.
    assert total_wh >= shown_wh - 50_000.0 - 1e-6
    assert total_wh - (shown_wh - 50_000.0) == pytest.approx(register.lead_wh, abs=1e-6)


@pytest.mark.parametrize(
    "damage",
    [
        {"register_wh": "much"},
        {"register_wh": float("nan")},
        {"lead_wh": -1.0},
        {"held_wh": True},
        {"at": "2026-06-21T12:00:00"},
        {"at": 5},
    ],
)
def test_what_is_damaged_raises(damage: dict) -> None:
    with pytest.raises((TypeError, ValueError)):
        Register.from_dict({**begun().as_dict(), **damage})
