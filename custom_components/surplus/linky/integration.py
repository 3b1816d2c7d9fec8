"""The Linky entry in Home Assistant."""

import asyncio
from collections.abc import Coroutine
from dataclasses import asdict
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_DEVICE, Platform
from homeassistant.core import HassJob, HomeAssistant

from ..parking import async_adopt, async_close_parked, async_park
from ..registry import async_get_registry
from ..room import Room
from .binary_sensors import add_binary_sensors
from .connection import Link, Pace
from .horodate import parse_horodate
from .meter import Meter
from .port import CONF_DONGLE, anonymous
from .redact import redact, redact_text
from .reports import async_clear_mode, async_watch_mode
from .runtime import LinkyConfigEntry, LinkyMeter, LinkyRuntime
from .sensors import add_sensors
from .tariff_source import LinkyTariff

_PACE: Final = Pace()
_RAW_LINE: Final = 64


async def _async_setup(hass: HomeAssistant, entry: LinkyConfigEntry) -> None:
    """Read the meter, or go on reading after a reload.

    A port that is away does not fail the set-up: the link keeps trying, and Home must
    not wait for it.
    """
    source_id = entry.unique_id or ""
    url: str = entry.data[CONF_DEVICE]
    link = await async_adopt(hass, entry, Link)
    if link is not None and link.url != url:
        await link.close()
        link = None
    if link is None:

        def create_task(
            coroutine: Coroutine[Any, Any, None], name: str
        ) -> asyncio.Task[None]:
            return hass.async_create_background_task(coroutine, name)

        link = Link(
            url,
            expected=source_id.partition(":")[2],
            pace=_PACE,
            create_task=create_task,
        )
        link.start()
    entry.runtime_data = LinkyRuntime(hass, entry, link, source_id)
    source = LinkyMeter(entry, link, source_id)
    registry = async_get_registry(hass)
    entry.async_on_unload(registry.async_register_meter(source))
    entry.async_on_unload(
        registry.async_register_tariff(LinkyTariff(entry, link, source_id))
    )
    async_watch_mode(hass, entry, source)
    entry.async_on_unload(
        hass.async_add_shutdown_job(HassJob(link.close, f"close {link.name}"))
    )


async def _async_unload(hass: HomeAssistant, entry: LinkyConfigEntry) -> None:
    """Keep the link for the next set-up."""
    link = entry.runtime_data.link
    await async_park(hass, entry, link, link.close)
    if entry.disabled_by is not None:
        async_clear_mode(hass, entry)


async def _async_remove(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Free the port."""
    await async_close_parked(hass, entry)
    async_clear_mode(hass, entry)


async def _async_diagnostics(
    hass: HomeAssistant, entry: LinkyConfigEntry
) -> dict[str, Any]:
    """Return counters, state and the last bytes, which can be replayed.

    Serial numbers are zeros, and their checksums right again.
    """
    runtime = entry.runtime_data
    link, now = runtime.link, runtime.now
    raw = redact(link.raw)
    device, error = entry.data[CONF_DEVICE], link.counters.last_error
    return {
        "data": {
            **entry.data,
            CONF_DEVICE: anonymous(device),
            CONF_DONGLE: entry.data.get(CONF_DONGLE) is not None,
        },
        "link": {
            "state": runtime.state,
            "receiving": link.receiving,
            **asdict(link.counters),
            "last_error": error and error.replace(device, anonymous(device)),
        },
        "decoder": asdict(link.decoder.counters),
        "meter": {
            "mode": link.meter.mode,
            "phases": link.meter.phases,
            "implausible": link.meter.implausible,
            "is_the_expected_one": runtime.meter is not None,
            "clock": _clock(link.meter),
            "tariff": asdict(link.meter.tariff(now)),
            "tomorrow": [
                asdict(switching) for switching in link.meter.profiles(now)[1]
            ],
            "values": {
                label: {
                    "data": redact_text(label, value.data),
                    "horodate": value.horodate,
                    "age_s": round(now - value.at, 1),
                }
                for label, value in sorted(link.meter.values().items())
            },
        },
        "reading": None if link.reading is None else asdict(link.reading),
        "reading_age_s": None
        if link.reading is None
        else round(now - link.reading.at, 1),
        "raw": [
            raw[start : start + _RAW_LINE].hex()
            for start in range(0, len(raw), _RAW_LINE)
        ],
    }


def _clock(meter: Meter) -> dict[str, Any] | None:
    """Return what the meter takes for the time; some are hours off."""
    date = meter.last("DATE")
    horodate = parse_horodate(date.horodate) if date and date.horodate else None
    if horodate is None:
        return None
    return {"when": horodate.when.isoformat(), "degraded": horodate.degraded}


ROOM = Room(
    async_setup=_async_setup,
    async_unload=_async_unload,
    async_remove=_async_remove,
    async_diagnostics=_async_diagnostics,
    platforms={
        Platform.BINARY_SENSOR: add_binary_sensors,
        Platform.SENSOR: add_sensors,
    },
)
