"""Circuits: made and changed as a user does, in force at once, seen as a current."""

from types import MappingProxyType
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.settings import Circuit
from custom_components.surplus.home.circuits.settings import wiring_errors
from homeassistant.config_entries import SOURCE_USER, ConfigSubentry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .conftest import LOAD_ID, HandCharger, Life
from .plans.conftest import SCHEDULE

OTHER_ID = "ocpp:two"
GARAGE = {"limit_a": 40.0, "loads": [LOAD_ID]}


def circuit(name: str, *loads: str, parent: str | None = None) -> Circuit:
    return Circuit(circuit_id=name, limit_a=20.0, load_ids=loads, parent=parent)


def add(
    hass: HomeAssistant, entry: MockConfigEntry, title: str, **data: object
) -> ConfigSubentry:
    subentry = ConfigSubentry(
        data=MappingProxyType({**GARAGE, **data}),
        subentry_type="circuit",
        title=title,
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(entry, subentry)
    return subentry


async def ask(hass: HomeAssistant, entry: MockConfigEntry, **form: Any) -> Any:
    """Fill in the form of a new circuit."""
    begun = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "circuit"), context={"source": SOURCE_USER}
    )
    assert begun["type"] is FlowResultType.FORM
    result = await hass.config_entries.subentries.async_configure(
        begun["flow_id"],
        {"name": "Garage", "limit_a": 40, "loads": [LOAD_ID], "parent": "board"} | form,
    )
    await hass.async_block_till_done()
    return result


async def change(
    hass: HomeAssistant, entry: MockConfigEntry, subentry: ConfigSubentry, **form: Any
) -> Any:
    """Show the form of a circuit that there is, and change something in it."""
    begun = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    shown = {
        str(key): (key.description or {}).get("suggested_value")
        for key in begun["data_schema"].schema
    }
    result = await hass.config_entries.subentries.async_configure(
        begun["flow_id"], shown | form
    )
    await hass.async_block_till_done()
    return result


@pytest.mark.parametrize(
    ("new", "others", "errors"),
    [
        (circuit("a", "x"), [], {}),
        (circuit("a"), [], {"loads": "no_load"}),
        (circuit("a"), [circuit("b", "x", parent="a")], {}),
        (circuit("a", "x"), [circuit("b", "y")], {}),
        (circuit("a", "x"), [circuit("b", "x")], {"loads": "load_in_two_circuits"}),
        (circuit("a", "x", parent="b"), [circuit("b", "x")], {}),
        (circuit("a", "x"), [circuit("b", "x", parent="a")], {}),
        (
            circuit("a", "x", parent="b"),
            [circuit("b", "y"), circuit("c", "x", parent="b")],
            {"loads": "load_in_two_circuits"},
        ),
        (
            circuit("a", "x"),
            [circuit("b", "y"), circuit("c", "x", parent="b")],
            {"loads": "load_in_two_circuits"},
        ),
        (circuit("a", "x", parent="b"), [], {"parent": "parent_gone"}),
        (circuit("a", "x", parent="a"), [], {"parent": "parent_gone"}),
        (
            circuit("a", "x", parent="b"),
            [circuit("b", "y", parent="c"), circuit("c", "z")],
            {"parent": "parent_has_parent"},
        ),
        (
            circuit("a", "x", parent="c"),
            [circuit("b", "y", parent="a"), circuit("c", "z")],
            {"parent": "is_parent"},
        ),
    ],
)
def test_what_cannot_be_wired_so_is_refused(
    new: Circuit, others: list[Circuit], errors: dict[str, str]
) -> None:
    assert wiring_errors(new, others) == errors


async def test_a_circuit_is_made_and_in_force_at_once(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    result = await ask(hass, home_entry, name=" Garage ", limit_a=32)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = home_entry.subentries.values()
    assert subentry.title == "Garage"
    assert home_entry.runtime_data.engine.settings.circuits == (
        Circuit(circuit_id=subentry.subentry_id, limit_a=32.0, load_ids=(LOAD_ID,)),
    )


async def test_a_form_says_what_is_wrong_and_keeps_the_answers(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    result = await ask(hass, home_entry, name=" ", loads=[], limit_a=16)
    assert result["errors"] == {"name": "name_missing", "loads": "no_load"}
    suggested = {
        str(key): (key.description or {}).get("suggested_value")
        for key in result["data_schema"].schema
    }
    assert suggested["limit_a"] == 16
    assert not home_entry.subentries


async def test_a_circuit_hangs_on_another_until_that_is_deleted(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    board = add(hass, home_entry, "Garage", loads=[OTHER_ID])
    result = await ask(hass, home_entry, name="Box", parent=board.subentry_id)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    circuits = home_entry.runtime_data.engine.settings.circuits
    assert [one.parent for one in circuits] == [None, board.subentry_id]

    hass.config_entries.async_remove_subentry(home_entry, board.subentry_id)
    await hass.async_block_till_done()
    (left,) = home_entry.runtime_data.engine.settings.circuits
    assert left.parent is None
    # The form shows it so, and can be sent as it is.
    (subentry,) = home_entry.subentries.values()
    result = await change(hass, home_entry, subentry)
    assert result["reason"] == "reconfigure_successful"
    assert "parent" not in subentry.data


async def test_a_parent_deleted_while_the_form_is_open_is_said_to_be_gone(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    board = add(hass, home_entry, "Garage", loads=[OTHER_ID])
    begun = await hass.config_entries.subentries.async_init(
        (home_entry.entry_id, "circuit"), context={"source": SOURCE_USER}
    )
    hass.config_entries.async_remove_subentry(home_entry, board.subentry_id)
    result = await hass.config_entries.subentries.async_configure(
        begun["flow_id"],
        {"name": "Box", **GARAGE, "parent": board.subentry_id},
    )
    assert result["errors"] == {"parent": "parent_gone"}


async def test_a_load_that_is_away_stays_chosen_and_harms_nothing(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    subentry = add(hass, home_entry, "Garage", loads=[LOAD_ID, OTHER_ID])
    dr.async_get(hass).async_get_or_create(
        config_entry_id=home_entry.entry_id,
        identifiers={(DOMAIN, OTHER_ID)},
        name="Carport",
    )
    begun = await home_entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    options = begun["data_schema"].schema["loads"].config["options"]
    assert options == [
        {"value": LOAD_ID, "label": "Garage"},
        {"value": OTHER_ID, "label": "Carport"},
    ]
    await life.run(12, -3000)
    assert float(hass.states.get("sensor.garage_current").state) == 0


async def test_changing_a_circuit_does_not_touch_its_loads(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, charger: HandCharger
) -> None:
    await hass.services.async_call(
        "switch", "turn_off", {"entity_id": "switch.home_observe_only"}, blocking=True
    )
    subentry = add(hass, home_entry, "Garage")
    await life.run(120, -3000)
    before = list(charger.told)
    result = await change(hass, home_entry, subentry, name="Carport", limit_a=50)
    assert result["reason"] == "reconfigure_successful"
    (now,) = home_entry.runtime_data.engine.settings.circuits
    assert now.limit_a == 50
    assert charger.told == before
    assert home_entry.runtime_data.cycle is not None
    device = dr.async_get(hass).async_get_devices(
        identifiers={(DOMAIN, f"home:{subentry.subentry_id}")}
    )
    assert [one.name for one in device] == ["Carport"]
    assert hass.states.get("sensor.garage_current").attributes["limit_a"] == 50


async def test_the_sensor_shows_what_our_loads_draw_behind_the_breaker(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    add(hass, home_entry, "Garage")
    await hass.async_block_till_done()
    sensor = "sensor.garage_current"
    assert hass.states.get(sensor).state == STATE_UNAVAILABLE
    await hass.services.async_call(
        "switch", "turn_off", {"entity_id": "switch.home_observe_only"}, blocking=True
    )
    await life.run(150, -3000)
    assert float(hass.states.get(sensor).state) == pytest.approx(13, abs=0.3)
    assert hass.states.get(sensor).attributes["limit_a"] == 40


async def test_a_circuit_outlives_a_reload_and_goes_when_it_is_deleted(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    subentry = add(hass, home_entry, "Garage")
    await hass.async_block_till_done()
    assert await hass.config_entries.async_reload(home_entry.entry_id)
    await life.run(3, -3000)
    assert hass.states.get("sensor.garage_current").state != STATE_UNAVAILABLE
    hass.config_entries.async_remove_subentry(home_entry, subentry.subentry_id)
    await hass.async_block_till_done()
    assert hass.states.get("sensor.garage_current") is None
    assert home_entry.runtime_data.engine.settings.circuits == ()
    # Another one after it has a sensor of its own.
    add(hass, home_entry, "Workshop")
    await hass.async_block_till_done()
    assert hass.states.get("sensor.workshop_current")


async def test_a_disabled_sensor_stops_no_other_change(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    subentry = add(hass, home_entry, "Garage")
    await hass.async_block_till_done()
    er.async_get(hass).async_update_entity(
        "sensor.garage_current", disabled_by=er.RegistryEntryDisabler.USER
    )
    assert await hass.config_entries.async_reload(home_entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get("sensor.garage_current") is None
    await change(hass, home_entry, subentry, limit_a=50)
    hass.config_entries.async_add_subentry(
        home_entry,
        ConfigSubentry(
            data=MappingProxyType(SCHEDULE),
            subentry_type="schedule",
            title="Night",
            unique_id=None,
        ),
    )
    await hass.async_block_till_done()
    assert len(home_entry.runtime_data.engine.settings.schedules) == 1
