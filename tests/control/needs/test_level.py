"""A level is what was told last and what was taken since; its scale is learned."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.needs.level import Level
from custom_components.surplus.control.needs.specs import Need, NeedKind

CAR = Need(
    plan_id="p",
    load_id="home:load",
    kind=NeedKind.CHARGE,
    target=None,
    minimum=0.2,
    capacity_wh=40_000.0,
    efficiency=0.8,
)
TANK = replace(CAR, kind=NeedKind.TEMPERATURE, target=55.0)


def told(*levels: float | None, need: Need = CAR, taken_wh: float = 0.0) -> Level:
    """Return what saw these levels one after the other, each after some energy."""
    made = Level()
    for level in levels:
        made.see(level, taken_wh, need)
    return made


@pytest.mark.parametrize("again", [None, 0.5])
def test_what_was_taken_counts_until_another_charge_is_told(
    again: float | None,
) -> None:
    car = told(0.5)
    for _ in range(2):
        car.see(again, 2500.0, CAR)
    # 5 kWh, of which four fifths arrive.
    assert car.now(CAR) == pytest.approx(0.6)
    car.see(0.55, 2500.0, CAR)
    assert car.now(CAR) == 0.55


def test_a_car_is_counted_up_to_full_and_from_its_minimum_where_it_never_tells() -> (
    None
):
    car = Level()
    assert car.now(CAR) == 0.2
    car.see(None, 5000.0, CAR)
    assert car.now(CAR) == pytest.approx(0.3)
    car.see(None, 50_000.0, CAR)
    assert car.now(CAR) == 1.0


def test_water_is_as_warm_as_it_is_told_whatever_was_taken() -> None:
    assert Level().now(TANK) is None
    tank = told(45.0, need=TANK)
    tank.see(None, 1000.0, TANK)
    assert tank.now(TANK) == 45.0


def test_what_nobody_told_is_a_middling_car_and_a_large_tank() -> None:
    assert Level().wh_per_unit(replace(CAR, capacity_wh=None)) == 75_000.0
    assert Level().wh_per_unit(CAR) == 50_000.0
    assert Level().wh_per_unit(TANK) == 350.0


@pytest.mark.parametrize(
    ("need", "begin", "too_little", "enough"),
    [(CAR, 0.2, 0.29, 0.3), (TANK, 40.0, 44.9, 45.0)],
)
def test_it_is_learned_from_a_rise_of_ten_percent_or_five_degrees(
    need: Need, begin: float, too_little: float, enough: float
) -> None:
    assumed = Level().wh_per_unit(need)
    level = told(begin, need=need)
    level.see(too_little, 2 * assumed * (too_little - begin), need)
    assert level.wh_per_unit(need) == assumed
    level.see(enough, 2 * assumed * (enough - too_little), need)
    assert level.wh_per_unit(need) == pytest.approx(2 * assumed)


def test_each_rise_begins_where_the_one_before_ended() -> None:
    car = told(0.2)
    car.see(0.3, 6000.0, CAR)
    assert car.wh_per_unit(CAR) == pytest.approx(60_000.0)
    # Another one moves it by a part of the difference.
    car.see(0.4, 5000.0, CAR)
    assert car.wh_per_unit(CAR) == pytest.approx(57_000.0)


def test_a_fall_begins_a_rise_anew() -> None:
    car = told(0.5)
    car.see(0.3, 9000.0, CAR)
    car.see(0.4, 6000.0, CAR)
    assert car.wh_per_unit(CAR) == pytest.approx(60_000.0)


def test_a_last_digit_that_flickers_loses_nothing_of_what_was_taken() -> None:
    car = told(0.3)
    car.see(0.31, 600.0, CAR)
    car.see(0.3, 0.0, CAR)
    car.see(0.4, 5400.0, CAR)
    assert car.wh_per_unit(CAR) == pytest.approx(60_000.0)


@pytest.mark.parametrize(
    ("share", "believed"), [(0.29, False), (0.31, True), (2.9, True), (3.1, False)]
)
def test_what_is_far_from_what_was_told_is_not_learned(
    share: float, believed: bool
) -> None:
    car = told(0.2)
    car.see(0.4, 0.2 * share * 50_000.0, CAR)
    learned = pytest.approx(share * 50_000.0)
    assert car.wh_per_unit(CAR) == (learned if believed else 50_000.0)
    # The next rise begins behind it all the same.
    car.see(0.5, 0.1 * 50_000.0, CAR)
    after = (0.7 * share + 0.3) * 50_000.0 if believed else 50_000.0
    assert car.wh_per_unit(CAR) == pytest.approx(after)


def test_the_next_car_knows_the_scale_but_nothing_of_the_last_ones_charge() -> None:
    car = told(0.2)
    car.see(0.3, 6000.0, CAR)
    car.see(None, 1000.0, CAR)
    car.leave()
    assert car.told is None
    assert car.now(CAR) == 0.2
    assert car.wh_per_unit(CAR) == pytest.approx(60_000.0)
    # What lies between two cars is no rise.
    car.see(0.6, 9000.0, CAR)
    car.see(0.7, 6000.0, CAR)
    assert car.wh_per_unit(CAR) == pytest.approx(60_000.0)


def test_a_restart_in_the_middle_of_a_rise_loses_nothing() -> None:
    car = told(0.2)
    car.see(0.3, 6000.0, CAR)
    car.see(0.35, 3000.0, CAR)
    car.see(None, 1234.56, CAR)
    saved = car.as_dict()
    assert saved == {
        "told": 0.35,
        "since_wh": 1234.6,
        "anchor": 0.3,
        "anchor_wh": 4234.6,
        "learned_wh": pytest.approx(60_000.0),
    }
    after = Level()
    after.restore(saved)
    assert after.as_dict() == saved
    assert after.now(CAR) == pytest.approx(car.now(CAR), abs=1e-5)


@pytest.mark.parametrize("key", ["told", "since_wh", "anchor", "learned_wh"])
def test_a_damaged_number_is_refused(key: str) -> None:
    saved = told(0.2).as_dict() | {key: "much"}
    with pytest.raises(ValueError):
        Level().restore(saved)
