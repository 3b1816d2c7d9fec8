"""How near the breakers are, what is shed, and what was counted."""

from collections.abc import Callable

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.surplus.control.model import GuardCounters, LimitKind
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..conftest import LOAD_ID, Life
from .conftest import HandGuard

OPENS_IN = "sensor.home_time_until_the_breaker_opens"
OVERLOAD = "binary_sensor.home_overload"
SHED = "sensor.home_shed_loads"


@pytest.fixture
def states(hass: HomeAssistant) -> Callable[[str], list[str]]:
    """Return what gives the states an entity has had, in order."""
    events = async_capture_events(hass, "state_changed")

    @callback
    def of(entity_id: str) -> list[str]:
        return [
            event.data["new_state"].state
            for event in events
            if event.data["entity_id"] == entity_id
        ]

    return of


async def test_a_breaker_that_holds_shows_ten_minutes_and_writes_nothing(
    hass: HomeAssistant, house: Life, states: Callable[[str], list[str]]
) -> None:
    await house.run(2, 500)
    shown = hass.states.get(OPENS_IN)
    assert float(shown.state) == 600
    assert shown.attributes["device_class"] == "duration"
    assert shown.attributes["unit_of_measurement"] == "s"
    before = len(states(OPENS_IN))
    await house.run(60, 500)
    assert len(states(OPENS_IN)) == before


@pytest.mark.parametrize(
    ("left_s", "shown"), [(None, 600), (900.0, 600), (420.4, 420.4), (-3.0, 0)]
)
async def test_what_is_left_is_shown_between_nothing_and_ten_minutes(
    hass: HomeAssistant,
    *,
    guard: HandGuard,
    house: Life,
    left_s: float | None,
    shown: float,
) -> None:
    guard.says(seconds_left=left_s)
    await house.run(12, 500)
    assert float(hass.states.get(OPENS_IN).state) == pytest.approx(shown)


async def test_the_last_minute_is_told_at_once(
    hass: HomeAssistant,
    guard: HandGuard,
    house: Life,
    states: Callable[[str], list[str]],
) -> None:
    guard.says(seconds_left=70.0)
    await house.run(3, 500)
    before = len(states(OPENS_IN))
    for left_s in (64.0, 59.0, 40.0, 29.0, 15.0, 9.0, 8.0):
        guard.says(seconds_left=left_s)
        await house.run(1, 500)
    told = [float(state) for state in states(OPENS_IN)[before:]]
    assert told == [59, 29, 9]


async def test_nothing_is_said_of_breakers_while_no_meter_tells(
    hass: HomeAssistant, house: Life
) -> None:
    assert hass.states.get(OPENS_IN).state == STATE_UNAVAILABLE
    assert hass.states.get(OVERLOAD).state == STATE_UNAVAILABLE
    await house.run(2, 500)
    assert hass.states.get(OVERLOAD).state == STATE_OFF
    for _ in range(14):
        await house.pass_time(5)
    assert hass.states.get(OPENS_IN).state == STATE_UNAVAILABLE
    assert hass.states.get(OVERLOAD).state == STATE_UNAVAILABLE


async def test_a_house_without_limits_has_no_breaker_to_watch(
    hass: HomeAssistant, house: Life, home_entry: MockConfigEntry
) -> None:
    data = {key: value for key, value in home_entry.data.items() if key != "breaker_a"}
    hass.config_entries.async_update_entry(home_entry, data=data)
    await house.run(3, 500)
    assert hass.states.get(OPENS_IN).state == STATE_UNAVAILABLE


async def test_the_heat_is_a_percentage_for_those_who_enable_it(
    hass: HomeAssistant, guard: HandGuard, house: Life, home_entry: MockConfigEntry
) -> None:
    heat = "sensor.home_breaker_heat"
    registry = er.async_get(hass)
    assert registry.async_get(heat).disabled_by is er.RegistryEntryDisabler.INTEGRATION
    registry.async_update_entity(heat, disabled_by=None)
    await hass.config_entries.async_reload(home_entry.entry_id)
    guard.says(heat=0.42)
    await house.run(12, 500)
    assert float(hass.states.get(heat).state) == 42


async def test_an_overload_names_its_limit_and_ends_when_it_stays_away(
    hass: HomeAssistant,
    guard: HandGuard,
    house: Life,
    states: Callable[[str], list[str]],
) -> None:
    await house.run(2, 500)
    assert hass.states.get(OVERLOAD).attributes["limit"] == "none"
    before = len(states(OVERLOAD))
    for over in (LimitKind.BREAKER, None) * 10:
        guard.says(over=over)
        await house.run(1, 500)
    assert states(OVERLOAD)[before:] == [STATE_ON]
    assert hass.states.get(OVERLOAD).attributes["limit"] == "breaker"
    await house.run(8, 500)
    assert hass.states.get(OVERLOAD).state == STATE_ON
    await house.run(2, 500)
    assert hass.states.get(OVERLOAD).state == STATE_OFF
    assert hass.states.get(OVERLOAD).attributes["limit"] == "none"


async def test_loads_that_wait_are_counted_and_named(
    hass: HomeAssistant,
    guard: HandGuard,
    house: Life,
    states: Callable[[str], list[str]],
) -> None:
    assert hass.states.get(SHED).state == STATE_UNAVAILABLE
    await house.run(2, 500)
    assert hass.states.get(SHED).state == "0"
    guard.says(shed=frozenset({LOAD_ID, "home:gone"}))
    await house.run(2, 500)
    assert hass.states.get(SHED).state == "2"
    assert hass.states.get(SHED).attributes["loads"] == ["Garage", "home:gone"]
    before = len(states(SHED))
    await house.run(20, 500)
    assert len(states(SHED)) == before


async def test_counters_count_up_and_are_written_once_a_minute(
    hass: HomeAssistant,
    guard: HandGuard,
    house: Life,
    states: Callable[[str], list[str]],
) -> None:
    guard.says(
        counters=GuardCounters(
            overload_s=12.4, overloads=3, sheds=5, restores=4, unnecessary_sheds=1
        )
    )
    await house.run(2, 500)
    shown = {
        key: hass.states.get(f"sensor.home_{key}")
        for key in (
            "time_in_overload",
            "overloads",
            "sheds",
            "restores",
            "unnecessary_sheds",
        )
    }
    assert [float(state.state) for state in shown.values()] == [12, 3, 5, 4, 1]
    assert {state.attributes["state_class"] for state in shown.values()} == {
        "total_increasing"
    }
    assert shown["time_in_overload"].attributes["unit_of_measurement"] == "s"
    before = len(states("sensor.home_time_in_overload"))
    for i in range(120):
        guard.says(counters=GuardCounters(overload_s=13.0 + i))
        await house.run(1, 500)
    assert 1 <= len(states("sensor.home_time_in_overload")) - before <= 3
