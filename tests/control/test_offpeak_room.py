"""Room is kept free for what off-peak starts: by the whole engine, and over a restart."""

from datetime import timedelta
from math import nan

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    BatteryReading,
    Mode,
    Period,
    PriceClass,
    TariffNow,
    TariffSpan,
)
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House

# 30 A: a car at 6 A and a water heater fit, a car at 32 A and anything else do not.
SETTINGS = HomeSettings(breaker_a=30.0)
HEATER_W = 3000.0
SAVED = {
    "offpeak": [{"day_s": 37_800, "nights": [[[20, HEATER_W]]] * 4}],
}


def foretold(house: House, in_s: float) -> TariffNow:
    """Return a tariff whose off-peak begins at half past ten by the house's clock."""
    begins = house.wall + timedelta(seconds=in_s)
    peak = TariffSpan(
        begins=begins - timedelta(hours=8),
        ends=begins,
        period=Period.PEAK,
        price_class=PriceClass.NORMAL,
    )
    cheap = TariffSpan(
        begins=begins,
        ends=begins + timedelta(hours=8),
        period=Period.OFF_PEAK,
        price_class=PriceClass.CHEAP,
    )
    if in_s <= 0:
        return TariffNow(
            price_class=PriceClass.CHEAP, ahead=(cheap,), contact_closed=True
        )
    return TariffNow(
        price_class=PriceClass.NORMAL, ahead=(peak, cheap), contact_closed=False
    )


def house_before_offpeak(mode: Mode = Mode.BOOST) -> House:
    """Return a house in which a heater is known to start at 10:30."""
    house = House(settings=SETTINGS, cars=[Car(mode=mode)], base_w=500.0)
    house.engine = Engine(SETTINGS, SAVED)
    return house


def run_to(house: House, begins_s: float, *, from_s: float, to_s: float) -> None:
    """Run from some seconds before off-peak begins, told ahead, to others."""
    for since_s in range(int(from_s), int(to_s)):
        house.tariff = foretold(house, begins_s - since_s)
        house.run(1)


def test_a_car_that_would_fill_the_breaker_leaves_room_for_the_water_heater() -> None:
    house = house_before_offpeak()
    # Half past ten is half an hour after the house's clock begins.
    house.now += 1800.0 - 200.0
    run_to(house, 0.0, from_s=-200, to_s=-60)
    # As far as a car on its ramp can be measured: to one ampere.
    assert house.car("ocpp:one").offered_a * 230 + 500 + HEATER_W <= 31 * 230
    run_to(house, 0.0, from_s=-60, to_s=10)
    # It starts, and nothing has to give way.
    house.base_w = 500.0 + HEATER_W
    over = [cycle for cycle in house.history if cycle.guard.over]
    run_to(house, 0.0, from_s=10, to_s=120)
    assert house.grid_w <= 30 * 230
    assert not over


def test_the_room_is_used_when_nothing_has_started() -> None:
    house = house_before_offpeak()
    house.now += 1800.0 - 200.0
    run_to(house, 0.0, from_s=-200, to_s=300)
    assert house.car("ocpp:one").offered_a >= 27


def test_without_a_tariff_nothing_is_kept() -> None:
    house = house_before_offpeak()
    house.now += 1800.0 - 200.0
    house.run(140)
    assert house.car("ocpp:one").offered_a >= 27


def test_what_was_learned_is_saved_with_the_engine() -> None:
    house = house_before_offpeak()
    assert house.engine.as_dict(house.now, house.wall)["offpeak"] == SAVED["offpeak"]
    cycle = house.run(2)
    assert cycle.offpeak_start is not None
    assert cycle.offpeak_start.power_w == HEATER_W


@pytest.mark.parametrize("damaged", [None, "all", [{}], [{"day_s": 0}]])
def test_a_damaged_memory_is_refused(damaged: object) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        Engine(SETTINGS, {"offpeak": damaged})


def test_a_night_in_which_a_battery_was_not_heard_says_nothing() -> None:
    house = House(cars=[], base_w=500.0)
    house.engine = Engine(HomeSettings())
    for since_s in range(-100, 1000):
        house.tariff = foretold(house, -since_s)
        house.base_w = 500.0 + (HEATER_W if since_s >= 30 else 0.0)
        heard = not 100 <= since_s < 200
        house.batteries = (
            BatteryReading(power_w=0.0 if heard else nan, at=house.now + 1),
        )
        house.run(1)
    assert house.engine.as_dict(house.now, house.wall)["offpeak"] == []


@pytest.mark.parametrize("battery_w", [None, 2000.0])
def test_a_heater_that_a_battery_feeds_is_seen_all_the_same(
    battery_w: float | None,
) -> None:
    house = House(cars=[], base_w=500.0, solar_w=200.0)
    batteries: tuple[BatteryReading, ...] = ()
    for night in range(3):
        house.now += 86_400.0 - house.now % 86_400.0
        for since_s in range(-100, 1000):
            house.now += 1.0
            house.tariff = foretold(house, -since_s)
            on = since_s >= 30
            house.base_w = 500.0
            if on and battery_w is None:
                house.base_w += HEATER_W
            elif on and battery_w is not None:
                house.base_w += HEATER_W - battery_w
                batteries = (BatteryReading(power_w=battery_w, at=house.now, soc=0.8),)
            elif battery_w is not None:
                batteries = (BatteryReading(power_w=0.0, at=house.now, soc=0.8),)
            house.grid = house.read()
            house.batteries = batteries
            house.cycle()
        assert (house.history[-1].offpeak_start is not None) is (night == 2)
    learned = house.history[-1].offpeak_start
    assert learned is not None
    assert learned.power_w == pytest.approx(HEATER_W, rel=0.02)
