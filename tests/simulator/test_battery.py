"""Home batteries, alone and at the house's connection point."""

import pytest

from simulator.battery import BatterySpec, CommandedBattery, SelfRegulatingBattery
from simulator.clock import DayClock
from simulator.house import House
from simulator.trace import constant_trace


def regulate(
    battery: SelfRegulatingBattery, base_w: float, begin: int, end: int
) -> None:
    """Let it see a house that would draw ``base_w`` without it."""
    for now in range(begin, end):
        battery.see(float(now), base_w - battery.battery_w)
        battery.step(float(now), 1.0, 230.0)


def test_it_takes_the_surplus_and_gives_it_back_less_its_losses() -> None:
    spec = BatterySpec(capacity_wh=1000.0, ramp_w_s=500.0)
    battery = SelfRegulatingBattery(spec, charge_share=0.5)
    regulate(battery, -2000.0, 0, 600)
    assert battery.battery_w == pytest.approx(-2000.0, abs=50.0)
    assert sum(battery.power_w) == -battery.battery_w
    assert battery.charge_wh == pytest.approx(500 + 2000 * 0.95 / 6, rel=0.02)
    before_wh = battery.charge_wh
    regulate(battery, 900.0, 600, 1200)
    assert before_wh - battery.charge_wh == pytest.approx(150 / 0.95, rel=0.03)
    regulate(battery, 3000.0, 1200, 4800)
    assert battery.soc == 0.0
    assert battery.battery_w == 0.0


def test_it_sees_the_grid_late_and_corrects_half_of_it_each_second() -> None:
    battery = SelfRegulatingBattery(BatterySpec(delay_s=2.0, ramp_w_s=1e6))
    powers = []
    for now in range(4):
        battery.see(float(now), 1000.0)
        battery.step(float(now), 1.0, 230.0)
        powers.append(battery.battery_w)
    assert powers == [0.0, 0.0, 500.0, 1000.0]


def test_it_moves_no_faster_than_its_ramp_and_no_further_than_its_power() -> None:
    battery = SelfRegulatingBattery(BatterySpec(ramp_w_s=300.0, power_w=1000.0))
    battery.see(0.0, 9000.0)
    powers = []
    for now in range(2, 8):
        battery.step(float(now), 1.0, 230.0)
        powers.append(battery.battery_w)
    assert powers == [300.0, 600.0, 900.0, 1000.0, 1000.0, 1000.0]


def test_a_full_one_takes_nothing() -> None:
    battery = SelfRegulatingBattery(charge_share=1.0)
    regulate(battery, -3000.0, 0, 60)
    assert battery.battery_w == 0.0
    assert battery.soc == 1.0


def test_in_the_house_it_brings_the_grid_to_nothing() -> None:
    battery = SelfRegulatingBattery()
    home = House(
        solar=constant_trace(2500),
        load=constant_trace(500),
        day=DayClock(),
        devices=[battery],
        meters=[battery],
    )
    home.advance(60)
    assert home.grid_w == pytest.approx(0.0, abs=20.0)
    assert battery.battery_w == pytest.approx(-2000.0, abs=20.0)


def test_a_commanded_one_charges_and_gives_what_it_was_told_after_its_delay() -> None:
    battery = CommandedBattery(BatterySpec(delay_s=2.0, ramp_w_s=1e6))
    battery.tell(0.0, 1500.0)
    powers = []
    for now in range(4):
        battery.step(float(now), 1.0, 230.0)
        powers.append(battery.battery_w)
    assert powers == [0.0, 0.0, -1500.0, -1500.0]
    battery.tell(4.0, -9000.0)
    for now in range(4, 8):
        battery.step(float(now), 1.0, 230.0)
    assert battery.battery_w == 4000.0


def test_an_empty_commanded_one_gives_nothing() -> None:
    battery = CommandedBattery(charge_share=0.0)
    battery.tell(0.0, -1000.0)
    for now in range(10):
        battery.step(float(now), 1.0, 230.0)
    assert battery.battery_w == 0.0
    assert battery.soc == 0.0
