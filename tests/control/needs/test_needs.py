"""A need is met by its deadline: by the sun first, then in the cheapest hours."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.surplus.control.model import (
    LoadSpec,
    Mode,
    NextEventKind,
    PriceClass,
    Reason,
    SolarSpan,
)
from custom_components.surplus.control.needs.specs import Need, NeedKind, OnDear
from custom_components.surplus.control.settings import Circuit, HomeSettings

from .bench import CHARGER, HEATER, LOAD, PARIS, STORAGE, SWITCHED, Bench, spans

EVENING = datetime(2026, 6, 21, 20, tzinfo=PARIS)
# Two hours at the charger's full 16 A.
ENERGY = Need(plan_id="p", load_id=LOAD, kind=NeedKind.ENERGY, target=7360.0)
HOURS = replace(ENERGY, kind=NeedKind.HOURS, target=3 * 3600.0)
NIGHT = (
    (2, PriceClass.NORMAL, None),
    (8, PriceClass.CHEAP, None),
    (24, PriceClass.NORMAL, None),
)


def needing(need: Need = ENERGY, **more: object) -> Bench:
    return Bench(settings=HomeSettings(needs=(need,)), **more)


def sunny(begins: datetime, hours: int, power_w: float) -> tuple[SolarSpan, ...]:
    begin = begins.astimezone(UTC)
    return tuple(
        SolarSpan(
            begins=begin + timedelta(hours=n),
            ends=begin + timedelta(hours=n + 1),
            energy_wh=power_w,
        )
        for n in range(hours)
    )


def test_without_prices_it_is_done_as_late_as_possible_with_a_margin() -> None:
    bench = needing()
    bench.run_until("07:00")
    assert bench.taken_wh == pytest.approx(7360, abs=100)
    ((begins, ends),) = bench.runs()
    assert "04:45" <= begins <= "04:56"
    assert "06:45" <= ends <= "06:56"


def test_the_decision_says_what_is_left_until_when() -> None:
    bench = needing()
    decision = bench.run_until("05:00")
    assert decision.reason is Reason.NEEDED
    assert decision.setpoint.value == 16.0
    assert decision.numbers["deadline"] == "2026-06-22T07:00+02:00"
    assert 6.5 < float(decision.numbers["kwh_left"]) < 7.4
    event = decision.next_event
    assert event is not None
    assert event.kind is NextEventKind.END_OF_NEED
    state = bench.state()
    assert state.active
    assert state.deadline == datetime(2026, 6, 22, 7, tzinfo=PARIS)


def test_before_it_begins_its_start_is_foreseen() -> None:
    bench = needing()
    decision = bench.run_until("22:00")
    event = decision.next_event
    assert event is not None
    assert event.kind is NextEventKind.PLANNED_START
    assert bench.state().starts is not None
    assert f"{bench.state().starts:%H}" == "04"


@pytest.mark.parametrize("spec", [CHARGER, HEATER, SWITCHED, STORAGE])
def test_every_kind_of_load_gets_its_energy(spec: LoadSpec) -> None:
    bench = needing(replace(ENERGY, target=3000.0), spec=spec, soc=0.5, base_w=0.0)
    bench.run_until("07:00")
    assert bench.taken_wh >= 2990
    assert bench.taken_wh <= 3400


@pytest.mark.parametrize("spec", [CHARGER, HEATER, SWITCHED])
def test_every_kind_of_load_gets_its_hours(spec: LoadSpec) -> None:
    bench = needing(HOURS, spec=spec)
    bench.run_until("07:00")
    ((begins, ends),) = bench.runs()
    assert "03:40" <= begins <= "03:56"
    assert "06:40" <= ends <= "06:56"


def test_the_cheapest_hours_are_taken() -> None:
    prices = (0.30, 0.28, 0.10, 0.25, 0.31, 0.12, 0.30, 0.29, 0.35, 0.33, 0.36)
    ahead = spans(EVENING, *((1, PriceClass.NORMAL, price) for price in prices))
    bench = needing(ahead=ahead)
    bench.run_until("07:00")
    runs = bench.runs()
    assert [begins for begins, _ in runs] == ["22:00", "01:00"]
    assert bench.taken_wh == pytest.approx(7360, abs=120)


def test_cheap_hours_that_nobody_announces_are_known_from_the_day_before() -> None:
    bench = needing(replace(ENERGY, ready_by_s=12 * 3600))
    for _ in range(96 * 3):
        hour = bench.wall.hour
        bench.cheap = hour >= 22 or hour < 6
        bench.run(1 / 6)
    nights = bench.runs()
    # The first day knows nothing yet: as late as possible.
    assert nights[0][0] > "09:00"
    assert "03:40" <= nights[1][0] <= "04:01"


def test_what_the_sun_has_given_counts() -> None:
    bench = needing(replace(ENERGY, ready_by_s=22 * 3600), base_w=-3000.0)
    bench.wall = datetime(2026, 6, 21, 10, tzinfo=PARIS)
    decision = bench.run_until("14:00")
    assert bench.taken_wh > 7360
    assert bench.state().met
    bench.base_w = 500.0
    decision = bench.run_until("21:30")
    assert not decision.runs
    assert bench.state().left_wh == 0


def test_the_sun_that_is_forecast_is_waited_for() -> None:
    noon = datetime(2026, 6, 22, 10, tzinfo=PARIS)
    need = replace(ENERGY, ready_by_s=18 * 3600)
    ahead = spans(EVENING, *NIGHT)
    waiting = needing(need, ahead=ahead, forecast=sunny(noon, 6, 5000.0))
    waiting.run_until("06:30")
    assert waiting.runs() == []
    # Without a forecast the cheap night is used.
    dark = needing(need, ahead=ahead)
    dark.run_until("06:30")
    assert dark.taken_wh == pytest.approx(7360, abs=100)
    # A little sun does not start a car.
    dim = needing(need, ahead=ahead, forecast=sunny(noon, 6, 1500.0))
    dim.run_until("06:30")
    assert dim.taken_wh == pytest.approx(7360, abs=100)


def test_sun_that_does_not_come_is_made_up_for_in_time() -> None:
    noon = datetime(2026, 6, 22, 10, tzinfo=PARIS)
    need = replace(ENERGY, ready_by_s=18 * 3600)
    bench = needing(need, forecast=sunny(noon, 6, 5000.0))
    bench.run_until("18:00")
    assert bench.taken_wh >= 7300


def test_two_loads_do_not_count_on_the_same_sun() -> None:
    noon = datetime(2026, 6, 22, 10, tzinfo=PARIS)
    first = replace(ENERGY, ready_by_s=18 * 3600, target=11_000.0)
    second = replace(first, plan_id="q", target=6000.0)
    bench = Bench(
        settings=HomeSettings(needs=(first, second)),
        forecast=sunny(noon, 6, 4000.0),
        ahead=spans(EVENING, *NIGHT),
    )
    bench.run(0.1)
    assert bench.state("p").starts is None
    assert bench.state("q").starts is not None


def test_dear_hours_are_never_used_and_lateness_is_told() -> None:
    ahead = spans(
        EVENING,
        (10, PriceClass.DEAR, 0.7),
        (1.5, PriceClass.NORMAL, 0.2),
        (20, PriceClass.DEAR, 0.7),
    )
    bench = needing(ahead=ahead)
    decision = bench.run_until("05:00")
    assert not decision.runs
    assert bench.state().late
    assert bench.state().short_s == pytest.approx(3600, abs=60)
    decision = bench.run_until("06:30")
    assert decision.reason is Reason.NEEDED
    assert decision.numbers["late_minutes"] == pytest.approx(60, abs=1)
    bench.run_until("07:00")
    assert bench.runs()[0][0] == "06:00"


def test_dear_hours_are_used_in_need_where_that_is_allowed() -> None:
    ahead = spans(
        EVENING,
        (10, PriceClass.DEAR, 0.7),
        (1.5, PriceClass.NORMAL, 0.2),
        (20, PriceClass.DEAR, 0.7),
    )
    bench = needing(replace(ENERGY, on_dear=OnDear.IF_LATE), ahead=ahead)
    bench.run_until("07:00")
    assert bench.taken_wh == pytest.approx(7360, abs=150)
    # No more of them than it takes.
    assert "04:50" <= bench.runs()[0][0] <= "05:01"


def test_dear_hours_that_are_allowed_are_hours_like_others() -> None:
    ahead = spans(EVENING, (5, PriceClass.DEAR, 0.1), (8, PriceClass.NORMAL, 0.2))
    bench = needing(replace(ENERGY, on_dear=OnDear.ALWAYS), ahead=ahead)
    bench.run_until("07:00")
    assert "22:50" <= bench.runs()[0][0] <= "23:00"


def test_a_breaker_makes_it_begin_earlier() -> None:
    bench = needing()
    bench.with_settings(replace(bench.settings, breaker_a=11.0))
    bench.run_until("07:00")
    assert bench.taken_wh >= 7300
    assert bench.runs()[0][0] < "03:30"


def test_a_circuit_makes_it_begin_earlier() -> None:
    bench = needing()
    circuit = Circuit(circuit_id="garage", limit_a=8.0, load_ids=(LOAD,))
    bench.with_settings(replace(bench.settings, circuits=(circuit,)))
    bench.run_until("22:00")
    assert bench.state().starts is not None
    assert f"{bench.state().starts:%H:%M}" < "03:00"


def test_a_load_that_takes_less_than_it_may_is_planned_for_as_it_is() -> None:
    bench = needing(share=0.5)
    bench.run_until("07:00")
    first = bench.taken_wh
    assert first < 4200
    bench.run_until("08:00")
    bench.run_until("07:00")
    assert bench.taken_wh - first >= 7300


def test_a_restart_in_its_middle_forgets_nothing() -> None:
    bench = needing()
    bench.run_until("05:30")
    bench.restart(away_s=20.0)
    decision = bench.step()
    assert decision.reason is Reason.NEEDED
    bench.run_until("07:00")
    assert bench.taken_wh == pytest.approx(7360, abs=150)


def test_a_restart_over_its_deadline_begins_anew() -> None:
    bench = needing()
    bench.run_until("06:40")
    bench.restart(away_s=3600.0)
    bench.step()
    assert bench.state().left_wh == 7360
    assert bench.state().deadline == datetime(2026, 6, 23, 7, tzinfo=PARIS)


def test_a_changed_target_keeps_what_it_got_another_kind_begins_anew() -> None:
    bench = needing()
    bench.run_until("05:30")
    left_wh = bench.state().left_wh
    assert left_wh is not None
    more = replace(ENERGY, target=9000.0)
    bench.with_settings(replace(bench.settings, needs=(more,)))
    bench.step()
    assert bench.state().left_wh == pytest.approx(left_wh + 1640, abs=40)
    bench.with_settings(replace(bench.settings, needs=(HOURS,)))
    bench.step()
    assert bench.state().left_s == pytest.approx(3 * 3600, abs=60)


def test_a_moved_deadline_moves_the_start() -> None:
    bench = needing()
    bench.run_until("22:00")
    sooner = replace(ENERGY, ready_by_s=1 * 3600)
    bench.with_settings(replace(bench.settings, needs=(sooner,)))
    bench.step()
    assert bench.state().starts is not None
    assert f"{bench.state().starts:%H:%M}" in ("22:54", "22:53", "22:52")


@pytest.mark.parametrize(
    ("evening", "end"), [("2026-03-28", "06"), ("2026-10-24", "06")]
)
def test_a_deadline_across_a_change_of_the_clock_is_kept(
    evening: str, end: str
) -> None:
    bench = needing()
    bench.wall = datetime.fromisoformat(f"{evening}T22:00").replace(tzinfo=PARIS)
    bench.step()
    event, starts = bench.cycles[-1].decisions[0].next_event, bench.state().starts
    assert event is not None
    assert starts is not None
    assert event.in_s == starts.timestamp() - bench.wall.timestamp()
    bench.run_until("07:00")
    assert bench.taken_wh == pytest.approx(7360, abs=100)
    ((begins, ends),) = bench.runs()
    assert begins[:2] == "04"
    assert ends[:2] == end


def test_only_its_days_are_planned_and_only_the_day_before_counts() -> None:
    # From Sunday evening on, for Wednesday morning.
    bench = needing(replace(ENERGY, days=(2,)), base_w=-3000.0)
    bench.run(6)
    assert bench.taken_wh > 7360
    assert not bench.state().met
    bench.base_w = 500.0
    bench.run_until("07:00")
    bench.run_until("07:30")
    assert bench.state().left_wh == 7360
    assert bench.state().starts is None
    bench.run_until("07:00")
    bench.run(24)
    assert bench.runs()[-1][0][:2] == "04"


def test_mode_off_plans_nothing_and_boost_is_a_persons_word() -> None:
    bench = needing(mode=Mode.OFF)
    bench.run_until("06:00")
    assert bench.runs() == []
    assert bench.state().starts is None
    bench = needing(mode=Mode.BOOST)
    assert bench.run(0.5).reason is Reason.BOOST


def test_a_car_that_is_away_is_planned_for_when_it_comes() -> None:
    bench = needing(wants_power=False)
    bench.run_until("05:30")
    assert bench.state().starts is None
    assert not bench.state().late
    bench.wants_power = True
    decision = bench.run(0.1)
    assert decision.reason is Reason.NEEDED
    assert bench.state().late


def test_one_that_is_switched_off_asks_for_nothing() -> None:
    bench = needing(replace(ENERGY, enabled=False))
    bench.run_until("06:30")
    assert bench.runs() == []


def test_a_load_that_is_not_measured_is_counted_by_what_it_is_told() -> None:
    bench = needing(spec=HEATER, measured=False)
    bench.run_until("07:00")
    assert bench.taken_wh == pytest.approx(7360, abs=150)


def test_its_plan_does_not_flap() -> None:
    for share in (0.93, 1.0, 1.07):
        bench = needing(share=share, ahead=spans(EVENING, *NIGHT))
        bench.run_until("07:00")
        assert len(bench.runs()) == 1
