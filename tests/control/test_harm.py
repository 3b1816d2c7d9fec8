"""Who stops where throttling is too little."""

from collections.abc import Mapping

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.guard.harm import Victim, least_harm


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
