"""The sun that an inverter holds back: found by trying, kept where it is there."""

from statistics import fmean

import pytest

from custom_components.surplus.control.model import GridReading
from custom_components.surplus.control.probing import Probing
from custom_components.surplus.control.settings import HomeSettings

from .battery_house import BatteryHouse, Car


def house_with(sun_w: float, *, zero_export: bool = True) -> BatteryHouse:
    return BatteryHouse(
        battery=None,
        loads=[Car()],
        sun_w=sun_w,
        holds_back=True,
        settings=HomeSettings(zero_export=zero_export),
    )


class TestInTheHouse:
    def test_without_it_no_sun_is_found(self) -> None:
        house = house_with(6000.0, zero_export=False)
        house.run(1200)
        assert not house.decision().runs
        assert house.solar_w == pytest.approx(300, abs=30)

    @pytest.mark.parametrize("sun_w", [2600.0, 4000.0, 6500.0])
    def test_it_keeps_what_the_inverter_gives(self, sun_w: float) -> None:
        house = house_with(sun_w)
        house.run(1800)
        assert house.decision().runs
        assert house.solar_w > sun_w - 350
        assert fmean(house.grids_w[-600:]) < 170
        assert house.switchings(1780) == 1

    def test_a_step_too_far_is_taken_back_and_waits_longer_each_time(self) -> None:
        house = house_with(3000.0)
        house.run(3600)
        # Seldom more than it has: a probe a few minutes, of half a minute.
        over = [grid_w > 150 for grid_w in house.grids_w[-1800:]]
        assert sum(over) < 250
        assert fmean(house.grids_w[-1800:]) < 60

    def test_a_house_without_sun_to_spare_is_left_alone(self) -> None:
        house = house_with(400.0)
        house.run(7200)
        # A start in vain is not repeated soon.
        assert house.switchings(7200) <= 8
        assert sum(house.loads_w) / 3.6e6 < 0.8

    def test_at_night_nothing_is_tried(self) -> None:
        house = house_with(0.0)
        cycle = house.run(1200)
        assert cycle.probed_w == 0
        assert not any(house.loads_w)

    def test_the_sun_that_comes_back_is_found_again(self) -> None:
        house = house_with(5000.0)
        house.run(1200)
        house.sun_w = 2300.0
        house.run(600)
        house.sun_w = 5000.0
        house.run(1500)
        assert house.solar_w > 4600


class TestProbing:
    def probing(self) -> Probing:
        return Probing()

    def feed(
        self,
        probing: Probing,
        at: float,
        grid_w: float | None = 0.0,
        *,
        solar_w: float | None = 500.0,
        own_w: float = 0.0,
        needs_w: float | None = 0.0,
    ) -> float:
        probing.observe(
            GridReading(at=at, power_w=grid_w),
            solar_w=solar_w,
            own_w=own_w,
            needs_w=needs_w,
            dt_s=5.0,
        )
        return probing.offer_w

    def test_a_step_at_a_time_up_to_what_a_load_needs(self) -> None:
        probing = self.probing()
        offers = [
            self.feed(probing, at, needs_w=600.0) for at in (0, 5, 15, 30, 45, 60)
        ]
        assert offers == [250, 250, 500, 750, 850, 850]

    def test_a_load_that_runs_gets_no_more_than_a_step(self) -> None:
        probing = self.probing()
        assert [self.feed(probing, at) for at in (0, 15, 30)] == [250, 250, 250]

    def test_what_was_taken_and_made_begins_the_next_step(self) -> None:
        probing = self.probing()
        for at in (0, 15, 30):
            self.feed(probing, at, needs_w=600.0)
        offer_w = self.feed(probing, 45, own_w=600.0, solar_w=1100.0, needs_w=0.0)
        assert offer_w == 250

    def test_what_was_taken_but_not_made_is_no_success(self) -> None:
        probing = self.probing()
        for at in (0, 15):
            self.feed(probing, at, needs_w=600.0)
        assert self.feed(probing, 30, own_w=300.0, needs_w=600.0) == 750

    def test_an_import_takes_it_back_only_when_it_lasts(self) -> None:
        probing = self.probing()
        self.feed(probing, 0)
        assert self.feed(probing, 5, 230) == 250
        assert self.feed(probing, 10, 230) == 250
        assert self.feed(probing, 15, 230) == 250
        assert self.feed(probing, 20, 230) == 0

    def test_it_waits_longer_after_each_failure_and_no_longer_after_a_success(
        self,
    ) -> None:
        probing = self.probing()
        now, waits = 0.0, []
        for _ in range(5):
            self.feed(probing, now)
            for _ in range(4):
                now += 5
                self.feed(probing, now, 230)
            failed_at = now
            while self.feed(probing, now) == 0:
                now += 5
            waits.append(now - failed_at)
        assert waits == [60, 120, 240, 300, 300]
        self.feed(probing, now + 15, own_w=240, solar_w=740)
        for _ in range(4):
            now += 20
            self.feed(probing, now, 230, own_w=240)
        failed_at = now
        while self.feed(probing, now) == 0:
            now += 5
        assert now - failed_at == 60

    def test_a_step_is_given_its_time_at_any_hour(self) -> None:
        probing = self.probing()
        offers = [self.feed(probing, 5000 + at, needs_w=600.0) for at in (0, 14, 15)]
        assert offers == [250, 250, 500]

    def test_what_loads_drew_before_is_no_success(self) -> None:
        probing = self.probing()
        for at in (0, 15):
            self.feed(probing, at, own_w=400.0, needs_w=600.0)
        # The sun has risen, and no load took it.
        offer_w = self.feed(probing, 30, own_w=400.0, solar_w=900.0, needs_w=600.0)
        assert offer_w == 750

    @pytest.mark.parametrize(("taken_w", "offer_w"), [(125.0, 750), (126.0, 250)])
    def test_more_than_half_a_step_is_a_success(
        self, taken_w: float, offer_w: float
    ) -> None:
        probing = self.probing()
        for at in (0, 15):
            self.feed(probing, at, needs_w=600.0)
        got_w = self.feed(
            probing, 30, own_w=taken_w, solar_w=500.0 + taken_w, needs_w=600.0
        )
        assert got_w == offer_w

    @pytest.mark.parametrize(
        ("grid_w", "solar_w", "offer_w"),
        [(-100, 500, 250), (-101, 500, 0), (100, 500, 250), (0, 100, 250), (0, 99, 0)],
    )
    def test_the_grid_is_at_nothing_within_a_hundred_watts_and_so_is_the_sun(
        self, grid_w: float, solar_w: float, offer_w: float
    ) -> None:
        assert self.feed(self.probing(), 0, grid_w, solar_w=solar_w) == offer_w

    def fail(self, probing: Probing, at: float, *, solar_w: float = 500.0) -> float:
        """Import until the offer is taken back; return when that was."""
        while self.feed(probing, at, 230, solar_w=solar_w):
            at += 5
        return at

    def test_a_load_that_has_started_is_a_step_from_then_on(self) -> None:
        probing = self.probing()
        for at in (0, 15, 30):
            self.feed(probing, at, needs_w=600.0)
        self.feed(probing, 45, own_w=600.0, solar_w=1100.0)
        failed_at = self.fail(probing, 50, solar_w=1100.0)
        assert self.feed(probing, failed_at + 60, solar_w=1100.0) == 250

    def test_after_a_start_in_vain_a_step_in_vain_waits_as_a_step(self) -> None:
        probing = self.probing()
        self.feed(probing, 0, needs_w=600.0)
        failed_at = self.fail(probing, 5)
        at = failed_at + 900
        assert self.feed(probing, at) == 250
        failed_at = self.fail(probing, at + 5)
        assert self.feed(probing, failed_at + 119) == 0
        assert self.feed(probing, failed_at + 120) == 250

    def test_more_sun_than_then_forgets_all_failures(self) -> None:
        probing = self.probing()
        self.feed(probing, 0)
        failed_at = self.fail(probing, 5)
        assert self.feed(probing, failed_at + 5, solar_w=800.0) == 250
        failed_at = self.fail(probing, failed_at + 10, solar_w=800.0)
        assert self.feed(probing, failed_at + 59, solar_w=800.0) == 0
        assert self.feed(probing, failed_at + 60, solar_w=800.0) == 250

    @pytest.mark.parametrize(
        "ends",
        [
            {"grid_w": -500.0},
            {"grid_w": None},
            {"solar_w": None},
            {"solar_w": 50.0},
            {"needs_w": None},
        ],
    )
    def test_where_there_is_nothing_to_try_nothing_is_offered(
        self, ends: dict[str, float | None]
    ) -> None:
        probing = self.probing()
        assert self.feed(probing, 0) == 250
        assert self.feed(probing, 5, **ends) == 0

    def test_a_start_in_vain_waits_long_unless_there_is_more_sun(self) -> None:
        def failed() -> Probing:
            probing = self.probing()
            for at in (0, 15, 30):
                self.feed(probing, at, needs_w=600.0)
            for at in (40, 45, 50, 55, 60):
                self.feed(probing, at, 500)
            return probing

        assert self.feed(failed(), 900) == 0
        assert self.feed(failed(), 960) == 250
        assert self.feed(failed(), 100, solar_w=740.0) == 0
        assert self.feed(failed(), 100, solar_w=750.0) == 250

    def test_no_start_in_vain_waits_for_more_than_an_hour(self) -> None:
        probing, now, waits = self.probing(), 0.0, []
        for _ in range(4):
            self.feed(probing, now, needs_w=600.0)
            for _ in range(4):
                now += 5
                self.feed(probing, now, 500, needs_w=600.0)
            failed_at = now
            while self.feed(probing, now, needs_w=600.0) == 0:
                now += 5
            waits.append(now - failed_at)
        assert waits == [900, 1800, 3600, 3600]

    def test_an_import_without_an_offer_is_no_failure(self) -> None:
        probing = self.probing()
        for at in range(0, 50, 5):
            assert self.feed(probing, at, 900) == 0
        assert self.feed(probing, 50) == 250
