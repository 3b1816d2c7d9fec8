"""A dimmed heater and its water."""

import pytest

from simulator.heater import (
    Characteristic,
    Heater,
    HeaterSpec,
    Tank,
    TankSpec,
    phase_angle_share,
    power_share,
)

VOLTS = 230.0


def live(heater: Heater, seconds: float, dt: float = 0.5, volts: float = VOLTS) -> None:
    for n in range(round(seconds / dt)):
        heater.step(n * dt, dt, volts)


def watts(heater: Heater) -> float:
    return sum(heater.power_w)


def settled(share: float, spec: HeaterSpec, volts: float = VOLTS) -> float:
    heater = Heater(spec)
    heater.tell(share)
    live(heater, 30, volts=volts)
    return watts(heater)


def test_in_proportion_half_the_control_is_half_the_power() -> None:
    assert settled(0.5, HeaterSpec()) == pytest.approx(1200)
    assert settled(1.0, HeaterSpec()) == pytest.approx(2400)
    assert settled(0.0, HeaterSpec()) == 0.0


@pytest.mark.parametrize(
    ("share", "power"), [(0.0, 0.0), (0.25, 0.1464), (0.5, 0.5), (0.75, 0.8536)]
)
def test_cutting_phases_gives_little_at_first(share: float, power: float) -> None:
    spec = HeaterSpec(characteristic=Characteristic.PHASE_ANGLE)
    assert settled(share, spec) == pytest.approx(2400 * power, abs=0.2)


@pytest.mark.parametrize(
    ("share", "power"), [(0.0, 0.0), (0.25, 0.0908), (0.5, 0.5), (0.75, 0.9092)]
)
def test_a_late_firing_gives_less_still(share: float, power: float) -> None:
    spec = HeaterSpec(characteristic=Characteristic.FIRING_DELAY)
    assert settled(share, spec) == pytest.approx(2400 * power, abs=0.2)


@pytest.mark.parametrize("power", [0.0, 0.01, 0.3, 0.5, 0.9, 1.0])
def test_the_inverse_of_the_phase_angle_finds_its_power(power: float) -> None:
    share = phase_angle_share(power)
    assert power_share(Characteristic.PHASE_ANGLE, share) == pytest.approx(power)


@pytest.mark.parametrize("characteristic", Characteristic)
def test_more_control_is_never_less_power(characteristic: Characteristic) -> None:
    powers = [power_share(characteristic, n / 100) for n in range(-5, 106)]
    assert powers == sorted(powers)
    assert (powers[0], powers[-1]) == (0.0, pytest.approx(1.0))


def test_the_control_moves_in_whole_percents() -> None:
    assert settled(0.304, HeaterSpec()) == pytest.approx(0.30 * 2400)
    assert settled(0.306, HeaterSpec()) == pytest.approx(0.31 * 2400)
    assert settled(7.0, HeaterSpec()) == pytest.approx(2400)


def test_below_its_floor_nothing_passes() -> None:
    spec = HeaterSpec(floor_share=0.06)
    assert settled(0.05, spec) == 0.0
    assert settled(0.06, spec) == pytest.approx(144)


def test_it_follows_with_its_time_constant() -> None:
    heater = Heater(HeaterSpec(lag_s=2.0))
    heater.tell(1.0)
    live(heater, 2.0)
    assert watts(heater) == pytest.approx(2400 * 0.632, rel=0.01)
    at_once = Heater(HeaterSpec(lag_s=0.0))
    at_once.tell(1.0)
    live(at_once, 0.5)
    assert watts(at_once) == 2400


def test_its_power_goes_with_the_square_of_the_voltage() -> None:
    assert settled(1.0, HeaterSpec(), volts=207.0) == pytest.approx(2400 * 0.81)


def test_it_hangs_on_its_phase() -> None:
    heater = Heater(HeaterSpec(phase=3))
    heater.tell(1.0)
    live(heater, 30)
    assert heater.power_w == (0.0, 0.0, pytest.approx(2400))


def test_a_kilowatt_hour_warms_two_hundred_litres_by_four_degrees() -> None:
    tank = Tank(TankSpec(loss_w_per_k=0.0), temperature_c=20.0)
    heater = Heater(tank=tank)
    heater.tell(1.0)
    live(heater, 1500)
    assert tank.temperature_c == pytest.approx(20 + 3.6e6 / (200 * 4186), abs=0.02)


def test_a_tank_cools_towards_the_room() -> None:
    tank = Tank(temperature_c=58.0)
    for _ in range(24 * 60):
        tank.step(60.0, 0.0)
    # 40 K at 1.6 W/K for a day, falling: about 1.5 kWh of 837 Ws/K.
    assert 58 - 6.7 < tank.temperature_c < 58 - 5.5


def test_its_thermostat_opens_and_closes_again_below_its_hysteresis() -> None:
    tank = Tank(TankSpec(hysteresis_k=5.0), temperature_c=64.99)
    heater = Heater(tank=tank)
    heater.tell(1.0)
    live(heater, 30)
    assert heater.told_share == 1.0
    assert not heater.heating
    assert watts(heater) == 0.0
    tank.draw(10.0)
    live(heater, 1)
    assert 60.0 < tank.temperature_c < 64.0
    assert watts(heater) == 0.0
    tank.draw(20.0)
    live(heater, 1)
    assert watts(heater) > 0.0


def test_a_bath_leaves_cold_water() -> None:
    tank = Tank(temperature_c=60.0)
    tank.draw(100.0)
    assert tank.temperature_c == pytest.approx((60 + 14) / 2)
    tank.draw(1000.0)
    assert tank.temperature_c == 14.0


def test_a_tank_that_is_hot_from_the_beginning_does_not_heat() -> None:
    assert not Tank(temperature_c=70.0).closed
