"""Self-regulating batteries: observed, never fought, never counted twice."""

from itertools import accumulate
from math import inf, isfinite, nan, sin
from statistics import fmean

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.surplus.control.battery import Batteries, BatteryShare, Course
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.model import (
    BatteryReading,
    GridReading,
    Mode,
    Reason,
    Snapshot,
)
from custom_components.surplus.control.settings import HomeSettings

from .battery_house import EPOCH, BatteryHouse, Car, HomeBattery
from .mixed_house import MixedHouse, Plant, heater


def share(
    batteries: Batteries,
    readings: tuple[BatteryReading, ...],
    at: float,
    *,
    grid_w: float = 0.0,
    own_w: float = 0.0,
    dt_s: float = 1.0,
) -> BatteryShare:
    batteries.observe(readings, at)
    return batteries.share(GridReading(at=at, power_w=grid_w), lambda _: own_w, dt_s)


def reading(power_w: float, at: float = 0.0, **more: float | None) -> BatteryReading:
    return BatteryReading(power_w=power_w, at=at, **more)


class TestSurplusAtOneInstant:
    def test_what_it_charges_is_surplus(self) -> None:
        assert share(Batteries(), (reading(-1500),), 0).surplus_w == 1500

    def test_what_it_gives_is_not(self) -> None:
        got = share(Batteries(), (reading(800),), 0, own_w=1400)
        assert got.surplus_w == 600
        assert got.power_w == 800

    def test_export_beside_it_adds_to_what_it_charges(self) -> None:
        got = share(Batteries(), (reading(-4000),), 0, grid_w=-700)
        assert got.surplus_w == 4700

    def test_a_meter_that_loses_the_sign_holds_what_it_last_knew(self) -> None:
        batteries = Batteries()
        share(batteries, (reading(-1000, at=1),), 1, grid_w=-200)
        batteries.observe((reading(-1000, at=2),), 2)
        got = batteries.share(GridReading(at=2, power_w=None), lambda _: 0.0, 1)
        assert got.surplus_w == 1200

    def test_several_batteries_count_together(self) -> None:
        got = share(Batteries(), (reading(-1000), reading(300)), 0)
        assert got.power_w == -700
        assert got.surplus_w == 700

    def test_without_a_battery_only_the_meter_counts(self) -> None:
        got = share(Batteries(), (), 0, grid_w=-900, own_w=100)
        assert (got.surplus_w, got.kept_w) == (1000, 0)
        assert got.state is MeterState.NONE

    def test_a_newer_battery_reading_is_taken_back_to_the_sample_of_the_grid(
        self,
    ) -> None:
        batteries = Batteries()
        share(batteries, (reading(-1000, at=10),), 10)
        assert share(batteries, (reading(-2000, at=12),), 11).power_w == -1500

    def test_an_older_battery_reading_takes_the_surplus_back_to_its_own_instant(
        self,
    ) -> None:
        batteries = Batteries()
        battery = (reading(-2000, at=10),)
        share(batteries, battery, 10)
        # A cloud of 1.5 kW: first the meter shows it, then the battery has taken it.
        assert share(batteries, battery, 11, grid_w=1500).surplus_w == 2000
        assert share(batteries, battery, 13, grid_w=0).surplus_w == 2000
        got = share(batteries, (reading(-500, at=13),), 13, grid_w=0)
        assert got.surplus_w == 500
        assert got.at == 13

    def test_own_power_is_asked_for_at_that_instant(self) -> None:
        batteries, asked = Batteries(), []

        def own_w(at: float) -> float:
            asked.append(at)
            return 0.0

        batteries.observe((reading(0, at=7),), 10)
        batteries.share(GridReading(at=9, power_w=0), own_w, 1)
        assert asked == [7]

    def test_a_reading_that_is_no_number_is_not_heard(self) -> None:
        batteries = Batteries()
        share(batteries, (reading(-1000, at=1),), 1)
        assert share(batteries, (reading(nan, at=2),), 2).state is MeterState.LOST

    def test_a_battery_in_anothers_place_has_no_part_in_its_past(self) -> None:
        batteries = Batteries()
        one = BatteryReading(power_w=-1000, at=10, battery_id="one")
        share(batteries, (one,), 10)
        other = BatteryReading(power_w=-3000, at=12, battery_id="other")
        assert share(batteries, (other,), 11).power_w == -3000

    def test_a_course_forgets_what_is_long_past_and_ignores_what_is_late(self) -> None:
        course = Course()
        assert course.last_at is None
        for at, power_w in ((0, 100), (700, 200), (650, 900), (710, 300)):
            course.note(at, power_w)
        course.note(710, 800)
        assert course.power_w(-5) == 200
        assert course.power_w(705) == 250
        assert course.power_w(9999) == 300

    def test_a_sample_that_is_no_number_is_left_out(self) -> None:
        course = Course()
        course.note(1, 100)
        course.note(2, nan)
        course.note(3, inf)
        assert (course.last_at, course.power_w(9)) == (1, 100)

    def test_a_sample_of_ten_minutes_ago_still_counts(self) -> None:
        course = Course()
        for at, power_w in ((0, 100), (600, 200)):
            course.note(at, power_w)
        assert course.power_w(0) == 100

    def test_a_course_tells_how_far_it_moved_around_an_instant(self) -> None:
        course = Course()
        assert course.spread_w(0) == 0
        for at, power_w in ((10, 100), (20, 400), (30, 150)):
            course.note(at, power_w)
        spreads = [course.spread_w(at) for at in (5, 10, 15, 20, 25, 30, 35)]
        assert spreads == [0, 300, 300, 250, 250, 0, 0]


class TestNotHeard:
    def test_a_stale_battery_may_have_ceased_to_charge(self) -> None:
        batteries = Batteries()
        share(batteries, (reading(-2000),), 0)
        got = share(batteries, (reading(-2000),), 20, own_w=1400)
        assert got.state is MeterState.STALE
        assert got.surplus_w == 1400
        assert got.sun_left_w == 1400

    def test_a_stale_battery_may_not_have_ceased_to_give(self) -> None:
        batteries = Batteries()
        share(batteries, (reading(1000),), 0)
        assert share(batteries, (reading(1000),), 20, own_w=1400).surplus_w == 400

    def test_a_battery_told_slowly_is_not_stale(self) -> None:
        batteries = Batteries()
        for at in (0, 30, 60):
            share(batteries, (reading(-2000, at=at),), at)
        got = share(batteries, (reading(-2000, at=60),), 100)
        assert got.state is MeterState.FRESH
        assert got.surplus_w == 2000

    @staticmethod
    def lost_for(seconds: int, **more: float) -> BatteryShare:
        batteries = Batteries()
        for second in range(seconds):
            got = share(batteries, (reading(0),), 61 + second, **more)
        return got

    def test_a_lost_battery_is_believed_to_feed_the_loads(self) -> None:
        got = self.lost_for(60, own_w=1400)
        assert got.state is MeterState.LOST
        assert got.surplus_w == 0
        assert got.sun_left_w == 1400
        assert got.power_w is None

    def test_that_is_believed_little_by_little(self) -> None:
        assert self.lost_for(30, own_w=1400).surplus_w == 700
        assert self.lost_for(300, own_w=1400).surplus_w == 0

    def test_it_hides_nothing_of_loads_that_draw_nothing(self) -> None:
        assert self.lost_for(60, own_w=0).surplus_w == 0

    def test_one_that_is_heard_between_is_doubted_anew(self) -> None:
        batteries = Batteries()
        believed, last = [], 0
        for begins, heard in ((0, True), (100, False), (200, True), (300, False)):
            for now in range(begins, begins + 30):
                last = now if heard else last
                got = share(batteries, (reading(0, at=last),), now, own_w=1400)
            believed.append(got.surplus_w)
        assert believed == [1400, 700, 1400, 700]

    def test_an_export_between_begins_the_doubt_anew(self) -> None:
        batteries = Batteries()
        for at in range(61, 200):
            grid_w = -300 if at == 140 else 0
            got = share(batteries, (reading(0),), at, grid_w=grid_w, own_w=1400)
            if at == 141:
                assert got.surplus_w > 1300
        assert got.surplus_w < 100

    def test_a_fast_heater_takes_the_sun_beside_it_without_being_thrown_about(
        self,
    ) -> None:
        hot = Plant(spec=heater(), mode=Mode.SOLAR)
        house = MixedHouse(
            loads=[hot], batteries=(BatteryReading(power_w=0.0, at=1.0),)
        )
        told = []
        for second in range(600):
            house.run(1, base_w=-2600 + (900 if second % 50 < 5 else 0))
            told.append(hot.value)
        assert min(told[30:]) > 1000
        assert hot.power_w > 2200

    def test_beside_an_export_it_cannot(self) -> None:
        got = share(Batteries(), (reading(0),), 61, grid_w=-300, own_w=1400)
        assert got.surplus_w == 1700
        assert got.kept_w == 250
        # What the house lacks is what the meter shows, whatever hides behind it.
        assert got.sun_left_w == 1700

    @pytest.mark.parametrize(("grid_w", "surplus_w"), [(-49, 49), (-50, 1450)])
    def test_what_the_meter_wavers_by_is_no_export(
        self, grid_w: float, surplus_w: float
    ) -> None:
        got = self.lost_for(60, grid_w=grid_w, own_w=1400)
        assert got.surplus_w == surplus_w

    def test_the_worst_heard_of_several_counts(self) -> None:
        got = share(Batteries(), (reading(0, at=61), reading(0)), 61)
        assert got.state is MeterState.LOST

    def test_loads_that_wait_say_so(self) -> None:
        house = BatteryHouse(sun_w=3000)
        house.run(10)
        assert house.battery is not None
        house.battery.tells = False
        house.run(120)
        assert house.decision().reason is Reason.BATTERY_LOST
        assert house.history[-1].battery_state is MeterState.LOST
        assert house.history[-1].battery_w is None
        assert house.history[-1].house_w is None


class TestChargedFirst:
    def test_below_its_share_its_charging_is_no_surplus(self) -> None:
        got = share(Batteries(), (reading(-3000, soc=0.3, first_soc=0.5),), 0)
        assert got.surplus_w == 0
        assert got.sun_left_w == 3000
        assert got.first

    def test_loads_give_back_what_it_could_take(self) -> None:
        batteries = Batteries()
        share(batteries, (reading(-3000, at=0, soc=0.3, first_soc=0.5),), 0)
        got = share(
            batteries, (reading(-1000, at=1, soc=0.3, first_soc=0.5),), 1, own_w=1500
        )
        assert got.surplus_w == -500

    def test_what_it_leaves_for_the_grid_is_surplus(self) -> None:
        batteries = Batteries()
        for at in range(30):
            got = share(
                batteries,
                (reading(-3000, at=at, soc=0.3, first_soc=0.5),),
                at,
                grid_w=-1500,
            )
        assert got.surplus_w == 1500

    def test_a_battery_that_takes_less_now_leaves_more(self) -> None:
        batteries = Batteries()
        share(batteries, (reading(-3000, at=0, soc=0.3, first_soc=0.5),), 0)
        for at in range(1, 14):
            got = share(
                batteries,
                (reading(-500, at=at, soc=0.3, first_soc=0.5),),
                at,
                grid_w=-2500 if at != 6 else 0,
            )
            # An export that was interrupted proves nothing.
            assert got.surplus_w == (0 if at != 6 else -2500)
        for at in range(14, 20):
            got = share(
                batteries,
                (reading(-500, at=at, soc=0.3, first_soc=0.5),),
                at,
                grid_w=-2500,
            )
        assert got.surplus_w == 2500

    @pytest.mark.parametrize(("grid_w", "surplus_w"), [(-149, -2351), (-150, 150)])
    def test_what_its_own_loop_leaves_on_the_meter_is_not_refused(
        self, grid_w: float, surplus_w: float
    ) -> None:
        batteries = Batteries()
        share(batteries, (reading(-3000, at=0, soc=0.3, first_soc=0.5),), 0)
        for at in range(1, 14):
            got = share(
                batteries,
                (reading(-500, at=at, soc=0.3, first_soc=0.5),),
                at,
                grid_w=grid_w,
            )
        assert got.surplus_w == surplus_w

    @pytest.mark.parametrize(
        ("charge", "first"),
        [
            ((0.49, 0.5, 0.519), True),
            ((0.49, 0.521, 0.5), False),
            ((0.6, 0.499), True),
            ((0.5,), False),
            ((0.6, 0.0), True),
            ((0.3, 1.0), False),
        ],
    )
    def test_it_changes_sides_with_a_distance(
        self, charge: tuple[float, ...], first: bool
    ) -> None:
        batteries = Batteries()
        for at, soc in enumerate(charge):
            got = share(batteries, (reading(0, at=at, soc=soc, first_soc=0.5),), at)
        assert got.first is first

    def test_a_full_one_never_comes_first(self) -> None:
        batteries = Batteries()
        share(batteries, (reading(0, at=0, soc=0.5, first_soc=1.0),), 0)
        got = share(batteries, (reading(0, at=1, soc=1.0, first_soc=1.0),), 1)
        assert not got.first

    @pytest.mark.parametrize("absurd", [None, -0.1, 1.2, nan])
    def test_an_unknown_charge_leaves_it_on_its_side(
        self, absurd: float | None
    ) -> None:
        for soc, first in ((0.4, True), (0.6, False)):
            batteries = Batteries()
            share(batteries, (reading(0, at=0, soc=soc, first_soc=0.5),), 0)
            got = share(batteries, (reading(0, at=1, soc=absurd, first_soc=0.5),), 1)
            assert got.first is first

    def test_a_charge_never_told_gives_it_what_was_asked_for_it(self) -> None:
        assert share(Batteries(), (reading(0, first_soc=0.5),), 0).first
        assert not share(Batteries(), (reading(0),), 0).first


class TestBorrowing:
    """Loads ride through clouds on a battery, up to 150 Wh."""

    def lent(self, *powers_wh: tuple[float, float]) -> bool:
        """Return whether loads owe after hours of (battery power, own power)."""
        batteries = Batteries()
        for at, (power_w, own_w) in enumerate(powers_wh):
            got = share(
                batteries, (reading(power_w, at=at),), at, own_w=own_w, dt_s=3600.0
            )
        return got.owed

    def test_so_much_is_lent_and_no_more(self) -> None:
        assert not self.lent((149.0, 2000.0))
        assert self.lent((150.0, 2000.0))
        assert self.lent((80.0, 2000.0), (70.0, 2000.0))

    def test_what_the_house_takes_is_not_lent_to_loads(self) -> None:
        assert not self.lent((2000.0, 149.0))
        assert self.lent((2000.0, 150.0))
        assert not self.lent((2000.0, -500.0))

    def test_it_is_owed_until_all_of_it_is_back(self) -> None:
        assert self.lent((160.0, 2000.0), (-159.0, 2000.0))
        assert not self.lent((160.0, 2000.0), (-160.0, 2000.0))

    def test_what_was_charged_before_is_no_credit(self) -> None:
        assert self.lent((-3000.0, 0.0), (150.0, 2000.0))


class TestInTheHouse:
    @pytest.mark.parametrize("told_every_s", [1, 5, 10])
    @pytest.mark.parametrize("sun_w", [2200.0, 2850.0, 3120.0, 4490.0])
    def test_a_running_car_is_not_fed_by_the_battery(
        self, sun_w: float, told_every_s: int
    ) -> None:
        house = BatteryHouse(sun_w=sun_w)
        assert house.battery is not None
        house.battery.told_every_s = told_every_s
        house.run(900)
        assert house.decision().runs
        assert max(house.battery_w[-300:]) <= 100
        # And the car leaves the battery no more than a step and what is kept.
        assert min(house.battery_w[-300:]) >= -400
        assert house.switchings(880) <= 1
        assert len(set(house.loads_w[-300:])) == 1

    def test_a_car_at_its_minimum_borrows_only_so_much(self) -> None:
        house = BatteryHouse(sun_w=3000)
        house.run(600)
        assert house.decision().runs
        # 1000 W are left: the car's minimum would take 310 W from the battery for ever.
        house.sun_w = 1300
        house.run(1800)
        stored = list(
            accumulate(
                house.battery_w[-1800:], lambda wh, watt: wh - watt / 3600, initial=0.0
            )
        )
        assert house.switchings(1800) >= 1
        assert -180 < min(stored) < -20

    def test_a_car_is_more_patient_beside_a_battery(self) -> None:
        house = BatteryHouse(sun_w=3000)
        house.run(600)
        # 22 Wh against it are reached after 118 s, 25 Wh after 133 s.
        house.sun_w = 680
        house.run(126)
        assert house.decision().runs
        house.run(16)
        assert not house.decision().runs

    def test_a_cloud_is_ridden_through_on_the_battery(self) -> None:
        house = BatteryHouse(sun_w=3000)
        house.run(600)
        house.sun_w = 1400
        house.run(120)
        house.sun_w = 3000
        house.run(300)
        assert house.switchings(420) == 0

    def test_the_battery_is_charged_before_the_car_starts(self) -> None:
        battery = HomeBattery(energy_wh=2_000, first_soc=0.5, most_w=3_000)
        house = BatteryHouse(sun_w=2800, battery=battery)
        house.run(900)
        assert not house.decision().runs
        assert house.history[-1].battery_first
        # More than it can take: the rest is for the car.
        house.sun_w = 5200
        house.run(600)
        assert house.decision().runs
        assert fmean(battery_w := house.battery_w[-200:]) < -2_700
        assert max(battery_w) < -2_500
        # And when it gets less again, the car gives way, not the battery.
        house.sun_w = 3100
        house.run(900)
        assert not house.decision().runs
        assert fmean(house.battery_w[-100:]) < -2_700

    def test_above_it_the_car_comes_first(self) -> None:
        battery = HomeBattery(energy_wh=5_300, first_soc=0.5)
        house = BatteryHouse(sun_w=2800, battery=battery)
        house.run(600)
        assert house.decision().runs
        assert not house.history[-1].battery_first

    def test_a_full_battery_leaves_the_export_to_the_car(self) -> None:
        house = BatteryHouse(sun_w=3000, battery=HomeBattery(energy_wh=10_000))
        house.run(600)
        assert house.decision().runs
        assert fmean(house.grids_w[-60:]) == pytest.approx(-140, abs=160)

    def test_at_night_nothing_starts_on_the_battery(self) -> None:
        house = BatteryHouse(sun_w=0, house_w=900)
        house.run(900)
        assert not house.decision().runs
        assert fmean(house.battery_w[-60:]) == pytest.approx(900, abs=5)

    def test_the_house_is_what_grid_sun_and_battery_bring(self) -> None:
        house = BatteryHouse(sun_w=1000, house_w=1900, loads=[])
        cycle = house.run(200)
        assert cycle.house_w == pytest.approx(1900, abs=10)
        assert cycle.battery_w == pytest.approx(900, abs=10)

    def test_without_batteries_no_battery_is_told(self) -> None:
        cycle = BatteryHouse(sun_w=1000, battery=None).run(3)
        assert cycle.battery_w is None
        assert cycle.battery_state is MeterState.NONE
        assert cycle.house_w == pytest.approx(300)

    def test_a_battery_that_was_lost_is_taken_up_again(self) -> None:
        house = BatteryHouse(sun_w=3000)
        assert house.battery is not None
        house.run(300)
        house.battery.tells = False
        house.run(700)
        assert not house.decision().runs
        house.battery.tells = True
        house.run(600)
        assert house.decision().runs


@st.composite
def home_batteries(draw: st.DrawFn) -> HomeBattery:
    late_s = draw(st.integers(0, 3))
    return HomeBattery(
        # One that is stable by itself.
        part=min(draw(st.floats(0.2, 0.6)), 0.8 / (late_s + 1)),
        late_s=late_s,
        told_every_s=draw(st.sampled_from([1, 2, 5, 10])),
        moves_w=draw(st.floats(300, 4_000)),
        most_w=draw(st.sampled_from([2_000.0, 5_000.0])),
        energy_wh=draw(st.floats(200, 9_900)),
    )


@hypothesis_settings(max_examples=15, deadline=None)
@given(sun_w=st.floats(2_000, 7_000), battery=home_batteries())
def test_a_battery_and_a_car_never_swing(sun_w: float, battery: HomeBattery) -> None:
    house = BatteryHouse(sun_w=sun_w, battery=battery)
    house.run(900)
    # Under a steady sun what is decided stands.
    assert len(house.told(300)) == 1
    assert max(house.battery_w[-300:]) <= 100


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    powers=st.lists(
        st.tuples(
            st.floats(-9e3, 9e3) | st.just(nan),
            st.floats(0, 90),
            st.none() | st.floats(-1, 2),
            st.floats(-9e3, 9e3),
        ),
        min_size=1,
        max_size=20,
    ),
    first_soc=st.floats(0, 1),
    own_w=st.floats(0, 9e3),
)
def test_no_battery_ever_makes_more_surplus_than_it_charges_and_exports(
    powers: list[tuple[float, float, float | None, float]],
    first_soc: float,
    own_w: float,
) -> None:
    batteries, now = Batteries(), 0.0
    seen_w = 0.0
    grid_w = 0.0
    for power_w, later_s, soc, grid_now_w in powers:
        now += later_s
        at = now - later_s / 2
        if isfinite(power_w):
            seen_w = max(seen_w, -power_w)
        grid_w = min(grid_w, grid_now_w)
        told = BatteryReading(power_w=power_w, at=at, soc=soc, first_soc=first_soc)
        got = share(
            batteries, (told,), now, grid_w=grid_now_w, own_w=own_w, dt_s=later_s
        )
        assert got.surplus_w <= own_w + seen_w - grid_w + 1e-6
        assert got.kept_w >= 0


def test_a_wandering_sun_does_not_make_the_car_swing() -> None:
    house = BatteryHouse(sun_w=lambda now: 4000 + 900 * sin(now / 40))
    house.run(1800)
    assert house.switchings(1700) <= 1


def test_two_cars_share_what_a_battery_would_take() -> None:
    house = BatteryHouse(
        sun_w=5000, loads=[Car(load_id="car"), Car(load_id="two", priority=2)]
    )
    house.run(1200)
    assert max(house.battery_w[-200:]) <= 100
    assert house.decision().runs


def test_equal_snapshots_give_equal_cycles() -> None:
    snapshot = Snapshot(
        now=10.0,
        wall=EPOCH,
        grid=GridReading(at=9.0, power_w=0.0),
        batteries=(reading(-1000, at=9.5),),
    )
    first, second = (Engine(HomeSettings()).cycle(snapshot) for _ in range(2))
    assert first == second
    assert first.surplus_w == 1000
    assert first.budget_w == 925
