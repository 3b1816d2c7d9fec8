"""A load that is turned on and off."""

from collections.abc import Callable
from time import monotonic
from typing import Any, override

from homeassistant.core import Context, State
from homeassistant.util import dt as dt_util

from ....control.model import SwitchedReading, SwitchedSpec
from ....metering import power_of
from ..outlets import Outlet, SwitchOutlet
from ..settings import SwitchedSettings
from ..values import on_of, temperature_of
from .base import EntityLoad


class SwitchedLoad(EntityLoad[SwitchedSettings]):
    """Its set-points are 1 and 0."""

    _switch: SwitchOutlet

    @override
    def _make_outlets(self) -> tuple[Outlet, ...]:
        settings = self.settings
        self._switch = SwitchOutlet(
            self._hass,
            settings.name,
            settings.switch_entity,
            repeat_s=settings.repeat_s,
        )
        return (self._switch,)

    @property
    @override
    def _sensors(self) -> dict[str, Callable[[State | None], Any]]:
        settings = self.settings
        sensors: dict[str, Callable[[State | None], Any]] = {}
        if settings.power_entity:
            sensors[settings.power_entity] = power_of
        if settings.temperature_entity:
            sensors[settings.temperature_entity] = temperature_of
        return sensors

    @property
    @override
    def _shown(self) -> float | None:
        return self._switch.shown

    @override
    def _fitted(self, value: float) -> float:
        return 1.0 if value else 0.0

    @property
    @override
    def _slack(self) -> float:
        return 0.1

    @override
    def _tolerance(self, outlet: Outlet) -> tuple[float, float]:
        return self._slack, 0.0

    @property
    @override
    def _on_value(self) -> float:
        return 1.0

    @override
    async def _async_tell(self, value: float, context: Context, now: float) -> None:
        await self._async_set(self._switch, value, context, now)

    @property
    @override
    def spec(self) -> SwitchedSpec:
        settings = self.settings
        return SwitchedSpec(
            load_id=settings.load_id,
            name=settings.name,
            priority=settings.priority,
            phases=settings.phases,
            min_on_s=settings.min_on_s,
            min_off_s=settings.min_off_s,
            power_w=settings.power_w,
            first_guess_w=settings.first_guess_w,
            least_run_s=settings.least_run_s,
            most_run_s=settings.most_run_s,
            day_ends_s=settings.day_ends_s,
            temperatures=settings.temperatures,
        )

    @property
    @override
    def reading(self) -> SwitchedReading:
        state = self._state(self.settings.switch_entity)
        on = on_of(state)
        changed_at = None
        if state is not None and on is not None:
            age_s = dt_util.utcnow().timestamp() - state.last_changed_timestamp
            changed_at = monotonic() - age_s
        return SwitchedReading(
            **self._told(),
            on=on,
            changed_at=changed_at,
            temperature_c=temperature_of(self._state(self.settings.temperature_entity)),
        )
