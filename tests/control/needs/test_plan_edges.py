"""What happens to schedules and needs at the edges: changes, gaps, jumps of the clock."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import nan

import pytest

from custom_components.surplus.control.loads.daily import CheapHours
from custom_components.surplus.control.model import (
    BatteryReading,
    GridReading,
    LoadInput,
    Mode,
    PriceClass,
    Reason,
    Snapshot,
    SwitchedReading,
    TariffNow,
)
from custom_components.surplus.control.needs.look import full_w, least_w, look_at
from custom_components.surplus.control.needs.prices import slices_of
from custom_components.surplus.control.needs.specs import (
    Need,
    NeedKind,
    OnDear,
    Schedule,
)
from custom_components.surplus.control.settings import HomeSettings

from .bench import CHARGER, HEATER, LOAD, PARIS, STORAGE, SWITCHED, Bench, spans

EVENING = datetime(2026, 6, 21, 20, tzinfo=PARIS)
ENERGY = Need(plan_id="p", load_id=LOAD, kind=NeedKind.ENERGY, target=7360.0)
NIGHT = Schedule(
    plan_id="p", load_id=LOAD, begins_s=21 * 3600, ends_s=7 * 3600, energy_wh=3000.0
)


def needing(*needs: Need, **more: object) -> Bench:
    return Bench(settings=HomeSettings(needs=needs or (ENERGY,)), **more)


def test_a_schedule_of_another_load_begins_anew() -> None:
    bench = Bench(settings=HomeSettings(schedules=(NIGHT,)))
    bench.run_until("21:30")
    assert bench.state().left_wh < 1500
    other = replace(NIGHT, load_id="home:other")
    bench.with_settings(HomeSettings(schedules=(other,)))
    bench.step()
    bench.with_settings(HomeSettings(schedules=(NIGHT,)))
    bench.step()
    assert bench.state().left_wh == pytest.approx(3000, abs=40)


def test_a_deadline_moved_to_another_day_asks_for_all_of_it() -> None:
    bench = needing()
    bench.run_until("06:58")
    assert bench.state().met
    sooner = replace(ENERGY, ready_by_s=6 * 3600)
    bench.with_settings(HomeSettings(needs=(sooner,)))
    bench.step()
    assert bench.state().deadline == datetime(2026, 6, 23, 6, tzinfo=PARIS)
    assert bench.state().left_wh == 7360
    before_wh = bench.taken_wh
    bench.run(1)
    bench.run_until("06:00")
    assert bench.taken_wh - before_wh == pytest.approx(7360, abs=150)


@pytest.mark.parametrize(
    "need", [ENERGY, replace(ENERGY, kind=NeedKind.HOURS, target=2 * 3600.0)]
)
def test_what_missed_its_deadline_does_not_run_on_for_the_next_one(need: Need) -> None:
    bench = needing(need, share=0.5)
    bench.reachable = False
    bench.run_until("06:30")
    bench.reachable = True
    bench.run_until("06:59")
    assert bench.cycles[-1].decisions[0].reason is Reason.NEEDED
    assert bench.state().late
    bench.run(0.1)
    assert bench.state().deadline == datetime(2026, 6, 23, 7, tzinfo=PARIS)
    assert bench.cycles[-1].decisions[0].reason is not Reason.NEEDED


def test_a_deleted_need_is_gone_and_its_id_may_come_back_as_a_schedule() -> None:
    bench = needing()
    bench.run_until("05:30")
    bench.with_settings(HomeSettings())
    bench.run(0.2)
    assert bench.cycles[-1].plans == {}
    assert not bench.cycles[-1].decisions[0].runs
    bench.with_settings(HomeSettings(schedules=(NIGHT,)))
    assert bench.step().reason is Reason.SCHEDULED


def test_what_was_saved_of_another_kind_is_left_out() -> None:
    bench = needing()
    bench.run_until("05:30")
    bench.settings = HomeSettings(
        needs=(replace(ENERGY, kind=NeedKind.HOURS, target=7200.0),)
    )
    bench.restart()
    bench.step()
    assert bench.state().left_s == pytest.approx(7200, abs=60)


def test_another_battery_is_learned_anew_a_moved_target_is_not() -> None:
    need = replace(ENERGY, kind=NeedKind.CHARGE, target=0.8, minimum=0.0, limit=1.0)
    bench = needing(need, mode=Mode.BOOST)
    for percent in range(20, 45):
        bench.levels["p"] = percent / 100
        bench.run(0.1)
    bench.step()

    def wh_per_percent() -> float:
        state = bench.state()
        assert state.left_wh is not None and state.level is not None
        return state.left_wh / (0.8 - state.level) / 100

    learned = wh_per_percent()
    assert learned == pytest.approx(368, rel=0.15)
    bench.with_settings(HomeSettings(needs=(replace(need, target=0.79),)))
    bench.step()
    bench.with_settings(HomeSettings(needs=(need,)))
    bench.step()
    assert wh_per_percent() == pytest.approx(learned, rel=0.02)
    bench.with_settings(HomeSettings(needs=(replace(need, capacity_wh=90_000.0),)))
    bench.step()
    assert wh_per_percent() == pytest.approx(1000, rel=0.02)


def test_what_has_begun_goes_on_though_a_cheaper_hour_is_announced() -> None:
    cheap_now = spans(
        EVENING, (1, PriceClass.NORMAL, 0.1), (12, PriceClass.NORMAL, 0.3)
    )
    need = replace(ENERGY, target=1840.0, ready_by_s=23 * 3600)
    bench = needing(need, ahead=cheap_now)
    bench.run_until("20:35")
    assert bench.cycles[-1].decisions[0].reason is Reason.NEEDED
    bench.ahead = spans(
        EVENING, (1, PriceClass.NORMAL, 0.1), (2, PriceClass.NORMAL, 0.05)
    )
    bench.step()
    assert bench.state().active
    bench.run(0.25)
    assert not bench.state().active
    bench.run_until("22:55")
    assert bench.taken_wh == pytest.approx(1840, abs=60)


def test_a_clock_that_is_put_forward_and_back_leaves_no_plan_behind() -> None:
    bench = needing()
    bench.run_until("22:00")
    bench.wall += timedelta(days=400)
    bench.run(0.1)
    bench.wall -= timedelta(days=400)
    bench.run(0.1)
    assert bench.state().deadline == datetime(2026, 6, 22, 7, tzinfo=PARIS)
    bench.run_until("07:00")
    assert bench.taken_wh >= 7300


def test_time_that_nobody_saw_is_not_counted() -> None:
    bench = needing(replace(ENERGY, ready_by_s=22 * 3600))
    bench.run_until("20:30")
    left = bench.state().left_wh
    assert bench.power_w > 0
    bench.pass_time(600.0)
    bench.step()
    assert bench.state().left_wh == pytest.approx(left, abs=40)


def test_a_load_out_of_reach_takes_nothing_that_counts() -> None:
    bench = needing(replace(ENERGY, ready_by_s=22 * 3600))
    bench.run_until("20:30")
    bench.step()
    left = bench.state().left_wh
    bench.reachable = False
    bench.run(0.2)
    assert bench.state().left_wh == left


def test_a_tariff_with_a_gap_is_believed_up_to_it() -> None:
    ahead = (
        *spans(EVENING, (1, PriceClass.CHEAP, None)),
        *spans(EVENING + timedelta(hours=2), (4, PriceClass.DEAR, None)),
    )
    made = slices_of(
        EVENING,
        (EVENING + timedelta(hours=4)).timestamp(),
        tariff=TariffNow(ahead=ahead),
        cheap=None,
        cheap_hours=CheapHours(),
        on_dear=OnDear.NEVER,
    )
    assert [(one.cost, one.barred) for one in made] == [(0.0, False), (1.0, False)]


@pytest.mark.parametrize(
    ("spec", "most", "least"),
    [
        (CHARGER, 3680.0, 1380.0),
        (HEATER, 2400.0, 240.0),
        (SWITCHED, 1000.0, 1000.0),
        (replace(SWITCHED, power_w=None), 1000.0, 1000.0),
        (STORAGE, 3000.0, 0.0),
    ],
)
def test_what_a_load_takes_at_most_and_needs_at_least(spec, most, least) -> None:
    assert full_w(spec, None) == most
    assert least_w(spec, most) == least


def test_a_relay_that_is_on_runs_whatever_it_draws() -> None:
    reading = SwitchedReading(reachable=True, on=True, power_w=0.0, power_at=0.0)
    load = LoadInput(spec=SWITCHED, reading=reading, mode=Mode.SOLAR)
    assert look_at(load, EVENING, at=0.0, dt_s=1.0, told_w=0.0).runs
    off = replace(load, reading=replace(reading, on=False, power_w=900.0))
    assert not look_at(off, EVENING, at=0.0, dt_s=1.0, told_w=0.0).runs
    untold = replace(load, reading=replace(reading, on=None, power_w=900.0))
    assert look_at(untold, EVENING, at=0.0, dt_s=1.0, told_w=0.0).runs


def test_a_house_that_exports_unseen_sun_says_nothing_of_what_it_takes() -> None:
    bench = needing(base_w=2000.0)
    bench.with_settings(replace(bench.settings, breaker_a=20.0))
    bench.step()
    busy = bench.state().starts
    sunny = needing(base_w=-2000.0)
    sunny.with_settings(replace(sunny.settings, breaker_a=20.0))
    sunny.step()
    idle = sunny.state().starts
    # What the house takes leaves less, and the plan begins earlier.
    assert busy is not None and idle is not None
    assert busy < idle


class BesideABattery(Bench):
    """A house with a battery that regulates itself, of which nothing is heard."""

    def snapshot(self) -> Snapshot:
        silent = BatteryReading(power_w=nan, at=self.now)
        return replace(super().snapshot(), batteries=(silent,))


def test_a_battery_that_is_silent_says_nothing_of_the_house() -> None:
    settings = HomeSettings(needs=(ENERGY,), breaker_a=20.0)
    alone = Bench(settings=settings, base_w=2000.0)
    beside = BesideABattery(settings=settings, base_w=2000.0)
    alone.step()
    beside.engine.cycle(Bench.snapshot(beside))
    beside.run(6)
    alone.run(6)
    assert alone.state().starts is not None
    assert beside.state().starts == alone.state().starts


def test_what_loads_draw_that_nobody_measures_is_not_the_house() -> None:
    starts = []
    for measured in (True, False):
        bench = needing(measured=measured, mode=Mode.BOOST)
        bench.with_settings(replace(bench.settings, breaker_a=25.0))
        bench.run_until("06:50")
        bench.mode = Mode.SOLAR
        bench.run_until("07:30")
        starts.append(bench.state().starts)
    assert starts[0] is not None
    assert starts[0] == starts[1]


def test_a_storage_that_is_commanded_is_no_part_of_the_house() -> None:
    starts = []
    need = replace(ENERGY, target=9000.0)
    for spec_mode in (Mode.SOLAR, Mode.BOOST):
        bench = needing(need, spec=STORAGE, soc=0.5, mode=spec_mode, base_w=1000.0)
        bench.with_settings(replace(bench.settings, breaker_a=15.0))
        bench.run_until("00:00")
        bench.taken_wh = 0.0
        bench.mode = Mode.SOLAR
        bench.run_until("07:30")
        starts.append(bench.state().starts)
    assert starts[0] is not None
    assert starts[0] == starts[1]


def test_a_snapshot_without_a_meter_still_has_its_plans() -> None:
    bench = needing()
    bench.run_until("22:00")
    bench.pass_time(30.0)
    snapshot = replace(bench.snapshot(), grid=None)
    cycle = bench.engine.cycle(snapshot)
    assert cycle.plans["p"].starts is not None
    assert isinstance(snapshot, Snapshot)
    assert not isinstance(snapshot.grid, GridReading)


def test_ends_of_a_run_are_foreseen_not_over_a_nearer_event() -> None:
    bench = needing(replace(ENERGY, ready_by_s=23 * 3600), mode=Mode.OFF)
    decision = bench.run(0.1)
    assert decision.next_event is None
    bench.mode = Mode.SOLAR
    decision = bench.run(0.1)
    event = decision.next_event
    assert event is not None
    assert event.in_s is not None
