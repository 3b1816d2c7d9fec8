"""When a limit is sent: pacing, renewal, retries, and what may be in force."""

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.ocpp.lease import Lease
from custom_components.surplus.ocpp.timing import Timing

TIMING = Timing(
    lease_s=120,
    renew_s=45,
    wish_s=90,
    spacing_s=5,
    retry_s=2,
    retry_max_s=30,
    stop_retry_s=1,
)


@pytest.fixture
def lease() -> Lease:
    return Lease(TIMING)


def due(lease: Lease, now: float) -> bool:
    at = lease.due_at(now)
    return at is not None and at <= now


def told(lease: Lease, amps: float, now: float) -> None:
    """The charger is told a current, and takes it."""
    lease.want(amps, now)
    assert due(lease, now)
    assert lease.send(now) == amps
    lease.accepted(now + 0.1)


def test_nothing_is_sent_that_nobody_wants(lease: Lease) -> None:
    assert lease.due_at(0) is None
    assert not lease.running(0)
    assert lease.offered is None


def test_the_first_wish_goes_at_once(lease: Lease) -> None:
    lease.want(10, 0)
    assert due(lease, 0)


def test_an_accepted_wish_is_renewed_and_not_sent_before(lease: Lease) -> None:
    told(lease, 10, 0)
    assert lease.due_at(1) == 45
    lease.want(10, 44)
    assert not due(lease, 44)
    assert due(lease, 45)


def test_changes_keep_their_distance(lease: Lease) -> None:
    told(lease, 10, 0)
    lease.want(12, 1)
    assert lease.due_at(1) == 5
    lease.want(14, 3)
    assert not due(lease, 4.9)
    assert due(lease, 5)
    assert lease.send(5) == 14


def test_a_stop_waits_for_nothing(lease: Lease) -> None:
    told(lease, 10, 0)
    lease.want(0, 0.2)
    assert due(lease, 0.2)


def test_not_even_for_the_retry_of_something_else(lease: Lease) -> None:
    lease.want(10, 0)
    for _ in range(6):
        lease.send(0)
        lease.refused(0)
    assert lease.due_at(1) == 30
    lease.want(0, 1)
    assert due(lease, 1)


def test_going_on_after_a_stop_keeps_its_distance(lease: Lease) -> None:
    told(lease, 10, 0)
    told(lease, 0, 1)
    lease.want(10, 2)
    assert lease.due_at(2) == 6


def test_a_renewal_does_not_hold_up_a_change(lease: Lease) -> None:
    told(lease, 10, 0)
    lease.want(10, 45)
    lease.send(45)
    lease.accepted(45)
    lease.want(12, 46)
    assert due(lease, 46)


def test_one_frame_at_a_time(lease: Lease) -> None:
    lease.want(10, 0)
    lease.send(0)
    lease.want(0, 1)
    assert lease.due_at(1) is None
    lease.accepted(2)
    assert due(lease, 2)


def test_a_refused_wish_is_tried_again_ever_later(lease: Lease) -> None:
    lease.want(10, 0)
    now = 0.0
    waits = []
    for _ in range(7):
        lease.want(10, now)
        lease.send(now)
        lease.refused(now)
        due_at = lease.due_at(now)
        assert due_at is not None
        waits.append(due_at - now)
        now = due_at
    # The first waits are those of the spacing.
    assert waits == [5, 5, 8, 16, 30, 30, 30]
    assert lease.failures == 7
    lease.send(now)
    lease.accepted(now)
    assert lease.failures == 0


def test_a_refused_stop_is_tried_again_soon_but_not_without_end(lease: Lease) -> None:
    now = 0.0
    waits = []
    for _ in range(7):
        lease.want(0, now)
        lease.send(now)
        lease.refused(now)
        due_at = lease.due_at(now)
        assert due_at is not None
        waits.append(due_at - now)
        now = due_at
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_a_lower_wish_does_not_wait_for_the_retry_of_a_higher_one(
    lease: Lease,
) -> None:
    lease.want(32, 0)
    for _ in range(5):
        lease.send(0)
        lease.refused(0)
    lease.want(31.5, 6)
    assert due(lease, 6)
    lease.want(32, 6)
    assert due(lease, 6)


def test_a_higher_wish_does(lease: Lease) -> None:
    lease.want(10, 0)
    for _ in range(5):
        lease.send(0)
        lease.refused(0)
    lease.want(20, 6)
    assert lease.due_at(6) == 30


def test_what_was_not_answered_may_be_in_force(lease: Lease) -> None:
    told(lease, 10, 0)
    lease.want(20, 10)
    lease.send(10)
    lease.unanswered(20)
    assert lease.offered is not None
    assert (lease.offered.amps, lease.offered.sent_at) == (20, 10)
    assert not lease.satisfied(20)
    lease.send(25)
    lease.accepted(25)
    assert lease.offered.amps == 20
    assert lease.satisfied(25)


def test_of_two_that_may_be_in_force_the_higher_counts(lease: Lease) -> None:
    told(lease, 20, 0)
    lease.want(10, 10)
    lease.send(10)
    lease.unanswered(20)
    assert lease.offered is not None
    assert lease.offered.amps == 20
    assert not lease.satisfied(20)
    # Back to what was held: it must be said again, the charger may have the other.
    lease.want(20, 21)
    assert not lease.satisfied(21)
    assert lease.due_at(21) is not None
    lease.send(30)
    lease.accepted(30)
    assert lease.satisfied(30)


def test_an_unanswered_renewal_leaves_no_doubt(lease: Lease) -> None:
    told(lease, 10, 0)
    lease.want(10, 45)
    lease.send(45)
    lease.unanswered(65)
    assert lease.offered is not None
    assert lease.offered.amps == 10
    assert lease.satisfied(66)
    assert lease.due_at(66) == 67


def test_the_first_one_unanswered_counts_too(lease: Lease) -> None:
    lease.want(16, 0)
    lease.send(0)
    lease.unanswered(20)
    assert lease.offered is not None
    assert lease.offered.amps == 16


def test_a_refused_one_does_not_count(lease: Lease) -> None:
    lease.want(16, 0)
    lease.send(0)
    lease.refused(1)
    assert lease.offered is None


def test_a_lease_that_is_not_renewed_binds_no_longer(lease: Lease) -> None:
    told(lease, 10, 0)
    assert lease.running(119.9)
    assert not lease.running(120)
    assert not lease.satisfied(120)


def test_a_wish_that_nobody_repeats_is_not_renewed_for_ever(lease: Lease) -> None:
    told(lease, 10, 0)
    lease.send(45)
    lease.accepted(45)
    assert lease.due_at(46) == 90
    assert due(lease, 90)
    lease.send(90)
    lease.accepted(90)
    assert lease.due_at(135) is None
    lease.want(10, 136)
    assert due(lease, 136)


def test_after_a_blink_of_the_link_the_wish_is_said_again(lease: Lease) -> None:
    told(lease, 10, 0)
    lease.relinked(10, safe_a=6)
    assert due(lease, 10)
    assert lease.wanted_a == 10
    lease.send(10)
    lease.accepted(10)
    assert not due(lease, 11)


def test_after_the_lease_an_old_wish_is_nobodys(lease: Lease) -> None:
    told(lease, 16, 0)
    lease.relinked(120, safe_a=6)
    assert lease.wanted_a is None
    assert lease.due_at(120) is None
    assert lease.offered is not None
    assert lease.offered.amps == 6
    # And so it is for one that was never answered.
    lease.want(20, 200)
    lease.send(200)
    lease.unanswered(220)
    lease.relinked(319, safe_a=6)
    assert lease.offered.amps == 20
    lease.relinked(320, safe_a=6)
    assert lease.offered.amps == 6


def test_a_new_link_begins_without_old_failures(lease: Lease) -> None:
    lease.want(10, 0)
    for _ in range(5):
        lease.send(0)
        lease.refused(0)
    lease.relinked(6, safe_a=6)
    assert due(lease, 6)
    assert lease.failures == 0


def test_what_was_on_the_way_when_the_link_went_is_not_waited_for(
    lease: Lease,
) -> None:
    lease.want(10, 0)
    lease.send(0)
    lease.relinked(1, safe_a=6)
    assert lease.due_at(1) is not None
    lease.accepted(2)
    lease.refused(2)
    assert lease.offered is None


def test_left_on_its_safe_current_nobody_commands_it(lease: Lease) -> None:
    told(lease, 16, 0)
    assert not lease.at_rest
    lease.release()
    lease.left_safe(10, 6)
    assert lease.offered is not None
    assert lease.offered.amps == 6
    assert lease.at_rest
    assert lease.due_at(20) is None
    assert not lease.running(20)


def test_a_wish_that_came_while_it_was_left_safe_stays_one(lease: Lease) -> None:
    told(lease, 16, 0)
    lease.release()
    lease.want(12, 9)
    lease.left_safe(10, 6)
    assert lease.wanted_a == 12
    assert due(lease, 10)
    lease.send(10)
    # It may be on the charger from now on.
    assert not lease.at_rest


def test_after_the_lease_nothing_is_believed_of_a_charger_without_a_safe_profile(
    lease: Lease,
) -> None:
    told(lease, 16, 0)
    lease.relinked(120, safe_a=None)
    assert lease.wanted_a is None
    assert lease.offered is None
    # So also what happens to be the safe current is sent.
    lease.want(6, 121)
    assert due(lease, 121)


def test_a_renewal_without_answer_may_bind_for_a_whole_lease_from_then(
    lease: Lease,
) -> None:
    told(lease, 10, 0)
    lease.want(10, 45)
    lease.send(45)
    lease.unanswered(65)
    assert lease.offered is not None
    assert (lease.offered.sent_at, lease.offered.known_at) == (45, 0.1)
    # What is sure ends with the one that was answered.
    assert not lease.running(120)
    lease.relinked(164, safe_a=6)
    assert lease.offered.amps == 10
    lease.relinked(165, safe_a=6)
    assert lease.offered.amps == 6


def test_so_may_one_that_never_was_answered(lease: Lease) -> None:
    told(lease, 10, 0)
    lease.want(20, 10)
    for sent_at in (10, 40):
        lease.send(sent_at)
        lease.unanswered(sent_at + 20)
    assert lease.offered is not None
    assert (lease.offered.amps, lease.offered.sent_at) == (20, 40)


@pytest.mark.parametrize("outcome", ["accepted", "refused", "unanswered"])
def test_what_changes_while_a_frame_is_under_way_is_said_again(
    lease: Lease, outcome: str
) -> None:
    told(lease, 10, 0)
    lease.want(10, 45)
    lease.send(45)
    lease.say_again()
    getattr(lease, outcome)(46)
    assert due(lease, 48)
    lease.send(48)
    lease.accepted(48)
    assert not due(lease, 49)


def test_what_was_to_be_said_again_and_was_refused_is_tried_again(
    lease: Lease,
) -> None:
    told(lease, 10, 0)
    lease.say_again()
    lease.send(1)
    lease.refused(1)
    assert lease.due_at(1) == 3


def test_nobodys_wish_binds_no_longer_than_a_lease_and_a_bit() -> None:
    timing = Timing()
    lease = Lease(timing)
    told(lease, 16, 0)
    last = 0.0
    while (at := lease.due_at(last)) is not None and due(lease, at):
        last = at
        lease.send(last)
        lease.accepted(last)
    # Home repeats its set-points every 20 s; after two missed it is taken for dead.
    assert last == 45
    assert lease.due_at(last + timing.renew_s) is None


def test_a_change_under_the_limit_makes_it_be_sent_again(lease: Lease) -> None:
    told(lease, 10, 0)
    lease.say_again()
    assert due(lease, 1)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 6, 10, 16, 32]),
            st.sampled_from(["accepted", "refused", "unanswered", "none"]),
            st.floats(0.01, 20),
        ),
        max_size=40,
    )
)
def test_whatever_happens_the_highest_possible_current_is_counted(
    steps: list[tuple[float, str, float]],
) -> None:
    lease = Lease(TIMING)
    now = 0.0
    possible: set[float] = set()
    for amps, outcome, wait in steps:
        lease.want(amps, now)
        if due(lease, now) and outcome != "none":
            sent = lease.send(now)
            if outcome == "accepted":
                possible = {sent}
            elif outcome == "unanswered":
                possible.add(sent)
            getattr(lease, outcome)(now + 0.01)
        now += wait
        offered = lease.offered
        assert (offered.amps if offered else None) == max(possible, default=None)


class TestPhases:
    """Another number of phases is a change."""

    def test_it_is_sent_and_keeps_its_distance(self, lease: Lease) -> None:
        lease.want(10, 0, 3)
        lease.send(0)
        lease.accepted(0.1)
        lease.want(10, 1, 1)
        assert not lease.satisfied(1)
        assert lease.due_at(1) == 5
        lease.send(5)
        lease.accepted(5.1)
        assert lease.offered is not None
        assert (lease.offered.amps, lease.offered.phases) == (10, 1)
        lease.want(10, 6, 1)
        assert lease.satisfied(6)

    def test_of_a_charger_that_stands_still_it_is_no_stop(self, lease: Lease) -> None:
        lease.want(0, 0, 3)
        lease.send(0)
        lease.accepted(0.1)
        lease.want(0, 1, 1)
        assert lease.due_at(1) == 5
        lease.send(5)
        lease.refused(5.5)
        assert lease.due_at(6) == 10
        lease.want(10, 7, 1)
        assert lease.due_at(7) == 10

    def test_a_stop_does_not_wait_for_its_phases(self, lease: Lease) -> None:
        lease.want(10, 0, 3)
        lease.send(0)
        lease.accepted(0.1)
        lease.want(0, 1, 1)
        assert due(lease, 1)

    @pytest.mark.parametrize(("before", "sent", "counted"), [(3, 1, 3), (1, 3, 3)])
    def test_unanswered_the_greater_number_counts(
        self, lease: Lease, before: int, sent: int, counted: int
    ) -> None:
        lease.want(10, 0, before)
        lease.send(0)
        lease.accepted(0.1)
        lease.want(10, 6, sent)
        lease.send(6)
        lease.unanswered(7)
        assert lease.offered is not None
        assert (lease.offered.amps, lease.offered.phases) == (10, counted)
        # Going back is said as well: nobody knows what it took.
        lease.want(10, 8, before)
        assert not lease.satisfied(8)
        assert lease.due_at(8) == 11

    def test_a_higher_current_on_fewer_phases_counts_on_all(self, lease: Lease) -> None:
        lease.want(6, 0, 3)
        lease.send(0)
        lease.accepted(0.1)
        lease.want(16, 6, 1)
        lease.send(6)
        lease.unanswered(7)
        assert lease.offered is not None
        assert (lease.offered.amps, lease.offered.phases) == (16, 3)

    def test_taken_without_its_phases_it_is_not_wished_for_again(
        self, lease: Lease
    ) -> None:
        lease.want(10, 0, 1)
        lease.send(0)
        lease.accepted(0.1, without_phases=True)
        assert lease.offered is not None
        assert lease.offered.phases is None
        assert lease.wanted_phases is None
        assert lease.satisfied(1)
