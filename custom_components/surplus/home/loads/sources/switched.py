"""A load that is turned on and off."""

from typing import override

from homeassistant.core import Context

from ....control.model import SwitchedReading, SwitchedSpec
from ....metering import changed_at
from ..outlets import Outlet
from ..settings import SwitchedSettings
from ..values import on_of, temperature_of
from .base import EntityLoad, Reader


class SwitchedLoad(EntityLoad[SwitchedSettings]):
    """Its set-points are 1 and 0."""

    @override
    def _make_outlets(self) -> tuple[Outlet, ...]:
        self._switch = self._new_switch(self.settings.switch_entity)
        return (self._switch,) if self._switch else ()

    @property
    @override
    def _other_sensor(self) -> tuple[str | None, Reader]:
        return self.settings.temperature_entity, temperature_of

    @property
    @override
    def _level_shown(self) -> float | None:
        return 1.0

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
        (switch,) = self._outlets
        await self._async_set(switch, value, context, now)

    @property
    @override
    def spec(self) -> SwitchedSpec:
        settings = self.settings
        return SwitchedSpec(
            **self._common,
            power_w=settings.power_w,
            first_guess_w=settings.first_guess_w,
            sheddable=settings.sheddable,
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
        return SwitchedReading(
            **self._told(),
            on=on,
            changed_at=changed_at(state) if state and on is not None else None,
            temperature_c=temperature_of(self._state(self.settings.temperature_entity)),
        )
