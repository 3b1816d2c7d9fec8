"""The charger's clock, learnt from its timestamps."""

from datetime import UTC, datetime, timedelta

from custom_components.surplus.ocpp.clocks import ChargerClock, Moment

WALL = datetime(2026, 6, 1, 12, tzinfo=UTC)


def hear(clock: ChargerClock, now: float, ahead_s: float) -> None:
    """A message arrives ``now``, stamped by a clock that is ahead."""
    wall = WALL + timedelta(seconds=now)
    clock.hear(wall + timedelta(seconds=ahead_s), wall, now)


def test_a_stamp_from_the_future_proves_a_clock_that_runs_ahead() -> None:
    clock = ChargerClock()
    hear(clock, 0, 3600)
    assert clock.offset_s == 3600
    assert clock.now(WALL) == WALL + timedelta(hours=1)


def test_one_stamp_from_the_past_may_be_an_old_message() -> None:
    clock = ChargerClock()
    hear(clock, 0, -60)
    assert clock.offset_s == 0


def test_a_late_clock_is_believed_when_messages_apart_agree() -> None:
    clock = ChargerClock()
    hear(clock, 0, -60)
    hear(clock, 5, -60.8)
    assert clock.offset_s == -60


def test_a_burst_of_old_messages_does_not_make_the_clock_late() -> None:
    clock = ChargerClock()
    for number in range(10):
        hear(clock, number / 100, -60 + 5 * number)
    assert clock.offset_s == 0


def test_old_messages_between_live_ones_do_not_make_the_clock_late() -> None:
    clock = ChargerClock()
    for second in range(0, 40, 5):
        hear(clock, second, -60)
        hear(clock, second + 1, -0.5)
    assert abs(clock.offset_s) <= 1


def test_a_boot_answer_sets_the_clock_and_a_heartbeat_may() -> None:
    clock = ChargerClock()
    hear(clock, 0, 3600)
    clock.told(boot=False)
    assert clock.offset_s == 3600
    hear(clock, 5, -0.5)
    hear(clock, 10, -0.4)
    assert clock.offset_s == -0.4
    hear(clock, 12, 500)
    clock.told(boot=True)
    assert clock.offset_s == 0


def test_what_was_heard_long_ago_counts_no_more() -> None:
    clock = ChargerClock()
    hear(clock, 0, 3600)
    hear(clock, 300, -1)
    hear(clock, 305, -1)
    assert clock.offset_s == -1


def test_the_age_of_a_sample_is_told_by_the_chargers_own_clock() -> None:
    clock = ChargerClock()
    hear(clock, 0, 3600)
    stamp = WALL + timedelta(seconds=3590)
    assert clock.moment(stamp, WALL, 100).at == 90


def test_nothing_is_true_in_the_future() -> None:
    clock = ChargerClock()
    assert clock.moment(WALL + timedelta(seconds=30), WALL, 100).at == 100


def test_without_a_stamp_arrival_counts() -> None:
    assert ChargerClock().moment(None, WALL, 100) == Moment(at=100)


def test_stamps_of_one_charger_compare_exactly() -> None:
    early = Moment(at=50, stamp=WALL)
    late = Moment(at=40, stamp=WALL + timedelta(seconds=1))
    assert late.after(early)
    assert not early.after(late)
    assert late.after(None)
    assert not early.after(early)
    assert early.same(Moment(at=99, stamp=WALL))
    assert not early.same(None)


def test_without_both_stamps_arrival_decides() -> None:
    assert Moment(at=2).after(Moment(at=1, stamp=WALL))
    assert not Moment(at=1, stamp=WALL).after(Moment(at=2))
    assert not Moment(at=1).same(Moment(at=1))
