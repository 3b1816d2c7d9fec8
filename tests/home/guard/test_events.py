"""Shed and restored, told of the Home and of the load it happened to."""

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.control.model import (
    GuardCounters,
    GuardEvent,
    GuardEventKind,
    LimitKind,
    Mode,
    Reason,
)
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant

from ..conftest import LOAD_ID, Life
from ..loads.conftest import SWITCHED
from .conftest import HandGuard

HOME = "event.home_load_shedding"
PUMP = "event.pump_load_shedding"
ROOT = Path(__file__).parents[3] / "custom_components" / "surplus"


def shed(load_id: str) -> GuardEvent:
    return GuardEvent(
        kind=GuardEventKind.SHED,
        load_id=load_id,
        limit=LimitKind.SUBSCRIPTION,
        numbers={"seconds_left": 24.0},
    )


def restored(load_id: str) -> GuardEvent:
    return GuardEvent(
        kind=GuardEventKind.RESTORED, load_id=load_id, limit=LimitKind.SUBSCRIPTION
    )


@pytest.fixture
async def pump(hass: HomeAssistant, house: Life, home_entry: MockConfigEntry) -> str:
    """Return the id of a load behind the Home."""
    subentry = ConfigSubentry(
        data=MappingProxyType(SWITCHED),
        subentry_type="switched",
        title="Pump",
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(home_entry, subentry)
    await hass.async_block_till_done()
    return f"home:{subentry.subentry_id}"


async def test_a_shed_is_told_with_its_reason_and_numbers(
    hass: HomeAssistant, guard: HandGuard, house: Life, pump: str
) -> None:
    await house.run(2, 500)
    assert hass.states.get(HOME).state == STATE_UNKNOWN
    assert hass.states.get(HOME).attributes["event_types"] == ["shed", "restored"]
    guard.says(events=(shed(pump),))
    await house.run(2, 500)
    home, load = hass.states.get(HOME), hass.states.get(PUMP)
    told = {
        "event_type": "shed",
        "reason": "shed_subscription",
        "limit": "subscription",
        "seconds_left": 24.0,
    }
    assert told.items() <= load.attributes.items()
    assert (told | {"load": "Pump", "load_id": pump}).items() <= home.attributes.items()
    assert home.state not in (STATE_UNKNOWN, STATE_UNAVAILABLE)


async def test_each_event_is_told_once_and_to_its_own_load(
    hass: HomeAssistant, guard: HandGuard, house: Life, pump: str
) -> None:
    guard.says(events=(shed(pump), shed(LOAD_ID)))
    await house.run(2, 500)
    home, load = hass.states.get(HOME), hass.states.get(PUMP)
    assert home.attributes["load"] == "Garage"
    await house.run(10, 500)
    assert hass.states.get(HOME) is home
    guard.says(events=(restored(LOAD_ID),))
    await house.run(2, 500)
    assert hass.states.get(HOME).attributes["reason"] == "restored_subscription"
    assert hass.states.get(PUMP) is load


async def test_without_a_home_nothing_guards_the_load(
    hass: HomeAssistant, house: Life, home_entry: MockConfigEntry, pump: str
) -> None:
    await house.run(2, 500)
    assert hass.states.get(PUMP).state == STATE_UNKNOWN
    await hass.config_entries.async_unload(home_entry.entry_id)
    assert hass.states.get(PUMP).state == STATE_UNAVAILABLE
    assert async_get_registry(hass).home is None


async def test_a_shed_is_written_down_at_once_and_counters_within_a_minute(
    hass: HomeAssistant,
    *,
    guard: HandGuard,
    house: Life,
    home_entry: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    key = f"surplus.home.{home_entry.entry_id}"
    await house.run(400, 500)
    hass_storage.pop(key)
    guard.says(events=(shed(LOAD_ID),))
    await house.run(4, 500)
    assert hass_storage.pop(key)
    await house.run(30, 500)
    guard.says(counters=GuardCounters(overload_s=1.0))
    await house.run(50, 500)
    assert key not in hass_storage
    await house.run(12, 500)
    assert hass_storage[key]


async def carport(
    hass: HomeAssistant, home_entry: MockConfigEntry, limit_a: float
) -> ConfigSubentry:
    """Put the load behind a circuit that its user calls the carport."""
    circuit = ConfigSubentry(
        data=MappingProxyType({"limit_a": limit_a, "loads": [LOAD_ID]}),
        subentry_type="circuit",
        title="Carport",
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(home_entry, circuit)
    await hass.async_block_till_done()
    return circuit


async def test_a_circuit_is_named_as_its_user_calls_it(
    hass: HomeAssistant, guard: HandGuard, house: Life, home_entry: MockConfigEntry
) -> None:
    circuit = await carport(hass, home_entry, 20.0)
    for kind in GuardEventKind:
        event = GuardEvent(
            kind=kind,
            load_id=LOAD_ID,
            limit=LimitKind.CIRCUIT,
            numbers={"circuit": circuit.subentry_id},
        )
        heard: list[GuardEvent] = []
        home = async_get_registry(hass).home
        assert home is not None
        unsubscribe = home.async_follow_guard(LOAD_ID, heard.append)
        guard.says(events=(event,))
        await house.run(2, 500)
        unsubscribe()
        told = hass.states.get(HOME).attributes
        assert told["reason"] == f"{kind}_circuit"
        assert told["limit"] == "circuit"
        assert told["circuit"] == "Carport"
        assert [one.numbers["circuit"] for one in heard] == ["Carport"]


async def test_the_reason_of_a_load_names_the_circuit_that_holds_it_back(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await carport(hass, home_entry, 3.0)
    home = async_get_registry(hass).home
    assert home is not None
    await home.async_set_mode(LOAD_ID, Mode.BOOST)
    await life.run(60, 500)
    controls = home.load(LOAD_ID)
    assert controls is not None and controls.decision is not None
    assert controls.decision.reason is Reason.NO_ROOM
    assert controls.decision.numbers["circuit"] == "Carport"


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("entity", ["guard", "load_guard"])
def test_every_reason_and_limit_has_words(language: str, entity: str) -> None:
    texts = json.loads((ROOT / "translations" / f"{language}.json").read_text())
    words = texts["entity"]["event"][entity]["state_attributes"]
    assert words["reason"]["state"].keys() == {
        f"{kind}_{limit}" for kind in GuardEventKind for limit in LimitKind
    }
    assert words["limit"]["state"].keys() == set(LimitKind)
    assert words["event_type"]["state"].keys() == set(GuardEventKind)
    overload = texts["entity"]["binary_sensor"]["overload"]["state_attributes"]
    assert overload["limit"]["state"].keys() == {*LimitKind, "none"}
