"""Charging profiles by the standard."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.profiles import (
    Limit,
    ProfileError,
    ProfileStore,
    Purpose,
    StoreLimits,
    Unit,
    parse_profile,
)

NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)


def profile(**changes: Any) -> dict[str, Any]:
    """Return a payload as the library hands it over."""
    schedule: dict[str, Any] = {
        "charging_rate_unit": changes.pop("unit", "A"),
        "charging_schedule_period": changes.pop(
            "periods", [{"start_period": 0, "limit": changes.pop("limit", 16)}]
        ),
    }
    for key in ("start_schedule", "duration"):
        if key in changes:
            schedule[key] = changes.pop(key)
    return {
        "charging_profile_id": 1,
        "stack_level": 0,
        "charging_profile_purpose": "TxDefaultProfile",
        "charging_profile_kind": "Absolute",
        "charging_schedule": {"start_schedule": "2026-06-21T11:00:00Z", **schedule},
        **changes,
    }


def install(store: ProfileStore, connector: int = 1, **changes: Any) -> None:
    """Install a profile in a transaction with id 7."""
    store.install(
        connector,
        parse_profile(profile(**changes)),
        transaction_id=7,
        in_transaction=True,
    )


def amps(
    store: ProfileStore, at: datetime = NOON, started: datetime | None = NOON
) -> float | None:
    """Return the smallest limit, None without any."""
    values = [limit.value for limit in store.limit(1, at, started)]
    return min(values) if values else None


def later(seconds: float) -> datetime:
    """Return noon plus some seconds."""
    return NOON + timedelta(seconds=seconds)


def test_no_profile_is_no_limit() -> None:
    assert amps(ProfileStore()) is None


def test_the_highest_valid_stack_level_wins() -> None:
    store = ProfileStore()
    install(store, stack_level=0, limit=6, charging_profile_id=1)
    install(store, stack_level=3, limit=20, charging_profile_id=2)
    install(store, stack_level=1, limit=10, charging_profile_id=3)
    assert amps(store) == 20


def test_a_level_without_a_valid_period_lets_the_next_one_rule() -> None:
    store = ProfileStore()
    install(store, stack_level=0, limit=6, charging_profile_id=1)
    install(
        store,
        stack_level=1,
        limit=20,
        charging_profile_id=2,
        start_schedule="2026-06-21T12:00:00Z",
        duration=60,
    )
    assert amps(store, later(-1)) == 6
    assert amps(store, later(0)) == 20
    assert amps(store, later(59.9)) == 20
    assert amps(store, later(60)) == 6


def test_the_two_period_lease_falls_back_by_itself() -> None:
    store = ProfileStore()
    periods = [{"start_period": 0, "limit": 16}, {"start_period": 90, "limit": 6}]
    install(store, periods=periods, start_schedule="2026-06-21T12:00:00Z")
    assert amps(store, later(89)) == 16
    assert amps(store, later(90)) == 6
    assert amps(store, later(86_400)) == 6


def test_the_charge_points_maximum_caps_everything() -> None:
    store = ProfileStore()
    install(store, limit=20, charging_profile_id=1)
    install(
        store,
        connector=0,
        limit=13,
        charging_profile_id=2,
        charging_profile_purpose="ChargePointMaxProfile",
    )
    assert amps(store) == 13


def test_a_transactions_profile_beats_the_default_even_if_higher() -> None:
    store = ProfileStore()
    install(store, limit=10, stack_level=5, charging_profile_id=1)
    install(
        store, limit=25, charging_profile_id=2, charging_profile_purpose="TxProfile"
    )
    assert amps(store) == 25
    store.end_transaction()
    assert amps(store) == 10


def test_an_expired_transaction_profile_gives_way_to_the_default() -> None:
    store = ProfileStore()
    install(store, limit=10, charging_profile_id=1)
    install(
        store,
        limit=25,
        charging_profile_id=2,
        charging_profile_purpose="TxProfile",
        valid_to="2026-06-21T12:01:00Z",
    )
    assert amps(store, later(59)) == 25
    assert amps(store, later(60)) == 10


def test_the_connectors_own_default_beats_the_one_for_all() -> None:
    store = ProfileStore()
    install(store, connector=0, limit=8, stack_level=9, charging_profile_id=1)
    assert amps(store) == 8
    install(store, connector=1, limit=14, charging_profile_id=2)
    assert amps(store) == 14


def test_valid_from_is_respected() -> None:
    store = ProfileStore()
    install(store, valid_from="2026-06-21T12:00:30Z")
    assert amps(store, later(29)) is None
    assert amps(store, later(30)) == 16


def test_a_start_in_the_chargers_future_is_not_active_yet() -> None:
    store = ProfileStore()
    install(store, start_schedule="2026-06-21T12:00:10Z")
    assert amps(store, later(9)) is None
    assert amps(store, later(10)) == 16


def test_relative_counts_from_the_transactions_start() -> None:
    store = ProfileStore()
    install(store, charging_profile_kind="Relative", duration=60, limit=20)
    assert amps(store, later(30), started=NOON) == 20
    assert amps(store, later(61), started=NOON) is None
    assert amps(store, later(61), started=later(30)) == 20
    assert amps(store, later(30), started=None) is None


def test_absolute_without_a_start_behaves_like_relative() -> None:
    store = ProfileStore()
    install(store, start_schedule=None, duration=60)
    assert amps(store, later(59), started=NOON) == 16
    assert amps(store, later(60), started=NOON) is None


def test_daily_profiles_come_back_every_day() -> None:
    store = ProfileStore()
    install(
        store,
        charging_profile_kind="Recurring",
        recurrency_kind="Daily",
        start_schedule="2026-06-01T22:00:00Z",
        duration=8 * 3600,
    )
    assert amps(store, NOON) is None
    assert amps(store, NOON.replace(hour=23)) == 16
    assert amps(store, NOON.replace(hour=5)) == 16
    assert amps(store, NOON.replace(hour=6)) is None
    assert amps(store, datetime(2026, 6, 1, 21, tzinfo=UTC)) is None


def test_weekly_profiles_come_back_every_week() -> None:
    store = ProfileStore()
    install(
        store,
        charging_profile_kind="Recurring",
        recurrency_kind="Weekly",
        start_schedule="2026-06-07T12:00:00Z",
        duration=3600,
    )
    assert amps(store, NOON + timedelta(minutes=5)) == 16
    assert amps(store, NOON + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("phases", "wired", "expected"),
    [(None, 3, 10.0), (1, 3, 30.0), (None, 1, 30.0), (3, 3, 10.0)],
)
def test_watts_are_shared_by_the_phases_used(
    phases: int | None, wired: int, expected: float
) -> None:
    limit = Limit(value=6900, unit=Unit.WATT, phases=phases)
    assert limit.amps(230.0, wired) == pytest.approx(expected)


def test_the_same_id_or_the_same_place_is_replaced() -> None:
    store = ProfileStore()
    install(store, charging_profile_id=1, stack_level=0, limit=6)
    install(store, charging_profile_id=1, stack_level=2, limit=7)
    assert len(store) == 1
    install(store, charging_profile_id=9, stack_level=2, limit=8)
    assert len(store) == 1
    assert amps(store) == 8


@pytest.mark.parametrize(
    ("connector", "changes"),
    [
        (1, {"stack_level": 11}),
        (1, {"stack_level": -1}),
        (1, {"unit": "W"}),
        (1, {"charging_profile_purpose": "ChargePointMaxProfile"}),
        (0, {"charging_profile_purpose": "TxProfile"}),
        (1, {"charging_profile_purpose": "TxProfile", "transaction_id": 8}),
        (
            1,
            {"periods": [{"start_period": 10 * n, "limit": 6 + n} for n in range(25)]},
        ),
    ],
)
def test_what_the_charger_cannot_do_is_refused(
    connector: int, changes: dict[str, Any]
) -> None:
    store = ProfileStore(StoreLimits(units=frozenset({Unit.AMPERE})))
    with pytest.raises(ProfileError):
        install(store, connector, **changes)
    assert len(store) == 0


def test_a_transaction_profile_needs_a_transaction() -> None:
    store = ProfileStore()
    with pytest.raises(ProfileError):
        store.install(1, parse_profile(profile(charging_profile_purpose="TxProfile")))


def test_there_is_room_for_so_many_profiles_only() -> None:
    store = ProfileStore(StoreLimits(max_installed=2))
    install(store, stack_level=0, charging_profile_id=1)
    install(store, stack_level=1, charging_profile_id=2)
    install(store, stack_level=1, charging_profile_id=3)
    with pytest.raises(ProfileError):
        install(store, stack_level=2, charging_profile_id=4)
    assert len(store) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"periods": []},
        {"periods": [{"start_period": 5, "limit": 6}]},
        {
            "periods": [
                {"start_period": 0, "limit": 6},
                {"start_period": 0, "limit": 7},
            ]
        },
        {"unit": "kW"},
        {"charging_profile_kind": "Recurring"},
        {
            "charging_profile_kind": "Recurring",
            "recurrency_kind": "Daily",
            "start_schedule": None,
        },
        {"charging_profile_kind": "Sometimes"},
        {"start_schedule": "tomorrow"},
        {
            "charging_profile_kind": "Relative",
            "charging_profile_purpose": "ChargePointMaxProfile",
        },
    ],
)
def test_nonsense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ProfileError):
        parse_profile(profile(**changes))


def test_a_time_without_zone_is_utc() -> None:
    parsed = parse_profile(profile(start_schedule="2026-06-21T11:00:00"))
    assert parsed.start == datetime(2026, 6, 21, 11, tzinfo=UTC)


def test_clearing_takes_only_what_matches() -> None:
    store = ProfileStore()
    install(store, stack_level=0, charging_profile_id=1)
    install(store, stack_level=1, charging_profile_id=2)
    install(store, connector=0, stack_level=1, charging_profile_id=3)
    assert not store.clear(profile_id=9)
    assert not store.clear(connector=1, stack_level=5)
    assert store.clear(connector=1, stack_level=1)
    assert len(store) == 2
    assert store.clear(purpose=Purpose.TX_DEFAULT, connector=0)
    assert store.clear(profile_id=1)
    assert not store.clear()


def test_the_instants_of_change_are_known_in_advance() -> None:
    store = ProfileStore()
    install(
        store,
        charging_profile_id=1,
        start_schedule="2026-06-21T12:00:00Z",
        duration=60,
        periods=[{"start_period": 0, "limit": 16}, {"start_period": 30, "limit": 8}],
    )
    install(
        store,
        charging_profile_id=2,
        stack_level=1,
        charging_profile_kind="Recurring",
        recurrency_kind="Daily",
        start_schedule="2026-06-20T12:00:45Z",
        duration=600,
        valid_to="2026-06-21T12:00:50Z",
    )
    install(
        store, charging_profile_id=3, stack_level=2, charging_profile_kind="Relative"
    )
    changes = store.changes(NOON, later(90), None)
    assert changes == [later(30), later(45), later(50), later(60)]
