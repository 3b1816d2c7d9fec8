"""A schedule gives its load power in its window, whatever the sun."""

from dataclasses import replace
from datetime import datetime

import pytest

from custom_components.surplus.control.model import (
    LoadSpec,
    Mode,
    NextEventKind,
    PriceClass,
    Reason,
)
from custom_components.surplus.control.needs.specs import EVERY_DAY, Schedule
from custom_components.surplus.control.settings import HomeSettings

from .bench import CHARGER, HEATER, LOAD, PARIS, STORAGE, SWITCHED, Bench, spans

NIGHT = Schedule(
    plan_id="p", load_id=LOAD, begins_s=21 * 3600, ends_s=7 * 3600, value=10.0
)


def scheduled(schedule: Schedule = NIGHT, **more: object) -> Bench:
    return Bench(settings=HomeSettings(schedules=(schedule,)), **more)


def test_every_night_from_21_to_7_at_its_current() -> None:
    bench = scheduled()
    assert not bench.run_until("20:59").runs
    decision = bench.run_until("21:01")
    assert (decision.reason, decision.setpoint.value) == (Reason.SCHEDULED, 10.0)
    assert decision.numbers["until"] == "2026-06-22T07:00+02:00"
    assert bench.run_until("06:59").setpoint.value == 10.0
    bench.run_until("20:00")
    ((begins, ends),) = bench.runs()
    assert begins == "21:00"
    # It is let go like at the end of cheap hours: by energy.
    assert "07:00" <= ends <= "07:10"


@pytest.mark.parametrize(
    ("spec", "value", "told"),
    [
        (CHARGER, None, 16.0),
        (CHARGER, 10.4, 10.0),
        (CHARGER, 20.0, 16.0),
        (HEATER, None, 2400.0),
        (HEATER, 800.0, 800.0),
        (SWITCHED, None, 1.0),
        (SWITCHED, 1.0, 1.0),
        (STORAGE, None, 3000.0),
        (STORAGE, 1200.0, 1200.0),
    ],
)
def test_every_kind_of_load_honours_it(
    spec: LoadSpec, value: float | None, told: float
) -> None:
    bench = scheduled(replace(NIGHT, value=value), spec=spec, soc=0.5)
    decision = bench.run_until("21:05")
    assert decision.reason is Reason.SCHEDULED
    assert decision.setpoint.value == told


@pytest.mark.parametrize("spec", [CHARGER, HEATER, STORAGE])
def test_the_sun_gives_more_than_it_asks_for(spec: LoadSpec) -> None:
    value = 8.0 if spec is CHARGER else 800.0
    bench = scheduled(replace(NIGHT, value=value), spec=spec, soc=0.5)
    bench.run_until("21:05")
    bench.base_w = -2300.0
    decision = bench.run(0.1)
    assert decision.setpoint.power_w > 2000
    assert decision.reason is Reason.FOLLOWING_SURPLUS
    bench.base_w = 500.0
    decision = bench.run(0.1)
    assert (decision.reason, decision.setpoint.value) == (Reason.SCHEDULED, value)


@pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.MIN_SOLAR, Mode.ECO])
def test_it_adds_to_every_mode_that_follows_the_sun(mode: Mode) -> None:
    bench = scheduled(mode=mode)
    assert bench.run_until("21:05").reason is Reason.SCHEDULED


def test_off_boost_and_manual_are_stronger() -> None:
    for mode, reason in (
        (Mode.OFF, Reason.MODE_OFF),
        (Mode.BOOST, Reason.BOOST),
        (Mode.MANUAL, Reason.MANUAL),
    ):
        assert scheduled(mode=mode).run_until("21:05").reason is reason


def test_cheap_hours_in_eco_give_more_than_a_part() -> None:
    bench = scheduled(mode=Mode.ECO, cheap=True)
    decision = bench.run_until("21:05")
    assert (decision.reason, decision.setpoint.value) == (Reason.CHEAP_HOURS, 16.0)


def test_only_the_days_on_which_it_begins_count() -> None:
    # 2026-06-21 is a Sunday.
    bench = scheduled(replace(NIGHT, days=(6,)))
    assert bench.run_until("06:30").reason is Reason.SCHEDULED
    bench.run_until("20:00")
    assert not bench.run_until("22:00").runs
    assert bench.state().starts == datetime(2026, 6, 28, 21, tzinfo=PARIS)


def test_it_ends_once_it_has_taken_its_energy_and_begins_anew_the_next_night() -> None:
    bench = scheduled(replace(NIGHT, energy_wh=4600.0))
    bench.run_until("07:00")
    assert bench.taken_wh == pytest.approx(4600, abs=200)
    assert bench.state().met
    bench.run_until("20:00")
    bench.run_until("22:00")
    assert bench.state().active


def test_a_restart_in_its_middle_forgets_nothing_of_its_energy() -> None:
    bench = scheduled(replace(NIGHT, energy_wh=4600.0))
    bench.run_until("22:30")
    bench.restart(away_s=20.0)
    bench.run_until("07:00")
    assert bench.taken_wh == pytest.approx(4600, abs=250)


def test_its_power_may_be_moved_in_its_middle() -> None:
    bench = scheduled(replace(NIGHT, energy_wh=4600.0))
    bench.run_until("22:00")
    moved = replace(NIGHT, energy_wh=4600.0, value=6.0)
    bench.with_settings(replace(bench.settings, schedules=(moved,)))
    assert bench.run(0.05).setpoint.value == 6.0
    bench.run_until("07:00")
    assert bench.taken_wh == pytest.approx(4600, abs=200)


def test_dear_hours_are_left_out_unless_they_are_allowed() -> None:
    ahead = spans(
        datetime(2026, 6, 21, 20, tzinfo=PARIS),
        (3, PriceClass.NORMAL, None),
        (4, PriceClass.DEAR, None),
        (9, PriceClass.NORMAL, None),
    )
    bench = scheduled(ahead=ahead)
    assert bench.run_until("22:30").runs
    assert not bench.run_until("23:30").runs
    assert bench.run_until("03:30").reason is Reason.SCHEDULED
    allowed = scheduled(replace(NIGHT, on_dear=True), ahead=ahead)
    assert allowed.run_until("23:30").reason is Reason.SCHEDULED


def test_one_that_is_switched_off_asks_for_nothing() -> None:
    bench = scheduled(replace(NIGHT, enabled=False))
    assert not bench.run_until("22:00").runs
    assert bench.state().starts is None


def test_the_guard_is_above_it() -> None:
    bench = scheduled(replace(NIGHT, value=None))
    bench.with_settings(replace(bench.settings, breaker_a=15.0))
    decision = bench.run_until("21:10")
    assert decision.reason is Reason.LIMITED
    assert bench.power_w + bench.base_w <= 15.0 * 230.0


def test_minimum_times_are_kept() -> None:
    spec = replace(SWITCHED, min_on_s=1800.0, min_off_s=1200.0)
    five = replace(NIGHT, begins_s=21 * 3600, ends_s=21 * 3600 + 300, value=None)
    bench = scheduled(five, spec=spec)
    bench.run_until("22:30")
    assert bench.runs() == [("21:00", "21:30")]


def test_what_comes_next_is_foreseen() -> None:
    bench = scheduled()
    event = bench.run_until("20:30").next_event
    assert event is not None
    assert (event.kind, event.in_s) == (NextEventKind.PLANNED_START, 1800.0)
    event = bench.run_until("06:30").next_event
    assert event is not None
    assert (event.kind, event.in_s) == (NextEventKind.END_OF_SCHEDULE, 1800.0)


def test_two_of_them_give_the_greater_value() -> None:
    more = replace(NIGHT, plan_id="q", begins_s=23 * 3600, ends_s=3600, value=14.0)
    bench = Bench(settings=HomeSettings(schedules=(NIGHT, more)))
    assert bench.run_until("22:00").setpoint.value == 10.0
    assert bench.run_until("23:30").setpoint.value == 14.0
    assert bench.run_until("02:00").setpoint.value == 10.0


def test_one_of_a_load_that_is_away_is_harmless() -> None:
    bench = scheduled(replace(NIGHT, load_id="ocpp:gone"))
    assert not bench.run_until("22:00").runs
    assert "p" not in bench.cycles[-1].plans


def test_a_whole_day_is_one_that_ends_when_it_begins() -> None:
    bench = scheduled(replace(NIGHT, ends_s=21 * 3600, days=EVERY_DAY))
    bench.run_until("21:05")
    assert bench.run_until("20:55").reason is Reason.SCHEDULED
    assert bench.run_until("21:30").reason is Reason.SCHEDULED
