"""The plant's delays: what a controller learns, and when a car obeys."""

from itertools import pairwise

import pytest

from benchmarks.closed_loop.cases import (
    CASES,
    ChargerCase,
    HeaterCase,
    RelayCase,
    Wires,
)
from benchmarks.closed_loop.record import play
from benchmarks.closed_loop.seen import Command, HeaterCommand, RelayCommand
from benchmarks.closed_loop.variants import VARIANTS
from simulator.battery import BatterySpec
from simulator.heater import Characteristic

from .days import Orders, Script, case

QUIET = Wires(grid_noise_w=0.0)


def test_the_grid_is_told_a_second_late() -> None:
    surplus = [0.0] * 5 + [1000.0] * 5
    script = Script({})
    play(case(surplus, wires=QUIET), script)
    told = [seen.grid.value if seen.grid else None for seen in script.seen]
    assert told == [None, *[0.0] * 5, *[-1000.0] * 4]


def test_a_linky_tells_apparent_power_every_two_seconds() -> None:
    script = Script({})
    surplus = [400.0] * 8
    play(case(surplus, wires=Wires(linky=True, grid_interval_s=2)), script)
    told = [(seen.grid.at, seen.grid.value) for seen in script.seen if seen.grid]
    # hypot(400, 150) = 427.2
    assert {value for _, value in told} == {-427.0}
    assert [at - 36_000 for at, _ in told] == [0, 0, 2, 2, 4, 4, 6]


def test_a_car_begins_after_its_latency_and_ramps_at_its_own_pace() -> None:
    record = play(case([0.0] * 60, wires=QUIET), Script({0: 10.0}))
    drawn = record.drawn_a[0]
    # Told at 0, taken at 1, current 15 s later.
    assert drawn[:16] == [0.0] * 16
    assert drawn[16] == pytest.approx(0.6)
    assert drawn[18] == pytest.approx(1.8)
    assert drawn[-1] == pytest.approx(10 * 0.985 - 0.4)
    assert record.on[0].index(True) == 1


def test_a_stop_is_not_held_back_but_another_current_is() -> None:
    record = play(case([0.0] * 80, wires=QUIET), Script({0: 16.0, 50: 12.0, 52: 20.0}))
    drawn = record.drawn_a[0]
    settled = 16 * 0.985 - 0.4
    assert drawn[52] == pytest.approx(settled)
    assert drawn[54] < settled
    # The pilot moved at 51: not again before 56, and the car sees it 2 s later.
    lowest = 12 * 0.985 - 0.4
    assert drawn[57] == pytest.approx(lowest)
    assert drawn[58] == pytest.approx(lowest + 0.6)
    stopped = play(case([0.0] * 60, wires=QUIET), Script({0: 16.0, 50: 0.0}))
    assert stopped.drawn_a[0][50] > 0
    assert stopped.drawn_a[0][51] < stopped.drawn_a[0][50] - 4


def test_only_changes_are_sent_and_counted() -> None:
    record = play(
        case([0.0] * 30, wires=QUIET), Script({0: 0.0, 1: 8.0, 2: 8.0, 3: 9.0})
    )
    assert record.commands == 2


def test_an_unplugged_car_draws_nothing_and_is_told_so() -> None:
    away = ChargerCase(load_id="car", plugged=(36_000, 36_040))
    script = Script({0: 10.0})
    record = play(case([0.0] * 60, chargers=(away,), wires=QUIET), script)
    assert record.drawn_a[0][39] > 0
    assert record.drawn_a[0][40:] == [0.0] * 20
    assert script.seen[39].chargers[0].plugged
    assert not script.seen[41].chargers[0].plugged


def test_a_slower_plant_is_slower() -> None:
    slow = VARIANTS["all-slow"].apply(case([0.0] * 80, wires=QUIET))
    record = play(slow, Script({0: 10.0}))
    # The command takes 3 s, the car begins 30 s after it, at half the pace.
    assert record.drawn_a[0][32] == 0.0
    assert record.drawn_a[0][33] == pytest.approx(0.3)


def test_a_variant_changes_the_part_it_names_and_no_other() -> None:
    b1 = CASES["B1"]
    cuts = VARIANTS["dimmer-cuts"].apply(b1).heaters[0]
    assert cuts.heater.characteristic is Characteristic.PHASE_ANGLE
    assert cuts.stated is Characteristic.LINEAR
    said = VARIANTS["dimmer-linear"].apply(b1).heaters[0]
    assert said.heater.characteristic is Characteristic.LINEAR
    assert said.stated is Characteristic.PHASE_ANGLE
    unknown = VARIANTS["pump-unknown"].apply(b1).relays[0]
    assert unknown.stated_w is None
    assert unknown.appliance.power_w == 1100.0
    assert VARIANTS["pilot-gap"].apply(b1).chargers[0].evse.pilot_gap_s == 15.0
    assert VARIANTS["nominal"].apply(b1) == b1


def test_a_heater_that_is_not_what_was_said_is_nothing_to_a_day_without_one() -> None:
    assert VARIANTS["heater-weak"].concerns(CASES["B1"])
    assert not VARIANTS["heater-weak"].concerns(CASES["A1"])
    assert VARIANTS["slow-ramp"].concerns(CASES["A1"])


def test_a_dimmer_is_told_percents_and_measured_every_two_seconds() -> None:
    script = Orders({0: {"heater": HeaterCommand(share=0.5)}})
    record = play(case([0.0] * 12, heaters=(HeaterCase(),), wires=QUIET), script)
    assert record.loads_w[0] == 0.0
    assert record.loads_w[1:] == [pytest.approx(1200)] * 11
    assert record.commands == 0
    assert record.told == {"heater": 1}
    told = [seen.heaters[0].power for seen in script.seen]
    assert [power and power.at - 36_000 for power in told[:6]] == [None, 0, 0, 2, 2, 4]
    accepted = script.seen[-1].heaters[0].accepted
    assert accepted is not None
    assert (accepted.at - 36_000, accepted.value.share) == (1, 0.5)


def test_a_relay_switches_with_its_command_and_counts_as_switched() -> None:
    orders = {0: {"relay": RelayCommand(on=True)}, 6: {"relay": RelayCommand(on=False)}}
    script = Orders(orders)
    record = play(case([0.0] * 12, relays=(RelayCase(),), wires=QUIET), script)
    assert record.loads_w == [0.0] + [1100.0] * 6 + [0.0] * 5
    assert record.on[1] == [False] + [True] * 6 + [False] * 5
    assert record.ev_w == [0.0] * 12
    assert record.commands == 2
    power = script.seen[-1].relays[0].power
    assert power is not None
    assert (power.at - 36_000, power.value) == (10, 0.0)


def test_a_relay_without_a_meter_tells_no_power() -> None:
    script = Orders({})
    relay = RelayCase(measured=False)
    play(case([0.0] * 12, relays=(relay,), wires=QUIET), script)
    assert script.seen[-1].relays[0].power is None


def test_a_three_phase_connection_tells_what_each_phase_carries() -> None:
    chargers = CASES["D1"].chargers
    one = case([690.0] * 120, chargers=chargers, wires=QUIET)
    script = Orders({0: {"car": Command(current_a=10.0, phases=1)}})
    record = play(one, script)
    assert script.seen[0].currents_a == ()
    # 690 W of surplus are 1 A on each phase, and the car is on the first.
    drawn = record.drawn_a[0][-2]
    assert drawn > 9.0
    assert script.seen[-1].currents_a == pytest.approx((drawn - 1, -1.0, -1.0))
    assert script.seen[-1].grid is not None
    total_w = 230.0 * sum(script.seen[-1].currents_a)
    assert script.seen[-1].grid.value == pytest.approx(total_w)
    single = Script({})
    play(case([690.0] * 5, wires=QUIET), single)
    assert single.seen[-1].currents_a == ()


def test_an_order_for_another_kind_of_load_is_refused() -> None:
    orders = Orders({0: {"car": RelayCommand(on=True)}})
    with pytest.raises(TypeError, match="car"):
        play(case([0.0] * 5, wires=QUIET), orders)


def test_a_battery_is_told_with_the_grid_of_the_same_instant() -> None:
    script = Script({})
    record = play(case([1500.0] * 200, battery=BatterySpec(), wires=QUIET), script)
    assert record.grid_w[-1] == pytest.approx(0.0, abs=5.0)
    for seen in script.seen[1:]:
        assert seen.grid is not None
        assert seen.battery is not None
        assert seen.battery.at == seen.grid.at == seen.now - 1
        assert seen.grid.value - -1500.0 == pytest.approx(-seen.battery.value.power_w)
    assert script.seen[-1].battery_w < -1400.0
    assert script.seen[-1].battery is not None
    assert script.seen[-1].battery.value.soc > 0.3


def test_the_last_surplus_step_stays_and_the_kitchen_has_twelve_events() -> None:
    steps = CASES["S1"].build().surplus_w
    assert steps[0] == 0.0
    assert steps[3600:3601] == (2000.0,)
    assert steps[-1] == 4500.0
    base = CASES["O1"].build().base_w
    rises = sum(later > sooner for sooner, later in pairwise(base))
    assert rises == 12
    assert max(base) == 4900.0
