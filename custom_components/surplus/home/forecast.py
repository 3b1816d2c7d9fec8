"""The sun to come, as the Energy dashboard knows it: Home Assistant's solar forecasts."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
import logging
from math import isfinite
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..control.model import SolarSpan

_LOGGER = logging.getLogger(__name__)

_ENERGY = "energy"
_EVERY = timedelta(minutes=30)
_HOUR_S = 3600.0


class SolarForecast:
    """Asks the forecasts that the Energy dashboard uses, now and then.

    ``spans`` are hours with what is expected in them, None while nobody tells.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Know nothing yet."""
        self.spans: tuple[SolarSpan, ...] | None = None
        self._hass = hass
        self._failing = False
        self._stops: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Ask once Home Assistant is up, and from then on; returns what ends that."""
        self._stops = [
            async_at_started(self._hass, self.async_refresh),
            async_track_time_interval(
                self._hass, self.async_refresh, _EVERY, cancel_on_shutdown=True
            ),
        ]

        @callback
        def stop() -> None:
            for one in self._stops:
                one()

        return stop

    async def async_refresh(self, *_: object) -> None:
        """Ask anew; what fails is asked again next time."""
        try:
            told = await self._async_ask()
            spans = hourly(told, dt_util.utcnow()) if told else None
        except Exception:
            if not self._failing:
                _LOGGER.exception("The solar forecast cannot be had: asked again later")
            self._failing = True
            return
        if self._failing:
            _LOGGER.info("The solar forecast is there again")
        self._failing = False
        self.spans = spans

    async def _async_ask(self) -> list[Mapping[str, Any]]:
        """Return what each forecast of the Energy dashboard tells."""
        if _ENERGY not in self._hass.config.components:
            return []
        # Loaded already, or it would not be in use.
        from homeassistant.components.energy.data import async_get_manager
        from homeassistant.components.energy.websocket_api import (
            async_get_energy_platforms,
        )

        manager = await async_get_manager(self._hass)
        if manager.data is None:
            return []
        entry_ids = dict.fromkeys(
            entry_id
            for source in manager.data["energy_sources"]
            if source["type"] == "solar"
            for entry_id in source.get("config_entry_solar_forecast") or ()
        )
        if not entry_ids:
            return []
        platforms = await async_get_energy_platforms(self._hass)
        told: list[Mapping[str, Any]] = []
        for entry_id in entry_ids:
            entry = self._hass.config_entries.async_get_entry(entry_id)
            if entry is None or (ask := platforms.get(entry.domain)) is None:
                continue
            if (forecast := await ask(self._hass, entry_id)) is not None:
                told.append(forecast["wh_hours"])
        return told


def hourly(
    told: Iterable[Mapping[str, Any]], now: datetime
) -> tuple[SolarSpan, ...] | None:
    """Return several forecasts together, hour by hour, from this hour on.

    Each is energy in Wh by the beginning of its period, which lasts until the next one,
    at most an hour. None where that leaves nothing.
    """
    hours: dict[float, float] = {}
    for forecast in told:
        periods = sorted(
            (moment.timestamp(), energy_wh)
            for text, energy_wh in forecast.items()
            if (moment := _moment(text)) is not None and _is_energy(energy_wh)
        )
        for n, (begins, energy_wh) in enumerate(periods, start=1):
            lasts_s = (
                min(periods[n][0] - begins, _HOUR_S) if n < len(periods) else _HOUR_S
            )
            _spread(hours, begins, lasts_s, energy_wh)
    first = now.timestamp() - _HOUR_S
    spans = tuple(
        SolarSpan(
            begins=datetime.fromtimestamp(hour, tz=UTC),
            ends=datetime.fromtimestamp(hour + _HOUR_S, tz=UTC),
            energy_wh=round(energy_wh, 1),
        )
        for hour, energy_wh in sorted(hours.items())
        if hour > first
    )
    return spans or None


def _spread(
    hours: dict[float, float], begins: float, lasts_s: float, energy_wh: float
) -> None:
    """Add a period's energy to the hours that it lies in."""
    at, ends = begins, begins + lasts_s
    while at < ends:
        hour = at - at % _HOUR_S
        until = min(ends, hour + _HOUR_S)
        hours[hour] = hours.get(hour, 0.0) + energy_wh * (until - at) / lasts_s
        at = until


def _moment(text: str) -> datetime | None:
    try:
        moment = dt_util.parse_datetime(text)
    except ValueError:
        # It looks like a time, and is none.
        return None
    if moment is not None and moment.tzinfo is None:
        return moment.replace(tzinfo=dt_util.get_default_time_zone())
    return moment


def _is_energy(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value) and value >= 0
