"""Of several wishes for one load the strongest counts, and all of it is told as such."""

from dataclasses import replace
from itertools import permutations

import pytest

from custom_components.surplus.control.model import LoadSpec, Reason, Wish
from custom_components.surplus.control.needs.strongest import strongest_of

from .bench import CHARGER, HEATER, STORAGE, SWITCHED

SMALL = Wish(reason=Reason.SCHEDULED, value=7.0)
GREAT = Wish(reason=Reason.SCHEDULED, value=10.0)
ALL = Wish(reason=Reason.SCHEDULED)
NEEDED = Wish(reason=Reason.NEEDED)
MINIMUM = Wish(reason=Reason.CAR_MINIMUM)
STOP = Wish(reason=Reason.CAR_LIMIT, value=0.0)
FROM_WEAK_TO_STRONG = (SMALL, GREAT, ALL, NEEDED, MINIMUM, STOP)


def test_a_stop_is_before_all_that_is_all_and_then_the_greatest() -> None:
    for strong in range(1, len(FROM_WEAK_TO_STRONG)):
        for weak in range(strong):
            pair = FROM_WEAK_TO_STRONG[weak], FROM_WEAK_TO_STRONG[strong]
            for wishes in permutations(pair):
                assert strongest_of(wishes, CHARGER) is pair[1]


def test_a_greater_value_is_before_a_stronger_reason() -> None:
    wishes = (replace(NEEDED, value=7.0), GREAT)
    assert strongest_of(wishes, CHARGER) is GREAT


@pytest.mark.parametrize(
    ("spec", "less", "most"),
    [
        (CHARGER, 15.0, 16.0),
        (HEATER, 2399.0, 2400.0),
        (STORAGE, 2999.0, 3000.0),
        (SWITCHED, None, 0.5),
    ],
)
def test_what_is_as_much_as_a_load_can_take_is_all_of_it(
    spec: LoadSpec, less: float | None, most: float
) -> None:
    for value, told in ((most, None), (most + 1.0, None), (less, less)):
        wish = replace(SMALL, value=value, numbers={"until": "then"})
        assert strongest_of([wish], spec) == replace(wish, value=told)


@pytest.mark.parametrize("spec", [CHARGER, HEATER, STORAGE, SWITCHED])
def test_a_stop_remains_one_whatever_the_load_can_take(spec: LoadSpec) -> None:
    assert strongest_of([STOP], spec).stops
