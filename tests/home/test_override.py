"""A person wins: a load moved from outside, boosts with an end, and what comes next."""

from datetime import timedelta
from time import monotonic

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockEntityPlatform,
    async_capture_events,
)
import voluptuous as vol

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.model import Mode, SwitchedReading, SwitchedSpec
from custom_components.surplus.load_entities import load_entities
from custom_components.surplus.registry import LoadControls, async_get_registry
from homeassistant.const import (
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .conftest import LOAD_ID, HandCharger, Life

MODE = "select.garage_mode"
REASON = "sensor.garage_reason"
NEXT = "sensor.garage_next_event"
BOOST_END = "sensor.garage_boost_ends"
ENERGY = "sensor.garage_boost_energy_left"
OVERRIDE_END = "sensor.garage_override_ends"
RESUME = "button.garage_resume"


def controls(hass: HomeAssistant) -> LoadControls:
    home = async_get_registry(hass).home
    assert home
    found = home.load(LOAD_ID)
    assert found
    return found


@pytest.fixture
async def entities(hass: HomeAssistant, life: Life) -> Life:
    """Return a life whose charger has its control entities."""
    for platform in (Platform.SELECT, Platform.SENSOR, Platform.BUTTON):
        added = load_entities(
            platform, async_get_registry(hass), LOAD_ID, DeviceInfo(identifiers=set())
        )
        assert await async_setup_component(hass, platform, {})
        for entity in added:
            # A device needs a config entry: that of the room the load lives in.
            entity._attr_device_info = None
            entity.entity_id = (
                f"{platform}.garage_"
                + {
                    "mode": "mode",
                    "reason": "reason",
                    "next_event": "next_event",
                    "boost_end": "boost_ends",
                    "boost_energy": "boost_energy_left",
                    "override_end": "override_ends",
                    "check_result": "check_result",
                    "resume": "resume",
                    "check": "run_check",
                }[entity.unique_id.removeprefix(f"{LOAD_ID}_")]
            )
        await MockEntityPlatform(
            hass, domain=platform, platform_name=DOMAIN
        ).async_add_entities(added)
    return life


async def set_mode(hass: HomeAssistant, **data: object) -> None:
    await hass.services.async_call(
        DOMAIN, "set_mode", {"entity_id": MODE, **data}, blocking=True
    )


async def commanding(life: Life, home_entry: MockConfigEntry) -> None:
    home_entry.runtime_data.async_set_observing(False)
    await life.run(3, 500)


async def test_a_load_moved_by_hand_stays_so_for_an_hour_and_goes_back(
    hass: HomeAssistant, entities: Life, home_entry: MockConfigEntry
) -> None:
    life = entities
    await commanding(life, home_entry)
    life.charger.taken_over = 8.0
    moved = dt_util.utcnow()
    await life.run(2, 500)
    assert hass.states.get(MODE).state == "manual"
    assert controls(hass).manual_value == 8.0
    assert hass.states.get(REASON).attributes["value"] == 8.0
    end = dt_util.parse_datetime(hass.states.get(OVERRIDE_END).state)
    assert abs(end - moved - timedelta(hours=1)) < timedelta(seconds=3)
    assert hass.states.get(REASON).attributes["until"].startswith(end.isoformat()[:19])
    assert hass.states.get(NEXT).attributes["event"] == "end_of_override"
    for _ in range(7):
        await life.pass_time(600)
        await life.run(2, 500)
    assert hass.states.get(MODE).state == "solar"
    assert hass.states.get(OVERRIDE_END).state == STATE_UNKNOWN


async def test_an_override_that_has_ended_does_not_begin_again(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await commanding(life, home_entry)
    # This source does not notice that it was told something else.
    life.charger.async_apply = lambda *_: life.charger.async_release()
    life.charger.taken_over = 8.0
    await life.run(2, 500)
    home = async_get_registry(hass).home
    assert home
    await home.async_resume(LOAD_ID)
    await life.run(30, 500)
    assert controls(hass).mode is Mode.SOLAR
    # Moved again, it is an override again.
    life.charger.taken_over = 9.0
    await life.run(2, 500)
    assert controls(hass).mode is Mode.MANUAL


async def test_turned_off_by_hand_is_a_set_point_of_nothing(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await commanding(life, home_entry)
    await life.run(60, -4000)
    life.charger.taken_over = 0.0
    await life.run(2, -4000)
    assert controls(hass).mode is Mode.MANUAL
    assert controls(hass).manual_value == 0.0


async def test_whoever_only_observes_is_not_overridden(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    life.charger.taken_over = 8.0
    await life.run(5, 500)
    assert controls(hass).mode is Mode.SOLAR
    # Nor when commanding begins: it was moved before.
    home_entry.runtime_data.async_set_observing(False)
    await life.run(5, 500)
    assert controls(hass).mode is Mode.SOLAR


async def test_how_long_an_override_lasts_is_a_setting_and_may_be_for_ever(
    hass: HomeAssistant, entities: Life, home_entry: MockConfigEntry
) -> None:
    life = entities
    setting = "select.home_overrides_last"
    assert hass.states.get(setting).state == "1_hour"
    await commanding(life, home_entry)
    for option, seconds in (("15_minutes", 900), ("for_ever", None)):
        await hass.services.async_call(
            "select",
            "select_option",
            {"entity_id": setting, "option": option},
            blocking=True,
        )
        assert hass.states.get(setting).state == option
        life.charger.taken_over = 7.0 if seconds else 9.0
        await life.run(2, 500)
        until = controls(hass).override_until
        if seconds is None:
            assert until is None
        else:
            left_s = (until - dt_util.utcnow()).total_seconds()
            assert seconds - 3 <= left_s <= seconds
    await life.pass_time(7 * 24 * 3600)
    await life.run(2, 500)
    assert hass.states.get(MODE).state == "manual"


async def test_the_resume_button_brings_the_mode_before_back(
    hass: HomeAssistant, entities: Life, home_entry: MockConfigEntry
) -> None:
    life = entities
    await commanding(life, home_entry)
    await set_mode(hass, mode="eco")
    assert hass.states.get(RESUME).state == STATE_UNAVAILABLE
    life.charger.taken_over = 8.0
    await life.run(2, 500)
    assert hass.states.get(RESUME).state != STATE_UNAVAILABLE
    await hass.services.async_call(
        "button", "press", {"entity_id": RESUME}, blocking=True
    )
    assert hass.states.get(MODE).state == "eco"
    assert hass.states.get(RESUME).state == STATE_UNAVAILABLE


async def test_the_resume_action_does_nothing_where_nothing_passes(
    hass: HomeAssistant, entities: Life
) -> None:
    await set_mode(hass, mode="boost", duration="01:00:00")
    for _ in range(2):
        await hass.services.async_call(
            DOMAIN, "resume", {"entity_id": MODE}, blocking=True
        )
        assert hass.states.get(MODE).state == "solar"


async def test_an_override_and_a_boost_by_energy_survive_a_restart(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await commanding(life, home_entry)
    home = async_get_registry(hass).home
    assert home
    await home.async_set_mode(LOAD_ID, Mode.BOOST, energy_kwh=5.0)
    await life.run(60, 500)
    life.charger.taken_over = 8.0
    await life.run(2, 500)
    before = home_entry.runtime_data.memory.loads[LOAD_ID]
    await hass.config_entries.async_unload(home_entry.entry_id)
    await life.pass_time(40)
    assert await hass.config_entries.async_setup(home_entry.entry_id)
    await life.run(2, 500)
    after = home_entry.runtime_data.memory.loads[LOAD_ID]
    assert after.passing[0].mode is Mode.BOOST
    assert after.passing[0].energy_wh == pytest.approx(before.passing[0].energy_wh)
    assert after.passing[0].energy_wh < 5000
    assert controls(hass).mode is Mode.MANUAL
    assert controls(hass).manual_value == 8.0


async def test_manual_chosen_in_the_select_keeps_the_present_set_point(
    hass: HomeAssistant, entities: Life, home_entry: MockConfigEntry
) -> None:
    life = entities
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call(
            "select",
            "select_option",
            {"entity_id": MODE, "option": "manual"},
            blocking=True,
        )
    assert refused.value.translation_key == "manual_needs_value"
    await commanding(life, home_entry)
    await life.run(150, -3000)
    await hass.services.async_call(
        "select",
        "select_option",
        {"entity_id": MODE, "option": "manual"},
        blocking=True,
    )
    assert controls(hass).manual_value == 13
    # Chosen by a person, it stays until a person ends it.
    assert hass.states.get(OVERRIDE_END).state == STATE_UNKNOWN
    assert controls(hass).resumable


async def test_a_set_point_may_be_given_for_a_time(
    hass: HomeAssistant, entities: Life
) -> None:
    await entities.run(2, 500)
    await set_mode(hass, mode="manual", value=10, duration="00:10:00")
    assert controls(hass).manual_value == 10
    await entities.run(2, 500)
    assert hass.states.get(NEXT).attributes["event"] == "end_of_override"
    await entities.pass_time(610)
    await entities.run(2, 500)
    assert hass.states.get(MODE).state == "solar"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"mode": "solar", "energy": 3}, "energy_needs_boost"),
        ({"mode": "boost", "value": 3}, "value_needs_manual"),
        ({"mode": "manual", "value": -3}, "value_below_zero"),
    ],
)
async def test_what_does_not_go_together_is_refused_in_words(
    hass: HomeAssistant, entities: Life, data: dict[str, object], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await set_mode(hass, **data)
    assert refused.value.translation_key == key
    assert hass.states.get(MODE).state == "solar"


@pytest.mark.parametrize("energy", [0, -1, 10_000, "much"])
async def test_an_absurd_energy_is_refused(
    hass: HomeAssistant, entities: Life, energy: object
) -> None:
    with pytest.raises(vol.Invalid):
        await set_mode(hass, mode="boost", energy=energy)


async def test_a_switched_load_is_not_offered_what_makes_no_sense(
    hass: HomeAssistant, entities: Life
) -> None:
    assert "min_solar" in hass.states.get(MODE).attributes["options"]
    switched = HandCharger(
        spec=SwitchedSpec(load_id="home:pump", name="Pump", priority=2),
        reading=SwitchedReading(reachable=True),
    )
    registry = async_get_registry(hass)
    registry.loads["home:pump"] = switched
    assert registry.home
    shown = registry.home.load("home:pump")
    assert shown
    assert Mode.MIN_SOLAR not in shown.modes
    with pytest.raises(ServiceValidationError) as refused:
        await registry.home.async_set_mode("home:pump", Mode.MIN_SOLAR)
    assert refused.value.translation_key == "mode_makes_no_sense"


async def test_a_boost_by_energy_shows_what_is_left_and_ends_when_it_was_taken(
    hass: HomeAssistant, entities: Life, home_entry: MockConfigEntry
) -> None:
    life = entities
    await commanding(life, home_entry)
    await set_mode(hass, mode="boost", energy=1)
    assert hass.states.get(ENERGY).state == "1.0"
    started = monotonic()
    while controls(hass).mode is Mode.BOOST:
        await life.run(5, 300)
        assert monotonic() - started < 900
    # 1 kWh at 32 A.
    assert monotonic() - started == pytest.approx(3600 / (32 * 0.23), abs=15)
    assert hass.states.get(ENERGY).state == STATE_UNKNOWN


async def test_the_end_of_a_boost_by_energy_is_foreseen_from_its_power(
    hass: HomeAssistant, entities: Life, home_entry: MockConfigEntry
) -> None:
    life = entities
    await commanding(life, home_entry)
    await set_mode(hass, mode="boost", energy=7.36)
    await life.run(20, 300)
    assert hass.states.get(NEXT).attributes["event"] == "end_of_boost"
    end = dt_util.parse_datetime(hass.states.get(NEXT).state)
    assert (end - dt_util.utcnow()).total_seconds() == pytest.approx(3600, abs=40)


async def test_what_nobody_measures_is_counted_as_it_was_told(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    async def deaf(value: float, phases: int | None = None) -> None:
        """Take a command, measure nothing."""

    life.charger.async_apply = deaf
    await commanding(life, home_entry)
    home = async_get_registry(hass).home
    assert home
    await home.async_set_mode(LOAD_ID, Mode.BOOST, energy_kwh=1.0)
    for _ in range(40):
        await life.run(1, 300)
    left = controls(hass).boost_energy_kwh
    assert left is not None
    assert left < 1.0
    # Out of reach, nobody knows what it takes.
    life.charger.update(reachable=False)
    before = home_entry.runtime_data.memory.loads[LOAD_ID].top.energy_wh
    await life.run(20, 300)
    assert home_entry.runtime_data.memory.loads[LOAD_ID].top.energy_wh == before


async def test_an_observer_counts_only_what_is_measured(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    home = async_get_registry(hass).home
    assert home
    await home.async_set_mode(LOAD_ID, Mode.BOOST, energy_kwh=1.0)
    await life.run(30, 300)
    assert home_entry.runtime_data.memory.loads[LOAD_ID].top.energy_wh == 1000.0


async def test_the_next_event_is_written_when_it_moves_and_not_with_every_reading(
    hass: HomeAssistant, entities: Life
) -> None:
    life = entities
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    await life.run(10, 500)
    assert hass.states.get(NEXT).attributes["event"] == "start"
    assert hass.states.get(NEXT).state == STATE_UNKNOWN
    await life.run(300, -4000)
    assert hass.states.get(NEXT).attributes["event"] == "end_of_minimum_run"
    at = dt_util.parse_datetime(hass.states.get(NEXT).state)
    assert 0 < (at - dt_util.utcnow()).total_seconds() <= 300
    written = [event for event in events if event.data["entity_id"] == NEXT]
    assert len(written) <= 8


async def test_events_of_loads_are_told_while_home_is_there_only(
    hass: HomeAssistant, entities: Life, home_entry: MockConfigEntry
) -> None:
    await entities.run(5, 500)
    await hass.config_entries.async_unload(home_entry.entry_id)
    await hass.async_block_till_done()
    for entity_id in (MODE, NEXT, ENERGY, OVERRIDE_END, RESUME, REASON, BOOST_END):
        assert hass.states.get(entity_id).state == STATE_UNAVAILABLE
