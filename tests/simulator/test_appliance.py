"""What runs behind a relay."""

import pytest

from simulator.appliance import DISHWASHER, Appliance, ApplianceSpec, Duty, Stage


def live(appliance: Appliance, seconds: int) -> list[float]:
    powers = []
    for now in range(seconds):
        appliance.step(float(now), 1.0, 230.0)
        powers.append(sum(appliance.power_w))
    return powers


def test_it_draws_its_power_while_its_relay_is_closed() -> None:
    pump = Appliance(ApplianceSpec(power_w=1100, phase=2))
    assert live(pump, 3) == [0.0] * 3
    pump.switch(True)
    assert live(pump, 3) == [1100.0] * 3
    assert pump.power_w == (0.0, 1100.0, 0.0)
    pump.switch(False)
    assert live(pump, 3) == [0.0] * 3
    assert not pump.done


def test_its_own_thermostat_may_rest_while_the_relay_is_closed() -> None:
    spec = ApplianceSpec(power_w=900, standby_w=2, duty=Duty(on_s=20, off_s=10))
    radiator = Appliance(spec)
    radiator.switch(True)
    assert live(radiator, 60) == ([900.0] * 20 + [2.0] * 10) * 2


def test_a_programme_goes_on_where_it_was_interrupted_and_ends() -> None:
    stages = (Stage(lasts_s=5, power_w=2000), Stage(lasts_s=3, power_w=80))
    washer = Appliance(ApplianceSpec(programme=stages, standby_w=1))
    washer.switch(True)
    assert live(washer, 4) == [2000.0] * 4
    washer.switch(False)
    assert live(washer, 100) == [0.0] * 100
    washer.switch(True)
    assert not washer.done
    assert live(washer, 6) == [2000.0, 80.0, 80.0, 80.0, 1.0, 1.0]
    assert washer.done
    washer.load()
    assert not washer.done
    assert live(washer, 1) == [2000.0]


def test_a_dishwasher_takes_a_good_kilowatt_hour_in_an_hour_and_a_half() -> None:
    washer = Appliance(ApplianceSpec(programme=DISHWASHER))
    washer.switch(True)
    powers = live(washer, 6000)
    assert washer.done
    assert sum(powers) / 3.6e6 == pytest.approx(1.06, abs=0.05)
    assert max(powers) == 2000.0
