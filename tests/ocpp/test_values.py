"""What can be made of what chargers put into fields."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.ocpp.values import (
    Fields,
    integer,
    number,
    text,
    timestamp,
    wire_time,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("16", 16.0),
        (" 16.5 ", 16.5),
        ("16,5", 16.5),
        (16, 16.0),
        (-3.5, -3.5),
        ("1e3", 1000.0),
        ("", None),
        ("  ", None),
        ("NaN", None),
        ("inf", None),
        (float("nan"), None),
        (10**400, None),
        ("16 A", None),
        (True, None),
        (None, None),
        ([16], None),
    ],
)
def test_numbers_are_read_however_they_are_written(
    value: object, expected: float | None
) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("12", 12), (12.0, 12), ("-1", -1), (12.5, None), ("x", None), (False, None)],
)
def test_whole_numbers_are_read_from_text_and_fractions_are_none(
    value: object, expected: int | None
) -> None:
    assert integer(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  ABC\x00\x07 ", "ABC"),
        (1234, "1234"),
        ("", None),
        ("\n\t", None),
        (None, None),
        (True, None),
        ({"a": 1}, None),
        ("x" * 300, "x" * 255),
    ],
)
def test_text_is_printable_and_bounded(value: object, expected: str | None) -> None:
    assert text(value) == expected


NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-06-01T12:00:00Z", NOON),
        ("2026-06-01T14:00:00+02:00", NOON),
        ("2026-06-01T12:00:00", NOON),
        (" 2026-06-01 12:00:00Z ", NOON),
        ("2026-06-01T12:00:00.250000Z", NOON.replace(microsecond=250_000)),
        ("1970-01-01T00:00:05Z", datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)),
        ("1969-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2200-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
        (1717243200, None),
    ],
)
def test_times_become_utc_also_of_a_clock_that_was_never_set(
    value: object, expected: datetime | None
) -> None:
    assert timestamp(value) == expected


def test_times_go_out_as_utc_without_fractions() -> None:
    moment = datetime.fromisoformat("2026-06-01T14:00:00.999999+02:00")
    assert wire_time(moment) == "2026-06-01T12:00:00Z"


def test_fields_are_found_in_any_spelling() -> None:
    fields = Fields({"idTag": "A", "Meter_Start": "12", "vendor-id": None})
    assert fields.text("id_tag") == "A"
    assert fields.integer("meterStart") == 12
    assert fields.raw("vendorId") is None
    assert fields.text("mesurand", "idtag") == "A"


def test_a_lone_object_counts_as_a_list_of_one() -> None:
    fields = Fields({"meterValue": {"a": 1}, "other": [1, {"b": 2}], "wrong": 5})
    assert [part.integer("a") for part in fields.parts("meterValue")] == [1]
    assert [part.integer("b") for part in fields.parts("other")] == [2]
    assert fields.parts("wrong") == []


@given(JSON)
def test_no_json_upsets_a_reader(value: Any) -> None:
    fields = Fields(value)
    for key in value if isinstance(value, dict) else ["any"]:
        assert isinstance(fields.parts(key), list)
        assert fields.number(key) is None or fields.number(key) is not None
    timestamp(value)
    result = text(value)
    assert result is None or result.isprintable()
