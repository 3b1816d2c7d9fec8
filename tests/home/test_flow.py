"""Setting up and changing the Home as a user does."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigSubentryData,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from .conftest import METER_ID, HandMeter, HandProduction, Life

BASICS = {"phases": "1", "breaker_a": 40, "strictness": "balanced"}


async def begin(hass: HomeAssistant) -> str:
    """Open the menu, choose Home and return the flow's id."""
    assert await async_setup_component(hass, DOMAIN, {})
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.MENU
    assert "home" in result["menu_options"]
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "home"}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "home"
    return str(result["flow_id"])


async def test_a_registered_meter_is_offered_and_chosen(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    async_get_registry(hass).async_register_meter(HandMeter())
    flow_id = await begin(hass)
    result = await hass.config_entries.flow.async_configure(
        flow_id, {**BASICS, "grid_meters": [METER_ID]}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Home"
    assert result["result"].unique_id == "home"
    assert result["data"] == {
        "kind": "home",
        "phases": 1,
        "breaker_a": 40,
        "strictness": "balanced",
        "grid_meters": [METER_ID],
        "zero_export": False,
        "reserve_w": 500,
    }
    assert result["result"].state is ConfigEntryState.LOADED


async def test_the_home_is_called_maison_in_french(hass: HomeAssistant) -> None:
    hass.config.language = "fr"
    flow_id = await begin(hass)
    await hass.config_entries.flow.async_configure(
        flow_id, {**BASICS, "grid_meters": ["entity"]}
    )
    result = await hass.config_entries.flow.async_configure(
        flow_id, {"power_entity": "sensor.reseau", "sign": "import"}
    )
    assert result["title"] == "Maison"


async def test_sensors_are_asked_for_with_errors_that_can_be_mended(
    hass: HomeAssistant,
) -> None:
    flow_id = await begin(hass)
    configure = hass.config_entries.flow.async_configure
    result = await configure(flow_id, {**BASICS, "grid_meters": ["entity"]})
    assert result["step_id"] == "home_sensor"
    result = await configure(
        flow_id,
        {
            "power_entity": "sensor.grid",
            "sign": "import",
            "export_entity": "sensor.grid",
        },
    )
    assert result["errors"] == {"export_entity": "same_entity"}
    result = await configure(
        flow_id,
        {
            "power_entity": "sensor.grid",
            "sign": "export",
            "export_entity": "sensor.export",
        },
    )
    assert result["errors"] == {"sign": "import_first"}
    result = await configure(
        flow_id,
        {
            "power_entity": "sensor.grid",
            "sign": "import",
            "export_entity": "sensor.export",
        },
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["export_entity"] == "sensor.export"


@pytest.mark.parametrize("field", ["power_entity", "export_entity"])
@pytest.mark.parametrize(
    ("sensor", "error"),
    [("sensor.pump_power", "measures_load"), ("sensor.sun", "measures_solar")],
)
async def test_what_measures_something_else_is_not_taken_for_the_grid(
    hass: HomeAssistant, field: str, sensor: str, error: str
) -> None:
    charger = ConfigSubentryData(
        data={"power_entity": "sensor.pump_power"},
        subentry_type="charger",
        title="Car",
        unique_id="car",
    )
    MockConfigEntry(
        domain=DOMAIN,
        subentries_data=[charger],
        disabled_by=ConfigEntryDisabler.USER,
    ).add_to_hass(hass)
    flow_id = await begin(hass)
    configure = hass.config_entries.flow.async_configure
    form = {**BASICS, "grid_meters": ["entity"]}
    result = await configure(flow_id, {**form, "solar_entity": "sensor.pump_power"})
    assert result["errors"] == {"solar_entity": "measures_load"}
    await configure(flow_id, {**form, "solar_entity": "sensor.sun"})
    good = {
        "power_entity": "sensor.grid",
        "sign": "import",
        "export_entity": "sensor.export",
    }
    result = await configure(flow_id, {**good, field: sensor})
    assert result["errors"] == {field: error}
    result = await configure(flow_id, good)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_home_does_not_follow_what_it_computes_itself(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    result = await home_entry.start_reconfigure_flow(hass)
    configure = hass.config_entries.flow.async_configure
    form = {**BASICS, "grid_meters": ["entity"]}
    own = "sensor.home_grid_power"
    flow_id = result["flow_id"]
    result = await configure(flow_id, {**form, "solar_entity": own})
    assert result["errors"] == {"solar_entity": "own_entity"}
    await configure(flow_id, form)
    result = await configure(flow_id, {"power_entity": own, "sign": "import"})
    assert result["errors"] == {"power_entity": "own_entity"}


async def test_what_a_linky_measures_may_be_a_sensor_of_the_home(
    hass: HomeAssistant,
) -> None:
    linky = MockConfigEntry(
        domain=DOMAIN,
        data={"kind": "linky"},
        disabled_by=ConfigEntryDisabler.USER,
    )
    linky.add_to_hass(hass)
    sensor = er.async_get(hass).async_get_or_create(
        "sensor", DOMAIN, "linky_power", config_entry=linky
    )
    flow_id = await begin(hass)
    configure = hass.config_entries.flow.async_configure
    form = {**BASICS, "grid_meters": ["entity"], "solar_entity": sensor.entity_id}
    result = await configure(flow_id, form)
    assert result["errors"] == {}
    assert result["step_id"] == "home_sensor"


async def test_there_is_one_home(hass: HomeAssistant, life: Life) -> None:
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert "home" not in result["menu_options"]


async def test_two_flows_at_once_still_make_one_home(hass: HomeAssistant) -> None:
    first, second = await begin(hass), None
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    second = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "home"}
    )
    assert second["type"] is FlowResultType.ABORT
    assert second["reason"] == "already_in_progress"
    assert first


async def test_reconfiguring_changes_in_place(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    coordinator = home_entry.runtime_data
    result = await home_entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "home"
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"],
        {
            "phases": "1",
            "strictness": "strict",
            "grid_meters": [METER_ID],
        },
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert "breaker_a" not in home_entry.data
    assert home_entry.runtime_data is coordinator
    assert coordinator.engine.settings.import_price == 25
    assert coordinator.engine.settings.breaker_a is None


async def test_a_meter_that_is_away_is_not_lost_by_changing_something_else(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    del async_get_registry(hass).meters[METER_ID]
    result = await home_entry.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"],
        {"phases": "3", "strictness": "balanced", "grid_meters": [METER_ID]},
    )
    assert result["reason"] == "reconfigure_successful"
    assert home_entry.data["grid_meters"] == [METER_ID]
    assert home_entry.data["phases"] == 3


async def test_a_sensor_without_any_limit_is_asked_about_once_more(
    hass: HomeAssistant,
) -> None:
    flow_id = await begin(hass)
    configure = hass.config_entries.flow.async_configure
    unlimited = {"phases": "1", "strictness": "balanced", "grid_meters": ["entity"]}
    result = await configure(flow_id, unlimited)
    assert result["step_id"] == "home"
    assert result["errors"] == {"breaker_a": "no_limit"}
    assert "no_limit" in result["data_schema"].schema
    result = await configure(flow_id, {**unlimited, "no_limit": True})
    assert result["step_id"] == "home_sensor"
    result = await configure(flow_id, {"power_entity": "sensor.grid", "sign": "import"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["no_limit"] is True
    # Said once, it need not be said again with every change.
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={
            "source": SOURCE_RECONFIGURE,
            "entry_id": result["result"].entry_id,
        },
    )
    assert "no_limit" in result["data_schema"].schema
    result = await configure(result["flow_id"], {**unlimited, "no_limit": True})
    assert result["step_id"] == "home_sensor"


async def test_a_limit_given_after_all_leaves_nothing_to_tick(
    hass: HomeAssistant,
) -> None:
    flow_id = await begin(hass)
    configure = hass.config_entries.flow.async_configure
    unlimited = {"phases": "1", "strictness": "balanced", "grid_meters": ["entity"]}
    await configure(flow_id, unlimited)
    await configure(flow_id, {**unlimited, "subscribed_kva": 6, "no_limit": True})
    result = await configure(flow_id, {"power_entity": "sensor.grid", "sign": "import"})
    assert "no_limit" not in result["data"]


async def test_a_meter_that_tells_its_limit_needs_no_other(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    async_get_registry(hass).async_register_meter(HandMeter())
    flow_id = await begin(hass)
    result = await hass.config_entries.flow.async_configure(
        flow_id, {"phases": "1", "strictness": "balanced", "grid_meters": [METER_ID]}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_several_meters_are_kept_in_the_order_of_choice(
    hass: HomeAssistant,
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    registry = async_get_registry(hass)
    registry.async_register_meter(HandMeter())
    registry.async_register_meter(HandMeter(source_id="solaredge:1", name="SolarEdge"))
    flow_id = await begin(hass)
    configure = hass.config_entries.flow.async_configure
    form = {"phases": "1", "strictness": "balanced"}
    result = await configure(flow_id, {**form, "grid_meters": []})
    assert result["errors"] == {"grid_meters": "meter_missing"}
    # Of these two, neither tells what the house may draw; the Linky does.
    result = await configure(
        flow_id, {**form, "grid_meters": ["solaredge:1", "entity"]}
    )
    assert result["errors"] == {"breaker_a": "no_limit"}
    chosen = ["solaredge:1", "entity", METER_ID]
    result = await configure(flow_id, {**form, "grid_meters": [*chosen, "entity"]})
    assert result["step_id"] == "home_sensor"
    result = await configure(flow_id, {"power_entity": "sensor.grid", "sign": "import"})
    assert result["data"]["grid_meters"] == chosen
    meters = result["result"].runtime_data.meters
    meters.look(0.0)
    assert [meter["id"] for meter in meters.as_list()] == [
        "solaredge:1",
        "entity:sensor.grid",
        METER_ID,
    ]


async def test_the_order_can_be_changed_by_dragging(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    result = await home_entry.start_reconfigure_flow(hass)
    fields = {str(key): value for key, value in result["data_schema"].schema.items()}
    told = fields["grid_meters"].serialize()["selector"]["select"]
    assert told["reorder"] is told["multiple"] is True
    assert told["sort"] is False
    assert [option["label"] for option in told["options"]] == ["Linky", "entity"]


async def test_inverters_that_tell_their_production_are_offered_and_kept(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    result = await home_entry.start_reconfigure_flow(hass)
    assert "solar_sources" not in result["data_schema"].schema
    hass.config_entries.flow.async_abort(result["flow_id"])
    registry = async_get_registry(hass)
    away = registry.async_register_production(HandProduction())
    result = await home_entry.start_reconfigure_flow(hass)
    configure = hass.config_entries.flow.async_configure
    form = {**BASICS, "grid_meters": [METER_ID], "zero_export": True}
    result = await configure(result["flow_id"], {**form, "solar_sources": []})
    assert result["errors"] == {"solar_entity": "solar_needed"}
    await configure(result["flow_id"], {**form, "solar_sources": ["solaredge:1"]})
    assert home_entry.data["solar_sources"] == ["solaredge:1"]
    away()
    result = await home_entry.start_reconfigure_flow(hass)
    await configure(result["flow_id"], {**form, "solar_sources": ["solaredge:1"]})
    assert home_entry.data["solar_sources"] == ["solaredge:1"]
    result = await home_entry.start_reconfigure_flow(hass)
    form = {**BASICS, "grid_meters": [METER_ID], "solar_sources": []}
    await configure(result["flow_id"], form)
    assert "solar_sources" not in home_entry.data


async def test_an_inverter_that_must_not_export_and_the_reserve_reach_the_engine(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    result = await home_entry.start_reconfigure_flow(hass)
    configure = hass.config_entries.flow.async_configure
    answers = {**BASICS, "grid_meters": [METER_ID], "zero_export": True, "reserve_w": 0}
    result = await configure(result["flow_id"], answers)
    assert result["errors"] == {"solar_entity": "solar_needed"}
    await configure(result["flow_id"], {**answers, "solar_entity": "sensor.sun"})
    await hass.async_block_till_done()
    settings = home_entry.runtime_data.engine.settings
    assert settings.zero_export is True
    assert settings.reserve_w == 0
