"""Several grid meters: who controls, who protects, and what a user is told of them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.check import CheckEnd, Sign
from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.replay import replay
from custom_components.surplus.registry import async_get_registry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.issue_registry import IssueRegistry
from homeassistant.setup import async_setup_component

from .conftest import LOAD_ID, METER_ID, HandCharger, HandMeter, Life

INVERTER_ID = "solaredge:7E012345"
IN_USE = "sensor.home_grid_meter_in_use"
STATE = "sensor.home_grid_meter_state"


class SlowlyBroken(HandMeter):
    """Cannot be read any more from some moment on."""

    broken = False

    def __getattribute__(self, name: str) -> Any:
        if name == "knows_direction" and self.broken:
            raise RuntimeError("a bug")
        return super().__getattribute__(name)


@dataclass
class House:
    """An inverter's meter first, then a Linky; both see the same grid."""

    life: Life
    inverter: HandMeter
    linky: HandMeter
    entry: MockConfigEntry
    clamp: float = 1.0
    inverter_works: bool = True
    linky_works: bool = True

    async def run(self, seconds: int, base_w: float) -> None:
        """Let time pass, both meters reporting each second while they work."""
        life = self.life
        for _ in range(seconds):
            await life.pass_time(1)
            grid_w = base_w + (life.charger.reading.power_w or 0.0)
            life.charger.update(power_at=monotonic())
            if self.inverter_works:
                self.inverter.show(self.clamp * grid_w)
            if self.linky_works:
                self.linky.show(grid_w, subscribed_va=9000.0, overload=grid_w > 9000)
            await life.hass.async_block_till_done(wait_background_tasks=True)

    def state(self, entity_id: str) -> str:
        state = self.life.hass.states.get(entity_id)
        assert state
        return state.state


@pytest.fixture
def home_entry(home_entry: MockConfigEntry) -> MockConfigEntry:
    return MockConfigEntry(
        domain=DOMAIN,
        title="Home",
        unique_id="home",
        minor_version=3,
        data={**home_entry.data, "grid_meters": [INVERTER_ID, METER_ID]},
    )


@pytest.fixture
def inverter() -> HandMeter:
    return HandMeter(source_id=INVERTER_ID, name="SolarEdge")


@pytest.fixture
async def house(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    inverter: HandMeter,
) -> House:
    async_get_registry(hass).async_register_meter(inverter)
    home_entry.runtime_data.async_set_observing(False)
    await hass.async_block_till_done()
    return House(life, inverter, life.meter, home_entry)


async def test_the_first_one_controls_and_the_home_says_which(house: House) -> None:
    await house.run(5, 800)
    assert house.state(IN_USE) == "SolarEdge"
    assert house.state(STATE) == "fresh"
    house.clamp = 0.5
    await house.run(12, 800)
    assert float(house.state("sensor.home_grid_power")) == 400


async def test_the_linky_protects_while_the_inverter_controls(house: House) -> None:
    house.clamp = 0.7
    home = async_get_registry(house.life.hass).home
    assert home
    await home.async_set_mode(LOAD_ID, Mode.BOOST)
    await house.run(60, 4000)
    drawn_w = 4000 + (house.life.charger.reading.power_w or 0.0)
    assert 8500 < drawn_w <= 9000
    assert float(house.state("sensor.home_room_under_subscription")) < 300


async def test_an_overload_that_the_linky_sees_is_decided_on_at_once(
    house: House,
) -> None:
    await house.run(5, 800)
    before = house.entry.runtime_data.cycle
    # Not a moment later than the reading before it.
    house.linky.show(9500, subscribed_va=9000.0)
    first = house.entry.runtime_data.cycle
    assert first is not before
    house.linky.show(9600, subscribed_va=9000.0)
    assert house.entry.runtime_data.cycle is first
    await house.life.pass_time(1)
    assert house.entry.runtime_data.cycle is not first


async def test_a_cycle_that_was_due_is_not_run_once_more_after_an_overload(
    house: House,
) -> None:
    await house.run(5, 800)
    coordinator = house.entry.runtime_data
    # Too soon after the last one: it waits for its turn.
    house.inverter.show(900)
    house.linky.show(9500, subscribed_va=9000.0)
    cycle = coordinator.cycle
    assert cycle.grid_w == 900
    await house.life.pass_time(0.5)
    assert coordinator.cycle is cycle


async def test_what_the_linky_shows_beside_is_otherwise_no_reason_to_decide(
    house: House,
) -> None:
    await house.run(5, 800)
    await house.life.pass_time(1)
    before = house.entry.runtime_data.cycle
    house.linky.show(900, subscribed_va=9000.0)
    await house.life.pass_time(1)
    assert house.entry.runtime_data.cycle is before
    house.inverter.show(900)
    assert house.entry.runtime_data.cycle is not before


async def test_a_lost_one_yields_without_an_issue_and_takes_over_when_it_is_back(
    house: House, issue_registry: IssueRegistry
) -> None:
    await house.run(120, -3000)
    assert house.life.charger.told[-1] == 13
    house.inverter_works = False
    await house.run(30, -3000)
    assert house.state(IN_USE) == "SolarEdge"
    assert house.state(STATE) == "stale"
    await house.run(32, -3000)
    assert house.state(IN_USE) == "Linky"
    assert house.state(STATE) == "fresh"
    await house.run(60, -3000)
    assert house.life.charger.told[-1] == 13
    assert not issue_registry.async_get_issue(DOMAIN, "grid_meter_lost")
    house.inverter_works = True
    await house.run(30, -3000)
    assert house.state(IN_USE) == "Linky"
    await house.run(2, -3000)
    assert house.state(IN_USE) == "SolarEdge"
    assert house.life.charger.told[-1] == 13


async def test_one_that_sleeps_yields_at_once_and_a_night_of_sleep_is_no_loss(
    house: House, issue_registry: IssueRegistry
) -> None:
    await house.run(5, 800)
    house.inverter_works, house.inverter.asleep = False, True
    await house.run(1, 800)
    assert house.state(IN_USE) == "Linky"
    # Alone it is no fault either, though nobody knows what the grid does.
    house.entry.runtime_data.hass.config_entries.async_update_entry(
        house.entry, data={**house.entry.data, "grid_meters": [INVERTER_ID]}
    )
    await house.run(80, 800)
    assert house.state(STATE) == "lost"
    assert not issue_registry.async_get_issue(DOMAIN, "grid_meter_lost")
    house.inverter.asleep = False
    await house.run(10, 800)
    issue = issue_registry.async_get_issue(DOMAIN, "grid_meter_lost")
    assert issue
    assert issue.translation_placeholders == {"meter": "SolarEdge"}


async def test_when_all_are_lost_those_that_should_report_are_named(
    house: House, issue_registry: IssueRegistry
) -> None:
    await house.run(5, 800)
    house.inverter_works = house.linky_works = False
    await house.run(70, 800)
    issue = issue_registry.async_get_issue(DOMAIN, "grid_meter_lost")
    assert issue
    assert issue.translation_placeholders == {"meter": "SolarEdge, Linky"}
    house.inverter.asleep = True
    await house.run(10, 800)
    issue = issue_registry.async_get_issue(DOMAIN, "grid_meter_lost")
    assert issue
    assert issue.translation_placeholders == {"meter": "Linky"}
    house.linky_works = True
    await house.run(2, 800)
    assert not issue_registry.async_get_issue(DOMAIN, "grid_meter_lost")


async def test_a_frozen_one_does_not_let_a_car_draw_from_the_grid_for_ever(
    house: House, issue_registry: IssueRegistry
) -> None:
    home = async_get_registry(house.life.hass).home
    assert home
    await home.async_set_mode(LOAD_ID, Mode.SOLAR)
    house.inverter_works = False
    for second in range(900):
        house.inverter.show(-1500.0)
        await house.run(1, -3000 if second < 60 else 500)
        if second == 200:
            assert house.life.charger.reading.power_w == 7360
    assert house.state(IN_USE) == "Linky"
    assert house.life.charger.reading.power_w == 0
    issue = issue_registry.async_get_issue(DOMAIN, "grid_meters_disagree")
    assert issue
    assert issue.translation_placeholders
    assert issue.translation_placeholders["first"] == "SolarEdge"


async def test_a_linky_in_historic_mode_leaves_control_to_who_knows_direction(
    hass: HomeAssistant, house: House
) -> None:
    hass.config_entries.async_update_entry(
        house.entry, data={**house.entry.data, "grid_meters": [METER_ID, INVERTER_ID]}
    )
    house.linky.knows_direction = False
    await house.run(5, -2000)
    assert house.state(IN_USE) == "SolarEdge"
    assert float(house.state("sensor.home_surplus")) == 2000
    assert house.state("sensor.home_room_under_subscription") != "unavailable"


async def test_another_order_is_followed_without_a_reload(
    hass: HomeAssistant, house: House
) -> None:
    await house.run(5, 800)
    coordinator = house.entry.runtime_data
    hass.config_entries.async_update_entry(
        house.entry, data={**house.entry.data, "grid_meters": [METER_ID, INVERTER_ID]}
    )
    await hass.async_block_till_done()
    await house.run(2, 800)
    assert house.state(IN_USE) == "Linky"
    assert house.entry.runtime_data is coordinator


async def test_one_taken_off_the_list_is_followed_no_more(
    hass: HomeAssistant, house: House
) -> None:
    await house.run(5, 800)
    assert len(house.inverter.listeners) == 1
    hass.config_entries.async_update_entry(
        house.entry, data={**house.entry.data, "grid_meters": [METER_ID]}
    )
    await hass.async_block_till_done()
    assert house.inverter.listeners == []
    assert len(house.linky.listeners) == 1


async def test_a_reload_keeps_who_controls(hass: HomeAssistant, house: House) -> None:
    await house.run(5, 800)
    house.inverter.asleep = True
    house.inverter_works = False
    await house.run(2, 800)
    await hass.config_entries.async_reload(house.entry.entry_id)
    await hass.async_block_till_done()
    assert len(house.inverter.listeners) == len(house.linky.listeners) == 1
    await house.run(2, 800)
    assert house.state(IN_USE) == "Linky"


async def test_a_sleeping_one_whose_entry_is_away_for_a_moment_is_still_asleep(
    hass: HomeAssistant,
    house: House,
    issue_registry: IssueRegistry,
) -> None:
    registry = async_get_registry(hass)
    hass.config_entries.async_update_entry(
        house.entry, data={**house.entry.data, "grid_meters": [INVERTER_ID]}
    )
    await house.run(5, 800)
    house.inverter.asleep, house.inverter_works = True, False
    await house.run(80, 800)
    del registry.meters[INVERTER_ID]
    registry._notify()
    await house.run(10, 800)
    assert not issue_registry.async_get_issue(DOMAIN, "grid_meter_lost")


async def test_a_record_over_changes_of_meter_is_replayed_exactly(
    hass: HomeAssistant, house: House
) -> None:
    await house.run(40, -3000)
    house.inverter_works = False
    await house.run(80, -2000)
    house.linky.show(9500, subscribed_va=9000.0, overload=True)
    house.inverter_works = True
    await house.run(60, -3000)
    hass.config_entries.async_update_entry(
        house.entry, data={**house.entry.data, "grid_meters": [METER_ID, INVERTER_ID]}
    )
    await house.run(20, -3000)
    lines = await house.entry.runtime_data.recorder.async_export()
    steps = list(replay(lines))
    assert sum("new_meter" in line for line in lines) >= 4
    assert len(steps) >= 180
    assert not [step.difference for step in steps if step.difference]


@pytest.mark.expects_logged_errors
async def test_a_meter_that_cannot_be_read_costs_itself_only(
    hass: HomeAssistant, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.run(5, 800)
    broken = SlowlyBroken(source_id=INVERTER_ID, name="SolarEdge")
    async_get_registry(hass).async_register_meter(broken)
    house.inverter = broken
    await house.run(3, 800)
    broken.broken = True
    await house.run(62, 800)
    assert house.state(IN_USE) == "Linky"
    assert caplog.text.count(f"{INVERTER_ID} cannot be read") == 1
    assert "A cycle failed" not in caplog.text
    broken.broken = False
    await house.run(35, 800)
    assert house.state(IN_USE) == "SolarEdge"


class TestDisagreement:
    """Two meters that cannot both be right."""

    async def test_it_is_told_with_both_names_and_withdrawn(
        self, house: House, issue_registry: IssueRegistry
    ) -> None:
        house.life.charger.update(wants_power=False)
        house.clamp = -1.0
        await house.run(595, 2000)
        assert not issue_registry.async_get_issue(DOMAIN, "grid_meters_disagree")
        await house.run(70, 2000)
        issue = issue_registry.async_get_issue(DOMAIN, "grid_meters_disagree")
        assert issue
        assert issue.translation_placeholders == {
            "first": "SolarEdge",
            "first_w": "-2000",
            "second": "Linky",
            "second_w": "2000",
        }
        house.clamp = 1.0
        await house.run(400, 2000)
        assert issue_registry.async_get_issue(DOMAIN, "grid_meters_disagree")
        await house.run(300, 2000)
        assert not issue_registry.async_get_issue(DOMAIN, "grid_meters_disagree")

    async def test_it_goes_with_another_list_and_with_the_home(
        self, hass: HomeAssistant, house: House, issue_registry: IssueRegistry
    ) -> None:
        house.clamp = -1.0
        await house.run(670, 2000)
        assert issue_registry.async_get_issue(DOMAIN, "grid_meters_disagree")
        await hass.config_entries.async_remove(house.entry.entry_id)
        assert not issue_registry.async_get_issue(DOMAIN, "grid_meters_disagree")


class TestSign:
    """Whether a meter counts the right way round is known of each by itself."""

    async def test_a_reversed_first_meter_does_not_poison_the_second(
        self, hass: HomeAssistant, house: House, issue_registry: IssueRegistry
    ) -> None:
        house.clamp = -1.0
        await house.run(5, 800)
        home = async_get_registry(hass).home
        assert home
        task = asyncio.create_task(home.async_check(LOAD_ID))
        for _ in range(200):
            await house.run(1, 800)
            if task.done():
                break
        assert (await task).sign is Sign.REVERSED
        issue = issue_registry.async_get_issue(DOMAIN, "sign_reversed")
        assert issue
        assert issue.translation_placeholders == {"meter": "SolarEdge"}
        await house.run(30, -3000)
        controls = home.load(LOAD_ID)
        assert controls
        assert controls.decision
        assert controls.decision.reason is Reason.SIGN_REVERSED
        house.inverter_works, house.inverter.asleep = False, True
        await house.run(120, -3000)
        assert house.life.charger.told[-1] == 13
        # It is still the inverter's meter that must be mended.
        assert issue_registry.async_get_issue(DOMAIN, "sign_reversed")
        house.inverter_works, house.inverter.asleep = True, False
        await house.run(40, -3000)
        assert house.life.charger.told[-1] in (0, None)
        # Another order mends nothing.
        hass.config_entries.async_update_entry(
            house.entry,
            data={**house.entry.data, "grid_meters": [METER_ID, INVERTER_ID]},
        )
        await hass.async_block_till_done()
        assert house.entry.runtime_data.memory.reversed_meters == {INVERTER_ID}
        await house.run(120, -3000)
        assert house.life.charger.told[-1] == 13

    async def test_a_sensor_whose_meaning_is_turned_round_is_trusted_again(
        self, hass: HomeAssistant, house: House, issue_registry: IssueRegistry
    ) -> None:
        entry, memory = house.entry, house.entry.runtime_data.memory
        sensor = {"power_entity": "sensor.grid", "sign": "import"}
        meters = {"grid_meters": ["entity", INVERTER_ID]}
        reversed_meters = {"entity:sensor.grid", INVERTER_ID}

        async def change(**data: object) -> None:
            hass.config_entries.async_update_entry(entry, data={**entry.data, **data})
            await hass.async_block_till_done()

        await change(**meters, **sensor)
        memory.reversed_meters = set(reversed_meters)
        await change(breaker_a=20)
        assert memory.reversed_meters == reversed_meters
        await change(sign="export")
        assert memory.reversed_meters == {INVERTER_ID}
        issue = issue_registry.async_get_issue(DOMAIN, "sign_reversed")
        assert issue
        assert issue.translation_placeholders == {"meter": "SolarEdge"}
        memory.reversed_meters = set(reversed_meters)
        await change(power_entity="sensor.other")
        assert memory.reversed_meters == {INVERTER_ID}
        await change(grid_meters=["entity"])
        assert not issue_registry.async_get_issue(DOMAIN, "sign_reversed")

    async def test_a_check_ends_when_another_meter_takes_over(
        self, hass: HomeAssistant, house: House
    ) -> None:
        await house.run(5, 800)
        home = async_get_registry(hass).home
        assert home
        task = asyncio.create_task(home.async_check(LOAD_ID))
        await house.run(25, 800)
        assert house.life.charger.told[-1] == 6
        house.inverter_works, house.inverter.asleep = False, True
        await house.run(2, 800)
        assert (await task).end is CheckEnd.METER_LOST
        await house.run(3, 800)
        assert house.life.charger.told[-1] == 0
        assert house.entry.runtime_data.memory.reversed_meters == set()


async def test_diagnostics_tell_of_each_meter_and_give_no_serial_number_away(
    hass: HomeAssistant, house: House, hass_client: Callable[[], Any]
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    await house.run(5, 800)
    data: Any = await get_diagnostics_for_config_entry(hass, hass_client, house.entry)
    assert data["data"]["grid_meters"] == ["meter-002", "meter-001"]
    assert data["meters"] == [
        {
            "id": "meter-002",
            "name": "SolarEdge",
            "in_control": True,
            "state": "fresh",
            "asleep": False,
            "frozen": False,
            "knows_direction": True,
            "interval_s": pytest.approx(1, abs=0.1),
            "power_w": 800,
        },
        {
            "id": "meter-001",
            "name": "Linky",
            "in_control": False,
            "state": "fresh",
            "asleep": False,
            "frozen": False,
            "knows_direction": True,
            "interval_s": pytest.approx(1, abs=0.1),
            "power_w": 800,
        },
    ]
    assert "7E012345" not in str(data)
    assert "012345678901" not in str(data)


class TestStart:
    """A Linky in historic mode speaks seconds before the inverter does."""

    @pytest.fixture
    async def house(
        self,
        hass: HomeAssistant,
        freezer: FrozenDateTimeFactory,
        home_entry: MockConfigEntry,
        meter: HandMeter,
        charger: HandCharger,
    ) -> House:
        """Return a Home that has just started, with a car that charges."""
        assert await async_setup_component(hass, DOMAIN, {})
        registry = async_get_registry(hass)
        meter.knows_direction = False
        charger.update(offered_a=10.0, offered_at=monotonic(), power_w=2300.0)
        registry.async_register_meter(meter)
        registry.async_register_load(charger)
        home_entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(home_entry.entry_id)
        await hass.async_block_till_done()
        home_entry.runtime_data.async_set_observing(False)
        assert registry.home
        await registry.home.async_set_mode(LOAD_ID, Mode.SOLAR)
        life = Life(hass, freezer, meter, charger)
        inverter = HandMeter(source_id=INVERTER_ID, name="SolarEdge")
        return House(life, inverter, meter, home_entry)

    async def run(self, house: House, seconds: int, overload: bool = False) -> None:
        for _ in range(seconds):
            await house.life.pass_time(1)
            house.life.charger.update(power_at=monotonic())
            house.linky.show(None, subscribed_va=9000.0, overload=overload)
            await house.life.hass.async_block_till_done(wait_background_tasks=True)

    async def test_a_car_goes_on_until_the_one_that_knows_direction_is_there(
        self, hass: HomeAssistant, house: House
    ) -> None:
        await self.run(house, 20)
        async_get_registry(hass).async_register_meter(house.inverter)
        await house.run(40, -2400)
        assert house.state(IN_USE) == "SolarEdge"
        assert 0.0 not in house.life.charger.told

    async def test_it_is_not_waited_for_longer_than_for_any_meter(
        self, house: House
    ) -> None:
        await self.run(house, 58)
        assert house.life.charger.told == []
        await self.run(house, 5)
        assert house.life.charger.told == [0.0]

    async def test_an_overload_does_not_wait(self, house: House) -> None:
        await self.run(house, 3, overload=True)
        assert house.life.charger.told == [0.0]

    async def test_one_that_sleeps_is_not_waited_for(
        self, hass: HomeAssistant, house: House
    ) -> None:
        house.inverter.asleep = True
        async_get_registry(hass).async_register_meter(house.inverter)
        await self.run(house, 3)
        assert house.life.charger.told == [0.0]


async def test_after_a_restart_a_reversed_meter_is_named_once_it_is_there(
    hass: HomeAssistant,
    home_entry: MockConfigEntry,
    inverter: HandMeter,
    issue_registry: IssueRegistry,
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    home_entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(home_entry.entry_id)
    home_entry.runtime_data.memory.reversed_meters.add(INVERTER_ID)
    async_get_registry(hass).async_register_meter(inverter)
    await hass.async_block_till_done()
    issue = issue_registry.async_get_issue(DOMAIN, "sign_reversed")
    assert issue
    assert issue.translation_placeholders == {"meter": "SolarEdge"}
