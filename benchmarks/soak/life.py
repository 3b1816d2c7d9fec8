"""A Home in a real core: set up, lived in, restarted, crashed."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

# Before the clocks are driven: some libraries take the classes of ``datetime`` by name.
from custom_components.surplus import config_flow as _config_flow  # noqa: F401
from custom_components.surplus.const import CONF_KIND, DOMAIN, Kind
from custom_components.surplus.coordinator import HomeCoordinator
from custom_components.surplus.home.const import (
    CONF_BREAKER_A,
    CONF_GRID_METERS,
    CONF_PHASES,
    CONF_SOLAR_ENTITY,
)
from custom_components.surplus.home.loads.runtime import DATA_HOME_LOADS
from custom_components.surplus.parking import _DATA_LOT, async_close_parked
from custom_components.surplus.registry import Registry, async_get_registry
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component

from .devices import METER_ID, SoakCharger, SoakMeter
from .memory import rss_mb
from .plant import HEATER_W, PUMP_W, Plant

ROUTER: Final = "input_number.router"
PUMP: Final = "input_boolean.pump"
HEATER_POWER: Final = "sensor.heater_power"
PUMP_POWER: Final = "sensor.pump_power"
SOLAR: Final = "sensor.solar"

_SHARED: Final = {
    "phases": [1],
    "min_off": 0,
    "release": "off",
    "repeat": 0,
}
_SUBENTRIES: Final = (
    (
        "heater",
        "Tank",
        _SHARED
        | {
            "command_entity": ROUTER,
            "command_unit": "watt",
            "power_entity": HEATER_POWER,
            "max_w": HEATER_W,
            "min_w": 0,
            "characteristic": "linear",
            "priority": 2,
            "min_on": 0,
            "full_scale": 100,
            "lag": 2,
            "regulation": "characteristic",
        },
    ),
    (
        "switched",
        "Pump",
        _SHARED
        | {
            "switch_entity": PUMP,
            "power_entity": PUMP_POWER,
            "power_w": PUMP_W,
            "priority": 3,
            "min_on": 5,
            "min_off": 5,
            "least_run": 0,
            "day_ends": "00:00:00",
        },
    ),
)


class Life:
    """One Home, its devices, and what Home Assistant has seen of them."""

    def __init__(self, hass: HomeAssistant, plant: Plant) -> None:
        """Begin before anything is set up."""
        self.hass = hass
        self.plant = plant
        self.meter = SoakMeter()
        self.charger = SoakCharger(plant)
        self.entry = MockConfigEntry(
            domain=DOMAIN,
            title="Home",
            unique_id=Kind.HOME,
            minor_version=2,
            data={
                CONF_KIND: Kind.HOME,
                CONF_PHASES: 1,
                CONF_BREAKER_A: 45,
                CONF_GRID_METERS: [METER_ID],
                CONF_SOLAR_ENTITY: SOLAR,
            },
        )
        self.load_ids: dict[str, str] = {}
        self.rows: Counter[str] = Counter()
        self.heater_there = self.solar_there = True
        self.before_mb = 0.0

    @property
    def is_up(self) -> bool:
        """Whether the Home runs."""
        return self.entry.state is ConfigEntryState.LOADED

    @property
    def home(self) -> HomeCoordinator:
        """The running Home."""
        home = self.entry.runtime_data
        assert isinstance(home, HomeCoordinator)
        return home

    @property
    def registry(self) -> Registry:
        """Where meters, loads and Home find each other."""
        return async_get_registry(self.hass)

    @property
    def issues(self) -> set[str]:
        """What a user is told under *Repairs*."""
        return {
            issue_id
            for (domain, issue_id), issue in ir.async_get(self.hass).issues.items()
            if domain == DOMAIN and issue.active
        }

    # ---- its course ------------------------------------------------------------------

    async def begin(self) -> None:
        """Set everything up, and let the Home command."""
        hass = self.hass
        number = {"min": 0, "max": HEATER_W, "step": 1, "initial": 0}
        assert await async_setup_component(
            hass,
            "input_number",
            {"input_number": {"router": {**number, "unit_of_measurement": "W"}}},
        )
        assert await async_setup_component(
            hass, "input_boolean", {"input_boolean": {"pump": {}}}
        )
        self.show()
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._count_row)
        await self.settle()
        self.before_mb = rss_mb()
        assert await async_setup_component(hass, DOMAIN, {})
        self.registry.async_register_meter(self.meter)
        self.registry.async_register_load(self.charger)
        self.entry.add_to_hass(hass)
        for kind, title, data in _SUBENTRIES:
            subentry = ConfigSubentry(
                data=MappingProxyType(data),
                subentry_type=kind,
                title=title,
                unique_id=None,
            )
            hass.config_entries.async_add_subentry(self.entry, subentry)
            name = {"heater": "heater", "switched": "pump"}[kind]
            self.load_ids[name] = f"{Kind.HOME}:{subentry.subentry_id}"
        self.load_ids["car"] = self.charger.spec.load_id
        await self.set_up()
        self.home.async_set_observing(False)
        await self.settle()

    async def set_up(self) -> None:
        """Begin, or begin again."""
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.settle()

    async def stop(self) -> None:
        """End it as a stop of Home Assistant does."""
        assert await self.hass.config_entries.async_unload(self.entry.entry_id)
        await async_close_parked(self.hass, self.entry)
        await self.settle()

    async def crash(self) -> None:
        """End it without a word: nothing is written, no device is told."""
        home = self.home
        assert await self.hass.config_entries.async_unload(self.entry.entry_id)
        parked = self.hass.data[_DATA_LOT].parked.pop(self.entry.entry_id)
        parked.cancel_timer()
        loads = self.hass.data.pop(DATA_HOME_LOADS)
        for place in loads.places.values():
            if place.load is not None and (
                stop := place.load._stop  # noqa: SLF001 - nobody asks for a crash
            ):
                stop()
        # What was due is not written any more.
        home._saver._store._data = None  # noqa: SLF001 - the same
        await self.settle()

    async def reload(self) -> None:
        """Reload the entry, as enabling one of its entities does."""
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.settle()

    async def settle(self) -> None:
        """Let everything happen that is due."""
        await self.hass.async_block_till_done()

    # ---- its devices -----------------------------------------------------------------

    def show(self) -> None:
        """Let entities show what the plant does now."""
        states, plant = self.hass.states, self.plant
        watts: dict[str, Any] = {
            "device_class": "power",
            "unit_of_measurement": "W",
        }
        heater = plant.heater_w if self.heater_there else "unavailable"
        states.async_set(HEATER_POWER, str(heater), watts)
        states.async_set(PUMP_POWER, str(plant.pump_w), watts)
        solar = plant.solar_w if self.solar_there else "nan"
        states.async_set(SOLAR, str(solar), watts)

    def obey(self) -> None:
        """Let the plant do what entities were told."""
        router, pump = self.hass.states.get(ROUTER), self.hass.states.get(PUMP)
        if router is not None and router.state != "unavailable":
            self.plant.heater_told_w = float(router.state)
        if pump is not None:
            self.plant.pump_on = pump.state == "on"

    @callback
    def _count_row(self, event: Event[EventStateChangedData]) -> None:
        """Count what the recorder would write down of Surplus."""
        entity_id = event.data["entity_id"]
        registered = er.async_get(self.hass).async_get(entity_id)
        if registered is not None and registered.platform == DOMAIN:
            self.rows[entity_id] += 1


@asynccontextmanager
async def living(folder: Path, plant: Plant) -> AsyncGenerator[Life]:
    """Run Home Assistant's core, with the Home's files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    async with async_test_home_assistant(config_dir=str(folder)) as hass:
        # As a user's: custom integrations are looked for.
        hass.data.pop(DATA_CUSTOM_COMPONENTS)
        life = Life(hass, plant)
        await life.begin()
        try:
            yield life
        finally:
            if life.is_up:
                await life.stop()
            await hass.async_stop(force=True)
            await asyncio.sleep(0)
