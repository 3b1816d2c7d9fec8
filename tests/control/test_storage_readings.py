"""What a battery makes of one reading, of what breaks, and of what it remembers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.loads import control_of
from custom_components.surplus.control.loads.storage import StorageControl
from custom_components.surplus.control.model import (
    LoadInput,
    Mode,
    Reason,
    StorageReading,
    StorageSpec,
)
from custom_components.surplus.control.settings import HomeSettings

from .battery_house import (
    EPOCH,
    BatteryHouse,
    Car,
    StorageUnit,
    alone,
    reason,
    snapshot,
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
