"""A battery that can be commanded: charged by the sun, given to the house alone."""

from dataclasses import replace
from datetime import timedelta
from math import nan
from statistics import fmean

from hypothesis import example, given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.surplus.control.check import CheckEnd, Sign
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.loads import control_of
from custom_components.surplus.control.loads.circumstances import Circumstances
from custom_components.surplus.control.loads.storage import StorageControl
from custom_components.surplus.control.loads.storage_response import StorageResponse
from custom_components.surplus.control.model import (
    GridReading,
    LimitKind,
    LoadInput,
    Mode,
    Reason,
    Snapshot,
    StorageReading,
    StorageSpec,
)
from custom_components.surplus.control.settings import HomeSettings

from .battery_house import EPOCH, BatteryHouse, Car, HomeBattery, StorageUnit


def alone(
    unit: StorageUnit | None = None, **more: float | HomeSettings
) -> BatteryHouse:
    return BatteryHouse(
        battery=None,
        loads=[unit or StorageUnit()],
        **more,
    )


def reason(house: BatteryHouse) -> Reason:
    return house.decision("storage").reason


class TestSolar:
    @pytest.mark.parametrize("told_every_s", [1, 2, 5, 10])
    @pytest.mark.parametrize("sun_w", [800.0, 2300.0, 4200.0])
    def test_it_takes_what_is_left_and_is_quiet(
        self, sun_w: float, told_every_s: int
    ) -> None:
        unit = StorageUnit(told_every_s=told_every_s)
        house = alone(unit, sun_w=sun_w)
        house.run(120)
        assert house.grid_w == pytest.approx(0, abs=35)
        assert reason(house) is Reason.FOLLOWING_SURPLUS
        assert unit.commands <= 5
        assert len(house.told(60, "storage")) == 1

    @pytest.mark.parametrize("told_every_s", [1, 5])
    def test_it_covers_what_the_house_lacks(self, told_every_s: int) -> None:
        unit = StorageUnit(told_every_s=told_every_s)
        house = alone(unit, house_w=1200.0)
        house.run(120)
        assert house.grid_w == pytest.approx(0, abs=35)
        assert reason(house) is Reason.COVERING_HOUSE
        assert unit.commands <= 5

    def test_it_follows_a_kettle_within_seconds_and_back(self) -> None:
        house = alone(sun_w=1300.0)
        house.run(60)
        house.house_w = 2600.0
        house.run(12)
        assert house.grid_w == pytest.approx(0, abs=40)
        house.house_w = 300.0
        house.run(15)
        assert house.grid_w == pytest.approx(0, abs=40)
        # It never swung past the other side.
        assert max(house.grids_w[-87:]) < 2400
        assert min(house.grids_w[-3:]) > -60

    def test_it_is_never_charged_from_the_grid(self) -> None:
        house = alone(house_w=900.0, unit=StorageUnit(energy_wh=1_001))
        house.run(400)
        assert max(house.loads_w) <= 0
        assert reason(house) is Reason.STORAGE_EMPTY
        assert house.load("storage").power_w == 0

    def test_what_is_aimed_at_is_not_covered(self) -> None:
        house = alone(house_w=900.0, settings=HomeSettings(grid_target_w=300))
        house.run(60)
        assert house.grid_w == pytest.approx(300, abs=35)

    def test_an_aim_of_export_gives_no_battery_to_the_grid(self) -> None:
        house = alone(house_w=900.0, settings=HomeSettings(grid_target_w=-300))
        house.run(60)
        assert house.grid_w == pytest.approx(0, abs=35)

    def test_a_margin_is_left(self) -> None:
        house = alone(sun_w=2300.0, settings=HomeSettings(margin_w=200))
        house.run(60)
        assert house.grid_w == pytest.approx(-200, abs=35)

    def test_next_to_nothing_moves_nothing(self) -> None:
        unit = StorageUnit()
        house = alone(unit, sun_w=340.0)
        house.run(60)
        assert unit.power_w == 0
        assert reason(house) is Reason.WAITING_FOR_SURPLUS

    def test_small_ripples_are_not_followed(self) -> None:
        unit = StorageUnit()
        house = alone(unit, sun_w=lambda now: 2300.0 + 25 * (now % 2))
        house.run(60)
        before = unit.commands
        house.run(300)
        assert unit.commands == before

    def test_at_its_power_it_says_so(self) -> None:
        house = alone(sun_w=6000.0)
        house.run(60)
        assert house.load("storage").power_w == 4000
        assert reason(house) is Reason.AT_MAXIMUM

    def test_a_house_that_needs_more_gets_what_it_may_give(self) -> None:
        house = alone(house_w=5000.0)
        house.run(60)
        assert house.load("storage").power_w == -3000


class TestBesideOthers:
    def test_it_does_not_charge_a_car(self) -> None:
        car = Car(mode=Mode.BOOST)
        house = BatteryHouse(battery=None, house_w=500.0, loads=[car, StorageUnit()])
        house.run(180)
        assert car.drawn_a > 30
        assert house.load("storage").power_w == pytest.approx(-500, abs=60)

    def test_it_does_not_hold_a_car_at_its_minimum(self) -> None:
        house = BatteryHouse(battery=None, sun_w=3000.0, loads=[Car(), StorageUnit()])
        house.run(300)
        assert house.decision("car").runs
        house.sun_w = 1200.0
        house.run(60)
        assert house.decision("car").runs
        assert house.load("storage").power_w >= 0
        assert house.grid_w > 300

    def test_by_priority_a_car_comes_first_and_it_takes_the_rest(self) -> None:
        house = BatteryHouse(battery=None, sun_w=9000.0, loads=[Car(), StorageUnit()])
        house.run(400)
        assert house.load("car").power_w > 7200
        assert house.load("storage").power_w == pytest.approx(1340, abs=35)

    def test_by_priority_it_comes_first(self) -> None:
        house = BatteryHouse(
            battery=None, sun_w=3800.0, loads=[Car(), StorageUnit(priority=0)]
        )
        house.run(400)
        assert house.load("car").power_w == 0
        assert house.load("storage").power_w == pytest.approx(3500, abs=40)

    def test_what_it_does_not_take_is_for_those_below(self) -> None:
        house = BatteryHouse(
            battery=None,
            sun_w=3800.0,
            loads=[Car(), StorageUnit(priority=0, most_w=600)],
        )
        house.run(400)
        assert house.load("car").power_w > 2300
        assert house.load("storage").power_w == 600
        # And when it takes more again, it has it again.
        unit = house.load("storage")
        assert isinstance(unit, StorageUnit)
        unit.most_w = 5000.0
        house.run(600)
        assert unit.power_w > 2000

    def test_it_does_not_charge_a_battery_that_regulates_itself(self) -> None:
        battery = HomeBattery(energy_wh=2_000, first_soc=0.5)
        unit = StorageUnit()
        house = BatteryHouse(battery=battery, sun_w=3000.0, loads=[unit])
        house.run(300)
        house.sun_w = 1000.0
        house.run(60)
        assert unit.power_w == 0
        assert fmean(house.battery_w[-20:]) == pytest.approx(-700, abs=40)

    def test_a_lost_battery_gets_nothing_of_it(self) -> None:
        battery = HomeBattery()
        unit = StorageUnit()
        house = BatteryHouse(battery=battery, sun_w=1300.0, loads=[unit])
        house.run(60)
        battery.tells = False
        house.run(100)
        assert unit.power_w == pytest.approx(0, abs=60)


class TestModes:
    def test_off_is_standby(self) -> None:
        unit = StorageUnit(mode=Mode.OFF, accepted=(-500.0, 900.0))
        house = alone(unit, sun_w=3000.0)
        house.run(20)
        assert unit.power_w == 0
        assert reason(house) is Reason.MODE_OFF

    def test_boost_charges_full_from_the_grid(self) -> None:
        unit = StorageUnit(mode=Mode.BOOST, energy_wh=9_490)
        house = alone(unit)
        house.run(10)
        assert unit.power_w == 4000
        assert reason(house) is Reason.BOOST
        house.run(60)
        assert unit.power_w == 0
        assert reason(house) is Reason.STORAGE_FULL
        assert unit.share == pytest.approx(0.95, abs=0.01)

    def test_eco_charges_in_cheap_hours_and_follows_the_sun_in_others(self) -> None:
        unit = StorageUnit(mode=Mode.ECO)
        house = alone(unit, house_w=800.0)
        house.cheap = True
        house.run(20)
        assert unit.power_w == 4000
        assert reason(house) is Reason.CHEAP_HOURS
        house.cheap = False
        house.run(30)
        assert unit.power_w == pytest.approx(-800, abs=40)

    @pytest.mark.parametrize(
        ("given_w", "power_w"),
        [(1500.0, 1500), (-700.0, -700), (9000.0, 4000), (-9000.0, -3000), (0.0, 0)],
    )
    def test_manual_does_what_a_person_gave(
        self, given_w: float, power_w: float
    ) -> None:
        unit = StorageUnit(mode=Mode.MANUAL, manual_w=given_w)
        house = alone(unit, sun_w=2000.0)
        house.run(20)
        assert unit.power_w == power_w
        assert reason(house) is Reason.MANUAL

    def test_manual_without_a_number_stays_as_it_is(self) -> None:
        unit = StorageUnit()
        house = alone(unit, sun_w=1500.0)
        house.run(30)
        unit.mode = Mode.MANUAL
        house.sun_w = 3000.0
        house.run(30)
        assert unit.power_w == pytest.approx(1200, abs=35)

    def test_manual_does_not_empty_it_below_its_reserve(self) -> None:
        unit = StorageUnit(mode=Mode.MANUAL, manual_w=-3000.0, energy_wh=1_010)
        house = alone(unit)
        house.run(60)
        assert unit.power_w == 0
        assert unit.share > 0.099
        assert reason(house) is Reason.STORAGE_EMPTY


class TestCharge:
    @pytest.mark.parametrize("soc", [None, nan, -0.2, 1.7])
    def test_an_unknown_charge_is_not_given_away(self, soc: float | None) -> None:
        unit = StorageUnit(soc=soc)
        house = alone(unit, house_w=1500.0)
        house.run(30)
        assert unit.power_w == 0
        assert reason(house) is Reason.SOC_UNKNOWN

    def test_an_unknown_charge_is_carefully_added_to(self) -> None:
        unit = StorageUnit(soc=None)
        house = alone(unit, sun_w=6000.0)
        house.run(30)
        assert unit.power_w == 2000
        assert reason(house) is Reason.SOC_UNKNOWN

    def test_full_it_rests_until_it_has_lost_something(self) -> None:
        unit = StorageUnit(soc=0.95)
        house = alone(unit, sun_w=3000.0)
        house.run(20)
        assert (unit.power_w, reason(house)) == (0, Reason.STORAGE_FULL)
        unit.soc = 0.94
        house.run(20)
        assert unit.power_w == 0
        unit.soc = 0.929
        house.run(20)
        assert unit.power_w > 2000

    def test_empty_it_rests_until_it_has_got_something(self) -> None:
        unit = StorageUnit(soc=0.1)
        house = alone(unit, house_w=1000.0)
        house.run(20)
        assert (unit.power_w, reason(house)) == (0, Reason.STORAGE_EMPTY)
        unit.soc = 0.115
        house.run(20)
        assert unit.power_w == 0
        unit.soc = 0.121
        house.run(20)
        assert unit.power_w < -900


class TestLimits:
    def test_charging_counts_against_the_limits(self) -> None:
        unit = StorageUnit(mode=Mode.BOOST)
        house = alone(unit, house_w=3000.0, settings=HomeSettings(subscribed_va=6000))
        house.run(30)
        assert house.grid_w == pytest.approx(6000, abs=5)
        assert reason(house) is Reason.LIMITED

    def test_a_limit_is_obeyed_on_that_very_reading(self) -> None:
        unit = StorageUnit(mode=Mode.BOOST)
        house = alone(unit, settings=HomeSettings(subscribed_va=6000))
        house.run(30)
        house.house_w = 4000.0
        house.run(2)
        assert house.decision("storage").setpoint.value <= 2000

    def test_what_it_takes_is_not_for_those_below(self) -> None:
        car = Car(mode=Mode.BOOST)
        unit = StorageUnit(mode=Mode.BOOST, priority=0)
        house = BatteryHouse(
            battery=None, loads=[car, unit], settings=HomeSettings(subscribed_va=9000)
        )
        house.run(200)
        assert unit.power_w == 4000
        assert house.grid_w <= 9000
        assert car.power_w > 3500

    def test_giving_makes_no_room_for_others(self) -> None:
        car = Car(mode=Mode.BOOST)
        unit = StorageUnit(mode=Mode.MANUAL, manual_w=-3000.0, priority=0)
        house = BatteryHouse(
            battery=None, loads=[car, unit], settings=HomeSettings(subscribed_va=6000)
        )
        house.run(200)
        assert car.power_w + house.house_w <= 6000

    @pytest.mark.parametrize(
        ("mode", "told_w"), [(Mode.SOLAR, 0.0), (Mode.ECO, 4000.0)]
    )
    def test_cheap_hours_are_nothing_to_other_modes_than_eco(
        self, mode: Mode, told_w: float
    ) -> None:
        house = alone(StorageUnit(mode=mode), cheap=True, house_w=0.0)
        house.run(5)
        assert house.told(1, "storage") == {told_w}

    def test_it_leaves_its_least_to_a_running_car_below(self) -> None:
        car, unit = Car(), StorageUnit(priority=0, mode=Mode.OFF)
        house = BatteryHouse(battery=None, sun_w=3300.0, loads=[car, unit])
        house.run(300)
        assert house.decision("car").runs
        unit.mode = Mode.SOLAR
        unit.wishes += 1
        house.run(60)
        assert unit.power_w == pytest.approx(3000 - 5.7 * 230, abs=60)

    def test_without_room_the_sun_does_not_help(self) -> None:
        unit = StorageUnit()
        engine = Engine(HomeSettings(subscribed_va=3000, grid_target_w=6000))
        cycle = engine.cycle(snapshot(unit, grid_w=3100))
        assert cycle.decisions[0].reason is Reason.NO_ROOM

    def test_with_some_room_the_surplus_is_held_back(self) -> None:
        engine = Engine(HomeSettings(subscribed_va=3000, grid_target_w=6000))
        cycle = engine.cycle(snapshot(StorageUnit(), grid_w=2000))
        assert cycle.decisions[0].reason is Reason.LIMITED
        assert cycle.decisions[0].setpoint is not None
        assert cycle.decisions[0].setpoint.value == 1000


def snapshot(
    unit: StorageUnit,
    grid_w: float | None = 0.0,
    now: float = 1000.0,
) -> Snapshot:
    return Snapshot(
        now=now,
        wall=EPOCH + timedelta(seconds=now),
        grid=GridReading(at=now, power_w=grid_w, drawn_va=max(0.0, grid_w or 0.0)),
        loads=(
            LoadInput(
                spec=unit.spec,
                reading=unit.reading(),
                mode=unit.mode,
                manual_value=unit.manual_w,
            ),
        ),
    )


class TestOneReading:
    """What one reading makes of it, without a house around."""

    def control(
        self, told_w: float, power_w: float | None, at: float = 1000.0, **more: object
    ) -> StorageControl:
        """Return one that was told a power at 900 and last measured at an instant."""
        control = StorageControl(StorageUnit().spec)
        control.value, control.changed_at = told_w, 900.0
        reading = StorageReading(
            reachable=True,
            power_w=power_w,
            power_at=at,
            accepted_w=told_w,
            accepted_at=900.0,
            soc=0.5,
        )
        load = LoadInput(
            spec=control.spec,
            reading=replace(reading, **more),
            mode=Mode.SOLAR,
        )
        control.observe(load, 1)
        self.reading = load.reading
        return control

    def test_what_is_measured_counts_before_what_it_was_told(self) -> None:
        control = self.control(1000.0, 900.0)
        assert control.own_power_w(self.reading, 1000.0, 1000.0, 230.0) == 900
        control = self.control(1000.0, None)
        assert control.own_power_w(self.reading, 1000.0, 1000.0, 230.0) == 1000

    def test_out_of_reach_no_more_counts_than_is_kept_free(self) -> None:
        for power_w, counted_w in ((1500.0, 1000.0), (600.0, 600.0), (-400.0, -400.0)):
            control = self.control(1000.0, power_w)
            gone = replace(self.reading, reachable=False)
            assert control.own_power_w(gone, 1000.0, 1000.0, 230.0) == counted_w

    @pytest.mark.parametrize(
        ("power_w", "at", "takes_w"),
        [(600.0, 1000.0, 750.0), (600.0, 915.0, 1000.0), (860.0, 1000.0, 1000.0)],
    )
    def test_what_it_takes_clearly_less_is_known_once_it_had_time(
        self, power_w: float, at: float, takes_w: float
    ) -> None:
        control = self.control(1000.0, power_w, at)
        assert control.span_w(230.0).most_w == (takes_w if takes_w < 1000 else 4000)

    @pytest.mark.parametrize(
        ("soc", "most_w"), [(1.0, 0.0), (1.01, 2000.0), (-0.01, 2000.0), (0.0, 4000.0)]
    )
    def test_a_charge_from_nothing_to_all_is_one(
        self, soc: float, most_w: float
    ) -> None:
        assert self.control(0.0, 0.0, soc=soc).span_w(230.0).most_w == most_w


class TestWhenThingsBreak:
    def test_a_stale_meter_ends_what_follows_it(self) -> None:
        unit = StorageUnit()
        house = alone(unit, sun_w=2500.0)
        house.run(30)
        house.meter_works = False
        house.run(20)
        assert house.history[-1].meter is MeterState.STALE
        assert (unit.power_w, reason(house)) == (0, Reason.METER_STALE)

    def test_a_stale_meter_raises_no_boost(self) -> None:
        unit = StorageUnit(mode=Mode.MANUAL, manual_w=1000.0)
        house = alone(unit)
        house.run(30)
        house.meter_works = False
        house.run(20)
        unit.manual_w = 3000.0
        house.run(5)
        assert (unit.power_w, reason(house)) == (1000, Reason.METER_STALE)
        unit.manual_w = -500.0
        house.run(5)
        assert unit.power_w == -500

    @pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.BOOST, Mode.MANUAL])
    def test_a_lost_meter_ends_everything(self, mode: Mode) -> None:
        unit = StorageUnit(mode=mode, manual_w=-1000.0)
        house = alone(unit, sun_w=2500.0)
        house.run(30)
        assert unit.power_w != 0
        house.meter_works = False
        house.run(70)
        assert (unit.power_w, reason(house)) == (0, Reason.METER_LOST)

    def test_without_a_meter_it_rests(self) -> None:
        house = alone()
        house.meter_works = False
        house.run(5)
        assert reason(house) is Reason.NO_GRID_METER

    def test_a_meter_that_does_not_see_export_gives_no_surplus(self) -> None:
        cycle = Engine(HomeSettings()).cycle(snapshot(StorageUnit(), grid_w=None))
        assert cycle.decisions[0].reason is Reason.SIGN_UNKNOWN

    def test_a_wrong_sign_commands_nothing(self) -> None:
        engine = Engine(HomeSettings(sign_reversed=True))
        decision = engine.cycle(snapshot(StorageUnit(), grid_w=-2000)).decisions[0]
        assert (decision.setpoint, decision.reason) == (None, Reason.SIGN_REVERSED)

    def test_its_own_refusal_is_told(self) -> None:
        unit = StorageUnit(willing=False)
        house = alone(unit, sun_w=2500.0)
        house.run(5)
        assert reason(house) is Reason.STORAGE_REFUSES

    def test_out_of_reach_its_room_stays_its_own(self) -> None:
        unit = StorageUnit(mode=Mode.BOOST, priority=9)
        car = Car(mode=Mode.BOOST)
        house = BatteryHouse(
            battery=None, loads=[car, unit], settings=HomeSettings(subscribed_va=9000)
        )
        car.plugged = False
        house.run(60)
        assert unit.power_w == 4000
        unit.reachable = False
        car.plugged = True
        house.run(120)
        assert house.decision("storage").setpoint is None
        assert house.decision("storage").numbers["reserved_a"] == 17.4
        assert 3500 < car.power_w < 4800

    def test_without_a_power_of_its_own_the_commands_count(self) -> None:
        unit = StorageUnit(tells_power=False)
        house = alone(unit, sun_w=2300.0)
        house.run(60)
        assert house.grid_w == pytest.approx(0, abs=35)

    def test_a_battery_at_work_is_adopted(self) -> None:
        unit = StorageUnit(accepted=(1800.0, 990.0), power_w=1800.0)
        engine = Engine(HomeSettings())
        decision = engine.cycle(snapshot(unit, grid_w=20)).decisions[0]
        assert decision.setpoint is not None
        assert decision.setpoint.value == 1800

    def test_one_that_is_slower_than_believed_does_not_swing(self) -> None:
        unit = StorageUnit(late_s=4.0, moves_w=400.0, told_every_s=5)
        house = alone(unit, sun_w=2300.0)
        house.run(120)
        house.house_w = 2300.0
        house.run(120)
        assert house.grid_w == pytest.approx(0, abs=80)
        assert len(house.told(40, "storage")) == 1


@pytest.mark.parametrize(("mean_w", "told_w"), [(9e3, 4000), (-9e3, -3000)])
def test_the_mean_of_what_was_is_no_more_than_it_may_take_now(
    mean_w: float, told_w: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = alone(sun_w=2000.0)
    house.run(60)
    control = house.engine._loads["storage"]
    assert isinstance(control, StorageControl)
    monkeypatch.setattr(control._noise, "lasting_w", lambda *_, **__: mean_w)
    house.house_w += 300.0
    house.run(8)
    assert told_w in house.told(8, "storage")
    assert min(house.told(8, "storage")) >= -3000
    assert max(house.told(8, "storage")) <= 4000


class TestMemory:
    def test_it_comes_back_giving(self) -> None:
        house = alone(house_w=1000.0)
        house.run(30)
        saved = house.engine.as_dict(house.now, EPOCH)
        engine = Engine(HomeSettings(), saved)
        unit = house.load("storage")
        assert isinstance(unit, StorageUnit)
        decision = engine.cycle(snapshot(unit, now=2000.0)).decisions[0]
        assert decision.setpoint is not None
        assert decision.setpoint.value == pytest.approx(-1000, abs=35)

    @pytest.mark.parametrize(
        ("energy_wh", "back_wh", "sun_w", "left"),
        [
            (9_501, 9_400, 2500.0, Reason.STORAGE_FULL),
            (999, 1_100, 0.0, Reason.STORAGE_EMPTY),
        ],
    )
    def test_full_and_empty_last_over_a_restart(
        self, energy_wh: float, back_wh: float, sun_w: float, left: Reason
    ) -> None:
        unit = StorageUnit(energy_wh=energy_wh)
        house = alone(unit, sun_w=sun_w)
        house.run(10)
        assert reason(house) is left
        wall = EPOCH + timedelta(seconds=house.now)
        house.engine = Engine(house.settings, house.engine.as_dict(house.now, wall))
        unit.energy_wh = back_wh
        house.run(10)
        assert reason(house) is left
        assert house.told(9, "storage") == {0}

    @pytest.mark.parametrize(("power_w", "told_w"), [(0.0, 0.0), (1800.0, 1800.0)])
    def test_a_set_point_that_was_left_on_it_does_not_start_it(
        self, power_w: float, told_w: float
    ) -> None:
        house = alone(StorageUnit(mode=Mode.OFF))
        house.run(5)
        saved = house.engine.as_dict(house.now, EPOCH)
        unit = StorageUnit(accepted=(1800.0, 990.0), mode=Mode.MANUAL)
        unit._measured = 990.0, power_w
        engine = Engine(HomeSettings(), saved)
        # By hand without a number it stays as it is.
        decision = engine.cycle(snapshot(unit, now=2000.0)).decisions[0]
        assert decision.setpoint is not None
        assert decision.setpoint.value == told_w

    def test_its_writes_of_the_day_are_not_given_back_by_a_restart(self) -> None:
        house = alone(sun_w=2000.0)
        house.run(30)
        control = house.engine._loads["storage"]
        assert isinstance(control, StorageControl)
        control._pace.restore(100.0, house.now)
        wall = EPOCH + timedelta(seconds=house.now)
        house.engine = Engine(house.settings, house.engine.as_dict(house.now, wall))
        house.run(1)
        control = house.engine._loads["storage"]
        assert isinstance(control, StorageControl)
        assert control._pace.left == pytest.approx(100, abs=2)

    def test_a_storage_gets_its_control(self) -> None:
        assert isinstance(control_of(StorageUnit().spec), StorageControl)

    def test_one_phase_of_three_is_one_the_supply_has(self) -> None:
        spec = StorageSpec(
            load_id="s",
            name="s",
            priority=1,
            charge_w=3000,
            discharge_w=3000,
            phases=(2, 3),
        )
        control = StorageControl(spec)
        control.observe(
            LoadInput(
                spec=spec, reading=StorageReading(reachable=True), mode=Mode.SOLAR
            ),
            1,
        )
        assert control.phases == (1,)
        assert control.own_power_w(StorageReading(reachable=True), 0, 0, 230) == 0


class TestCheck:
    def test_a_pulse_of_charging_finds_the_sign(self) -> None:
        house = alone(house_w=1000.0)
        house.run(60)
        assert house.load("storage").power_w < -900
        house.engine.start_check(house.load("storage").spec)
        house.run(90)
        results = [c.checks["storage"] for c in house.history if c.checks]
        assert [r.end for r in results] == [CheckEnd.DONE]
        assert results[0].sign is Sign.RIGHT
        assert results[0].power_w == 1000

    def test_a_full_one_is_not_charged_for_a_check(self) -> None:
        unit = StorageUnit(energy_wh=9_600)
        house = alone(unit)
        house.run(10)
        house.engine.start_check(unit.spec)
        house.run(30)
        results = [c.checks["storage"] for c in house.history if c.checks]
        assert [r.end for r in results] == [CheckEnd.TAKES_NOTHING]
        assert max(house.loads_w) <= 0

    def test_one_that_fills_up_during_a_check_ends_it(self) -> None:
        unit = StorageUnit(energy_wh=9_498)
        house = alone(unit)
        house.run(10)
        house.engine.start_check(unit.spec)
        house.run(60)
        results = [c.checks["storage"] for c in house.history if c.checks]
        assert [r.end for r in results] == [CheckEnd.TAKES_NOTHING]
        assert max(house.loads_w) > 900
        assert house.load("storage").power_w <= 0

    def test_one_of_unknown_charge_is_checked_with_care(self) -> None:
        unit = StorageUnit(soc=None)
        control = StorageControl(replace(unit.spec, charge_w=1_200.0))
        assert [pulse.value for pulse in control.pulses(230.0)] == [600.0]

    @pytest.mark.parametrize("tells_power", [True, False])
    def test_one_that_takes_nothing_is_told_from_a_wrong_sign(
        self, tells_power: bool
    ) -> None:
        unit = StorageUnit(most_w=0.0, tells_power=tells_power)
        house = alone(unit)
        house.run(10)
        house.engine.start_check(unit.spec)
        house.run(150)
        results = [c.checks["storage"] for c in house.history if c.checks]
        assert [r.end for r in results] == [CheckEnd.TAKES_NOTHING]

    def test_another_loads_check_holds_it_where_it_is(self) -> None:
        house = BatteryHouse(
            battery=None, sun_w=1300.0, loads=[Car(), StorageUnit(priority=0)]
        )
        house.run(60)
        house.engine.start_check(house.load("car").spec)
        house.sun_w = 2600.0
        house.run(30)
        assert reason(house) is Reason.CHECKING
        assert house.load("storage").power_w == pytest.approx(1000, abs=40)

    def test_a_pulse_that_does_not_fit_is_not_made(self) -> None:
        house = alone(settings=HomeSettings(subscribed_va=1000), house_w=800.0)
        house.run(5)
        house.engine.start_check(house.load("storage").spec)
        house.run(5)
        results = [c.checks["storage"] for c in house.history if c.checks]
        assert [r.end for r in results] == [CheckEnd.NO_ROOM]

    def test_a_pulse_ends_where_its_room_ends(self) -> None:
        house = alone(settings=HomeSettings(subscribed_va=6000))
        house.run(5)
        house.engine.start_check(house.load("storage").spec)
        house.run(30)
        assert house.load("storage").power_w == 1000
        control = house.engine._loads["storage"]
        around = Circumstances(
            now=house.now,
            wall=EPOCH,
            dt_s=1,
            surplus_w=0,
            total_w=0,
            voltage_v=230,
            meter=MeterState.FRESH,
            direction_known=True,
            headroom=Headroom((Limit(kind=LimitKind.BREAKER, current_a=4),), (0.0,)),
            settings=HomeSettings(),
        )
        decision = control.follow_check(1000, around)
        assert decision.setpoint is not None
        assert decision.setpoint.value == 0


class TestResponse:
    def test_it_begins_late_and_moves_at_a_rate(self) -> None:
        response = StorageResponse()
        assert not response.known
        assert response.power_w(3) == 0
        response.commanded(3000, 10, 0)
        assert response.known
        assert response.power_w(5) == 0
        assert response.power_w(11) == 0
        assert response.power_w(12) == 1500
        assert response.power_w(99) == 3000
        assert response.move_w(11.5, 12.5) == 1500

    def test_the_same_command_or_an_older_one_changes_nothing(self) -> None:
        response = StorageResponse()
        response.commanded(3000, 10, 0)
        response.commanded(3000, 20, 0)
        response.commanded(-1000, 5, 0)
        assert response.power_w(13) == 3000

    def test_a_command_in_the_middle_of_a_move_turns_it(self) -> None:
        response = StorageResponse()
        response.commanded(3000, 10, 0)
        response.commanded(-1500, 11, 0)
        assert response.power_w(12) == 1500
        assert response.power_w(13) == 0
        assert response.power_w(14) == -1500

    def test_before_the_first_command_it_took_what_was_measured(self) -> None:
        response = StorageResponse()
        response.commanded(500, 10, 900)
        assert response.power_w(9) == 900
        unmeasured = StorageResponse()
        unmeasured.commanded(500, 10, None)
        assert unmeasured.power_w(9) == 500

    def test_two_minutes_of_it_are_remembered_as_they_were(self) -> None:
        response = StorageResponse()
        for i in range(40):
            response.commanded(1500 if i % 2 else -1500, i * 10.0, 0)
        # Of the last two minutes before 390; each move begins at 1 and ends at 3.
        assert response.power_w(270.5) == -1500
        assert response.power_w(272) == 0
        assert response.power_w(275) == 1500
        assert response.power_w(399) == 1500
        assert len(response._times) < 50

    def test_a_command_at_the_same_instant_comes_too_late(self) -> None:
        response = StorageResponse()
        response.commanded(3000, 10, 0)
        response.commanded(-1000, 10, 0)
        assert response.power_w(99) == 3000

    def test_a_move_may_come_three_seconds_sooner_or_later(self) -> None:
        response = StorageResponse()
        response.commanded(6000, 10, 0)
        # From 11 to 15.
        assert response.doubt_w(0, 8) == 0
        assert response.doubt_w(0, 9) == 1500
        assert response.doubt_w(0, 17) == 1500
        assert response.doubt_w(0, 18) == 0
        assert response.doubt_w(9, 8) == 1500

    def test_while_it_moves_its_power_is_in_doubt(self) -> None:
        response = StorageResponse()
        response.commanded(3000, 10, 0)
        assert response.doubt_w(10, 12) == 1500
        assert response.doubt_w(40, 41) == 0


@st.composite
def moments(draw: st.DrawFn) -> tuple[float, Mode, StorageReading]:
    return (
        draw(st.floats(0.5, 90)),
        draw(st.sampled_from(list(Mode))),
        StorageReading(
            reachable=draw(st.integers(0, 9)) > 0,
            wants_power=draw(st.integers(0, 9)) > 0,
            power_w=draw(st.none() | st.floats(-6e3, 6e3)),
            power_at=0.0,
            accepted_w=draw(st.none() | st.floats(-6e3, 6e3)),
            accepted_at=draw(st.none() | st.floats(900, 1500)),
            soc=draw(st.none() | st.floats(-0.5, 1.5) | st.just(nan)),
        ),
    )


@hypothesis_settings(max_examples=300, deadline=None)
@given(
    data=st.lists(moments(), min_size=1, max_size=8),
    grids=st.lists(st.none() | st.floats(-9e3, 9e3), min_size=8, max_size=8),
    given_w=st.none() | st.floats(-9e3, 9e3),
    cheap=st.none() | st.booleans(),
    min_soc=st.floats(0, 0.6),
    subscribed_va=st.none() | st.floats(1e3, 9e3),
)
def test_no_command_leaves_its_range(
    *,
    data: list[tuple[float, Mode, StorageReading]],
    grids: list[float | None],
    given_w: float | None,
    cheap: bool | None,
    min_soc: float,
    subscribed_va: float | None,
) -> None:
    spec = StorageSpec(
        load_id="s",
        name="s",
        priority=1,
        charge_w=4000,
        discharge_w=2500,
        min_soc=min_soc,
        max_soc=0.9,
    )
    engine, now = Engine(HomeSettings(subscribed_va=subscribed_va)), 1000.0
    for (later_s, mode, told), grid_w in zip(data, grids, strict=False):
        now += later_s
        cycle = engine.cycle(
            Snapshot(
                now=now,
                wall=EPOCH,
                grid=GridReading(at=now, power_w=grid_w, drawn_va=max(0, grid_w or 0)),
                cheap=cheap,
                loads=(
                    LoadInput(spec=spec, reading=told, mode=mode, manual_value=given_w),
                ),
            )
        )
        setpoint = cycle.decisions[0].setpoint
        if setpoint is None:
            assert not told.reachable
            continue
        assert -2500 <= setpoint.value <= 4000
        if told.soc is None or not min_soc < told.soc <= 1:
            assert setpoint.value >= 0
        if told.soc is not None and 0.9 <= told.soc <= 1:
            assert setpoint.value <= 0
        if mode is Mode.OFF or not told.wants_power:
            assert setpoint.value == 0
        if mode in (Mode.BOOST, Mode.ECO) and cheap:
            assert setpoint.value >= 0


@hypothesis_settings(max_examples=15, deadline=None)
@example(sun_w=0.0, house_w=711.0, late_s=3.0, moves_w=300.0, told_every_s=10)
@given(
    sun_w=st.floats(0, 5_000),
    house_w=st.floats(100, 3_000),
    late_s=st.floats(0, 4),
    moves_w=st.floats(300, 5_000),
    told_every_s=st.sampled_from([1, 2, 5, 10]),
)
def test_it_never_swings(
    sun_w: float, house_w: float, late_s: float, *, moves_w: float, told_every_s: int
) -> None:
    unit = StorageUnit(late_s=late_s, moves_w=moves_w, told_every_s=told_every_s)
    house = alone(unit, sun_w=sun_w, house_w=house_w)
    house.run(240)
    assert len(house.told(60, "storage")) == 1
