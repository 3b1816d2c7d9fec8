"""Schedules and needs at work: what automations see of them and move."""

from datetime import UTC, datetime
import json
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.model import HeaterSpec, Reason, Temperatures
from custom_components.surplus.home.diagnostics import async_diagnostics
from custom_components.surplus.registry import async_get_registry
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..conftest import LOAD_ID, HandCharger, Life
from .conftest import CHARGE, ENERGY, SCHEDULE, Add

NAMES = {
    "schedule": {"enabled": "switch", "start": "sensor"},
    "energy": {
        "enabled": "switch",
        "start": "sensor",
        "left_energy": "sensor",
        "late": "binary_sensor",
        "target": "number",
        "ready_by": "time",
    },
    "hours": {
        "enabled": "switch",
        "start": "sensor",
        "left_time": "sensor",
        "late": "binary_sensor",
        "target": "number",
        "ready_by": "time",
    },
    "charge": {
        "enabled": "switch",
        "start": "sensor",
        "left_energy": "sensor",
        "late": "binary_sensor",
        "target": "number",
        "minimum": "number",
        "limit": "number",
        "ready_by": "time",
    },
}


@pytest.fixture
def night(freezer: FrozenDateTimeFactory) -> None:
    """Begin at nine in the evening; tests live in Californian time."""
    freezer.move_to(datetime(2026, 6, 22, 4, tzinfo=UTC))


def entity(hass: HomeAssistant, subentry_id: str, key: str) -> str:
    """Return the id of an entity of a schedule or need."""
    registry = er.async_get(hass)
    found = [
        one.entity_id
        for one in registry.entities.values()
        if one.unique_id == f"home:{subentry_id}_{key}"
    ]
    assert len(found) == 1, key
    return found[0]


def value(hass: HomeAssistant, subentry_id: str, key: str) -> str:
    state = hass.states.get(entity(hass, subentry_id, key))
    assert state is not None
    return state.state


async def call(hass: HomeAssistant, service: str, entity_id: str, **data: Any) -> None:
    domain = entity_id.split(".", maxsplit=1)[0]
    await hass.services.async_call(
        domain, service, {"entity_id": entity_id, **data}, blocking=True
    )
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("kind", "data", "names"),
    [
        ("schedule", SCHEDULE, "schedule"),
        ("need", ENERGY, "energy"),
        ("need", {**ENERGY, "need": "hours"}, "hours"),
        ("need", CHARGE, "charge"),
    ],
)
async def test_each_has_a_device_with_what_there_is_to_see_and_to_move(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    kind: str,
    data: dict[str, Any],
    names: str,
) -> None:
    subentry = await add(kind, data)
    found = {
        one.unique_id.removeprefix(f"home:{subentry.subentry_id}_"): one.domain
        for one in er.async_get(hass).entities.values()
        if one.config_subentry_id == subentry.subentry_id
    }
    assert found == NAMES[names]
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"home:{subentry.subentry_id}"), home_entry.entry_id
    )
    assert device is not None
    assert device.name == f"Garage: {kind}"


async def test_several_of_one_load_have_names_of_their_own(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    made = [(await add("schedule", SCHEDULE)).subentry_id for _ in range(3)]
    made.append((await add("need", ENERGY)).subentry_id)

    def names() -> list[str | None]:
        devices = dr.async_get(hass)
        return [
            device.name if device else None
            for device in (
                devices.async_get_device_by_identifier(
                    (DOMAIN, f"home:{one}"), home_entry.entry_id
                )
                for one in made
            )
        ]

    first = ["Garage: schedule", "Garage: schedule 2", "Garage: schedule 3"]
    assert names() == [*first, "Garage: need"]
    assert entity(hass, made[1], "enabled") == "switch.garage_schedule_2_enabled"
    # Those that stay are called as before, also after a restart.
    hass.config_entries.async_remove_subentry(home_entry, made.pop(1))
    assert await hass.config_entries.async_reload(home_entry.entry_id)
    await hass.async_block_till_done()
    assert names() == ["Garage: schedule", "Garage: schedule 3", "Garage: need"]
    hass.config_entries.async_remove_subentry(home_entry, made.pop(0))
    assert await hass.config_entries.async_reload(home_entry.entry_id)
    await hass.async_block_till_done()
    assert names() == ["Garage: schedule 3", "Garage: need"]
    made.append((await add("schedule", SCHEDULE)).subentry_id)
    assert names() == ["Garage: schedule 3", "Garage: need", "Garage: schedule"]


async def test_of_two_that_were_called_alike_the_later_one_is_renamed(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    made = [(await add("schedule", SCHEDULE)).subentry_id for _ in range(2)]
    devices = dr.async_get(hass)
    later = devices.async_get_device_by_identifier(
        (DOMAIN, f"home:{made[1]}"), home_entry.entry_id
    )
    assert later is not None
    devices.async_update_device(later.id, name="Garage: schedule")
    assert await hass.config_entries.async_reload(home_entry.entry_id)
    await hass.async_block_till_done()
    renamed = devices.async_get(later.id)
    assert renamed is not None
    assert renamed.name == "Garage: schedule 2"


@pytest.mark.usefixtures("night")
async def test_a_schedule_drives_the_charger_and_its_switch_ends_that(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, add: Add
) -> None:
    home_entry.runtime_data.async_set_observing(False)
    subentry = await add("schedule", SCHEDULE)
    await life.run(20, 500.0)
    assert life.charger.told[-1] == 16.0
    reason = home_entry.runtime_data.cycle.decisions[0].reason
    assert reason is Reason.SCHEDULED
    await call(hass, "turn_off", entity(hass, subentry.subentry_id, "enabled"))
    assert value(hass, subentry.subentry_id, "enabled") == "off"
    await life.run(3, 500.0)
    assert life.charger.told[-1] == 6.0
    await call(hass, "turn_on", entity(hass, subentry.subentry_id, "enabled"))
    await life.run(10, 500.0)
    assert life.charger.told[-1] == 16.0


@pytest.mark.usefixtures("night")
async def test_when_it_will_begin_and_what_is_left_can_be_seen(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, add: Add
) -> None:
    subentry = await add("need", ENERGY)
    plan_id = subentry.subentry_id
    assert value(hass, plan_id, "left_energy") == STATE_UNAVAILABLE
    await life.run(3, 500.0)
    # 5 kWh before 14:00 UTC, at 3.7 kW: what its car takes of 7.4 kW nobody has seen.
    start = datetime.fromisoformat(value(hass, plan_id, "start"))
    assert datetime(2026, 6, 22, 12, 30, tzinfo=UTC) < start
    assert start < datetime(2026, 6, 22, 12, 36, tzinfo=UTC)
    assert float(value(hass, plan_id, "left_energy")) == 5.0
    assert value(hass, plan_id, "late") == "off"


@pytest.mark.usefixtures("night")
async def test_numbers_and_times_move_it_and_its_title(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, add: Add
) -> None:
    subentry = await add("need", ENERGY)
    plan_id = subentry.subentry_id
    hass.config_entries.async_update_subentry(
        home_entry, subentry, title="Garage: at least 5\u00a0kWh by 07:00 every day"
    )
    await hass.async_block_till_done()
    await call(hass, "set_value", entity(hass, plan_id, "target"), value=8)
    await call(hass, "set_value", entity(hass, plan_id, "ready_by"), time="06:15:00")
    need = home_entry.runtime_data.engine.settings.needs[0]
    assert (need.target, need.ready_by_s) == (8000.0, 6 * 3600 + 900)
    assert value(hass, plan_id, "target") == "8.0"
    assert value(hass, plan_id, "ready_by") == "06:15:00"
    title = home_entry.subentries[plan_id].title
    assert title == "Garage: at least 8\u00a0kWh by 06:15 every day"
    # A title of a person's own is left alone.
    hass.config_entries.async_update_subentry(
        home_entry, home_entry.subentries[plan_id], title="Commute"
    )
    await call(hass, "set_value", entity(hass, plan_id, "target"), value=9)
    assert home_entry.subentries[plan_id].title == "Commute"


async def test_a_need_of_nothing_has_a_title_all_the_same(
    hass: HomeAssistant, home_entry: MockConfigEntry, add: Add
) -> None:
    plan_id = (await add("need", ENERGY)).subentry_id
    hass.config_entries.async_update_subentry(
        home_entry,
        home_entry.subentries[plan_id],
        title="Garage: at least 5\u00a0kWh by 07:00 every day",
    )
    for kwh, title in (
        (0, "Garage: need"),
        (5, "Garage: at least 5\u00a0kWh by 07:00 every day"),
    ):
        await call(hass, "set_value", entity(hass, plan_id, "target"), value=kwh)
        assert home_entry.subentries[plan_id].title == title


async def test_a_temperature_that_is_never_reached_cannot_be_moved_to(
    hass: HomeAssistant, home_entry: MockConfigEntry, add: Add
) -> None:
    programme = Temperatures(max_c=60.0)
    source = HandCharger()
    source.spec = HeaterSpec(
        load_id="home:tank",
        name="Tank",
        priority=2,
        max_w=2400.0,
        temperatures=programme,
    )
    async_get_registry(hass).async_register_load(source)
    plan_id = (
        await add(
            "need", {**ENERGY, "load": "home:tank", "need": "temperature", "target": 55}
        )
    ).subentry_id
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "set_value", entity(hass, plan_id, "target"), value=61)
    assert refused.value.translation_key == "need_too_hot"
    await call(hass, "set_value", entity(hass, plan_id, "target"), value=60)
    assert value(hass, plan_id, "target") == "60.0"


async def test_what_does_not_go_together_cannot_be_moved(
    hass: HomeAssistant, home_entry: MockConfigEntry, add: Add
) -> None:
    subentry = await add("need", CHARGE)
    plan_id = subentry.subentry_id
    with pytest.raises(ServiceValidationError):
        await call(hass, "set_value", entity(hass, plan_id, "limit"), value=60)
    assert value(hass, plan_id, "limit") == "80.0"
    # Without a target there is no deadline any more.
    await call(hass, "set_value", entity(hass, plan_id, "target"), value=0)
    assert home_entry.runtime_data.engine.settings.needs[0].target is None


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        ("10", Reason.CAR_MINIMUM),
        ("85", Reason.CAR_LIMIT),
        ("50", Reason.WAITING_FOR_SURPLUS),
        (STATE_UNAVAILABLE, Reason.WAITING_FOR_SURPLUS),
        (STATE_UNKNOWN, Reason.WAITING_FOR_SURPLUS),
        ("much", Reason.WAITING_FOR_SURPLUS),
        ("185", Reason.WAITING_FOR_SURPLUS),
    ],
)
async def test_a_cars_charge_is_read_from_its_sensor(
    hass: HomeAssistant,
    *,
    life: Life,
    home_entry: MockConfigEntry,
    add: Add,
    shown: str,
    reason: Reason,
) -> None:
    hass.states.async_set("sensor.car_soc", shown, {"unit_of_measurement": "%"})
    await add("need", {**CHARGE, "ready_by": "20:00:00"})
    await life.run(3, 500.0)
    assert home_entry.runtime_data.cycle.decisions[0].reason is reason


@pytest.mark.usefixtures("night")
async def test_one_whose_load_goes_is_harmless_and_can_be_removed(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, add: Add
) -> None:
    subentry = await add("need", {**ENERGY, "load": "ocpp:gone"})
    await life.run(2, 500.0)
    plan_id = subentry.subentry_id
    for key in ("start", "left_energy", "late"):
        assert value(hass, plan_id, key) == STATE_UNAVAILABLE
    assert value(hass, plan_id, "enabled") == "on"
    hass.config_entries.async_remove_subentry(home_entry, plan_id)
    await hass.async_block_till_done()
    assert home_entry.runtime_data.engine.settings.needs == ()
    assert not [
        one
        for one in er.async_get(hass).entities.values()
        if one.config_subentry_id == plan_id
    ]
    await life.run(2, 500.0)
    assert not home_entry.runtime_data.cycle.plans


@pytest.mark.usefixtures("night")
async def test_a_reload_keeps_what_was_taken(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, add: Add
) -> None:
    home_entry.runtime_data.async_set_observing(False)
    subentry = await add("need", {**ENERGY, "ready_by": "22:00:00", "target": 20})
    await life.run(120, 500.0)
    left = home_entry.runtime_data.cycle.plans[subentry.subentry_id].left_wh
    assert left < 19_900
    assert await hass.config_entries.async_reload(home_entry.entry_id)
    await life.run(3, 500.0)
    assert home_entry.runtime_data.cycle.plans[subentry.subentry_id].left_wh <= left
    assert value(hass, subentry.subentry_id, "late") == "on"


@pytest.mark.usefixtures("night")
async def test_diagnostics_tell_how_things_stand_without_ids(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, add: Add
) -> None:
    subentry = await add("need", ENERGY)
    await add("need", {**ENERGY, "load": "ocpp:secret"})
    await life.run(2, 500.0)
    told = await async_diagnostics(hass, home_entry)
    assert told["cycle"]["plans"][subentry.subentry_id]["left_wh"] == 5000.0
    assert "secret" not in json.dumps(told)
    assert LOAD_ID not in json.dumps(told)


async def test_other_loads_are_left_alone_when_one_comes(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, add: Add
) -> None:
    before = home_entry.runtime_data
    await add("schedule", {**SCHEDULE, "load": LOAD_ID})
    assert home_entry.runtime_data is before
    assert life.charger.told == []
