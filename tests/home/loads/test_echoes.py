"""Devices that answer late, rounded or piecemeal are not persons; persons are heard."""

import asyncio
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from homeassistant.core import Context, HomeAssistant, ServiceCall

from ..conftest import Life
from .conftest import CHARGER, HEATER, SWITCHED, Add, load_of

AMPS, SWITCH, ROUTER = "number.a", "switch.c", "number.r"
MY_CHARGER = {**CHARGER, "current_entity": AMPS, "switch_entity": SWITCH}
MY_HEATER = {**HEATER, "command_entity": ROUTER}


@pytest.fixture(autouse=True)
def silent(hass: HomeAssistant) -> None:
    """Take every order and show nothing of it: tests show it when the device does."""
    async_mock_service(hass, "number", "set_value")
    async_mock_service(hass, "switch", "turn_on")
    async_mock_service(hass, "switch", "turn_off")


async def show(hass: HomeAssistant, entity_id: str, value: object) -> None:
    attributes = {}
    if entity_id == AMPS:
        attributes = {"min": 6, "max": 32, "step": 0.1}
    elif entity_id == ROUTER:
        attributes = {"min": 0, "max": 2400, "step": 1, "unit_of_measurement": "W"}
    hass.states.async_set(entity_id, str(value), attributes)
    await hass.async_block_till_done()


async def test_an_order_before_the_last_two_that_shows_late_is_ours(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await show(hass, ROUTER, 500)
    load = load_of(hass, home_entry, await add("heater", MY_HEATER))
    for value in (1000, 1500, 1200):
        await load.async_apply(value)
        freezer.tick(2)
    await show(hass, ROUTER, 1000)
    assert load.taken_over is None


async def test_a_device_always_late_while_told_each_second_is_no_person(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await show(hass, ROUTER, 0)
    load = load_of(hass, home_entry, await add("heater", MY_HEATER))
    orders = [900 + 400 * (second * 7 % 5) for second in range(60)]
    for second, order in enumerate(orders):
        await load.async_apply(order)
        if second >= 5:
            await show(hass, ROUTER, orders[second - 5])
        assert load.taken_over is None
        freezer.tick(1)


@pytest.mark.parametrize("wait_s", [5, 30, 60])
async def test_rounding_seen_at_the_first_poll_is_no_person(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    wait_s: float,
) -> None:
    await show(hass, ROUTER, 0)
    await show(hass, AMPS, 16)
    await show(hass, SWITCH, "on")
    heater = load_of(hass, home_entry, await add("heater", MY_HEATER))
    charger = load_of(
        hass, home_entry, await add("entity_charger", {**MY_CHARGER, "step_a": 0.1})
    )
    await heater.async_apply(1234)
    await charger.async_apply(10.4)
    freezer.tick(wait_s)
    await show(hass, ROUTER, 1250)
    await show(hass, AMPS, 10)
    assert heater.taken_over is None
    assert charger.taken_over is None


async def test_an_older_order_seen_by_a_slow_poll_is_ours_and_only_once(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await show(hass, AMPS, 6)
    await show(hass, SWITCH, "on")
    load = load_of(hass, home_entry, await add("entity_charger", MY_CHARGER))
    await load.async_apply(10)
    freezer.tick(10)
    await load.async_apply(16)
    freezer.tick(17)
    await show(hass, AMPS, 10)
    assert load.taken_over is None
    await show(hass, AMPS, 16)
    freezer.tick(30)
    await show(hass, AMPS, 10)
    assert load.taken_over == 10


async def test_a_switch_that_shows_before_its_number_is_no_person(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await show(hass, AMPS, 16)
    await show(hass, SWITCH, "off")
    load = load_of(hass, home_entry, await add("entity_charger", MY_CHARGER))
    await load.async_apply(0)
    freezer.tick(10)
    await load.async_apply(6)
    freezer.tick(1)
    await show(hass, SWITCH, "on")
    assert load.taken_over is None
    await show(hass, AMPS, 6)
    assert load.taken_over is None


async def test_the_level_of_what_is_off_makes_no_difference(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    await show(hass, AMPS, 16)
    await show(hass, SWITCH, "on")
    load = load_of(hass, home_entry, await add("entity_charger", MY_CHARGER))
    await load.async_apply(10)
    await load.async_apply(0)
    await show(hass, SWITCH, "off")
    hass.states.async_set(AMPS, "20", {"min": 6}, context=Context(user_id="me"))
    await hass.async_block_till_done()
    assert load.taken_over is None


@pytest.mark.parametrize(("plug", "taken"), [("off", None), ("on", 0)])
async def test_a_switch_that_goes_off_with_the_vehicle_is_no_person(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    plug: str,
    taken: float | None,
) -> None:
    await show(hass, AMPS, 10)
    await show(hass, SWITCH, "on")
    data = {**MY_CHARGER, "vehicle_entity": "sensor.plug", "vehicle_states": ["on"]}
    load = load_of(hass, home_entry, await add("entity_charger", data))
    await load.async_apply(10)
    freezer.tick(600)
    await show(hass, "sensor.plug", plug)
    await show(hass, SWITCH, "off")
    assert load.taken_over == taken


@pytest.mark.parametrize("by", ["itself", "person"])
async def test_without_a_sensor_a_charger_that_goes_off_by_itself_is_no_person(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    by: str,
) -> None:
    await show(hass, AMPS, 10)
    await show(hass, SWITCH, "on")
    load = load_of(hass, home_entry, await add("entity_charger", MY_CHARGER))
    turned_on = async_mock_service(hass, "switch", "turn_on")
    await load.async_apply(10)
    freezer.tick(600)
    context = Context(user_id="me" if by == "person" else None)
    hass.states.async_set(SWITCH, "off", context=context)
    await hass.async_block_till_done()
    assert load.taken_over == (0 if by == "person" else None)
    # It has had enough: it is believed, and asked again for whoever comes next.
    assert load.reading.wants_power is (by == "person")
    freezer.tick(890)
    assert load.reading.wants_power is (by == "person")
    freezer.tick(20)
    assert load.reading.wants_power
    if by == "itself":
        await load.async_apply(10)
        assert len(turned_on) == 1


async def test_one_that_is_on_again_is_believed_too(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await show(hass, AMPS, 10)
    await show(hass, SWITCH, "on")
    load = load_of(hass, home_entry, await add("entity_charger", MY_CHARGER))
    await load.async_apply(10)
    freezer.tick(600)
    await show(hass, SWITCH, "off")
    assert not load.reading.wants_power
    await show(hass, SWITCH, "on")
    assert load.reading.wants_power


async def test_a_plugs_own_button_counts_once_our_order_has_arrived(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await show(hass, SWITCH, "off")
    load = load_of(
        hass, home_entry, await add("switched", {**SWITCHED, "switch_entity": SWITCH})
    )
    await load.async_apply(1)
    await show(hass, SWITCH, "on")
    freezer.tick(8)
    await show(hass, SWITCH, "off")
    assert load.taken_over == 0


async def test_a_stop_while_a_command_is_on_its_way_is_not_undone(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    await show(hass, AMPS, 10)
    await show(hass, SWITCH, "on")
    load = load_of(hass, home_entry, await add("entity_charger", MY_CHARGER))
    await load.async_apply(10)
    begun, answer = asyncio.Event(), asyncio.Event()

    async def slow(call: ServiceCall) -> None:
        begun.set()
        await answer.wait()
        hass.states.async_set(
            AMPS, str(call.data["value"]), {"min": 6}, context=call.context
        )

    hass.services.async_register("number", "set_value", slow)
    turned_on: list[Any] = async_mock_service(hass, "switch", "turn_on")
    telling = hass.async_create_task(load.async_apply(12))
    await begun.wait()
    hass.states.async_set(SWITCH, "off", context=Context(user_id="me"))
    await asyncio.sleep(0)
    assert load.taken_over == 0
    answer.set()
    await telling
    await hass.async_block_till_done()
    assert load.taken_over == 0
    assert load.reading.offered_a == 0
    assert turned_on == []


@pytest.mark.parametrize("first", ["switch", "plug", "person"])
async def test_when_the_vehicle_has_left_the_next_one_is_charged_by_the_sun(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    life: Life,
    first: str,
) -> None:
    await show(hass, AMPS, 10)
    await show(hass, SWITCH, "on")
    await show(hass, "sensor.plug", "on")
    data = {**MY_CHARGER, "vehicle_entity": "sensor.plug", "vehicle_states": ["on"]}
    await add("entity_charger", data, "Car")
    home = home_entry.runtime_data
    home.async_set_override(None)
    life.charger.update(wants_power=False)
    home.async_set_observing(False)
    await life.run(60, -4000)
    if first == "person":
        hass.states.async_set(AMPS, "7", {"min": 6}, context=Context(user_id="me"))
        await life.run(3, -4000)
        assert hass.states.get("select.car_mode").state == "manual"
    order = [(SWITCH, "off"), ("sensor.plug", "off")]
    for entity_id, state in reversed(order) if first == "plug" else order:
        await show(hass, entity_id, state)
        await life.run(2, -4000)
    if first == "person":
        # It may still be only a pause.
        assert hass.states.get("select.car_mode").state == "manual"
    await life.run(15, -4000)
    assert hass.states.get("select.car_mode").state == "solar"
    await show(hass, "sensor.plug", "on")
    await life.run(5, -4000)
    assert hass.states.get("select.car_mode").state == "solar"
