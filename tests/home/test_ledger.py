"""The ledger in Home Assistant: entities, what is saved, and the action."""

from collections.abc import Awaitable, Callable, Generator
from dataclasses import replace
import json
from pathlib import Path
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.ledger import Counted
from custom_components.surplus.control.ledger.price import Price
from custom_components.surplus.home.const import CONF_SOLAR_ENTITY
from custom_components.surplus.parking import async_close_parked
from custom_components.surplus.registry import async_get_registry
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util import dt as dt_util

from .conftest import HandCharger, Life
from .loads.conftest import CHARGER, HEATER, STORAGE, Add, add, calls, put
from .test_store import on_disk

__all__ = ["add", "calls", "on_disk"]

MEASURED = {**HEATER, "power_entity": "sensor.rod"}
CAR = {
    **CHARGER,
    "power_entity": "sensor.car",
    "vehicle_entity": "binary_sensor.car",
    "vehicle_states": ["on"],
}
PRICE = Price(of_import=0.25, of_export=0.10)

type Live = Callable[..., Awaitable[None]]


@pytest.fixture
def price() -> Generator[None]:
    """Let electricity cost something."""
    with patch(
        "custom_components.surplus.control.ledger.ledger.price_of", return_value=PRICE
    ):
        yield


@pytest.fixture
def live(hass: HomeAssistant, life: Life) -> Live:
    """Return what lets a house live whose sensors a test writes."""
    async_get_registry(hass).loads.pop("ocpp:one")

    async def run(seconds: int, grid_w: float, **watts: float) -> None:
        for second in range(0, seconds, 2):
            for name, power_w in watts.items():
                put(hass, f"sensor.{name}", power_w)
            # One that shows the same for ever is frozen.
            life.meter.show(grid_w + second % 4)
            await life.pass_time(2)

    return run


def shown(hass: HomeAssistant, name: str) -> str:
    state = hass.states.get(f"sensor.{name}")
    assert state, name
    return state.state


def number(hass: HomeAssistant, name: str) -> float:
    return float(shown(hass, name))


async def test_a_load_shows_what_it_has_taken(
    hass: HomeAssistant, add: Add, live: Live, price: None
) -> None:
    await add("heater", MEASURED)
    await live(1800, -500, rod=2000)
    await live(1900, 1000, rod=2000)
    assert number(hass, "tank_energy") == pytest.approx(2.05, abs=0.05)
    assert number(hass, "tank_energy_from_the_sun") == pytest.approx(1.53, abs=0.05)
    assert number(hass, "tank_cost") == pytest.approx(0.13, abs=0.01)
    assert number(hass, "tank_solar_share_today") == pytest.approx(75, abs=1)
    total = hass.states.get("sensor.tank_energy")
    assert total.attributes["device_class"] == "energy"
    assert total.attributes["state_class"] == "total_increasing"
    assert total.attributes["unit_of_measurement"] == "kWh"
    cost = hass.states.get("sensor.tank_cost")
    assert cost.attributes["device_class"] == "monetary"
    assert cost.attributes["state_class"] == "total"
    assert cost.attributes["unit_of_measurement"] == hass.config.currency
    # A session is a charger's.
    assert hass.states.get("sensor.tank_session_energy") is None
    entities = er.async_get(hass).entities.values()
    disabled = {
        each.unique_id.split("_", 1)[1] for each in entities if each.disabled_by
    }
    assert {"energy_battery", "energy_cheap", "energy_full"} <= disabled


async def test_without_a_price_costs_are_unknown(
    hass: HomeAssistant, add: Add, live: Live
) -> None:
    await add("heater", MEASURED)
    await live(120, 500, rod=2000)
    assert shown(hass, "tank_cost") == STATE_UNKNOWN
    assert shown(hass, "tank_saved") == STATE_UNKNOWN
    assert number(hass, "tank_energy") > 0.01


async def test_a_battery_saves_nothing_at_once(hass: HomeAssistant, add: Add) -> None:
    await add("storage", STORAGE, "Store")
    assert hass.states.get("sensor.store_cost")
    assert hass.states.get("sensor.store_saved") is None


async def test_the_house_shows_what_it_takes_and_pays(
    hass: HomeAssistant,
    home_entry: MockConfigEntry,
    add: Add,
    live: Live,
    price: None,
) -> None:
    hass.config_entries.async_update_entry(
        home_entry, data={**home_entry.data, CONF_SOLAR_ENTITY: "sensor.sun"}
    )
    await live(20, 0)
    assert hass.states.get("sensor.home_energy_taken") is None
    await live(700, -1000, sun=3000)
    await live(600, 1000, sun=0)
    # The first figures of a Home are those of its first minutes.
    assert number(hass, "home_energy_taken") == pytest.approx(0.55, abs=0.1)
    assert number(hass, "home_cost_of_the_grid") == pytest.approx(0.04, abs=0.02)
    assert number(hass, "home_cost_of_the_grid_today") == number(
        hass, "home_cost_of_the_grid"
    )
    assert number(hass, "home_feed_in_income") == pytest.approx(0.019, abs=0.002)
    assert number(hass, "home_self_consumption_today") == pytest.approx(66.7, abs=1)
    assert 60 < number(hass, "home_self_sufficiency_today") < 85
    # Without a battery, nothing comes from one.
    assert hass.states.get("sensor.home_energy_from_the_battery") is None


async def test_a_charger_shows_its_sessions(
    hass: HomeAssistant, add: Add, live: Live, price: None
) -> None:
    await add("entity_charger", CAR, "Car")
    hass.states.async_set("binary_sensor.car", "off")
    await live(10, 500, car=0)
    assert shown(hass, "car_session_energy") == STATE_UNKNOWN
    assert shown(hass, "car_session_began") == STATE_UNKNOWN
    hass.states.async_set("binary_sensor.car", "on")
    began = dt_util.utcnow()
    await live(10, 500, car=0)
    # At once, not a minute later.
    assert dt_util.parse_datetime(shown(hass, "car_session_began")) >= began.replace(
        microsecond=0
    )
    assert number(hass, "car_session_energy") == 0
    await live(3600, 1500, car=3000)
    assert number(hass, "car_session_energy") == pytest.approx(2.97, abs=0.06)
    assert number(hass, "car_session_cost") == pytest.approx(0.37, abs=0.02)
    assert number(hass, "car_session_solar_share") == pytest.approx(50, abs=1)
    hass.states.async_set("binary_sensor.car", "off")
    await live(10, 500, car=0)
    assert shown(hass, "car_session_began") == STATE_UNKNOWN
    assert number(hass, "car_session_energy") == pytest.approx(3.0, abs=0.01)
    last = hass.states.get("sensor.car_last_session")
    assert dt_util.parse_datetime(last.state) > began
    assert last.attributes["energy_kwh"] == pytest.approx(3.0, abs=0.01)
    assert last.attributes["solar_share"] == pytest.approx(50, abs=1)
    assert last.attributes["peak_power_w"] == 3000
    assert last.attributes["charging_minutes"] == 60


async def test_the_prices_are_those_of_the_tariff(
    hass: HomeAssistant, home_entry: MockConfigEntry, add: Add, live: Live
) -> None:
    await add("heater", MEASURED)
    tariff = {
        "told_by": "entity",
        "contract": "peak_off_peak",
        "tariff_entity": "sensor.period",
        "periods": {"off_peak": {"price": 0.16}, "peak": {"price": 0.25}},
    }
    await add("tariff", tariff, "Tariff")
    for period, kwh in (("HC", 0.16), ("HP", 0.25)):
        hass.states.async_set("sensor.period", period)
        await live(10, 2500, rod=0)
        before = home_entry.runtime_data.ledger
        await before.async_save()
        (load_id,) = (one for one in before.as_dict()["loads"] if "home" in one)
        old = before.statement(load_id).total
        await live(360, 2500, rod=2000)
        await before.async_save()
        new = before.statement(load_id).total.since(old)
        assert new.cost == pytest.approx(0.2 * kwh, rel=0.03)
        assert new.cheap_wh == pytest.approx(200 if period == "HC" else 0, rel=0.03)
        assert new.total_wh == pytest.approx(200, rel=0.03)
    assert number(hass, "tank_cost") == pytest.approx(0.082, abs=0.01)


# ---- over restarts ---------------------------------------------------------------------


async def test_what_was_shown_is_there_after_a_crash(
    hass: HomeAssistant,
    home_entry: MockConfigEntry,
    on_disk: Path,
    add: Add,
    live: Live,
) -> None:
    """Whatever was shown was written down before, so no total falls back."""
    subentry = await add("heater", MEASURED)
    file = on_disk / f"surplus.ledger.{home_entry.entry_id}"
    shown_kwh = []

    @callback
    def written(event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if new is None or new.entity_id != "sensor.tank_energy":
            return
        saved = json.loads(file.read_text())["data"]["loads"]
        total = saved[f"home:{subentry.subentry_id}"]["total"]
        on_disk_kwh = sum(total[f"{key}_wh"] for key in ("sun", "cheap", "full")) / 1000
        assert float(new.state) <= on_disk_kwh + 0.001
        shown_kwh.append(float(new.state))

    hass.bus.async_listen("state_changed", written)
    await live(300, 2500, rod=2000)
    assert len(shown_kwh) >= 4
    assert shown_kwh == sorted(shown_kwh)


async def test_a_session_goes_on_over_a_restart(
    hass: HomeAssistant, home_entry: MockConfigEntry, add: Add, live: Live
) -> None:
    await add("entity_charger", CAR, "Car")
    hass.states.async_set("binary_sensor.car", "on")
    await live(1800, 3500, car=3000)
    began = shown(hass, "car_session_began")
    assert await hass.config_entries.async_unload(home_entry.entry_id)
    assert shown(hass, "car_session_energy") == STATE_UNAVAILABLE
    await async_close_parked(hass, home_entry)
    assert await hass.config_entries.async_setup(home_entry.entry_id)
    await hass.async_block_till_done()
    await live(1800, 3500, car=3000)
    assert shown(hass, "car_session_began") == began
    assert number(hass, "car_session_energy") == pytest.approx(3.0, abs=0.06)


@pytest.mark.expects_logged_errors
@pytest.mark.parametrize("which", ["ledger", "sessions"])
async def test_a_damaged_file_is_set_aside_and_reported(
    hass: HomeAssistant, home_entry: MockConfigEntry, on_disk: Path, which: str
) -> None:
    file = on_disk / f"surplus.{which}.{home_entry.entry_id}"
    file.write_text(
        '{"version": 1, "minor_version": 1, "data": {"loads": 3, "sessions": 4}}'
    )
    home_entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(home_entry.entry_id)
    await hass.async_block_till_done()
    assert list(on_disk.glob(f"{file.name}.corrupt.*"))
    key = f"{which}_lost_{file.name}"
    assert ir.async_get(hass).async_get_issue(DOMAIN, key)
    assert len(ir.async_get(hass).issues) == 1
    await hass.config_entries.async_remove(home_entry.entry_id)
    assert not ir.async_get(hass).async_get_issue(DOMAIN, key)
    assert not file.exists()


# ---- the action ------------------------------------------------------------------------


async def sessions(hass: HomeAssistant, **data: object) -> list[dict]:
    answer = await hass.services.async_call(
        DOMAIN, "get_sessions", data, blocking=True, return_response=True
    )
    found: list[dict] = answer["sessions"]
    return found


async def test_the_action_returns_sessions(
    hass: HomeAssistant, add: Add, live: Live, price: None
) -> None:
    subentry = await add("entity_charger", CAR, "Car")
    tank = await add("heater", MEASURED)
    for _ in range(2):
        hass.states.async_set("binary_sensor.car", "on")
        await live(600, 3500, car=3000)
        hass.states.async_set("binary_sensor.car", "off")
        await live(20, 500, car=0)
    hass.states.async_set("binary_sensor.car", "on")
    await live(120, 3500, car=3000)
    found = await sessions(hass)
    assert [one["end"] is None for one in found] == [False, False, True]
    assert found[0]["name"] == "Car"
    assert found[0]["energy_kwh"] == pytest.approx(0.5, abs=0.01)
    assert found[0]["cost"] == pytest.approx(0.125, abs=0.005)
    assert json.loads(json.dumps(found)) == found

    devices = dr.async_get(hass)

    def device_of(subentry_id: str) -> str:
        (device,) = devices.async_get_devices(
            identifiers={(DOMAIN, f"home:{subentry_id}")}
        )
        return device.id

    car_id = device_of(subentry.subentry_id)
    assert await sessions(hass, device_id=car_id) == found
    assert {one["device_id"] for one in found} == {car_id}
    assert await sessions(hass, start=found[1]["start"], end=found[2]["start"]) == [
        found[1]
    ]
    assert await sessions(hass, start=found[2]["start"]) == [found[2]]
    for device_id in (device_of(tank.subentry_id), "nothing"):
        with pytest.raises(ServiceValidationError) as raised:
            await sessions(hass, device_id=[device_id])
        assert raised.value.translation_key == "no_such_charger"

    hass.config_entries.async_remove_subentry(
        hass.config_entries.async_entries(DOMAIN)[0], subentry.subentry_id
    )
    await hass.async_block_till_done()
    assert await sessions(hass) == []


async def test_without_a_home_there_are_no_sessions(
    hass: HomeAssistant, home_entry: MockConfigEntry, life: Life
) -> None:
    assert await hass.config_entries.async_unload(home_entry.entry_id)
    with pytest.raises(ServiceValidationError) as raised:
        await sessions(hass)
    assert raised.value.translation_key == "no_home"


# ---- what must not happen --------------------------------------------------------------


async def test_a_broken_ledger_stops_no_decision(
    hass: HomeAssistant,
    home_entry: MockConfigEntry,
    live: Live,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with patch(
        "custom_components.surplus.control.ledger.ledger.flows_of",
        side_effect=ZeroDivisionError,
    ):
        await live(60, 500)
    assert caplog.text.count("Energy cannot be accounted") == 1
    assert not ir.async_get(hass).async_get_issue(DOMAIN, "cycles_fail")
    assert "A cycle failed" not in caplog.text
    await live(10, 500)
    assert caplog.text.count("Energy is accounted again") == 1


async def test_a_charger_that_counts_itself_is_believed(
    hass: HomeAssistant,
    home_entry: MockConfigEntry,
    life: Life,
    charger: HandCharger,
) -> None:
    class Counting(HandCharger):
        counted = Counted(register_wh=10_000.0, plugged=True, transaction=4)

    counting = Counting(spec=replace(charger.spec, load_id="ocpp:counting"))
    async_get_registry(hass).async_register_load(counting)
    await life.run(10, 500)
    counting.counted = Counted(register_wh=10_020.0, plugged=True, transaction=4)
    await life.run(70, 500)
    statement = home_entry.runtime_data.ledger.statement("ocpp:counting")
    assert statement.total.total_wh == pytest.approx(20.0)
    assert statement.session.transactions == (4,)


async def test_an_energy_counter_of_the_device_is_right(
    hass: HomeAssistant, add: Add, live: Live
) -> None:
    await add("heater", {**MEASURED, "energy_entity": "sensor.counter"})
    put(hass, "sensor.counter", 7.0, "kWh")
    await live(600, 2500, rod=2000)
    put(hass, "sensor.counter", 7.4, "kWh")
    await live(70, 500, rod=0)
    assert number(hass, "tank_energy") == pytest.approx(0.4, abs=0.002)
    # What shows nonsense is no counter.
    for value, unit in (("unknown", "kWh"), (-5, "kWh"), (8, "kg")):
        put(hass, "sensor.counter", value, unit)
        await live(70, 500, rod=0)
    assert number(hass, "tank_energy") == pytest.approx(0.4, abs=0.002)


class TestCarOfAnotherIntegration:
    """What is known of it is a word of its charger, and its power."""

    @pytest.fixture
    async def charged(self, hass: HomeAssistant, add: Add, live: Live) -> None:
        """A session that has drawn for ten minutes."""
        words = {"vehicle_entity": "sensor.car_state", "vehicle_states": ["charging"]}
        await add("entity_charger", {**CAR, **words}, "Car")
        hass.states.async_set("sensor.car_state", "charging")
        await live(600, 3500, car=3000)

    @pytest.mark.usefixtures("charged")
    async def test_one_that_wants_nothing_may_be_full(
        self, hass: HomeAssistant, live: Live
    ) -> None:
        hass.states.async_set("sensor.car_state", "standby")
        await live(800, 500, car=0)
        assert shown(hass, "car_last_session") == STATE_UNKNOWN
        await live(200, 500, car=0)
        assert shown(hass, "car_last_session") != STATE_UNKNOWN

    @pytest.mark.usefixtures("charged")
    async def test_a_full_one_is_there_until_its_charger_says_no(
        self, hass: HomeAssistant, live: Live
    ) -> None:
        hass.states.async_set("sensor.car_state", "complete")
        await live(1800, 500, car=0)
        assert shown(hass, "car_last_session") == STATE_UNKNOWN
        hass.states.async_set("sensor.car_state", "disconnected")
        await live(10, 500, car=0)
        assert shown(hass, "car_last_session") != STATE_UNKNOWN


async def test_diagnostics_tell_of_the_ledger(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    home_entry: MockConfigEntry,
    add: Add,
    live: Live,
) -> None:
    subentry = await add("entity_charger", CAR, "Car")
    hass.states.async_set("binary_sensor.car", "on")
    await live(320, 3500, car=3000)
    data = await get_diagnostics_for_config_entry(hass, hass_client, home_entry)
    (load,) = data["ledger"]["loads"].values()
    assert load["total"]["full_wh"] > 100
    assert load["session"]["ended"] is None
    assert data["ledger"]["house"]["total"]["bought"]["full_wh"] > 100
    assert subentry.subentry_id not in json.dumps(data["ledger"])
