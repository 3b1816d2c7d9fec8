"""The Home entry in Home Assistant."""

import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..const import Kind
from ..control.engine import Engine
from ..coordinator import HomeConfigEntry, HomeCoordinator
from ..parking import async_adopt, async_close_parked, async_park
from ..registry import Registry, async_get_registry
from ..room import AddEntities, Room
from ..saving import (
    async_clear_lost,
    async_keep_copy,
    async_load_sound,
    async_report_lost,
)
from .absences import Absences
from .circuits.runtime import add_circuit_sensors, async_get_circuits
from .circuits.settings import circuits_of
from .config import settings_of
from .diagnostics import async_diagnostics
from .entities import (
    add_binary_sensors,
    add_numbers,
    add_selects,
    add_sensors,
    add_switches,
)
from .grid_meters import changed_meters
from .guard.entities import add_guard_binary_sensors, add_guard_sensors
from .guard.events import add_guard_events
from .guard.offpeak import add_offpeak_sensor
from .ledger import HomeLedger, async_clear_ledger
from .ledger_sensors import add_ledger_sensors
from .loads.runtime import async_get_loads
from .loads.settings import load_id_of
from .plans.runtime import async_get_plans, async_new_plans
from .recorder import async_remove_record
from .reports import async_clear_issues
from .store import HomeMemory, HomeStore
from .tariff.entities import add_tariff_binary_sensors, add_tariff_sensors

_LOGGER = logging.getLogger(__name__)

# Issues that tell what went with a damaged file.
_MEMORY_LOST = "home_memory_lost"
_LEARNING_LOST = "home_learning_lost"


async def _async_setup(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    """Start the coordinator, or go on with the one a reload has parked."""
    registry = async_get_registry(hass)
    coordinator = await async_adopt(hass, entry, HomeCoordinator)
    if coordinator is None:
        coordinator = await _async_create(hass, entry, registry)
    entry.runtime_data = coordinator
    loads = async_get_loads(hass, entry)
    await loads.async_start()
    circuits = async_get_circuits(hass, entry)
    plans = async_new_plans(hass, entry)
    plans.async_start()
    _forget_deleted(entry)
    configured = dict(entry.data)

    async def updated(_hass: HomeAssistant, entry: HomeConfigEntry) -> None:
        # A rename fires too, and must not disturb anything.
        nonlocal configured
        wired = coordinator.engine.settings.circuits
        if entry.data != configured or circuits_of(entry) != wired:
            changed = changed_meters(configured, entry.data)
            configured = dict(entry.data)
            coordinator.async_reconfigure(changed)
        coordinator.tariff.async_refresh()
        circuits.async_updated()
        await loads.async_updated()
        plans.async_updated()

    entry.async_on_unload(entry.add_update_listener(updated))
    entry.async_on_unload(Absences(hass, entry).async_start())
    coordinator.async_start()
    remove = registry.async_publish_home(coordinator.controls)

    @callback
    def stop() -> None:
        remove()
        coordinator.async_pause()
        loads.async_pause()

    entry.async_on_unload(stop)
    # An orderly stop does not unload entries.
    entry.async_on_unload(
        hass.async_add_shutdown_job(HassJob(coordinator.async_save, "surplus save"))
    )
    entry.async_on_unload(
        hass.async_add_shutdown_job(HassJob(loads.async_shut_down, "surplus loads"))
    )


def _forget_deleted(entry: HomeConfigEntry) -> None:
    """Forget loads that were deleted while the Home was away."""
    there = {load_id_of(subentry) for subentry in entry.subentries.values()}
    controls, memory = entry.runtime_data.controls, entry.runtime_data.memory
    for load_id in tuple(memory.loads):
        if load_id.startswith(f"{Kind.HOME}:") and load_id not in there:
            controls.async_forget(load_id)


async def _async_create(
    hass: HomeAssistant, entry: HomeConfigEntry, registry: Registry
) -> HomeCoordinator:
    """Return a coordinator with what was saved, as far as that is sound."""
    store = HomeStore(hass, entry.entry_id)
    memory = await async_load_sound(
        hass, store, HomeMemory.from_dict, lost=_MEMORY_LOST
    )
    memory = memory or HomeMemory()
    settings = settings_of(entry, memory)
    try:
        engine = Engine(settings, memory.engine)
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        _LOGGER.error(
            "What the Home had learned cannot be read (%r): it learns anew", err
        )
        await async_keep_copy(hass, store)
        async_report_lost(hass, store, _LEARNING_LOST)
        engine = Engine(settings)
    ledger = HomeLedger(hass, entry.entry_id)
    await ledger.async_load()
    return HomeCoordinator(hass, entry, registry, memory, engine, ledger=ledger)


async def _async_unload(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    """Keep the coordinator for the next set-up."""
    coordinator = entry.runtime_data
    loads = async_get_loads(hass, entry)

    async def close() -> None:
        await loads.async_close()
        await coordinator.async_close()
        if entry.disabled_by is not None:
            # Nobody would clear them: nothing is looked at any more.
            async_clear_issues(hass)

    await async_park(hass, entry, coordinator, close)


async def _async_remove(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Let go of the loads and forget what was saved."""
    await async_close_parked(hass, entry)
    store = HomeStore(hass, entry.entry_id)
    await store.async_remove()
    await async_clear_ledger(hass, entry.entry_id)
    await async_remove_record(hass, entry.entry_id)
    async_clear_issues(hass)
    for lost in (_MEMORY_LOST, _LEARNING_LOST):
        async_clear_lost(hass, store, lost)


def _adding(platform: Platform, *own: AddEntities) -> AddEntities:
    """Return what adds the Home's own entities, and those of the loads behind it."""

    def add(
        hass: HomeAssistant,
        entry: HomeConfigEntry,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        for add_own in own:
            add_own(hass, entry, async_add_entities)
        async_get_loads(hass, entry).async_add_platform(platform, async_add_entities)
        async_get_plans(hass).async_add_platform(platform, async_add_entities)

    return add


ROOM = Room(
    async_setup=_async_setup,
    async_unload=_async_unload,
    async_remove=_async_remove,
    async_diagnostics=async_diagnostics,
    platforms={
        Platform.BINARY_SENSOR: _adding(
            Platform.BINARY_SENSOR,
            add_binary_sensors,
            add_guard_binary_sensors,
            add_tariff_binary_sensors,
        ),
        Platform.BUTTON: _adding(Platform.BUTTON),
        Platform.EVENT: _adding(Platform.EVENT, add_guard_events),
        Platform.NUMBER: _adding(Platform.NUMBER, add_numbers),
        Platform.SELECT: _adding(Platform.SELECT, add_selects),
        Platform.SENSOR: _adding(
            Platform.SENSOR,
            add_sensors,
            add_guard_sensors,
            add_offpeak_sensor,
            add_circuit_sensors,
            add_ledger_sensors,
            add_tariff_sensors,
        ),
        Platform.SWITCH: _adding(Platform.SWITCH, add_switches),
        Platform.TIME: _adding(Platform.TIME),
    },
)
