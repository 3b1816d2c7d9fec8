"""Who stops where throttling is too little."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.groups import Group
from custom_components.surplus.control.guard.clamp import Relief
from custom_components.surplus.control.guard.harm import (
    Scene,
    Victim,
    least_harm,
    victim_of,
)
from custom_components.surplus.control.guard.watch import Watched
from custom_components.surplus.control.limits import Headroom
from custom_components.surplus.control.loads.base import Follower
from custom_components.surplus.control.loads.circumstances import Circumstances
from custom_components.surplus.control.model import (
    HeaterReading,
    HeaterSpec,
    LimitKind,
    Mode,
)
from custom_components.surplus.control.settings import HomeSettings

from .guard_bench import START, V, load, running


def victim(load_id: str, frees_a: float, *poles: int) -> Victim:
    return Victim(load_id=load_id, poles=poles or (1,), frees_a=frees_a)


def chosen(needed_a: Mapping[int, float], *victims: Victim) -> list[str]:
    return [one.load_id for one in least_harm(victims, needed_a)]


def test_the_last_that_is_enough_is_stopped_alone() -> None:
    assert chosen({1: 3.0}, victim("a", 5), victim("b", 4), victim("c", 2)) == ["b"]
    assert chosen({1: 2.0}, victim("a", 5), victim("b", 4), victim("c", 2)) == ["c"]


def test_as_many_as_are_needed_from_the_last_on() -> None:
    three = victim("a", 5), victim("b", 4), victim("c", 3)
    assert chosen({1: 6.0}, *three) == ["c", "b"]
    assert chosen({1: 12.0}, *three) == ["c", "b", "a"]


def test_none_of_several_is_stopped_in_vain() -> None:
    # With the first two of them the last one would not have been needed.
    assert chosen({1: 8.0}, victim("a", 5), victim("b", 4), victim("c", 1)) == [
        "b",
        "a",
    ]


def test_where_all_are_too_little_all_that_help_are_stopped() -> None:
    assert chosen({1: 50.0}, victim("a", 5), victim("b", 4, 2)) == ["a"]


def test_one_that_frees_next_to_nothing_stays() -> None:
    assert chosen({1: 5.0}, victim("a", 0.1)) == []


@pytest.mark.parametrize(
    ("needed_a", "stopped"),
    [
        ({1: 2.0}, ["c"]),
        ({2: 2.0}, ["b"]),
        ({1: 2.0, 2: 2.0}, ["c"]),
        ({1: 2.0, 2: 4.0}, ["c", "b"]),
    ],
)
def test_each_phase_is_freed_on_its_own(
    needed_a: dict[int, float], stopped: list[str]
) -> None:
    loads = victim("a", 9, 3), victim("b", 4, 2), victim("c", 2, 1, 2)
    if needed_a == {2: 2.0}:
        loads = loads[:2]
    assert chosen(needed_a, *loads) == stopped


def test_where_one_phase_has_enough_nobody_else_on_it_is_stopped() -> None:
    loads = victim("a", 5, 2), victim("b", 4, 1), victim("c", 6, 1)
    assert chosen({1: 5.0, 2: 9.0}, *loads) == ["c", "a"]


def scene(
    follower: Follower, *, draws_w: float, obeys: bool = True, **caps_w: float
) -> Scene:
    load_id = follower[0].spec.load_id
    return Scene(
        followers=[follower],
        own_w={load_id: draws_w},
        relief=Relief(
            caps_w=caps_w, obeying=frozenset({load_id}) if obeys else frozenset()
        ),
        around=Circumstances(
            now=100.0,
            wall=START,
            voltage_v=V,
            meter=MeterState.FRESH,
            headroom=Headroom((), (0.0,)),
            settings=HomeSettings(),
        ),
    )


BOX = Watched(key="k", kind=LimitKind.BREAKER, limit_a=20.0, shown_a=(25.0,))


class TestWhoMayBeStopped:
    def test_what_it_draws_is_freed_on_each_of_its_phases(self) -> None:
        one = load("s", 5.0, 1, 2)
        assert victim_of(BOX, one, scene(one, draws_w=8 * V)) == Victim(
            load_id="s", poles=(1, 2), frees_a=4.0
        )

    def test_no_more_than_it_was_told_or_is_left_by_throttling(self) -> None:
        one = load("s", 5.0)
        for around in (scene(one, draws_w=9 * V), scene(one, draws_w=9 * V, s=7 * V)):
            found = victim_of(BOX, one, around)
            assert found
            assert found.frees_a == 5
        found = victim_of(BOX, one, scene(one, draws_w=9 * V, s=2 * V))
        assert found
        assert found.frees_a == 2

    def test_what_hardly_draws_is_left_alone(self) -> None:
        one = load("s", 5.0)
        assert victim_of(BOX, one, scene(one, draws_w=49.0)) is None
        found = victim_of(BOX, one, scene(one, draws_w=60.0))
        assert found
        assert found.relieves({1: 1.0})

    def test_not_one_that_does_not_obey(self) -> None:
        one = load("s", 5.0)
        assert victim_of(BOX, one, scene(one, draws_w=900.0, obeys=False)) is None

    def test_not_one_that_is_off(self) -> None:
        one = load("s", 5.0)
        one[1].switching.on = False
        assert victim_of(BOX, one, scene(one, draws_w=900.0)) is None

    def test_not_one_that_a_person_wants(self) -> None:
        one = load("s", 5.0, mode=Mode.BOOST)
        assert victim_of(BOX, one, scene(one, draws_w=900.0)) is None

    def test_not_one_that_can_be_throttled_to_nothing(self) -> None:
        spec = HeaterSpec(load_id="h", name="h", priority=1, max_w=2000.0)
        one = running(spec, HeaterReading(reachable=True), 900.0)
        assert victim_of(BOX, one, scene(one, draws_w=900.0)) is None

    def test_not_one_behind_another_circuit(self) -> None:
        for behind in ("s", "x"):
            box = Watched(
                key="g",
                kind=LimitKind.CIRCUIT,
                limit_a=20.0,
                shown_a=(25.0,),
                group=Group(
                    key="g",
                    kind=LimitKind.CIRCUIT,
                    limit_a=20.0,
                    base_a=(0.0,),
                    shown_a=(25.0,),
                    load_ids=frozenset({behind}),
                ),
            )
            one = load("s", 5.0)
            found = victim_of(box, one, scene(one, draws_w=900.0))
            assert (found is not None) is (behind == "s")

    @pytest.mark.parametrize(("since", "spared"), [(60.0, True), (30.0, False)])
    def test_a_cap_breaks_no_minimum_time_and_a_breaker_does(
        self, since: float, spared: bool
    ) -> None:
        one = load("s", 5.0, min_on_s=60.0)
        one[1].switching.since = since
        cap = replace(BOX, kind=LimitKind.HOUSE_CAP)
        assert (victim_of(cap, one, scene(one, draws_w=900.0)) is None) is spared
        assert victim_of(BOX, one, scene(one, draws_w=900.0)) is not None


AMPERES = st.integers(1, 40)


@given(
    st.lists(st.tuples(AMPERES, st.sets(st.sampled_from((1, 2, 3)), min_size=1))),
    st.dictionaries(st.sampled_from((1, 2, 3)), AMPERES, min_size=1),
)
def test_it_is_enough_where_it_can_be_and_nobody_too_many(
    loads: list[tuple[int, set[int]]], needed_a: dict[int, float]
) -> None:
    victims = [
        victim(str(n), amperes, *sorted(poles))
        for n, (amperes, poles) in enumerate(loads)
    ]
    stopped = least_harm(victims, needed_a)

    def lacks(some: list[Victim]) -> bool:
        return any(
            sum(one.frees_a for one in some if pole in one.poles) < amount
            for pole, amount in needed_a.items()
        )

    if lacks(victims):
        helpful = [v for v in victims if any(pole in needed_a for pole in v.poles)]
        assert {v.load_id for v in stopped} <= {v.load_id for v in helpful}
        return
    assert not lacks(list(stopped))
    for one in stopped:
        assert lacks([other for other in stopped if other is not one])
