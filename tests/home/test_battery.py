"""A battery that regulates itself, what is modelled and what is probed, as Home shows it."""

from time import monotonic
from types import MappingProxyType

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.model import GridReading
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.issue_registry import IssueRegistry

from .conftest import Life

POWER, CHARGE = "sensor.battery_power", "sensor.battery_soc"


def tell(hass: HomeAssistant, power_w: object, soc: object = 64) -> None:
    hass.states.async_set(
        POWER, str(power_w), {"unit_of_measurement": "W"}, force_update=True
    )
    hass.states.async_set(
        CHARGE, str(soc), {"unit_of_measurement": "%"}, force_update=True
    )


@pytest.fixture
async def house(hass: HomeAssistant, life: Life, home_entry: MockConfigEntry) -> Life:
    """Return the life of a house with a battery that tells everything."""
    tell(hass, 0)
    hass.config_entries.async_add_subentry(
        home_entry,
        ConfigSubentry(
            data=MappingProxyType(
                {
                    "power_entity": POWER,
                    "power_sign": "discharge",
                    "soc_entity": CHARGE,
                    "first_soc": 0,
                }
            ),
            subentry_type="battery",
            title="Powerwall",
            unique_id=None,
        ),
    )
    await hass.async_block_till_done()
    return life


async def test_power_and_charge_are_shown_once_there_is_a_battery(
    hass: HomeAssistant, house: Life, home_entry: MockConfigEntry
) -> None:
    assert not hass.states.get("sensor.home_battery_power")
    for _ in range(15):
        tell(hass, 700)
        await house.run(1, 300)
    assert float(hass.states.get("sensor.home_battery_power").state) == 700
    assert float(hass.states.get("sensor.home_battery_charge").state) == 64
    # They stay over a reload, even before the battery is heard again.
    tell(hass, "unavailable", "unavailable")
    await hass.config_entries.async_reload(home_entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get("sensor.home_battery_power")


async def test_what_the_house_takes_includes_what_its_battery_gives(
    hass: HomeAssistant, house: Life, home_entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(
        home_entry, data={**home_entry.data, "solar_entity": "sensor.sun"}
    )
    for _ in range(12):
        hass.states.async_set("sensor.sun", "400", {"unit_of_measurement": "W"})
        tell(hass, 700)
        await house.run(1, 100)
    assert home_entry.runtime_data.cycle.house_w == pytest.approx(1200)


async def test_a_battery_not_heard_for_long_is_told_of_by_name_until_it_is_back(
    hass: HomeAssistant, house: Life, issue_registry: IssueRegistry
) -> None:
    await house.run(5, 300)
    tell(hass, "unavailable")
    await house.run(280, 300)
    assert not issue_registry.async_get_issue(DOMAIN, "battery_lost")
    await house.run(30, 300)
    issue = issue_registry.async_get_issue(DOMAIN, "battery_lost")
    assert issue.translation_placeholders == {"battery": "Powerwall"}
    tell(hass, 0)
    await house.run(2, 300)
    assert not issue_registry.async_get_issue(DOMAIN, "battery_lost")


async def test_a_battery_that_says_nothing_new_for_long_is_lost_too(
    hass: HomeAssistant, house: Life, issue_registry: IssueRegistry
) -> None:
    await house.run(380, 300)
    assert issue_registry.async_get_issue(DOMAIN, "battery_lost")


async def test_removing_the_home_removes_the_issue(
    hass: HomeAssistant,
    *,
    house: Life,
    home_entry: MockConfigEntry,
    issue_registry: IssueRegistry,
) -> None:
    tell(hass, "unavailable")
    await house.run(310, 300)
    assert issue_registry.async_get_issue(DOMAIN, "battery_lost")
    await hass.config_entries.async_remove(home_entry.entry_id)
    assert not issue_registry.async_get_issue(DOMAIN, "battery_lost")


async def test_what_the_house_is_believed_to_take_shows_only_where_that_counts(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(
        home_entry, data={**home_entry.data, "solar_entity": "sensor.sun"}
    )
    hass.states.async_set("sensor.sun", "100", {"unit_of_measurement": "W"})
    await life.run(3, 600)
    sensor = "sensor.home_house_power_modelled"
    assert not hass.states.get(sensor)
    # A meter that sees no export: it draws 600 W, then shows nothing beside the sun.
    for drawn_va, sun in ((600.0, "100"), (0.0, "2500")):
        hass.states.async_set("sensor.sun", sun, {"unit_of_measurement": "W"})
        for _ in range(15):
            await life.pass_time(1)
            life.meter.reading = GridReading(
                at=monotonic(), power_w=None, drawn_va=drawn_va
            )
            for listener in tuple(life.meter.listeners):
                listener()
            await hass.async_block_till_done()
    assert float(hass.states.get(sensor).state) == pytest.approx(700)
    assert float(hass.states.get("sensor.home_surplus").state) == pytest.approx(1700)
    await life.run(2, 600)
    assert hass.states.get(sensor).state == STATE_UNAVAILABLE


async def test_what_is_offered_to_see_shows_where_the_inverter_must_not_export(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await life.run(3, 0)
    sensor = "sensor.home_power_offered_to_see"
    assert not hass.states.get(sensor)
    hass.states.async_set("sensor.sun", "1500", {"unit_of_measurement": "W"})
    hass.config_entries.async_update_entry(
        home_entry,
        data={**home_entry.data, "solar_entity": "sensor.sun", "zero_export": True},
    )
    await hass.async_block_till_done()
    await life.run(30, 0)
    assert float(hass.states.get(sensor).state) > 0


@pytest.mark.parametrize(
    ("strictness", "power_w"), [("balanced", 690), ("strict", 53.1)]
)
async def test_the_import_tolerated_at_minimum_is_told_in_watts(
    hass: HomeAssistant,
    *,
    life: Life,
    home_entry: MockConfigEntry,
    strictness: str,
    power_w: float,
) -> None:
    hass.config_entries.async_update_entry(
        home_entry, data={**home_entry.data, "strictness": strictness}
    )
    await life.run(15, 500)
    state = hass.states.get("sensor.home_import_tolerated_at_minimum")
    assert float(state.state) == pytest.approx(power_w)


async def test_diagnostics_tell_of_battery_model_and_probing(
    hass: HomeAssistant, house: Life, home_entry: MockConfigEntry, hass_client
) -> None:
    tell(hass, 700)
    await house.run(2, 300)
    cycle = (await get_diagnostics_for_config_entry(hass, hass_client, home_entry))[
        "cycle"
    ]
    assert cycle["battery_w"] == 700
    assert cycle["battery_state"] == "fresh"
    assert cycle["battery_first"] is False
    assert cycle["modelled_house_w"] is None
    assert cycle["probed_w"] == 0
    assert cycle["regulation"] == {}
    assert cycle["facts"] == {}
