"""Where inverters answer, and how that is spelled.

An inverter takes one connection, and Home Assistant shares one where host and port are
spelled alike: a name and its IP address are two connections, and the second is refused.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import socket
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.requirements import async_get_integration_with_requirements

from .const import DEFAULT_UNIT_ID

CORE_DOMAIN: Final = "solaredge_modbus"
_CORE_UNIT_ID: Final = "unit_id"
_ANNOUNCED_UNIT: Final = "MODBUS_ID"

UNIT_IDS: Final = range(1, 248)


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where inverters answer: the leader's unit id comes first."""

    host: str
    port: int
    unit_ids: tuple[int, ...]


@callback
def core_entries(hass: HomeAssistant) -> list[ConfigEntry]:
    """Return the entries of core's SolarEdge integration that are on the network."""
    return [
        entry
        for entry in hass.config_entries.async_entries(
            CORE_DOMAIN, include_ignore=False
        )
        if CONF_HOST in entry.data
    ]


@callback
def address_of(entry: ConfigEntry) -> Address:
    """Return the address of an entry of core's integration."""
    return Address(
        host=entry.data[CONF_HOST],
        port=entry.data[CONF_PORT],
        unit_ids=(entry.data[_CORE_UNIT_ID],),
    )


async def async_known_addresses(
    hass: HomeAssistant, *, without_entry: str | None = None
) -> list[Address]:
    """Return where others in Home Assistant speak Modbus TCP.

    ``without_entry`` is not counted: what only it uses is about to be changed.
    """
    await async_get_integration_with_requirements(hass, "modbus")
    from homeassistant.components.modbus.connection import async_get_connection_info

    known = [address_of(entry) for entry in core_entries(hass)]
    for info in async_get_connection_info(hass):
        users = {
            entry_id: units
            for entry_id, units in info.units.items()
            if entry_id != without_entry
        }
        match info.endpoint:
            case ("tcp", str(host), int(port)) if users:
                units = sorted({unit for held in users.values() for unit in held})
                known.append(Address(host=host, port=port, unit_ids=tuple(units)))
    return known


async def async_spelling(host: str, port: int, known: Iterable[Address]) -> str:
    """Return the host as others in Home Assistant spell it, where they use it too."""
    host = host.lower()
    hosts = dict.fromkeys(
        address.host.lower() for address in known if address.port == port
    )
    if not hosts or host in hosts:
        return host
    wanted, *found = await asyncio.gather(
        *(_async_resolve(name, port) for name in (host, *hosts))
    )
    for spelling, addresses in zip(hosts, found, strict=True):
        if wanted & addresses:
            return spelling
    return host


async def async_is_same(host: str, other: str, port: int) -> bool:
    """Whether two spellings lead to one host."""
    if host.lower() == other.lower():
        return True
    one, two = await asyncio.gather(
        _async_resolve(host, port), _async_resolve(other, port)
    )
    return bool(one & two)


async def _async_resolve(host: str, port: int) -> frozenset[str]:
    """Return the IP addresses of a host; none when its name is not known."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )
    except OSError:
        return frozenset()
    return frozenset(str(address[0]) for *_, address in found)


def parse_unit_ids(text: str) -> tuple[int, ...]:
    """Return the unit ids of a list such as ``2, 4-6``. Raises ValueError."""
    unit_ids: list[int] = []
    for part in text.replace(";", ",").split(","):
        if not part.strip():
            continue
        first, _, last = part.partition("-")
        span = range(int(first), int(last or first) + 1)
        if not span or span[0] not in UNIT_IDS or span[-1] not in UNIT_IDS:
            raise ValueError(part)
        unit_ids.extend(span)
    return tuple(dict.fromkeys(unit_ids))


def announced_unit_id(properties: Mapping[str, Any]) -> int:
    """Return the unit id an inverter announces, or the usual one."""
    try:
        unit_id = int(properties[_ANNOUNCED_UNIT])
    except KeyError, TypeError, ValueError:
        return DEFAULT_UNIT_ID
    return unit_id if unit_id in UNIT_IDS else DEFAULT_UNIT_ID
