"""The SolarEdge entry in Home Assistant."""

from asyncio import Task
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
import logging
from typing import Any, Final

from modbus_connection import ModbusUnit

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PORT, Platform
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryError,
    ConfigEntryNotReady,
    HomeAssistantError,
)
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.sun import is_up
from homeassistant.util import dt as dt_util

from ..clock import monotonic
from ..const import DOMAIN
from ..parking import async_adopt, async_close_parked, async_park
from ..registry import async_get_registry
from ..room import Room
from .binary_sensors import add_binary_sensors
from .const import CONF_LAYOUT, CONF_METERS, CONF_REVERSED, CONF_ROLE, CONF_UNIT_IDS
from .devices import source_id_of
from .diagnostics import async_diagnostics
from .lanes import Pace
from .layout import (
    EvChargerError,
    NoSerialError,
    NotSolarEdgeError,
    ProbeError,
    async_probe_unit,
    joined,
    same_devices,
    updated,
)
from .link import async_borrow_unit, async_take_unit
from .model import Layout, LinkState, MeterRole, MeterSetting
from .plant import Plant
from .reports import LossReport
from .runtime import SolarEdgeConfigEntry, SolarEdgeRuntime
from .sensors import add_sensors
from .sources import GridMeter, Storage, Sun

_LOGGER = logging.getLogger(__name__)

_PACE: Final = Pace()

# Meters and batteries are wired by hand; what is missed may only have been busy.
_LOOK_AGAIN: Final = timedelta(minutes=15)
_LOOK_SOON: Final = timedelta(minutes=2)
_TICK: Final = timedelta(seconds=20)

# So long after sunrise an inverter may still sleep, and before sunset sleep already.
_TWILIGHT: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Parked:
    """What goes on reading while its entry is reloaded, and keeps the link open."""

    plant: Plant
    link: tuple[str, int]
    hold: AsyncExitStack

    def serves(
        self,
        link: tuple[str, int],
        layout: Layout,
        settings: Mapping[str, MeterSetting],
    ) -> bool:
        """Return whether it reads what the entry wants read now."""
        return (
            self.link == link
            and self.plant.layout.as_dict() == layout.as_dict()
            and self.plant.settings == settings
        )

    async def let_go(self, *, reading: bool) -> None:
        """Leave the link to the entry, and the plant reading or not."""
        if not reading:
            await self.plant.stop()
        await self.hold.aclose()


async def _async_setup(hass: HomeAssistant, entry: SolarEdgeConfigEntry) -> None:
    """Read the devices, or go on reading after a reload.

    What is behind the units is known from the last time, so an inverter that sleeps or
    is away does not fail the set-up.
    """
    link = (entry.data[CONF_HOST], entry.data[CONF_PORT])
    settings = _settings(entry)
    parked = await async_adopt(hass, entry, _Parked)
    plant: Plant | None = None
    try:
        units = await _async_units(hass, entry, link)
        layout = _stored_layout(entry)
        if layout is None:
            layout = await _async_first_look(units)
            _store_layout(hass, entry, layout)
        if parked is not None and parked.serves(link, layout, settings):
            plant = parked.plant
    finally:
        # From here on the entry holds the link itself, or nobody does.
        if parked is not None:
            await parked.let_go(reading=plant is not None)
    if plant is None:

        def create_task(coroutine: Coroutine[Any, Any, None], name: str) -> Task[None]:
            return hass.async_create_background_task(coroutine, name)

        plant = Plant(
            units=units,
            layout=layout,
            settings=settings,
            sun_is_low=lambda: _sun_is_low(hass),
            name=entry.title,
            pace=_PACE,
            create_task=create_task,
        )
        plant.start()
    _offer(hass, entry, plant)


def _offer(hass: HomeAssistant, entry: SolarEdgeConfigEntry, plant: Plant) -> None:
    """Make the devices available to entities and to Home."""
    source_id = entry.unique_id or ""
    entry.runtime_data = SolarEdgeRuntime(hass, entry, plant, source_id)
    registry = async_get_registry(hass)
    meters = plant.layout.meters
    grid_meters = [
        meter for meter in meters if plant.roles.of(meter) is MeterRole.GRID
    ] or [meter for meter in (plant.roles.consumption,) if meter is not None]
    for number, meter in enumerate(grid_meters, 1):
        name = entry.title if number == 1 else f"{entry.title} {number}"
        entry.async_on_unload(
            registry.async_register_meter(
                GridMeter(plant, meter, source_id_of(meter.key), name)
            )
        )
    entry.async_on_unload(
        registry.async_register_production(Sun(plant, source_id, entry.title))
    )
    several = len(plant.layout.batteries) > 1
    for number, battery in enumerate(plant.layout.batteries, 1):
        parts = (entry.title, battery.model, str(number) if several else None)
        name = " ".join(part for part in parts if part)
        entry.async_on_unload(
            registry.async_register_battery(
                Storage(plant, battery, source_id_of(battery.key), name)
            )
        )
    entry.async_on_unload(
        hass.async_add_shutdown_job(
            HassJob(partial(plant.stop, at_once=True), f"stop {entry.title}")
        )
    )
    _Lookout(hass, entry, plant).start()
    LossReport(hass, entry)


async def _async_units(
    hass: HomeAssistant, entry: ConfigEntry, link: tuple[str, int]
) -> dict[int, ModbusUnit]:
    """Return the entry's units.

    Raises ConfigEntryError where the link exists with other settings.
    """
    try:
        return {
            unit_id: await async_take_unit(hass, entry, *link, unit_id)
            for unit_id in entry.data[CONF_UNIT_IDS]
        }
    except HomeAssistantError as err:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="solaredge_link_in_use",
            translation_placeholders={"host": link[0], "port": str(link[1])},
        ) from err


async def _async_first_look(units: Mapping[int, ModbusUnit]) -> Layout:
    """Find out what is behind the units.

    Raises ConfigEntryNotReady when one does not answer, ConfigEntryError when one is
    not an inverter.
    """
    layouts = []
    for unit_id, unit in units.items():
        try:
            layouts.append(await async_probe_unit(unit, unit_id))
        except (NotSolarEdgeError, EvChargerError, NoSerialError) as err:
            raise ConfigEntryError(
                translation_domain=DOMAIN,
                translation_key="solaredge_no_inverter",
                translation_placeholders={"unit_id": str(unit_id)},
            ) from err
        except ProbeError as err:
            raise ConfigEntryNotReady(
                translation_domain=DOMAIN,
                translation_key="solaredge_no_answer",
                translation_placeholders={"unit_id": str(unit_id)},
            ) from err
    return joined(layouts)


def _stored_layout(entry: ConfigEntry) -> Layout | None:
    """Return what was found the last time, if it is of the entry's units."""
    try:
        layout = Layout.from_dict(entry.data[CONF_LAYOUT])
    except KeyError, TypeError, ValueError:
        return None
    units = [inverter.unit_id for inverter in layout.inverters]
    return layout if units == entry.data[CONF_UNIT_IDS] else None


def _store_layout(hass: HomeAssistant, entry: ConfigEntry, layout: Layout) -> None:
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_LAYOUT: layout.as_dict()}
    )


def _settings(entry: ConfigEntry) -> dict[str, MeterSetting]:
    return {
        key: MeterSetting(
            role=MeterRole(setting[CONF_ROLE]) if setting.get(CONF_ROLE) else None,
            reversed=bool(setting.get(CONF_REVERSED)),
        )
        for key, setting in entry.data.get(CONF_METERS, {}).items()
    }


def _sun_is_low(hass: HomeAssistant) -> bool:
    now = dt_util.utcnow()
    return not (is_up(hass, now - _TWILIGHT) and is_up(hass, now + _TWILIGHT))


@dataclass(slots=True)
class _Lookout:
    """Looks now and then whether something was added, removed or changed."""

    hass: HomeAssistant
    entry: SolarEdgeConfigEntry
    plant: Plant
    looking: bool = False
    soon: bool = False
    missed: frozenset[str] = frozenset()
    looked_at: float = field(default_factory=monotonic)

    def start(self) -> None:
        # Once: what never answers costs the link some seconds each time it is asked.
        self.soon = bool(self.plant.layout.unsure)
        self.entry.async_on_unload(
            async_track_time_interval(
                self.hass,
                self._async_tick,
                _TICK,
                name=f"solaredge {self.entry.title} layout",
                cancel_on_shutdown=True,
            )
        )

    @callback
    def _is_due(self) -> bool:
        if self.plant.state is not LinkState.READING or self.looking:
            return False
        if self.plant.moved:
            return True
        wait = _LOOK_SOON if self.soon else _LOOK_AGAIN
        return monotonic() - self.looked_at >= wait.total_seconds()

    async def _async_tick(self, _now: datetime) -> None:
        if not self._is_due():
            return
        self.looking, self.looked_at = True, monotonic()
        try:
            await self._async_look()
        finally:
            self.looking = False

    async def _async_look(self) -> None:
        known = self.plant.layout
        parts: list[Layout] = []
        for unit_id, unit in self.plant.units.items():
            part = known.of_unit(unit_id)
            if any(self.plant.sleeps(found.key) for found in part.inverters):
                # Asleep it may well say that it has no meter.
                parts.append(part)
                continue
            try:
                parts.append(updated(part, await async_probe_unit(unit, unit_id)))
            except ProbeError as err:
                _LOGGER.debug("Unit %s was not looked at: %s", unit_id, err)
                parts.append(part)
        seen = joined(parts)
        gone = known.keys - seen.keys
        # One look at a bad moment takes nothing away.
        self.soon = bool(gone) and gone != self.missed
        self.missed, self.plant.moved = gone, False
        if self.soon:
            return
        if same_devices(known, seen):
            return
        _LOGGER.info("What is wired to %s has changed", self.entry.title)
        _store_layout(self.hass, self.entry, seen)
        self.hass.config_entries.async_schedule_reload(self.entry.entry_id)


async def _async_unload(hass: HomeAssistant, entry: SolarEdgeConfigEntry) -> None:
    """Keep reading until the next set-up, on a link that stays open."""
    plant = entry.runtime_data.plant
    link = (entry.data[CONF_HOST], entry.data[CONF_PORT])
    hold = AsyncExitStack()
    await hold.enter_async_context(
        async_borrow_unit(hass, *link, next(iter(plant.units)))
    )
    parked = _Parked(plant, link, hold)
    await async_park(hass, entry, parked, partial(parked.let_go, reading=False))


async def _async_remove(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Free the link."""
    await async_close_parked(hass, entry)


ROOM = Room(
    async_setup=_async_setup,
    async_unload=_async_unload,
    async_remove=_async_remove,
    async_diagnostics=async_diagnostics,
    platforms={
        Platform.BINARY_SENSOR: add_binary_sensors,
        Platform.SENSOR: add_sensors,
    },
)
