"""What the whole house takes, buys and sells."""

from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.surplus.control.ledger import Source
from custom_components.surplus.control.model import TariffNow

from .books import CAR, TANK, Books, by_source, car, store, tank

PARIS = ZoneInfo("Europe/Paris")


WATTS = st.floats(0.0, 8000.0)


def test_the_house_takes_buys_and_sells() -> None:
    books = Books()
    books.step(1, tank())
    books.run(3600, tank(), grid_w=-1000.0, solar_w=4000.0, tank=2000.0)
    books.run(3600, tank(), grid_w=1500.0, solar_w=1000.0, tank=2000.0)
    house = books.ledger.house_statement.today
    assert by_source(house.taken) == pytest.approx([4000, 0, 0, 1500])
    assert house.bought.cost == pytest.approx(1.5 * 0.25)
    assert house.sold_wh == pytest.approx(1000.0)
    assert house.income == pytest.approx(0.10)
    assert house.self_consumption == pytest.approx(0.8)
    assert house.self_sufficiency == pytest.approx(4000 / 5500)


def test_what_charges_a_battery_is_bought_and_not_taken() -> None:
    books = Books()
    books.step(1, store())
    books.run(3600, store(), grid_w=2500.0, solar_w=0.0, store=2000.0)
    house = books.ledger.house.total
    assert by_source(house.taken) == pytest.approx([0, 0, 0, 500])
    assert house.bought.cost == pytest.approx(2.5 * 0.25)


def test_without_a_production_the_house_only_buys_and_sells() -> None:
    books = Books(tariff=TariffNow(price=0.25))
    books.step(1, tank())
    books.run(3600, tank(), grid_w=-1000.0, tank=2000.0)
    books.run(3600, tank(), grid_w=1000.0, tank=2000.0)
    statement = books.ledger.house_statement
    assert statement.total.taken.total_wh == 0.0
    assert statement.total.self_sufficiency is None
    assert statement.total.self_consumption is None
    assert statement.total.bought.cost == pytest.approx(0.25)
    assert statement.total.unpriced_sold_wh == pytest.approx(1000.0)
    assert statement.priced
    assert not statement.paid


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(1.0, 29.0), WATTS, WATTS, st.floats(1.0, 9000.0), WATTS),
        min_size=1,
        max_size=12,
    )
)
def test_what_loads_and_house_take_is_what_comes_in_and_does_not_leave(
    steps: list[tuple[float, float, float, float, float]],
) -> None:
    books, taken_wh, imported_wh, exported_wh = Books(), 0.0, 0.0, 0.0
    books.step(1, car(), tank())
    for seconds, house_w, car_w, solar_w, tank_w in steps:
        grid_w = house_w + car_w + tank_w - solar_w
        books.step(
            seconds,
            car(),
            tank(),
            grid_w=grid_w,
            solar_w=solar_w,
            car=car_w,
            tank=tank_w,
        )
        hours = seconds / 3600
        taken_wh += (house_w + car_w + tank_w) * hours
        imported_wh += max(0.0, grid_w) * hours
        exported_wh += max(0.0, -grid_w) * hours
    house = books.ledger.house.total
    assert house.taken.total_wh == pytest.approx(taken_wh, abs=1e-6)
    assert house.bought.total_wh == pytest.approx(imported_wh, abs=1e-6)
    assert house.taken.full_wh == pytest.approx(imported_wh, abs=1e-6)
    assert house.sold_wh == pytest.approx(exported_wh, abs=1e-6)
    assert house.solar_wh == pytest.approx(house.taken.sun_wh + exported_wh, abs=1e-6)
    for source in Source:
        loads_wh = sum(books.total(load_id).of(source) for load_id in (CAR, TANK))
        assert loads_wh <= house.taken.of(source) + 1e-6
