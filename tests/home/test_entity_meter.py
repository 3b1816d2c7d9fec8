"""A grid meter made of sensors the user has."""

from datetime import timedelta
from time import monotonic

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.surplus.home.config import solar_power_of
from custom_components.surplus.home.entity_meter import EntityMeter
from custom_components.surplus.metering import power_of
from custom_components.surplus.registry import Registry
from homeassistant.core import HomeAssistant

from .conftest import MockConfigEntry

GRID = "sensor.grid"


def put(hass: HomeAssistant, value: object, unit: str = "W", name: str = GRID) -> None:
    hass.states.async_set(name, str(value), {"unit_of_measurement": unit})


@pytest.mark.parametrize(
    ("value", "unit", "power_w"),
    [
        (1500, "W", 1500),
        (-1.5, "kW", -1500),
        ("unavailable", "W", None),
        ("unknown", "W", None),
        ("nan", "W", None),
        ("1500", "°C", None),
        (1e9, "W", None),
    ],
)
def test_power_is_read_in_its_unit_or_not_at_all(
    hass: HomeAssistant, value: object, unit: str, power_w: float | None
) -> None:
    put(hass, value, unit)
    assert power_of(hass.states.get(GRID)) == power_w


def test_a_sensor_that_is_not_there_is_no_reading(hass: HomeAssistant) -> None:
    meter = EntityMeter(hass, GRID)
    assert meter.reading is None
    assert meter.name == GRID
    assert meter.source_id == "entity:sensor.grid"


@pytest.mark.parametrize(("is_export", "power_w"), [(False, 1200), (True, -1200)])
def test_the_sign_is_what_the_user_said(
    hass: HomeAssistant, is_export: bool, power_w: float
) -> None:
    put(hass, 1200)
    meter = EntityMeter(hass, GRID, positive_is_export=is_export)
    assert meter.reading.power_w == power_w
    assert meter.reading.drawn_va == max(0, power_w)


def test_two_sensors_make_one_signed_power(hass: HomeAssistant) -> None:
    put(hass, 0)
    meter = EntityMeter(hass, GRID, export_entity="sensor.export")
    assert meter.reading is None
    put(hass, 2.5, "kW", "sensor.export")
    assert meter.reading.power_w == -2500


def test_a_pair_is_as_young_as_its_younger_half(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    put(hass, 0)
    freezer.tick(timedelta(seconds=20))
    put(hass, 100, name="sensor.export")
    meter = EntityMeter(hass, GRID, export_entity="sensor.export")
    assert meter.reading.at == pytest.approx(monotonic(), abs=0.01)


async def test_a_repeated_value_is_a_new_reading(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    put(hass, 500)
    meter = EntityMeter(hass, GRID)
    seen: list[float] = []
    stop = meter.async_subscribe(lambda: seen.append(meter.reading.at))
    for value in (500, 500, 600):
        freezer.tick(timedelta(seconds=5))
        put(hass, value)
        await hass.async_block_till_done()
    assert len(seen) == 3
    assert seen[2] - seen[0] == pytest.approx(10, abs=0.01)
    stop()
    put(hass, 700)
    await hass.async_block_till_done()
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("value", "solar_w"), [(2000, 2000), (-5, 0), ("unavailable", None)]
)
def test_solar_is_never_negative(
    hass: HomeAssistant, value: object, solar_w: float | None
) -> None:
    put(hass, value, name="sensor.solar")
    entry = MockConfigEntry(data={"solar_entity": "sensor.solar"})
    assert solar_power_of(hass, entry, Registry(), 0.0) == solar_w
    assert solar_power_of(hass, MockConfigEntry(data={}), Registry(), 0.0) is None
