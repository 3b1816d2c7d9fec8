"""What waiting was worth, against charging at once."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from custom_components.surplus.control.ledger import Counted
from custom_components.surplus.control.model import LoadInput

from .books import CAR, CHEAP, FULL, PUMP, TANK, Books, car, plugged, pump, tank

PARIS = ZoneInfo("Europe/Paris")


def three_phase_car() -> LoadInput:
    load = car()
    return replace(load, spec=replace(load.spec, max_a=16.0, phases=(0, 1, 2)))


def test_a_car_that_waited_for_the_sun_has_saved_the_evening_s_price() -> None:
    books = Books()
    books.step(1, car(), counted=plugged())
    books.run(7200, car(), grid_w=500.0, solar_w=0.0, counted=plugged())
    books.run(3600, car(), grid_w=0.0, solar_w=4000.0, car=3000.0, counted=plugged())
    total = books.total(CAR)
    assert total.cost == 0.0
    assert total.saving == pytest.approx(3.0 * 0.25)


def test_a_car_that_charges_at_once_saves_nothing() -> None:
    books = Books()
    books.step(1, car(), counted=plugged())
    books.run(3600, car(), grid_w=6360.0, solar_w=1500.0, car=7360.0, counted=plugged())
    assert books.total(CAR).cost == pytest.approx(6.36 * 0.25)
    assert books.total(CAR).saving == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "load", "most_w"),
    [
        # 16 A on three phases.
        ("car", three_phase_car(), 11_040.0),
        ("pump", pump(1000.0), 1000.0),
        ("pump", pump(None), 800.0),
    ],
)
def test_at_once_is_all_that_it_takes(
    name: str, load: LoadInput, most_w: float
) -> None:
    books, load_id = Books(), load.spec.load_id
    facts = {PUMP: {"power_w": 800.0}}
    books.step(1, load, counted=plugged(), facts=facts)
    # An hour at the full price, then one in cheap hours.
    books.run(3600, load, grid_w=0.0, counted=plugged(), facts=facts)
    books.tariff = CHEAP
    power = {name: most_w}
    books.run(3600, load, grid_w=most_w, counted=plugged(), facts=facts, **power)
    dear_kwh = most_w / 1000
    assert books.total(load_id).saving == pytest.approx(dear_kwh * (0.25 - 0.16))


def test_the_sun_it_would_have_had_at_once_is_no_saving() -> None:
    books = Books()
    books.step(1, car(), counted=plugged())
    # Of 7360 W, 6000 W would have been sun.
    books.run(600, car(), grid_w=-6000.0, solar_w=6500.0, counted=plugged())
    books.run(600, car(), grid_w=0.0, solar_w=7000.0, car=6500.0, counted=plugged())
    bought_kwh = 6500 / 6 * (1360 / 7360) / 1000
    # It is compared in pieces of a quarter of a kWh.
    assert books.total(CAR).saving == pytest.approx(bought_kwh * 0.25, rel=0.01)


def test_a_higher_load_s_sun_would_not_have_been_there() -> None:
    books = Books()
    loads = (car(priority=2), tank(priority=1))
    books.step(1, *loads, counted=plugged())
    books.run(600, *loads, grid_w=0.0, solar_w=2500.0, tank=2000.0, counted=plugged())
    books.run(600, *loads, grid_w=0.0, solar_w=3500.0, car=3000.0, counted=plugged())
    assert books.total(CAR).saving == pytest.approx(0.5 * 0.25)


def test_each_session_is_compared_with_its_own_beginning() -> None:
    books = Books()
    books.step(1, car(), counted=plugged())
    books.run(3600, car(), grid_w=500.0, counted=plugged())
    books.step(1, car(), counted={CAR: Counted(plugged=False)})
    books.tariff = CHEAP
    books.step(1, car(), counted=plugged())
    books.run(600, car(), grid_w=3500.0, car=3000.0, counted=plugged())
    assert books.total(CAR).saving == pytest.approx(0.0, abs=1e-9)


def test_a_tank_is_compared_with_the_beginning_of_its_day() -> None:
    books = Books(
        wall=datetime(2026, 6, 21, 0, 0, tzinfo=PARIS), zone=PARIS, tariff=CHEAP
    )
    books.step(1, tank())
    books.run(4 * 3600, tank(), grid_w=400.0, solar_w=0.0)
    books.tariff = FULL
    books.run(3600, tank(), grid_w=0.0, solar_w=2400.0, tank=2000.0)
    assert books.total(TANK).saving == pytest.approx(2.0 * 0.16)
