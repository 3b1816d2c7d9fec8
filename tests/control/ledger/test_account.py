"""What one load has taken today, and what it would have cost at once."""

from datetime import UTC, datetime

import pytest

from custom_components.surplus.control.ledger.account import Account, Step
from custom_components.surplus.control.ledger.flows import Mix
from custom_components.surplus.control.ledger.price import Price
from custom_components.surplus.control.ledger.sessions import ChargerSight

EVENING = datetime(2026, 6, 21, 23, tzinfo=UTC)
NIGHT = datetime(2026, 6, 22, 1, tzinfo=UTC)


def hour(
    mix: Mix,
    *,
    left_w: tuple[float, float] = (0.0, 0.0),
    full_w: float = 0.0,
    wall: datetime = EVENING,
) -> Step:
    """Return an hour in which a kWh of the grid costs 20 cents."""
    return Step(
        dt_s=3600.0,
        wall=wall,
        price=Price(of_import=0.2),
        mix=mix,
        left_w=left_w,
        full_w=full_w,
    )


@pytest.mark.parametrize("kind", ["load", "storage", "charger"])
def test_today_begins_at_midnight(kind: str) -> None:
    account = Account("x")
    for step in (
        hour(Mix(500.0, 0.0, 0.0)),
        hour(Mix(500.0, 0.0, 0.0)),
        hour(Mix(200.0, 0.0, 0.0), wall=NIGHT),
        hour(Mix(100.0, 0.0, 0.0), wall=NIGHT),
    ):
        if kind == "load":
            account.count(step)
        elif kind == "storage":
            account.count_storage(step)
        else:
            account.count_charger(step, ChargerSight(power_w=500.0))
    assert account.total.total_wh == pytest.approx(1300)
    assert account.today.total_wh == pytest.approx(300)


def test_at_once_it_would_have_bought_what_sun_and_battery_left_of_all_it_takes() -> (
    None
):
    account = Account("x")
    account.count(hour(Mix(0.0, 0.0, 0.0), left_w=(500.0, 300.0), full_w=2000.0))
    assert account.total.saving == 0
    account.count(hour(Mix(4000.0, 0.0, 0.0), left_w=(4000.0, 0.0), full_w=4000.0))
    # 1.2 kWh of the first hour, and nothing of the second.
    assert account.total.saving == pytest.approx(0.24)


def test_what_it_takes_is_the_least_that_it_would_have_taken_at_once() -> None:
    account = Account("x")
    account.count(hour(Mix(500.0, 300.0, 1200.0)))
    assert account.total.saving == pytest.approx(0.4 - 0.24)


def test_a_new_day_owes_nothing_to_the_one_before() -> None:
    account = Account("x")
    account.count(hour(Mix(0.0, 0.0, 0.0), full_w=2000.0))
    account.count(hour(Mix(2000.0, 0.0, 0.0), left_w=(2000.0, 0.0), wall=NIGHT))
    assert account.total.saving == 0
