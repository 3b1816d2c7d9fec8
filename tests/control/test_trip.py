"""How long breakers still hold, against the check values of the meter's law."""

import pytest

from custom_components.surplus.control.guard.trip import LINKY, Heat


def seconds_to_trip(before: float, ratio: float) -> float:
    """Step from a load that has lasted for ever to another one."""
    heat = Heat(LINKY)
    heat.observe(0.0, [before])
    heat.observe(1.0, [ratio])
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
