"""A day's writes last a day: small changes wait as they run short."""

from itertools import pairwise

import pytest

from custom_components.surplus.control.loads.pace import DEAR_WS, Pace
from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House


def writes(house: House) -> int:
    told = [cycle.decisions[0].setpoint.value for cycle in house.history]
    return sum(a != b for a, b in pairwise(told))


def restless(house: House, seconds: int) -> None:
    """Let the surplus jump between 2 and 6 kW every ten seconds."""
    for n in range(seconds // 10):
        house.run(10, base_w=-6000 if n % 2 else -2000)


class TestPace:
    """The store of writes by itself."""

    def test_with_plenty_of_writes_every_change_is_worth_one(self) -> None:
        pace = Pace()
        pace.observe(0.0, 3000)
        assert pace.strain == 0
        assert pace.worth_it(0.7, 1.0)

    def test_with_few_left_a_large_error_is_corrected_sooner_than_a_small_one(
        self,
    ) -> None:
        def waits(error_a: float) -> int:
            pace = Pace()
            pace.observe(0.0, 400)
            for _ in range(300):
                pace.wrote()
            seconds = 1
            while not pace.worth_it(error_a, 1.0):
                seconds += 1
            return seconds

        assert 2 < waits(10.0) < 60
        assert waits(1.0) >= 8 * waits(10.0)

    def test_writes_come_back_with_time(self) -> None:
        pace = Pace()
        pace.observe(0.0, 400)
        for _ in range(500):
            pace.wrote()
        assert pace.strain == 1
        pace.observe(86_400.0, 400)
        assert 0 < pace.strain < 1
        pace.observe(10 * 86_400.0, 400)
        assert pace.strain == 0

    def test_a_fifth_of_a_days_writes_comes_back_in_a_day(self) -> None:
        pace = Pace()
        pace.observe(0.0, 400)
        assert pace.left == 320
        pace.restore(0.0, 0.0)
        assert pace.left == 0
        pace.observe(86_400.0, 400)
        assert pace.left == pytest.approx(80)
        pace.restore(0.0, 43_200.0)
        pace.observe(129_600.0, 400)
        assert pace.left == pytest.approx(80)
        # A clock that goes back takes none of them.
        pace.observe(0.0, 400)
        assert pace.left == pytest.approx(80)

    @pytest.mark.parametrize(("unit", "dear"), [(1.0, None), (230.0, DEAR_WS)])
    def test_what_a_change_must_have_missed_is_the_same_in_watts_as_in_amperes(
        self, unit: float, dear: float | None
    ) -> None:
        pace = Pace() if dear is None else Pace(dear)
        pace.observe(0.0, 400)
        pace.restore(160.0, 0.0)
        # Half of the store is gone: 450 A s of a write's share, times 0.375 squared.
        assert pace.strain == pytest.approx(0.375)
        assert not pace.worth_it(-6.3 * unit, 10.0)
        assert pace.worth_it(0.3 * unit, 1.0)
        # What it was made for is made good.
        pace.wrote()
        assert pace.left == 159
        assert not pace.worth_it(6.3 * unit, 10.0)

    def test_a_fifth_of_the_store_is_free(self) -> None:
        pace = Pace()
        pace.observe(0.0, 400)
        pace.restore(256.0, 0.0)
        assert pace.strain == 0
        pace.restore(255.0, 0.0)
        assert pace.strain > 0

    def test_the_last_writes_are_dearer_than_any_error_of_a_minute(self) -> None:
        pace = Pace()
        pace.observe(0.0, 400)
        pace.restore(1.0, 0.0)
        assert not pace.worth_it(16.0, 60.0)
        assert pace.worth_it(32.0, 3600.0)
        pace.restore(0.9, 0.0)
        assert not pace.worth_it(32.0, 36_000.0)

    def test_a_fall_waits_no_longer_for_an_empty_store_than_for_one_nearly_so(
        self,
    ) -> None:
        pace = Pace()
        pace.observe(0.0, 400)
        pace.restore(0.0, 0.0)
        # A write's share of the day is 450 A s.
        assert not pace.worth_it(-20.0, 22.0)
        assert pace.worth_it(-20.0, 1.0)
        pace.wrote()
        assert not pace.worth_it(20.0, 36_000.0)

    def test_no_day_after_any_rest_has_more_than_its_writes(self) -> None:
        pace = Pace()
        spent = 0
        for second in range(86_400):
            pace.observe(float(second), 400)
            if pace.worth_it(30.0, 1.0):
                pace.wrote()
                spent += 1
        assert 300 <= spent <= 400

    def test_no_writes_at_all_is_the_greatest_strain(self) -> None:
        pace = Pace()
        pace.observe(0.0, 0)
        assert pace.strain == 1


@pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.MIN_SOLAR])
def test_a_small_budget_of_writes_moves_the_car_less_often(mode: Mode) -> None:
    many = House(cars=[Car(mode=mode)])
    few = House(cars=[Car(mode=mode, writes_per_day=40)])
    for house in (many, few):
        house.run(60, base_w=-3000)
        restless(house, 1800)
    assert writes(few) <= 42
    assert writes(many) > 100


def test_a_stop_and_a_limit_do_not_wait_for_writes() -> None:
    house = House(
        cars=[Car(mode=Mode.MIN_SOLAR, writes_per_day=1)],
        settings=HomeSettings(breaker_a=45),
    )
    house.run(60, base_w=-3000)
    restless(house, 600)
    house.run(600, base_w=-6000)
    assert house.cars[0].offered_a == 13
    house.run(2, base_w=8000)
    assert house.cars[0].offered_a <= 10
    house.cars[0].ask(Mode.OFF)
    house.run(1)
    assert house.cars[0].offered_a == 0
    assert house.decision().reason is Reason.MODE_OFF


def test_between_two_amperes_the_offer_stays() -> None:
    house = House()
    house.run(300, base_w=-3000)
    before = writes(house)
    for n in range(60):
        house.run(10, base_w=-3000 - (115 if n % 2 else -115))
    assert writes(house) == before


def test_an_import_does_not_wait_for_the_writes_of_a_day_to_come_back() -> None:
    house = House(cars=[Car(writes_per_day=400)])
    house.run(300, base_w=-6000)
    house.engine._loads["ocpp:one"].pace.restore(0.0, house.now)
    house.run(90, base_w=-2500)
    assert house.grid_w < 300
    # What the sun gives again does.
    house.run(300, base_w=-6000)
    assert house.grid_w < -3000


@pytest.mark.parametrize("writes_per_day", [100, 400])
def test_a_restless_day_takes_about_the_writes_that_it_has(writes_per_day: int) -> None:
    house = House(cars=[Car(writes_per_day=writes_per_day)])
    house.run(60, base_w=-3000)
    house.engine._loads["ocpp:one"].pace.restore(2.0, house.now)
    restless(house, 3600)
    assert writes(house) <= 25
