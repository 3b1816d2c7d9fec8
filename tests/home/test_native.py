"""Productions and batteries that devices of Surplus tell of, in place of sensors."""

from collections.abc import Callable
from time import monotonic
from types import MappingProxyType
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import SOURCE_USER, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.issue_registry import IssueRegistry
from homeassistant.setup import async_setup_component

from .conftest import HandBattery, HandProduction, Life


class TestProduction:
    """What the sun gives, summed over inverters and a sensor."""

    @pytest.fixture
    def roofs(self, hass: HomeAssistant, life: Life) -> list[HandProduction]:
        roofs = [HandProduction(source_id=f"solaredge:{n}") for n in (1, 2)]
        for roof in roofs:
            async_get_registry(hass).async_register_production(roof)
        return roofs

    async def test_inverters_and_a_sensor_are_added_up(
        self,
        hass: HomeAssistant,
        life: Life,
        home_entry: MockConfigEntry,
        roofs: list[HandProduction],
    ) -> None:
        hass.config_entries.async_update_entry(
            home_entry,
            data={
                **home_entry.data,
                "solar_sources": ["solaredge:1", "solaredge:2"],
                "solar_entity": "sensor.sun",
            },
        )
        hass.states.async_set("sensor.sun", "0.4", {"unit_of_measurement": "kW"})
        await life.run(2, 500)
        assert home_entry.runtime_data.cycle.solar_w is None
        roofs[0].reading = 1000.0, monotonic()
        # A little is drawn at night: no production is negative.
        roofs[1].reading = -4.0, monotonic()
        await life.run(2, 500)
        assert home_entry.runtime_data.cycle.solar_w == 1400
        assert home_entry.runtime_data.cycle.house_w == 1900

    async def test_what_is_late_or_gone_makes_the_sum_unknown(
        self,
        hass: HomeAssistant,
        life: Life,
        home_entry: MockConfigEntry,
        roofs: list[HandProduction],
    ) -> None:
        hass.config_entries.async_update_entry(
            home_entry,
            data={**home_entry.data, "solar_sources": ["solaredge:1", "solaredge:2"]},
        )
        for roof in roofs:
            roof.reading = 1000.0, monotonic()
        await life.run(59, 500)
        assert home_entry.runtime_data.cycle.solar_w == 2000
        roofs[1].reading = 1000.0, monotonic()
        await life.run(2, 500)
        assert home_entry.runtime_data.cycle.solar_w is None
        roofs[0].reading = 500.0, monotonic()
        await life.run(2, 500)
        assert home_entry.runtime_data.cycle.solar_w == 1500
        del async_get_registry(hass).productions["solaredge:2"]
        await life.run(2, 500)
        assert home_entry.runtime_data.cycle.solar_w is None


FORM = {"name": "Battery", "power_sign": "discharge", "first_soc": 30}


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, "battery"), context={"source": SOURCE_USER}
    )


class TestForm:
    """A battery is one of a device, or made of sensors."""

    async def test_without_any_device_sensors_are_asked_for(
        self, hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
    ) -> None:
        result = await begin(hass, home_entry)
        fields = {str(key): key for key in result["data_schema"].schema}
        assert "source" not in fields
        assert type(fields["power_entity"]).__name__ == "Required"

    async def test_one_of_a_device_needs_no_sensors(
        self, hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
    ) -> None:
        battery = HandBattery()
        remove = async_get_registry(hass).async_register_battery(battery)
        result = await begin(hass, home_entry)
        configure = hass.config_entries.subentries.async_configure
        result = await configure(result["flow_id"], FORM)
        assert result["errors"] == {"power_entity": "power_sensor_missing"}
        answers = {
            **FORM,
            "source": battery.source_id,
            # Left over from before it was chosen.
            "power_entity": "sensor.battery_power",
            "soc_entity": "sensor.battery_soc",
        }
        result = await configure(result["flow_id"], answers)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()
        (subentry,) = home_entry.subentries.values()
        assert subentry.data == {"source": battery.source_id, "first_soc": 30}
        assert hass.states.get("number.battery_charged_first_up_to").state == "30.0"
        # The same one is not observed twice.
        result = await begin(hass, home_entry)
        result = await configure(result["flow_id"], answers)
        assert result["errors"] == {"source": "already_used"}
        # Away for a while, it is not lost by changing something else.
        remove()
        result = await home_entry.start_subentry_reconfigure_flow(
            hass, subentry.subentry_id
        )
        answers = {**FORM, "source": battery.source_id, "first_soc": 50}
        result = await configure(result["flow_id"], answers)
        assert result["reason"] == "reconfigure_successful"
        assert dict(home_entry.subentries[subentry.subentry_id].data) == {
            "source": battery.source_id,
            "first_soc": 50,
        }


def observe(
    hass: HomeAssistant, entry: MockConfigEntry, title: str, **data: Any
) -> None:
    hass.config_entries.async_add_subentry(
        entry,
        ConfigSubentry(
            data=MappingProxyType({"first_soc": 0, **data}),
            subentry_type="battery",
            title=title,
            unique_id=None,
        ),
    )


@pytest.fixture
async def batteries(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> list[HandBattery]:
    """Return two batteries of a device that the Home observes."""
    batteries = [HandBattery(source_id=f"solaredge:7E012345_b{n}") for n in (1, 2)]
    for battery in batteries:
        async_get_registry(hass).async_register_battery(battery)
        observe(hass, home_entry, battery.source_id[-2:], source=battery.source_id)
    await hass.async_block_till_done()
    return batteries


class TestBatteries:
    """What a device tells of its batteries reaches cycle and entities."""

    async def run(
        self, life: Life, seconds: int, *batteries: tuple[HandBattery, float, float]
    ) -> None:
        for _ in range(seconds):
            for battery, power_w, soc in batteries:
                battery.show(power_w, soc)
            await life.run(1, -100)

    async def test_their_powers_are_added_and_charge_is_weighted_by_capacity(
        self,
        hass: HomeAssistant,
        life: Life,
        home_entry: MockConfigEntry,
        batteries: list[HandBattery],
    ) -> None:
        first, second = batteries
        first.capacity_wh, second.capacity_wh = 9000.0, 3000.0
        await self.run(life, 15, (first, 700.0, 0.8), (second, -200.0, 0.4))
        assert float(hass.states.get("sensor.home_battery_power").state) == 500
        assert float(hass.states.get("sensor.home_battery_charge").state) == 70
        # One whose capacity nobody knows weighs as much as any other.
        second.capacity_wh = None
        await self.run(life, 15, (first, 700.0, 0.8), (second, -200.0, 0.4))
        charge = hass.states.get("sensor.home_battery_charge").state
        assert float(charge) == pytest.approx(60)

    async def test_one_comes_first_as_the_form_says(
        self,
        hass: HomeAssistant,
        life: Life,
        home_entry: MockConfigEntry,
        batteries: list[HandBattery],
    ) -> None:
        subentry = next(iter(home_entry.subentries.values()))
        hass.config_entries.async_update_subentry(
            home_entry, subentry, data={**subentry.data, "first_soc": 50}
        )
        first, second = batteries
        await self.run(life, 3, (first, -500.0, 0.4), (second, 0.0, 0.9))
        assert home_entry.runtime_data.cycle.battery_first
        await self.run(life, 3, (first, -500.0, 0.6), (second, 0.0, 0.9))
        assert not home_entry.runtime_data.cycle.battery_first

    async def test_a_device_that_is_away_for_a_moment_is_not_lost(
        self,
        hass: HomeAssistant,
        life: Life,
        home_entry: MockConfigEntry,
        batteries: list[HandBattery],
    ) -> None:
        await self.run(life, 5, *((battery, 300.0, 0.5) for battery in batteries))
        registry = async_get_registry(hass)
        del registry.batteries[batteries[0].source_id]
        await self.run(life, 5, (batteries[1], 300.0, 0.5))
        assert home_entry.runtime_data.cycle.battery_state == "fresh"
        await self.run(life, 70, (batteries[1], 300.0, 0.5))
        assert home_entry.runtime_data.cycle.battery_state == "lost"

    async def test_one_that_stays_away_is_told_of_by_name(
        self,
        hass: HomeAssistant,
        life: Life,
        issue_registry: IssueRegistry,
        batteries: list[HandBattery],
    ) -> None:
        await self.run(life, 310, (batteries[1], 300.0, 0.5))
        issue = issue_registry.async_get_issue(DOMAIN, "battery_lost")
        assert issue
        assert issue.translation_placeholders == {"battery": "b1"}

    async def test_no_serial_number_is_given_away(
        self,
        hass: HomeAssistant,
        life: Life,
        home_entry: MockConfigEntry,
        batteries: list[HandBattery],
        hass_client: Callable[[], Any],
    ) -> None:
        assert await async_setup_component(hass, "diagnostics", {})
        hass.config_entries.async_update_entry(
            home_entry,
            data={**home_entry.data, "solar_sources": ["solaredge:7E012345"]},
        )
        await self.run(life, 5, *((battery, 300.0, 0.5) for battery in batteries))
        # Also when the device is gone.
        async_get_registry(hass).batteries.clear()
        data: Any = await get_diagnostics_for_config_entry(
            hass, hass_client, home_entry
        )
        assert "7E012345" not in str(data)
        assert len(data["record"]) > 3
