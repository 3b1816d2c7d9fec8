"""The OCPP entry in Home Assistant."""

from dataclasses import asdict
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PORT, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..const import DOMAIN
from ..parking import async_adopt, async_close_parked, async_park
from ..registry import async_get_registry
from ..room import AddEntities, Room
from ..saving import async_clear_lost
from .charge_point import Charger
from .config import settings_of, source_id
from .const import SUBENTRY_CHARGER
from .errors import ListenError, PortInUseError
from .host import MEMORY_LOST, Host, ocpp_store
from .runtime import OcppConfigEntry, OcppRuntime

_PRIVATE = ("id_tag", "tag", "serial", "identity", "unique_id")


async def _async_setup(hass: HomeAssistant, entry: OcppConfigEntry) -> None:
    """Listen for chargers, or go on after a reload without losing one."""
    host = await _async_adopted(hass, entry)
    if host is None:
        host = Host(hass, entry, entry.data[CONF_HOST], entry.data[CONF_PORT])
        try:
            await host.open(map(settings_of, _chargers(entry)))
        except ListenError as error:
            in_use = isinstance(error, PortInUseError)
            raise ConfigEntryNotReady(
                translation_domain=DOMAIN,
                translation_key="port_in_use" if in_use else "cannot_listen",
                translation_placeholders={
                    "port": str(entry.data[CONF_PORT]),
                    "host": entry.data[CONF_HOST],
                },
            ) from error
    runtime = OcppRuntime(hass, entry, host)
    entry.runtime_data = runtime
    runtime.async_start()
    entry.async_on_unload(runtime.async_stop)

    async def updated(_hass: HomeAssistant, _entry: OcppConfigEntry) -> None:
        await runtime.async_updated()

    entry.async_on_unload(entry.add_update_listener(updated))


async def _async_adopted(hass: HomeAssistant, entry: OcppConfigEntry) -> Host | None:
    """Return the running central system, brought in line with the entry."""
    host = await async_adopt(hass, entry, Host)
    if host is None:
        return None
    if host.address != (entry.data[CONF_HOST], entry.data[CONF_PORT]):
        await host.close()
        return None
    wanted = {
        settings.identity: settings for settings in map(settings_of, _chargers(entry))
    }
    for identity in set(host.central.chargers) - set(wanted):
        await host.central.remove(identity, forget=True)
        async_get_registry(hass).async_forget_load(source_id(identity))
    for identity, settings in wanted.items():
        if (charger := host.central.chargers.get(identity)) is None:
            host.central.add(settings)
        elif charger.settings != settings:
            charger.reconfigure(settings)
    return host


def _chargers(entry: ConfigEntry) -> Any:
    return entry.get_subentries_of_type(SUBENTRY_CHARGER)


async def _async_unload(hass: HomeAssistant, entry: OcppConfigEntry) -> None:
    """Keep the chargers connected for the next set-up."""
    host = entry.runtime_data.host
    await async_park(hass, entry, host, host.close)


async def _async_remove(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Free the chargers and the port, and forget what was saved."""
    if (host := await async_adopt(hass, entry, Host)) is not None:
        for identity in tuple(host.central.chargers):
            await host.central.remove(identity, forget=True)
            async_get_registry(hass).async_forget_load(source_id(identity))
        await host.close()
    await async_close_parked(hass, entry)
    store = ocpp_store(hass, entry)
    await store.async_remove()
    async_clear_lost(hass, store, MEMORY_LOST)


async def _async_diagnostics(
    hass: HomeAssistant, entry: OcppConfigEntry
) -> dict[str, Any]:
    """Return what each charger is, told and was told; identities are left out."""
    central = entry.runtime_data.host.central
    return async_redact_data(
        {
            "data": dict(entry.data),
            "listening": central.port,
            "refused": central.refused,
            "chargers": [
                _diagnosis(place.charger)
                for place in entry.runtime_data.places.values()
            ],
        },
        _PRIVATE,
    )


def _diagnosis(charger: Charger) -> dict[str, Any]:
    now = charger.clock.monotonic()
    commander = charger.commander()
    offered = commander.lease.offered
    return {
        "settings": asdict(charger.settings),
        "connected": charger.connected,
        "ready": charger.ready_link is not None,
        "counters": asdict(charger.counters),
        "clock_offset_s": round(charger.state.charger_clock.offset_s, 1),
        "limit": {
            "wanted_a": commander.lease.wanted_a,
            "wanted_phases": commander.lease.wanted_phases,
            "offered_a": offered.amps if offered else None,
            "offered_phases": offered.phases if offered else None,
            "offered_ago_s": round(now - offered.known_at, 1)
            if offered and offered.known_at is not None
            else None,
            "failures": commander.lease.failures,
            "last_failure": repr(commander.last_failure),
        },
        "connectors": [
            {
                "number": connector.number,
                "status": connector.status,
                "error": connector.error_code,
                "error_text": connector.error_text,
                "power_w": connector.power_w,
                "currents_a": dict(connector.currents_a),
                "voltages_v": dict(connector.voltages_v),
                "measured_offer_a": connector.measured_offer_a,
                "flow_ago_s": round(now - connector.flow_moment.at, 1)
                if connector.flow_moment
                else None,
            }
            for connector in charger.state.connectors.values()
        ],
        "remembered": charger.as_dict(),
    }


def _adding(platform: Platform) -> AddEntities:
    def add(
        hass: HomeAssistant,
        entry: OcppConfigEntry,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        entry.runtime_data.async_add_platform(platform, async_add_entities)

    return add


ROOM = Room(
    async_setup=_async_setup,
    async_unload=_async_unload,
    async_remove=_async_remove,
    async_diagnostics=_async_diagnostics,
    platforms={
        platform: _adding(platform)
        for platform in (
            Platform.BINARY_SENSOR,
            Platform.BUTTON,
            Platform.EVENT,
            Platform.SELECT,
            Platform.SENSOR,
        )
    },
)
