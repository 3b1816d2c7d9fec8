"""What the engine makes of readings before it asks any load."""

from datetime import UTC, datetime, timedelta
from math import nan

import pytest

from custom_components.surplus.control.check import CheckEnd
from custom_components.surplus.control.engine import Cycle, Engine
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.model import GridReading, Mode, Snapshot
from custom_components.surplus.control.settings import HomeSettings

from .told import Told, V

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


class Scene:
    """An engine with loads that are made to do something."""

    def __init__(self, *loads: Told, settings: HomeSettings | None = None) -> None:
        self.engine = Engine(settings or HomeSettings())
        self.loads = loads
        for load in loads:
            self.engine._loads._controls[load.spec.load_id] = load

    def read(
        self,
        at: float,
        power_w: float | None = 0.0,
        *,
        now: float = 0.0,
        **more: object,
    ) -> Cycle:
        return self.cycle(
            GridReading(at=at, power_w=power_w, **more),
            now=now or at,
        )

    def cycle(
        self, grid: GridReading | None, *, now: float, solar_w: float | None = None
    ) -> Cycle:
        return self.engine.cycle(
            Snapshot(
                now=now,
                wall=NOON + timedelta(seconds=now),
                grid=grid,
                solar_w=solar_w,
                loads=tuple(load.load for load in self.loads),
            )
        )

    @property
    def peaks(self) -> list[float]:
        return list(self.engine._peaks.as_dict().values())


class TestTime:
    def test_each_reading_is_a_time_once(self) -> None:
        load = Told("a")
        scene = Scene(load)
        seen = []
        for at in (1, 3, 3, 2, 4):
            scene.read(at, now=5)
            seen.append(load.shown.dt_s)
        assert seen == [0, 2, 0, 0, 1]

    def test_a_gap_is_no_time_in_which_anything_was_seen(self) -> None:
        load = Told("a")
        scene = Scene(load)
        for at in (1, 2, 3, 14):
            scene.read(at)
        assert load.shown.dt_s == 10

    def test_a_slow_meters_own_rhythm_is_no_gap(self) -> None:
        load = Told("a")
        scene = Scene(load)
        for at in (*range(30, 331, 30), 370):
            scene.read(at)
        assert load.shown.dt_s == 40
        scene.read(420)
        assert load.shown.dt_s == 45

    def test_without_a_meter_no_time_passes(self) -> None:
        load = Told("a")
        Scene(load).cycle(None, now=5)
        assert load.shown.dt_s == 0
        assert load.shown.surplus_w == load.shown.total_w == 0


class TestAnotherMeter:
    def test_its_first_reading_is_new_whatever_the_other_one_showed(self) -> None:
        load = Told("a")
        scene = Scene(load)
        scene.read(10, 460.0)
        scene.engine.new_meter()
        scene.read(9, 2300.0, now=11)
        assert load.shown.dt_s == 0
        assert scene.peaks == [10]

    def test_what_the_other_one_showed_stands_for_none_of_its_own(self) -> None:
        scene = Scene()
        scene.read(10, 460.0)
        assert scene.read(11, nan).meter is MeterState.FRESH
        scene.engine.new_meter()
        assert scene.read(12, nan).meter is MeterState.NONE


class TestTheHouseItself:
    def test_its_peak_is_what_it_draws_without_loads_and_sun(self) -> None:
        scene = Scene(Told("a", draws_w=1150.0))
        scene.read(1, 2300.0)
        assert scene.peaks == [5]

    def test_the_worst_phase_counts(self) -> None:
        settings = HomeSettings(phases=3)
        scene = Scene(Told("a", draws_w=690.0, phases=(1, 2, 3)), settings=settings)
        scene.read(1, 4600.0, currents_a=(4.0, 12.0, 4.0))
        assert scene.peaks == [11]

    def test_the_sun_of_three_phases_is_taken_off_each(self) -> None:
        scene = Scene(settings=HomeSettings(phases=3))
        grid = GridReading(at=1, power_w=-2070.0, currents_a=(-3.0, -2.0, -4.0))
        scene.cycle(grid, now=1, solar_w=6900.0)
        assert scene.peaks == [8]

    def test_each_load_is_shown_what_the_others_draw(self) -> None:
        loads = Told("a", draws_w=1150.0), Told("b", draws_w=300.0)
        scene = Scene(*loads)
        scene.read(1, 2300.0)
        scene.read(1, 2300.0, now=2)
        assert [load.others_w for load in loads] == [[300], [1150]]

    def test_an_export_of_unknown_phases_is_no_room(self) -> None:
        load = Told("a", draws_w=6900.0, phases=(1, 2, 3), mode=Mode.BOOST)
        scene = Scene(load, settings=HomeSettings(phases=3, breaker_a=20.0))
        scene.read(1, -3000.0)
        assert load.room_a == 20
        scene.read(2, -3000.0, currents_a=(0.0, 0.0, 0.0))
        assert load.room_a == 30

    def test_where_all_phases_are_told_each_is_believed(self) -> None:
        load = Told("a", phases=(2,))
        scene = Scene(load, settings=HomeSettings(phases=3, breaker_a=20.0))
        scene.read(1, -3000.0, currents_a=(1.0, -4.0, 1.0))
        assert load.room_a == 24


class TestWhatIsShown:
    def test_the_rooms_are_what_is_left_as_the_house_runs_now(self) -> None:
        settings = HomeSettings(phases=3, breaker_a=20.0, subscribed_va=9000.0)
        load = Told("a", draws_w=6900.0, phases=(1, 2, 3))
        cycle = Scene(load, settings=settings).read(
            1, -6900.0, currents_a=(-5.0, -10.0, -15.0)
        )
        assert cycle.surplus_w == 13_800
        assert cycle.breaker_room_a == 25
        assert cycle.subscription_room_va == pytest.approx(9000 + 5 * V * 3)

    def test_what_may_be_used_is_the_surplus_under_the_limits(self) -> None:
        settings = HomeSettings(phases=3, breaker_a=5.0, grid_target_w=9000.0)
        load = Told("a", draws_w=2760.0, phases=(1, 2, 3))
        scene = Scene(load, settings=settings)
        cycle = scene.read(1, 3000.0, currents_a=(4.0, 5.0, 6.0))
        assert cycle.budget_w == pytest.approx((5 - 6 + 4) * V * 3)
        assert cycle.budget_a == pytest.approx((5 - 6 + 4) * 3)

    def test_a_lack_is_a_budget_of_nothing(self) -> None:
        cycle = Scene().read(1, 3000.0)
        assert (cycle.surplus_w, cycle.budget_w) == (-3000, 0)

    def test_a_limit_that_is_exceeded_is_a_budget_of_nothing(self) -> None:
        settings = HomeSettings(breaker_a=10.0, grid_target_w=9000.0)
        assert Scene(settings=settings).read(1, 3000.0).budget_w == 0

    def test_without_direction_apparent_power_is_shown(self) -> None:
        cycle = Scene().read(1, None, drawn_va=700.0)
        assert cycle.grid_w == 700
        assert cycle.budget_w is None


class TestChecks:
    def scene(self) -> Scene:
        scene = Scene(Told("a"), Told("b"))
        scene.read(1)
        for load in scene.loads:
            scene.engine.start_check(load.spec)
        return scene

    def test_only_the_load_in_turn_begins_anew_when_its_check_is_given_up(self) -> None:
        scene = self.scene()
        scene.engine.stop_check("b")
        assert [load.ended for load in scene.loads] == [0, 0]
        scene.engine.stop_check("a")
        assert [load.ended for load in scene.loads] == [1, 0]

    def test_only_the_load_in_turn_begins_anew_when_the_meter_is_late(self) -> None:
        scene = self.scene()
        cycle = scene.read(1, now=20)
        assert cycle.meter is MeterState.STALE
        assert {key: result.end for key, result in cycle.checks.items()} == {
            "a": CheckEnd.METER_LOST,
            "b": CheckEnd.METER_LOST,
        }
        assert [load.ended for load in scene.loads] == [1, 0]
        scene.read(1, now=21)
        assert [load.ended for load in scene.loads] == [1, 0]

    def test_one_that_went_away_meanwhile_begins_anew_when_it_comes_back(self) -> None:
        scene = self.scene()
        first, scene.loads = scene.loads[0], scene.loads[1:]
        assert scene.read(2).checks["a"].end is CheckEnd.NOT_READY
        assert first.ended == 1
