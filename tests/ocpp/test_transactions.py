"""Charging sessions: ids, repetitions, energy, and what survives a restart."""

from datetime import UTC, datetime, timedelta
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.ocpp.meter_values import MeterSample
from custom_components.surplus.ocpp.transactions import (
    Transaction,
    TransactionIds,
    Transactions,
)

WALL = datetime(2026, 6, 1, 12, tzinfo=UTC)
START: dict[str, Any] = {
    "connector": 1,
    "id_tag": "TAG",
    "meter_start_wh": 1000.0,
    "started": WALL,
    "wall": WALL,
}
STOP: dict[str, Any] = {"meter_stop_wh": 3000.0, "stopped": None, "reason": None}


@pytest.fixture
def sessions() -> Transactions:
    return Transactions(TransactionIds())


@given(st.lists(st.integers(0, 50 * 365 * 86400), min_size=2))
def test_ids_are_never_given_twice_and_fit_32_bits(ages: list[int]) -> None:
    ids = TransactionIds()
    given_out = [ids.take(WALL + timedelta(seconds=age)) for age in ages]
    assert len(set(given_out)) == len(given_out)
    assert all(0 < number < 2**31 for number in given_out)


def test_an_id_is_new_even_when_the_store_was_lost() -> None:
    before = TransactionIds()
    last = [before.take(WALL) for _ in range(5)][-1]
    assert TransactionIds().take(WALL + timedelta(minutes=1)) > last


def test_a_start_sent_again_finds_its_session(sessions: Transactions) -> None:
    first = sessions.start(**START)
    assert sessions.start(**START) is first
    assert sessions.current(1) is first


def test_also_after_it_has_ended(sessions: Transactions) -> None:
    first = sessions.start(**START)
    sessions.stop(first.transaction_id, **STOP)
    assert sessions.start(**START) is first
    assert sessions.current(1) is None


@pytest.mark.parametrize(
    "change",
    [
        {"id_tag": "OTHER"},
        {"meter_start_wh": 1001.0},
        {"started": WALL + timedelta(seconds=1)},
        {"connector": 2},
    ],
)
def test_another_start_is_another_session(
    sessions: Transactions, change: dict[str, Any]
) -> None:
    first = sessions.start(**START)
    second = sessions.start(**START | change)
    assert second.transaction_id != first.transaction_id


def test_without_a_time_only_the_running_session_can_be_meant(
    sessions: Transactions,
) -> None:
    timeless = START | {"started": None}
    first = sessions.start(**timeless)
    assert sessions.start(**timeless) is first
    sessions.stop(first.transaction_id, **STOP)
    assert sessions.start(**timeless) is not first


def test_a_new_session_ends_the_one_before_on_its_connector(
    sessions: Transactions,
) -> None:
    first = sessions.start(**START)
    elsewhere = sessions.start(**START | {"connector": 2})
    second = sessions.start(**START | {"started": WALL + timedelta(hours=1)})
    assert first.ended
    assert sessions.current(1) is second
    assert sessions.current(2) is elsewhere


def test_a_session_held_offline_gets_its_id_and_the_running_one_stays(
    sessions: Transactions,
) -> None:
    running = sessions.start(**START)
    old = sessions.start(**START | {"started": WALL - timedelta(hours=1)})
    assert old.transaction_id != running.transaction_id
    assert sessions.current(1) is running
    sessions.stop(old.transaction_id, **STOP)
    assert sessions.current(1) is running
    assert old.energy_wh == 2000


def test_a_stop_sent_again_changes_nothing(sessions: Transactions) -> None:
    session = sessions.start(**START)
    sessions.stop(session.transaction_id, **STOP | {"reason": "Local"})
    again = {"meter_stop_wh": 9000.0, "stopped": None, "reason": "Other"}
    assert sessions.stop(session.transaction_id, **again) is session
    assert (session.energy_wh, session.reason) == (2000, "Local")


def test_a_stop_for_an_unknown_session_leaves_the_running_one(
    sessions: Transactions,
) -> None:
    running = sessions.start(**START)
    assert sessions.stop(4711, **STOP) is None
    assert sessions.current(1) is running


@pytest.mark.parametrize("made_up", [0, -1, None])
def test_a_made_up_id_stops_the_one_session_there_is(
    sessions: Transactions, made_up: int | None
) -> None:
    running = sessions.start(**START)
    stop = STOP | {"stopped": WALL + timedelta(hours=1)}
    assert sessions.stop(made_up, **stop) is running
    assert sessions.current(1) is None
    assert sessions.stop(made_up, **STOP) is None


def test_a_made_up_id_from_before_does_not_stop_the_session_since(
    sessions: Transactions,
) -> None:
    sessions.start(**START)
    assert sessions.stop(0, **STOP | {"stopped": WALL - timedelta(hours=1)}) is None


def test_a_made_up_id_says_nothing_where_two_sessions_run(
    sessions: Transactions,
) -> None:
    sessions.start(**START)
    sessions.start(**START | {"connector": 2})
    assert sessions.stop(0, **STOP) is None


def test_a_stop_after_the_state_ended_the_session_still_counts_its_register(
    sessions: Transactions,
) -> None:
    session = sessions.start(**START)
    session.count(2500)
    assert sessions.close(1) is session
    assert sessions.close(1) is None
    sessions.stop(session.transaction_id, **STOP | {"reason": "EVDisconnected"})
    assert (session.energy_wh, session.reason) == (2000, "EVDisconnected")


def test_the_last_session_stays_visible(sessions: Transactions) -> None:
    assert sessions.last(1) is None
    session = sessions.start(**START)
    assert sessions.last(1) is session
    sessions.stop(session.transaction_id, **STOP)
    assert sessions.last(1) is session
    assert sessions.last(2) is None


def test_a_session_is_found_by_the_chargers_own_name_for_it(
    sessions: Transactions,
) -> None:
    session = sessions.start(**START)
    session.reported_id = 99
    assert sessions.find(99) is session
    assert sessions.find(98) is None


def test_a_name_the_charger_uses_again_means_the_running_session(
    sessions: Transactions,
) -> None:
    first = sessions.start(**START)
    first.reported_id = 1
    sessions.stop(1, **STOP)
    assert sessions.find(1) is None
    second = sessions.start(**START | {"started": WALL + timedelta(hours=1)})
    assert sessions.stop(1, **STOP) is None
    second.reported_id = 1
    assert sessions.find(1) is second
    assert sessions.stop(1, **STOP) is second


def test_the_late_stop_of_a_session_comes_under_the_chargers_name_too(
    sessions: Transactions,
) -> None:
    session = sessions.start(**START)
    session.reported_id = 5
    sessions.close(1)
    assert sessions.stop(4, **STOP) is None
    assert sessions.stop(5, **STOP) is session
    assert session.energy_wh == 2000
    assert sessions.stop(5, **STOP) is None


def test_the_name_does_not_stop_an_earlier_session_while_another_runs(
    sessions: Transactions,
) -> None:
    first = sessions.start(**START)
    first.reported_id = 5
    sessions.close(1)
    sessions.start(**START | {"started": WALL + timedelta(hours=1)})
    assert sessions.stop(5, **STOP) is None
    assert not first.settled


def test_a_session_that_only_seemed_to_end_goes_on(sessions: Transactions) -> None:
    session = sessions.start(**START)
    assert not sessions.reopen(session)
    sessions.close(1)
    assert sessions.reopen(session)
    assert sessions.current(1) is session
    assert not session.ended
    assert sessions.as_dict()["recent"] == []


def test_one_that_was_stopped_or_followed_by_another_does_not(
    sessions: Transactions,
) -> None:
    first = sessions.start(**START)
    sessions.stop(first.transaction_id, **STOP)
    assert not sessions.reopen(first)
    second = sessions.start(**START | {"id_tag": "B"})
    sessions.close(1)
    third = sessions.start(**START | {"id_tag": "C"})
    assert not sessions.reopen(second)
    sessions.close(1)
    assert not sessions.reopen(second)
    assert sessions.reopen(third)


def test_an_adopted_id_is_not_given_out(sessions: Transactions) -> None:
    ids = TransactionIds()
    sessions = Transactions(ids)
    coming = TransactionIds().take(WALL)
    sessions.adopt(1, coming)
    assert sessions.start(**START).transaction_id == coming + 1
    sessions.adopt(1, 2**31 - 1)
    assert sessions.start(**START | {"id_tag": "B"}).transaction_id == coming + 2


def test_an_adopted_session_counts_from_where_it_was_found(
    sessions: Transactions,
) -> None:
    session = sessions.adopt(1, 4711)
    session.count(5000)
    session.count(5600)
    assert session.transaction_id == 4711
    assert session.energy_wh == 600


class TestEnergy:
    """What a session took, whatever its register counts."""

    @pytest.fixture
    def session(self) -> Transaction:
        return Transaction(transaction_id=1, connector=1, meter_start_wh=50_000)

    def test_a_lifetime_register_counts_from_its_start(
        self, session: Transaction
    ) -> None:
        session.count(50_500)
        session.count(52_000)
        assert session.energy_wh == 2000

    def test_two_readings_below_the_start_prove_a_register_of_the_session(
        self, session: Transaction
    ) -> None:
        session.count(100)
        assert session.energy_wh == 0
        session.count(200)
        assert session.energy_wh == 200
        session.count(3000)
        assert session.energy_wh == 3000

    def test_samples_coarser_than_the_start_lie_a_little_below_it(self) -> None:
        session = Transaction(transaction_id=1, connector=1, meter_start_wh=1_234_567)
        for register in (1_234_560, 1_234_560, 1_234_570, 1_234_580):
            session.count(register)
        assert not session.relative
        assert session.energy_wh == 13

    @pytest.mark.parametrize(
        ("start", "register", "relative"),
        [
            (50_000, 24_999, True),
            (50_000, 25_000, False),
            (150, 49, True),
            (150, 50, False),
            (60, 0, False),
        ],
    )
    def test_only_far_below_the_start_a_register_is_the_sessions_own(
        self, start: float, register: float, relative: bool
    ) -> None:
        session = Transaction(transaction_id=1, connector=1, meter_start_wh=start)
        session.count(register)
        session.count(register)
        assert session.relative is relative

    def test_a_single_glitch_proves_nothing(self, session: Transaction) -> None:
        session.count(50_500)
        session.count(0)
        session.count(50_600)
        session.count(0)
        session.count(50_700)
        assert session.energy_wh == 700

    def test_a_closing_register_a_little_below_takes_nothing_away(
        self, session: Transaction
    ) -> None:
        session.count(52_000)
        session.finish(51_999, "Local")
        assert session.energy_wh == 2000
        session = Transaction(transaction_id=1, connector=1, meter_start_wh=50_000)
        session.finish(49_998, None)
        assert session.energy_wh == 0

    def test_an_absolute_closing_register_after_relative_samples(
        self, session: Transaction
    ) -> None:
        session.count(100)
        session.count(1900)
        session.finish(52_000, "Local")
        assert session.energy_wh == 2000

    def test_a_relative_closing_register_after_relative_samples(
        self, session: Transaction
    ) -> None:
        session.count(100)
        session.count(1900)
        session.finish(2000, "Local")
        assert session.energy_wh == 2000

    def test_without_registers_the_samples_stand(self) -> None:
        session = Transaction(transaction_id=1, connector=1)
        session.finish(5000, None)
        assert session.energy_wh == 0
        session = Transaction(transaction_id=1, connector=1, meter_start_wh=10)
        session.finish(None, None)
        assert session.energy_wh == 0

    def test_the_data_of_the_stop_counts_once(self) -> None:
        sessions = Transactions(TransactionIds())
        session = sessions.start(**START)
        data = [MeterSample(energy_wh=1700), MeterSample(power_w=5)]
        without = STOP | {"meter_stop_wh": None}
        sessions.stop(session.transaction_id, **without, samples=data)
        assert session.energy_wh == 700
        more = [MeterSample(energy_wh=9000)]
        sessions.stop(session.transaction_id, **without, samples=more)
        assert session.energy_wh == 700


def test_everything_survives_being_written_down(sessions: Transactions) -> None:
    ended = sessions.start(**START)
    sessions.stop(ended.transaction_id, **STOP | {"reason": "Local"})
    running = sessions.start(
        **START | {"started": WALL + timedelta(hours=2, microseconds=5)}
    )
    running.count(1500)
    running.reported_id = 7

    again = Transactions(TransactionIds())
    again.restore(json.loads(json.dumps(sessions.as_dict())))

    assert again.as_dict() == sessions.as_dict()
    restored = again.current(1)
    assert restored is not None
    assert restored.transaction_id == running.transaction_id
    assert restored.energy_wh == 500
    # A repeated start finds them all the same.
    assert again.start(**START).transaction_id == ended.transaction_id


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["open", "recent", "id", "connector", "started"]),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_a_store_of_anything_is_read_without_harm(stored: Any) -> None:
    sessions = Transactions(TransactionIds())
    sessions.restore(stored if isinstance(stored, dict) else {"open": stored})
    assert sessions.start(**START).transaction_id > 0
