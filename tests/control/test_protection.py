"""What limits are held against: the meter in control, and one that protects."""

from dataclasses import dataclass, field, replace

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freshness import Freshness, MeterState
from custom_components.surplus.control.limits import Headroom, limits_of
from custom_components.surplus.control.meters import MeterChoice
from custom_components.surplus.control.model import GridReading, Mode, Reason
from custom_components.surplus.control.protection import (
    Shown,
    protected,
    shown_by_control,
)
from custom_components.surplus.control.record import RecordedEngine
from custom_components.surplus.control.replay import replay
from custom_components.surplus.control.settings import HomeSettings

from .house import VOLTAGE_V, Car, House
from .meter_panel import INVERTER, LINKY, Meter, historic, readings, sights_of
from .test_record import Paper


def shown(settings_: HomeSettings, grid: GridReading, *, late: bool = False) -> Shown:
    """Return what limits are held against in a house without loads."""
    alone = shown_by_control(settings_, grid, [], {}, VOLTAGE_V)
    if grid.limits_at is None:
        return alone
    return protected(alone, settings_, grid, [], {}, voltage_v=VOLTAGE_V, late=late)


@given(st.data(), st.sampled_from((1, 3)))
def test_another_meter_never_loosens_a_limit(data: st.DataObject, phases: int) -> None:
    # Without currents a single meter's three phases are the worst case, which another
    # meter's own measurement may put right.
    control = data.draw(readings(phases, currents=phases > 1))
    others = data.draw(st.lists(readings(phases, currents=False), max_size=2))
    settings_ = HomeSettings(phases=phases, breaker_a=40.0)
    alone = MeterChoice().choose(sights_of([control]), 100.0).reading
    together = MeterChoice().choose(sights_of([control, *others]), 100.0).reading
    assert alone
    assert together
    assert together.power_w == alone.power_w
    assert together.at == alone.at
    for phase in range(phases):
        rooms = [
            Headroom(
                limits_of(settings_, reading), shown(settings_, reading).base_a
            ).tightest([phase + 1])
            for reading in (together, alone)
        ]
        assert rooms[0]
        assert rooms[1]
        assert rooms[0][0] <= rooms[1][0] + 1e-9
    assert together.overload >= alone.overload


class TestShown:
    """What limits are held against."""

    grid = GridReading(
        at=100.0,
        power_w=2300.0,
        currents_a=(10.0, 2.0, -2.0),
        limits_at=99.0,
        limits_va=3450.0,
        limits_a=(8.0, 3.0, 4.0),
    )
    three = HomeSettings(phases=3)

    def test_the_newest_is_shown_and_the_more_is_reckoned_with(self) -> None:
        older = shown(self.three, self.grid)
        assert older.at == 100.0
        assert older.grid_a == older.still_a == (10.0, 2.0, -2.0)
        assert older.base_a == (10.0, 3.0, 4.0)
        newer = shown(self.three, replace(self.grid, limits_at=101.0))
        assert newer.at == 101.0
        assert newer.grid_a == newer.still_a == (8.0, 3.0, 4.0)
        assert newer.base_a == (10.0, 3.0, 4.0)

    def test_of_the_same_instant_the_more_is_shown(self) -> None:
        both = shown(self.three, replace(self.grid, limits_at=100.0))
        assert both.grid_a == both.base_a == (10.0, 3.0, 4.0)

    def test_a_late_reading_says_nothing_against_a_measurement(self) -> None:
        late = shown(self.three, self.grid, late=True)
        assert late.at == 99.0
        assert late.grid_a == late.base_a == (8.0, 3.0, 4.0)

    def test_measured_phases_stand_for_a_total_of_which_nobody_knows_them(self) -> None:
        coarse = shown(self.three, replace(self.grid, currents_a=()))
        assert coarse.grid_a == coarse.base_a == (8.0, 3.0, 4.0)

    def test_a_total_of_the_other_is_the_worst_case_on_each_phase(self) -> None:
        total = shown(self.three, replace(self.grid, limits_a=()))
        assert total.grid_a == (10.0, 2.0, -2.0)
        assert total.base_a == (15.0, 15.0, 15.0)
        neither = shown(self.three, replace(self.grid, limits_a=(), currents_a=()))
        assert neither.grid_a == (10.0, 10.0, 10.0)
        assert neither.base_a == (15.0, 15.0, 15.0)

    def test_on_one_phase_a_total_is_as_good_as_a_current(self) -> None:
        grid = replace(self.grid, currents_a=(), limits_va=1150.0, limits_a=(5.0,))
        single = shown(HomeSettings(), grid)
        assert single.grid_a == single.base_a == (10.0,)

    def test_an_export_is_credited_where_both_know_it(self) -> None:
        grid = GridReading(
            at=100.0, power_w=-2300.0, drawn_va=0.0, limits_at=99.0, limits_va=-460.0
        )
        assert shown(HomeSettings(), grid).base_a == (-2.0,)
        unknown = replace(grid, limits_va=0.0)
        assert shown(HomeSettings(), unknown).base_a == (0.0,)


# ---- what the engine makes of it ---------------------------------------------------------


@dataclass(kw_only=True)
class TwoMeters(House):
    """A house with an inverter's meter in control and a Linky that protects."""

    clamp: float = 1.0
    choice: MeterChoice = field(default_factory=MeterChoice)
    inverter: Meter = field(
        default_factory=lambda: Meter(meter_id=INVERTER, every_s=2.0)
    )
    protection: Meter = field(default_factory=historic)
    control_id: str | None = None

    def run(self, seconds: float, base_w: float | None = None) -> Cycle:
        if base_w is not None:
            self.base_w = base_w
        for _ in range(int(seconds)):
            self.now += 1.0
            for car in self.cars:
                car.step(self.now)
            self.inverter.power_w = self.clamp * self.grid_w
            self.protection.drawn_va = max(0.0, self.grid_w)
            sights = [m.step(self.now) for m in (self.inverter, self.protection)]
            chosen = self.choice.choose(sights, self.now)
            if chosen.control_id != self.control_id:
                assert chosen.control_id
                self.control_id = chosen.control_id
                self.engine.new_meter(self.choice.freshness(chosen.control_id).copy())
            self.grid = chosen.reading
            self.cycle()
        return self.history[-1]


class TestEngine:
    """Limits by one meter, the surplus by another."""

    def test_a_clamp_that_shows_too_little_opens_no_room(self) -> None:
        house = TwoMeters(clamp=0.6, cars=[Car(mode=Mode.BOOST)])
        house.run(120, 4000.0)
        assert house.grid_w <= 9000.0
        assert house.grid_w > 8500.0

    @pytest.mark.parametrize("every_s", [2.0, 5.0])
    def test_an_overload_is_cut_once_however_far_apart_the_meters_are(
        self, every_s: float
    ) -> None:
        house = TwoMeters(cars=[Car(mode=Mode.BOOST)])
        house.inverter.every_s = every_s
        house.run(120, 2000.0)
        assert house.currents(1) == [29.0]
        house.run(60, 5500.0)
        # 3500 W are left under 9 kVA.
        assert min(house.currents(60)) >= 13
        assert house.currents(1) == [15.0]

    def test_an_overload_between_two_readings_is_cut_on_that_cycle(self) -> None:
        house = TwoMeters(cars=[Car(mode=Mode.BOOST)])
        house.run(120, 2000.0)
        before = house.currents(1)[0]
        assert before > 25
        # The next reading of the control meter comes a second later.
        house.run(int(house.now % 2) or 2)
        house.run(1, 6000.0)
        assert house.currents(1)[0] < before - 15

    def test_it_is_cut_too_while_the_control_meter_is_late(self) -> None:
        house = TwoMeters(cars=[Car(mode=Mode.BOOST)])
        house.run(120, 2000.0)
        house.inverter.works = False
        house.run(30)
        assert house.history[-1].meter is MeterState.STALE
        house.run(20, 6000.0)
        assert house.grid_w <= 9000.0
        house.run(5, 9500.0)
        # Its minimum stays: a Linky holds 130 % for ever.
        assert house.currents(1) == [6.0]

    def test_the_surplus_is_the_control_meters_alone(self) -> None:
        house = TwoMeters()
        house.run(200, -3000.0)
        assert house.currents(1) == [13.0]

    def test_the_protecting_meter_decides_blind_when_it_is_left_alone(self) -> None:
        house = TwoMeters()
        house.run(200, -3000.0)
        house.inverter.works = False
        house.run(70)
        assert house.control_id == LINKY
        assert house.history[-1].meter is MeterState.FRESH
        assert house.decision().reason is Reason.SIGN_UNKNOWN

    def test_all_of_it_is_replayed_byte_for_byte(self) -> None:
        paper = Paper(cycles_each=150)
        house = TwoMeters(cars=[Car(mode=Mode.BOOST), Car(load_id="b", priority=2)])
        house.engine = RecordedEngine(house.engine, paper)
        house.run(200, 2000.0)
        house.inverter.works = False
        house.run(100, -4000.0)
        house.inverter.works = True
        house.run(100)
        assert not paper.errors
        assert any('"limits_at"' in line for line in paper.lines)
        assert sum('"new_meter"' in line for line in paper.lines) == 3
        assert [step for step in replay(paper.lines) if step.difference] == []

    def test_a_record_without_a_learned_rhythm_is_replayed_too(self) -> None:
        paper = Paper()
        house = TwoMeters()
        house.engine = RecordedEngine(house.engine, paper)
        house.run(20, -2000.0)
        house.engine.new_meter()
        house.run(20)
        at = next(n for n, line in enumerate(paper.lines) if '"new_meter"' in line)
        paper.lines[at] = '{"new_meter":1}'
        assert [step for step in replay(paper.lines) if step.difference] == []


def test_a_rhythm_goes_with_its_meter_and_both_learn_on_by_themselves() -> None:
    learned = Freshness()
    for at in range(0, 300, 60):
        learned.judge(GridReading(at=float(at), power_w=1.0), float(at))
    engine = Engine(HomeSettings())
    engine.new_meter(learned.copy())
    assert engine.freshness.stale_after_s == 180
    engine.freshness.judge(GridReading(at=241.0, power_w=1.0), 241.0)
    assert learned.interval_s == 60
    assert replace(GridReading(at=0.0, power_w=VOLTAGE_V)).limits_at is None
