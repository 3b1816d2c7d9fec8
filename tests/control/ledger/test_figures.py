"""Sums of energy and money, and what has come since an earlier one."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
import json

import pytest

from custom_components.surplus.control.ledger import Source, Tally
from custom_components.surplus.control.ledger.flows import Mix
from custom_components.surplus.control.ledger.house import HouseAccount, HouseFigures
from custom_components.surplus.control.ledger.price import Price

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
PRICE = Price(of_import=0.25, of_export=0.10, cheap=False)


def tally(factor: float = 1.0) -> Tally:
    """Return one of which no two figures are alike."""
    names = [one.name for one in fields(Tally)]
    return Tally(**{name: factor * place for place, name in enumerate(names, 1)})


def figures(factor: float = 1.0) -> HouseFigures:
    return HouseFigures(
        taken=tally(factor),
        bought=tally(10 * factor),
        solar_wh=11 * factor,
        sent_wh=12 * factor,
        sold_wh=13 * factor,
        unpriced_sold_wh=14 * factor,
        income=15 * factor,
    )


class TestATally:
    def test_a_part_of_it_is_that_part_of_all(self) -> None:
        assert tally().times(3.0) == tally(3.0)

    def test_what_has_come_since_is_the_difference_of_all(self) -> None:
        assert tally(3.0).since(tally()) == tally(2.0)

    def test_energy_never_runs_backwards_and_money_may(self) -> None:
        gone = Tally().since(tally())
        assert gone == Tally(cost=-tally().cost, saving=-tally().saving)

    def test_two_are_the_sum_of_all(self) -> None:
        one = tally()
        one.add(tally(2.0))
        assert one == tally(3.0)

    def test_a_copy_goes_on_by_itself(self) -> None:
        one = tally()
        other = one.copy()
        other.add(tally())
        assert one == tally()

    def test_each_source_has_its_own(self) -> None:
        assert [tally().of(source) for source in Source] == [1.0, 2.0, 3.0, 4.0]
        assert tally().solar_share == pytest.approx(0.1)
        assert Tally(sun_wh=0.5).solar_share == 1.0
        assert Tally().solar_share is None

    def test_it_survives_a_restart(self) -> None:
        assert Tally.from_dict(json.loads(json.dumps(tally().as_dict()))) == tally()


class TestTheHouse:
    def test_what_has_come_since_is_the_difference_of_all(self) -> None:
        assert figures(3.0).since(figures()) == figures(2.0)

    def test_what_it_makes_and_stores_itself_is_its_own(self) -> None:
        house = HouseFigures(taken=Tally(sun_wh=1.0, battery_wh=2.0, full_wh=1.0))
        assert house.self_sufficiency == 0.75
        assert HouseFigures(taken=Tally(sun_wh=0.5)).self_sufficiency == 1.0
        assert HouseFigures(solar_wh=0.5).self_consumption == 1.0
        # What was sent while the production was not heard is none of it.
        assert HouseFigures(solar_wh=1.0, sent_wh=2.0).self_consumption == 0.0

    def test_a_day_begins_at_local_midnight_also_over_a_restart(self) -> None:
        account = HouseAccount()
        wall = NOON

        def half_an_hour(grid_w: float) -> None:
            account.count(
                dt_s=1800.0,
                wall=wall,
                price=PRICE,
                grid_w=grid_w,
                solar_w=0.0,
                taken=Mix(sun_w=0.0, battery_w=200.0, grid_w=300.0),
            )

        half_an_hour(1000.0)
        assert account.today == account.total
        assert account.total.taken.battery_wh == pytest.approx(100.0)
        wall = NOON + timedelta(days=1)
        half_an_hour(2000.0)
        wall += timedelta(hours=1)
        half_an_hour(400.0)
        assert account.today.bought.full_wh == pytest.approx(1200.0)
        assert account.total.bought.full_wh == pytest.approx(1700.0)
        again = HouseAccount()
        again.restore(json.loads(json.dumps(account.as_dict())))
        assert again.today == account.today
        assert again.total == account.total

    def test_a_look_at_the_same_instant_counts_nothing(self) -> None:
        account = HouseAccount()
        account.count(
            dt_s=0.0, wall=NOON, price=PRICE, grid_w=9.0, solar_w=9.0, taken=None
        )
        assert account.total == HouseFigures()

    def test_a_panel_that_draws_at_night_makes_no_sun(self) -> None:
        account = HouseAccount()
        account.count(
            dt_s=3600.0, wall=NOON, price=PRICE, grid_w=-50.0, solar_w=-8.0, taken=None
        )
        assert account.total == HouseFigures(
            sold_wh=pytest.approx(50.0), income=pytest.approx(0.005)
        )
        assert account.total.self_consumption is None
