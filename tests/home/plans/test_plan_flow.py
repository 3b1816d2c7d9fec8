"""Setting up schedules and needs, and changing them in place."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.control.model import (
    HeaterSpec,
    LoadSpec,
    StorageSpec,
    SwitchedSpec,
    Temperatures,
)
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from ..conftest import LOAD_ID, HandCharger, Life
from .conftest import CHARGE, ENERGY, SCHEDULE, Add

HEATER = HeaterSpec(
    load_id="home:tank",
    name="Tank",
    priority=2,
    max_w=2400.0,
    min_w=100.0,
    temperatures=Temperatures(),
)
SWITCHED = SwitchedSpec(load_id="home:pump", name="Pump", priority=3, power_w=500.0)
STORAGE = StorageSpec(
    load_id="home:battery",
    name="Battery",
    priority=4,
    charge_w=3000.0,
    discharge_w=3000.0,
)


@pytest.fixture
async def loads(hass: HomeAssistant, life: Life) -> None:
    """One load of each kind; the charger is there already."""
    registry = async_get_registry(hass)
    for spec in (HEATER, SWITCHED, STORAGE):
        registry.async_register_load(_source(spec))


def _source(spec: LoadSpec) -> HandCharger:
    source = HandCharger()
    source.spec = spec  # A source of another kind says no more than this here.
    return source


async def begin(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> str:
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, kind), context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.FORM
    return str(result["flow_id"])


async def answer(hass: HomeAssistant, flow_id: str, form: dict[str, Any]) -> Any:
    result = await hass.config_entries.subentries.async_configure(flow_id, form)
    await hass.async_block_till_done()
    return result


def split(data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the first step of a need asks, and what the second."""
    first = {key: data[key] for key in ("load", "need")}
    return first, {key: value for key, value in data.items() if key not in first}


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({}, "Garage: every night 21:00–07:00, 16\u00a0A"),
        (
            {"begins": "12:00:00", "ends": "14:00:00"},
            "Garage: every day 12:00–14:00, 16\u00a0A",
        ),
        (
            {"days": ["sat", "sun"], "energy_kwh": 7.5},
            "Garage: Sat, Sun 21:00–07:00, 16\u00a0A, 7.5\u00a0kWh",
        ),
        (
            {"load": "home:tank", "value": 800},
            "Tank: every night 21:00–07:00, 800\u00a0W",
        ),
    ],
)
async def test_a_schedule_is_made_with_a_title_that_says_what_it_does(
    hass: HomeAssistant,
    loads: None,
    home_entry: MockConfigEntry,
    *,
    change: dict[str, Any],
    title: str,
) -> None:
    form = {**SCHEDULE, **change}
    flow_id = await begin(hass, home_entry, "schedule")
    result = await answer(hass, flow_id, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = home_entry.subentries.values()
    assert subentry.title == title
    assert dict(subentry.data) == form
    (schedule,) = home_entry.runtime_data.engine.settings.schedules
    assert schedule.plan_id == subentry.subentry_id
    assert schedule.load_id == form["load"]


async def test_titles_are_in_the_users_language(
    hass: HomeAssistant, loads: None, home_entry: MockConfigEntry
) -> None:
    hass.config.language = "fr"
    flow_id = await begin(hass, home_entry, "schedule")
    await answer(hass, flow_id, SCHEDULE)
    first, second = split(CHARGE)
    flow_id = await begin(hass, home_entry, "need")
    await answer(hass, flow_id, first)
    await answer(hass, flow_id, second)
    assert [subentry.title for subentry in home_entry.subentries.values()] == [
        "Garage\u00a0: toutes les nuits 21:00–07:00, 16\u00a0A",
        (
            "Garage\u00a0: minimum 20\u00a0%, 70\u00a0% pour 07:00 tous les jours, "
            "limite 80\u00a0%"
        ),
    ]


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"days": []}, {"days": "days_missing"}),
        ({"value": 40}, {"value": "current_out_of_range"}),
        ({"value": 3}, {"value": "current_out_of_range"}),
        ({"load": "home:tank", "value": 5000}, {"value": "power_out_of_range"}),
        ({"load": "home:battery", "value": 5000}, {"value": "power_out_of_range"}),
        ({"load": "home:pump", "value": 1}, {"value": "only_on_or_off"}),
    ],
)
async def test_what_a_schedule_cannot_be_is_said(
    hass: HomeAssistant,
    loads: None,
    home_entry: MockConfigEntry,
    *,
    change: dict[str, Any],
    errors: dict[str, str],
) -> None:
    flow_id = await begin(hass, home_entry, "schedule")
    result = await answer(hass, flow_id, {**SCHEDULE, **change})
    assert result["errors"] == errors
    result = await answer(hass, flow_id, SCHEDULE)
    assert result["type"] is FlowResultType.CREATE_ENTRY


NEEDS = [
    (
        CHARGE,
        "Garage: minimum 20\u00a0%, 70\u00a0% by 07:00 every day, limit 80\u00a0%",
    ),
    (ENERGY, "Garage: at least 5\u00a0kWh by 07:00 every day"),
    (
        {**ENERGY, "need": "hours", "load": "home:pump", "target": 3, "days": ["mon"]},
        "Pump: at least 3\u00a0h by 07:00 Mon",
    ),
    (
        {**ENERGY, "need": "temperature", "load": "home:tank", "target": 55},
        "Tank: 55\u00a0°C by 07:00 every day",
    ),
    (
        {
            **{
                key: CHARGE[key]
                for key in CHARGE
                if key not in ("level_entity", "minimum", "limit")
            },
            "load": "home:battery",
        },
        "Battery: 70\u00a0% by 07:00 every day",
    ),
]


@pytest.mark.parametrize(("data", "title"), NEEDS)
async def test_every_kind_of_need_is_made_in_two_steps(
    hass: HomeAssistant,
    loads: None,
    home_entry: MockConfigEntry,
    *,
    data: dict[str, Any],
    title: str,
) -> None:
    first, second = split(data)
    flow_id = await begin(hass, home_entry, "need")
    result = await answer(hass, flow_id, first)
    assert result["step_id"] == data["need"]
    result = await answer(hass, flow_id, second)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = home_entry.subentries.values()
    assert subentry.title == title
    assert dict(subentry.data) == data
    (need,) = home_entry.runtime_data.engine.settings.needs
    assert need.kind == data["need"]


async def test_what_makes_no_sense_for_a_load_is_said_at_once(
    hass: HomeAssistant, loads: None, home_entry: MockConfigEntry
) -> None:
    flow_id = await begin(hass, home_entry, "need")
    for load, need in (
        (LOAD_ID, "temperature"),
        ("home:tank", "charge"),
        ("home:battery", "hours"),
    ):
        result = await answer(hass, flow_id, {"load": load, "need": need})
        assert result["errors"] == {"need": "need_makes_no_sense"}
    result = await answer(hass, flow_id, {"load": LOAD_ID, "need": "charge"})
    assert result["step_id"] == "charge"


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ({**CHARGE, "days": []}, {"days": "days_missing"}),
        ({**CHARGE, "level_entity": None}, {"level_entity": "charge_entity_missing"}),
        ({**CHARGE, "minimum": 90}, {"minimum": "minimum_above_limit"}),
        ({**CHARGE, "target": 90}, {"target": "target_above_limit"}),
        (
            {**CHARGE, "minimum": 0, "limit": 100, "target": None},
            {"target": "nothing_asked"},
        ),
        (
            {**ENERGY, "need": "temperature", "load": "home:tank", "target": 70},
            {"target": "above_maximum"},
        ),
        (
            {**ENERGY, "need": "temperature", "load": "home:pump", "target": 50},
            {"level_entity": "temperature_entity_missing"},
        ),
    ],
)
async def test_what_a_need_cannot_be_is_said(
    hass: HomeAssistant,
    loads: None,
    home_entry: MockConfigEntry,
    *,
    data: dict[str, Any],
    errors: dict[str, str],
) -> None:
    first, second = split(
        {key: value for key, value in data.items() if value is not None}
    )
    flow_id = await begin(hass, home_entry, "need")
    await answer(hass, flow_id, first)
    result = await answer(hass, flow_id, second)
    assert result["errors"] == errors


async def test_an_entity_of_its_own_is_refused_as_a_level(
    hass: HomeAssistant, loads: None, home_entry: MockConfigEntry, add: Add
) -> None:
    await add("need", ENERGY)
    first, second = split(CHARGE)
    flow_id = await begin(hass, home_entry, "need")
    await answer(hass, flow_id, first)
    own = hass.states.async_entity_ids("number")[0]
    result = await answer(hass, flow_id, {**second, "level_entity": own})
    assert result["errors"] == {"level_entity": "own_entity"}


@pytest.mark.parametrize(
    ("kind", "data"), [("schedule", SCHEDULE), ("need", CHARGE), ("need", ENERGY)]
)
async def test_it_is_changed_in_place_and_stays_switched_off(
    hass: HomeAssistant,
    loads: None,
    home_entry: MockConfigEntry,
    *,
    kind: str,
    data: dict[str, Any],
    add: Add,
) -> None:
    subentry = await add(kind, {**data, "enabled": False})
    result = await home_entry.start_subentry_reconfigure_flow(
        hass, subentry.subentry_id
    )
    shown = {
        str(key.schema): key.description["suggested_value"]
        for key in result["data_schema"].schema
        if key.description
    }
    form = dict(data) if kind == "schedule" else split(data)[1]
    assert shown == form
    result = await answer(hass, result["flow_id"], {**form, "days": ["mon"]})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    changed = home_entry.subentries[subentry.subentry_id]
    assert dict(changed.data) == {**data, "days": ["mon"], "enabled": False}
    assert "Mon" in changed.title


async def test_a_load_that_is_away_stays_chosen(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, add: Add
) -> None:
    subentry = await add("schedule", {**SCHEDULE, "load": "ocpp:gone"})
    result = await home_entry.start_subentry_reconfigure_flow(
        hass, subentry.subentry_id
    )
    result = await answer(
        hass, result["flow_id"], {**SCHEDULE, "load": "ocpp:gone", "value": 999}
    )
    # Nothing is known of it, so nothing is refused.
    assert result["type"] is FlowResultType.ABORT
