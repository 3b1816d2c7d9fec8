"""The OCPP entry in a real Home Assistant, with real chargers on loopback."""

import asyncio
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.diagnostics import async_get_config_entry_diagnostics
from custom_components.surplus.registry import async_get_registry
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from .conftest import (
    FAST,
    IDENTITY,
    Callers,
    for_a_while,
    is_safe,
    limit_of,
    stamp,
    timed,
    until,
)
from .inside import LOAD_ID, charger_of, device_of, entity, ready, value

FAST_WRITES = timedelta(0)


async def test_a_session_is_seen(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    assert value(hass, "status") == "unavailable"
    assert value(hass, "connected", "binary_sensor") == "off"
    wallbox = await ready(entry, callers)
    await wallbox.status("Preparing", timestamp=stamp(-20))
    assert value(hass, "status") == "preparing"
    assert value(hass, "connected", "binary_sensor") == "on"
    assert value(hass, "plugged", "binary_sensor") == "on"
    with patch(
        "custom_components.surplus.entity.LiveSensor._write_interval", FAST_WRITES
    ):
        number = await wallbox.begin(timestamp=stamp(-10))
        await wallbox.status("Charging", timestamp=stamp(-9))
        await wallbox.measure(
            stamp(),
            number,
            Power_Active_Import=7360,
            Current_Import=16,
            Energy_Active_Import_Register=3500,
        )
        await async_get_registry(hass).loads[LOAD_ID].async_apply(10)
    assert value(hass, "status") == "charging"
    assert float(value(hass, "power")) == 7360
    assert float(value(hass, "current")) == 16
    assert float(value(hass, "offered_current")) == 10
    assert float(value(hass, "total_energy")) == 3.5
    # The session is the Home's to account for, and there is none here.
    assert value(hass, "session_energy") == "unavailable"


async def test_an_error_is_named(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await ready(entry, callers)
    assert value(hass, "error") == "no_error"
    await wallbox.status("Faulted", error_code="GroundFailure")
    assert value(hass, "error") == "ground_failure"
    assert value(hass, "plugged", "binary_sensor") == "unknown"


async def test_a_charger_that_is_gone_is_unavailable_but_for_its_counts(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await ready(entry, callers)
    await wallbox.measure(stamp(), None, Energy_Active_Import_Register=5000)
    await wallbox.hang_up()
    await until(lambda: value(hass, "connected", "binary_sensor") == "off")
    assert value(hass, "status") == "unavailable"
    assert value(hass, "start", "button") == "unavailable"
    assert float(value(hass, "total_energy")) == 5


async def test_the_devices_are_the_charger_under_its_central_system(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    device = device_of(hass, entry, LOAD_ID)
    central = device_of(hass, entry, f"ocpp:{entry.entry_id}")
    assert device is not None
    assert central is not None
    assert device.via_device_id == central.id
    assert device.name == "Garage"
    assert device.sw_version is None
    await ready(entry, callers)
    device = device_of(hass, entry, LOAD_ID)
    assert device is not None
    assert (device.manufacturer, device.model, device.serial_number) == (
        "Vendor",
        "Model",
        "0001",
    )
    assert device.sw_version == "1.0"
    subentry_id = next(iter(entry.subentries))
    entities = er.async_entries_for_device(
        er.async_get(hass), device.id, include_disabled_entities=True
    )
    assert {each.config_subentry_id for each in entities} == {subentry_id}
    assert {each.unique_id for each in entities if each.disabled_by} == {
        f"{LOAD_ID}_{key}"
        for key in (
            "malformed",
            "late_answers",
            "connections",
            # It shows its own total.
            "energy",
            "energy_battery",
            "energy_cheap",
            "energy_full",
            "solar_share",
        )
    }
    # The load's own controls hang on the same device.
    assert f"{LOAD_ID}_mode" in {each.unique_id for each in entities}


async def test_sessions_are_started_and_stopped_by_hand(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await ready(entry, callers)

    async def press(key: str) -> None:
        await hass.services.async_call(
            "button",
            "press",
            {"entity_id": entity(hass, "button", key)},
            blocking=True,
        )

    await press("start")
    assert wallbox.named("RemoteStartTransaction") == [
        {"id_tag": "SURPLUS", "connector_id": 1}
    ]
    number = await wallbox.begin()
    await press("stop")
    assert wallbox.named("RemoteStopTransaction") == [{"transaction_id": number}]
    wallbox.answers["RemoteStartTransaction"] = "Rejected"
    with pytest.raises(HomeAssistantError) as error:
        await press("start")
    assert error.value.translation_key == "charger_refused"
    assert error.value.translation_placeholders == {
        "name": "Garage",
        "action": "RemoteStartTransaction",
        "answer": "Rejected",
    }


async def test_home_finds_a_load_it_can_command(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    load = async_get_registry(hass).loads[LOAD_ID]
    spec = load.spec
    assert (spec.name, spec.phases, spec.min_a, spec.max_a, spec.safe_a) == (
        "Garage",
        (1,),
        6,
        16,
        6,
    )
    assert (spec.lease_s, spec.pacing_s) == (FAST.lease_s, FAST.spacing_s)
    assert not load.reading.reachable
    assert load.reading.link_lost_at is not None
    with pytest.raises(HomeAssistantError) as error:
        await load.async_apply(10)
    assert error.value.translation_key == "charger_not_connected"

    seen = []
    stop = load.async_subscribe(lambda: seen.append(load.reading))
    wallbox = await ready(entry, callers)
    assert seen
    assert load.reading.reachable
    assert load.reading.link_lost_at is None
    assert load.reading.offered_a is None
    assert not load.reading.wants_power
    await load.async_apply(10)
    assert wallbox.limits == [10]
    assert load.reading.offered_a == 10
    assert load.reading.offered_at is not None

    await wallbox.status("Charging", timestamp=stamp(-1))
    await wallbox.measure(stamp(), None, Power_Active_Import=2300, Current_Import=10)
    reading = load.reading
    assert reading.wants_power
    assert reading.power_w == 2300
    assert reading.power_at is not None
    assert reading.currents_a == (10,)
    # The whole unit out of order is a reason not to want.
    await wallbox.status("Unavailable", connector_id=0)
    assert not load.reading.wants_power

    await load.async_release()
    assert wallbox.limits == [10, 6]
    wallbox.answers["SetChargingProfile"] = "Rejected"
    await for_a_while(FAST.spacing_s)
    with pytest.raises(HomeAssistantError) as error:
        await load.async_apply(12)
    assert error.value.translation_key == "charger_refused"
    stop()
    await wallbox.hang_up()
    await until(lambda: not load.reading.reachable)
    offered_at = load.reading.offered_at
    assert offered_at is not None
    assert load.reading.link_lost_at is not None
    with pytest.raises(HomeAssistantError):
        await load.async_release()


class TestSilent:
    """A charger without an answer."""

    @pytest.fixture
    def timing(self) -> Any:
        return timed(call_s=0.4)

    async def test_home_is_told(
        self, hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
    ) -> None:
        wallbox = await ready(entry, callers)
        wallbox.silent = True
        load = async_get_registry(hass).loads[LOAD_ID]
        applying = asyncio.create_task(load.async_apply(10))
        await until(lambda: charger_of(entry).memory.cleared)
        await for_a_while()
        # It does not answer, but it is there.
        await wallbox.socket.ping()
        with pytest.raises(HomeAssistantError) as error:
            await applying
        assert error.value.translation_key == "charger_no_answer"
        # What was sent last may be in force, from when it was sent.
        offered = charger_of(entry).commander().lease.offered
        assert offered is None
        wallbox.silent = False
        await until(lambda: load.reading.offered_a == 10)
        await for_a_while(FAST.spacing_s)
        wallbox.silent = True
        with pytest.raises(HomeAssistantError):
            await load.async_apply(16)
        offered = charger_of(entry).commander().lease.offered
        assert offered is not None
        assert load.reading.offered_a == 16
        wallbox.socket.transport.abort()
        await until(lambda: not load.reading.reachable)
        assert load.reading.link_lost_at is not None
        assert load.reading.link_lost_at >= offered.sent_at
        wallbox.silent = False


async def test_diagnostics_show_what_was_told_and_hide_who_told_it(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    shown = await async_get_config_entry_diagnostics(hass, entry)
    assert shown["chargers"][0]["limit"]["offered_a"] is None
    wallbox = await ready(entry, callers)
    await wallbox.begin(id_tag="SECRETTAG")
    await wallbox.status("Charging", timestamp=stamp(-1))
    await wallbox.measure(stamp(), None, Power_Active_Import=2300)
    await async_get_registry(hass).loads[LOAD_ID].async_apply(10)
    shown = await async_get_config_entry_diagnostics(hass, entry)
    assert shown["listening"] == entry.data[CONF_PORT]
    charger = shown["chargers"][0]
    assert charger["limit"]["offered_a"] == 10
    assert charger["connectors"][0]["power_w"] == 2300
    assert charger["remembered"]["memory"]["form"] == "stacked"
    for secret in ("SECRETTAG", IDENTITY, "0001"):
        assert secret not in str(shown)


async def test_the_profiles_on_the_wire_are_those_of_the_subentry(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    wallbox = await ready(entry, callers)
    await async_get_registry(hass).loads[LOAD_ID].async_apply(32)
    assert limit_of(wallbox.profiles[-1]) == 16
    assert [limit_of(each) for each in wallbox.profiles if is_safe(each)] == [6]
