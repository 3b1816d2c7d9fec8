"""What several devices say together of the grid and of the sun."""

import pytest
from solaredged import InverterStatus

from custom_components.surplus.solaredge.model import (
    InverterReading,
    MeterReading,
    StorageReading,
)
from custom_components.surplus.solaredge.site import (
    grid_by_consumption,
    grid_reading,
    sun_of,
    total,
)


def test_the_grid_has_its_phases_where_all_of_them_are_told() -> None:
    meter = MeterReading(
        at=7.0,
        power_w=-369.0,
        apparent_va=552.0,
        currents_a=(0.0, 0.3, -2.4),
        voltages_v=(231.0, None, 235.0),
    )
    reading = grid_reading(meter)
    assert reading is not None
    assert (reading.at, reading.power_w) == (7.0, -369.0)
    assert reading.currents_a == (0.0, 0.3, -2.4)
    assert reading.voltages_v == ()
    # Nothing is drawn while it exports, whatever the apparent power.
    assert reading.drawn_va == 0.0


@pytest.mark.parametrize(
    ("apparent_va", "drawn_va"), [(2400.0, 2400.0), (None, 2000.0), (12.0, 2000.0)]
)
def test_what_is_drawn_is_apparent_power_and_never_less_than_the_active(
    apparent_va: float | None, drawn_va: float
) -> None:
    reading = grid_reading(
        MeterReading(at=0.0, power_w=2000.0, apparent_va=apparent_va)
    )
    assert reading is not None
    assert reading.drawn_va == drawn_va


def test_a_meter_without_a_power_tells_no_grid() -> None:
    nothing = MeterReading(at=0.0)
    assert grid_reading(nothing) is None
    assert (
        grid_by_consumption(nothing, [InverterReading(at=0.0, ac_power_w=1.0)]) is None
    )
    house = MeterReading(at=0.0, power_w=500.0)
    assert grid_by_consumption(house, [InverterReading(at=0.0)]) is None


def test_a_house_that_takes_more_than_it_makes_draws_the_rest() -> None:
    house = MeterReading(at=9.0, power_w=2500.0)
    parts = [
        InverterReading(at=8.0, ac_power_w=1000.0),
        InverterReading(at=5.0, ac_power_w=500.0),
    ]
    reading = grid_by_consumption(house, parts)
    assert reading is not None
    assert (reading.power_w, reading.drawn_va, reading.at) == (1000.0, 1000.0, 5.0)


@pytest.mark.parametrize(
    ("ac_w", "battery_w", "sun_w"),
    [
        # Charging from the sun: 8 kW of it, 5 kW into the battery.
        (2900.0, -5000.0, 7900.0),
        # Discharging at night: conversion loses a little.
        (1940.0, 2000.0, 0.0),
        # Charging from the grid.
        (-5008.0, -5002.0, 0.0),
        (3000.0, 0.0, 3000.0),
    ],
)
def test_the_sun_is_what_the_inverter_gives_without_its_battery(
    ac_w: float, battery_w: float, sun_w: float
) -> None:
    inverter = InverterReading(at=0.0, ac_power_w=ac_w)
    battery = StorageReading(at=0.0, power_w=battery_w)
    assert sun_of(inverter, [battery]) == sun_w


def test_the_sun_is_not_known_without_all_its_parts() -> None:
    inverter = InverterReading(at=0.0, ac_power_w=1000.0)
    assert sun_of(None, []) is None
    assert sun_of(InverterReading(at=0.0), []) is None
    assert sun_of(inverter, [None]) is None
    assert sun_of(inverter, [StorageReading(at=0.0)]) is None
    assert sun_of(inverter, []) == 1000.0


def test_an_inverter_that_sleeps_gives_nothing_whatever_its_battery_says() -> None:
    asleep = InverterReading(at=0.0, ac_power_w=-3.0, status=InverterStatus.SLEEPING)
    assert sun_of(asleep, [None]) == 0.0


def test_a_total_has_all_its_parts() -> None:
    assert total([1.0, 2.0]) == 3.0
    assert total([1.0, None]) is None
    assert total([]) is None
