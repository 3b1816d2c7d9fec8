"""What can be true, and a counter that only rises."""

import pytest

from custom_components.surplus.solaredge import sound
from custom_components.surplus.solaredge.sound import Counter

NAN = float("nan")
INFINITE = float("inf")
# What a float limit reads that nobody ever set.
UNSET = 3.4028234663852886e38


@pytest.mark.parametrize(
    ("check", "sound_values", "unsound_values"),
    [
        (sound.power, (-5000.0, 0.0, 300_000.0), (300_001.0, -1e6, NAN, INFINITE)),
        (sound.voltage, (1.0, 230.0, 600.0), (0.0, -230.0, 6553.5)),
        (sound.dc_voltage, (0.0, 750.0), (-1.0, 6553.5)),
        (sound.frequency, (49.99, 60.0), (0.0, 655.35)),
        (sound.temperature, (-20.0, 46.99), (-327.68, 327.67)),
        (sound.battery_power, (-5000.0, 5002.0), (UNSET, NAN, 1e6)),
        (sound.battery_voltage, (0.0, 822.8), (-0.1, UNSET)),
        (sound.battery_temperature, (-30.0, 25.8), (-31.0, 101.0)),
        (sound.battery_energy, (9700.0,), (0.0, -1.0, UNSET)),
        (sound.percentage, (0.0, 66.7, 100.0), (-0.1, 100.1, NAN)),
    ],
)
def test_a_value_outside_physics_is_none(
    check: object, sound_values: tuple[float, ...], unsound_values: tuple[float, ...]
) -> None:
    assert callable(check)
    assert [check(value) for value in sound_values] == list(sound_values)
    assert [check(value) for value in unsound_values] == [None] * len(unsound_values)
    assert check(None) is None


def test_currents_are_magnitudes_whatever_their_sign() -> None:
    assert sound.current(-12.5) == 12.5
    assert sound.battery_current(-6.07) == 6.07
    assert sound.current(6553.5) is None
    assert sound.battery_current(201.0) is None
    assert sound.battery_current(None) is None


def test_a_power_factor_is_a_share_of_one() -> None:
    assert sound.power_factor(98.0) == 0.98
    assert sound.power_factor(-100.0) == -1.0
    assert sound.power_factor(327.67) is None


def test_a_counter_rises_with_what_a_supply_can_carry() -> None:
    counter = Counter()
    assert counter.take(1000.0, 0.0) == 1000.0
    assert counter.take(1010.0, 10.0) == 1010.0
    assert counter.take(1010.0, 20.0) == 1010.0
    # A night without readings.
    assert counter.take(61_010.0, 36_020.0) == 61_010.0


def test_a_counter_never_falls_and_never_leaps_for_a_poll() -> None:
    counter = Counter()
    counter.take(50_000.0, 0.0)
    assert counter.take(0.0, 1.0) == 50_000.0
    assert counter.take(500_000.0, 2.0) == 50_000.0
    assert counter.take(5_000.0, 3.0) == 50_000.0
    assert counter.take(None, 4.0) == 50_000.0
    assert counter.take(50_001.0, 5.0) == 50_001.0


def test_a_counter_starts_anew_once_three_reads_agree() -> None:
    counter = Counter()
    counter.take(50_000.0, 0.0)
    assert counter.take(12.0, 1.0) == 50_000.0
    assert counter.take(13.0, 2.0) == 50_000.0
    assert counter.take(14.0, 3.0) == 14.0
    assert counter.take(15.0, 4.0) == 15.0


def test_a_good_read_in_between_ends_the_doubt() -> None:
    counter = Counter()
    counter.take(50_000.0, 0.0)
    for at, wh in enumerate((12.0, 13.0, 50_000.0, 14.0, 15.0), 1):
        assert counter.take(wh, float(at)) == 50_000.0
    assert counter.take(16.0, 6.0) == 16.0


def test_a_first_read_that_was_wrong_is_found_out() -> None:
    counter = Counter()
    assert counter.take(9e8, 0.0) == 9e8
    for at, wh in enumerate((1000.0, 1001.0), 1):
        assert counter.take(wh, float(at)) == 9e8
    assert counter.take(1002.0, 3.0) == 1002.0
