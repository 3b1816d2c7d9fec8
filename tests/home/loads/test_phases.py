"""A charger of another integration that is told on how many phases to charge."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from custom_components.surplus.control.model import ChargerReading, ChargerSpec
from custom_components.surplus.home.loads.phases import PhaseWords, can_say
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component

from ..conftest import Life
from .conftest import CHARGER, Add, Calls, load_of, told
from .test_flow import CHARGER_FORM, answer, begin

MODE = "input_select.phase_mode"
SELECT = {"phases_entity": MODE, "phases_one": "Force 1", "phases_all": "Force 3"}
THREE = {**CHARGER, "phases": [1, 2, 3], **SELECT}


@pytest.fixture(autouse=True)
async def _phase_mode(hass: HomeAssistant, life: Life, calls: Calls) -> None:
    assert await async_setup_component(
        hass,
        "input_select",
        {"input_select": {"phase_mode": {"options": ["Auto", "Force 1", "Force 3"]}}},
    )


def words(entity_id: str, one: str, all_: str) -> PhaseWords:
    return PhaseWords(entity_id=entity_id, one=one, all=all_, count=3)


async def test_it_says_that_it_can_and_what_it_shows(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    load = load_of(
        hass,
        home_entry,
        await add("entity_charger", {**THREE, "writes_per_day": 400}),
    )
    assert isinstance(load.spec, ChargerSpec)
    assert load.spec.switches_phases
    assert load.spec.writes_per_day == 400
    reading = load.reading
    assert isinstance(reading, ChargerReading)
    # Neither of both words: nobody knows.
    assert reading.phases is None
    await load.async_apply(10, 1)
    assert load.reading.phases == 1
    await load.async_apply(10, 3)
    assert load.reading.phases == 3


async def test_without_an_entity_phases_are_left_alone(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    load = load_of(
        hass, home_entry, await add("entity_charger", {**CHARGER, "phases": [1, 2, 3]})
    )
    assert isinstance(load.spec, ChargerSpec)
    assert not load.spec.switches_phases
    assert load.spec.writes_per_day == 3000
    await load.async_apply(10, 1)
    assert told(calls) == [("set_value", 10), ("turn_on", None)]
    assert load.reading.phases is None


async def test_more_phases_never_meet_the_higher_current(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    load = load_of(hass, home_entry, await add("entity_charger", THREE))
    await load.async_apply(16, 1)
    told(calls)
    await load.async_apply(6, 3)
    assert [name for name, _ in told(calls)] == ["set_value", "select_option"]
    await load.async_apply(16, 1)
    assert [name for name, _ in told(calls)] == ["select_option", "set_value"]


async def test_only_another_number_is_told(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    load = load_of(hass, home_entry, await add("entity_charger", THREE))
    await load.async_apply(10, 1)
    told(calls)
    await load.async_apply(10, 1)
    assert told(calls) == []
    await load.async_apply(10, 3)
    assert [name for name, _ in told(calls)] == ["select_option"]
    await load.async_apply(10, None)
    assert told(calls) == []


async def test_a_stop_comes_before_the_phases(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    load = load_of(hass, home_entry, await add("entity_charger", THREE))
    await load.async_apply(10, 3)
    told(calls)
    await load.async_apply(0, 1)
    assert [name for name, _ in told(calls)] == ["turn_off", "select_option"]
    assert load.reading.phases == 1


async def test_phases_set_by_hand_are_told_on_and_are_no_taking_over(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    load = load_of(hass, home_entry, await add("entity_charger", THREE))
    await load.async_apply(10, 3)
    await hass.services.async_call(
        "input_select",
        "select_option",
        {"entity_id": MODE, "option": "Force 1"},
        blocking=True,
    )
    assert load.reading.phases == 1
    assert load.taken_over is None


async def test_an_entity_that_is_away_makes_it_unreachable(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    load = load_of(hass, home_entry, await add("entity_charger", THREE))
    hass.states.async_set(MODE, "unavailable")
    assert not load.reading.reachable
    hass.states.async_remove(MODE)
    assert load.reading.phases is None
    with pytest.raises(HomeAssistantError):
        await load.async_apply(10, 1)


@pytest.mark.parametrize(
    ("entity_id", "said", "state", "service", "data"),
    [
        ("number.mode", ("1", "3"), "3.0", "number.set_value", {"value": 1.0}),
        ("switch.three", ("off", "on"), "on", "switch.turn_off", {}),
        ("switch.single", ("on", "off"), "off", "switch.turn_on", {}),
        ("select.mode", ("1p", "3p"), "3p", "select.select_option", {"option": "1p"}),
    ],
)
async def test_a_number_a_switch_and_a_choice_do(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    entity_id: str,
    said: tuple[str, str],
    state: str,
    service: str,
    data: dict[str, Any],
) -> None:
    hass.states.async_set(entity_id, state)
    domain, _, name = service.partition(".")
    asked = async_mock_service(hass, domain, name)
    one, all_ = said
    more = {"phases_entity": entity_id, "phases_one": one, "phases_all": all_}
    load = load_of(hass, home_entry, await add("entity_charger", {**THREE, **more}))
    assert load.reading.phases == 3
    await load.async_apply(10, 1)
    assert [call.data for call in asked] == [{"entity_id": entity_id, **data}]


@pytest.mark.parametrize(
    ("said", "state", "sayable"),
    [
        (words("select.x", "1", "3"), None, True),
        (words("select.x", "1", "1"), None, False),
        (
            words("select.x", "1", "3"),
            State("select.x", "1", {"options": ["1"]}),
            False,
        ),
        (words("number.x", "1", "3"), None, True),
        (words("number.x", "one", "3"), None, False),
        (words("switch.x", "on", "off"), None, True),
        (words("switch.x", "1", "3"), None, False),
    ],
)
def test_an_entity_must_know_both_words(
    said: PhaseWords, state: State | None, *, sayable: bool
) -> None:
    assert can_say(said, state) is sayable


async def test_the_form_takes_what_the_entity_knows(
    hass: HomeAssistant, home_entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(
        home_entry, data={**home_entry.data, "phases": 3}
    )
    form = CHARGER_FORM | {"phases": "123", "phase_switching": SELECT}
    wrong = form | {"phases": "1"}
    flow_id = await begin(hass, home_entry, "entity_charger")
    result = await answer(hass, flow_id, wrong)
    assert result["errors"] == {"phase_switching": "needs_three_phases"}
    wrong = form | {"phase_switching": SELECT | {"phases_one": "Force 2"}}
    result = await answer(hass, flow_id, wrong)
    assert result["errors"] == {"phase_switching": "phases_words"}
    await answer(hass, flow_id, form)
    (subentry,) = home_entry.subentries.values()
    assert {key: subentry.data[key] for key in SELECT} == SELECT


async def test_words_without_an_entity_are_not_kept(
    hass: HomeAssistant, home_entry: MockConfigEntry
) -> None:
    form = CHARGER_FORM | {"phase_switching": {"phases_one": "a", "phases_all": "b"}}
    await answer(hass, await begin(hass, home_entry, "entity_charger"), form)
    (subentry,) = home_entry.subentries.values()
    assert not subentry.data.keys() & SELECT.keys()
