"""Making and changing loads of entities as a user does."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from custom_components.surplus.home.loads.flow import SUBENTRY_FLOWS
from custom_components.surplus.home.loads.forms import FORMS
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
from homeassistant.helpers.translation import async_get_translations

from ..conftest import Life
from .conftest import BATTERY, CHARGER, HEATER, STORAGE, SWITCHED, Add, Calls, load_of

RUNNING = {"min_on": 0, "min_off": 0, "release": "off", "repeat": 0}
TEMPERATURE = {"temp_min": 45, "temp_eco": 50, "temp_sol_min": 55, "temp_max": 60}
PLACE = {"phases": "1", "priority": 2}

HEATER_FORM: dict[str, Any] = {
    "name": " Tank ",
    "command_entity": "input_number.router",
    "command_unit": "watt",
    "max_w": 2400,
    "min_w": 0,
    "characteristic": "linear",
    **PLACE,
    "by_action": {},
    "temperature": TEMPERATURE,
    "regulator": {"regulation": "characteristic"},
    "running": {**RUNNING, "full_scale": 100, "lag": 2},
}
SWITCHED_FORM: dict[str, Any] = {
    "name": "Pump",
    "switch_entity": "input_boolean.pump",
    "power_w": 1100,
    "phases": "1",
    "priority": 3,
    "temperature": TEMPERATURE,
    "running": {**RUNNING, "min_on": 5, "min_off": 4, "least_run": 60, "most_run": 240},
}
CHARGER_FORM: dict[str, Any] = {
    "name": "Car",
    "current_entity": "input_number.amps",
    "switch_entity": "input_boolean.charging",
    "min_a": 6,
    "max_a": 16,
    "step_a": 1,
    "phases": "1",
    "priority": 1,
    "phase_switching": {},
    "running": {**RUNNING, "min_on": 5, "min_off": 5},
}
STORAGE_FORM: dict[str, Any] = {
    "name": "Battery",
    "command_entity": "input_number.battery",
    "command_sign": "discharge",
    "charge_w": 3000,
    "discharge_w": 2500,
    "power_sign": "discharge",
    "power_entity": "sensor.battery_power",
    "soc_entity": "sensor.battery_soc",
    "min_soc": 10,
    "max_soc": 95,
    "phases": "1",
    "priority": 4,
    "by_action": {},
    "running": RUNNING,
}
BATTERY_FORM: dict[str, Any] = {"name": "Battery", **BATTERY}

MADE = [
    ("heater", HEATER_FORM, {**HEATER, "writes_per_day": 20_000}, "Tank"),
    ("switched", SWITCHED_FORM, {**SWITCHED, "sheddable": False}, "Pump"),
    (
        "entity_charger",
        CHARGER_FORM,
        {**CHARGER, "vehicle_states": ["on"], "writes_per_day": 3000},
        "Car",
    ),
    ("storage", STORAGE_FORM, {**STORAGE, "writes_per_day": 10_000}, "Battery"),
    ("battery", BATTERY_FORM, BATTERY, "Battery"),
]


@pytest.fixture
async def home(
    life: Life, home_entry: MockConfigEntry, calls: Calls
) -> MockConfigEntry:
    return home_entry


async def begin(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> str:
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, kind), context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    return str(result["flow_id"])


async def answer(hass: HomeAssistant, flow_id: str, form: dict[str, Any]) -> Any:
    result = await hass.config_entries.subentries.async_configure(flow_id, form)
    await hass.async_block_till_done()
    return result


@pytest.mark.parametrize(("kind", "form", "data", "title"), MADE)
async def test_a_load_is_made_and_at_work_at_once(
    hass: HomeAssistant,
    *,
    home: MockConfigEntry,
    kind: str,
    form: dict[str, Any],
    data: dict[str, Any],
    title: str,
) -> None:
    result = await answer(hass, await begin(hass, home, kind), form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = home.subentries.values()
    assert subentry.title == title
    assert subentry.subentry_type == kind
    assert dict(subentry.data) == data
    is_load = kind != "battery"
    loads = async_get_registry(hass).loads
    assert (f"home:{subentry.subentry_id}" in loads) is is_load


@pytest.mark.parametrize(("kind", "form", "data", "title"), MADE)
async def test_a_load_is_changed_in_place_and_the_form_shows_what_there_is(
    hass: HomeAssistant,
    *,
    home: MockConfigEntry,
    add: Add,
    kind: str,
    form: dict[str, Any],
    data: dict[str, Any],
    title: str,
) -> None:
    subentry = await add(kind, data, title)
    result = await home.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert result["step_id"] == "user"
    shown = suggestions(result["data_schema"].schema)
    assert shown["name"] == title
    for key, value in data.items():
        assert shown[key] == ("1" if key == "phases" else value), key
    result = await answer(hass, result["flow_id"], {**form, "name": "Other"})
    assert result["reason"] == "reconfigure_successful"
    assert home.subentries[subentry.subentry_id].title == "Other"
    assert dict(home.subentries[subentry.subentry_id].data) == data


def suggestions(schema: dict[Any, Any]) -> dict[str, Any]:
    """Return what a form proposes, without its sections."""
    found = {}
    for key, value in schema.items():
        if isinstance(value, section):
            found |= suggestions(value.schema.schema)
        elif key.description:
            found[key.schema] = key.description["suggested_value"]
    return found


def collapsed(schema: dict[Any, Any]) -> dict[str, bool]:
    return {
        key.schema: value.options["collapsed"]
        for key, value in schema.items()
        if isinstance(value, section)
    }


WRONG = [
    ("heater", {"command_entity": None}, {"command_entity": "command_missing"}),
    (
        "heater",
        {"by_action": {"action": "test.set", "action_field": "value"}},
        {"command_entity": "command_twice"},
    ),
    (
        "heater",
        {"command_entity": None, "by_action": {"action": "test.nothing"}},
        {"by_action": "unknown_action"},
    ),
    (
        "heater",
        {
            "command_entity": None,
            "by_action": {"action": "test.set", "action_field": " "},
        },
        {"by_action": "action_field_missing"},
    ),
    (
        "heater",
        {
            "command_entity": None,
            "by_action": {"action": "test.set", "action_data": ["a", "b"]},
        },
        {"by_action": "action_data"},
    ),
    (
        "heater",
        {
            "command_entity": None,
            "by_action": {
                "action": "test.set",
                "action_data": {"deep": [{"topic": "{{ states('x') }}"}]},
            },
        },
        {"by_action": "no_templates"},
    ),
    (
        "heater",
        {"command_entity": "input_number.dimmer"},
        {"command_unit": "takes_percent"},
    ),
    ("heater", {"command_entity": "light.rod"}, {"command_unit": "takes_percent"}),
    ("heater", {"command_unit": "percent"}, {"command_unit": "takes_power"}),
    (
        "heater",
        {"characteristic": "phase_angle"},
        {"characteristic": "characteristic_of_percent"},
    ),
    ("heater", {"min_w": 2400}, {"min_w": "minimum_not_below_maximum"}),
    (
        "heater",
        {
            "command_entity": "light.rod",
            "command_unit": "percent",
            "switch_entity": "light.rod",
        },
        {"switch_entity": "same_entity"},
    ),
    (
        "heater",
        {"command_entity": "number.never_off"},
        {"switch_entity": "switch_needed"},
    ),
    (
        "heater",
        {
            "temperature": {
                **TEMPERATURE,
                "temperature_entity": "sensor.tank",
                "temp_eco": 45,
            }
        },
        {"temperature": "temperature_order"},
    ),
    (
        "heater",
        {
            "temperature": {
                **TEMPERATURE,
                "temperature_entity": "sensor.tank",
                "legionella_c": 50,
            }
        },
        {"temperature": "legionella_order"},
    ),
    (
        "heater",
        {"power_entity": "sensor.rod", "regulator": {"regulation": "normal"}},
        {"regulator": "measured"},
    ),
    (
        "heater",
        {"regulator": {"regulation": "own", "kp": 0.1}},
        {"regulator": "gains_missing"},
    ),
    (
        "heater",
        {"regulator": {"regulation": "earlier", "ki": 0.001}},
        {"regulator": "gains_missing"},
    ),
    (
        "switched",
        {
            "temperature": {
                **TEMPERATURE,
                "temperature_entity": "sensor.tank",
                "legionella_c": 45,
            }
        },
        {"temperature": "legionella_order"},
    ),
    (
        "switched",
        {
            "temperature": {
                **TEMPERATURE,
                "temperature_entity": "sensor.tank",
                "temp_max": 55,
            }
        },
        {"temperature": "temperature_order"},
    ),
    (
        "switched",
        {"running": {**RUNNING, "least_run": 60, "most_run": 59}},
        {"running": "run_times"},
    ),
    ("entity_charger", {"max_a": 5}, {"max_a": "maximum_below_minimum"}),
    ("entity_charger", {"switch_entity": None}, {"switch_entity": "switch_needed"}),
    (
        "entity_charger",
        {"vehicle_entity": "sensor.car", "vehicle_states": []},
        {"vehicle_states": "states_missing"},
    ),
    ("storage", {"command_entity": None}, {"command_entity": "command_missing"}),
    ("storage", {"charge_w": 0, "discharge_w": 0}, {"charge_w": "power_missing"}),
    ("storage", {"min_soc": 95}, {"min_soc": "minimum_not_below_maximum"}),
    (
        "storage",
        {
            "command_entity": "number.never_off",
            "command_sign": "charge",
            "discharge_w": 0,
        },
        {"switch_entity": "switch_needed"},
    ),
    ("battery", {"soc_entity": None}, {"soc_entity": "soc_needed"}),
    *[(kind, {"name": "  "}, {"name": "name_missing"}) for kind, *_ in MADE],
    *[
        (kind, {"phases": phases}, {"phases": "one_phase_home"})
        for kind, *_ in MADE
        if kind != "battery"
        for phases in ("2", "123")
    ],
    *[
        (kind, {"power_entity": sensor}, {"power_entity": "already_measures"})
        for kind, *_ in MADE
        for sensor in ("sensor.sun", "sensor.dryer_power")
    ],
    (
        "heater",
        {"command_entity": "number.setpoint"},
        {"command_entity": "needs_power_or_percent"},
    ),
    ("heater", {"command_entity": "number.kilo"}, {"max_w": "above_number"}),
    ("heater", {"max_w": 2401}, {"max_w": "above_number"}),
    (
        "heater",
        {
            "command_entity": "input_number.dimmer",
            "command_unit": "percent",
            "running": {**RUNNING, "full_scale": 255, "lag": 2},
        },
        {"running": "full_scale_above_number"},
    ),
    (
        "entity_charger",
        {"current_entity": "input_number.router", "max_a": 80},
        {"current_entity": "needs_amperes"},
    ),
    ("entity_charger", {"max_a": 33}, {"max_a": "above_number"}),
    ("entity_charger", {"min_a": 5}, {"min_a": "below_number"}),
    (
        "entity_charger",
        {"vehicle_entity": "sensor.enum", "vehicle_states": ["on", "charging"]},
        {"vehicle_states": "states_never"},
    ),
    (
        "entity_charger",
        {"vehicle_entity": "binary_sensor.car", "vehicle_states": ["connected"]},
        {"vehicle_states": "states_never"},
    ),
    (
        "entity_charger",
        {"vehicle_entity": "sensor.words"},
        {"vehicle_states": "states_not_on"},
    ),
    (
        "storage",
        {"command_entity": "number.setpoint"},
        {"command_entity": "needs_power"},
    ),
    ("storage", {"charge_w": 3001}, {"charge_w": "beyond_number"}),
    ("storage", {"discharge_w": 3001}, {"discharge_w": "beyond_number"}),
    (
        "storage",
        {"command_entity": "input_number.router", "command_sign": "charge"},
        {"charge_w": "beyond_number"},
    ),
    (
        "storage",
        {
            "command_entity": "input_number.router",
            "command_sign": "charge",
            "charge_w": 2000,
        },
        {"discharge_w": "beyond_number"},
    ),
    (
        "switched",
        {"switch_entity": "switch.home_observe_only"},
        {"switch_entity": "own_entity"},
    ),
    (
        "battery",
        {"power_entity": "sensor.home_surplus"},
        {"power_entity": "own_entity"},
    ),
    (
        "entity_charger",
        {"current_entity": "number.home_margin"},
        {"current_entity": "own_entity"},
    ),
    ("storage", {"soc_entity": "sensor.volts"}, {"soc_entity": "needs_percent"}),
    (
        "heater",
        {"command_entity": "light.on_off", "command_unit": "percent"},
        {"command_entity": "not_dimmable"},
    ),
    (
        "heater",
        {"command_entity": "number.byte", "command_unit": "percent"},
        {"running": "full_scale_below_number"},
    ),
    (
        "heater",
        {"command_entity": "input_number.degrees"},
        {"command_entity": "needs_power_or_percent"},
    ),
    *[
        (
            "entity_charger",
            {
                "phase_switching": {
                    "phases_entity": entity_id,
                    "phases_one": one,
                    "phases_all": three,
                },
                "phases": "123",
            },
            {"phase_switching": error, "phases": "one_phase_home"},
        )
        for entity_id, one, three, error in (
            ("input_boolean.charging", "off", "on", "same_entity"),
            ("input_number.amps", "6", "32", "same_entity"),
            ("number.phases", "1", "3", "phases_words"),
            ("number.phases", "0", "2", "phases_words"),
        )
    ],
    ("battery", {"soc_entity": "sensor.volts"}, {"soc_entity": "needs_percent"}),
]


@pytest.fixture
async def others(
    hass: HomeAssistant, home: MockConfigEntry, add: Add
) -> MockConfigEntry:
    """Return a Home with a measured sun and dryer, among entities of all units."""
    hass.config_entries.async_update_entry(
        home, data={**home.data, "solar_entity": "sensor.sun"}
    )
    await add(
        "switched",
        {**SWITCHED, "switch_entity": "switch.dryer", "power_entity": DRYER_POWER},
        "Dryer",
    )
    for entity_id, state, attributes in (
        ("number.setpoint", "50", {"unit_of_measurement": "°C", "min": 0, "max": 9000}),
        (
            "number.never_off",
            "100",
            {"unit_of_measurement": "W", "min": 100, "max": 3000},
        ),
        ("number.kilo", "1", {"unit_of_measurement": "kW", "min": 0, "max": 2}),
        ("sensor.enum", "charging", {"options": ["Ready", "waiting_for_sun"]}),
        ("sensor.words", "Branchée", {}),
        ("sensor.volts", "52", {"unit_of_measurement": "V"}),
        ("light.on_off", "off", {"supported_color_modes": ["onoff"]}),
        ("light.dimmer", "off", {"supported_color_modes": ["brightness"]}),
        ("number.byte", "0", {"min": 0, "max": 255}),
        ("number.phases", "1", {"min": 1, "max": 2}),
        ("number.no_cable", "0", {"unit_of_measurement": "A", "min": 0, "max": 0}),
        (
            "number.odd_kilo",
            "0",
            {"unit_of_measurement": "kW", "min": -2.01, "max": 2.01},
        ),
        *[
            (entity_id, "6", {"unit_of_measurement": unit, "min": 0, "max": high})
            for entity_id, unit, high in (
                ("number.no_unit", "", 3000),
                ("input_number.typed_watts", "Watts", 3000),
                ("input_number.typed_kilo", "kw", 3),
                ("input_number.typed_amps", "Ampères", 32),
                ("input_number.degrees", "°C", 3000),
            )
        ],
    ):
        hass.states.async_set(entity_id, state, attributes)
    return home


DRYER_POWER = "sensor.dryer_power"


@pytest.mark.parametrize(("kind", "changes", "errors"), WRONG)
async def test_what_is_wrong_is_told_at_its_field_and_can_be_mended(
    hass: HomeAssistant,
    *,
    others: MockConfigEntry,
    kind: str,
    changes: dict[str, Any],
    errors: dict[str, str],
) -> None:
    async_mock_service(hass, "test", "set")
    good = next(form for name, form, _, _ in MADE if name == kind)
    bad = {**good, **changes}
    bad = {key: value for key, value in bad.items() if value is not None}
    flow_id = await begin(hass, others, kind)
    result = await answer(hass, flow_id, bad)
    assert result["errors"] == errors
    words = await async_get_translations(
        hass, "en", "config_subentries", {"surplus"}, config_flow=False
    )
    for error in errors.values():
        text = words[f"component.surplus.config_subentries.{kind}.error.{error}"]
        assert "–" not in text.format(**result["description_placeholders"])
    # A section that holds what is wrong is shown open, with what was typed.
    for name, closed in collapsed(result["data_schema"].schema).items():
        assert not (name in errors and closed)
    assert suggestions(result["data_schema"].schema)["name"] == bad["name"]
    result = await answer(hass, flow_id, good)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_two_loads_cannot_command_the_same_entity(
    hass: HomeAssistant, home: MockConfigEntry, add: Add
) -> None:
    await add("switched", SWITCHED)
    # An observed battery commands nothing.
    await add("battery", BATTERY)
    flow_id = await begin(hass, home, "heater")
    form = {**HEATER_FORM, "switch_entity": "input_boolean.pump"}
    result = await answer(hass, flow_id, form)
    assert result["errors"] == {"switch_entity": "already_used"}
    result = await answer(hass, flow_id, HEATER_FORM)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_heater_by_an_action_with_a_temperature_keeps_both(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    async_mock_service(hass, "mqtt", "publish")
    hass.config_entries.async_update_entry(home, data={**home.data, "phases": 3})
    form = {
        **HEATER_FORM,
        "by_action": {
            "action": "mqtt.publish",
            "action_field": "payload",
            "action_data": {"topic": "router/set"},
        },
        "temperature": {**TEMPERATURE, "temperature_entity": "sensor.tank"},
        "phases": "123",
    }
    del form["command_entity"]
    result = await answer(hass, await begin(hass, home, "heater"), form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = home.subentries.values()
    assert subentry.data["action_data"] == {"topic": "router/set"}
    assert subentry.data["temp_sol_min"] == 55
    assert subentry.data["phases"] == [1, 2, 3]
    assert load_of(hass, home, subentry).spec.temperatures is not None
    # Changing it opens what is filled in, and only that.
    result = await home.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert collapsed(result["data_schema"].schema) == {
        "by_action": False,
        "temperature": False,
        "regulator": True,
        "running": True,
    }
    assert suggestions(result["data_schema"].schema)["phases"] == "123"


async def test_what_is_emptied_is_gone(
    hass: HomeAssistant, home: MockConfigEntry, add: Add
) -> None:
    subentry = await add(
        "heater",
        {**HEATER, **TEMPERATURE, "temperature_entity": "sensor.tank"},
    )
    result = await home.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    await answer(hass, result["flow_id"], HEATER_FORM)
    assert dict(home.subentries[subentry.subentry_id].data) == {
        **HEATER,
        "writes_per_day": 20_000,
    }


async def test_the_form_knows_its_ranges(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    flow_id = await begin(hass, home, "battery")
    with pytest.raises(InvalidData):
        await answer(hass, flow_id, {**BATTERY_FORM, "first_soc": 101})


def test_every_kind_has_a_form() -> None:
    assert set(SUBENTRY_FLOWS) == set(FORMS)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("heater", {"command_entity": "number.kilo", "max_w": 2000}),
        (
            "entity_charger",
            {"vehicle_entity": "sensor.enum", "vehicle_states": ["ready"]},
        ),
        ("entity_charger", {"vehicle_entity": "binary_sensor.car"}),
        (
            "entity_charger",
            {"vehicle_entity": "sensor.words", "vehicle_states": ["branchée"]},
        ),
        ("entity_charger", {"vehicle_entity": "sensor.not_there_yet"}),
        ("heater", {"command_entity": "light.dimmer", "command_unit": "percent"}),
        ("heater", {"command_entity": "number.odd_kilo", "max_w": 2010}),
        ("heater", {"command_entity": "number.no_unit"}),
        ("heater", {"command_entity": "input_number.typed_watts"}),
        ("heater", {"command_entity": "input_number.typed_kilo"}),
        (
            "storage",
            {
                "command_entity": "number.odd_kilo",
                "charge_w": 2010,
                "discharge_w": 2010,
            },
        ),
        ("entity_charger", {"current_entity": "input_number.typed_amps"}),
        # Nothing to offer without a cable: it says nothing about the charger.
        ("entity_charger", {"current_entity": "number.no_cable"}),
        # What is not there now may be right.
        ("storage", {"command_entity": "number.not_there_yet"}),
        (
            "storage",
            {
                "command_entity": "input_number.router",
                "command_sign": "charge",
                "charge_w": 2400,
                "discharge_w": 0,
            },
        ),
    ],
)
async def test_what_can_be_is_taken(
    hass: HomeAssistant,
    others: MockConfigEntry,
    kind: str,
    changes: dict[str, Any],
) -> None:
    good = next(form for name, form, _, _ in MADE if name == kind)
    result = await answer(hass, await begin(hass, others, kind), {**good, **changes})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("kind", "changes", "error"),
    [
        (
            "heater",
            {"command_entity": "number.byte", "command_unit": "percent"},
            {"running": "full_scale_below_number"},
        ),
        (
            "entity_charger",
            {"vehicle_entity": "sensor.words", "vehicle_states": ["on"]},
            {"vehicle_states": "states_not_on"},
        ),
    ],
)
async def test_what_is_only_doubted_is_taken_when_it_is_given_once_more(
    hass: HomeAssistant,
    *,
    others: MockConfigEntry,
    kind: str,
    changes: dict[str, Any],
    error: dict[str, str],
) -> None:
    good = next(form for name, form, _, _ in MADE if name == kind)
    flow_id = await begin(hass, others, kind)
    result = await answer(hass, flow_id, {**good, **changes})
    assert result["errors"] == error
    # Something else was changed: nobody has read it yet.
    result = await answer(hass, flow_id, {**good, **changes, "priority": 5})
    assert result["errors"] == error
    result = await answer(hass, flow_id, {**good, **changes, "priority": 5})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_what_is_wrong_is_not_taken_however_often_it_is_given(
    hass: HomeAssistant, others: MockConfigEntry
) -> None:
    flow_id = await begin(hass, others, "entity_charger")
    form = {**CHARGER_FORM, "max_a": 5, "vehicle_entity": "sensor.words"}
    for _ in range(3):
        result = await answer(hass, flow_id, form)
        assert result["errors"]["max_a"] == "maximum_below_minimum"


async def test_an_action_typed_with_spaces_is_stored_without(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    async_mock_service(hass, "mqtt", "publish")
    typed = {"action": " mqtt.publish ", "action_field": " payload"}
    form = {**HEATER_FORM, "by_action": typed}
    del form["command_entity"]
    result = await answer(hass, await begin(hass, home, "heater"), form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = home.subentries.values()
    assert subentry.data["action"] == "mqtt.publish"
    assert subentry.data["action_field"] == "payload"


async def test_a_home_of_three_phases_takes_loads_on_any(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(home, data={**home.data, "phases": 3})
    for phases, form in (("2", HEATER_FORM), ("123", CHARGER_FORM)):
        kind = "heater" if form is HEATER_FORM else "entity_charger"
        result = await answer(
            hass, await begin(hass, home, kind), {**form, "phases": phases}
        )
        assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_load_keeps_its_own_sensor_when_it_is_changed(
    hass: HomeAssistant, home: MockConfigEntry, add: Add
) -> None:
    subentry = await add("storage", STORAGE, "Battery")
    result = await home.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    result = await answer(hass, result["flow_id"], STORAGE_FORM)
    assert result["reason"] == "reconfigure_successful"
