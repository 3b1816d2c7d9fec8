"""A charger over OCPP in the Home's ledger: its own counter, its plug, its transactions."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import CONF_KIND, DOMAIN, Kind
from custom_components.surplus.home.const import CONF_GRID_METERS, CONF_PHASES
from custom_components.surplus.ocpp.const import CONF_POWER_ENTITY
from custom_components.surplus.registry import CountingSource, async_get_registry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..home.conftest import METER_ID, HandMeter
from .conftest import Callers, Wallbox, stamp, until
from .inside import LOAD_ID, entity, ready, value


@pytest.fixture
async def home(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return a Home beside the chargers."""
    home = MockConfigEntry(
        domain=DOMAIN,
        title="Home",
        unique_id=Kind.HOME,
        minor_version=2,
        data={CONF_KIND: Kind.HOME, CONF_PHASES: 1, CONF_GRID_METERS: [METER_ID]},
    )
    home.add_to_hass(hass)
    assert await hass.config_entries.async_setup(home.entry_id)
    await hass.async_block_till_done()
    return home


@pytest.fixture
def meter(hass: HomeAssistant, home: MockConfigEntry) -> HandMeter:
    meter = HandMeter()
    async_get_registry(hass).async_register_meter(meter)
    return meter


async def look(hass: HomeAssistant, home: MockConfigEntry, meter: HandMeter) -> None:
    """Let a cycle pass, and show what there is."""
    before = home.runtime_data.cycle
    meter.show(500)
    await until(lambda: home.runtime_data.cycle is not before)
    await home.runtime_data.ledger.async_save()
    await hass.async_block_till_done()


async def charging(wallbox: Wallbox, register_wh: int) -> int:
    await wallbox.status("Preparing", timestamp=stamp(-20))
    number = await wallbox.begin(timestamp=stamp(-10))
    await wallbox.status("Charging", timestamp=stamp(-9))
    await wallbox.measure(stamp(), number, Energy_Active_Import_Register=register_wh)
    return number


async def test_a_session_is_what_the_charger_counts(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    callers: Callers,
    home: MockConfigEntry,
    meter: HandMeter,
) -> None:
    wallbox = await ready(entry, callers)
    await look(hass, home, meter)
    assert value(hass, "last_session") == "unknown"
    number = await charging(wallbox, 1100)
    await look(hass, home, meter)
    assert value(hass, "session_start") != "unknown"
    await wallbox.measure(stamp(), number, Energy_Active_Import_Register=1900)
    await look(hass, home, meter)
    assert float(value(hass, "session_energy")) == pytest.approx(0.8)
    await wallbox.end(number, meter_stop=1950, timestamp=stamp())
    await wallbox.status("Available", timestamp=stamp(1))
    await look(hass, home, meter)
    assert value(hass, "session_start") == "unknown"
    last = hass.states.get(entity(hass, "sensor", "last_session"))
    assert last.attributes["energy_kwh"] == pytest.approx(0.8)
    assert last.attributes["transactions"] == [number]


async def test_a_vehicle_that_left_while_nobody_listened_is_gone(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    callers: Callers,
    home: MockConfigEntry,
    meter: HandMeter,
) -> None:
    wallbox = await ready(entry, callers)
    await look(hass, home, meter)
    await charging(wallbox, 1100)
    await look(hass, home, meter)
    await wallbox.hang_up()
    await until(lambda: value(hass, "connected", "binary_sensor") == "off")
    await look(hass, home, meter)
    assert value(hass, "session_start") != "unknown"
    again = await ready(entry, callers)
    await again.status("Available", timestamp=stamp(5))
    await until(lambda: value(hass, "plugged", "binary_sensor") == "off")
    await look(hass, home, meter)
    assert value(hass, "session_start") == "unknown"


async def test_a_charger_that_somebody_else_measures_is_not_asked_what_it_counts(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    def told() -> CountingSource:
        source = async_get_registry(hass).loads[LOAD_ID]
        assert isinstance(source, CountingSource)
        return source

    wallbox = await ready(entry, callers)
    number = await charging(wallbox, 1100)
    assert told().counted.register_wh == 1100
    (subentry,) = entry.subentries.values()
    hass.config_entries.async_update_subentry(
        entry, subentry, data={**subentry.data, CONF_POWER_ENTITY: "sensor.meter"}
    )
    await hass.async_block_till_done()
    assert told().counted.register_wh is None
    assert told().counted.plugged
    assert told().counted.transaction == number


async def test_without_a_home_nobody_accounts(
    hass: HomeAssistant, entry: MockConfigEntry, callers: Callers
) -> None:
    await ready(entry, callers)
    assert value(hass, "session_energy") == STATE_UNAVAILABLE
    assert value(hass, "cost") == STATE_UNAVAILABLE
    # It has kept its id: what was recorded of the charger's own figure goes on.
    registered = er.async_get(hass).async_get(entity(hass, "sensor", "session_energy"))
    assert registered.unique_id == f"{LOAD_ID}_session_energy"
