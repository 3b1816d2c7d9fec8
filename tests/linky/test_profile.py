"""Day profiles: hours in two notations, and what comes next by them."""

from collections.abc import Callable
from datetime import datetime

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.linky.profile import (
    Switching,
    base_of_switch,
    hour_base,
    next_switching,
    parse_profile,
)

from .test_meter import Line
from .tic import frame, standard

DECIMAL = "00008002 0256C001 07568002 1156C001 14568002"
# 12:30, 15:30 and 22:00 as some meters write them.
HEXADECIMAL = "00008002 0C1EC001 0F1E8002 1600C001"
# One that may be either: 01:00 and 16:00, or 01:00 and 22:00.
EITHER = "01008002 1600C001"


def test_a_day_profile_in_decimal() -> None:
    text = f"{DECIMAL} " + " ".join(["NONUTILE"] * 6)
    assert parse_profile(text) == (
        Switching(minute=0, index=2, contact_closed=False),
        Switching(minute=176, index=1, contact_closed=True),
        Switching(minute=476, index=2, contact_closed=False),
        Switching(minute=716, index=1, contact_closed=True),
        Switching(minute=896, index=2, contact_closed=False),
    )


def test_a_day_profile_in_hexadecimal_bytes() -> None:
    assert [step.minute for step in parse_profile(HEXADECIMAL)] == [0, 750, 930, 1320]


def test_ten_is_the_last_index() -> None:
    steps = parse_profile("0000000A 0600000B 12000001 18000000")
    assert [step.index for step in steps] == [10, None, 1, None]


def test_a_tempo_rule_leaves_the_contact_to_the_meter() -> None:
    (step,) = parse_profile("06004002")
    assert step.contact_closed is None
    (step,) = parse_profile("06000000")
    assert (step.index, step.contact_closed) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NONUTILE",
        "XXXX8002",
        "0600ZZZZ",
        "0600",
        "-1-18002",
        "0600-001",
        "24008002",
        "06608002",
        "060800",
        "06",
    ],
)
def test_a_block_that_makes_no_sense_is_left_out(text: str) -> None:
    assert parse_profile(text) == ()


@given(st.text(max_size=98))
def test_no_profile_raises(text: str) -> None:
    assert len(parse_profile(text)) <= 98


@pytest.mark.parametrize(
    ("text", "tempo", "base"),
    [
        (DECIMAL, False, 10),
        (HEXADECIMAL, False, 16),
        (EITHER, False, None),
        ("", False, None),
        # A meter that writes 2200 cannot mean hexadecimal: there is no hour 34.
        ("00004001 06004002 22004001", True, 10),
        ("00004001 06004002 16004001", True, 16),
        ("00004001 06004002 16004001", False, None),
        ("00004001 06004002", True, None),
        # Debris in one block does not hide what the others say.
        ("XXXX8002 0C1EC001", False, 16),
        ("XXXX8002 2200C001", False, 10),
    ],
)
def test_how_hours_are_written_is_told_by_hours_that_only_one_way_has(
    text: str, tempo: bool, base: int | None
) -> None:
    assert hour_base(text, tempo=tempo) == base


@pytest.mark.parametrize(
    ("minute", "index", "base"),
    [
        (16 * 60 + 2, 1, 10),
        (22 * 60 - 3, 1, 16),
        (22 * 60 - 11, 1, None),
        (22 * 60, 2, None),
        # The same time in both.
        (60, 2, None),
    ],
)
def test_a_switch_that_is_seen_tells_how_hours_are_written(
    minute: int, index: int, base: int | None
) -> None:
    assert base_of_switch(EITHER, minute, index) == base


def steps(*switches: tuple[int, int | None]) -> tuple[Switching, ...]:
    return tuple(
        Switching(minute=hour * 60, index=index, contact_closed=None)
        for hour, index in switches
    )


HP_HC = steps((0, 1), (6, 2), (22, 1))


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (3, datetime(2025, 1, 22, 6)),  # noqa: DTZ001 - the meter's own time
        (6, datetime(2025, 1, 22, 22)),  # noqa: DTZ001
        # At midnight nothing changes: it is off-peak before and after.
        (23, datetime(2025, 1, 23, 6)),  # noqa: DTZ001
    ],
)
def test_the_next_change_is_the_next_other_index(hour: int, expected: datetime) -> None:
    now = datetime(2025, 1, 22, hour)  # noqa: DTZ001
    assert next_switching(HP_HC, HP_HC, now) == expected


def test_a_day_that_is_not_told_is_passed_over() -> None:
    now = datetime(2025, 1, 22, 3)  # noqa: DTZ001
    assert next_switching(None, HP_HC, now) == datetime(2025, 1, 23, 6)  # noqa: DTZ001


def test_the_day_before_says_whether_midnight_changes_anything() -> None:
    now = datetime(2025, 1, 22, 23)  # noqa: DTZ001
    # Today ends in index 2, as tomorrow begins; tomorrow itself ends in index 1.
    today, tomorrow = steps((0, 1), (6, 2)), steps((0, 2), (6, 1))
    assert next_switching(today, tomorrow, now) == datetime(2025, 1, 23, 6)  # noqa: DTZ001


def test_a_switch_of_the_contact_alone_is_no_change_of_the_tariff() -> None:
    now = datetime(2025, 1, 22, 3)  # noqa: DTZ001
    day = (
        *steps((0, 1), (5, None)),
        Switching(minute=7 * 60 + 30, index=2, contact_closed=True),
    )
    half_past = datetime(2025, 1, 22, 7, 30)  # noqa: DTZ001
    assert next_switching(day, day, now) == half_past


def test_a_change_at_midnight_is_one() -> None:
    now = datetime(2025, 1, 22, 23)  # noqa: DTZ001
    midnight = datetime(2025, 1, 23)  # noqa: DTZ001
    assert next_switching(HP_HC, steps((0, 2), (6, 1)), now) == midnight


@pytest.mark.parametrize("profile", [(), steps((0, 1)), steps((0, None), (5, None))])
def test_a_flat_calendar_has_no_next_change(profile: tuple[Switching, ...]) -> None:
    now = datetime(2025, 1, 22, 12)  # noqa: DTZ001
    assert next_switching(profile, profile, now) is None


# What the meter holds


def calendar(
    profile: str,
    *,
    ntarf: int = 1,
    clock: str = "H250122120000",
    ngtf: str = "H PLEINE/CREUSE ",
    njourf: str = "00",
) -> bytes:
    unused = ["NONUTILE"] * (11 - len(profile.split()))
    return frame(
        standard("ADSC", "031664000000"),
        standard("DATE", "", clock),
        standard("NGTF", ngtf),
        standard("SINSTS", "00500"),
        standard("STGE", "003A8000"),
        standard("NTARF", f"{ntarf:02}"),
        standard("NJOURF", njourf),
        standard("NJOURF+1", "00"),
        standard("PJOURF+1", " ".join([profile, *unused])),
    )


def minutes(line: Line) -> list[int]:
    return [step.minute for step in line.meter.profiles(line.now)[1]]


def test_one_hexadecimal_profile_says_how_all_others_are_meant() -> None:
    line = Line()
    line.send(*[calendar(EITHER)] * 2)
    assert minutes(line) == [60, 16 * 60]
    line.send(*[calendar(HEXADECIMAL)] * 3)
    line.send(*[calendar(EITHER)] * 3)
    assert minutes(line) == [60, 22 * 60]


def test_the_evening_of_tempo_says_how_hours_are_meant() -> None:
    line = Line()
    tempo = "00004001 06004002 16004001"
    line.send(*[calendar(tempo, ngtf="     TEMPO      ")] * 3)
    assert minutes(line) == [0, 6 * 60, 22 * 60]


@pytest.mark.parametrize(
    ("clock", "evening"), [("H250122215800", 22), ("H250122160200", 16)]
)
def test_a_switch_settles_what_the_profile_leaves_open(
    clock: str, evening: int
) -> None:
    line = Line()
    line.send(*[calendar(EITHER, ntarf=2, clock=clock)] * 3)
    assert line.meter.hour_base is None
    line.send(*[calendar(EITHER, ntarf=1, clock=clock)] * 3)
    assert minutes(line) == [60, evening * 60]


@pytest.mark.parametrize(
    "other",
    [
        # Today has another profile than the one that is sent.
        lambda index: calendar(EITHER, ntarf=index, clock="H250122220000", njourf="01"),
        # A clock that knows no season tells no time.
        lambda index: calendar(EITHER, ntarf=index, clock=" 250122220000"),
    ],
)
def test_a_switch_that_proves_nothing_is_passed_over(
    other: Callable[[int], bytes],
) -> None:
    line = Line()
    line.send(*[other(2)] * 3, *[other(1)] * 3)
    assert line.meter.hour_base is None


def test_today_is_told_only_while_it_is_as_tomorrow() -> None:
    line = Line()
    line.send(*[calendar(DECIMAL)] * 2)
    today, tomorrow = line.meter.profiles(line.now)
    assert today == tomorrow == parse_profile(DECIMAL)
    line.send(*[calendar(DECIMAL, njourf="03")] * 2)
    assert line.meter.profiles(line.now)[0] is None


def test_another_meter_may_write_its_hours_otherwise() -> None:
    line = Line()
    line.send(*[calendar(HEXADECIMAL)] * 3)
    assert line.meter.hour_base == 16
    line.send(*[frame(standard("ADSC", "031664000001"))] * 2)
    assert line.meter.hour_base is None
