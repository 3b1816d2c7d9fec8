"""Which limits count as exceeded, since when, and which breaker opens first."""

from math import inf

import pytest

from custom_components.surplus.control.groups import Group
from custom_components.surplus.control.guard.trip import BREAKER, LINKY, TripLaw
from custom_components.surplus.control.guard.watch import Watch, Watched, watched_of
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.model import LimitKind


def limit(
    *shown_a: float,
    limit_a: float = 20.0,
    kind: LimitKind = LimitKind.BREAKER,
    law: TripLaw | None = BREAKER,
    warned: bool = False,
) -> Watched:
    return Watched(
        key=kind.value,
        kind=kind,
        limit_a=limit_a,
        shown_a=shown_a,
        law=law,
        warned=warned,
    )


def watch_of(*readings: tuple[float, float]) -> Watch:
    """Show a breaker of 20 A some currents, each at its instant."""
    watch = Watch({})
    for at, shown_a in readings:
        watch.observe(at, (limit(shown_a),))
    return watch


class TestSinceWhen:
    def test_at_its_limit_nothing_is_exceeded(self) -> None:
        assert not limit(20.0, 20.0).over
        assert limit(20.0, 20.1).over
        assert limit(20.0, 20.1, 3.0).over_a((20.0, 20.5, 3.0)) == {2: 0.5}
        assert limit(1.0, warned=True).over

    def test_what_is_shown_exceeded_twice_was_so_all_the_time_between(self) -> None:
        watch = watch_of((100.0, 22.0), (350.0, 22.0))
        assert (watch.overload_s, watch.overloads) == (250.0, 1)
        assert watch.lasts_s(limit(22.0), 360.0) == 260.0
        # Nobody knows what flowed in a longer silence.
        assert watch_of((100.0, 22.0), (900.0, 22.0)).overload_s == 300.0

    def test_what_is_over_by_the_next_reading_counts_for_ten_seconds(self) -> None:
        assert watch_of((100.0, 22.0), (104.0, 5.0)).overload_s == 4.0
        assert watch_of((100.0, 22.0), (200.0, 5.0)).overload_s == 10.0

    def test_nothing_is_counted_without_an_overload_or_twice(self) -> None:
        assert watch_of((100.0, 5.0), (104.0, 5.0)).overloads == 0
        assert watch_of((100.0, 5.0), (104.0, 22.0)).overload_s == 0.0
        assert watch_of((100.0, 22.0), (100.0, 22.0)).overload_s == 0.0
        assert watch_of((100.0, 22.0), (90.0, 22.0)).overload_s == 0.0

    @pytest.mark.parametrize(("back_at", "overloads"), [(110.0, 1), (111.0, 2)])
    def test_what_comes_back_within_ten_seconds_has_not_been_over(
        self, back_at: float, overloads: int
    ) -> None:
        watch = watch_of((100.0, 22.0), (105.0, 5.0), (back_at, 22.0))
        assert watch.overloads == overloads
        since = 100.0 if overloads == 1 else back_at
        assert watch.lasts_s(limit(22.0), 120.0) == 120.0 - since

    @pytest.mark.parametrize(("next_at", "overloads"), [(400.0, 1), (401.0, 2)])
    def test_a_slow_meter_shows_one_overload_where_two_readings_follow(
        self, next_at: float, overloads: int
    ) -> None:
        assert watch_of((100.0, 22.0), (next_at, 22.0)).overloads == overloads

    def test_what_goes_on_second_by_second_is_one_from_its_first(self) -> None:
        watch = watch_of(*((float(at), 22.0) for at in range(100, 130)))
        assert watch.overloads == 1
        assert watch.lasts_s(limit(22.0), 129.0) == 29.0

    def test_one_reading_of_a_slow_meter_under_the_limit_ends_it(self) -> None:
        assert not watch_of((100.0, 22.0), (150.0, 5.0)).overloaded

    def test_it_lasts_until_it_was_not_seen_for_ten_seconds(self) -> None:
        watch = watch_of((100.0, 22.0), (110.0, 5.0))
        assert watch.overloaded
        assert watch.exceeded == []
        watch.observe(111.0, (limit(5.0),))
        assert not watch.overloaded
        assert watch.exceeded_at == 100.0

    def test_two_limits_at_a_time_are_one_overload_each_since_its_own_instant(
        self,
    ) -> None:
        watch = Watch({})
        contract = limit(22.0, limit_a=21.0, kind=LimitKind.SUBSCRIPTION)
        watch.observe(100.0, (limit(20.5),))
        watch.observe(103.0, (limit(22.0), contract))
        assert watch.overloads == 1
        assert watch.lasts_s(limit(22.0), 103.0) == 3.0
        assert watch.lasts_s(contract, 103.0) == 0.0


class TestHowLong:
    def test_a_warm_breaker_below_its_limit_holds_for_ever(self) -> None:
        watch = watch_of(*((float(at), 28.0) for at in range(20)), (20.0, 20.0))
        assert watch.heat > 0.5
        assert watch.seconds_left(20.0) == inf
        assert watch.over is None

    def test_the_first_of_them_to_open_is_named(self) -> None:
        watch = Watch({})
        for at in (0.0, 1.0):
            amperes = 60.0 * at
            quick = limit(amperes, limit_a=20.0)
            slow = limit(amperes, limit_a=30.0, kind=LimitKind.SUBSCRIPTION, law=LINKY)
            watch.observe(at, (slow, quick))
        assert watch.over is LimitKind.BREAKER
        assert watch.seconds_left(1.0) == watch.holds_s(quick, 1.0)
        assert watch.holds_s(quick, 1.0) < watch.holds_s(slow, 1.0) < inf
        assert watch.holds_s(quick, 1.0, [20.0]) == inf

    def test_what_no_breaker_guards_holds_for_ever(self) -> None:
        watch = Watch({})
        cap = limit(50.0, kind=LimitKind.HOUSE_CAP, law=None)
        watch.observe(0.0, (cap,))
        watch.observe(500.0, (cap,))
        assert watch.holds_s(cap, 500.0) == inf
        assert watch.over is LimitKind.HOUSE_CAP
        assert watch.heat == 0.0

    def test_the_hottest_counts(self) -> None:
        watch = Watch({})
        watch.observe(
            0.0, (limit(16.0), limit(16.0, limit_a=20.1, kind=LimitKind.CIRCUIT))
        )
        assert watch.heat == pytest.approx(0.8**2 / 1.13**2)


class TestHeatThatIsKept:
    def test_it_outlives_a_restart_also_of_one_that_is_not_met_at_once(self) -> None:
        saved = watch_of((0.0, 20.0)).as_dict()
        again = Watch(saved)
        again.observe(0.0, (limit(1.0, kind=LimitKind.CIRCUIT),))
        saved = again.as_dict()
        assert saved["heats"].keys() == {"breaker", "circuit"}
        again = Watch(saved)
        again.observe(0.0, (limit(1.0),))
        assert again.heat == pytest.approx(1 / 1.13**2, abs=1e-3)

    def test_it_is_taken_back_once(self) -> None:
        watch = Watch({"heats": {"breaker": {"share": 0.9}}})
        watch.observe(0.0, (limit(1.0),))
        watch.observe(1.0, ())
        watch.observe(2.0, (limit(1.0),))
        assert watch.heat < 0.1

    def test_another_law_finds_it_as_warm_as_it_was(self) -> None:
        watch = watch_of((0.0, 20.0), (1.0, 20.0))
        before = watch.heat
        slow = limit(1.0, law=LINKY)
        watch.observe(2.0, (slow,))
        assert watch.heat == pytest.approx(before, abs=1e-3)
        # Below what a Linky carries for ever, above what another breaker does.
        assert watch.holds_s(slow, 2.0, [25.0]) == inf

    def test_the_count_of_overloads_goes_on(self) -> None:
        watch = Watch({"overload_s": 12.34, "overloads": 3})
        watch.observe(0.0, (limit(22.0),))
        watch.observe(1.0, (limit(22.0),))
        assert watch.as_dict()["overload_s"] == 13.3
        assert watch.as_dict()["overloads"] == 4


LIMITS = (
    Limit(kind=LimitKind.BREAKER, current_a=40.0),
    Limit(kind=LimitKind.SUBSCRIPTION, current_a=30.0),
)


def of(
    *limits: Limit,
    before: tuple[Watched, ...] = (),
    linky: bool = True,
    shown_a: float = 10.0,
    overload: bool = False,
    groups: tuple[Group, ...] = (),
) -> tuple[Watched, ...]:
    headroom = Headroom(limits, (0.0,), (shown_a,), overload=overload, groups=groups)
    return watched_of(limits, headroom, before, linky=linky)


class TestWhatIsWatched:
    def test_only_the_subscription_of_a_linky_follows_its_law(self) -> None:
        assert [one.law for one in of(*LIMITS)] == [BREAKER, LINKY]
        assert [one.law for one in of(*LIMITS, linky=False)] == [BREAKER, BREAKER]

    def test_a_warning_is_one_of_the_subscription(self) -> None:
        breaker, contract = of(*LIMITS, overload=True)
        assert (breaker.over, contract.over) == (False, True)

    def test_a_warning_counts_where_no_subscription_is_known(self) -> None:
        breaker, contract = of(LIMITS[0], overload=True)
        assert (breaker.over, contract.over) == (False, True)
        assert contract.kind is LimitKind.SUBSCRIPTION
        assert (contract.limit_a, contract.law) == (inf, None)

    def test_a_warning_begins_and_circuits_come_whatever_was_watched_before(
        self,
    ) -> None:
        before = of(*LIMITS)
        assert of(*LIMITS, before=before, overload=True)[1].over
        group = Group(
            key="g",
            kind=LimitKind.CIRCUIT,
            limit_a=5.0,
            base_a=(0.0,),
            shown_a=(6.0,),
        )
        assert of(*LIMITS, before=before, groups=(group,))[2].over

    def test_a_warning_that_ends_warns_no_more(self) -> None:
        warned = of(*LIMITS, overload=True)
        assert not any(one.over for one in of(*LIMITS, before=warned))

    def test_a_limit_that_moved_is_the_same_with_another_number(self) -> None:
        before = of(*LIMITS)
        less = Limit(kind=LimitKind.SUBSCRIPTION, current_a=8.0)
        after = of(LIMITS[0], less, before=before, shown_a=9.0)
        assert [one.limit_a for one in after] == [40.0, 8.0]
        assert [one.over for one in after] == [False, True]

    @pytest.mark.parametrize("limits", [LIMITS[:1], LIMITS[::-1], (*LIMITS, LIMITS[0])])
    def test_other_limits_are_watched_in_place_of_those_before(
        self, limits: tuple[Limit, ...]
    ) -> None:
        after = of(*limits, before=of(*LIMITS, linky=False), linky=False)
        assert [one.kind for one in after] == [one.kind for one in limits]
        assert [one.limit_a for one in after] == [one.current_a for one in limits]

    def test_a_contract_that_a_linky_tells_from_now_on_follows_its_law(self) -> None:
        after = of(*LIMITS, before=of(*LIMITS, linky=False))
        assert [one.law for one in after] == [BREAKER, LINKY]

    def test_a_circuit_has_a_breaker_and_a_cap_has_none(self) -> None:
        groups = tuple(
            Group(key=kind, kind=kind, limit_a=5.0, base_a=(0.0,), shown_a=(6.0,))
            for kind in (LimitKind.CIRCUIT, LimitKind.HOUSE_CAP)
        )
        watched = of(LIMITS[0], groups=groups)
        assert [one.law for one in watched] == [BREAKER, BREAKER, None]
        assert [one.over for one in watched] == [False, True, True]
        # Without them there is nothing left of them.
        assert len(of(LIMITS[0], before=watched)) == 1


class TestWithoutSomeLoads:
    def test_each_flows_no_more_on_its_own_phases(self) -> None:
        one = limit(10.0, 20.0, 30.0)
        phases = {"a": (1, 3), "b": (3,)}
        assert one.without_a({"a": 4.0, "b": 1.0, "gone": 9.0}, phases) == [6, 20, 25]
        assert one.shown_a == (10.0, 20.0, 30.0)

    def test_behind_a_circuit_only_its_own_do(self) -> None:
        group = Group(
            key="g",
            kind=LimitKind.CIRCUIT,
            limit_a=5.0,
            base_a=(0.0, 0.0),
            shown_a=(9.0, 9.0),
            load_ids=frozenset({"a"}),
        )
        one = limit(9.0, 9.0)
        one.group = group
        phases = {"a": (2,), "b": (1,)}
        assert one.without_a({"b": 2.0, "a": 3.0}, phases) == [9, 6]
