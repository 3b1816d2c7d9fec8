"""Commissioning checks as somebody asks for them and waits for their end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..control.check import CheckEnd, CheckResult

_TIMEOUT_S = 600.0


class Checks:
    """Who waits for which check, and how the last ones ended."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Nobody waits."""
        self._hass = hass
        self._waiting: dict[str, asyncio.Future[CheckResult]] = {}
        self._results: dict[str, CheckResult] = {}

    def is_running(self, load_id: str) -> bool:
        """Return whether somebody waits for a check of this load."""
        return load_id in self._waiting

    @property
    def any_running(self) -> bool:
        """Whether somebody waits for any check."""
        return bool(self._waiting)

    def result(self, load_id: str) -> CheckResult | None:
        """Return how the last check of a load ended."""
        return self._results.get(load_id)

    @asynccontextmanager
    async def async_waiting(
        self, load_id: str
    ) -> AsyncGenerator[asyncio.Future[CheckResult]]:
        """Wait for a check's end in the block; one that never ends is given up."""
        future: asyncio.Future[CheckResult] = self._hass.loop.create_future()
        self._waiting[load_id] = future

        @callback
        def give_up(_now: datetime) -> None:
            _resolve(future, CheckResult(end=CheckEnd.METER_LOST))

        cancel = async_call_later(
            self._hass, _TIMEOUT_S, HassJob(give_up, cancel_on_shutdown=True)
        )
        try:
            yield future
        finally:
            cancel()
            del self._waiting[load_id]

    @callback
    def async_ended(self, load_id: str, result: CheckResult) -> None:
        """Keep a result and hand it to whoever waits for it."""
        self._results[load_id] = result
        if future := self._waiting.get(load_id):
            _resolve(future, result)

    @callback
    def async_forget(self, load_id: str) -> None:
        """Forget how a load's check ended; one that runs ends without it."""
        if future := self._waiting.get(load_id):
            _resolve(future, CheckResult(end=CheckEnd.NOT_READY))
        self._results.pop(load_id, None)

    @callback
    def async_give_up(self) -> None:
        """End all waiting: there is no Home any more."""
        for future in self._waiting.values():
            _resolve(future, CheckResult(end=CheckEnd.METER_LOST))


def _resolve(future: asyncio.Future[CheckResult], result: CheckResult) -> None:
    if not future.done():
        future.set_result(result)
