"""The Home entry: readings in, commands out, and what a user sees."""

from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.loads.charger import ChargerControl
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    Mode,
    Reason,
)
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)

from .conftest import LOAD_ID, METER_ID, HandCharger, Life

OBSERVER = "switch.home_observe_only"


async def command(hass: HomeAssistant) -> None:
    """Switch observing off."""
    await hass.services.async_call(
        "switch", "turn_off", {"entity_id": OBSERVER}, blocking=True
    )


async def test_a_new_home_observes_and_commands_nothing(
    hass: HomeAssistant, life: Life
) -> None:
    await life.run(90, -3000)
    assert hass.states.get(OBSERVER).state == STATE_ON
    assert life.charger.told == []
    # It decides all the same, and shows it.
    controls = async_get_registry(hass).home.load(LOAD_ID)
    assert controls.decision.reason is Reason.FOLLOWING_SURPLUS


async def test_the_car_follows_the_surplus_once_observing_is_off(
    hass: HomeAssistant, life: Life
) -> None:
    await command(hass)
    await life.run(150, -3000)
    assert life.charger.told[0] == 0
    assert life.charger.told[-1] == 13
    assert all(a == 0 or a >= 6 for a in life.charger.told)


async def test_observing_again_lets_go_of_the_load(
    hass: HomeAssistant, life: Life
) -> None:
    await command(hass)
    await life.run(100, -3000)
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": OBSERVER}, blocking=True
    )
    await life.run(3, -3000)
    assert life.charger.told[-1] is None
    assert life.charger.told.count(None) == 1


async def test_an_unchanged_current_is_repeated_but_not_at_every_reading(
    hass: HomeAssistant, life: Life
) -> None:
    await command(hass)
    await life.run(150, -3000)
    before = len(life.charger.told)
    await life.run(60, -3000)
    assert 2 <= len(life.charger.told) - before <= 4


async def test_the_home_device_shows_what_the_house_does(
    hass: HomeAssistant, life: Life
) -> None:
    await life.run(12, -3000)
    states = {
        key: hass.states.get(f"sensor.home_{key}").state
        for key in (
            "grid_power",
            "surplus",
            "budget",
            "budget_current",
            "room_under_main_breaker",
            "grid_meter_state",
        )
    }
    assert float(states["grid_power"]) == -3000
    assert float(states["surplus"]) == 3000
    assert float(states["budget"]) == 3000
    assert float(states["budget_current"]) == pytest.approx(3000 / 230)
    assert float(states["room_under_main_breaker"]) == pytest.approx(40 + 3000 / 230)
    assert states["grid_meter_state"] == "fresh"
    # Without a solar sensor, neither production nor consumption is known.
    assert hass.states.get("sensor.home_solar_power").state == STATE_UNAVAILABLE
    assert hass.states.get("sensor.home_house_power").state == STATE_UNAVAILABLE
    assert (
        hass.states.get("sensor.home_room_under_subscription").state
        == STATE_UNAVAILABLE
    )


async def test_live_figures_are_written_at_most_every_ten_seconds(
    hass: HomeAssistant, life: Life
) -> None:
    writes = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: (
            writes.append(event)
            if event.data["entity_id"] == "sensor.home_grid_power"
            else None
        ),
    )
    for i in range(60):
        await life.run(1, -3000 - 40 * i)
    assert 5 <= len(writes) <= 7


async def test_a_lost_meter_stops_the_car_raises_an_issue_and_recovers(
    hass: HomeAssistant, life: Life, issue_registry
) -> None:
    await command(hass)
    await life.run(120, -3000)
    for _ in range(14):
        await life.pass_time(5)
    assert life.charger.told[-1] == 0
    assert issue_registry.async_get_issue(DOMAIN, "grid_meter_lost")
    assert hass.states.get("binary_sensor.home_grid_meter_problem").state == STATE_ON
    await life.run(3, -3000)
    assert not issue_registry.async_get_issue(DOMAIN, "grid_meter_lost")
    assert hass.states.get("binary_sensor.home_grid_meter_problem").state == STATE_OFF


async def test_a_meter_missing_at_start_is_waited_for_before_it_counts_as_lost(
    hass: HomeAssistant, life: Life, issue_registry
) -> None:
    await life.pass_time(30)
    assert not issue_registry.async_get_issue(DOMAIN, "grid_meter_lost")
    await life.pass_time(35)
    await life.pass_time(10)
    assert issue_registry.async_get_issue(DOMAIN, "grid_meter_lost")


async def test_a_changed_limit_is_taken_over_without_a_reload(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await life.run(5, 1000)
    hass.config_entries.async_update_entry(
        home_entry, data={**home_entry.data, "breaker_a": 20}
    )
    await hass.async_block_till_done()
    assert home_entry.runtime_data.engine.settings.breaker_a == 20


async def test_a_rename_disturbs_nothing(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    home_entry.runtime_data.memory.reversed_meters = {METER_ID}
    hass.config_entries.async_update_entry(home_entry, title="Chez nous")
    await hass.async_block_till_done()
    assert home_entry.runtime_data.memory.reversed_meters


async def test_target_and_margin_can_be_moved(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    for entity_id, value in (
        ("number.home_grid_target", 300),
        ("number.home_margin", 50),
    ):
        await hass.services.async_call(
            "number",
            "set_value",
            {"entity_id": entity_id, "value": value},
            blocking=True,
        )
        assert float(hass.states.get(entity_id).state) == value
    await life.run(2, -3000)
    assert home_entry.runtime_data.cycle.budget_w == 3250


class TestReload:
    """A reload of the Home must not disturb a running car."""

    async def test_a_reload_goes_on_with_the_same_engine(
        self, hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
    ) -> None:
        await command(hass)
        await life.run(120, -3000)
        coordinator = home_entry.runtime_data
        assert await hass.config_entries.async_reload(home_entry.entry_id)
        await hass.async_block_till_done()
        assert home_entry.runtime_data is coordinator
        assert None not in life.charger.told
        await life.run(3, -5000)
        assert life.charger.told[-1] > 13

    async def test_a_home_that_stays_away_lets_go_of_its_loads(
        self, hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
    ) -> None:
        await command(hass)
        await life.run(100, -3000)
        assert await hass.config_entries.async_unload(home_entry.entry_id)
        await life.pass_time(20)
        assert None not in life.charger.told
        await life.pass_time(15)
        assert life.charger.told[-1] is None

    async def test_a_disabled_home_lets_go_at_once(
        self, hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
    ) -> None:
        await command(hass)
        await life.run(100, -3000)
        from homeassistant.config_entries import ConfigEntryDisabler

        await hass.config_entries.async_set_disabled_by(
            home_entry.entry_id, ConfigEntryDisabler.USER
        )
        await hass.async_block_till_done()
        assert life.charger.told[-1] is None

    async def test_removing_the_home_forgets_what_was_saved(
        self,
        hass: HomeAssistant,
        life: Life,
        home_entry: MockConfigEntry,
        hass_storage: dict[str, object],
    ) -> None:
        await life.run(5, -3000)
        key = f"surplus.home.{home_entry.entry_id}"
        await home_entry.runtime_data.async_save()
        assert key in hass_storage
        await hass.config_entries.async_remove(home_entry.entry_id)
        await hass.async_block_till_done()
        assert key not in hass_storage
        assert async_get_registry(hass).home is None


class TestMemory:
    """Modes and switches survive a restart."""

    async def test_modes_come_back(
        self,
        hass: HomeAssistant,
        life: Life,
        home_entry: MockConfigEntry,
        hass_storage: dict[str, object],
    ) -> None:
        await command(hass)
        home = async_get_registry(hass).home
        await home.async_set_mode(LOAD_ID, Mode.BOOST)
        await home_entry.runtime_data.async_save()
        await hass.config_entries.async_unload(home_entry.entry_id)
        await life.pass_time(40)
        assert await hass.config_entries.async_setup(home_entry.entry_id)
        await hass.async_block_till_done()
        assert async_get_registry(hass).home.load(LOAD_ID).mode is Mode.BOOST
        assert hass.states.get(OBSERVER).state == STATE_OFF

    @pytest.mark.parametrize("data", [{}, {"observing": 1}, {"loads": []}])
    async def test_something_unreadable_starts_anew_and_observing(
        self,
        hass: HomeAssistant,
        hass_storage: dict[str, object],
        home_entry: MockConfigEntry,
        caplog: pytest.LogCaptureFixture,
        data: dict[str, object],
    ) -> None:
        key = f"surplus.home.{home_entry.entry_id}"
        hass_storage[key] = {
            "version": 1,
            "minor_version": 1,
            "key": key,
            "data": data,
        }
        home_entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(home_entry.entry_id)
        await hass.async_block_till_done()
        assert home_entry.state is ConfigEntryState.LOADED
        assert hass.states.get(OBSERVER).state == STATE_ON
        assert "cannot be read" in caplog.text


async def test_sources_may_come_and_go(hass: HomeAssistant, life: Life) -> None:
    registry = async_get_registry(hass)
    await command(hass)
    await life.run(100, -3000)
    del registry.loads[LOAD_ID]
    remove = registry.async_register_load(life.charger)
    remove()
    await life.run(2, -3000)
    assert registry.home.load(LOAD_ID) is None
    registry.async_register_load(life.charger)
    await life.run(5, -3000)
    assert life.charger.told[-1] >= 6


async def test_a_meter_that_comes_back_as_another_object_is_followed(
    hass: HomeAssistant, life: Life
) -> None:
    from .conftest import HandMeter

    await life.run(5, -3000)
    successor = HandMeter()
    async_get_registry(hass).async_register_meter(successor)
    successor.show(-1000)
    await hass.async_block_till_done()
    await life.pass_time(1)
    assert life.meter.listeners == []
    assert hass.states.get("sensor.home_grid_meter_state").state == "fresh"
    assert successor.source_id == METER_ID


async def test_a_refusing_charger_is_retried_and_logged_once(
    hass: HomeAssistant, life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    life.charger.refuses = True
    await command(hass)
    await life.run(60, -3000)
    assert caplog.text.count("does not take commands") == 1
    life.charger.refuses = False
    await life.run(70, -3000)
    assert caplog.text.count("takes commands again") == 1
    assert life.charger.told[-1] == 13


async def test_one_debug_line_each_and_silence_at_info(
    hass: HomeAssistant, life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    import logging

    logger = logging.getLogger("custom_components.surplus.coordinator")
    logger.setLevel(logging.INFO)
    caplog.clear()
    await life.run(3, -3000)
    assert "Grid power updated" not in caplog.text
    logger.setLevel(logging.DEBUG)
    await life.run(1, -3000)
    for text in ("Grid power updated", "PID ", "Allocated ocpp:one"):
        assert caplog.text.count(text) == 1


async def test_entities_have_stable_ids_on_one_device(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    entities = er.async_entries_for_config_entry(
        er.async_get(hass), home_entry.entry_id
    )
    assert {entity.unique_id for entity in entities} >= {
        "home_grid_power",
        "home_observer",
        "home_grid_target",
        "home_meter_problem",
    }
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), home_entry.entry_id)
    assert [device.identifiers for device in devices] == [{(DOMAIN, "home")}]


async def test_a_meter_away_for_a_moment_is_late_and_not_missing(
    hass: HomeAssistant, life: Life, issue_registry
) -> None:
    await command(hass)
    await life.run(120, -3000)
    del async_get_registry(hass).meters[METER_ID]
    async_get_registry(hass).async_listen(lambda: None)
    async_get_registry(hass)._notify()
    for _ in range(2):
        await life.pass_time(5)
    assert life.charger.told[-1] == 13
    assert not issue_registry.async_get_issue(DOMAIN, "grid_meter_lost")
    async_get_registry(hass).async_register_meter(life.meter)
    await life.run(3, -3000)
    assert life.charger.told[-1] == 13
    assert hass.states.get("sensor.home_grid_meter_state").state == "fresh"


@pytest.mark.expects_logged_errors
async def test_a_failing_cycle_is_logged_once_and_the_next_one_runs(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await command(hass)
    await life.run(100, -3000)
    engine = home_entry.runtime_data.engine
    with monkeypatch.context() as patch:
        patch.setattr(engine, "cycle", lambda _: 1 / 0)
        await life.run(5, -3000)
    assert caplog.text.count("A cycle failed") == 1
    await life.run(5, -5000)
    assert caplog.text.count("Cycles run again") == 1
    assert life.charger.told[-1] > 13


@pytest.mark.expects_logged_errors
async def test_a_load_that_cannot_be_read_costs_itself_only(
    hass: HomeAssistant, life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(HandCharger):
        """Cannot even say what it is."""

        fails = False

        @property
        def reading(self) -> ChargerReading:
            if self.fails:
                raise RuntimeError("broken")
            return ChargerReading(reachable=True, wants_power=False)

        @reading.setter
        def reading(self, value: ChargerReading) -> None:
            """Stay as it is."""

    broken = Broken(spec=ChargerSpec(load_id="ocpp:broken", name="B", priority=2))
    async_get_registry(hass).async_register_load(broken)
    broken.fails = True
    await command(hass)
    await life.run(100, -3000)
    assert life.charger.told[-1] == 13
    assert caplog.text.count("ocpp:broken cannot be read") == 1
    broken.fails = False
    await life.run(2, -3000)
    assert broken.told[-1] == 0


async def test_a_stop_does_not_wait_with_what_failed_before_it(
    hass: HomeAssistant, life: Life
) -> None:
    await command(hass)
    await life.run(100, -3000)
    life.charger.refuses = True
    await life.run(60, -5000)
    life.charger.refuses = False
    await async_get_registry(hass).home.async_set_mode(LOAD_ID, Mode.OFF)
    await life.run(1, -5000)
    assert life.charger.told[-1] == 0


@pytest.mark.expects_logged_errors
async def test_a_room_that_breaks_is_retried_with_patience(
    hass: HomeAssistant, life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(current_a: float, phases: int | None = None) -> None:
        raise RuntimeError("a bug")

    life.charger.async_apply = broken
    await command(hass)
    await life.run(60, -3000)
    assert caplog.text.count("does not take commands") == 1


async def test_what_is_worth_saving_is_saved_however_often_it_changes(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    hass_storage: dict[str, object],
) -> None:
    home_entry.runtime_data.async_set_margin(120)
    for i in range(20):
        await life.run(1, -3000)
        home_entry.runtime_data.async_set_grid_target(10 * i)
    stored = hass_storage[f"surplus.home.{home_entry.entry_id}"]
    assert stored["data"]["margin_w"] == 120


async def test_damaged_learning_is_given_up_and_the_rest_is_kept(
    hass: HomeAssistant,
    hass_storage: dict[str, object],
    home_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = f"surplus.home.{home_entry.entry_id}"
    data = {
        "observing": False,
        "grid_target_w": 50,
        "margin_w": 0,
        "sign_reversed": False,
        "loads": {},
        "engine": {"peaks": {"x": 1}},
    }
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": data}
    home_entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(home_entry.entry_id)
    assert home_entry.runtime_data.memory.grid_target_w == 50
    assert "had learned cannot be read" in caplog.text


@pytest.mark.expects_logged_errors
async def test_a_load_that_cannot_be_decided_for_is_let_go_and_logged_once(
    hass: HomeAssistant, life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    await command(hass)
    await life.run(60, -3000)
    assert life.charger.told[-1] > 6
    with patch.object(ChargerControl, "decide", side_effect=RuntimeError("a bug")):
        await life.run(5, -3000)
    assert life.charger.told[-1] is None
    assert caplog.text.count(f"Deciding for {LOAD_ID} failed") == 1
    assert caplog.text.count("RuntimeError: a bug") == 1
    assert "A cycle failed" not in caplog.text
    await life.run(5, -3000)
    assert life.charger.told[-1] is not None


async def test_a_current_refused_between_two_stops_does_not_swallow_the_second(
    hass: HomeAssistant, life: Life
) -> None:
    home = async_get_registry(hass).home
    await command(hass)
    await home.async_set_mode(LOAD_ID, Mode.OFF)
    await life.run(3, 500)
    assert life.charger.told == [0]
    life.charger.refuses = True
    await home.async_set_mode(LOAD_ID, Mode.BOOST)
    await life.run(3, 500)
    life.charger.refuses = False
    await home.async_set_mode(LOAD_ID, Mode.OFF)
    await life.run(2, 500)
    # Whatever became of the refused one, the stop is said again.
    assert life.charger.told == [0, 0]


@pytest.mark.expects_logged_errors
async def test_loads_are_left_on_their_safe_state_when_cycles_keep_failing(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await command(hass)
    await life.run(60, -3000)
    assert life.charger.told[-1] > 6
    engine = home_entry.runtime_data.engine
    with patch.object(engine, "cycle", side_effect=RuntimeError("a bug")):
        await life.run(20, 3000)
        assert life.charger.told[-1] is not None
        await life.run(20, 3000)
        assert life.charger.told[-1] is None
        issues = ir.async_get(hass)
        assert issues.async_get_issue(DOMAIN, "cycles_fail") is not None
    await life.run(5, -3000)
    assert issues.async_get_issue(DOMAIN, "cycles_fail") is None
    assert life.charger.told[-1] is not None
