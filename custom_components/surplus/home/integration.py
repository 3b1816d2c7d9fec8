"""The Home entry in Home Assistant."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..coordinator import HomeConfigEntry, HomeCoordinator
from ..parking import async_adopt, async_close_parked, async_park
from ..registry import async_get_registry
from ..room import AddEntities, Room
from .const import METER_KEYS
from .entities import add_binary_sensors, add_numbers, add_sensors, add_switches
from .loads.runtime import async_get_loads
from .reports import async_clear_issues
from .store import home_store


async def _async_setup(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    """Start the coordinator, or go on with the one a reload has parked."""
    registry = async_get_registry(hass)
    coordinator = await async_adopt(hass, entry, HomeCoordinator)
    if coordinator is None:
        coordinator = await HomeCoordinator.async_create(hass, entry, registry)
    entry.runtime_data = coordinator
    loads = async_get_loads(hass, entry)
    await loads.async_start()
    configured = dict(entry.data)

    async def updated(_hass: HomeAssistant, entry: HomeConfigEntry) -> None:
        # A rename fires too, and must not disturb anything.
        nonlocal configured
        if entry.data != configured:
            other_meter = any(
                configured.get(key) != entry.data.get(key) for key in METER_KEYS
            )
            configured = dict(entry.data)
            coordinator.async_reconfigure(other_meter=other_meter)
        await loads.async_updated()

    entry.async_on_unload(entry.add_update_listener(updated))
    coordinator.async_start()
    remove = registry.async_publish_home(coordinator)

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


async def _async_unload(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    """Keep the coordinator for the next set-up."""
    coordinator = entry.runtime_data
    loads = async_get_loads(hass, entry)

    async def close() -> None:
        await loads.async_close()
        await coordinator.async_close()

    await async_park(hass, entry, coordinator, close)


async def _async_remove(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Let go of the loads and forget what was saved."""
    await async_close_parked(hass, entry)
    await home_store(hass, entry.entry_id).async_remove()
    async_clear_issues(hass)


async def _async_diagnostics(
    hass: HomeAssistant, entry: HomeConfigEntry
) -> dict[str, Any]:
    """Return settings, memory and the newest cycle."""
    coordinator = entry.runtime_data
    cycle = coordinator.cycle
    return {
        "data": dict(entry.data),
        "subentries": [
            {"type": subentry.subentry_type, "data": dict(subentry.data)}
            for subentry in entry.subentries.values()
        ],
        "loads": async_get_loads(hass, entry).as_list(),
        "memory": coordinator.memory.as_dict(),
        "meter": {
            "name": coordinator.meter_name,
            "interval_s": coordinator.engine.freshness.interval_s,
        },
        "cycle": None
        if cycle is None
        else {
            "at": cycle.at,
            "meter": cycle.meter,
            "grid_w": cycle.grid_w,
            "solar_w": cycle.solar_w,
            "house_w": cycle.house_w,
            "surplus_w": cycle.surplus_w,
            "budget_w": cycle.budget_w,
            "breaker_room_a": cycle.breaker_room_a,
            "subscription_room_va": cycle.subscription_room_va,
            "decisions": [
                {
                    "load": decision.load_id,
                    "current_a": decision.setpoint and decision.setpoint.value,
                    "reason": decision.reason,
                    "numbers": dict(decision.numbers),
                }
                for decision in cycle.decisions
            ],
        },
    }


def _adding(platform: Platform, own: AddEntities | None = None) -> AddEntities:
    """Return what adds the Home's own entities, and those of the loads behind it."""

    def add(
        hass: HomeAssistant,
        entry: HomeConfigEntry,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        if own is not None:
            own(hass, entry, async_add_entities)
        async_get_loads(hass, entry).async_add_platform(platform, async_add_entities)

    return add


ROOM = Room(
    async_setup=_async_setup,
    async_unload=_async_unload,
    async_remove=_async_remove,
    async_diagnostics=_async_diagnostics,
    platforms={
        Platform.BINARY_SENSOR: _adding(Platform.BINARY_SENSOR, add_binary_sensors),
        Platform.BUTTON: _adding(Platform.BUTTON),
        Platform.NUMBER: _adding(Platform.NUMBER, add_numbers),
        Platform.SELECT: _adding(Platform.SELECT),
        Platform.SENSOR: _adding(Platform.SENSOR, add_sensors),
        Platform.SWITCH: _adding(Platform.SWITCH, add_switches),
    },
)
