"""A car's state of charge: at once below its minimum, never past its limit, in time."""

from dataclasses import replace
from datetime import datetime

import pytest

from custom_components.surplus.control.model import Mode, PriceClass, Reason
from custom_components.surplus.control.needs.level import Level
from custom_components.surplus.control.needs.specs import Need, NeedKind, OnDear
from custom_components.surplus.control.settings import HomeSettings

from .bench import HEATER, LOAD, PARIS, STORAGE, SWITCHED, Bench, spans

EVENING = datetime(2026, 6, 21, 20, tzinfo=PARIS)
CHARGE = Need(
    plan_id="p",
    load_id=LOAD,
    kind=NeedKind.CHARGE,
    target=None,
    minimum=0.2,
    limit=0.8,
    capacity_wh=40_000.0,
)


class Car(Bench):
    """A car whose charge rises with what it takes, and is told now and then."""

    charge = 0.5
    tells_every_s = 30.0
    tells = True
    capacity_wh = 40_000.0

    def step(self):
        before_wh = self.taken_wh
        decision = super().step()
        self.charge += 0.9 * (self.taken_wh - before_wh) / self.capacity_wh
        if not self.tells:
            self.levels.pop("p", None)
        elif (self.now - 1000) % self.tells_every_s == 0 or "p" not in self.levels:
            self.levels["p"] = round(self.charge, 2)
        return decision


def car(need: Need = CHARGE, charge: float = 0.5, **more: object) -> Car:
    made = Car(settings=HomeSettings(needs=(need,)), **more)
    made.charge = charge
    made.levels["p"] = charge
    return made


def test_below_its_minimum_it_is_charged_at_once_until_that() -> None:
    bench = car(charge=0.1)
    decision = bench.run(0.1)
    assert decision.reason is Reason.CAR_MINIMUM
    assert decision.setpoint.value == 16.0
    assert decision.numbers["target_percent"] == 20.0
    assert 10.0 <= float(decision.numbers["charge_percent"]) < 12.0
    bench.run(3)
    # Its car tells whole percents.
    assert 0.195 <= bench.charge < 0.22
    assert not bench.step().runs


def test_it_does_not_begin_again_for_the_last_percent() -> None:
    bench = car(charge=0.19)
    bench.run(1)
    assert bench.charge >= 0.195
    bench.charge = 0.19
    assert not bench.run(0.5).runs
    bench.charge = 0.17
    assert bench.run(0.1).reason is Reason.CAR_MINIMUM


@pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.MIN_SOLAR, Mode.ECO])
def test_it_stops_at_its_limit_in_every_mode_that_follows_the_sun(mode: Mode) -> None:
    bench = car(charge=0.75, mode=mode, base_w=-8000.0)
    decision = bench.run(4)
    assert decision.reason is Reason.CAR_LIMIT
    assert decision.numbers["target_percent"] == 80.0
    assert 0.79 <= bench.charge <= 0.815


def test_a_person_goes_past_the_limit() -> None:
    bench = car(charge=0.9, mode=Mode.BOOST)
    assert bench.run(0.2).reason is Reason.BOOST


def test_a_car_that_is_past_its_limit_is_not_even_started() -> None:
    bench = car(charge=0.85, base_w=-8000.0)
    bench.run(0.5)
    assert bench.taken_wh == 0


def test_it_goes_on_once_it_has_lost_some_of_its_charge() -> None:
    bench = car(charge=0.8, base_w=-8000.0)
    bench.run(0.5)
    bench.charge = 0.79
    assert bench.run(0.2).reason is Reason.CAR_LIMIT
    assert bench.taken_wh == 0
    bench.charge = 0.76
    assert bench.run(0.2).runs


def test_the_next_car_is_another_one() -> None:
    bench = car(charge=0.85, base_w=-8000.0)
    bench.run(0.2)
    bench.wants_power = bench.plugged = False
    bench.run(0.2)
    bench.wants_power = bench.plugged = True
    bench.charge = 0.4
    assert bench.run(0.3).runs


def ready_by_count(**more: object) -> Car:
    """Return a car that never tells and that has got all that was asked of it."""
    bench = car(replace(CHARGE, target=0.3, limit=1.0), mode=Mode.SOLAR, **more)
    bench.tells = False
    bench.levels.clear()
    bench.run_until("07:00")
    assert bench.state().met
    bench.taken_wh = 0.0
    return bench


def test_a_full_car_that_stays_plugged_in_is_not_charged_again() -> None:
    bench = ready_by_count(plugged=True)
    bench.wants_power = False
    bench.run(3)
    assert bench.state().met
    assert bench.state().left_wh == 0
    assert bench.state().level == pytest.approx(0.3, abs=0.01)
    bench.wants_power = True
    bench.run_until("07:00")
    assert bench.taken_wh == 0


def test_a_car_that_wants_nothing_for_some_minutes_is_the_same_one() -> None:
    bench = ready_by_count()
    bench.wants_power = False
    bench.run(0.2)
    bench.wants_power = True
    bench.run_until("07:00")
    assert bench.taken_wh == 0


def test_a_car_that_may_have_gone_is_forgotten_in_the_end() -> None:
    bench = ready_by_count()
    bench.wants_power = False
    bench.run(0.3)
    bench.wants_power = True
    bench.run_until("06:59")
    assert bench.taken_wh == pytest.approx(0.1 * 40_000 / 0.9, rel=0.05)


def test_a_full_car_whose_sensor_falls_asleep_keeps_its_charge() -> None:
    bench = car(replace(CHARGE, target=0.7, limit=1.0), charge=0.8, plugged=True)
    bench.run(0.1)
    bench.tells, bench.wants_power = False, False
    bench.run(1)
    assert bench.state().level == 0.8
    bench.wants_power = True
    bench.run_until("07:00")
    assert bench.taken_wh == 0


def test_a_charger_that_is_silent_for_a_moment_has_not_lost_its_car() -> None:
    bench = car(charge=0.7, base_w=-8000.0)
    bench.run(0.2)
    bench.tells = False
    for lost in ("wants_power", "reachable"):
        setattr(bench, lost, False)
        bench.step()
        setattr(bench, lost, True)
        bench.run(0.1)
    bench.run(6)
    assert bench.charge <= 0.81


def test_a_car_that_tells_once_an_hour_is_stopped_in_time_all_the_same() -> None:
    bench = car(charge=0.7, base_w=-8000.0)
    bench.tells_every_s = 3600.0
    bench.run(4)
    assert 0.78 <= bench.charge <= 0.82


def test_a_car_that_stops_telling_never_goes_past_its_limit() -> None:
    bench = car(charge=0.7, base_w=-8000.0)
    bench.run(0.2)
    bench.tells = False
    bench.run(6)
    assert 0.78 <= bench.charge <= 0.81
    assert bench.cycles[-1].decisions[0].reason is Reason.CAR_LIMIT


def test_of_a_car_that_never_told_the_minimum_is_not_judged_but_the_limit_is() -> None:
    bench = car(charge=0.1)
    bench.tells = False
    bench.levels.clear()
    assert not bench.run(1).runs
    bench.base_w = -8000.0
    # Counted from its minimum: 60 % of the battery, and what is lost on the way.
    bench.run(12)
    assert bench.taken_wh == pytest.approx(0.6 * 40_000 / 0.9, rel=0.02)
    assert bench.cycles[-1].decisions[0].reason is Reason.CAR_LIMIT


def test_it_is_ready_in_the_cheapest_hours() -> None:
    ahead = spans(
        EVENING,
        (2, PriceClass.NORMAL, None),
        (8, PriceClass.CHEAP, None),
        (24, PriceClass.NORMAL, None),
    )
    ready = replace(CHARGE, target=0.7, limit=1.0)
    bench = car(ready, charge=0.5, ahead=ahead)
    bench.run_until("07:00")
    assert bench.charge >= 0.69
    ((begins, ends),) = bench.runs()
    # 8 kWh and 10 % of loss at 3.7 kW.
    assert "03:20" <= begins <= "03:50"
    assert ends <= "06:05"


def test_one_that_is_ready_is_not_topped_up_for_a_percent() -> None:
    ready = replace(CHARGE, target=0.7, limit=1.0)
    bench = car(ready, charge=0.7)
    bench.run_until("06:00")
    assert bench.state().met
    bench.charge = 0.69
    assert not bench.run(0.3).runs
    assert bench.taken_wh == 0
    bench.charge = 0.6
    assert bench.run(0.3).reason is Reason.NEEDED
    assert bench.state().late


def test_the_minimum_waits_in_dear_hours_unless_they_are_allowed() -> None:
    ahead = spans(EVENING, (4, PriceClass.DEAR, None), (20, PriceClass.NORMAL, None))
    bench = car(charge=0.1, ahead=ahead)
    assert not bench.run(1).runs
    allowed = car(replace(CHARGE, on_dear=OnDear.IF_LATE), charge=0.1, ahead=ahead)
    assert allowed.run(1).reason is Reason.CAR_MINIMUM


def test_what_a_step_takes_is_learned_where_the_battery_is_not_told() -> None:
    unknown = replace(CHARGE, capacity_wh=None, limit=1.0, target=0.8)
    bench = car(unknown, charge=0.1, mode=Mode.BOOST)
    bench.run(8)
    bench.mode = Mode.SOLAR
    bench.step()
    left_wh = bench.state().left_wh
    assert left_wh is not None
    assert left_wh / (0.8 - bench.charge) == pytest.approx(40_000 / 0.9, rel=0.2)


def test_a_restart_in_a_charge_keeps_what_was_learned_and_taken() -> None:
    ready = replace(CHARGE, target=0.7, limit=1.0)
    bench = car(ready)
    bench.tells_every_s = 36_000.0
    bench.run_until("05:30")
    left = bench.state().left_wh
    bench.restart(away_s=10.0)
    bench.step()
    assert bench.state().left_wh == pytest.approx(left, abs=100)


def test_a_battery_of_its_own_tells_its_charge_itself() -> None:
    ready = replace(CHARGE, target=0.8, minimum=0.0, limit=1.0, capacity_wh=10_000.0)
    bench = Bench(spec=STORAGE, soc=0.5, settings=HomeSettings(needs=(ready,)))
    decision = bench.run_until("06:50")
    assert decision.reason is Reason.NEEDED
    assert bench.state().level == 0.5 or bench.state().level > 0.5
    bench.soc = 0.8
    assert bench.run(0.1).reason is not Reason.NEEDED


def hot(target: float = 55.0, **more: object) -> Bench:
    need = Need(plan_id="p", load_id=LOAD, kind=NeedKind.TEMPERATURE, target=target)
    return Bench(settings=HomeSettings(needs=(need,)), spec=HEATER, **more)


class Tank(Bench):
    """Water that is warmed by what its heater takes: 200 l, which cool a little."""

    def step(self):
        before_wh = self.taken_wh
        decision = super().step()
        assert self.temperature_c is not None
        self.temperature_c += (self.taken_wh - before_wh) / 233.0 - 0.001
        return decision


@pytest.mark.parametrize("spec", [HEATER, SWITCHED])
def test_water_is_hot_in_time(spec) -> None:
    need = Need(plan_id="p", load_id=LOAD, kind=NeedKind.TEMPERATURE, target=55.0)
    bench = Tank(settings=HomeSettings(needs=(need,)), spec=spec, temperature_c=45.0)
    bench.run_until("07:00")
    assert 53.0 <= bench.temperature_c <= 56.0
    # Once it knows its tank, no earlier than it must.
    bench.run_until("19:00")
    bench.temperature_c = 42.0
    bench.run_until("07:00")
    assert 53.0 <= bench.temperature_c <= 56.0


def test_water_of_unknown_temperature_is_not_heated_for_a_need() -> None:
    bench = hot()
    bench.run_until("06:50")
    assert bench.taken_wh == 0
    assert bench.state().left_wh is None
    assert not bench.state().met


def test_a_level_that_falls_or_rises_by_itself_teaches_nothing() -> None:
    level, need = Level(), replace(CHARGE, capacity_wh=None)
    assumed = level.wh_per_unit(need)
    level.see(0.5, 0.0, need)
    level.see(0.9, 100.0, need)
    assert level.wh_per_unit(need) == assumed
    level.see(0.3, 0.0, need)
    level.see(0.5, 8000.0, need)
    assert level.wh_per_unit(need) == 40_000.0
    level.see(0.6, 6000.0, need)
    assert level.wh_per_unit(need) == pytest.approx(46_000.0)
    level.renew()
    assert level.wh_per_unit(need) == assumed
