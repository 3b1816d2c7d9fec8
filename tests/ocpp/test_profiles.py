"""Charging profiles and the exact arithmetic of the lease."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.ocpp.profiles import (
    Form,
    legal_current,
    live_profile,
    profile_ids,
    safe_profile,
)

NOW = datetime(2026, 6, 1, 12, 0, 30, 700_000, tzinfo=UTC)
NEVER_SET = datetime(1970, 1, 1, tzinfo=UTC)


def live(
    form: Form, charger_now: datetime = NOW, limit_a: float = 16
) -> dict[str, Any]:
    return live_profile(
        form,
        1,
        limit_a=limit_a,
        safe_a=6,
        charger_now=charger_now,
        lease_s=120,
        backdate_s=45,
    ).as_payload()


def limit_at(profile: dict[str, Any], moment: datetime) -> float | None:
    """The limit of an Absolute profile by the standard; None where it has none."""
    schedule = profile["charging_schedule"]
    start = datetime.fromisoformat(schedule["start_schedule"])
    elapsed = (moment - start).total_seconds()
    if elapsed < 0 or elapsed >= schedule.get("duration", float("inf")):
        return None
    valid = [
        period["limit"]
        for period in schedule["charging_schedule_period"]
        if period["start_period"] <= elapsed
    ]
    return valid[-1]


def test_the_stacked_lease_is_a_level_above_with_a_duration() -> None:
    assert live(Form.STACKED) == {
        "charging_profile_id": 2,
        "stack_level": 1,
        "charging_profile_purpose": "TxDefaultProfile",
        "charging_profile_kind": "Absolute",
        "charging_schedule": {
            "charging_rate_unit": "A",
            "start_schedule": "2026-06-01T11:59:45Z",
            "duration": 165,
            "charging_schedule_period": [{"start_period": 0, "limit": 16}],
        },
    }


def test_the_single_lease_is_one_profile_with_two_periods() -> None:
    assert live(Form.SINGLE) == {
        "charging_profile_id": 1,
        "stack_level": 0,
        "charging_profile_purpose": "TxDefaultProfile",
        "charging_profile_kind": "Absolute",
        "charging_schedule": {
            "charging_rate_unit": "A",
            "start_schedule": "2026-06-01T11:59:45Z",
            "charging_schedule_period": [
                {"start_period": 0, "limit": 16},
                {"start_period": 165, "limit": 6},
            ],
        },
    }


def test_the_safe_profile_has_no_end_and_is_active_whatever_the_clock_shows() -> None:
    profile = safe_profile(1, 6).as_payload()
    assert profile["stack_level"] == 0
    assert "duration" not in profile["charging_schedule"]
    for hours in (-14, 0, 14, 10_000):
        assert limit_at(profile, NOW + timedelta(hours=hours)) == 6
    assert limit_at(profile, NEVER_SET) == 6


@pytest.mark.parametrize("form", Form)
def test_a_limit_on_a_clock_that_was_never_set_begins_with_that_clock(
    form: Form,
) -> None:
    now = NEVER_SET + timedelta(seconds=20)
    profile = live(form, now)
    start = profile["charging_schedule"]["start_schedule"]
    assert start == "1970-01-01T00:00:00Z"
    assert limit_at(profile, now) == 16
    after = 6 if form is Form.SINGLE else None
    assert limit_at(profile, now + timedelta(seconds=119)) == 16
    assert limit_at(profile, now + timedelta(seconds=120)) == after


MOMENTS = st.datetimes(
    min_value=datetime(2025, 1, 1),  # noqa: DTZ001  # bounds have no zone
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(MOMENTS, st.sampled_from(list(Form)))
def test_the_limit_holds_now_and_ends_within_the_lease_never_after(
    now: datetime, form: Form
) -> None:
    profile = live(form, now)
    end = now + timedelta(seconds=120)
    after = 6 if form is Form.SINGLE else None
    assert limit_at(profile, now) == 16
    assert limit_at(profile, now - timedelta(seconds=44)) == 16
    assert limit_at(profile, end - timedelta(seconds=1, microseconds=1)) == 16
    assert limit_at(profile, end) == after
    assert limit_at(profile, end + timedelta(days=300)) == after


def test_a_charger_whose_clock_is_not_quite_ours_obeys_all_the_same() -> None:
    profile = live(Form.STACKED)
    for skew in (-44, -10, 0, 10, 44):
        assert limit_at(profile, NOW + timedelta(seconds=skew)) == 16


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (0, 0),
        (4.3, 0),
        (5.99, 0),
        (6, 6),
        (6.04, 6),
        (10.99, 10.9),
        (0.3 * 100 / 3, 10),
        (16.1, 16.1),
        (40, 32),
        (-5, 0),
        (float("nan"), 0),
        (float("inf"), 32),
    ],
)
def test_only_currents_that_a_pilot_can_offer_are_told(
    wish: float, told: float
) -> None:
    assert legal_current(wish, min_a=6, max_a=32) == told


def test_a_minimum_of_the_charger_above_six_is_respected() -> None:
    assert legal_current(7, min_a=8, max_a=16) == 0
    assert legal_current(8, min_a=8, max_a=16) == 8
    # Below the standard's own minimum no setting helps.
    assert legal_current(4, min_a=2, max_a=16) == 0


@given(st.floats(allow_nan=True), st.floats(0, 16), st.floats(6, 80))
def test_never_more_than_allowed_and_never_between_zero_and_six(
    wish: float, min_a: float, max_a: float
) -> None:
    told = legal_current(wish, min_a=min_a, max_a=max_a)
    assert told == 0 or max(6, min_a) <= told <= max_a + 1e-9


def test_whole_amperes_have_no_fraction_on_the_wire() -> None:
    limits = live(Form.STACKED, limit_a=10.0)["charging_schedule"][
        "charging_schedule_period"
    ]
    assert repr(limits[0]["limit"]) == "10"
    limits = live(Form.STACKED, limit_a=10.5)["charging_schedule"][
        "charging_schedule_period"
    ]
    assert limits[0]["limit"] == 10.5


def test_connectors_do_not_share_profile_ids() -> None:
    assert profile_ids(1) == (1, 2)
    assert profile_ids(2) == (3, 4)


@pytest.mark.parametrize("form", list(Form))
def test_every_period_says_its_phases(form: Form) -> None:
    profile = live_profile(
        form,
        1,
        limit_a=16,
        safe_a=6,
        charger_now=NOW,
        lease_s=120,
        backdate_s=45,
        phases=3,
        safe_phases=1,
    )
    assert profile.says_phases
    said = [
        period.get("number_phases")
        for period in profile.as_payload()["charging_schedule"][
            "charging_schedule_period"
        ]
    ]
    # Without a number the standard reads three.
    assert said == ([3] if form is Form.STACKED else [3, 1])
    plain = profile.without_phases()
    assert not plain.says_phases
    assert plain.as_payload() == live(form)
