"""The phase of a load: left to the meter in its form, shown, and contradicted."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.model import ChargerSpec, Snapshot
from custom_components.surplus.control.record import RecordedEngine
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import SOURCE_USER, ConfigSubentry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir

from ..conftest import LOAD_ID, HandCharger, Life
from ..loads.conftest import SWITCHED

SENSOR = "sensor.pump_learned_phase"
ISSUE = f"wrong_phase_{LOAD_ID}"
FORM: dict[str, Any] = {
    "name": "Pump",
    "switch_entity": "input_boolean.pump",
    "power_w": 1100,
    "phases": "learn",
    "priority": 3,
    "temperature": {
        "temp_min": 45,
        "temp_eco": 50,
        "temp_sol_min": 55,
        "temp_max": 60,
    },
    "running": {"min_on": 0, "min_off": 0, "release": "off", "repeat": 0},
}


@pytest.fixture
def seen() -> Generator[dict[str, int]]:
    """Return which phases loads are seen to use in the cycles to come."""
    phases: dict[str, int] = {}
    decide = RecordedEngine.cycle

    def cycle(engine: RecordedEngine, snapshot: Snapshot) -> Cycle:
        return replace(decide(engine, snapshot), learned_phases=dict(phases))

    with patch.object(RecordedEngine, "cycle", cycle):
        yield phases


@pytest.fixture
async def three_phases(
    hass: HomeAssistant,
    seen: dict[str, int],
    life: Life,
    home_entry: MockConfigEntry,
) -> Life:
    """Return a Home behind three phases."""
    hass.config_entries.async_update_entry(
        home_entry, data={**home_entry.data, "phases": 3}
    )
    await hass.async_block_till_done()
    return life


async def fill_in(hass: HomeAssistant, entry: MockConfigEntry, **form: Any) -> Any:
    begun = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "switched"), context={"source": SOURCE_USER}
    )
    result = await hass.config_entries.subentries.async_configure(
        begun["flow_id"], FORM | form
    )
    await hass.async_block_till_done()
    return result


def only_subentry(entry: MockConfigEntry) -> ConfigSubentry:
    (subentry,) = entry.subentries.values()
    return subentry


async def test_a_form_leaves_the_phase_to_the_meter(
    hass: HomeAssistant, three_phases: Life, home_entry: MockConfigEntry
) -> None:
    result = await fill_in(hass, home_entry)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    subentry = only_subentry(home_entry)
    spec = async_get_registry(hass).loads[f"home:{subentry.subentry_id}"].spec
    assert spec.learns_phase
    assert spec.phases == (1,)
    begun = await home_entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    shown = {
        str(key): (key.description or {}).get("suggested_value")
        for key in begun["data_schema"].schema
    }
    assert shown["phases"] == "learn"


async def test_a_house_with_one_phase_has_none_to_learn(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    result = await fill_in(hass, home_entry)
    assert result["errors"] == {"phases": "one_phase_home"}


async def test_what_is_learned_is_shown_as_long_as_it_is_to_be_learned(
    hass: HomeAssistant,
    three_phases: Life,
    home_entry: MockConfigEntry,
    seen: dict[str, int],
) -> None:
    await fill_in(hass, home_entry)
    subentry = only_subentry(home_entry)
    await three_phases.run(2, 500)
    assert hass.states.get(SENSOR).state == "unknown_yet"
    seen[f"home:{subentry.subentry_id}"] = 2
    await three_phases.run(2, 500)
    shown = hass.states.get(SENSOR)
    assert shown.state == "l2"
    await three_phases.run(20, 500)
    assert hass.states.get(SENSOR) is shown
    await hass.config_entries.async_unload(home_entry.entry_id)
    assert hass.states.get(SENSOR).state == STATE_UNAVAILABLE
    await hass.config_entries.async_setup(home_entry.entry_id)
    hass.config_entries.async_update_subentry(
        home_entry, subentry, data={**SWITCHED, "phases": [2]}
    )
    await hass.async_block_till_done()
    assert hass.states.get(SENSOR) is None


async def test_a_phase_that_is_not_as_declared_is_told_until_it_is(
    hass: HomeAssistant,
    three_phases: Life,
    charger: HandCharger,
    seen: dict[str, int],
) -> None:
    await three_phases.run(2, 500)
    issues = ir.async_get(hass)
    seen[LOAD_ID] = 2
    await three_phases.run(2, 500)
    issue = issues.async_get_issue(DOMAIN, ISSUE)
    assert issue is not None
    assert issue.translation_key == "wrong_phase"
    assert issue.translation_placeholders == {
        "load": "Garage",
        "declared": "L1",
        "seen": "L2",
    }
    seen[LOAD_ID] = 3
    await three_phases.run(2, 500)
    issue = issues.async_get_issue(DOMAIN, ISSUE)
    assert issue.translation_placeholders["seen"] == "L3"
    charger.spec = replace(charger.spec, phases=(3,))
    await three_phases.run(2, 500)
    assert issues.async_get_issue(DOMAIN, ISSUE) is None


@pytest.mark.parametrize(
    "wiring", [{"phases": (1, 2, 3)}, {"phases": (1,), "learns_phase": True}]
)
async def test_what_was_never_declared_cannot_be_contradicted(
    hass: HomeAssistant,
    *,
    three_phases: Life,
    charger: HandCharger,
    seen: dict[str, int],
    wiring: dict[str, Any],
) -> None:
    charger.spec = replace(
        ChargerSpec(load_id=LOAD_ID, name="Garage", priority=1), **wiring
    )
    seen |= {LOAD_ID: 2, "home:gone": 3}
    await three_phases.run(2, 500)
    assert ir.async_get(hass).async_get_issue(DOMAIN, ISSUE) is None


async def test_a_home_that_is_deleted_contradicts_nobody(
    hass: HomeAssistant,
    three_phases: Life,
    home_entry: MockConfigEntry,
    seen: dict[str, int],
) -> None:
    seen[LOAD_ID] = 2
    await three_phases.run(2, 500)
    assert ir.async_get(hass).async_get_issue(DOMAIN, ISSUE)
    await hass.config_entries.async_remove(home_entry.entry_id)
    assert ir.async_get(hass).async_get_issue(DOMAIN, ISSUE) is None
