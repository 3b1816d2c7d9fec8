"""A careful surplus from a meter that shows no export, and the production."""

from statistics import fmean

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.blind import HouseModel
from custom_components.surplus.control.model import GridReading, Mode, Reason

from .battery_house import BatteryHouse, Car, HomeBattery


def blind(at: float, drawn_va: float | None) -> GridReading:
    return GridReading(at=at, power_w=None, drawn_va=drawn_va)


def learned(house_w: float, *, least_w: float | None = None) -> HouseModel:
    """Return a model that has seen the house take something, and less before."""
    model = HouseModel()
    for at in range(10):
        watts = house_w if least_w is None or at >= 5 else least_w
        model.balance(blind(at, watts), 0.0, 0.0)
    return model


class TestModel:
    def test_a_meter_that_tells_is_believed(self) -> None:
        grid = GridReading(at=0, power_w=-700, drawn_va=0)
        assert learned(500).balance(grid, 3000, 0).grid is grid

    @pytest.mark.parametrize(
        ("drawn_va", "solar_w"), [(None, 2000.0), (0.0, None), (300.0, None)]
    )
    def test_without_production_or_draw_nothing_is_known(
        self, drawn_va: float | None, solar_w: float | None
    ) -> None:
        got = learned(500).balance(blind(20, drawn_va), solar_w, 0)
        assert (got.grid.power_w, got.house_w) == (None, None)

    def test_a_meter_that_never_drew_knows_no_house(self) -> None:
        assert HouseModel().balance(blind(0, 0), 3000, 0).grid.power_w is None

    def test_what_is_drawn_is_drawn(self) -> None:
        assert learned(500).balance(blind(20, 320), 100, 0).grid.power_w == 320

    def test_what_the_house_leaves_less_a_margin_is_believed_to_leave(self) -> None:
        got = learned(500).balance(blind(20, 0), 3000, 0)
        assert got.grid.power_w == -2400
        assert got.house_w == 500

    def test_loads_are_no_part_of_the_house(self) -> None:
        model = HouseModel()
        for at in range(10):
            model.balance(blind(at, 1700), 200.0, 1400.0)
        assert model.balance(blind(10, 0), 3000, 1400).grid.power_w == -1000

    def test_no_import_is_made_up(self) -> None:
        assert learned(2500).balance(blind(20, 0), 1000, 0).grid.power_w == 0

    def test_the_most_it_took_of_late_is_held(self) -> None:
        model = learned(2300, least_w=300)
        for at in range(10, 20):
            model.balance(blind(at, 300), 0, 0)
        assert model.balance(blind(600, 0), 3000, 0).house_w == pytest.approx(2300)

    def test_one_odd_reading_is_not_the_house(self) -> None:
        model = learned(300)
        model.balance(blind(20, 6000), 0, 0)
        assert model.balance(blind(21, 0), 3000, 0).house_w == pytest.approx(300)

    def test_a_reading_seen_again_counts_once(self) -> None:
        model = learned(300)
        for _ in range(9):
            model.balance(blind(20, 6000), 0, 0)
        assert model.balance(blind(21, 0), 3000, 0).house_w == pytest.approx(300)

    def test_it_fades_to_the_least_of_a_day(self) -> None:
        model = learned(2300, least_w=300)
        faded = [
            model.balance(blind(at, 0), 3000, 0).house_w for at in (600, 1800, 9000)
        ]
        assert faded[0] == 2300
        assert faded[1] == pytest.approx(300 + 2000 / 2.7, abs=60)
        assert faded[2] == pytest.approx(300, abs=5)

    def test_the_least_of_yesterday_is_forgotten(self) -> None:
        model = learned(300)
        for hour in range(1, 26):
            for second in range(10):
                model.balance(blind(hour * 3600 + second, 800), 0, 0)
        got = model.balance(blind(27 * 3600 + 3600, 0), 3000, 0)
        assert got.house_w == pytest.approx(800, abs=5)

    def test_it_fades_to_the_least_of_all_hours_of_a_day(self) -> None:
        model = learned(300)
        for second in range(10):
            model.balance(blind(3600 + second, 800), 0, 0)
        assert model.balance(blind(12_000, 0), 3000, 0).house_w == pytest.approx(
            300, abs=5
        )

    def test_what_it_takes_again_is_held_anew(self) -> None:
        model = learned(2300, least_w=300)
        for at in range(500, 510):
            model.balance(blind(at, 2300), 0, 0)
        assert model.balance(blind(1100, 0), 3000, 0).house_w == 2300

    def test_the_least_draw_is_a_draw(self) -> None:
        model = HouseModel()
        for at in range(10):
            got = model.balance(blind(at, 1.0), 500.0, 0.0)
        assert (got.grid.power_w, got.house_w) == (1.0, 501.0)

    def test_loads_that_measure_too_much_make_no_house_that_gives(self) -> None:
        model = HouseModel()
        for at in range(10):
            got = model.balance(blind(at, 200.0), 0.0, 260.0)
        assert got.house_w == 0

    @given(
        powers=st.lists(
            st.tuples(st.floats(0, 9e3), st.floats(0, 9e3), st.floats(0, 9e3)),
            max_size=20,
        ),
    )
    def test_it_never_tells_more_than_the_production_leaves(
        self, powers: list[tuple[float, float, float]]
    ) -> None:
        model = HouseModel()
        for at, (drawn_va, solar_w, own_w) in enumerate(powers):
            got = model.balance(blind(at, drawn_va), solar_w, own_w).grid.power_w
            if got is None:
                continue
            assert got >= -max(0.0, solar_w - own_w)
            assert got <= drawn_va


class TestInTheHouse:
    def house(self, **more: float) -> BatteryHouse:
        house = BatteryHouse(
            battery=None,
            knows_direction=False,
            loads=[Car()],
            **more,
        )
        # A morning in which the meter still draws.
        house.sun_w = 0.0
        house.run(60)
        return house

    def test_the_sun_is_used_with_care(self) -> None:
        house = self.house(house_w=400.0)
        house.sun_w = 4000.0
        cycle = house.run(900)
        assert house.decision().runs
        # Nothing is drawn, and no more than margin and a step leaves.
        assert fmean(house.grids_w[-300:]) == pytest.approx(-150, abs=150)
        assert max(house.grids_w[-300:]) < 60
        assert house.switchings(910) == 1
        assert cycle.modelled_house_w == pytest.approx(400, abs=30)
        assert house.decision().numbers["modelled_house_w"] == pytest.approx(
            400, abs=30
        )

    def test_a_kettle_is_seen_at_once_and_held(self) -> None:
        house = self.house(house_w=400.0)
        house.sun_w = 6000.0
        house.run(600)
        house.house_w = 2400.0
        house.run(60)
        house.house_w = 400.0
        house.run(120)
        assert house.decision().runs
        assert fmean(house.grids_w[-30:]) < -1500
        # Half an hour later nobody believes in it any more.
        house.run(3600)
        assert fmean(house.grids_w[-30:]) > -500

    def test_without_enough_sun_nothing_starts(self) -> None:
        house = self.house(house_w=400.0)
        house.sun_w = 900.0
        house.run(600)
        assert not house.decision().runs
        assert house.decision().reason is Reason.WAITING_FOR_SURPLUS

    def test_without_production_the_sign_stays_unknown(self) -> None:
        house = self.house(house_w=400.0)
        house.tells_solar = False
        house.sun_w = 4000.0
        cycle = house.run(60)
        assert house.decision().reason is Reason.SIGN_UNKNOWN
        assert cycle.surplus_w is None

    def test_beside_a_battery_nothing_is_modelled(self) -> None:
        house = self.house(house_w=400.0)
        house.battery = HomeBattery()
        house.run(60)
        assert house.decision().reason is Reason.SIGN_UNKNOWN

    def test_limits_count_on_no_modelled_export(self) -> None:
        house = self.house(house_w=400.0)
        house.with_limit(2000.0)
        house.load("car").mode = Mode.OFF
        house.sun_w = 5000.0
        house.run(30)
        # The meter shows 0: that is all the breaker may be promised.
        assert house.history[-1].subscription_room_va == pytest.approx(2000)


def test_the_meter_shows_what_it_shows() -> None:
    house = BatteryHouse(battery=None, knows_direction=False, loads=[])
    house.run(30)
    assert house.history[-1].grid_w == 300
    house.sun_w = 2000.0
    cycle = house.run(30)
    assert cycle.grid_w == 0
    assert cycle.surplus_w == pytest.approx(1600)
