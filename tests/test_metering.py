"""A user's own power sensor in the place of a load's metering."""

from datetime import timedelta
from time import monotonic

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.surplus.control.ledger import Counted
from custom_components.surplus.metering import MeteredLoad
from homeassistant.core import HomeAssistant

from .home.conftest import HandCharger

SENSOR = "sensor.line"


@pytest.fixture
def metered(hass: HomeAssistant, charger: HandCharger) -> MeteredLoad:
    charger.update(power_w=500.0, power_at=1.0, offered_a=10.0)
    charger.taken_over = None
    return MeteredLoad(hass, charger, SENSOR)


@pytest.fixture
def charger() -> HandCharger:
    return HandCharger()


def test_the_sensor_measures_and_the_charger_tells_the_rest(
    hass: HomeAssistant, metered: MeteredLoad, freezer: FrozenDateTimeFactory
) -> None:
    hass.states.async_set(SENSOR, "2.3", {"unit_of_measurement": "kW"})
    then = monotonic()
    freezer.tick(timedelta(seconds=5))
    assert metered.reading.power_w == 2300
    assert metered.reading.power_at == pytest.approx(then, abs=0.01)
    assert metered.reading.offered_a == 10


@pytest.mark.parametrize("state", ["unavailable", "nonsense", None])
def test_while_the_sensor_is_away_the_charger_measures_itself(
    hass: HomeAssistant, metered: MeteredLoad, state: str | None
) -> None:
    if state is not None:
        hass.states.async_set(SENSOR, state)
    assert metered.reading.power_w == 500
    assert metered.reading.power_at == 1


async def test_all_else_is_the_chargers(
    metered: MeteredLoad, charger: HandCharger
) -> None:
    heard: list[int] = []
    stop = metered.async_subscribe(lambda: heard.append(1))
    await metered.async_apply(8)
    await metered.async_release()
    stop()
    await metered.async_apply(9, 3)
    assert charger.told == [8, None, 9]
    assert charger.told_phases == [None, 3]
    metered.async_wished()
    assert charger.wishes == 1
    assert heard == [1]
    assert metered.spec is charger.spec
    charger.taken_over = 7.0
    assert metered.taken_over == 7.0


def test_nobody_asks_a_charger_for_energy_that_it_does_not_measure(
    metered: MeteredLoad,
) -> None:
    # Nor one that counts nothing.
    assert metered.counted == Counted()
