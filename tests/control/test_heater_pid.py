"""A heater that a PID drives, in closed loop."""

import pytest

from custom_components.surplus.control.model import Mode, PidGains
from custom_components.surplus.control.pid import NORMAL, PRESETS

from .heater_house import Heater, HeaterHouse, settled_after


class TestPid:
    """Where nobody measures it and its answer cannot be trusted, a PID drives it."""

    def house(self, gains: PidGains = NORMAL, **heater: object) -> HeaterHouse:
        return HeaterHouse(
            heater=Heater(
                pid=gains,
                measured_every_s=None,
                **heater,
            ),
            meter_late_s=1,
        )

    @pytest.mark.parametrize("preset", sorted(PRESETS))
    @pytest.mark.parametrize(
        ("dead_s", "lag_s", "cuts_phase"),
        [(1, 1.0, False), (1, 8.0, False), (2, 2.0, True)],
    )
    def test_it_brings_the_grid_to_its_target(
        self, preset: str, dead_s: int, lag_s: float, cuts_phase: bool
    ) -> None:
        house = self.house(
            PRESETS[preset], dead_s=dead_s, lag_s=lag_s, cuts_phase=cuts_phase
        )
        house.run(200, -1200)
        assert all(-60 <= grid_w <= 30 for grid_w in house.grids[-20:])
        terms = house.control.pid_terms
        assert terms is not None
        assert terms.output_w == pytest.approx(terms.p_w + terms.i_w + terms.d_w)
        assert abs(terms.error_w) < 60

    @pytest.mark.parametrize(("import_price", "left_w"), [(1.0, 0.0), (3.0, 7.5)])
    def test_what_it_leaves_to_the_grid_is_part_of_its_target(
        self, import_price: float, left_w: float
    ) -> None:
        house = self.house()
        house.with_settings(import_price=import_price)
        house.run(200, -1200)
        terms = house.control.pid_terms
        assert terms is not None
        assert terms.error_w == pytest.approx(-left_w - house.grid_w, abs=0.1)

    def test_a_measured_heater_is_fed_forward_whatever_its_gains(self) -> None:
        house = HeaterHouse(heater=Heater(pid=NORMAL))
        house.run(20, -1500)
        assert settled_after(house.grids[-20:]) <= 3
        assert house.control.pid_terms is None

    def test_hours_without_sun_do_not_wind_it_up(self) -> None:
        house = self.house()
        house.run(600, 3000)
        house.run(40, -1500)
        assert house.grid_w > -300

    def test_it_takes_over_without_a_jump(self) -> None:
        house = self.house()
        house.heater.ask(Mode.MANUAL, 1500)
        house.run(30, -1600)
        house.heater.ask(Mode.SOLAR)
        house.run(1)
        assert house.told(1) == [1500]
        assert house.control.pid_terms is not None
        house.heater.ask(Mode.BOOST)
        house.run(1)
        assert house.control.pid_terms is None

    def test_gains_changed_while_it_runs_do_not_move_it(self) -> None:
        house = self.house()
        house.run(200, -1200)
        before_w = house.told(1)[0]
        house.heater.pid = PRESETS["fast"]
        house.run(1)
        assert house.told(1)[0] == pytest.approx(before_w, abs=30)

    def test_it_stays_between_its_bounds(self) -> None:
        house = self.house(min_w=200)
        house.heater.mode = Mode.MIN_SOLAR
        for base_w in (-2500, 4000, -2500):
            house.run(120, base_w)
        assert 200 <= min(house.told(350)) < 225
        assert max(house.told(350)) == 2400

    def test_target_and_margin_are_its_target(self) -> None:
        house = self.house()
        house.with_settings(grid_target_w=300.0, margin_w=100.0)
        house.run(200, -1200)
        assert house.grid_w == pytest.approx(185, abs=40)
