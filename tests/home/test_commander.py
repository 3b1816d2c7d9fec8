"""What a load is told, and when it is told again."""

import asyncio

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.model import Setpoint
from custom_components.surplus.home.commander import LoadCommander
from homeassistant.core import HomeAssistant

from .conftest import HandCharger


@pytest.fixture
def charger() -> HandCharger:
    return HandCharger()


@pytest.fixture
def commander(hass: HomeAssistant, charger: HandCharger) -> LoadCommander:
    entry = MockConfigEntry(domain=DOMAIN)
    entry.add_to_hass(hass)
    return LoadCommander(hass, entry, charger)


async def tell(
    commander: LoadCommander, value: float, phases: int | None, power_w: float = 0.0
) -> None:
    commander.tell(Setpoint(value=value, power_w=power_w, phases=phases))
    await asyncio.sleep(0)


async def test_another_number_of_phases_is_another_command(
    commander: LoadCommander, charger: HandCharger
) -> None:
    await tell(commander, 10, 3)
    await tell(commander, 10, 1)
    assert charger.told == [10, 10]
    assert charger.told_phases == [3, 1]


async def test_what_it_means_in_power_is_no_difference(
    commander: LoadCommander, charger: HandCharger
) -> None:
    await tell(commander, 10, 3, 6900.0)
    await tell(commander, 10, 3, 7000.0)
    assert charger.told == [10]


@pytest.mark.parametrize(
    ("failed", "wanted", "at_once"),
    [
        ((10, 3), (10, 1), True),
        ((10, 1), (10, 3), False),
        ((10, 1), (8, 3), True),
        ((10, None), (10, 1), False),
        ((10, 3), (12, 1), False),
    ],
)
async def test_less_does_not_wait_with_what_failed(
    commander: LoadCommander,
    charger: HandCharger,
    freezer: FrozenDateTimeFactory,
    *,
    failed: tuple[float, int | None],
    wanted: tuple[float, int | None],
    at_once: bool,
) -> None:
    charger.refuses = True
    await tell(commander, *failed)
    charger.refuses = False
    await tell(commander, *wanted)
    assert bool(charger.told) is at_once
    freezer.tick(6)
    await tell(commander, *wanted)
    assert (charger.told[-1], charger.told_phases[-1]) == wanted


async def test_what_failed_may_have_been_taken_and_is_said_again(
    commander: LoadCommander, charger: HandCharger, freezer: FrozenDateTimeFactory
) -> None:
    await tell(commander, 10, 3)
    charger.refuses = True
    await tell(commander, 12, 3)
    charger.refuses = False
    freezer.tick(6)
    await tell(commander, 10, 3)
    assert charger.told == [10, 10]
